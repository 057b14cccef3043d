//! One row of agents.csv, and all of them.

use super::funnel::Funnel;
use super::population::Population;
use super::shares::Share;

/// What an agent's score is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No call with a customer score.
    NoData,
    /// Too few agents have enough calls to tell what is the agent's own; below 5 agents the score is the plain mean.
    FewAgents,
    /// Too few calls for any verdict.
    Insufficient,
    /// Enough calls, but a reliability below 0.3: the score is more of the others' than of the agent's own.
    Uncertain,
    /// None of these.
    Ok,
    /// No verdict, as the scores are those of the local engine in a run that is to show what a service would give.
    Sampled,
}

impl Status {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::FewAgents => "few_agents",
            Self::Insufficient => "insufficient",
            Self::Uncertain => "uncertain",
            Self::Ok => "ok",
            Self::Sampled => "sampled",
        }
    }
}

/// One row of agents.csv. `None` is an empty cell.
///
/// A **verdict** (funnel, q-value, reliability, percentile, bottom decile) is about agents with 10 scored calls or more only. Verdicts
/// are from scores adjusted for queue and language where these exist.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentRollup {
    /// The agent's id.
    pub id: Box<str>,
    /// Calls on which the agent appears.
    pub calls: u64,
    /// Those of them with a customer score, words in the agent's spans and enough coverage: n.
    pub calls_scored: u64,
    /// ȳ: mean of the calls' customer scores, weighted by the agent's part in each.
    pub customer_score_raw: Option<f64>,
    /// The plain t interval of the same. `None` below two calls.
    pub customer_score_raw_interval: Option<(f64, f64)>,
    /// θ̂ from raw scores; ȳ for fewer than 5 agents.
    pub customer_score: Option<f64>,
    /// Lower end of its 95 % interval.
    pub customer_score_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub customer_score_high: Option<f64>,
    /// θ̂ from scores adjusted for queue and language. `None` if no call has a queue.
    pub customer_score_adjusted: Option<f64>,
    /// Its 95 % interval.
    pub customer_score_adjusted_interval: Option<(f64, f64)>,
    /// 1 − B. `None` where fewer than 15 agents have 10 calls.
    pub reliability: Option<f64>,
    /// What the score is worth.
    pub status: Status,
    /// Where `funnel_z` lies.
    pub funnel: Option<Funnel>,
    /// The normal score of the distance from the bulk of the agents. `None` where fewer than 5 agents have 10 calls.
    pub funnel_z: Option<f64>,
    /// What the funnel compares: the mean of the calls' scores before it is drawn in, adjusted where the scores are.
    pub funnel_score: Option<f64>,
    /// `μ_w`: what it is compared with. The same in every row.
    pub funnel_mean: Option<f64>,
    /// Standard deviation of the difference between the two.
    pub funnel_sd: Option<f64>,
    /// f: degrees of freedom of t, the difference in that measure.
    pub funnel_freedom: Option<f64>,
    /// The scores beyond which `funnel` is `watch`, cut off at the ends of the scale.
    pub funnel_watch: Option<(f64, f64)>,
    /// The scores beyond which it is `out`.
    pub funnel_out: Option<(f64, f64)>,
    /// Benjamini-Hochberg over the agents with a funnel.
    pub q_value: Option<f64>,
    /// Mean over the other agents of the chance to be truly better than they, 0 to 1. Only where reliability ≥ 0.5.
    pub expected_percentile: Option<f64>,
    /// Chance that the agent truly belongs to the lowest tenth. Only where reliability ≥ 0.5.
    pub p_bottom_decile: Option<f64>,
    /// Calls that give a score a reliability of 0.7. The same in every row.
    pub calls_for_reliability_70: Option<u64>,
    /// Weighted mean of the calls' customer `end`.
    pub customer_end: Option<f64>,
    /// The same given each call's start and queue; see [`super`]. `None` if no call has a queue.
    pub customer_end_adjusted: Option<f64>,
    /// Share of scored calls whose customer label is NEGATIVE.
    pub negative_calls: Option<Share>,
    /// Share of escalated calls among those where `escalated` is known.
    pub escalated: Option<Share>,
    /// Share of recovered calls among those where `recovered` is known.
    pub recovered: Option<Share>,
    /// How the agents of the agent's calls sound: weighted mean of the calls' agent score.
    pub agent_score: Option<f64>,
    /// Words spoken by customers and agents in the agent's spans.
    pub words: u64,
    /// Mean of h over `calls`.
    pub handled_share_mean: Option<f64>,
    /// Factor by which what calls of one day have in common widens the variance of ȳ. `None` where dates show nothing of it.
    pub design_effect: Option<f64>,
}

/// All of agents.csv.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentsReport {
    /// One row an agent, sorted by id.
    pub agents: Vec<AgentRollup>,
    /// Calls without any agent id; they are in no row.
    pub calls_without_agent: u64,
    /// `None` for fewer than 5 agents with data.
    pub population: Option<Population>,
}

impl AgentsReport {
    /// The same without any verdict: nothing is said of who stands out, of reliability and places, or of whether agents differ.
    #[must_use]
    pub(crate) fn without_verdicts(mut self) -> Self {
        for agent in &mut self.agents {
            *agent = AgentRollup {
                reliability: None,
                status: if agent.status == Status::NoData { Status::NoData } else { Status::Sampled },
                funnel: None,
                funnel_z: None,
                funnel_score: None,
                funnel_mean: None,
                funnel_sd: None,
                funnel_freedom: None,
                funnel_watch: None,
                funnel_out: None,
                q_value: None,
                expected_percentile: None,
                p_bottom_decile: None,
                calls_for_reliability_70: None,
                ..agent.clone()
            };
        }
        self.population = None;
        self
    }
}
