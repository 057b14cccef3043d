//! A run in parts: what `merge` makes of them is what one run writes, and what is no part of the run is named.

use std::fs;

use crate::program::{Ended, Place};

/// Rows of hostile names, over two files: ids with line breaks, quotes, formulas, spaces and signs of other scripts.
fn hostile(place: &Place) {
    let ids =
        ["a", "A", "=1+1", "a\nb", "a\u{2028}b", "\"q\"", "x,y", " lead", "é", "e\u{301}", "שלום", "+49", "a\tb", "'a"];
    for (number, file) in ["in/one.csv", "in/two.csv"].into_iter().enumerate() {
        let mut rows = vec![["call_id", "speaker", "text", "agent_id", "queue", "started"].map(str::to_owned)];
        for (at, id) in ids.iter().enumerate() {
            for turn in 0..4 {
                let role = if turn % 2 == 0 { "customer" } else { "agent" };
                let text =
                    ["thank you, that is great", "I am sorry", "this is terrible and wrong", "fine"][(at + turn) % 4];
                let started = format!("2026-11-{:02}T10:0{turn}:0{number}Z", 1 + at % 5);
                let agent = if at % 3 == 0 { String::new() } else { ids[at % 5].to_owned() };
                rows.push([(*id).to_owned(), role.into(), text.into(), agent, ids[at % 4].to_owned(), started]);
            }
        }
        rows.push(["no speaker", "", "lost", "", "", ""].map(str::to_owned));
        place.write(file, crate::program::write_csv(rows));
    }
}

/// Options under which rows are rejected, and every table is written.
const OPTIONS: [&str; 3] = ["--detail", "--max-rejects", "10"];

fn shard(place: &Place, shard: &str, out: &str, more: &[&str]) -> Ended {
    place.run(&[&["analyze", "--shard", shard, "--out", out], more, &["in"]].concat())
}

fn part(place: &Place, number: u32, of: u32) {
    shard(place, &format!("{number}/{of}"), &format!("parts/{number}"), &OPTIONS).expect(3);
}

fn merge(place: &Place, out: &str, parts: &[&str]) -> Ended {
    place.run(&[&["merge", "--out", out], parts].concat())
}

/// The files of a run but its record.
fn files(place: &Place, folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(place.path(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<(String, Vec<u8>)> = entries
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().expect("a name").display().to_string(), fs::read(path).expect("a file")))
        .filter(|(name, _)| !name.starts_with('.') && name != "run.json")
        .collect();
    files.sort();
    files
}

fn expect_same(place: &Place, one: &str, other: &str) {
    let (one, other) = (files(place, one), files(place, other));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for (mine, theirs) in one.iter().zip(&other) {
        assert!(mine == theirs, "{} differs", mine.0);
    }
}

