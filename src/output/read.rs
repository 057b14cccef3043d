//! Reading the tables of a run again, row by row, into types whose fields have the names of the columns.
//!
//! A row type derives `Deserialize` and takes its cells through the functions below: an empty cell is `None`, a
//! text is without its guard against spreadsheets, a decimal is a number. A cell that its column can't hold is
//! refused, with its line.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use csv::{DeserializeErrorKind, StringRecord};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};

use super::directory::PART_FILE;
use super::unguarded;
use crate::exit::{ExitCode, Stops};
use crate::sentiment::{Label, Millionths};

const BUFFER_BYTES: usize = 1 << 18;

/// A file of a run can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is missing, or can't be read.
    #[error("can't read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A table lacks a column, or a cell does not hold what its column is for.
    #[error("{path} can't be understood: line {line}, {what}")]
    Row {
        /// The table.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, never its content.
        what: String,
    },
    /// run.json is not what this program writes.
    #[error("can't understand {path}")]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl ReadError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// Whether the file is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl Stops for ReadError {
    fn code(&self) -> ExitCode {
        match self {
            _ if self.is_missing() => ExitCode::NoInput,
            Self::File { .. } => ExitCode::Unexpected,
            Self::Row { .. } | Self::Record { .. } => ExitCode::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File { path, .. } if self.is_missing() && path.with_file_name(PART_FILE).exists() => {
                Some("it is a part of a run: name the directory that `undertone merge PART… --out DIR` makes of all parts".into())
            }
            Self::File { .. } if self.is_missing() => {
                Some("name the directory that `undertone analyze --out DIR` wrote, or `latest` in that of `nightly --into DIR`".into())
            }
            Self::File { .. } => None,
            Self::Row { .. } | Self::Record { .. } => {
                Some("the file was changed, or written by another version: run `undertone analyze` again".into())
            }
        }
    }
}

/// A table that is being read.
pub(crate) struct TableReader {
    path: PathBuf,
    reader: csv::Reader<File>,
    columns: StringRecord,
    row: StringRecord,
}

impl TableReader {
    /// Opens the table before its first row.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(ReadError::file(path))?;
        let reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER_BYTES).from_reader(file);
        let mut table = Self { path: path.to_owned(), reader, columns: StringRecord::new(), row: StringRecord::new() };
        table.columns = table.reader.headers().cloned().map_err(|error| table.error(error))?;
        if table.columns.is_empty() {
            return Err(table.refused(1, "no column".to_owned()));
        }
        Ok(table)
    }

    /// Goes to the next row; `false` after the last.
    pub(crate) fn advance(&mut self) -> Result<bool, ReadError> {
        self.reader.read_record(&mut self.row).map_err(|error| self.error(error))
    }

    /// The row.
    pub(crate) fn row<'t, R: Deserialize<'t>>(&'t self) -> Result<R, ReadError> {
        self.row.deserialize(Some(&self.columns)).map_err(|error| self.error(error))
    }

    /// The row's columns whose names begin with `prefix`, by the rest of their names.
    pub(crate) fn row_after<R: DeserializeOwned>(&self, prefix: &str) -> Result<R, ReadError> {
        let rest = |column| str::strip_prefix(column, prefix).unwrap_or_default();
        let columns: StringRecord = self.columns.iter().map(rest).collect();
        self.row.deserialize(Some(&columns)).map_err(|error| self.error(error))
    }

    /// Goes to the next row of a call; `false` if there is none.
    pub(crate) fn advance_to_call(&mut self, call_id: &str) -> Result<bool, ReadError> {
        let place = self.columns.iter().position(|column| column == "call_id");
        while self.advance()? {
            if place.and_then(|place| self.row.get(place)).is_some_and(|cell| unguarded(cell) == call_id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn error(&self, error: csv::Error) -> ReadError {
        let line = error.position().map_or(self.reader.position().line(), csv::Position::line);
        let column = |number| format!("column {}", self.columns.get(number).unwrap_or_default());
        match error.into_kind() {
            csv::ErrorKind::Io(source) => ReadError::File { path: self.path.clone(), source },
            csv::ErrorKind::Deserialize { err, .. } => {
                let field = err.field().and_then(|field| usize::try_from(field).ok());
                let what = match (field, err.kind()) {
                    (Some(field), _) => column(field),
                    // It names the column; other messages may quote the cell.
                    (None, DeserializeErrorKind::Message(text)) if text.starts_with("missing field") => text.clone(),
                    (None, _) => "a cell".to_owned(),
                };
                self.refused(line, what)
            }
            _ => self.refused(line, "not a row of this table".to_owned()),
        }
    }

    fn refused(&self, line: u64, what: String) -> ReadError {
        ReadError::Row { path: self.path.clone(), line, what }
    }
}

/// A text; `None` if the cell is empty.
pub(crate) fn text<'de, D: Deserializer<'de>, T: From<&'de str>>(cell: D) -> Result<Option<T>, D::Error> {
    let text = <&str>::deserialize(cell)?;
    Ok((!text.is_empty()).then(|| unguarded(text).into()))
}

/// A text that is not unknown, though it may be empty.
pub(crate) fn name<'de, D: Deserializer<'de>, T: From<&'de str>>(cell: D) -> Result<T, D::Error> {
    Ok(text(cell)?.unwrap_or_else(|| "".into()))
}

