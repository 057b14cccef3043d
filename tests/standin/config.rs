//! What the stand-in enforces and how it answers; the defaults are the service on a good day, without a quota.

use std::time::Duration;

use super::faults::Faults;
use super::quota::Quota;

/// Everything that can be told to a stand-in, before it starts or while it runs.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Port on 127.0.0.1; 0 takes any free one.
    pub(crate) port: u16,
    /// The only region whose signatures are accepted.
    pub(crate) region: String,
    /// Who may sign. [`super::Standin::env`] hands out the first.
    pub(crate) credentials: Vec<Credential>,
    /// Seconds by which the server's clock is ahead of this machine's.
    pub(crate) clock_ahead_s: i64,
    /// Requests per second of `BatchDetectSentiment`.
    pub(crate) quota: Quota,
    /// Requests per second of `DetectSentiment`.
    pub(crate) single_quota: Quota,
    /// Time from a read request to its answer, errors of the service's own excepted: those come at once.
    pub(crate) latency: Duration,
    /// Most that is added to `latency`, drawn evenly.
    pub(crate) jitter: Duration,
    /// What an oversize document does to its batch.
    pub(crate) oversize: Oversize,
    /// How errors name their code.
    pub(crate) error_style: ErrorStyle,
    /// Sends bodies in chunks instead of with a length.
    pub(crate) chunked: bool,
    /// What the service has added, unasked, to the logit of NEGATIVE: another model under the old name.
    pub(crate) more_negative: f64,
    /// What goes wrong.
    pub(crate) faults: Faults,
    /// Seeds every draw: jitter, faults, the order of shuffled answers.
    pub(crate) seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            region: "us-east-1".to_owned(),
            credentials: vec![Credential::default()],
            clock_ahead_s: 0,
            quota: Quota::Unlimited,
            single_quota: Quota::Unlimited,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            oversize: Oversize::FailsBatch,
            error_style: ErrorStyle::Body,
            chunked: false,
            more_negative: 0.0,
            faults: Faults::default(),
            seed: 1,
        }
    }
}

/// An access key that the stand-in knows. The default is the key of AWS's own published examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The access key id.
    pub(crate) access_key: String,
    /// The secret that signs.
    pub(crate) secret_key: String,
    /// The token that must come along, if the credential is temporary.
    pub(crate) session_token: Option<String>,
    /// Signed requests after which the credential has expired; `None` for never.
    pub(crate) expires_after: Option<u64>,
}

impl Default for Credential {
    fn default() -> Self {
        Self {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            expires_after: None,
        }
    }
}

/// What a document of more than 5,000 bytes does to its batch: the service's manual does not say, so both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oversize {
    /// The request fails with `TextSizeLimitExceededException`.
    FailsBatch,
    /// The document alone fails, in `ErrorList`.
    FailsAlone,
}

/// Where an error answer carries its code. AWS services use all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorStyle {
    /// `{"__type":"ThrottlingException"}`.
    Body,
    /// `{"__type":"com.amazonaws.comprehend#ThrottlingException"}`.
    NamespacedBody,
    /// `x-amzn-errortype: ThrottlingException:http://…`, and no `__type`.
    Header,
}
