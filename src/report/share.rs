//! What a service would have given to all calls, of a run of which it scored a share.

use crate::output::{EstimateRecord, ShareRecord};
use crate::share::Measure;
use crate::words::{Count, Maybe, Name, interval};

use super::figures::percents;

/// The section of a sampled run.
pub(super) struct Sampled {
    pub(super) engine: String,
    pub(super) calls: Count,
    pub(super) share: String,
    pub(super) rows: Vec<SampledRow>,
    /// Whether some queues are not shown.
    pub(super) has_queues: bool,
}

/// One figure: what the local engine gives, and what the service would have given.
pub(super) struct SampledRow {
    pub(super) what: String,
    pub(super) calls: Count,
    pub(super) drawn: Count,
    pub(super) local: String,
    pub(super) estimate: String,
    pub(super) interval: String,
}

impl Sampled {
    pub(super) fn of(share: &ShareRecord) -> Self {
        Self {
            engine: Name::new(&share.engine.name).to_string(),
            calls: Count(share.calls),
            share: format!("{} %", 100.0 * share.share),
            rows: share.estimates.iter().map(SampledRow::of).collect(),
            has_queues: share.estimates.iter().any(|row| row.queue.is_some()),
        }
    }
}

impl SampledRow {
    fn of(row: &EstimateRecord) -> Self {
        let what = match &row.queue {
            Some(queue) => format!("{} in {}", name(row.measure), Name::new(queue)),
            None => name(row.measure).to_owned(),
        };
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let value = |value: Option<f64>| match value {
            Some(share) if row.measure.is_share() => percent(share),
            value => Maybe(value).to_string(),
        };
        Self {
            what,
            calls: Count(row.calls),
            drawn: Count(row.calls_sampled),
            local: value(row.local),
            estimate: value(row.estimate),
            interval: match row.interval {
                Some(ends) if row.measure.is_share() => percents(ends),
                ends => interval(ends),
            },
        }
    }
}

/// What a measure is called on the page.
const fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::CustomerScore => "Mean score",
        Measure::CustomerEnd => "Mean end",
        Measure::NegativeCallShare => "Negative calls",
        Measure::EscalatedShare => "Escalated calls",
    }
}
