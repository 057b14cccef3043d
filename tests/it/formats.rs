//! The same conversations in any file format give the same results.

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use crate::program::{Outputs, Place, assert_same, write_csv};

/// Two calls, with words that Windows-1252 can write and that hold every delimiter, quotes and a line break.
const TURNS: [[&str; 4]; 6] = [
    ["c1", "agent", "zo\u{eb}", "Hello; how can I help you, today?"],
    ["c1", "customer", "zo\u{eb}", "My caf\u{e9} bill is wrong,\nit's \u{20ac}30 | too \"high\""],
    ["c1", "agent", "zo\u{eb}", "I am sorry about that,\tlet me look; one moment"],
    ["c1", "customer", "zo\u{eb}", "that's great, thank you so much"],
    ["c2", "customer", "max", "this is terrible, \u{2018}nobody\u{2019} calls me back"],
    ["c2", "agent", "max", "that should not happen"],
];

fn rows() -> Vec<[&'static str; 4]> {
    [&[["call_id", "speaker", "agent_id", "text"]][..], &TURNS].concat()
}

fn plain() -> Vec<u8> {
    write_csv(rows())
}

fn plain_text() -> String {
    String::from_utf8(plain()).expect("it was text")
}

/// Insists that these arguments give what the plain file gives.
fn expect_as_plain(place: &Place, arguments: &[&str]) -> Outputs {
    place.write("plain/in.csv", plain());
    let expected = place.analyze(&["plain/in.csv"], 0);
    let found = place.analyze(arguments, 0);
    for name in ["calls.csv", "agents.csv"] {
        assert_same(&format!("{arguments:?}: {name}"), expected.bytes(name), found.bytes(name));
    }
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes all")
}

#[test]
fn compressed_files_are_read_as_they_are() {
    let place = Place::new();
    place.write("in.csv.gz", gzip(&plain()));
    place.write("in.csv.zst", zstandard(&plain()));
    for (name, compression) in [("in.csv.gz", "gzip"), ("in.csv.zst", "zstd")] {
        let record = expect_as_plain(&place, &[name]).record();
        assert_eq!(record["inputs"][0]["compression"], compression);
    }
    // Two of them after each other in one file, as `cat` makes.
    let halves = plain_text();
    let (head, tail) = halves.split_at(halves.find("c2,").expect("the second call"));
    place.write("in.csv.gz", [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat());
    expect_as_plain(&place, &["in.csv.gz"]);
}

#[test]
fn a_damaged_compressed_file_is_not_taken_for_a_short_one() {
    let place = Place::new();
    let whole = gzip(&plain());
    place.write("in.csv.gz", &whole[..whole.len() - 10]);
    let ended = place.run(&["analyze", "in.csv.gz"]).expect(66);
    assert!(ended.error().contains("in.csv.gz"), "{}", ended.stderr);
    assert!(ended.hint().contains("again"), "{}", ended.stderr);
}

#[test]
fn directories_globs_and_repeated_names_are_read_once_each() {
    let place = Place::new();
    let header = rows()[0];
    place.write("in/a.csv", write_csv([[header], [TURNS[0]], [TURNS[5]]].concat()));
    place.write("in/b/c.txt", write_csv([&[header][..], &TURNS[1..5]].concat()));
    place.write("in/.hidden.csv", "not,for,us\n");
    place.write("in/notes.md", "# not for us");
    for inputs in [&["in"][..], &["in/*.csv", "in/*/*.txt"], &["in/b", "in", "in/a.csv"], &["in/**/*.[ct][sx][vt]"]] {
        place.write("plain/in.csv", plain());
        let found = place.analyze(inputs, 0);
        assert_eq!(found.record()["counts"]["turns"], 6, "{inputs:?}");
        assert_eq!(found.table("calls.csv").column("turns"), ["4", "2"], "{inputs:?}");
    }
}

#[test]
fn outputs_may_lie_beside_transcripts() {
    for (file, input, out) in
        [("data/march.csv", "data", "data"), ("data/march.csv", ".", "."), ("march.csv", "*.csv", ".")]
    {
        let place = Place::new();
        place.write(file, plain());
        for _ in 0..2 {
            place.run(&["analyze", "--out", out, input]).expect(0);
            let record = fs::read(place.path(out).join("run.json")).expect("a record");
            let record: Value = serde_json::from_slice(&record).expect("run.json is JSON");
            assert_eq!(record["inputs"].as_array().map(Vec::len), Some(1), "{input} {}", record["inputs"]);
        }
    }
}

#[test]
fn standard_input_is_read_plain_and_compressed() {
    let place = Place::new();
    place.write("plain/in.csv", plain());
    let expected = place.analyze(&["plain/in.csv"], 0);
    for bytes in [plain(), gzip(&plain()), zstandard(&plain())] {
        place.run_with_input(&["analyze", "--out", "out", "-"], &bytes).expect(0);
        let found = place.outputs("out");
        assert_same("calls.csv", expected.bytes("calls.csv"), found.bytes("calls.csv"));
        assert_eq!(found.record()["inputs"][0]["path"], "-");
    }
}

#[test]
fn encodings_are_recognised() {
    let place = Place::new();
    let text = plain_text();
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(to_bytes).collect::<Vec<u8>>()
    };
    let (windows, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
    assert!(!lossy);
    for (encoded, name) in [
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "utf-8"),
        (utf16(u16::to_le_bytes), "utf-16le"),
        (utf16(u16::to_be_bytes), "utf-16be"),
        (windows.into_owned(), "windows-1252"),
    ] {
        place.write("in.csv", encoded);
        let record = expect_as_plain(&place, &["in.csv"]).record();
        assert_eq!(record["inputs"][0]["encoding"].as_str().map(str::to_lowercase).as_deref(), Some(name));
    }
}

