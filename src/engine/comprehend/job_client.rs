//! Jobs of Amazon Comprehend, of whatever kind: their operations, their states, the number of a line.
//!
//! All kinds read a file of one document a line and write a compressed archive of lines in any order. Messages of the
//! service may repeat a text and are not read, but for the code that the message of a failed job begins with.

use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::engine::aws::{self, AwsOptions, COMPREHEND, Client, Connection, OperationName};
use crate::engine::{EngineError, ErrorKind};
use crate::jobs::service::{JobService, JobState, Line, Order, Packed, Read, Standing, Terms, unfit};

/// What the service takes as one job of any kind (Comprehend developer guide, "Guidelines and quotas").
pub(in crate::engine) const TERMS: Terms = Terms {
    kind: "",
    most_lines: 1_000_000,
    most_bytes: 5_000_000_000,
    least_lines: 1,
    least_bytes: 500,
    is_grouped: false,
    at_once: 10,
    // Those of three reviews in AWS's own examples; how it grows is not known.
    takes: Duration::from_mins(10),
    // One a second, and a little more.
    start_gap: Duration::from_millis(1_050),
    can_stop: true,
    packed: Packed::TarGz,
    input: "in.txt",
    describe: "",
};

/// Who takes the role on.
pub(in crate::engine) const SERVICE: &str = "comprehend.amazonaws.com";

/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The operations of a kind of job, and what their answers call it.
#[derive(Debug)]
pub(in crate::engine) struct Operations {
    pub(in crate::engine) terms: Terms,
    pub(in crate::engine) start: OperationName,
    pub(in crate::engine) describe: OperationName,
    pub(in crate::engine) list: OperationName,
    /// Nothing for a kind that can't be stopped.
    pub(in crate::engine) stop: Option<OperationName>,
    /// The field of a described job.
    pub(in crate::engine) properties: &'static str,
    /// The field of a list of them.
    pub(in crate::engine) listed: &'static str,
}

/// What a kind of job has of its own.
pub(in crate::engine) trait Kind: Send + Sync {
    /// Its operations.
    const OPERATIONS: &'static Operations;

    /// The field of its own that starts one.
    fn start(&self, order: &Order) -> (&'static str, String);

    /// What a line of an output states; `None` for one that can't be read.
    fn read(&self, line: &[u8]) -> Option<Line>;

    /// As [`JobService::has_requests`].
    fn has_requests(&self) -> bool {
        true
    }

    /// As [`JobService::explain`].
    fn explain(&self, code: &str) -> EngineError {
        unfit(code)
    }
}

/// An operation that is allowed as a whole.
pub(in crate::engine) const fn operation(name: &'static str, right: &'static str) -> OperationName {
    OperationName { name, right, on: "resource \"*\"" }
}

/// An operation that starts a job, and hands the role on.
pub(in crate::engine) const fn starting(name: &'static str, right: &'static str) -> OperationName {
    OperationName { name, right, on: "resource \"*\", and iam:PassRole on the role of jobs.role-arn," }
}

/// Jobs of a kind.
#[derive(Debug)]
pub(in crate::engine) struct ComprehendJobs<K> {
    kind: K,
    client: Client,
    role: String,
    kms_key: Option<String>,
}

impl<K: Kind> ComprehendJobs<K> {
    /// Finds region and credentials. Sends nothing to Comprehend.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] without a region or without credentials, with a hint.
    pub(in crate::engine) async fn connect(
        kind: K,
        options: &AwsOptions,
        role: String,
        kms_key: Option<String>,
    ) -> Result<Self, EngineError> {
        let client = Client::new(&Connection::open(options).await?, &COMPREHEND);
        Ok(Self { kind, client, role, kms_key })
    }

    /// Sends a request once.
    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &OperationName,
        body: &impl Serialize,
    ) -> Result<T, EngineError> {
        let answer = tokio::time::timeout(TIMEOUT, self.client.json(operation, body)).await;
        let late = |_| EngineError::new(ErrorKind::Transient, "no answer in time").with_code("timeout");
        answer.map_err(late)??.read().ok_or_else(aws::unreadable)
    }
}

#[async_trait]
impl<K: Kind> JobService for ComprehendJobs<K> {
    fn terms(&self) -> &Terms {
        &K::OPERATIONS.terms
    }

    fn region(&self) -> &str {
        self.client.region()
    }

    async fn start(&self, order: &Order) -> Result<String, EngineError> {
        let mut output = json!({ "S3Uri": order.output });
        if let Some(key) = &self.kms_key {
            output["KmsKeyId"] = key.as_str().into();
        }
        let mut body = json!({
            "InputDataConfig": { "S3Uri": order.input, "InputFormat": "ONE_DOC_PER_LINE" },
            "OutputDataConfig": output,
            "DataAccessRoleArn": self.role,
            "JobName": order.name,
            "ClientRequestToken": order.token,
        });
        let (field, value) = self.kind.start(order);
        body[field] = value.into();
        let started: Value = self.ask(&K::OPERATIONS.start, &body).await.map_err(full)?;
        started["JobId"].as_str().map(str::to_owned).ok_or_else(aws::unreadable)
    }

