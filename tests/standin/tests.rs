//! The stand-in against raw requests: what it accepts, what it refuses, what it counts and how it breaks.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Draft, Reply, connect, exchange};
use super::signature;
use super::*;

fn standin(change: impl FnOnce(&mut Config)) -> Standin {
    let mut config = Config::default();
    change(&mut config);
    Standin::start(config)
}

fn calm() -> Standin {
    standin(|_| {})
}

/// Sends a batch of English documents that must be answered in some way.
fn send(standin: &Standin, documents: &[&str]) -> Reply {
    Draft::batch(standin, documents).send().expect("an answer")
}

/// The code that refuses a body.
fn refusal(standin: &Standin, operation: &str, body: &Value) -> String {
    let reply = Draft::new(standin, operation, body).send().expect("an answer");
    assert_eq!(reply.status, 400);
    reply.code()
}

fn indices(list: &Value) -> Vec<u64> {
    list.as_array().expect("a list").iter().map(|entry| entry["Index"].as_u64().expect("an index")).collect()
}

#[test]
fn a_batch_is_answered_in_order_with_the_scorers_scores() {
    let standin = calm();
    let reply = send(&standin, &["I am so angry", "thank you, great"]);
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("x-amzn-requestid: "), "{}", reply.head);
    let body = reply.json();
    assert_eq!(indices(&body["ResultList"]), [0, 1]);
    assert_eq!(body["ErrorList"], json!([]));
    let sent = &body["ResultList"][0]["SentimentScore"];
    for (name, expected) in
        ["Positive", "Negative", "Neutral", "Mixed"].into_iter().zip(score("en", "I am so angry", 0.0))
    {
        let difference = sent[name].as_f64().expect("a number") - f64::from(expected);
        assert!(difference.abs() < 1e-12, "{name}: {difference}");
    }
    assert_eq!(body["ResultList"][1]["Sentiment"], "POSITIVE");
}

#[test]
fn a_single_document_is_answered_without_an_index() {
    let standin = calm();
    let body = json!({"Text": "the worst, terrible", "LanguageCode": "en"});
    let reply = Draft::new(&standin, "DetectSentiment", &body).send().expect("an answer");
    assert_eq!(reply.json()["Sentiment"], "NEGATIVE");
    assert!(reply.json().get("Index").is_none());
    assert_eq!((standin.stats().single_requests, standin.stats().batch_requests), (1, 0));
}

#[test]
fn connections_are_kept_and_bodies_may_come_in_chunks() {
    let standin = standin(|config| config.chunked = true);
    let draft = Draft::batch(&standin, &vec!["a document"; 25]);
    let mut stream = connect(standin.running.address).expect("a connection");
    let replies: Vec<_> = (0..3).map(|_| exchange(&mut stream, &draft.signed()).expect("an answer").json()).collect();
    assert_eq!(indices(&replies[2]["ResultList"]), (0..25).collect::<Vec<_>>());
    assert_eq!((standin.stats().connections, standin.stats().requests), (1, 3));
}

#[test]
fn the_services_limits_are_enforced() {
    let standin = calm();
    let batch = |texts: Value, language: &str| {
        refusal(&standin, "BatchDetectSentiment", &json!({"TextList": texts, "LanguageCode": language}))
    };
    assert_eq!(batch(json!(vec!["x"; 26]), "en"), "BatchSizeLimitExceededException");
    assert_eq!(batch(json!(["x", "é".repeat(2501)]), "en"), "TextSizeLimitExceededException");
    assert_eq!(batch(json!(["x"]), "nl"), "UnsupportedLanguageException");
    assert_eq!(batch(json!(["x", ""]), "en"), "ValidationException");
    assert_eq!(batch(json!([]), "en"), "ValidationException");
    let body = json!({"TextList": ["x"], "LanguageCode": "en", "Extra": 1});
    assert_eq!(refusal(&standin, "BatchDetectSentiment", &body), "SerializationException");
    assert_eq!(refusal(&standin, "BatchDetectSentiment", &json!({"TextList": ["x"]})), "ValidationException");
    let body = json!({"TextList": ["x"], "LanguageCode": "en"});
    assert_eq!(refusal(&standin, "DetectSentiment", &body), "SerializationException");
    assert_eq!(standin.stats().documents_sent, 0, "an invalid request sends no documents");
    let fits = "é".repeat(2500);
    assert_eq!(send(&standin, &[&fits]).status, 200);
    assert_eq!((standin.stats().longest_bytes, standin.stats().longest_chars), (5000, 2500));
}

