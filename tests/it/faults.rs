//! The whole program against the stand-in on a bad day: what passes leaves no trace in the results, what does not
//! is listed and never averaged.

use std::time::Duration;

use crate::comprehend::{expect_good_manners, expect_no_score, place_for};
use crate::program::{Outputs, Place, turns};
use crate::standin::{Config, Fault, Faults, ServiceError, Standin, Statistics, Storm};

/// Every turn a document: some thirty requests.
const ARGUMENTS: [&str; 4] = ["--granularity", "turn", "--detail", "data"];

/// Runs on a calm day, then through `faults`: all must be scored in the end, with the same bytes.
fn expect_no_trace(faults: Faults) -> (Statistics, Outputs) {
    expect_no_trace_within("15s", faults)
}

/// The same with a time after which an attempt is given up.
fn expect_no_trace_within(attempt_timeout: &str, faults: Faults) -> (Statistics, Outputs) {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    place.set([("UNDERTONE_COMPREHEND_ATTEMPT_TIMEOUT", attempt_timeout)]);
    let calm = place.analyze(&ARGUMENTS, 0);
    standin.reset_stats();
    standin.set(|config| config.faults = faults);
    let stormy = place.analyze(&ARGUMENTS, 0);
    calm.expect_same_tables(&stormy);
    let (stats, record) = (standin.stats(), stormy.record());
    expect_good_manners(&stats);
    assert_eq!(record["service"]["requests"], stats.requests);
    assert_eq!(record["counts"]["failed"], 0);
    (stats, stormy)
}

/// Each of `faults` once, with a good answer after each.
fn script(faults: impl IntoIterator<Item = Fault>) -> Faults {
    let script = faults.into_iter().flat_map(|fault| [fault, Fault::None]).collect();
    Faults { script, ..Faults::default() }
}

#[test]
fn throttling_leaves_no_trace() {
    let throttling = [
        ServiceError::throttling(),
        ServiceError::new(429, "TooManyRequestsException", "slow down"),
        ServiceError::new(503, "SlowDown", "slow down"),
    ];
    let (stats, outputs) = expect_no_trace(script(throttling.map(Fault::Refuse)));
    assert_eq!(stats.throttled, 3);
    assert_eq!(outputs.record()["service"]["throttles"], 3);
    assert_eq!(outputs.record()["service"]["billed_units"], stats.units, "what is throttled is not billed");
    assert_eq!(stats.answered_again, 0);
}

#[test]
fn faults_of_the_service_leave_no_trace() {
    let (stats, outputs) = expect_no_trace(script([
        Fault::Refuse(ServiceError::internal()),
        Fault::Refuse(ServiceError::unavailable()),
        Fault::Refuse(ServiceError::new(500, "", "<html>oops</html>")),
        Fault::Refuse(ServiceError::new(504, "", "")),
    ]));
    assert_eq!(stats.refused.values().sum::<u64>(), 4, "{stats:?}");
    assert_eq!(outputs.record()["service"]["retries"], 4);
}

#[test]
fn broken_connections_and_answers_leave_no_trace() {
    let faults = [Fault::Reset, Fault::ResetAfterScoring, Fault::Truncate, Fault::Garbage, Fault::WrongShape];
    let (stats, outputs) = expect_no_trace(script(faults.clone()));
    assert!(faults.iter().all(|fault| stats.faults.get(fault.name()) == Some(&1)), "{stats:?}");
    assert_eq!(stats.answered_again, 0, "what was answered is not asked again");
    expect_bounds_of_the_bill(&stats, &outputs);
}

/// What the service billed lies within what the record and the page say, lost answers counted.
fn expect_bounds_of_the_bill(stats: &Statistics, outputs: &Outputs) {
    let service = &outputs.record()["service"];
    let units = |name: &str| service[name].as_u64().unwrap_or_else(|| panic!("{name} is {}", service[name]));
    let (least, most) = (units("billed_units_least"), units("billed_units"));
    assert!(least <= stats.units_by_request && stats.units <= most, "{least} to {most}: {stats:?}");
    assert!(most > units("planned_units"), "lost answers are paid beside those that came");
    let cost = service["cost_usd"].as_f64().unwrap_or_else(|| panic!("{service}"));
    let line = format!("At most ${cost:.2} for {most} units in {} requests", stats.requests);
    assert!(outputs.text("report.html").replace(',', "").contains(&line), "{line}");
}

#[test]
fn slow_and_missing_answers_leave_no_trace() {
    let faults = script([Fault::Slow(Duration::from_millis(150)), Fault::Hang, Fault::Hang]);
    let (stats, outputs) = expect_no_trace_within("1s", faults);
    assert_eq!((stats.faults.get("slow"), stats.faults.get("hang")), (Some(&1), Some(&2)));
    expect_bounds_of_the_bill(&stats, &outputs);
}

#[test]
fn answers_in_any_order_leave_no_trace() {
    let (stats, _) = expect_no_trace(Faults { shuffled: 1.0, ..Faults::default() });
    assert_eq!(stats.faults.get("shuffle"), Some(&stats.requests));
    assert_eq!(stats.sent_again, 0);
}

