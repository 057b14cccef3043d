//! Rated calls: the column `call_id` and a number that somebody gave each call, such as a satisfaction survey's.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::{LabelsError, Rows};

/// What a file of rated calls holds.
const COLUMNS: &str = "the first line must be `call_id,rating`; name another column with --rating COLUMN";
/// What its rows hold.
const VALUES: &str = "each call has one row, with a number as its rating; a call that was not rated has an empty one";

/// Names of rating columns, and which end of their scale is the happy one.
const KNOWN: [(&str, Better); 14] = [
    ("rating", Better::High),
    ("satisfaction", Better::High),
    ("csat", Better::High),
    ("stars", Better::High),
    ("nps", Better::High),
    ("resolved", Better::High),
    ("annoyed", Better::Low),
    ("dissatisfied", Better::Low),
    ("unhappy", Better::Low),
    ("angry", Better::Low),
    ("complaint", Better::Low),
    ("complained", Better::Low),
    ("effort", Better::Low),
    ("churned", Better::Low),
];

/// The names of rating columns that are known.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(name, _)| *name)
}

/// Which end of a rating's scale is the happy one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better, as with stars.
    High,
    /// Less is better, as with complaints.
    Low,
}

/// What the file does not say by itself.
#[derive(Debug, Clone, Default)]
pub struct RatingOptions {
    /// The column of ratings; else the first one that has a known name.
    pub column: Option<String>,
    /// Which end is the happy one; else what the column's name says, else the high one.
    pub better: Option<Better>,
}

/// One file of rated calls.
#[derive(Debug, Clone)]
pub struct RatingFile {
    /// Its name without folder and ending.
    pub name: String,
    /// The column that was taken for the rating.
    pub column: String,
    /// Which end of it is the happy one.
    pub better: Better,
    /// The rating of each call as it stands in the file.
    pub ratings: FxHashMap<Box<str>, f64>,
}

impl RatingFile {
    /// Reads a file. Rows without a rating are left out.
    ///
    /// # Errors
    /// [`LabelsError`] names the file, and the line of the first row that can't be used: one with a rating that is
    /// not a number, or a second one of a call with another rating.
    pub fn read(path: &Path, options: &RatingOptions) -> Result<Self, LabelsError> {
        let rows = Rows::open(path)?;
        let call = rows.need("call_id", COLUMNS)?;
        let first_known = KNOWN.iter().find(|(name, _)| rows.place(name).is_some());
        let column = options.column.as_deref().unwrap_or_else(|| first_known.map_or("rating", |(name, _)| name));
        let by_name = KNOWN.iter().find(|(name, _)| column.eq_ignore_ascii_case(name));
        let place = rows.need(column, COLUMNS)?;
        let mut ratings = FxHashMap::default();
        rows.collect(VALUES, |record| {
            let Some((call, rating)) = row(record, call, place)? else { return Ok(None) };
            match ratings.insert(call, rating) {
                Some(other) if other.to_bits() != rating.to_bits() => Err("a second rating of the same call"),
                _ => Ok(Some(())),
            }
        })?;
        let better = options.better.or(by_name.map(|(_, better)| *better)).unwrap_or(Better::High);
        Ok(Self { name: rows.name(), column: column.to_owned(), better, ratings })
    }
}

/// A row's call and rating, or `None` if it has no rating.
fn row(record: &csv::StringRecord, call: usize, rating: usize) -> Result<Option<(Box<str>, f64)>, &'static str> {
    let cell = |place: usize| record.get(place).unwrap_or_default().trim();
    if cell(rating).is_empty() {
        return Ok(None);
    }
    let number = match cell(rating) {
        yes if ["true", "yes"].iter().any(|word| yes.eq_ignore_ascii_case(word)) => 1.0,
        no if ["false", "no"].iter().any(|word| no.eq_ignore_ascii_case(word)) => 0.0,
        number => number.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or("the rating is not a number")?,
    };
    if cell(call).is_empty() {
        return Err("no call id");
    }
    Ok(Some((cell(call).into(), number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str, options: &RatingOptions) -> Result<RatingFile, LabelsError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), content).expect("writable");
        RatingFile::read(file.path(), options)
    }

    #[test]
    fn a_known_column_says_which_end_is_the_happy_one() {
        let file = read("call_id,annoyed\na,1\nb,0\nc,\n", &RatingOptions::default()).expect("ratings");
        assert_eq!((file.column.as_str(), file.better, file.ratings.len()), ("annoyed", Better::Low, 2));
        assert_eq!(file.ratings.get("a"), Some(&1.0));
        let file = read("stars,Call_ID\n5,a\n", &RatingOptions::default()).expect("ratings");
        assert_eq!((file.better, file.ratings.get("a")), (Better::High, Some(&5.0)));
    }

    #[test]
    fn any_column_can_be_named_and_turned() {
        let options = RatingOptions { column: Some("Grief".into()), better: Some(Better::Low) };
        let file = read("call_id,grief\na,3\nb,yes\n", &options).expect("ratings");
        assert_eq!((file.better, file.ratings.get("b")), (Better::Low, Some(&1.0)));
        assert!(matches!(read("call_id,x\na,1\n", &options), Err(LabelsError::NoColumn { .. })));
    }

    #[test]
    fn rows_that_contradict_or_are_no_numbers_are_named_by_line() {
        for (content, line) in
            [("call_id,rating\na,1\na,2\n", 3), ("call_id,rating\na,good\n", 2), ("call_id,rating\n,2\n", 2)]
        {
            let error = read(content, &RatingOptions::default()).expect_err("a bad row");
            assert!(matches!(error, LabelsError::BadRow { line: at, .. } if at == line), "{error}");
        }
        assert!(read("call_id,rating\na,1\na,1\n", &RatingOptions::default()).is_ok());
    }
}
