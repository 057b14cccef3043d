//! The agents' book: what all calls add up to, agent by agent, in exact sums.
//!
//! A book takes calls in any order and merges with others in any order and grouping; equal calls make equal books, and
//! equal books make equal reports, to the last bit. It holds sums only: its size grows with agents and strata, not
//! with calls. What is made of the sums is in [`AgentsReport`].
//!
//! A call counts for every agent on it with the weight h = `handled_share`. A call without words has no shares: it
//! counts in `calls`, and nowhere else. A call of which too little was scored is left out of the customer columns
//! (or, if it is the agents' words that are missing, of `agent_score`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::call::CallRollup;
use super::fixed::Millionths;
use super::handling::AgentShare;
use super::report::AgentsReport;
use super::sums::{Mean, Moments, Pairs, Tally};
use super::text::Label;

/// How agents' columns are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentOptions {
    /// Share of the customer's words that must be scored for a call to count in its agents' customer columns
    /// (`--min-coverage`); the same holds of the agents' words for `agent_score`.
    pub min_coverage: Millionths,
}

impl Default for AgentOptions {
    /// Half of the words.
    fn default() -> Self {
        Self { min_coverage: Millionths(500_000) }
    }
}

/// Sums over calls, agent by agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentBook {
    options: AgentOptions,
    pub(super) agents: BTreeMap<Box<str>, AgentSums>,
    pub(super) calls: u64,
    pub(super) calls_without_agent: u64,
    pub(super) calls_low_coverage: u64,
}

impl AgentBook {
    /// An empty book.
    #[must_use]
    pub fn new(options: AgentOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Enters a call, which must not have been entered before.
    pub fn add(&mut self, call: &CallRollup) {
        self.calls += 1;
        self.calls_without_agent += u64::from(call.agents.is_empty());
        self.calls_low_coverage += u64::from(call.low_coverage(self.options.min_coverage));
        for share in &call.agents {
            if !self.agents.contains_key(&share.id) {
                self.agents.insert(share.id.clone(), AgentSums::default());
            }
            if let Some(sums) = self.agents.get_mut(&share.id) {
                sums.add(call, share, self.options);
            }
        }
    }

    /// Enters all calls of `other`, a book with the same options whose calls are others.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.options, other.options, "books kept by different rules can't be merged");
        self.calls += other.calls;
        self.calls_without_agent += other.calls_without_agent;
        self.calls_low_coverage += other.calls_low_coverage;
        for (id, sums) in other.agents {
            self.agents.entry(id).or_default().merge(sums);
        }
    }

    /// Computes every agent's row. The book stays as it is.
    #[must_use]
    pub fn finish(&self) -> AgentsReport {
        AgentsReport::of(self)
    }
}

/// Calls that are alike before the agent does anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stratum {
    pub(super) queue: Option<Box<str>>,
    pub(super) language: Option<Box<str>>,
}

/// One agent's calls in one stratum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StratumSums {
    pub(super) stratum: Stratum,
    /// Of the customer's score.
    pub(super) scores: Moments,
    /// Of the customer's start and end, where a call has both.
    pub(super) pairs: Pairs,
}

/// One agent's calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AgentSums {
    pub(super) calls: u64,
    /// Calls with a customer score, a weight above 0 and enough coverage.
    pub(super) calls_scored: u64,
    pub(super) words: u64,
    /// Σh in millionths over all calls.
    pub(super) handled: i128,
    pub(super) end: Mean,
    pub(super) negative: Tally,
    pub(super) escalated: Tally,
    pub(super) recovered: Tally,
    /// Of the agents' score by call.
    pub(super) agent_score: Mean,
    /// Sorted by stratum.
    pub(super) strata: Vec<StratumSums>,
}

impl AgentSums {
    /// Sums of the customer's score over all strata.
    pub(super) fn all_scores(&self) -> Moments {
        let mut all = Moments::default();
        for sums in &self.strata {
            all += &sums.scores;
        }
        all
    }

    fn add(&mut self, call: &CallRollup, share: &AgentShare, options: AgentOptions) {
        let weight = share.handled_share;
        self.calls += 1;
        self.words += share.words;
        self.handled += i128::from(weight.0);
        if weight <= Millionths(0) {
            return;
        }
        if !call.low_coverage(options.min_coverage) {
            self.add_customer(call, weight);
        }
        if let Some(score) = call.agent.score.filter(|_| !call.low_agent_coverage(options.min_coverage)) {
            self.agent_score.add(weight, score);
        }
    }

    fn add_customer(&mut self, call: &CallRollup, weight: Millionths) {
        let Some(score) = call.customer.score else { return };
        self.calls_scored += 1;
        self.negative.add(weight, call.customer.label == Some(Label::Negative));
        if let Some(end) = call.customer.end {
            self.end.add(weight, end);
        }
        if let Some(escalated) = call.escalated {
            self.escalated.add(weight, escalated);
        }
        if let Some(recovered) = call.recovered {
            self.recovered.add(weight, recovered);
        }
        let sums = self.stratum_of(call);
        sums.scores.add(weight, score);
        if let Some((start, end)) = call.customer.start.zip(call.customer.end) {
            sums.pairs.add(weight, start, end);
        }
    }

    fn stratum_of(&mut self, call: &CallRollup) -> &mut StratumSums {
        let compare = |sums: &StratumSums| {
            let stratum = &sums.stratum;
            stratum.queue.cmp(&call.queue).then_with(|| stratum.language.cmp(&call.language))
        };
        let place = self.strata.binary_search_by(compare).unwrap_or_else(|place| {
            let stratum = Stratum { queue: call.queue.clone(), language: call.language.clone() };
            self.strata.insert(place, StratumSums::new(stratum));
            place
        });
        &mut self.strata[place]
    }

    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.calls_scored += other.calls_scored;
        self.words += other.words;
        self.handled += other.handled;
        self.end += &other.end;
        self.negative += &other.negative;
        self.escalated += &other.escalated;
        self.recovered += &other.recovered;
        self.agent_score += &other.agent_score;
        for sums in other.strata {
            match self.strata.binary_search_by(|own| own.stratum.cmp(&sums.stratum)) {
                Ok(place) => self.strata[place].merge(&sums),
                Err(place) => self.strata.insert(place, sums),
            }
        }
    }
}

impl StratumSums {
    fn new(stratum: Stratum) -> Self {
        Self { stratum, scores: Moments::default(), pairs: Pairs::default() }
    }

    fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.stratum.cmp(&other.stratum), Ordering::Equal, "sums of one stratum");
        self.scores += &other.scores;
        self.pairs += &other.pairs;
    }
}
