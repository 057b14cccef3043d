//! Rows for a program that has the turns in a table of its own, such as Apache Spark: Arrow in, Arrow out.
//!
//! Owns how calls and exact sums of agents stand in the columns of an [`Answer`], and how sums that come back are read. Refuses to score, and to hold turns.
//!
//! One stream holds rows of two kinds: a call has the columns of calls.csv, and `part` is null; a row of sums has `part`, the key
//! `of_…` and `sum_…`. Rows of equal keys may be added up by whoever has them.

mod answer;
mod sums;
mod table;
mod typed;

pub(crate) use answer::Answer;
pub(crate) use sums::{Counts, call_rows, read_sums, sum_columns};
pub(crate) use table::{WrongTable, tables};
pub(crate) use typed::{Rows, schema_of};
