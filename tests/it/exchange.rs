//! Turns of another program's table, step by step: the rows of `analyze`, and what is refused.

use crate::program::{Ended, Place};

const COLUMNS: &str =
    r#"{"columns": [["call_id", "string"], ["speaker", "string"], ["text", "string"], ["started", "timestamp"]]}"#;

fn plan(place: &Place, columns: &str, flags: &[&str]) -> Ended {
    place.run_with_input(&[&["exchange", "plan"], flags].concat(), columns.as_bytes())
}

#[cfg(not(feature = "exchange"))]
#[test]
fn a_build_without_it_names_the_feature() {
    let ended = plan(&Place::new(), COLUMNS, &[]).expect(78);
    assert_eq!(ended.error(), "this build has no exchange");
    assert_eq!(ended.hint(), "build with `cargo build --release --features exchange`");
}

#[cfg(feature = "exchange")]
mod built {
    use std::io::Write as _;
    use std::process::Stdio;
    use std::sync::Arc;

    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
    use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
    use arrow_ipc::reader::StreamReader;
    use arrow_ipc::writer::StreamWriter;
    use arrow_schema::{DataType, Field, Schema};
    use serde_json::Value;

    use super::{COLUMNS, Place, plan};
    use crate::program::{Table, write_csv};

    /// Names that break lines, look like formulas, or differ in nothing but white space.
    const NAMES: [&str; 14] =
        ["a", "A", "=1+1", "a\nb", "a\u{2028}b", "\"q\"", "x,y", " lead", "é", "e\u{301}", "שלום", "+49", "a\tb", "'a"];
    const HEADER: [&str; 7] = ["call_id", "turn_index", "speaker", "text", "agent_id", "queue", "started"];
    const SAID: [&str; 5] = ["thank you, that is great", "I am sorry", "this is terrible", "gracias", ""];

    fn rows() -> Vec<Vec<String>> {
        let row = |(at, name): (usize, &str), turn: usize| {
            let agent = if turn % 2 == 1 { NAMES[(at + turn) % 5] } else { "" };
            let started = format!("2026-11-{:02}T10:0{turn}:00Z", 1 + at % 5);
            let speaker = ["customer", "agent"][turn % 2];
            let index = if turn == 2 { String::new() } else { turn.to_string() };
            let text = SAID[(at * 3 + turn) % 5];
            [name, &index, speaker, text, agent, NAMES[at % 4], &started].map(str::to_owned).to_vec()
        };
        (0..5).flat_map(|turn| NAMES.into_iter().enumerate().map(move |name| row(name, turn))).collect()
    }

