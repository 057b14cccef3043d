//! Jobs of batch inference: the operations of the control plane, and what their answers mean.
//!
//! Messages of the service may repeat a text: they are searched for known words and never shown.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::definition::{Told, reached};
use super::form::Form;
use super::job::TERMS;
use super::job_records::Records;
use super::request;
use super::settings::BedrockSettings;
use crate::engine::aws::{self, Client, Connection, OperationName, Request, ServiceName, path_part};
use crate::engine::registry::ConnectedJobs;
use crate::engine::{EngineError, ErrorKind};
use crate::jobs::service::{JobService, JobState, Order, Read, Standing, Terms};
use crate::jobs::{Jobs, JobsError};
use crate::settings::Settings;

/// What starts and describes jobs.
const CONTROL: ServiceName =
    ServiceName { id: "Bedrock", host: "bedrock", signing: "bedrock", target: "", title: "Amazon Bedrock" };

/// Who takes the role on.
const SERVICE: &str = "bedrock.amazonaws.com";

const CREATE: OperationName = OperationName {
    name: "CreateModelInvocationJob",
    right: "bedrock:CreateModelInvocationJob",
    on: "resource \"*\", and iam:PassRole on the role of jobs.role-arn,",
};
const GET: OperationName = operation("GetModelInvocationJob", "bedrock:GetModelInvocationJob");
const LIST: OperationName = operation("ListModelInvocationJobs", "bedrock:ListModelInvocationJobs");
const STOP: OperationName = operation("StopModelInvocationJob", "bedrock:StopModelInvocationJob");

/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(20);

const fn operation(name: &'static str, right: &'static str) -> OperationName {
    OperationName { name, right, on: "resource \"*\"" }
}

/// What jobs are started with, and what their records hold.
struct Batch {
    client: Client,
    model: String,
    role: String,
    kms_key: Option<String>,
    records: Records,
}

/// Makes jobs ready.
pub(super) async fn connect(settings: &Settings) -> ConnectedJobs {
    let asked: &BedrockSettings = settings.section();
    let jobs: &Jobs = settings.section();
    let role = jobs.role(SERVICE)?;
    check_address(&jobs.folder()?.to_string())?;
    let told = Told::read(asked)?;
    let calibration = told.calibration(asked)?;
    let connection = Connection::open(&reached(settings)).await?;
    Ok(Arc::new(Batch {
        client: Client::new(&connection, &CONTROL),
        model: asked.model.clone(),
        role,
        kms_key: jobs.kms_key.clone(),
        records: Records {
            common: request::Terms { prompt: told.prompt, output_tokens: asked.output_tokens, tier: None },
            form: Form::to_try(asked.structured.of_jobs())[0],
            calibration,
        },
    }))
}

/// Insists that the service takes the address: it takes fewer characters than the store does.
fn check_address(address: &str) -> Result<(), JobsError> {
    let path = address.strip_prefix("s3://").unwrap_or(address);
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "-!_*'()./".contains(c);
    if path.chars().all(is_taken) && !path.contains("//") {
        return Ok(());
    }
    let message = format!("jobs.bucket: Amazon Bedrock does not take the address {address}");
    let hint =
        "choose a prefix of letters, digits and the characters - ! _ * ' ( ) . between single slashes".to_owned();
    Err(JobsError::Settings { message, hint })
}

impl Batch {
    /// Sends a request once.
    async fn send(&self, operation: &OperationName, request: Request) -> Result<aws::Answer, EngineError> {
        let request = request.header("accept", "application/json");
        let answer = tokio::time::timeout(TIMEOUT, self.client.send(operation, request)).await;
        let late = |_| EngineError::new(ErrorKind::Transient, "no answer in time").with_code("timeout");
        Ok(answer.map_err(late)??)
    }

