//! One call: every value of its row in calls.csv.
//!
//! All values are computed from whole numbers (words, millionths), so that they do not depend on the order in which anything was
//! scored. What is not known is `None`, never 0.

use crate::transcript::{Call, TimeBasis, Timeline};

use super::handling::{AgentShare, Handling, handling};
use super::part::{Part, add_parts};
use super::role::RoleRollup;
use super::turn::TurnScore;
use crate::sentiment::Millionths;

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
    /// Whether the customer ended badly, having begun better: see [`Part::escalated`].
    pub escalated: Option<bool>,
    /// Whether a customer who began badly ended well: see [`Part::recovered`].
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
    /// Such a call keeps its own row and is left out of its agents' customer columns; of several agents, the part of
    /// each one is judged by its own words. It is the customer's words that count, as those columns are about the
    /// customer; `coverage` is about all roles that were to be scored.
    #[must_use]
    pub fn low_coverage(&self, minimum: Millionths) -> bool {
        self.scored_roles.customer && self.customer.too_little(minimum)
    }

    /// Its agents, each with the share of the call and the part of it that the agent's columns are made of.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, Millionths, Part)> {
        self.agents.iter().map(|share| (&*share.id, share.handled_share, self.part_of(share)))
    }

    /// What an agent's columns are made of: the agent's part of the call, which is the whole of it for an only agent.
    pub(super) fn part_of(&self, share: &AgentShare) -> Part {
        share.part.as_deref().copied().unwrap_or(Part {
            customer: self.customer,
            agent: self.agent,
            escalated: self.escalated,
            recovered: self.recovered,
        })
    }
}

/// Computes a call's row. Pure, and linear in the number of turns.
#[must_use]
pub fn roll_up(input: &CallInput<'_>) -> CallRollup {
    let CallInput { call, timeline, .. } = *input;
    let turns = call
        .turns
        .iter()
        .zip(&timeline.places)
        .enumerate()
        .map(|(index, (turn, place))| (turn.role, place, input.turns.get(index).and_then(Option::as_ref)));
    let Part { customer, agent, escalated, recovered } = Part::of(turns);
    let Handling { mut shares, holders } = handling(call, timeline);
    add_parts(&mut shares, &holders, call, timeline, input.turns);
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
        escalated,
        recovered,
        coverage: coverage(input.scored_roles, &customer, &agent),
        customer,
        agent,
        scored_roles: input.scored_roles,
        segments: input.segments,
        segments_failed: input.segments_failed,
    }
}

