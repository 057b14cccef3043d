//! The rows of agents.csv, as far as the page needs them.

use std::path::Path;

use serde::Deserialize;

use crate::output::read::{self, TableReader};
use crate::output::{ReadError, read_back, rounded_decimal};
use crate::rollup::{AgentRollup, AgentsReport, Funnel, Status};

/// The verdict on an agent, the most notable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Beyond the outer limits of the funnel.
    Outside,
    /// Beyond the inner limits.
    Watch,
    /// Within the limits.
    Inside,
    /// Too few calls for a verdict.
    TooFew,
    /// Fewer than 5 agents have enough calls: nobody is compared.
    NotCompared,
    /// No call with a score.
    NotScored,
}

impl Verdict {
    /// All, in order.
    pub(super) const ALL: [Self; 6] =
        [Self::Outside, Self::Watch, Self::Inside, Self::TooFew, Self::NotCompared, Self::NotScored];

    /// The word for people.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Watch => "watch",
            Self::Inside => "inside",
            Self::TooFew => "too few calls",
            Self::NotCompared => "not compared",
            Self::NotScored => "not scored",
        }
    }

    /// Its number in the page's data.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }
}

/// Where the funnel puts an agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// What is compared.
    pub(super) score: f64,
    /// With what.
    pub(super) mean: f64,
    /// Limits beyond which the agent is on watch.
    pub(super) watch: (f64, f64),
    /// Limits beyond which the agent is outside.
    pub(super) out: (f64, f64),
    /// The distance as a normal score.
    pub(super) z: f64,
}

/// One agent: columns of agents.csv, decimals as they stand there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Agent {
    #[serde(rename = "agent_id", deserialize_with = "read::name")]
    pub(super) id: String,
    pub(super) calls: u64,
    #[serde(rename = "calls_scored")]
    pub(super) scored: u64,
    #[serde(rename = "customer_score_raw", deserialize_with = "read::decimal")]
    pub(super) raw: Option<f64>,
    #[serde(rename = "customer_score_raw_low", deserialize_with = "read::decimal")]
    pub(super) raw_low: Option<f64>,
    #[serde(rename = "customer_score_raw_high", deserialize_with = "read::decimal")]
    pub(super) raw_high: Option<f64>,
    #[serde(rename = "customer_score", deserialize_with = "read::decimal")]
    pub(super) score: Option<f64>,
    #[serde(rename = "customer_score_low", deserialize_with = "read::decimal")]
    pub(super) low: Option<f64>,
    #[serde(rename = "customer_score_high", deserialize_with = "read::decimal")]
    pub(super) high: Option<f64>,
    #[serde(rename = "customer_score_adjusted", deserialize_with = "read::decimal")]
    adjusted: Option<f64>,
    #[serde(rename = "customer_end", deserialize_with = "read::decimal")]
    pub(super) end: Option<f64>,
    #[serde(rename = "escalated_share", deserialize_with = "read::decimal")]
    pub(super) escalated: Option<f64>,
    status: Status,
    #[serde(deserialize_with = "read::word")]
    funnel: Option<Funnel>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_z: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_score: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_mean: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_watch_low: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_watch_high: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_out_low: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    funnel_out_high: Option<f64>,
    #[serde(deserialize_with = "read::decimal")]
    pub(super) q_value: Option<f64>,
    #[serde(deserialize_with = "read::word")]
    calls_for_reliability_70: Option<u64>,
}

/// The agents of a run whose table is written with `guard` against spreadsheets or without, in the order of their ids.
#[must_use]
pub fn agents(report: &AgentsReport, guard: bool) -> Vec<Agent> {
    report.agents.iter().map(|agent| Agent::of(agent, guard)).collect()
}

/// Reads agents.csv.
pub(super) fn read_agents(path: &Path) -> Result<Vec<Agent>, ReadError> {
    let mut table = TableReader::open(path)?;
    let mut agents = Vec::new();
    while table.advance()? {
        agents.push(table.row()?);
    }
    Ok(agents)
}

