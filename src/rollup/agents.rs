//! The agents' book: what all calls add up to, agent by agent, in exact sums.
//!
//! A book takes calls in any order and merges with others in any order and grouping; equal calls make equal books, and
//! equal books make equal reports, to the last bit. It holds sums only: its size grows with agents, strata and days (up to a
//! bound), not with calls. `report` makes agents.csv of the sums.
//!
//! A call counts for every agent on it with the weight h = `handled_share`, and with the values of that agent's own part
//! of it ([`Part`]). A call without words has no shares: it counts in `calls`, and nowhere else. A part of which too
//! little was scored is left out of the customer columns (or, if it is the agent's words that are missing, of
//! `agent_score`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::CallRollup;
use super::days::{DaySpread, Days};
use super::handling::AgentShare;
use super::part::Part;
use super::sums::{Hits, Mean, Moments, Pairs};
use crate::sentiment::{Label, Millionths};

/// How agents' columns are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentBook {
    options: AgentOptions,
    pub(super) agents: BTreeMap<Box<str>, AgentSums>,
    pub(super) calls_without_agent: u64,
}

impl AgentBook {
    /// An empty book.
    #[must_use]
    pub fn new(options: AgentOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Enters a call, which must not have been entered before.
    pub fn add(&mut self, call: &CallRollup) {
        self.calls_without_agent += u64::from(call.agents.is_empty());
        for share in &call.agents {
            if !self.agents.contains_key(&share.id) {
                self.agents.insert(share.id.clone(), AgentSums::default());
            }
            if let Some(sums) = self.agents.get_mut(&share.id) {
                sums.add(call, share, self.options);
            }
        }
    }

    /// The scored calls of each agent, by the order of their names: their number, the sum of their scores and that of the squares,
    /// scores in ten-thousandths. A shared call counts by its share.
    pub(crate) fn scores(&self) -> impl Iterator<Item = (&str, (u64, i64, u64))> {
        self.agents.iter().map(|(agent, sums)| (&**agent, sums.all_scores().in_parts()))
    }

    /// Enters all calls of `other`, a book with the same options whose calls are others.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.options, other.options, "books kept by different rules can't be merged");
        self.calls_without_agent += other.calls_without_agent;
        for (id, sums) in other.agents {
            self.agents.entry(id).or_default().merge(sums);
        }
    }
}

/// Calls that are alike before the agent does anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stratum {
    pub(super) queue: Option<Box<str>>,
    pub(super) language: Option<Box<str>>,
}

/// One agent's calls in one stratum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StratumSums {
    pub(super) stratum: Stratum,
    /// Of the customer's score.
    pub(super) scores: Moments,
    /// Of the customer's start and end, where a call has both.
    pub(super) pairs: Pairs,
    /// Of the customer's score, by the calls' dates.
    pub(super) days: Days,
}

