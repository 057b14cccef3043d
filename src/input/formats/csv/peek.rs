//! The first rows of a file, by which doubtful columns are judged before it is read.

use std::collections::HashSet;

use super::records::{Advance, Records};

/// How many rows are looked at.
const ROWS: usize = 200;

/// A file's first record and some rows below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Peek {
    /// The first record, trimmed.
    pub(super) header: Vec<String>,
    /// The line on which it begins.
    pub(super) line: u64,
    /// Rows below it, each with its line.
    pub(super) rows: Vec<(u64, Vec<String>)>,
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

    /// The values of a column that are not empty.
    pub(super) fn values(&self, at: usize) -> impl Iterator<Item = &str> {
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
