//! Labelled texts: the columns `text` and `label`, and `weight` if some count more.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{LabelsError, Rows};
use crate::sentiment::Label;
use crate::train::{LabelledText, Source};

/// What a file of labelled texts holds.
const COLUMNS: &str = "the first line must be `text,label` or `text,label,weight`";
/// What its rows hold.
const VALUES: &str = "labels are positive, negative, neutral or mixed; a weight is a number above 0";

/// One file of labelled texts.
#[derive(Debug, Clone)]
pub struct LabelFile {
    /// Its name without folder and ending.
    pub name: String,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
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

impl LabelFile {
    /// Reads a file. Rows without text are left out.
    ///
    /// # Errors
    /// [`LabelsError`] names the file, and the line of the first row that can't be used.
    pub fn read(path: &Path) -> Result<Self, LabelsError> {
        let rows = Rows::open(path)?;
        let (text, label) = (rows.need("text", COLUMNS)?, rows.need("label", COLUMNS)?);
        let columns = Columns { text, label, weight: rows.place("weight") };
        let sha256 = Sha256::digest(&rows.bytes).into();
        Ok(Self { name: rows.name(), sha256, rows: rows.collect(VALUES, |record| columns.row(record))? })
    }

    /// How many labelled texts it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The labelled texts.
    pub fn source(&self) -> Source<'_> {
        let texts = self.rows.iter().map(|row| LabelledText { text: &row.text, label: row.label, weight: row.weight });
        Source { name: self.name.clone(), texts: texts.collect() }
    }
}

/// Where the fields are in a record.
struct Columns {
    text: usize,
    label: usize,
    weight: Option<usize>,
}

impl Columns {
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
    use crate::exit::Stops as _;

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
        for (content, line) in [
            ("text,label\r\nfine,neutral\r\nsecret,happy\r\n", 3),
            ("\u{feff}text,label\r\nfine,neutral\r\nsecret,happy\r\n", 3),
            ("text,label\r\nsecret,happy\r\n", 2),
            ("text,label\n\n\nfine,neutral\n\r\n\nsecret,happy", 7),
            ("text,label\r\n\"so\r\nfine\",neutral\r\nsecret,happy\r\n", 4),
        ] {
            let error = read(content.as_bytes()).expect_err("no such label").to_string();
            assert!(error.ends_with(&format!(":{line}: unknown label")), "{error} in {content:?}");
        }
        for weight in ["0", "-1", "inf", "NaN", "much"] {
            assert!(read(format!("text,label,weight\na,neutral,{weight}\n").as_bytes()).is_err(), "{weight}");
        }
        assert!(read(b"text,label\n\xff\xfe,neutral\n").is_err());
    }

    #[test]
    fn a_missing_column_is_named_with_those_seen() {
        let error = read(b"words,label\na,neutral\n").expect_err("no text column");
        assert!(error.to_string().contains("no column `text`; the columns are \"words\", \"label\""), "{error}");
        assert!(error.hint().is_some());
        let error = read(b"my secret,positive\nb,neutral\n").expect_err("no header");
        assert!(error.to_string().ends_with("none of the 2 columns in line 1 has a known name"), "{error}");
    }

    #[test]
    fn a_missing_file_says_so() {
        assert!(matches!(LabelFile::read(Path::new("no/such.csv")), Err(LabelsError::Unreadable { .. })));
    }
}