    /// Rows as an Arrow stream, a few a batch.
    fn stream(rows: &[Vec<String>]) -> Vec<u8> {
        let schema = Arc::new(Schema::new(HEADER.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
        let mut writer = StreamWriter::try_new(Vec::new(), &schema).expect("a stream");
        for rows in rows.chunks(3) {
            let column =
                |at: usize| Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row[at]))) as ArrayRef;
            let batch = RecordBatch::try_new(Arc::clone(&schema), (0..HEADER.len()).map(column).collect());
            writer.write(&batch.expect("a batch")).expect("it is written");
        }
        writer.into_inner().expect("it ends")
    }

    /// What a step answers: its exit code, its stream, what it says.
    fn step(place: &Place, arguments: &[&str], input: &[u8]) -> (i32, Vec<RecordBatch>, String) {
        let mut child = place.command(arguments).stdin(Stdio::piped()).spawn().expect("the program can be started");
        let mut stdin = child.stdin.take().expect("it has a standard input");
        let output = std::thread::scope(|scope| {
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().expect("the program ends")
        });
        let batches = StreamReader::try_new(&*output.stdout, None).into_iter().flatten().map_while(Result::ok);
        let said = String::from_utf8(output.stderr).expect("the program writes UTF-8");
        (output.status.code().unwrap_or(-1), batches.filter(|batch| batch.num_rows() > 0).collect(), said)
    }

    /// A value as CSV has it.
    fn cell(array: &dyn Array, row: usize) -> String {
        if array.is_null(row) {
            return String::new();
        }
        match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
            DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
            DataType::Float64 => format!("{:.4}", array.as_primitive::<Float64Type>().value(row)),
            DataType::Boolean => u8::from(array.as_boolean().value(row)).to_string(),
            DataType::Date32 => {
                let days = jiff::Span::new().days(array.as_primitive::<Date32Type>().value(row));
                (jiff::civil::date(1970, 1, 1) + days).to_string()
            }
            _ => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                jiff::Timestamp::from_microsecond(micros).expect("a time").to_string()
            }
        }
    }

    /// The rows whose `part` is null, or all without such a column: as many columns as `expected` has.
    fn expect_rows(batches: &[RecordBatch], expected: &Table) {
        let mut found = Vec::new();
        for batch in batches {
            let parts = batch.column_by_name("part");
            let own = (0..batch.num_rows()).filter(|row| parts.is_none_or(|parts| parts.is_null(*row)));
            found.extend(
                own.map(|row| (0..expected.header.len()).map(|at| cell(&**batch.column(at), row)).collect::<Vec<_>>()),
            );
        }
        assert!(!found.is_empty());
        let names: Vec<&String> = expected.header.iter().collect();
        assert_eq!(
            batches[0].schema().fields().iter().take(names.len()).map(|field| field.name()).collect::<Vec<_>>(),
            names
        );
        assert_eq!(found, expected.rows);
    }

    #[test]
    fn a_table_gives_the_rows_of_analyze() {
        let place = Place::new();
        let rows = rows();
        let header = HEADER.map(str::to_owned).to_vec();
        place.write("turns.csv", write_csv(std::iter::once(&header).chain(&rows)));
        let outputs = place.analyze(&["--csv-guard", "off", "turns.csv"], 0);
        let (code, batches, said) = step(&place, &["exchange", "calls"], &stream(&rows));
        assert_eq!((code, said.as_str()), (0, ""));
        expect_rows(&batches, &outputs.table("calls.csv"));
        let mut sums = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("a stream");
        for batch in &batches {
            let parts = batch.column_by_name("part").expect("the column").as_string::<i32>();
            let rows = (0..batch.num_rows()).filter(|row| parts.is_valid(*row));
            rows.for_each(|row| sums.write(&batch.slice(row, 1)).expect("it is written"));
        }
        let (code, batches, said) = step(&place, &["exchange", "agents"], &sums.into_inner().expect("it ends"));
        assert_eq!((code, said.as_str()), (0, ""));
        expect_rows(&batches, &outputs.table("agents.csv"));
    }

    #[test]
    fn a_plan_names_what_is_read() {
        let columns = COLUMNS.replace("[\"speaker\"", "[\"notes\", \"map<string,string>\"], [\"speaker\"");
        let ended = plan(&Place::new(), &columns, &["--language", "en"]).expect(0);
        let plan: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        assert_eq!(plan["used"], serde_json::json!([0, 2, 3, 4]));
        assert_eq!((&plan["call_id"], &plan["survey"]), (&0.into(), &false.into()));
        assert_eq!(plan["calls"][2], serde_json::json!(["started_at", "timestamp"]));
    }

    #[test]
    fn what_is_no_table_of_turns_is_refused_before_any_turn_is_sent() {
        let place = Place::new();
        for (from, to, error, hint) in [
            ("\"speaker\"", "\"who\"", "no column fits speaker", "--map speaker=COLUMN"),
            ("\"call_id\"", "\"no\"", "no column fits call_id", "--map call_id=COLUMN"),
            ("\"started\"", "\"when\"", "order of a call's turns", "--map turn_index=COLUMN"),
            ("\"started\"", "\"created_at\"", "several columns fit started", "--map started=COLUMN"),
            ("\"string\"], [\"started\"", "\"array<string>\"], [\"started\"", "of the type array", "cast(\"string\")"),
            ("\"string\"], [\"started\"", "\"binary\"], [\"started\"", "of the type binary", "cast(\"string\")"),
        ] {
            let columns = COLUMNS.replace(from, to);
            let ended = plan(&place, &columns, &[]).expect(65);
            assert!(ended.error().contains(error) && ended.hint().contains(hint), "{columns}: {}", ended.stderr);
        }
        let ended = plan(&place, "columns", &[]).expect(65);
        assert!(ended.error().starts_with("expected columns as JSON"), "{}", ended.stderr);
        let ended = plan(&place, COLUMNS, &["--lexicon", "nowhere.csv"]).expect(78);
        assert!(ended.error().contains("nowhere.csv"), "{}", ended.stderr);
        plan(&place, COLUMNS, &["--map", "created_at=started", "--shard", "1/2"]).expect(2);
    }

    #[cfg(feature = "comprehend")]
    #[test]
    fn a_service_is_asked_by_jobs() {
        let ended = plan(&Place::new(), COLUMNS, &["--engine", "comprehend"]).expect(2);
        assert!(ended.error().contains("quota") && ended.hint().contains("--via jobs"), "{}", ended.stderr);
    }

    #[test]
    fn turns_that_cannot_be_used_are_named_without_their_words() {
        let place = Place::new();
        let mut rows = rows();
        for row in rows.iter_mut().filter(|row| row[2] == "agent") {
            "IVR2".clone_into(&mut row[2]);
        }
        let (code, _, said) = step(&place, &["exchange", "calls"], &stream(&rows));
        assert_eq!(code, 65, "{said}");
        assert!(
            said.contains("turns: column 3 \"speaker\": the role of \"IVR2\"") && said.contains("--role IVR2=other")
        );
        assert!(!said.contains("labels in the text") && !said.contains("terrible"), "{said}");
        for (at, row) in rows.iter_mut().enumerate() {
            row[2] = format!("{} terrible {at}", row[3]);
        }
        let (code, _, said) = step(&place, &["exchange", "calls"], &stream(&rows));
        assert!(code == 65 && !said.contains("terrible"), "{said}");
    }

    #[test]
    fn a_damaged_stream_ends_in_a_message() {
        let place = Place::new();
        let whole = stream(&rows());
        for (input, named) in [
            (&b"call_id,speaker,text\na,customer,terrible\n"[..], "turns:"),
            (&[], "turns:"),
            (&whole[..whole.len() / 2], "Arrow"),
            (&[&whole[..3000], &[0x7f; 2000], &whole[5000..]].concat(), "Arrow"),
        ] {
            let (code, _, said) = step(&place, &["exchange", "calls"], input);
            assert!(code == 66 || code == 65, "{code}: {said}");
            assert!(said.contains(named) && !said.contains("terrible"), "{said}");
        }
        let (code, _, said) = step(&place, &["exchange", "agents"], &whole);
        assert!(code == 65 && said.contains("no column part"), "{said}");
    }

    #[test]
    fn samples_of_parts_make_the_languages_of_all() {
        let place = Place::new();
        let rows: Vec<Vec<String>> = rows();
        let languages = |parts: &[&[Vec<String>]]| {
            let lines = parts.iter().flat_map(|rows| {
                let (code, batches, said) = step(&place, &["exchange", "survey"], &stream(rows));
                assert_eq!((code, said.as_str()), (0, ""));
                let lines = |batch: &RecordBatch| {
                    batch
                        .column(0)
                        .as_string::<i32>()
                        .iter()
                        .flatten()
                        .map(|line| format!("{line}\n"))
                        .collect::<Vec<_>>()
                };
                batches.iter().flat_map(lines).collect::<Vec<_>>()
            });
            let lines: String = lines.collect();
            assert!(!lines.contains("terrible"));
            place.run_with_input(&["exchange", "languages"], lines.as_bytes()).expect(0).stdout
        };
        let (one, other) = rows.split_at(rows.len() / 3);
        let all = languages(&[&rows]);
        assert!(all.contains("en=") && all.contains("es="), "{all}");
        assert_eq!(languages(&[other, one]), all);
        place.run_with_input(&["exchange", "languages"], b"gracias\n").expect(65);
        let (code, _, said) = step(&place, &["exchange", "calls", "--languages", "gracias=x"], &stream(&rows));
        assert!(code == 2 && !said.contains("gracias"), "{said}");
    }
}
