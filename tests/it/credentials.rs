//! Credentials that expire in the middle of a run, through the real AWS chain: a profile whose `credential_process`
//! gives keys for a while. The run goes on with new ones, or stops with what was paid for kept.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use crate::comprehend::place_for;
use crate::program::{Outputs, Place, assert_same};
use crate::standin::{Config, Credential, Standin, Statistics};

/// Every turn a document: some thirty requests, few at a time, so that keys expire between them.
const ARGUMENTS: [&str; 7] = ["--cache", "scores", "--granularity", "turn", "--concurrency", "2", "data"];

fn credential(name: &str, expires_after: Option<u64>) -> Credential {
    let key = |kind: &str| format!("{kind}{name}EXAMPLE");
    Credential { access_key: key("ASIA"), secret_key: key("secret"), session_token: Some(key("token")), expires_after }
}

/// A stand-in that knows an old key, which expires after some requests, and a new one; and a place whose only
/// source of credentials is `process`, a script in which `old` and `new` print them and `$calls` counts its calls. The
/// keys are said to hold for `lifetime_s`: with less than the chain's margin, it asks for new ones at every request.
fn place_with(old_expires_after: Option<u64>, lifetime_s: i64, process: &str) -> (Standin, Place) {
    let (old, new) = (credential("OLD", old_expires_after), credential("NEW", None));
    let credentials = vec![old.clone(), new.clone()];
    let standin = Standin::start(Config { credentials, latency: Duration::from_millis(10), ..Config::default() });
    let mut place = place_for(&standin);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        place.unset(name);
    }
    place.set([("AWS_CONFIG_FILE", place.path("aws.conf").display().to_string())]);
    place.set([("UNDERTONE_COMPREHEND_GIVE_UP_AFTER", "1s")]);
    let expiration = Timestamp::now().checked_add(lifetime_s.seconds()).expect("a time");
    for (name, Credential { access_key, secret_key, session_token, .. }) in [("old", old), ("new", new)] {
        let printed = json!({
            "Version": 1, "AccessKeyId": access_key, "SecretAccessKey": secret_key, "SessionToken": session_token,
            "Expiration": expiration.to_string(),
        });
        place.write(name, printed.to_string());
    }
    set_process(&place, process);
    (standin, place)
}

fn set_process(place: &Place, process: &str) {
    let folder = place.path("").display().to_string();
    let script = format!(
        "#!/bin/sh\ncd '{folder}' && echo >>calls && calls=$(wc -l <calls)\nold() {{ cat old; }}\nnew() {{ cat new; }}\n{process}\n"
    );
    place.write("process", script);
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(place.path("process"), executable).expect("a script");
    place.write("aws.conf", format!("[default]\ncredential_process = {folder}process\n"));
}

fn calls(place: &Place) -> usize {
    std::fs::read_to_string(place.path("calls")).map_or(0, |calls| calls.lines().count())
}

/// What the same run writes with keys that hold.
fn calm() -> Outputs {
    let standin = Standin::start(Config::default());
    place_for(&standin).analyze(&ARGUMENTS, 0)
}

fn expect_no_trace(outputs: &Outputs, stats: &Statistics) {
    let calm = calm();
    for name in ["calls.csv", "agents.csv", "failures.csv", "rejects.csv"] {
        assert_same(name, calm.bytes(name), outputs.bytes(name));
    }
    assert_eq!((stats.answered_again, stats.billed_again), (0, 0), "{stats:?}");
}

/// The run that ended is run again with keys that hold: it pays for nothing that was paid for.
fn expect_to_go_on(standin: &Standin, place: &Place) {
    let paid = standin.stats().documents_billed;
    assert!(paid > 0, "it ended in the middle");
    set_process(place, "new");
    let outputs = place.analyze(&ARGUMENTS, 0);
    assert!(outputs.record()["counts"]["cached"].as_u64() >= Some(paid), "{}", outputs.record());
    expect_no_trace(&outputs, &standin.stats());
}

#[test]
fn keys_that_the_service_calls_expired_are_loaded_anew_and_the_run_goes_on() {
    // The first call shows that there are credentials at all, the second is the first request's.
    let (standin, place) = place_with(Some(5), 3600, "if [ $calls -le 2 ]; then old; else new; fi");
    let outputs = place.analyze(&ARGUMENTS, 0);
    let stats = standin.stats();
    assert!(stats.refused.get("ExpiredTokenException") > Some(&0), "{stats:?}");
    expect_no_trace(&outputs, &stats);
}

#[test]
fn keys_about_to_expire_are_replaced_by_the_chain_before_the_service_refuses_them() {
    let (standin, place) = place_with(None, 5, "if [ $calls -le 9 ]; then old; else new; fi");
    let outputs = place.analyze(&ARGUMENTS, 0);
    assert!(calls(&place) > 9, "{} calls", calls(&place));
    assert!(standin.stats().refused.is_empty(), "{:?}", standin.stats());
    expect_no_trace(&outputs, &standin.stats());
}

#[test]
fn a_source_that_fails_for_a_moment_is_waited_for() {
    let (standin, place) = place_with(None, 5, "if [ $calls -gt 6 ] && [ $calls -le 9 ]; then exit 1; fi\nnew");
    let outputs = place.analyze(&ARGUMENTS, 0);
    assert!(calls(&place) > 9, "{} calls", calls(&place));
    expect_no_trace(&outputs, &standin.stats());
}

#[test]
fn a_source_that_only_gives_expired_keys_ends_the_run_and_what_was_paid_is_kept() {
    let (standin, place) = place_with(Some(5), 3600, "old");
    let ended = place.run(&[&["analyze", "--out", "out"], &ARGUMENTS[..]].concat()).expect(69);
    assert!(ended.error().contains("ExpiredTokenException"), "{}", ended.stderr);
    assert!(ended.hint().contains("sign in again and run the same command"), "{}", ended.stderr);
    assert!(place.outputs("out").0.is_empty());
    expect_to_go_on(&standin, &place);
}

#[test]
fn a_source_that_fails_for_good_ends_the_run_in_time_and_what_was_never_sent_is_not_charged() {
    let (standin, place) = place_with(None, 5, "if [ $calls -gt 6 ]; then echo locked >&2; exit 1; fi\nnew");
    // A budget that is just enough, which requests that never left must not use up.
    let plan = place.run(&["plan", "--json", "--granularity", "turn", "data"]).expect(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    let units = plan["plans"][0]["units_upper"].to_string();
    let arguments = [&["analyze", "--out", "out", "--max-units", &units], &ARGUMENTS[..]].concat();
    let ended = place.run(&arguments).expect(69);
    assert!(ended.error().contains("AWS credentials could not be loaded"), "{}", ended.stderr);
    assert!(
        ended.hint().contains("what was paid for is kept") && ended.hint().contains("credential process"),
        "{}",
        ended.stderr
    );
    expect_to_go_on(&standin, &place);
}

#[test]
fn a_source_that_gives_nothing_says_why() {
    let (standin, place) = place_with(None, 3600, "echo the vault is sealed >&2; exit 3");
    let ended = place.run(&[&["analyze"], &ARGUMENTS[..]].concat()).expect(69);
    assert!(ended.error().contains("the vault is sealed"), "{}", ended.stderr);
    assert_eq!(standin.stats().requests, 0);
}
