//! From logits to four probabilities that mean what they say.
//!
//! ```text
//! (P, N, U)   softmax(t·z₊ + b₊, t·z₋ + b₋, 0)                       for a text or a clause with logits z
//! m           min(highest P over the clauses, highest N over the clauses)
//! M           σ(a + c · log(m / (1 − m)))
//! scores      (1 − M)·P, (1 − M)·N, (1 − M)·U, M
//! ```
//!
//! t, b, a, c are fitted on texts that the weights did not see. Exponentials and logarithms are libm's, so that
//! every machine has the same bits.

use crate::sentiment::Scores;

/// Two logits: how much more positive, and how much more negative, than neutral.
pub(crate) type Logits = [f64; 2];

/// The five numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibration {
    /// t: below 1 where the weights are surer than they should be.
    pub(crate) slope: f64,
    /// b₊ and b₋: how common the classes are.
    pub(crate) offsets: [f64; 2],
    /// a and c.
    pub(crate) mixed: [f64; 2],
}

impl Calibration {
    /// Logits as they are, and hardly a text mixed: where fitting begins.
    pub(crate) const START: Self = Self { slope: 1.0, offsets: [0.0, 0.0], mixed: [-2.0, 1.0] };

    /// The numbers in the order of the file.
    pub(crate) const fn to_array(self) -> [f64; 5] {
        [self.slope, self.offsets[0], self.offsets[1], self.mixed[0], self.mixed[1]]
    }

    /// The inverse of [`Calibration::to_array`].
    pub(crate) const fn from_array(numbers: [f64; 5]) -> Self {
        let [slope, positive, negative, offset, rise] = numbers;
        Self { slope, offsets: [positive, negative], mixed: [offset, rise] }
    }

    /// (P, N, U) of one text or clause.
    pub(crate) fn three(&self, logits: Logits) -> [f64; 3] {
        softmax([self.slope * logits[0] + self.offsets[0], self.slope * logits[1] + self.offsets[1]])
    }

    /// The scores of a text from its own logits and those of its clauses.
    pub(crate) fn scores(&self, whole: Logits, clauses: &[Logits]) -> Scores {
        let [positive, negative, neutral] = self.three(whole);
        let mixed = sigmoid(self.mixed[0] + self.mixed[1] * log_odds(self.opposed(whole, clauses)));
        let rest = 1.0 - mixed;
        Scores::new(rest * positive, rest * negative, rest * neutral, mixed).expect("finite logits make a distribution")
    }

    /// m: how positive and how negative the text is at once, in different clauses.
    pub(crate) fn opposed(&self, whole: Logits, clauses: &[Logits]) -> f64 {
        if clauses.len() < 2 {
            let [positive, negative, _] = self.three(whole);
            return positive.min(negative);
        }
        let highest = clauses.iter().fold([0.0_f64; 2], |highest, clause| {
            let [positive, negative, _] = self.three(*clause);
            [highest[0].max(positive), highest[1].max(negative)]
        });
        highest[0].min(highest[1])
    }
}

/// The shares of e^z₊, e^z₋ and e⁰.
pub(crate) fn softmax([positive, negative]: Logits) -> [f64; 3] {
    let most = positive.max(negative).max(0.0);
    let powers = [libm::exp(positive - most), libm::exp(negative - most), libm::exp(-most)];
    let sum = powers[0] + powers[1] + powers[2];
    powers.map(|power| power / sum)
}

/// 1 / (1 + e^−x).
pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// log(p / (1 − p)), kept finite.
pub(crate) fn log_odds(probability: f64) -> f64 {
    let probability = probability.clamp(1e-9, 1.0 - 1e-9);
    libm::log(probability / (1.0 - probability))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_evidence_leaves_the_offsets() {
        let even = Calibration::START.three([0.0, 0.0]);
        assert!(even.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-12));
        let offset = Calibration { offsets: [0.0, libm::log(2.0)], ..Calibration::START }.three([0.0, 0.0]);
        assert!((offset[1] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn only_clauses_that_oppose_each_other_are_mixed() {
        let calibration = Calibration::START;
        let torn = calibration.scores([0.0, 0.0], &[[4.0, -4.0], [-4.0, 4.0]]);
        let even = calibration.scores([0.0, 0.0], &[[4.0, -4.0], [4.0, -4.0]]);
        assert!(torn.mixed > 0.5 && even.mixed < 0.05, "{torn:?} {even:?}");
    }

    proptest! {
        #[test]
        fn any_finite_logits_make_a_distribution(z in prop::array::uniform2(-1e6f64..1e6), c in prop::collection::vec(prop::array::uniform2(-1e3f64..1e3), 0..4)) {
            let scores = Calibration::START.scores(z, &c);
            let sum = scores.positive + scores.negative + scores.neutral + scores.mixed;
            prop_assert!((sum - 1.0).abs() < 1e-5);
        }
    }
}
