//! Texts drawn for people to label: what the file holds, and that it goes back into `evaluate` and `train`.

use std::fs;

use serde_json::Value;

use crate::program::{Place, write_csv};

/// The file's rows, header first, as a spreadsheet shows them.
fn rows(place: &Place, file: &str) -> Vec<Vec<String>> {
    let bytes = fs::read(place.path(file)).expect("the file was written");
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark, for spreadsheets");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|row| row.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

fn sample(place: &Place, arguments: &[&str]) {
    place.run(&[&["sample", "data", "--out", "to-label.csv"], arguments].concat()).expect(0);
}

/// Fills in labels by what stands in the text, but for every fifth.
fn labelled(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for (number, row) in rows.iter_mut().enumerate().skip(1).filter(|(number, _)| number % 5 != 0) {
        ["negative", "neutral", "positive"][number % 3].clone_into(&mut row[1]);
    }
    rows
}

#[test]
fn the_drawn_texts_have_weights_roles_and_queues_and_the_same_seed_draws_them_again() {
    let place = Place::with_samples();
    sample(&place, &["--count", "120"]);
    let first = rows(&place, "to-label.csv");
    assert_eq!(first[0], ["text", "label", "sample_weight", "role", "queue", "language", "of_call", "segment"]);
    assert_eq!(first.len(), 121);
    let column = |name: &str| {
        let at = first[0].iter().position(|head| head == name).expect("a column");
        first[1..].iter().map(|row| row[at].clone()).collect::<Vec<_>>()
    };
    let weights: Vec<f64> = column("sample_weight").iter().map(|weight| weight.parse().expect("a number")).collect();
    assert!((weights.iter().sum::<f64>() / 120.0 - 1000.0).abs() < 5.0 && weights.iter().any(|weight| *weight < 900.0));
    assert!(column("label").iter().all(String::is_empty));
    assert!(column("role").contains(&"customer".to_owned()) && column("role").contains(&"agent".to_owned()));
    let mut texts = column("text");
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 120, "no text twice");
    fs::rename(place.path("to-label.csv"), place.path("first.csv")).expect("renamed");
    sample(&place, &["--count", "120"]);
    assert_eq!(rows(&place, "to-label.csv"), first);
    fs::remove_file(place.path("to-label.csv")).expect("removed");
    sample(&place, &["--count", "40"]);
    let fewer = rows(&place, "to-label.csv");
    assert!(
        fewer[1..].iter().zip(&first[1..]).all(|(few, more)| few[0] == more[0]),
        "the first ones of the larger draw"
    );
    fs::remove_file(place.path("to-label.csv")).expect("removed");
    sample(&place, &["--count", "40", "--seed", "2"]);
    assert_ne!(rows(&place, "to-label.csv")[1][0], fewer[1][0]);
}

#[test]
fn a_file_with_labels_is_never_written_over_and_nothing_to_draw_is_an_error() {
    let place = Place::with_samples();
    place.write("to-label.csv", "text,label\nmine,neutral\n");
    let refused = place.run(&["sample", "data", "--count", "5", "--out", "to-label.csv"]).expect(73);
    assert!(refused.error().contains("to-label.csv is there already"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(place.path("to-label.csv")).expect("a file"), "text,label\nmine,neutral\n");
    place.write("foreign.csv", "call_id,speaker,text,language\n1,customer,guten Tag,de\n");
    let refused = place.run(&["sample", "foreign.csv", "--count", "5", "--out", "none.csv"]).expect(65);
    assert!(refused.hint().contains("undertone plan") && !place.path("none.csv").exists());
    place.run(&["sample", "data", "--count", "0", "--out", "none.csv"]).expect(2);
}

#[test]
fn what_is_personal_is_kept_back_unless_that_is_switched_off() {
    let place = Place::new();
    let row = |call: usize, text: &str| [call.to_string(), "customer".to_owned(), text.to_owned()];
    let header = ["call_id", "speaker", "text"].map(str::to_owned);
    let said = [row(1, "write to jane.roe@example.com please"), row(2, "=1+1 is not what I asked"), row(3, "all fine")];
    place.write("calls.csv", write_csv([vec![header], said.to_vec()].concat()));
    let texts = |arguments: &[&str]| {
        let _ = fs::remove_file(place.path("out.csv"));
        let ended = place.run(&[&["sample", "calls.csv", "--count", "9", "--out", "out.csv"], arguments].concat());
        (rows(&place, "out.csv")[1..].iter().map(|row| row[0].clone()).collect::<Vec<_>>().join("\n"), ended.expect(0))
    };
    let (kept, ended) = texts(&[]);
    assert!(!kept.contains("jane.roe") && kept.contains("write to"), "{kept}");
    assert!(kept.contains("'=1+1"), "guarded against spreadsheets: {kept}");
    assert!(ended.stdout.contains("is kept back"), "{}", ended.stdout);
    let (raw, ended) = texts(&["--redact", "off"]);
    assert!(raw.contains("jane.roe@example.com") && ended.stdout.contains("all that is personal"), "{}", ended.stdout);
    for (stream, words) in [(&ended.stdout, "asked"), (&ended.stderr, "asked")] {
        assert!(!stream.contains(words), "no word of a transcript in a message");
    }
}

#[test]
fn a_labelled_sample_goes_back_into_evaluate_and_train_as_a_spreadsheet_saves_it() {
    let place = Place::with_samples();
    sample(&place, &["--count", "150"]);
    let filled = labelled(rows(&place, "to-label.csv"));
    place.write("labelled.csv", write_csv(&filled));
    let evaluation = |file: &str| -> Value {
        let mut value: Value =
            serde_json::from_str(&place.run(&["evaluate", file, "--json"]).expect(0).stdout).expect("JSON");
        value["subject"]["labels"] = Value::Null;
        for engine in value["engines"].as_array_mut().expect("engines") {
            engine["effort"] = Value::Null;
        }
        value
    };
    let of_commas = evaluation("labelled.csv");
    assert_eq!(of_commas["subject"]["count"], 120, "those with a label");
    let line = |row: &Vec<String>| format!("\"{}\"", row.join("\";\""));
    let semicolons: Vec<String> = filled.iter().map(line).collect();
    place.write("saved.csv", format!("\u{feff}{}\r\n", semicolons.join("\r\n")));
    assert_eq!(evaluation("saved.csv"), of_commas);
    let flat: Vec<Vec<String>> = filled.iter().map(|row| row[..2].to_vec()).filter(|row| !row[1].is_empty()).collect();
    place.write("flat.csv", write_csv(&flat));
    assert_ne!(evaluation("flat.csv")["engines"][0]["texts"], of_commas["engines"][0]["texts"], "weights count");
    let trained = place.run(&["train", "labelled.csv", "--out", "own.model"]).expect(0).stdout;
    assert!(trained.contains("on 120 texts"), "{trained}");
    place.run(&["analyze", "--model", "own.model", "data"]).expect(0);
}
