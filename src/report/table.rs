//! Reading a table of an output directory, row by row, by the names of its columns.
//!
//! The tables are this program's own: one line a row, no line break in a cell, decimals with at most four places.
//! That makes a reader possible which takes a million calls in about a second, as the page must not keep a
//! nightly job waiting. It refuses what such a table can't hold, and says where.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::ReportError;
use crate::output::unguarded;

/// One of 10,000 parts: the unit in which decimals of a table are read, so that sums of them are exact.
pub(crate) const PARTS: i64 = 10_000;

const BUFFER_BYTES: usize = 1 << 18;

/// A table that is being read. `COLUMNS` is how many of its columns are looked at.
pub(crate) struct Table<const COLUMNS: usize> {
    path: PathBuf,
    names: [&'static str; COLUMNS],
    places: [usize; COLUMNS],
    reader: BufReader<File>,
    line_number: u64,
    line: Vec<u8>,
    /// Where each cell of `line` ends; a cell begins after the one before and its comma.
    ends: Vec<usize>,
    /// Cells of a line with quotes, taken out of them.
    unquoted: Vec<u8>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// Opens the table and finds the columns called `names`.
    ///
    /// # Errors
    /// [`ReportError`] if the file is missing, can't be read, or lacks a column.
    pub(crate) fn open(path: &Path, names: [&'static str; COLUMNS]) -> Result<Self, ReportError> {
        let file = File::open(path).map_err(ReportError::read(path))?;
        let mut table = Self {
            path: path.to_owned(),
            names,
            places: [0; COLUMNS],
            reader: BufReader::with_capacity(BUFFER_BYTES, file),
            line_number: 0,
            line: Vec::new(),
            ends: Vec::new(),
            unquoted: Vec::new(),
        };
        let header = match table.next()? {
            Some(header) => header.all(),
            None => Vec::new(),
        };
        for (place, name) in table.places.iter_mut().zip(names) {
            let found = header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
            *place = found.ok_or_else(|| ReportError::Column { path: path.to_owned(), column: name })?;
        }
        Ok(table)
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// [`ReportError`] if the file can't be read.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_, COLUMNS>>, ReportError> {
        self.line.clear();
        let length = self.reader.read_until(b'\n', &mut self.line).map_err(ReportError::read(&self.path))?;
        if length == 0 {
            return Ok(None);
        }
        self.line_number += 1;
        while matches!(self.line.last(), Some(b'\n' | b'\r')) {
            self.line.pop();
        }
        self.ends.clear();
        let quoted = memchr::memchr(b'"', &self.line).is_some();
        if quoted {
            self.split_quoted();
        } else {
            self.ends.extend(memchr::memchr_iter(b',', &self.line));
            self.ends.push(self.line.len());
        }
        let cells = if quoted { &self.unquoted } else { &self.line };
        Ok(Some(Row {
            cells,
            ends: &self.ends,
            places: &self.places,
            names: &self.names,
            path: &self.path,
            line_number: self.line_number,
        }))
    }

    /// Takes the cells of the line out of their quotes, with a comma after each as in a plain line.
    fn split_quoted(&mut self) {
        self.unquoted.clear();
        let (mut quoted, mut bytes) = (false, self.line.iter().copied().peekable());
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' if quoted && bytes.peek() == Some(&b'"') => {
                    bytes.next();
                    self.unquoted.push(b'"');
                }
                b'"' => quoted = !quoted,
                b',' if !quoted => {
                    self.ends.push(self.unquoted.len());
                    self.unquoted.push(b',');
                }
                byte => self.unquoted.push(byte),
            }
        }
        self.ends.push(self.unquoted.len());
    }
}

/// One row. Cells are named by their place in the list of columns that the table was opened with.
#[derive(Clone, Copy)]
pub(crate) struct Row<'t, const COLUMNS: usize> {
    cells: &'t [u8],
    ends: &'t [usize],
    places: &'t [usize; COLUMNS],
    names: &'t [&'static str; COLUMNS],
    path: &'t Path,
    line_number: u64,
}

