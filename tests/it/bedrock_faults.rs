//! Bedrock on a bad day, through the whole program: what passes leaves no trace, what a text causes is that text's alone,
//! and no word of a text is anywhere, although the service repeats texts in its messages.

use std::time::Duration;

use crate::bedrock::{PROBE, place_for};
use crate::program::{Place, turns};
use crate::standin::bedrock::{Bedrock, Config, Fault, MODEL, Poison, Quirk, Statistics};

/// A word that every text holds and nothing else does.
const CANARY: &str = "xylophonist";

/// Calls of one turn each, in English.
fn calls(texts: &[&str]) -> Vec<u8> {
    let ids: Vec<String> = (0..texts.len()).map(|id| format!("c{id}")).collect();
    let rows: Vec<[&str; 4]> = ids.iter().zip(texts).map(|(id, text)| [id.as_str(), "customer", "x", text]).collect();
    turns(&rows)
}

/// Twenty-three texts that all differ.
fn texts() -> Vec<String> {
    let moods =
        ["was great, thank you", "was terrible and awful", "has a number", "was love and hate, great but awful"];
    (0..23).map(|number| format!("the {CANARY} number {number} {}", moods[number % 4])).collect()
}

/// A place with those texts.
fn place(bedrock: &Bedrock) -> Place {
    let mut place = place_for(bedrock);
    place.set([
        ("UNDERTONE_BEDROCK_ATTEMPT_TIMEOUT", "1s"),
        ("UNDERTONE_GRANULARITY", "turn"),
        ("UNDERTONE_LANGUAGE", "en"),
    ]);
    let texts = texts();
    place.write("calls.csv", calls(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    place
}

/// Insists that the canary is nowhere but in the input.
fn expect_silence(place: &Place, shown: &[&str]) {
    assert!(shown.iter().all(|text| !text.contains(CANARY)), "{shown:?}");
    let mut folders = vec![place.path("out"), place.path("tmp"), place.path("home")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{}", path.display());
            }
        }
    }
}

/// A calm day, then one with `faults` once each after the probe: the same bytes, nothing said. Returns what was seen then.
fn expect_no_trace(faults: impl IntoIterator<Item = Fault>) -> Statistics {
    let bedrock = Bedrock::start(Config::default());
    let place = place(&bedrock);
    let calm = place.analyze(&["--detail", "calls.csv"], 0);
    bedrock.set(|config| {
        config.spared = PROBE;
        config.script = faults.into_iter().collect();
    });
    let ended = place.run(&["analyze", "--detail", "-vvv", "--out", "out", "calls.csv"]).expect(0);
    calm.expect_same_tables(&place.outputs("out"));
    expect_silence(&place, &[&ended.stdout, &ended.stderr]);
    bedrock.stats()
}

#[test]
fn what_the_service_refuses_for_a_while_leaves_no_trace() {
    let stats = expect_no_trace([
        Fault::throttle(),
        Fault::Refuse(429, "ThrottlingException"),
        Fault::Refuse(429, "ModelNotReadyException"),
        Fault::Refuse(503, "ServiceUnavailableException"),
        Fault::Refuse(500, "InternalServerException"),
        Fault::Refuse(408, "ModelTimeoutException"),
        Fault::Refuse(424, "ModelErrorException"),
    ]);
    assert_eq!(stats.refused.values().sum::<u64>(), 7, "{stats:?}");
    assert_eq!(stats.labelled_again, 0, "{stats:?}");
}

#[test]
fn answers_that_are_lost_or_unreadable_leave_no_trace() {
    expect_no_trace([Fault::Reset, Fault::Garbage, Fault::Hang]);
}

#[test]
fn answers_that_are_not_as_they_were_asked_for_leave_no_trace() {
    let quirks = [Quirk::Drops, Quirk::Adds, Quirk::Repeats, Quirk::Contradicts, Quirk::Invents, Quirk::Chats];
    let stops = ["max_tokens", "malformed_model_output", "malformed_tool_use"];
    let faults: Vec<Fault> = quirks.map(Fault::Quirk).into_iter().chain(stops.map(Fault::Stop)).collect();
    let stats = expect_no_trace(faults);
    // One request more for each but those with an id too many.
    assert_eq!(stats.requests, PROBE + 23_u64.div_ceil(5) + 7, "{stats:?}");
}

#[test]
fn two_bad_answers_in_a_row_are_mended_one_by_one() {
    for fault in [Fault::Quirk(Quirk::Chats), Fault::Stop("malformed_model_output")] {
        let bedrock = Bedrock::start(Config::default());
        let mut place = place(&bedrock);
        place.set([("UNDERTONE_CONCURRENCY", "1")]);
        bedrock.set(|config| {
            config.spared = PROBE;
            config.script = [fault.clone(), fault.clone()].into();
        });
        place.analyze(&["calls.csv"], 0);
        let stats = bedrock.stats();
        assert_eq!(stats.sizes.get(&1), Some(&(1 + 5)), "the probe's and five: {stats:?}");
    }
}

