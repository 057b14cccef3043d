//! The series of days: what the trend on the page is drawn from, and its alarms in words.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::figures::Figures;
use crate::overview::{Group, Overview};

/// The most marks of days that have no expectation: where there are more, a mark is a week, a month or a year.
const MOST_MARKS: usize = 100;

/// The most days that a judged series is drawn with: the last ones.
const MOST_DAYS: usize = 400;

/// The days up to the one that the page is of, as they were judged night by night.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trend {
    /// The days in order.
    pub days: Vec<TrendDay>,
    /// What the last run of the same scorer found, under a name of what it was of, such as `the days up to 2026-11-01`.
    pub previous: Option<(String, Figures)>,
    /// Agents whose last weeks differ from their own before, with a sentence on how.
    pub agents: Vec<(String, String)>,
}

/// One day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrendDay {
    /// The date.
    pub date: Date,
    /// Calls.
    pub calls: u64,
    /// Calls with a customer score.
    pub scored: u64,
    /// The mean customer score; `None` if nothing was scored.
    pub mean: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// The day before it came; `None` where nothing could be expected yet.
    pub expected: Option<Expected>,
    /// What is unusual about the day, a sentence each.
    pub alarms: Vec<String>,
    /// Whether the day has too few calls to be judged.
    pub low_n: bool,
    /// Whether there are too few days before it to judge it by.
    pub warming_up: bool,
    /// Why what is expected starts anew with this day, if it does.
    pub baseline: Option<String>,
}

/// What a day's mean was expected to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The expected mean.
    pub mean: f64,
    /// Below this, a mean is unusual.
    pub low: f64,
    /// Above this, a mean is unusual.
    pub high: f64,
}

impl TrendDay {
    /// A day of which nothing but its calls is known.
    fn of((date, group): &(Date, Group)) -> Self {
        Self {
            date: *date,
            calls: group.calls,
            scored: group.scored,
            mean: group.mean(),
            interval: group.interval(),
            ..Self::default()
        }
    }

    /// Whether the day was judged.
    pub(super) fn judged(&self) -> bool {
        !self.low_n && !self.warming_up
    }

    /// Whether the day lies below what was expected.
    pub(super) fn below(&self) -> bool {
        self.mean.zip(self.expected).is_some_and(|(mean, expected)| mean < expected.mean)
    }
}

/// What one mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The first day of what `date` lies in.
    pub(super) fn begin(self, date: Date) -> Date {
        match self {
            Self::Day => date,
            Self::Week => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(since_monday.days()).unwrap_or(date)
            }
            Self::Month => date.first_of_month(),
            Self::Year => date.first_of_year(),
        }
    }
}

/// The marks of the trend: the judged days if there are any, else those of the run itself. `None` where there are not
/// two, or nothing was scored.
pub(super) fn series(trend: Option<&Trend>, overview: &Overview) -> Option<(Unit, Vec<TrendDay>)> {
    let (unit, days) = if let Some(Trend { days, .. }) = trend {
        (Unit::Day, days[days.len().saturating_sub(MOST_DAYS)..].to_vec())
    } else {
        let (unit, groups) = grouped(&overview.days);
        (unit, groups.iter().map(TrendDay::of).collect())
    };
    (days.len() >= 2 && days.iter().any(|day| day.mean.is_some())).then_some((unit, days))
}

/// Days put together until they are few enough.
fn grouped(days: &BTreeMap<Date, Group>) -> (Unit, Vec<(Date, Group)>) {
    let by = |unit: Unit| {
        let mut groups: Vec<(Date, Group)> = Vec::new();
        for (date, group) in days {
            let begin = unit.begin(*date);
            match groups.last_mut() {
                Some((last, sum)) if *last == begin => *sum += *group,
                _ => groups.push((begin, *group)),
            }
        }
        groups
    };
    for unit in Unit::ALL {
        let groups = by(unit);
        if groups.len() <= MOST_MARKS {
            return (unit, groups);
        }
    }
    let mut years = by(Unit::Year);
    years.truncate(10 * MOST_MARKS);
    (Unit::Year, years)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(count: i32) -> BTreeMap<Date, Group> {
        let first = date(2026, 1, 1);
        (0..count).map(|day| (first.checked_add(day.days()).unwrap(), Group::of_calls(1))).collect()
    }

    #[test]
    fn many_days_become_weeks_months_or_years_and_no_call_is_lost() {
        for (count, unit) in
            [(1, Unit::Day), (100, Unit::Day), (101, Unit::Week), (2000, Unit::Month), (9000, Unit::Year)]
        {
            let days = days(count);
            let (found, groups) = grouped(&days);
            assert_eq!(found, unit);
            assert!(groups.len() <= MOST_MARKS && groups.is_sorted_by_key(|(date, _)| *date));
            assert_eq!(groups.iter().map(|(_, group)| group.calls).sum::<u64>(), days.len() as u64);
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(Unit::Week.begin(date(2026, 3, 1)), date(2026, 2, 23));
        assert_eq!(Unit::Week.begin(date(2026, 2, 23)), date(2026, 2, 23));
    }

    #[test]
    fn judged_days_are_drawn_one_by_one_and_only_the_last_of_them() {
        let day = |(date, _)| TrendDay { date, mean: Some(0.1), ..TrendDay::default() };
        let trend = Trend { days: days(500).into_iter().map(day).collect(), previous: None, agents: Vec::new() };
        let (unit, shown) = series(Some(&trend), &Overview::default()).unwrap();
        assert_eq!((unit, shown.len(), shown[399].date), (Unit::Day, MOST_DAYS, trend.days[499].date));
        let trend = Trend { days: vec![TrendDay::default(); 5], previous: None, agents: Vec::new() };
        assert!(series(Some(&trend), &Overview::default()).is_none(), "nothing was scored");
    }
}
