//! What a service's job way is: one trait, and one file per service behind it.
//!
//! A job reads one file of texts from a bucket and writes its answers there. An implementation knows the operations, the
//! form of a line and of the output, and the limits; when to start, ask and collect is this room's.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::engine::price::Tokens;
use crate::engine::watched::misconfigured;
use crate::engine::{Answer, EngineError};
use crate::sentiment::Limits;

/// What a service takes as one job, and how it lets itself be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which jobs these are, in the journal: an engine and a kind of job.
    pub kind: &'static str,
    /// Most lines of a file.
    pub most_lines: u64,
    /// Most bytes of a file.
    pub most_bytes: u64,
    /// Least lines of a file: fewer go by request.
    pub least_lines: u64,
    /// Least bytes of a file: fewer go by request.
    pub least_bytes: u64,
    /// Whether a line has as many texts as a request, and not one.
    pub is_grouped: bool,
    /// Jobs at the same time.
    pub at_once: usize,
    /// How long a small one takes.
    pub takes: Duration,
    /// The time between two that are started.
    pub start_gap: Duration,
    /// Whether a job that was started can be stopped.
    pub can_stop: bool,
    /// How the output is packed.
    pub packed: Packed,
    /// What the file is called in its folder; a folder of objects ends in `/`.
    pub input: &'static str,
    /// How the command line of AWS asks for a job, before its id.
    pub describe: &'static str,
}

impl Terms {
    /// Texts of a line, where a request has so many at most.
    pub const fn group(&self, limits: &Limits) -> u64 {
        if self.is_grouped { limits.batch_documents as u64 } else { 1 }
    }

    /// Most documents of a file whose lines have `group` texts, where the settings name `part`.
    pub fn most_documents(&self, part: u64, group: u64) -> u64 {
        part.max(self.least_lines * group).min(self.most_lines * group)
    }

    /// Least documents of a file whose lines have `group` texts.
    pub const fn least_documents(&self, group: u64) -> u64 {
        self.least_lines.saturating_sub(1) * group + 1
    }
}

/// What a line of an output states.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Read {
    /// Of each of its texts.
    pub lines: Vec<Line>,
    /// Tokens that it has used, where the service charges for them.
    pub tokens: Tokens,
}

impl From<Line> for Read {
    fn from(line: Line) -> Self {
        Self { lines: vec![line], tokens: Tokens::default() }
    }
}

/// What a line of an output states of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which text of the file: the first one has 0.
    pub number: u64,
    /// What became of its text.
    pub answer: Answer,
    /// Whether several classes were missing, and share evenly what the others leave of 1.
    pub is_shared: bool,
}

/// How answers are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    /// Lines in the files of a compressed archive.
    TarGz,
    /// An object for each one of the input, of as many lines in the same order, or none at all where one of them failed. The
    /// input is several objects of at most so many lines. What there is counts, however the job has ended.
    Objects(u64),
    /// Lines in objects below the folder of the output, whose names end in `.out` behind that of the input. What there is counts,
    /// however the job has ended.
    Plain,
}

/// A job to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its name, which no other job has.
    pub name: String,
    /// What makes a repetition of the request no second job.
    pub token: String,
    /// The language of all texts.
    pub language: String,
    /// The address of the file.
    pub input: String,
    /// The folder for the output.
    pub output: String,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its state.
    pub state: JobState,
    /// The address of its output, which proves nothing of there being one.
    pub output: Option<String>,
    /// The code of what went wrong; never the service's own words, which may repeat a text.
    pub code: Option<String>,
    /// From its start to its end.
    pub seconds: Option<f64>,
}

/// The state of a job, as the service has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Accepted.
    Submitted,
    /// At work.
    InProgress,
    /// Done.
    Completed,
    /// Ended with results for a part of the texts.
    PartiallyCompleted,
    /// Ended because its turn did not come in time.
    Expired,
    /// Ended without a result.
    Failed,
    /// About to be stopped.
    StopRequested,
    /// Stopped; what was done by then is in the output.
    Stopped,
}

impl Packed {
    /// Whether a job that failed may have an output.
    pub const fn outlives_failure(self) -> bool {
        matches!(self, Self::Objects(_) | Self::Plain)
    }
}

impl JobState {
    /// Whether it will not change any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Submitted | Self::InProgress | Self::StopRequested)
    }

    /// Whether it has ended as it may on any day: what it left over is sent another way, and the run goes on.
    pub const fn is_in_order(self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyCompleted | Self::Expired)
    }

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A service that takes jobs. Every function is one request, sent once.
#[async_trait]
pub trait JobService: Send + Sync {
    /// What it takes.
    fn terms(&self) -> &Terms;

    /// The region that it is in.
    fn region(&self) -> &str;

    /// Starts a job and gives its id.
    ///
    /// # Errors
    /// [`EngineError`]; unless its kind is a refusal or a rejection, the job may have been started.
    async fn start(&self, order: &Order) -> Result<String, EngineError>;

    /// The id of the job of this name, if there is one.
    ///
    /// # Errors
    /// [`EngineError`].
    async fn find(&self, name: &str) -> Result<Option<String>, EngineError>;

    /// How a job stands; `None` if there is no such job.
    ///
    /// # Errors
    /// [`EngineError`].
    async fn look(&self, id: &str) -> Result<Option<Standing>, EngineError>;

    /// Asks for a job to be stopped.
    ///
    /// # Errors
    /// [`EngineError`].
    async fn stop(&self, id: &str) -> Result<(), EngineError>;

    /// Puts a line at the end of a file: one text, or several where lines are groups. `first` is the number of the first of them.
    fn write(&self, first: u64, texts: &[&str], file: &mut Vec<u8>);

    /// What a line of an output states of its texts; `None` for one that can't be read. `number` is its place, which counts where
    /// lines do not name theirs.
    fn read(&self, number: u64, line: &[u8]) -> Option<Read>;

    /// Objects that a job should have at least, where its input is several.
    fn spread(&self) -> u64 {
        1
    }

    /// Whether what a job leaves over can go in requests. Without them, a job of fixed texts shows that the settings fit before
    /// any other text is sent, and what a job leaves over goes out in one more.
    fn has_requests(&self) -> bool {
        true
    }

    /// What is wrong with the settings, where a fixed text got this code and no scores.
    fn explain(&self, code: &str) -> EngineError {
        unfit(code)
    }
}

/// The error for settings by which a fixed text got this code and no scores.
pub(crate) fn unfit(code: &str) -> EngineError {
    let message = format!("a job of fixed texts, which are no customer's, gave no scores: {code}");
    misconfigured(message, "check the labels in the settings, and whether the model is trained for sentiment")
}
