//! What all rows of calls.csv come to: sums, distributions and the few calls that are named.
//!
//! One pass, in memory that does not grow with the number of calls. Decimals are summed in whole 10,000ths, so
//! that sums are exact. A cell that is empty is counted nowhere.

use std::collections::HashMap;
use std::path::Path;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use super::sums::{Coverage, Group, Series};
use super::table::{PARTS, Row, Table};
use super::{ReportError, words};

/// Queues that are told apart; a table with more has something else in its queue column.
const MOST_QUEUES: usize = 1000;

/// How many calls are named in each list.
pub(super) const NAMED_ESCALATED: usize = 12;
const NAMED_RECOVERED: usize = 8;

/// A shift smaller than this is neither better nor worse.
const NOTABLE_SHIFT: i64 = PARTS / 10;

/// From here down a start or an end is bad, and from its opposite up it is good.
const BAD: i64 = -3 * PARTS / 10;

/// Calls by the customer's label.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Labels {
    pub(super) positive: u64,
    pub(super) neutral: u64,
    pub(super) mixed: u64,
    pub(super) negative: u64,
}

/// A call's label; most sums only ask whether it is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallLabel {
    Positive,
    Neutral,
    Mixed,
    Negative,
    None,
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
pub(super) struct CallCells {
    pub(super) score: Option<i64>,
    pub(super) label: CallLabel,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) escalated: Option<bool>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Sample;

    #[test]
    fn days_are_read_as_they_are_written_and_nothing_else_is_one() {
        assert_eq!(day(b"2026-03-09"), Some((2026, 3, 9)));
        for wrong in [&b""[..], b"2026-3-9", b"2026-03-0x", b"20260309", b"2026/03/09"] {
            assert_eq!(day(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn beginnings_and_ends_are_bad_in_between_or_good() {
        assert_eq!([-3000, -2999, 0, 2999, 3000].map(third), [0, 1, 1, 1, 2]);
    }

    #[test]
    fn every_call_is_counted_where_it_belongs() {
        let mut sample = Sample::new();
        sample.call_in("fell", "ann", Some("a"), Some("2026-03-01"), &[Some(0.5), Some(0.0), Some(-0.6)]);
        sample.call_in("rose", "ann", Some("b"), Some("2026-03-02"), &[Some(-0.6), Some(0.0), Some(0.5)]);
        sample.call_in("stayed", "ann", None, None, &[Some(0.0), Some(0.0), Some(0.05)]);
        sample.call_in("silent", "ann", Some("a"), Some("2026-99-01"), &[None, None, None]);
        let facts = CallFacts::read(&sample.write(false).join("calls.csv")).unwrap();
        assert_eq!((facts.calls, facts.scores.count, facts.low_coverage), (4, 3, 1));
        assert_eq!((facts.with_shift, facts.better, facts.worse), (3, 1, 1));
        assert_eq!((facts.escalated, facts.recovered, facts.began_badly), (1, 1, 1));
        assert_eq!(facts.courses, [[0, 0, 1], [0, 1, 0], [1, 0, 0]]);
        assert_eq!((facts.days.len(), facts.undated), (2, 2), "the 99th month is no date");
        let queues: Vec<(Option<&str>, u64)> =
            facts.queues.iter().map(|(name, group)| (name.as_deref(), group.calls)).collect();
        assert_eq!(queues, [(Some("a"), 2), (Some("b"), 1), (None, 1)]);
        assert_eq!((facts.customer_words.words, facts.customer_words.scored), (48, 36));
        assert_eq!(facts.listen_escalated[0].call_id, "fell");
        assert_eq!(facts.listen_recovered[0].call_id, "rose");
    }
}