fn coverage(scored: ScoredRoles, customer: &RoleRollup, agent: &RoleRollup) -> Option<Millionths> {
    let roles = [(scored.customer, customer), (scored.agent, agent)];
    let (done, all) = roles
        .iter()
        .filter(|(wanted, _)| *wanted)
        .fold((0, 0), |(done, all), (_, role)| (done + role.words_scored, all + role.words));
    Millionths::ratio(done, all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::testing::{call, rolled, turn_score};
    use crate::sentiment::{FixedScores, Label};
    use crate::transcript::Role;

    const CUSTOMER: Role = Role::Customer;
    const AGENT: Role = Role::Agent;

    #[expect(clippy::unnecessary_wraps, reason = "what it is compared with may be empty")]
    fn millionths(value: f64) -> Option<Millionths> {
        Some(Millionths::nearest(value))
    }

    /// Six customer turns of 10 words, at 1/12, 3/12, … 11/12 of the call.
    fn customer_turns(scores: [Option<f64>; 6]) -> CallRollup {
        let call = call("c1", &[(CUSTOMER, 10, None); 6]);
        let scores: Vec<_> = scores.iter().map(|score| score.and_then(|score| turn_score(10, score))).collect();
        rolled(&call, &scores)
    }

    #[test]
    fn every_column_of_a_call_by_hand() {
        let call = call(
            "c7",
            &[
                (AGENT, 10, Some("ann")),
                (CUSTOMER, 20, None),
                (AGENT, 10, Some("bob")),
                (CUSTOMER, 20, None),
                (CUSTOMER, 10, None),
                (CUSTOMER, 30, None),
            ],
        );
        // Middles: .05, .20, .35, .50, .65, .85 of 100 words. The fifth turn failed; half of the last was scored.
        let scores = [
            turn_score(10, 0.2),
            turn_score(20, 0.4),
            turn_score(10, 0.6),
            turn_score(20, -0.5),
            None,
            turn_score(15, -0.8),
        ];
        let row = rolled(&call, &scores);
        let customer = row.customer;
        // Place times charge: 1·.4, 2·.5 and, as the third has no score, 4·.8; 4.6 in all. (.4·.4 − 1·.5 − 3.2·.8)/4.6.
        assert_eq!(customer.score, millionths(-2.9 / 4.6));
        let means = customer.means.unwrap();
        assert_eq!(means.positive, Millionths::nearest(0.16 / 4.6));
        assert_eq!(means.negative, Millionths::nearest(3.06 / 4.6));
        assert_eq!(means.neutral, Millionths::nearest((0.4 * 0.6 + 1.0 * 0.5 + 3.2 * 0.2) / 4.6));
        assert_eq!(means.mixed, Millionths(0));
        assert_eq!(customer.label, Some(Label::Negative));
        assert_eq!(customer.negative_share, millionths(2.0 / 3.0));
        assert_eq!((customer.turns, customer.turns_scored, customer.words, customer.words_scored), (4, 3, 80, 55));
        assert_eq!(customer.quarters, [millionths(0.4), None, millionths(-0.5), millionths(-0.8)]);
        assert_eq!(
            (customer.start, customer.end, customer.shift),
            (millionths(0.4), millionths(-0.8), millionths(-1.2))
        );
        assert_eq!(customer.slope, None, "three scored turns");
        assert_eq!((customer.low, customer.low_position), (millionths(-0.3), millionths(0.5)));
        // (1·.2·.2 + 2·.6·.6)/1.4.
        assert_eq!(
            (row.agent.score, row.agent.turns, row.agent.quarters[0]),
            (millionths(0.76 / 1.4), 2, millionths(0.2))
        );
        assert_eq!((row.agent.low, row.agent.shift), (None, None));
        assert_eq!((row.escalated, row.recovered), (Some(true), None));
        assert_eq!(row.coverage, millionths(0.75));
        assert_eq!((row.agent_id(), row.agent_ids()), (Some("bob"), "ann;bob".to_owned()));
        assert_eq!((row.turns, row.segments, row.segments_failed), (6, 3, 1));
        assert_eq!(row.time_basis, TimeBasis::Words);
    }

    #[test]
    fn slope_is_the_least_squares_line_over_the_whole_call() {
        // v = .5 − m exactly, at m = 1/12, 3/12, …; middles are cut to whole millionths.
        let line = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0].map(|twelfths| Some(0.5 - twelfths / 12.0));
        let slope = customer_turns(line).customer.slope.unwrap();
        assert!((slope.value() + 1.0).abs() < 5e-6, "{slope:?}");
        // numpy.polyfit([.05, .2, .325, .55, .825, .95], [.1, -.3, .5, .2, -.7, .4], 1, w=sqrt(charges)) → −.47760857
        let words = [10, 20, 5, 40, 15, 10];
        let call = call("c1", &words.map(|words| (CUSTOMER, words, None)));
        let scores = [0.1, -0.3, 0.5, 0.2, -0.7, 0.4];
        let turns: Vec<_> = words.iter().zip(scores).map(|(&words, score)| turn_score(words, score)).collect();
        assert_eq!(rolled(&call, &turns).customer.slope, Some(Millionths(-477_609)));
        assert_eq!(customer_turns([Some(0.1), None, Some(0.5), Some(0.2), Some(-0.7), Some(0.4)]).customer.slope, None);
    }

    #[test]
    fn low_is_the_earliest_of_the_lowest_three_in_a_row_and_skips_what_was_not_scored() {
        let row = customer_turns([Some(0.0), Some(-0.3), None, Some(-0.6), Some(-0.3), Some(0.0)]);
        // Triples: (0, −.3, −.6), (−.3, −.6, −.3), (−.6, −.3, 0): the second, whose middle turn is the fourth, at 7/12.
        assert_eq!((row.customer.low, row.customer.low_position), (millionths(-0.4), Some(Millionths(583_333))));
        let even = customer_turns([Some(0.1); 6]);
        assert_eq!((even.customer.low, even.customer.low_position), (millionths(0.1), millionths(0.25)));
        let two = customer_turns([Some(0.1), None, None, None, None, Some(0.1)]);
        assert_eq!((two.customer.low, two.customer.low_position), (None, None));
    }

    #[test]
    fn escalation_and_recovery_follow_start_and_end() {
        let flags = |start: Option<f64>, end: Option<f64>| {
            let row = customer_turns([start, start, Some(0.0), Some(0.0), end, end]);
            (row.escalated, row.recovered)
        };
        assert_eq!(flags(Some(0.0), Some(-0.3)), (Some(true), None));
        assert_eq!(flags(Some(-0.1), Some(-0.39)), (Some(false), None), "a fall of .29");
        assert_eq!(flags(Some(0.5), Some(-0.29)), (Some(false), None));
        assert_eq!(flags(Some(-0.3), Some(0.0)), (Some(false), Some(true)));
        assert_eq!(flags(Some(-0.3), Some(-0.01)), (Some(false), Some(false)));
        assert_eq!(flags(None, Some(-0.9)), (None, None));
        assert_eq!(flags(Some(-0.9), None), (None, None));
    }

    #[test]
    fn nothing_scored_is_empty_not_neutral() {
        let row = customer_turns([None; 6]);
        let expected = RoleRollup { turns: 6, words: 60, ..RoleRollup::default() };
        assert_eq!(row.customer, expected);
        assert_eq!(row.agent, RoleRollup::default());
        assert_eq!(row.coverage, Some(Millionths(0)));
        assert_eq!((row.agent_id(), row.agent_ids()), (None, String::new()));
        assert!(row.low_coverage(Millionths(500_000)));
    }

    #[test]
    fn a_call_without_turns_and_one_without_words_are_empty() {
        let empty = rolled(&call("c", &[]), &[]);
        assert_eq!((empty.turns, empty.coverage, empty.customer), (0, None, RoleRollup::default()));
        assert!(!empty.low_coverage(Millionths(500_000)), "nothing was to be scored");
        let wordless = rolled(&call("c", &[(CUSTOMER, 0, Some("ann"))]), &[turn_score(0, 0.9)]);
        assert_eq!((wordless.customer.score, wordless.customer.turns_scored, wordless.coverage), (None, 1, None));
        assert_eq!(wordless.agent_id(), Some("ann"));
    }

    #[test]
    fn coverage_counts_only_roles_that_were_to_be_scored() {
        let call = call("c", &[(CUSTOMER, 10, None), (AGENT, 30, None)]);
        let timeline = Timeline::of(&call);
        let turns = [turn_score(4, 0.1)];
        let of = |scored_roles| {
            roll_up(&CallInput {
                call: &call,
                timeline: &timeline,
                turns: &turns,
                scored_roles,
                segments: 1,
                segments_failed: 0,
            })
        };
        let both = of(ScoredRoles::BOTH);
        assert_eq!(both.coverage, millionths(0.1));
        assert!(both.low_coverage(Millionths(400_001)) && !both.low_coverage(Millionths(400_000)));
        assert_eq!(of(ScoredRoles { customer: true, agent: false }).coverage, millionths(0.4));
        let neither = of(ScoredRoles { customer: false, agent: false });
        assert_eq!((neither.coverage, neither.low_coverage(Millionths::ONE)), (None, false));
    }

    #[test]
    fn of_equal_parts_the_first_agent_has_the_call() {
        let call = call("c", &[(AGENT, 5, Some("zoe")), (AGENT, 5, Some("ann"))]);
        assert_eq!(rolled(&call, &[]).agent_id(), Some("zoe"));
    }

    #[test]
    fn clock_times_place_the_turns_where_they_exist() {
        let mut call = call("c", &[(CUSTOMER, 1, None), (CUSTOMER, 97, None), (CUSTOMER, 2, None)]);
        for (turn, (start, end)) in call.turns.iter_mut().zip([(0, 10_000), (10_000, 20_000), (35_000, 40_000)]) {
            (turn.start_ms, turn.end_ms) = (Some(start), Some(end));
        }
        let row = rolled(&call, &[turn_score(1, 0.1), turn_score(97, 0.2), turn_score(2, 0.3)]);
        assert_eq!((row.time_basis, row.duration_ms), (TimeBasis::Time, Some(40_000)));
        assert_eq!(row.customer.quarters, [millionths(0.1), millionths(0.2), None, millionths(0.3)]);
        assert_eq!((row.customer.start, row.customer.end), (millionths(0.1), millionths(0.3)));
    }

    #[test]
    fn parts_of_a_call_weigh_their_turns_by_charge_alone() {
        let row = customer_turns([Some(-0.8), Some(0.2), Some(0.1), Some(0.0), Some(0.3), Some(0.6)]);
        // (−.8·.8 + .2·.2)/1.0 and (.3·.3 + .6·.6)/.9; the quarters hold 1, 2, 1 and 2 turns.
        assert_eq!((row.customer.start, row.customer.end), (millionths(-0.6), millionths(0.5)));
        let second = 0.05 / 0.3;
        assert_eq!(row.customer.quarters, [millionths(-0.8), millionths(second), millionths(0.0), millionths(0.5)]);
    }

    proptest::proptest! {
        #[test]
        fn every_mean_lies_within_the_scores_and_follows_its_formula(
            turns in proptest::collection::vec((0..3_u8, 0..40_u32, proptest::option::of(-1.0..1.0_f64)), 0..30)
        ) {
            let spoken: Vec<_> = turns
                .iter()
                .map(|&(role, words, _)| ([CUSTOMER, AGENT, Role::Other][usize::from(role)], words, None))
                .collect();
            let scores: Vec<_> =
                turns.iter().map(|&(_, words, score)| score.and_then(|score| turn_score(words, score))).collect();
            let row = rolled(&call("c", &spoken), &scores);
            for role in [row.customer, row.agent] {
                proptest::prop_assert_eq!(role.score.is_some(), role.words_scored > 0);
                proptest::prop_assert_eq!(role.score.is_some(), role.quarters.iter().any(Option::is_some));
                let parts = [role.score, role.start, role.end, role.low].into_iter().chain(role.quarters).flatten();
                for part in parts {
                    proptest::prop_assert!((-1_000_000..=1_000_000).contains(&part.0));
                }
                if let Some(FixedScores { positive, negative, .. }) = role.means {
                    proptest::prop_assert!((positive.0 - negative.0 - role.score.unwrap_or_default().0).abs() <= 1);
                }
            }
            // The score once more, in floats.
            let customer = turns.iter().filter(|(role, words, _)| *role == 0 && *words > 0).zip(1..);
            let weighed = customer.filter_map(|((.., score), number)| score.map(|score| (score, f64::from(number) * score.abs())));
            let (sum, weight) = weighed.fold((0.0, 0.0), |(sum, all), (score, weight)| (sum + weight * score, all + weight));
            if weight > 1e-3 {
                let score = row.customer.score.unwrap_or_default().value();
                proptest::prop_assert!((score - sum / weight).abs() < 1e-3, "{score} and {}", sum / weight);
            }
        }
    }
}
