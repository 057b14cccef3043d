//! One call: every value of its row in calls.csv.
//!
//! All values are computed from whole numbers (words, millionths), so that they do not depend on the order in which anything was
//! scored. What is not known is `None`, never 0.

use crate::transcript::{Call, Role, TimeBasis, Timeline};

use super::fixed::Millionths;
use super::handling::{AgentShare, agent_shares};
use super::role::{RoleRollup, RoleSums};
use super::turn::TurnScore;

/// A customer's end is bad, and a start is bad, from here down.
const BAD: Millionths = Millionths(-300_000);

/// A fall from here down is an escalation.
const FALL: Millionths = Millionths(-300_000);

/// The roles that were to be scored (`--speakers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoredRoles {
    /// The customer's turns were to be scored.
    pub customer: bool,
    /// The agents' turns were to be scored.
    pub agent: bool,
}

impl ScoredRoles {
    /// Customer and agents.
    pub const BOTH: Self = Self { customer: true, agent: true };
}

/// What is known of a call once its segments were scored.
#[derive(Debug, Clone, Copy)]
pub struct CallInput<'a> {
    /// The call.
    pub call: &'a Call,
    /// Its time line, with one place a turn.
    pub timeline: &'a Timeline,
    /// One entry a turn: its score, or `None` if it has none. What is missing at the end counts as `None`.
    pub turns: &'a [Option<TurnScore>],
    /// Which roles were to be scored.
    pub scored_roles: ScoredRoles,
    /// Segments the call was cut into.
    pub segments: u32,
    /// Segments that could not be scored.
    pub segments_failed: u32,
}

/// One row of calls.csv, but for what the whole run shares (`engine`, `scoring_version`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRollup {
    /// The call's identifier.
    pub id: Box<str>,
    /// Its date as `YYYY-MM-DD`.
    pub date: Option<Box<str>>,
    /// Its first moment in milliseconds since the Unix epoch.
    pub started_at_ms: Option<i64>,
    /// From the first turn's start to the last known moment, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What positions are measured in.
    pub time_basis: TimeBasis,
    /// Its agents in the order in which they appear.
    pub agents: Vec<AgentShare>,
    /// Queue, team or skill.
    pub queue: Option<Box<str>>,
    /// Medium, such as voice or chat.
    pub channel: Option<Box<str>>,
    /// Language code.
    pub language: Option<Box<str>>,
    /// Turns of all roles.
    pub turns: u32,
    /// The `customer_` columns.
    pub customer: RoleRollup,
    /// The `agent_` columns: all agents of the call together.
    pub agent: RoleRollup,
    /// Customer's `end` ≤ −0.30 and `shift` ≤ −0.30. Empty if the shift is.
    pub escalated: Option<bool>,
    /// Customer's `start` ≤ −0.30 and `end` ≥ 0. Empty if the shift is, or if the start was above −0.30: what was not
    /// bad can't recover.
    pub recovered: Option<bool>,
    /// Which roles were to be scored.
    pub scored_roles: ScoredRoles,
    /// Segments the call was cut into.
    pub segments: u32,
    /// Segments that could not be scored.
    pub segments_failed: u32,
    /// Words scored / words to score, over the roles that were to be scored. Empty if there was nothing to score.
    pub coverage: Option<Millionths>,
}

impl CallRollup {
    /// The agent with the largest part of the call; of equals the one who appears first.
    #[must_use]
    pub fn agent_id(&self) -> Option<&str> {
        let most = self.agents.iter().map(|agent| agent.words).max()?;
        self.agents.iter().find(|agent| agent.words == most).map(|agent| &*agent.id)
    }

    /// All agent ids in the order in which they appear, joined by `;`. Empty without agents.
    #[must_use]
    pub fn agent_ids(&self) -> String {
        let ids: Vec<&str> = self.agents.iter().map(|agent| &*agent.id).collect();
        ids.join(";")
    }

    /// Whether less than `minimum` of the customer's words was scored, where they were to be: too little to stand for the call.
    ///
    /// Such a call keeps its own row and is left out of its agents' customer columns. It is the customer's words that
    /// count, as those columns are about the customer; `coverage` is about all roles that were to be scored.
    #[must_use]
    pub fn low_coverage(&self, minimum: Millionths) -> bool {
        self.scored_roles.customer && too_little(&self.customer, minimum)
    }

    /// The same of the agents' words, for the columns about how they sound.
    pub(super) fn low_agent_coverage(&self, minimum: Millionths) -> bool {
        self.scored_roles.agent && too_little(&self.agent, minimum)
    }
}

fn too_little(role: &RoleRollup, minimum: Millionths) -> bool {
    role.coverage().is_some_and(|coverage| coverage < minimum)
}

/// Computes a call's row. Pure, and linear in the number of turns.
#[must_use]
pub fn roll_up(input: &CallInput<'_>) -> CallRollup {
    let CallInput { call, timeline, .. } = *input;
    let (customer, agent) = roles(input);
    let shares = agent_shares(call, timeline);
    CallRollup {
        id: call.id.clone(),
        date: call.date.clone(),
        started_at_ms: call.started_at_ms,
        duration_ms: timeline.duration_ms,
        time_basis: timeline.basis,
        agents: shares,
        queue: call.queue.clone(),
        channel: call.channel.clone(),
        language: call.language.clone(),
        turns: u32::try_from(call.turns.len()).unwrap_or(u32::MAX),
        escalated: escalated(&customer),
        recovered: recovered(&customer),
        coverage: coverage(input.scored_roles, &customer, &agent),
        customer,
        agent,
        scored_roles: input.scored_roles,
        segments: input.segments,
        segments_failed: input.segments_failed,
    }
}

fn roles(input: &CallInput<'_>) -> (RoleRollup, RoleRollup) {
    let mut customer = RoleSums::default();
    let mut agent = RoleSums::default();
    for (index, (turn, place)) in input.call.turns.iter().zip(&input.timeline.places).enumerate() {
        let score = input.turns.get(index).and_then(Option::as_ref);
        match turn.role {
            Role::Customer => customer.add(place, score),
            Role::Agent => agent.add(place, score),
            Role::Other => {}
        }
    }
    (customer.finish(), agent.finish())
}

fn escalated(customer: &RoleRollup) -> Option<bool> {
    let (end, shift) = customer.end.zip(customer.shift)?;
    Some(end <= BAD && shift <= FALL)
}

fn recovered(customer: &RoleRollup) -> Option<bool> {
    let (start, end) = customer.start.zip(customer.end)?;
    (start <= BAD).then_some(end >= Millionths(0))
}

fn coverage(scored: ScoredRoles, customer: &RoleRollup, agent: &RoleRollup) -> Option<Millionths> {
    let roles = [(scored.customer, customer), (scored.agent, agent)];
    let (done, all) = roles
        .iter()
        .filter(|(wanted, _)| *wanted)
        .fold((0, 0), |(done, all), (_, role)| (done + role.words_scored, all + role.words));
    Millionths::ratio(done, all)
}
