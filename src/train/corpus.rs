//! Labelled texts as the optimiser sees them: bucket numbers in one long row, read once and used in every epoch.

use super::LabelledText;
use crate::model::features::{self, Charges, NUMBERS, Sink};
use crate::model::lexicon::Lexicon;
use crate::model::tokens::Clause;
use crate::model::{bucket, clauses, hash};
use crate::parallel::in_parallel;
use crate::sentiment::Label;

/// Texts read by one thread at a time. Fixed, so that the corpus does not depend on how many threads there are.
const TEXTS_PER_PART: usize = 2048;

/// One labelled text, or its stripped copy.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Where its word n-grams begin in [`Corpus::buckets`].
    start: usize,
    /// Where its word n-grams end and its character n-grams begin.
    middle: usize,
    /// Where its character n-grams end.
    end: usize,
    /// Its clauses in [`Corpus::clauses`].
    clauses: std::ops::Range<usize>,
    /// The charges of the whole text as numbers.
    pub(crate) numbers: [f32; NUMBERS],
    /// The label that a person or a teacher gave.
    pub(crate) label: Label,
    /// How probable each label is, in the order of [`Label::index`]: a person's is certain.
    pub(crate) aim: [f32; 4],
    /// How much it counts.
    pub(crate) weight: f32,
    /// The source that it comes from.
    pub(crate) source: usize,
    /// Whether case and punctuation were taken away.
    pub(crate) stripped: bool,
    /// Equal for texts whose words are equal.
    pub(crate) key: u64,
}

/// One clause of a row: ends of its n-grams, counted from the row's own.
#[derive(Debug, Clone)]
struct ClauseRow {
    words_end: usize,
    pieces_end: usize,
    numbers: [f32; NUMBERS],
}

/// n-grams and numbers of a text or a clause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'c> {
    /// Buckets of word n-grams.
    pub(crate) words: &'c [u32],
    /// Buckets of character n-grams.
    pub(crate) pieces: &'c [u32],
    /// The charges.
    pub(crate) numbers: &'c [f32; NUMBERS],
}

/// All rows, originals and stripped copies side by side.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    /// The rows in the order of sources and texts.
    pub(crate) rows: Vec<Row>,
    buckets: Vec<u32>,
    clauses: Vec<ClauseRow>,
}

