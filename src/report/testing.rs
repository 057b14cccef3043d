//! Output directories for tests: made by the program's own roll-up and tables.

use std::collections::BTreeMap;
use std::path::Path;

use crate::output::{
    CallRow, CountsRecord, EngineRecord, FAILURES, REJECTS, RejectRow, RowEncoder, RunRecord, SEGMENTS, SecondsRecord,
    SegmentRow, ServiceRecord, agent_columns, call_columns,
};
use crate::rollup::{AgentBook, CallInput, ScoredRoles, roll_up, turn_scores};
use crate::sentiment::{Outcome, Scores, SegmentCounts};
use crate::transcript::{Call, Role, Timeline, Turn};

/// A run's directory in the making.
pub(crate) struct Sample {
    pub(crate) home: tempfile::TempDir,
    calls: BTreeMap<String, Vec<u8>>,
    segments: Vec<u8>,
    failures: Vec<u8>,
    counts: SegmentCounts,
    book: AgentBook,
    rejects: Vec<RejectRow>,
    /// Paths of input files.
    pub(crate) inputs: Vec<String>,
}

impl Sample {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            calls: BTreeMap::new(),
            segments: RowEncoder::new(&SEGMENTS, true).header(),
            failures: RowEncoder::new(&FAILURES, true).header(),
            counts: SegmentCounts::default(),
            book: AgentBook::default(),
            rejects: Vec::new(),
            inputs: Vec::new(),
        }
    }

    pub(crate) fn reject(&mut self, file: &str, reason: &str) {
        self.rejects.push(RejectRow { file: file.into(), line: 3, reason: reason.into() });
    }

    /// A call whose customer's turns have these scores, `None` for one that failed; the agent says four words after each.
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
        let scores = scores.iter().flat_map(|score| [score.map(scores_of), Some(scores_of(0.2))]).collect();
        self.add(&call, scores);
        call
    }

    fn add(&mut self, call: &Call, scores: Vec<Option<Scores>>) {
        let turns =
            turn_scores(scores.len(), scores.iter().enumerate().map(|(turn, scores)| (turn, 4, scores.as_ref())));
        let count = |number: usize| u32::try_from(number).unwrap();
        let rollup = roll_up(&CallInput {
            call,
            timeline: &Timeline::of(call),
            turns: &turns,
            scored_roles: ScoredRoles::BOTH,
            segments: count(scores.len()),
            segments_failed: count(scores.iter().filter(|scores| scores.is_none()).count()),
        });
        let low_coverage = rollup.low_coverage(crate::rollup::AgentOptions::default().min_coverage);
        self.book.add(&rollup);
        let mut line = Vec::new();
        RowEncoder::new(call_columns(), true).encode(&CallRow { rollup, engine: "local", low_coverage }, &mut line);
        self.calls.insert(call.id.to_string(), line);
        for (number, scores) in (1..).zip(scores) {
            self.add_segment(call, number, scores);
        }
    }

    fn add_segment(&mut self, call: &Call, number: u32, scores: Option<Scores>) {
        self.counts.segments += 1;
        let outcome = match scores {
            Some(scores) => Outcome::Scored(scores),
            None => Outcome::Failed { reason: "InternalServerException".into(), attempts: 4 },
        };
        let role = call.turns[number as usize - 1].role;
        let turns = u32::try_from(call.turns.len()).unwrap();
        let row = SegmentRow {
            call_id: (&*call.id).into(),
            segment: number,
            role,
            first_turn: number,
            last_turn: number,
            position: (2 * number - 1) * 500_000 / turns,
            chars: 18,
            outcome,
        };
        RowEncoder::new(&SEGMENTS, true).encode(&row, &mut self.segments);
        if row.outcome.scores().is_some() {
            self.counts.scored += 1;
        } else {
            self.counts.failed += 1;
            RowEncoder::new(&FAILURES, true).encode(&row, &mut self.failures);
        }
    }

    /// Writes all files, segments.csv if asked for.
    pub(crate) fn write(&self, detail: bool) -> &Path {
        let agents = self.book.finish();
        let mut encoder = RowEncoder::new(agent_columns(), true);
        let mut rows = encoder.header();
        for agent in &agents.agents {
            encoder.encode(agent, &mut rows);
        }
        self.put("agents.csv", &rows);
        let mut rows = RowEncoder::new(call_columns(), true).header();
        rows.extend(self.calls.values().flatten());
        self.put("calls.csv", &rows);
        self.put("failures.csv", &self.failures);
        if detail {
            self.put("segments.csv", &self.segments);
        }
        let mut encoder = RowEncoder::new(&REJECTS, true);
        let mut rows = encoder.header();
        for reject in &self.rejects {
            encoder.encode(reject, &mut rows);
        }
        self.put("rejects.csv", &rows);
        let mut record = serde_json::to_value(self.record()).unwrap();
        record["inputs"] = self.inputs.iter().map(|path| serde_json::json!({ "path": path, "rows": 7 })).collect();
        self.put("run.json", record.to_string().as_bytes());
        self.home.path()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.home.path().join(name), bytes).unwrap();
    }

    pub(crate) fn record(&self) -> RunRecord {
        let calls = self.calls.len() as u64;
        RunRecord {
            schema_version: "1.0",
            undertone_version: "0.0.0",
            scoring_version: "1",
            settings_hash: String::new(),
            engine: EngineRecord { name: "local", model: "test".into(), granularity: "turn" },
            started_at: String::new(),
            finished_at: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            counts: CountsRecord {
                rows: self.counts.segments,
                duplicate_rows: 0,
                rejected_rows: self.rejects.len() as u64,
                turns: self.counts.segments,
                calls,
                calls_scored: calls,
                calls_low_coverage: 0,
                calls_without_agent: 0,
                calls_language_assumed: 0,
                agents: 0,
                segments: self.counts,
                documents: self.counts.segments,
            },
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
