//! `evaluate --volume` as a user runs it: what a month of each engine costs, and which one to stay with.
//!
//! `UNDERTONE_BLESS=1 cargo test --test it decision` writes what the program gives now; then read the difference, and
//! paste the table into README.md.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::package;
use crate::program::Place;
#[cfg(feature = "comprehend")]
use crate::{
    comprehend::place_for,
    standin::{Config, Standin},
};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decision").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file of the project")
}

fn with_labels(place: Place) -> Place {
    place.write("labels.csv", read(&golden("labels.csv")));
    place
}

/// The lines from the volume to the advice, without what was measured on this machine.
fn table(shown: &str) -> String {
    let lines = shown.lines().skip_while(|line| !line.contains("At 300,000 documents a month"));
    let lines = lines.take_while(|line| !line.starts_with("local (") && !line.starts_with("```"));
    let timed = |line: &str| line.starts_with("documents a second") || line.starts_with("time for a month");
    lines.filter(|line| !timed(line)).map(|line| line.to_owned() + "\n").collect()
}

/// The decision without what was measured on this machine.
fn data(json: &str) -> Value {
    let mut decision = serde_json::from_str::<Value>(json).expect("JSON")["decision"].take();
    for row in decision["engines"].as_array_mut().expect("a list") {
        if !row["pace"]["measured_on"].is_null() {
            row["pace"]["documents_per_second"].take();
            row["seconds"].take();
        }
    }
    decision
}

fn expect_golden(name: &str, found: &str) {
    if std::env::var_os("UNDERTONE_BLESS").is_some() {
        fs::write(golden(name), found).expect("a golden file");
    }
    assert_eq!(found, read(&golden(name)), "{name}");
}

/// A number's last digits depend on how the library that reads it is built.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            format!("{:.11e}", number.as_f64().expect("a number")).parse::<f64>().expect("a number").into()
        }
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), rounded(value))).collect(),
        other => other.clone(),
    }
}

fn expect_golden_data(name: &str, found: &Value) {
    if std::env::var_os("UNDERTONE_BLESS").is_some() {
        fs::write(golden(name), format!("{found:#}\n")).expect("a golden file");
    }
    let expected: Value = serde_json::from_str(&read(&golden(name))).expect("JSON");
    assert_eq!(rounded(found), rounded(&expected), "{name}");
}

const VOLUME: [&str; 4] = ["evaluate", "labels.csv", "--volume", "300000"];

#[test]
fn what_costs_nothing_is_decided_by_the_labels() {
    let place = with_labels(Place::new());
    let engines = ["--engine", "local", "--engine", "vader"];
    let shown = place.run(&[&VOLUME[..], &engines].concat()).expect(0).stdout;
    expect_golden("local.txt", &table(&shown));
    let decision = data(&place.run(&[&VOLUME[..], &engines, &["--json"]].concat()).expect(0).stdout);
    expect_golden_data("local.json", &decision);
}

#[cfg(feature = "comprehend")]
#[test]
fn a_month_of_the_service_is_priced_and_readme_shows_it() {
    let standin = Standin::start(Config::default());
    let place = with_labels(place_for(&standin));
    let engines = ["--engine", "local", "--engine", "comprehend", "--cache", "scores"];
    let shown = table(&place.run(&[&VOLUME[..], &engines].concat()).expect(0).stdout);
    expect_golden("comprehend.txt", &shown);
    let asked = standin.stats();
    let decision = data(&place.run(&[&VOLUME[..], &engines, &["--json"]].concat()).expect(0).stdout);
    expect_golden_data("comprehend.json", &decision);
    assert_eq!(standin.stats().units, asked.units, "what is stored costs no less in a month");

    let cost = &decision["engines"][1]["cost"];
    let whole = cost["total"].as_f64().expect("a price");
    let a_document = asked.units as f64 / 44.0;
    assert!(
        (whole - a_document * 300_000.0 * 0.0001).abs() < 1e-6,
        "{cost}: {a_document} units for each of the 44 texts"
    );

    let readme = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let pasted = readme.split("<!-- decision -->").nth(1).expect("README.md has the table");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&table(pasted)), words(&shown), "the decision changed: paste it into README.md");
}

#[test]
fn a_directory_holds_the_table_with_its_description_and_the_page() {
    let place = with_labels(Place::with_samples());
    let arguments = [&VOLUME[..], &["--engine", "local", "--engine", "vader", "--out"]].concat();
    place.run(&[&arguments[..], &["decided"]].concat()).expect(0);
    assert_eq!(package::problems(&place.path("decided")), Vec::<String>::new());
    let table = read(&place.path("decided/decision.csv"));
    let engines: Vec<&str> = table.lines().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(engines, ["engine", "local", "vader"]);
    let page = read(&place.path("decided/evaluation.html"));
    for part in ["At 300,000 documents a month", "Stay with local at any volume", "never: both cost the same"] {
        assert!(page.contains(part), "{part}");
    }
    let outputs = place.analyze(&["data"], 0);
    let ended = place.run(&[&arguments[..], &["out"]].concat()).expect(2);
    assert!(ended.error().contains("out holds the outputs of a run"), "{}", ended.stderr);
    assert_eq!(place.outputs("out").0, outputs.0);
}

#[test]
fn calls_are_counted_in_documents_and_in_calls() {
    let place = Place::with_samples();
    let calls = (1001..=1040).map(|call| format!("call-{call},{}\n", 1 + call % 5));
    place.write("survey.csv", std::iter::once("call_id,csat\n".to_owned()).chain(calls).collect::<String>());
    let arguments = ["evaluate", "survey.csv", "--input", "data", "--engine", "local", "--engine", "vader"];
    let shown = place.run(&[&arguments[..], &["--volume", "100000"]].concat()).expect(0).stdout;
    for part in ["AUC of customer_score", "rank correlation", "for each of the calls: about", "of these calls take"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn volumes_that_decide_nothing_are_refused() {
    let place = with_labels(Place::new());
    place.write("marked.csv", "text\nmy name is [[name|Anna]]\n");
    for (arguments, said) in [
        (["labels.csv", "--volume", "0"], "expected a whole number from 1 to 1000000000000"),
        (["labels.csv", "--volume", "300k"], "expected a whole number from 1 to 1000000000000"),
        (["labels.csv", "--volume", "-5"], "-5"),
        (["marked.csv", "--volume", "5"], "marks judge redaction"),
    ] {
        let ended = place.run(&[&["evaluate"], &arguments[..]].concat()).expect(2);
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
    }
}
