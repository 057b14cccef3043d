//! What all calls and the drawn ones add up to: for the site by strata, for each queue, day and agent.
//!
//! Its size grows with queues (up to a bound), days and agents, not with calls.

use std::collections::BTreeMap;

use super::draw::Drawn;
use super::estimate::{Cells, Estimate, Tie};
use super::facts::{Facts, MEASURES, Measure};
use super::sums::Sums;
use crate::overview::Bounded;
use crate::rollup::{Fit, Observed};

/// The weight of a whole call.
const WHOLE_CALL: i64 = 1_000_000;

/// Queues that are kept apart, as on the page.
const MOST_QUEUES: usize = 1000;

/// Sums over calls as the local engine scored them, and over the drawn ones as both did.
#[derive(Debug, Clone)]
pub struct Book {
    drawn: Drawn,
    strata: Vec<Sums>,
    queues: Bounded<String, Sums>,
    days: BTreeMap<Box<str>, Sums>,
    agents: BTreeMap<Box<str>, Sums>,
}

/// What an estimate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All calls.
    Site,
    /// Calls of a queue.
    Queue,
    /// Calls of a day.
    Day,
    /// An agent's calls, each with the agent's share of it and by the agent's part of it.
    Agent,
}

impl Scope {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Queue => "queue",
            Self::Day => "day",
            Self::Agent => "agent",
        }
    }
}

/// One measure of one group of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimated {
    /// What the group is.
    pub scope: Scope,
    /// Its name; `None` of the site.
    pub name: Option<Box<str>>,
    /// What is estimated.
    pub measure: Measure,
    /// Calls of the group.
    pub calls: u64,
    /// Those of them that were drawn.
    pub drawn: u64,
    /// What the local engine gives, over all calls that it scored.
    pub local: Option<f64>,
    /// What the service would have given; `None` where nothing was drawn.
    pub estimate: Option<Estimate>,
    /// λ, the same for all groups.
    pub lambda: Option<f64>,
    /// The correlation of the engines' values on the drawn calls, the same for all groups.
    pub correlation: Option<f64>,
    /// Of an agent's mean: how much of the spread of agents' means about each other is more than chance in their calls and in the
    /// draw, from 0 to 1.
    pub reliability: Option<f64>,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(drawn: Drawn) -> Self {
        let strata = vec![Sums::default(); drawn.strata()];
        Self { drawn, strata, queues: Bounded::default(), days: BTreeMap::new(), agents: BTreeMap::new() }
    }

    /// Adds a call as the local engine scored it.
    pub fn add(&mut self, local: &Facts) {
        self.change(local, |sums, weight, agent| {
            let values = agent.map_or(local.values, |place| local.agents[place].2);
            sums.add_local(weight, values);
        });
    }

    /// Adds what both engines made of a call that was drawn and that [`Book::add`] was given before. An agent's part is the same in
    /// both.
    pub fn add_drawn(&mut self, local: &Facts, service: &Facts) {
        self.change(local, |sums, weight, agent| {
            let values = |facts: &Facts| match agent {
                None => facts.values,
                Some(place) => facts.agents.get(place).map(|agent| agent.2).unwrap_or_default(),
            };
            sums.add_drawn(weight, values(local), values(service));
        });
    }

    fn change(&mut self, facts: &Facts, change: impl Fn(&mut Sums, i64, Option<usize>)) {
        let stratum = self.drawn.stratum(facts.queue.as_deref());
        change(&mut self.strata[stratum], WHOLE_CALL, None);
        if let Some(queue) = facts.queue.as_deref() {
            self.queues.add(MOST_QUEUES, queue, |sums| change(sums, WHOLE_CALL, None));
        }
        if let Some(date) = &facts.date {
            change(entry(&mut self.days, date), WHOLE_CALL, None);
        }
        for (place, (agent, weight, _)) in facts.agents.iter().enumerate() {
            change(entry(&mut self.agents, agent), *weight, Some(place));
        }
    }

    /// Every estimate: the site, then queues, days and agents, each in the order of their names, each with all measures.
    #[must_use]
    pub fn finish(&self) -> Vec<Estimated> {
        let ties: Vec<(usize, Measure, Option<Tie>)> = MEASURES
            .into_iter()
            .enumerate()
            .map(|(place, measure)| (place, measure, Tie::of(measure, &cells(&self.strata, place))))
            .collect();
        let rows = |scope: Scope, name: Option<&str>, groups: &[Sums]| {
            let row = |&(place, measure, tie): &(usize, Measure, Option<Tie>)| {
                let cells = cells(groups, place);
                Estimated {
                    scope,
                    name: name.map(Into::into),
                    measure,
                    calls: groups.iter().map(|sums| sums.calls).sum(),
                    drawn: groups.iter().map(|sums| sums.drawn).sum(),
                    local: local_mean(&cells),
                    estimate: tie.and_then(|tie| tie.estimate(&cells)),
                    lambda: tie.map(|tie| tie.lambda),
                    correlation: tie.and_then(|tie| tie.correlation),
                    reliability: None,
                }
            };
            ties.iter().map(row).collect::<Vec<_>>()
        };
        let named = |scope: Scope, name: &str, sums: &Sums| rows(scope, Some(name), std::slice::from_ref(sums));
        let mut all = rows(Scope::Site, None, &self.strata);
        all.extend(self.queues.iter().flat_map(|(name, sums)| named(Scope::Queue, name, sums)));
        all.extend(self.days.iter().flat_map(|(name, sums)| named(Scope::Day, name, sums)));
        let mut agents: Vec<Estimated> =
            self.agents.iter().flat_map(|(name, sums)| named(Scope::Agent, name, sums)).collect();
        for (_, measure, tie) in &ties {
            let Some(tie) = tie else { continue };
            fill_reliability(agents.iter_mut().filter(|row| row.measure == *measure).collect(), tie.spread);
        }
        all.extend(agents);
        all
    }
}

