//! Personal data as a user keeps it back: what is shown, counted and judged, and that nothing of it is left anywhere.

use serde_json::Value;

use crate::program::{Place, write_csv};

/// A call with a name, a card number over two turns and an e-mail address, and one with nothing of the kind.
fn transcripts() -> Vec<u8> {
    let turns = [
        ("c1", "agent", "Thank you for calling, who am I speaking with?"),
        ("c1", "customer", "My name is Zsofia Vargova and I am very angry about the bill."),
        ("c1", "agent", "Thank you, Zsofia. What is the card number?"),
        ("c1", "customer", "four one one one, one one one one"),
        ("c1", "agent", "Okay."),
        ("c1", "customer", "one one one one, one one one one. Write to zsofia.vargova@example.org please!"),
        ("c2", "agent", "Good morning, how can I help you today?"),
        ("c2", "customer", "The 2 lamps for $1,250 are wonderful, thank you so much for the quick delivery."),
    ];
    let rows = turns.map(|(call, speaker, text)| [call, speaker, text].map(str::to_owned));
    write_csv(std::iter::once(["call_id", "speaker", "text"].map(str::to_owned)).chain(rows))
}

fn place() -> Place {
    let place = Place::new();
    place.write("calls.csv", transcripts());
    place
}

/// What must be nowhere.
const SECRETS: [&str; 4] = ["zsofia", "vargova", "one one one one", "example.org"];

#[test]
fn the_call_is_shown_as_it_would_be_sent_with_the_rule_behind_each_mask() {
    let shown = place().run(&["explain", "c1", "--input", "calls.csv", "--redacted"]).expect(0).stdout;
    for part in
        ["[NAME] by name.introduced", "[CARD] by ", "[EMAIL] by email.written", "I am very angry about the bill"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(SECRETS.iter().all(|secret| !shown.to_lowercase().contains(secret)), "{shown}");
    place().run(&["explain", "c1", "--redacted"]).expect(2);
}

#[test]
fn masks_are_counted_and_words_are_those_that_were_said() {
    let place = place();
    let plain = place.analyze(&["--detail", "calls.csv"], 0);
    assert!(plain.record().get("redaction").is_none());
    let redacted = place.analyze(&["--detail", "--redact", "on", "calls.csv"], 0);
    let record = redacted.record();
    assert_eq!(record["redaction"]["redaction_version"], "3");
    let spans = &record["redaction"]["spans"];
    assert_eq!((&spans["name"], &spans["card"], &spans["email"]), (&2.into(), &2.into(), &1.into()), "{spans}");
    let segments = String::from_utf8(redacted.bytes("segments.csv").to_vec()).expect("UTF-8");
    let mut lines = segments.lines();
    assert!(lines.next().expect("a header").ends_with(",redactions"));
    let counts: Vec<u32> =
        lines.map(|line| line.rsplit(',').next().expect("a cell").parse().expect("a count")).collect();
    assert_eq!(counts.iter().sum::<u32>(), 5);
    assert_eq!(record["redaction"]["segments_changed"], counts.iter().filter(|count| **count > 0).count());
    // Words and places are those of the original, whatever was sent.
    let words = |outputs: &crate::program::Outputs| {
        let calls = outputs.bytes("calls.csv").to_vec();
        let mut reader = csv::Reader::from_reader(calls.as_slice());
        let heads = reader.headers().expect("a header").clone();
        let wanted: Vec<usize> =
            heads.iter().enumerate().filter(|(_, name)| name.contains("words")).map(|(at, _)| at).collect();
        assert!(!wanted.is_empty());
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| wanted.iter().map(|at| row[*at].to_owned()).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert_eq!(words(&plain), words(&redacted));
}

#[test]
fn kinds_and_own_terms_are_chosen() {
    let place = place();
    place.write("terms.csv", b"id,lamps\n");
    place.write("keep.txt", b"Zsofia\n");
    let line = [
        "analyze",
        "--redact",
        "name",
        "--redact-terms",
        "terms.csv",
        "--keep-terms",
        "keep.txt",
        "--out",
        "out",
        "calls.csv",
    ];
    place.run(&line).expect(0);
    let record: Value =
        serde_json::from_slice(&std::fs::read(place.path("out/run.json")).expect("run.json")).expect("JSON");
    assert_eq!(record["redaction"]["kinds"], serde_json::json!(["name"]));
    // The second one is the surname in the e-mail address, which is of a kind that was not asked for.
    assert_eq!(record["redaction"]["spans"], serde_json::json!({ "id": 1, "name": 2 }));

    place.write("terms.csv", b"id,fine\nsecretword\n");
    let ended = place.run(&line).expect(78);
    assert!(ended.stderr.contains("terms.csv") && ended.stderr.contains("line 2"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("secretword"), "{}", ended.stderr);
}

#[test]
fn marked_texts_give_recall_precision_and_what_was_lost() {
    let place = Place::new();
    let rows = [
        ["text"],
        ["my card is [[card|4111 1111 1111 1111]] and my name is [[name|Zsofia Vargova]]"],
        ["a thing called [[name|xyzzy]] is unknown"],
        ["nothing personal, 20 of them for $30"],
        ["call 555-123-4567"],
    ];
    place.write("marked.csv", write_csv(rows.map(|row| row.map(str::to_owned))));
    let ended = place.run(&["evaluate", "--json", "--redact", "on", "marked.csv"]).expect(0);
    let figures: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let kind = |name: &str| {
        let kinds = figures["kinds"].as_array().expect("a list");
        kinds.iter().find(|kind| kind["kind"] == name).unwrap_or_else(|| panic!("no {name} in {figures}")).clone()
    };
    assert_eq!(kind("card")["recall"]["value"], 1.0);
    assert_eq!((&kind("name")["marked"], &kind("name")["recall"]["value"]), (&2.into(), &0.5.into()));
    assert_eq!(kind("phone")["precision"]["value"], 0.0);
    assert_eq!((&figures["clean_turns"], &figures["clean_turns_untouched"]["value"]), (&2.into(), &0.5.into()));
    let table = place.run(&["evaluate", "--redact", "card", "marked.csv"]).expect(0).stdout;
    assert!(table.contains("Recall: marks of which nothing telling was left"), "{table}");
    assert!(table.lines().any(|line| line.starts_with("name") && line.contains("0.000 (0.000 to 0.000)")), "{table}");
}
