//! Rated calls: the column `call_id` and a number that somebody gave each call, such as a satisfaction survey's.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::super::field::fold;
use super::{LabelsError, Rows};

/// What a file of rated calls holds.
const COLUMNS: &str = "the first line must be `call_id,rating`; name another column with --rating COLUMN";
/// What its rows hold.
const VALUES: &str = "each call has one row, with a number as its rating; a call that was not rated has an empty one";

/// Names of columns of ratings whose high end is the happy one, folded as [`fold`] does.
const HIGH: [&str; 13] = [
    "rating",
    "satisfaction",
    "csat",
    "stars",
    "nps",
    "resolved",
    "csatscore",
    "npsscore",
    "surveyscore",
    "customerrating",
    "customersatisfaction",
    "satisfactionscore",
    "satisfactionrating",
];
/// Names of those whose low end is.
const LOW: [&str; 8] = ["annoyed", "dissatisfied", "unhappy", "angry", "complaint", "complained", "effort", "churned"];
/// What stands in a column of ratings where there is none.
const NONE: [&str; 7] = ["", "-", "n/a", "na", "nan", "none", "null"];

/// The names of rating columns that are known, folded as [`fold`] does.
pub(in crate::input) fn rating_names() -> impl Iterator<Item = &'static str> {
    HIGH.into_iter().chain(LOW)
}

/// Which end of a rating's scale is the happy one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better, as with stars.
    High,
    /// Less is better, as with complaints.
    Low,
}

impl Better {
    /// What the name of a column of ratings tells.
    fn of(column: &str) -> Option<Self> {
        let folded = fold(column);
        let is_in = |names: &[&str]| names.contains(&folded.as_str());
        if is_in(&HIGH) { Some(Self::High) } else { is_in(&LOW).then_some(Self::Low) }
    }
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
        let known = || rating_names().find_map(|name| rows.columns.iter().find(|column| fold(column) == name));
        let column = options.column.as_deref().or_else(|| known().map(String::as_str)).unwrap_or("rating");
        let place = rows.need(column, COLUMNS)?;
        let mut ratings = FxHashMap::default();
        rows.collect(VALUES, |record| {
            let Some((call, rating)) = row(record, call, place)? else { return Ok(None) };
            match ratings.insert(call, rating) {
                Some(other) if other.to_bits() != rating.to_bits() => Err("a second rating of the same call"),
                _ => Ok(Some(())),
            }
        })?;
        Ok(Self::of(rows.name(), column, options.better, ratings))
    }

    /// Ratings that stood in a column of this name.
    #[must_use]
    pub fn of(name: String, column: &str, better: Option<Better>, ratings: FxHashMap<Box<str>, f64>) -> Self {
        let better = better.or_else(|| Better::of(column)).unwrap_or(Better::High);
        Self { name, column: column.to_owned(), better, ratings }
    }
}

/// The number that a cell of ratings holds; `None` if it holds none.
///
/// # Errors
/// What is wrong with it, without its words.
pub(in crate::input) fn rating(cell: &str) -> Result<Option<f64>, &'static str> {
    /// No scale goes so far, and a rating of a call is kept in millionths.
    const MOST: f64 = 1e9;
    let cell = cell.trim();
    let is_any = |words: &[&str]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is_any(&NONE) {
        return Ok(None);
    }
    let number = if is_any(&["true", "yes"]) {
        Some(1.0)
    } else if is_any(&["false", "no"]) {
        Some(0.0)
    } else {
        cell.parse::<f64>().ok().filter(|number| number.abs() <= MOST)
    };
    number.map(Some).ok_or("the rating is not a number")
}

/// A row's call and rating, or `None` if it has no rating.
fn row(record: &csv::StringRecord, call: usize, rating: usize) -> Result<Option<(Box<str>, f64)>, &'static str> {
    let cell = |place: usize| record.get(place).unwrap_or_default().trim();
    let Some(number) = self::rating(cell(rating))? else { return Ok(None) };
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
        let file = read("call_id,CSAT Score\na,n/a\nb,NaN\nc,3\n", &RatingOptions::default()).expect("ratings");
        assert_eq!((file.column.as_str(), file.ratings.len()), ("CSAT Score", 1));
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