/// Reliability τ²/(τ² + v) of agents' estimates: v is the variance of the draw and, as agents are compared by calls that might have
/// been others, that of a mean of their calls.
fn fill_reliability(agents: Vec<&mut Estimated>, spread: f64) {
    let known = agents.into_iter().filter(|row| row.estimate.is_some());
    let (mut rows, points): (Vec<&mut Estimated>, Vec<Observed>) = known
        .filter_map(|row| {
            let estimate = row.estimate?;
            let variance = estimate.variance + spread / row.calls as f64;
            let point = Observed { mean: estimate.value, variance, freedom: estimate.freedom.min(1e9) };
            (variance > 0.0).then_some((row, point))
        })
        .unzip();
    let Some(fit) = Fit::of(&points) else { return };
    for (row, point) in rows.iter_mut().zip(&points) {
        row.reliability = Some(fit.shrink(point).reliability);
    }
}

fn entry<'a>(groups: &'a mut BTreeMap<Box<str>, Sums>, name: &str) -> &'a mut Sums {
    if !groups.contains_key(name) {
        groups.insert(name.into(), Sums::default());
    }
    groups.get_mut(name).expect("it was put there")
}

fn cells(groups: &[Sums], place: usize) -> Vec<Cells> {
    groups.iter().map(|sums| sums.cells(place)).collect()
}

