//! The one word that stands for four probabilities.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::engine::Scores;

/// How a text sounds, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// Pleased.
    Positive,
    /// Displeased.
    Negative,
    /// Neither.
    Neutral,
    /// Both.
    Mixed,
}

/// What a polar probability must reach to name the text, whatever neutral has.
const POLAR_AT_LEAST: f32 = 0.40;

impl Label {
    /// All of them, in the order of [`Label::index`].
    pub const ALL: [Self; 4] = [Self::Positive, Self::Negative, Self::Neutral, Self::Mixed];

    /// Its place in [`Label::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Mixed => "mixed",
        }
    }

    /// The label of four probabilities: negative if N ≥ .40 and N ≥ P; positive if P ≥ .40 and P > N; mixed if M
    /// is the largest; else neutral.
    #[must_use]
    pub fn of(scores: &Scores) -> Self {
        let Scores { positive, negative, neutral, mixed } = *scores;
        if negative >= POLAR_AT_LEAST && negative >= positive {
            Self::Negative
        } else if positive >= POLAR_AT_LEAST && positive > negative {
            Self::Positive
        } else if mixed > positive.max(negative).max(neutral) {
            Self::Mixed
        } else {
            Self::Neutral
        }
    }

    /// The class with the largest probability, whatever the label is: what calibration is judged by. Ties go to the
    /// first in the order of [`Label::ALL`].
    #[must_use]
    pub fn likeliest(scores: &Scores) -> Self {
        let first = Self::Positive;
        Self::ALL
            .into_iter()
            .fold(first, |best, label| if label.probability(scores) > best.probability(scores) { label } else { best })
    }

    /// The probability that `scores` give to this label.
    #[must_use]
    pub const fn probability(self, scores: &Scores) -> f32 {
        match self {
            Self::Positive => scores.positive,
            Self::Negative => scores.negative,
            Self::Neutral => scores.neutral,
            Self::Mixed => scores.mixed,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A label that is none of the four.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown label, expected positive, negative, neutral or mixed")]
pub struct UnknownLabel;

impl FromStr for Label {
    type Err = UnknownLabel;

    /// Reads a name in any case, with white space about it.
    fn from_str(name: &str) -> Result<Self, UnknownLabel> {
        let name = name.trim();
        Self::ALL.into_iter().find(|label| label.as_str().eq_ignore_ascii_case(name)).ok_or(UnknownLabel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(positive: f64, negative: f64, neutral: f64, mixed: f64) -> Label {
        Label::of(&Scores::new(positive, negative, neutral, mixed).expect("a distribution"))
    }

    #[test]
    fn a_polar_class_needs_two_fifths_and_a_tie_is_negative() {
        assert_eq!(label(0.45, 0.05, 0.50, 0.0), Label::Positive);
        assert_eq!(label(0.39, 0.10, 0.51, 0.0), Label::Neutral);
        assert_eq!(label(0.45, 0.45, 0.10, 0.0), Label::Negative);
        assert_eq!(label(0.20, 0.20, 0.20, 0.4), Label::Mixed);
    }

    #[test]
    fn the_likeliest_class_need_not_be_the_label() {
        let scores = Scores::new(0.05, 0.45, 0.50, 0.0).expect("a distribution");
        assert_eq!((Label::of(&scores), Label::likeliest(&scores)), (Label::Negative, Label::Neutral));
    }

    #[test]
    fn names_are_read_back() {
        for label in Label::ALL {
            assert_eq!(label.to_string().to_uppercase().parse(), Ok(label));
            assert_eq!(Label::ALL[label.index()], label);
        }
        assert_eq!("happy".parse::<Label>(), Err(UnknownLabel));
    }
}
