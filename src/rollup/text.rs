//! What one text's scores say: a number and a label.
//!
//! The **score** is `v = P − N` in [−1, 1]: no threshold, so no cliff. Neutral and mixed pull it to 0 and are reported
//! beside it. (Scales of −5 to +5 are `5·v`.) The **label** is for people; nothing but `negative_share` and
//! `negative_call_share` is computed from labels.

use std::fmt;

use crate::engine::Scores;

use super::fixed::Millionths;

/// A text, turn, role or call in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// P ≥ 0.40 and P > N.
    Positive,
    /// N ≥ 0.40 and N ≥ P.
    Negative,
    /// None of the others.
    Neutral,
    /// Neither positive nor negative, and M is greater than each of the others.
    Mixed,
}

impl Label {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "POSITIVE",
            Self::Negative => "NEGATIVE",
            Self::Neutral => "NEUTRAL",
            Self::Mixed => "MIXED",
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

    /// The label rule; see [`Label`] for the conditions, of which NEGATIVE is tried first.
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

impl From<[Millionths; 4]> for FixedScores {
    fn from([positive, negative, neutral, mixed]: [Millionths; 4]) -> Self {
        Self { positive, negative, neutral, mixed }
    }
}

/// The label of one text's scores.
#[must_use]
pub fn label(scores: &Scores) -> Label {
    FixedScores::from(scores).label()
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

    #[test]
    fn labels_follow_the_rule() {
        assert_eq!(label(&scores(0.3, 0.4, 0.3, 0.0)), Label::Negative, "exactly 0.40 is enough");
        assert_eq!(label(&scores(0.4, 0.4, 0.2, 0.0)), Label::Negative, "a draw is negative");
        assert_eq!(label(&scores(0.45, 0.4, 0.15, 0.0)), Label::Positive);
        assert_eq!(label(&scores(0.4, 0.1, 0.5, 0.0)), Label::Positive, "0.40 decides even below neutral");
        assert_eq!(label(&scores(0.39, 0.39, 0.22, 0.0)), Label::Neutral, "nothing decisive");
        assert_eq!(label(&scores(0.2, 0.2, 0.2, 0.4)), Label::Mixed);
        assert_eq!(label(&scores(0.1, 0.1, 0.4, 0.4)), Label::Neutral, "mixed must lead alone");
        assert_eq!(Label::Mixed.to_string(), "MIXED");
    }
}
