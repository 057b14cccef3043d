//! What the overview needs of a call, from its roll-up or from its row of calls.csv.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Deserialize;

use crate::output::{CallRow, read, read_back};
use crate::sentiment::{Label, Millionths};

/// Columns of calls.csv. What is empty is `None`; texts are as a reader of the table finds them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct CallFigures<'a> {
    #[serde(borrow, deserialize_with = "read::name")]
    pub(super) call_id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "read::text")]
    pub(super) call_date: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "read::text")]
    pub(super) agent_id: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "read::text")]
    pub(super) queue: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_score: Option<Millionths>,
    #[serde(deserialize_with = "read::label")]
    pub(super) customer_label: Option<Label>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_q1: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_q2: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_q3: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_q4: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) agent_q1: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) agent_q2: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) agent_q3: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) agent_q4: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_start: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_end: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_shift: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) customer_low_position: Option<Millionths>,
    pub(super) customer_words: u64,
    pub(super) customer_words_scored: u64,
    pub(super) agent_words: u64,
    pub(super) agent_words_scored: u64,
    #[serde(deserialize_with = "read::flag")]
    pub(super) escalated: Option<bool>,
    #[serde(deserialize_with = "read::flag")]
    pub(super) recovered: Option<bool>,
    #[serde(deserialize_with = "read::flag")]
    pub(super) low_coverage: Option<bool>,
}

impl<'a> CallFigures<'a> {
    /// Those of a row that is about to be written, with `guard` against spreadsheets or without.
    pub fn of(row: &'a CallRow, guard: bool) -> Self {
        let call = &row.rollup;
        let (customer, agent) = (&call.customer, &call.agent);
        let text = |text: Option<&'a str>| text.map(|text| read_back(text, guard)).filter(|text| !text.is_empty());
        let [customer_q1, customer_q2, customer_q3, customer_q4] = customer.quarters;
        let [agent_q1, agent_q2, agent_q3, agent_q4] = agent.quarters;
        Self {
            call_id: read_back(&call.id, guard),
            call_date: call.date.as_deref().map(Cow::Borrowed),
            agent_id: text(call.agent_id()),
            queue: text(call.queue.as_deref()),
            customer_score: customer.score,
            customer_label: customer.label,
            customer_q1,
            customer_q2,
            customer_q3,
            customer_q4,
            agent_q1,
            agent_q2,
            agent_q3,
            agent_q4,
            customer_start: customer.start,
            customer_end: customer.end,
            customer_shift: customer.shift,
            customer_low_position: customer.low_position,
            customer_words: customer.words,
            customer_words_scored: customer.words_scored,
            agent_words: agent.words,
            agent_words_scored: agent.words_scored,
            escalated: call.escalated,
            recovered: call.recovered,
            low_coverage: Some(row.low_coverage),
        }
    }

    pub(super) fn customer_quarters(&self) -> [Option<Millionths>; 4] {
        [self.customer_q1, self.customer_q2, self.customer_q3, self.customer_q4]
    }

    pub(super) fn agent_quarters(&self) -> [Option<Millionths>; 4] {
        [self.agent_q1, self.agent_q2, self.agent_q3, self.agent_q4]
    }

    /// The date, if it is one: `YYYY-MM-DD`.
    pub(super) fn day(&self) -> Option<Date> {
        self.call_date.as_deref().filter(|date| date.len() == "YYYY-MM-DD".len())?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written_and_nothing_else_is_one() {
        let day = |date| CallFigures { call_date: Some(Cow::Borrowed(date)), ..CallFigures::default() }.day();
        assert_eq!(day("2026-03-09"), Some(jiff::civil::date(2026, 3, 9)));
        for wrong in ["", "2026-3-9", "2026-03-0x", "20260309", "2026/03/09", "2026-13-01", "20260309T1", "2026-W10-1"]
        {
            assert_eq!(day(wrong), None, "{wrong:?}");
        }
    }
}
