//! What all calls of a run come to, gathered once: the summary, the page and run.json are made from it.
//!
//! Calls are added in any order, in memory that does not grow with their number: by the run itself when a call is
//! rolled up, and by `undertone report` from the rows of calls.csv. Both make the same page, because scores are
//! rounded to the decimals of the table before they are compared or added, sums are whole numbers, and lists are
//! ordered by value and id. What is unknown is counted nowhere.

mod bounded;
mod call;
mod course;
mod merge;
mod sums;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::output::{PARTS, parts};
use crate::rollup::BAD;
use crate::sentiment::{Label, Millionths};

pub(crate) use bounded::Bounded;
pub use call::CallFigures;
pub(crate) use course::Moment;
pub(crate) use sums::{BINS, Coverage, Group, Series};

/// Bars of the distribution of customer scores, from −1 to 1.
pub const BARS: usize = 20;

/// What one bar spans, in millionths.
const BAR_WIDTH: i64 = 100_000;

/// Queues that are kept apart; a run with more has something else in its queue column.
const MOST_QUEUES: usize = 1000;

/// Reasons that are kept apart in a list.
const MOST_REASONS: usize = 50;

/// What the others are counted under.
const OTHER_REASONS: &str = "other reasons";

/// How many calls are named in each list.
pub(crate) const NAMED_ESCALATED: usize = 12;
const NAMED_RECOVERED: usize = 8;

/// A shift smaller than this is neither better nor worse.
const NOTABLE_SHIFT: i64 = PARTS / 10;

/// Calls by the customer's label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// Calls with a positive customer.
    pub positive: u64,
    /// Calls with a neutral customer.
    pub neutral: u64,
    /// Calls with a customer of mixed feelings.
    pub mixed: u64,
    /// Calls with a negative customer.
    pub negative: u64,
}

/// A call worth listening to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamedCall {
    /// What decides: the lowest comes first.
    order: i64,
    /// The call.
    pub call_id: String,
    /// Its main agent.
    pub agent_id: Option<String>,
    /// Its queue.
    pub queue: Option<String>,
    /// Its date.
    pub date: Option<String>,
    /// The customer's score by quarter.
    pub quarters: [Option<Millionths>; 4],
    /// The agents' score by quarter.
    pub(crate) agent_quarters: [Option<Millionths>; 4],
    /// How the customer sounded in the first third.
    pub start: Option<Millionths>,
    /// How the customer sounded in the last third.
    pub end: Option<Millionths>,
    /// Where the lowest point lies.
    pub low_position: Option<Millionths>,
    /// Its segments, if the run keeps them.
    pub(crate) course: Vec<Moment>,
}

/// Why something has no score or could not be used, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Failed or skipped; empty for rows of the input.
    pub(crate) outcome: String,
    pub(crate) why: String,
    pub(crate) count: u64,
}

/// What all calls of a run come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Calls.
    pub calls: u64,
    /// Calls too little of which was scored.
    pub low_coverage: u64,
    /// The customer's score by call.
    pub(crate) scores: Series,
    /// Sum of the same before they are rounded, in millionths.
    exact_sum: i128,
    /// Customer scores, before they are rounded, by tenths from −1 to 1.
    pub bars: [u64; BARS],
    /// Calls by the customer's label.
    pub labels: Labels,
    /// The customer's score by quarter.
    pub(crate) customer_quarters: [Series; 4],
    /// The agents' score by quarter.
    pub(crate) agent_quarters: [Series; 4],
    /// Calls with a start and an end.
    pub with_shift: u64,
    /// Those that end at least 0.1 higher than they start.
    pub better: u64,
    /// Those that end at least 0.1 lower.
    pub worse: u64,
    /// Calls flagged as escalated.
    pub escalated: u64,
    /// Calls flagged as recovered.
    pub recovered: u64,
    /// Calls of which it is known whether they recovered: those that began badly.
    pub(crate) began_badly: u64,
    /// Calls by how they began (rows) and ended (columns): badly, between, well.
    pub(crate) courses: [[u64; 3]; 3],
    pub(crate) customer_words: Coverage,
    pub(crate) agent_words: Coverage,
    #[serde(with = "merge::days")]
    pub(crate) days: BTreeMap<Date, Group>,
    /// Calls without a date.
    pub(crate) undated: u64,
    queues: Bounded<String, Group>,
    without_queue: Group,
    /// The escalated calls with the lowest ends.
    pub listen_escalated: Vec<NamedCall>,
    /// The lowest ends of calls that did not escalate.
    pub(crate) listen_low: Vec<NamedCall>,
    /// The recovered calls that rose most.
    pub(crate) listen_recovered: Vec<NamedCall>,
    failures: Bounded<(String, String), u64>,
    rejects: Bounded<String, u64>,
}

