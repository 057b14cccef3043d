//! What people said of the texts that an engine gave each label: the four probabilities that stand for a bare label.
//!
//! A row is the mean of a Dirichlet distribution: the counts, and half a text more of each label (Jeffreys 1946), so that
//! no label is held impossible for want of texts. A label that the engine gave to no text has no row. Texts that stand for
//! several count by their weights within a row, and a row for as many texts as were labelled.

use super::{Confusion, TrueLabel};
use crate::sentiment::Label;

/// Texts that are added to the count of each label.
const PRIOR: f64 = 0.5;

/// The probabilities of the true labels by the label that was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationTable {
    texts: Confusion,
    weights: Confusion,
}

impl CalibrationTable {
    /// Learns from pairs of true label and given label.
    pub fn of(pairs: &[(TrueLabel, Label)]) -> Self {
        Self {
            texts: Confusion::of(pairs.iter().map(|(truth, given)| (truth.label, *given))),
            weights: Confusion::weighted(pairs.iter().map(|(truth, given)| (truth.label, *given, truth.weight))),
        }
    }

    /// Texts that it was learnt from.
    pub fn texts(&self) -> u64 {
        self.texts.total()
    }

    /// Texts that the engine gave this label.
    pub fn given(&self, given: Label) -> u64 {
        column(&self.texts, given)
    }

    /// The probability of each true label, in the order of [`Label::ALL`], where this one was given; sums to 1. Empty if
    /// it was given to no text.
    pub fn row(&self, given: Label) -> Option<[f64; 4]> {
        let (texts, weight) = (self.given(given) as f64, column(&self.weights, given) as f64);
        let of = |truth: Label| {
            let share = self.weights.counts[truth.index()][given.index()] as f64 / weight;
            (share * texts + PRIOR) / (texts + 4.0 * PRIOR)
        };
        (weight > 0.0).then(|| Label::ALL.map(of))
    }
}

fn column(confusion: &Confusion, given: Label) -> u64 {
    confusion.counts.iter().map(|row| row[given.index()]).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels() -> impl Strategy<Value = Vec<(TrueLabel, Label)>> {
        let label = || (0..4usize).prop_map(|index| Label::ALL[index]);
        let truth = (label(), 0.1f32..20.0).prop_map(|(label, weight)| TrueLabel::weighted(label, weight));
        prop::collection::vec((truth, label()), 0..60)
    }

    #[test]
    fn a_text_that_stands_for_three_counts_three_times_within_its_row() {
        let pairs = [(Label::Negative, 3.0), (Label::Positive, 1.0)];
        let pairs = pairs.map(|(truth, weight)| (TrueLabel::weighted(truth, weight), Label::Negative));
        let row = CalibrationTable::of(&pairs).row(Label::Negative).expect("given");
        // Two texts, of which .75 and .25.
        let expected = [(0.5 + 0.5) / 4.0, (1.5 + 0.5) / 4.0, 0.5 / 4.0, 0.5 / 4.0];
        assert!(row.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12), "{row:?}");
    }

    #[test]
    fn a_row_is_what_people_said_of_the_texts_with_the_label() {
        let said = [(Label::Negative, 7), (Label::Mixed, 1), (Label::Positive, 0)];
        let one = |truth| (TrueLabel::weighted(truth, 1.0), Label::Negative);
        let pairs: Vec<_> = said.iter().flat_map(|(truth, count)| std::iter::repeat_n(one(*truth), *count)).collect();
        let table = CalibrationTable::of(&pairs);
        let row = table.row(Label::Negative).expect("given");
        // Positive, negative, neutral, mixed.
        let expected = [0.05, 0.75, 0.05, 0.15];
        assert!(row.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12), "{row:?}");
        assert_eq!((table.texts(), table.given(Label::Negative), table.given(Label::Mixed)), (8, 8, 0));
        assert_eq!(table.row(Label::Mixed), None);
    }

    proptest! {
        #[test]
        fn rows_are_distributions(pairs in labels()) {
            let table = CalibrationTable::of(&pairs);
            prop_assert_eq!(table.texts(), pairs.len() as u64);
            for label in Label::ALL {
                let Some(row) = table.row(label) else { continue };
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                prop_assert!(row.iter().all(|share| *share > 0.0 && *share < 1.0));
            }
        }
    }
}
