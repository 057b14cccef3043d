//! Alarms in words: one sentence each, with its figures, and no name out of the input.

use jiff::civil::Date;

use super::judge::{Alarm, AlarmKind, Judged, Verdict};
use super::measure::Measure;
use super::scorer::ScorerChange;
use super::spread::Stability;
use crate::words::{Score, counted};

/// The alarms of a day, the scorer's first; without those about customers where they are held back.
pub(super) fn alarms(day: &Judged) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    let mut add = |kind, words| alarms.push(Alarm { kind, words });
    if let Some(change) = day.scorer.filter(|change| change.moved) {
        add(AlarmKind::Scorer, scorer(day.date, &change));
    }
    if !day.held_back {
        about_customers(day, &mut add);
    }
    for verdict in day.inputs.iter().filter(|verdict| verdict.is_beyond()) {
        add(AlarmKind::Input(verdict.measure), beyond(day.date, verdict));
    }
    let mixes = [("languages", AlarmKind::Languages, day.languages), ("queues", AlarmKind::Queues, day.queues)];
    for (what, kind, mix) in mixes {
        if let Some(mix) = mix.filter(Stability::is_beyond) {
            add(
                kind,
                format!("The mix of {what} on {} is not that of the same weekdays before: {}.", day.date, psi(&mix)),
            );
        }
    }
    alarms
}

fn about_customers(day: &Judged, add: &mut impl FnMut(AlarmKind, String)) {
    let mood = day.mood.as_ref();
    if let Some(mood) = mood.filter(|mood| mood.is_beyond()) {
        add(AlarmKind::Mood, beyond(day.date, mood));
    }
    if mood.is_some() && day.ewma.abs() > day.ewma_limit {
        add(AlarmKind::MoodLately, lately(day));
    }
    for share in day.shares.iter().filter(|share| share.is_beyond()) {
        add(AlarmKind::Share(share.measure), beyond(day.date, share));
    }
    if let Some(spread) = day.distribution.filter(Stability::is_beyond) {
        let words =
            format!("Call scores on {} are not spread as on the same weekdays before: {}.", day.date, psi(&spread));
        add(AlarmKind::Distribution, words);
    }
}

fn scorer(date: Date, change: &ScorerChange) -> String {
    format!(
        "The scorer changed by {date}: {} that never change moved by {:.3} on average (mean {}, labels as a person gives them {:+.1} points), \
         so that the day's scores are not compared with earlier ones.",
        counted(change.texts, "text"),
        change.movement,
        Score(change.mean),
        100.0 * change.agreement,
    )
}

fn beyond(date: Date, verdict: &Verdict) -> String {
    let show = |value| shown(verdict.measure, value);
    let side = if verdict.z > 0.0 { "above" } else { "below" };
    format!(
        "{} on {date} was {}, {side} the expected {} ({} to {}).",
        subject(verdict.measure),
        show(verdict.value),
        show(verdict.expected),
        show(verdict.low),
        show(verdict.high)
    )
}

fn lately(day: &Judged) -> String {
    let side = if day.ewma > 0.0 { "above" } else { "below" };
    format!(
        "Customers' mood in the days up to {} was {side} expectation, by {:.2} standard deviations on average, of which chance explains {:.2}.",
        day.date,
        day.ewma.abs(),
        day.ewma_limit
    )
}

fn psi(stability: &Stability) -> String {
    format!("a stability index of {:.2}, more than {:.2}", stability.psi, stability.limit)
}

const fn subject(measure: Measure) -> &'static str {
    match measure {
        Measure::Mood => "Customers' mood",
        Measure::Negative => "The share of negative calls",
        Measure::Escalated => "The share of calls that escalated",
        Measure::Unscored => "The share of calls without a score",
        Measure::Calls => "The number of calls",
        Measure::TurnsPerCall => "The number of turns a call",
        Measure::WordsPerTurn => "The number of words a turn",
        Measure::WithoutAgent => "The share of calls without an agent",
        Measure::Rejects => "The number of unusable rows a call",
        Measure::Redactions => "The number of pieces of personal data in a thousand words",
    }
}

fn shown(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Mood => Score(value).to_string(),
        Measure::Negative | Measure::Escalated | Measure::Unscored | Measure::WithoutAgent => {
            format!("{:.1} %", 100.0 * value)
        }
        Measure::Calls => format!("{value:.0}"),
        Measure::TurnsPerCall | Measure::WordsPerTurn => format!("{value:.1}"),
        Measure::Rejects => format!("{value:.3}"),
        Measure::Redactions => format!("{:.2}", 1000.0 * value),
    }
}