/// One agent's calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct AgentSums {
    pub(super) calls: u64,
    /// Calls with a customer score, a weight above 0 and enough coverage.
    pub(super) calls_scored: u64,
    pub(super) words: u64,
    /// Σh in millionths over all calls.
    pub(super) handled: i128,
    pub(super) end: Mean,
    pub(super) negative: Hits,
    pub(super) escalated: Hits,
    pub(super) recovered: Hits,
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

    /// What days do to the customer's score.
    pub(super) fn day_spread(&self) -> DaySpread {
        DaySpread::of(self.strata.iter().map(|sums| (&sums.days, 0.0)))
    }

    fn add(&mut self, call: &CallRollup, share: &AgentShare, options: AgentOptions) {
        let weight = share.handled_share;
        self.calls += 1;
        self.words += share.words;
        self.handled += i128::from(weight.0);
        if weight <= Millionths(0) {
            return;
        }
        let part = call.part_of(share);
        if !part.customer.too_little(options.min_coverage) {
            self.add_customer(call, &part, weight);
        }
        if let Some(score) = part.agent.score.filter(|_| !part.agent.too_little(options.min_coverage)) {
            self.agent_score.add(weight, score);
        }
    }

    fn add_customer(&mut self, call: &CallRollup, part: &Part, weight: Millionths) {
        let Some(score) = part.customer.score else { return };
        self.calls_scored += 1;
        self.negative.add(weight, part.customer.label == Some(Label::Negative));
        if let Some(end) = part.customer.end {
            self.end.add(weight, end);
        }
        if let Some(escalated) = part.escalated {
            self.escalated.add(weight, escalated);
        }
        if let Some(recovered) = part.recovered {
            self.recovered.add(weight, recovered);
        }
        let sums = self.stratum_of(call);
        sums.scores.add(weight, score);
        if let Some(date) = &call.date {
            sums.days.add(date, weight, score);
        }
        if let Some((start, end)) = part.customer.start.zip(part.customer.end) {
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

    pub(super) fn merge(&mut self, other: Self) {
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
        Self { stratum, scores: Moments::default(), pairs: Pairs::default(), days: Days::default() }
    }

    fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.stratum.cmp(&other.stratum), Ordering::Equal, "sums of one stratum");
        self.scores += &other.scores;
        self.pairs += &other.pairs;
        self.days += &other.days;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::testing::row;
    use proptest::prelude::*;

    /// Calls of all kinds: with and without score, agents, queue, language, start and end, shared or not.
    fn any_call() -> impl Strategy<Value = CallRollup> {
        let score = || proptest::option::of(-1.0..1.0_f64);
        let agents = proptest::collection::vec(0..9_u8, 0..3);
        let name = |names: &'static [&'static str]| proptest::option::of(proptest::sample::select(names));
        (
            score(),
            score(),
            score(),
            agents,
            0.0..1.0_f64,
            name(&["q1", "q2", "q3"]),
            name(&["en", "de"]),
            0..101_u64,
            name(&["2026-03-01", "2026-03-02"]),
        )
            .prop_map(|(score, start, end, agents, share, queue, language, words_scored, date)| {
                let shares = [share, 1.0 - share];
                let ids: Vec<String> = agents.iter().map(|agent| format!("a{agent}")).collect();
                let parts: Vec<(&str, f64)> = ids.iter().map(String::as_str).zip(shares).collect();
                let mut call = row("c", score, &parts);
                call.queue = queue.map(Into::into);
                call.date = date.map(Into::into);
                call.language = language.map(Into::into);
                call.customer.start = start.map(Millionths::nearest);
                call.customer.end = end.map(Millionths::nearest);
                call.escalated = start.zip(end).map(|(start, end)| end < start);
                call.recovered = call.escalated.filter(|_| share < 0.5);
                call.customer.words_scored = words_scored;
                call
            })
    }

    fn book(calls: &[CallRollup]) -> AgentBook {
        let mut book = AgentBook::default();
        for call in calls {
            book.add(call);
        }
        book
    }

    fn merged(mut first: AgentBook, second: AgentBook) -> AgentBook {
        first.merge(second);
        first
    }

    /// Every number to the last bit: `Debug` of a float names exactly one float.
    fn bits(book: &AgentBook) -> String {
        format!("{:?}", book.finish())
    }

    proptest! {
        #![proptest_config(crate::cases::usually(64))]

        #[test]
        fn the_order_of_calls_does_not_matter(
            (calls, shuffled) in proptest::collection::vec(any_call(), 0..60)
                .prop_flat_map(|calls| (Just(calls.clone()), Just(calls).prop_shuffle()))
        ) {
            let (one, other) = (book(&calls), book(&shuffled));
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(bits(&one), bits(&other));
        }

        #[test]
        fn merging_is_associative_and_commutative_and_equals_one_book(
            calls in proptest::collection::vec(any_call(), 0..60), cuts in (0..61_usize, 0..61_usize)
        ) {
            let (low, high) = (cuts.0.min(cuts.1).min(calls.len()), cuts.0.max(cuts.1).min(calls.len()));
            let [a, b, c] = [&calls[..low], &calls[low..high], &calls[high..]].map(book);
            let whole = book(&calls);
            prop_assert_eq!(&merged(merged(a.clone(), b.clone()), c.clone()), &whole);
            prop_assert_eq!(&merged(a.clone(), merged(b.clone(), c.clone())), &whole);
            prop_assert_eq!(&merged(c, merged(b, a)), &whole);
        }

        #[test]
        fn rows_of_parts_that_are_added_up_by_key_in_any_order_make_the_book(
            (calls, parts, order) in proptest::collection::vec((any_call(), 0..4_usize), 0..60).prop_flat_map(|calls| {
                let (calls, parts): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
                (Just(calls), Just(parts), Just((0..4).collect::<Vec<usize>>()).prop_shuffle())
            })
        ) {
            let mut sums = BTreeMap::<_, Vec<i128>>::new();
            let mut books = vec![AgentBook::default(); 4];
            calls.iter().zip(parts).for_each(|(call, part)| books[part].add(call));
            for (key, row) in order.into_iter().flat_map(|part| books[part].rows()) {
                let sums = sums.entry(key).or_insert_with(|| vec![0; row.len()]);
                sums.iter_mut().zip(row).for_each(|(sum, more)| *sum += more);
            }
            let mut whole = AgentBook::default();
            for row in sums.into_iter().rev() {
                prop_assert_eq!(whole.enter(row), Some(()));
            }
            prop_assert_eq!(whole, book(&calls));
        }

        #[test]
        fn a_book_comes_back_as_it_was(calls in proptest::collection::vec(any_call(), 0..60)) {
            let book = book(&calls);
            let bytes = postcard::to_allocvec(&book).unwrap();
            prop_assert_eq!(postcard::from_bytes::<AgentBook>(&bytes).unwrap(), book);
        }

        #[test]
        fn every_number_is_finite_and_every_share_within_bounds(calls in proptest::collection::vec(any_call(), 0..60)) {
            let report = book(&calls).finish();
            prop_assert!(!format!("{report:?}").contains("NaN"), "{report:?}");
            prop_assert!(!format!("{report:?}").contains("inf"), "{report:?}");
            for agent in &report.agents {
                let shares = [agent.negative_calls, agent.escalated, agent.recovered];
                for share in shares.into_iter().flatten() {
                    prop_assert!(0.0 <= share.low && share.low <= share.value && share.value <= share.high && share.high <= 1.0);
                }
                let chances = [agent.verdict.q_value, agent.verdict.expected_percentile, agent.verdict.p_bottom_decile, agent.verdict.reliability];
                prop_assert!(chances.into_iter().flatten().all(|chance| (0.0..=1.0).contains(&chance)));
                prop_assert_eq!(agent.customer_score.is_some(), agent.calls_scored > 0);
            }
        }
    }

    #[test]
    fn a_call_counts_for_each_of_its_agents_by_their_part() {
        let mut shared = row("c1", Some(-0.6), &[("ann", 0.25), ("bob", 0.75)]);
        shared.agent.score = Some(Millionths(200_000));
        (shared.agent.words, shared.agent.words_scored) = (10, 10);
        let report = book(&[shared, row("c2", Some(0.2), &[("ann", 1.0)]), row("c3", None, &[("ann", 1.0)])]).finish();
        let [ann, bob] = &report.agents[..] else { panic!("two agents") };
        // (.25·−.6 + 1·.2)/1.25 = .04.
        assert!((ann.customer_score_raw.unwrap() - 0.04).abs() < 1e-12);
        assert_eq!((ann.calls, ann.calls_scored, bob.calls, bob.calls_scored), (3, 2, 1, 1));
        assert!((ann.handled_share_mean.unwrap() - 0.75).abs() < 1e-12);
        assert_eq!((ann.words, bob.words), (30, 10));
        assert!((ann.agent_score.unwrap() - 0.2).abs() < 1e-12);
        // Effective calls 1.25²/1.0625, hits by weight .25/1.25 of them, with Jeffreys's prior.
        let calls = 1.25 * 1.25 / 1.0625;
        assert!((ann.negative_calls.unwrap().value - (calls * 0.2 + 0.5) / (calls + 1.0)).abs() < 1e-12);
    }

    #[test]
    fn low_coverage_wordless_and_agentless_calls_are_counted_and_left_out() {
        let mut low = row("c1", Some(-0.9), &[("ann", 1.0)]);
        low.customer.words_scored = 49;
        low.customer.end = Some(Millionths(-900_000));
        let calls = [
            low,
            row("c2", Some(0.3), &[("ann", 1.0)]),
            row("c3", Some(0.9), &[("ann", 0.0)]),
            row("c4", Some(0.5), &[]),
        ];
        let report = book(&calls).finish();
        assert_eq!(report.calls_without_agent, 1);
        let [ann] = &report.agents[..] else { panic!("one agent") };
        assert_eq!((ann.calls, ann.calls_scored), (3, 1));
        assert!((ann.customer_score_raw.unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(ann.customer_end, None);
        let mut lenient = AgentBook::new(AgentOptions { min_coverage: Millionths(490_000) });
        for call in &calls {
            lenient.add(call);
        }
        assert_eq!(lenient.finish().agents[0].calls_scored, 2);
    }
}
