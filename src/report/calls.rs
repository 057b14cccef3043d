//! What all rows of calls.csv come to: sums, distributions and the few calls that are named.
//!
//! One pass, in memory that does not grow with the number of calls. Decimals are summed in whole 10,000ths, so
//! that sums are exact. A cell that is empty is counted nowhere.

use std::collections::HashMap;
use std::path::Path;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use super::table::{PARTS, Row, Table};
use super::{ReportError, words};

/// Bins of a distribution from −1 to 1: hundredths, the last one for 1 itself.
pub(super) const BINS: usize = 201;
const BIN_PARTS: i64 = PARTS / 100;

/// Queues that are told apart; a table with more has something else in its queue column.
const MOST_QUEUES: usize = 1000;

/// How many calls are named in each list.
pub(super) const NAMED_ESCALATED: usize = 12;
const NAMED_RECOVERED: usize = 8;

/// A shift smaller than this is neither better nor worse.
const NOTABLE_SHIFT: i64 = PARTS / 10;

/// From here down a start or an end is bad, and from its opposite up it is good.
const BAD: i64 = -3 * PARTS / 10;

/// Values of one kind: how many, their sum, their spread, and how they are distributed.
#[derive(Clone)]
pub(super) struct Series {
    pub(super) count: u64,
    sum: i64,
    squares: i128,
    pub(super) bins: Box<[u64; BINS]>,
}

impl Default for Series {
    fn default() -> Self {
        Self { count: 0, sum: 0, squares: 0, bins: Box::new([0; BINS]) }
    }
}

impl Series {
    fn add(&mut self, parts: i64) {
        self.count += 1;
        self.sum += parts;
        self.squares += i128::from(parts) * i128::from(parts);
        let bin = usize::try_from((parts + PARTS) / BIN_PARTS).unwrap_or(0).min(BINS - 1);
        self.bins[bin] += 1;
    }

    /// The mean; `None` without values.
    pub(super) fn mean(&self) -> Option<f64> {
        mean(self.count, self.sum)
    }

    /// The value that a share of the values lies below, to a hundredth; `None` without values.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = share * self.count as f64;
        let mut seen = 0;
        let place = self.bins.iter().position(|count| {
            seen += count;
            seen as f64 >= wanted
        });
        place.map(|bin| (bin as f64 + 0.5).min(BINS as f64 - 1.0) / 100.0 - 1.0)
    }
}

fn mean(count: u64, sum: i64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64 / PARTS as f64)
}

/// Calls that share a day or a queue.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group {
    pub(super) calls: u64,
    pub(super) scored: u64,
    sum: i64,
    squares: i128,
    end_sum: i64,
    pub(super) ended: u64,
    pub(super) negative: u64,
    pub(super) escalated: u64,
    pub(super) with_shift: u64,
}

impl Group {
    /// Calls of which nothing is known, for tests.
    #[cfg(test)]
    pub(super) fn of_calls(calls: u64) -> Self {
        Self { calls, ..Self::default() }
    }

    fn add(&mut self, call: &CallCells) {
        self.calls += 1;
        if let Some(score) = call.score {
            self.scored += 1;
            self.sum += score;
            self.squares += i128::from(score) * i128::from(score);
        }
        if let Some(end) = call.end {
            self.ended += 1;
            self.end_sum += end;
        }
        self.negative += u64::from(call.label == CallLabel::Negative);
        self.with_shift += u64::from(call.escalated.is_some());
        self.escalated += u64::from(call.escalated == Some(true));
    }

    /// Puts the calls of `other` in.
    pub(super) fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.scored += other.scored;
        self.sum += other.sum;
        self.squares += other.squares;
        self.end_sum += other.end_sum;
        self.ended += other.ended;
        self.negative += other.negative;
        self.escalated += other.escalated;
        self.with_shift += other.with_shift;
    }

    /// The mean of the calls' customer scores; `None` if none was scored.
    pub(super) fn mean(&self) -> Option<f64> {
        mean(self.scored, self.sum)
    }

    /// The mean of the calls' customer ends; `None` if none is known.
    pub(super) fn end(&self) -> Option<f64> {
        mean(self.ended, self.end_sum)
    }

    /// The mean with its 95 % interval, calls being the sampling unit; `None` below two scored calls.
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        if self.scored < 2 {
            return None;
        }
        let (count, mean) = (self.scored as f64, self.mean()?);
        let spread = self.squares as f64 / (PARTS * PARTS) as f64 - count * mean * mean;
        let half = 1.96 * (spread.max(0.0) / (count - 1.0) / count).sqrt();
        Some((mean - half, mean + half))
    }
}

/// Calls by the customer's label.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Labels {
    pub(super) positive: u64,
    pub(super) neutral: u64,
    pub(super) mixed: u64,
    pub(super) negative: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallLabel {
    Positive,
    Neutral,
    Mixed,
    Negative,
    None,
}

