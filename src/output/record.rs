//! run.json: what was read, sent, paid and written, so that a run can be checked and repeated.
//!
//! It is written last: a directory whose run.json names the hashes of its files is whole. It is the only output
//! that holds times and paths, and so the only one that differs from run to run.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ReadError, ShareRecord, WrittenFile};
use crate::rollup::Population;
use crate::words::{Count, counted};

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The version of the tables' columns.
    pub schema_version: String,
    /// The id that each JSON line of the run's log has; empty in a record of before there was one.
    #[serde(default)]
    pub run_id: String,
    /// The program's version.
    pub undertone_version: String,
    /// The version of the formulas.
    pub scoring_version: String,
    /// BLAKE3 of the settings that decide results.
    pub settings_hash: String,
    /// What scored.
    pub engine: EngineRecord,
    /// BLAKE3 of the model that expected ratings of calls, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_model: Option<String>,
    /// When the run began, in UTC.
    pub started_at: String,
    /// When the outputs were complete, in UTC.
    pub finished_at: String,
    /// What was read.
    pub inputs: Vec<InputRecord>,
    /// What was written, except this file.
    pub outputs: Vec<WrittenFile>,
    /// What was counted.
    pub counts: CountsRecord,
    /// What the agents have in common, and whether they differ; `None` for fewer than 5 agents with scored calls, and in
    /// a record of before this was measured.
    #[serde(default)]
    pub agents: Option<Population>,
    /// What was kept back of the text; nothing where it was sent, or scored here, as it is. A record of before there
    /// was redaction can be read too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<RedactionRecord>,
    /// What a night published; nothing of a single run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<NightRecord>,
    /// How texts reached the service, where that was by jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The jobs that this run collected, in the order in which they ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobRecord>,
    /// Which part of a run this is, such as `3/16`; nothing of a whole one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// What a service scored of the calls, and what it would have given to all; nothing of a run that it scored whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareRecord>,
    /// Requests to the service, and what it charges.
    pub service: ServiceRecord,
    /// Seconds by phase.
    pub seconds: SecondsRecord,
    /// The exit code: 0, or 3 if segments failed or rows were rejected.
    pub exit_code: u8,
}

impl RunRecord {
    /// Its name in an output directory.
    pub const FILE: &str = "run.json";

    /// Reads a record.
    ///
    /// # Errors
    /// [`ReadError`] naming the file.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let bytes = std::fs::read(path).map_err(ReadError::file(path))?;
        serde_json::from_slice(&bytes).map_err(|source| ReadError::Record { path: path.to_owned(), source })
    }
}

/// Writes a record as its file holds it; it has no rows.
pub(crate) fn write_record(record: &RunRecord, mut out: &mut dyn std::io::Write) -> std::io::Result<Option<u64>> {
    serde_json::to_writer_pretty(&mut out, record)?;
    out.write_all(b"\n")?;
    Ok(None)
}

/// What scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineRecord {
    /// Its name.
    pub name: String,
    /// Its model or API version.
    pub model: String,
    /// How calls were cut for it.
    pub granularity: String,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its name.
    pub name: String,
    /// The service's id for it.
    pub id: String,
    /// How it ended: `completed`, `failed` or `stopped`.
    pub state: String,
    /// Documents in it.
    pub documents: u64,
    /// Documents that it has no scores for. Those that may pass were then sent in requests.
    pub failed: u64,
    /// From its start to its end, as the service has it.
    pub seconds: Option<f64>,
    /// Documents of whose classes two or more were missing, and share evenly what the others leave of 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub classes_shared: u64,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// As it was named or found.
    pub path: String,
    /// Its length as it lies on the disk.
    pub bytes: u64,
    /// BLAKE3 of those bytes.
    pub blake3: String,
    /// Rows in it, rejected ones included.
    pub rows: u64,
    /// What kind of file it is: whether a row is a turn or a conversation.
    pub format: String,
    /// The encoding found.
    pub encoding: String,
    /// The compression, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// What the format found, such as the delimiter and the column of each field.
    #[serde(flatten)]
    pub facts: FormatFacts,
}

/// Names with values: written in their order, read in the order of the names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FormatFacts(pub Vec<(String, serde_json::Value)>);

impl Serialize for FormatFacts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for FormatFacts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let facts = serde_json::Map::deserialize(deserializer)?;
        Ok(Self(facts.into_iter().collect()))
    }
}

/// What a night published, and what it left.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NightRecord {
    /// Dates that were published, with their revision.
    pub published: BTreeMap<String, u64>,
    /// Dates without calls from now on, which were taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Calls that wait, by date: they are in no partition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingRecord>,
    /// Calls of tonight's inputs that have no date.
    pub undated_calls: u64,
    /// Agents whose last weeks differ from their own before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents_lately: Vec<AgentLatelyRecord>,
}

/// An agent whose last whole weeks differ from those before. Means are less those of all agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentLatelyRecord {
    /// The agent.
    pub agent_id: String,
    /// The Monday of the last week.
    pub week: String,
    /// Mean customer score of that week.
    pub customer_score: f64,
    /// What the agent's weeks before let expect.
    pub expected: f64,
    /// The least false discovery rate at which the agent is named.
    pub q_value: f64,
}

