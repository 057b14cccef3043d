//! Who handled a call, and how much of it: transfers.
//!
//! Agent turns carry an agent id. A **span** runs from a turn with an id to the next turn with another one: an agent turn
//! without an id continues the span before it, and the turns of customers and others belong to the span that holds them.
//! What is said before the first id belongs to the first agent. Where no agent turn has an id, the ids on any row count
//! (some exports write the agent on every row, or on the customer's).

use crate::transcript::{Call, Role, Timeline, Turn};

use super::part::Part;
use crate::sentiment::Millionths;

/// One agent's part in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentShare {
    /// The agent's id.
    pub id: Box<str>,
    /// Words spoken by customer and agents in this agent's spans.
    pub words: u64,
    /// `words` over the words of customer and agents in the whole call; 0 if there are none. The weight with which the call
    /// counts for this agent. It does not depend on which roles are scored.
    pub handled_share: Millionths,
    /// What was said in this agent's spans; `None` for the only agent of a call, whose part is the whole of it.
    pub part: Option<Box<Part>>,
}

/// Who handled which turns of a call.
pub(super) struct Handling {
    /// Every agent, in the order in which they appear; empty if no turn names one.
    pub(super) shares: Vec<AgentShare>,
    /// Of each turn, the place in `shares` of the agent whose span holds it.
    pub(super) holders: Vec<usize>,
}

/// Finds the spans of `call`. The shares have no part yet.
pub(super) fn handling(call: &Call, timeline: &Timeline) -> Handling {
    let by_agents = call.turns.iter().any(|turn| turn.role == Role::Agent && turn.agent_id.is_some());
    let named = |turn: &Turn| !by_agents || turn.role == Role::Agent;
    let mut shares: Vec<AgentShare> = Vec::new();
    let mut current = 0;
    let mut total = 0;
    let mut unclaimed = 0;
    let mut holders = Vec::with_capacity(call.turns.len());
    for (turn, place) in call.turns.iter().zip(&timeline.places) {
        if let Some(id) = turn.agent_id.as_deref().filter(|_| named(turn)) {
            current = find_or_add(&mut shares, id);
        }
        holders.push(current);
        if !Role::SCORED.contains(&turn.role) {
            continue;
        }
        let words = u64::from(place.words);
        total += words;
        match shares.get_mut(current) {
            Some(share) => share.words += words,
            None => unclaimed += words,
        }
    }
    if let Some(first) = shares.first_mut() {
        first.words += unclaimed;
    }
    for share in &mut shares {
        share.handled_share = Millionths::ratio(share.words, total).unwrap_or_default();
    }
    Handling { shares, holders }
}

fn find_or_add(shares: &mut Vec<AgentShare>, id: &str) -> usize {
    shares.iter().position(|share| &*share.id == id).unwrap_or_else(|| {
        shares.push(AgentShare { id: id.into(), words: 0, handled_share: Millionths::default(), part: None });
        shares.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::testing::call;

    /// Ids with their words; a turn is (role, words, agent id).
    fn shares(turns: &[(Role, u32, Option<&str>)]) -> Vec<(String, u64, i64)> {
        let call = call("c", turns);
        handling(&call, &Timeline::of(&call))
            .shares
            .into_iter()
            .map(|share| (share.id.to_string(), share.words, share.handled_share.0))
            .collect()
    }

    const CUSTOMER: Role = Role::Customer;
    const AGENT: Role = Role::Agent;

    #[test]
    fn turns_belong_to_the_span_that_holds_them() {
        let turns = [
            (CUSTOMER, 4, None),
            (AGENT, 2, Some("ann")),
            (CUSTOMER, 3, None),
            (AGENT, 1, None),
            (Role::Other, 50, None),
            (AGENT, 5, Some("bob")),
            (CUSTOMER, 5, None),
        ];
        // Before the first agent turn: Ann's. A turn without an id: the span goes on. Words of other roles don't count.
        assert_eq!(shares(&turns), [("ann".into(), 10, 500_000), ("bob".into(), 10, 500_000)]);
        let call = call("c", &turns);
        assert_eq!(handling(&call, &Timeline::of(&call)).holders, [0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn an_agent_who_comes_back_has_two_spans() {
        let turns = [(AGENT, 1, Some("ann")), (AGENT, 1, Some("bob")), (AGENT, 2, Some("ann"))];
        assert_eq!(shares(&turns), [("ann".into(), 3, 750_000), ("bob".into(), 1, 250_000)]);
    }

    #[test]
    fn ids_on_other_rows_count_only_if_no_agent_turn_has_one() {
        let elsewhere = [(CUSTOMER, 3, Some("ann")), (AGENT, 1, None)];
        assert_eq!(shares(&elsewhere), [("ann".into(), 4, 1_000_000)]);
        let both = [(CUSTOMER, 3, Some("ann")), (AGENT, 1, Some("bob"))];
        assert_eq!(shares(&both), [("bob".into(), 4, 1_000_000)]);
    }

    #[test]
    fn no_id_means_no_agent_and_no_words_mean_no_share() {
        assert_eq!(shares(&[(CUSTOMER, 3, None), (AGENT, 1, None)]), []);
        assert_eq!(shares(&[(AGENT, 0, Some("ann"))]), [("ann".into(), 0, 0)]);
    }
}
