//! The trend: the mean score of each day with its interval or within its expected band, and below it the number of calls.

use askama::Template;
use jiff::civil::Date;

use super::{Px, Scale, Tick, WIDTH, append, area, dots, path, score_range, score_ticks};
use crate::report::trend::{TrendDay, Unit};
use crate::words::{Count, Maybe, Score, interval};

const HEIGHT: f64 = 300.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 206.0;
const BARS_TOP: f64 = 224.0;
const BARS_BOTTOM: f64 = 268.0;
/// The room for the labels of the scores.
const LEFT: f64 = 50.0;

/// Marks from which each is small, and has no line for its interval.
const CROWD: usize = 62;

/// How many dates are written below.
const LABELS: usize = 5;

/// The figure.
#[derive(Template)]
#[template(path = "figures/trend.svg")]
pub(crate) struct Trend {
    /// What one mark stands for: day, week, month or year.
    pub(crate) unit: &'static str,
    class: &'static str,
    ticks: Vec<Tick>,
    zero: Option<Px>,
    dates: Vec<DateLabel>,
    /// What is expected: the band, and its middle.
    band: String,
    expected: String,
    intervals: String,
    line: String,
    judged: String,
    unjudged: String,
    alarms: Vec<(Px, Px, &'static str)>,
    baselines: Vec<(Px, String)>,
    bars: String,
    most: Count,
    description: String,
    /// Whether there is a band.
    pub(crate) has_band: bool,
    /// Whether some days were not judged.
    pub(crate) has_unjudged: bool,
    /// Whether each mark has a line for its interval.
    pub(crate) has_intervals: bool,
    /// The same in numbers.
    pub(crate) rows: Vec<TrendRow>,
    /// Days with alarms, the last one first.
    pub(crate) alarmed: Vec<(Date, Vec<String>)>,
    /// Days on which what is expected starts anew, and why.
    pub(crate) anew: Vec<(String, Date, String)>,
}

/// A date below the figure.
struct DateLabel {
    x: Px,
    date: Date,
    anchor: &'static str,
    /// Whether there is room for it on a phone.
    narrow: bool,
}

/// One mark in numbers.
pub(crate) struct TrendRow {
    pub(crate) begin: Date,
    pub(crate) calls: Count,
    pub(crate) scored: Count,
    pub(crate) mean: Maybe,
    pub(crate) interval: String,
    pub(crate) expected: String,
    pub(crate) note: &'static str,
}

/// Where marks lie.
struct Plot {
    x: Scale,
    y: Scale,
    first: Date,
    range: (f64, f64),
    /// The room of one mark.
    slot: f64,
}

impl Plot {
    fn of(days: &[TrendDay]) -> Self {
        let (first, last) = (days[0].date, days[days.len() - 1].date);
        let total = since(first, last).max(1.0);
        let gap = days.windows(2).map(|pair| since(pair[0].date, pair[1].date)).fold(f64::INFINITY, f64::min).max(1.0);
        let slot = ((WIDTH - LEFT) / (total + 1.0) * gap).min(40.0);
        let range = range(days);
        Self {
            x: Scale::new((0.0, total), (LEFT + slot / 2.0, WIDTH - slot / 2.0 - 2.0)),
            y: Scale::new(range, (BOTTOM, TOP)),
            first,
            range,
            slot,
        }
    }

    fn x(&self, date: Date) -> Px {
        self.x.at(since(self.first, date))
    }

    fn y(&self, value: f64) -> Px {
        self.y.at(value.clamp(self.range.0, self.range.1))
    }

    fn mark(&self, day: &TrendDay) -> Option<(Px, Px)> {
        Some((self.x(day.date), self.y(day.mean?)))
    }
}

fn since(first: Date, date: Date) -> f64 {
    date.since(first).map_or(0.0, |span| f64::from(span.get_days()))
}

/// All means and what was expected, and the intervals of days with a few calls.
fn range(days: &[TrendDay]) -> (f64, f64) {
    let means = days.iter().filter_map(|day| day.mean);
    let expected = days.iter().filter_map(|day| day.expected).flat_map(|expected| [expected.low, expected.high]);
    let sure = days.iter().filter(|day| day.scored >= 5 && days.len() < CROWD);
    let ends = sure.filter_map(|day| day.interval).flat_map(|(low, high)| [low, high]);
    score_range(means.chain(expected).chain(ends), 0.2)
}

impl Trend {
    /// Whether there is more than one kind of mark.
    pub(crate) fn has_key(&self) -> bool {
        self.has_band || self.has_unjudged || !self.alarmed.is_empty() || !self.anew.is_empty()
    }

