//! Which texts are worth a person's label: part at random, part where engines are unsure, part from every kind of text.
//!
//! Each document has a size, which is what its chance of being drawn goes by:
//!
//! ```text
//! s = ⅓·1/N + ⅓·u/Σu + ⅓·1/(K·N_k)
//! ```
//!
//! of N documents, in K kinds (queue, role, length) of which the document's own has `N_k`, with u how unsure the engines are of it. Documents
//! with the same text are one, whose size is the sum of theirs. With a number h from 0 to 1 that a hash makes of the text and the seed, the n
//! texts with the smallest h/s are drawn (priority sampling: Duffield, Lund & Thorup 2007, JACM 54(6):32; bottom-k sketches of
//! Cohen & Kaplan 2007). Given τ, the smallest h/s that was not drawn, a text was drawn with the chance min(1, sτ), and so
//!
//! ```text
//! w = m / min(1, sτ)
//! ```
//!
//! with m documents of that text, makes every weighted sum unbiased for the sum over all documents, whatever u is. As s is ⅓·1/N at
//! least, no weight is more than about three times the mean.
//!
//! Refuses: to read, to score, to keep a text.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use serde::{Deserialize, Serialize};

use crate::overview::Bounded;
use crate::sentiment::{Label, Scores};

/// Kinds of texts that are kept apart.
const MOST_KINDS: usize = 5000;

/// Millionths of a whole.
const UNIT: f64 = 1e6;

/// Words from which a text is of middle length, and from which it is long.
const LENGTHS: [u32; 2] = [8, 30];

/// What a document has in common with others of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Kind {
    /// Its call's queue.
    pub queue: Option<Box<str>>,
    /// Whose words it holds.
    pub role: Box<str>,
    /// Short, middle or long.
    length: u8,
}

impl Kind {
    /// Of a document of so many words.
    pub fn of(queue: Option<&str>, role: &str, words: u32) -> Self {
        let length = LENGTHS.iter().filter(|least| words >= **least).count();
        Self { queue: queue.map(Into::into), role: role.into(), length: u8::try_from(length).unwrap_or(u8::MAX) }
    }
}

/// How unsure of a text an engine is, in millionths: 1 less the distance of the likeliest label from the next; or how far two
/// engines' probabilities lie apart (half of the sum of their distances), if that is more.
pub fn unsureness(local: &Scores, other: Option<&Scores>) -> u64 {
    let of = |scores: &Scores| Label::ALL.map(|label| f64::from(label.probability(scores)));
    let own = of(local);
    let mut sorted = own;
    sorted.sort_by(|a, b| b.total_cmp(a));
    let unsure = 1.0 - (sorted[0] - sorted[1]);
    let apart =
        other.map_or(0.0, |other| own.iter().zip(of(other)).map(|(own, other)| (own - other).abs()).sum::<f64>() / 2.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and a million")]
    let millionths = (unsure.max(apart).clamp(0.0, 1.0) * UNIT).round() as u64;
    millionths
}

/// What all documents come to.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    documents: u64,
    unsure: u64,
    kinds: Bounded<Kind, u64>,
}

impl Totals {
    /// Adds a document.
    pub fn add(&mut self, kind: &Kind, unsure: u64) {
        self.documents += 1;
        self.unsure += unsure;
        self.kinds.add(MOST_KINDS, kind, |count| *count += 1);
    }

    /// Documents in all.
    pub const fn documents(&self) -> u64 {
        self.documents
    }

    /// The sizes of documents.
    pub fn sizes(&self) -> Sizes {
        let kinds: BTreeMap<Kind, u64> = self.kinds.iter().map(|(kind, count)| (kind.clone(), *count)).collect();
        let number = kinds.len() + usize::from(self.kinds.rest > 0);
        Sizes {
            documents: self.documents as f64,
            unsure: self.unsure as f64,
            number: number as f64,
            kinds,
            rest: self.kinds.rest,
        }
    }
}