impl<'t, const COLUMNS: usize> Row<'t, COLUMNS> {
    /// The bytes of a cell; nothing if the row is too short.
    pub(crate) fn bytes(&self, column: usize) -> &'t [u8] {
        self.cell(self.places[column])
    }

    fn cell(&self, place: usize) -> &'t [u8] {
        let start = if place == 0 { 0 } else { self.ends.get(place - 1).map_or(self.cells.len(), |end| end + 1) };
        let end = self.ends.get(place).copied().unwrap_or(self.cells.len());
        self.cells.get(start..end).unwrap_or_default()
    }

    /// A text as it was before the guard against spreadsheets; `None` if the cell is empty.
    pub(crate) fn text(&self, column: usize) -> Option<String> {
        let text = String::from_utf8_lossy(self.bytes(column));
        (!text.is_empty()).then(|| unguarded(&text).to_owned())
    }

    /// Whether the cell holds this text, guarded or not.
    pub(crate) fn says(&self, column: usize, text: &str) -> bool {
        std::str::from_utf8(self.bytes(column)).is_ok_and(|cell| unguarded(cell) == text)
    }

    /// A decimal in 10,000 parts; `None` if the cell is empty.
    pub(crate) fn parts(&self, column: usize) -> Result<Option<i64>, ReportError> {
        self.parsed(column, decimal_parts)
    }

    /// A decimal; `None` if the cell is empty.
    pub(crate) fn decimal(&self, column: usize) -> Result<Option<f64>, ReportError> {
        Ok(self.parts(column)?.map(|parts| parts as f64 / PARTS as f64))
    }

    /// A count; `None` if the cell is empty.
    pub(crate) fn count(&self, column: usize) -> Result<Option<u64>, ReportError> {
        self.parsed(column, |bytes| std::str::from_utf8(bytes).ok()?.parse().ok())
    }

    /// A flag; `None` if the cell is empty.
    pub(crate) fn flag(&self, column: usize) -> Result<Option<bool>, ReportError> {
        self.parsed(column, |bytes| match bytes {
            b"0" => Some(false),
            b"1" => Some(true),
            _ => None,
        })
    }

    fn parsed<T>(&self, column: usize, parse: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>, ReportError> {
        match self.bytes(column) {
            b"" => Ok(None),
            bytes => parse(bytes).map(Some).ok_or_else(|| ReportError::Value {
                path: self.path.to_owned(),
                line: self.line_number,
                column: self.names[column],
            }),
        }
    }

    /// Every cell, also of columns that have no name here.
    fn all(&self) -> Vec<String> {
        (0..self.ends.len()).map(|place| String::from_utf8_lossy(self.cell(place)).into_owned()).collect()
    }
}

/// `-1.2346` is −12346. `None` for anything but digits with at most four decimals.
fn decimal_parts(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let (mut parts, mut decimals, mut any) = (0_i64, None, false);
    for &byte in digits {
        match byte {
            b'.' if decimals.is_none() => decimals = Some(0),
            b'0'..=b'9' => {
                any = true;
                decimals = decimals.map(|decimals| decimals + 1);
                parts = parts.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
            }
            _ => return None,
        }
    }
    let missing = 4_u32.checked_sub(decimals.unwrap_or(0))?;
    let parts = parts.checked_mul(10_i64.pow(missing))?;
    any.then_some(if negative { -parts } else { parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{REJECTS, RejectRow, RowEncoder};
    use proptest::prelude::*;

    fn written(rows: &[(String, u64, String)]) -> tempfile::NamedTempFile {
        let mut encoder = RowEncoder::new(&REJECTS, true);
        let mut bytes = encoder.header();
        for (file, line, reason) in rows {
            encoder.encode(&RejectRow { file: file.clone(), line: *line, reason: reason.clone() }, &mut bytes);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(rows in proptest::collection::vec(("([^'\r].*)?", any::<u32>(), "([^'\r](.|\n)*)?"), 0..8)) {
            let rows: Vec<_> = rows.into_iter().map(|(a, b, c)| (a, u64::from(b), c)).collect();
            let file = written(&rows);
            // In another order than they were written in.
            let mut table = Table::open(file.path(), ["reason", "file", "line"]).unwrap();
            let flat = |text: &str| text.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " ");
            for (file, line, reason) in &rows {
                let row = table.next().unwrap().unwrap();
                prop_assert_eq!(row.text(0).unwrap_or_default(), flat(reason));
                prop_assert_eq!(row.text(1).unwrap_or_default(), flat(file));
                prop_assert_eq!(row.count(2).unwrap(), Some(*line));
            }
            prop_assert!(table.next().unwrap().is_none());
        }
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(decimal_parts(b"-1.2346"), Some(-12_346));
        assert_eq!(decimal_parts(b"0.5"), Some(5000));
        assert_eq!(decimal_parts(b"12"), Some(120_000));
        for wrong in [&b"1.23456"[..], b"-", b".", b"1e3", b"1.2.3", b"nan", b"99999999999999999999"] {
            assert_eq!(decimal_parts(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{feff}a,b\n,x\n").unwrap();
        let error = Table::open(file.path(), ["c"]).err().unwrap();
        assert!(matches!(error, ReportError::Column { column: "c", .. }), "{error}");
        let mut table = Table::open(file.path(), ["a", "b"]).unwrap();
        let row = table.next().unwrap().unwrap();
        assert_eq!(row.parts(0).unwrap(), None, "an empty cell is unknown");
        let error = row.parts(1).unwrap_err();
        assert!(error.to_string().ends_with("line 2, column b"), "{error}");
    }
}
