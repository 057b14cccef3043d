//! Four probabilities of one text, as an engine answers them and in whole millionths, and the score that they give.
//!
//! The **score** is `v = P − N` in [−1, 1]: no threshold, so no cliff. Neutral and mixed pull it to 0 and are reported
//! beside it. (Scales of −5 to +5 are `5·v`.)

use super::fixed::Millionths;
use super::label::Label;

/// Four probabilities that sum to 1: how sure the engine is of each class, not how strong the feeling is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Probability of POSITIVE.
    pub positive: f32,
    /// Probability of NEGATIVE.
    pub negative: f32,
    /// Probability of NEUTRAL.
    pub neutral: f32,
    /// Probability of MIXED.
    pub mixed: f32,
}

/// The four probabilities are not a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the four probabilities are not within [0, 1] with a sum within 0.02 of 1")]
pub struct InvalidScores;

/// How far a sum of four probabilities may lie from 1 and still be renormalised.
const SUM_TOLERANCE: f64 = 0.02;

impl Scores {
    /// The label; see [`Label`] for the rule.
    #[must_use]
    pub fn label(&self) -> Label {
        FixedScores::from(self).label()
    }

    /// Checks and renormalises what an engine answered.
    ///
    /// # Errors
    /// [`InvalidScores`] when a probability is not a number within [0, 1] or the sum is off by more than 0.02.
    pub fn new(positive: f64, negative: f64, neutral: f64, mixed: f64) -> Result<Self, InvalidScores> {
        let all = [positive, negative, neutral, mixed];
        let sum: f64 = all.iter().sum();
        // Written so that NaN fails both.
        let within = all.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() <= SUM_TOLERANCE;
        if !within {
            return Err(InvalidScores);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a probability in single precision is what the service sends"
        )]
        let share = |p: f64| (p / sum) as f32;
        Ok(Self { positive: share(positive), negative: share(negative), neutral: share(neutral), mixed: share(mixed) })
    }
}

/// The least probability that makes a text positive or negative.
const DECISIVE: Millionths = Millionths(400_000);

/// Four probabilities in whole millionths: what an engine answered, or a word-weighted mean of such.
///
/// Each is rounded on its own, so that their sum may miss 1 by two millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FixedScores {
    /// Probability of POSITIVE.
    pub positive: Millionths,
    /// Probability of NEGATIVE.
    pub negative: Millionths,
    /// Probability of NEUTRAL.
    pub neutral: Millionths,
    /// Probability of MIXED.
    pub mixed: Millionths,
}

impl FixedScores {
    /// `v = P − N`, in [−1, 1].
    #[must_use]
    pub fn score(&self) -> Millionths {
        Millionths(self.positive.0 - self.negative.0)
    }

    /// The label; see [`Label`] for the rule, of which NEGATIVE is tried first.
    #[must_use]
    pub fn label(&self) -> Label {
        let Self { positive, negative, neutral, mixed } = *self;
        if negative >= DECISIVE && negative >= positive {
            Label::Negative
        } else if positive >= DECISIVE && positive > negative {
            Label::Positive
        } else if mixed > positive.max(negative).max(neutral) {
            Label::Mixed
        } else {
            Label::Neutral
        }
    }

    /// The four, in the order of the fields.
    pub(crate) fn parts(&self) -> [Millionths; 4] {
        [self.positive, self.negative, self.neutral, self.mixed]
    }
}

impl From<&Scores> for FixedScores {
    fn from(scores: &Scores) -> Self {
        let fixed = |probability: f32| Millionths::nearest(f64::from(probability));
        Self {
            positive: fixed(scores.positive),
            negative: fixed(scores.negative),
            neutral: fixed(scores.neutral),
            mixed: fixed(scores.mixed),
        }
    }
}

impl From<&FixedScores> for Scores {
    /// The nearest floats, which have the same label: nothing is renormalised.
    fn from(fixed: &FixedScores) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "single precision holds every whole millionth up to 1")]
        let [positive, negative, neutral, mixed] = fixed.parts().map(|part| part.value() as f32);
        Self { positive, negative, neutral, mixed }
    }
}

impl From<[Millionths; 4]> for FixedScores {
    fn from([positive, negative, neutral, mixed]: [Millionths; 4]) -> Self {
        Self { positive, negative, neutral, mixed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(positive: f64, negative: f64, neutral: f64, mixed: f64) -> Scores {
        Scores::new(positive, negative, neutral, mixed).unwrap()
    }

    #[test]
    fn the_score_is_positive_less_negative() {
        assert_eq!(FixedScores::from(&scores(0.7, 0.1, 0.1, 0.1)).score(), Millionths(600_000));
        assert_eq!(FixedScores::from(&scores(0.0, 1.0, 0.0, 0.0)).score(), Millionths(-1_000_000));
        assert_eq!(FixedScores::from(&scores(0.0, 0.0, 0.5, 0.5)).score(), Millionths(0));
    }

    proptest::proptest! {
        /// What `evaluate` judges is what a run writes, at the edge of the rule too.
        #[test]
        fn means_keep_their_label_as_floats(
            positive in 399_990..400_010_i64, negative in 399_990..400_010_i64, neutral in 0..400_000_i64, more in -2..3_i64,
        ) {
            let mixed = 1_000_000 - positive - negative - neutral + more;
            let fixed = FixedScores::from([positive, negative, neutral, mixed].map(Millionths));
            proptest::prop_assert_eq!(Scores::from(&fixed).label(), fixed.label());
            proptest::prop_assert_eq!(FixedScores::from(&Scores::from(&fixed)), fixed);
        }
    }

    #[test]
    fn labels_follow_the_rule() {
        let label = |positive, negative, neutral, mixed| scores(positive, negative, neutral, mixed).label();
        assert_eq!(label(0.3, 0.4, 0.3, 0.0), Label::Negative, "exactly 0.40 is enough");
        assert_eq!(label(0.4, 0.4, 0.2, 0.0), Label::Negative, "a draw is negative");
        assert_eq!(label(0.45, 0.4, 0.15, 0.0), Label::Positive);
        assert_eq!(label(0.4, 0.1, 0.5, 0.0), Label::Positive, "0.40 decides even below neutral");
        assert_eq!(label(0.39, 0.39, 0.22, 0.0), Label::Neutral, "nothing decisive");
        assert_eq!(label(0.2, 0.2, 0.2, 0.4), Label::Mixed);
        assert_eq!(label(0.1, 0.1, 0.4, 0.4), Label::Neutral, "mixed must lead alone");
    }

    #[test]
    fn a_probability_just_below_two_fifths_that_rounds_to_it_is_decisive() {
        let scores = Scores { positive: 0.399_999_6, negative: 0.0, neutral: 0.600_000_4, mixed: 0.0 };
        assert_eq!((scores.label(), FixedScores::from(&scores).label()), (Label::Positive, Label::Positive));
    }
}
