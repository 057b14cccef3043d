//! A call, or one agent's part of it: what its customer and its agents add up to.
//!
//! A **part** is what was said in one agent's spans (`handling`). It is rolled up as if it were a call of its own, by the
//! same formulas on a line of its own: the customer's score, start and end of a part are about that part alone, and so
//! nobody is judged by what a customer said to somebody else.

use crate::sentiment::Millionths;
use crate::transcript::{Call, Place, Role, Timeline};

use super::handling::AgentShare;
use super::role::{RoleRollup, RoleSums};
use super::turn::TurnScore;

/// A customer's end is bad, and a start is bad, from here down; from its opposite up they are good.
pub(crate) const BAD: Millionths = Millionths(-300_000);

/// A fall from here down is an escalation.
const FALL: Millionths = Millionths(-300_000);

/// What the turns of a call, or of an agent's part of it, add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// What the customer said.
    pub customer: RoleRollup,
    /// What the agents said; of a part, its agent's own words.
    pub agent: RoleRollup,
    /// Customer's `end` ≤ −0.30 and `shift` ≤ −0.30. Empty if the shift is.
    pub escalated: Option<bool>,
    /// Customer's `start` ≤ −0.30 and `end` ≥ 0. Empty if the shift is, or if the start was above −0.30: what was not
    /// bad can't recover.
    pub recovered: Option<bool>,
}

impl Part {
    /// Adds up turns in the call's order: each one's role, place and score.
    pub(super) fn of<'a>(turns: impl Iterator<Item = (Role, &'a Place, Option<&'a TurnScore>)>) -> Self {
        let mut customer = RoleSums::default();
        let mut agent = RoleSums::default();
        for (role, place, score) in turns {
            match role {
                Role::Customer => customer.add(place, score),
                Role::Agent => agent.add(place, score),
                Role::Other => {}
            }
        }
        let (customer, agent) = (customer.finish(), agent.finish());
        Self { escalated: escalated(&customer), recovered: recovered(&customer), customer, agent }
    }
}

/// Gives each of several agents their part; `holders` are the places of the turns' agents in `shares`.
pub(super) fn add_parts(
    shares: &mut [AgentShare],
    holders: &[usize],
    call: &Call,
    timeline: &Timeline,
    scores: &[Option<TurnScore>],
) {
    if shares.len() < 2 {
        return;
    }
    for (number, share) in shares.iter_mut().enumerate() {
        let turns: Vec<usize> = (0..holders.len()).filter(|&turn| holders.get(turn) == Some(&number)).collect();
        let places = timeline.of_part(call, &turns);
        let placed = turns.iter().zip(&places).filter_map(|(&turn, place)| {
            Some((call.turns.get(turn)?.role, place, scores.get(turn).and_then(Option::as_ref)))
        });
        share.part = Some(Box::new(Part::of(placed)));
    }
}

fn escalated(customer: &RoleRollup) -> Option<bool> {
    let (end, shift) = customer.end.zip(customer.shift)?;
    Some(end <= BAD && shift <= FALL)
}

