//! What can't be done: each its exit code, one clear message with a hint, nothing written and nothing lost.

#[cfg(unix)]
use crate::program::Outputs;
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
    assert!(
        ended.error().starts_with("letters: no file with an ending of transcripts") && !ended.hint().is_empty(),
        "{}",
        ended.stderr
    );
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
    let ended = expect_stopped_by(write_csv([["call_id", "speaker", "words"], ["c1", "customer", "hello"]]), 65);
    assert!(ended.error().contains("no column fits text"), "{}", ended.stderr);
    assert!(["call_id", "speaker", "words"].iter().all(|column| ended.error().contains(column)), "{}", ended.stderr);
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
    let call = |id| [[id, "customer", "a", "hello"], [id, "Wizard", "a", "hello yourself"]];
    let rows = [call("c1"), call("c2")].concat();
    let ended = expect_stopped_by(turns(&rows), 65);
    assert!(ended.error().contains("\"Wizard\" (2 turns)"), "{}", ended.stderr);
    assert!(ended.hint().contains("--role Wizard=other"), "{}", ended.stderr);
    let place = Place::new();
    place.write("in.csv", turns(&rows));
    let calls = place.analyze(&["--role", "Wizard=agent", "in.csv"], 0).table("calls.csv");
    assert_eq!(calls.column("agent_turns"), ["1", "1"]);
}

/// The ways out that a hint offers: the flags of each, as a shell takes them.
#[cfg(unix)]
fn ways(hint: &str) -> Vec<&str> {
    hint.split(';').filter_map(|part| part.find("--").and_then(|at| part.get(at..))).map(str::trim).collect()
}

/// Follows one way that the hint of a refused file offers, to the letter but for `names`, and insists that it works.
#[cfg(unix)]
fn expect_way_out(content: impl AsRef<[u8]>, way: usize, names: &[(&str, &str)]) -> Outputs {
    let place = Place::new();
    place.write("in.csv", content);
    let refused = place.run(&["analyze", "--out", "out", "in.csv"]).expect(65);
    let mut flags = ways(refused.hint()).get(way).unwrap_or_else(|| panic!("{}", refused.stderr)).to_string();
    for (placeholder, name) in names {
        assert!(flags.contains(placeholder), "{placeholder} in {}", refused.stderr);
        flags = flags.replace(placeholder, name);
    }
    let ended = place.shell(&format!("undertone analyze --out out in.csv {flags}"));
    assert!([0, 3].contains(&ended.code), "{flags}\n{}", ended.stderr);
    place.outputs("out")
}

