//! What can't be done: each its exit code, one clear message with a hint, nothing written and nothing lost.

use crate::program::{Ended, Place, turns, write_csv};

const GOOD: [[&str; 4]; 2] =
    [["c1", "customer", "amara", "this is great, thank you"], ["c1", "agent", "amara", "you are welcome"]];

/// Runs where earlier results are: they must stay as they are. Returns the run that must end with `code`.
fn expect_stopped(place: &Place, arguments: &[&str], code: i32) -> Ended {
    place.write("good.csv", turns(&GOOD));
    place.run(&["analyze", "--out", "out", "good.csv"]).expect(0);
    let before = place.outputs("out");
    let ended = place.run(&[&["analyze", "--out", "out"], arguments].concat()).expect(code);
    assert!(place.outputs("out") == before, "earlier results are gone or changed");
    place.run(&[&["analyze", "--out", "fresh"], arguments].concat()).expect(code);
    assert!(place.outputs("fresh").0.is_empty(), "{:?}", place.outputs("fresh").0.keys());
    assert_eq!(ended.stdout, "");
    ended
}

/// The same with one input of this content.
fn expect_stopped_by(content: impl AsRef<[u8]>, code: i32) -> Ended {
    let place = Place::new();
    place.write("in.csv", content);
    let ended = expect_stopped(&place, &["in.csv"], code);
    assert!(ended.error().contains("in.csv") || ended.error().contains("file"), "{}", ended.stderr);
    ended
}

#[test]
fn a_missing_file_is_named() {
    let ended = expect_stopped(&Place::new(), &["good.csv", "not there.csv"], 66);
    assert_eq!(ended.error(), "not there.csv: no such file or directory");
}

#[test]
fn a_glob_that_nothing_matches_is_named() {
    let ended = expect_stopped(&Place::new(), &["*.tsv"], 66);
    assert!(ended.error().starts_with("*.tsv: ") && !ended.hint().is_empty(), "{}", ended.stderr);
}

#[test]
fn a_directory_without_transcripts_is_named() {
    let place = Place::new();
    place.write("letters/dear.doc", "Dear Sir");
    let ended = expect_stopped(&place, &["letters"], 66);
    assert!(ended.error().starts_with("letters: no .csv") && !ended.hint().is_empty(), "{}", ended.stderr);
}

#[test]
fn an_empty_file_and_one_with_a_header_only_hold_no_usable_row() {
    for content in ["", "\n\n", "\u{feff}", "call_id,speaker,text\n"] {
        let ended = expect_stopped_by(content, 65);
        assert!(!ended.hint().is_empty(), "{}", ended.stderr);
    }
}

#[test]
fn an_empty_file_among_others_stops_nothing() {
    let place = Place::new();
    place.write("in/a.csv", "");
    place.write("in/b.csv", turns(&GOOD));
    assert_eq!(place.analyze(&["in"], 0).table("calls.csv").rows.len(), 1);
}

#[test]
fn a_column_that_is_needed_and_not_found_is_named_with_those_seen_and_the_flag() {
    let ended = expect_stopped_by(write_csv([["call_id", "speaker", "body"], ["c1", "customer", "hello"]]), 65);
    assert!(ended.error().contains("no column fits text"), "{}", ended.stderr);
    assert!(["call_id", "speaker", "body"].iter().all(|column| ended.error().contains(column)), "{}", ended.stderr);
    assert!(ended.hint().contains("--map text=COLUMN"), "{}", ended.stderr);
}

#[test]
fn two_columns_that_fit_one_field_stop_the_run_until_one_is_chosen() {
    let rows = [["call_id", "speaker", "text", "utterance"], ["c1", "customer", "this is great", "this is terrible"]];
    let ended = expect_stopped_by(write_csv(rows), 65);
    assert!(ended.error().contains("several columns fit text"), "{}", ended.stderr);
    assert!(ended.error().contains("utterance") && ended.hint().contains("--map text=COLUMN"), "{}", ended.stderr);
    let place = Place::new();
    place.write("in.csv", write_csv(rows));
    place.analyze(&["--map", "text=utterance", "in.csv"], 0);
}

