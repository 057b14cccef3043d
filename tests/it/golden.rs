//! The sample transcripts give the committed results, with both engines.
//!
//! `UNDERTONE_BLESS=1 cargo test --test it golden` writes what the program gives now; then read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Outputs, Place, assert_same};
#[cfg(feature = "comprehend")]
use crate::{
    comprehend::place_for,
    standin::{Config, Standin},
};

/// Everything but run.json, which holds times.
const GOLDEN: [&str; 6] =
    ["calls.csv", "agents.csv", "segments.csv", "failures.csv", "rejects.csv", "datapackage.json"];

fn expect_golden(engine: &str, outputs: &Outputs) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(engine);
    let path_of = |name: &str| -> PathBuf { folder.join(name) };
    if std::env::var_os("UNDERTONE_BLESS").is_some() {
        fs::create_dir_all(&folder).expect("the golden folder");
        for name in GOLDEN {
            fs::write(path_of(name), outputs.bytes(name)).expect("a golden file");
        }
    }
    for name in GOLDEN {
        let golden = fs::read(path_of(name)).expect("the golden file is there");
        assert_same(&format!("{engine}: {name}"), &golden, outputs.bytes(name));
    }
}

#[test]
fn the_samples_give_the_committed_results_with_the_local_engine() {
    let outputs = Place::with_samples().analyze(&["--detail", "data"], 0);
    expect_golden("local", &outputs);
}

#[cfg(feature = "comprehend")]
#[test]
fn the_samples_give_the_committed_results_with_comprehend() {
    let standin = Standin::start(Config::default());
    let outputs = place_for(&standin).analyze(&["--detail", "data"], 0);
    expect_golden("comprehend", &outputs);
}

#[test]
fn the_record_names_rows_bytes_and_hashes_of_every_file() {
    let place = Place::with_samples();
    let outputs = place.analyze(&["--detail", "data"], 0);
    let record = outputs.record();
    let written = record["outputs"].as_array().expect("a list");
    let mut names: Vec<&str> = written.iter().map(|file| file["name"].as_str().expect("a name")).collect();
    for file in written {
        let name = file["name"].as_str().expect("a name");
        let bytes = outputs.bytes(name);
        assert_eq!(file["bytes"], bytes.len(), "{name}");
        assert_eq!(file["blake3"], blake3::hash(bytes).to_hex().as_str(), "{name}");
    }
    for (name, table) in outputs.tables() {
        let file = written.iter().find(|file| file["name"] == name).expect("every table is named");
        assert_eq!(file["rows"], table.rows.len(), "{name}");
    }
    names.push("run.json");
    names.sort_unstable();
    assert_eq!(names, outputs.0.keys().collect::<Vec<_>>(), "the record names every file and no other");
    for input in record["inputs"].as_array().expect("a list") {
        let bytes = fs::read(place.path(input["path"].as_str().expect("a path"))).expect("the input");
        assert_eq!(input["bytes"], bytes.len());
        assert_eq!(input["blake3"], blake3::hash(&bytes).to_hex().as_str());
    }
}

#[test]
fn the_counts_of_the_record_add_up_and_agree_with_the_tables() {
    let outputs = Place::with_samples().analyze(&["--detail", "data"], 0);
    let counts = &outputs.record()["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("no {name} in {counts}"));
    assert_eq!(count("segments"), count("scored") + count("cached") + count("failed") + count("skipped"));
    assert_eq!(count("rows"), count("turns") + count("duplicate_rows") + count("rejected_rows"));
    assert_eq!(count("calls"), outputs.table("calls.csv").rows.len() as u64);
    assert_eq!(count("agents"), outputs.table("agents.csv").rows.len() as u64);
    assert_eq!(count("segments"), outputs.table("segments.csv").rows.len() as u64);
    assert_eq!(count("duplicate_rows"), 1, "the samples hold one row twice");
    assert_eq!(outputs.record()["exit_code"], 0);
}

#[test]
fn every_header_is_what_the_description_says() {
    let outputs = Place::with_samples().analyze(&["--detail", "data"], 0);
    let package: serde_json::Value = serde_json::from_str(outputs.text("datapackage.json")).expect("JSON");
    let resources = package["resources"].as_array().expect("a list");
    assert_eq!(resources.len(), outputs.tables().count());
    for resource in resources {
        let name = resource["path"].as_str().expect("a path");
        let fields = resource["schema"]["fields"].as_array().expect("a list");
        let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().expect("a name")).collect();
        assert_eq!(outputs.table(name).header, names, "{name}");
        assert!(fields.iter().all(|field| !field["description"].as_str().unwrap_or_default().is_empty()), "{name}");
    }
}

#[test]
fn without_detail_there_are_no_segments_and_those_of_an_earlier_run_go() {
    let place = Place::with_samples();
    let detailed = place.analyze(&["--detail", "data"], 0);
    let plain = place.analyze(&["data"], 0);
    assert!(!plain.0.contains_key("segments.csv"));
    assert_same("calls.csv", detailed.bytes("calls.csv"), plain.bytes("calls.csv"));
}
