//! The whole program with a classifier of one's own labels on Comprehend, and the files that it is trained on.

use crate::program::{Ended, Place, write_csv};
use crate::standin::custom::{ARN, Classifier, Config};
use crate::standin::score;

const LABELS: &str = "{ glad = \"positive\", cross = \"negative\", plain = \"neutral\", both = \"mixed\" }";

fn settings(more: &str) -> String {
    format!(
        "engine = \"comprehend-custom\"\n[comprehend-custom]\nendpoint-arn = \"{ARN}\"\nlabels = {LABELS}\n{more}\n"
    )
}

fn place_for(classifier: &Classifier, settings: &str) -> Place {
    let mut place = Place::new();
    place.set(classifier.env());
    place.write("undertone.toml", settings);
    place.write("in.csv", calls(40));
    place
}

fn calls(number: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "language", "text"].map(str::to_owned)];
    rows.extend((0..number).map(|call| [format!("c{call:03}"), "customer".into(), "en".into(), said(call)]));
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

fn said(call: usize) -> String {
    let mood = ["great", "terrible", "well", "good but broken"][call % 4];
    format!("{mood} I was waiting for number {call} of secretword")
}

fn analyze(place: &Place, arguments: &[&str], code: i32) -> Ended {
    let ended = place.run(&[&["analyze", "--out", "out", "-vv", "in.csv"], arguments].concat()).expect(code);
    assert!(!ended.stderr.contains("secretword") && !ended.stdout.contains("secretword"), "{}", ended.stderr);
    ended
}

fn positive(place: &Place, call: &str) -> f32 {
    place.outputs("out").table("calls.csv").cell(call, "customer_positive").parse().expect("a score")
}

#[test]
fn each_document_has_the_classifiers_scores() {
    let classifier = Classifier::start(Config::default());
    let place = place_for(&classifier, &settings(""));
    analyze(&place, &[], 0);
    for call in 0..40 {
        let [expected, ..] = score("en", &said(call), 0.0);
        assert!((positive(&place, &format!("c{call:03}")) - expected).abs() <= 0.000_06);
    }
    let record = place.outputs("out").record();
    assert_eq!(record["engine"]["name"], "comprehend-custom");
    assert!(
        record["engine"]["model"].as_str().is_some_and(|model| model.contains("document-classifier/ours/version/1"))
    );
    let service = &record["service"];
    let (cost, seconds) = (service["cost_usd"].as_f64(), service["endpoint_seconds"].as_f64());
    assert!(
        cost.zip(seconds).is_some_and(|(cost, seconds)| (cost - seconds * 0.5).abs() < 1e-6),
        "1,000 units: {service}"
    );
    assert_eq!(classifier.stats().classified, 40 + 3);
}

#[test]
fn classes_that_are_left_out_have_what_is_left() {
    let classifier = Classifier::start(Config { classes: 3, ..Config::default() });
    let place = place_for(&classifier, &settings(""));
    analyze(&place, &[], 0);
    let [expected, ..] = score("en", &said(1), 0.0);
    assert!((positive(&place, "c001") - expected).abs() <= 0.000_06, "the only class that is missing is what is left");
}

#[test]
fn what_does_not_fit_is_refused_before_a_word_of_a_call_is_sent() {
    let ours = "document-classifier-endpoint/ours";
    let cases = [
        (Config { is_multi_label: true, ..Config::default() }, settings(""), 78, "independent labels"),
        (
            Config { is_multi_label: true, may_describe_classifier: false, ..Config::default() },
            settings(""),
            78,
            "independent labels",
        ),
        (
            Config { labels: &["billing", "cross", "plain", "both"], ..Config::default() },
            settings(""),
            78,
            "label `billing`",
        ),
        (Config { status: "CREATING", ..Config::default() }, settings(""), 69, "its state is CREATING"),
        (Config { status: "FAILED", ..Config::default() }, settings(""), 69, "its state is FAILED"),
        (Config::default(), settings("").replace("/ours", "/theirs"), 69, "ResourceNotFound"),
        (Config::default(), settings("").replace(ours, "document-classifier/ours"), 78, "no ARN"),
        (Config::default(), "engine = \"comprehend-custom\"".to_owned(), 78, "no setting names the endpoint"),
        (
            Config::default(),
            format!("engine = \"comprehend-custom\"\n[comprehend-custom]\nendpoint-arn = \"{ARN}\""),
            78,
            "what the classifier's labels mean",
        ),
        (Config::default(), format!("{}\n[comprehend]\nregion = \"eu-west-1\"", settings("")), 78, "is in us-east-1"),
    ];
    for (config, file, code, words) in cases {
        let classifier = Classifier::start(config);
        let place = place_for(&classifier, &file);
        let ended = analyze(&place, &[], code);
        assert!(ended.error().contains(words) && !ended.hint().is_empty(), "{words}: {}", ended.stderr);
        assert!(classifier.stats().sent.iter().all(|text| !text.contains("secretword")), "{words}");
    }
}