#[test]
fn delimiters_and_line_ends_are_found() {
    let place = Place::new();
    for delimiter in [b',', b';', b'\t', b'|'] {
        for terminator in [csv::Terminator::Any(b'\n'), csv::Terminator::CRLF] {
            let mut writer =
                csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
            for row in rows() {
                writer.write_record(row).expect("memory takes all");
            }
            place.write("in.csv", writer.into_inner().expect("memory takes all"));
            let record = expect_as_plain(&place, &["in.csv"]).record();
            assert_eq!(record["inputs"][0]["delimiter"], char::from(delimiter).to_string());
        }
    }
}

#[test]
fn columns_may_stand_in_any_order_with_others_among_them_and_under_any_known_name() {
    let place = Place::new();
    let mut shuffled = vec![["Transcript", "note", "Agent Name", "Contact-ID", "PARTICIPANT_ROLE"]];
    shuffled.extend(TURNS.iter().map(|[call, role, agent, text]| [*text, "x", *agent, *call, *role]));
    shuffled[0][3] = "Contact ID";
    place.write("in.csv", write_csv(shuffled));
    let outputs = expect_as_plain(&place, &["in.csv"]);
    assert_eq!(outputs.record()["inputs"][0]["columns"]["call_id"], "Contact ID");
}

#[test]
fn columns_and_speakers_of_any_name_are_mapped_by_flags_a_file_or_variables() {
    let mut place = Place::new();
    let mut rows = vec![["nr", "who", "by", "what"]];
    rows.extend(TURNS.iter().map(|[call, role, agent, text]| {
        [*call, if *role == "agent" { "Kundendienst" } else { "Kunde" }, *agent, *text]
    }));
    place.write("in.csv", write_csv(rows));
    let maps = ["--map", "call_id=nr", "--map", "speaker=who", "--map", "agent_id=by", "--map", "text=what"];
    let roles = ["--role", "Kunde=customer", "--role", "Kundendienst=agent"];
    expect_as_plain(&place, &[&maps[..], &roles, &["in.csv"]].concat());
    place.write(
        "theirs.toml",
        "map = { call_id = 'nr', speaker = 'who', agent_id = 'by', text = 'what' }\n\
         role = { Kunde = 'customer', Kundendienst = 'agent' }\n",
    );
    place.write("plain/in.csv", plain());
    let expected = place.analyze(&["plain/in.csv"], 0);
    let found = place.analyze(&["--config", "theirs.toml", "in.csv"], 0);
    assert_same("calls.csv", expected.bytes("calls.csv"), found.bytes("calls.csv"));
    place.set([
        ("UNDERTONE_MAP", "call_id=nr,speaker=who,agent_id=by,text=what"),
        ("UNDERTONE_ROLE", "Kunde=customer,Kundendienst=agent"),
    ]);
    let found = place.analyze(&["in.csv"], 0);
    assert_same("calls.csv", expected.bytes("calls.csv"), found.bytes("calls.csv"));
}

#[test]
fn one_row_a_conversation_gives_what_one_row_a_turn_gives() {
    let place = Place::new();
    let mut conversations: Vec<[String; 3]> = vec![["call_id", "agent_id", "transcript"].map(str::to_owned)];
    for call in ["c1", "c2"] {
        let of_call = TURNS.iter().filter(|turn| turn[0] == call);
        let line = |turn: &[&str; 4]| {
            let label = if turn[1] == "agent" { "Agent" } else { "Customer" };
            format!("{label}: {}", turn[3])
        };
        let agent = TURNS.iter().find(|turn| turn[0] == call).expect("a turn")[2];
        let text: Vec<String> = of_call.map(line).collect();
        conversations.push([call.to_owned(), agent.to_owned(), text.join("\n")]);
    }
    place.write("in.csv", write_csv(conversations));
    let record = expect_as_plain(&place, &["in.csv"]).record();
    assert_eq!(record["inputs"][0]["format"], "conversation-rows");
}

/// The call of [`mixed`] in every dress of text.
const SAID: [(&str, &str); 2] =
    [("Agent", "how can I help you today"), ("Customer", "my bill is wrong, this is terrible")];

