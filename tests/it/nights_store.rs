//! Nights on an object store, through the whole program: inputs that lie there, and the folder of the nights itself.

use std::collections::BTreeMap;

use crate::nightly::{SECRET, Turn, call, export, memchr_of, partitions, tree};
use crate::places_faults::kill_at;
use crate::program::{Ended, Place, Table};
use crate::standin::s3::{Action, Config, Fault, Rule, S3, Seen};

/// A store, and a place that reaches it.
fn store() -> (S3, Place) {
    let s3 = S3::start(Config { page: 3, ..Config::default() });
    let mut place = Place::new();
    place.set(s3.env());
    (s3, place)
}

fn night(place: &Place, more: &[&str]) -> Ended {
    let ended = place.run(&[&["-vv", "nightly", "--into", "nights"], more].concat());
    assert!(!ended.stderr.contains(SECRET) && !ended.stdout.contains(SECRET), "a word is shown: {}", ended.stderr);
    ended
}

fn calls_of(place: &Place, date: &str) -> Vec<String> {
    let Ok(bytes) = std::fs::read(place.path(&format!("nights/calls/call_date={date}/part-0.csv"))) else {
        return Vec::new();
    };
    Table::read(&bytes).column("call_id").into_iter().map(str::to_owned).collect()
}

/// What was asked since this was called before, but for the lock of the nights' folder.
fn asked(s3: &S3) -> Vec<Seen> {
    let seen = s3.seen();
    s3.set(|_| {});
    seen.into_iter().filter(|seen| !seen.key.ends_with(".undertone.lock")).collect()
}

fn count(asked: &[Seen], action: Action) -> usize {
    asked.iter().filter(|seen| seen.action == action).count()
}

/// Arrivals of four nights: a call that goes on after midnight, late ones, and one that comes again.
fn arrivals() -> [(&'static str, Vec<Turn<'static>>); 4] {
    let late = call("late", "2026-11-01T10:00:00Z");
    let split = call("split", "2026-11-02T23:59:00Z");
    let after_midnight = ["split", "2026-11-03T00:01:00Z", "customer", "thank you, that is great"];
    [
        ("2026-11-01.csv", call("one", "2026-11-01T09:00:00Z").to_vec()),
        ("2026-11-03.csv", [&[after_midnight], &call("three", "2026-11-03T09:00:00Z")[..]].concat()),
        ("2026-11-02.csv", [&split[..], &late, &call("two", "2026-11-02T09:00:00Z")].concat()),
        (
            "again.csv",
            [&call("one", "2026-11-01T09:00:00Z")[..], &[["one", "2026-11-01T09:01:00Z", "customer", "no"]]].concat(),
        ),
    ]
}

#[test]
fn inputs_on_a_store_are_published_as_files_are() {
    let (s3, place) = store();
    for (name, turns) in arrivals() {
        s3.put(&format!("in/{name}"), export(&turns));
        place.write(&format!("in/{name}"), export(&turns));
        night(&place, &["s3://calls/in/"]).expect(0);
    }
    place.run(&["nightly", "--into", "once", "in"]).expect(0);
    assert!(partitions(&place, "nights") == partitions(&place, "once"));
    assert_eq!(partitions(&place, "nights").len(), 9);
    assert!(s3.seen().iter().all(|seen| matches!(seen.action, Action::List | Action::Get)), "inputs are only read");
    for (name, bytes) in tree(&place, "nights") {
        assert!(memchr_of(&bytes, SECRET.as_bytes()).is_none(), "{name} holds a word of a transcript");
    }
}

