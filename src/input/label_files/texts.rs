//! Labelled texts: the columns `text` and `label`, and `weight` if some count more.
//!
//! The file of `undertone sample` has `sample_weight` instead: whole numbers of which only the ratios count, and rows whose
//! label nobody has filled in yet, which are left out.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{LabelsError, Rows};
use crate::output::unguarded;
use crate::sentiment::Label;
use crate::train::{LabelledText, Source};

/// What a file of labelled texts holds.
const COLUMNS: &str = "the first line must be `text,label` or `text,label,weight`, or that of `undertone sample`";
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
    /// Reads a file. Rows without text are left out, and those of a sample that have no label yet; a sample's weights have a mean
    /// of 1.
    ///
    /// # Errors
    /// [`LabelsError`] names the file, and the line of the first row that can't be used.
    pub fn read(path: &Path) -> Result<Self, LabelsError> {
        let rows = Rows::open(path)?;
        let (text, label) = (rows.need("text", COLUMNS)?, rows.need("label", COLUMNS)?);
        let sample_weight = rows.place("sample_weight");
        let weight = sample_weight.or_else(|| rows.place("weight"));
        let columns = Columns { text, label, weight, is_sample: sample_weight.is_some() };
        let sha256 = Sha256::digest(&rows.bytes).into();
        let mut labelled = rows.collect(VALUES, |record| columns.row(record))?;
        if columns.is_sample {
            even_out(&mut labelled);
        }
        Ok(Self { name: rows.name(), sha256, rows: labelled })
    }

    /// How many labelled texts it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The labelled texts.
    pub fn source(&self) -> Source<'_> {
        let texts = self.rows.iter().map(|row| LabelledText {
            text: &row.text,
            label: row.label,
            scores: None,
            weight: row.weight,
        });
        Source { name: self.name.clone(), texts: texts.collect() }
    }
}

/// Where the fields are in a record.
struct Columns {
    text: usize,
    label: usize,
    weight: Option<usize>,
    /// Whether people were to fill the labels in.
    is_sample: bool,
}

/// Makes the mean of the weights 1.
fn even_out(rows: &mut [Row]) {
    let mean = rows.iter().map(|row| f64::from(row.weight)).sum::<f64>() / rows.len().max(1) as f64;
    for row in rows {
        #[expect(clippy::cast_possible_truncation, reason = "weights are read in this precision")]
        let weight = (f64::from(row.weight) / mean) as f32;
        row.weight = weight;
    }
}

impl Columns {
    /// A row, or `None` if it has no text.
    fn row(&self, record: &csv::StringRecord) -> Result<Option<Row>, &'static str> {
        // Spreadsheets keep the guard of a cell that looks like a formula.
        let text = unguarded(record.get(self.text).unwrap_or_default().trim());
        if text.is_empty() {
            return Ok(None);
        }
        let label = record.get(self.label).unwrap_or_default();
        if self.is_sample && label.trim().is_empty() {
            return Ok(None);
        }
        let label = label.trim().parse().map_err(|_| "unknown label")?;
        let weight = match self.weight.and_then(|at| record.get(at)).map(str::trim) {
            None | Some("") => 1.0,
            Some(weight) => number(weight).ok_or("the weight is not a number")?,
        };
        if !(weight > 0.0 && weight < f32::INFINITY) {
            return Err("the weight is not above 0");
        }
        Ok(Some(Row { text: text.to_owned(), label, weight }))
    }
}

/// A number with a decimal point, or with the comma that many spreadsheets write.
fn number(text: &str) -> Option<f32> {
    text.parse().ok().or_else(|| text.replacen(',', ".", 1).parse().ok())
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
    fn a_sample_that_a_spreadsheet_saved_again_reads_as_before() {
        let read_weights = |content: &str| {
            let file = read(content.as_bytes()).expect("a label file");
            file.source().texts.iter().map(|text| (text.text.to_owned(), text.label, text.weight)).collect::<Vec<_>>()
        };
        let written = read_weights(
            "text,label,sample_weight,of_call\n'=so,negative,500,1\n\"a; b\",positive,1500,2\nno,,900,3\n",
        );
        assert_eq!(written, [("=so".to_owned(), Label::Negative, 0.5), ("a; b".to_owned(), Label::Positive, 1.5)]);
        for saved in [
            "\u{feff}text;label;sample_weight;of_call\r\n'=so;Negative;500;01. Jan\r\n\"a; b\";positive ;1500,0;2\r\nno;;900;3\r\n;;;\r\n",
            "text\tlabel\tsample_weight\tof_call\r\n\"'=so\"\t negative\t500\t1E+05\r\na; b\tPOSITIVE\t1500\t2\r\n",
            "\"sample_weight\",\"Label\",\"Text\"\n\"500\",\"negative\",\"'=so\"\n\"1500\",\"positive\",\"a; b\"\n",
        ] {
            assert_eq!(read_weights(saved), written, "{saved:?}");
        }
        let decimals = read_weights("text;label;weight\na;neutral;0,5\nb;neutral;2.5\n");
        assert_eq!(decimals.iter().map(|row| row.2).collect::<Vec<_>>(), [0.5, 2.5], "other weights are as they are");
    }

    #[test]
    fn words_of_other_labels_are_named_by_their_line_with_the_labels_that_there_are() {
        let error = read(b"text,label,sample_weight\nfine,,1\nsecret,gut,1\n").expect_err("no such label");
        assert!(error.to_string().ends_with(":3: unknown label"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("positive, negative, neutral or mixed")));
        assert!(read(b"text,label\nfine,\n").is_err(), "a label file that is no sample has all labels");
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
