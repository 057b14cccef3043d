//! One day as drift looks at it: sums of its calls, in whole numbers, and what scored them.
//!
//! Calls may be added in any order. Nothing of a call is kept: names of queues and languages are counted by a byte of
//! their hash.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::scorer::CanaryResult;
use crate::output::{PARTS, parts};
use crate::rollup::CallRollup;
use crate::sentiment::Label;

/// Bins of call scores from −1 to 1, each .2 wide; the last one holds 1 too.
pub const BINS: usize = 10;
const BIN_PARTS: i64 = 2 * PARTS / 10;

/// One day. A record of an earlier version of the program has blanks for what it did not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// The date.
    #[serde(with = "date")]
    pub date: Date,
    /// What scored the day's calls: a hash of engine, model, settings and formulas. Days with another one are not compared.
    #[serde(default)]
    pub scorer: String,
    /// Why the figures from this day on are known to be others than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// What the canary texts came to when the day was scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryResult>,
    /// The day's calls.
    #[serde(default)]
    pub sums: DaySums,
    /// Rows of the day's inputs that could not be used; `None` where they are not known by day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<u64>,
    /// Pieces of personal data that were kept back; `None` where none were looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redactions: Option<u64>,
}

/// What a day's calls add up to. Scores are in ten-thousandths, as the tables have them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DaySums {
    /// Calls.
    pub calls: u64,
    /// Calls with a customer score.
    pub scored: u64,
    /// Sum of the customer scores.
    pub score_sum: i64,
    /// Sum of their squares.
    pub score_squares: u64,
    /// Calls by customer score.
    pub bins: [u64; BINS],
    /// Scored calls labelled negative.
    pub negative: u64,
    /// Calls that escalated.
    pub escalated: u64,
    /// Calls of which it is known whether they did.
    pub with_shift: u64,
    /// Calls that name no agent.
    pub without_agent: u64,
    /// Turns of all roles.
    pub turns: u64,
    /// Sum of the squares of the calls' turns.
    pub turn_squares: u64,
    /// Words of customers and agents.
    pub words: u64,
    /// Sum of the squares of the calls' words.
    pub word_squares: u64,
    /// Sum of the products of the calls' words and turns.
    pub word_turns: u64,
    /// Calls by language.
    pub languages: Mix,
    /// Calls by queue.
    pub queues: Mix,
}

impl Day {
    /// A day without calls.
    #[must_use]
    pub fn new(date: Date, scorer: impl Into<String>) -> Self {
        Self {
            date,
            scorer: scorer.into(),
            accepted: None,
            canary: None,
            sums: DaySums::default(),
            rejects: None,
            redactions: None,
        }
    }
}

impl DaySums {
    /// Adds a call.
    pub fn add(&mut self, call: &CallRollup) {
        self.calls += 1;
        if let Some(score) = call.customer.score.map(parts) {
            self.add_score(score);
            self.negative += u64::from(call.customer.label == Some(Label::Negative));
        }
        self.with_shift += u64::from(call.escalated.is_some());
        self.escalated += u64::from(call.escalated == Some(true));
        self.without_agent += u64::from(call.agents.is_empty());
        let (turns, words) = (u64::from(call.turns), call.customer.words + call.agent.words);
        self.turns += turns;
        self.words += words;
        self.turn_squares = self.turn_squares.saturating_add(turns * turns);
        self.word_squares = self.word_squares.saturating_add(words.saturating_mul(words));
        self.word_turns = self.word_turns.saturating_add(words.saturating_mul(turns));
        self.languages.add(call.language.as_deref());
        self.queues.add(call.queue.as_deref());
    }

    fn add_score(&mut self, score: i64) {
        self.scored += 1;
        self.score_sum += score;
        self.score_squares += score.unsigned_abs().pow(2);
        let bin = usize::try_from((score + PARTS) / BIN_PARTS).unwrap_or(0);
        self.bins[bin.min(BINS - 1)] += 1;
    }

    /// Mean of the calls' customer scores; `None` when nothing was scored.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.score_sum as f64 / self.scored as f64 / PARTS as f64)
    }

    /// Standard error of the mean, s/√n, calls being the sampling unit; `None` below two scored calls.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        if self.scored < 2 {
            return None;
        }
        let (count, sum) = (self.scored as f64, self.score_sum as f64);
        let spread = (self.score_squares as f64 - sum * sum / count).max(0.0);
        Some((spread / (count - 1.0) / count).sqrt() / PARTS as f64)
    }
}

/// Calls by what a name hashes to; those without a name are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix(pub BTreeMap<u8, u64>);

impl Mix {
    fn add(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            *self.0.entry(blake3::hash(name.as_bytes()).as_bytes()[0]).or_default() += 1;
        }
    }
}

/// Dates as `YYYY-MM-DD`.
mod date {
    use jiff::civil::Date;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom("a date, YYYY-MM-DD, was expected"))
    }
}