#[test]
fn documents_that_fail_or_are_missing_from_an_answer_go_into_later_batches() {
    let faults = Faults { documents_failed: 0.2, documents_missing: 0.2, storm: Storm::first(4), ..Faults::default() };
    let (stats, outputs) = expect_no_trace(faults);
    assert!(stats.documents_failed > 20, "{stats:?}");
    assert_eq!((stats.sent_again, stats.answered_again), (stats.documents_failed, 0));
    assert!(stats.requests <= stats.documents_sent.div_ceil(25) + 1, "batches stay full: {stats:?}");
    assert_eq!(outputs.record()["service"]["billed_units"], stats.units);
}

#[test]
fn a_bit_of_everything_leaves_no_trace() {
    let faults = Faults {
        throttled: 0.05,
        failed: 0.05,
        unavailable: 0.05,
        reset: 0.1,
        slow: 0.05,
        slowness: Duration::from_millis(50),
        truncated: 0.05,
        garbage: 0.1,
        shuffled: 0.2,
        storm: Storm::first(30),
        ..Faults::default()
    };
    let (stats, _) = expect_no_trace(faults);
    assert!(stats.faults.len() >= 2, "{stats:?}");
}

#[test]
fn a_rejected_request_is_sent_document_by_document() {
    let codes = ["TextSizeLimitExceededException", "InvalidRequestException"];
    let rejections = codes.map(|code| Fault::Refuse(ServiceError::new(400, code, "no")));
    let (stats, _) = expect_no_trace(script(rejections));
    assert_eq!(stats.answered_again, 0, "{stats:?}");
    assert!(codes.iter().all(|code| stats.refused.get(*code) == Some(&1)), "{stats:?}");
}

#[test]
fn a_document_that_never_gets_scores_is_listed_and_its_call_is_not_neutral() {
    let faults = Faults { poison: Some("wasps".to_owned()), ..Faults::default() };
    let standin = Standin::start(Config { faults, ..Config::default() });
    let place = place_for(&standin);
    place.write(
        "in.csv",
        turns(&[
            ["alone", "customer", "amara", "wasps in the router"],
            ["half", "customer", "amara", "this is great, thank you so much"],
            ["half", "customer", "amara", "there were wasps in it as well, many of them"],
            ["same", "customer", "boris", "wasps in the router"],
            ["whole", "customer", "boris", "everything works, thank you"],
        ]),
    );
    let outputs = place.analyze(&["--granularity", "turn", "--detail", "in.csv"], 3);
    expect_good_manners(&standin.stats());

    expect_no_score(&outputs, "alone");
    expect_no_score(&outputs, "same");
    let calls = outputs.table("calls.csv");
    let column = |name| ["alone", "half", "same", "whole"].map(|call| calls.cell(call, name));
    assert_eq!(column("coverage"), ["0.0000", "0.4118", "0.0000", "1.0000"]);
    assert_eq!(column("segments_failed"), ["1", "1", "1", "0"]);

    let failures = outputs.table("failures.csv");
    assert_eq!(failures.column("call_id"), ["alone", "half", "same"]);
    assert_eq!(failures.column("segment"), ["1", "2", "1"]);
    assert_eq!(failures.column("outcome"), ["failed"; 3]);
    assert_eq!(failures.column("reason"), ["InternalServerException"; 3]);
    assert_eq!(failures.column("attempts"), ["5"; 3]);
    assert_eq!(outputs.table("segments.csv").column("outcome").join(" "), "failed scored failed failed scored");

    // What too little is known of does not count for the agent.
    let agents = outputs.table("agents.csv");
    assert_eq!((agents.cell("amara", "calls"), agents.cell("amara", "calls_scored")), ("2", "0"));
    assert_eq!((agents.cell("boris", "calls"), agents.cell("boris", "calls_scored")), ("2", "1"));
    let record = outputs.record();
    assert_eq!((&record["counts"]["failed"], &record["exit_code"]), (&3.into(), &3.into()));
}

#[test]
fn a_request_that_is_never_answered_fails_its_documents_and_no_others() {
    let standin = Standin::start(Config::default());
    let mut place = Place::new();
    place.set(standin.env());
    place.set([("UNDERTONE_ENGINE", "comprehend"), ("UNDERTONE_COMPREHEND_MAX_ATTEMPTS", "1")]);
    place.write("in.csv", turns(&[["a", "customer", "", "one"], ["b", "customer", "", "two"]]));
    standin.set(|config| {
        let fault = |code| Fault::Refuse(ServiceError::new(400, code, "no"));
        config.faults.script =
            [fault("InvalidRequestException"), Fault::None, fault("TextSizeLimitExceededException")].into();
    });
    let outputs = place.analyze(&["in.csv"], 3);
    assert_eq!(outputs.table("failures.csv").column("reason"), ["TextSizeLimitExceededException"]);
    assert_eq!(standin.stats().documents_billed, 1);
}
