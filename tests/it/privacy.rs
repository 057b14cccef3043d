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
const VERBOSITIES: [&[&str]; 5] = [&["-q"], &[], &["-v"], &["-vvv"], &["-vvv", "--log-format", "json"]];

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

/// Files that are not what they should be, by what is wrong with them. Every text holds the canary, and no two are alike.
fn broken_files() -> Vec<(&'static str, Vec<u8>)> {
    let text = |number: usize| format!("the {CANARY} number {number} was here, my PIN is 1234.");
    let each = |form: &str| (0..8).map(|number| form.replace('…', &text(number))).collect::<String>();
    let table = |header: &str, form: &str| format!("{header}{}", each(form)).into_bytes();
    let short = format!("Mr {CANARY} B: hi");
    let header = "call_id,speaker,agent_id,queue,text\n";
    let mut cut = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut cut, &table(header, "c1,agent,a,q,\"…\"\n")).expect("memory takes all");
    let mut cut = cut.finish().expect("memory takes all");
    cut.truncate(cut.len() / 2);
    vec![
        ("no header", table("", "c1,customer,\"…\"\n")),
        ("no header, one word", format!("c1,agent,{CANARY}\nc1,customer,\"{}\"\n", text(1)).into_bytes()),
        ("JSON", table("[\n", "{\"call_id\": 1, \"text\": \"…\"},\n")),
        ("JSON lines", table("", "{\"speaker\":\"agent\",\"text\":\"…\"}\n")),
        ("XML", table("<?xml version=\"1.0\"?>\n", "<turn speaker=\"agent\">…</turn>\n")),
        ("captions", table("WEBVTT\n\n", "00:01.000 --> 00:02.000\nAnn: …\n\n")),
        ("plain text", table("", "Agent: hello\nCustomer: …\n")),
        ("source code", table("", "print(\"…\", text);\n")),
        ("a sentence for a speaker", table(header, "c1,\"…\",a,q,hi\n")),
        ("a sentence for an agent", table(header, "c1,agent,\"…\",q,hi\n")),
        ("a sentence for a queue", table(header, "c1,agent,a,\"…\",hi\n")),
        ("a sentence for a call", table(header, "\"…\",agent,a,q,hi\n")),
        ("a sentence for a channel", table("call_id,speaker,channel,text\n", "c1,agent,\"…\",hi\n")),
        ("a sentence for a language", table("call_id,speaker,language,text\n", "c1,agent,\"…\",hi\n")),
        ("one shifted row", table(&format!("{header}c0,agent,\"{}\",a,q\n", text(9)), "c1,agent,a,q,\"…\"\n")),
        ("swapped names", table("text,speaker,agent_id,queue,call_id\n", "c1,agent,a,q,\"…\"\n")),
        ("wrong delimiter", table("call_id:speaker:text\n", "c1:agent:…\n")),
        ("lines above the header", table(&format!("\"{}\",x\n\n{header}", text(9)), "c1,agent,a,q,\"…\"\n")),
        ("names of people as labels", table("call_id,text\n", "c1,\"Agent: hi\n…: no\nAda L: …\"\n")),
        ("one conversation", format!("call_id,text\nc1,\"Agent: hi\n{short}\n{short}\"\n").into_bytes()),
        ("only names of people", format!("call_id,text\nc1,\"{short}\nBen: yes\"\n").into_bytes()),
        ("an open quote", table(header, "c1,agent,a,q,\"…\n")),
        ("a NUL", table(header, "c1,agent,a,q,\"…\0\"\n")),
        ("bad bytes", [table(header, "c1,agent,a,q,\"…\"\n"), b"\xff,agent,a,q,\xfe\n".repeat(9)].concat()),
        ("cut off", cut),
        ("no times", table("call_id,speaker,timestamp,turn,text\n", "c1,agent,\"…\",1,hi\n")),
        ("no numbers", table("call_id,speaker,timestamp,turn,text\n", "c1,agent,,\"…\",hi\n")),
        ("rounded ids", table(header, "5.68579E+17,agent,a,q,\"…\"\n")),
    ]
}

#[test]
fn whatever_is_wrong_with_a_file_its_words_stay_out_of_everything() {
    let place = Place::new();
    for (wrong, content) in broken_files() {
        place.write("in.csv", content);
        for verbosity in VERBOSITIES {
            for command in [&["analyze", "--detail", "--out", "out", "in.csv"][..], &["plan", "in.csv"]] {
                let ended = place.run(&[command, &["--max-rejects", "50%"], verbosity].concat());
                assert!([0, 3, 65, 66].contains(&ended.code), "{wrong}: {}", ended.stderr);
                expect_silence(&place, &ended);
            }
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