/// The mean of the local engine's values, over calls that have one.
fn local_mean(cells: &[Cells]) -> Option<f64> {
    let (weight, sum) =
        cells.iter().fold((0.0, 0.0), |(weight, sum), [known, _]| (weight + known.all(), sum + known.local_sum()));
    (weight > 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::{Part, Strata, Values};
    use proptest::prelude::*;

    /// A call with a local score and one of the service, in hundredths.
    #[derive(Debug, Clone)]
    struct Pair {
        queue: Option<&'static str>,
        agent: u8,
        local: Option<i64>,
        service: Option<i64>,
    }

    fn values(score: Option<i64>) -> Values {
        let millionths = score.map(|score| score * 10_000);
        let flag = |below| score.map(|score| if score < below { 1_000_000 } else { 0 });
        Values([millionths, millionths, flag(-20), flag(-50)])
    }

    fn facts(number: usize, pair: &Pair, score: Option<i64>) -> Facts {
        Facts {
            id: format!("call-{number}").into(),
            queue: pair.queue.map(Into::into),
            date: Some(format!("2026-03-{:02}", number % 7 + 1).into()),
            values: values(score),
            agents: vec![(format!("agent-{}", pair.agent).into(), 1_000_000, values(score))],
        }
    }

    fn drawn(pairs: &[Pair], part: Part) -> Drawn {
        let mut strata = Strata::default();
        for (number, pair) in pairs.iter().enumerate() {
            strata.add(&format!("call-{number}"), pair.queue);
        }
        strata.ordered().draw(part).expect("enough calls")
    }

    fn book(pairs: &[Pair], part: Part) -> Book {
        let drawn = drawn(pairs, part);
        let mut book = Book::new(drawn.clone());
        for (number, pair) in pairs.iter().enumerate() {
            let local = facts(number, pair, pair.local);
            book.add(&local);
            if drawn.holds(&local.id, pair.queue) {
                book.add_drawn(&local, &facts(number, pair, pair.service));
            }
        }
        book
    }

    /// The mean score of a group, over all calls that the service scores.
    fn truth(pairs: &[Pair], of: impl Fn(usize, &Pair) -> bool) -> Option<f64> {
        let group = pairs.iter().enumerate().filter(|(number, pair)| of(*number, pair));
        let scores: Vec<i64> = group.filter_map(|(_, pair)| pair.service).collect();
        (!scores.is_empty()).then(|| scores.iter().sum::<i64>() as f64 / 100.0 / scores.len() as f64)
    }

    fn any_pair() -> impl Strategy<Value = Pair> {
        let score = || proptest::option::weighted(0.9, -100..=100_i64);
        (proptest::option::of(proptest::sample::select(vec!["a", "b", "c"])), 0..9_u8, score(), score())
            .prop_map(|(queue, agent, local, service)| Pair { queue, agent, local, service })
    }

    fn score_of<'a>(rows: &'a [Estimated], scope: Scope, name: Option<&str>) -> &'a Estimated {
        let is_it = |row: &&Estimated| {
            row.scope == scope && row.name.as_deref() == name && row.measure == Measure::CustomerScore
        };
        rows.iter().find(is_it).expect("a row")
    }

    /// 400 calls in two queues; the service gives what the local engine gives, in another scale, and `noise` of its own.
    fn tied(noise: i64) -> Vec<Pair> {
        let pair = |number: i64| {
            let local = number * 37 % 101 - 50;
            let own = (number * 53 % 11 - 5) * noise;
            let queue = Some(if number % 4 == 0 { "a" } else { "b" });
            Pair { queue, agent: 0, local: Some(local), service: Some(local / 2 - 10 + own) }
        };
        (0..400).map(pair).collect()
    }

    proptest! {
        #![proptest_config(crate::cases::usually(64))]

        #[test]
        fn a_share_of_all_calls_gives_every_mean_as_it_is(mut pairs in proptest::collection::vec(any_pair(), 10..300)) {
            // Of calls that the service fails on nobody knows what it would have given.
            for pair in &mut pairs {
                pair.service = pair.service.or(Some(7));
            }
            let rows = book(&pairs, Part::ALL).finish();
            for row in rows.iter().filter(|row| row.measure == Measure::CustomerScore) {
                let name = row.name.as_deref();
                let truth = match row.scope {
                    Scope::Site => truth(&pairs, |_, _| true),
                    Scope::Queue => truth(&pairs, |_, pair| pair.queue == name),
                    Scope::Day => truth(&pairs, |number, pair| facts(number, pair, None).date.as_deref() == name),
                    Scope::Agent => truth(&pairs, |_, pair| Some(format!("agent-{}", pair.agent).as_str()) == name),
                };
                prop_assert_eq!(row.estimate.is_some(), truth.is_some());
                if let (Some(estimate), Some(truth)) = (row.estimate, truth) {
                    prop_assert!((estimate.value - truth).abs() < 1e-9, "{:?} is not {}", row, truth);
                    prop_assert!(estimate.interval.1 - estimate.interval.0 < 1e-6, "{:?}", row);
                }
            }
        }

        #[test]
        fn every_number_is_finite_and_in_its_interval_and_scale(
            pairs in proptest::collection::vec(any_pair(), 30..200), thousandths in 150..1000_u32
        ) {
            for row in book(&pairs, Part::thousandths(thousandths)).finish() {
                let Some(estimate) = row.estimate else { continue };
                let (low, high) = estimate.interval;
                let least = if row.measure.is_share() { 0.0 } else { -1.0 };
                prop_assert!(least <= low && low <= estimate.value && estimate.value <= high && high <= 1.0, "{row:?}");
                prop_assert!(estimate.variance.is_finite() && estimate.freedom >= 1.0, "{row:?}");
                prop_assert!(row.reliability.is_none_or(|reliability| (0.0..=1.0).contains(&reliability)), "{row:?}");
                prop_assert!(row.drawn <= row.calls && estimate.calls <= row.drawn);
            }
        }

        #[test]
        fn the_order_of_calls_does_not_matter(
            (pairs, order) in proptest::collection::vec(any_pair(), 30..100)
                .prop_flat_map(|pairs| { let order: Vec<usize> = (0..pairs.len()).collect(); (Just(pairs), Just(order).prop_shuffle()) })
        ) {
            let drawn = drawn(&pairs, Part::thousandths(300));
            let mut other = Book::new(drawn.clone());
            let all = order.iter().map(|&number| (number, &pairs[number]));
            for (number, pair) in all.clone() {
                other.add(&facts(number, pair, pair.local));
            }
            for (number, pair) in all.rev().filter(|(number, pair)| drawn.holds(&format!("call-{number}"), pair.queue)) {
                other.add_drawn(&facts(number, pair, pair.local), &facts(number, pair, pair.service));
            }
            prop_assert_eq!(format!("{:?}", book(&pairs, Part::thousandths(300)).finish()), format!("{:?}", other.finish()));
        }
    }

    #[test]
    fn a_local_engine_that_gives_the_service_away_leaves_next_to_nothing_open() {
        let pairs = tied(0);
        let rows = book(&pairs, Part::thousandths(100)).finish();
        let site = score_of(&rows, Scope::Site, None);
        let estimate = site.estimate.unwrap();
        // λ is ½ but for what whole hundredths round.
        assert!((site.lambda.unwrap() - 0.5).abs() < 0.01, "{site:?}");
        assert!((estimate.value - truth(&pairs, |_, _| true).unwrap()).abs() < 0.002, "{site:?}");
        assert!(estimate.interval.1 - estimate.interval.0 < 0.005, "{site:?}");
        let local: f64 = pairs.iter().map(|pair| pair.local.unwrap() as f64 / 100.0).sum::<f64>() / 400.0;
        assert!((site.local.unwrap() - local).abs() < 1e-9);
    }

    #[test]
    fn the_estimate_and_its_interval_are_those_of_the_formulas() {
        let pairs = tied(3);
        let drawn = drawn(&pairs, Part::thousandths(200));
        let rows = book(&pairs, Part::thousandths(200)).finish();
        let is_drawn = |number: usize, queue| drawn.holds(&format!("call-{number}"), Some(queue));
        let (mut xx, mut xy, mut left, mut counts) = (0.0, 0.0, Vec::new(), Vec::new());
        for queue in ["a", "b"] {
            let all: Vec<(usize, &Pair)> =
                pairs.iter().enumerate().filter(|(_, pair)| pair.queue == Some(queue)).collect();
            let x = |pair: &Pair| pair.local.unwrap() as f64 / 100.0;
            let sample: Vec<(f64, f64)> = all
                .iter()
                .filter(|(number, _)| is_drawn(*number, queue))
                .map(|(_, pair)| (x(pair), pair.service.unwrap() as f64 / 100.0))
                .collect();
            let n = sample.len() as f64;
            let mean = |of: fn(&(f64, f64)) -> f64| sample.iter().map(of).sum::<f64>() / n;
            let (mx, my) = (mean(|pair| pair.0), mean(|pair| pair.1));
            xx += sample.iter().map(|(x, _)| (x - mx).powi(2)).sum::<f64>();
            xy += sample.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
            let population = all.iter().map(|(_, pair)| x(pair)).sum::<f64>() / all.len() as f64;
            counts.push((all.len() as f64, n, my, population - mx));
            left.push((sample, mx, my));
        }
        let lambda = xy / xx;
        let squares = |(sample, mx, my): &(Vec<(f64, f64)>, f64, f64)| {
            sample.iter().map(|(x, y)| (y - my - lambda * (x - mx)).powi(2)).sum::<f64>()
        };
        let own: Vec<f64> = left.iter().map(squares).collect();
        let pooled = own.iter().sum::<f64>() / (counts.iter().map(|count| count.1).sum::<f64>() - 3.0);
        let (mut value, mut variance, mut below, mut gap) = (0.0, 0.0, 0.0, 0.0);
        for (&(all, n, my, distance), own) in counts.iter().zip(&own) {
            let part = all / 400.0;
            value += part * (my + lambda * distance);
            gap += part * distance;
            let moderated = (10.0 * pooled + own) / (10.0 + n - 1.0);
            let term = part * part * (1.0 - n / all) * moderated / n;
            variance += term;
            below += term * term / (10.0 + n - 1.0);
        }
        let freedom = variance * variance / below;
        variance += pooled * gap * gap / xx;
        let site = score_of(&rows, Scope::Site, None);
        let estimate = site.estimate.unwrap();
        assert!((estimate.value - value).abs() < 1e-9 && (estimate.variance - variance).abs() < 1e-12, "{site:?}");
        assert!((site.lambda.unwrap() - lambda).abs() < 1e-9 && (estimate.freedom - freedom).abs() < 1e-6);
        let half = crate::rollup::t_quantile(0.0125, freedom) * variance.sqrt();
        assert!((estimate.interval.1 - value - half).abs() < 1e-9, "{site:?}");
    }

    #[test]
    fn calls_in_a_language_that_the_local_engine_lacks_count_as_the_service_finds_them() {
        let mut pairs = tied(3);
        for (number, pair) in pairs.iter_mut().enumerate() {
            if number % 5 == 0 {
                (pair.local, pair.service) = (None, Some(-80));
            }
        }
        let rows = book(&pairs, Part::thousandths(300)).finish();
        let site = score_of(&rows, Scope::Site, None);
        let (estimate, truth) = (site.estimate.unwrap(), truth(&pairs, |_, _| true).unwrap());
        assert!(estimate.interval.0 <= truth && truth <= estimate.interval.1, "{truth} {site:?}");
        assert!(site.local.unwrap() > truth + 0.1, "the local engine says nothing of them");
    }

    #[test]
    fn a_group_of_which_nothing_was_drawn_has_no_estimate_and_a_share_never_seen_has_an_interval() {
        let mut pairs = tied(1);
        let rows = book(&pairs, Part::thousandths(100)).finish();
        let drawn = drawn(&pairs, Part::thousandths(100));
        let left_out = (0..400).find(|number| !drawn.holds(&format!("call-{number}"), pairs[*number].queue)).unwrap();
        let escalated = rows.iter().find(|row| row.measure == Measure::EscalatedShare).unwrap();
        assert!(escalated.estimate.unwrap().value.abs() < 1e-12, "none of both engines' calls escalated");
        let (low, high) = escalated.estimate.unwrap().interval;
        assert!(low == 0.0 && (0.01..0.1).contains(&high), "{escalated:?}");
        pairs[left_out].agent = 7;
        let rows = book(&pairs, Part::thousandths(100)).finish();
        let alone = score_of(&rows, Scope::Agent, Some("agent-7"));
        assert_eq!((alone.calls, alone.drawn, alone.estimate), (1, 0, None));
        assert!(alone.local.is_some());
    }

    #[test]
    fn agents_who_differ_are_told_apart_the_better_the_more_of_their_calls_were_drawn() {
        let mut pairs = tied(2);
        for (number, pair) in pairs.iter_mut().enumerate() {
            pair.agent = u8::try_from(number % 8).unwrap();
            pair.service = pair.service.map(|score| score + 8 * i64::from(pair.agent) - 28);
        }
        let reliability = |thousandths| {
            let rows = book(&pairs, Part::thousandths(thousandths)).finish();
            score_of(&rows, Scope::Agent, Some("agent-3")).reliability.unwrap()
        };
        assert!(reliability(100) < reliability(500), "{} {}", reliability(100), reliability(500));
        assert!(reliability(900) > 0.9);
        let few = book(&tied(2), Part::thousandths(500)).finish();
        assert_eq!(
            score_of(&few, Scope::Agent, Some("agent-0")).reliability,
            None,
            "one agent has nobody to differ from"
        );
    }
}