/// A folder with one call in each of several formats, compressed or not, and files that are no transcripts.
fn mixed() -> Place {
    let place = Place::new();
    let lines = |line: fn(usize, &str, &str) -> String| -> String {
        SAID.iter().enumerate().map(|(at, (who, words))| line(at, who, words)).collect()
    };
    let webvtt = lines(|at, who, words| format!("00:0{at}.000 --> 00:0{at}.900\n<v {who}>{words}\n\n"));
    place.write("in/vtt.vtt", format!("WEBVTT\n\n{webvtt}"));
    let subrip = lines(|at, who, words| format!("{at}\n00:00:0{at},000 --> 00:00:0{at},900\n[{who}] {words}\n\n"));
    place.write("in/srt.srt.gz", gzip(subrip.as_bytes()));
    place.write("in/zoom.txt", lines(|at, who, words| format!("[{who}] 10:00:0{at}\n{words}\n\n")));
    let text = lines(|_, who, words| format!("**{who}:** {words}\n\n"));
    place.write("in/text.txt.zst", zstandard(text.as_bytes()));
    place.write("in/README.txt", "All calls of May, as they were exported.\nNote: ask Jane for those of June\n");
    place.write("in/package.json", "{\"name\": \"exporter\", \"private\": true}\n");
    place.write(
        "in/table.csv",
        lines(|at, who, words| {
            format!("{}table,{who},\"{words}\"\n", if at == 0 { "call_id,speaker,text\n" } else { "" })
        }),
    );
    place
}

#[test]
fn a_folder_of_many_formats_is_read_and_what_is_no_transcript_is_passed_over() {
    let place = mixed();
    let ended = place.run(&["analyze", "--out", "out", "in"]).expect(0);
    for (name, kind) in [("in/README.txt", "plain text"), ("in/package.json", "JSON")] {
        let line = ended.stderr.lines().find(|line| line.contains(name)).expect("a warning");
        assert!(line.contains(kind) && line.contains("passed over"), "{line}");
    }
    assert!(!ended.stderr.contains("Jane") && !ended.stderr.contains("exporter"), "{}", ended.stderr);
    let outputs = place.outputs("out");
    let calls = outputs.table("calls.csv");
    assert_eq!(calls.column("call_id"), ["srt", "table", "text", "vtt", "zoom"]);
    assert_eq!(calls.column("customer_turns"), ["1"; 5]);
    let scores = calls.column("customer_score");
    assert!(scores.iter().all(|score| *score == scores[0]), "{scores:?}");
    let record = outputs.record();
    assert_eq!(record["counts"]["files_passed_over"], 2);
    let formats: Vec<_> =
        record["inputs"].as_array().expect("a list").iter().map(|input| input["format"].clone()).collect();
    assert_eq!(formats, ["subrip", "turn-rows", "text", "webvtt", "zoom"]);
    // A table without a known name for the words alone is a transcript that needs a flag.
    place.write("more/calls.txt", "call_id,speaker,words\nc1,agent,hello\nc1,customer,hi\n");
    assert!(place.run(&["analyze", "more"]).expect(65).error().contains("no column fits text"));
    // Named itself, it is refused, and so is a folder of nothing else.
    place.run(&["analyze", "in/README.txt"]).expect(65);
    place.write("alone/README.txt", "Nothing here.\n");
    place.run(&["analyze", "alone"]).expect(65);
}

#[test]
fn a_format_can_be_named() {
    let place = mixed();
    let ended = place.run(&["analyze", "--out", "out", "--format-in", "text", "in/README.txt"]).expect(65);
    assert!(ended.error().contains("without speakers") && ended.hint().contains("--map speaker=@customer"));
    let forced = ["analyze", "--format-in", "text", "--map", "speaker=@customer", "in/README.txt"];
    place.run(&forced).expect(0);
    let ended = place.run(&["formats"]).expect(0);
    assert!(ended.stdout.starts_with("csv: ") && ended.stdout.contains("\nwebvtt: "), "{}", ended.stdout);
    assert!(place.run(&["analyze", "--format-in", "vtt", "in"]).expect(2).stderr.contains("webvtt"));
}

#[test]
fn contact_records_name_agents_and_are_counted_on_both_sides() {
    let place = mixed();
    place.write(
        "in/contacts.csv",
        "contact_id,agent,queue,started\nvtt,ann,billing,2024-05-13T10:00:00Z\nx,bob,,\nvtt,zoe,,\n",
    );
    let ended =
        place.run(&["analyze", "--out", "out", "--max-rejects", "1", "--metadata", "in/contacts.csv", "in"]).expect(3);
    assert!(ended.stdout.contains("3 contact records: 1 of no call here; 4 calls without one"), "{}", ended.stdout);
    let outputs = place.outputs("out");
    let calls = outputs.table("calls.csv");
    assert_eq!((calls.cell("vtt", "agent_id"), calls.cell("vtt", "queue")), ("ann", "billing"));
    assert!(calls.cell("vtt", "started_at").starts_with("2024-05-13T10:00:00"));
    let counts = &outputs.record()["counts"]["contact_records"];
    assert_eq!(*counts, serde_json::json!({ "records": 3, "without_call": 1, "calls_without": 4 }));
    assert!(outputs.text("rejects.csv").contains("a contact record of this call stands above"));
}
