//! The tables that list parts of calls and of files: segments.csv, failures.csv, rejects.csv.

use std::sync::Arc;

use super::cell::Cell;
use super::table::{Column, Kind};
use crate::sentiment::{FixedScores, Outcome};
use crate::transcript::Role;

/// One row of segments.csv, and of failures.csv when the segment has no scores.
#[derive(Debug, Clone)]
pub struct SegmentRow {
    /// The call.
    pub call_id: Arc<str>,
    /// The segment's number within its call, from 1.
    pub segment: u32,
    /// Whose words it holds.
    pub role: Role,
    /// The number of its first turn within the call, from 1.
    pub first_turn: u32,
    /// The number of its last turn within the call, from 1.
    pub last_turn: u32,
    /// Its middle on the call's time line, in millionths.
    pub position: u32,
    /// Characters sent.
    pub chars: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// A row of the input that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRow {
    /// The file.
    pub file: String,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

fn fixed(row: &SegmentRow) -> Option<FixedScores> {
    row.outcome.scores().map(FixedScores::from)
}

/// The columns of segments.csv.
pub static SEGMENTS: [Column<SegmentRow>; 14] = [
    Column { name: "call_id", kind: Kind::Text, meaning: "The call.", cell: |row| Cell::text(&*row.call_id) },
    Column {
        name: "segment",
        kind: Kind::Integer,
        meaning: "The segment's number within its call, from 1, by its first turn.",
        cell: |row| Cell::count(row.segment),
    },
    Column {
        name: "role",
        kind: Kind::Text,
        meaning: "Whose words it holds: customer or agent.",
        cell: |row| Cell::word(row.role.as_str()),
    },
    Column {
        name: "first_turn",
        kind: Kind::Integer,
        meaning: "The number of its first turn within the call, from 1.",
        cell: |row| Cell::count(row.first_turn),
    },
    Column {
        name: "last_turn",
        kind: Kind::Integer,
        meaning: "The number of its last turn within the call, from 1.",
        cell: |row| Cell::count(row.last_turn),
    },
    Column {
        name: "position",
        kind: Kind::Number,
        meaning: "Its middle on the call's time line, from 0 to 1.",
        cell: |row| Cell::Millionths(row.position.into()),
    },
    Column {
        name: "chars",
        kind: Kind::Integer,
        meaning: "Characters (Unicode scalar values) in the document.",
        cell: |row| Cell::count(row.chars),
    },
    Column {
        name: "positive",
        kind: Kind::Number,
        meaning: "Probability of POSITIVE; empty when not scored.",
        cell: |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.positive.0)),
    },
    Column {
        name: "negative",
        kind: Kind::Number,
        meaning: "Probability of NEGATIVE; empty when not scored.",
        cell: |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.negative.0)),
    },
    Column {
        name: "neutral",
        kind: Kind::Number,
        meaning: "Probability of NEUTRAL; empty when not scored.",
        cell: |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.neutral.0)),
    },
    Column {
        name: "mixed",
        kind: Kind::Number,
        meaning: "Probability of MIXED; empty when not scored.",
        cell: |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.mixed.0)),
    },
    Column {
        name: "score",
        kind: Kind::Number,
        meaning: "positive − negative, from −1 to 1; empty when not scored.",
        cell: |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.score().0)),
    },
    Column {
        name: "label",
        kind: Kind::Text,
        meaning: "POSITIVE, NEGATIVE, NEUTRAL or MIXED; empty when not scored.",
        cell: |row| Cell::of(row.outcome.scores(), |scores| Cell::word(scores.label().upper())),
    },
    Column {
        name: "outcome",
        kind: Kind::Text,
        meaning: "scored (by the engine), cached (an answer that was had already), failed or skipped.",
        cell: |row| Cell::word(row.outcome.as_str()),
    },
];

/// The columns of failures.csv.
pub static FAILURES: [Column<SegmentRow>; 6] = [
    Column { name: "call_id", kind: Kind::Text, meaning: "The call.", cell: |row| Cell::text(&*row.call_id) },
    Column {
        name: "segment",
        kind: Kind::Integer,
        meaning: "The segment's number within its call, from 1.",
        cell: |row| Cell::count(row.segment),
    },
    Column {
        name: "role",
        kind: Kind::Text,
        meaning: "Whose words it holds: customer or agent.",
        cell: |row| Cell::word(row.role.as_str()),
    },
    Column {
        name: "outcome",
        kind: Kind::Text,
        meaning: "failed (sent and not scored) or skipped (never sent).",
        cell: |row| Cell::word(row.outcome.as_str()),
    },
    Column {
        name: "reason",
        kind: Kind::Text,
        meaning: "The engine's code, or the program's reason for not sending it.",
        cell: |row| match &row.outcome {
            Outcome::Failed { reason, .. } => Cell::text(&**reason),
            Outcome::Skipped { reason } => Cell::word(reason),
            Outcome::Scored(_) | Outcome::Cached(_) => Cell::Empty,
        },
    },
    Column {
        name: "attempts",
        kind: Kind::Integer,
        meaning: "How many times it was sent.",
        cell: |row| match row.outcome {
            Outcome::Failed { attempts, .. } => Cell::count(attempts),
            Outcome::Skipped { .. } => Cell::Integer(0),
            Outcome::Scored(_) | Outcome::Cached(_) => Cell::Empty,
        },
    },
];

/// The columns of rejects.csv.
pub static REJECTS: [Column<RejectRow>; 3] = [
    Column {
        name: "file",
        kind: Kind::Text,
        meaning: "The input file, as it was named.",
        cell: |row| Cell::text(row.file.as_str()),
    },
    Column {
        name: "line",
        kind: Kind::Integer,
        meaning: "The line on which the row begins, from 1.",
        cell: |row| Cell::count(row.line),
    },
    Column {
        name: "reason",
        kind: Kind::Text,
        meaning: "Why the row could not be used.",
        cell: |row| Cell::text(row.reason.as_str()),
    },
];
