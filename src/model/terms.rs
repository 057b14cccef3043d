//! Terms of one's own: words that mean something else here than elsewhere.
//!
//! A term is one word or a few (`brilliant`, `happy hour`), with a weight on the lexicon's scale of −4 to 4. What
//! the model learned of the words is silenced and the weight stands in their place; intensifiers and negators
//! before it work as ever. Weight 0 makes a term neutral, which is what the name of a product should be.

use std::collections::BTreeMap;

use super::hash;
use super::lexicon::{Lexicon, Meaning, TABLE_BYTES};
use super::tokens::Clause;

/// The largest weight either way: the ends of VADER's scale.
const MOST: f32 = 4.0;

/// Terms and their weights.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// By the first word's hash: the hashes of all words, and what the term means. Longest first.
    by_first: BTreeMap<u64, Vec<(Vec<u64>, Meaning)>>,
}

/// Why terms can't be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TermsError {
    /// A line is not `term,weight`.
    #[error("line {line}: expected a term, a comma and a weight")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// A weight outside the scale, or not a number.
    #[error("line {line}: the weight must be a number from -4 to 4")]
    Weight {
        /// Counted from 1.
        line: usize,
    },
}

impl Terms {
    /// Reads CSV text with the columns term and weight; a first line `term,weight` is a header. Empty lines and
    /// those that begin with `#` are skipped. Of a term given twice the last stays.
    ///
    /// # Errors
    /// [`TermsError`] names the first line that can't be used.
    pub fn parse(csv: &str) -> Result<Self, TermsError> {
        let mut terms = Self::default();
        for (line, content) in (1..).zip(csv.trim_start_matches('\u{feff}').lines()) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') || (line == 1 && is_header(content)) {
                continue;
            }
            let (term, weight) = content.rsplit_once(',').ok_or(TermsError::Line { line })?;
            let weight: f32 = weight.trim().parse().map_err(|_| TermsError::Weight { line })?;
            if !(-MOST..=MOST).contains(&weight) {
                return Err(TermsError::Weight { line });
            }
            if !terms.insert(term.trim().trim_matches('"'), weight) {
                return Err(TermsError::Line { line });
            }
        }
        Ok(terms)
    }

    /// Adds a term with a weight of −4 to 4 (beyond, the nearer end). `false` if it has no word.
    pub fn insert(&mut self, term: &str, weight: f32) -> bool {
        let words = words_of(term);
        let Some(first) = words.first() else { return false };
        #[expect(clippy::cast_possible_truncation, reason = "within -40 and 40")]
        let meaning = Meaning((weight.clamp(-MOST, MOST) * 10.0).round() as i8);
        let same_start = self.by_first.entry(*first).or_default();
        same_start.retain(|(known, _)| *known != words);
        same_start.push((words, meaning));
        same_start.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        true
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_first.is_empty()
    }

    /// Eight digits that change with the terms, whatever order they were given in.
    pub fn short_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (words, meaning) in self.by_first.values().flatten() {
            for word in words {
                hasher.update(&word.to_le_bytes());
            }
            hasher.update(&meaning.0.to_le_bytes());
        }
        hasher.finalize().to_hex().chars().take(8).collect()
    }

    /// Puts the terms in place of the clause's words: each becomes one token that is silent but for its weight.
    pub(crate) fn apply(&self, clause: &mut Clause) {
        if self.is_empty() {
            return;
        }
        let mut at = 0;
        while at < clause.tokens.len() {
            if let Some((length, meaning)) = self.longest_at(clause, at) {
                clause.tokens[at].meaning = meaning;
                clause.tokens[at].hash = hash::SILENT;
                clause.tokens.drain(at + 1..at + length);
            }
            at += 1;
        }
    }

    /// The longest term that begins at a word: how many words it has, and what it means.
    fn longest_at(&self, clause: &Clause, at: usize) -> Option<(usize, Meaning)> {
        let here = &clause.tokens[at..];
        let candidates = self.by_first.get(&here.first()?.hash)?;
        candidates.iter().find_map(|(words, meaning)| {
            let fits = words.len() <= here.len() && words.iter().zip(here).all(|(word, token)| *word == token.hash);
            fits.then_some((words.len(), *meaning))
        })
    }
}

/// The hashes of a term's words.
fn words_of(term: &str) -> Vec<u64> {
    let nothing = vec![0; TABLE_BYTES];
    let lexicon = Lexicon::new(&nothing).expect("a table of this size is a lexicon");
    let mut clause = Clause::default();
    clause.read(term, &lexicon);
    clause.tokens.iter().map(|token| token.hash).collect()
}

/// Whether a first line names the columns.
fn is_header(line: &str) -> bool {
    line.to_ascii_lowercase().replace([' ', '"'], "").starts_with("term,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_the_first_bad_one_named() {
        let terms = Terms::parse("term,weight\n# ours\nbrilliant,-2.5\n\nHappy Hour , 0\n").expect("terms");
        assert_eq!(terms.by_first.len(), 2);
        assert_eq!(Terms::parse("good\n").map(|_| ()), Err(TermsError::Line { line: 1 }));
        assert_eq!(Terms::parse("good,1\nbad,x").map(|_| ()), Err(TermsError::Weight { line: 2 }));
        assert_eq!(Terms::parse("good,4.5").map(|_| ()), Err(TermsError::Weight { line: 1 }));
        assert_eq!(Terms::parse("...,1").map(|_| ()), Err(TermsError::Line { line: 1 }));
    }

    #[test]
    fn the_hash_depends_on_the_terms_and_not_on_their_order() {
        let hash = |csv| Terms::parse(csv).expect("terms").short_hash();
        assert_eq!(hash("a one,1\na two,2\nb,3"), hash("b,3\na two,2\na one,1"));
        assert_ne!(hash("b,3"), hash("b,2"));
    }
}
