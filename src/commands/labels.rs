//! Reads files of labelled texts: CSV with the columns `text` and `label`, and `weight` if some count more.
//!
//! A label file is small and made by hand, so it is read whole, and a row that can't be used stops the reading
//! with file and line instead of being set aside. Errors never hold a text.

use std::path::{Path, PathBuf};

use crate::model::Label;
use crate::train::{LabelledText, Source};

/// One file of labelled texts.
#[derive(Debug, Clone)]
pub struct LabelFile {
    /// Where it was read from.
    pub path: PathBuf,
    rows: Vec<Row>,
}

/// One row of a label file. `Debug` would print the text, so there is none but the length.
#[derive(Clone)]
struct Row {
    text: String,
    label: Label,
    weight: f32,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({} bytes, {})", self.text.len(), self.label)
    }
}

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
    #[error("{}: no column `{column}`, the columns are {}", path.display(), seen.join(", "))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The columns that there are.
        seen: Vec<String>,
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
    },
}

impl LabelsError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::NoColumn { .. } => Some("the first line must be `text,label` or `text,label,weight`".to_owned()),
            Self::BadRow { .. } => {
                Some("labels are positive, negative, neutral or mixed; a weight is a number above 0".to_owned())
            }
        }
    }
}

impl LabelFile {
    /// Reads a file. Rows without text are left out.
    ///
    /// # Errors
    /// [`LabelsError`] names the file, and the line of the first row that can't be used.
    pub fn read(path: &Path) -> Result<Self, LabelsError> {
        let bytes = std::fs::read(path).map_err(|source| LabelsError::Unreadable { path: path.to_owned(), source })?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
        let columns = Columns::find(path, &mut reader)?;
        let mut rows = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            let line = reader.position().line();
            let bad = |reason| LabelsError::BadRow { path: path.to_owned(), line, reason };
            if !reader.read_record(&mut record).map_err(|_| bad("not UTF-8"))? {
                break;
            }
            rows.extend(columns.row(&record).map_err(bad)?);
        }
        Ok(Self { path: path.to_owned(), rows })
    }

    /// How many labelled texts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The labelled texts.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        let name = self.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let texts = self.rows.iter().map(|row| LabelledText { text: &row.text, label: row.label, weight: row.weight });
        Source { name, texts: texts.collect() }
    }
}

/// Where the fields are in a record.
struct Columns {
    text: usize,
    label: usize,
    weight: Option<usize>,
}

impl Columns {
    fn find(path: &Path, reader: &mut csv::Reader<&[u8]>) -> Result<Self, LabelsError> {
        let bad = |_| LabelsError::BadRow { path: path.to_owned(), line: 1, reason: "not UTF-8" };
        let seen: Vec<String> = reader.headers().map_err(bad)?.iter().map(str::to_owned).collect();
        let place = |name: &str| seen.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        let need = |column: &'static str| {
            place(column).ok_or_else(|| LabelsError::NoColumn { path: path.to_owned(), column, seen: seen.clone() })
        };
        Ok(Self { text: need("text")?, label: need("label")?, weight: place("weight") })
    }

    /// A row, or `None` if it has no text.
    fn row(&self, record: &csv::StringRecord) -> Result<Option<Row>, &'static str> {
        let text = record.get(self.text).unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(None);
        }
        let label = record.get(self.label).unwrap_or_default();
        let label = label.parse().map_err(|_| "unknown label")?;
        let weight = match self.weight.and_then(|at| record.get(at)).map(str::trim) {
            None | Some("") => 1.0,
            Some(weight) => weight.parse().map_err(|_| "the weight is not a number")?,
        };
        if !(weight > 0.0 && weight < f32::INFINITY) {
            return Err("the weight is not above 0");
        }
        Ok(Some(Row { text: text.to_owned(), label, weight }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<LabelFile, LabelsError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), content).expect("writable");
        LabelFile::read(file.path())
    }

    #[test]
    fn columns_are_found_in_any_order_and_rows_without_text_left_out() {
        let file = read(b"\xef\xbb\xbfLabel,id,TEXT\nPositive,1,\"so\ngood\"\nneutral,2,\n").expect("a label file");
        let source = file.source();
        assert_eq!((file.len(), source.texts[0].text, source.texts[0].label), (1, "so\ngood", Label::Positive));
    }

    #[test]
    fn the_first_bad_row_is_named_by_its_line_and_never_quoted() {
        let error = read(b"text,label\nfine,neutral\nsecret,happy\n").expect_err("no such label").to_string();
        assert!(error.ends_with(":3: unknown label") && !error.contains("secret"), "{error}");
        for weight in ["0", "-1", "inf", "NaN", "much"] {
            assert!(read(format!("text,label,weight\na,neutral,{weight}\n").as_bytes()).is_err(), "{weight}");
        }
        assert!(read(b"text,label\n\xff\xfe,neutral\n").is_err());
    }

    #[test]
    fn a_missing_column_is_named_with_those_seen() {
        let error = read(b"words,label\na,neutral\n").expect_err("no text column");
        assert!(error.to_string().contains("no column `text`, the columns are words, label"), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn a_missing_file_says_so() {
        assert!(matches!(LabelFile::read(Path::new("no/such.csv")), Err(LabelsError::Unreadable { .. })));
    }
}