#[test]
fn a_night_with_nothing_new_lists_its_inputs_once_and_reads_none() {
    let (s3, place) = store();
    for number in 0..7 {
        s3.put(&format!("in/{number}.csv"), export(&call(&format!("c{number}"), "2026-11-01T09:00:00Z")));
    }
    s3.put("contacts.csv", "call_id,queue\nc1,billing\n");
    let arguments = ["--metadata", "s3://calls/contacts.csv", "s3://calls/in/"];
    night(&place, &arguments).expect(0);
    let before = tree(&place, "nights");
    asked(&s3);
    assert_eq!(night(&place, &arguments).expect(0).stdout, "nothing new in 7 inputs\n");
    let seen = asked(&s3);
    assert_eq!((count(&seen, Action::List), seen.len()), (4, 4), "three pages, and the contact records: {seen:?}");
    assert!(tree(&place, "nights") == before, "nothing was written, the state included");

    // Uploaded again in parts, an object has another tag and the same content; one that is moved is the same input.
    s3.retag("in/3.csv");
    s3.put("in/7.csv", s3.bytes("in/2.csv").expect("it is there"));
    s3.remove("in/2.csv");
    s3.retag("contacts.csv");
    assert_eq!(night(&place, &arguments).expect(0).stdout, "nothing new in 7 inputs\n");
    assert_eq!(count(&asked(&s3), Action::Get), 3, "they were read to see that");
    assert_eq!(night(&place, &arguments).expect(0).stdout, "nothing new in 7 inputs\n");
    assert_eq!(count(&asked(&s3), Action::Get), 0, "and are known by their tags from then on");

    // Of the same length, with another tag and another content.
    let changed = export(&call("c3", "2026-11-02T09:00:00Z"));
    assert_eq!(changed.len(), s3.bytes("in/3.csv").expect("it is there").len());
    s3.put("in/3.csv", changed);
    night(&place, &arguments).expect(0);
    assert_eq!(calls_of(&place, "2026-11-02"), ["c3"]);
    s3.put("contacts.csv", "call_id,queue\nc3,billing\n");
    night(&place, &arguments).expect(0);
    let calls = Table::read(&std::fs::read(place.path("nights/calls/call_date=2026-11-02/part-0.csv")).unwrap());
    assert_eq!(calls.cell("c3", "queue"), "billing");
}

