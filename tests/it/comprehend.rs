//! The whole program against the stand-in on a good day: what is sent, how it is packed, what it is charged.

use crate::program::{Outputs, Place, write_csv};
use crate::standin::{Config, ErrorStyle, Fault, Faults, Oversize, Quota, ServiceError, Standin, Statistics, score};

/// The samples, in a place from which the program reaches `standin`, at a pace that no test has to wait for.
pub(crate) fn place_for(standin: &Standin) -> Place {
    let mut place = Place::with_samples();
    place.set(standin.env());
    place.set([("UNDERTONE_ENGINE", "comprehend"), ("UNDERTONE_COMPREHEND_REQUESTS_PER_SECOND", "1000")]);
    place
}

/// What every run must keep to, whatever the service does.
pub(crate) fn expect_good_manners(stats: &Statistics) {
    assert!(stats.largest_batch <= 25 && stats.longest_bytes <= 5000, "{stats:?}");
    assert_eq!(stats.single_requests, 0, "one kind of request serves");
    assert_eq!(stats.in_flight, 0, "nothing is left behind");
    // Faults of the stand-in's are drawn before it checks; anything else in here is the program's.
    let broken = ["ValidationException", "SerializationException", "BatchSizeLimitExceededException"];
    assert!(broken.iter().all(|code| !stats.refused.contains_key(*code)), "{stats:?}");
}

fn expect_each_document_once(stats: &Statistics) {
    expect_good_manners(stats);
    assert_eq!((stats.sent_again, stats.chars_unread), (0, 0), "{stats:?}");
    assert_eq!(stats.answered, stats.requests, "{stats:?}");
}

#[test]
fn batches_are_full_documents_are_read_whole_and_none_is_sent_twice() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    for granularity in ["turn", "segment"] {
        standin.reset_stats();
        place.analyze(&["--granularity", granularity, "data"], 0);
        let stats = standin.stats();
        expect_each_document_once(&stats);
        assert!(stats.longest_chars <= 500 && stats.largest_batch == 25, "{stats:?}");
        assert_eq!(stats.requests, stats.documents_sent.div_ceil(25), "every batch but the last is full");
    }
}

#[test]
fn the_record_agrees_with_the_services_own_meter() {
    let standin = Standin::start(Config::default());
    let outputs = place_for(&standin).analyze(&["--detail", "data"], 0);
    let (stats, record) = (standin.stats(), outputs.record());
    let service = &record["service"];
    assert_eq!(service["requests"], stats.requests);
    assert_eq!(service["billed_units"], stats.units);
    assert_eq!(service["billed_units_least"], stats.units_by_request);
    assert_eq!((&service["throttles"], &service["retries"]), (&0.into(), &0.into()));
    assert_eq!(record["counts"]["documents"], stats.documents_billed);
    let cost = service["cost_usd"].as_f64().expect("a number");
    assert!((cost - stats.units as f64 * 0.0001).abs() < 1e-9, "{cost} for {} units", stats.units);
    let outcomes = outputs.table("segments.csv").column("outcome").join(" ");
    assert_eq!(outcomes.matches("scored").count() as u64, stats.documents_billed);
    assert_eq!(outcomes.matches("cached").count() as u64, record["counts"]["cached"], "repeated texts");
}

#[test]
fn the_summary_for_programs_has_the_bill_of_the_record() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let ended = place.run(&["analyze", "--json", "data"]).expect(0);
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let (bill, record) = (&summary["bill"], place.outputs("undertone-out").record());
    for (name, recorded) in
        [("requests", "requests"), ("throttles", "throttles"), ("units", "billed_units"), ("dollars", "cost_usd")]
    {
        assert_eq!(bill[name], record["service"][recorded], "{name}");
    }
    assert_eq!(bill["units"], standin.stats().units);
}

#[test]
fn segments_cost_a_third_of_single_turns_that_are_sent_each_time_they_are_said() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    place.analyze(&["data"], 0);
    let packed = standin.stats();
    standin.reset_stats();
    place.analyze(&["--granularity", "turn", "data"], 0);
    let single = standin.stats();
    assert!(packed.requests * 2 < single.requests, "{} against {} requests", packed.requests, single.requests);
    assert!(packed.units < single.units, "{} against {} units", packed.units, single.units);
    let text_alone = packed.chars.div_ceil(100);
    assert!(packed.units * 100 <= text_alone * 120, "{} units for {text_alone} units of text", packed.units);
}

/// Calls of one short turn each in several languages, their rows mixed.
fn calls_in(languages: &[&str], calls: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "language", "text"].map(str::to_owned)];
    for number in 0..calls {
        for language in languages {
            rows.push([format!("{language}-{number:02}"), "customer".to_owned(), (*language).to_owned(), said(number)]);
        }
    }
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

fn said(number: usize) -> String {
    format!("{} I was waiting for number {number}", ["great", "terrible", "well", "good but broken"][number % 4])
}

fn close(cell: &str, expected: f32) -> bool {
    cell.parse::<f32>().is_ok_and(|found| (found - expected).abs() <= 0.000_06)
}

#[test]
fn a_request_holds_one_language_and_every_call_is_scored_in_its_own() {
    let languages = ["en", "es", "de", "zh-TW"];
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    place.write("in.csv", calls_in(&languages, 30));
    let calls = place.analyze(&["in.csv"], 0).table("calls.csv");
    let stats = standin.stats();
    expect_each_document_once(&stats);
    assert_eq!((stats.requests, stats.documents_distinct), (4 * 2, 120));
    for language in languages {
        for number in 0..30 {
            let id = format!("{language}-{number:02}");
            let [positive, negative, ..] = score(language, &said(number), 0.0);
            assert_eq!(calls.cell(&id, "language"), language);
            assert!(close(calls.cell(&id, "customer_positive"), positive), "{id}");
            assert!(close(calls.cell(&id, "customer_negative"), negative), "{id}");
        }
    }
}