#[test]
fn a_mapped_column_that_is_not_there_is_named() {
    let place = Place::new();
    place.write("in.csv", turns(&GOOD));
    let ended = expect_stopped(&place, &["--map", "queue=Team", "in.csv"], 65);
    assert!(ended.error().contains("no column is called \"Team\""), "{}", ended.stderr);
    assert!(ended.hint().contains("--map queue=COLUMN"), "{}", ended.stderr);
}

#[test]
fn an_unknown_role_is_never_guessed() {
    let rows = [["c1", "customer", "a", "hello"], ["c1", "Wizard", "a", "hello yourself"]];
    let ended = expect_stopped_by(turns(&rows), 65);
    assert!(ended.error().contains("Wizard"), "{}", ended.stderr);
    assert!(ended.hint().contains("--role") && ended.hint().contains("Wizard"), "{}", ended.stderr);
    let place = Place::new();
    place.write("in.csv", turns(&rows));
    assert_eq!(place.analyze(&["--role", "Wizard=agent", "in.csv"], 0).table("calls.csv").column("agent_turns"), ["1"]);
}

#[test]
fn something_that_is_not_text_is_named() {
    for content in [&b"PK\x03\x04\x14\0\0\0\x08\0sheet"[..], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\n\x01\x02\0"]
    {
        let ended = expect_stopped_by(content, 65);
        assert!(!ended.hint().is_empty(), "{}", ended.stderr);
    }
}

/// Rows of which one in five can't be used: without a call id.
fn one_in_five_broken() -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "text"]];
    for number in 0..20 {
        rows.push([if number % 5 == 2 { "" } else { "c1" }, "customer", ["great", "terrible", "well"][number % 3]]);
    }
    write_csv(rows)
}

#[test]
fn too_many_unusable_rows_stop_the_run_and_a_few_are_listed() {
    let ended = expect_stopped_by(one_in_five_broken(), 65);
    assert!(ended.error().contains("4 of 20 rows") && ended.error().contains("in.csv:4"), "{}", ended.stderr);
    assert!(ended.hint().contains("--max-rejects"), "{}", ended.stderr);
    let place = Place::new();
    place.write("in.csv", one_in_five_broken());
    for allowed in ["20%", "4"] {
        let outputs = place.analyze(&["--max-rejects", allowed, "in.csv"], 3);
        let rejects = outputs.table("rejects.csv");
        assert_eq!(rejects.column("line"), ["4", "9", "14", "19"]);
        assert_eq!(rejects.column("file"), ["in.csv"; 4]);
        assert!(rejects.column("reason").iter().all(|reason| reason.contains("call")), "{rejects:?}");
        let record = outputs.record();
        assert_eq!((&record["counts"]["rejected_rows"], &record["exit_code"]), (&4.into(), &3.into()));
        assert_eq!(outputs.table("calls.csv").column("turns"), ["16"], "exact repeats at different rows are turns");
    }
    expect_stopped(&place, &["--max-rejects", "3", "in.csv"], 65);
}

#[test]
fn rows_with_bad_times_or_bad_bytes_are_rejected_one_by_one() {
    let mut content = b"call_id,speaker,timestamp,text\n".to_vec();
    for number in 0..60 {
        content.extend(format!("c1,customer,2026-11-02T10:00:{number:02}Z,caf\u{e9} number {number}\n").bytes());
    }
    content.extend(b"c1,customer,yesterday,when was that\n");
    content.extend(b"c1,customer,2026-11-02T10:02:00Z,all is well\n");
    content.extend(b"c1,customer,2026-11-02T10:03:00Z,\xff\xfe\xfa\n");
    let place = Place::new();
    place.write("in.csv", content);
    let outputs = place.analyze(&["in.csv"], 3);
    let rejects = outputs.table("rejects.csv");
    assert_eq!(rejects.column("line"), ["62", "64"], "{rejects:?}");
    assert_eq!(outputs.table("calls.csv").column("turns"), ["61"]);
}

