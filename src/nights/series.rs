//! The series of days: what drift says of each, and the trend that pages draw of it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::sums::DateRecord;
use super::{CallDate, DayFigures};
use crate::drift::{BaselineStart, Day, Judged, Options, judge};
use crate::report::{Expected, Figures, Trend, TrendDay};
use crate::rollup::{TAIL, around, t_quantile};

/// The published days with their verdicts. Of `accepted`, each reason holds from the first published date on or after its own.
pub(crate) fn judged(
    published: &BTreeMap<CallDate, DateRecord>,
    accepted: &BTreeMap<String, String>,
    options: Options,
) -> BTreeMap<CallDate, Judged> {
    let mut reasons: BTreeMap<Date, String> = BTreeMap::new();
    for (date, reason) in accepted {
        let from = date.parse().ok().map(|date| CallDate(Some(date)));
        let first = from.and_then(|from| published.range(from..).next()).and_then(|(date, _)| date.0);
        if let Some(first) = first {
            reasons.insert(first, reason.clone());
        }
    }
    let day = |(date, record): (&CallDate, &DateRecord)| {
        let date = date.0?;
        Some(Day {
            accepted: reasons.get(&date).cloned(),
            canary: record.canary.clone(),
            sums: record.figures.clone(),
            redactions: record.redactions,
            ..Day::new(date, record.identity.hash())
        })
    };
    let days: Vec<Day> = published.iter().filter_map(day).collect();
    judge(&days, &options).into_iter().map(|judged| (CallDate(Some(judged.date)), judged)).collect()
}

/// The verdict on calls without a date: none.
pub(crate) fn unjudged() -> Option<Judged> {
    let judged = judge(&[Day::new(Date::default(), "")], &Options::default()).pop()?;
    Some(Judged { baseline_start: None, ..judged })
}

/// The days up to `last` as pages draw them, beside what was found before.
pub(crate) fn trend(
    published: &BTreeMap<CallDate, DateRecord>,
    judged: &BTreeMap<CallDate, Judged>,
    last: CallDate,
    previous: Option<(String, Figures)>,
) -> Trend {
    let days =
        judged.range(..=last).filter_map(|(date, judged)| Some(trend_day(&published.get(date)?.figures, judged)));
    Trend { days: days.collect(), previous, agents: Vec::new() }
}

fn trend_day(figures: &DayFigures, judged: &Judged) -> TrendDay {
    let mean = figures.mean();
    let half = figures.standard_error().map(|error| t_quantile(TAIL, figures.scored as f64 - 1.0) * error);
    TrendDay {
        date: judged.date,
        calls: figures.calls,
        scored: figures.scored,
        mean,
        interval: mean.zip(half).map(|(mean, half)| around(mean, half)),
        expected: judged.mood.map(|mood| Expected { mean: mood.expected, low: mood.low, high: mood.high }),
        alarms: judged.alarms.iter().map(|alarm| alarm.words.clone()).collect(),
        low_n: judged.low_n,
        warming_up: judged.warming_up,
        baseline: match &judged.baseline_start {
            None | Some(BaselineStart::First) => None,
            Some(BaselineStart::Scorer) => {
                Some("another engine, model, settings or formulas score from here on".into())
            }
            Some(BaselineStart::Accepted(reason)) => Some(reason.clone()),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;
    use crate::nights::sums::tests::record;

    #[test]
    fn a_reason_holds_from_the_first_published_date_on_and_a_day_that_is_off_has_an_alarm() {
        let first = jiff::civil::date(2026, 9, 1);
        let mut published = BTreeMap::new();
        for day in 0..60_i64 {
            let score = if day == 59 { -4000 } else { 500 + day % 7 * 10 };
            let figures = DayFigures {
                calls: 100,
                scored: 100,
                score_sum: 100 * score,
                score_squares: 100 * (score * score).unsigned_abs() + 100_000_000,
                ..DayFigures::default()
            };
            published.insert(CallDate(Some(first + day.days())), DateRecord { figures, ..record(100) });
        }
        let last = *published.last_key_value().unwrap().0;
        let before = judged(&published, &BTreeMap::new(), Options::default());
        assert!(before[&last].alarms.iter().any(|alarm| alarm.kind == crate::drift::AlarmKind::Mood));
        let trend = trend(&published, &before, last, None);
        let day = trend.days.last().unwrap();
        assert_eq!((trend.days.len(), day.mean, day.alarms.is_empty()), (60, Some(-0.4), false));
        assert!(day.expected.unwrap().low > -0.4 && day.interval.unwrap().0 < -0.4);
        published.remove(&CallDate(Some(first + 50.days())));
        let accepted = BTreeMap::from([((first + 50.days()).to_string(), "another menu".to_owned())]);
        let after = judged(&published, &accepted, Options::default());
        let start = after[&CallDate(Some(first + 51.days()))].baseline_start.clone();
        assert_eq!(start, Some(BaselineStart::Accepted("another menu".into())));
        assert!(after[&last].warming_up, "what is expected starts anew");
        assert!(unjudged().unwrap().alarms.is_empty());
    }
}
