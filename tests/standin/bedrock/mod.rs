//! A stand-in for Amazon Bedrock: `Converse` of one region, as strict as the service about signatures, fields, schemas and
//! tokens, with a model that counts words and misbehaves on request.
//!
//! With a bucket beside it, it has jobs of batch inference too.
//!
//! The parts: [`request`] what is asked and whether it may be, [`model`] what the model answers, [`quota`] tokens a minute,
//! [`serve`] the loop; `batches` the jobs. Texts are kept as hashes only.

#[cfg(feature = "jobs")]
pub(crate) mod batches;
mod model;
mod quota;
mod request;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::config::Credential;
use super::running::Running;
use super::service::ServiceError;
pub(crate) use model::Quirk;
use serve::State;

/// A model that the account may ask.
pub(crate) const MODEL: &str = "amazon.nova-lite-v1:0";
/// One whose answered tokens count five times.
pub(crate) const CLAUDE: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";

/// What can be told to a stand-in.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Port on 127.0.0.1; 0 takes any free one.
    pub(crate) port: u16,
    pub(crate) region: &'static str,
    pub(crate) credentials: Vec<Credential>,
    /// Ids of models that may be asked.
    pub(crate) models: Vec<&'static str>,
    /// Whether models take a schema, and a tool.
    pub(crate) schemas: bool,
    pub(crate) tools: bool,
    /// Tokens a minute; `None` for no limit.
    pub(crate) tokens_a_minute: Option<u64>,
    /// Time to an answer.
    pub(crate) latency: Duration,
    /// Time more for the first request with a schema.
    pub(crate) compiling: Duration,
    /// What goes wrong with the next requests, one each.
    pub(crate) script: VecDeque<Fault>,
    /// What goes wrong with others, as shares of 1.
    pub(crate) shares: Vec<(f64, Fault)>,
    /// Requests at the beginning for which neither holds: those of a probe.
    pub(crate) spared: u64,
    /// What happens to a request that holds such a text, each time.
    pub(crate) poison: Option<(&'static str, Poison)>,
    /// The most texts that fit into the model's window.
    pub(crate) window: usize,
    pub(crate) seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            region: "us-east-1",
            credentials: vec![Credential::default()],
            models: vec![MODEL, CLAUDE],
            schemas: true,
            tools: true,
            tokens_a_minute: None,
            latency: Duration::ZERO,
            compiling: Duration::ZERO,
            script: VecDeque::new(),
            shares: Vec::new(),
            spared: 0,
            poison: None,
            window: usize::MAX,
            seed: 1,
        }
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// An error instead of an answer, whose message repeats what was sent.
    Refuse(u16, &'static str),
    /// The same with a message of its own.
    RefuseWith(u16, &'static str, &'static str),
    /// The connection is reset, after the model has answered.
    Reset,
    /// No answer.
    Hang,
    /// Status 200 with a body that is no JSON.
    Garbage,
    /// The model stops for this reason, with nothing said.
    Stop(&'static str),
    /// The model answers otherwise than it should.
    Quirk(Quirk),
}

/// What a text does to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poison {
    /// The model stops for this reason.
    Stop(&'static str),
    /// The request is not valid.
    Invalid,
    /// Its id is left out.
    Ignored,
}

/// What a stand-in has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Statistics {
    /// Requests read in full; `GET /stats` is none.
    pub(crate) requests: u64,
    /// Answered with status 200 and an intact body.
    pub(crate) answered: u64,
    /// Error answers by code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Answered requests by the form that bound them.
    pub(crate) forms: BTreeMap<&'static str, u64>,
    /// Texts in answered requests by how many a request had.
    pub(crate) sizes: BTreeMap<usize, u64>,
    /// Texts in valid requests.
    pub(crate) texts: u64,
    /// Texts that differ.
    pub(crate) distinct: u64,
    /// Texts in requests whose answer was whole, after such an answer had come before.
    pub(crate) labelled_again: u64,
    /// Tokens charged.
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    /// Tokens that counted against the quota, and the most in any minute.
    pub(crate) counted: u64,
    pub(crate) most_in_a_minute: u64,
    /// Milliseconds from the first request to the last answer.
    pub(crate) lasted_ms: u64,
}

/// A running stand-in. Dropping it stops the server.
pub(crate) struct Bedrock {
    running: Running,
    state: Arc<Mutex<State>>,
}

impl Bedrock {
    pub(crate) fn start(config: Config) -> Self {
        let port = config.port;
        let state = Arc::new(Mutex::new(State::new(config)));
        let shared = Arc::clone(&state);
        Self { running: Running::start("bedrock-standin", port, |listener| serve::serve(listener, shared)), state }
    }

    /// The same with jobs that read from and write to the bucket of `s3`, which is in the same region.
    #[cfg(feature = "jobs")]
    pub(crate) fn with_jobs(config: Config, jobs: batches::BatchConfig, s3: &super::s3::S3) -> Self {
        let bedrock = Self::start(config);
        bedrock.lock().batches = Some(batches::Batches::new(jobs, s3.handle()));
        bedrock
    }

    /// Looks at its jobs, or changes what they do.
    ///
    /// # Panics
    /// For a stand-in without jobs.
    #[cfg(feature = "jobs")]
    pub(crate) fn batches<T>(&self, look: impl FnOnce(&mut batches::Batches) -> T) -> T {
        look(self.lock().batches.as_mut().expect("it was started with jobs"))
    }

    /// Such as `http://127.0.0.1:40123`.
    pub(crate) fn endpoint(&self) -> String {
        self.running.endpoint()
    }

    /// The environment that makes the program use it.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let state = self.lock();
        let credential = state.config.credentials.first().expect("somebody may sign");
        vec![
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", self.endpoint()),
            ("AWS_ENDPOINT_URL_BEDROCK", self.endpoint()),
            ("AWS_REGION", state.config.region.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", credential.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", credential.secret_key.clone()),
        ]
    }

    /// What has been recorded so far.
    pub(crate) fn stats(&self) -> Statistics {
        self.lock().statistics()
    }

    /// Changes the configuration while it runs, and forgets what was recorded.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Config)) {
        self.lock().change(change);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// The service asks for fewer tokens.
    pub(crate) const fn throttle() -> Self {
        Self::RefuseWith(429, "ThrottlingException", "Too many tokens, please wait before trying again.")
    }
}

/// An error by the service model, with a message that repeats `echo`.
fn refusal(status: u16, code: &str, echo: &str) -> ServiceError {
    ServiceError::new(status, code, &format!("The request could not be processed: {echo}"))
}
