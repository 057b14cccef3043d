//! The whole program on an object store, on a good day: what is read, what is written, and who may write.

use std::io::Write as _;

use serde_json::json;

use crate::program::{Outputs, Place, TABLES, assert_same, turns};
use crate::standin::s3::{Action, Config, Fault, Rule, S3};

/// The samples here and under `in/` on the store, from where the program reaches it.
pub(crate) fn place_for(s3: &S3) -> Place {
    let mut place = Place::with_samples();
    place.set(s3.env());
    for (name, bytes) in crate::program::samples() {
        s3.put(&format!("in/{name}"), bytes);
    }
    place
}

/// What the store has under `out/`, also put into a folder of `place` that is held against its own description.
pub(crate) fn outputs(s3: &S3, place: &Place) -> Outputs {
    let found = s3.objects("out/").into_iter().filter(|(name, _)| !name.starts_with('.'));
    let outputs = Outputs(found.map(|(name, stored)| (name, stored.bytes.to_vec())).collect());
    for (name, bytes) in &outputs.0 {
        place.write(&format!("fetched/{name}"), bytes);
    }
    outputs
}

/// Runs `analyze` with these arguments, here; then what it wrote.
fn local(place: &Place, arguments: &[&str]) -> Outputs {
    place.analyze(&[&["--detail"], arguments].concat(), 0)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

#[test]
fn objects_give_the_bytes_that_files_give_however_they_are_named() {
    let s3 = S3::start(Config { page: 2, ..Config::default() });
    let place = place_for(&s3);
    let expected = local(&place, &["data"]);
    s3.put("in/notes/readme.md", "no transcript");
    s3.put("in/.hidden.csv", "call_id,text\n");
    let names: Vec<String> =
        crate::program::samples().into_iter().map(|(name, _)| format!("s3://calls/in/{name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for inputs in
        [&["s3://calls/in/"][..], &["s3://calls/in"], &["s3://calls/i*/*.csv"], &["s3://calls/**/*.csv"], &names]
    {
        local(&place, inputs).expect_same_tables(&expected);
    }
    assert!(s3.seen().iter().all(|seen| seen.status == 200), "{:?}", s3.seen());
    assert!(
        s3.seen().iter().all(|seen| matches!(seen.action, Action::List | Action::Get)),
        "nothing is written to inputs"
    );
}

#[test]
fn compressed_objects_are_read_as_they_are_and_tags_tell_what_was_read() {
    let s3 = S3::start(Config::default());
    let place = place_for(&s3);
    let expected = local(&place, &["data"]);
    for (name, bytes) in crate::program::samples() {
        s3.put(&format!("packed/a/{name}.gz"), gzip(&bytes));
    }
    let found = local(&place, &["s3://calls/packed/**/*.csv.gz"]);
    found.expect_same_tables(&expected);
    let record = found.record();
    let path = record["inputs"][0]["path"].as_str().expect("a path");
    assert!(path.starts_with("s3://calls/packed/a/") && path.ends_with(".csv.gz"), "{path}");
}

#[test]
fn names_of_objects_may_hold_anything() {
    let s3 = S3::start(Config::default());
    let mut place = Place::new();
    place.set(s3.env());
    let rows =
        turns(&[["c1", "customer", "a1", "This is great, thank you!"], ["c1", "agent", "a1", "You are welcome."]]);
    for key in ["in/ü & b/x y.csv", "in/50%/a+b.csv", "in/#1?/=.csv", "in/[1].csv", "in/'q'(1)!~.csv"] {
        s3.put(key, rows.clone());
        let ended = place.run(&["analyze", "--out", "out", &format!("s3://calls/{key}")]).expect(0);
        assert!(ended.stderr.contains(key), "{}", ended.stderr);
    }
    let ended = place.run(&["analyze", "--out", "out", "s3://calls/in/"]).expect(0);
    assert!(ended.stderr.contains("and 4 more"), "{}", ended.stderr);
}

#[test]
fn contact_records_may_lie_on_the_store_too() {
    let s3 = S3::start(Config::default());
    let mut place = Place::new();
    place.set(s3.env());
    s3.put("in/c.csv", "call_id,speaker,text\nc1,customer,This is great!\nc1,agent,You are welcome.\n");
    s3.put("in/contacts.csv", "call_id,queue,agent_id\nc1,billing,amara\n");
    let outputs = place.analyze(&["--metadata", "s3://calls/in/contacts.csv", "s3://calls/in/"], 0);
    assert_eq!(outputs.table("calls.csv").cell("c1", "queue"), "billing");
}

#[test]
fn outputs_on_the_store_are_those_of_a_folder() {
    let s3 = S3::start(Config::default());
    let place = place_for(&s3);
    let expected = local(&place, &["data"]);
    let ended = place.run(&["analyze", "--detail", "--out", "s3://calls/out/", "s3://calls/in/"]).expect(0);
    assert!(ended.stdout.contains("s3://calls/out/: calls.csv"), "{}", ended.stdout);
    let found = outputs(&s3, &place);
    assert_eq!(found.0.keys().collect::<Vec<_>>(), expected.0.keys().collect::<Vec<_>>());
    for name in TABLES {
        assert_same(name, expected.bytes(name), found.bytes(name));
    }
    let types: Vec<(String, String)> =
        s3.objects("out/").into_iter().map(|(name, stored)| (name, stored.content_type)).collect();
    for (name, kind) in [
        ("calls.csv", "text/csv; charset=utf-8"),
        ("report.html", "text/html; charset=utf-8"),
        ("run.json", "application/json"),
    ] {
        assert!(types.contains(&(name.to_owned(), kind.to_owned())), "{types:?}");
    }
    assert!(
        s3.unfinished().is_empty() && !types.iter().any(|(name, _)| name.starts_with('.')),
        "nothing is left behind"
    );
    assert!(std::fs::read_dir(place.path("tmp")).expect("a folder").next().is_none(), "nothing is left in TMPDIR");

    // run.json is removed before anything else changes, and put last.
    s3.set(|_| {});
    place.run(&["analyze", "--out", "s3://calls/out", "s3://calls/in/"]).expect(0);
    let changes: Vec<(Action, String)> = s3.seen().into_iter().map(|seen| (seen.action, seen.key)).collect();
    let changes: Vec<&(Action, String)> = changes
        .iter()
        .filter(|(action, key)| matches!(action, Action::Put | Action::Delete) && !key.contains("undertone.lock"))
        .collect();
    assert_eq!(*changes[0], (Action::Delete, "out/run.json".to_owned()));
    assert_eq!(*changes[changes.len() - 1], (Action::Put, "out/run.json".to_owned()));
    assert!(changes.contains(&&(Action::Delete, "out/segments.csv".to_owned())), "{changes:?}");
    assert!(!outputs(&s3, &place).0.contains_key("segments.csv"), "an earlier run's detail is gone");
}

#[test]
fn what_this_program_wrote_on_the_store_is_no_input() {
    let s3 = S3::start(Config::default());
    let place = place_for(&s3);
    let expected = local(&place, &["data"]);
    place.run(&["analyze", "--detail", "--out", "s3://calls/in/out", "s3://calls/in/"]).expect(0);
    local(&place, &["s3://calls/in/"]).expect_same_tables(&expected);
    place.run(&["analyze", "--detail", "--out", "s3://calls/in/out", "s3://calls/in/"]).expect(0);
    assert_same("calls.csv", expected.bytes("calls.csv"), &s3.bytes("in/out/calls.csv").expect("it is there"));
    let ended = place.run(&["analyze", "s3://calls/in/out/"]).expect(66);
    assert!(ended.error().contains("but outputs of undertone"), "{}", ended.stderr);
}

#[test]
fn somebodys_own_table_on_the_store_is_not_replaced() {
    let s3 = S3::start(Config::default());
    let place = place_for(&s3);
    for own in ["call_id,text\nc1,secret\n", ""] {
        s3.put("out/calls.csv", own);
        let ended = place.run(&["analyze", "--out", "s3://calls/out", "data"]).expect(73);
        assert_eq!(ended.error(), "s3://calls/out/calls.csv was not written by undertone and would be replaced");
        assert_eq!(s3.bytes("out/calls.csv").expect("it is there"), own.as_bytes());
        assert_eq!(s3.objects("out/").len(), 1, "nothing else was written");
    }
}

/// A lock that another run holds.
fn lock_of_another() -> String {
    json!({"pid": 4711, "host": "night", "started": 1_790_000_000_u64, "lasts_seconds": 60, "run": "x", "renewals": 3})
        .to_string()
}

#[test]
fn a_second_run_into_one_folder_of_the_store_is_told_who_holds_it() {
    let s3 = S3::start(Config::default());
    let place = place_for(&s3);
    s3.put("out/.undertone.lock", lock_of_another());
    let ended = place.run(&["analyze", "--out", "s3://calls/out", "data"]).expect(75);
    assert!(ended.error().contains("s3://calls/out is held by another run (process 4711 on night"), "{}", ended.stderr);
    assert_eq!(s3.objects("out/").len(), 1, "nothing was written, and the lock is the other run's");

    // Its holder was killed, and by the store's clock a minute has passed.
    s3.set(|config| config.clock_ahead_s = 61);
    let ended = place.run(&["analyze", "--out", "s3://calls/out", "data"]).expect(0);
    assert!(ended.stderr.contains("process 4711 on night"), "{}", ended.stderr);
    assert!(s3.bytes("out/.undertone.lock").is_none(), "it was given back");
    outputs(&s3, &place);
}

#[test]
fn a_run_that_loses_its_lock_publishes_nothing() {
    let s3 = S3::start(Config::default());
    let place = place_for(&s3);
    place.run(&["analyze", "--out", "s3://calls/out", "data"]).expect(0);
    let before = outputs(&s3, &place);
    // Somebody else takes it before the first renewal.
    let rule =
        Rule { action: Some(Action::Put), key: ".undertone.lock", after: 1, times: 1, fault: Fault::ChangeFirst };
    s3.set(|config| config.rules = vec![rule]);
    let ended = place.run(&["analyze", "--detail", "--out", "s3://calls/out", "data"]).expect(75);
    assert!(ended.error().contains("the lock on s3://calls/out was lost"), "{}", ended.stderr);
    assert!(outputs(&s3, &place) == before, "something was published");
    assert!(s3.bytes("out/.undertone.lock").is_some(), "the other run's lock was removed");
}

#[test]
fn commands_that_read_a_folder_refuse_an_address_and_say_what_to_do() {
    let place = Place::with_samples();
    for arguments in [&["report", "s3://calls/out"][..], &["explain", "call-1001", "--out", "s3://calls/out"]] {
        let ended = place.run(arguments).expect(78);
        assert!(ended.hint().contains("aws s3 cp --recursive s3://calls/out"), "{}", ended.stderr);
        assert!(!place.path("nights").exists() && !place.path("s3:").exists(), "{arguments:?} made a folder");
    }
}
