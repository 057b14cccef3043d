//! A service that refuses or can't be reached: code 69, one message with a hint, nothing written, nothing lost.

use std::time::{Duration, Instant};

use crate::comprehend::place_for;
use crate::program::{Ended, Place};
use crate::standin::{Config, Credential, Fault, Faults, ServiceError, Standin, Storm};

/// Runs where earlier results are, and where none are: the first must stay as they are, the second not appear.
fn expect_refused(place: &Place) -> Ended {
    place.run(&["analyze", "--engine", "local", "--out", "out", "data"]).expect(0);
    let before = place.outputs("out");
    let begun = Instant::now();
    let ended = place.run(&["analyze", "--out", "out", "data"]).expect(69);
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}", begun.elapsed());
    assert!(place.outputs("out") == before, "earlier results are gone or changed");
    place.run(&["analyze", "--out", "fresh", "data"]).expect(69);
    assert!(place.outputs("fresh").0.is_empty(), "{:?}", place.outputs("fresh").0.keys());
    assert_eq!(ended.stdout, "");
    ended
}

fn expect_refused_for(faults: Faults) -> (Ended, u64) {
    let standin = Standin::start(Config { faults, ..Config::default() });
    let ended = expect_refused(&place_for(&standin));
    (ended, standin.stats().requests)
}

fn always(error: ServiceError) -> Faults {
    Faults { refusal: Some(error), ..Faults::default() }
}

#[test]
fn a_missing_permission_is_named_with_the_action_to_allow() {
    let (ended, _) = expect_refused_for(always(ServiceError::access_denied()));
    assert!(
        ended.error().contains("is not authorized to perform: comprehend:BatchDetectSentiment"),
        "{}",
        ended.stderr
    );
    assert!(ended.hint().contains("allow the action comprehend:BatchDetectSentiment"), "{}", ended.stderr);
}

#[test]
fn keys_that_the_service_does_not_know_are_named() {
    let (ended, _) = expect_refused_for(always(ServiceError::unrecognized_client()));
    assert!(ended.error().contains("UnrecognizedClientException"), "{}", ended.stderr);
    assert!(ended.hint().contains("the credentials are not valid"), "{}", ended.stderr);
}

#[test]
fn an_account_without_the_service_is_told_so() {
    let (ended, _) = expect_refused_for(always(ServiceError::new(403, "OptInRequired", "subscribe")));
    assert!(ended.hint().contains("no access to Amazon Comprehend"), "{}", ended.stderr);
}

#[test]
fn a_wrong_secret_is_refused_by_its_signature() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    place.set([("AWS_SECRET_ACCESS_KEY", "not-the-secret")]);
    let ended = expect_refused(&place);
    assert!(ended.error().contains("InvalidSignatureException"), "{}", ended.stderr);
    assert!(ended.hint().contains("check the keys"), "{}", ended.stderr);
    assert_eq!(standin.stats().documents_billed, 0);
}

#[test]
fn a_session_that_expires_in_the_middle_ends_the_run() {
    let credential =
        Credential { session_token: Some("a-token".to_owned()), expires_after: Some(3), ..Credential::default() };
    let standin = Standin::start(Config { credentials: vec![credential], ..Config::default() });
    let ended = expect_refused(&place_for(&standin));
    assert!(ended.error().contains("ExpiredTokenException"), "{}", ended.stderr);
    assert!(ended.hint().contains("sign in again"), "{}", ended.stderr);
}

#[test]
fn a_refusal_in_the_middle_stops_the_sending_at_once() {
    let storm = Storm { requests: Some(2..1_000_000), time: None };
    let faults = Faults { storm, ..always(ServiceError::access_denied()) };
    let standin = Standin::start(Config { faults, ..Config::default() });
    let place = place_for(&standin);
    let ended = place.run(&["analyze", "--granularity", "turn", "--concurrency", "2", "data"]).expect(69);
    assert!(ended.hint().contains("BatchDetectSentiment"), "{}", ended.stderr);
    assert!(standin.stats().requests <= 5, "{:?}", standin.stats());
}

#[test]
fn without_a_region_nothing_is_sent() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    place.unset("AWS_REGION");
    let ended = expect_refused(&place);
    assert!(ended.error().contains("no AWS region is set"), "{}", ended.stderr);
    assert!(ended.hint().contains("--region"), "{}", ended.stderr);
    assert_eq!(standin.stats().connections, 0);
    place.run(&["analyze", "--region", "us-east-1", "data"]).expect(0);
}

#[test]
fn without_credentials_nothing_is_sent() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    place.unset("AWS_ACCESS_KEY_ID");
    place.unset("AWS_SECRET_ACCESS_KEY");
    let ended = expect_refused(&place);
    assert!(ended.error().contains("AWS credentials"), "{}", ended.stderr);
    assert!(ended.hint().contains("aws configure") && ended.hint().contains("--engine local"), "{}", ended.stderr);
    assert_eq!(standin.stats().connections, 0);
}

#[test]
fn region_and_credentials_of_a_profile_serve() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        place.unset(name);
    }
    let Credential { access_key, secret_key, .. } = Credential::default();
    let keys = format!("aws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n");
    place.write("home/.aws/config", "[profile night]\nregion = us-east-1\n");
    place.write("home/.aws/credentials", format!("[night]\n{keys}"));
    place.analyze(&["--profile", "night", "data"], 0);
    let ended = place.run(&["analyze", "--profile", "day", "data"]).expect(69);
    assert!(!ended.hint().is_empty());
}

#[test]
fn an_endpoint_that_nobody_answers_at_is_given_up_in_time() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    drop(standin);
    place.set([("UNDERTONE_COMPREHEND_GIVE_UP_AFTER", "500ms")]);
    let ended = expect_refused(&place);
    assert!(ended.error().contains("nothing but failures"), "{}", ended.stderr);
    assert!(ended.hint().contains("AWS_ENDPOINT_URL"), "{}", ended.stderr);
}

#[test]
fn a_service_that_only_fails_throttles_or_hangs_is_given_up_in_time() {
    for fault in [
        Faults { failed: 1.0, ..Faults::default() },
        Faults { throttled: 1.0, ..Faults::default() },
        Faults { hung: 1.0, ..Faults::default() },
    ] {
        let standin = Standin::start(Config { faults: fault, ..Config::default() });
        let mut place = place_for(&standin);
        place.set([("UNDERTONE_COMPREHEND_GIVE_UP_AFTER", "600ms"), ("UNDERTONE_COMPREHEND_ATTEMPT_TIMEOUT", "200ms")]);
        let ended = expect_refused(&place);
        assert!(ended.error().contains("nothing but failures"), "{}", ended.stderr);
        assert!(ended.hint().contains("run the same command again"), "{}", ended.stderr);
    }
}

#[test]
fn an_endpoint_that_is_something_else_is_named() {
    let error = ServiceError::new(404, "UnknownOperationException", "what?");
    let script = std::iter::repeat_n(Fault::Refuse(error), 100).collect();
    let (ended, requests) = expect_refused_for(Faults { script, ..Faults::default() });
    assert!(ended.hint().contains("not Amazon Comprehend"), "{}", ended.stderr);
    assert!(requests > 0);
}