    /// Of two marks or more.
    pub(crate) fn of(unit: Unit, days: &[TrendDay]) -> Self {
        let plot = Plot::of(days);
        let has_intervals = days.len() < CROWD;
        let marks = |judged: bool| {
            let chosen = days.iter().filter(move |day| day.alarms.is_empty() && day.judged() == judged);
            dots(chosen.filter_map(|day| plot.mark(day)))
        };
        let (judged, unjudged) = (marks(true), marks(false));
        let most = days.iter().map(|day| day.calls).max().unwrap_or(0);
        Self {
            unit: unit.as_str(),
            class: if has_intervals { "" } else { "crowd" },
            ticks: score_ticks(plot.range, &plot.y),
            zero: (plot.range.0 <= 0.0 && plot.range.1 >= 0.0).then(|| plot.y(0.0)),
            dates: date_labels(days, &plot),
            band: area(until_anew(days, |day| {
                let expected = day.expected?;
                Some((plot.x(day.date), plot.y(expected.low), plot.y(expected.high)))
            })),
            expected: path(until_anew(days, |day| Some((plot.x(day.date), plot.y(day.expected?.mean))))),
            intervals: if has_intervals { intervals(days, &plot) } else { String::new() },
            line: path(days.iter().map(|day| plot.mark(day))),
            has_unjudged: !unjudged.is_empty(),
            judged,
            unjudged,
            alarms: days.iter().filter(|day| !day.alarms.is_empty()).map(|day| alarm(day, &plot)).collect(),
            baselines: anew(days).map(|(letter, day, _)| (plot.x(day.date), letter)).collect(),
            bars: bars(days, most, &plot),
            most: Count(most),
            description: description(unit, days),
            has_band: days.iter().any(|day| day.expected.is_some()),
            has_intervals,
            rows: days.iter().map(row).collect(),
            alarmed: alarmed(days),
            anew: anew(days).map(|(letter, day, why)| (letter, day.date, why.to_owned())).collect(),
        }
    }
}

/// The points of the days, with a gap before each day on which what is expected starts anew.
fn until_anew<'a, P: 'a>(
    days: &'a [TrendDay],
    point: impl Fn(&TrendDay) -> Option<P> + 'a,
) -> impl Iterator<Item = Option<P>> + 'a {
    days.iter().flat_map(move |day| day.baseline.as_ref().map(|_| None).into_iter().chain([point(day)]))
}

fn intervals(days: &[TrendDay], plot: &Plot) -> String {
    let mut path = String::new();
    for day in days {
        if let (Some((x, _)), Some((low, high))) = (plot.mark(day), day.interval) {
            append(&mut path, format_args!("M{x} {}V{}", plot.y(low), plot.y(high)));
        }
    }
    path
}

fn bars(days: &[TrendDay], most: u64, plot: &Plot) -> String {
    let height = Scale::new((0.0, most.max(1) as f64), (0.0, BARS_BOTTOM - BARS_TOP));
    let width = (plot.slot * 0.7).clamp(0.6, 24.0);
    let mut path = String::new();
    for day in days {
        let tall = Px(height.at(day.calls as f64).0.max(0.8));
        let left = Px(plot.x(day.date).0 - width / 2.0);
        append(&mut path, format_args!("M{left} {BARS_BOTTOM}v-{tall}h{}v{tall}z", Px(width)));
    }
    path
}

/// A triangle that points to where the day lies; on the zero line of the calls if it has no mean.
fn alarm(day: &TrendDay, plot: &Plot) -> (Px, Px, &'static str) {
    let (x, y) = plot.mark(day).unwrap_or((plot.x(day.date), Px(BOTTOM)));
    (x, y, if day.below() { "low" } else { "high" })
}

/// The days with a new baseline, each under its letter.
fn anew(days: &[TrendDay]) -> impl Iterator<Item = (String, &TrendDay, &str)> {
    let anew = days.iter().filter_map(|day| Some((day, day.baseline.as_deref()?)));
    ('A'..='Z').cycle().zip(anew).map(|(letter, (day, why))| (letter.to_string(), day, why))
}

fn alarmed(days: &[TrendDay]) -> Vec<(Date, Vec<String>)> {
    let alarmed = days.iter().rev().filter(|day| !day.alarms.is_empty());
    alarmed.map(|day| (day.date, day.alarms.clone())).collect()
}

