//! The tables that list parts of calls and of files: segments.csv, failures.csv, rejects.csv.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::table::{Column, columns};
use crate::sentiment::{FixedScores, Millionths, Outcome};
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
    /// Its share of its role's score in calls.csv; only where it has scores.
    pub weight: Option<Millionths>,
    /// Masks in it.
    pub redactions: u32,
}

/// A row of the input that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub static SEGMENTS: [Column<SegmentRow>; 16] = columns! {
    "call_id", Text, "The call.",
        |row| Cell::text(&*row.call_id);
    "segment", Integer, "The segment's number within its call, from 1, by its first turn.",
        |row| Cell::count(row.segment);
    "role", Text, "Whose words it holds: customer or agent.",
        |row| Cell::word(row.role.as_str());
    "first_turn", Integer, "The number of its first turn within the call, from 1.",
        |row| Cell::count(row.first_turn);
    "last_turn", Integer, "The number of its last turn within the call, from 1.",
        |row| Cell::count(row.last_turn);
    "position", Number, "Its middle on the call's time line, from 0 to 1.",
        |row| Cell::Millionths(row.position.into());
    "chars", Integer, "Characters (Unicode scalar values) in the document.",
        |row| Cell::count(row.chars);
    "positive", Number, "Probability of POSITIVE; empty when not scored.",
        |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.positive.0));
    "negative", Number, "Probability of NEGATIVE; empty when not scored.",
        |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.negative.0));
    "neutral", Number, "Probability of NEUTRAL; empty when not scored.",
        |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.neutral.0));
    "mixed", Number, "Probability of MIXED; empty when not scored.",
        |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.mixed.0));
    "score", Number, "positive − negative, from −1 to 1; empty when not scored.",
        |row| Cell::of(fixed(row), |scores| Cell::Millionths(scores.score().0));
    "label", Text, "POSITIVE, NEGATIVE, NEUTRAL or MIXED; empty when not scored.",
        |row| Cell::of(row.outcome.scores(), |scores| Cell::word(scores.label().upper()));
    "outcome", Text, "scored (by the engine), cached (an answer that was had already), failed or skipped.",
        |row| Cell::word(row.outcome.as_str());
    "weight", Number,
        "Its turns' share of their role's score in calls.csv, from 0 to 1: a turn weighs k·(1 − neutral), k numbering the role's turns that have words. Empty when not scored.",
        |row| Cell::of(row.weight, |weight| Cell::Millionths(weight.0));
    "redactions", Integer, "How many pieces of personal data were replaced in the document before it was scored.",
        |row| Cell::count(row.redactions);
};

/// The columns of failures.csv.
pub static FAILURES: [Column<SegmentRow>; 6] = columns! {
    "call_id", Text, "The call.",
        |row| Cell::text(&*row.call_id);
    "segment", Integer, "The segment's number within its call, from 1.",
        |row| Cell::count(row.segment);
    "role", Text, "Whose words it holds: customer or agent.",
        |row| Cell::word(row.role.as_str());
    "outcome", Text, "failed (sent and not scored) or skipped (never sent).",
        |row| Cell::word(row.outcome.as_str());
    "reason", Text, "The engine's code, or the program's reason for not sending it.",
        |row| match &row.outcome {
            Outcome::Failed { reason, .. } => Cell::text(&**reason),
            Outcome::Skipped { reason } => Cell::word(reason),
            Outcome::Scored(_) | Outcome::Cached(_) => Cell::Empty,
        };
    "attempts", Integer, "How many times it was sent.",
        |row| match row.outcome {
            Outcome::Failed { attempts, .. } => Cell::count(attempts),
            Outcome::Skipped { .. } => Cell::Integer(0),
            Outcome::Scored(_) | Outcome::Cached(_) => Cell::Empty,
        };
};

/// The columns of rejects.csv.
pub static REJECTS: [Column<RejectRow>; 3] = columns! {
    "file", Text, "The input file, as it was named.",
        |row| Cell::text(row.file.as_str());
    "line", Integer, "The line on which the row begins, from 1.",
        |row| Cell::count(row.line);
    "reason", Text, "Why the row could not be used.",
        |row| Cell::text(row.reason.as_str());
};