fn recovered(customer: &RoleRollup) -> Option<bool> {
    let (start, end) = customer.start.zip(customer.end)?;
    (start <= BAD).then_some(end >= Millionths(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::testing::{call, rolled, turn_score};
    use crate::rollup::{AgentBook, AgentRollup};

    const CUSTOMER: Role = Role::Customer;
    const AGENT: Role = Role::Agent;

    #[test]
    fn each_agent_of_a_transferred_call_has_a_part_as_if_it_were_a_call() {
        let handed_over = [
            (AGENT, 4, Some("ann"), 0.8),
            (CUSTOMER, 3, None, 0.4),
            (CUSTOMER, 5, None, 0.2),
            (AGENT, 4, Some("bob"), -0.2),
            (CUSTOMER, 6, None, -0.7),
            (AGENT, 2, None, 0.1),
            (CUSTOMER, 2, None, -0.9),
        ];
        let scores = |turns: &[(Role, u32, Option<&'static str>, f64)]| -> Vec<Option<TurnScore>> {
            turns.iter().map(|&(_, words, _, score)| turn_score(words, score)).collect()
        };
        let of = |turns: &[(Role, u32, Option<&'static str>, f64)]| {
            let spoken: Vec<_> = turns.iter().map(|&(role, words, agent, _)| (role, words, agent)).collect();
            rolled(&call("c", &spoken), &scores(turns))
        };
        let row = of(&handed_over);
        let [ann, bob] = &row.agents[..] else { panic!("two agents") };
        for (share, alone) in [(ann, of(&handed_over[..3])), (bob, of(&handed_over[3..]))] {
            let part = share.part.as_deref().copied();
            let whole = Part {
                customer: alone.customer,
                agent: alone.agent,
                escalated: alone.escalated,
                recovered: alone.recovered,
            };
            assert_eq!(part, Some(whole), "{}", share.id);
            assert_eq!(alone.agents[0].part, None, "the only agent's part is the call");
        }
    }

    #[test]
    fn an_agent_to_whom_the_customer_said_nothing_has_no_customer_score() {
        let turns = [(CUSTOMER, 5, None), (AGENT, 2, Some("ann")), (AGENT, 3, Some("bob"))];
        let row = rolled(&call("c", &turns), &[turn_score(5, -0.5), turn_score(2, 0.1), turn_score(3, 0.3)]);
        let parts: Vec<&Part> = row.agents.iter().filter_map(|share| share.part.as_deref()).collect();
        assert_eq!(parts[0].customer.score, row.customer.score);
        assert_eq!((parts[1].customer.score, parts[1].agent.score), (None, Some(Millionths(300_000))));
    }

    #[test]
    fn too_little_scored_in_one_part_leaves_the_others_in() {
        let turns = [
            (AGENT, 5, Some("ann")),
            (CUSTOMER, 10, None),
            (AGENT, 5, Some("bob")),
            (CUSTOMER, 10, None),
            (CUSTOMER, 90, None),
        ];
        let scores = [turn_score(5, 0.1), turn_score(10, -0.4), turn_score(5, 0.1), turn_score(10, 0.8), None];
        let row = rolled(&call("c", &turns), &scores);
        assert!(row.low_coverage(Millionths(500_000)), "20 of 110 words");
        let mut book = AgentBook::default();
        book.add(&row);
        let report = book.finish();
        let [ann, bob] = &report.agents[..] else { panic!("two agents") };
        assert_eq!((ann.calls_scored, bob.calls_scored), (1, 0), "all of one part, 10 of the other's 100 words");
        assert!((ann.customer_score_raw.unwrap() + 0.4).abs() < 1e-9);
        assert!(bob.agent_score.is_some(), "what the agent said was scored");
    }

    /// 60 calls of each of two teams in the first line. Half of the calls of `hands` go on to the second line, where the
    /// customers feel as badly as can be seen here.
    #[test]
    fn who_hands_over_and_who_takes_over_are_scored_on_their_own_part() {
        let mut random = crate::random::Random::new(11);
        let mut book = AgentBook::default();
        for number in 0..120_u32 {
            let mut around = |mean: f64| mean + (random.below(401) as f64 / 1000.0 - 0.2);
            let first = if number % 2 == 0 { "hands" } else { "keeps" };
            let mut turns = vec![(AGENT, 5, Some(first), around(0.4)), (CUSTOMER, 5, None, around(0.1))];
            turns.push((CUSTOMER, 5, None, around(0.1)));
            if number % 4 == 0 {
                turns.push((AGENT, 5, Some("second"), around(-0.1)));
                turns.extend([(CUSTOMER, 5, None, around(-0.5)), (CUSTOMER, 5, None, around(-0.5))]);
            }
            let spoken: Vec<_> = turns.iter().map(|&(role, words, agent, _)| (role, words, agent)).collect();
            let scores: Vec<_> = turns.iter().map(|&(_, words, _, score)| turn_score(words, score)).collect();
            book.add(&rolled(&call(&number.to_string(), &spoken), &scores));
        }
        let report = book.finish();
        let [hands, keeps, second] = &report.agents[..] else { panic!("three agents") };
        let raw = |agent: &AgentRollup| agent.customer_score_raw.unwrap();
        assert!((raw(second) + 0.5).abs() < 0.05, "{}", raw(second));
        assert!(second.customer_score_low.unwrap() < -0.5 && -0.5 < second.customer_score_high.unwrap());
        assert!((raw(hands) - raw(keeps)).abs() < 0.05, "{} and {}", raw(hands), raw(keeps));
        assert!((second.agent_score.unwrap() + 0.1).abs() < 0.05 && (hands.agent_score.unwrap() - 0.4).abs() < 0.05);
    }
}
