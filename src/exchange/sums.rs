//! Rows of sums: those of agents, and how many rows were read and rejected. Each has a key and whole numbers, and is added
//! up by whoever has the rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{Decimal128Builder, Int32Builder, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Decimal128Type, Int32Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};

use super::table::{WrongTable, column};
use super::typed::schema_of;
use crate::output::{Field as TableField, call_columns, fields};
use crate::rollup::AgentBook;
use crate::rollup::rows::{MOST_SUMS, SumKey, SumRow};

/// Rows of a batch.
const BATCH_ROWS: usize = 10_000;
/// Digits of a sum: the most that a decimal has, here and in Spark.
const DIGITS: u8 = 38;
/// The part whose sums are rows read and calls.
const READ: &str = "read";
/// The part whose one sum is rows rejected for the reason that stands in the agent's place.
const REJECTED: &str = "rejected";
/// Texts of a key, in their order.
const KEY_TEXTS: [&str; 4] = ["part", "of_agent", "of_queue", "of_language"];
/// Numbers of a key, in their order.
const KEY_NUMBERS: [&str; 2] = ["of_level", "of_day"];

/// How many rows and calls there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Rows, used or rejected.
    pub(crate) rows: u64,
    /// Calls.
    pub(crate) calls: u64,
    /// Rejected rows by reason.
    pub(crate) rejected: BTreeMap<Box<str>, u64>,
}

/// The fields of calls.csv, which are the first columns of rows of parts.
pub(crate) fn call_rows() -> (Vec<TableField>, Vec<Field>) {
    let calls = fields(call_columns());
    let columns = schema_of(&calls).into_iter().chain(sum_columns()).collect();
    (calls, columns)
}

/// The columns of sums.
pub(crate) fn sum_columns() -> Vec<Field> {
    let texts = KEY_TEXTS.map(|name| Field::new(name, DataType::Utf8, true));
    let numbers = KEY_NUMBERS.map(|name| Field::new(name, DataType::Int32, true));
    let sums = (1..=MOST_SUMS).map(|at| Field::new(sum(at), DataType::Decimal128(DIGITS, 0), true));
    texts.into_iter().chain(numbers).chain(sums).collect()
}

fn sum(at: usize) -> String {
    format!("sum_{at}")
}

impl Counts {
    fn rows(&self) -> impl Iterator<Item = SumRow> {
        let key = |part: &str, agent| SumKey { part: part.into(), agent, ..SumKey::default() };
        let read = (key(READ, None), vec![self.rows.into(), self.calls.into()]);
        let rejected = self.rejected.iter();
        let rejected = rejected.map(move |(reason, rows)| (key(REJECTED, Some(reason.clone())), vec![(*rows).into()]));
        std::iter::once(read).chain(rejected)
    }

    /// Takes a row in, if it is one of counts; gives it back if not.
    fn enter(&mut self, (key, sums): SumRow) -> Option<SumRow> {
        let count = |at: usize| sums.get(at).and_then(|sum| u64::try_from(*sum).ok()).unwrap_or_default();
        match (&*key.part, &key.agent) {
            (READ, _) => {
                self.rows += count(0);
                self.calls += count(1);
                None
            }
            (REJECTED, Some(reason)) => {
                *self.rejected.entry(reason.clone()).or_default() += count(0);
                None
            }
            _ => Some((key, sums)),
        }
    }

    /// What was read, and what its agents add up to, in batches whose last columns are those of sums; others are null.
    pub(crate) fn batches(
        &self,
        book: &AgentBook,
        schema: &SchemaRef,
        mut send: impl FnMut(&RecordBatch) -> Result<(), ArrowError>,
    ) -> Result<(), ArrowError> {
        let mut rows = self.rows().chain(book.rows()).peekable();
        while rows.peek().is_some() {
            send(&batch(rows.by_ref().take(BATCH_ROWS), schema)?)?;
        }
        Ok(())
    }
}

fn batch(rows: impl Iterator<Item = SumRow>, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let mut texts = KEY_TEXTS.map(|_| StringBuilder::new());
    let mut numbers = KEY_NUMBERS.map(|_| Int32Builder::new());
    let mut sums = [(); MOST_SUMS].map(|()| Decimal128Builder::new().with_data_type(DataType::Decimal128(DIGITS, 0)));
    let mut count = 0;
    for (SumKey { part, agent, queue, language, level, day }, values) in rows {
        count += 1;
        texts.iter_mut().zip([Some(part), agent, queue, language]).for_each(|(texts, text)| texts.append_option(text));
        numbers.iter_mut().zip([level, day]).for_each(|(numbers, number)| numbers.append_option(number));
        for (at, sums) in sums.iter_mut().enumerate() {
            sums.append_option(values.get(at).copied());
        }
    }
    let own: Vec<ArrayRef> = (texts.iter_mut().map(|texts| Arc::new(texts.finish()) as ArrayRef))
        .chain(numbers.iter_mut().map(|numbers| Arc::new(numbers.finish()) as ArrayRef))
        .chain(sums.iter_mut().map(|sums| Arc::new(sums.finish()) as ArrayRef))
        .collect();
    let others = schema.fields().iter().take(schema.fields().len() - own.len());
    let others = others.map(|column| new_null_array(column.data_type(), count));
    RecordBatch::try_new(Arc::clone(schema), others.chain(own).collect())
}

/// Enters the rows of `batch`, which have the columns of [`sum_columns`], into `book` and `counts`.
///
/// # Errors
/// [`WrongTable`] where there is no such column or row.
pub(crate) fn read_sums(batch: &RecordBatch, book: &mut AgentBook, counts: &mut Counts) -> Result<(), WrongTable> {
    let texts = KEY_TEXTS.map(|name| column(batch, name, |array| array.as_string_opt::<i32>()));
    let numbers = KEY_NUMBERS.map(|name| column(batch, name, |array| array.as_primitive_opt::<Int32Type>()));
    let sums = (1..=MOST_SUMS).map(|at| column(batch, &sum(at), |array| array.as_primitive_opt::<Decimal128Type>()));
    let (texts, numbers) = (all(texts)?, all(numbers)?);
    let sums = sums.collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        let text = |at: usize| texts[at].is_valid(row).then(|| Box::from(texts[at].value(row)));
        let number = |at: usize| numbers[at].is_valid(row).then(|| numbers[at].value(row));
        let part = text(0).ok_or(WrongTable::Row)?;
        let key = SumKey { part, agent: text(1), queue: text(2), language: text(3), level: number(0), day: number(1) };
        let values = sums.iter().map_while(|array| array.is_valid(row).then(|| array.value(row))).collect();
        if let Some(row) = counts.enter((key, values)) {
            book.enter(row).ok_or(WrongTable::Row)?;
        }
    }
    Ok(())
}

fn all<A>(columns: impl IntoIterator<Item = Result<A, WrongTable>>) -> Result<Vec<A>, WrongTable> {
    columns.into_iter().collect()
}