#[test]
fn an_oversize_document_can_also_fail_alone() {
    let standin = standin(|config| config.oversize = Oversize::FailsAlone);
    let body = send(&standin, &["x", &"y".repeat(12_945)]).json();
    assert_eq!(indices(&body["ResultList"]), [0]);
    let message = body["ErrorList"][0]["ErrorMessage"].as_str().expect("a message");
    assert!(message.ends_with("is 5000 bytes while in this request the text size is 12945 bytes"), "{message}");
}

#[test]
fn requests_for_anything_else_are_unknown() {
    let standin = calm();
    let broken = |change: &dyn Fn(&mut Draft)| {
        let mut draft = Draft::batch(&standin, &["x"]);
        change(&mut draft);
        let reply = draft.send().expect("an answer");
        (reply.status, reply.code())
    };
    let unknown = (404, "UnknownOperationException".to_owned());
    assert_eq!(broken(&|draft| draft.request.method = "PUT".to_owned()), unknown);
    assert_eq!(broken(&|draft| draft.request.target = "/batch".to_owned()), unknown);
    assert_eq!(broken(&|draft| draft.request.headers[1].1 = "application/json".to_owned()), unknown);
    assert_eq!(broken(&|draft| draft.request.headers[2].1 = "Comprehend_20171127.DetectEntities".to_owned()), unknown);
}

#[test]
fn signatures_are_verified() {
    let standin = calm();
    let broken = |change: &dyn Fn(&mut Draft)| {
        let mut draft = Draft::batch(&standin, &["x"]);
        change(&mut draft);
        draft.send().expect("an answer").code()
    };
    assert_eq!(broken(&|draft| draft.credential.secret_key.push('x')), "InvalidSignatureException");
    assert_eq!(broken(&|draft| draft.credential.access_key.push('x')), "UnrecognizedClientException");
    assert_eq!(broken(&|draft| draft.region = "eu-west-1".to_owned()), "InvalidSignatureException");
    assert_eq!(broken(&|draft| draft.time = "20150830T123600Z".to_owned()), "InvalidSignatureException");
    assert_eq!(broken(&|draft| draft.time = "yesterday".to_owned()), "IncompleteSignatureException");
    let token = Some("unknown".to_owned());
    assert_eq!(broken(&|draft| draft.credential.session_token.clone_from(&token)), "UnrecognizedClientException");
    assert_eq!(standin.stats().documents_sent, 0);
}

#[test]
fn what_was_signed_cannot_be_changed_and_what_must_be_signed_cannot_be_left_out() {
    let standin = calm();
    let send = |request: &http::Request| {
        exchange(&mut connect(standin.running.address).expect("a connection"), request).expect("an answer").code()
    };
    let mut request = Draft::batch(&standin, &["x"]).signed();
    request.body[14] = b'y';
    assert_eq!(send(&request), "InvalidSignatureException");
    let mut request = Draft::batch(&standin, &["x"]).signed();
    request.headers.push(("x-amz-unsigned".to_owned(), "1".to_owned()));
    assert_eq!(send(&request), "InvalidSignatureException");
    request.headers.retain(|(name, _)| name != "authorization");
    assert_eq!(send(&request), "MissingAuthenticationTokenException");
}

/// The expected signature was made by botocore 1.43.11 for the same request, key and time.
#[test]
fn signatures_equal_those_of_the_python_sdk() {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("host", "127.0.0.1:8123"),
        ("x-amz-date", "20261101T120000Z"),
        ("x-amz-target", "Comprehend_20171127.BatchDetectSentiment"),
    ];
    let request = http::Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: br#"{"TextList":["x"],"LanguageCode":"en"}"#.to_vec(),
    };
    let authorization = signature::authorize(&request, &Credential::default(), "us-east-1", "20261101T120000Z");
    assert_eq!(
        authorization,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/us-east-1/comprehend/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
         Signature=e0261dd24d57d05531a845d60d4b08769888a587a6a339342880bfb834306418"
    );
}

#[test]
fn a_server_ahead_of_time_refuses_this_machines_clock() {
    let standin = standin(|config| config.clock_ahead_s = 20 * 60);
    assert_eq!(send(&standin, &["x"]).code(), "InvalidSignatureException");
    standin.set(|config| config.clock_ahead_s = 14 * 60);
    assert_eq!(send(&standin, &["x"]).status, 200);
}

