//! Whether the scorer itself moved: the canary texts' scores, text by text, against what they first were.
//!
//! The texts never change, so that any movement is the scorer's. Two figures are held against the tolerance: the mean absolute change of
//! the texts' scores, which is at least the change of their mean and also sees scores that moved apart, and the share of texts
//! whose label agrees with a person's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::output::PARTS;

/// Fewest texts that say anything.
const LEAST_TEXTS: usize = 10;

/// Fewest texts whose label must have changed.
const LEAST_LABELS: u64 = 2;

/// What became of one canary text: its score in ten-thousandths, and whether its label is the one that a person gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryScore(pub i16, pub bool);

/// What a night's canary texts came to, by language; `None` for a text without scores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryResult {
    /// A hash of the texts: results of other texts are not compared.
    pub texts: String,
    /// The texts' scores, in the order of the texts.
    pub languages: BTreeMap<String, Vec<Option<CanaryScore>>>,
}

impl CanaryResult {
    fn scores(&self) -> impl Iterator<Item = CanaryScore> {
        self.languages.values().flatten().copied().flatten()
    }

    /// Texts that have scores.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.scores().count() as u64
    }

    /// Mean score of those; `None` without any.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let sum: i64 = self.scores().map(|score| i64::from(score.0)).sum();
        let scored = self.scored();
        (scored > 0).then(|| sum as f64 / scored as f64 / PARTS as f64)
    }

    /// Share of those whose label is a person's; `None` without any.
    #[must_use]
    pub fn agreement(&self) -> Option<f64> {
        let scored = self.scored();
        (scored > 0).then(|| self.scores().filter(|score| score.1).count() as f64 / scored as f64)
    }
}

/// How the canary texts moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScorerChange {
    /// Texts with scores both times.
    pub texts: u64,
    /// Change of their mean score.
    pub mean: f64,
    /// Mean absolute change of their scores.
    pub movement: f64,
    /// Change of the share whose label is a person's.
    pub agreement: f64,
    /// Whether that is more than the tolerance allows.
    pub moved: bool,
}

/// The scores that texts first had.
#[derive(Debug, Default)]
pub(super) struct Reference<'a> {
    texts: &'a str,
    scores: BTreeMap<(&'a str, usize), CanaryScore>,
}

impl<'a> Reference<'a> {
    /// Compares a result with the first scores of its texts; `None` where too few texts have both.
    pub(super) fn compare(&self, result: &CanaryResult, tolerance: f64) -> Option<ScorerChange> {
        if self.texts != result.texts {
            return None;
        }
        let pairs: Vec<(CanaryScore, CanaryScore)> =
            numbered(result).filter_map(|(key, now)| Some((*self.scores.get(&key)?, now))).collect();
        if pairs.len() < LEAST_TEXTS {
            return None;
        }
        let (mut sum, mut movement, mut gained, mut lost) = (0, 0, 0_u64, 0_u64);
        for (then, now) in &pairs {
            let change = i64::from(now.0) - i64::from(then.0);
            sum += change;
            movement += change.abs();
            gained += u64::from(now.1 && !then.1);
            lost += u64::from(then.1 && !now.1);
        }
        let texts = pairs.len() as f64;
        let score = |sum: i64| sum as f64 / texts / PARTS as f64;
        let labels = gained.abs_diff(lost);
        let moved = score(movement) > tolerance || labels >= LEAST_LABELS && labels as f64 / texts > tolerance;
        Some(ScorerChange {
            texts: pairs.len() as u64,
            mean: score(sum),
            movement: score(movement),
            agreement: (gained as f64 - lost as f64) / texts,
            moved,
        })
    }

    /// Takes in the scores of texts that had none before.
    pub(super) fn learn(&mut self, result: &'a CanaryResult) {
        if self.texts != result.texts {
            *self = Self { texts: &result.texts, scores: BTreeMap::new() };
        }
        for (key, score) in numbered(result) {
            self.scores.entry(key).or_insert(score);
        }
    }
}

fn numbered(result: &CanaryResult) -> impl Iterator<Item = ((&str, usize), CanaryScore)> {
    result.languages.iter().flat_map(|(language, scores)| {
        scores.iter().enumerate().filter_map(|(place, score)| Some(((language.as_str(), place), (*score)?)))
    })
}
