//! One call's rows, from all tables that have any.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ExplainError;
use crate::output::ReadError;
use crate::output::read::{self, TableReader};
use crate::rating::Expected;
use crate::sentiment::Millionths;
use crate::words::Name;

/// Columns of a call's row of calls.csv.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct CallCells {
    #[serde(deserialize_with = "read::text")]
    call_date: Option<String>,
    #[serde(deserialize_with = "read::text")]
    queue: Option<String>,
    #[serde(deserialize_with = "read::text")]
    channel: Option<String>,
    #[serde(deserialize_with = "read::text")]
    language: Option<String>,
    #[serde(deserialize_with = "read::text")]
    agents: Option<String>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) duration_s: Option<Millionths>,
    pub(super) time_basis: String,
    pub(super) turns: u64,
    #[serde(deserialize_with = "read::flag")]
    pub(super) escalated: Option<bool>,
    #[serde(deserialize_with = "read::flag")]
    pub(super) recovered: Option<bool>,
    pub(super) segments: u64,
    pub(super) segments_failed: u64,
    #[serde(deserialize_with = "read::flag")]
    pub(super) low_coverage: Option<bool>,
    pub(super) engine: String,
    pub(super) scoring_version: String,
    #[serde(default, deserialize_with = "read::millionths")]
    customer_rating_expected: Option<Millionths>,
    #[serde(default, deserialize_with = "read::millionths")]
    customer_rating_expected_low: Option<Millionths>,
    #[serde(default, deserialize_with = "read::millionths")]
    customer_rating_expected_high: Option<Millionths>,
}

impl CallCells {
    /// The expected rating with its interval, if a model of ratings was given.
    pub(super) fn expected(&self) -> Option<Expected> {
        Some(Expected {
            rating: self.customer_rating_expected?,
            low: self.customer_rating_expected_low?,
            high: self.customer_rating_expected_high?,
        })
    }

    /// Date, queue, channel, language and agents, as far as they are known.
    pub(super) fn about(&self) -> impl Iterator<Item = &str> {
        [&self.call_date, &self.queue, &self.channel, &self.language, &self.agents]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// The `customer_` or `agent_` columns of a call.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RoleCells {
    #[serde(deserialize_with = "read::millionths")]
    pub(super) score: Option<Millionths>,
    #[serde(deserialize_with = "read::text")]
    pub(super) label: Option<String>,
    pub(super) words: u64,
    pub(super) words_scored: u64,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) q1: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) q2: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) q3: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) q4: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) start: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) end: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) shift: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) low: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) low_position: Option<Millionths>,
}

/// One segment's row of segments.csv.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct SegmentCells {
    pub(super) segment: u64,
    pub(super) role: String,
    pub(super) first_turn: u64,
    pub(super) last_turn: u64,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) position: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    pub(super) score: Option<Millionths>,
    #[serde(deserialize_with = "read::text")]
    pub(super) label: Option<String>,
    pub(super) outcome: String,
    /// `None` in tables of older runs too.
    #[serde(default, deserialize_with = "read::millionths")]
    pub(super) weight: Option<Millionths>,
}

/// Why a segment has no score: its row of failures.csv.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FailureCells {
    pub(super) segment: u64,
    pub(super) role: String,
    pub(super) outcome: String,
    #[serde(deserialize_with = "read::text")]
    pub(super) reason: Option<String>,
    pub(super) attempts: u64,
}

/// One call's rows of all tables.
#[derive(Debug, Clone)]
pub struct Explanation {
    pub(super) call_id: String,
    pub(super) call: CallCells,
    pub(super) customer: RoleCells,
    pub(super) agent: RoleCells,
    /// `None` when the run did not keep them.
    pub(super) detail: Option<Vec<SegmentCells>>,
    pub(super) failures: Vec<FailureCells>,
}

impl Explanation {
    /// Reads the call's rows from the tables in `directory`.
    ///
    /// # Errors
    /// [`ExplainError`] if a table can't be read, or there is no such call.
    pub fn read(directory: &Path, call_id: &str) -> Result<Self, ExplainError> {
        let calls = directory.join("calls.csv");
        let mut table = TableReader::open(&calls)?;
        if !table.advance_to_call(call_id)? {
            return Err(ExplainError::NoSuchCall { path: calls, call_id: Name::new(call_id).to_string() });
        }
        let detail = directory.join("segments.csv");
        Ok(Self {
            call_id: call_id.to_owned(),
            call: table.row()?,
            customer: table.row_after("customer_")?,
            agent: table.row_after("agent_")?,
            detail: if detail.exists() { Some(rows_of(&detail, call_id)?) } else { None },
            failures: rows_of(&directory.join("failures.csv"), call_id)?,
        })
    }
}

/// All rows of the call.
fn rows_of<R: DeserializeOwned>(path: &Path, call_id: &str) -> Result<Vec<R>, ReadError> {
    let mut table = TableReader::open(path)?;
    let mut rows = Vec::new();
    while table.advance_to_call(call_id)? {
        rows.push(table.row()?);
    }
    Ok(rows)
}