#[test]
fn temporary_credentials_need_their_token_and_expire() {
    let temporary =
        Credential { session_token: Some("token".to_owned()), expires_after: Some(2), ..Credential::default() };
    let standin = standin(|config| config.credentials = vec![temporary.clone()]);
    assert!(standin.env().contains(&("AWS_SESSION_TOKEN", "token".to_owned())));
    let mut draft = Draft::batch(&standin, &["x"]);
    assert_eq!(draft.send().expect("an answer").code(), "UnrecognizedClientException");
    draft.credential = temporary;
    let statuses: Vec<u16> = (0..2).map(|_| draft.send().expect("an answer").status).collect();
    assert_eq!(statuses, [200, 200]);
    assert_eq!(draft.send().expect("an answer").code(), "ExpiredTokenException");
}

#[test]
fn the_quota_throttles_and_refusals_cost_nothing() {
    let standin = standin(|config| config.quota = Quota::bucket(0.001, 2));
    let codes: Vec<u16> = (0..5).map(|_| send(&standin, &["x"]).status).collect();
    assert_eq!(codes, [200, 200, 400, 400, 400]);
    let stats = standin.stats();
    assert_eq!((stats.admitted, stats.throttled, stats.answered, stats.units), (2, 3, 2, 6));
    assert_eq!(stats.refused["ThrottlingException"], 3);
    standin.set(|config| config.quota = Quota::Unlimited);
    assert_eq!(send(&standin, &["x"]).status, 200);
}

#[test]
fn units_are_metered_each_way() {
    let standin = calm();
    send(&standin, &["short", &"x".repeat(301), &"y".repeat(600)]);
    let stats = standin.stats();
    assert_eq!((stats.units, stats.units_by_request, stats.units_without_minimum), (3 + 4 + 6, 10, 1 + 4 + 6));
    assert_eq!((stats.chars, stats.chars_unread, stats.longest_chars, stats.largest_batch), (906, 100, 600, 3));
}

#[test]
fn documents_seen_before_are_counted() {
    let standin = standin(|config| config.faults.script = [Fault::ResetAfterScoring, Fault::Reset].into());
    assert!(Draft::batch(&standin, &["a", "b"]).send().is_err());
    assert!(Draft::batch(&standin, &["a", "b"]).send().is_err());
    send(&standin, &["a", "b"]);
    let stats = standin.stats();
    assert_eq!((stats.documents_sent, stats.documents_distinct, stats.sent_again), (6, 2, 4));
    assert_eq!((stats.documents_billed, stats.billed_again, stats.answered_again), (4, 2, 0));
    send(&standin, &["b", "c"]);
    assert_eq!(standin.stats().answered_again, 1);
    standin.reset_stats();
    assert_eq!(standin.stats(), Statistics::default());
}

