//! From a run to its record, run.json.

use jiff::Timestamp;

use super::session::Session;
use super::stages::Read;
use super::{by_job, options};
use crate::batch::BatchSummary;
use crate::engine::{Price, Profile, registry};
use crate::input::{FileReport, Tally};
use crate::log;
use crate::output::{
    ContactsRecord, CountsRecord, EngineRecord, FormatFacts, InputRecord, RedactionRecord, RunRecord, SCHEMA_VERSION,
    SecondsRecord, ServiceRecord,
};
use crate::pipeline::{Fold, RedactedCounts};
use crate::rating::RatingModel;
use crate::redact::{Kinds, REDACTION_VERSION};
use crate::rollup::{AgentsReport, Population, SCORING_VERSION};
use crate::sentiment::SegmentCounts;
use crate::settings::Settings;

/// What scoring made, in numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) segments: SegmentCounts,
    pub(super) calls_scored: u64,
    pub(super) calls_low_coverage: u64,
    pub(super) language_assumed: u64,
    pub(super) times_contradict: u64,
    pub(super) redacted: RedactedCounts,
    pub(super) scoring: BatchSummary,
    pub(super) tally: Tally,
    pub(super) jobs: by_job::Jobs,
}

impl Made {
    /// Adds what scoring made of other calls.
    pub(super) fn add(&mut self, scoring: &BatchSummary, segments: &SegmentCounts) {
        let all = &mut self.scoring;
        all.taken += scoring.taken;
        all.scored += scoring.scored;
        all.duplicates += scoring.duplicates;
        all.stored += scoring.stored;
        all.failed += scoring.failed;
        all.units += scoring.units;
        self.segments.merge(segments);
    }

    /// Adds what was counted of other calls.
    pub(super) fn add_calls(&mut self, fold: &Fold) {
        self.calls_scored += fold.overview.scored();
        self.calls_low_coverage += fold.overview.low_coverage;
        self.language_assumed += fold.language_assumed;
        self.times_contradict += fold.times_contradict;
        self.redacted.merge(fold.redacted.clone());
    }

    /// Of all that calls come to in `fold`.
    pub(super) fn of(fold: &Fold, scoring: BatchSummary, tally: Tally) -> Self {
        Self {
            segments: fold.counts,
            calls_scored: fold.overview.scored(),
            calls_low_coverage: fold.overview.low_coverage,
            language_assumed: fold.language_assumed,
            times_contradict: fold.times_contradict,
            redacted: fold.redacted.clone(),
            scoring,
            tally,
            jobs: by_job::Jobs::default(),
        }
    }
}

/// The record of a run whose calls are all scored: the list of its files, its end, its seconds and its exit code are still blank.
pub(super) fn record(
    settings: &Settings,
    session: &Session,
    read: &Read,
    made: &Made,
    agents: &AgentsReport,
    started_at: Timestamp,
    call_model: Option<&RatingModel>,
) -> RunRecord {
    let profile = session.service.engine.profile();
    RunRecord {
        schema_version: SCHEMA_VERSION.to_owned(),
        run_id: log::run_id().to_owned(),
        undertone_version: env!("CARGO_PKG_VERSION").to_owned(),
        scoring_version: SCORING_VERSION.to_owned(),
        settings_hash: settings.hash(registry::keys()),
        engine: engine(settings, profile),
        call_model: call_model.map(|model| blake3::hash(model.to_toml().as_bytes()).to_hex().to_string()),
        started_at: started_at.to_string(),
        finished_at: String::new(),
        inputs: read.reports.iter().map(input).collect(),
        outputs: Vec::new(),
        counts: counts(read, made, agents),
        agents: agents.population.as_ref().map(Population::rounded),
        redaction: redaction(options::kinds(settings, profile), &made.redacted),
        night: None,
        via: made.jobs.is_way.then(|| "jobs".to_owned()),
        jobs: made.jobs.records.clone(),
        shard: None,
        share: None,
        service: service(session, profile, made.scoring.units + made.jobs.units),
        seconds: SecondsRecord::default(),
        exit_code: 0,
    }
}

/// What scores, by the settings.
pub(super) fn engine(settings: &Settings, profile: &Profile) -> EngineRecord {
    let granularity = settings.granularity.or(profile.granularity);
    EngineRecord {
        name: profile.name.to_owned(),
        model: profile.model.clone(),
        granularity: granularity.as_str().to_owned(),
    }
}

fn counts(read: &Read, made: &Made, agents: &AgentsReport) -> CountsRecord {
    let BatchSummary { taken, duplicates, stored, .. } = made.scoring;
    let tally = made.tally;
    CountsRecord {
        rows: read.rows,
        duplicate_rows: tally.duplicates,
        rejected_rows: read.rejected,
        turns: tally.turns,
        calls: tally.calls,
        calls_scored: made.calls_scored,
        calls_low_coverage: made.calls_low_coverage,
        calls_without_agent: agents.calls_without_agent,
        calls_language_assumed: made.language_assumed,
        calls_times_contradict: made.times_contradict,
        redacted_twins: tally.twins,
        agents: agents.agents.len() as u64,
        files_passed_over: read.passed_over,
        contact_records: read.contacts.map(|records| ContactsRecord {
            records,
            without_call: tally.contacts_without_call,
            calls_without: tally.calls_without_contact,
        }),
        segments: made.segments,
        documents: taken - duplicates - stored,
    }
}

/// What was kept back; `None` where nothing was looked for.
pub(super) fn redaction(kinds: Kinds, redacted: &RedactedCounts) -> Option<RedactionRecord> {
    (kinds != Kinds::default()).then(|| RedactionRecord {
        redaction_version: REDACTION_VERSION.to_owned(),
        kinds: kinds.iter().map(|kind| kind.to_string()).collect(),
        spans: redacted.masks.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
        segments_changed: redacted.segments,
    })
}

/// Requests to a remote engine; blank for a local one.
pub(super) fn service(session: &Session, profile: &Profile, planned_units: u64) -> ServiceRecord {
    if !profile.is_remote() {
        return ServiceRecord { planned_cost_usd: Some(0.0), cost_usd: Some(0.0), ..ServiceRecord::default() };
    }
    let requests = session.service.meter.read();
    let (most, least) = (profile.price.so_far(&requests), profile.price.so_far_at_least(&requests));
    let planned = match profile.price {
        Price::Free | Price::PerUnit(_) => profile.price.cost(planned_units),
        Price::PerTokens(_) | Price::PerTime(_) => None,
    };
    ServiceRecord {
        requests: requests.requests,
        throttles: requests.throttles,
        failures: requests.failures,
        retries: requests.retries,
        planned_units,
        billed_units: most.units,
        billed_units_least: least.units,
        tokens_in: most.tokens.input,
        tokens_out: most.tokens.output,
        endpoint_seconds: most.seconds,
        planned_cost_usd: planned,
        cost_usd: most.dollars,
        cost_low_usd: least.dollars.filter(|_| profile.is_charged()),
    }
}

fn input(report: &FileReport) -> InputRecord {
    let facts = report.found.facts.iter();
    InputRecord {
        path: report.path.clone(),
        bytes: report.bytes,
        blake3: report.hash.clone(),
        rows: report.rows,
        format: report.found.kind.to_owned(),
        encoding: report.encoding.as_str().to_owned(),
        compression: report.compression.map(str::to_owned),
        facts: FormatFacts(facts.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()),
    }
}
