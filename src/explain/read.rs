//! One call's rows, from all tables that have any.

use std::collections::BTreeMap;
use std::path::Path;

use super::ExplainError;
use crate::report::{Name, ReportError, Row, Table};

/// Scores are kept in 10,000ths, as the tables have them.
pub(super) type Parts = Option<i64>;

/// The `customer_` or `agent_` columns of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RoleNumbers {
    pub(super) score: Parts,
    pub(super) label: Option<String>,
    pub(super) words: u64,
    pub(super) words_scored: u64,
    pub(super) quarters: [Parts; 4],
    pub(super) start: Parts,
    pub(super) end: Parts,
    pub(super) shift: Parts,
    pub(super) low: Parts,
    pub(super) low_position: Parts,
}

/// One segment's row of segments.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) role: String,
    pub(super) first_turn: u64,
    pub(super) last_turn: u64,
    pub(super) position: Parts,
    pub(super) score: Parts,
    pub(super) label: Option<String>,
    pub(super) outcome: String,
}

/// Why a segment has no score: its row of failures.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) role: String,
    pub(super) outcome: String,
    pub(super) reason: String,
    pub(super) attempts: u64,
}

/// All that a run's tables say of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub(super) call_id: String,
    /// Date, queue, channel, language and agents, as far as they are known.
    pub(super) about: Vec<String>,
    pub(super) seconds: Parts,
    pub(super) time_basis: String,
    pub(super) turns: u64,
    pub(super) customer: RoleNumbers,
    pub(super) agent: RoleNumbers,
    pub(super) escalated: Option<bool>,
    pub(super) recovered: Option<bool>,
    pub(super) segments: u64,
    pub(super) segments_failed: u64,
    pub(super) low_coverage: bool,
    pub(super) engine: String,
    pub(super) scoring_version: String,
    /// `None` when the run did not keep them.
    pub(super) detail: Option<Vec<Segment>>,
    /// By the segment's number.
    pub(super) missing: BTreeMap<u64, Missing>,
}

const CALL: [&str; 16] = [
    "call_id",
    "call_date",
    "queue",
    "channel",
    "language",
    "agents",
    "duration_s",
    "time_basis",
    "turns",
    "escalated",
    "recovered",
    "segments",
    "segments_failed",
    "low_coverage",
    "engine",
    "scoring_version",
];

/// The columns of a role, in the order of [`RoleNumbers::of`].
macro_rules! role_columns {
    ($role:literal) => {
        [
            "call_id",
            concat!($role, "_score"),
            concat!($role, "_label"),
            concat!($role, "_words"),
            concat!($role, "_words_scored"),
            concat!($role, "_q1"),
            concat!($role, "_q2"),
            concat!($role, "_q3"),
            concat!($role, "_q4"),
            concat!($role, "_start"),
            concat!($role, "_end"),
            concat!($role, "_shift"),
            concat!($role, "_low"),
            concat!($role, "_low_position"),
        ]
    };
}

const CUSTOMER: [&str; 14] = role_columns!("customer");
const AGENT: [&str; 14] = role_columns!("agent");

impl Explanation {
    /// Gathers what the tables in `directory` say of the call.
    ///
    /// # Errors
    /// [`ExplainError`] if a table can't be read, or there is no such call.
    pub fn read(directory: &Path, call_id: &str) -> Result<Self, ExplainError> {
        let calls = directory.join("calls.csv");
        let missing_call = || ExplainError::NoSuchCall { path: calls.clone(), call_id: Name::new(call_id).to_string() };
        let mut explanation = row_of(&calls, CALL, call_id, |row| Self::of(call_id, row))?.ok_or_else(missing_call)?;
        for (columns, role) in [(CUSTOMER, &mut explanation.customer), (AGENT, &mut explanation.agent)] {
            *role = row_of(&calls, columns, call_id, RoleNumbers::of)?.unwrap_or_default();
        }
        let detail = directory.join("segments.csv");
        if detail.exists() {
            explanation.detail = Some(segments(&detail, call_id)?);
        }
        explanation.missing = missing(&directory.join("failures.csv"), call_id)?;
        Ok(explanation)
    }