    /// The same, whose answer has a body.
    async fn ask<T: DeserializeOwned>(&self, operation: &OperationName, request: Request) -> Result<T, EngineError> {
        self.send(operation, request).await?.read().ok_or_else(aws::unreadable)
    }
}

/// Where a job is asked for.
fn path_of(id: &str) -> String {
    format!("/model-invocation-job/{}", path_part(id))
}

fn has_code(error: &EngineError, codes: &[&str]) -> bool {
    error.code.as_deref().is_some_and(|code| codes.iter().any(|known| code.starts_with(known)))
}

/// What a refused start means: an account that is full has room later, and a job that there is already, is looked for.
fn of_start(error: EngineError) -> EngineError {
    if has_code(&error, &["ServiceQuotaExceeded"]) {
        EngineError { kind: ErrorKind::Throttled, ..error }
    } else if has_code(&error, &["Conflict"]) {
        EngineError { kind: ErrorKind::Transient, ..error }
    } else if has_code(&error, &["Validation", "ResourceNotFound"]) {
        error.with_hint(
            "see that bedrock.model has batch inference in this region (Bedrock user guide, \"Supported Regions and models for \
             batch inference\"), or leave out --via jobs",
        )
    } else {
        error
    }
}

#[async_trait]
impl JobService for Batch {
    fn terms(&self) -> &Terms {
        &TERMS
    }

    fn region(&self) -> &str {
        self.client.region()
    }

