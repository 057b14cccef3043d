//! Nights through the whole program, scored by the local engine: what arrives in any order is published as by one night
//! over all, and what stands in the way of a date loses nothing else.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::package;
use crate::program::{Ended, Place, Table, write_csv};

/// Words that no file name, message or table has.
pub(crate) const SECRET: &str = "zanzibarium";

/// A turn: call, moment, speaker, text.
pub(crate) type Turn<'a> = [&'a str; 4];

pub(crate) fn export(turns: &[Turn<'_>]) -> Vec<u8> {
    write_csv(
        [["call_id", "started", "speaker", "text", "agent_id"]]
            .into_iter()
            .chain(turns.iter().map(|[call, started, speaker, text]| [*call, *started, *speaker, *text, "amara"])),
    )
}

/// A call of two turns that began then.
pub(crate) fn call<'a>(id: &'a str, started: &'a str) -> [Turn<'a>; 2] {
    [
        [id, started, "customer", "this is awful, it is broken again zanzibarium"],
        [id, started, "agent", "I am so sorry"],
    ]
}

/// All files under a folder of the nights but those that hold times: the state, records of runs, and locks.
pub(crate) fn tree(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let root = place.path(folder);
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below it").display().to_string();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// The partitions among them.
pub(crate) fn partitions(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(place, folder);
    files.retain(|name, _| name.contains("/call_date=") && !name.starts_with("sums/"));
    files
}

fn calls_of(place: &Place, date: &str) -> Vec<String> {
    let path = place.path(&format!("nights/calls/call_date={date}/part-0.csv"));
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    Table::read(&bytes).column("call_id").into_iter().map(str::to_owned).collect()
}

fn days(place: &Place) -> Table {
    Table::read(&fs::read(place.path("nights/days/days.csv")).expect("days.csv"))
}

fn night(place: &Place, more: &[&str]) -> Ended {
    place.run(&[&["nightly", "--into", "nights"], more].concat())
}

/// Lets a file look as if it had been there for a while: what is as fresh as the night is looked at twice.
fn settle(path: &Path) {
    let file = File::options().append(true).open(path).expect("a file");
    file.set_modified(SystemTime::now() - Duration::from_mins(10)).expect("its time can be set");
}

fn deliver(place: &Place, name: &str, turns: &[Turn<'_>]) {
    let name = format!("in/{name}");
    place.write(&name, export(turns));
    settle(&place.path(&name));
}

#[test]
fn nights_in_any_order_publish_what_one_night_over_all_does() {
    let place = Place::new();
    let late = call("late", "2026-11-01T10:00:00Z");
    let split = call("split", "2026-11-02T23:59:00Z");
    let after_midnight = ["split", "2026-11-03T00:01:00Z", "customer", "thank you, that is great"];
    let nights: [(&str, Vec<Turn<'_>>); 4] = [
        ("2026-11-01.csv", call("one", "2026-11-01T09:00:00Z").to_vec()),
        ("2026-11-03.csv", [&[after_midnight], &call("three", "2026-11-03T09:00:00Z")[..]].concat()),
        ("2026-11-02.csv", [&split[..], &late, &call("two", "2026-11-02T09:00:00Z")].concat()),
        (
            "again.csv",
            [&call("one", "2026-11-01T09:00:00Z")[..], &[["one", "2026-11-01T09:01:00Z", "customer", "no"]]].concat(),
        ),
    ];
    for (number, (name, turns)) in nights.iter().enumerate() {
        deliver(&place, name, turns);
        night(&place, &["in"]).expect(0);
        if number == 1 {
            assert_eq!(calls_of(&place, "2026-11-03"), ["split", "three"], "its beginning is not known yet");
        }
    }
    place.run(&["nightly", "--into", "once", "in"]).expect(0);
    let published = partitions(&place, "nights");
    assert!(published == partitions(&place, "once"), "{:?}", published.keys());
    assert_eq!(published.len(), 9);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "one"]);
    assert_eq!(calls_of(&place, "2026-11-02"), ["split", "two"]);
    assert_eq!(calls_of(&place, "2026-11-03"), ["three"]);
    let days = days(&place);
    assert_eq!(days.cell("2026-11-01", "revision"), "3");
    assert_eq!(days.cell("2026-11-01", "inputs"), "3");
    assert_eq!((days.cell("2026-11-03", "calls"), days.cell("2026-11-03", "window_days")), ("1", "3"));
    let problems = [package::problems(&place.path("nights/latest"))].concat();
    assert!(problems.is_empty(), "{problems:#?}");
    let analyzed = place.analyze(&["in"], 0);
    let latest = place.outputs("nights/latest");
    for name in ["agents.csv", "failures.csv", "rejects.csv", "datapackage.json"] {
        assert!(latest.text(name) == analyzed.text(name), "{name} is not what analyze writes");
    }
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(latest.text("calls.csv")), sorted(analyzed.text("calls.csv")));
    for (name, bytes) in tree(&place, "nights") {
        assert!(memchr_of(&bytes, SECRET.as_bytes()).is_none(), "{name} holds a word of a transcript");
    }
}

