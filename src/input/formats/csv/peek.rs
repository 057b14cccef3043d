//! The first rows of a file, by which doubtful columns are judged before it is read.

use std::collections::HashSet;

use super::aliases::{is_header, recognised};
use super::records::{Advance, Records};
use crate::input::field::{Field, Origin};

/// How many rows are looked at.
const ROWS: usize = 200;

/// A file's first record and some rows below it.
#[derive(Debug, Clone, Default)]
pub(in crate::input::formats) struct Peek {
    /// The first record, trimmed.
    pub(in crate::input::formats) header: Vec<String>,
    /// The line on which it begins.
    pub(in crate::input::formats) line: u64,
    /// Rows below it, each with its line.
    pub(in crate::input::formats) rows: Vec<(u64, Vec<String>)>,
}

impl Peek {
    /// Looks at the beginning of a file.
    pub(super) fn of(sample: &[u8], delimiter: u8) -> Self {
        let mut records = Records::new(sample, delimiter);
        let mut peek = Self::default();
        // An open quote is closed by the end of the sample as well as of the file.
        while let Ok(Advance::Record | Advance::Unclosed { .. }) = records.advance() {
            if peek.header.is_empty() {
                (peek.header, peek.line) = (records.header(), records.line());
            } else if peek.rows.len() < ROWS {
                peek.rows.push((records.line(), records.header()));
            } else {
                break;
            }
        }
        peek
    }

    /// Whether the records are a table's although no column of the first one has a known name: most have the same number of
    /// fields, a header stands further below, or there are none.
    pub(super) fn is_table(&self, map: &[(Field, Origin)]) -> bool {
        if self.header.is_empty() {
            return true;
        }
        let alike = self.rows.iter().filter(|(_, row)| row.len() == self.header.len()).count();
        let is_even = self.header.len() > 1 && alike > 0 && alike * 3 >= self.rows.len() * 2;
        is_even || self.rows.iter().any(|(_, row)| recognised(row, map) > 1 && is_header(row, map))
    }

    /// The values of a column that are not empty.
    pub(super) fn values(&self, at: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().filter_map(move |(_, row)| row.get(at)).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether there are values and all of them are as `wanted`.
    pub(super) fn all(&self, at: usize, wanted: impl FnMut(&str) -> bool) -> bool {
        self.values(at).next().is_some() && self.values(at).all(wanted)
    }

    /// Whether a value of a column comes again.
    pub(super) fn recurs(&self, at: usize) -> bool {
        let mut seen = HashSet::new();
        self.values(at).any(|value| !seen.insert(value))
    }

    /// Whether a column has no more than one value.
    pub(super) fn is_constant(&self, at: usize) -> bool {
        let mut values = self.values(at);
        let first = values.next();
        values.all(|value| Some(value) == first)
    }
}
