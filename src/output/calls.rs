//! calls.csv: one row a call.

use super::cell::Cell;
use super::table::{Column, columns};
use crate::rating::Expected;
use crate::rollup::{CallRollup, RoleRollup, SCORING_VERSION};
use crate::sentiment::Millionths;

/// A call's row: its roll-up, and what the run knows of it.
#[derive(Debug, Clone)]
pub struct CallRow {
    /// The values.
    pub rollup: CallRollup,
    /// The engine that scored it.
    pub engine: &'static str,
    /// Whether too few of the customer's words were scored for the call to count in its agents' means.
    pub low_coverage: bool,
    /// The rating that a call such as this is expected to have, if a model of ratings was given.
    pub expected: Option<Expected>,
    /// The rating in the call's contact record.
    pub rating: Option<Millionths>,
}

fn millionths(value: Option<Millionths>) -> Cell<'static> {
    Cell::of(value, |value| Cell::Millionths(value.0))
}

fn mean_of(role: &RoleRollup, part: impl FnOnce(&crate::sentiment::FixedScores) -> Millionths) -> Cell<'static> {
    millionths(role.means.as_ref().map(part))
}

fn timestamp(milliseconds: i64) -> Cell<'static> {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(moment) => Cell::Word(moment.to_string().into()),
        Err(_) => Cell::Empty,
    }
}

/// The columns that a role has, with its prefix.
macro_rules! role_columns {
    ($prefix:literal, $role:ident) => {
        columns! {
            concat!($prefix, "_score"), Number,
                concat!("Σkcv / Σkc over the ", $prefix, "'s scored turns, from −1 to 1: v = positive − negative, c = 1 − neutral (at least .000001), k numbers the ", $prefix, "'s turns that have words from 1."),
                |row| millionths(row.rollup.$role.score);
            concat!($prefix, "_label"), Text,
                "NEGATIVE if the mean probability of negative is at least .40 and not below positive; POSITIVE if positive is at least .40 and above negative; MIXED if mixed is the largest; else NEUTRAL.",
                |row| Cell::of(row.rollup.$role.label, |label| Cell::word(label.upper()));
            concat!($prefix, "_positive"), Number, "Mean probability of POSITIVE, weighted as the score is, by k·c.",
                |row| mean_of(&row.rollup.$role, |means| means.positive);
            concat!($prefix, "_negative"), Number, "Mean probability of NEGATIVE, weighted as the score is, by k·c.",
                |row| mean_of(&row.rollup.$role, |means| means.negative);
            concat!($prefix, "_neutral"), Number, "Mean probability of NEUTRAL, weighted as the score is, by k·c.",
                |row| mean_of(&row.rollup.$role, |means| means.neutral);
            concat!($prefix, "_mixed"), Number, "Mean probability of MIXED, weighted as the score is, by k·c.",
                |row| mean_of(&row.rollup.$role, |means| means.mixed);
            concat!($prefix, "_negative_share"), Number,
                "Share of the scored turns with words that are labelled NEGATIVE.",
                |row| millionths(row.rollup.$role.negative_share);
            concat!($prefix, "_turns"), Integer, concat!("Turns of the ", $prefix, "."),
                |row| Cell::count(row.rollup.$role.turns);
            concat!($prefix, "_turns_scored"), Integer, "Those of them that have a score.",
                |row| Cell::count(row.rollup.$role.turns_scored);
            concat!($prefix, "_words"), Integer, concat!("Words (UAX 29) of the ", $prefix, "."),
                |row| Cell::count(row.rollup.$role.words);
            concat!($prefix, "_words_scored"), Integer, "Those of them that were scored.",
                |row| Cell::count(row.rollup.$role.words_scored);
            concat!($prefix, "_q1"), Number,
                "Σcv / Σc over the turns whose middle lies in the call's first quarter; empty when it has none.",
                |row| millionths(row.rollup.$role.quarters[0]);
            concat!($prefix, "_q2"), Number, "The same for the second quarter.",
                |row| millionths(row.rollup.$role.quarters[1]);
            concat!($prefix, "_q3"), Number, "The same for the third quarter.",
                |row| millionths(row.rollup.$role.quarters[2]);
            concat!($prefix, "_q4"), Number, "The same for the last quarter.",
                |row| millionths(row.rollup.$role.quarters[3]);
            concat!($prefix, "_start"), Number, "Σcv / Σc over the turns whose middle lies in the call's first third, below 1/3; empty when it has none.",
                |row| millionths(row.rollup.$role.start);
            concat!($prefix, "_end"), Number,
                "The same for the last third, from 2/3 on; empty when it has none.",
                |row| millionths(row.rollup.$role.end);
            concat!($prefix, "_shift"), Number, "End − start; empty when either is.",
                |row| millionths(row.rollup.$role.shift);
            concat!($prefix, "_slope"), Number,
                "Least-squares slope of v over the whole call, weighted by c; empty below 6 scored turns.",
                |row| millionths(row.rollup.$role.slope);
            concat!($prefix, "_low"), Number, "Least plain mean of v over 3 scored turns in a row; empty below 3.",
                |row| millionths(row.rollup.$role.low);
            concat!($prefix, "_low_position"), Number, "Middle of the second of them, from 0 to 1.",
                |row| millionths(row.rollup.$role.low_position);
        }
    };
}

