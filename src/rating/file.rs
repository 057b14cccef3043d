//! The file of a model: TOML with plain names, checked in full before any of it is used.

use super::{RatingModel, Scoring};
use crate::exit::{ExitCode, Stops};

const HEAD: &str =
    "# What rating a customer would give a call, by columns of calls.csv. Written by `undertone train --for calls`.
#
# index = the sum of weight x column; customer_no_negative_share is 1 - customer_negative_share, and customer_score
# stands for an end, low or start that is unknown. The curve leads from the index to the mean rating of such calls and
# its 95 % interval, straight between its points and level beyond them.

";

/// Why a file is no model, or none for this run.
#[derive(Debug, thiserror::Error)]
pub enum RatingModelError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// It is not TOML of this form.
    #[error("no call model{}", line.map(|line| format!(": line {line} can't be used")).unwrap_or_default())]
    NotOne {
        /// The line, where there is one to blame.
        line: Option<usize>,
    },
    /// Its numbers can't be those of a model.
    #[error("no call model: {0}")]
    Impossible(&'static str),
    /// It learned from other scores than the run makes.
    #[error("the call model learned from {what} {learned}, and this run has {run}")]
    OtherScores {
        /// What differs.
        what: &'static str,
        /// As the model has it.
        learned: String,
        /// As the run has it.
        run: String,
    },
}

impl Stops for RatingModelError {
    fn code(&self) -> ExitCode {
        ExitCode::Settings
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::OtherScores { .. } => {
                "train one on the scores of this run: undertone train RATINGS.csv --input CALLS --for calls --out MODEL"
                    .to_owned()
            }
            _ => "a call model is a file that `undertone train --for calls` wrote".to_owned(),
        })
    }
}

impl RatingModel {
    /// The model as a file.
    ///
    /// # Panics
    /// Never: numbers and names can always be written.
    #[must_use]
    pub fn to_toml(&self) -> String {
        HEAD.to_owned() + &toml::to_string(self).expect("numbers and names can be written")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`RatingModelError`] for what is not a model; none holds a value of the file.
    pub fn from_toml(text: &str) -> Result<Self, RatingModelError> {
        let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let model: Self = toml::from_str(text).map_err(|error: toml::de::Error| RatingModelError::NotOne {
            line: error.span().map(|span| line(span.start)),
        })?;
        model.check()?;
        Ok(model)
    }

    /// Whether the model may be used for scores made so.
    ///
    /// # Errors
    /// [`RatingModelError::OtherScores`] if it learned from others.
    pub fn fits(&self, run: &Scoring) -> Result<(), RatingModelError> {
        let Scoring { engine, granularity, scoring_version } = &self.scoring;
        let parts = [
            ("engine", engine, &run.engine),
            ("granularity", granularity, &run.granularity),
            ("formulas version", scoring_version, &run.scoring_version),
        ];
        match parts.into_iter().find(|(_, learned, run)| learned != run) {
            Some((what, learned, run)) => {
                let learned = crate::words::Name::within(learned, 40).to_string();
                Err(RatingModelError::OtherScores { what, learned, run: run.clone() })
            }
            None => Ok(()),
        }
    }

    fn check(&self) -> Result<(), RatingModelError> {
        let impossible = |reason| Err(RatingModelError::Impossible(reason));
        let weights = self.weights.all();
        if !weights.iter().all(|weight| (0.0..=1.0).contains(weight)) || weights.iter().all(|weight| *weight <= 0.0) {
            return impossible("a weight lies outside 0 to 1, or none is above 0");
        }
        let within = |value: f64| (self.lowest..=self.highest).contains(&value);
        let in_order =
            |low: f64, middle: f64, high: f64| low <= middle && middle <= high && within(low) && within(high);
        if !self.curve.iter().all(|point| point.index.is_finite() && in_order(point.low, point.expected, point.high)) {
            return impossible("a rating on the curve lies outside its interval or the scale");
        }
        let turned = |value: f64| if self.high_is_better { value } else { -value };
        let rises = self.curve.windows(2).all(|pair| match pair {
            [one, next] => one.index < next.index && turned(one.expected) <= turned(next.expected),
            _ => true,
        });
        if self.curve.len() < 2 || !rises {
            return impossible("the curve has fewer than two points, or turns back");
        }
        Ok(())
    }
}
