//! Rows that can't be used: where they stand and why, and how many of them are too many.
//!
//! A reason is one of a fixed list and never quotes the row, so that the list can be written to a file that people
//! share. The first [`KEPT`] are listed one by one; those beyond are counted, and each file's stand in one line.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::error::InputError;
use super::field::Field;
use crate::sentiment::Millionths;

/// How many of the rejected rows an error shows.
const SHOWN: usize = 5;
/// How many rejected rows are listed one by one.
const KEPT: usize = 100_000;
/// From so many rejects on, a share that is passed stops the run before all rows are read.
const EARLY_STOP: u64 = 1_000_000;

/// Why a row can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The call id is empty.
    NoCallId,
    /// A contact record of this call stands above.
    SecondRecord,
    /// The speaker is empty.
    NoSpeaker,
    /// The start or end is not a time in a known form, or lies outside 1980 to 2099, or is a negative offset.
    BadTime,
    /// The call date is not a date in a known form.
    BadDate,
    /// The turn index is not a whole number.
    BadTurnIndex,
    /// The row has more or fewer fields than the header.
    FieldCount {
        /// Fields in the row.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// A quote opens in this row and never closes.
    UnclosedQuote,
    /// The line lies inside a quote that opens earlier and never closes.
    InsideUnclosedQuote {
        /// The line on which the row with the quote begins.
        opened: u64,
    },
    /// The row is not valid UTF-8 although its file is UTF-8.
    NotUtf8,
    /// The row holds a NUL byte.
    NulByte,
    /// No line of a whole conversation's text begins with a speaker's label.
    NoLabel,
    /// Speakers' labels stand within the lines of a conversation's text where no turn may begin: its line breaks were lost.
    LabelWithinLine,
    /// A column of names holds a sentence in this row: its fields are shifted.
    SentenceIn(Field),
    /// A record of a file that is no table.
    Record {
        /// Which one of the file, from 1.
        number: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Stands for the rows of a file that are not listed one by one.
    NotListed {
        /// How many they are.
        rows: u64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCallId => f.write_str("no call id"),
            Self::SecondRecord => f.write_str("a contact record of this call stands above"),
            Self::NoSpeaker => f.write_str("no speaker"),
            Self::BadTime => f.write_str("bad time"),
            Self::BadDate => f.write_str("bad call date"),
            Self::BadTurnIndex => f.write_str("bad turn index"),
            Self::FieldCount { found, expected } => write!(f, "{found} fields where the header has {expected}"),
            Self::UnclosedQuote => f.write_str("a quote is never closed"),
            Self::InsideUnclosedQuote { opened } => {
                write!(f, "inside the quote that opens on line {opened} and is never closed")
            }
            Self::NotUtf8 => f.write_str("not valid UTF-8"),
            Self::NulByte => f.write_str("holds a NUL byte"),
            Self::NoLabel => {
                f.write_str("no line of the text begins with a speaker's label of known role (state others with --role LABEL=ROLE)")
            }
            Self::Record { number, fault } => write!(f, "record {number}: {fault}"),
            Self::SentenceIn(field) => write!(f, "a sentence in the column of {field}"),
            Self::NotListed { rows } => {
                write!(f, "{rows} rows from this line on that can't be used either and are not listed one by one")
            }
            Self::LabelWithinLine => f.write_str(
                "a speaker's label within a line of the text, not behind a sentence's end or beside one of unknown role \
                 (state each with --role LABEL=ROLE, or with --role LABEL=text if it is no speaker)",
            ),
        }
    }
}

/// What is wrong with a record of a file that is no table. Lines and columns are counted within the record, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// The file ends within it, or the record was cut off.
    #[error("ends too early")]
    CutOff,
    /// It is not well-formed.
    #[error("is no valid JSON (line {line}, column {column} of the record)")]
    NotJson {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is well-formed, but a value is of another kind than the format has there, or a key stands twice.
    #[error("a value is missing, stands twice or is of the wrong kind (line {line}, column {column} of the record)")]
    OtherKind {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is longer than what is read at a time.
    #[error("is longer than 64 MiB")]
    TooLong,
    /// It has no transcript, as the format knows it.
    #[error("holds no transcript: {0}")]
    NoTranscript(&'static str),
    /// Nothing in it shows who spoke.
    #[error("does not show who spoke")]
    NoSpeakers,
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Eof => Self::CutOff,
            serde_json::error::Category::Data => Self::OtherKind { line, column },
            _ => Self::NotJson { line, column },
        }
    }
}

/// Where something stands. Displays as `file:line`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// The file's path as it was read, or `-`.
    pub(super) file: Arc<str>,
    /// The 1-based physical line on which the row begins.
    pub(super) line: u64,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One row that can't be used. Displays as `file:line: reason`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The file's path as it was read, or `-`.
    pub file: Arc<str>,
    /// The 1-based physical line on which the row begins.
    pub line: u64,
    /// Why.
    pub reason: Reason,
}

