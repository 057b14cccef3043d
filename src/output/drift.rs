//! What days.csv has of drift: the verdicts about a day, as columns behind those of the day's own figures.

use super::cell::Cell;
use super::table::{Column, columns};
use crate::drift::{BaselineStart, Judged, Measure, Verdict};

fn decimal(value: Option<f64>) -> Cell<'static> {
    Cell::of(value, Cell::Decimal)
}

fn share<R: AsRef<Judged>>(row: &R, measure: Measure, part: impl FnOnce(&Verdict) -> f64) -> Cell<'static> {
    of(&row.as_ref().shares, measure, part)
}

fn input_z<R: AsRef<Judged>>(row: &R, measure: Measure) -> Cell<'static> {
    of(&row.as_ref().inputs, measure, |verdict| verdict.z)
}

fn of(verdicts: &[Verdict], measure: Measure, part: impl FnOnce(&Verdict) -> f64) -> Cell<'static> {
    decimal(verdicts.iter().find(|verdict| verdict.measure == measure).map(part))
}

/// A share's expectation, limits and z: four columns.
macro_rules! share_columns {
    ($R:ident, $name:literal, $measure:ident, $meaning:literal) => {
        columns! {
            concat!($name, "_expected"), Number,
                concat!($meaning, " as the same weekdays of 56 days let expect, compared as asin√((k+3/8)/(n+3/4)) with variance 1/(4n) by chance."),
                |row: &$R| share(row, Measure::$measure, |verdict| verdict.expected);
            concat!($name, "_low"), Number, "Limit below which there is an alarm.",
                |row: &$R| share(row, Measure::$measure, |verdict| verdict.low);
            concat!($name, "_high"), Number, "Limit above which there is an alarm.",
                |row: &$R| share(row, Measure::$measure, |verdict| verdict.high);
            concat!($name, "_z"), Number, "How far off the share is, in standard deviations; alarm beyond 3.32.",
                |row: &$R| share(row, Measure::$measure, |verdict| verdict.z);
        }
    };
}

/// What one row's verdicts are, and the quantities that the columns' formulas are made of.
pub const ABOUT_DRIFT: &str = "\
A day is held against the days of the same weekday among the 56 days before it that the same scorer scored, since the last accepted change, without those on which the scorer moved. \
y is a day's figure, v its variance by chance, and a weekday's means ȳ_g and t̄_g (of the time in days) are weighted by calls. \
b = b̂·max(0, 1−v_b/b̂²) with b̂ = Σ(t−t̄_g)(y−ȳ_g)/Σ(t−t̄_g)² and v_b = s²/Σ(t−t̄_g)²; s is Huber's scale (1.5) of √(k_g/(k_g−1))·(y−ȳ_g−b(t−t̄_g)) for the k_g days of a weekday, 3 at least; \
σ_b² = max(0, s²−mean v). Expected is ȳ+b(t_d−t̄), z = (y_d−expected)/√V with V = σ_b²+v_d+(σ_b²+mean v)/k+½v_b(t_d−t̄)² for k same weekdays, at least 4; the limits are expected ± 3√V for mood, and ± 3.32√V for the three shares together. \
Figures of fewer than 30 calls are not judged and expect nothing.";

