//! The whole program with a model of one's own on an endpoint: every container, every trap, every row of the table of errors.

use std::time::Duration;

use crate::program::{Ended, Outputs, Place, write_csv};
use crate::standin::sagemaker::{Config, Container, Endpoint, Fault, Statistics};
use crate::standin::score;

/// The labels of the stand-in's model, by name.
const LABELS: &str = "{ POSITIVE = \"positive\", NEGATIVE = \"negative\", NEUTRAL = \"neutral\", MIXED = \"mixed\" }";
/// The same in the model's order.
const ORDER: &str = "[\"positive\", \"negative\", \"neutral\", \"mixed\"]";
/// Requests of a probe: three texts alone, then together.
const PROBE: u64 = 4;

/// A settings file for the endpoint, with more lines of `[sagemaker]`.
fn settings(labels: &str, more: &str) -> String {
    format!("engine = \"sagemaker\"\n[sagemaker]\nendpoint = \"ours\"\nlabels = {labels}\n{more}\n")
}

/// A folder with calls, from which the program reaches the endpoint.
fn place_for(endpoint: &Endpoint, settings: &str) -> Place {
    let mut place = Place::new();
    place.set(endpoint.env());
    place.write("undertone.toml", settings);
    place.write("in.csv", calls(60));
    place
}

/// Calls of one turn each, no two alike.
fn calls(number: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "language", "text"].map(str::to_owned)];
    rows.extend((0..number).map(|call| [format!("c{call:03}"), "customer".into(), "en".into(), said(call)]));
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

fn said(call: usize) -> String {
    let mood = ["great", "terrible", "well", "good but broken"][call % 4];
    format!("{mood} I was waiting for number {call} of secretword")
}

/// Each call has the scores that the model gives its words.
fn expect_scores(outputs: &Outputs, calls: usize) {
    let table = outputs.table("calls.csv");
    for call in 0..calls {
        let [positive, ..] = score("en", &said(call), 0.0);
        let found: f32 = table.cell(&format!("c{call:03}"), "customer_positive").parse().expect("a score");
        assert!((found - positive).abs() <= 0.000_06, "c{call:03}: {found} for {positive}");
    }
}

/// No word of a call in anything that was said.
fn expect_silence(ended: &Ended) {
    assert!(!ended.stderr.contains("secretword") && !ended.stdout.contains("secretword"), "{}", ended.stderr);
}

/// No word of a call left the machine.
fn expect_no_customers_text(stats: &Statistics) {
    assert!(stats.sent.iter().all(|text| !text.contains("secretword")), "{:?}", stats.sent);
}

fn analyze(place: &Place, code: i32) -> Ended {
    let ended = place.run(&["analyze", "--out", "out", "-vv", "in.csv"]).expect(code);
    expect_silence(&ended);
    ended
}

#[test]
fn every_container_gives_the_same_scores() {
    let by_order = format!("{ORDER}\nformat = \"instances\"");
    for (container, labels, more) in [
        (Container::HuggingFace, LABELS, ""),
        (Container::HuggingFace, LABELS, "format = \"huggingface\""),
        (Container::Tei, LABELS, "format = \"tei\"\nbatch = 64"),
        (Container::Tei, LABELS, ""),
        (Container::BlazingText, LABELS, "format = \"blazingtext\""),
        (Container::BlazingText, LABELS, ""),
        (Container::Instances, &*by_order, ""),
        (Container::Instances, ORDER, ""),
        (Container::Triton, ORDER, "format = \"triton\"\ninput-name = \"TEXT\""),
        (Container::Text, LABELS, "format = \"text\""),
        (Container::Text, LABELS, ""),
        (Container::Own, LABELS, "format = \"template\"\ntemplate = '{ \"sentences\": {{texts}} }'"),
    ] {
        let endpoint = Endpoint::start(Config { container, ..Config::default() });
        let place = place_for(&endpoint, &settings(labels, more));
        analyze(&place, 0);
        expect_scores(&place.outputs("out"), 60);
        let stats = endpoint.stats();
        assert!(stats.largest_batch <= 32, "{container:?} {stats:?}");
        assert_eq!(stats.texts, 60 + if container == Container::Text { 3 } else { 6 }, "{container:?}");
    }
}

#[test]
fn logits_become_probabilities_where_the_settings_say_so() {
    let endpoint = Endpoint::start(Config { logits: true, ..Config::default() });
    let place = place_for(&endpoint, &settings(LABELS, "scores = \"logits\""));
    analyze(&place, 0);
    expect_scores(&place.outputs("out"), 60);
}

