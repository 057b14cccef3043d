//! Amazon Comprehend, through `BatchDetectSentiment`: one request a batch, nothing more.
//!
//! Owns the request. [`answers`](super::answers) and [`faults`] read what comes back, [`connect`] finds region and
//! credentials. A [`JsonOperation`] neither retries nor limits the time of an attempt: pacing, retry and deadlines are
//! the wrappers' (see [`crate::engine::Service`]). Signing alone is mended here: credentials that expire in mid-run are loaded again, and
//! after a jump of this machine's clock the SDK signs by the service's. The request then goes back to retry, unless
//! mending was tried in vain.
//!
//! Refuses to print a message of the service, which could repeat what was sent; codes are printed.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::Mutex;

use super::answers::BatchAnswer;
use super::faults::Remedy;
use super::{connect, faults};
use crate::engine::aws::JsonOperation;
use crate::engine::{Answer, Batch, Engine, EngineError, ErrorKind, Profile};

/// Where and how to reach Comprehend; what is `None` comes from the SDK's standard chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComprehendOptions {
    /// AWS region, before `AWS_REGION` and the profile's.
    pub region: Option<String>,
    /// Profile of the shared AWS configuration, before `AWS_PROFILE`.
    pub profile: Option<String>,
    /// Time to find the region, and then the credentials. Bounds what a metadata service that does not exist costs.
    pub lookup_timeout: Duration,
}

impl Default for ComprehendOptions {
    /// Everything from the chain, 10 s a lookup.
    fn default() -> Self {
        Self { region: None, profile: None, lookup_timeout: Duration::from_secs(10) }
    }
}

/// Amazon Comprehend as an engine.
#[derive(Debug)]
pub struct Comprehend {
    profile: Profile,
    region: String,
    /// What the operation was made from, to make it again; `None` for one that was handed in.
    options: Option<ComprehendOptions>,
    signer: Mutex<Signer>,
}

/// The one operation, and what is known of its credentials.
#[derive(Debug, Clone)]
struct Signer {
    operation: JsonOperation,
    /// How often signing was remedied; a request belongs to the number it was signed under.
    generation: u64,
    /// How many remedies were tried since anything was accepted.
    in_vain: u32,
}

/// The request's body.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchRequest<'a> {
    language_code: &'a str,
    text_list: Vec<&'a str>,
}

impl Remedy {
    /// How often it is tried before the service's answer is final.
    const fn tries(self) -> u32 {
        match self {
            Self::LoadCredentials => 1,
            // The SDK reads the service's time from every answer, and reads it wrong from one to a request that left
            // before this machine's clock jumped. So it takes until those that were in flight are back.
            Self::CorrectClock => 8,
        }
    }
}

impl Comprehend {
    /// The engine of this profile: finds region and credentials. Sends nothing to Comprehend.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] without a region or without credentials, with a hint.
    pub async fn connect(options: &ComprehendOptions, profile: Profile) -> Result<Self, EngineError> {
        let (operation, region) = connect::operation(options).await?;
        Ok(Self { options: Some(options.clone()), ..Self::with_operation(operation, region, profile) })
    }

    /// The AWS region that requests go to.
    pub fn region(&self) -> &str {
        &self.region
    }

    pub(super) fn with_operation(operation: JsonOperation, region: String, profile: Profile) -> Self {
        let signer = Mutex::new(Signer { operation, generation: 0, in_vain: 0 });
        Self { profile, region, options: None, signer }
    }

    /// Remedies a failed signature if that has not been tried in vain: then the request may be sent again.
    async fn remedy(&self, remedy: Remedy, error: EngineError, generation: u64) -> EngineError {
        let mut signer = self.signer.lock().await;
        if signer.generation == generation {
            if signer.in_vain >= remedy.tries() {
                return error;
            }
            if remedy == Remedy::LoadCredentials {
                match self.reload().await {
                    Ok(Some(operation)) => signer.operation = operation,
                    Ok(None) => {}
                    Err(lookup) => return lookup,
                }
            }
            // A wrong clock needs no more: the SDK has read the service's time from the answer.
            signer.generation += 1;
            signer.in_vain += 1;
        }
        EngineError { kind: ErrorKind::Transient, ..error }
    }

    async fn reload(&self) -> Result<Option<JsonOperation>, EngineError> {
        match &self.options {
            Some(options) => connect::operation(options).await.map(|(operation, _)| Some(operation)),
            None => Ok(None),
        }
    }

    /// Notes that the service accepted a signature.
    async fn accepted(&self, generation: u64) {
        let mut signer = self.signer.lock().await;
        if signer.generation == generation {
            signer.in_vain = 0;
        }
    }
}

#[async_trait]
impl Engine for Comprehend {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let Signer { operation, generation, .. } = self.signer.lock().await.clone();
        let texts = batch.documents.iter().map(|document| document.text.as_str()).collect();
        let request = BatchRequest { language_code: &batch.language, text_list: texts };
        match operation.send(&request).await {
            Ok(answer) => {
                self.accepted(generation).await;
                let answer: BatchAnswer = answer.read().ok_or_else(faults::unreadable)?;
                Ok(answer.by_document(batch.documents.len()))
            }
            Err(fault) => {
                let (error, remedy) = faults::explain(&fault);
                match remedy {
                    Some(remedy) => Err(self.remedy(remedy, error, generation).await),
                    None => Err(error),
                }
            }
        }
    }
}
