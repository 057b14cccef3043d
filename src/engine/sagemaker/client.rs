//! The engine: one request a batch, in the container's format, and what came back as scores.

use async_trait::async_trait;

use super::format::Format;
use super::payload::{Extras, Payload};
use super::{faults, reader};
use crate::engine::aws::{self, Client, OperationName, Request, path_part};
use crate::engine::labels::{Labels, Numbers, Oddity};
use crate::engine::{Answer, Batch, DocumentError, Engine, EngineError, ErrorKind, Profile};
use crate::sentiment::Scores;

/// The one operation that is asked for.
const OPERATION: OperationName =
    OperationName { name: "InvokeEndpoint", right: "sagemaker:InvokeEndpoint", on: "the endpoint" };

/// A model on SageMaker as an engine.
#[derive(Debug)]
pub(super) struct Sagemaker {
    pub(super) profile: Profile,
    pub(super) client: Client,
    pub(super) asked: Asked,
}

/// How the endpoint is asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The endpoint's name.
    pub(super) endpoint: String,
    pub(super) format: Format,
    pub(super) extras: Extras,
    pub(super) labels: Labels,
    pub(super) numbers: Numbers,
    /// Headers that choose model, variant or component.
    pub(super) targets: Vec<(&'static str, String)>,
    pub(super) max_payload: u64,
}

impl Sagemaker {
    /// Sends texts once; what the container answered for each.
    pub(super) async fn ask(&self, batch: &Batch) -> Result<Vec<Result<Scores, Oddity>>, EngineError> {
        let texts: Vec<&str> = batch.documents.iter().map(|document| document.text.as_str()).collect();
        let Asked { endpoint, format, extras, labels, numbers, targets, max_payload } = &self.asked;
        let Payload { content_type, accept, body } = format.payload(&texts, labels.len(), extras);
        if body.len() as u64 > *max_payload {
            return Err(EngineError::new(ErrorKind::Rejected, "the request is larger than sagemaker.max-payload")
                .with_code("payload_too_large"));
        }
        let request = Request::new("POST", format!("/endpoints/{}/invocations", path_part(endpoint)))
            .header("content-type", content_type)
            .header("accept", accept);
        let request = targets.iter().fold(request, |request, (name, value)| request.header(name, value.clone()));
        let answer = self.client.send(&OPERATION, request.body(body)).await;
        let answer = answer.map_err(|failed| faults::explain(failed, batch))?;
        reader::read(answer.bytes(), texts.len(), labels, *numbers).map_err(|oddity| {
            let code = EngineError { code: Some(oddity.code().into()), ..aws::unreadable() };
            code.worth(2)
        })
    }
}

#[async_trait]
impl Engine for Sagemaker {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let answers = self.ask(batch).await?;
        let failed = |oddity: Oddity| DocumentError { code: oddity.code().into(), retriable: false };
        Ok(answers.into_iter().map(|answer| answer.map_err(failed)).collect())
    }
}
