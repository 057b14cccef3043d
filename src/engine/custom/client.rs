//! The engine: one request a document.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::answer::Classified;
use crate::engine::aws::{self, Client, Failed, OperationName};
use crate::engine::labels::{Labels, Oddity};
use crate::engine::watched::Look;
use crate::engine::{Answer, Batch, DocumentError, Engine, EngineError, ErrorKind, Profile};

const CLASSIFY: OperationName =
    OperationName { name: "ClassifyDocument", right: "comprehend:ClassifyDocument", on: "the endpoint's ARN" };
const DESCRIBE: OperationName =
    OperationName { name: "DescribeEndpoint", right: "comprehend:DescribeEndpoint", on: "the endpoint's ARN" };
const CLASSIFIER: OperationName = OperationName {
    name: "DescribeDocumentClassifier",
    right: "comprehend:DescribeDocumentClassifier",
    on: "the classifier's ARN",
};

/// A classifier of one's own as an engine.
#[derive(Debug)]
pub(super) struct Custom {
    pub(super) profile: Profile,
    pub(super) client: Client,
    pub(super) endpoint: String,
    pub(super) labels: Labels,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Classify<'a> {
    text: &'a str,
    endpoint_arn: &'a str,
}

impl Custom {
    /// Sends a text once.
    pub(super) async fn ask(&self, text: &str) -> Result<Classified, EngineError> {
        let request = Classify { text, endpoint_arn: &self.endpoint };
        let answer = self.client.json(&CLASSIFY, &request).await.map_err(of_endpoint)?;
        answer.read().ok_or_else(aws::unreadable)
    }
}

#[async_trait]
impl Engine for Custom {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let mut answers = Vec::with_capacity(batch.documents.len());
        for document in &batch.documents {
            let classified = self.ask(document.text.as_str()).await?;
            let failed =
                |oddity: Oddity| DocumentError { code: oddity.code().into(), retriable: oddity == Oddity::Unreadable };
            answers.push(classified.scores(&self.labels).map_err(failed));
        }
        Ok(answers)
    }
}

/// What an endpoint answers that is not there or not in service ends the run: nothing of it depends on a text.
fn of_endpoint(failed: Failed) -> EngineError {
    let code = failed.error.code.as_deref().unwrap_or_default();
    if code.starts_with("ResourceUnavailable") || code.starts_with("ResourceNotFound") {
        let hint =
            "check comprehend-custom.endpoint-arn, and that the endpoint is in service; undertone never creates one";
        return EngineError { kind: ErrorKind::Refused, ..failed.error }.with_hint(hint);
    }
    failed.error
}

/// An endpoint, and which model stands behind it.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) client: Client,
    pub(super) arn: String,
    /// What the settings choose that decides scores.
    pub(super) chosen: String,
}

/// What an endpoint states of itself.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Described {
    status: Option<String>,
    pub(super) model_arn: Option<String>,
    pub(super) current_inference_units: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    endpoint_properties: Described,
}

/// What a classifier states of itself.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Classifier {
    pub(super) mode: Option<String>,
    pub(super) language_code: Option<String>,
    pub(super) status: Option<String>,
    pub(super) classifier_metadata: Metadata,
}

/// What a classifier learned.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Metadata {
    pub(super) number_of_labels: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ClassifierProperties {
    document_classifier_properties: Classifier,
}

impl Endpoint {
    /// The endpoint's state, if it serves.
    pub(super) async fn described(&self) -> Result<Described, EngineError> {
        let request = serde_json::json!({ "EndpointArn": self.arn });
        let Properties { endpoint_properties: found } =
            self.client.ask(&DESCRIBE, &request).await.map_err(of_endpoint).map_err(refused)?;
        let status = found.status.clone().unwrap_or_default();
        if matches!(&*status, "IN_SERVICE" | "UPDATING") {
            return Ok(found);
        }
        let message = format!("the endpoint is not in service: its state is {}", aws::printable_code(&status));
        let hint = "wait until it is IN_SERVICE, or repair it; undertone never creates or starts one";
        Err(EngineError::new(ErrorKind::Refused, message).with_code("endpoint_not_in_service").with_hint(hint))
    }
}

/// What the classifier states; nothing where it may not be described.
pub(super) async fn classifier(client: &Client, model: &str) -> Result<Option<Classifier>, EngineError> {
    let request = serde_json::json!({ "DocumentClassifierArn": model });
    match client.ask::<ClassifierProperties>(&CLASSIFIER, &request).await {
        Ok(found) => Ok(Some(found.document_classifier_properties)),
        Err(failed) if failed.error.code.as_deref().is_some_and(|code| code.starts_with("AccessDenied")) => Ok(None),
        Err(failed) if failed.error.code.as_deref().is_some_and(|code| code.starts_with("ResourceNotFound")) => {
            let hint = "check comprehend-custom.classifier-arn; undertone never trains a classifier by itself";
            Err(refused(failed.error).with_hint(hint))
        }
        Err(failed) => Err(refused(failed.error)),
    }
}

/// What decides scores: a version of a classifier, and what the settings choose. The same by request and by job.
pub(super) fn identity(model: &str, chosen: &str) -> String {
    format!("{model} {chosen}")
}

fn refused(error: EngineError) -> EngineError {
    if error.kind == ErrorKind::Rejected { EngineError { kind: ErrorKind::Refused, ..error } } else { error }
}

#[async_trait]
impl Look for Endpoint {
    async fn identity(&self) -> Result<String, EngineError> {
        let model = self.described().await?.model_arn.unwrap_or_default();
        Ok(identity(&model, &self.chosen))
    }
}
