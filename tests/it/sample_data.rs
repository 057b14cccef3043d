//! The sample transcripts in `data/` are what their generator writes, and hold what they are there to show.

use std::collections::BTreeMap;
use std::path::Path;

#[path = "../../examples/make_samples/samples/mod.rs"]
mod samples;

/// Call, turn, speaker, agent, queue, start, end, text of every row.
fn rows() -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (_, content) in samples::files() {
        let mut reader = csv::Reader::from_reader(content.as_slice());
        rows.extend(reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>()));
    }
    rows
}

#[test]
fn the_files_are_what_the_generator_writes() {
    for (name, content) in samples::files() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(&name);
        let committed = std::fs::read(&path).expect("the file is there");
        assert!(committed == content, "data/{name} differs: cargo run --example make_samples -- data");
    }
}

#[test]
fn they_show_what_the_readme_of_the_data_says() {
    let rows = rows();
    assert!((600..=950).contains(&rows.len()), "{} rows", rows.len());
    let distinct = |column: usize| {
        let mut values: Vec<&str> = rows.iter().map(|row| row[column].as_str()).filter(|v| !v.is_empty()).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    assert_eq!((distinct(0), distinct(2), distinct(3), distinct(4)), (50, 3, 12, 2));
    let mut agents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row[3].is_empty()) {
        let of_call = agents.entry(&row[0]).or_default();
        if !of_call.contains(&row[3].as_str()) {
            of_call.push(&row[3]);
        }
    }
    assert_eq!(agents.values().filter(|of_call| of_call.len() > 1).count(), 5, "transferred calls");
    assert_eq!(rows.windows(2).filter(|pair| pair[0] == pair[1]).count(), 1, "a row that is there twice");
    assert_eq!(rows.iter().filter(|row| row[7].chars().count() > 500).count(), 6, "long complaints");
    assert!(rows.iter().all(|row| row[5] < row[6] && !row[7].contains(['{', '[', ']', '}'])));
}
