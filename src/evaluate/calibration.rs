//! What people said of the texts that an engine gave each label: the four probabilities that stand for a bare label.
//!
//! A row is the mean of a Dirichlet distribution: the counts, and half a text more of each label (Jeffreys 1946), so that
//! no label is held impossible for want of texts. A label that the engine gave to no text has no row.

use super::Confusion;
use crate::sentiment::Label;

/// Texts that are added to the count of each label.
const PRIOR: f64 = 0.5;

/// The probabilities of the true labels by the label that was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationTable {
    confusion: Confusion,
}

impl CalibrationTable {
    /// Learns from pairs of true label and given label.
    pub fn of(pairs: impl IntoIterator<Item = (Label, Label)>) -> Self {
        Self { confusion: Confusion::of(pairs) }
    }

    /// Texts that it was learnt from.
    pub fn texts(&self) -> u64 {
        self.confusion.total()
    }

    /// Texts that the engine gave this label.
    pub fn given(&self, given: Label) -> u64 {
        self.confusion.counts.iter().map(|row| row[given.index()]).sum()
    }

    /// The probability of each true label, in the order of [`Label::ALL`], where this one was given; sums to 1. Empty if
    /// it was given to no text.
    pub fn row(&self, given: Label) -> Option<[f64; 4]> {
        let texts = self.given(given);
        let of = |truth: Label| {
            (self.confusion.counts[truth.index()][given.index()] as f64 + PRIOR) / (texts as f64 + 4.0 * PRIOR)
        };
        (texts > 0).then(|| Label::ALL.map(of))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels() -> impl Strategy<Value = Vec<(Label, Label)>> {
        let label = || (0..4usize).prop_map(|index| Label::ALL[index]);
        prop::collection::vec((label(), label()), 0..60)
    }

    #[test]
    fn a_row_is_what_people_said_of_the_texts_with_the_label() {
        let said = [(Label::Negative, 7), (Label::Mixed, 1), (Label::Positive, 0)];
        let given = said.iter().flat_map(|(truth, count)| std::iter::repeat_n((*truth, Label::Negative), *count));
        let table = CalibrationTable::of(given);
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
            let table = CalibrationTable::of(pairs.iter().copied());
            prop_assert_eq!(table.texts(), pairs.len() as u64);
            for label in Label::ALL {
                let Some(row) = table.row(label) else { continue };
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                prop_assert!(row.iter().all(|share| *share > 0.0 && *share < 1.0));
            }
        }
    }
}
