//! Labels against labels: accuracy, recall, precision, F1, confusion, agreement.

use serde::Serialize;

use crate::sentiment::Label;

/// The three classes that macro figures average over. Few sets know mixed, so it has figures of its own.
const AVERAGED: [Label; 3] = [Label::Positive, Label::Negative, Label::Neutral];

/// How often each true label was given each label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Confusion {
    /// Texts by true label, then by given label, in the order of [`Label::ALL`].
    pub counts: [[u64; 4]; 4],
}

/// How well one class was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassFigures {
    /// The class.
    pub label: Label,
    /// Texts that truly are of it.
    pub support: u64,
    /// Of the texts given the label, the share that truly are. Empty if none was given it.
    pub precision: Option<f64>,
    /// Of the texts that truly are, the share that was given the label. Empty if none is.
    pub recall: Option<f64>,
    /// Harmonic mean of the two: 2·found / (truly + given). Empty if there is neither.
    pub f1: Option<f64>,
}

impl Confusion {
    /// Counts pairs of true label and given label.
    pub fn of(pairs: impl IntoIterator<Item = (Label, Label)>) -> Self {
        Self::weighted(pairs.into_iter().map(|(truth, given)| (truth, given, 1)))
    }

    /// Adds up pairs of true label and given label, each of so many units.
    pub fn weighted(pairs: impl IntoIterator<Item = (Label, Label, u64)>) -> Self {
        let mut confusion = Self::default();
        for (truth, given, weight) in pairs {
            confusion.counts[truth.index()][given.index()] += weight;
        }
        confusion
    }

    /// Texts counted.
    pub fn total(&self) -> u64 {
        self.counts.as_flattened().iter().sum()
    }

    /// The share given its true label, over all four classes. Empty without texts.
    pub fn accuracy(&self) -> Option<f64> {
        share((0..4).map(|class| self.counts[class][class]).sum(), self.total())
    }

    /// The figures of one class.
    pub fn class(&self, label: Label) -> ClassFigures {
        let class = label.index();
        let found = self.counts[class][class];
        let truly: u64 = self.counts[class].iter().sum();
        let given: u64 = self.counts.iter().map(|row| row[class]).sum();
        ClassFigures {
            label,
            support: truly,
            precision: share(found, given),
            recall: share(found, truly),
            f1: share(2 * found, truly + given),
        }
    }

    /// Mean recall of positive, negative and neutral, of those that occur. Texts that truly are mixed are left
    /// out; one of the three that was called mixed was not found.
    pub fn macro_recall(&self) -> Option<f64> {
        self.macro_mean(|figures| figures.recall)
    }

    /// Mean F1 of positive, negative and neutral, of those that occur; mixed as in [`Confusion::macro_recall`].
    pub fn macro_f1(&self) -> Option<f64> {
        self.macro_mean(|figures| figures.f1)
    }

    fn macro_mean(&self, figure: impl Fn(ClassFigures) -> Option<f64>) -> Option<f64> {
        let mut unmixed = *self;
        unmixed.counts[Label::Mixed.index()] = [0; 4];
        let classes = AVERAGED.map(|label| unmixed.class(label));
        let present: Vec<f64> = classes.into_iter().filter(|figures| figures.support > 0).filter_map(figure).collect();
        (!present.is_empty()).then(|| present.iter().sum::<f64>() / present.len() as f64)
    }
}

/// `part` of `whole` as a share; empty if there is no whole.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How far the labels of two engines agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// Share of texts with the same label.
    pub same: f64,
    /// Cohen's kappa: the same, less what chance alone would give. Empty if chance alone gives everything.
    pub kappa: Option<f64>,
}

/// How far two lists of labels of the same texts agree (Cohen 1960). Empty without texts.
pub fn agreement(pairs: &[(Label, Label)]) -> Option<Agreement> {
    let confusion = Confusion::of(pairs.iter().copied());
    let same = confusion.accuracy()?;
    let total = confusion.total() as f64;
    let by_chance: f64 = (0..4)
        .map(|class| {
            let first: u64 = confusion.counts[class].iter().sum();
            let second: u64 = confusion.counts.iter().map(|row| row[class]).sum();
            (first as f64 / total) * (second as f64 / total)
        })
        .sum();
    let kappa = (by_chance < 1.0).then(|| (same - by_chance) / (1.0 - by_chance));
    Some(Agreement { same, kappa })
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Label = Label::Positive;
    const N: Label = Label::Negative;
    const U: Label = Label::Neutral;
    const M: Label = Label::Mixed;

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-12)
    }

    #[test]
    fn figures_are_those_counted_by_hand() {
        let c = Confusion::of([(P, P), (P, P), (P, U), (N, N), (N, P), (U, U)]);
        assert!(close(c.accuracy(), 4.0 / 6.0));
        assert!(close(c.class(P).precision, 2.0 / 3.0) && close(c.class(P).recall, 2.0 / 3.0));
        assert!(close(c.macro_recall(), (2.0 / 3.0 + 0.5 + 1.0) / 3.0));
        assert!(close(c.macro_f1(), (2.0 / 3.0 + 2.0 / 3.0 + 2.0 / 3.0) / 3.0));
    }

    #[test]
    fn texts_that_are_mixed_stay_out_of_macro_figures_and_count_in_accuracy() {
        let c = Confusion::of([(P, P), (N, N), (U, U), (M, P)]);
        assert!(close(c.macro_f1(), 1.0) && close(c.macro_recall(), 1.0));
        assert!(close(c.accuracy(), 0.75));
        assert!(close(Confusion::of([(P, M), (N, N)]).macro_recall(), 0.5));
    }

    #[test]
    fn nothing_has_no_figures() {
        let c = Confusion::of([]);
        assert_eq!((c.accuracy(), c.macro_f1(), agreement(&[])), (None, None, None));
        assert_eq!(c.class(P).recall, None);
    }

    #[test]
    fn kappa_is_one_for_equal_and_zero_for_chance() {
        assert!(close(agreement(&[(P, P), (N, N)]).and_then(|a| a.kappa), 1.0));
        assert!(close(agreement(&[(P, P), (P, N), (N, P), (N, N)]).and_then(|a| a.kappa), 0.0));
        assert_eq!(agreement(&[(P, P)]).and_then(|a| a.kappa), None);
    }
}