/// How large documents are, once all are known.
#[derive(Debug, Clone)]
pub struct Sizes {
    documents: f64,
    unsure: f64,
    number: f64,
    kinds: BTreeMap<Kind, u64>,
    rest: u64,
}

impl Sizes {
    /// s of a document. Where engines are unsure of nothing, that part goes to chance.
    pub fn of(&self, kind: &Kind, unsure: u64) -> f64 {
        let at_random = 1.0 / self.documents;
        let where_unsure = if self.unsure > 0.0 { unsure as f64 / self.unsure } else { at_random };
        let alike = self.kinds.get(kind).copied().unwrap_or(self.rest).max(1);
        (at_random + where_unsure + 1.0 / (self.number * alike as f64)) / 3.0
    }
}

/// A text that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn<T> {
    /// What it is.
    pub item: T,
    /// w: documents that it stands for.
    pub weight: f64,
}

/// The texts with the smallest h/s so far.
#[derive(Debug)]
pub struct Draw<T> {
    seed: u64,
    wanted: usize,
    smallest: BinaryHeap<Candidate<T>>,
}

#[derive(Debug)]
struct Candidate<T> {
    rank: f64,
    key: [u8; 16],
    size: f64,
    documents: u64,
    item: T,
}

impl<T> Draw<T> {
    /// A draw of so many texts.
    pub fn new(wanted: usize, seed: u64) -> Self {
        Self { seed, wanted, smallest: BinaryHeap::new() }
    }

    /// Offers a text by its hash: the sizes of its documents together, and their number.
    pub fn offer(&mut self, key: [u8; 16], size: f64, documents: u64, item: T) {
        let rank = chance(&key, self.seed) / size;
        self.smallest.push(Candidate { rank, key, size, documents, item });
        if self.smallest.len() > self.wanted + 1 {
            self.smallest.pop();
        }
    }

    /// What was drawn, by h/s: the first ones of them are a smaller draw.
    pub fn finish(self) -> Vec<Drawn<T>> {
        let mut sorted = self.smallest.into_sorted_vec();
        let next = if sorted.len() > self.wanted { sorted.pop() } else { None };
        let threshold = next.map_or(f64::INFINITY, |candidate| candidate.rank);
        let drawn = |candidate: Candidate<T>| {
            let chance = (candidate.size * threshold).min(1.0);
            Drawn { weight: candidate.documents as f64 / chance, item: candidate.item }
        };
        sorted.into_iter().map(drawn).collect()
    }
}

