//! From a run's facts to its record, run.json.

use jiff::Timestamp;

use crate::engine::{Profile, Requests};
use crate::exit::ExitCode;
use crate::input::{FileReport, Tally};
use crate::output::{
    CountsRecord, EngineRecord, FormatFacts, InputRecord, RunRecord, SCHEMA_VERSION, SecondsRecord, ServiceRecord,
};
use crate::pipeline::Overview;
use crate::rollup::{AgentsReport, SCORING_VERSION};
use crate::score::ScoreSummary;
use crate::sentiment::SegmentCounts;
use crate::settings::Settings;
use crate::summary::Bill;

/// Everything that the record is made of.
pub(super) struct Facts<'a> {
    pub(super) settings: &'a Settings,
    pub(super) profile: &'a Profile,
    pub(super) reports: &'a [FileReport],
    pub(super) rows: u64,
    pub(super) rejected_rows: u64,
    pub(super) tally: Tally,
    pub(super) overview: &'a Overview,
    pub(super) segments: SegmentCounts,
    pub(super) scoring: ScoreSummary,
    pub(super) agents: &'a AgentsReport,
    pub(super) requests: Requests,
}

impl Facts<'_> {
    /// The record of a run whose files are not all written yet: their list, the end and the seconds are still blank.
    pub(super) fn record(&self, started_at: Timestamp, code: ExitCode) -> RunRecord {
        let granularity = self.settings.granularity.or_engine(self.profile.granularity);
        RunRecord {
            schema_version: SCHEMA_VERSION,
            undertone_version: env!("CARGO_PKG_VERSION"),
            scoring_version: SCORING_VERSION,
            settings_hash: self.settings.hash(),
            engine: EngineRecord {
                name: self.profile.name,
                model: self.profile.model.clone(),
                granularity: granularity.as_str(),
            },
            started_at: started_at.to_string(),
            finished_at: String::new(),
            inputs: self.reports.iter().map(input).collect(),
            outputs: Vec::new(),
            counts: self.counts(),
            service: self.service(),
            seconds: SecondsRecord::default(),
            exit_code: code.number(),
        }
    }

    /// What the service charges for the run.
    pub(super) fn bill(&self) -> Bill {
        Bill {
            requests: self.requests.requests,
            throttles: self.requests.throttles,
            units: self.requests.units_most,
            dollars: self.settings.price.tiers.cost(self.requests.units_most).as_f64(),
        }
    }

    fn counts(&self) -> CountsRecord {
        let ScoreSummary { taken, duplicates, stored, .. } = self.scoring;
        CountsRecord {
            rows: self.rows,
            duplicate_rows: self.tally.duplicates,
            rejected_rows: self.rejected_rows,
            turns: self.tally.turns,
            calls: self.tally.calls,
            calls_scored: self.overview.scored,
            calls_low_coverage: self.overview.low_coverage,
            calls_without_agent: self.agents.calls_without_agent,
            calls_language_assumed: self.overview.language_assumed,
            agents: self.agents.agents.len() as u64,
            segments: self.segments,
            documents: taken - duplicates - stored,
        }
    }

    fn service(&self) -> ServiceRecord {
        if self.profile.billing.is_none() {
            return ServiceRecord::default();
        }
        ServiceRecord {
            requests: self.requests.requests,
            throttles: self.requests.throttles,
            failures: self.requests.failures,
            retries: self.requests.retries,
            planned_units: self.scoring.units,
            billed_units: self.requests.units_most,
            billed_units_least: self.requests.units_least,
            planned_cost_usd: self.settings.price.tiers.cost(self.scoring.units).as_f64(),
            cost_usd: self.bill().dollars,
        }
    }
}

fn input(report: &FileReport) -> InputRecord {
    InputRecord {
        path: report.path.clone(),
        bytes: report.bytes,
        blake3: report.hash.clone(),
        rows: report.rows,
        format: report.found.kind,
        encoding: report.encoding.as_str(),
        compression: report.compression,
        facts: FormatFacts(report.found.facts.clone()),
    }
}