/// A few dates, the first and the last among them.
fn date_labels(days: &[TrendDay], plot: &Plot) -> Vec<DateLabel> {
    let last = days.len() - 1;
    let steps = LABELS.min(days.len()) - 1;
    let mut labels: Vec<DateLabel> = Vec::new();
    for step in 0..=steps {
        let date = days[step * last / steps.max(1)].date;
        let edge = step == 0 || step == steps;
        let x = plot.x(date);
        // A date takes about 75 units; those that would touch the one before, or the last one, are left out.
        let room = |other: Px| (x.0 - other.0).abs() > 115.0;
        if edge || (labels.iter().all(|label| room(label.x)) && room(plot.x(days[last].date))) {
            let anchor = match step {
                _ if !edge => "middle",
                0 => "start",
                _ => "end",
            };
            let x = if anchor == "end" { Px(WIDTH) } else { x };
            labels.push(DateLabel { x, date, anchor, narrow: edge });
        }
    }
    labels
}

fn description(unit: Unit, days: &[TrendDay]) -> String {
    let unit = unit.as_str();
    let extreme = |sign: f64| {
        let with_mean = days.iter().filter_map(|day| Some((day.date, day.mean?)));
        let most = with_mean.max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
        most.map_or_else(String::new, |(date, mean)| format!("{} ({date})", Score(mean)))
    };
    let alarmed = match alarmed(days).len() as u64 {
        0 => String::new(),
        1 => " One has an alarm.".to_owned(),
        count => format!(" {} have alarms.", Count(count)),
    };
    format!(
        "Mean customer score by {unit}, {} of them; below, the number of calls. Lowest {}, highest {}.{alarmed}",
        Count(days.len() as u64),
        extreme(-1.0),
        extreme(1.0)
    )
}

fn row(day: &TrendDay) -> TrendRow {
    TrendRow {
        begin: day.date,
        calls: Count(day.calls),
        scored: Count(day.scored),
        mean: Maybe(day.mean),
        interval: interval(day.interval),
        expected: interval(day.expected.map(|expected| (expected.low, expected.high))),
        note: match day {
            day if !day.alarms.is_empty() => "alarm",
            day if day.low_n => "too few calls to judge",
            day if day.warming_up => "too few days before it",
            day if day.baseline.is_some() => "starts anew",
            _ => "",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trend::Expected;
    use jiff::ToSpan as _;
    use jiff::civil::date;

    fn days(count: i64) -> Vec<TrendDay> {
        let day = |number: i64| TrendDay {
            date: date(2026, 1, 1).checked_add(number.days()).unwrap(),
            calls: 50,
            scored: 40,
            mean: (number != 3).then_some(0.1),
            interval: Some((0.0, 0.2)),
            ..TrendDay::default()
        };
        (0..count).map(day).collect()
    }

    #[test]
    fn what_is_expected_is_a_band_with_a_gap_where_nothing_is() {
        let mut days = days(8);
        assert!(!Trend::of(Unit::Day, &days).has_band);
        for (index, day) in days.iter_mut().enumerate() {
            day.expected = (index != 4).then_some(Expected { mean: 0.1, low: 0.0, high: 0.2 });
        }
        let figure = Trend::of(Unit::Day, &days);
        assert!(figure.has_band && figure.band.matches('Z').count() == 2 && figure.expected.matches('M').count() == 2);
        assert_eq!(figure.line.matches('M').count(), 2, "the fourth day has no mean");
        days[6].baseline = Some("another engine".into());
        assert_eq!(Trend::of(Unit::Day, &days).band.matches('Z').count(), 3, "what is expected jumps there");
    }

    #[test]
    fn an_alarm_points_to_its_side_and_stands_in_the_list() {
        let mut days = days(6);
        days[1].expected = Some(Expected { mean: 0.3, low: 0.2, high: 0.4 });
        days[1].alarms = vec!["low".into()];
        days[3].alarms = vec!["lost".into(), "late".into()];
        days[5].baseline = Some("another engine".into());
        let figure = Trend::of(Unit::Day, &days);
        assert_eq!(figure.alarms.iter().map(|alarm| alarm.2).collect::<Vec<_>>(), ["low", "high"]);
        assert_eq!(figure.alarmed[0], (days[3].date, vec!["lost".into(), "late".into()]), "the last one first");
        assert_eq!(figure.anew, [("A".into(), days[5].date, "another engine".into())]);
        assert_eq!(figure.judged.matches('M').count(), 4, "neither the alarm nor the day without a mean is a dot");
    }

    #[test]
    fn dates_do_not_touch_each_other() {
        for count in [2, 3, 7, 100, 400] {
            let days = days(count);
            let labels = date_labels(&days, &Plot::of(&days));
            assert!(labels.windows(2).all(|pair| pair[1].x.0 - pair[0].x.0 > 75.0), "{count}");
            assert_eq!((labels[0].date, labels[labels.len() - 1].date), (days[0].date, days[days.len() - 1].date));
        }
    }
}