/// How many agents have this verdict.
pub(super) fn count(agents: &[Agent], verdict: Verdict) -> u64 {
    agents.iter().filter(|agent| agent.verdict() == verdict).count() as u64
}

/// Whether there are enough agents to compare them.
pub(super) fn compared(agents: &[Agent]) -> bool {
    agents.iter().any(|agent| agent.place().is_some())
}

/// Whether the scores are those of the local engine in a run that is to show what a service would give.
pub(super) fn sampled(agents: &[Agent]) -> bool {
    agents.iter().any(|agent| agent.status == Status::Sampled)
}

/// Whether scores were compared after an adjustment for queue and language.
pub(super) fn adjusted(agents: &[Agent]) -> bool {
    agents.iter().any(|agent| agent.adjusted.is_some())
}

/// Calls after which a score is reliable.
pub(super) fn calls_for_reliability_70(agents: &[Agent]) -> Option<u64> {
    agents.iter().filter_map(|agent| agent.calls_for_reliability_70).max()
}

impl Agent {
    fn of(agent: &AgentRollup, guard: bool) -> Self {
        let decimal = |value: Option<f64>| value.and_then(rounded_decimal);
        let verdict = &agent.verdict;
        let place = verdict.place;
        Self {
            id: read_back(&agent.id, guard).into_owned(),
            calls: agent.calls,
            scored: agent.calls_scored,
            raw: decimal(agent.customer_score_raw),
            raw_low: decimal(agent.customer_score_raw_interval.map(|(low, _)| low)),
            raw_high: decimal(agent.customer_score_raw_interval.map(|(_, high)| high)),
            score: decimal(agent.customer_score),
            low: decimal(agent.customer_score_low),
            high: decimal(agent.customer_score_high),
            adjusted: decimal(agent.customer_score_adjusted),
            end: decimal(agent.customer_end),
            escalated: decimal(agent.escalated.map(|share| share.value)),
            status: agent.status,
            funnel: verdict.funnel(),
            funnel_z: decimal(place.map(|place| place.z)),
            funnel_score: decimal(place.map(|place| place.score)),
            funnel_mean: decimal(verdict.funnel_mean),
            funnel_watch_low: decimal(place.map(|place| place.watch.0)),
            funnel_watch_high: decimal(place.map(|place| place.watch.1)),
            funnel_out_low: decimal(place.map(|place| place.out.0)),
            funnel_out_high: decimal(place.map(|place| place.out.1)),
            q_value: decimal(verdict.q_value),
            calls_for_reliability_70: verdict.calls_for_reliability_70,
        }
    }

    /// Where the funnel puts the agent, if it does.
    pub(super) fn place(&self) -> Option<Place> {
        let (score, mean) = self.funnel_score.zip(self.funnel_mean)?;
        let watch = self.funnel_watch_low.zip(self.funnel_watch_high)?;
        let out = self.funnel_out_low.zip(self.funnel_out_high)?;
        Some(Place { score, mean, watch, out, z: self.funnel_z? })
    }

    /// The verdict.
    pub(super) fn verdict(&self) -> Verdict {
        match self.funnel {
            Some(Funnel::Out) => Verdict::Outside,
            Some(Funnel::Watch) => Verdict::Watch,
            Some(Funnel::In) => Verdict::Inside,
            None if self.status == Status::NoData => Verdict::NotScored,
            // The mean stands in every row if there is a funnel at all.
            None if self.funnel_mean.is_some() => Verdict::TooFew,
            None => Verdict::NotCompared,
        }
    }

    /// Whether the score is more of the others' than of the agent's own, or may be.
    pub(super) fn unsure(&self) -> bool {
        matches!(self.status, Status::Insufficient | Status::Uncertain)
    }

    /// Whether the funnel names the agent.
    pub(super) fn notable(&self) -> bool {
        matches!(self.verdict(), Verdict::Outside | Verdict::Watch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_in_the_list() {
        for (number, verdict) in (0..).zip(Verdict::ALL) {
            assert_eq!(verdict.number(), number);
        }
    }
}
