//! What people said goes to the engine and nowhere else.

use crate::program::{Ended, Place, write_csv};
#[cfg(feature = "comprehend")]
use crate::{
    comprehend::place_for,
    standin::{Config, Fault, Faults, ServiceError, Standin},
};

/// A word that every text holds and nothing else does.
const CANARY: &str = "xylophonist";

/// Insists that the canary is nowhere: not in what was said, not in any file but the inputs.
fn expect_silence(place: &Place, ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.to_lowercase().contains(CANARY), "{text}");
    }
    for folder in ["out", "tmp", "home"] {
        expect_silence_below(&place.path(folder));
    }
}

fn expect_silence_below(folder: &std::path::Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            expect_silence_below(&path);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(!text.contains(CANARY), "{} holds what was said", path.display());
        }
    }
}

/// Calls in which every text holds the canary; among them rows that can't be used.
fn transcripts() -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "agent_id", "timestamp", "text"].map(str::to_owned)];
    for number in 0..60 {
        let text = format!("the {CANARY} number {number} was {}", ["great", "terrible", "wasps"][number % 3]);
        let speaker = ["customer", "agent"][number % 2];
        let time = format!("2026-11-02T10:00:{number:02}Z");
        rows.push([format!("c{}", number / 6), speaker.to_owned(), "amara".to_owned(), time, text]);
    }
    rows.push(["", "customer", "amara", "2026-11-02T10:00:00Z", CANARY].map(str::to_owned));
    rows.push(["c1", "customer", "amara", "soon", CANARY].map(str::to_owned));
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

/// How much may be said, from nothing to everything.
const VERBOSITIES: [&[&str]; 4] = [&["-q"], &[], &["-vvv"], &["-vvv", "--log-format", "json"]];

#[test]
fn a_run_that_succeeds_keeps_its_mouth_shut() {
    let place = Place::new();
    place.write("in.csv", transcripts());
    for verbosity in VERBOSITIES {
        let ended = place.run(&[&["analyze", "--detail", "--out", "out", "in.csv"], verbosity].concat()).expect(3);
        expect_silence(&place, &ended);
        let ended = place.run(&[&["plan", "in.csv"], verbosity].concat()).expect(3);
        expect_silence(&place, &ended);
    }
}

#[cfg(feature = "comprehend")]
#[test]
fn nothing_that_goes_wrong_with_the_service_loosens_its_tongue() {
    let echo = format!("could not process: the {CANARY} number 1 was terrible");
    let refuse = |status, code| Fault::Refuse(ServiceError::new(status, code, &echo));
    let faults = Faults {
        script: [
            refuse(400, "InvalidRequestException"),
            refuse(500, "InternalServerException"),
            refuse(400, "ThrottlingException"),
            Fault::Reset,
            Fault::Garbage,
            Fault::Truncate,
        ]
        .into(),
        poison: Some("wasps".to_owned()),
        ..Faults::default()
    };
    for verbosity in VERBOSITIES {
        let standin = Standin::start(Config { faults: faults.clone(), ..Config::default() });
        let place = place_for(&standin);
        place.write("in.csv", transcripts());
        let arguments = ["analyze", "--granularity", "turn", "--detail", "--out", "out", "in.csv"];
        let ended = place.run(&[&arguments, verbosity].concat()).expect(3);
        expect_silence(&place, &ended);
        assert!(!place.outputs("out").table("failures.csv").rows.is_empty());

        let refusal = Some(ServiceError::new(403, "AccessDeniedException", &echo));
        standin.set(|config| config.faults = Faults { refusal, ..Faults::default() });
        let ended = place.run(&[&arguments, verbosity].concat()).expect(69);
        expect_silence(&place, &ended);
    }
}

#[test]
fn a_column_of_texts_that_is_taken_for_another_is_not_repeated() {
    let place = Place::new();
    place.write("in.csv", transcripts());
    for (map, code) in [
        ("speaker=text", 65),
        ("started=text", 65),
        ("turn_index=text", 65),
        ("call_date=text", 65),
        ("ended=text", 65),
    ] {
        for verbosity in VERBOSITIES {
            let arguments = ["analyze", "--out", "out", "--map", map, "--map", "text=agent_id", "in.csv"];
            let ended = place.run(&[&arguments, verbosity].concat());
            expect_silence(&place, &ended);
            assert_eq!(ended.code, code, "{map}: {}", ended.stderr);
        }
    }
}

#[test]
fn a_file_without_a_header_does_not_have_its_first_row_repeated() {
    let place = Place::new();
    let text = format!("the {CANARY} said, at some length and with great patience, that it was not so");
    place.write("in.csv", write_csv([["c1", "customer", &text], ["c1", "agent", &text]]));
    for verbosity in VERBOSITIES {
        let ended = place.run(&[&["analyze", "--out", "out", "in.csv"], verbosity].concat()).expect(65);
        expect_silence(&place, &ended);
    }
}

#[test]
fn a_conversation_without_labels_or_with_strange_ones_is_not_repeated() {
    let place = Place::new();
    let header = ["call_id", "transcript"];
    let labelled = format!("Agent: hello\nthe {CANARY} said\nto me and my whole family: no\nCustomer: hello");
    let bare = format!("so the {CANARY} came in and said hello and then left again");
    for text in [labelled, bare] {
        place.write("in.csv", write_csv([header, ["c1", &text]]));
        for verbosity in VERBOSITIES {
            let ended = place.run(&[&["analyze", "--out", "out", "in.csv"], verbosity].concat());
            expect_silence(&place, &ended);
        }
    }
}