#[test]
fn a_text_that_a_filter_stops_fails_alone_and_for_good() {
    for stop in ["guardrail_intervened", "content_filtered"] {
        let bedrock = Bedrock::start(Config { poison: Some(("number 7 ", Poison::Stop(stop))), ..Config::default() });
        let place = place(&bedrock);
        let outputs = place.analyze(&["calls.csv"], 3);
        let failures = outputs.table("failures.csv");
        assert_eq!(failures.column("reason"), [stop]);
        assert_eq!(failures.column("call_id"), ["c7"]);
        // The full requests, and parts of the one that holds it.
        assert!(bedrock.stats().requests <= PROBE + 5 + 5, "{:?}", bedrock.stats());
        expect_silence(&place, &[]);
    }
}

#[test]
fn a_text_that_makes_its_request_invalid_or_is_ignored_fails_alone() {
    for (poison, reason) in [(Poison::Invalid, "ValidationException"), (Poison::Ignored, "missing_from_answer")] {
        let bedrock = Bedrock::start(Config { poison: Some(("number 7 ", poison)), ..Config::default() });
        let place = place(&bedrock);
        let ended = place.run(&["analyze", "-vvv", "--out", "out", "calls.csv"]).expect(3);
        let failures = place.outputs("out").table("failures.csv");
        assert_eq!((failures.column("reason"), failures.column("call_id")), (vec![reason], vec!["c7"]));
        expect_silence(&place, &[&ended.stdout, &ended.stderr]);
    }
}

#[test]
fn a_request_that_is_too_long_for_the_model_is_divided() {
    let bedrock = Bedrock::start(Config::default());
    let place = place(&bedrock);
    let calm = place.analyze(&["--detail", "calls.csv"], 0);
    bedrock.set(|config| (config.window, config.spared) = (2, PROBE));
    let mut narrow = place_for(&bedrock);
    narrow.set([("UNDERTONE_BEDROCK_DOCUMENTS_PER_REQUEST", "3")]);
    let refused = narrow.run(&["analyze", "data"]).expect(78);
    assert!(refused.error().contains("too long for the model"), "{}", refused.stderr);
    bedrock.set(|config| {
        config.window = usize::MAX;
        config.spared = PROBE;
        config.script = [Fault::Stop("model_context_window_exceeded")].into();
    });
    calm.expect_same_tables(&place.analyze(&["--detail", "calls.csv"], 0));
    assert!(bedrock.stats().requests > PROBE + 5, "{:?}", bedrock.stats());
}

#[test]
fn a_storm_leaves_the_bytes_of_a_calm_day() {
    let bedrock = Bedrock::start(Config::default());
    let place = place_for(&bedrock);
    let calm = place.analyze(&["--granularity", "turn", "--detail", "data"], 0);
    for seed in 1..=3 {
        bedrock.set(|config| {
            config.seed = seed;
            config.shares = vec![
                (0.06, Fault::throttle()),
                (0.04, Fault::Refuse(500, "InternalServerException")),
                (0.02, Fault::Refuse(424, "ModelErrorException")),
                (0.03, Fault::Reset),
                (0.02, Fault::Garbage),
                (0.04, Fault::Quirk(Quirk::Drops)),
                (0.02, Fault::Quirk(Quirk::Contradicts)),
                (0.02, Fault::Quirk(Quirk::Invents)),
                (0.02, Fault::Stop("malformed_model_output")),
            ];
        });
        let stormy = place.analyze(&["--granularity", "turn", "--detail", "data"], 0);
        calm.expect_same_tables(&stormy);
    }
}

#[test]
fn a_model_that_needs_room_for_the_call_of_a_tool_is_given_it() {
    let bedrock = Bedrock::start(Config { schemas: false, ..Config::default() });
    let mut place = place(&bedrock);
    // Each text alone: the call itself takes more than 16 tokens.
    place.set([("UNDERTONE_BEDROCK_DOCUMENTS_PER_REQUEST", "1")]);
    place.analyze(&["calls.csv"], 0);
    assert_eq!(bedrock.stats().forms.keys().collect::<Vec<_>>(), [&"tool"]);
}

