//! Columns of names that hold what was said: fields or whole columns are shifted, and the words would reach the outputs.
//!
//! A single value that is plainly a sentence rejects its row. A column whose values are several words each, hardly two
//! alike, and longer in all than the texts stops the run. A column that the user named is taken as it is.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::BuildHasher as _;

use rustc_hash::FxBuildHasher;

use super::columns::Columns;
use super::records::Record;
use crate::input::error::InputError;
use crate::input::field::{Field, Origin};

/// The fields whose values are names and stand in the outputs. A language is not among them: what is no code of one
/// never gets there.
pub(super) const NAMES: [Field; 4] = [Field::CallId, Field::AgentId, Field::Queue, Field::Channel];

/// How many rows of a file are looked at.
const ROWS: u64 = 4096;
/// A sentence has so many words and ends like one.
const SENTENCE_WORDS: usize = 5;
/// What is no longer than this is none, such as a name's initials.
const SENTENCE_BYTES: usize = 20;
/// What has more words than this is a sentence however it ends.
const NAME_WORDS: usize = 8;
/// From so many words on a value counts as several.
const SEVERAL_WORDS: usize = 4;

/// Whether `value` is plainly a sentence and no name.
pub(super) fn is_sentence(value: &str) -> bool {
    value.len() > SENTENCE_BYTES && {
        let words = words(value);
        words > NAME_WORDS
            || (words >= SENTENCE_WORDS && value.ends_with(['.', '!', '?', '…', '。', '？', '！']))
            || (words >= SEVERAL_WORDS && holds_cells(value))
    }
}

/// Whether `value` looks like several cells: a quote in a cell before has swallowed what stood between it and the next.
fn holds_cells(value: &str) -> bool {
    let mut next = value.chars().skip(1);
    let mut before = ' ';
    value.chars().any(|c| {
        // A name's own quotes stand between words: `Robert "Bob" Smith`.
        let is_bare_quote = c == '"' && !before.is_whitespace();
        before = c;
        let follows = next.next().is_some_and(char::is_alphanumeric);
        follows && (is_bare_quote || matches!(c, ',' | ';' | '\t' | '|'))
    })
}

/// Words of `value`: pieces between white space with a letter or digit in them.
fn words(value: &str) -> usize {
    value.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// What a file's columns of names hold.
pub(super) struct Shifts {
    columns: [NameColumn; NAMES.len()],
    text: [Option<usize>; 3],
    text_bytes: usize,
    rows: u64,
}

#[derive(Default)]
struct NameColumn {
    position: Option<usize>,
    /// The user named it.
    is_stated: bool,
    /// Rows with a value.
    filled: u64,
    /// Rows with a value of several words.
    wordy: u64,
    /// Different values of several words.
    different: HashSet<u64>,
    bytes: usize,
}

impl Shifts {
    pub(super) fn new(columns: &Columns, map: &[(Field, Origin)]) -> Self {
        let column = |name: Field| NameColumn {
            position: columns.position(name),
            is_stated: map.iter().any(|(field, _)| *field == name),
            ..NameColumn::default()
        };
        let text = [Field::Text, Field::CustomerText, Field::AgentText].map(|field| columns.position(field));
        Self { columns: NAMES.map(column), text, text_bytes: 0, rows: 0 }
    }

    /// Whether the user named the column of this field.
    pub(super) fn is_stated(&self, name: Field) -> bool {
        NAMES.iter().zip(&self.columns).any(|(field, column)| *field == name && column.is_stated)
    }

    /// Notes a row's names, in the order of [`NAMES`].
    pub(super) fn note(&mut self, names: &[(Field, Cow<'_, str>); NAMES.len()], record: Record<'_>) {
        if self.rows == ROWS {
            return;
        }
        self.rows += 1;
        self.text_bytes += self.text.iter().map(|at| record.field(*at).len()).sum::<usize>();
        for (column, (_, value)) in self.columns.iter_mut().zip(names) {
            column.filled += u64::from(!value.is_empty());
            column.bytes += value.len();
            if value.len() >= 2 * SEVERAL_WORDS && words(value) >= SEVERAL_WORDS {
                column.wordy += 1;
                column.different.insert(FxBuildHasher.hash_one(&**value));
            }
        }
    }

    /// # Errors
    /// [`InputError::ShiftedColumns`] if a column of names holds sentences.
    pub(super) fn check(&self, path: &str) -> Result<(), InputError> {
        for (field, column) in NAMES.into_iter().zip(&self.columns) {
            let is_shifted = column.wordy * 2 > column.filled
                && column.different.len() as u64 * 2 > column.wordy
                && column.bytes > self.text_bytes
                && !column.is_stated;
            if let Some(at) = column.position.filter(|_| is_shifted) {
                return Err(InputError::ShiftedColumns {
                    path: path.to_owned(),
                    column: at + 1,
                    field,
                    sentences: column.wordy,
                    rows: self.rows,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_told_from_names() {
        for name in [
            "Tier 2 Support EMEA",
            "Customer Service - Billing and Payments (EN)",
            "Billing, Payments, and Refunds Desk",
            "Montgomery-Smith,Jane Mary",
            "Dr. A. v. d. H.",
            "Robert \"Bob\" Smith, senior",
            &"x".repeat(500),
        ] {
            assert!(!is_sentence(name), "{name}");
        }
        for sentence in [
            "My PIN is 1234, please help.",
            "so I said that I would like my money back",
            "sales,the card was lost",
            "sales;said to all of us",
            "sales-\"the card was so bad",
        ] {
            assert!(is_sentence(sentence), "{sentence}");
        }
    }
}
