//! What people said, in CSV files made by hand: labelled texts ([`LabelFile`]) and rated calls ([`RatingFile`]).
//!
//! Such a file is small and precious, so it is read whole, and a row that can't be used stops the reading with
//! file and line instead of being set aside. Errors never hold a text, nor the names of a first line that is no header.

mod ratings;
mod texts;

use std::path::{Path, PathBuf};

pub use ratings::{Better, RatingFile, RatingOptions};
pub(in crate::input) use ratings::{rating, rating_names};
pub use texts::LabelFile;

use super::field::fold;
use super::quote;
use crate::exit::{ExitCode, Stops};

/// Why a label file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The file can't be opened or read.
    #[error("can't read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A needed column is missing.
    #[error("{}: no column `{column}`; {seen}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The columns that there are, in words.
        seen: String,
        /// What the file must hold.
        wanted: &'static str,
    },
    /// A row can't be used.
    #[error("{}:{line}: {reason}", path.display())]
    BadRow {
        /// The file.
        path: PathBuf,
        /// The row's first line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
        /// What it must be instead.
        wanted: &'static str,
    },
}

impl Stops for LabelsError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Unreadable { .. } => ExitCode::NoInput,
            Self::NoColumn { .. } | Self::BadRow { .. } => ExitCode::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::NoColumn { wanted, .. } | Self::BadRow { wanted, .. } => Some((*wanted).to_owned()),
        }
    }
}

/// A label file that was read, with its columns known and its rows still to come.
struct Rows<'a> {
    path: &'a Path,
    columns: Vec<String>,
    bytes: Vec<u8>,
    /// What stands between two cells.
    delimiter: u8,
}

impl<'a> Rows<'a> {
    fn open(path: &'a Path) -> Result<Self, LabelsError> {
        let bytes = std::fs::read(path).map_err(|source| LabelsError::Unreadable { path: path.to_owned(), source })?;
        let delimiter = delimiter(&bytes);
        let headers = reader(&bytes, delimiter)
            .headers()
            .map(|headers| headers.iter().map(|name| name.trim().to_owned()).collect());
        let columns = headers.map_err(|_| bad_row(path, 1, "not UTF-8", SAVE_AS_UTF8))?;
        Ok(Self { path, columns, bytes, delimiter })
    }

    /// Where the column of this name is, in any case.
    fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.eq_ignore_ascii_case(name))
    }

    fn need(&self, column: &str, wanted: &'static str) -> Result<usize, LabelsError> {
        self.place(column).ok_or_else(|| LabelsError::NoColumn {
            path: self.path.to_owned(),
            column: column.to_owned(),
            seen: self.seen(),
            wanted,
        })
    }

    /// The columns, in words. If none has a known name, the first line may be a row.
    fn seen(&self) -> String {
        let known = |column: &String| {
            let folded = fold(column);
            ["text", "label", "weight", "sampleweight", "callid"]
                .into_iter()
                .chain(rating_names())
                .any(|name| name == folded)
        };
        if self.columns.iter().any(known) {
            quote::columns(&self.columns)
        } else {
            format!("none of the {} columns in line 1 has a known name", self.columns.len())
        }
    }

    /// All rows that `row` makes something of; the first that it refuses ends the reading. `wanted` says what rows
    /// must be like.
    fn collect<T>(
        &self,
        wanted: &'static str,
        mut row: impl FnMut(&csv::StringRecord) -> Result<Option<T>, &'static str>,
    ) -> Result<Vec<T>, LabelsError> {
        let mut reader = reader(&self.bytes, self.delimiter);
        let mut record = csv::StringRecord::new();
        let mut rows = Vec::new();
        // The reader passes over the headers by itself.
        reader.headers().map_err(|_| bad_row(self.path, 1, "not UTF-8", SAVE_AS_UTF8))?;
        loop {
            let line = self.line_at(reader.position());
            match reader.read_record(&mut record) {
                Ok(false) => return Ok(rows),
                Ok(true) => rows.extend(row(&record).map_err(|reason| bad_row(self.path, line, reason, wanted))?),
                Err(_) => return Err(bad_row(self.path, line, "not UTF-8", SAVE_AS_UTF8)),
            }
        }
    }

    /// The line on which the record after this position begins. The reader may stop between `\r` and `\n`, and passes
    /// over empty lines only when it reads on.
    fn line_at(&self, position: &csv::Position) -> u64 {
        let rest = usize::try_from(position.byte()).ok().and_then(|at| self.bytes.get(at..)).unwrap_or_default();
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + breaks.filter(|byte| **byte == b'\n').count() as u64
    }

    /// The file's name without folder and ending.
    fn name(&self) -> String {
        self.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }
}

const SAVE_AS_UTF8: &str = "save the file as CSV in UTF-8";

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(bytes)
}

/// What stands between the names of the first line: the one of comma, semicolon and tab that is there most often.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let count = |delimiter: &u8| line.split(|byte| byte == delimiter).count();
    // Of equals the last one counts.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

fn bad_row(path: &Path, line: u64, reason: &'static str, wanted: &'static str) -> LabelsError {
    LabelsError::BadRow { path: path.to_owned(), line, reason, wanted }
}

/// The texts of a file whose rows are texts by themselves, whether or not they have labels; `None` if they are turns of
/// calls.
///
/// # Errors
/// [`LabelsError`] when it can't be read, or a row is not UTF-8.
pub fn texts_by_themselves(path: &Path) -> Result<Option<Vec<String>>, LabelsError> {
    let rows = Rows::open(path)?;
    let (Some(text), None) = (rows.place("text"), rows.place("call_id")) else { return Ok(None) };
    let row = |record: &csv::StringRecord| Ok(record.get(text).filter(|text| !text.is_empty()).map(str::to_owned));
    rows.collect(SAVE_AS_UTF8, row).map(Some)
}

/// Whether a file holds rated calls and not labelled texts, by its columns.
///
/// # Errors
/// [`LabelsError`] when it can't be read.
pub fn holds_ratings(path: &Path) -> Result<bool, LabelsError> {
    let rows = Rows::open(path)?;
    Ok(rows.place("text").is_none() && rows.place("call_id").is_some())
}
