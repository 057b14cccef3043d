//! Rows that can't be used: where they stand and why, and how many of them are too many.
//!
//! A reason is one of a fixed list and never quotes the row, so that the list can be written to a file that
//! people share.

use std::fmt;
use std::sync::Arc;

use super::error::InputError;

/// How many of the rejected rows an error shows.
const SHOWN: usize = 5;
/// From so many rejects on, a share that is passed stops the run before all rows are read.
const EARLY_STOP: usize = 1_000_000;

/// Why a row can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The call id is empty.
    NoCallId,
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
    /// Speakers' labels stand within the lines of a conversation's text: its line breaks were lost.
    LabelWithinLine,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCallId => f.write_str("no call id"),
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
            Self::NoLabel => f.write_str("no line of the text begins with a speaker's label"),
            Self::LabelWithinLine => f.write_str("a speaker's label within a line of the text"),
        }
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

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// How many rows may be rejected before the run stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// A share of all rows read, within [0, 1].
    Share(f64),
    /// A number of rows.
    Count(u64),
}

impl Default for MaxRejects {
    fn default() -> Self {
        Self::Share(0.05)
    }
}

impl fmt::Display for MaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{} %", share * 100.0),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl MaxRejects {
    fn is_passed_by(self, rejected: u64, rows: u64) -> bool {
        match self {
            Self::Share(share) => rejected as f64 > share * rows as f64,
            Self::Count(count) => rejected > count,
        }
    }
}

/// The rejects so far.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    all: Vec<Reject>,
}

impl Rejects {
    pub(super) fn push(&mut self, file: &Arc<str>, line: u64, reason: Reason) {
        self.all.push(Reject { file: Arc::clone(file), line, reason });
    }

    pub(super) fn len(&self) -> u64 {
        self.all.len() as u64
    }

    /// Stops a run that can't end well: a number is passed, or a share is passed by very many rows.
    pub(super) fn check_so_far(&self, limit: MaxRejects, rows: u64) -> Result<(), InputError> {
        let early = matches!(limit, MaxRejects::Count(_)) || self.all.len() >= EARLY_STOP;
        if early { self.check(limit, rows) } else { Ok(()) }
    }

    /// # Errors
    /// [`InputError::TooManyRejects`] with the first of them.
    pub(super) fn check(&self, limit: MaxRejects, rows: u64) -> Result<(), InputError> {
        if !limit.is_passed_by(self.len(), rows) {
            return Ok(());
        }
        Err(InputError::TooManyRejects { rejected: self.len(), rows, limit, first: self.first() })
    }

    /// The first few in the order in which they were met.
    pub(super) fn first(&self) -> Vec<Reject> {
        self.all.iter().take(SHOWN).cloned().collect()
    }

    /// All, by file and line.
    pub(super) fn into_sorted(mut self) -> Vec<Reject> {
        self.all.sort_unstable();
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_passed_only_above_them() {
        assert!(!MaxRejects::Share(0.05).is_passed_by(5, 100));
        assert!(MaxRejects::Share(0.05).is_passed_by(6, 100));
        assert!(!MaxRejects::Share(0.0).is_passed_by(0, 0));
        assert!(!MaxRejects::Count(2).is_passed_by(2, 2));
        assert!(MaxRejects::Count(2).is_passed_by(3, 1000));
    }

    #[test]
    fn a_reject_shows_file_line_and_reason() {
        let reject = Reject { file: "a.csv".into(), line: 7, reason: Reason::FieldCount { found: 3, expected: 4 } };
        assert_eq!(reject.to_string(), "a.csv:7: 3 fields where the header has 4");
    }
}
