//! Tables as Parquet files: the same as the CSV files, to the cell; or, in a build without them, refused at once.

use crate::program::Place;

#[test]
fn a_list_of_formats_without_csv_is_refused() {
    let mut place = Place::with_samples();
    for list in ["parquet", "", "csv,xlsx"] {
        let ended = place.run(&["analyze", "--format", list, "data"]).expect(2);
        assert!(ended.stderr.contains("expected") && ended.stderr.contains("csv,parquet"), "{}", ended.stderr);
    }
    place.set([("UNDERTONE_FORMAT", "parquet")]);
    let ended = place.run(&["analyze", "data"]).expect(78);
    assert!(ended.error().contains("report and explain read the CSV files"), "{}", ended.stderr);
    assert!(!place.path("undertone-out").exists());
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so_before_any_work() {
    let place = Place::with_samples();
    for input in ["data", "nowhere.csv"] {
        let ended = place.run(&["analyze", "--format", "csv,parquet", input]).expect(78);
        assert_eq!(ended.error(), "format: this build has no parquet (flag --format)");
        assert_eq!(ended.hint(), "build with `cargo build --release --features parquet`");
        assert_eq!(ended.stdout, "");
    }
    assert!(!place.path("undertone-out").exists());
}

#[cfg(feature = "parquet")]
mod built {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use crate::program::{Outputs, Place, assert_same, turns};

    const NAMES: [&str; 5] = ["calls", "agents", "segments", "failures", "rejects"];

    /// The rows of a Parquet file, each cell as the CSV file without guards would write it.
    fn rows(outputs: &Outputs, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join(name);
        std::fs::write(&path, outputs.bytes(name)).expect("a file");
        let reader = SerializedFileReader::try_from(path.as_path()).expect("a Parquet file");
        let schema = reader.metadata().file_metadata().schema();
        let header = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
        let rows = reader.get_row_iter(None).expect("rows").map(|row| {
            let row = row.expect("a row");
            row.get_column_iter().map(|(_, cell)| text(cell)).collect()
        });
        (header, rows.collect())
    }

    fn text(cell: &Field) -> String {
        match cell {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Long(number) => number.to_string(),
            Field::Double(number) => format!("{number:.4}"),
            Field::Bool(flag) => u8::from(*flag).to_string(),
            Field::Date(days) => (jiff::civil::Date::constant(1970, 1, 1) + jiff::Span::new().days(*days)).to_string(),
            Field::TimestampMicros(micros) => jiff::Timestamp::from_microsecond(*micros).expect("a moment").to_string(),
            other => panic!("no column holds {other:?}"),
        }
    }

    #[test]
    fn parquet_files_stand_beside_the_csv_files_and_say_the_same() {
        let place = Place::with_samples();
        let plain = place.analyze(&["--detail", "--csv-guard=off", "data"], 0);
        let outputs = place.analyze(&["--detail", "--csv-guard=off", "--format", "csv,parquet", "data"], 0);
        let record = outputs.record();
        let written = record["outputs"].as_array().expect("a list");
        for name in NAMES {
            let (csv, parquet) = (format!("{name}.csv"), format!("{name}.parquet"));
            assert_same(&csv, plain.bytes(&csv), outputs.bytes(&csv));
            let table = outputs.table(&csv);
            assert_eq!(rows(&outputs, &parquet), (table.header, table.rows.clone()), "{name}");
            let file = written.iter().find(|file| file["name"] == *parquet).expect("the record names it");
            assert_eq!(file["rows"], table.rows.len(), "{name}");
            assert_eq!(file["bytes"], outputs.bytes(&parquet).len(), "{name}");
            assert_eq!(file["blake3"], blake3::hash(outputs.bytes(&parquet)).to_hex().as_str(), "{name}");
        }
        let again = place.analyze(&["--detail", "--csv-guard=off", "--format", "parquet,csv", "data"], 0);
        for name in NAMES.map(|name| format!("{name}.parquet")) {
            assert_same(&name, outputs.bytes(&name), again.bytes(&name));
        }
    }

    #[test]
    fn names_carry_no_guard_there_and_unknown_is_null() {
        let place = Place::new();
        place.write("in.csv", turns(&[["=1", "customer", "@a", "great"], ["'=1", "agent", "", "hello"]]));
        let outputs = place.analyze(&["--bom", "--format", "csv,parquet", "in.csv"], 0);
        let (header, rows) = rows(&outputs, "calls.parquet");
        let column = |name: &str| header.iter().position(|header| header == name).expect("a column");
        let cells = |name: &str| rows.iter().map(|row| row[column(name)].as_str()).collect::<Vec<_>>();
        assert_eq!(cells("call_id"), ["'=1", "=1"]);
        assert_eq!(cells("agent_id"), ["", "@a"]);
        assert_eq!(cells("customer_score")[0], "");
        assert_eq!(outputs.table("calls.csv").column("call_id"), ["''=1", "'=1"]);
    }

    #[test]
    fn parquet_files_of_an_earlier_run_go() {
        let mut place = Place::with_samples();
        place.write("undertone.toml", "format = ['csv', 'parquet']\n");
        let outputs = place.analyze(&["data"], 0);
        assert!(outputs.0.contains_key("calls.parquet") && !outputs.0.contains_key("segments.parquet"));
        place.set([("UNDERTONE_FORMAT", "csv")]);
        let outputs = place.analyze(&["data"], 0);
        assert!(!outputs.0.keys().any(|name| name.contains("parquet")), "{:?}", outputs.0.keys());
    }
}
