//! Object stores that refuse, throttle, tear and stall: message, exit code, hint; nothing lost, and no word of theirs shown.

use std::time::{Duration, Instant};

use crate::places::{outputs, place_for};
use crate::program::{Ended, Outputs, Place, TABLES, assert_same};
use crate::standin::s3::{Action, Config, Fault, Rule, S3, SECRET, Seen};

const ANALYZE: [&str; 5] = ["analyze", "--detail", "--out", "s3://calls/out", "s3://calls/in/"];

fn failing(rules: Vec<Rule>) -> (S3, Place) {
    let s3 = S3::start(Config { rules, ..Config::default() });
    let place = place_for(&s3);
    (s3, place)
}

/// One run that must end with `code`; what it says must hold no secret.
fn refused(place: &Place, arguments: &[&str], code: i32) -> Ended {
    let ended = place.run(&[&["-vv"], arguments].concat()).expect(code);
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    for secret in [SECRET, "wJalrXUtnFEMI", "Signature=", "X-Amz-"] {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
    ended
}

#[test]
fn a_storm_of_faults_leaves_no_trace() {
    let (s3, place) = failing(Vec::new());
    place.run(&ANALYZE).expect(0);
    let calm = outputs(&s3, &place);
    let slow_down = || Fault::Refuse(503, "SlowDown");
    let at = |action, key, after, fault| Rule { action: Some(action), key, after, times: 1, fault };
    let storms = [
        vec![
            Rule::first(3, Action::List, slow_down()),
            Rule::first(2, Action::Get, Fault::Refuse(500, "InternalError")),
        ],
        vec![
            Rule::first(2, Action::Get, Fault::Cut),
            at(Action::List, "", 1, Fault::Reset),
            at(Action::Get, "", 1, Fault::Reset),
        ],
        vec![Rule::first(1, Action::List, Fault::Cut), Rule::first(1, Action::List, Fault::Garbage)],
        vec![Rule::first(2, Action::Put, Fault::LoseAnswer), Rule::first(1, Action::Delete, Fault::LoseAnswer)],
        vec![
            at(Action::Put, "calls.csv", 0, slow_down()),
            at(Action::Put, "run.json", 0, Fault::Refuse(409, "ConditionalRequestConflict")),
        ],
        vec![
            Rule::first(1, Action::Get, Fault::Refuse(403, "ExpiredToken")),
            Rule::first(1, Action::Put, Fault::Refuse(400, "RequestTimeout")),
        ],
    ];
    for rules in storms {
        s3.set(|config| config.rules.clone_from(&rules));
        place.run(&ANALYZE).expect(0);
        let found = outputs(&s3, &place);
        for name in TABLES {
            assert_same(name, calm.bytes(name), found.bytes(name));
        }
        s3.seen();
        s3.set(|config| assert!(config.rules.iter().all(|rule| rule.times == 0), "{:?} did not happen", config.rules));
        assert!(s3.bytes("out/.undertone.lock").is_none() && s3.unfinished().is_empty());
    }
}

#[test]
fn a_read_that_breaks_off_goes_on_where_it_was() {
    let (s3, place) = failing(vec![Rule { key: "in/big.csv", ..Rule::first(3, Action::Get, Fault::Cut) }]);
    let mut big = b"call_id,speaker,agent_id,text\n".to_vec();
    for call in 0..30_000 {
        big.extend_from_slice(format!("c{call},customer,a1,\"Thank you, number {call}, that was good\"\n").as_bytes());
    }
    s3.put("in/big.csv", big.clone());
    place.write("big.csv", &big);
    assert!(big.len() > 1 << 20, "small objects are fetched whole");
    let expected = place.analyze(&["--detail", "big.csv"], 0);
    place.analyze(&["--detail", "s3://calls/in/big.csv"], 0).expect_same_tables(&expected);
    let ranges: Vec<Seen> = s3.seen().into_iter().filter(|seen| seen.action == Action::Get).collect();
    assert_eq!(ranges.iter().filter(|seen| seen.range.is_some()).count(), 3, "{ranges:?}");
}

#[test]
fn an_object_that_changes_while_it_is_read_is_no_mixture() {
    let change = || Rule { key: "call-sample.csv", ..Rule::first(1, Action::Get, Fault::ChangeFirst) };
    let (s3, place) = failing(Vec::new());
    s3.put("in/call-sample.csv", "call_id,speaker,text\nc1,customer,Good\n");
    s3.set(|config| config.rules = vec![change()]);
    let ended = refused(&place, &["analyze", "s3://calls/in/call-sample.csv"], 66);
    assert!(ended.stderr.contains("was changed or removed since it was found"), "{}", ended.stderr);
    assert!(ended.hint().contains("run it again when nothing writes there"));
}

#[test]
fn a_key_that_can_not_be_asked_for_is_named() {
    let (s3, place) = failing(Vec::new());
    s3.put("in/odd//c.csv", "call_id,text\n");
    let ended = refused(&place, &ANALYZE, 66);
    assert!(ended.error().contains("the key \"in/odd//c.csv\" has an empty"), "{}", ended.stderr);
    place.run(&["analyze", "s3://calls/in/*.csv"]).expect(66);
}

#[test]
fn a_missing_right_is_named_with_the_resource_to_allow_it_on() {
    for (denied, action, resource, code) in [
        (Action::List, "s3:ListBucket", "arn:aws:s3:::calls", 69),
        (Action::Get, "s3:GetObject", "arn:aws:s3:::calls/in/", 69),
        (Action::Put, "s3:PutObject", "arn:aws:s3:::calls/out/.undertone.lock", 73),
    ] {
        let s3 = S3::start(Config { denied: vec![denied], ..Config::default() });
        let place = place_for(&s3);
        let ended = refused(&place, &ANALYZE, code);
        assert!(ended.stderr.contains("(AccessDenied)"), "{}", ended.stderr);
        assert!(ended.hint().contains(&format!("allow {action} on {resource}")), "{}", ended.stderr);
        assert!(s3.objects("out/").iter().all(|(name, _)| name.starts_with('.')), "something was written");
    }
}

#[test]
fn wrong_regions_buckets_keys_and_clocks_are_told_apart() {
    let (s3, mut place) = failing(Vec::new());
    for redirects in [true, false] {
        s3.set(|config| config.redirects = redirects);
        place.set([("AWS_REGION", "us-east-1")]);
        let ended = refused(&place, &ANALYZE, 78);
        assert!(ended.hint().starts_with("set AWS_REGION=eu-west-1"), "{}", ended.stderr);
    }
    place.set([("AWS_REGION", "eu-west-1")]);
    let ended = refused(&place, &["analyze", "s3://no-such-bucket/in/"], 66);
    assert_eq!(ended.error(), "can't list s3://no-such-bucket/in/: there is no such bucket");
    let ended = refused(&place, &["analyze", "--out", "s3://no-such-bucket/out", "data"], 73);
    assert!(ended.error().ends_with("there is no such bucket"), "{}", ended.stderr);
    let ended = refused(&place, &["analyze", "s3://calls/nothing/here"], 66);
    assert_eq!(ended.error(), "s3://calls/nothing/here: no such file or directory");

    place.set([("AWS_SECRET_ACCESS_KEY", "wrong")]);
    assert!(refused(&place, &ANALYZE, 69).error().contains("does not take the credentials (SignatureDoesNotMatch)"));
    place.set([("AWS_ACCESS_KEY_ID", "AKIAOTHER")]);
    assert!(refused(&place, &ANALYZE, 69).error().contains("(InvalidAccessKeyId)"));
    let skewed = Rule::always(Action::List, Fault::Refuse(403, "RequestTimeTooSkewed"));
    place.set(s3.env());
    s3.set(|config| config.rules = vec![skewed]);
    assert!(refused(&place, &ANALYZE, 69).hint().contains("set this machine's clock"));
}

#[test]
fn without_a_region_or_credentials_the_way_to_get_them_is_named() {
    let s3 = S3::start(Config::default());
    let mut place = place_for(&s3);
    place.set([("AWS_REGION", "")]);
    let ended = refused(&place, &ANALYZE, 69);
    assert!(ended.error().contains("no AWS region is set") && ended.hint().contains("AWS_REGION"), "{}", ended.stderr);
    place.set(s3.env());
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        place.set([(name, "")]);
    }
    let ended = refused(&place, &ANALYZE, 69);
    assert!(
        ended.error().contains("no usable AWS credentials") && ended.hint().contains("AWS_PROFILE"),
        "{}",
        ended.stderr
    );
    assert!(s3.seen().is_empty(), "nothing was asked");
}