    fn of(call_id: &str, row: &Row<'_, 16>) -> Result<Self, ReportError> {
        let text = |column: usize| row.text(column);
        Ok(Self {
            call_id: call_id.to_owned(),
            about: (1..=5).filter_map(text).collect(),
            seconds: row.parts(6)?,
            time_basis: text(7).unwrap_or_default(),
            turns: row.count(8)?.unwrap_or(0),
            escalated: row.flag(9)?,
            recovered: row.flag(10)?,
            segments: row.count(11)?.unwrap_or(0),
            segments_failed: row.count(12)?.unwrap_or(0),
            low_coverage: row.flag(13)? == Some(true),
            engine: text(14).unwrap_or_default(),
            scoring_version: text(15).unwrap_or_default(),
            customer: RoleNumbers::default(),
            agent: RoleNumbers::default(),
            detail: None,
            missing: BTreeMap::new(),
        })
    }
}

impl RoleNumbers {
    fn of(row: &Row<'_, 14>) -> Result<Self, ReportError> {
        Ok(Self {
            score: row.parts(1)?,
            label: row.text(2),
            words: row.count(3)?.unwrap_or(0),
            words_scored: row.count(4)?.unwrap_or(0),
            quarters: [row.parts(5)?, row.parts(6)?, row.parts(7)?, row.parts(8)?],
            start: row.parts(9)?,
            end: row.parts(10)?,
            shift: row.parts(11)?,
            low: row.parts(12)?,
            low_position: row.parts(13)?,
        })
    }
}

/// The first row whose first column is the call's id, as `made` of it.
fn row_of<T, const COLUMNS: usize>(
    path: &Path,
    columns: [&'static str; COLUMNS],
    call_id: &str,
    made: impl FnOnce(&Row<'_, COLUMNS>) -> Result<T, ReportError>,
) -> Result<Option<T>, ReportError> {
    let mut table = Table::open(path, columns)?;
    while let Some(row) = table.next()? {
        if row.says(0, call_id) {
            return made(&row).map(Some);
        }
    }
    Ok(None)
}

fn segments(path: &Path, call_id: &str) -> Result<Vec<Segment>, ReportError> {
    const COLUMNS: [&str; 9] =
        ["call_id", "segment", "role", "first_turn", "last_turn", "position", "score", "label", "outcome"];
    let mut table = Table::open(path, COLUMNS)?;
    let mut segments = Vec::new();
    while let Some(row) = table.next()? {
        if row.says(0, call_id) {
            segments.push(Segment {
                number: row.count(1)?.unwrap_or(0),
                role: row.text(2).unwrap_or_default(),
                first_turn: row.count(3)?.unwrap_or(0),
                last_turn: row.count(4)?.unwrap_or(0),
                position: row.parts(5)?,
                score: row.parts(6)?,
                label: row.text(7),
                outcome: row.text(8).unwrap_or_default(),
            });
        }
    }
    Ok(segments)
}

fn missing(path: &Path, call_id: &str) -> Result<BTreeMap<u64, Missing>, ReportError> {
    let mut table = Table::open(path, ["call_id", "segment", "role", "outcome", "reason", "attempts"])?;
    let mut missing = BTreeMap::new();
    while let Some(row) = table.next()? {
        if row.says(0, call_id) {
            let why = Missing {
                role: row.text(2).unwrap_or_default(),
                outcome: row.text(3).unwrap_or_default(),
                reason: row.text(4).unwrap_or_default(),
                attempts: row.count(5)?.unwrap_or(0),
            };
            missing.insert(row.count(1)?.unwrap_or(0), why);
        }
    }
    Ok(missing)
}