#[test]
fn shards_merged_in_any_order_are_what_one_run_writes() {
    let place = Place::new();
    hostile(&place);
    place.run(&[&["analyze", "--out", "whole"], &OPTIONS[..], &["in"]].concat()).expect(3);
    for of in [1, 2, 5, 16] {
        (1..=of).for_each(|number| part(&place, number, of));
        let mut parts: Vec<String> = (1..=of).map(|number| format!("parts/{number}")).collect();
        parts.rotate_left(of as usize / 2);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        merge(&place, "merged", &parts).expect(3);
        expect_same(&place, "whole", "merged");
    }
    let record = |folder: &str| -> serde_json::Value {
        let bytes = fs::read(place.path(&format!("{folder}/run.json"))).expect("a record");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (whole, merged) = (record("whole"), record("merged"));
    for field in ["counts", "agents", "inputs", "settings_hash", "engine", "service", "exit_code"] {
        assert_eq!(whole[field], merged[field], "{field}");
    }
    assert_eq!((merged["shard"].as_str(), record("parts/3")["shard"].as_str()), (None, Some("3/16")));
}

#[test]
fn the_sample_data_in_shards_is_the_run_over_it() {
    let place = Place::with_samples();
    place.run(&["analyze", "--out", "whole", "data"]).expect(0);
    for number in 1..=3 {
        place.run(&["analyze", "--shard", &format!("{number}/3"), "--out", &format!("p{number}"), "data"]).expect(0);
    }
    merge(&place, "merged", &["p3", "p1", "p2"]).expect(0);
    expect_same(&place, "whole", "merged");
}

#[test]
fn what_is_no_part_of_the_run_is_named_and_nothing_is_written() {
    let place = Place::new();
    hostile(&place);
    (1..=3).for_each(|number| part(&place, number, 3));
    shard(&place, "2/3", "again", &OPTIONS).expect(3);
    shard(&place, "2/3", "otherwise", &[&OPTIONS[..], &["--granularity", "segment"]].concat()).expect(3);
    shard(&place, "2/4", "of-four", &OPTIONS).expect(3);
    shard(&place, "2/3", "plain", &["--max-rejects", "10"]).expect(3);
    place.run(&[&["analyze", "--out", "whole"], &OPTIONS[..], &["in"]].concat()).expect(3);
    place.write("in/three.csv", "call_id,speaker,text\nz,customer,thanks\nz,agent,bye\n");
    shard(&place, "2/3", "more-input", &OPTIONS).expect(3);
    let cases: [(&[&str], u8, &[&str]); 9] = [
        (&["parts/1", "parts/3"], 65, &["shard 2 of 3 is missing"]),
        (&["parts/2"], 65, &["shards 1 and 3 of 3 are missing"]),
        (&["parts/1", "parts/2", "again", "parts/3"], 65, &["shard 2/3 is there twice", "again", "parts/2"]),
        (&["parts/1", "otherwise", "parts/3"], 65, &["otherwise and parts/1", "granularity"]),
        (&["parts/1", "of-four", "parts/3"], 65, &["of-four", "shards"]),
        (&["parts/1", "plain", "parts/3"], 65, &["plain", "the settings are others"]),
        (&["parts/1", "more-input", "parts/3"], 65, &["more-input", "the inputs are others"]),
        (&["parts/1", "whole"], 65, &["whole holds a whole run"]),
        (&["nowhere"], 66, &["nowhere"]),
    ];
    for (parts, code, words) in cases {
        let ended = merge(&place, "merged", parts).expect(code.into());
        for word in words {
            assert!(ended.error().contains(word), "{word}: {}", ended.stderr);
        }
        assert!(!ended.hint().is_empty(), "{}", ended.stderr);
        assert!(!place.path("merged/calls.csv").exists(), "{parts:?}");
    }
    let ended = merge(&place, "parts/1", &["parts/1", "parts/2", "parts/3"]).expect(2);
    assert!(ended.error().contains("would be replaced"), "{}", ended.stderr);
    merge(&place, "merged", &["parts/1", "parts/2", "parts/3"]).expect(3);
}

#[test]
fn a_changed_byte_of_a_part_is_found_and_the_hint_mends_it() {
    let place = Place::new();
    hostile(&place);
    (1..=2).for_each(|number| part(&place, number, 2));
    let path = place.path("parts/2/part.undertone");
    let bytes = fs::read(&path).expect("the part");
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        fs::write(&path, changed).expect("written");
        let ended = merge(&place, "merged", &["parts/1", "parts/2"]).expect(65);
        assert!(ended.error().contains("damaged") && ended.error().contains("parts/2"), "{}", ended.stderr);
        assert!(ended.hint().contains("--shard 2/2 --out parts/2"), "{}", ended.stderr);
    }
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
    merge(&place, "merged", &["parts/1", "parts/2"]).expect(65);
    shard(&place, "2/2", "parts/2", &OPTIONS).expect(3);
    merge(&place, "merged", &["parts/1", "parts/2"]).expect(3);
}

#[test]
fn whoever_wants_the_run_of_a_part_is_sent_to_merge() {
    let place = Place::new();
    hostile(&place);
    part(&place, 1, 1);
    for arguments in [&["report", "parts/1"][..], &["explain", "a", "--out", "parts/1"]] {
        let ended = place.run(arguments).expect(66);
        assert!(ended.hint().contains("`undertone merge PART… --out DIR`"), "{}", ended.stderr);
    }
    merge(&place, "merged", &["parts/1"]).expect(3);
    place.run(&["report", "merged"]).expect(0);
}

#[test]
fn a_shard_that_is_none_is_a_usage_error() {
    let place = Place::new();
    hostile(&place);
    for wrong in ["0/3", "4/3", "x", "1/1000"] {
        let ended = shard(&place, wrong, "out", &[]).expect(2);
        assert!(ended.stderr.contains("such as 3/16"), "{}", ended.stderr);
    }
}

#[cfg(feature = "comprehend")]
#[test]
fn a_service_is_asked_within_a_share_of_the_budget_and_what_is_merged_is_the_same() {
    use crate::comprehend::place_for;
    use crate::standin::{Config, Standin};

    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    hostile(&place);
    let scores = ["--detail", "--max-rejects", "10", "--cache", "off", "--max-units", "4000"];
    place.run(&[&["analyze", "--out", "whole"], &scores[..], &["in"]].concat()).expect(3);
    let whole = standin.stats();
    standin.reset_stats();
    for number in 1..=4 {
        shard(&place, &format!("{number}/4"), &format!("parts/{number}"), &scores).expect(3);
    }
    assert!(standin.stats().documents_sent >= whole.documents_sent, "a text of two shards is sent by both");
    merge(&place, "merged", &["parts/1", "parts/2", "parts/3", "parts/4"]).expect(3);
    for table in ["calls.csv", "agents.csv", "segments.csv", "failures.csv", "rejects.csv"] {
        let read = |folder: &str| fs::read(place.path(&format!("{folder}/{table}"))).expect("a table");
        assert!(read("whole") == read("merged"), "{table}");
    }
    let ended =
        shard(&place, "1/4", "capped", &["--cache", "off", "--max-rejects", "10", "--max-units", "8"]).expect(4);
    assert!(ended.error().contains("more than the 2 allowed"), "{}", ended.stderr);
}
