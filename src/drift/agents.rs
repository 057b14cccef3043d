//! Whether an agent's calls lately differ from the agent's own earlier ones: weekly, with the share of false alarms among all agents bounded.
//!
//! Nobody is judged by the day. With y the mean of an agent's calls in a week less the mean of all agents' calls in it, n its calls, s² the
//! variance of calls within agents and weeks, over all of them:
//!
//! ```text
//! E       mean of the agent's y in the up to 26 weeks before, weighted by n; at least 8 weeks
//! u       (y − E)/√(s²/n + s²/Σn)        c = Huber's scale of all u, at least 1: what weeks do to an agent beyond chance
//! g       .3·u/c + .7·g before           p of g/√var(g), where var(g) allows for the error of E that weeks share
//! q       Benjamini & Hochberg 1995 over the agents whose reliability is .5 or more; alarm q ≤ .05
//! ```

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::expect::scale;
use crate::output::PARTS;
use crate::rollup::{q_values, two_sided_p};

/// Weeks that an agent's expectation is made of, at least and at most.
const LEAST_WEEKS: usize = 8;
const MOST_WEEKS: usize = 26;

/// Calls of a week below which it is passed over.
const LEAST_CALLS: u64 = 5;

/// The weight of a week in the EWMA.
const WEIGHT: f64 = 0.3;

/// The false discovery rate of alarms.
const ALARM: f64 = 0.05;

/// The reliability from which an agent is judged.
const LEAST_RELIABILITY: f64 = 0.5;

/// What an agent's scored calls of one week add up to; scores in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentWeek<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The week's first day.
    pub week: Date,
    /// Scored calls.
    pub calls: u64,
    /// Sum of their customer scores.
    pub sum: i64,
    /// Sum of the squares.
    pub squares: u64,
}

/// How an agent's last weeks compare with the agent's earlier ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentDrift<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The last week's mean, less that of all agents.
    pub value: f64,
    /// What the agent's earlier weeks let expect of it.
    pub expected: f64,
    /// EWMA of the weeks' differences, as a normal score.
    pub z: f64,
    /// The least false discovery rate at which the agent would be named.
    pub q_value: f64,
    /// Whether that is .05 or less.
    pub alarm: bool,
}

/// Judges agents by the last week that is there. Only those are judged whose `reliability` is .5 or more and who have calls
/// in that week; the result is in the order of their names.
#[must_use]
pub fn judge_agents<'a>(weeks: &[AgentWeek<'a>], reliability: impl Fn(&str) -> Option<f64>) -> Vec<AgentDrift<'a>> {
    let Some(last) = weeks.iter().map(|week| week.week).max() else { return Vec::new() };
    let Some(variance) = within(weeks) else { return Vec::new() };
    let away: Vec<Course<'_>> = courses(weeks, variance);
    let beyond: Vec<f64> = away.iter().flat_map(|course| course.steps.iter().map(|step| step.u)).collect();
    let spread = scale(&beyond).max(1.0);
    let is_judged = |course: &&Course<'_>| {
        course.last == Some(last) && reliability(course.agent).is_some_and(|value| value >= LEAST_RELIABILITY)
    };
    let mut judged: Vec<AgentDrift<'_>> =
        away.iter().filter(is_judged).filter_map(|course| course.drift(spread)).collect();
    let chances: Vec<f64> = judged.iter().map(|agent| two_sided_p(agent.z)).collect();
    for (agent, q_value) in judged.iter_mut().zip(q_values(&chances)) {
        (agent.q_value, agent.alarm) = (q_value, q_value <= ALARM);
    }
    judged
}

/// s², the variance of calls within agents and weeks; `None` where no agent has two calls in a week.
fn within(weeks: &[AgentWeek<'_>]) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0.0);
    for week in weeks.iter().filter(|week| week.calls > 1) {
        let (calls, sum) = (week.calls as f64, week.sum as f64);
        squares += (week.squares as f64 - sum * sum / calls).max(0.0);
        freedom += calls - 1.0;
    }
    let least = 1.0 / PARTS as f64 / PARTS as f64;
    (freedom > 0.0).then(|| (squares / freedom / (PARTS * PARTS) as f64).max(least))
}

/// One week against the agent's earlier ones.
struct Step {
    value: f64,
    expected: f64,
    u: f64,
    /// The part of u's variance that is the error of the expectation.
    shared: f64,
}

/// An agent's weeks.
struct Course<'a> {
    agent: &'a str,
    last: Option<Date>,
    steps: Vec<Step>,
}

fn courses<'a>(weeks: &[AgentWeek<'a>], variance: f64) -> Vec<Course<'a>> {
    let mut all: BTreeMap<Date, (i64, u64)> = BTreeMap::new();
    let mut agents: BTreeMap<&str, BTreeMap<Date, AgentWeek<'a>>> = BTreeMap::new();
    for week in weeks.iter().filter(|week| week.calls > 0) {
        let (sum, calls) = all.entry(week.week).or_default();
        (*sum, *calls) = (*sum + week.sum, *calls + week.calls);
        if week.calls >= LEAST_CALLS {
            agents.entry(week.agent).or_default().insert(week.week, *week);
        }
    }
    let away = |week: &AgentWeek<'_>| {
        let (sum, calls) = all[&week.week];
        (week.sum as f64 / week.calls as f64 - sum as f64 / calls as f64) / PARTS as f64
    };
    let course = |(agent, weeks): (&'a str, BTreeMap<Date, AgentWeek<'a>>)| {
        let points: Vec<(f64, f64)> = weeks.values().map(|week| (away(week), week.calls as f64)).collect();
        let steps = (LEAST_WEEKS..points.len())
            .map(|at| step(&points[at.saturating_sub(MOST_WEEKS)..at], points[at], variance));
        Course { agent, last: weeks.keys().next_back().copied(), steps: steps.collect() }
    };
    agents.into_iter().map(course).collect()
}

fn step(earlier: &[(f64, f64)], (value, calls): (f64, f64), variance: f64) -> Step {
    let weight: f64 = earlier.iter().map(|(_, calls)| calls).sum();
    let expected = earlier.iter().map(|(value, calls)| value * calls).sum::<f64>() / weight;
    let (own, shared) = (variance / calls, variance / weight);
    Step { value, expected, u: (value - expected) / (own + shared).sqrt(), shared: shared / (own + shared) }
}

impl<'a> Course<'a> {
    fn drift(&self, spread: f64) -> Option<AgentDrift<'a>> {
        let last = self.steps.last()?;
        let (mut ewma, mut own, mut shared) = (0.0, 0.0, 0.0);
        for step in &self.steps {
            let rest = 1.0 - WEIGHT;
            ewma = WEIGHT * step.u / spread + rest * ewma;
            own = WEIGHT * WEIGHT * (1.0 - step.shared) + rest * rest * own;
            shared = WEIGHT * step.shared.sqrt() + rest * shared;
        }
        let z = ewma / (own + shared * shared).sqrt();
        let Step { value, expected, .. } = *last;
        Some(AgentDrift { agent: self.agent, value, expected, z, q_value: 1.0, alarm: false })
    }
}
