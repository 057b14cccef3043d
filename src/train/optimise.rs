//! How weights are learned: `AdaGrad` (Duchi, Hazan & Singer 2011) on the cross entropy of three classes.
//!
//! One text at a time, in an order that the seed decides; sequential, so that the result is the same on any
//! number of cores (whole fits run side by side instead). Each source has two offsets of its own that take up how
//! common the classes are in it and how strictly it was labelled, and weights of its own for what words mean only
//! there; they are thrown away, and what is left is what words mean everywhere.

use super::corpus::{Corpus, Row, View};
use super::source_weights::SourceWeights;
use super::weight::Weight;
use crate::model::calibration::{Logits, softmax};
use crate::model::features::NUMBERS;
use crate::parallel::in_parallel;
use crate::random::Random;
use crate::sentiment::Label;

/// How the weights are learned. The defaults are those of the shipped model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rates {
    /// Times that learning is done over, each time with the texts in another order; the weights are averaged. One
    /// order alone moved macro F1 on 2,000 texts by .014.
    pub(crate) orders: usize,
    /// Times that each text is seen.
    pub(crate) epochs: usize,
    /// Step of the n-gram weights.
    pub(crate) grams: f32,
    /// Step of the weights of the charges' numbers and of the offsets.
    pub(crate) numbers: f32,
    /// Pull of the n-gram weights towards where they began, at each step.
    pub(crate) pull: f32,
    /// Step of the weights that n-grams have in single sources; 0 for no such weights.
    pub(crate) own: f32,
    /// Power of a source's size by which it is counted down: 0 counts texts alike, 1 sources.
    pub(crate) evenness: f32,
    /// Share of a label that is given to the other two classes: people err.
    pub(crate) doubt: f32,
}

impl Rates {
    /// For learning from nothing.
    pub(crate) const SCRATCH: Self =
        Self { orders: 9, epochs: 5, grams: 0.05, numbers: 0.15, pull: 0.007, own: 0.05, evenness: 0.5, doubt: 0.3 };
    /// For adapting a trained model to a few labels.
    pub(crate) const ADAPT: Self =
        Self { orders: 1, epochs: 8, grams: 0.03, numbers: 0.05, pull: 0.005, own: 0.0, evenness: 0.5, doubt: 0.1 };

    /// The same for learning a teacher's probabilities: they show themselves what it doubts, and of them there are enough to go
    /// far from the beginning.
    pub(crate) const fn of_probabilities(self) -> Self {
        Self { pull: 0.001, doubt: 0.0, ..self }
    }
}

/// What is left of a step at the last text: the rest goes in a straight line.
const LAST_STEP: f32 = 0.03;
/// A class rarer than a fifteenth of its source is not counted up any further.
const MOST_CLASS_WEIGHT: f32 = 5.0;

/// Weights as numbers, before they are rounded for a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Floats {
    /// Towards positive and towards negative, by bucket.
    pub(crate) buckets: Vec<[f32; 2]>,
    /// Weights of the charges' numbers, towards positive and towards negative.
    pub(crate) numbers: [[f32; NUMBERS]; 2],
}

impl Floats {
    /// No weights.
    pub(crate) fn zero(bits: u32) -> Self {
        Self { buckets: vec![[0.0; 2]; 1 << bits], numbers: [[0.0; NUMBERS]; 2] }
    }

    /// The mean of several of one size, added in order.
    fn mean(all: &[Self]) -> Option<Self> {
        let (first, others) = all.split_first()?;
        let mut mean = first.clone();
        for other in others {
            for (sum, weight) in mean.all_mut().zip(other.all()) {
                *sum += weight;
            }
        }
        mean.all_mut().for_each(|sum| *sum /= all.len() as f32);
        Some(mean)
    }

    fn all(&self) -> impl Iterator<Item = &f32> {
        self.buckets.as_flattened().iter().chain(self.numbers.as_flattened())
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.buckets.as_flattened_mut().iter_mut().chain(self.numbers.as_flattened_mut())
    }

    /// The logits of a text or a clause.
    pub(crate) fn logits(&self, view: View<'_>) -> Logits {
        let sum = |buckets: &[u32]| {
            buckets.iter().fold([0.0_f32; 2], |sum, bucket| {
                let weight = self.buckets[*bucket as usize];
                [sum[0] + weight[0], sum[1] + weight[1]]
            })
        };
        let (words, pieces) = (sum(view.words), sum(view.pieces));
        let (by_words, by_pieces) = (share(view.words), share(view.pieces));
        [0, 1].map(|side| {
            f64::from(words[side] * by_words + pieces[side] * by_pieces)
                + crate::model::dot(&self.numbers[side], view.numbers)
        })
    }
}