#[test]
fn a_store_that_only_fails_ends_the_run() {
    for (fault, words) in [
        (Fault::Refuse(503, "SlowDown"), "overloaded or broken (SlowDown), after 3 attempts"),
        (Fault::Garbage, "not that of an S3 store, after 3 attempts"),
        (Fault::Reset, "no answer"),
    ] {
        let (_s3, mut place) = failing(vec![Rule::always(Action::List, fault)]);
        place.set([("AWS_MAX_ATTEMPTS", "3")]);
        let ended = refused(&place, &ANALYZE, 69);
        assert!(ended.error().contains(words), "{}", ended.stderr);
    }
    let mut place = Place::with_samples();
    place.set(S3::start(Config::default()).env());
    place.set([("AWS_MAX_ATTEMPTS", "2")]);
    let ended = refused(&place, &ANALYZE, 69);
    assert!(ended.hint().contains("AWS_ENDPOINT_URL"), "nobody is there: {}", ended.stderr);
}

/// What is there, whole or not.
fn outputs_now(s3: &S3) -> Outputs {
    let found = s3.objects("out/").into_iter().filter(|(name, _)| !name.starts_with('.'));
    Outputs(found.map(|(name, stored)| (name, stored.bytes.to_vec())).collect())
}

fn has_tables_of(found: &Outputs, run: &Outputs) -> bool {
    TABLES.iter().all(|name| run.0.get(*name) == found.0.get(*name))
}