impl Corpus {
    /// Reads all sources with up to `threads` threads; the result does not depend on how many.
    pub(crate) fn read(sources: &[&[LabelledText<'_>]], table: &[u8], bits: u32, threads: usize) -> Self {
        let jobs: Vec<(usize, &[LabelledText<'_>])> = sources
            .iter()
            .enumerate()
            .flat_map(|(source, texts)| texts.chunks(TEXTS_PER_PART).map(move |texts| (source, texts)))
            .collect();
        let parts = in_parallel(threads, jobs.len(), |job| {
            let (source, texts) = jobs[job];
            let mut part = Self::default();
            let lexicon = Lexicon::new(table).expect("the caller built the table");
            for text in texts {
                part.push(text, source, &lexicon, bits);
            }
            part
        });
        parts.into_iter().fold(Self::default(), Self::then)
    }

    /// The n-grams and numbers of a row.
    pub(crate) fn whole<'c>(&'c self, row: &'c Row) -> View<'c> {
        View {
            words: &self.buckets[row.start..row.middle],
            pieces: &self.buckets[row.middle..row.end],
            numbers: &row.numbers,
        }
    }

    /// The n-grams and numbers of a row's clauses.
    pub(crate) fn clauses<'c>(&'c self, row: &'c Row) -> impl Iterator<Item = View<'c>> {
        let (mut word, mut piece) = (row.start, row.middle);
        self.clauses[row.clauses.clone()].iter().map(move |clause| {
            let words = word..row.start + clause.words_end;
            let pieces = piece..row.middle + clause.pieces_end;
            (word, piece) = (words.end, pieces.end);
            View { words: &self.buckets[words], pieces: &self.buckets[pieces], numbers: &clause.numbers }
        })
    }

    /// Adds a text and its stripped copy.
    fn push(&mut self, text: &LabelledText<'_>, source: usize, lexicon: &Lexicon<'_>, bits: u32) {
        let stripped = as_spoken(text.text);
        let key = hash::of(stripped.as_bytes());
        let aim = aim(text);
        for (words, is_stripped) in [(text.text, false), (stripped.as_str(), true)] {
            let row = self.row(words, lexicon, bits);
            let (label, weight) = (text.label, text.weight);
            self.rows.push(Row { label, aim, weight, source, stripped: is_stripped, key, ..row });
        }
    }

    /// The features of a text; what is not known from the text alone is left for the caller.
    fn row(&mut self, text: &str, lexicon: &Lexicon<'_>, bits: u32) -> Row {
        let mut collected = Collector { words: Vec::new(), pieces: Vec::new(), shift: 64 - bits };
        let mut whole = Charges::default();
        let mut clause = Clause::default();
        let first_clause = self.clauses.len();
        for part in clauses(text) {
            clause.read(part, lexicon);
            let charges = features::visit(&clause, &mut collected);
            whole = whole.then(charges);
            if !clause.tokens.is_empty() {
                self.clauses.push(ClauseRow {
                    words_end: collected.words.len(),
                    pieces_end: collected.pieces.len(),
                    numbers: charges.features(),
                });
            }
        }
        let start = self.buckets.len();
        self.buckets.append(&mut collected.words);
        let middle = self.buckets.len();
        self.buckets.append(&mut collected.pieces);
        Row {
            start,
            middle,
            end: self.buckets.len(),
            clauses: first_clause..self.clauses.len(),
            numbers: whole.features(),
            label: Label::Neutral,
            aim: [0.0; 4],
            weight: 1.0,
            source: 0,
            stripped: false,
            key: 0,
        }
    }

    /// Two corpora one after the other.
    fn then(mut self, mut next: Self) -> Self {
        let (buckets, clauses) = (self.buckets.len(), self.clauses.len());
        self.buckets.append(&mut next.buckets);
        self.clauses.append(&mut next.clauses);
        self.rows.extend(next.rows.into_iter().map(|row| Row {
            start: row.start + buckets,
            middle: row.middle + buckets,
            end: row.end + buckets,
            clauses: row.clauses.start + clauses..row.clauses.end + clauses,
            ..row
        }));
        self
    }
}

/// The probability of each label.
fn aim(text: &LabelledText<'_>) -> [f32; 4] {
    Label::ALL.map(|label| match &text.scores {
        Some(scores) => label.probability(scores),
        None => f32::from(u8::from(text.label == label)),
    })
}

/// Collects the buckets of n-grams.
struct Collector {
    words: Vec<u32>,
    pieces: Vec<u32>,
    shift: u32,
}

#[expect(clippy::cast_possible_truncation, reason = "a bucket has at most 20 bits")]
impl Sink for Collector {
    fn word(&mut self, hash: u64) {
        self.words.push(bucket(hash, self.shift) as u32);
    }

    fn piece(&mut self, hash: u64) {
        self.pieces.push(bucket(hash, self.shift) as u32);
    }
}

/// A text as speech recognition would write it: small letters, no punctuation but apostrophes.
pub fn as_spoken(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() || character == '\'' {
            stripped.extend(character.to_lowercase());
        } else if (character.is_whitespace() || matches!(character, '-' | '/')) && !stripped.ends_with(' ') {
            stripped.push(' ');
        }
    }
    stripped.truncate(stripped.trim_end().len());
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::lexicon;

    fn texts() -> Vec<LabelledText<'static>> {
        let words = ["Thanks, but no.", "Why me?", "12 o'clock", "I love it! Though it broke."];
        (0..5000)
            .map(|i| LabelledText { text: words[i % words.len()], label: Label::ALL[i % 4], scores: None, weight: 1.0 })
            .collect()
    }

    #[test]
    fn any_number_of_threads_reads_the_same() {
        let (texts, table) = (texts(), lexicon::table());
        let sources = [&texts[..], &texts[..7]];
        let one = Corpus::read(&sources, &table, 12, 1);
        let many = Corpus::read(&sources, &table, 12, 5);
        assert_eq!(one.rows.len(), 2 * 5007);
        assert_eq!((one.buckets.as_slice(), one.clauses.len()), (many.buckets.as_slice(), many.clauses.len()));
        for (a, b) in one.rows.iter().zip(&many.rows) {
            assert_eq!((a.start, a.middle, a.end, a.source), (b.start, b.middle, b.end, b.source));
        }
    }

    #[test]
    fn the_clauses_of_a_row_make_up_the_row() {
        let (texts, table) = (texts(), lexicon::table());
        let corpus = Corpus::read(&[&texts[..8]], &table, 12, 2);
        for row in &corpus.rows {
            let words: Vec<u32> = corpus.clauses(row).flat_map(|clause| clause.words.to_vec()).collect();
            let pieces: Vec<u32> = corpus.clauses(row).flat_map(|clause| clause.pieces.to_vec()).collect();
            assert_eq!((&words[..], &pieces[..]), (corpus.whole(row).words, corpus.whole(row).pieces));
        }
    }

    #[test]
    fn stripped_text_is_what_speech_recognition_writes() {
        assert_eq!(as_spoken("I can't -- REALLY can't!  Re-send it."), "i can't really can't re send it");
    }
}
