//! Nights that meet what nobody planned for: another zone, a clock that went back, a place that can't be written.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::nightly::tree;
use crate::program::{Ended, Place, Table, write_csv};

fn deliver(place: &Place, name: &str, calls: &[(&str, &str)], modified: SystemTime) {
    let header = ["call_id", "started", "speaker", "text", "agent_id"];
    let rows = calls.iter().map(|&(id, started)| [id, started, "customer", "this is awful, it is broken", "amara"]);
    let name = format!("in/{name}");
    place.write(&name, write_csv(std::iter::once(header).chain(rows)));
    let file = File::options().append(true).open(place.path(&name)).expect("a file");
    file.set_modified(modified).expect("its time can be set");
}

fn a_while_ago() -> SystemTime {
    SystemTime::now() - Duration::from_mins(10)
}

fn night(place: &Place, into: &str, more: &[&str]) -> Ended {
    place.run(&[&["nightly", "--into", into, "in"], more].concat())
}

fn calls_of(place: &Place, into: &str, date: &str) -> Vec<String> {
    let bytes = fs::read(place.path(&format!("{into}/calls/call_date={date}/part-0.csv"))).unwrap_or_default();
    Table::read(&bytes).column("call_id").into_iter().map(str::to_owned).collect()
}

/// What readers see: all files but records of runs, the state, locks and what waits.
fn published(place: &Place, into: &str) -> Vec<(String, Vec<u8>)> {
    let visible = |name: &String| {
        !name.starts_with("runs/")
            && !name.starts_with('.')
            && !name.starts_with("state.sqlite")
            && !name.ends_with("run.json")
    };
    tree(place, into).into_iter().filter(|(name, _)| visible(name)).collect()
}

#[test]
fn another_zone_is_refused_and_both_ways_on_work() {
    let place = Place::new();
    deliver(&place, "a.csv", &[("late", "2026-11-01T23:30:00Z"), ("early", "2026-11-01T09:00:00Z")], a_while_ago());
    night(&place, "nights", &[]).expect(0);
    let before = tree(&place, "nights");
    deliver(&place, "b.csv", &[("next", "2026-11-02T09:00:00Z")], a_while_ago());
    let ended = night(&place, "nights", &["--timezone", "Europe/Berlin"]).expect(78);
    assert!(ended.error().contains("UTC, unite, now Europe/Berlin, unite"), "{}", ended.stderr);
    assert!(before == tree(&place, "nights"));
    assert!(ended.hint().contains("--timezone UTC --redelivery unite"), "{}", ended.stderr);
    night(&place, "nights", &["--timezone", "UTC", "--redelivery", "unite"]).expect(0);
    assert_eq!(calls_of(&place, "nights", "2026-11-02"), ["next"]);
    night(&place, "berlin", &["--timezone", "Europe/Berlin"]).expect(0);
    assert_eq!(calls_of(&place, "berlin", "2026-11-02"), ["late", "next"]);
}

#[test]
fn a_clock_that_went_back_hides_no_change_and_overwrites_no_record() {
    let place = Place::new();
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    deliver(&place, "a.csv", &[("one", "2026-11-01T09:00:00Z")], tomorrow);
    deliver(&place, "b.csv", &[("two", "2026-11-01T10:00:00Z")], a_while_ago());
    night(&place, "nights", &[]).expect(0);
    // As if that night had been tomorrow's.
    let state = rusqlite::Connection::open(place.path("nights/state.sqlite")).expect("the state");
    let changed = state.execute("UPDATE inputs SET seen = seen + 86400000000000", []).expect("a statement");
    assert_eq!(changed, 2);
    state.close().expect("closed");
    let runs = || fs::read_dir(place.path("nights/runs")).expect("records").count();
    let record =
        fs::read_dir(place.path("nights/runs")).expect("records").next().expect("one").expect("an entry").path();
    let later = record.with_file_name("2036-01-01T00-00-00Z.json");
    fs::rename(record, later).expect("renamed");
    // Other calls under the same names, as long as those before, older than when they were seen.
    deliver(&place, "a.csv", &[("uno", "2026-11-01T09:00:00Z")], a_while_ago());
    deliver(&place, "b.csv", &[("dos", "2026-11-01T10:00:00Z")], SystemTime::now());
    night(&place, "nights", &[]).expect(0);
    assert_eq!(calls_of(&place, "nights", "2026-11-01"), ["dos", "uno"]);
    assert_eq!(runs(), 2);
    deliver(&place, "c.csv", &[("three", "2026-11-01T11:00:00Z")], a_while_ago());
    night(&place, "nights", &[]).expect(0);
    assert_eq!(calls_of(&place, "nights", "2026-11-01"), ["dos", "three", "uno"]);
    assert_eq!(runs(), 3);
}

#[test]
fn a_night_that_can_not_put_one_of_its_files_in_place_is_gone_on_with_by_the_next() {
    let place = Place::new();
    deliver(&place, "a.csv", &[("one", "2026-11-01T09:00:00Z"), ("midnight", "2026-11-01T23:59:00Z")], a_while_ago());
    night(&place, "first", &[]).expect(0);
    let first = tree(&place, "first");
    deliver(&place, "b.csv", &[("late", "2026-11-01T10:00:00Z"), ("two", "2026-11-02T09:00:00Z")], a_while_ago());
    let copy = |name: &str| {
        for (file, bytes) in &first {
            place.write(&format!("{name}/{file}"), bytes);
        }
    };
    copy("whole");
    night(&place, "whole", &[]).expect(0);
    let whole = published(&place, "whole");
    let new: Vec<_> = whole.iter().map(|(name, _)| name).filter(|name| !first.contains_key(*name)).collect();
    assert!(new.len() >= 5, "{new:?}");
    for name in new {
        let into = format!("blocked-{}", name.replace(['/', '='], "-"));
        copy(&into);
        // A folder with something in it stands where the file goes.
        let blocked = format!("{into}/{name}/keep");
        place.write(&blocked, "mine");
        // The record of a date is read before anything else.
        let ended = night(&place, &into, &[]).expect(if name.starts_with("sums/") { 66 } else { 73 });
        assert!(ended.error().contains(name.as_str()), "{name}: {}", ended.stderr);
        fs::remove_dir_all(place.path(&format!("{into}/{name}"))).expect("removed");
        night(&place, &into, &[]).expect(0);
        let after: Vec<_> = published(&place, &into);
        let differ = |files: &[(String, Vec<u8>)], others: &[(String, Vec<u8>)]| -> Vec<String> {
            files.iter().filter(|file| !others.contains(file)).map(|(name, _)| name.clone()).collect()
        };
        assert_eq!((differ(&after, &whole), differ(&whole, &after)), (vec![], vec![]), "{name}");
    }
}
