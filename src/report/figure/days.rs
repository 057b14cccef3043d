//! Day by day: the mean score with its interval, and below it the number of calls.
//!
//! Where there are more days than a drawing can hold, a mark stands for a week, a month or a year.

use std::collections::BTreeMap;

use askama::Template;
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Px, Scale, Tick, path, score_range, score_ticks};
use crate::overview::{Group, Overview};
use crate::words::{Count, Maybe, Score, interval, percent};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 632.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 178.0;
const BARS_TOP: f64 = 192.0;
const BARS_BOTTOM: f64 = 236.0;

/// The most marks that a drawing holds.
const MOST_MARKS: usize = 100;

/// How many dates are written below.
const LABELS: usize = 5;

/// What one mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The first day of what `date` lies in.
    fn begin(self, date: Date) -> Date {
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

/// The figure.
#[derive(Template)]
#[template(path = "figures/days.svg")]
pub(crate) struct Days {
    /// What one mark stands for: day, week, month or year.
    pub(crate) unit: &'static str,
    ticks: Vec<Tick>,
    dates: Vec<(Px, Date, &'static str)>,
    zero: Option<Px>,
    line: String,
    marks: Vec<Mark>,
    bars: Vec<(Px, Px, Px)>,
    bar_width: Px,
    most: Count,
    description: String,
    /// The same in numbers.
    pub(crate) rows: Vec<DayRow>,
}

/// One mark.
struct Mark {
    x: Px,
    y: Px,
    interval: Option<(Px, Px)>,
}

/// One day, week, month or year in numbers.
pub(crate) struct DayRow {
    pub(crate) begin: Date,
    pub(crate) calls: Count,
    pub(crate) scored: Count,
    pub(crate) mean: Maybe,
    pub(crate) interval: String,
    pub(crate) negative: String,
}

impl Days {
    /// `None` where there are not two days to compare, or nothing was scored.
    pub(crate) fn of(overview: &Overview) -> Option<Self> {
        let (unit, groups) = grouped(&overview.days)?;
        overview.scores.mean()?;
        let (first, last) = (groups.first()?.0, groups.last()?.0);
        let days = |date: Date| date.since(first).map_or(0.0, |span| f64::from(span.get_days()));
        let total = days(last).max(1.0);
        let slot = ((RIGHT - LEFT) / (total + 1.0) * least_gap(&groups, &days)).min(40.0);
        let x = Scale::new((0.0, total), (LEFT + slot / 2.0 + 2.0, RIGHT - slot / 2.0));

        let values = groups.iter().filter_map(|(_, group)| group.mean());
        let ends = groups.iter().filter(|(_, group)| group.scored >= 5).filter_map(|(_, group)| group.interval());
        let range = score_range(values.chain(ends.flat_map(|(low, high)| [low, high])), 0.2);
        let y = Scale::new(range, (BOTTOM, TOP));
        let most = groups.iter().map(|(_, group)| group.calls).max()?;
        let height = Scale::new((0.0, most as f64), (0.0, BARS_BOTTOM - BARS_TOP));
        let bar_width = Px((slot * 0.7).clamp(1.0, 24.0));

        let point = |(date, group): &(Date, Group)| group.mean().map(|mean| (x.at(days(*date)), y.at(mean)));
        let clip = |value: f64| y.at(value.clamp(range.0, range.1));
        let marks = groups.iter().filter_map(|entry| {
            let (x, y) = point(entry)?;
            Some(Mark { x, y, interval: entry.1.interval().map(|(low, high)| (clip(low), clip(high))) })
        });
        let bars = groups.iter().map(|(date, group)| {
            let tall = Px(height.at(group.calls as f64).0.max(0.8));
            (Px(x.at(days(*date)).0 - bar_width.0 / 2.0), Px(BARS_BOTTOM - tall.0), tall)
        });
        Some(Self {
            unit: unit.as_str(),
            ticks: score_ticks(range, &y),
            dates: date_labels(&groups, |date| x.at(days(date))),
            zero: (range.0 <= 0.0 && range.1 >= 0.0).then(|| y.at(0.0)),
            line: path(groups.iter().map(point)),
            marks: marks.collect(),
            bars: bars.collect(),
            bar_width,
            most: Count(most),
            description: description(unit, &groups),
            rows: groups.iter().map(row).collect(),
        })
    }
}

/// Days put together until they are few enough; `None` below two.
fn grouped(days: &BTreeMap<Date, Group>) -> Option<(Unit, Vec<(Date, Group)>)> {
    for unit in Unit::ALL {
        let mut groups: Vec<(Date, Group)> = Vec::new();
        for (date, group) in days {
            let begin = unit.begin(*date);
            match groups.last_mut() {
                Some((last, sum)) if *last == begin => *sum += *group,
                _ => groups.push((begin, *group)),
            }
        }
        if groups.len() <= MOST_MARKS || unit == Unit::Year {
            groups.truncate(10 * MOST_MARKS);
            return (groups.len() >= 2).then_some((unit, groups));
        }
    }
    None
}

/// The least number of days between two marks.
fn least_gap(groups: &[(Date, Group)], days: &impl Fn(Date) -> f64) -> f64 {
    groups.windows(2).map(|pair| days(pair[1].0) - days(pair[0].0)).fold(f64::INFINITY, f64::min).max(1.0)
}

/// A few dates, the first and the last among them.
fn date_labels(groups: &[(Date, Group)], x: impl Fn(Date) -> Px) -> Vec<(Px, Date, &'static str)> {
    let last = groups.len() - 1;
    let steps = LABELS.min(groups.len()) - 1;
    let mut labels: Vec<(Px, Date, &'static str)> = Vec::new();
    for step in 0..=steps {
        let (date, _) = groups[step * last / steps.max(1)];
        let anchor = match step {
            0 => "start",
            step if step == steps => "end",
            _ => "middle",
        };
        let at = match anchor {
            "start" => Px(LEFT),
            "end" => Px(RIGHT),
            _ => x(date),
        };
        // A date takes about 75 units; those that would touch the one before, or the last one, are left out.
        let room = |other: Px| (at.0 - other.0).abs() > 115.0;
        if anchor != "middle" || (labels.iter().all(|label| room(label.0)) && room(Px(RIGHT))) {
            labels.push((at, date, anchor));
        }
    }
    labels
}

fn description(unit: Unit, groups: &[(Date, Group)]) -> String {
    let unit = unit.as_str();
    let with_mean = groups.iter().filter_map(|(date, group)| Some((date, group.mean()?)));
    let extreme = |sign: f64| {
        let most = with_mean.clone().max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
        most.map_or_else(String::new, |(date, mean)| format!("{} ({date})", Score(mean)))
    };
    format!(
        "Mean customer score by {unit}, {} of them, each with its 95 % interval; below, the number of calls. Lowest {}, highest {}.",
        Count(groups.len() as u64),
        extreme(-1.0),
        extreme(1.0)
    )
}

fn row((begin, group): &(Date, Group)) -> DayRow {
    DayRow {
        begin: *begin,
        calls: Count(group.calls),
        scored: Count(group.scored),
        mean: Maybe(group.mean()),
        interval: interval(group.interval()),
        negative: percent(group.negative, group.scored),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(count: i32) -> BTreeMap<Date, Group> {
        let first = date(2026, 1, 1);
        (0..count)
            .map(|day| {
                let one = Group::of_calls(1);
                (first.checked_add(day.days()).unwrap(), one)
            })
            .collect()
    }

    #[test]
    fn many_days_become_weeks_months_or_years_and_no_call_is_lost() {
        assert!(grouped(&days(1)).is_none());
        for (count, unit) in
            [(2, Unit::Day), (100, Unit::Day), (101, Unit::Week), (2000, Unit::Month), (9000, Unit::Year)]
        {
            let days = days(count);
            let (found, groups) = grouped(&days).unwrap();
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
}
