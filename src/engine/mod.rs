//! What scores a document: one trait, and one file or folder per engine behind it.
//!
//! An [`Engine`] takes a [`Batch`] of documents in one language and returns an answer for each of them, in the
//! batch's order. What could not be scored is data ([`DocumentError`]); only a request that as a whole brought
//! no answer is an `Err`. Timeouts, metering, pacing, retry and the rest are engines around an engine; [`Service`]
//! puts them together in the one order that is right.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::exit::{ExitCode, Stops};
use crate::sentiment::{Granularity, Limits, Scores};
use crate::transcript::Text;

#[cfg(test)]
mod added;
#[cfg(feature = "aws")]
pub(crate) mod aws;
pub mod bedrock;
pub mod breaker;
pub mod budgeted;
pub mod comprehend;
pub mod custom;
pub mod deadline;
pub mod halt;
#[cfg(feature = "jobs")]
mod jobs_only;
mod labels;
pub mod local;
pub mod pace;
pub mod price;
pub mod registry;
pub mod requests;
pub mod retry;
pub mod sagemaker;
#[cfg(test)]
pub(crate) mod script;
mod service;
pub mod split;
#[cfg(any(feature = "aws", test))]
#[cfg_attr(not(any(feature = "bedrock", test)), allow(dead_code, reason = "for engines that are charged for tokens"))]
pub mod tokens;
pub mod watched;

pub use halt::{Halt, HaltReason};
pub use price::Price;
pub use requests::{Meter, Requests};
pub use service::Service;
#[cfg(any(feature = "aws", test))]
pub use service::ServiceOptions;
pub use watched::Watched;

/// One text to score.
#[derive(Debug, Clone)]
pub struct Document {
    /// What is sent: at most the engine's limits.
    pub text: Text,
}

/// Documents of one language that travel in one request.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The language code that all documents share.
    pub language: Box<str>,
    /// At most [`Limits::batch_documents`] documents.
    pub documents: Vec<Document>,
    /// Whether a larger request that held them has failed for one of its documents.
    pub is_suspect: bool,
}

/// What became of one document: its scores, or why there are none.
pub type Answer = Result<Scores, DocumentError>;

/// Why one document of an answered request has no scores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct DocumentError {
    /// The engine's own code, such as `InternalServerException`, or one of ours in `snake_case`.
    pub code: Box<str>,
    /// Whether asking again may help.
    pub retriable: bool,
}

/// The code of a request that was never sent, because nothing could sign it: the source of credentials, which had
/// given some before, failed.
pub const CREDENTIALS_UNAVAILABLE: &str = "credentials_unavailable";
/// The code of a run that ended because the service did nothing but throttle.
pub const ONLY_THROTTLED: &str = "only_throttled";
/// The code of a request that got no answer in its time.
pub const TIMEOUT: &str = "timeout";
/// The code of a request whose model got no answer ready in its time, and goes on working at it.
pub const MODEL_TIMEOUT: &str = "model_timeout";
/// The code of a request that came while a model was being loaded.
pub const MODEL_NOT_READY: &str = "model_not_ready";
/// The code of a request that was never sent, because no connection could be made.
pub const UNREACHABLE: &str = "unreachable";

/// Why a request as a whole brought no answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// The service's own code, where it sent one.
    pub code: Option<Box<str>>,
    /// What happened, without any text of a transcript.
    pub message: String,
    /// How many requests were tried before this was given up.
    pub attempts: u32,
    /// How often the request is worth trying in all, whatever else the service answers; `None` where that is retry's to judge.
    pub worth: Option<u32>,
    /// What the person who runs the program can do about it.
    pub hint: Option<Cow<'static, str>>,
}