/// 1 / √n: what each of n n-grams counts.
fn share(grams: &[u32]) -> f32 {
    1.0 / (grams.len().max(1) as f32).sqrt()
}

/// Rows to learn from, and where to begin.
#[derive(Clone, Copy)]
pub(crate) struct Lesson<'l> {
    /// What the rows are of.
    pub(crate) corpus: &'l Corpus,
    /// Their places in the corpus. Those labelled mixed are passed over.
    pub(crate) rows: &'l [usize],
    /// The number of sources in the corpus.
    pub(crate) sources: usize,
    /// The weights to begin at.
    pub(crate) base: &'l Floats,
    /// How to learn.
    pub(crate) rates: Rates,
}

/// Between the seeds of two orders: seeds that lie close together, as people choose them, share none.
const NEXT_ORDER: u64 = 1000;

/// Learns from a lesson, on up to `threads` threads; the result does not depend on how many.
pub(crate) fn fit(lesson: Lesson<'_>, seed: u64, threads: usize) -> Floats {
    let learned = in_parallel(threads, lesson.rates.orders, |order| {
        fit_once(lesson, seed.wrapping_add(NEXT_ORDER * order as u64))
    });
    Floats::mean(&learned).unwrap_or_else(|| lesson.base.clone())
}

/// Learns with the texts in one order.
fn fit_once(Lesson { corpus, rows, sources, base, rates }: Lesson<'_>, seed: u64) -> Floats {
    let mut learner = Learner::new(sources, base, rates);
    let weights = row_weights(corpus, rows, sources, rates.evenness);
    let mut order: Vec<usize> = (0..rows.len()).filter(|at| weights[*at] > 0.0).collect();
    let mut random = Random::new(seed);
    let steps = (rates.epochs * order.len()) as f32;
    for epoch in 0..rates.epochs {
        random.shuffle(&mut order);
        for (done, at) in order.iter().enumerate() {
            let slowing = 1.0 - (1.0 - LAST_STEP) * (epoch * order.len() + done) as f32 / steps;
            learner.learn(corpus, &corpus.rows[rows[*at]], weights[*at], slowing);
        }
    }
    learner.finish()
}

/// What each row counts: its own weight, times what makes the classes of a source equal and large sources less
/// than their size; 1 on average. A row counts by as much of it as is not mixed.
fn row_weights(corpus: &Corpus, rows: &[usize], sources: usize, evenness: f32) -> Vec<f32> {
    let mut sums = vec![[0.0_f32; 3]; sources];
    for row in rows.iter().map(|at| &corpus.rows[*at]) {
        for (sum, aim) in sums[row.source].iter_mut().zip(row.aim) {
            *sum += row.weight * aim;
        }
    }
    let all: f32 = sums.as_flattened().iter().sum();
    let mut weights: Vec<f32> = rows
        .iter()
        .map(|at| {
            let row = &corpus.rows[*at];
            // A source may have nothing but mixed rows: nothing can be shared out among its classes.
            if row.aim[..3].iter().all(|aim| *aim <= 0.0) {
                return 0.0;
            }
            let source: f32 = sums[row.source].iter().sum();
            let even_sources = libm::powf(source / all, -evenness);
            let of_classes = sums[row.source].iter().zip(row.aim);
            let even_classes: f32 =
                of_classes.map(|(sum, aim)| aim * (source / 3.0 / sum).min(MOST_CLASS_WEIGHT)).sum();
            row.weight * even_sources * even_classes
        })
        .collect();
    let total: f32 = weights.iter().sum();
    let counted = weights.iter().filter(|weight| **weight > 0.0).count() as f32;
    for weight in &mut weights {
        *weight *= counted / total;
    }
    weights
}

/// Weights while they are being learned.
struct Learner<'b> {
    base: &'b Floats,
    rates: Rates,
    buckets: Vec<Weight>,
    numbers: [Weight; NUMBERS],
    offsets: Vec<Weight>,
    own: Option<SourceWeights>,
}

impl<'b> Learner<'b> {
    fn new(sources: usize, base: &'b Floats, rates: Rates) -> Self {
        Self {
            base,
            rates,
            buckets: base.buckets.iter().copied().map(Weight::at).collect(),
            numbers: std::array::from_fn(|at| Weight::at([base.numbers[0][at], base.numbers[1][at]])),
            offsets: vec![Weight::at([0.0; 2]); sources],
            own: (sources > 1 && rates.own > 0.0).then(SourceWeights::zero),
        }
    }