#[cfg(unix)]
#[test]
fn every_way_out_that_a_hint_offers_works_word_for_word() {
    let who =
        |row: [&'static str; 3]| [&["nr", "who", "what"][..], &row, &["2", row[1], "so it is"]].map(<[_]>::to_vec);
    let unnamed = write_csv(who(["1", "agent", "hello"]));
    let named = [("call_id=COLUMN", "call_id=nr"), ("text=COLUMN", "text=what"), ("speaker=COLUMN", "speaker=who")];
    expect_way_out(&unnamed, 0, &named);
    let no_call = "speaker,text\nagent,hello\ncustomer,this is great\n";
    assert_eq!(expect_way_out(no_call, 1, &[]).table("calls.csv").column("call_id"), ["in:2", "in:3"]);
    assert_eq!(expect_way_out(no_call, 2, &[]).table("calls.csv").column("call_id"), ["in"]);
    let no_speaker = "call_id,text,by\nc1,this is great,x\nc1,thank you,y\n";
    expect_way_out(no_speaker, 0, &[("COLUMN", "by"), ("--map", "--role x=agent --role y=customer --map")]);
    assert_eq!(expect_way_out(no_speaker, 1, &[]).table("calls.csv").column("customer_turns"), ["2"]);
    let sides = "call_id,q,a\nc1,this is great,thank you\n";
    let calls =
        expect_way_out(sides, 2, &[("customer=COLUMN", "customer=q"), ("agent=COLUMN", "agent=a")]).table("calls.csv");
    assert_eq!((calls.column("customer_turns"), calls.column("agent_turns")), (vec!["1"], vec!["1"]));
    expect_way_out("call_id,speaker,text,utterance\nc,agent,a,b\n", 0, &[("COLUMN", "utterance")]);

    let people = "call_id,speaker,text\nc1,O'Neil B,hi\nc1,customer,yo\nc2,O'Neil B,well\nc2,Kunde,so\nc1,Kunde,no\n";
    let calls = expect_way_out(people, 2, &[("Kunde=other", "Kunde=customer")]).table("calls.csv");
    assert_eq!(calls.column("customer_turns"), ["2", "1"]);
    let said = ["web", "app", "web"].map(|place| format!("{place},\"Agent: hi\nCustomer: yo\"\n"));
    let rows: Vec<String> = (1..).zip(said).map(|(call, said)| format!("c{call},{said}")).collect();
    let rows = rows.concat();
    let calls = expect_way_out(format!("call_id,source,text\n{rows}"), 1, &[]).table("calls.csv");
    assert_eq!(calls.column("turns"), ["2", "2", "2"]);
    let calls = expect_way_out(format!("call_id,channel,text\n{rows}"), 0, &[]).table("calls.csv");
    assert_eq!((calls.column("channel"), calls.column("turns")), (vec!["web", "app", "web"], vec!["2", "2", "2"]));
    let totals = "call_id,text\nc1,\"Agent: hi\nOrder no: 7\nUser: yo\"\nc2,\"Agent: hi\nOrder no: 8\nUser: yo\"\n";
    assert_eq!(expect_way_out(totals, 0, &[]).table("calls.csv").column("turns"), ["2", "2"]);

    let rejected = "call_id,speaker,text\n,agent,hi\nc,agent,well\n";
    expect_way_out(rejected, 0, &[]);
    let shifted = "call_id,speaker,queue,text\nc,agent,so I went to the bank,q\nc,agent,and they had no money,q\n";
    expect_way_out(shifted, 1, &[]);
}

#[test]
fn what_a_run_wrote_is_not_read_by_the_next() {
    let place = Place::new();
    place.write("good.csv", turns(&GOOD));
    for _ in 0..2 {
        place.run(&["analyze", "."]).expect(0);
        place.run(&["analyze", "--out", "elsewhere", "."]).expect(0);
        place.run(&["plan", "."]).expect(0);
    }
    let record = place.outputs("undertone-out").record();
    assert_eq!(record["inputs"].as_array().map(Vec::len), Some(1), "{record}");
}

#[test]
fn ids_that_a_spreadsheet_rounded_are_warned_of() {
    let place = Place::new();
    let ids = ["5.68579E+17", "5.68579E+17", "5.68580E+17", "77"];
    let rows = ids.map(|id| [id, "customer", "a", "this is great"]);
    place.write("in.csv", turns(&rows));
    let ended = place.run(&["analyze", "in.csv"]).expect(0);
    let warning = "in.csv: a spreadsheet has rounded the ids in column \"call_id\", in 3 rows";
    assert!(ended.stderr.contains(warning), "{}", ended.stderr);
}

#[test]
fn the_customers_id_is_not_the_agents() {
    let place = Place::new();
    place
        .write("in.csv", write_csv([["call_id", "speaker", "user_id", "text"], ["c1", "user", "cust77", "thank you"]]));
    assert!(place.analyze(&["in.csv"], 0).table("agents.csv").rows.is_empty());
}

#[test]
fn exactly_as_many_rejects_as_allowed_are_allowed() {
    let place = Place::new();
    let row = |number| if number < 29 { "" } else { "c1" };
    let rows: Vec<_> = (0..100).map(|number| [row(number), "customer", "a", "this is great"]).collect();
    place.write("in.csv", turns(&rows));
    place.analyze(&["--max-rejects", "29%", "in.csv"], 3);
    place.run(&["analyze", "--max-rejects", "28.9999%", "in.csv"]).expect(65);
}

#[test]
fn constants_that_no_field_has_are_bad_settings() {
    let place = Place::new();
    place.write("good.csv", turns(&GOOD));
    for map in ["text=@row", "speaker=@everybody", "call_id=@agent"] {
        let ended = place.run(&["analyze", "--map", map, "good.csv"]).expect(78);
        assert!(ended.error().contains("@row") && !place.path("undertone-out/run.json").exists(), "{}", ended.stderr);
    }
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

#[cfg(not(feature = "object-stores"))]
#[test]
fn an_address_on_an_object_store_needs_a_build_that_reaches_one() {
    let place = Place::with_samples();
    for arguments in [&["analyze", "s3://calls/in/"][..], &["analyze", "--out", "s3://calls/out", "data"]] {
        let ended = place.run(arguments).expect(78);
        assert!(ended.error().ends_with("this build reaches no object stores"), "{}", ended.stderr);
        assert!(ended.hint().contains("--features object-stores"), "{}", ended.stderr);
    }
    assert!(place.run(&["analyze", "gs://calls/in/"]).expect(78).hint().contains("gsutil cp"));
}