impl EngineError {
    /// An error of one attempt, without a code.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, code: None, message: message.into(), attempts: 1, worth: None, hint: None }
    }

    /// The same error with the service's code, or one of ours in `snake_case`.
    pub fn with_code(mut self, code: impl Into<Box<str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The code, else the kind in one word: what goes into a list of failures.
    pub fn reason(&self) -> &str {
        match (&self.code, self.kind) {
            (Some(code), _) => code,
            (None, ErrorKind::Throttled) => "throttled",
            (None, ErrorKind::Transient) => "transient",
            (None, ErrorKind::Rejected) => "rejected",
            (None, ErrorKind::Refused) => "refused",
        }
    }

    /// The same error, of a request that is worth so many tries in all.
    #[cfg(any(feature = "aws", test))]
    pub const fn worth(mut self, tries: u32) -> Self {
        self.worth = Some(tries);
        self
    }

    /// The same error with what the person who runs the program can do about it.
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Stops for EngineError {
    fn code(&self) -> ExitCode {
        match self.code.as_deref() {
            Some(budgeted::BUDGET_REACHED) => ExitCode::Budget,
            Some(watched::MISCONFIGURED) => ExitCode::Settings,
            Some(watched::MODEL_CHANGED) => ExitCode::TryLater,
            _ => ExitCode::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone().map(Cow::into_owned)
    }
}

/// What a caller can do about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The service asks for fewer requests: send again later, and slower.
    Throttled,
    /// A fault that may pass: a 5xx, a reset, a timeout, an answer that can't be read.
    Transient,
    /// This request is not acceptable as it is, others may be: its documents fail, or are tried alone if there are several.
    Rejected,
    /// Nothing sent by this run will be answered: credentials, access, region. The run stops.
    Refused,
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient fault",
            Self::Rejected => "request rejected",
            Self::Refused => "refused",
        })
    }
}

/// Where an engine scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In this process: no text leaves the machine.
    Local,
    /// Behind a service: texts are sent to it, request by request.
    Remote,
}

/// Language codes that an engine scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Languages {
    /// Every one.
    Any,
    /// These, the one that a text of unknown language is taken for first.
    Listed(Vec<&'static str>),
}

impl Languages {
    /// Whether `code` is scored.
    pub fn contain(&self, code: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(codes) => codes.contains(&code),
        }
    }

    /// The one that a text of unknown language is taken for.
    pub fn first(&self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Listed(codes) => codes.first().copied(),
        }
    }
}

/// What the rest of the program must know of an engine. Each field is one fact, from which no other follows: a free
/// engine may be remote, and a local one may have its scores kept.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name used in flags and outputs.
    pub name: &'static str,
    /// The engine's own name, whatever settings call it.
    pub kind: &'static str,
    /// The model or API version: with the kind, what a stored score is valid for. Empty where it is known only once the
    /// service was asked.
    pub model: String,
    /// Where that model can be swapped behind its name, such as the name of an endpoint; `None` for one that can't.
    pub place: Option<String>,
    /// Whether texts leave the machine.
    pub location: Location,
    /// Whether scores are kept in the store for later runs.
    pub is_stored: bool,
    /// Whether each document is sent as one line, as a file of them needs it.
    pub one_line: bool,
    /// Languages it can score.
    pub languages: Languages,
    /// How large documents and requests may be.
    pub limits: Limits,
    /// What `--granularity auto` means for it.
    pub granularity: Granularity,
    /// What it charges.
    pub price: Price,
    /// Batches on their way at once, unless set otherwise.
    pub concurrency: usize,
    /// Requests a second at most; `None` where nothing limits them.
    pub requests_per_second: Option<f64>,
    /// US dollars a month that are charged whatever is scored, besides what `price` charges.
    pub monthly: f64,
    /// How long the first score takes to come, however few documents there are: a job's start, the loading of a model.
    pub start_up: Duration,
    /// Where texts go, as in "texts go …".
    pub texts_go: Cow<'static, str>,
    /// Who can change the model, as in "the model is changed by …".
    pub model_changed_by: Cow<'static, str>,
}

impl Profile {
    /// Whether texts leave the machine.
    pub fn is_remote(&self) -> bool {
        self.location == Location::Remote
    }

    /// Whether anything is charged.
    pub fn is_charged(&self) -> bool {
        self.price != Price::Free
    }
}

/// Something that scores documents.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What it is and can do. Never does I/O.
    fn profile(&self) -> &Profile;

    /// Scores a batch: one answer a document, in the batch's order.
    ///
    /// # Errors
    /// [`EngineError`] when the request as a whole brought no answer. Cancel safe: dropping the future
    /// abandons the request.
    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError>;
}

#[async_trait]
impl<E: Engine + ?Sized> Engine for Arc<E> {
    fn profile(&self) -> &Profile {
        (**self).profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        (**self).score(batch).await
    }
}
