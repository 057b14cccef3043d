//! Calls and rows for the tests of this room.

use crate::transcript::{Call, Role, TimeBasis, Timeline, Turn};

use super::call::{CallInput, CallRollup, ScoredRoles, roll_up};
use super::handling::AgentShare;
use super::role::RoleRollup;
use super::turn::TurnScore;
use crate::sentiment::{FixedScores, Label, Millionths};

/// A call without times, whose turns are (role, words, agent id).
pub(super) fn call(id: &str, turns: &[(Role, u32, Option<&str>)]) -> Call {
    let turns = turns
        .iter()
        .map(|&(role, words, agent_id)| Turn {
            role,
            text: vec!["word"; words as usize].join(" ").into(),
            agent_id: agent_id.map(Into::into),
            start_ms: None,
            end_ms: None,
        })
        .collect();
    Call { id: id.into(), turns, ..Call::default() }
}

/// The score of a turn with `words` scored words and v = `score`, all of it P or all of it N.
#[expect(clippy::unnecessary_wraps, reason = "an entry of a call's turns may be empty")]
pub(super) fn turn_score(words: u32, score: f64) -> Option<TurnScore> {
    let score = Millionths::nearest(score);
    let scores = FixedScores {
        positive: score.max(Millionths(0)),
        negative: Millionths((-score.0).max(0)),
        neutral: Millionths(1_000_000 - score.0.abs()),
        mixed: Millionths(0),
    };
    Some(TurnScore { scores, words })
}

/// Rolls `call` up with both roles to be scored.
pub(super) fn rolled(call: &Call, turns: &[Option<TurnScore>]) -> CallRollup {
    let timeline = Timeline::of(call);
    let scored_roles = ScoredRoles::BOTH;
    roll_up(&CallInput { call, timeline: &timeline, turns, scored_roles, segments: 3, segments_failed: 1 })
}

/// A call's row with nothing but a customer score, and the agents who handled it with their shares.
pub(crate) fn row(id: &str, score: Option<f64>, agents: &[(&str, f64)]) -> CallRollup {
    let score = score.map(Millionths::nearest);
    let customer = RoleRollup {
        score,
        label: score.map(|score| if score < Millionths(-400_000) { Label::Negative } else { Label::Neutral }),
        turns: 1,
        turns_scored: u32::from(score.is_some()),
        words: 100,
        words_scored: if score.is_some() { 100 } else { 0 },
        ..RoleRollup::default()
    };
    let agents = agents
        .iter()
        .map(|&(id, share)| AgentShare {
            id: id.into(),
            words: 10,
            handled_share: Millionths::nearest(share),
            part: None,
        })
        .collect();
    CallRollup {
        id: id.into(),
        date: None,
        started_at_ms: None,
        duration_ms: None,
        time_basis: TimeBasis::Words,
        agents,
        queue: None,
        channel: None,
        language: None,
        turns: 1,
        customer,
        agent: RoleRollup::default(),
        escalated: None,
        recovered: None,
        scored_roles: ScoredRoles::BOTH,
        segments: 1,
        segments_failed: 0,
        coverage: Some(Millionths::ONE),
    }
}