/// What comes before the roles' columns.
static HEAD: [Column<CallRow>; 11] = columns! {
    "call_id", Text, "The call, as the transcript names it.",
        |row| Cell::text(&*row.rollup.id);
    "call_date", Date, "The call's date: its column, else its start in the run's time zone.",
        |row| Cell::of(row.rollup.date.as_deref(), |date| Cell::Word(date.into()));
    "started_at", Timestamp, "The call's first moment in UTC; empty when the transcript holds offsets or no times.",
        |row| Cell::of(row.rollup.started_at_ms, timestamp);
    "duration_s", Number, "Seconds from the first turn's start to the last known moment.",
        |row| Cell::of(row.rollup.duration_ms, |ms| Cell::Millionths(ms.saturating_mul(1000)));
    "time_basis", Text,
        "What positions in the call go by: time, or words (the cumulative share of words of all parties) where times are missing.",
        |row| Cell::word(row.rollup.time_basis.as_str());
    "agent_id", Text, "The agent with the largest part of the call.",
        |row| Cell::optional_text(row.rollup.agent_id());
    "agents", Text, "All agents of the call in the order in which they appear, joined by a semicolon.",
        |row| Cell::text(row.rollup.agent_ids());
    "queue", Text, "The first queue, team or skill that the call names.",
        |row| Cell::optional_text(row.rollup.queue.as_deref());
    "channel", Text, "The medium, such as voice or chat.",
        |row| Cell::optional_text(row.rollup.channel.as_deref());
    "language", Text,
        "The language in which the call was scored: its column, the setting, or what its text looks like.",
        |row| Cell::optional_text(row.rollup.language.as_deref());
    "turns", Integer, "Turns of all speakers.",
        |row| Cell::count(row.rollup.turns);
};

static CUSTOMER: [Column<CallRow>; 21] = role_columns!("customer", customer);
static AGENT: [Column<CallRow>; 21] = role_columns!("agent", agent);

/// What comes after the roles' columns; new columns go to its end.
static TAIL: [Column<CallRow>; 12] = columns! {
    "escalated", Flag, "1 if the customer's end is at most −.30 and the shift at most −.30; empty when the shift is.",
        |row| Cell::of(row.rollup.escalated, Cell::Flag);
    "recovered", Flag,
        "1 if the customer's start is at most −.30 and the end at least 0; empty when the start is above −.30 or unknown.",
        |row| Cell::of(row.rollup.recovered, Cell::Flag);
    "segments", Integer, "Documents that the call was cut into.",
        |row| Cell::count(row.rollup.segments);
    "segments_failed", Integer, "Those of them without scores: failed or skipped.",
        |row| Cell::count(row.rollup.segments_failed);
    "coverage", Number, "Words scored / words to score.",
        |row| millionths(row.rollup.coverage);
    "engine", Text, "What scored the call.",
        |row| Cell::word(row.engine);
    "scoring_version", Text, "The version of every formula in this file.",
        |_| Cell::word(SCORING_VERSION);
    "low_coverage", Flag,
        "1 if less than the least coverage of the customer's words was scored: the call is left out of its agent's means. Of several agents each one's part is judged by its own words.",
        |row| Cell::Flag(row.low_coverage);
    "customer_rating_expected", Number,
        "Mean rating of calls such as this one, by the model of --call-model: a rising curve over a weighted mean of customer_score, _end, _low, _start and 1 − negative_share. Empty without a model, a customer score or enough coverage.",
        |row| millionths(row.expected.map(|expected| expected.rating));
    "customer_rating_expected_low", Number, "Lower end of that mean's 95 % interval. A single customer's rating lies wider.",
        |row| millionths(row.expected.map(|expected| expected.low));
    "customer_rating_expected_high", Number, "Upper end of that mean's 95 % interval.",
        |row| millionths(row.expected.map(|expected| expected.high));
    "rating", Number, "What somebody rated the call, as its record in --metadata has it. Empty without one.",
        |row| millionths(row.rating);
};

/// The columns of calls.csv.
#[must_use]
pub fn columns() -> &'static [Column<CallRow>] {
    static ALL: std::sync::LazyLock<Vec<Column<CallRow>>> =
        std::sync::LazyLock::new(|| [&HEAD[..], &CUSTOMER[..], &AGENT[..], &TAIL[..]].concat());
    &ALL
}