    async fn start(&self, order: &Order) -> Result<String, EngineError> {
        let mut output = json!({ "s3Uri": format!("{}/", order.output) });
        if let Some(key) = &self.kms_key {
            output["s3EncryptionKeyId"] = key.as_str().into();
        }
        let body = json!({
            "jobName": order.name,
            "clientRequestToken": order.token,
            "roleArn": self.role,
            "modelId": self.model,
            "modelInvocationType": "Converse",
            "inputDataConfig": { "s3InputDataConfig": { "s3Uri": order.input, "s3InputFormat": "JSONL" } },
            "outputDataConfig": { "s3OutputDataConfig": output },
        });
        let request = Request::new("POST", "/model-invocation-job")
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes());
        // A token that was used before may be answered with no job: then it is looked for.
        let started: Started = self.ask(&CREATE, request).await.map_err(of_start)?;
        started.job_arn.filter(|arn| !arn.is_empty()).ok_or_else(aws::unreadable)
    }

    async fn find(&self, name: &str) -> Result<Option<String>, EngineError> {
        let all = format!("/model-invocation-jobs?maxResults=100&nameContains={}", path_part(name));
        let mut page = all.clone();
        loop {
            let list: Listed = self.ask(&LIST, Request::new("GET", page)).await?;
            // The filter finds names that hold this one, too.
            let mut found =
                list.invocation_job_summaries.into_iter().filter(|job| job.job_name.as_deref() == Some(name));
            if let Some(arn) = found.find_map(|job| job.job_arn) {
                return Ok(Some(arn));
            }
            match list.next_token.filter(|next| !next.is_empty()) {
                Some(next) => page = format!("{all}&nextToken={}", path_part(&next)),
                None => return Ok(None),
            }
        }
    }

    async fn look(&self, id: &str) -> Result<Option<Standing>, EngineError> {
        match self.ask::<Job>(&GET, Request::new("GET", path_of(id))).await {
            Ok(job) => job.standing().map(Some).ok_or_else(aws::unreadable),
            Err(error) if has_code(&error, &["ResourceNotFound"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn stop(&self, id: &str) -> Result<(), EngineError> {
        match self.send(&STOP, Request::new("POST", format!("{}/stop", path_of(id)))).await {
            // One that has ended can't be stopped.
            Err(error) if has_code(&error, &["Conflict", "Validation"]) => Ok(()),
            stopped => stopped.map(drop),
        }
    }

    fn write(&self, first: u64, texts: &[&str], file: &mut Vec<u8>) {
        self.records.write(first, texts, file);
    }

    fn read(&self, _number: u64, line: &[u8]) -> Option<Read> {
        self.records.read(line)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    job_arn: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Listed {
    invocation_job_summaries: Vec<Job>,
    next_token: Option<String>,
}

/// A job as it is described or listed.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Job {
    job_arn: Option<String>,
    job_name: Option<String>,
    status: Option<String>,
    message: Option<String>,
    submit_time: Option<Value>,
    end_time: Option<Value>,
}

impl Job {
    /// `None` for a state that is not known.
    fn standing(self) -> Option<Standing> {
        let state = match self.status.as_deref()? {
            "Submitted" | "Validating" | "Scheduled" => JobState::Submitted,
            "InProgress" => JobState::InProgress,
            "Completed" => JobState::Completed,
            "PartiallyCompleted" => JobState::PartiallyCompleted,
            "Expired" => JobState::Expired,
            "Failed" => JobState::Failed,
            "Stopping" => JobState::StopRequested,
            "Stopped" => JobState::Stopped,
            _ => return None,
        };
        let seconds =
            self.end_time.zip(self.submit_time).and_then(|(end, start)| Some(moment(&end)? - moment(&start)?));
        let seconds = seconds.map(|seconds| (seconds * 1e3).round() / 1e3);
        Some(Standing {
            state,
            output: None,
            code: self.message.as_deref().and_then(code),
            seconds: seconds.filter(|seconds| *seconds >= 0.0),
        })
    }
}

/// Seconds since 1970 of a time, which is a text by the service's model, or a number as in most services.
fn moment(time: &Value) -> Option<f64> {
    let of_text = |text: &str| Some(text.parse::<Timestamp>().ok()?.as_duration().as_secs_f64());
    time.as_f64().or_else(|| time.as_str().and_then(of_text))
}

/// The code for a message that is about rights. No other message is told apart: it may repeat a text.
fn code(message: &str) -> Option<String> {
    let message = message.to_ascii_lowercase();
    let is_of_rights = ["access denied", "accessdenied", "permission", "not authorized", "unable to access"];
    is_of_rights.iter().any(|words| message.contains(words)).then(|| "NO_ACCESS".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_stands_as_its_state_says_and_nothing_of_its_message_is_kept() {
        let job = |status: &str, message: Option<&str>| Job {
            status: Some(status.into()),
            message: message.map(str::to_owned),
            submit_time: Some("2026-11-26T14:00:00Z".into()),
            end_time: Some("2026-11-26T14:10:00.5Z".into()),
            ..Job::default()
        };
        let state = |status| job(status, None).standing().map(|standing| standing.state);
        assert_eq!(state("Scheduled"), Some(JobState::Submitted));
        assert_eq!((state("Expired"), state("Dreaming")), (Some(JobState::Expired), None));
        let failed = job("Failed", Some("Access denied while reading: my card is 4111")).standing().unwrap();
        assert_eq!((failed.code.as_deref(), failed.seconds), (Some("NO_ACCESS"), Some(600.5)));
        assert_eq!(job("Failed", Some("my card is 4111")).standing().unwrap().code, None);
        let numbers = Job { submit_time: Some(json!(100)), end_time: Some(json!(160.25)), ..job("Completed", None) };
        assert_eq!(numbers.standing().unwrap().seconds, Some(60.25));
        assert_eq!(Job { end_time: None, ..job("InProgress", None) }.standing().unwrap().seconds, None);
    }

    #[test]
    fn an_address_has_the_characters_that_the_service_takes() {
        for (address, is_taken) in [
            ("s3://bucket/undertone/a-b_c.d!*'()", true),
            ("s3://bucket", true),
            ("s3://bucket/a=b", false),
            ("s3://bucket/a b", false),
            ("s3://bucket/a//b", false),
            ("s3://bucket/é", false),
        ] {
            assert_eq!(check_address(address).is_ok(), is_taken, "{address}");
        }
    }
}
