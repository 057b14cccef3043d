//! Output directories for tests: made by the program's own roll-up and tables.

use std::path::Path;

use super::Trend;
use crate::chunk::{ChunkOptions, Speakers, segments};
use crate::output::{
    CountsRecord, EngineRecord, Format, FormatFacts, InputRecord, OutputDirectory, RejectRow, RunRecord, SecondsRecord,
    ServiceRecord, Tables,
};
use crate::overview::Overview;
use crate::pipeline::{Fold, FoldOptions, Measured, Prepared, TakeCalls as _};
use crate::rollup::{AgentOptions, AgentsReport, Population, ScoredRoles};
use crate::sentiment::{Granularity, Outcome, Scores};
use crate::transcript::{Call, Role, Timeline, Turn};

/// A run in the making.
pub(crate) struct Sample {
    pub(crate) home: tempfile::TempDir,
    /// Each with what became of its turns.
    calls: Vec<(Call, Vec<Outcome>)>,
    rejects: Vec<RejectRow>,
    /// Paths of input files.
    pub(crate) inputs: Vec<String>,
}

impl Sample {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), calls: Vec::new(), rejects: Vec::new(), inputs: Vec::new() }
    }

    pub(crate) fn reject(&mut self, file: &str, reason: &str) {
        self.rejects.push(RejectRow { file: file.into(), line: 3, reason: reason.into() });
    }

    /// A call whose customer's turns have these scores, `None` for one that failed; the agent has four words after each.
    pub(crate) fn call(&mut self, id: &str, agent: &str, scores: &[Option<f64>]) -> Call {
        self.call_in(id, agent, None, None, scores)
    }

    pub(crate) fn call_in(
        &mut self,
        id: &str,
        agent: &str,
        queue: Option<&str>,
        date: Option<&str>,
        scores: &[Option<f64>],
    ) -> Call {
        let turn = |role, text: &str| Turn {
            role,
            text: text.into(),
            agent_id: (role == Role::Agent && !agent.is_empty()).then(|| agent.into()),
            start_ms: None,
            end_ms: None,
        };
        let call = Call {
            id: id.into(),
            turns: scores
                .iter()
                .flat_map(|_| [turn(Role::Customer, "one two three four"), turn(Role::Agent, "five six seven eight")])
                .collect(),
            queue: queue.map(Into::into),
            language: Some("en".into()),
            date: date.map(Into::into),
            ..Call::default()
        };
        let outcome = |score: Option<f64>| match score {
            Some(score) => Outcome::Scored(scores_of(score)),
            None => Outcome::Failed { reason: "InternalServerException".into(), attempts: 4 },
        };
        let outcomes = scores.iter().flat_map(|score| [outcome(*score), outcome(Some(0.2))]).collect();
        self.calls.push((call.clone(), outcomes));
        call
    }

    /// All calls, cut by turns.
    fn fold(&self, detail: bool) -> Fold {
        let min_coverage = AgentOptions::default().min_coverage;
        let scored_roles = ScoredRoles::BOTH;
        let mut fold = Fold::new(FoldOptions {
            engine: "local",
            scored_roles,
            min_coverage,
            detail,
            guard: true,
            call_model: None,
            row_bytes: crate::output::MEMORY_BYTES,
        });
        let cut = ChunkOptions::new(Granularity::Turn, 500, 5000, None, Speakers::Both).unwrap();
        for (call, outcomes) in &self.calls {
            let timeline = Timeline::of(call);
            let segments = segments(call, &timeline, &cut);
            let prepared = Prepared {
                measured: Measured { call: call.clone(), timeline, language_assumed: false, masks: Vec::new() },
                segments,
                steps: Vec::new(),
            };
            fold.finish_call(&prepared, outcomes.clone()).unwrap();
        }
        for reject in &self.rejects {
            fold.overview.add_reject(&reject.reason);
        }
        fold
    }

    /// What the calls come to as a run gathers it.
    pub(crate) fn overview(&self) -> Overview {
        self.fold(false).overview
    }

    /// The page as a run draws it, with `detail` or without.
    pub(crate) fn page(&self, detail: bool) -> String {
        self.page_with(detail, None)
    }

    /// The page with a trend.
    pub(crate) fn page_with(&self, detail: bool, trend: Option<&Trend>) -> String {
        let fold = self.fold(detail);
        let agents = fold.agents.finish();
        super::page(&self.record(&fold, &agents), &fold.overview, &super::agents(&agents, true), trend)
    }

    /// Writes all files but the page, segments.csv if asked for.
    pub(crate) fn write(&self, detail: bool) -> &Path {
        let fold = self.fold(detail);
        let agents = fold.agents.finish();
        let record = serde_json::to_vec(&self.record(&fold, &agents)).unwrap();
        let mut directory = OutputDirectory::open(self.home.path()).unwrap();
        let tables = Tables {
            sample: None,
            calls: fold.calls.into(),
            segments: detail.then(|| fold.segments.into()),
            failures: fold.failures.into(),
            agents: &agents,
            rejects: &self.rejects,
        };
        tables.write(&mut directory, Format { bom: false, guard: true, parquet: false }).unwrap();
        directory.write(RunRecord::FILE, |out| out.write_all(&record).map(|()| None)).unwrap();
        directory.commit().unwrap();
        self.home.path()
    }

    fn record(&self, fold: &Fold, agents: &AgentsReport) -> RunRecord {
        let input = |path: &String| InputRecord {
            path: path.clone(),
            bytes: 0,
            blake3: String::new(),
            rows: 7,
            format: "turns".into(),
            encoding: "UTF-8".into(),
            compression: None,
            facts: FormatFacts::default(),
        };
        RunRecord {
            schema_version: "1.0".into(),
            run_id: String::new(),
            undertone_version: "0.0.0".into(),
            scoring_version: "1".into(),
            settings_hash: String::new(),
            engine: EngineRecord { name: "local".into(), model: "test".into(), granularity: "turn".into() },
            call_model: None,
            started_at: String::new(),
            finished_at: String::new(),
            inputs: self.inputs.iter().map(input).collect(),
            outputs: Vec::new(),
            counts: CountsRecord {
                files_passed_over: 0,
                contact_records: None,
                rows: fold.turns,
                duplicate_rows: 0,
                rejected_rows: self.rejects.len() as u64,
                turns: fold.turns,
                calls: fold.overview.calls,
                calls_scored: fold.overview.scored(),
                calls_low_coverage: fold.overview.low_coverage,
                calls_without_agent: agents.calls_without_agent,
                calls_language_assumed: fold.language_assumed,
                calls_times_contradict: fold.times_contradict,
                redacted_twins: 0,
                agents: agents.agents.len() as u64,
                segments: fold.counts,
                documents: fold.counts.segments,
            },
            agents: agents.population.as_ref().map(Population::rounded),
            redaction: None,
            night: None,
            via: None,
            jobs: Vec::new(),
            shard: None,
            share: None,
            service: ServiceRecord::default(),
            seconds: SecondsRecord::default(),
            exit_code: 0,
        }
    }
}

/// Scores whose difference is `score`.
pub(crate) fn scores_of(score: f64) -> Scores {
    let (positive, negative) = (score.max(0.0), (-score).max(0.0));
    Scores::new(positive, negative, 1.0 - positive - negative, 0.0).unwrap()
}
