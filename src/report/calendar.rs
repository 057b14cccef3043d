//! The days as a calendar: a week is a row, so that what comes again on a weekday stands in a column.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::trend::{TrendDay, Unit};
use crate::words::{Count, Maybe};

/// The most weeks that are shown: the last quarter of a year.
const MOST_WEEKS: i64 = 13;

/// The last weeks.
pub(super) struct Calendar {
    pub(super) weeks: Vec<Week>,
}

/// Monday to Sunday.
pub(super) struct Week {
    pub(super) monday: Date,
    /// The days; `None` for one without calls.
    pub(super) days: Vec<Option<Cell>>,
    /// The mean over all scored calls of the week.
    pub(super) mean: Maybe,
    pub(super) calls: Count,
}

/// A day.
pub(super) struct Cell {
    pub(super) mean: Maybe,
    pub(super) calls: Count,
    /// `low` and `high` for what lies outside the expected band, `unsure` for what was not judged, else nothing.
    pub(super) class: &'static str,
    /// On which side of what was expected an alarm is marked: `low` or `high`.
    pub(super) alarm: Option<&'static str>,
}

impl Calendar {
    /// `None` for marks that are no days, or that lie within one week.
    pub(super) fn of(unit: Unit, days: &[TrendDay]) -> Option<Self> {
        let last = days.last().filter(|_| unit == Unit::Day)?.date;
        let mut weeks: Vec<(Date, Vec<&TrendDay>)> = Vec::new();
        for day in days {
            let monday = Unit::Week.begin(day.date);
            match weeks.last_mut() {
                Some((week, days)) if *week == monday => days.push(day),
                _ => weeks.push((monday, vec![day])),
            }
        }
        let earliest = Unit::Week.begin(last).checked_sub((MOST_WEEKS - 1).weeks()).unwrap_or(Date::MIN);
        weeks.retain(|(monday, _)| *monday >= earliest);
        let weeks: Vec<Week> = weeks.iter().map(|(monday, days)| Week::of(*monday, days)).collect();
        (weeks.len() > 1).then_some(Self { weeks })
    }
}

impl Week {
    fn of(monday: Date, days: &[&TrendDay]) -> Self {
        let on = |offset: i8| days.iter().find(|day| day.date.weekday().to_monday_zero_offset() == offset);
        let scored: u64 = days.iter().filter(|day| day.mean.is_some()).map(|day| day.scored).sum();
        let sum: f64 = days.iter().filter_map(|day| Some(day.mean? * day.scored as f64)).sum();
        Self {
            monday,
            days: (0..7).map(|offset| on(offset).map(|day| Cell::of(day))).collect(),
            mean: Maybe((scored > 0).then(|| sum / scored as f64)),
            calls: Count(days.iter().map(|day| day.calls).sum()),
        }
    }
}

impl Cell {
    fn of(day: &TrendDay) -> Self {
        let side = day.mean.zip(day.expected).map_or("", |(mean, expected)| match mean {
            mean if mean < expected.low => "low",
            mean if mean > expected.high => "high",
            _ => "",
        });
        Self {
            mean: Maybe(day.mean),
            calls: Count(day.calls),
            class: if day.judged() { side } else { "unsure" },
            alarm: (!day.alarms.is_empty()).then(|| if day.below() { "low" } else { "high" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trend::Expected;
    use jiff::civil::date;

    fn day(date: Date, mean: Option<f64>) -> TrendDay {
        let expected = Some(Expected { mean: 0.1, low: 0.0, high: 0.2 });
        TrendDay { date, calls: 50, scored: 40, mean, expected, ..TrendDay::default() }
    }

    fn days(first: Date, count: i64) -> Vec<TrendDay> {
        (0..count).map(|number| day(first.checked_add(number.days()).unwrap(), Some(0.1))).collect()
    }

    #[test]
    fn days_stand_under_their_weekday_and_the_last_weeks_are_shown() {
        let calendar = Calendar::of(Unit::Day, &days(date(2026, 1, 1), 120)).unwrap();
        let mondays: Vec<Date> = calendar.weeks.iter().map(|week| week.monday).collect();
        assert_eq!((mondays.len(), mondays[0], mondays[12]), (13, date(2026, 2, 2), date(2026, 4, 27)));
        let calendar = Calendar::of(Unit::Day, &days(date(2026, 1, 1), 5)).unwrap();
        let places: Vec<Vec<bool>> =
            calendar.weeks.iter().map(|week| week.days.iter().map(Option::is_some).collect()).collect();
        assert_eq!(places[0], [false, false, false, true, true, true, true], "2026-01-01 is a Thursday");
        assert_eq!(places[1], [true, false, false, false, false, false, false]);
        assert!(Calendar::of(Unit::Day, &days(date(2026, 1, 1), 4)).is_none(), "one week is no calendar");
        assert!(Calendar::of(Unit::Month, &days(date(2026, 1, 1), 120)).is_none());
    }

    #[test]
    fn a_week_that_is_missing_takes_its_place_among_the_last() {
        let mut days = days(date(2026, 1, 5), 7);
        days.push(day(date(2026, 12, 31), Some(0.1)));
        assert!(Calendar::of(Unit::Day, &days).is_none(), "the first one is long ago");
    }

    #[test]
    fn what_was_not_scored_has_no_number_and_weighs_nothing() {
        let mut days = days(date(2026, 1, 5), 8);
        days[0].mean = None;
        days[1].mean = Some(-0.3);
        days[1].scored = 400;
        let week = &Calendar::of(Unit::Day, &days).unwrap().weeks[0];
        let cell = |place: usize| week.days[place].as_ref().unwrap();
        assert_eq!((cell(0).mean, cell(0).class), (Maybe(None), ""));
        let mean = (5.0 * 40.0 * 0.1 - 0.3 * 400.0) / 600.0;
        assert!((week.mean.0.unwrap() - mean).abs() < 1e-12, "{:?}", week.mean);
        assert_eq!(week.calls, Count(350));
    }

    #[test]
    fn cells_name_their_side_of_the_band_and_their_alarms() {
        let mut days = days(date(2026, 1, 5), 8);
        days[0].mean = Some(-0.01);
        days[1].mean = Some(0.21);
        (days[2].mean, days[2].low_n) = (Some(-0.5), true);
        (days[3].mean, days[3].alarms) = (Some(0.05), vec!["late".into()]);
        days[4].alarms = vec!["late".into()];
        let week = &Calendar::of(Unit::Day, &days).unwrap().weeks[0];
        let cells: Vec<_> = week.days.iter().flatten().map(|cell| (cell.class, cell.alarm)).collect();
        assert_eq!(
            cells[..5],
            [("low", None), ("high", None), ("unsure", None), ("", Some("low")), ("", Some("high"))]
        );
    }
}