/// Words, and those of them that have a score.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Coverage {
    pub(super) words: u64,
    pub(super) scored: u64,
}

impl Coverage {
    fn add(&mut self, words: Option<u64>, scored: Option<u64>) {
        self.words += words.unwrap_or(0);
        self.scored += scored.unwrap_or(0);
    }
}

/// A call that is worth listening to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NamedCall {
    /// What decides: the lowest comes first.
    order: i64,
    pub(super) call_id: String,
    pub(super) agent_id: Option<String>,
    pub(super) queue: Option<String>,
    pub(super) date: Option<String>,
    pub(super) quarters: [Option<i64>; 4],
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    /// Where the lowest point lies, in 10,000ths of the call.
    pub(super) low_position: Option<i64>,
}

/// What all calls come to.
#[derive(Default)]
pub(super) struct CallFacts {
    pub(super) calls: u64,
    /// The customer's score by call.
    pub(super) scores: Series,
    pub(super) labels: Labels,
    pub(super) low_coverage: u64,
    /// The customer's score by quarter.
    pub(super) customer_quarters: [Series; 4],
    /// The agents' score by quarter.
    pub(super) agent_quarters: [Series; 4],
    pub(super) with_shift: u64,
    pub(super) better: u64,
    pub(super) worse: u64,
    pub(super) escalated: u64,
    pub(super) recovered: u64,
    /// Calls of which it is known whether they recovered: those that began badly.
    pub(super) began_badly: u64,
    /// Calls by how they began (rows) and ended (columns): badly, between, well.
    pub(super) courses: [[u64; 3]; 3],
    pub(super) customer_words: Coverage,
    pub(super) agent_words: Coverage,
    pub(super) days: Vec<(Date, Group)>,
    /// Calls without a date, where others have one.
    pub(super) undated: u64,
    /// By name; calls without a queue, where others have one, under `None`.
    pub(super) queues: Vec<(Option<String>, Group)>,
    /// Whether there were more queues than are told apart; what is left then stands under `None`.
    pub(super) too_many_queues: bool,
    pub(super) listen_escalated: Vec<NamedCall>,
    pub(super) listen_recovered: Vec<NamedCall>,
    pub(super) listen_low: Vec<NamedCall>,
}

const COLUMNS: [&str; 25] = [
    "call_id",
    "call_date",
    "agent_id",
    "queue",
    "customer_score",
    "customer_label",
    "customer_q1",
    "customer_q2",
    "customer_q3",
    "customer_q4",
    "agent_q1",
    "agent_q2",
    "agent_q3",
    "agent_q4",
    "customer_start",
    "customer_end",
    "customer_shift",
    "customer_low_position",
    "escalated",
    "recovered",
    "low_coverage",
    "customer_words",
    "customer_words_scored",
    "agent_words",
    "agent_words_scored",
];
const CUSTOMER_Q1: usize = 6;
const AGENT_Q1: usize = 10;

/// The cells of a row that more than one sum needs.
struct CallCells {
    score: Option<i64>,
    label: CallLabel,
    start: Option<i64>,
    end: Option<i64>,
    escalated: Option<bool>,
}

type CallRow<'t> = Row<'t, 25>;

impl CallFacts {
    /// Reads calls.csv.
    pub(super) fn read(path: &Path) -> Result<Self, ReportError> {
        let mut table = Table::open(path, COLUMNS)?;
        let mut facts = Self::default();
        let mut groups = Groups::default();
        while let Some(row) = table.next()? {
            facts.add(&row, &mut groups)?;
        }
        groups.finish(&mut facts);
        Ok(facts)
    }

    fn add(&mut self, row: &CallRow<'_>, groups: &mut Groups) -> Result<(), ReportError> {
        let call = CallCells {
            score: row.parts(4)?,
            label: label(row.bytes(5)),
            start: row.parts(14)?,
            end: row.parts(15)?,
            escalated: row.flag(18)?,
        };
        self.calls += 1;
        self.low_coverage += u64::from(row.flag(20)? == Some(true));
        if let Some(score) = call.score {
            self.scores.add(score);
        }
        self.add_label(call.label);
        for quarter in 0..4 {
            if let Some(score) = row.parts(CUSTOMER_Q1 + quarter)? {
                self.customer_quarters[quarter].add(score);
            }
            if let Some(score) = row.parts(AGENT_Q1 + quarter)? {
                self.agent_quarters[quarter].add(score);
            }
        }
        self.add_course(&call, row.parts(16)?);
        self.customer_words.add(row.count(21)?, row.count(22)?);
        self.agent_words.add(row.count(23)?, row.count(24)?);
        groups.add(row, &call);
        self.name_call(row, &call)
    }

    fn add_label(&mut self, label: CallLabel) {
        match label {
            CallLabel::Positive => self.labels.positive += 1,
            CallLabel::Neutral => self.labels.neutral += 1,
            CallLabel::Mixed => self.labels.mixed += 1,
            CallLabel::Negative => self.labels.negative += 1,
            CallLabel::None => {}
        }
    }