/// The run's end with nothing of a call sent: exit code, error and hint.
fn refused(config: Config, settings: &[(&str, &str)], code: i32) -> (String, String, Statistics) {
    let bedrock = Bedrock::start(config);
    let mut place = place(&bedrock);
    place.set(settings.iter().copied());
    let ended = place.run(&["analyze", "-vvv", "--out", "out", "calls.csv"]).expect(code);
    let stats = bedrock.stats();
    expect_silence(&place, &[&ended.stdout, &ended.stderr]);
    assert!(stats.texts <= 3 * 3 * 6, "only the probe's: {stats:?}");
    assert!(place.outputs("out").0.is_empty());
    (ended.error().to_owned(), ended.hint().to_owned(), stats)
}

fn always(fault: Fault) -> Config {
    Config { shares: vec![(1.0, fault)], ..Config::default() }
}

#[test]
fn settings_that_are_wrong_end_the_run_before_any_text_is_sent() {
    let (error, hint, _) = refused(Config::default(), &[("UNDERTONE_BEDROCK_MODEL", "amazon.no-such-v1:0")], 78);
    assert!(error.contains("amazon.no-such-v1:0") && hint.contains("list-foundation-models"), "{error} {hint}");
    let on_demand = "Invocation of model ID x with on-demand throughput isn't supported. Retry your request with the ID \
                     or ARN of an inference profile that contains this model.";
    let (_, hint, _) = refused(always(Fault::RefuseWith(400, "ValidationException", on_demand)), &[], 78);
    assert!(hint.contains(&format!("`us.{MODEL}`")), "{hint}");
    let (error, hint, _) = refused(always(Fault::Quirk(Quirk::Chats)), &[], 78);
    assert!(error.contains("without a label") && hint.contains("bedrock.model"), "{error} {hint}");
    let no_schema = Config { schemas: false, ..Config::default() };
    let (_, hint, _) = refused(no_schema, &[("UNDERTONE_BEDROCK_STRUCTURED", "schema")], 78);
    assert!(hint.contains("bedrock.structured to auto"), "{hint}");
    let (error, _, stats) = refused(Config::default(), &[("UNDERTONE_BEDROCK_PROMPT", "absent.txt")], 78);
    assert!(error.contains("absent.txt") && stats.requests == 0, "{error}");
}

#[test]
fn a_service_that_refuses_ends_the_run_with_what_to_do() {
    let not_there = always(Fault::Refuse(404, "ResourceNotFoundException"));
    let (error, hint, _) = refused(not_there, &[], 69);
    assert!(error.contains(MODEL) && hint.contains("bedrock.region"), "{error} {hint}");
    let denied = "You don't have access to the model with the specified model ID.";
    let (_, hint, stats) = refused(always(Fault::RefuseWith(403, "AccessDeniedException", denied)), &[], 69);
    assert!(hint.contains("bedrock:InvokeModel") && stats.requests == 1, "{hint}");
    let of_the_day = "Too many tokens per day, please wait before trying again.";
    let (error, hint, _) = refused(always(Fault::RefuseWith(429, "ThrottlingException", of_the_day)), &[], 69);
    assert!(error.contains("today's quota") && hint.contains("tomorrow"), "{error} {hint}");
    let short = [("UNDERTONE_BEDROCK_GIVE_UP_AFTER", "1s")];
    let (_, hint, _) = refused(always(Fault::throttle()), &short, 69);
    assert!(hint.contains("bedrock.tokens-per-minute"), "{hint}");
}

#[test]
fn access_that_ends_in_mid_run_keeps_what_was_paid_for() {
    let bedrock = Bedrock::start(Config::default());
    let mut place = place(&bedrock);
    let cache = place.path("cache").display().to_string();
    place.set([("UNDERTONE_CACHE_PATH", cache.as_str()), ("UNDERTONE_CONCURRENCY", "1")]);
    bedrock.set(|config| {
        config.spared = PROBE + 2;
        config.script = [Fault::Refuse(403, "AccessDeniedException")].into();
    });
    let ended = place.run(&["analyze", "--out", "out", "calls.csv"]).expect(69);
    assert!(ended.hint().contains("10 documents"), "{}", ended.stderr);
    bedrock.set(|_| {});
    place.analyze(&["calls.csv"], 0);
    assert_eq!(bedrock.stats().requests, PROBE + 3, "13 texts are left");
}

#[test]
fn a_quota_of_tokens_is_kept_to_without_being_refused() {
    let bedrock = Bedrock::start(Config {
        tokens_a_minute: Some(60_000),
        latency: Duration::from_millis(50),
        ..Config::default()
    });
    let mut place = place(&bedrock);
    place.set([("UNDERTONE_BEDROCK_TOKENS_PER_MINUTE", "60000")]);
    place.analyze(&["calls.csv"], 0);
    let stats = bedrock.stats();
    assert!(!stats.refused.contains_key("ThrottlingException"), "{stats:?}");
}
