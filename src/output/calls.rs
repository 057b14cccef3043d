//! calls.csv: one row a call.

use super::cell::Cell;
use super::table::{Column, Kind};
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
        [
            Column {
                name: concat!($prefix, "_score"),
                kind: Kind::Number,
                meaning: concat!("Mean of positive − negative over the ", $prefix, "'s scored words, from −1 to 1."),
                cell: |row| millionths(row.rollup.$role.score),
            },
            Column {
                name: concat!($prefix, "_label"),
                kind: Kind::Text,
                meaning: "NEGATIVE if the mean probability of negative is at least .40 and not below positive; POSITIVE if positive is at least .40 and above negative; MIXED if mixed is the largest; else NEUTRAL.",
                cell: |row| Cell::of(row.rollup.$role.label, |label| Cell::word(label.upper())),
            },
            Column {
                name: concat!($prefix, "_positive"),
                kind: Kind::Number,
                meaning: "Mean probability of POSITIVE, weighted by words.",
                cell: |row| mean_of(&row.rollup.$role, |means| means.positive),
            },
            Column {
                name: concat!($prefix, "_negative"),
                kind: Kind::Number,
                meaning: "Mean probability of NEGATIVE, weighted by words.",
                cell: |row| mean_of(&row.rollup.$role, |means| means.negative),
            },
            Column {
                name: concat!($prefix, "_neutral"),
                kind: Kind::Number,
                meaning: "Mean probability of NEUTRAL, weighted by words.",
                cell: |row| mean_of(&row.rollup.$role, |means| means.neutral),
            },
            Column {
                name: concat!($prefix, "_mixed"),
                kind: Kind::Number,
                meaning: "Mean probability of MIXED, weighted by words.",
                cell: |row| mean_of(&row.rollup.$role, |means| means.mixed),
            },
            Column {
                name: concat!($prefix, "_negative_share"),
                kind: Kind::Number,
                meaning: "Share of the scored words that lie in turns labelled NEGATIVE.",
                cell: |row| millionths(row.rollup.$role.negative_share),
            },
            Column {
                name: concat!($prefix, "_turns"),
                kind: Kind::Integer,
                meaning: concat!("Turns of the ", $prefix, "."),
                cell: |row| Cell::count(row.rollup.$role.turns),
            },
            Column {
                name: concat!($prefix, "_turns_scored"),
                kind: Kind::Integer,
                meaning: "Those of them that have a score.",
                cell: |row| Cell::count(row.rollup.$role.turns_scored),
            },
            Column {
                name: concat!($prefix, "_words"),
                kind: Kind::Integer,
                meaning: concat!("Words (UAX 29) of the ", $prefix, "."),
                cell: |row| Cell::count(row.rollup.$role.words),
            },
            Column {
                name: concat!($prefix, "_words_scored"),
                kind: Kind::Integer,
                meaning: "Those of them that were scored.",
                cell: |row| Cell::count(row.rollup.$role.words_scored),
            },
            Column {
                name: concat!($prefix, "_q1"),
                kind: Kind::Number,
                meaning: "Score of the turns whose middle lies in the call's first quarter; empty when it has none.",
                cell: |row| millionths(row.rollup.$role.quarters[0]),
            },
            Column {
                name: concat!($prefix, "_q2"),
                kind: Kind::Number,
                meaning: "The same for the second quarter.",
                cell: |row| millionths(row.rollup.$role.quarters[1]),
            },
            Column {
                name: concat!($prefix, "_q3"),
                kind: Kind::Number,
                meaning: "The same for the third quarter.",
                cell: |row| millionths(row.rollup.$role.quarters[2]),
            },
            Column {
                name: concat!($prefix, "_q4"),
                kind: Kind::Number,
                meaning: "The same for the last quarter.",
                cell: |row| millionths(row.rollup.$role.quarters[3]),
            },
            Column {
                name: concat!($prefix, "_start"),
                kind: Kind::Number,
                meaning: "Score of the turns in the call's first third; empty when it has none.",
                cell: |row| millionths(row.rollup.$role.start),
            },
            Column {
                name: concat!($prefix, "_end"),
                kind: Kind::Number,
                meaning: "Score of the turns in the call's last third: what ranks satisfaction best. Empty when it has none.",
                cell: |row| millionths(row.rollup.$role.end),
            },
            Column {
                name: concat!($prefix, "_shift"),
                kind: Kind::Number,
                meaning: "End − start; empty when either is.",
                cell: |row| millionths(row.rollup.$role.shift),
            },
            Column {
                name: concat!($prefix, "_slope"),
                kind: Kind::Number,
                meaning: "Least-squares slope of the score over the whole call, weighted by words; empty below 6 scored turns.",
                cell: |row| millionths(row.rollup.$role.slope),
            },
            Column {
                name: concat!($prefix, "_low"),
                kind: Kind::Number,
                meaning: "Least mean of 3 scored turns in a row; empty below 3.",
                cell: |row| millionths(row.rollup.$role.low),
            },
            Column {
                name: concat!($prefix, "_low_position"),
                kind: Kind::Number,
                meaning: "Where that lies in the call, from 0 to 1.",
                cell: |row| millionths(row.rollup.$role.low_position),
            },
        ]
    };
}