    /// One step for one text.
    fn learn(&mut self, corpus: &Corpus, row: &Row, weight: f32, slowing: f32) {
        let view = corpus.whole(row);
        let error = self.error(view, row, weight);
        for grams in [view.words, view.pieces] {
            let share = share(grams);
            let gradient = error.map(|error| error * share);
            for bucket in grams {
                let (weight, base) = (&mut self.buckets[*bucket as usize], self.base.buckets[*bucket as usize]);
                let pulled = |side: usize| gradient[side] + self.rates.pull * (weight.sides[side] - base[side]);
                weight.step([pulled(0), pulled(1)], self.rates.grams * slowing);
                if let Some(own) = &mut self.own {
                    own.step(row.source, *bucket, gradient, self.rates.pull, self.rates.own * slowing);
                }
            }
        }
        let rate = self.rates.numbers * slowing;
        for (weight, number) in self.numbers.iter_mut().zip(view.numbers) {
            if *number != 0.0 {
                weight.step(error.map(|error| error * number), rate);
            }
        }
        self.offsets[row.source].step(error, rate);
    }

    /// How far the probabilities of positive and negative lie above the label, times the row's weight.
    #[expect(clippy::cast_possible_truncation, reason = "a step needs no double precision")]
    fn error(&self, view: View<'_>, row: &Row, weight: f32) -> [f32; 2] {
        let mut logits = self.offsets[row.source].sides;
        for (weight, number) in self.numbers.iter().zip(view.numbers) {
            logits[0] += weight.sides[0] * number;
            logits[1] += weight.sides[1] * number;
        }
        for grams in [view.words, view.pieces] {
            let share = share(grams);
            let sum = grams.iter().fold([0.0_f32; 2], |sum, bucket| {
                let everywhere = self.buckets[*bucket as usize].sides;
                let here = self.own.as_ref().map_or([0.0; 2], |own| own.weight(row.source, *bucket));
                [sum[0] + everywhere[0] + here[0], sum[1] + everywhere[1] + here[1]]
            });
            logits[0] += sum[0] * share;
            logits[1] += sum[1] * share;
        }
        let [positive, negative, _] = softmax(logits.map(f64::from)).map(|p| p as f32);
        let doubt = self.rates.doubt;
        let plain: f32 = row.aim[..3].iter().sum();
        let aim = |label: Label| row.aim[label.index()] / plain;
        let meant = |label: Label| aim(label) * (1.0 - doubt) + (1.0 - aim(label)) * (doubt / 2.0);
        [(positive - meant(Label::Positive)) * weight, (negative - meant(Label::Negative)) * weight]
    }

    fn finish(self) -> Floats {
        let side = |side: usize| std::array::from_fn(|at| self.numbers[at].sides[side]);
        Floats { buckets: self.buckets.iter().map(|weight| weight.sides).collect(), numbers: [side(0), side(1)] }
    }
}