pub(crate) fn memchr_of(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

#[test]
fn a_night_with_nothing_new_rewrites_nothing() {
    let place = Place::new();
    deliver(&place, "a.csv", &call("one", "2026-11-01T09:00:00Z"));
    // Its time lies in the future, as it does after a clock was set back.
    let path = place.path("in/a.csv");
    File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(SystemTime::now() + Duration::from_hours(9))
        .unwrap();
    night(&place, &["in"]).expect(0);
    let before = tree(&place, "nights");
    let ended = night(&place, &["in"]).expect(0);
    assert_eq!(ended.stdout, "nothing new in 1 input\n");
    let mut after = tree(&place, "nights");
    after.insert("state.sqlite".into(), before["state.sqlite"].clone());
    assert!(before == after);
    let moved = place.path("in/b.csv");
    fs::rename(&path, &moved).unwrap();
    assert_eq!(night(&place, &["in"]).expect(0).stdout, "nothing new in 1 input\n", "it only moved");
    fs::remove_file(moved).unwrap();
    deliver(&place, "c.csv", &call("two", "2026-11-02T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["one"], "an input that vanished changes nothing");
}

#[test]
fn the_date_is_that_of_the_start_in_the_zone_else_the_schedulers_else_that_in_the_name() {
    let place = Place::new();
    let undated = |id| [[id, "", "customer", "this is great"], [id, "", "agent", "thank you"]];
    deliver(&place, "evening.csv", &call("evening", "2026-11-01T23:30:00Z"));
    deliver(&place, "calls-2026-11-05.csv", &undated("named"));
    deliver(&place, "calls.csv", &undated("nameless"));
    let zone = ["--timezone", "Europe/Berlin", "--date-from-name"];
    let ended = night(&place, &[&zone[..], &["in"]].concat()).expect(0);
    assert!(ended.stderr.contains("1 call without a date"), "{}", ended.stderr);
    assert_eq!(calls_of(&place, "2026-11-02"), ["evening"]);
    assert_eq!(calls_of(&place, "2026-11-05"), ["named"]);
    assert_eq!(calls_of(&place, "unknown"), ["nameless"]);
    // What a scheduler said once holds when the input is read again with others of its date.
    deliver(&place, "scheduled.csv", &undated("scheduled"));
    night(&place, &["--timezone", "Europe/Berlin", "--call-date", "2026-11-03", "in"]).expect(0);
    deliver(&place, "more.csv", &call("more", "2026-11-03T12:00:00Z"));
    night(&place, &["--timezone", "Europe/Berlin", "--call-date", "2026-11-04", "in"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-03"), ["more", "scheduled"]);
    fs::remove_file(place.path("nights/state.sqlite")).unwrap();
    let before = partitions(&place, "nights");
    let ended = night(&place, &["--timezone", "Europe/Berlin", "--call-date", "2026-11-05", "in"]).expect(0);
    assert!(ended.stderr.contains("state.sqlite is gone"), "{}", ended.stderr);
    assert!(before == partitions(&place, "nights"));
    assert_eq!(days(&place).cell("2026-11-03", "revision"), "2", "nothing was published again");
    let ended = night(&place, &["in"]).expect(78);
    assert!(ended.hint().contains("--timezone Europe/Berlin"), "{}", ended.stderr);
    assert!(before == partitions(&place, "nights"));
}

#[test]
fn calls_that_come_after_the_lookback_wait_until_their_dates_are_named() {
    let place = Place::new();
    deliver(&place, "a.csv", &call("one", "2026-11-01T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    deliver(&place, "b.csv", &call("nine", "2026-11-09T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    assert_eq!(days(&place).column("is_final"), ["1", "0"]);
    deliver(
        &place,
        "late.csv",
        &[call("late", "2026-11-01T10:00:00Z"), call("never", "2026-11-02T10:00:00Z")].concat(),
    );
    let ended = night(&place, &["in"]).expect(0);
    assert!(ended.stderr.contains("take them in with --from 2026-11-01 --to 2026-11-01"), "{}", ended.stderr);
    assert_eq!(calls_of(&place, "2026-11-01"), ["one"]);
    assert_eq!(calls_of(&place, "2026-11-02"), ["never"], "a date that was never published is");
    assert_eq!(days(&place).column("late_pending"), ["1", "0", "0"]);
    let ended = night(&place, &["in"]).expect(0);
    assert_eq!(ended.stdout, "nothing new in 3 inputs\n");
    assert!(ended.stderr.contains("1 call of 2026-11-01 came more than 7 days late"), "{}", ended.stderr);
    night(&place, &["--from", "2026-11-01", "--to", "2026-11-01"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "one"]);
    assert_eq!(
        (days(&place).column("late_pending"), days(&place).column("revision")),
        (vec!["0"; 3], vec!["2", "1", "1"])
    );
    place.run(&["nightly", "--into", "once", "in"]).expect(0);
    assert!(partitions(&place, "nights") == partitions(&place, "once"));
}

#[test]
fn a_date_whose_input_is_gone_waits_for_it_and_is_made_of_what_is_left_on_demand() {
    let place = Place::new();
    deliver(&place, "a.csv", &call("one", "2026-11-01T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    fs::rename(place.path("in/a.csv"), place.path("elsewhere")).unwrap();
    deliver(&place, "b.csv", &[call("late", "2026-11-01T10:00:00Z"), call("two", "2026-11-02T09:00:00Z")].concat());
    let ended = night(&place, &["in"]).expect(0);
    assert!(ended.stderr.contains("an input that holds calls of that date is gone"), "{}", ended.stderr);
    assert_eq!(
        (calls_of(&place, "2026-11-01"), calls_of(&place, "2026-11-02")),
        (vec!["one".into()], vec!["two".into()])
    );
    assert_eq!(days(&place).column("late_pending"), ["1", "0"]);
    fs::rename(place.path("elsewhere"), place.path("in/a.csv")).unwrap();
    night(&place, &["in"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "one"]);
    assert_eq!(days(&place).column("late_pending"), ["0", "0"]);
    fs::remove_file(place.path("in/a.csv")).unwrap();
    deliver(&place, "c.csv", &call("later", "2026-11-01T11:00:00Z"));
    let ended = night(&place, &["in"]).expect(0);
    let demand = ["--rescore", "--from", "2026-11-01", "--to", "2026-11-01"];
    assert!(ended.stderr.contains(&demand.join(" ")), "{}", ended.stderr);
    night(&place, &demand).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "later"]);
    deliver(&place, "d.csv", &call("last", "2026-11-01T12:00:00Z"));
    night(&place, &["in"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["last", "late", "later"], "it is not waited for again");
}

#[test]
fn an_export_that_is_written_over_each_night_loses_no_date() {
    let place = Place::new();
    deliver(&place, "export.csv", &call("one", "2026-11-01T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    deliver(&place, "export.csv", &call("two", "2026-11-02T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    assert_eq!(
        (calls_of(&place, "2026-11-01"), calls_of(&place, "2026-11-02")),
        (vec!["one".into()], vec!["two".into()])
    );
    // A correction is another thing: the call is the same, and leaves its old date.
    deliver(&place, "export.csv", &call("two", "2026-11-03T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-02"), [""; 0]);
    assert_eq!(calls_of(&place, "2026-11-03"), ["two"]);
    assert!(!place.path("nights/agents_28d/call_date=2026-11-02").exists());
}

#[test]
fn an_export_of_the_last_weeks_that_is_written_anew_each_night_brings_nothing_late() {
    let place = Place::new();
    let old = [call("one", "2026-11-01T09:00:00Z"), call("uno", "2026-11-01T10:00:00Z")].concat();
    let new = call("two", "2026-11-12T09:00:00Z");
    deliver(&place, "weeks.csv", &old);
    night(&place, &["in"]).expect(0);
    deliver(&place, "weeks.csv", &[&old[..], &new].concat());
    night(&place, &["in"]).expect(0);
    // The first call drops out, and the second is nothing new.
    deliver(&place, "weeks.csv", &[&old[2..], &new, &call("three", "2026-11-13T09:00:00Z")].concat());
    let ended = night(&place, &["in"]).expect(0);
    assert!(!ended.stderr.contains("wait"), "{}", ended.stderr);
    assert_eq!(
        (calls_of(&place, "2026-11-01"), calls_of(&place, "2026-11-13")),
        (vec!["one".into(), "uno".into()], vec!["three".into()])
    );
    deliver(&place, "weeks.csv", &[&call("late", "2026-11-01T11:00:00Z")[..], &new].concat());
    let ended = night(&place, &["in"]).expect(0);
    assert!(ended.stderr.contains("1 call of 2026-11-01 came more than 7 days late"), "{}", ended.stderr);
}

#[test]
fn a_partition_that_somebody_changed_is_kept_and_named_and_everything_else_is_published() {
    let place = Place::new();
    deliver(&place, "a.csv", &call("one", "2026-11-01T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    let path = place.path("nights/calls/call_date=2026-11-01/part-0.csv");
    let mut edited = fs::read_to_string(&path).unwrap();
    edited.push_str("mine\n");
    fs::write(&path, &edited).unwrap();
    deliver(&place, "b.csv", &[call("late", "2026-11-01T10:00:00Z"), call("two", "2026-11-02T09:00:00Z")].concat());
    let ended = night(&place, &["in"]).expect(65);
    assert!(ended.error().contains("call_date=2026-11-01/part-0.csv was changed by somebody else"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), edited);
    assert_eq!(calls_of(&place, "2026-11-02"), ["two"]);
    fs::rename(&path, place.path("mine.csv")).unwrap();
    night(&place, &["in"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "one"]);
    fs::write(&path, &edited).unwrap();
    night(&place, &["--rescore", "--from", "2026-11-01", "--to", "2026-11-01"]).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["late", "one"]);
    assert_eq!(days(&place).cell("2026-11-01", "revision"), "3");
}

#[test]
fn a_state_or_a_record_that_is_damaged_is_made_again_from_the_inputs() {
    let place = Place::new();
    deliver(&place, "a.csv", &call("one", "2026-11-01T09:00:00Z"));
    deliver(&place, "b.csv", &call("two", "2026-11-02T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    let before = partitions(&place, "nights");
    place.write("nights/state.sqlite", "no database");
    let ended = night(&place, &["in"]).expect(0);
    assert!(ended.stderr.contains("state.sqlite is damaged and was moved aside"), "{}", ended.stderr);
    assert!(before == partitions(&place, "nights"));
    assert_eq!(days(&place).column("revision"), ["1", "1"]);
    let record = place.path("nights/sums/call_date=2026-11-02.sums");
    let mut bytes = fs::read(&record).unwrap();
    bytes[200] ^= 1;
    fs::write(&record, bytes).unwrap();
    let ended = night(&place, &["in"]).expect(0);
    assert!(ended.stderr.contains("2026-11-02 is published anew from its inputs"), "{}", ended.stderr);
    assert!(before == partitions(&place, "nights"));
    assert_eq!(night(&place, &["in"]).expect(0).stdout, "nothing new in 2 inputs\n");
}

#[test]
fn of_a_call_that_comes_again_the_newest_input_counts_on_demand() {
    let place = Place::new();
    let first = call("one", "2026-11-01T09:00:00Z");
    deliver(&place, "z.csv", &first);
    night(&place, &["--redelivery", "replace", "in"]).expect(0);
    place.write("in/a.csv", export(&[["one", "2026-11-01T09:05:00Z", "customer", "it works now, thank you so much"]]));
    night(&place, &["--redelivery", "replace", "in"]).expect(0);
    let calls = Table::read(&fs::read(place.path("nights/calls/call_date=2026-11-01/part-0.csv")).unwrap());
    assert_eq!((calls.cell("one", "turns"), calls.cell("one", "customer_label")), ("1", "POSITIVE"));
}

#[test]
fn calls_that_are_called_by_their_files_keep_apart_when_another_file_has_the_name() {
    let place = Place::new();
    let by_file = ["--map", "call_id=@file", "in"];
    deliver(&place, "monday/1.csv", &call("", "2026-11-01T09:00:00Z"));
    night(&place, &by_file).expect(0);
    assert_eq!(calls_of(&place, "2026-11-01"), ["1"]);
    deliver(&place, "tuesday/1.csv", &call("", "2026-11-02T09:00:00Z"));
    night(&place, &by_file).expect(0);
    place.run(&[&["nightly", "--into", "once"], &by_file[..]].concat()).expect(0);
    assert!(partitions(&place, "nights") == partitions(&place, "once"));
    assert!(calls_of(&place, "2026-11-01")[0].ends_with("monday/1.csv"));
}

#[test]
fn what_can_not_be_done_is_said_and_changes_nothing() {
    let place = Place::new();
    deliver(&place, "a.csv", &call("one", "2026-11-01T09:00:00Z"));
    night(&place, &["in"]).expect(0);
    let before = tree(&place, "nights");
    night(&place, &["gone"]).expect(66);
    let ended = night(&place, &["-"]).expect(2);
    assert!(ended.error().starts_with("nights read files"), "{}", ended.stderr);
    night(&place, &["--accept", "yesterday", "why", "in"]).expect(2);
    night(&place, &[]).expect(2);
    night(&place, &["--rescore", "in"]).expect(2);
    place.write("file", "no folder");
    let ended = place.run(&["nightly", "--into", "file", "in"]).expect(73);
    assert!(ended.hint().contains("--into DIR"), "{}", ended.stderr);
    assert!(before == tree(&place, "nights"));
    night(&place, &["--accept", "2026-11-01", "a new recogniser"]).expect(0);
    assert_eq!(days(&place).cell("2026-11-01", "baseline_reason"), "a new recogniser");
}

#[test]
fn a_night_writes_its_metrics_whether_it_had_something_to_do_or_not() {
    let place = Place::new();
    let metrics = || fs::read_to_string(place.path("night.prom")).expect("metrics");
    deliver(&place, "a.csv", &[call("one", "2026-11-01T09:00:00Z"), call("nine", "2026-11-09T09:00:00Z")].concat());
    night(&place, &["--metrics", "night.prom", "in"]).expect(0);
    assert!(metrics().contains("undertone_calls{outcome=\"scored\"} 2\n"), "{}", metrics());
    deliver(&place, "late.csv", &call("late", "2026-11-01T10:00:00Z"));
    night(&place, &["--metrics", "night.prom", "in"]).expect(0);
    assert!(metrics().contains("undertone_late_inputs 1\n"), "{}", metrics());
    night(&place, &["--metrics", "night.prom", "in"]).expect(0);
    let idle = metrics();
    assert!(idle.contains("undertone_exit_code 0\n") && idle.contains("undertone_newest_call_age_seconds"), "{idle}");
    assert!(!idle.contains("undertone_calls"), "it had none");
    night(&place, &["--metrics", "night.prom", "gone"]).expect(66);
    let failed = metrics();
    let success = |text: &str| text.lines().find(|line| line.starts_with("undertone_last_success")).map(str::to_owned);
    assert!(failed.contains("undertone_exit_code 66\n") && success(&failed) == success(&idle), "{failed}");
}

#[test]
fn an_agent_is_held_against_the_own_weeks_before_and_nobody_else() {
    let place = Place::new();
    // Sixteen agents please 2 to 8 of 10 customers; in the last three of twelve weeks the tenth agent pleases nobody.
    let mut rows = vec![["call_id", "started", "speaker", "text", "agent_id"].map(str::to_owned).to_vec()];
    let first = jiff::civil::date(2026, 3, 2);
    let mut state = 7_u64;
    for (week, day) in (0..12_i64).flat_map(|week| [(week, 0), (week, 2), (week, 6)]) {
        let date = first.saturating_add(jiff::Span::new().days(7 * week + day));
        for (agent, number) in (0..16_u64).flat_map(|agent| (0..5).map(move |number| (agent, number))) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pleased = (state >> 33) % 40 < 8 + agent * 3 / 2 && !(agent == 10 && week >= 9);
            let text = if pleased { "wonderful, thank you, I am happy" } else { "this is awful, it is broken again" };
            let call = format!("{date}-{agent}-{number}");
            let started = format!("{date}T09:00:00Z");
            rows.push(vec![call, started, "customer".into(), text.into(), format!("agent-{agent:02}")]);
        }
    }
    place.write("calls.csv", write_csv(&rows));
    let ended = night(&place, &["calls.csv", "--json", "--lookback", "200"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let lately = summary["agents_lately"].as_array().expect("a list");
    assert_eq!(lately.len(), 1, "{lately:?}");
    assert_eq!((&lately[0]["agent_id"], &lately[0]["week"]), (&"agent-10".into(), &"2026-05-18".into()));
    assert!(lately[0]["customer_score"].as_f64() < lately[0]["expected"].as_f64());
    let page = fs::read_to_string(place.path("nights/latest/report.html")).expect("a page");
    let words =
        "<li><bdi>agent-10</bdi>: in the weeks up to that of 2026-05-18, customers felt worse than in this agent";
    assert!(page.contains(words));
    assert!(!ended.stderr.contains("agent-10"), "the log names nobody");
}