#[test]
fn faults_leave_no_trace_and_an_endpoint_that_goes_ends_the_run() {
    let script = [(400, "ThrottlingException"), (500, "InternalServerException"), (503, "ServiceUnavailable")];
    let classifier = Classifier::start(Config { script: script.into(), ..Config::default() });
    let mut place = place_for(&classifier, &settings(""));
    place.set([("UNDERTONE_CACHE_PATH", "scores")]);
    analyze(&place, &[], 0);
    let first = place.outputs("out");
    let calm = Classifier::start(Config::default());
    let calm = place_for(&calm, &settings("")).analyze(&["in.csv"], 0);
    assert_eq!(first.text("calls.csv"), calm.text("calls.csv"));
    classifier.set(|_| {});
    analyze(&place, &[], 0);
    assert_eq!(classifier.stats().classified, 3, "nothing but the probe");
    let classifier = Classifier::start(Config {
        script: std::iter::repeat_n((404, "ResourceUnavailableException"), 60).collect(),
        ..Config::default()
    });
    let ended = analyze(&place_for(&classifier, &settings("")), &[], 69);
    assert!(ended.error().contains("ResourceUnavailable") && ended.hint().contains("endpoint-arn"), "{}", ended.stderr);
}

#[test]
fn a_model_that_is_swapped_during_a_run_ends_it() {
    let classifier = Classifier::start(Config { swap_after: Some(20), ..Config::default() });
    let mut place = place_for(&classifier, &settings(""));
    place.set([("UNDERTONE_CACHE_PATH", "scores")]);
    let ended = analyze(&place, &[], 75);
    assert!(ended.error().contains("swapped") && !place.path("out/run.json").exists(), "{}", ended.stderr);
    classifier.set(|config| config.swap_after = None);
    analyze(&place, &[], 0);
    assert_eq!(classifier.stats().classified, 43);
}

#[test]
fn a_plan_and_a_cap_go_by_the_inference_units() {
    let classifier = Classifier::start(Config { units: 10, ..Config::default() });
    let place = place_for(&classifier, &settings("inference-units = 10"));
    let plan = place.run(&["plan", "--json", "in.csv"]).expect(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    let line = &plan["plans"][1];
    let chars: usize = (0..40).map(|call| said(call).chars().count()).sum();
    let seconds = (chars as f64 / 1_000.0).max(40.0 / 20.0);
    assert_eq!(line["documents"], 40);
    assert!((line["seconds"].as_f64().expect("a time") - seconds).abs() < 1e-9, "{line}");
    assert!((line["cost_usd_upper"].as_f64().expect("a cost") - seconds * 0.005).abs() < 1e-9, "{line}");
    let ended = place.run(&["analyze", "--out", "out", "--max-cost", "0.001", "in.csv"]).expect(4);
    assert!(ended.error().contains("more than the $0.0010 allowed"), "{}", ended.stderr);
    assert!(classifier.stats().sent.iter().all(|text| !text.contains("secretword")));
}

#[test]
fn training_files_keep_to_the_services_rules_and_the_commands_are_shown() {
    let place = Place::new();
    let mut rows = vec![["text".to_owned(), "label".to_owned()]];
    for number in 0..120 {
        rows.push([format!(" so \"good\",\r\n number {number} "), "positive".into()]);
        rows.push([format!("bad number {number}"), "Negative".into()]);
    }
    rows.push(["bad number 7".into(), "negative".into()]);
    place.write("labels.csv", write_csv(rows.iter()));
    let ended = place.run(&["train", "labels.csv", "--for", "comprehend-custom", "--out", "classifier"]).expect(0);
    assert!(ended.stdout.contains("positive        108       12"), "{}", ended.stdout);
    assert!(ended.stdout.contains("1 texts repeat") || ended.stdout.contains("1 text"), "{}", ended.stdout);
    for command in ["create-document-classifier", "create-endpoint", "delete-endpoint", "--mode MULTI_CLASS"] {
        assert!(ended.stdout.contains(command), "{command}");
    }
    let train = std::fs::read_to_string(place.path("classifier/train.csv")).expect("a file");
    assert_eq!(train.lines().count(), 216);
    assert!(
        !train.contains('\r')
            && train.lines().all(|line| line.starts_with("positive,\"so") || line.starts_with("negative,bad"))
    );
    let few = write_csv(rows.iter().take(60));
    place.write("few.csv", few);
    let ended = place.run(&["train", "few.csv", "--for", "comprehend-custom", "--out", "none"]).expect(65);
    assert!(ended.error().contains("50 documents of each class") && !place.path("none").exists(), "{}", ended.stderr);
    place.run(&["train", "labels.csv", "--for", "comprehend-custom", "--language", "ja", "--out", "x"]).expect(2);
}