#[test]
fn every_fault_looks_as_a_client_would_see_it() {
    let script = [
        Fault::Refuse(ServiceError::access_denied()),
        Fault::Refuse(ServiceError::unavailable()),
        Fault::Garbage,
        Fault::WrongShape,
        Fault::Slow(Duration::from_millis(30)),
        Fault::Reset,
        Fault::Truncate,
    ];
    let standin = standin(|config| config.faults.script = script.into());
    let attempt = || Draft::batch(&standin, &["x"]).send();
    assert_eq!(attempt().expect("an answer").code(), "AccessDeniedException");
    assert_eq!(attempt().expect("an answer").status, 503);
    let garbage = attempt().expect("an answer");
    assert!(garbage.status == 200 && serde_json::from_slice::<Value>(&garbage.body).is_err());
    assert_eq!(attempt().expect("an answer").json()["ErrorList"], 7);
    let start = Instant::now();
    assert_eq!(attempt().expect("an answer").status, 200);
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(attempt().expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    assert_eq!(attempt().expect_err("half a body").kind(), ErrorKind::UnexpectedEof);
    assert_eq!(attempt().expect("an answer").status, 200);
    let stats = standin.stats();
    assert_eq!((stats.answered, stats.documents_billed, stats.in_flight), (2, 5, 0));
    assert_eq!(stats.faults["truncate"], 1);
}

#[test]
fn a_hanging_request_stays_in_flight_until_the_client_leaves() {
    let standin = standin(|config| config.faults.script = [Fault::Hang].into());
    let mut stream = connect(standin.running.address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
    let error = exchange(&mut stream, &Draft::batch(&standin, &["x"]).signed()).expect_err("no answer");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    send(&standin, &["y"]);
    assert_eq!((standin.stats().in_flight, standin.stats().most_in_flight), (1, 2));
    drop(stream);
    while standin.stats().in_flight > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn documents_fail_alone_go_missing_and_come_in_any_order() {
    let standin = standin(|config| {
        config.faults = Faults { documents_failed: 0.3, documents_missing: 0.3, shuffled: 1.0, ..Faults::default() };
    });
    let texts: Vec<String> = (0..25).map(|i| format!("document {i}")).collect();
    let body = send(&standin, &texts.iter().map(String::as_str).collect::<Vec<_>>()).json();
    let (scored, failed) = (indices(&body["ResultList"]), indices(&body["ErrorList"]));
    assert!(!scored.is_empty() && !failed.is_empty() && scored.len() + failed.len() < 25);
    assert!(!scored.is_sorted(), "{scored:?}");
    assert_eq!(body["ErrorList"][0]["ErrorCode"], "InternalServerException");
    let stats = standin.stats();
    assert_eq!(stats.documents_answered + stats.documents_failed, 25);
}

#[test]
fn a_poisoned_document_always_fails_alone() {
    let standin = standin(|config| config.faults.poison = Some("zzz".to_owned()));
    for _ in 0..3 {
        assert_eq!(indices(&send(&standin, &["a", "b zzz", "c"]).json()["ErrorList"]), [1]);
    }
}

#[test]
fn storms_end() {
    let storm = |storm| {
        standin(|config| {
            config.faults = Faults { refusal: Some(ServiceError::expired_token()), storm, ..Faults::default() };
        })
    };
    let short = storm(Storm::first(3));
    let statuses: Vec<u16> = (0..5).map(|_| send(&short, &["x"]).status).collect();
    assert_eq!(statuses, [400, 400, 400, 200, 200]);
    let long = storm(Storm::lasting(Duration::from_mins(10)));
    assert!((0..5).all(|_| send(&long, &["x"]).status == 400));
    long.set(|config| config.faults = Faults::default());
    assert_eq!(send(&long, &["x"]).status, 200);
}

#[test]
fn shares_of_faults_are_drawn_from_the_seed() {
    let shares = Faults { throttled: 0.3, failed: 0.2, garbage: 0.1, ..Faults::default() };
    let outcomes = |seed| {
        let standin = standin(|config| {
            config.faults = shares.clone();
            config.seed = seed;
        });
        let statuses: Vec<u16> = (0..200).map(|_| send(&standin, &["x"]).status).collect();
        (statuses, standin.stats())
    };
    let (statuses, stats) = outcomes(7);
    assert_eq!(statuses, outcomes(7).0);
    assert_ne!(statuses, outcomes(8).0);
    assert!((40..=80).contains(&stats.throttled), "{}", stats.throttled);
    assert!((20..=60).contains(&stats.refused["InternalServerException"]));
    assert_eq!(stats.requests, 200);
}

#[test]
fn errors_name_their_code_in_each_style() {
    let standin = standin(|config| config.quota = Quota::bucket(0.001, 1));
    send(&standin, &["x"]);
    assert_eq!(send(&standin, &["x"]).code(), "ThrottlingException");
    standin.set(|config| config.error_style = ErrorStyle::NamespacedBody);
    assert_eq!(send(&standin, &["x"]).code(), "com.amazonaws.comprehend#ThrottlingException");
    standin.set(|config| config.error_style = ErrorStyle::Header);
    let reply = send(&standin, &["x"]);
    assert!(reply.head.contains("x-amzn-errortype: ThrottlingException:http") && reply.code().is_empty());
}

#[test]
fn statistics_are_served_without_a_signature_and_are_not_a_request() {
    let standin = calm();
    send(&standin, &["x"]);
    let request = http::Request { method: "GET".to_owned(), target: "/stats".to_owned(), ..http::Request::default() };
    let reply = exchange(&mut connect(standin.running.address).expect("a connection"), &request).expect("an answer");
    assert_eq!((reply.json()["requests"].as_u64(), reply.json()["units"].as_u64()), (Some(1), Some(3)));
}

#[test]
fn dropping_it_frees_the_port() {
    let standin = calm();
    let address = standin.running.address;
    let _idle = connect(address).expect("a connection");
    drop(standin);
    assert!(connect(address).is_err());
}
