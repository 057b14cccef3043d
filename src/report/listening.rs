//! The calls worth listening to, each with its course.

use super::figure::{Course, Sparkline};
use crate::overview::{NAMED_ESCALATED, NamedCall, Overview};
use crate::words::{Maybe, Name, place};

/// The lists of calls.
pub(super) struct Listening {
    pub(super) lists: Vec<List>,
    /// Whether segments were kept.
    pub(super) detailed: bool,
}

/// One list of calls.
pub(super) struct List {
    pub(super) title: &'static str,
    pub(super) rows: Vec<ListenRow>,
}

/// A call.
pub(super) struct ListenRow {
    pub(super) call: String,
    /// Agent, queue and date, as far as they are known.
    pub(super) about: Vec<String>,
    pub(super) spark: Sparkline,
    pub(super) start: Maybe,
    pub(super) end: Maybe,
    pub(super) low: Option<String>,
    pub(super) course: Course,
}

impl Listening {
    pub(super) fn of(overview: &Overview) -> Self {
        let room = NAMED_ESCALATED - overview.listen_escalated.len();
        let low = overview.listen_low.get(..room.min(overview.listen_low.len())).unwrap_or_default();
        let mut numbers = 1..;
        let mut list = |title, calls: &[NamedCall]| List {
            title,
            rows: calls.iter().zip(numbers.by_ref()).map(|(call, number)| ListenRow::of(number, call)).collect(),
        };
        let mut lists = vec![
            list("Escalated: the customers who ended lowest", &overview.listen_escalated),
            list("Ended low from a low start", low),
            list("Recovered: what went right", &overview.listen_recovered),
        ];
        lists.retain(|list| !list.rows.is_empty());
        Self { lists, detailed: overview.named().any(|call| !call.course.is_empty()) }
    }
}

impl ListenRow {
    fn of(number: usize, call: &NamedCall) -> Self {
        let date = call.date.as_deref().map(|date| Name::within(date, 10));
        let names = [&call.agent_id, &call.queue].into_iter().flatten().map(|text| Name::new(text));
        Self {
            call: Name::new(&call.call_id).to_string(),
            about: names.chain(date).map(|name| name.to_string()).collect(),
            spark: Sparkline::of(&call.quarters),
            start: Maybe::of(call.start),
            end: Maybe::of(call.end),
            low: call.low_position.map(place),
            course: Course::of(number, call),
        }
    }
}