    async fn find(&self, name: &str) -> Result<Option<String>, EngineError> {
        let mut token: Option<String> = None;
        loop {
            let mut body = json!({ "Filter": { "JobName": name }, "MaxResults": 500 });
            if let Some(token) = &token {
                body["NextToken"] = token.as_str().into();
            }
            let list: Value = self.ask(&K::OPERATIONS.list, &body).await?;
            // A filter that is not held to would find somebody else's.
            let jobs = list[K::OPERATIONS.listed].as_array();
            let found = jobs.into_iter().flatten().find(|job| job["JobName"].as_str() == Some(name));
            if let Some(job) = found.and_then(|job| job["JobId"].as_str()) {
                return Ok(Some(job.to_owned()));
            }
            token = list["NextToken"].as_str().filter(|next| !next.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(None);
            }
        }
    }

    async fn look(&self, id: &str) -> Result<Option<Standing>, EngineError> {
        match self.ask::<Value>(&K::OPERATIONS.describe, &json!({ "JobId": id })).await {
            Ok(mut described) => {
                let job: Option<Job> = serde_json::from_value(described[K::OPERATIONS.properties].take()).ok();
                job.and_then(Job::standing).map(Some).ok_or_else(aws::unreadable)
            }
            Err(error) if error.code.as_deref().is_some_and(|code| code.starts_with("JobNotFound")) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn stop(&self, id: &str) -> Result<(), EngineError> {
        match &K::OPERATIONS.stop {
            Some(stop) => self.ask::<Value>(stop, &json!({ "JobId": id })).await.map(drop),
            None => Ok(()),
        }
    }

    fn write(&self, _first: u64, texts: &[&str], file: &mut Vec<u8>) {
        for text in texts {
            debug_assert!(!text.contains(['\n', '\r']), "a document is one line");
            file.extend_from_slice(text.as_bytes());
            file.push(b'\n');
        }
    }

    fn read(&self, _number: u64, line: &[u8]) -> Option<Read> {
        self.kind.read(line).map(Read::from)
    }

    fn has_requests(&self) -> bool {
        self.kind.has_requests()
    }

    fn explain(&self, code: &str) -> EngineError {
        self.kind.explain(code)
    }
}

/// The account has as many jobs as it may have: one more may be started later.
fn full(error: EngineError) -> EngineError {
    let is_full = error.code.as_deref().is_some_and(|code| code.starts_with("ResourceLimitExceeded"));
    if is_full { EngineError { kind: ErrorKind::Throttled, ..error } } else { error }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Job {
    job_status: Option<String>,
    message: Option<String>,
    submit_time: Option<f64>,
    end_time: Option<f64>,
    output_data_config: Option<Output>,
}

#[derive(Deserialize, Default)]
struct Output {
    #[serde(rename = "S3Uri")]
    address: Option<String>,
}

impl Job {
    /// `None` for a state that is not known.
    fn standing(self) -> Option<Standing> {
        let state = match self.job_status.as_deref()? {
            "SUBMITTED" => JobState::Submitted,
            "IN_PROGRESS" => JobState::InProgress,
            "COMPLETED" => JobState::Completed,
            "FAILED" => JobState::Failed,
            "STOP_REQUESTED" => JobState::StopRequested,
            "STOPPED" => JobState::Stopped,
            _ => return None,
        };
        let seconds = self.end_time.zip(self.submit_time).map(|(end, start)| ((end - start) * 1e3).round() / 1e3);
        Some(Standing {
            state,
            output: self.output_data_config.and_then(|output| output.address),
            code: self.message.as_deref().and_then(code),
            seconds: seconds.filter(|seconds| *seconds >= 0.0),
        })
    }
}

/// The code that a message begins with, such as `NO_READ_ACCESS_TO_INPUT`. The rest may repeat a text.
fn code(message: &str) -> Option<String> {
    let is_of_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let code: String = message.chars().take_while(|c| is_of_code(*c)).take(64).collect();
    let ends = message.chars().nth(code.len()).is_none_or(|next| next == ':' || next == ' ');
    (ends && code.contains('_')).then_some(code)
}

/// A line's number, which is a number in outputs of some jobs and a text in those of others.
pub(in crate::engine) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Number;

    impl serde::de::Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the number of a line")
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
            Ok(number)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
            text.parse().map_err(|_| E::custom("no number"))
        }
    }

    deserializer.deserialize_any(Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failed_jobs_message_only_the_code_is_kept() {
        assert_eq!(code("NO_READ_ACCESS_TO_INPUT: The role has no access").as_deref(), Some("NO_READ_ACCESS_TO_INPUT"));
        assert_eq!(code("INTERNAL_SERVER_ERROR").as_deref(), Some("INTERNAL_SERVER_ERROR"));
        for message in ["I want to cancel, my card is 4111", "I", "", "A_card: x4111_x", "MYNAME: x"] {
            assert!(code(message).is_none_or(|code| code == "A_"), "{message}");
        }
    }

    #[test]
    fn a_state_that_is_not_known_is_none() {
        let job = |status: &str| Job {
            job_status: Some(status.into()),
            submit_time: Some(10.0),
            end_time: Some(610.5),
            ..Job::default()
        };
        let standing = job("COMPLETED").standing().unwrap();
        assert_eq!((standing.state, standing.seconds), (JobState::Completed, Some(600.5)));
        assert_eq!(job("DREAMING").standing(), None);
    }
}