impl Reject {
    /// Whether the reason is that nothing shows who spoke.
    pub(super) const fn shows_nobody(&self) -> bool {
        matches!(self.reason, Reason::Record { fault: Fault::NoSpeakers, .. })
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// How many rows may be rejected before the run stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxRejects {
    /// A share of all rows read.
    Share(Millionths),
    /// A number of rows.
    Count(u64),
}

impl Default for MaxRejects {
    fn default() -> Self {
        Self::Share(Millionths(50_000))
    }
}

impl fmt::Display for MaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{} %", share.0 as f64 / 1e4),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl MaxRejects {
    pub(crate) fn is_passed_by(self, rejected: u64, rows: u64) -> bool {
        match self {
            Self::Share(share) => i128::from(rejected) * 1_000_000 > i128::from(rows) * i128::from(share.0),
            Self::Count(count) => rejected > count,
        }
    }
}

/// The rejects so far.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    listed: Vec<Reject>,
    /// The first row of each file that is not listed, with how many there are.
    unlisted: BTreeMap<Arc<str>, (u64, u64)>,
    count: u64,
}

impl Rejects {
    pub(super) fn push(&mut self, file: &Arc<str>, line: u64, reason: Reason) {
        self.push_lines(file, line, 1, reason);
    }

    /// Rejects `lines` lines from `line` on for the same reason.
    pub(super) fn push_lines(&mut self, file: &Arc<str>, line: u64, lines: u64, reason: Reason) {
        self.count += lines;
        let room = (KEPT - self.listed.len()) as u64;
        let listed = line..line + lines.min(room);
        self.listed.extend(listed.clone().map(|line| Reject { file: Arc::clone(file), line, reason }));
        if lines > room {
            self.unlisted.entry(Arc::clone(file)).or_insert((listed.end, 0)).1 += lines - room;
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Stops a run that can't end well: a number is passed, or a share is passed by very many rows.
    pub(super) fn check_so_far(&self, limit: MaxRejects, rows: u64) -> Result<(), InputError> {
        let early = matches!(limit, MaxRejects::Count(_)) || self.count >= EARLY_STOP;
        if early { self.check(limit, rows) } else { Ok(()) }
    }

    /// # Errors
    /// [`InputError::TooManyRejects`] with the first of them.
    pub(super) fn check(&self, limit: MaxRejects, rows: u64) -> Result<(), InputError> {
        if !limit.is_passed_by(self.count, rows) {
            return Ok(());
        }
        Err(InputError::TooManyRejects { rejected: self.count, rows, limit, first: self.first() })
    }

    /// The first few in the order in which they were met.
    pub(super) fn first(&self) -> Vec<Reject> {
        self.listed.iter().take(SHOWN).cloned().collect()
    }

    /// All by file and line, those of a file that are not listed in one.
    pub(super) fn into_sorted(mut self) -> Vec<Reject> {
        let not_listed = |(file, (line, rows))| Reject { file, line, reason: Reason::NotListed { rows } };
        self.listed.extend(self.unlisted.into_iter().map(not_listed));
        self.listed.sort_unstable();
        self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_passed_only_above_them() {
        // As floats, 0.29 * 100 is less than 29.
        let share = MaxRejects::Share(Millionths(290_000));
        assert!(!share.is_passed_by(29, 100));
        assert!(share.is_passed_by(30, 100));
        assert_eq!(share.to_string(), "29 %");
        assert!(!MaxRejects::Share(Millionths(0)).is_passed_by(0, 0));
        assert!(!MaxRejects::Count(2).is_passed_by(2, 2));
        assert!(MaxRejects::Count(2).is_passed_by(3, 1000));
    }

    #[test]
    fn a_reject_shows_file_line_and_reason() {
        let reject = Reject { file: "a.csv".into(), line: 7, reason: Reason::FieldCount { found: 3, expected: 4 } };
        assert_eq!(reject.to_string(), "a.csv:7: 3 fields where the header has 4");
    }

    #[test]
    fn rejects_beyond_the_listed_ones_are_counted() {
        let mut rejects = Rejects::default();
        let (one, other): (Arc<str>, Arc<str>) = ("a.csv".into(), "b.csv".into());
        rejects.push(&one, 7, Reason::UnclosedQuote);
        rejects.push_lines(&one, 8, 5_000_000, Reason::InsideUnclosedQuote { opened: 7 });
        rejects.push(&other, 3, Reason::NoCallId);
        rejects.push(&other, 9, Reason::NoCallId);
        assert_eq!(rejects.count(), 5_000_003);
        let listed = rejects.into_sorted();
        assert_eq!(listed.len(), KEPT + 2);
        let rows = |reject: &Reject| if let Reason::NotListed { rows } = reject.reason { rows } else { 1 };
        assert_eq!(listed.iter().map(rows).sum::<u64>(), 5_000_003);
        assert_eq!((listed[KEPT].line, listed[KEPT + 1].line), (7 + KEPT as u64, 3));
    }
}