#[test]
fn every_trap_is_met_before_a_word_of_a_call_is_sent() {
    let cases: [(Config, &str, &str, &str); 11] = [
        (Config { container: Container::BestClass, ..Config::default() }, LABELS, "", "best class only"),
        (
            Config { labels: ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"], ..Config::default() },
            LABELS,
            "",
            "label `LABEL_",
        ),
        (Config { logits: true, ..Config::default() }, LABELS, "", "no probabilities"),
        (
            Config { container: Container::Merging, ..Config::default() },
            LABELS,
            "format = \"huggingface\"",
            "pairs or joins",
        ),
        (Config { container: Container::Instances, ..Config::default() }, LABELS, "", "numbers without names"),
        (
            Config { container: Container::Instances, ..Config::default() },
            "[\"positive\", \"negative\"]",
            "",
            "another number of classes",
        ),
        (Config { container: Container::Own, ..Config::default() }, LABELS, "", "none of the known formats"),
        (
            Config { container: Container::Text, ..Config::default() },
            LABELS,
            "format = \"tei\"",
            "refuses the format tei",
        ),
        (Config::default(), LABELS, "format = \"template\"", "no template"),
        (Config::default(), LABELS, "format = \"template\"\ntemplate = '{\"a\": \"{{text}}\"}'", "no JSON"),
        (
            Config { container: Container::HuggingFace, ..Config::default() },
            "{ POSITIVE = \"positive\" }",
            "",
            "label `",
        ),
    ];
    for (config, labels, more, words) in cases {
        let endpoint = Endpoint::start(config);
        let place = place_for(&endpoint, &settings(labels, more));
        let ended = analyze(&place, 78);
        assert!(ended.error().contains(words), "{words}: {}", ended.stderr);
        assert!(!ended.hint().is_empty());
        expect_no_customers_text(&endpoint.stats());
        assert!(!place.path("out/run.json").exists());
    }
}

#[test]
fn settings_that_lack_something_are_refused_before_anything_is_sent() {
    for (file, arguments, words) in [
        ("engine = \"sagemaker\"".to_owned(), &[][..], "no setting names the endpoint"),
        ("engine = \"sagemaker\"\n[sagemaker]\nendpoint = \"ours\"".to_owned(), &[], "what the model's labels mean"),
        (settings(LABELS, ""), &["--max-cost", "1"], "no setting states what sagemaker costs"),
        (settings(LABELS, ""), &["--max-units", "1"], "not charged by units"),
        (settings("[\"great\"]", ""), &[], "expected labels with their classes"),
        (settings(LABELS, "format = \"xml\""), &[], "sagemaker.format: expected auto, huggingface"),
    ] {
        let endpoint = Endpoint::start(Config::default());
        let place = place_for(&endpoint, &file);
        let ended = place.run(&[&["analyze", "--out", "out", "in.csv"], arguments].concat()).expect(78);
        assert!(ended.error().contains(words), "{words}: {}", ended.stderr);
        let stats = endpoint.stats();
        assert_eq!((stats.invocations, stats.described), (0, 0));
    }
}

#[test]
fn an_endpoint_that_can_not_be_asked_ends_the_run_with_what_to_do() {
    for (config, words, hint) in [
        (Config { endpoint: "another".into(), ..Config::default() }, "no endpoint ours", "sagemaker.endpoint"),
        (Config { status: "Creating".into(), ..Config::default() }, "its state is Creating", "InService"),
        (Config { status: "Failed".into(), ..Config::default() }, "its state is Failed", "repair"),
        (Config { may_describe: false, ..Config::default() }, "not authorized to perform", "sagemaker.model-version"),
        (Config { may_invoke: false, ..Config::default() }, "not authorized to perform", "sagemaker:InvokeEndpoint"),
    ] {
        let endpoint = Endpoint::start(config);
        let place = place_for(&endpoint, &settings(LABELS, ""));
        let ended = analyze(&place, 69);
        assert!(ended.error().contains(words) && ended.hint().contains(hint), "{words}: {}", ended.stderr);
        expect_no_customers_text(&endpoint.stats());
    }
    let endpoint = Endpoint::start(Config { may_describe: false, ..Config::default() });
    let place = place_for(&endpoint, &settings(LABELS, "model-version = \"7\""));
    analyze(&place, 0);
    let model = place.outputs("out").record()["engine"]["model"].clone();
    assert!(model.as_str().is_some_and(|model| model.starts_with("7 ")), "{model}");
}

#[test]
fn each_row_of_the_table_of_errors_passes_without_a_trace() {
    let calm = Endpoint::start(Config::default());
    let calm = place_for(&calm, &settings(LABELS, "")).analyze(&["--detail", "in.csv"], 0);
    for fault in [
        Fault::Throttled,
        Fault::NotReady,
        Fault::Service(503, "ServiceUnavailable"),
        Fault::Service(500, "InternalFailure"),
        Fault::Service(530, "InternalDependencyException"),
        Fault::Model(0),
        Fault::Model(429),
        Fault::Model(503),
        Fault::Model(507),
        Fault::Model(400),
        Fault::Model(413),
        Fault::Model(500),
        Fault::Reset,
        Fault::Garbage,
    ] {
        let config = Config { calm: PROBE, script: vec![fault; 2].into(), ..Config::default() };
        let endpoint = Endpoint::start(config);
        let place = place_for(&endpoint, &settings(LABELS, ""));
        let ended = place.run(&["analyze", "--out", "out", "--detail", "-vv", "in.csv"]).expect(0);
        expect_silence(&ended);
        calm.expect_same_tables(&place.outputs("out"));
    }
    for (fault, words) in [
        (Fault::Service(400, "ValidationError"), "refuses the endpoint's name"),
        (Fault::Service(403, "AccessDeniedException"), "refuses with AccessDenied"),
    ] {
        let config = Config { calm: PROBE, script: vec![fault].into(), ..Config::default() };
        let endpoint = Endpoint::start(config);
        let ended = analyze(&place_for(&endpoint, &settings(LABELS, "")), 69);
        assert!(ended.error().contains(words), "{}", ended.stderr);
    }
}

#[test]
fn a_storm_gives_the_bytes_of_a_calm_day_and_a_second_run_asks_for_nothing() {
    let calm = Endpoint::start(Config::default());
    let calm = place_for(&calm, &settings(LABELS, "batch = 4")).analyze(&["--detail", "in.csv"], 0);
    let storm = vec![
        (0.1, Fault::Throttled),
        (0.05, Fault::NotReady),
        (0.05, Fault::Service(503, "ServiceUnavailable")),
        (0.05, Fault::Service(530, "InternalDependencyException")),
        (0.05, Fault::Model(0)),
        (0.05, Fault::Model(503)),
        (0.02, Fault::Model(400)),
        (0.02, Fault::Model(500)),
        (0.03, Fault::Reset),
        (0.03, Fault::Garbage),
    ];
    for seed in 1..4 {
        let config =
            Config { calm: PROBE, storm: storm.clone(), seed, latency: Duration::from_millis(5), ..Config::default() };
        let endpoint = Endpoint::start(config);
        let mut place = place_for(&endpoint, &settings(LABELS, "batch = 4"));
        place.set([("UNDERTONE_CACHE_PATH", "scores")]);
        calm.expect_same_tables(&place.analyze(&["--detail", "in.csv"], 0));
        endpoint.set(|config| config.storm.clear());
        let again = place.analyze(&["in.csv"], 0);
        assert_eq!(
            (again.text("calls.csv"), again.text("agents.csv")),
            (calm.text("calls.csv"), calm.text("agents.csv"))
        );
        assert_eq!(endpoint.stats().invocations, PROBE, "nothing but the probe");
    }
}

#[test]
fn one_bad_text_fails_alone_and_costs_few_requests() {
    for (status, most) in [(400, 2 * 4), (500, 3 * 2 * 4), (0, 2 * 2 * 4)] {
        let mut place;
        let endpoint = Endpoint::start(Config { poison: Some(("number 37 ".into(), status)), ..Config::default() });
        place = place_for(&endpoint, &settings(LABELS, "format = \"huggingface\""));
        place.set([("UNDERTONE_CACHE_PATH", "scores")]);
        let ended = analyze(&place, 3);
        assert!(ended.stdout.contains("1 of 60 segments failed"), "{}", ended.stdout);
        let failures = place.outputs("out").table("failures.csv");
        assert_eq!(failures.column("call_id"), ["c037"], "{status}");
        let needed = PROBE + 60_u64.div_ceil(16);
        let extra = endpoint.stats().invocations - needed;
        assert!(extra <= most, "{status}: {extra} extra requests");
    }
}

#[test]
fn requests_beyond_the_payload_are_divided() {
    let endpoint = Endpoint::start(Config { max_payload: 400, ..Config::default() });
    let place = place_for(&endpoint, &settings(LABELS, "max-payload = \"400B\""));
    analyze(&place, 0);
    expect_scores(&place.outputs("out"), 60);
    assert_eq!(endpoint.stats().of("RequestEntityTooLarge"), 0);
    let endpoint = Endpoint::start(Config { max_payload: 400, ..Config::default() });
    let place = place_for(&endpoint, &settings(LABELS, ""));
    analyze(&place, 0);
    expect_scores(&place.outputs("out"), 60);
}

#[test]
fn a_model_that_is_swapped_during_a_run_voids_what_it_scored() {
    let endpoint = Endpoint::start(Config { swap_after: Some(PROBE + 2), ..Config::default() });
    let mut place = place_for(&endpoint, &settings(LABELS, ""));
    place.set([("UNDERTONE_CACHE_PATH", "scores")]);
    let ended = analyze(&place, 75);
    assert!(
        ended.error().contains("swapped") && ended.hint().contains("run the same command again"),
        "{}",
        ended.stderr
    );
    assert!(!place.path("out/run.json").exists());
    endpoint.set(|config| config.swap_after = None);
    let outputs = place.analyze(&["in.csv"], 0);
    assert_eq!(endpoint.stats().texts, 60 + 6, "no score of the run before is used");
    let [positive, ..] = score("xx", &said(0), 0.0);
    let found: f32 = outputs.table("calls.csv").cell("c000", "customer_positive").parse().expect("a score");
    assert!((found - positive).abs() <= 0.000_06);
}

#[test]
fn a_model_that_moves_without_another_identity_is_scored_with_anew() {
    let mut place;
    let endpoint = Endpoint::start(Config { may_describe: false, ..Config::default() });
    place = place_for(&endpoint, &settings(LABELS, "model-version = \"1\""));
    place.set([("UNDERTONE_CACHE_PATH", "scores")]);
    place.analyze(&["in.csv"], 0);
    endpoint.set(|config| config.model = 2);
    let ended = place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    assert!(ended.stderr.contains("scores fixed texts otherwise than before"), "{}", ended.stderr);
    assert_eq!(endpoint.stats().texts, 60 + 6);
}

#[test]
fn two_names_of_one_model_share_what_was_paid_and_outputs_name_the_engine_as_the_settings_do() {
    let endpoint = Endpoint::start(Config::default());
    let named =
        |name: &str| format!("[engines.{name}]\nkind = \"sagemaker\"\nendpoint = \"ours\"\nlabels = {LABELS}\n");
    let mut place = place_for(&endpoint, &format!("{}\n{}", named("ours-a"), named("ours-b")));
    place.set([("UNDERTONE_CACHE_PATH", "scores")]);
    let first = place.analyze(&["--engine", "ours-a", "in.csv"], 0);
    let record = first.record();
    assert_eq!(record["engine"]["name"], "ours-a");
    assert!(record["service"]["endpoint_seconds"].is_number() && record["service"]["cost_usd"].is_null(), "{record:#}");
    endpoint.set(|_| {});
    let second = place.analyze(&["--engine", "ours-b", "in.csv"], 0).record();
    assert_eq!((&second["engine"]["name"], &second["engine"]["model"]), (&"ours-b".into(), &record["engine"]["model"]));
    assert_eq!(endpoint.stats().invocations, PROBE);
    let plan = place.run(&["plan", "--engine", "ours-b", "in.csv"]).expect(0).stdout;
    assert!(
        plan.contains("60 documents have stored scores") && plan.contains("price.sagemaker.instance-hour"),
        "{plan}"
    );
}

#[test]
fn at_the_cap_of_an_hourly_price_no_more_is_sent() {
    let endpoint = Endpoint::start(Config { slots: 1, latency: Duration::from_millis(60), ..Config::default() });
    let price = "batch = 1\n[price.sagemaker]\ninstance-hour = 36.0\n";
    let mut place = place_for(&endpoint, &settings(LABELS, price));
    place.set([("UNDERTONE_CACHE_PATH", "scores")]);
    // A cent a second: 0.01 is over after a second, long before 66 requests of 60 ms.
    let ended = place.run(&["analyze", "--out", "out", "--max-cost", "0.01", "in.csv"]).expect(4);
    assert!(ended.error().contains("time that has passed") && ended.hint().contains("kept"), "{}", ended.stderr);
    assert!(endpoint.stats().texts < 40, "{}", endpoint.stats().texts);
    place.run(&["analyze", "--out", "out", "--max-cost", "0.05", "in.csv"]).expect(0);
    let service = place.outputs("out").record()["service"].clone();
    let (seconds, cost) = (service["endpoint_seconds"].as_f64(), service["cost_usd"].as_f64());
    assert!(cost.zip(seconds).is_some_and(|(cost, seconds)| (cost - seconds * 0.01).abs() < 1e-6), "{service}");
}