impl Overview {
    /// Adds a call.
    pub fn add(&mut self, call: &CallFigures<'_>) {
        self.calls += 1;
        self.low_coverage += u64::from(call.low_coverage == Some(true));
        if let Some(score) = call.customer_score {
            self.scores.add(score);
            self.exact_sum += i128::from(score.0);
            self.bars[bar(score)] += 1;
        }
        match call.customer_label {
            Some(Label::Positive) => self.labels.positive += 1,
            Some(Label::Neutral) => self.labels.neutral += 1,
            Some(Label::Mixed) => self.labels.mixed += 1,
            Some(Label::Negative) => self.labels.negative += 1,
            None => {}
        }
        let quarters = self.customer_quarters.iter_mut().chain(&mut self.agent_quarters);
        for (series, score) in quarters.zip(call.customer_quarters().into_iter().chain(call.agent_quarters())) {
            if let Some(score) = score {
                series.add(score);
            }
        }
        self.customer_words.add(call.customer_words, call.customer_words_scored);
        self.agent_words.add(call.agent_words, call.agent_words_scored);
        self.add_course(call);
        self.add_to_groups(call);
        self.name(call);
    }

    /// Keeps the segments of a call that was added, if it is among those that are named.
    pub(crate) fn set_course(&mut self, call_id: &str, moments: Vec<Moment>) {
        let lists = [&mut self.listen_escalated, &mut self.listen_low, &mut self.listen_recovered];
        let named: Vec<_> = lists.into_iter().flatten().filter(|call| call.call_id == call_id).collect();
        if named.is_empty() {
            return;
        }
        let moments = course::course(moments);
        for call in named {
            call.course.clone_from(&moments);
        }
    }

    /// The calls that are named.
    pub(crate) fn named(&self) -> impl Iterator<Item = &NamedCall> {
        [&self.listen_escalated, &self.listen_low, &self.listen_recovered].into_iter().flatten()
    }

    /// All calls as one group.
    pub(crate) fn all(&self) -> Group {
        let mut all = self.without_queue;
        all += self.queues.rest;
        for (_, group) in self.queues.iter() {
            all += *group;
        }
        all
    }

    /// Adds a segment that failed or was skipped.
    pub fn add_failure(&mut self, outcome: &str, reason: &str) {
        self.failures.add(MOST_REASONS, &(outcome.to_owned(), reason.to_owned()), |count| *count += 1);
    }

    /// Adds a row of the input that could not be used.
    pub fn add_reject(&mut self, reason: &str) {
        self.rejects.add(MOST_REASONS, reason, |count| *count += 1);
    }

    /// Mean of the calls' customer scores before they are rounded; `None` when nothing was scored.
    pub fn exact_mean(&self) -> Option<f64> {
        let scored = self.scores.count;
        (scored > 0).then(|| self.exact_sum as f64 / 1e6 / scored as f64)
    }

    /// Calls with a customer score.
    pub fn scored(&self) -> u64 {
        self.scores.count
    }

    /// Queues in the order of their names, and then what belongs to none of them, if there is any; empty without queues.
    pub(crate) fn queues(&self) -> Vec<(Option<&str>, Group)> {
        let mut others = self.without_queue;
        others += self.queues.rest;
        let mut queues: Vec<_> = self.queues.iter().map(|(name, group)| (Some(name.as_str()), *group)).collect();
        if !queues.is_empty() && others.calls > 0 {
            queues.push((None, others));
        }
        queues
    }

    /// Whether there were more queues than are kept apart.
    pub(crate) fn has_too_many_queues(&self) -> bool {
        self.queues.rest.calls > 0
    }

    /// Why segments have no score, the most frequent first.
    pub(crate) fn failures(&self) -> Vec<Reason> {
        let known = self.failures.iter().map(|((outcome, why), &count)| (outcome.as_str(), why.as_str(), count));
        reasons(known, self.failures.rest)
    }

    /// Why rows of the input could not be used, the most frequent first.
    pub(crate) fn rejects(&self) -> Vec<Reason> {
        reasons(self.rejects.iter().map(|(why, &count)| ("", why.as_str(), count)), self.rejects.rest)
    }

    fn add_course(&mut self, call: &CallFigures<'_>) {
        if let Some(shift) = call.customer_shift.map(parts) {
            self.with_shift += 1;
            self.better += u64::from(shift >= NOTABLE_SHIFT);
            self.worse += u64::from(shift <= -NOTABLE_SHIFT);
        }
        if let (Some(start), Some(end)) = (call.customer_start, call.customer_end) {
            self.courses[third(start)][third(end)] += 1;
        }
        self.escalated += u64::from(call.escalated == Some(true));
        self.began_badly += u64::from(call.recovered.is_some());
        self.recovered += u64::from(call.recovered == Some(true));
    }

    fn add_to_groups(&mut self, call: &CallFigures<'_>) {
        match call.day() {
            Some(day) => self.days.entry(day).or_default().add(call),
            None => self.undated += 1,
        }
        match call.queue.as_deref() {
            Some(queue) => self.queues.add(MOST_QUEUES, queue, |group| group.add(call)),
            None => self.without_queue.add(call),
        }
    }