    fn add_course(&mut self, call: &CallCells, shift: Option<i64>) {
        if let Some(shift) = shift {
            self.with_shift += 1;
            self.better += u64::from(shift >= NOTABLE_SHIFT);
            self.worse += u64::from(shift <= -NOTABLE_SHIFT);
        }
        if let (Some(start), Some(end)) = (call.start, call.end) {
            self.courses[third(start)][third(end)] += 1;
        }
    }

    fn name_call(&mut self, row: &CallRow<'_>, call: &CallCells) -> Result<(), ReportError> {
        let recovered = row.flag(19)?;
        self.began_badly += u64::from(recovered.is_some());
        self.recovered += u64::from(recovered == Some(true));
        self.escalated += u64::from(call.escalated == Some(true));
        let Some(end) = call.end else { return Ok(()) };
        if call.escalated == Some(true) {
            name(&mut self.listen_escalated, NAMED_ESCALATED, end, row, call)?;
        } else if end <= BAD {
            name(&mut self.listen_low, NAMED_ESCALATED, end, row, call)?;
        }
        if recovered == Some(true) {
            name(&mut self.listen_recovered, NAMED_RECOVERED, call.start.unwrap_or(0) - end, row, call)?;
        }
        Ok(())
    }
}

/// Keeps the call if it is among the `most` with the lowest `order`; of equals, those that come first.
fn name(
    list: &mut Vec<NamedCall>,
    most: usize,
    order: i64,
    row: &CallRow<'_>,
    call: &CallCells,
) -> Result<(), ReportError> {
    if list.len() >= most && list.last().is_some_and(|last| last.order <= order) {
        return Ok(());
    }
    let mut quarters = [None; 4];
    for (quarter, value) in quarters.iter_mut().enumerate() {
        *value = row.parts(CUSTOMER_Q1 + quarter)?;
    }
    let named = NamedCall {
        order,
        call_id: row.text(0).unwrap_or_default(),
        date: row.text(1),
        agent_id: row.text(2),
        queue: row.text(3),
        quarters,
        start: call.start,
        end: call.end,
        low_position: row.parts(17)?,
    };
    let place = list.partition_point(|other| other.order <= order);
    list.insert(place, named);
    list.truncate(most);
    Ok(())
}

fn label(bytes: &[u8]) -> CallLabel {
    match bytes {
        b"POSITIVE" => CallLabel::Positive,
        b"NEUTRAL" => CallLabel::Neutral,
        b"MIXED" => CallLabel::Mixed,
        b"NEGATIVE" => CallLabel::Negative,
        _ => CallLabel::None,
    }
}

/// Badly, between, well.
fn third(parts: i64) -> usize {
    match parts {
        parts if parts <= BAD => 0,
        parts if parts < -BAD => 1,
        _ => 2,
    }
}

/// Calls by day and by queue, while the table is read.
#[derive(Default)]
struct Groups {
    days: FxHashMap<(i16, i8, i8), Group>,
    undated: u64,
    queues: HashMap<Vec<u8>, Group>,
    other_queues: Group,
    too_many_queues: bool,
}

impl Groups {
    fn add(&mut self, row: &CallRow<'_>, call: &CallCells) {
        match day(row.bytes(1)) {
            Some(day) => self.days.entry(day).or_default().add(call),
            None => self.undated += 1,
        }
        let queue = row.bytes(3);
        if let Some(group) = self.queues.get_mut(queue) {
            group.add(call);
        } else if queue.is_empty() || self.queues.len() >= MOST_QUEUES {
            self.too_many_queues |= !queue.is_empty();
            self.other_queues.add(call);
        } else {
            let mut group = Group::default();
            group.add(call);
            self.queues.insert(queue.to_vec(), group);
        }
    }

    fn finish(self, facts: &mut CallFacts) {
        facts.undated = self.undated;
        for ((year, month, day), group) in self.days {
            match Date::new(year, month, day) {
                Ok(date) => facts.days.push((date, group)),
                Err(_) => facts.undated += group.calls,
            }
        }
        facts.days.sort_by_key(|(date, _)| *date);
        facts.too_many_queues = self.too_many_queues;
        facts.queues = self.queues.into_iter().map(|(name, group)| (Some(words::cell_text(&name)), group)).collect();
        if !facts.queues.is_empty() && self.other_queues.calls > 0 {
            facts.queues.push((None, self.other_queues));
        }
        facts.queues.sort_by(|a, b| (a.0.is_none(), &a.0).cmp(&(b.0.is_none(), &b.0)));
    }
}

/// `YYYY-MM-DD` in numbers that may not be a date yet.
fn day(bytes: &[u8]) -> Option<(i16, i8, i8)> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let pair = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    Some((year, i8::try_from(pair(m1, m2)?).ok()?, i8::try_from(pair(d1, d2)?).ok()?))
}
