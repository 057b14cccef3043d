//! A stand-in for Amazon Comprehend: a loopback HTTP/1.1 server that speaks AWS JSON 1.1, is as strict as the
//! service, meters what the service would bill, and misbehaves on request.
//!
//! It answers `BatchDetectSentiment` and `DetectSentiment` and nothing else. It runs on a thread and a runtime
//! of its own, so that a test can run the whole program as a child process against it:
//!
//! ```no_run
//! let standin = Standin::start(Config { quota: Quota::bucket(20.0, 1), ..Config::default() });
//! let child = std::process::Command::new("undertone").envs(standin.env()).args(["analyze", "calls.csv"]).status();
//! assert_eq!(standin.stats().throttled, 0);
//! ```
//!
//! The parts: [`config`] what it enforces and how it misbehaves, [`http`] bytes to requests and back,
//! [`signature`] Signature Version 4, [`quota`] requests per second, [`service`] the two operations' own rules,
//! [`scorer`] texts to scores, [`faults`] what goes wrong when, [`meter`] what is recorded, [`server`] the loop, [`running`]
//! its thread; `jobs` what is done in jobs. `s3` is another stand-in, for an object store, and `bedrock` one for language
//! models.
//! It is bound to 127.0.0.1 only, keeps hashes of texts and never the texts, and contacts nothing.

#[cfg(feature = "bedrock")]
pub(crate) mod bedrock;
mod config;
#[cfg(feature = "comprehend")]
pub(crate) mod custom;
mod faults;
mod http;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
mod meter;
mod quota;
mod running;
#[cfg(feature = "object-stores")]
pub(crate) mod s3;
#[cfg(feature = "sagemaker")]
pub(crate) mod sagemaker;
mod scorer;
mod server;
mod service;
mod signature;

#[cfg(test)]
mod client;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use config::{Config, Credential, ErrorStyle, Oversize};
pub(crate) use faults::{Fault, Faults, Storm};
pub(crate) use meter::Statistics;
pub(crate) use quota::Quota;
pub(crate) use scorer::score;
pub(crate) use service::ServiceError;

use running::Running;
use server::State;

/// A running stand-in. Dropping it stops the server, resets what is in flight and joins its thread.
pub(crate) struct Standin {
    running: Running,
    state: Arc<Mutex<State>>,
}

impl Standin {
    /// Binds `127.0.0.1:config.port` (0 for any free port) and serves until dropped.
    ///
    /// # Panics
    /// When the port is taken or no thread can be started: a test or a bench cannot go on without it.
    pub(crate) fn start(config: Config) -> Self {
        let port = config.port;
        let state = Arc::new(Mutex::new(State::new(config)));
        let shared = Arc::clone(&state);
        Self { running: Running::start("comprehend-standin", port, |listener| server::serve(listener, shared)), state }
    }

    /// The same with jobs that read from and write to the bucket of `s3`, which is in the same region.
    #[cfg(feature = "jobs")]
    pub(crate) fn with_jobs(config: Config, jobs: jobs::JobsConfig, s3: &s3::S3) -> Self {
        let standin = Self::start(config);
        standin.lock().jobs = Some(jobs::Jobs::new(jobs, s3.handle()));
        standin
    }

    /// Looks at its jobs, or changes what they do.
    ///
    /// # Panics
    /// For a stand-in without jobs.
    #[cfg(feature = "jobs")]
    pub(crate) fn jobs<T>(&self, look: impl FnOnce(&mut jobs::Jobs) -> T) -> T {
        look(self.lock().jobs.as_mut().expect("it was started with jobs"))
    }

    /// The address for `AWS_ENDPOINT_URL`, such as `http://127.0.0.1:40123`.
    pub(crate) fn endpoint(&self) -> String {
        self.running.endpoint()
    }

    /// The environment that makes any AWS SDK talk to this stand-in with its first credential, and to nothing else.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let state = self.lock();
        let mut pairs = vec![
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", state.config().region.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        if let Some(credential) = state.config().credentials.first() {
            pairs.push(("AWS_ACCESS_KEY_ID", credential.access_key.clone()));
            pairs.push(("AWS_SECRET_ACCESS_KEY", credential.secret_key.clone()));
            pairs.extend(credential.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        }
        pairs
    }

    /// What has been recorded so far.
    pub(crate) fn stats(&self) -> Statistics {
        self.lock().statistics()
    }

    /// Changes the configuration while it runs. A new quota starts full, a new list of faults starts at its
    /// beginning; the port stays.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Config)) {
        self.lock().change(change);
    }

    /// Forgets what was recorded, the documents seen included, as if the server had just started.
    pub(crate) fn reset_stats(&self) {
        self.lock().forget();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
