//! The rows of agents.csv, as far as the page needs them.

use std::path::Path;

use super::ReportError;
use super::table::{Row, Table};

/// What can be said of an agent, in the order of how much there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Beyond the outer limits of the funnel.
    Outside,
    /// Beyond the inner limits.
    Watch,
    /// Within what chance brings.
    Inside,
    /// Too few calls to say.
    TooFew,
    /// Fewer than 5 agents: nobody is compared.
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
    /// In which measure.
    pub(super) sd: f64,
    /// The distance in that measure.
    pub(super) z: f64,
}

/// One agent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) calls: u64,
    pub(super) scored: u64,
    pub(super) raw: Option<f64>,
    pub(super) score: Option<f64>,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) escalated: Option<f64>,
    pub(super) verdict: Verdict,
    /// Reliability below .3, whatever the funnel says.
    pub(super) unsure: bool,
    pub(super) place: Option<Place>,
    pub(super) q_value: Option<f64>,
}

/// All agents.
#[derive(Debug, Default)]
pub(super) struct AgentFacts {
    /// In the order of their ids.
    pub(super) agents: Vec<Agent>,
    pub(super) calls_for_reliability_70: Option<u64>,
    /// Whether scores were compared after an adjustment for queue and language.
    pub(super) adjusted: bool,
}

const COLUMNS: [&str; 18] = [
    "agent_id",
    "calls",
    "calls_scored",
    "customer_score_raw",
    "customer_score",
    "customer_score_low",
    "customer_score_high",
    "customer_score_adjusted",
    "customer_end",
    "escalated_share",
    "status",
    "funnel",
    "funnel_z",
    "funnel_score",
    "funnel_mean",
    "funnel_sd",
    "q_value",
    "calls_for_reliability_70",
];

impl AgentFacts {
    /// Reads agents.csv.
    pub(super) fn read(path: &Path) -> Result<Self, ReportError> {
        let mut table = Table::open(path, COLUMNS)?;
        let mut facts = Self::default();
        while let Some(row) = table.next()? {
            facts.agents.push(Agent::of(&row)?);
            facts.adjusted |= row.decimal(7)?.is_some();
            facts.calls_for_reliability_70 = facts.calls_for_reliability_70.max(row.count(17)?);
        }
        Ok(facts)
    }

    /// How many agents have this verdict.
    pub(super) fn count(&self, verdict: Verdict) -> u64 {
        self.agents.iter().filter(|agent| agent.verdict == verdict).count() as u64
    }

    /// Whether there are enough agents to compare them.
    pub(super) fn compared(&self) -> bool {
        self.agents.iter().any(|agent| agent.place.is_some())
    }
}

impl Agent {
    fn of(row: &Row<'_, 18>) -> Result<Self, ReportError> {
        let place = match (row.decimal(13)?, row.decimal(14)?, row.decimal(15)?, row.decimal(12)?) {
            (Some(score), Some(mean), Some(sd), Some(z)) => Some(Place { score, mean, sd, z }),
            _ => None,
        };
        Ok(Self {
            id: row.text(0).unwrap_or_default(),
            calls: row.count(1)?.unwrap_or(0),
            scored: row.count(2)?.unwrap_or(0),
            raw: row.decimal(3)?,
            score: row.decimal(4)?,
            low: row.decimal(5)?,
            high: row.decimal(6)?,
            end: row.decimal(8)?,
            escalated: row.decimal(9)?,
            verdict: verdict(row.bytes(10), row.bytes(11)),
            unsure: row.bytes(10) == b"insufficient",
            place,
            q_value: row.decimal(16)?,
        })
    }

    /// Whether the funnel names the agent.
    pub(super) fn notable(&self) -> bool {
        matches!(self.verdict, Verdict::Outside | Verdict::Watch)
    }
}

/// What the funnel says comes first: many calls would be needed to be sure of a score, few may do to see that it is far off.
fn verdict(status: &[u8], funnel: &[u8]) -> Verdict {
    match (status, funnel) {
        (b"no_data", _) => Verdict::NotScored,
        (b"few_agents", _) => Verdict::NotCompared,
        (_, b"out") => Verdict::Outside,
        (_, b"watch") => Verdict::Watch,
        (b"insufficient", _) => Verdict::TooFew,
        _ => Verdict::Inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_inside_without_a_score() {
        assert_eq!(verdict(b"no_data", b""), Verdict::NotScored);
        assert_eq!(verdict(b"few_agents", b""), Verdict::NotCompared);
        assert_eq!(verdict(b"insufficient", b"in"), Verdict::TooFew);
        assert_eq!(verdict(b"insufficient", b"out"), Verdict::Outside);
        assert_eq!(verdict(b"ok", b"in"), Verdict::Inside);
    }

    #[test]
    fn numbers_are_places_in_the_list() {
        for (number, verdict) in (0..).zip(Verdict::ALL) {
            assert_eq!(verdict.number(), number);
        }
    }
}
