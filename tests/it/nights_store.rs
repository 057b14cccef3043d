//! Nights on an object store, through the whole program: inputs that lie there, and the folder of the nights itself.

use std::collections::BTreeMap;

use crate::nightly::{SECRET, Turn, call, export, memchr_of, partitions, tree};
use crate::program::{Ended, Place, Table, write_csv};
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
    for inputs in ["s3://calls/in/lake/", "s3://calls/in/lake/calls/", "s3://calls/in/lake/calls/call_date=2026-11-01/"]
    {
        let ended = place.run(&["analyze", inputs]).expect(66);
        assert!(ended.error().contains("but outputs of undertone"), "{}", ended.stderr);
    }
}