/// The columns of verdicts for rows that hold a judged day.
#[must_use]
pub fn drift_columns<R: AsRef<Judged>>() -> Vec<Column<R>> {
    let mood = columns! {
        "low_n", Flag, "1 if fewer than 30 calls have a score, so that the day's mood is not judged.",
            |row: &R| Cell::Flag(row.as_ref().low_n);
        "warming_up", Flag, "1 if fewer than 4 same weekdays are there to expect a mood by.",
            |row: &R| Cell::Flag(row.as_ref().warming_up);
        "mood_expected", Number, "Mean customer score that the same weekdays of 56 days let expect; v is the variance of the mean, s²/n over calls.",
            |row: &R| mood(row, |verdict| verdict.expected);
        "mood_low", Number, "Limit below which there is an alarm.",
            |row: &R| mood(row, |verdict| verdict.low);
        "mood_high", Number, "Limit above which there is an alarm.",
            |row: &R| mood(row, |verdict| verdict.high);
        "mood_z", Number, "How far off the mean is, in standard deviations; alarm beyond 3.",
            |row: &R| mood(row, |verdict| verdict.z);
        "mood_ewma", Number, "The days up to this one together: g = .2·max(−4, min(4, mood_z))+.8·g before, 0 where a baseline starts; alarm beyond 2.86·√(.2/1.8) = .953.",
            |row: &R| Cell::Decimal(row.as_ref().ewma);
    };
    let rest = columns! {
        "distribution_psi", Number, "Population stability index Σ(p−q)·ln(p/q) of the shares of calls in ten bins of customer_score, against the same weekdays; half a call is added to each bin.",
            |row: &R| decimal(row.as_ref().distribution.map(|spread| spread.psi));
        "distribution_limit", Number, "max(.10, (1/n+1/m)·27.877) for n calls now and m before: alarm beyond.",
            |row: &R| decimal(row.as_ref().distribution.map(|spread| spread.limit));
        "canary_texts", Integer, "Canary texts that have scores now and had when the baseline began.",
            |row: &R| Cell::of(row.as_ref().scorer, |change| Cell::count(change.texts));
        "canary_movement", Number, "Mean absolute change of their scores.",
            |row: &R| decimal(row.as_ref().scorer.map(|change| change.movement));
        "canary_mean_change", Number, "Change of their mean score.",
            |row: &R| decimal(row.as_ref().scorer.map(|change| change.mean));
        "canary_agreement_change", Number, "Change of the share of them whose label is the one that a person gave.",
            |row: &R| decimal(row.as_ref().scorer.map(|change| change.agreement));
        "scorer_drift", Flag, "1 if that is more than canary-tolerance: alarms about customers are held back.",
            |row: &R| Cell::Flag(row.as_ref().held_back);
        "calls_z", Number, "How far off the number of calls is, compared as its logarithm; alarm beyond 3.59, as for all figures of the inputs.",
            |row: &R| input_z(row, Measure::Calls);
        "turns_per_call_z", Number, "The same of turns a call.",
            |row: &R| input_z(row, Measure::TurnsPerCall);
        "words_per_turn_z", Number, "The same of words a turn.",
            |row: &R| input_z(row, Measure::WordsPerTurn);
        "without_agent_share_z", Number, "The same of the share of calls that name no agent.",
            |row: &R| input_z(row, Measure::WithoutAgent);
        "rejects_per_call_z", Number, "The same of unusable rows a call.",
            |row: &R| input_z(row, Measure::Rejects);
        "redactions_per_word_z", Number, "The same of pieces of personal data a word.",
            |row: &R| input_z(row, Measure::Redactions);
        "languages_psi", Number, "Stability index of the mix of languages against the same weekdays; languages with fewer than 5 expected calls are put together.",
            |row: &R| decimal(row.as_ref().languages.map(|mix| mix.psi));
        "queues_psi", Number, "The same of queues.",
            |row: &R| decimal(row.as_ref().queues.map(|mix| mix.psi));
        "baseline_start", Text, "first, scorer or accepted, where a baseline starts with this day.",
            |row: &R| Cell::of(row.as_ref().baseline_start.as_ref(), |start| Cell::word(start.as_str()));
        "baseline_reason", Text, "Why a change was accepted.",
            |row: &R| match &row.as_ref().baseline_start {
                Some(BaselineStart::Accepted(reason)) => Cell::text(reason.as_str()),
                _ => Cell::Empty,
            };
        "alarms", Integer, "Alarms of the day.",
            |row: &R| Cell::count(row.as_ref().alarms.len());
        "alarm_kinds", Text, "What they are about, joined by ;.",
            |row: &R| joined(row, ";", |alarm| alarm.kind.as_str());
        "alarm_words", Text, "The alarms in words.",
            |row: &R| joined(row, " ", |alarm| &alarm.words);
    };
    let shares = [
        share_columns!(R, "negative_share", Negative, "Share of scored calls labelled NEGATIVE,"),
        share_columns!(R, "escalated_share", Escalated, "Share of calls that escalated,"),
        share_columns!(R, "unscored_share", Unscored, "Share of calls without a customer score,"),
    ];
    mood.into_iter().chain(shares.into_iter().flatten()).chain(rest).collect()
}

fn mood<R: AsRef<Judged>>(row: &R, part: impl FnOnce(&Verdict) -> f64) -> Cell<'static> {
    decimal(row.as_ref().mood.as_ref().map(part))
}

fn joined<'r, R: AsRef<Judged>>(
    row: &'r R,
    between: &str,
    part: impl Fn(&'r crate::drift::Alarm) -> &'r str,
) -> Cell<'static> {
    let parts: Vec<&str> = row.as_ref().alarms.iter().map(part).collect();
    if parts.is_empty() { Cell::Empty } else { Cell::Word(parts.join(between).into()) }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::drift::{Day, Options, judge};
    use crate::output::RowEncoder;

    struct Row(Judged);

    impl AsRef<Judged> for Row {
        fn as_ref(&self) -> &Judged {
            &self.0
        }
    }

    static COLUMNS: LazyLock<Vec<Column<Row>>> = LazyLock::new(drift_columns);

    #[test]
    fn a_day_without_history_has_flags_and_no_figures() {
        let mut day = Day::new(jiff::civil::date(2026, 3, 2), "a");
        day.accepted = Some("=new".into());
        let row = Row(judge(&[day], &Options::default()).remove(0));
        let mut line = Vec::new();
        RowEncoder::new(&COLUMNS, true).encode(&row, &mut line);
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line, format!("1,0,,,,,0.0000,{}0,,,,,,,,,accepted,'=new,0,,\n", ",".repeat(18)));
        let names: std::collections::BTreeSet<&str> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), COLUMNS.len(), "no name stands twice");
    }
}
