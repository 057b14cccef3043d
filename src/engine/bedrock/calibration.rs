//! From a label to four probabilities: 1 for the label alone, or a table that was learnt from texts with human labels.
//!
//! The file is TOML: for each of the four labels that a model may answer, how often people gave each of the four to such
//! texts. Refuses a label that is left out, and numbers that do not sum to 1.
//!
//! ```toml
//! POSITIVE = { positive = 0.90, negative = 0.01, neutral = 0.07, mixed = 0.02 }
//! NEGATIVE = { positive = 0.01, negative = 0.86, neutral = 0.09, mixed = 0.04 }
//! NEUTRAL = { positive = 0.08, negative = 0.07, neutral = 0.83, mixed = 0.02 }
//! MIXED = { positive = 0.15, negative = 0.35, neutral = 0.10, mixed = 0.40 }
//! ```

use serde::Deserialize;

use crate::sentiment::{Label, Scores};

/// The scores of each label, in the order of [`Label::ALL`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibration([Scores; 4]);

/// Why a file is no calibration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CalibrationError {
    #[error("it must have POSITIVE, NEGATIVE, NEUTRAL and MIXED, each with positive, negative, neutral and mixed")]
    Shape,
    #[error("the probabilities of {0} must lie between 0 and 1 and sum to 1")]
    Sum(&'static str),
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
struct Table {
    positive: Row,
    negative: Row,
    neutral: Row,
    mixed: Row,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    positive: f64,
    negative: f64,
    neutral: f64,
    mixed: f64,
}

impl Calibration {
    /// Each label for certain.
    pub(super) fn certain() -> Self {
        let scores = |label: Label| {
            let of = |other| if label == other { 1.0 } else { 0.0 };
            let [positive, negative, neutral, mixed] = Label::ALL.map(of);
            Scores { positive, negative, neutral, mixed }
        };
        Self(Label::ALL.map(scores))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`CalibrationError`].
    pub(super) fn parse(text: &str) -> Result<Self, CalibrationError> {
        let Table { positive, negative, neutral, mixed } = toml::from_str(text).map_err(|_| CalibrationError::Shape)?;
        let rows = [positive, negative, neutral, mixed];
        let mut scores = Self::certain();
        for ((row, label), slot) in rows.iter().zip(Label::ALL).zip(&mut scores.0) {
            *slot = Scores::new(row.positive, row.negative, row.neutral, row.mixed)
                .map_err(|_| CalibrationError::Sum(label.upper()))?;
        }
        Ok(scores)
    }

    /// The scores of a text with this label.
    pub(super) fn scores(&self, label: Label) -> Scores {
        self.0[label.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "POSITIVE = { positive = 0.9, negative = 0.0, neutral = 0.1, mixed = 0.0 }\n\
                           NEGATIVE = { positive = 0.0, negative = 0.8, neutral = 0.1, mixed = 0.1 }\n\
                           NEUTRAL = { positive = 0.1, negative = 0.1, neutral = 0.8, mixed = 0.0 }\n\
                           MIXED = { positive = 0.2, negative = 0.4, neutral = 0.0, mixed = 0.4 }\n";

    #[test]
    fn without_a_file_a_label_is_certain() {
        let scores = Calibration::certain().scores(Label::Negative);
        assert_eq!(scores, Scores { positive: 0.0, negative: 1.0, neutral: 0.0, mixed: 0.0 });
        assert!(Label::ALL.iter().all(|label| Calibration::certain().scores(*label).label() == *label));
    }

    #[test]
    fn a_file_gives_each_label_its_probabilities() {
        let calibration = Calibration::parse(EXAMPLE).unwrap();
        let mixed = calibration.scores(Label::Mixed);
        assert!((mixed.negative - 0.4).abs() < 1e-6 && (mixed.positive - 0.2).abs() < 1e-6, "{mixed:?}");
    }

    #[test]
    fn the_readmes_example_is_one() {
        let readme = include_str!("../../../README.md");
        let is_row = |line: &&str| Label::ALL.iter().any(|label| line.starts_with(&format!("{} = {{", label.upper())));
        let rows: Vec<&str> = readme.lines().map(str::trim).filter(is_row).collect();
        assert_eq!(rows.len(), 4);
        assert!(Calibration::parse(&rows.join("\n")).is_ok(), "{rows:?}");
    }

    #[test]
    fn a_file_that_is_not_whole_is_refused() {
        let missing = EXAMPLE.lines().skip(1).collect::<Vec<_>>().join("\n");
        assert_eq!(Calibration::parse(&missing), Err(CalibrationError::Shape));
        assert_eq!(Calibration::parse(&EXAMPLE.replace("mixed = 0.1", "mixedd = 0.1")), Err(CalibrationError::Shape));
        assert_eq!(Calibration::parse(&EXAMPLE.replace("0.9", "0.5")), Err(CalibrationError::Sum("POSITIVE")));
        assert_eq!(Calibration::parse(&EXAMPLE.replace("0.8", "-0.8")), Err(CalibrationError::Sum("NEGATIVE")));
        assert_eq!(Calibration::parse("["), Err(CalibrationError::Shape));
    }
}