/// A decimal; `None` if the cell is empty.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(cell)? {
        Some(value) if !value.is_finite() => Err(D::Error::custom("not a number")),
        value => Ok(value),
    }
}

/// A decimal in millionths; `None` if the cell is empty.
pub(crate) fn millionths<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<Millionths>, D::Error> {
    Ok(decimal(cell)?.map(Millionths::nearest))
}

/// A count or a word of the program's own; `None` if the cell is empty. Unlike a bare `Option`, it needs its column.
pub(crate) fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(cell: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(cell)
}

/// A flag; `None` if the cell is empty.
pub(crate) fn flag<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<bool>, D::Error> {
    match Option::<u8>::deserialize(cell)? {
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(_) => Err(D::Error::custom("neither 0 nor 1")),
        None => Ok(None),
    }
}

/// A call's label; `None` if the cell is empty.
pub(crate) fn label<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<Label>, D::Error> {
    match <&str>::deserialize(cell)? {
        "" => Ok(None),
        label => label.parse().map(Some).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::output::{REJECTS, RejectRow, RowEncoder, read_back};
    use proptest::prelude::*;
    use serde::Deserialize;

    /// In another order than the columns.
    #[derive(Deserialize)]
    struct Reject<'a> {
        #[serde(borrow, deserialize_with = "name")]
        reason: Cow<'a, str>,
        #[serde(borrow, deserialize_with = "name")]
        file: Cow<'a, str>,
        line: u64,
    }

    #[derive(Debug, Deserialize)]
    struct Cells {
        #[serde(deserialize_with = "millionths")]
        a: Option<Millionths>,
        #[serde(deserialize_with = "flag")]
        b: Option<bool>,
    }

    fn table(bytes: impl AsRef<[u8]>) -> (tempfile::NamedTempFile, Result<TableReader, ReadError>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let table = TableReader::open(file.path());
        (file, table)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(rows in proptest::collection::vec(("(.|\n)*", any::<u32>(), "'?=?(.|\n)*"), 0..8), guard: bool) {
            let mut encoder = RowEncoder::new(&REJECTS, guard);
            let mut bytes = encoder.header();
            let rows: Vec<RejectRow> =
                rows.into_iter().map(|(file, line, reason)| RejectRow { file, line: line.into(), reason }).collect();
            for row in &rows {
                encoder.encode(row, &mut bytes);
            }
            let (_file, table) = table(bytes);
            let mut table = table.unwrap();
            for row in &rows {
                prop_assert!(table.advance().unwrap());
                let read: Reject<'_> = table.row().unwrap();
                prop_assert_eq!(&read.reason, &read_back(&row.reason, guard));
                prop_assert_eq!(&read.file, &read_back(&row.file, guard));
                prop_assert_eq!(read.line, row.line);
            }
            prop_assert!(!table.advance().unwrap());
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_never_quoted() {
        let wrong = |text: &str| {
            let (_file, table) = table(text);
            let mut table = table?;
            while table.advance()? {
                table.row::<Cells>()?;
            }
            Ok(())
        };
        for (text, said) in [
            ("", "line 1, no column"),
            ("b,c\n1,x\n", "line 2, missing field `a`"),
            ("a,b\n0.5,1\n.5x,1\n", "line 3, column a"),
            ("a,b\n0.5,secret\n", "line 2, column b"),
            ("a,b\n0.5,2\n", "line 2, a cell"),
            ("a,b\nnan,1\n", "line 2, a cell"),
            ("a,b\n0.5\n", "line 2, not a row of this table"),
        ] {
            let error: ReadError = wrong(text).unwrap_err();
            assert!(error.to_string().ends_with(said) && error.hint().is_some(), "{text:?}: {error}");
        }
        wrong("\u{feff}b,c,a\n,x,-1.2346\n").unwrap();
    }

    #[test]
    fn columns_of_a_role_are_read_by_the_rest_of_their_names() {
        let (_file, table) = table("call_id,agent_a,agent_b,customer_b,customer_a\n'=x,0.1,1,,-1.2346\n");
        let mut table = table.unwrap();
        assert!(table.advance_to_call("=x").unwrap());
        let cells: Cells = table.row_after("customer_").unwrap();
        assert_eq!((cells.a, cells.b), (Some(Millionths(-1_234_600)), None));
        assert!(!table.advance_to_call("=x").unwrap());
    }
}
