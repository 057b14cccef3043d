//! Amazon Comprehend, through `BatchDetectSentiment`: one request a batch, nothing more.
//!
//! Owns the request. [`answers`](super::answers) reads what comes back; `engine::aws` signs, sends once and explains
//! faults. Pacing, retry and deadlines are the wrappers' (see [`crate::engine::Service`]).
//!
//! Refuses to print a message of the service, which could repeat what was sent; codes are printed.

use async_trait::async_trait;
use serde::Serialize;

use super::answers::BatchAnswer;
use crate::engine::aws::{self, AwsOptions, COMPREHEND, Client, Connection, OperationName};
use crate::engine::{Answer, Batch, Engine, EngineError, Profile};

/// The one operation that is asked for.
const OPERATION: OperationName =
    OperationName { name: "BatchDetectSentiment", right: "comprehend:BatchDetectSentiment", on: "resource \"*\"" };

/// Amazon Comprehend as an engine.
#[derive(Debug)]
pub struct Comprehend {
    profile: Profile,
    client: Client,
}

/// The request's body.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchRequest<'a> {
    language_code: &'a str,
    text_list: Vec<&'a str>,
}

impl Comprehend {
    /// The engine of this profile: finds region and credentials. Sends nothing to Comprehend.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::engine::ErrorKind) without a region or without credentials, with a hint.
    pub async fn connect(options: &AwsOptions, profile: Profile) -> Result<Self, EngineError> {
        Ok(Self::by(&Connection::open(options).await?, profile))
    }

    /// The AWS region that requests go to.
    pub fn region(&self) -> &str {
        self.client.region()
    }

    pub(super) fn by(connection: &Connection, profile: Profile) -> Self {
        Self { profile, client: Client::new(connection, &COMPREHEND) }
    }
}

#[async_trait]
impl Engine for Comprehend {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let texts = batch.documents.iter().map(|document| document.text.as_str()).collect();
        let request = BatchRequest { language_code: &batch.language, text_list: texts };
        let answer = self.client.json(&OPERATION, &request).await?;
        let answer: BatchAnswer = answer.read().ok_or_else(aws::unreadable)?;
        Ok(answer.by_document(batch.documents.len()))
    }
}
