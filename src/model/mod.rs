//! The local model: English text in, four probabilities out, without I/O, clock or randomness.
//!
//! A text is split into [`mod@clauses`], each clause read into [`features`](self) (hashed n-grams and the charges of
//! words), the features weighed linearly towards positive and towards negative, and the sums turned into
//! probabilities by a calibration that was fitted on unseen texts. Bucket weights are whole numbers summed as
//! such; what follows uses operations that IEEE 754 fixes to the bit, and libm. The same text therefore has the
//! same scores on every machine.
//!
//! How the weights are learned is the business of `train`.

use std::borrow::Cow;

use crate::sentiment::Scores;

pub(crate) mod calibration;
mod clauses;
pub(crate) mod features;
pub(crate) mod hash;

pub(crate) mod lexicon;
mod terms;
pub(crate) mod tokens;
pub(crate) mod weights;

use calibration::Logits;
use features::{Charges, NUMBERS, Sink};
use tokens::Clause;
use weights::Weights;

pub use clauses::clauses;

pub use terms::Terms;
pub use weights::ModelError;

/// The weights that ship with the program; `models/MODEL_CARD.md` describes them.
static SHIPPED: &[u8] = include_bytes!("../../models/shipped.bin");

/// What the shipped weights were trained on: the SHA-256 of each file and its name, as `sha256sum` writes them.
static SHIPPED_INPUTS: &str = include_str!("../../models/inputs.sha256");

/// Whether the shipped model learned from the file with this SHA-256.
pub fn shipped_learned_from(sha256: &[u8]) -> bool {
    let byte = |pair: &[u8]| str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let hashes = SHIPPED_INPUTS.lines().filter_map(|line| line.split_whitespace().next());
    hashes.map(|hash| hash.as_bytes().chunks(2).map(byte)).any(|hash| hash.eq(sha256.iter().map(|byte| Some(*byte))))
}

/// A trained model, ready to score.
pub struct Model {
    weights: Weights,
    terms: Terms,
    version: String,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Model {
    /// The model that ships with the program.
    ///
    /// # Panics
    /// Never in a program whose tests ran: one of them reads the shipped weights.
    pub fn shipped() -> Self {
        Self::new(Cow::Borrowed(SHIPPED)).expect("a test reads the shipped weights")
    }

    /// A model from the bytes that training wrote.
    ///
    /// # Errors
    /// [`ModelError`] when the bytes are not a whole model of this format.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ModelError> {
        Self::new(Cow::Owned(bytes))
    }

    fn new(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        let weights = Weights::new(bytes)?;
        let version = version(&weights.head.name, weights.bytes());
        Ok(Self { weights, terms: Terms::default(), version })
    }

    /// The model with terms of one's own in place of what it learned of them.
    pub fn with_terms(mut self, terms: Terms) -> Self {
        self.version = version(&self.weights.head.name, self.weights.bytes());
        if !terms.is_empty() {
            self.version = format!("{}+terms-{}", self.version, terms.short_hash());
        }
        self.terms = terms;
        self
    }

    /// Name and hash, and the hash of one's own terms: with a text, it decides the scores.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The bytes of the weights, as training wrote them.
    pub fn bytes(&self) -> &[u8] {
        self.weights.bytes()
    }

    pub(crate) const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The four probabilities of an English text. One without any word is neutral.
    pub fn score(&self, text: &str) -> Scores {
        let lexicon = self.weights.lexicon();
        let mut clause = Clause::default();
        let mut whole = Sums::default();
        let mut logits = Vec::new();
        for part in clauses(text) {
            clause.read(part, &lexicon);
            self.terms.apply(&mut clause);
            let mut sink =
                Adder { buckets: self.weights.buckets(), shift: 64 - self.weights.head.bits, sums: Sums::default() };
            sink.sums.charges = features::visit(&clause, &mut sink);
            whole = whole.then(sink.sums);
            if !clause.tokens.is_empty() {
                logits.push(self.logits(&sink.sums));
            }
        }
        if logits.is_empty() {
            return Scores { positive: 0.0, negative: 0.0, neutral: 1.0, mixed: 0.0 };
        }
        self.weights.head.calibration.scores(self.logits(&whole), &logits)
    }

    /// The logits of summed features: each kind of n-gram divided by the root of its number, so that neither
    /// length nor kind decides by itself.
    fn logits(&self, sums: &Sums) -> Logits {
        let head = &self.weights.head;
        let numbers = sums.charges.features();
        let logit = |side: usize| {
            let grams = by_root(sums.words[side], sums.word_count) + by_root(sums.pieces[side], sums.piece_count);
            f64::from(head.scale) * grams + dot(&head.numbers[side], &numbers)
        };
        [logit(0), logit(1)]
    }
}

/// Σ weight · number, added in order in double precision.
pub(crate) fn dot(weights: &[f32; NUMBERS], numbers: &[f32; NUMBERS]) -> f64 {
    let mut sum = 0.0;
    for (at, weight) in weights.iter().enumerate() {
        sum += f64::from(*weight) * f64::from(numbers[at]);
    }
    sum
}

/// A sum over `count` n-grams as the weights of a vector of length 1 would give it.
fn by_root(sum: i32, count: u32) -> f64 {
    f64::from(sum) / f64::from(count.max(1)).sqrt()
}

/// What a model is called: its name and the first eight digits of its bytes' BLAKE3 hash.
pub(crate) fn version(name: &str, bytes: &[u8]) -> String {
    let hash: String = blake3::hash(bytes).to_hex().chars().take(8).collect();
    format!("{name}-{hash}")
}

/// Weights summed over a clause, or over the clauses of a text.
#[derive(Clone, Copy, Default)]
struct Sums {
    words: [i32; 2],
    pieces: [i32; 2],
    word_count: u32,
    piece_count: u32,
    charges: Charges,
}

impl Sums {
    /// The sums of two texts, one after the other.
    fn then(self, next: Self) -> Self {
        Self {
            words: [self.words[0] + next.words[0], self.words[1] + next.words[1]],
            pieces: [self.pieces[0] + next.pieces[0], self.pieces[1] + next.pieces[1]],
            word_count: self.word_count + next.word_count,
            piece_count: self.piece_count + next.piece_count,
            charges: self.charges.then(next.charges),
        }
    }
}

/// Adds up the weights of n-grams as they come.
struct Adder<'w> {
    buckets: &'w [[u8; 2]],
    shift: u32,
    sums: Sums,
}

impl Adder<'_> {
    /// The weights of an n-gram's bucket, towards positive and towards negative.
    #[inline]
    fn weights(&self, hash: u64) -> [i32; 2] {
        let [positive, negative] = self.buckets[bucket(hash, self.shift)];
        [i32::from(positive.cast_signed()), i32::from(negative.cast_signed())]
    }
}

impl Sink for Adder<'_> {
    #[inline]
    fn word(&mut self, hash: u64) {
        let [positive, negative] = self.weights(hash);
        self.sums.words[0] += positive;
        self.sums.words[1] += negative;
        self.sums.word_count += 1;
    }

    #[inline]
    fn piece(&mut self, hash: u64) {
        let [positive, negative] = self.weights(hash);
        self.sums.pieces[0] += positive;
        self.sums.pieces[1] += negative;
        self.sums.piece_count += 1;
    }
}

/// The bucket of a hash: its highest 64 − `shift` bits.
#[expect(clippy::cast_possible_truncation, reason = "at most 20 bits are left")]
pub(crate) const fn bucket(hash: u64, shift: u32) -> usize {
    (hash >> shift) as usize
}

#[cfg(test)]
mod tests;