/// h: a number above 0 and not above 1 that goes by the text and the seed.
fn chance(key: &[u8; 16], seed: u64) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(key);
    let first = hasher.finalize().as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    ((first >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

impl<T> PartialEq for Candidate<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Candidate<T> {}

impl<T> PartialOrd for Candidate<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Candidate<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.total_cmp(&other.rank).then_with(|| self.key.cmp(&other.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(number: usize) -> [u8; 16] {
        *blake3::hash(&number.to_le_bytes()).as_bytes().first_chunk().unwrap()
    }

    /// Documents of two kinds, one of them rare, of which some are unsure.
    fn documents(count: usize) -> Vec<(Kind, u64)> {
        let kind = |number| Kind::of(Some(if number % 50 == 0 { "rare" } else { "usual" }), "customer", 5);
        (0..count).map(|number| (kind(number), if number % 7 == 0 { 900_000 } else { 50_000 })).collect()
    }

    fn draw(documents: &[(Kind, u64)], wanted: usize, seed: u64) -> Vec<Drawn<usize>> {
        let mut totals = Totals::default();
        for (kind, unsure) in documents {
            totals.add(kind, *unsure);
        }
        let sizes = totals.sizes();
        let mut draw = Draw::new(wanted, seed);
        for (number, (kind, unsure)) in documents.iter().enumerate() {
            draw.offer(key(number), sizes.of(kind, *unsure), 1, number);
        }
        draw.finish()
    }

    fn scores(positive: f64, negative: f64) -> Scores {
        Scores::new(positive, negative, 1.0 - positive - negative, 0.0).unwrap()
    }

    #[test]
    fn an_engine_is_unsure_between_two_labels_and_two_engines_where_they_disagree() {
        assert_eq!(unsureness(&scores(0.5, 0.5), None), 1_000_000);
        assert!((99_999..=100_001).contains(&unsureness(&scores(0.95, 0.05), None)));
        let apart = unsureness(&scores(0.95, 0.05), Some(&scores(0.05, 0.95)));
        assert!((899_999..=900_001).contains(&apart), "{apart}");
        assert_eq!(unsureness(&scores(0.5, 0.5), Some(&scores(0.5, 0.5))), 1_000_000);
    }

    #[test]
    fn sizes_add_up_to_one() {
        let documents = documents(1000);
        let mut totals = Totals::default();
        for (kind, unsure) in &documents {
            totals.add(kind, *unsure);
        }
        let sizes = totals.sizes();
        let sum: f64 = documents.iter().map(|(kind, unsure)| sizes.of(kind, *unsure)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        let sure = Totals { unsure: 0, ..totals }.sizes();
        let sum: f64 = documents.iter().map(|(kind, _)| sure.of(kind, 0)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn unsure_and_rare_texts_come_more_often_and_weigh_less() {
        let documents = documents(5000);
        let drawn = draw(&documents, 300, 1);
        assert_eq!(drawn.len(), 300);
        let count = |of: fn(usize) -> bool| drawn.iter().filter(|text| of(text.item)).count();
        assert!(count(|number| number % 7 == 0) > 90, "a seventh would be 43");
        assert!(count(|number| number % 50 == 0) > 40, "a fiftieth would be 6");
        let mean = 5000.0 / 300.0;
        assert!(drawn.iter().all(|text| text.weight < 3.3 * mean), "no text decides alone");
    }

    #[test]
    fn weighted_sums_are_those_of_all_documents_on_average() {
        let documents = documents(2000);
        let unsure = |number: &usize| number.is_multiple_of(7);
        let (mut all, mut some) = (0.0, 0.0);
        for seed in 0..300 {
            for text in draw(&documents, 100, seed) {
                all += text.weight;
                some += if unsure(&text.item) { text.weight } else { 0.0 };
            }
        }
        let truth = (0..2000).filter(unsure).count() as f64;
        assert!((all / 300.0 - 2000.0).abs() < 20.0, "{}", all / 300.0);
        assert!((some / 300.0 - truth).abs() < 6.0, "{} is not {truth}", some / 300.0);
    }

    #[test]
    fn all_texts_are_drawn_where_there_are_no_more_and_each_counts_by_its_documents() {
        let mut draw = Draw::new(5, 1);
        for (number, documents) in [1, 4, 2].into_iter().enumerate() {
            draw.offer(key(number), 0.1, documents, number);
        }
        let mut drawn: Vec<(usize, f64)> = draw.finish().into_iter().map(|text| (text.item, text.weight)).collect();
        drawn.sort_by_key(|text| text.0);
        assert_eq!(drawn, [(0, 1.0), (1, 4.0), (2, 2.0)]);
    }

    proptest! {
        #![proptest_config(crate::cases::usually(32))]

        #[test]
        fn a_smaller_draw_is_the_beginning_of_a_larger_one(count in 1..400_usize, wanted in 1..100_usize, seed in 0..9_u64) {
            let documents = documents(count);
            let items = |wanted| draw(&documents, wanted, seed).into_iter().map(|text| text.item).collect::<Vec<_>>();
            let (few, more) = (items(wanted), items(2 * wanted));
            prop_assert_eq!(few.len(), wanted.min(count));
            prop_assert_eq!(&few[..], &more[..few.len()]);
        }
    }
}