/// Calls of a date that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRecord {
    /// The date.
    pub date: String,
    /// Calls.
    pub calls: u64,
    /// `late`: the date lies before the lookback; `gone`: one of its inputs is gone; `edited`: a file of its partition
    /// was changed.
    pub reason: String,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountsRecord {
    /// Rows of all inputs.
    pub rows: u64,
    /// Rows that repeat another one exactly.
    pub duplicate_rows: u64,
    /// Rows that could not be used.
    pub rejected_rows: u64,
    /// Turns.
    pub turns: u64,
    /// Calls.
    pub calls: u64,
    /// Calls with a customer score.
    pub calls_scored: u64,
    /// Calls too little of which was scored to count for their agents.
    pub calls_low_coverage: u64,
    /// Calls that name no agent.
    pub calls_without_agent: u64,
    /// Calls whose language is that of their file, of the run or of the engine, since their own words are too few. A
    /// record of before this was counted can be read too.
    #[serde(default)]
    pub calls_language_assumed: u64,
    /// Calls with times that contradict each other: their turns are placed by words. 0 in a record of before this was
    /// counted.
    #[serde(default)]
    pub calls_times_contradict: u64,
    /// Calls that were read both raw and redacted: the redacted one counts.
    #[serde(default)]
    pub redacted_twins: u64,
    /// Agents.
    pub agents: u64,
    /// Files in directories that are no transcripts.
    #[serde(default)]
    pub files_passed_over: u64,
    /// Contact records beside the transcripts, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_records: Option<ContactsRecord>,
    /// Segments by outcome: `segments = scored + cached + failed + skipped`.
    #[serde(flatten)]
    pub segments: crate::sentiment::SegmentCounts,
    /// Documents that were sent: scored and failed segments without the repetitions of identical texts.
    pub documents: u64,
}

/// Contact records, and what they match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactsRecord {
    /// Records, rejected ones included.
    pub records: u64,
    /// Records of calls that no transcript holds.
    pub without_call: u64,
    /// Calls that no record describes.
    pub calls_without: u64,
}

/// What was kept back of the text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RedactionRecord {
    /// The version of the rules.
    pub redaction_version: String,
    /// The kinds that were looked for.
    pub kinds: Vec<String>,
    /// Pieces of personal data that were replaced, by kind.
    pub spans: BTreeMap<String, u64>,
    /// Segments that are not as they were said.
    pub segments_changed: u64,
}

/// Requests to the service, and what it charges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// Requests, every attempt counted.
    pub requests: u64,
    /// Requests that were refused for their rate.
    pub throttles: u64,
    /// Requests that failed otherwise.
    pub failures: u64,
    /// Requests that repeated one.
    pub retries: u64,
    /// Units that were planned, by the upper bound.
    pub planned_units: u64,
    /// Units billed at most: the minimum holds for each document, and requests whose answer was lost are charged too.
    pub billed_units: u64,
    /// Units billed at least: the minimum and the rounding hold for each request, and only what was answered is charged.
    pub billed_units_least: u64,
    /// Tokens sent and answered, by the service's count, where it charges for them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tokens_in: u64,
    /// Tokens answered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tokens_out: u64,
    /// Seconds that are charged for, where the service charges for time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_seconds: Option<f64>,
    /// Dollars for what was planned; nothing where it is not known before, or no setting states a price.
    #[serde(default)]
    pub planned_cost_usd: Option<f64>,
    /// Dollars at most for what was sent, at the configured prices; nothing where no setting states one.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// Dollars at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_low_usd: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ServiceRecord {
    /// Adds what another part of the run sent. Dollars are added as they are, though the price of a unit may fall with their
    /// number.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.throttles += other.throttles;
        self.failures += other.failures;
        self.retries += other.retries;
        self.planned_units += other.planned_units;
        self.billed_units += other.billed_units;
        self.billed_units_least += other.billed_units_least;
        self.tokens_in += other.tokens_in;
        self.tokens_out += other.tokens_out;
        for (own, more) in [
            (&mut self.endpoint_seconds, other.endpoint_seconds),
            (&mut self.planned_cost_usd, other.planned_cost_usd),
            (&mut self.cost_usd, other.cost_usd),
            (&mut self.cost_low_usd, other.cost_low_usd),
        ] {
            // What one of them does not know is not known of both.
            *own = own.zip(more).map(|(own, more)| ((own + more) * 1e9).round() / 1e9);
        }
    }

    /// What was charged for, at most, in words: `at most $0.0123 for 123 units`, `$0.0042 for 41.2 s`.
    pub fn charged(&self, dollars: impl Fn(f64) -> String) -> String {
        let cost = match self.cost_usd {
            None => "an amount that is not known, since no setting states the price,".to_owned(),
            Some(cost) => format!("at most {}", dollars(cost)),
        };
        let what = if self.tokens_in + self.tokens_out > 0 {
            format!("{} tokens in and {} out", Count(self.tokens_in), Count(self.tokens_out))
        } else if let Some(seconds) = self.endpoint_seconds {
            format!("{seconds:.1} s of the endpoint")
        } else {
            counted(self.billed_units, "unit")
        };
        format!("{cost} for {what}")
    }
}

/// Seconds by phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct SecondsRecord {
    /// Reading and sorting rows into calls.
    pub read: f64,
    /// Adding up what will be billed; 0 for an engine that charges nothing.
    pub plan: f64,
    /// Chunking, scoring and rolling up.
    pub score: f64,
    /// Writing.
    pub write: f64,
}

impl SecondsRecord {
    /// Adds those of another part of the run, which may have passed at the same time.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.plan += other.plan;
        self.score += other.score;
        self.write += other.write;
    }
}
