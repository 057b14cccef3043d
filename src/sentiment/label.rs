//! The one word that stands for four probabilities. It is for people: of all figures only shares of labels are
//! computed from it.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::scores::Scores;

/// How a text, turn, role or call sounds, in one word: the label of its four probabilities ([`Scores::label`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
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
    /// All of them, in the order of [`Label::index`].
    pub const ALL: [Self; 4] = [Self::Positive, Self::Negative, Self::Neutral, Self::Mixed];

    /// Its place in [`Label::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used in files of labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Mixed => "mixed",
        }
    }

    /// The name used in a run's tables.
    #[must_use]
    pub const fn upper(self) -> &'static str {
        match self {
            Self::Positive => "POSITIVE",
            Self::Negative => "NEGATIVE",
            Self::Neutral => "NEUTRAL",
            Self::Mixed => "MIXED",
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

    #[test]
    fn the_likeliest_class_need_not_be_the_label() {
        let scores = Scores::new(0.05, 0.45, 0.50, 0.0).expect("a distribution");
        assert_eq!((scores.label(), Label::likeliest(&scores)), (Label::Negative, Label::Neutral));
    }

    #[test]
    fn names_are_read_back() {
        for label in Label::ALL {
            assert_eq!(label.to_string().to_uppercase().parse(), Ok(label));
            assert_eq!(label.upper(), label.to_string().to_uppercase());
            assert_eq!(Label::ALL[label.index()], label);
        }
        assert_eq!("happy".parse::<Label>(), Err(UnknownLabel));
    }
}
