//! estimates.csv: what a service would have given to all calls, from the share of them that it scored.

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::datapackage::Resource;
use super::lists::FAILURES;
use super::table::{Column, columns, fields};
use super::{EngineRecord, SortedRows, call_columns, rounded_decimal};
use crate::sentiment::SegmentCounts;
use crate::share::{Drawn, Estimate, Estimated, Measure, Scope};

/// The tables of a sampled run beside those of every run.
pub struct SampleTables<'a> {
    /// Rows of `sample_calls.csv`.
    pub calls: SortedRows,
    /// Rows of `sample_failures.csv`.
    pub failures: SortedRows,
    /// Rows of estimates.csv.
    pub estimates: &'a [Estimated],
}

/// What run.json says of a sampled run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareRecord {
    /// What scored the sample; `engine` of the run is what scored every call.
    pub engine: EngineRecord,
    /// The share of the calls that was asked for, from 0 to 1.
    pub share: f64,
    /// Calls that were drawn.
    pub calls: u64,
    /// What became of their segments.
    pub segments: SegmentCounts,
    /// The correlation of both engines' scores of the same calls.
    pub correlation: Option<f64>,
    /// All measures of the site, and the mean score of the largest queues.
    pub estimates: Vec<EstimateRecord>,
}

/// A row of estimates.csv in run.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EstimateRecord {
    /// The queue; `None` of the site.
    pub queue: Option<Box<str>>,
    /// What is estimated.
    pub measure: Measure,
    /// Calls.
    pub calls: u64,
    /// Those of them that were drawn.
    pub calls_sampled: u64,
    /// What the local engine gives.
    pub local: Option<f64>,
    /// What the service would have given.
    pub estimate: Option<f64>,
    /// Ends of the 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// Queues in the record.
const MOST_QUEUES: usize = 40;

impl ShareRecord {
    /// Of what was drawn and what became of it.
    pub fn of(engine: EngineRecord, drawn: &Drawn, segments: SegmentCounts, rows: &[Estimated]) -> Self {
        let scores = |scope| rows.iter().filter(move |row| row.scope == scope && row.measure == Measure::CustomerScore);
        let mut sizes: Vec<u64> = scores(Scope::Queue).map(|row| row.calls).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let least = sizes.get(MOST_QUEUES - 1).copied().unwrap_or(0);
        let queues = scores(Scope::Queue).filter(|row| row.calls >= least).take(MOST_QUEUES);
        let site = rows.iter().filter(|row| row.scope == Scope::Site);
        Self {
            engine,
            share: drawn.part().value(),
            calls: drawn.calls(),
            segments,
            correlation: scores(Scope::Site).find_map(|row| row.correlation).and_then(rounded_decimal),
            estimates: site.chain(queues).map(EstimateRecord::of).collect(),
        }
    }
}

impl EstimateRecord {
    fn of(row: &Estimated) -> Self {
        let rounded = |value: f64| rounded_decimal(value).unwrap_or(value);
        Self {
            queue: row.name.clone(),
            measure: row.measure,
            calls: row.calls,
            calls_sampled: row.drawn,
            local: row.local.map(rounded),
            estimate: row.estimate.map(|estimate| rounded(estimate.value)),
            interval: row.estimate.map(|estimate| (rounded(estimate.interval.0), rounded(estimate.interval.1))),
        }
    }
}

/// Their names.
pub(super) const ESTIMATES_FILE: &str = "estimates.csv";
pub(super) const CALLS_FILE: &str = "sample_calls.csv";
pub(super) const FAILURES_FILE: &str = "sample_failures.csv";

fn decimal(value: Option<f64>) -> Cell<'static> {
    Cell::of(value, Cell::Decimal)
}

fn of(row: &Estimated, part: impl FnOnce(Estimate) -> f64) -> Cell<'static> {
    decimal(row.estimate.map(part))
}

pub(super) static ESTIMATES: [Column<Estimated>; 12] = columns! {
    "scope", Text, "What the calls have in common: site (all calls), queue, day, or agent (each call by the agent's share and part of it).",
        |row| Cell::word(row.scope.as_str());
    "name", Text, "The queue, the date or the agent; `all` of the site.",
        |row| Cell::text(row.name.as_deref().unwrap_or("all"));
    "measure", Text, "The mean of customer_score or customer_end; negative_call_share, of the calls with a customer score that are labelled NEGATIVE; escalated_share, of the calls with a shift.",
        |row| Cell::word(row.measure.as_str());
    "calls", Integer, "Calls of the group.",
        |row| Cell::count(row.calls);
    "calls_sampled", Integer, "Those of them that were drawn for the service.",
        |row| Cell::count(row.drawn);
    "local", Number, "What the local engine gives, over all calls that it scored.",
        |row| decimal(row.local);
    "estimate", Number, "What the service would have given to all calls: ȳ + λ(X̄ − x̄), with ȳ and x̄ the means of the service and of the local engine over the sampled calls and X̄ that of the local engine over all; of the site the strata's, each by its calls. Empty where no call was sampled.",
        |row| of(row, |estimate| estimate.value);
    "estimate_low", Number, "Lower end of its 95 % interval, which is about these very calls: nothing is left of it where all of them were sampled.",
        |row| of(row, |estimate| estimate.interval.0);
    "estimate_high", Number, "Upper end of its 95 % interval.",
        |row| of(row, |estimate| estimate.interval.1);
    "lambda", Number, "λ: by how much the service's value rises with the local one, over all sampled calls within strata.",
        |row| decimal(row.lambda);
    "correlation", Number, "The correlation of both values over the same.",
        |row| decimal(row.correlation);
    "reliability", Number, "Of an agent: τ²/(τ² + v), from 0 to 1, with τ² the spread of the agents and v what chance does to the estimate, in the draw and in the calls. Below .7 two agents' estimates differ by chance more often than not. Empty for fewer than 5 agents.",
        |row| decimal(row.reliability);
};

/// The tables as the description lists them.
pub(super) fn sample_resources() -> [Resource; 3] {
    [
        Resource {
            file: CALLS_FILE,
            about: "One row a call that was drawn for the service, as the service scored it; calls.csv has the same call as the local engine scored it.",
            key: &["call_id"],
            fields: fields(call_columns()),
        },
        Resource {
            file: FAILURES_FILE,
            about: "One row a document of those calls without scores of the service.",
            key: &["call_id", "segment"],
            fields: fields(&FAILURES),
        },
        Resource {
            file: ESTIMATES_FILE,
            about: "One row a measure of a group of calls: what the service would have given to all of them.",
            key: &["scope", "name", "measure"],
            fields: fields(&ESTIMATES),
        },
    ]
}
