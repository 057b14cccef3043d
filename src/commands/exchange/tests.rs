//! That neither how rows are cut into batches nor how calls are parted changes anything; and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Decimal128Type;
use arrow_array::{Array, ArrayRef, BinaryArray, Int32Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;

use super::*;
use crate::sentiment::Millionths;
use crate::settings::General;

/// A row of a table: call, turn index, speaker, text, agent, date.
type Turn = (Option<String>, Option<i32>, &'static str, &'static str, &'static str, &'static str);

/// Rows in batches of these sizes, one after the other; what is left in one more.
fn stream(rows: &[Turn], sizes: &[usize]) -> Vec<u8> {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let columns = vec![
        Field::new("call_id", DataType::Binary, true),
        Field::new("turn_index", DataType::Int32, true),
        text("speaker"),
        text("text"),
        text("agent_id"),
        text("call_date"),
    ];
    let schema = Arc::new(Schema::new(columns));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    let mut rest = rows;
    for size in sizes.iter().copied().chain([usize::MAX]) {
        let (batch, others) = rest.split_at(size.min(rest.len()));
        rest = others;
        let texts = |part: fn(&Turn) -> &'static str| Arc::new(StringArray::from_iter_values(batch.iter().map(part)));
        let calls: BinaryArray = batch.iter().map(|row| row.0.as_ref().map(String::as_bytes)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(calls),
            Arc::new(batch.iter().map(|row| row.1).collect::<Int32Array>()),
            texts(|row| row.2),
            texts(|row| row.3),
            texts(|row| row.4),
            texts(|row| row.5),
        ];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A stream as a source, which must outlive its folder.
fn source(bytes: &[u8]) -> (tempfile::TempDir, Source) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("turns");
    fs::write(&path, bytes).unwrap();
    (home, Source::File { path, bytes: bytes.len() as u64, is_named: true })
}

fn batches(bytes: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(bytes, None).unwrap().map(Result::unwrap).filter(|batch| batch.num_rows() > 0).collect()
}

/// What the steps make of parts of a table: the rows of calls by id, and those of agents.
fn analyzed(parts: &[Vec<u8>]) -> (BTreeMap<String, String>, String) {
    let mut settings = Settings::default();
    settings.change(|general: &mut General| general.max_rejects = MaxRejects::Share(Millionths::ONE));
    let mut sample = String::new();
    for part in parts {
        let mut out = Vec::new();
        let (_home, source) = source(part);
        survey(&settings, source, &mut out).unwrap();
        for batch in batches(&out) {
            sample.extend(batch.column(0).as_string::<i32>().iter().flatten().map(|line| format!("{line}\n")));
        }
    }
    let known = languages(sample.as_bytes()).unwrap();
    let mut rows = BTreeMap::new();
    let mut sums: BTreeMap<String, Vec<RecordBatch>> = BTreeMap::new();
    for part in parts {
        let (_home, source) = source(part);
        let mut out = Vec::new();
        let done = calls(&settings, Some(known.trim()), source, &mut out);
        super::super::runtime().unwrap().block_on(done).unwrap();
        let width = sum_columns().len();
        for batch in batches(&out) {
            let head = batch.num_columns() - width;
            let part = batch.column(head).as_string::<i32>();
            for row in 0..batch.num_rows() {
                let one = batch.slice(row, 1);
                if part.is_null(row) {
                    let own = one.project(&(0..head).collect::<Vec<_>>()).unwrap();
                    let id = own.column(0).as_string::<i32>().value(0).to_owned();
                    assert!(rows.insert(id, format!("{:?}", own.columns())).is_none(), "a call is in two parts");
                } else {
                    let own = one.project(&(head..head + width).collect::<Vec<_>>()).unwrap();
                    sums.entry(format!("{:?}", &own.columns()[..6])).or_default().push(own);
                }
            }
        }
    }
    let sums: Vec<RecordBatch> = sums.into_values().map(|rows| added(&rows)).collect();
    let mut writer = StreamWriter::try_new(Vec::new(), &Schema::new(sum_columns())).unwrap();
    for row in &sums {
        writer.write(row).unwrap();
    }
    let mut out = Vec::new();
    agents(&settings, &*writer.into_inner().unwrap(), &mut out).unwrap();
    (rows, format!("{:?}", batches(&out)))
}

/// Rows of one key as one row.
fn added(rows: &[RecordBatch]) -> RecordBatch {
    let columns = rows[0].columns().iter().enumerate().map(|(at, column)| {
        if !matches!(column.data_type(), DataType::Decimal128(..)) {
            return Arc::clone(column);
        }
        let values = rows.iter().map(|row| row.column(at).as_primitive::<Decimal128Type>());
        let sum = values.filter(|value| value.is_valid(0)).map(|value| value.value(0)).reduce(|one, other| one + other);
        let mut built = arrow_array::builder::Decimal128Builder::new().with_data_type(column.data_type().clone());
        built.append_option(sum);
        Arc::new(built.finish()) as ArrayRef
    });
    RecordBatch::try_new(rows[0].schema(), columns.collect()).unwrap()
}

fn turn() -> impl Strategy<Value = Turn> {
    let text =
        proptest::sample::select(vec!["this is terrible", "thank you so much", "ok", "muchas gracias, adiós", ""]);
    let call = prop_oneof![
        30 => (0..9_u8).prop_map(|call| Some(format!("call {call}"))),
        1 => proptest::sample::select(vec![None, Some(" call 1\u{3000}".to_owned()), Some("call\n1".to_owned())]),
    ];
    let speaker = proptest::sample::select(vec!["customer", "agent", "bot"]);
    let agent = proptest::sample::select(vec!["", "ann", "bob"]);
    let date = proptest::sample::select(vec!["2026-11-02", "2026-11-03", "", "soon"]);
    (call, proptest::option::of(0..9_i32), speaker, text, agent, date)
}

/// The call of a row as it is brought together with others of its call.
fn key(row: &Turn) -> String {
    row.0.iter().flat_map(|id| id.chars()).filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(crate::cases::usually(24))]

    #[test]
    fn neither_batches_nor_partitions_change_anything(
        rows in proptest::collection::vec(turn(), 1..80),
        parts in proptest::collection::vec(0..3_usize, 16),
        sizes in proptest::collection::vec(0..9_usize, 0..20),
    ) {
        let mut rows = rows;
        rows.push((Some("call 0".to_owned()), Some(1), "customer", "hello there", "", ""));
        let mut parted: [Vec<Turn>; 3] = Default::default();
        for row in &rows {
            let number = key(row).bytes().map(usize::from).sum::<usize>() % parts.len();
            parted[parts[number]].push(row.clone());
        }
        let parted: Vec<Vec<u8>> = parted.iter().map(|rows| stream(rows, &sizes)).collect();
        prop_assert_eq!(analyzed(&parted), analyzed(&[stream(&rows, &[])]));
    }
}
