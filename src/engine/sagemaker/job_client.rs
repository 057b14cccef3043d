//! Jobs of Batch Transform: the operations of the service, and lines that its containers read and answer.
//!
//! A job's name is its id, and no other job ever has it: a repetition is refused, and the job that there is, is taken. Messages of
//! the service may repeat a text and are not read, but for the code that the reason of a failure begins with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::connect::{CONTROL, check_model, chosen, judged, reached};
use super::format::Format;
use super::identity;
use super::job::TERMS;
use super::payload::Extras;
use super::settings::SagemakerSettings;
use super::{reader, terms};
use crate::budget::Budget;
use crate::engine::aws::{self, Answer as Answered, Client, Connection, Failed, OperationName};
use crate::engine::labels::{Labels, Numbers, Oddity};
use crate::engine::registry::ConnectedJobs;
use crate::engine::watched::misconfigured;
use crate::engine::{DocumentError, EngineError, ErrorKind, Halt, Meter, Service, jobs_only};
use crate::exit::Failure;
use crate::jobs::Jobs;
use crate::jobs::service::{JobService, JobState, Line, Order, Read, Standing, Terms, unfit};
use crate::settings::Settings;

const CREATE: OperationName = operation("CreateTransformJob", "sagemaker:CreateTransformJob");
const DESCRIBE: OperationName = operation("DescribeTransformJob", "sagemaker:DescribeTransformJob");
const STOP: OperationName = operation("StopTransformJob", "sagemaker:StopTransformJob");

/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Objects for each instance, at least: one is worked by one instance.
const OBJECTS_AN_INSTANCE: u64 = 4;
/// Most MB of a record, which is one text.
const MOST_PAYLOAD_MB: u32 = 1;

const fn operation(name: &'static str, right: &'static str) -> OperationName {
    OperationName { name, right, on: "resource \"*\"" }
}

/// What jobs are started with.
#[derive(Debug)]
struct Transform {
    client: Client,
    model: String,
    instance_type: String,
    instance_count: u32,
    kms_key: Option<String>,
    format: Format,
    extras: Extras,
    labels: Labels,
    numbers: Numbers,
    has_requests: bool,
    /// What was odd about the first answer that gave no scores.
    odd: Mutex<Option<Oddity>>,
}

/// What the settings name, if nothing is wrong with them.
fn checked(asked: &SagemakerSettings) -> Result<(String, String, Format), EngineError> {
    let model = asked.model_name.clone().ok_or_else(|| {
        misconfigured(
            "no setting names the model of jobs",
            "set sagemaker.model-name to the name of a model on SageMaker",
        )
    })?;
    let instance = asked.instance_type.clone().ok_or_else(|| {
        misconfigured("no setting names the instances of jobs", "set sagemaker.instance-type, such as \"ml.g5.xlarge\"")
    })?;
    let hint = "set sagemaker.format to what the container reads, such as \"huggingface\"";
    let format = *asked.format.given().ok_or_else(|| {
        misconfigured("jobs can't try out what the container reads, and no setting names the format", hint)
    })?;
    if format == Format::Text {
        return Err(misconfigured("jobs send lines of JSON, and the format text is none", hint));
    }
    check_model(asked)?;
    Ok((model, instance, format))
}

/// Makes jobs ready.
pub(super) async fn connect(settings: &Settings) -> ConnectedJobs {
    let asked: &SagemakerSettings = settings.section();
    let (model, instance_type, format) = checked(asked)?;
    let client = Client::new(&Connection::open(&reached(settings)).await?, &CONTROL);
    Ok(Arc::new(Transform {
        client,
        model,
        instance_type,
        instance_count: asked.instance_count,
        kms_key: settings.section::<Jobs>().kms_key.clone(),
        format,
        extras: Extras { input_name: asked.input_name.clone(), template: asked.template.clone() },
        labels: asked.labels.clone(),
        numbers: asked.scores,
        has_requests: asked.endpoint.is_some(),
        odd: Mutex::default(),
    }))
}