    fn name(&mut self, call: &CallFigures<'_>) {
        let Some(end) = call.customer_end.map(parts) else { return };
        if call.escalated == Some(true) {
            keep(&mut self.listen_escalated, NAMED_ESCALATED, end, call);
        } else if end <= parts(BAD) {
            keep(&mut self.listen_low, NAMED_ESCALATED, end, call);
        }
        if call.recovered == Some(true) {
            let rise = end - call.customer_start.map_or(0, parts);
            keep(&mut self.listen_recovered, NAMED_RECOVERED, -rise, call);
        }
    }
}

/// The bar of a score: the last one holds 1 as well.
fn bar(score: Millionths) -> usize {
    usize::try_from((score.0 + Millionths::ONE.0) / BAR_WIDTH).unwrap_or(0).min(BARS - 1)
}

/// Keeps the call if it is among the `most` with the lowest `order`; of equals, those whose ids come first.
fn keep(list: &mut Vec<NamedCall>, most: usize, order: i64, call: &CallFigures<'_>) {
    let place = |last: &NamedCall| (last.order, last.call_id.as_str()) <= (order, &call.call_id);
    if list.len() >= most && list.last().is_some_and(place) {
        return;
    }
    let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    insert(
        list,
        most,
        NamedCall {
            order,
            call_id: call.call_id.clone().into_owned(),
            agent_id: owned(&call.agent_id),
            queue: owned(&call.queue),
            date: owned(&call.call_date),
            quarters: call.customer_quarters(),
            agent_quarters: call.agent_quarters(),
            start: call.customer_start,
            end: call.customer_end,
            low_position: call.customer_low_position,
            course: Vec::new(),
        },
    );
}

/// Puts a call in its place among the `most` that are kept.
fn insert(list: &mut Vec<NamedCall>, most: usize, named: NamedCall) {
    let place = list.binary_search(&named).unwrap_or_else(|place| place);
    list.insert(place, named);
    list.truncate(most);
}

/// Badly, between, well.
fn third(score: Millionths) -> usize {
    match parts(score) {
        score if score <= parts(BAD) => 0,
        score if score < -parts(BAD) => 1,
        _ => 2,
    }
}

fn reasons<'a>(known: impl Iterator<Item = (&'a str, &'a str, u64)>, rest: u64) -> Vec<Reason> {
    let others = (rest > 0).then_some(("", OTHER_REASONS, rest));
    let reason =
        |(outcome, why, count): (&str, &str, u64)| Reason { outcome: outcome.to_owned(), why: why.to_owned(), count };
    let mut reasons: Vec<Reason> = known.chain(others).map(reason).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Sample;

    #[test]
    fn beginnings_and_ends_are_bad_in_between_or_good() {
        let thirds = [-300_000, -299_950, -299_949, 0, 299_949, 299_950].map(|score| third(Millionths(score)));
        assert_eq!(thirds, [0, 0, 1, 1, 1, 2], "by what the table has");
    }

    #[test]
    fn bars_cover_the_whole_scale() {
        let bars = [-1_000_000, -900_001, -900_000, 0, 1_000_000].map(|score| bar(Millionths(score)));
        assert_eq!(bars, [0, 0, 1, 10, BARS - 1]);
    }

    #[test]
    fn every_call_is_counted_where_it_belongs() {
        let mut sample = Sample::new();
        sample.call_in("fell", "ann", Some("a"), Some("2026-03-01"), &[Some(0.5), Some(0.0), Some(-0.6)]);
        sample.call_in("rose", "ann", Some("b"), Some("2026-03-02"), &[Some(-0.6), Some(0.0), Some(0.5)]);
        sample.call_in("stayed", "ann", None, None, &[Some(0.0), Some(0.0), Some(0.05)]);
        sample.call_in("silent", "ann", Some("a"), Some("2026-99-01"), &[None, None, None]);
        let overview = sample.overview();
        assert_eq!((overview.calls, overview.scored(), overview.low_coverage), (4, 3, 1));
        assert_eq!((overview.with_shift, overview.better, overview.worse), (3, 1, 1));
        assert_eq!((overview.escalated, overview.recovered, overview.began_badly), (1, 1, 1));
        assert_eq!(overview.courses, [[0, 0, 1], [0, 1, 0], [1, 0, 0]]);
        assert_eq!((overview.days.len(), overview.undated), (2, 2), "the 99th month is no date");
        let queues: Vec<_> = overview.queues().into_iter().map(|(name, group)| (name, group.calls)).collect();
        assert_eq!(queues, [(Some("a"), 2), (Some("b"), 1), (None, 1)]);
        assert_eq!((overview.customer_words.words, overview.customer_words.scored), (48, 36));
        assert_eq!(overview.listen_escalated[0].call_id, "fell");
        assert_eq!(overview.listen_recovered[0].call_id, "rose");
        assert_eq!(
            overview.failures(),
            [Reason { outcome: "failed".into(), why: "InternalServerException".into(), count: 3 }]
        );
    }
}
