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

/// The outputs must be those of one run, or without a record of a run.
fn expect_whole_or_unrecorded(found: &Outputs, runs: [&Outputs; 2]) {
    if found.0.contains_key("run.json") {
        assert!(
            runs.iter().any(|run| TABLES.iter().all(|name| run.0.get(*name) == found.0.get(*name))),
            "run.json stands for a mixture"
        );
    }
}

#[test]
fn a_run_that_is_killed_at_any_request_leaves_a_record_of_whole_outputs_only() {
    let (s3, place) = failing(Vec::new());
    place.run(&ANALYZE).expect(0);
    let detailed = outputs(&s3, &place);
    let plain_run = ["analyze", "--speakers", "customer", "--out", "s3://calls/out", "s3://calls/in/"];
    place.run(&plain_run).expect(0);
    let plain = outputs(&s3, &place);
    s3.set(|_| {});
    place.run(&ANALYZE).expect(0);
    let requests = s3.seen();
    let writes = requests.iter().filter(|seen| matches!(seen.action, Action::Put | Action::Delete)).count() as u64;
    for after in 0..writes - 1 {
        place.run(&plain_run).expect(0);
        let stop = |action| Rule { after, ..Rule::always(action, Fault::Slow(Duration::from_secs(600))) };
        // Whichever comes first stands still, and is killed then.
        s3.set(|config| config.rules = vec![Rule { action: None, ..stop(Action::Put) }]);
        let skipped = requests.len() as u64 - writes;
        s3.set(|config| config.rules[0].after = skipped + after);
        let mut child = place.command(&ANALYZE).spawn().expect("the program can be started");
        let begun = Instant::now();
        while (s3.seen().len() as u64) <= skipped + after && child.try_wait().expect("a child").is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it stands still elsewhere");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("a child");
        child.wait().expect("a child");
        expect_whole_or_unrecorded(&outputs_now(&s3), [&plain, &detailed]);
        // The lock that it left has run out by the store's clock.
        s3.set(|config| (config.rules, config.clock_ahead_s) = (Vec::new(), 61));
        place.run(&ANALYZE).expect(0);
        let found = outputs(&s3, &place);
        for name in TABLES {
            assert_same(name, detailed.bytes(name), found.bytes(name));
        }
        s3.set(|config| config.clock_ahead_s = 0);
    }
}

/// What is there, whole or not.
fn outputs_now(s3: &S3) -> Outputs {
    Outputs(s3.objects("out/").into_iter().map(|(name, stored)| (name, stored.bytes.to_vec())).collect())
}