#[test]
fn a_language_that_the_service_lacks_is_skipped_with_the_reason_and_never_neutral() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    place.write("in.csv", calls_in(&["en", "sv"], 3));
    let outputs = place.analyze(&["in.csv", "--detail"], 3);
    assert_eq!(standin.stats().documents_sent, 3);
    expect_no_score(&outputs, "sv-01");
    assert_eq!(outputs.table("calls.csv").cell("sv-01", "coverage"), "0.0000");
    let failures = outputs.table("failures.csv");
    assert_eq!(failures.column("call_id"), ["sv-00", "sv-01", "sv-02"]);
    assert_eq!(failures.column("outcome"), ["skipped"; 3]);
    assert_eq!(failures.column("reason"), ["unsupported_language"; 3]);
    assert_eq!(failures.column("attempts"), ["0"; 3]);
    assert_eq!(outputs.record()["counts"]["skipped"], 3);
    assert_eq!(outputs.record()["exit_code"], 3);
}

/// Insists that nothing is said of how the customer of a call felt.
pub(crate) fn expect_no_score(outputs: &Outputs, call: &str) {
    let calls = outputs.table("calls.csv");
    for column in ["score", "label", "positive", "negative", "neutral", "mixed", "start", "end", "low"] {
        assert_eq!(calls.cell(call, &format!("customer_{column}")), "", "{call} {column}");
    }
}

#[test]
fn only_the_customers_words_are_sent_when_asked_so() {
    let standin = Standin::start(Config::default());
    let outputs = place_for(&standin).analyze(&["--speakers", "customer", "--detail", "data"], 0);
    let segments = outputs.table("segments.csv");
    assert!(segments.column("role").iter().all(|role| *role == "customer"));
    assert!(outputs.table("calls.csv").column("agent_score").iter().all(|score| score.is_empty()));
    let chars: u64 = segments.column("chars").iter().map(|chars| chars.parse::<u64>().expect("a count")).sum();
    assert!(standin.stats().chars <= chars);
}

#[test]
fn documents_stay_within_5000_bytes_whatever_an_oversize_one_would_do() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    place.set([("UNDERTONE_SEGMENT_CHARS", "5000")]);
    let rows = [
        ["call_id", "speaker", "language", "text"].map(str::to_owned),
        ["wide", "customer", "en", &"\u{1f642} fine ".repeat(900)].map(str::to_owned),
        ["unbroken", "customer", "ja", &"\u{65e5}".repeat(4001)].map(str::to_owned),
    ];
    place.write("in.csv", write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str))));
    for oversize in [Oversize::FailsBatch, Oversize::FailsAlone] {
        for granularity in ["turn", "segment", "call"] {
            standin.reset_stats();
            standin.set(|config| config.oversize = oversize);
            let outputs = place.analyze(&["--granularity", granularity, "--detail", "in.csv"], 0);
            let stats = standin.stats();
            expect_good_manners(&stats);
            assert!(stats.refused.is_empty() && stats.longest_bytes > 4900, "{granularity} {stats:?}");
            let segments = outputs.table("segments.csv");
            let chars: u64 = segments.column("chars").iter().map(|chars| chars.parse::<u64>().expect("a count")).sum();
            assert!(chars >= 4001 + 900 * 6, "no character is lost: {chars}");
        }
    }
}

#[test]
fn errors_are_understood_however_they_name_their_code_and_answers_however_they_are_framed() {
    for error_style in [ErrorStyle::Body, ErrorStyle::NamespacedBody, ErrorStyle::Header] {
        let script = [ServiceError::throttling(), ServiceError::internal()].map(Fault::Refuse).into();
        let faults = Faults { script, ..Faults::default() };
        let standin = Standin::start(Config { error_style, chunked: true, faults, ..Config::default() });
        let service = place_for(&standin).analyze(&["data"], 0).record()["service"].clone();
        assert_eq!((&service["throttles"], &service["retries"]), (&1.into(), &2.into()), "{error_style:?}");
    }
}

/// Some thirty requests, told to be sent all at once, where a quota of about twelve a second holds.
fn expect_slowed_down_by(quota: Quota) {
    let standin = Standin::start(Config { quota, ..Config::default() });
    let outputs = place_for(&standin).analyze(&["--granularity", "turn", "data"], 0);
    let (stats, record) = (standin.stats(), outputs.record());
    expect_good_manners(&stats);
    assert!(stats.throttled > 0, "{quota:?} shows nothing");
    assert_eq!(record["service"]["throttles"], stats.throttled);
    assert_eq!((&record["counts"]["failed"], stats.answered_again), (&0.into(), 0));
}

#[test]
fn a_token_bucket_that_gives_less_than_was_told_slows_the_run_down_and_fails_nothing() {
    expect_slowed_down_by(Quota::bucket(12.0, 3));
}

#[test]
fn a_sliding_window_that_gives_less_than_was_told_slows_the_run_down_and_fails_nothing() {
    expect_slowed_down_by(Quota::SlidingWindow(12));
}

#[test]
fn a_count_by_the_second_that_gives_less_than_was_told_slows_the_run_down_and_fails_nothing() {
    expect_slowed_down_by(Quota::FixedSecond(12));
}