#[test]
fn an_input_that_vanished_from_the_store_changes_nothing_and_one_that_was_not_named_is_read_where_it_is() {
    let (s3, place) = store();
    s3.put("in/1/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    night(&place, &["s3://calls/in/1/"]).expect(0);
    // Another prefix each night: what the first one named is asked for by its address.
    s3.put("in/2/b.csv", export(&call("late", "2026-11-01T10:00:00Z")));
    night(&place, &["s3://calls/in/2/*.csv"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "one"]);
    s3.remove("in/1/a.csv");
    s3.put(
        "in/3/c.csv",
        export(&[call("later", "2026-11-01T11:00:00Z"), call("two", "2026-11-02T09:00:00Z")].concat()),
    );
    let ended = night(&place, &["s3://calls/in/"]).expect(0);
    assert!(ended.stderr.contains("an input that holds calls of that date is gone"), "{}", ended.stderr);
    assert_eq!(
        (calls_of(&place, "2026-11-01"), calls_of(&place, "2026-11-02")),
        (vec!["late".into(), "one".into()], vec!["two".into()])
    );
    night(&place, &["--rescore", "--from", "2026-11-01", "--to", "2026-11-01"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "later"]);
    // What can't be looked at is not taken for gone.
    s3.put("in/4/d.csv", export(&call("last", "2026-11-01T12:00:00Z")));
    let before = tree(&place, "nights");
    let rule = Rule { after: 1, ..Rule::always(Action::List, Fault::Refuse(403, "AccessDenied")) };
    s3.set(|config| config.rules = vec![rule]);
    let ended = night(&place, &["s3://calls/in/4/"]).expect(69);
    assert!(ended.hint().contains("allow s3:ListBucket on arn:aws:s3:::calls"), "{}", ended.stderr);
    assert!(same_but_state(&before, &tree(&place, "nights")));
}

fn same_but_state(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> bool {
    let but = |files: &BTreeMap<String, Vec<u8>>| {
        let mut files = files.clone();
        files.retain(|name, _| !name.starts_with("state.sqlite"));
        files
    };
    but(one) == but(other)
}

#[test]
fn an_object_that_changes_while_a_night_reads_it_ends_the_night() {
    let (s3, place) = store();
    s3.put("in/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    night(&place, &["s3://calls/in/"]).expect(0);
    let before = tree(&place, "nights");
    s3.put("in/b.csv", export(&call("two", "2026-11-02T09:00:00Z")));
    s3.set(|config| config.rules = vec![Rule { key: "b.csv", ..Rule::first(1, Action::Get, Fault::ChangeFirst) }]);
    let ended = night(&place, &["s3://calls/in/"]).expect(66);
    assert!(
        ended.stderr.contains("s3://calls/in/b.csv: the object was changed or removed since it was found"),
        "{}",
        ended.stderr
    );
    assert!(ended.hint().contains("run it again when nothing writes there"), "{}", ended.stderr);
    assert!(same_but_state(&before, &tree(&place, "nights")));
    s3.put("in/b.csv", export(&call("two", "2026-11-02T09:00:00Z")));
    night(&place, &["s3://calls/in/"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-02"), ["two"]);
}

#[test]
fn what_nights_published_on_the_store_is_no_input() {
    let (s3, place) = store();
    s3.put("in/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    night(&place, &["s3://calls/in/"]).expect(0);
    for (name, bytes) in tree(&place, "nights") {
        s3.put(&format!("in/lake/{name}"), bytes);
    }
    assert_eq!(night(&place, &["s3://calls/"]).expect(0).stdout, "nothing new in 1 input\n");
    // Of partitions of somebody else's it is asked whether they are those of nights, as far as rights go.
    s3.put("theirs/call_date=2026-11-01/b.csv", export(&call("two", "2026-11-02T09:00:00Z")));
    let denied = Rule { after: 1, ..Rule::always(Action::List, Fault::Refuse(403, "AccessDenied")) };
    s3.set(|config| config.rules = vec![denied]);
    night(&place, &["s3://calls/theirs/"]).expect(0);
    s3.set(|config| config.rules.clear());
    for inputs in ["s3://calls/in/lake/", "s3://calls/in/lake/calls/", "s3://calls/in/lake/calls/call_date=2026-11-01/"]
    {
        let ended = place.run(&["analyze", inputs]).expect(66);
        assert!(ended.error().contains("but outputs of undertone"), "{}", ended.stderr);
    }
}

/// The folder of nights on the store.
const LAKE: &str = "s3://calls/lake";

/// A night that publishes on the store.
fn publish(place: &Place, more: &[&str]) -> Ended {
    let ended = place.run(&[&["-vv", "nightly", "--into", LAKE], more].concat());
    assert!(!ended.stderr.contains(SECRET) && !ended.stdout.contains(SECRET), "a word is shown: {}", ended.stderr);
    let left: Vec<_> = std::fs::read_dir(place.path("tmp")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?} is left in TMPDIR");
    ended
}

/// What the store has under the folder of the nights.
fn lake(s3: &S3) -> BTreeMap<String, Vec<u8>> {
    s3.objects("lake/").into_iter().map(|(name, stored)| (name, stored.bytes.to_vec())).collect()
}

/// Whether a file of a folder of nights depends on the contents of its inputs alone.
fn is_lasting(name: &str) -> bool {
    let is_of_run = ["latest/run.json", "latest/report.html", "state.sqlite", "sums/windows.json"].contains(&name);
    let is_timed = ["runs/", "reports/", "sums/call_date", "."].iter().any(|begin| name.starts_with(begin));
    !is_of_run && !is_timed
}

/// Those of them that do.
fn lasting(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.retain(|name, _| is_lasting(name));
    files
}

fn lake_calls(s3: &S3, date: &str) -> Vec<String> {
    let bytes = s3.bytes(&format!("lake/calls/call_date={date}/part-0.csv")).unwrap_or_default();
    if bytes.is_empty() {
        Vec::new()
    } else {
        Table::read(&bytes).column("call_id").into_iter().map(str::to_owned).collect()
    }
}

#[test]
fn nights_on_a_store_publish_the_bytes_that_nights_in_a_folder_do() {
    let (s3, place) = store();
    for (name, turns) in arrivals() {
        s3.put(&format!("in/{name}"), export(&turns));
        place.write(&format!("in/{name}"), export(&turns));
        let ended = publish(&place, &["s3://calls/in/"]).expect(0);
        assert!(ended.stdout.contains("written      s3://calls/lake\n"), "{}", ended.stdout);
        night(&place, &["in"]).expect(0);
        let (found, expected) = (lasting(lake(&s3)), lasting(tree(&place, "nights")));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (name, bytes) in &expected {
            assert!(found[name] == *bytes, "{name} is another one");
        }
    }
    assert_eq!(lake_calls(&s3, "2026-11-02"), ["split", "two"]);
    let left: Vec<String> = lake(&s3).into_keys().filter(|name| name.starts_with('.')).collect();
    assert!(left.is_empty() && s3.unfinished().is_empty(), "{left:?} is left");
    for (name, bytes) in lake(&s3) {
        assert!(memchr_of(&bytes, SECRET.as_bytes()).is_none(), "{name} holds a word of a transcript");
    }
    // What is there is no input, wherever it lies.
    assert!(publish(&place, &["s3://calls/"]).expect(0).stdout.starts_with("nothing new in 4 inputs"));
}

#[test]
fn a_night_with_nothing_new_puts_nothing_on_the_store_but_its_lock() {
    let (s3, place) = store();
    s3.put("in/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    publish(&place, &["s3://calls/in/"]).expect(0);
    let before = lake(&s3);
    s3.set(|_| {});
    publish(&place, &["s3://calls/in/"]).expect(0);
    let writes: Vec<Seen> =
        s3.seen().into_iter().filter(|seen| !matches!(seen.action, Action::List | Action::Get)).collect();
    assert!(writes.len() == 2 && writes.iter().all(|seen| seen.key == "lake/.undertone.lock"), "{writes:?}");
    assert!(lake(&s3) == before);
}

#[test]
fn a_night_that_is_killed_between_any_two_writes_is_completed_by_the_next() {
    let (s3, place) = store();
    let first = call("one", "2026-11-01T09:00:00Z");
    let second = [call("late", "2026-11-01T10:00:00Z"), call("two", "2026-11-02T09:00:00Z")].concat();
    s3.put("in/a.csv", export(&first));
    publish(&place, &["s3://calls/in/"]).expect(0);
    let (old, before) = (s3.objects("lake/"), lake(&s3));
    s3.put("in/b.csv", export(&second));
    s3.set(|_| {});
    publish(&place, &["s3://calls/in/"]).expect(0);
    let (asked, after) = (s3.seen(), lake(&s3));
    let writes: Vec<usize> = (0..asked.len())
        .filter(|&at| {
            matches!(asked[at].action, Action::Put | Action::Delete) && asked[at].key != "lake/.undertone.lock"
        })
        .collect();
    assert!(writes.len() > 20, "{asked:?}");
    let arguments = ["nightly", "--into", LAKE, "s3://calls/in/"];
    for request in writes {
        s3.restore("lake/", &old);
        kill_at(&s3, &place, &arguments, request as u64);
        let found = lake(&s3);
        for (name, bytes) in lasting(found.clone()) {
            let is_one_of_both = [&before, &after].iter().any(|files| files.get(&name) == Some(&bytes));
            assert!(is_one_of_both, "request {request}: {name} is neither what it was nor what it will be");
        }
        for date in ["2026-11-01", "2026-11-02"] {
            let [calls, agents] = ["calls", "agents"].map(|table| format!("{table}/call_date={date}/part-0.csv"));
            let of = |files: &BTreeMap<String, Vec<u8>>| [files.get(&calls).cloned(), files.get(&agents).cloned()];
            let is_whole = of(&found) == of(&before) || of(&found) == of(&after);
            assert!(is_whole || found.contains_key(".undertone-push"), "request {request}: {date} is half");
        }
        s3.set(|config| config.clock_ahead_s = 61);
        let ended = place.run(&arguments).expect(0);
        assert_eq!(
            ended.stderr.contains("cut short while it published was completed"),
            found.contains_key(".undertone-push"),
            "request {request}: {}",
            ended.stderr
        );
        s3.set(|config| config.clock_ahead_s = 0);
        let now = lake(&s3);
        for (name, bytes) in after.iter().filter(|(name, _)| name.starts_with("sums/") || is_lasting(name)) {
            assert!(now.get(name) == Some(bytes), "request {request}: {name} is another one");
        }
        // The mark of a night whose state was put already means nothing, and goes with the next one that publishes.
        let left: Vec<String> = lake(&s3).into_keys().filter(|name| name.starts_with('.')).collect();
        assert!(left.is_empty() || left == [".undertone-unfinished"], "request {request}: {left:?} is left");
        let ended = place.run(&arguments).expect(0);
        assert_eq!(ended.stdout, "nothing new in 2 inputs\n", "request {request}");
    }
}

#[test]
fn a_state_a_record_or_a_partition_that_is_not_as_it_was_on_the_store_is_met_as_in_a_folder() {
    let (s3, place) = store();
    s3.put("in/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    s3.put("in/b.csv", export(&call("two", "2026-11-02T09:00:00Z")));
    publish(&place, &["s3://calls/in/"]).expect(0);
    let before = lasting(lake(&s3));
    for (change, words) in [
        ("gone", "state.sqlite is gone: all inputs are read again, at no cost"),
        ("damaged", "state.sqlite is damaged and was moved aside"),
    ] {
        if change == "gone" {
            s3.remove("lake/state.sqlite");
        } else {
            s3.put("lake/state.sqlite", "no database");
        }
        let ended = publish(&place, &["s3://calls/in/"]).expect(0);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert!(lasting(lake(&s3)) == before, "something was published again");
    }
    let record = "lake/sums/call_date=2026-11-02.sums";
    let mut bytes = s3.bytes(record).expect("a record");
    bytes[200] ^= 1;
    s3.put(record, bytes);
    let ended = publish(&place, &["s3://calls/in/"]).expect(0);
    let words = "s3://calls/lake/sums/call_date=2026-11-02.sums is damaged: 2026-11-02 is published anew";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    assert!(lasting(lake(&s3)) == before);
    assert_eq!(publish(&place, &["s3://calls/in/"]).expect(0).stdout, "nothing new in 2 inputs\n");

    let partition = "lake/calls/call_date=2026-11-01/part-0.csv";
    let mut edited = s3.bytes(partition).expect("a partition");
    edited.extend_from_slice(b"mine\n");
    s3.put(partition, edited.clone());
    s3.put("in/c.csv", export(&[call("late", "2026-11-01T10:00:00Z"), call("new", "2026-11-03T09:00:00Z")].concat()));
    let ended = publish(&place, &["s3://calls/in/"]).expect(65);
    assert!(
        ended.error().starts_with(&format!("s3://calls/{partition} was changed by somebody else")),
        "{}",
        ended.stderr
    );
    assert!(s3.bytes(partition) == Some(edited));
    assert_eq!(lake_calls(&s3, "2026-11-03"), ["new"]);
    s3.remove(partition);
    publish(&place, &["s3://calls/in/"]).expect(0);
    assert_eq!(lake_calls(&s3, "2026-11-01"), ["late", "one"]);
}

/// A lock that another night holds.
fn lock_of_another() -> String {
    serde_json::json!({
        "pid": 4711, "host": "night", "started": 1_790_000_000_u64, "lasts_seconds": 60, "run": "x", "renewals": 3
    })
    .to_string()
}

#[test]
fn one_night_at_a_time_writes_to_a_folder_on_the_store() {
    let (s3, place) = store();
    s3.put("in/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    s3.put("lake/.undertone.lock", lock_of_another());
    let ended = publish(&place, &["s3://calls/in/"]).expect(75);
    assert!(
        ended.error().contains("s3://calls/lake is held by another run (process 4711 on night"),
        "{}",
        ended.stderr
    );
    assert!(ended.hint().ends_with("or write elsewhere with --into DIR"), "{}", ended.hint());
    assert_eq!(lake(&s3).len(), 1, "nothing was written, and the lock is the other night's");
    s3.set(|config| config.clock_ahead_s = 61);
    publish(&place, &["s3://calls/in/"]).expect(0);
    s3.set(|config| config.clock_ahead_s = 0);

    // Whatever somebody else writes during the night is not written over, and ends it.
    s3.put("in/b.csv", export(&[call("late", "2026-11-01T10:00:00Z"), call("two", "2026-11-02T09:00:00Z")].concat()));
    let (old, before) = (s3.objects("lake/"), lake(&s3));
    for key in [
        ".undertone.lock",
        ".undertone-push",
        "lake/calls/call_date=2026-11-01/part-0.csv",
        "lake/sums/call_date=2026-11-01.sums",
        "lake/days/days.csv",
        "lake/state.sqlite",
    ] {
        s3.restore("lake/", &old);
        let after = u64::from(key == ".undertone.lock");
        let rule = Rule { action: Some(Action::Put), key, after, times: 1, fault: Fault::ChangeFirst };
        s3.set(|config| config.rules = vec![rule]);
        let ended = publish(&place, &["s3://calls/in/"]).expect(75);
        let words = if after > 0 {
            "the lock on s3://calls/lake was lost".into()
        } else {
            format!("{key} was changed by somebody else during this run")
        };
        assert!(ended.error().contains(&words), "{}", ended.stderr);
        assert!(ended.hint().contains("see that no other run writes there"), "{}", ended.stderr);
        let theirs: Vec<String> =
            lake(&s3).into_iter().filter(|(_, bytes)| bytes == b"somebody else's").map(|(name, _)| name).collect();
        assert!(
            matches!(theirs.as_slice(), [one] if one.ends_with(key.trim_start_matches("lake/"))),
            "{key}: {theirs:?}"
        );
        if after > 0 {
            assert!(lasting(lake(&s3)) == lasting(before.clone()), "something was published");
        }
    }
}

#[test]
fn a_missing_right_on_the_folder_of_nights_is_named_with_the_resource_to_allow_it_on() {
    let (s3, place) = store();
    s3.put("in/a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    publish(&place, &["s3://calls/in/"]).expect(0);
    let (old, before) = (s3.objects("lake/"), lake(&s3));
    s3.put("in/b.csv", export(&call("two", "2026-11-02T09:00:00Z")));
    for (denied, action, resource, code) in [
        (Action::List, "s3:ListBucket", "arn:aws:s3:::calls", 69),
        (Action::Get, "s3:GetObject", "arn:aws:s3:::calls/lake/", 69),
        (Action::Put, "s3:PutObject", "arn:aws:s3:::calls/lake/.undertone.lock", 73),
        (Action::Delete, "s3:DeleteObject", "arn:aws:s3:::calls/lake/.undertone-push", 73),
    ] {
        s3.set(|config| config.denied = vec![denied]);
        let ended = publish(&place, &["s3://calls/in/"]).expect(code);
        assert!(ended.stderr.contains("(AccessDenied)"), "{}", ended.stderr);
        assert!(ended.hint().contains(&format!("allow {action} on {resource}")), "{}", ended.stderr);
        if denied != Action::Delete {
            assert!(lasting(lake(&s3)) == lasting(before.clone()), "something was published");
        }
        s3.set(|config| (config.denied, config.clock_ahead_s) = (Vec::new(), 61));
    }
    publish(&place, &["s3://calls/in/"]).expect(0);
    assert_eq!(lake_calls(&s3, "2026-11-02"), ["two"]);

    s3.restore("lake/", &old);
    s3.set(|config| config.clock_ahead_s = 0);
    let mut place = place;
    place.set([("AWS_REGION", "us-east-1")]);
    assert!(publish(&place, &["s3://calls/in/"]).expect(78).hint().starts_with("set AWS_REGION=eu-west-1"));
    place.set([("AWS_REGION", "eu-west-1")]);
    let ended = place.run(&["nightly", "--into", "s3://no-such-bucket/lake", "s3://calls/in/"]).expect(73);
    assert!(ended.error().ends_with("there is no such bucket"), "{}", ended.stderr);
    place.set([("AWS_MAX_ATTEMPTS", "2")]);
    let busy = Rule::always(Action::Put, Fault::Refuse(503, "SlowDown"));
    s3.set(|config| config.rules = vec![Rule { key: "part-0.csv", ..busy }]);
    let ended = publish(&place, &["s3://calls/in/"]).expect(69);
    assert!(ended.error().contains("overloaded or broken (SlowDown), after 2 attempts"), "{}", ended.stderr);
    assert_eq!(lake_calls(&s3, "2026-11-01"), ["one"], "what was published is whole");
}

#[test]
fn a_storm_of_faults_leaves_no_trace_on_the_folder_of_nights() {
    let (s3, place) = store();
    for (name, turns) in arrivals() {
        s3.put(&format!("in/{name}"), export(&turns));
    }
    publish(&place, &["s3://calls/in/"]).expect(0);
    let calm = lasting(lake(&s3));
    let at = |action, key, after, fault| Rule { action: Some(action), key, after, times: 1, fault };
    let storm = [
        Rule::first(2, Action::List, Fault::Refuse(503, "SlowDown")),
        Rule::first(1, Action::List, Fault::Cut),
        Rule::first(2, Action::Get, Fault::Cut),
        at(Action::Get, ".csv", 1, Fault::Reset),
        at(Action::Put, ".lock", 0, Fault::LoseAnswer),
        at(Action::Put, ".undertone-push", 0, Fault::LoseAnswer),
        at(Action::Put, "part-0.csv", 2, Fault::LoseAnswer),
        at(Action::Put, "part-0.csv", 3, Fault::Refuse(500, "InternalError")),
        at(Action::Put, ".sums", 0, Fault::Reset),
        at(Action::Put, "state.sqlite", 0, Fault::LoseAnswer),
        at(Action::Delete, ".undertone-push", 0, Fault::LoseAnswer),
    ];
    s3.restore("lake/", &[]);
    s3.set(|config| config.rules = storm.to_vec());
    publish(&place, &["s3://calls/in/"]).expect(0);
    s3.seen();
    s3.set(|config| assert!(config.rules.iter().all(|rule| rule.times == 0), "{:?} did not happen", config.rules));
    let found = lasting(lake(&s3));
    for (name, bytes) in &calm {
        assert!(found.get(name) == Some(bytes), "{name} is another one");
    }
    assert!(!lake(&s3).keys().any(|name| name.starts_with('.')));
}

#[test]
fn a_journal_that_is_damaged_is_removed_and_one_with_large_files_goes_up_in_parts() {
    let (s3, place) = store();
    let turns: Vec<String> = (0..4_000).map(|number| format!("{number:02500}")).collect();
    let turns: Vec<Turn<'_>> =
        turns.iter().map(|id| [id.as_str(), "2026-11-01T09:00:00Z", "customer", "fine"]).collect();
    place.write("long.csv", export(&turns));
    s3.put("lake/.undertone-push", "undertone push 1 no\n[]\n");
    let storm = [
        Rule::first(2, Action::PutPart, Fault::Refuse(503, "SlowDown")),
        Rule::first(1, Action::CompleteUpload, Fault::LoseAnswer),
    ];
    s3.set(|config| config.rules = storm.to_vec());
    let ended = publish(&place, &["long.csv"]).expect(0);
    assert!(ended.stderr.contains("s3://calls/lake/.undertone-push is damaged and is removed"), "{}", ended.stderr);
    night(&place, &["long.csv"]).expect(0);
    let (found, expected) = (lasting(lake(&s3)), lasting(tree(&place, "nights")));
    for (name, bytes) in &expected {
        assert!(found.get(name) == Some(bytes), "{name} is another one");
    }
    assert!(s3.objects("lake/calls/").iter().any(|(_, stored)| stored.e_tag.ends_with("-2\"")));
    assert!(s3.unfinished().is_empty() && s3.bytes("lake/.undertone-push").is_none());
}

#[cfg(target_os = "linux")]
#[test]
fn a_working_copy_that_has_no_room_is_named_with_the_way_to_give_it_some() {
    let (s3, mut place) = store();
    place.write("a.csv", export(&call("one", "2026-11-01T09:00:00Z")));
    publish(&place, &["a.csv"]).expect(0);
    let before = lake(&s3);
    let ids: Vec<String> = (0..3_000).map(|number| number.to_string()).collect();
    let turns: Vec<Turn<'_>> = ids.iter().map(|id| [id.as_str(), "2026-11-02T09:00:00Z", "customer", "fine"]).collect();
    place.write("b.csv", export(&turns));
    let program = place.command(&[]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ && ulimit -f 200 && exec \"$0\" nightly --into s3://calls/lake a.csv b.csv"]);
    shell.arg(program.get_program()).env_clear().current_dir(place.path(""));
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = Ended::of(shell.output().expect("a shell")).expect(73);
    let copy = place.path("tmp").join("undertone-");
    assert!(ended.error().starts_with(&format!("can't write {}", copy.display())), "{}", ended.stderr);
    assert!(ended.hint().ends_with("point TMPDIR to a folder with more"), "{}", ended.stderr);
    place.set([("TMPDIR", "/nowhere")]);
    let ended = place.run(&["nightly", "--into", LAKE, "a.csv"]).expect(73);
    assert_eq!(ended.error(), "can't make a folder in /nowhere");
    assert!(ended.hint().ends_with("point TMPDIR to a folder with more"), "{}", ended.stderr);
    assert!(lasting(before) == lasting(lake(&s3)) && !lake(&s3).contains_key(".undertone-push"));
}
