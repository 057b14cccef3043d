//! The agents' weeks, from the sums of their days, and who differs lately from their own earlier weeks.
//!
//! Whole weeks only, from Monday on, of days that the scorer of the newest one scored. What a difference is: `drift`.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::CallDate;
use super::sums::{self, DateRecord, SumsError};
use crate::drift::{AgentWeek, judge_agents};
use crate::words::Score;

/// Weeks that are looked at: as many as an expectation is made of, and some for what comes after it.
const WEEKS: i64 = 39;

/// An agent whose last weeks differ from those before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AgentLately {
    pub(crate) agent: String,
    /// The Monday of the last whole week.
    pub(crate) week: Date,
    /// The agent's mean in that week, less that of all agents.
    pub(crate) value: f64,
    /// What the agent's weeks before let expect of it.
    pub(crate) expected: f64,
    pub(crate) q_value: f64,
}

impl AgentLately {
    /// One sentence with its figures, without the agent's name.
    pub(crate) fn words(&self) -> String {
        format!(
            "in the weeks up to that of {}, customers felt {} than in this agent\u{2019}s weeks before: {} beside all agents, expected {} \
             (false alarm rate {:.3})",
            self.week,
            if self.value < self.expected { "worse" } else { "better" },
            Score(self.value),
            Score(self.expected),
            self.q_value
        )
    }
}

/// The agents whose weeks up to the newest date differ from their own before; only those are judged whose `reliability` is
/// .5 or more.
///
/// # Errors
/// [`SumsError`] naming the record of a date.
pub(crate) fn agents_lately(
    root: &Path,
    published: &BTreeMap<CallDate, DateRecord>,
    newest: CallDate,
    reliability: impl Fn(&str) -> Option<f64>,
) -> Result<Vec<AgentLately>, SumsError> {
    let Some((week, dates)) = whole_weeks(published, newest) else { return Ok(Vec::new()) };
    let mut weeks: BTreeMap<(String, Date), (u64, i64, u64)> = BTreeMap::new();
    for (date, of) in dates {
        for (agent, (calls, sum, squares)) in sums::read(root, date)?.book.scores() {
            let all = weeks.entry((agent.to_owned(), of)).or_default();
            *all = (all.0 + calls, all.1 + sum, all.2 + squares);
        }
    }
    let weeks: Vec<AgentWeek<'_>> = weeks
        .iter()
        .map(|((agent, week), &(calls, sum, squares))| AgentWeek { agent, week: *week, calls, sum, squares })
        .collect();
    let lately = judge_agents(&weeks, reliability).into_iter().filter(|agent| agent.alarm);
    Ok(lately
        .map(|drift| AgentLately {
            agent: drift.agent.to_owned(),
            week,
            value: drift.value,
            expected: drift.expected,
            q_value: drift.q_value,
        })
        .collect())
}

/// The Monday of the last week that is over on the newest date, and the dates up to its end, each with its week's Monday.
fn whole_weeks(published: &BTreeMap<CallDate, DateRecord>, newest: CallDate) -> Option<(Date, Vec<(CallDate, Date)>)> {
    let identity = &published.get(&newest)?.identity;
    let monday = |date: Date| date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
    let end = monday(newest.0?.saturating_add(1.day())).saturating_sub(1.day());
    let week = monday(end);
    let first = week.saturating_sub((7 * (WEEKS - 1)).days());
    let dates = published.range(CallDate(Some(first))..=CallDate(Some(end)));
    let dates: Vec<_> = dates
        .filter(|(_, record)| record.identity == *identity)
        .filter_map(|(date, _)| Some((*date, monday(date.0?))))
        .collect();
    Some((week, dates))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nights::sums::tests::record;

    fn published(dates: &[&str]) -> BTreeMap<CallDate, DateRecord> {
        dates.iter().map(|date| (date.parse().unwrap(), record(1))).collect()
    }

    #[test]
    fn a_week_counts_once_its_sunday_is_there() {
        let days = ["2026-11-01", "2026-11-02", "2026-11-07", "2026-11-08", "2026-11-09"];
        let weeks = |days: &[&str]| {
            let published = published(days);
            let newest = *published.last_key_value().unwrap().0;
            let (week, dates) = whole_weeks(&published, newest).unwrap();
            let dates: Vec<String> = dates.iter().map(|(date, week)| format!("{date} {week}")).collect();
            (week.to_string(), dates)
        };
        let last_of =
            ["2026-11-01 2026-10-26", "2026-11-02 2026-11-02", "2026-11-07 2026-11-02", "2026-11-08 2026-11-02"];
        assert_eq!(weeks(&days[..3]), ("2026-10-26".into(), vec![last_of[0].to_owned()]), "Saturday");
        for days in [&days[..4], &days[..]] {
            assert_eq!(weeks(days), ("2026-11-02".into(), last_of.map(str::to_owned).to_vec()), "Sunday, Monday");
        }
    }

    #[test]
    fn weeks_of_another_scorer_and_calls_without_a_date_are_left_out() {
        let mut published = published(&["unknown", "2026-10-31", "2026-11-01"]);
        let newest = *published.last_key_value().unwrap().0;
        published.get_mut(&"2026-10-31".parse().unwrap()).unwrap().identity.model = "before".into();
        assert_eq!(whole_weeks(&published, newest).unwrap().1.len(), 1);
        assert_eq!(whole_weeks(&published, CallDate(None)), None);
    }

    #[test]
    fn the_direction_is_in_the_words() {
        let agent = AgentLately {
            agent: "amara".into(),
            week: jiff::civil::date(2026, 11, 2),
            value: -0.2,
            expected: 0.05,
            q_value: 0.0123,
        };
        let words = agent.words();
        assert!(words.contains("felt worse") && words.contains("(false alarm rate 0.012)"), "{words}");
        assert!(!words.contains("amara"));
        assert!(AgentLately { value: 0.1, ..agent }.words().contains("felt better"));
    }
}
