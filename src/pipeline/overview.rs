//! The run at a glance: what a person reads first when it ends.
//!
//! Sums are whole numbers and the lists are ordered by value, then id, so that it says the same whatever order the calls finished in.

use serde::Serialize;

use crate::rollup::CallRollup;
use crate::sentiment::{Label, Millionths};

/// How many calls are named as worth listening to.
const NAMED_CALLS: usize = 5;

/// Bars of the distribution of customer scores, from −1 to 1.
pub const BARS: usize = 20;

/// What one bar spans, in millionths.
const BAR_WIDTH: i64 = 100_000;

/// A call worth listening to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedCall {
    /// How the customer sounded in the last third.
    pub end: Millionths,
    /// The call.
    pub call_id: Box<str>,
    /// Its main agent.
    pub agent_id: Option<Box<str>>,
    /// How the customer sounded in the first third.
    pub start: Millionths,
}

/// What all calls of a run come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// Calls.
    pub calls: u64,
    /// Calls with a customer score.
    pub scored: u64,
    /// Calls by the customer's label.
    pub labels: Labels,
    /// Sum of customer scores in millionths.
    score_sum: i128,
    /// Calls with a start and an end.
    pub with_shift: u64,
    /// Those that end at least 0.1 lower than they start.
    pub worse: u64,
    /// Those that end at least 0.1 higher.
    pub better: u64,
    /// Calls flagged as escalated.
    pub escalated: u64,
    /// Calls flagged as recovered.
    pub recovered: u64,
    /// Customer scores by tenths from −1 to 1.
    pub distribution: [u64; BARS],
    /// The escalated calls with the lowest ends.
    pub worst: Vec<NamedCall>,
    /// Calls too little of which was scored.
    pub low_coverage: u64,
    /// Calls whose own words are too few to know their language by.
    pub language_assumed: u64,
}

/// Calls by the customer's label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// Calls with a positive customer.
    pub positive: u64,
    /// Calls with a neutral customer.
    pub neutral: u64,
    /// Calls with a customer of mixed feelings.
    pub mixed: u64,
    /// Calls with a negative customer.
    pub negative: u64,
}

/// A shift smaller than this is neither better nor worse.
const NOTABLE_SHIFT: i64 = 100_000;

impl Overview {
    /// Adds a call.
    pub fn add(&mut self, call: &CallRollup, low_coverage: bool) {
        self.calls += 1;
        self.low_coverage += u64::from(low_coverage);
        if let Some(score) = call.customer.score {
            self.scored += 1;
            self.score_sum += i128::from(score.0);
            self.distribution[bar(score)] += 1;
        }
        match call.customer.label {
            Some(Label::Positive) => self.labels.positive += 1,
            Some(Label::Negative) => self.labels.negative += 1,
            Some(Label::Neutral) => self.labels.neutral += 1,
            Some(Label::Mixed) => self.labels.mixed += 1,
            None => {}
        }
        if let Some(shift) = call.customer.shift {
            self.with_shift += 1;
            self.worse += u64::from(shift.0 <= -NOTABLE_SHIFT);
            self.better += u64::from(shift.0 >= NOTABLE_SHIFT);
        }
        self.recovered += u64::from(call.recovered == Some(true));
        if call.escalated == Some(true) {
            self.escalated += 1;
            self.name(call);
        }
    }

    /// Mean of the calls' customer scores; `None` when nothing was scored.
    #[must_use]
    pub fn mean_score(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.score_sum as f64 / 1e6 / self.scored as f64)
    }

    fn name(&mut self, call: &CallRollup) {
        // An escalated call has both, or it could not be said to have escalated.
        let (Some(start), Some(end)) = (call.customer.start, call.customer.end) else { return };
        let full = self.worst.len() >= NAMED_CALLS;
        if full && self.worst.last().is_some_and(|last| (last.end, &*last.call_id) <= (end, &*call.id)) {
            return;
        }
        let named = NamedCall { end, call_id: call.id.clone(), agent_id: call.agent_id().map(Into::into), start };
        let place = self.worst.binary_search(&named).unwrap_or_else(|place| place);
        self.worst.insert(place, named);
        self.worst.truncate(NAMED_CALLS);
    }
}

/// The bar of a score: the last one holds 1 as well.
fn bar(score: Millionths) -> usize {
    usize::try_from((score.0 + 1_000_000) / BAR_WIDTH).unwrap_or(0).min(BARS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_the_whole_scale() {
        assert_eq!(bar(Millionths(-1_000_000)), 0);
        assert_eq!(bar(Millionths(-900_001)), 0);
        assert_eq!(bar(Millionths(-900_000)), 1);
        assert_eq!(bar(Millionths(0)), 10);
        assert_eq!(bar(Millionths(1_000_000)), BARS - 1);
    }
}