/// Makes ready what is asked by jobs alone.
pub(super) async fn connect_alone(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    let asked: &SagemakerSettings = settings.section();
    let (model, _, format) = checked(asked)?;
    let client = Client::new(&Connection::open(&reached(settings)).await?, &CONTROL);
    let version = asked.model_version.as_deref();
    let identity = identity::of_model(&client, &model, version, &chosen(asked, format)).await?;
    let profile = terms::profile(settings);
    let meter = Meter::within(&Budget::of(settings), &profile.price);
    Ok(jobs_only::service(profile, identity, meter, halt))
}

impl Transform {
    /// Sends a request once.
    async fn ask(&self, operation: &OperationName, body: &Value) -> Result<Answered, EngineError> {
        let answer = tokio::time::timeout(TIMEOUT, self.client.json(operation, body)).await;
        let late = |_| EngineError::new(ErrorKind::Transient, "no answer in time").with_code("timeout");
        answer.map_err(late)?.map_err(explain)
    }

    /// One text as a container reads it, in one line.
    fn line(&self, text: &str) -> Vec<u8> {
        in_one_line(self.format.payload(&[text], self.labels.len(), &self.extras).body)
    }
}

/// JSON in one line: a line end stands between its texts only, and is a space there.
fn in_one_line(mut json: Vec<u8>) -> Vec<u8> {
    json.iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    json
}

/// The account has as many jobs or instances as it may have: one more may be started later.
fn explain(failed: Failed) -> EngineError {
    let error = failed.error;
    let is_full = error.code.as_deref().is_some_and(|code| code.starts_with("ResourceLimitExceeded"));
    if is_full { EngineError { kind: ErrorKind::Throttled, ..error } } else { error }
}

fn has_code(error: &EngineError, codes: &[&str]) -> bool {
    error.code.as_deref().is_some_and(|code| codes.iter().any(|known| code.starts_with(known)))
}

#[async_trait]
impl JobService for Transform {
    fn terms(&self) -> &Terms {
        &TERMS
    }

    fn region(&self) -> &str {
        self.client.region()
    }

