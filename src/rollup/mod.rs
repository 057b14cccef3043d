//! From scores to roll-ups: one row a call, one row an agent.
//!
//! Pure: no I/O, no clock, no randomness, and no float before the last addition, so that any order of calls, any split into
//! shards and any platform give the same bits. Reads in the order of the work:
//!
//! - [`turn_scores`]: scores of pieces of text become scores of turns;
//! - [`roll_up`]: a call's turns become its row of calls.csv ([`CallRollup`]);
//! - [`AgentBook`]: calls are added up, agent by agent, in exact sums that merge;
//! - [`AgentBook::finish`]: the sums become agents.csv ([`AgentsReport`]).
//!
//! # Two rules
//! What was not scored is **absent**: it never counts as 0 or as neutral, and a mean of nothing is empty. And **the call
//! is the sampling unit** of an agent's score: turns of one call are alike, and intervals built on them cover 43–70 % where
//! they claim 95 %.
//!
//! # Where each formula stands
//! | what | where |
//! |---|---|
//! | score v = P − N, label | [`FixedScores`](crate::sentiment::FixedScores), [`Label`](crate::sentiment::Label) |
//! | a turn's score from its pieces | [`TurnScore`] |
//! | a turn's charge and weight | [`RoleRollup`]'s file, `weight` |
//! | `score` … `low_position` of a role | [`RoleRollup`] |
//! | `escalated`, `recovered`; an agent's part of a call | [`Part`] |
//! | `coverage`, `agent_id`, `agents` | [`CallRollup`] |
//! | spans and `handled_share` | [`AgentShare`] |
//! | `s_p²`, s̃², v; plain intervals; fewer than 5 agents | `model` |
//! | what days do to v, design effect | `days` |
//! | τ², μ̂, θ̂, V, reliability | [`Fit`] |
//! | adjustment for queue and language, of score and end | `case_mix` |
//! | μ_w, τ_w², z, funnel and its limits, q-value | [`Funnel`] |
//! | whether agents differ, calls for reliability .7 | [`Population`] |
//! | trend with the number of calls | [`Trend`] |
//! | shares with intervals | [`Prior`] |
//! | percentile, bottom decile | `percentile` |
//! | who is judged, status | `report` |

mod agent_row;
mod agents;
mod call;
mod case_mix;
mod days;
mod distinct;
mod distribution;

mod funnel;
mod handling;
mod model;
mod part;
mod percentile;
mod population;
mod report;
mod role;
pub mod rows;
mod shares;
mod shrink;
mod sums;
#[cfg(test)]
pub(crate) mod testing;

mod trend;
mod turn;
mod weight;

pub use agents::{AgentBook, AgentOptions};
pub use call::{CallInput, CallRollup, ScoredRoles, roll_up};

pub use agent_row::{AgentRollup, AgentsReport, Status, Verdict};
pub(crate) use distribution::{t_quantile, two_sided_p, two_sided_z};
pub(crate) use funnel::q_values;
pub use funnel::{Funnel, Place};
pub use handling::AgentShare;
pub(crate) use part::BAD;
pub use part::Part;
pub use population::{Heterogeneity, Population};
pub use role::RoleRollup;
pub use shares::{Counts, Prior, Share};
pub use shrink::{Fit, Observed, Shrunk};
pub(crate) use shrink::{TAIL, around};

pub use trend::Trend;
pub use turn::{TurnScore, turn_scores};
pub use weight::TurnWeights;

/// Names the formulas that made an output's numbers; changed whenever one of them changes a number.
///
/// Version 1 weighed turns by their words, gave each agent of a call the whole call's values, cut middles down to
/// millionths before they were put into thirds, and placed turns by times that contradict each other. It judged agents with
/// any number of calls, by a funnel that held too few of them.
///
/// Version 2 is: v = P − N and the label rule with .40; turns weighed by k·(1 − P(neutral)) in a call and by
/// 1 − P(neutral) in its parts; quarters and thirds by a turn's exact middle; an agent's part of a call as a call; slope from
/// 6 turns, low over 3; escalated and recovered at −.30; calls weighted by handled share; variances with d₀ = 10, widened by
/// agent-days; ADM for τ², intervals by t and within [−1, 1]; case mix by queue and language with n/(n + 20); verdicts from 10 calls
/// and from adjusted scores, reliability and what follows from it from 15 agents; the funnel's bulk drawn in at 1.5 and judged by t; beta-binomial
/// shares with M in [1, 10⁶].
pub const SCORING_VERSION: &str = "2";
