//! What run.json says of a run, as far as the page shows it.
//!
//! Clock times and durations stay out, so that the same run makes the same page.

use std::path::Path;

use serde::Deserialize;

use super::ReportError;
use crate::output::RunRecord;

/// A run: what was read, by what it was scored, what that cost.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunFacts {
    pub(super) undertone_version: String,
    pub(super) scoring_version: String,
    pub(super) engine: EngineFacts,
    pub(super) inputs: Vec<InputFacts>,
    pub(super) counts: CountFacts,
    pub(super) service: ServiceFacts,
}

/// What scored.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EngineFacts {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) granularity: String,
}

/// One input file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct InputFacts {
    pub(super) path: String,
    pub(super) rows: u64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct CountFacts {
    pub(super) rows: u64,
    pub(super) duplicate_rows: u64,
    pub(super) rejected_rows: u64,
    pub(super) turns: u64,
    pub(super) calls_without_agent: u64,
    pub(super) segments: u64,
    pub(super) scored: u64,
    pub(super) cached: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

/// What the service was asked, and what it charges.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct ServiceFacts {
    pub(super) requests: u64,
    pub(super) throttles: u64,
    pub(super) billed_units: u64,
    pub(super) cost_usd: f64,
}

impl RunFacts {
    /// Reads run.json.
    pub(super) fn read(path: &Path) -> Result<Self, ReportError> {
        let bytes = std::fs::read(path).map_err(ReportError::read(path))?;
        serde_json::from_slice(&bytes).map_err(|source| ReportError::Record { path: path.to_owned(), source })
    }

    /// The facts of a record that is not written yet.
    pub(super) fn of(record: &RunRecord) -> Self {
        let RunRecord { engine, inputs, counts, service, .. } = record;
        Self {
            undertone_version: record.undertone_version.to_owned(),
            scoring_version: record.scoring_version.to_owned(),
            engine: EngineFacts {
                name: engine.name.to_owned(),
                model: engine.model.clone(),
                granularity: engine.granularity.to_owned(),
            },
            inputs: inputs.iter().map(|input| InputFacts { path: input.path.clone(), rows: input.rows }).collect(),
            counts: CountFacts {
                rows: counts.rows,
                duplicate_rows: counts.duplicate_rows,
                rejected_rows: counts.rejected_rows,
                turns: counts.turns,
                calls_without_agent: counts.calls_without_agent,
                segments: counts.segments.segments,
                scored: counts.segments.scored,
                cached: counts.segments.cached,
                failed: counts.segments.failed,
                skipped: counts.segments.skipped,
            },
            service: ServiceFacts {
                requests: service.requests,
                throttles: service.throttles,
                billed_units: service.billed_units,
                cost_usd: service.cost_usd,
            },
        }
    }
}