#[test]
fn when_no_row_can_be_used_the_reasons_are_said() {
    let rows = [["call_id", "speaker", "text"], ["", "customer", "hello"]];
    let ended = expect_stopped_by(write_csv(rows), 65);
    assert!(ended.error().contains("in.csv:2"), "{}", ended.stderr);
}

#[test]
fn an_output_that_is_a_file_or_lies_below_one_is_named() {
    let place = Place::new();
    place.write("good.csv", turns(&GOOD));
    place.write("taken", "mine");
    for out in ["taken", "taken/below", "/proc/undertone"] {
        let ended = place.run(&["analyze", "--out", out, "good.csv"]).expect(73);
        assert!(ended.error().contains(out) && ended.hint().contains("--out DIR"), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read(place.path("taken")).expect("it is there"), b"mine");
}

#[test]
fn a_folder_in_the_way_of_a_table_is_named() {
    let place = Place::new();
    place.write("good.csv", turns(&GOOD));
    place.write("out/calls.csv/mine", "mine");
    let ended = place.run(&["analyze", "--out", "out", "good.csv"]).expect(73);
    assert!(ended.error().contains("calls.csv") && !ended.hint().is_empty(), "{}", ended.stderr);
    assert!(!place.path("out/run.json").exists());
}

#[test]
fn bad_settings_are_all_named_with_where_they_stand() {
    let mut place = Place::new();
    place.write("undertone.toml", "engine = 'oracle'\nsegment-charz = 3\n");
    place.set([("UNDERTONE_MEMORY", "lots")]);
    let ended = expect_stopped_with_settings(&place);
    for part in ["undertone.toml", "oracle", "segment-charz", "UNDERTONE_MEMORY"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

fn expect_stopped_with_settings(place: &Place) -> Ended {
    place.write("good.csv", turns(&GOOD));
    let ended = place.run(&["analyze", "--out", "out", "good.csv"]).expect(78);
    assert!(!ended.error().is_empty());
    assert!(!place.path("out").exists());
    ended
}

#[test]
fn a_settings_file_that_is_not_there_is_named() {
    let place = Place::new();
    place.write("good.csv", turns(&GOOD));
    let ended = place.run(&["analyze", "--config", "nightly.toml", "good.csv"]).expect(78);
    assert!(ended.stderr.contains("nightly.toml"), "{}", ended.stderr);
}

#[test]
fn a_misspelt_variable_is_named_with_the_one_that_was_meant() {
    let mut place = Place::new();
    place.set([("UNDERTONE_ENGIN", "local")]);
    let ended = expect_stopped_with_settings(&place);
    assert!(ended.stderr.contains("UNDERTONE_ENGINE"), "{}", ended.stderr);
}

#[test]
fn a_command_line_that_makes_no_sense_is_wrong_usage() {
    let place = Place::new();
    for arguments in [
        &[][..],
        &["analyze"],
        &["analyse", "good.csv"],
        &["analyze", "--engine", "oracle", "good.csv"],
        &["analyze", "--role", "Bob=boss", "good.csv"],
        &["analyze", "--max-rejects", "lots", "good.csv"],
        &["analyze", "-q", "-v", "good.csv"],
    ] {
        let ended = place.run(arguments).expect(2);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!place.path("undertone-out").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::with_samples();
    for arguments in
        [&["plan", "data"][..], &["analyze", "data"], &["analyze", "--json", "data"], &["config", "show"], &["man"]]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = place.command(arguments).stdout(writer).output().expect("the program can be started");
        Ended::of(output).expect(0);
    }
    assert!(place.path("undertone-out/run.json").exists(), "the results are there all the same");
}