/// Runs the program until `s3` has seen so many requests, of which the last is never answered, and kills it then.
pub(crate) fn kill_at(s3: &S3, place: &Place, arguments: &[&str], request: u64) {
    let rule =
        Rule { action: None, key: "", after: request, times: u64::MAX, fault: Fault::Slow(Duration::from_mins(10)) };
    s3.set(|config| config.rules = vec![rule]);
    let mut child = place.command(arguments).spawn().expect("the program can be started");
    let begun = Instant::now();
    while s3.seen().len() as u64 <= request {
        assert!(begun.elapsed() < Duration::from_mins(1), "there were no {request} requests");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("a child");
    child.wait().expect("a child");
    s3.set(|config| config.rules.clear());
}

#[test]
fn a_run_that_is_killed_at_any_request_leaves_a_record_of_whole_outputs_only() {
    let s3 = S3::start(Config::default());
    let mut place = Place::new();
    place.set(s3.env());
    let calls = "call_id,speaker,agent_id,text\nc1,customer,a1,This is great!\nc1,agent,a1,Sorry about that.\n";
    s3.put("in/c.csv", calls);
    let plain = ["analyze", "--speakers", "customer", "--out", "s3://calls/out", "s3://calls/in/"];
    place.run(&ANALYZE).expect(0);
    let after = outputs(&s3, &place);
    place.run(&plain).expect(0);
    let before = outputs(&s3, &place);
    s3.set(|_| {});
    place.run(&ANALYZE).expect(0);
    let requests = s3.seen();
    let (mut whole, mut unrecorded) = (0, 0);
    // Before the last questions that come before the first change, nothing is different.
    let changes = requests.iter().position(|seen| seen.action == Action::Delete).expect("run.json is removed");
    for request in changes as u64 - 2..requests.len() as u64 {
        place.run(&plain).expect(0);
        kill_at(&s3, &place, &ANALYZE, request);
        let found = outputs_now(&s3);
        if found.0.contains_key("run.json") {
            let is_old = has_tables_of(&found, &before);
            assert!(is_old || has_tables_of(&found, &after), "request {request}: run.json stands for a mixture");
            whole += 1;
        } else {
            unrecorded += 1;
        }
        // The lock that it left has run out by the store's clock.
        s3.set(|config| config.clock_ahead_s = 61);
        place.run(&ANALYZE).expect(0);
        assert!(has_tables_of(&outputs(&s3, &place), &after), "request {request}");
        s3.set(|config| config.clock_ahead_s = 0);
    }
    assert!(whole > 2 && unrecorded > 4, "{whole} kills left a record, {unrecorded} none: {requests:?}");
}

/// A call for each row, and ids so long that segments.csv takes more than one part.
fn long_ids() -> Vec<u8> {
    let mut rows = b"call_id,speaker,agent_id,text\n".to_vec();
    for call in 0..4_000 {
        rows.extend_from_slice(format!("{call:02500},customer,a1,Thank you\n").as_bytes());
    }
    rows
}

#[test]
fn a_large_output_goes_up_in_parts_and_appears_at_the_end() {
    let (s3, place) = failing(Vec::new());
    place.run(&["analyze", "--out", "s3://calls/out", "s3://calls/in/"]).expect(0);
    let before = outputs(&s3, &place);
    place.write("long.csv", long_ids());
    let expected = place.analyze(&["--detail", "long.csv"], 0);
    let analyze = ["analyze", "--detail", "--out", "s3://calls/out", "long.csv"];

    // Killed while parts go up: nothing has changed, and a lifecycle rule may remove the parts.
    s3.set(|config| config.rules = vec![Rule::always(Action::PutPart, Fault::Slow(Duration::from_mins(10)))]);
    let mut child = place.command(&analyze).spawn().expect("the program can be started");
    while !s3.seen().iter().any(|seen| seen.action == Action::PutPart) {
        assert!(child.try_wait().expect("a child").is_none(), "it ended without a part");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a child");
    child.wait().expect("a child");
    assert!(outputs_now(&s3) == before && !s3.unfinished().is_empty(), "a part that is there changes nothing");

    // A storm: the parts go up again, and a finished upload whose answer is lost is found finished.
    let storm = [
        Rule::first(1, Action::CreateUpload, Fault::Refuse(500, "InternalError")),
        Rule::first(2, Action::PutPart, Fault::Refuse(503, "SlowDown")),
        Rule::first(1, Action::PutPart, Fault::LoseAnswer),
        Rule::first(1, Action::CompleteUpload, Fault::ErrorIn200("InternalError")),
        Rule::first(1, Action::CompleteUpload, Fault::LoseAnswer),
    ];
    let left = s3.unfinished();
    s3.set(|config| (config.rules, config.clock_ahead_s) = (storm.to_vec(), 61));
    place.run(&analyze).expect(0);
    let found = outputs(&s3, &place);
    for name in TABLES {
        assert_same(name, expected.bytes(name), found.bytes(name));
    }
    assert_eq!(s3.unfinished(), left, "what this run began is finished");
    let (_, stored) = s3.objects("out/segments.csv").remove(0);
    assert!(stored.e_tag.ends_with("-2\"") && stored.content_type.starts_with("text/csv"), "{stored:?}");

    // What can't be finished leaves no parts.
    s3.set(|config| (config.rules, config.denied) = (Vec::new(), vec![Action::PutPart]));
    let ended = refused(&place, &analyze, 73);
    assert!(ended.hint().contains("allow s3:PutObject on arn:aws:s3:::calls/out/"), "{}", ended.stderr);
    assert_eq!(s3.unfinished(), left);
    assert!(outputs_now(&s3) == found, "nothing has changed");
}