/// What comes before the roles' columns.
static HEAD: [Column<CallRow>; 11] = [
    Column {
        name: "call_id",
        kind: Kind::Text,
        meaning: "The call, as the transcript names it.",
        cell: |row| Cell::text(&*row.rollup.id),
    },
    Column {
        name: "call_date",
        kind: Kind::Date,
        meaning: "The call's date: its column, else its start in the run's time zone.",
        cell: |row| Cell::of(row.rollup.date.as_deref(), |date| Cell::Word(date.into())),
    },
    Column {
        name: "started_at",
        kind: Kind::Timestamp,
        meaning: "The call's first moment in UTC; empty when the transcript holds offsets or no times.",
        cell: |row| Cell::of(row.rollup.started_at_ms, timestamp),
    },
    Column {
        name: "duration_s",
        kind: Kind::Number,
        meaning: "Seconds from the first turn's start to the last known moment.",
        cell: |row| Cell::of(row.rollup.duration_ms, |ms| Cell::Millionths(ms.saturating_mul(1000))),
    },
    Column {
        name: "time_basis",
        kind: Kind::Text,
        meaning: "What positions in the call go by: time, or words (the cumulative share of words of all parties) where times are missing.",
        cell: |row| Cell::word(row.rollup.time_basis.as_str()),
    },
    Column {
        name: "agent_id",
        kind: Kind::Text,
        meaning: "The agent with the largest part of the call.",
        cell: |row| Cell::optional_text(row.rollup.agent_id()),
    },
    Column {
        name: "agents",
        kind: Kind::Text,
        meaning: "All agents of the call in the order in which they appear, joined by a semicolon.",
        cell: |row| Cell::text(row.rollup.agent_ids()),
    },
    Column {
        name: "queue",
        kind: Kind::Text,
        meaning: "The first queue, team or skill that the call names.",
        cell: |row| Cell::optional_text(row.rollup.queue.as_deref()),
    },
    Column {
        name: "channel",
        kind: Kind::Text,
        meaning: "The medium, such as voice or chat.",
        cell: |row| Cell::optional_text(row.rollup.channel.as_deref()),
    },
    Column {
        name: "language",
        kind: Kind::Text,
        meaning: "The language in which the call was scored: its column, the setting, or what its text looks like.",
        cell: |row| Cell::optional_text(row.rollup.language.as_deref()),
    },
    Column {
        name: "turns",
        kind: Kind::Integer,
        meaning: "Turns of all speakers.",
        cell: |row| Cell::count(row.rollup.turns),
    },
];

static CUSTOMER: [Column<CallRow>; 21] = role_columns!("customer", customer);
static AGENT: [Column<CallRow>; 21] = role_columns!("agent", agent);

/// What comes after the roles' columns; new columns go to its end.
static TAIL: [Column<CallRow>; 8] = [
    Column {
        name: "escalated",
        kind: Kind::Flag,
        meaning: "1 if the customer's end is at most −.30 and the shift at most −.30; empty when the shift is.",
        cell: |row| Cell::of(row.rollup.escalated, Cell::Flag),
    },
    Column {
        name: "recovered",
        kind: Kind::Flag,
        meaning: "1 if the customer's start is at most −.30 and the end at least 0; empty when the start is above −.30 or unknown.",
        cell: |row| Cell::of(row.rollup.recovered, Cell::Flag),
    },
    Column {
        name: "segments",
        kind: Kind::Integer,
        meaning: "Documents that the call was cut into.",
        cell: |row| Cell::count(row.rollup.segments),
    },
    Column {
        name: "segments_failed",
        kind: Kind::Integer,
        meaning: "Those of them without scores: failed or skipped.",
        cell: |row| Cell::count(row.rollup.segments_failed),
    },
    Column {
        name: "coverage",
        kind: Kind::Number,
        meaning: "Words scored / words to score.",
        cell: |row| millionths(row.rollup.coverage),
    },
    Column { name: "engine", kind: Kind::Text, meaning: "What scored the call.", cell: |row| Cell::word(row.engine) },
    Column {
        name: "scoring_version",
        kind: Kind::Text,
        meaning: "The version of every formula in this file.",
        cell: |_| Cell::word(SCORING_VERSION),
    },
    Column {
        name: "low_coverage",
        kind: Kind::Flag,
        meaning: "1 if less than the least coverage of the customer's words was scored: the call is left out of its agents' means.",
        cell: |row| Cell::Flag(row.low_coverage),
    },
];

/// The columns of calls.csv.
#[must_use]
pub fn columns() -> &'static [Column<CallRow>] {
    static ALL: std::sync::LazyLock<Vec<Column<CallRow>>> =
        std::sync::LazyLock::new(|| [&HEAD[..], &CUSTOMER[..], &AGENT[..], &TAIL[..]].concat());
    &ALL
}