    async fn start(&self, order: &Order) -> Result<String, EngineError> {
        let mut output = json!({
            "S3OutputPath": order.output, "Accept": "application/json", "AssembleWith": "Line",
        });
        if let Some(key) = &self.kms_key {
            output["KmsKeyId"] = key.as_str().into();
        }
        let body = json!({
            "TransformJobName": order.name,
            "ModelName": self.model,
            "BatchStrategy": "SingleRecord",
            "MaxPayloadInMB": MOST_PAYLOAD_MB,
            "TransformInput": {
                "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": order.input } },
                "ContentType": "application/json", "SplitType": "Line",
            },
            "TransformOutput": output,
            "TransformResources": { "InstanceType": self.instance_type, "InstanceCount": self.instance_count },
        });
        match self.ask(&CREATE, &body).await {
            Ok(_) => Ok(order.name.clone()),
            // It was started before.
            Err(error) if has_code(&error, &["ResourceInUse"]) => Ok(order.name.clone()),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, name: &str) -> Result<Option<String>, EngineError> {
        Ok(self.look(name).await?.map(|_| name.to_owned()))
    }

    async fn look(&self, id: &str) -> Result<Option<Standing>, EngineError> {
        match self.ask(&DESCRIBE, &json!({ "TransformJobName": id })).await {
            Ok(described) => {
                let job: Option<Job> = described.read();
                job.and_then(Job::standing).map(Some).ok_or_else(aws::unreadable)
            }
            // The name is in order: what is not valid about it is that there is no such job.
            Err(error) if has_code(&error, &["ResourceNotFound", "Validation"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn stop(&self, id: &str) -> Result<(), EngineError> {
        match self.ask(&STOP, &json!({ "TransformJobName": id })).await {
            // One that has ended can't be stopped.
            Err(error) if has_code(&error, &["Validation"]) => Ok(()),
            stopped => stopped.map(drop),
        }
    }

    fn write(&self, _first: u64, texts: &[&str], file: &mut Vec<u8>) {
        for text in texts {
            file.extend_from_slice(&self.line(text));
            file.push(b'\n');
        }
    }

    fn read(&self, number: u64, line: &[u8]) -> Option<Read> {
        let answered = reader::read(line, 1, &self.labels, self.numbers);
        let scores = answered.and_then(|mut answers| answers.pop().unwrap_or(Err(Oddity::Unreadable)));
        if let Err(oddity) = &scores {
            self.odd.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| oddity.clone());
        }
        let failed = |oddity: Oddity| DocumentError { code: oddity.code().into(), retriable: false };
        Some(Line { number, answer: scores.map_err(failed), is_shared: false }.into())
    }

    fn spread(&self) -> u64 {
        OBJECTS_AN_INSTANCE * u64::from(self.instance_count)
    }

    fn has_requests(&self) -> bool {
        self.has_requests
    }

    fn explain(&self, code: &str) -> EngineError {
        let odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|odd| odd.code() == code);
        match odd {
            // What a container names its labels is not known to be no text.
            Some(Oddity::UnknownLabel(_)) => misconfigured(
                "the model answers a label that has no class",
                "give each label that the model answers a class in sagemaker.labels",
            ),
            Some(oddity) => judged(unfit(code), Some(oddity), self.format).error,
            None => unfit(code),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Job {
    transform_job_status: Option<String>,
    failure_reason: Option<String>,
    transform_start_time: Option<f64>,
    transform_end_time: Option<f64>,
}

impl Job {
    /// `None` for a state that is not known.
    fn standing(self) -> Option<Standing> {
        let state = match self.transform_job_status.as_deref()? {
            "InProgress" => JobState::InProgress,
            "Completed" => JobState::Completed,
            "Failed" => JobState::Failed,
            "Stopping" => JobState::StopRequested,
            "Stopped" => JobState::Stopped,
            _ => return None,
        };
        let seconds = self.transform_start_time.map(|start| {
            let end = self.transform_end_time.unwrap_or_else(|| jiff::Timestamp::now().as_duration().as_secs_f64());
            ((end - start) * 1e3).round() / 1e3
        });
        Some(Standing {
            state,
            output: None,
            code: self.failure_reason.as_deref().and_then(code),
            seconds: seconds.filter(|seconds| *seconds >= 0.0),
        })
    }
}

/// The code that a reason begins with, such as `ClientError`. The rest may repeat a text.
fn code(reason: &str) -> Option<String> {
    let (code, _) = reason.split_once(':')?;
    let is_code = code.len() <= 40 && code.ends_with("Error") && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_reason_only_the_code_is_kept() {
        assert_eq!(code("ClientError: my card is 4111").as_deref(), Some("ClientError"));
        for reason in ["my card: 4111", "ClientError", "Some Error: x", ""] {
            assert_eq!(code(reason), None, "{reason}");
        }
    }

    #[test]
    fn a_template_of_several_lines_is_sent_in_one() {
        let extras = Extras { template: Some("{\r\n \"s\": {{texts}}\n}".into()), ..Extras::default() };
        let body = in_one_line(Format::Template.payload(&["a\nb"], 2, &extras).body);
        assert_eq!(String::from_utf8(body).unwrap(), "{   \"s\": [\"a\\nb\"] }");
    }

    #[test]
    fn what_is_charged_is_from_the_start_of_the_work_to_its_end() {
        let job = |status: &str| Job {
            transform_job_status: Some(status.into()),
            transform_start_time: Some(100.0),
            transform_end_time: Some(160.5),
            ..Job::default()
        };
        let standing = job("Completed").standing().unwrap();
        assert_eq!((standing.state, standing.seconds), (JobState::Completed, Some(60.5)));
        assert_eq!(job("Dreaming").standing(), None);
        assert_eq!(Job { transform_start_time: None, ..job("Failed") }.standing().unwrap().seconds, None);
    }
}