/// Bucket weights as whole numbers of −127 to 127, and what 1 is worth. The largest weight decides the scale.
pub(crate) fn quantise(buckets: &[[f32; 2]]) -> (Vec<i8>, f32) {
    let largest = buckets.as_flattened().iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    #[expect(clippy::cast_possible_truncation, reason = "within -127 and 127 by the choice of the scale")]
    let rounded = buckets.as_flattened().iter().map(|weight| (weight / scale).round() as i8).collect();
    (rounded, scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::Scores;
    use crate::train::{LabelledText, lexicon};

    fn corpus() -> Corpus {
        let make = |text, label| LabelledText { text, label, scores: None, weight: 1.0 };
        let texts = [
            make("zorp blick", Label::Positive),
            make("grumf blick", Label::Negative),
            make("trell blick", Label::Neutral),
            make("trell vumm", Label::Neutral),
        ];
        Corpus::read(&[&texts], &lexicon::table(), 12, 1)
    }

    fn fitted(seed: u64) -> (Corpus, Floats) {
        let corpus = corpus();
        let rows: Vec<usize> = (0..corpus.rows.len()).collect();
        let rates = Rates { epochs: 60, grams: 0.1, ..Rates::SCRATCH };
        let floats = fit(Lesson { corpus: &corpus, rows: &rows, sources: 1, base: &Floats::zero(12), rates }, seed, 2);
        (corpus, floats)
    }

    #[test]
    fn words_take_the_side_of_their_labels() {
        let (corpus, floats) = fitted(1);
        let logits = |at: usize| floats.logits(corpus.whole(&corpus.rows[at]));
        assert!(logits(0)[0] > logits(2)[0] && logits(0)[0] > logits(0)[1]);
        assert!(logits(2)[1] > logits(4)[1] && logits(2)[1] > logits(2)[0]);
    }

    #[test]
    fn a_seed_decides_the_weights() {
        assert_eq!(fitted(1).1, fitted(1).1);
        assert_ne!(fitted(1).1, fitted(2).1);
    }

    #[test]
    fn how_mixed_texts_are_does_not_change_which_side_they_take() {
        let fitted = |mixed: f32| {
            let make = |(text, positive, negative): (&'static str, f32, f32)| {
                let shares = [positive, negative, 1.0 - positive - negative].map(|share| share * (1.0 - mixed));
                let scores = Scores { positive: shares[0], negative: shares[1], neutral: shares[2], mixed };
                LabelledText { text, label: scores.label(), scores: Some(scores), weight: 1.0 }
            };
            let texts = [("zorp blick", 0.8, 0.1), ("grumf blick", 0.2, 0.7), ("trell blick", 0.1, 0.1)].map(make);
            let corpus = Corpus::read(&[&texts], &lexicon::table(), 12, 1);
            let rows: Vec<usize> = (0..corpus.rows.len()).collect();
            let base = Floats::zero(12);
            let rates = Rates { epochs: 20, ..Rates::SCRATCH };
            let floats = fit(Lesson { corpus: &corpus, rows: &rows, sources: 1, base: &base, rates }, 1, 2);
            [0, 2, 4].map(|at| floats.logits(corpus.whole(&corpus.rows[at])))
        };
        for (plain, mixed) in fitted(0.0).iter().flatten().zip(fitted(0.5).iter().flatten()) {
            assert!((plain - mixed).abs() < 1e-3, "{plain} {mixed}");
        }
    }

    #[test]
    fn a_source_of_mixed_texts_alone_takes_nothing_from_others() {
        let make = |text, label| LabelledText { text, label, scores: None, weight: 1.0 };
        let sides = [make("zorp", Label::Positive), make("grumf", Label::Negative)];
        let mixed = [make("zorp but grumf", Label::Mixed)];
        let corpus = Corpus::read(&[&sides, &mixed], &lexicon::table(), 12, 1);
        let rows: Vec<usize> = (0..corpus.rows.len()).collect();
        let weights = row_weights(&corpus, &rows, 2, 0.3);
        for (row, weight) in corpus.rows.iter().zip(&weights) {
            let expected = if row.label == Label::Mixed { 0.0 } else { 1.0 };
            assert!((weight - expected).abs() < 1e-6, "{weights:?}");
        }
    }

    #[test]
    fn classes_and_sources_are_evened_out() {
        let corpus = corpus();
        let rows: Vec<usize> = (0..corpus.rows.len()).collect();
        let weights = row_weights(&corpus, &rows, 1, 0.3);
        // Two neutral texts count as much as one positive.
        assert!((weights[4] + weights[6] - weights[0]).abs() < 1e-6);
        assert!((weights.iter().sum::<f32>() - 8.0).abs() < 1e-4);
    }

    #[test]
    fn what_only_one_source_says_counts_less_than_what_all_say() {
        let make = |text, label| LabelledText { text, label, scores: None, weight: 1.0 };
        let here = [make("zorp", Label::Positive), make("grumf", Label::Positive), make("trell", Label::Negative)];
        let there = [make("zorp", Label::Positive), make("snad", Label::Neutral), make("trell", Label::Negative)];
        let (here, there) = (here.repeat(20), there.repeat(20));
        let corpus = Corpus::read(&[&here, &there], &lexicon::table(), 12, 1);
        let rows: Vec<usize> = (0..corpus.rows.len()).collect();
        // How much less is made of a word of one source than of a word of both.
        let trust = |own: f32| {
            let rates = Rates { epochs: 20, own, ..Rates::SCRATCH };
            let floats = fit(Lesson { corpus: &corpus, rows: &rows, sources: 2, base: &Floats::zero(12), rates }, 1, 2);
            let positive = |at: usize| floats.logits(corpus.whole(&corpus.rows[at]))[0];
            (positive(2) - positive(4)) / (positive(0) - positive(4))
        };
        let (apart, together) = (trust(0.05), trust(0.0));
        assert!(apart < 0.9 * together, "{apart} of {together}");
    }

    #[test]
    fn rounding_keeps_the_largest_weight() {
        let (rounded, scale) = quantise(&[[0.5, -1.27], [0.004, 0.0]]);
        assert_eq!(rounded, [50, -127, 0, 0]);
        assert!((scale - 0.01).abs() < 1e-6);
    }
}
