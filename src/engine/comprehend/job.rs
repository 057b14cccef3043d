//! Sentiment jobs of Amazon Comprehend: their four operations, and the lines of their output.
//!
//! A file has one document a line and one language. The output is a compressed archive of lines in any order, each with
//! the number of the document's line, and scores or an error. Messages of the service may repeat a text and are not read,
//! but for the code that the message of a failed job begins with.

use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use super::answers::{Probabilities, invalid_scores};
use super::terms::MAX_DOCUMENT_BYTES;
use crate::engine::aws::{self, AwsOptions, COMPREHEND, Client, Connection, OperationName};
use crate::engine::{Answer, DocumentError, EngineError, ErrorKind};
use crate::jobs::service::{JobService, JobState, Order, Packed, Standing, Terms};

/// What the service takes as one job (Comprehend developer guide, "Guidelines and quotas").
pub(super) const TERMS: Terms = Terms {
    kind: "comprehend sentiment",
    most_lines: 1_000_000,
    most_bytes: 5_000_000_000,
    least_bytes: 500,
    at_once: 10,
    // Those of three reviews in AWS's own examples; how it grows is not known.
    takes: Duration::from_mins(10),
    // One a second, and a little more.
    start_gap: Duration::from_millis(1_050),
    can_stop: true,
    packed: Packed::TarGz,
    describe: "aws comprehend describe-sentiment-detection-job --job-id",
};

/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(20);

const START: OperationName = OperationName {
    name: "StartSentimentDetectionJob",
    right: "comprehend:StartSentimentDetectionJob",
    on: "resource \"*\", and iam:PassRole on the role of jobs.role-arn,",
};
const DESCRIBE: OperationName = operation("DescribeSentimentDetectionJob", "comprehend:DescribeSentimentDetectionJob");
const LIST: OperationName = operation("ListSentimentDetectionJobs", "comprehend:ListSentimentDetectionJobs");
const STOP: OperationName = operation("StopSentimentDetectionJob", "comprehend:StopSentimentDetectionJob");

const fn operation(name: &'static str, right: &'static str) -> OperationName {
    OperationName { name, right, on: "resource \"*\"" }
}

/// Sentiment jobs.
#[derive(Debug)]
pub(super) struct SentimentJobs {
    client: Client,
    role: String,
    kms_key: Option<String>,
}

impl SentimentJobs {
    /// Finds region and credentials. Sends nothing to Comprehend.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] without a region or without credentials, with a hint.
    pub(super) async fn connect(
        options: &AwsOptions,
        role: String,
        kms_key: Option<String>,
    ) -> Result<Self, EngineError> {
        let client = Client::new(&Connection::open(options).await?, &COMPREHEND);
        Ok(Self { client, role, kms_key })
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
impl JobService for SentimentJobs {
    fn terms(&self) -> &Terms {
        &TERMS
    }

    fn region(&self) -> &str {
        self.client.region()
    }

    async fn start(&self, order: &Order) -> Result<String, EngineError> {
        let mut output = json!({ "S3Uri": order.output });
        if let Some(key) = &self.kms_key {
            output["KmsKeyId"] = key.as_str().into();
        }
        let body = json!({
            "InputDataConfig": { "S3Uri": order.input, "InputFormat": "ONE_DOC_PER_LINE" },
            "OutputDataConfig": output,
            "DataAccessRoleArn": self.role,
            "JobName": order.name,
            "LanguageCode": order.language,
            "ClientRequestToken": order.token,
        });
        let started: Started = self.ask(&START, &body).await.map_err(full)?;
        started.job_id.ok_or_else(aws::unreadable)
    }

    async fn find(&self, name: &str) -> Result<Option<String>, EngineError> {
        let mut token: Option<String> = None;
        loop {
            let mut body = json!({ "Filter": { "JobName": name }, "MaxResults": 500 });
            if let Some(token) = &token {
                body["NextToken"] = token.as_str().into();
            }
            let list: List = self.ask(&LIST, &body).await?;
            // A filter that is not held to would find somebody else's.
            let found = list.jobs.into_iter().flatten().find(|job| job.job_name.as_deref() == Some(name));
            if let Some(job) = found.and_then(|job| job.job_id) {
                return Ok(Some(job));
            }
            token = list.next_token.filter(|next| !next.is_empty());
            if token.is_none() {
                return Ok(None);
            }
        }
    }

    async fn look(&self, id: &str) -> Result<Option<Standing>, EngineError> {
        match self.ask::<Described>(&DESCRIBE, &json!({ "JobId": id })).await {
            Ok(Described { job }) => job.standing().map(Some).ok_or_else(aws::unreadable),
            Err(error) if error.code.as_deref().is_some_and(|code| code.starts_with("JobNotFound")) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn stop(&self, id: &str) -> Result<(), EngineError> {
        self.ask::<serde_json::Value>(&STOP, &json!({ "JobId": id })).await.map(drop)
    }

    fn write(&self, text: &str, file: &mut Vec<u8>) {
        debug_assert!(text.len() <= MAX_DOCUMENT_BYTES && !text.contains(['\n', '\r']), "a document is one line");
        file.extend_from_slice(text.as_bytes());
        file.push(b'\n');
    }

    fn read(&self, line: &[u8]) -> Option<(u64, Answer)> {
        serde_json::from_slice::<Line>(line).ok()?.answer()
    }
}

/// The account has as many jobs as it may have: one more may be started later.
fn full(error: EngineError) -> EngineError {
    let is_full = error.code.as_deref().is_some_and(|code| code.starts_with("ResourceLimitExceeded"));
    if is_full { EngineError { kind: ErrorKind::Throttled, ..error } } else { error }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    job_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(rename = "SentimentDetectionJobPropertiesList")]
    jobs: Option<Vec<Job>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "SentimentDetectionJobProperties")]
    job: Job,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Job {
    job_id: Option<String>,
    job_name: Option<String>,
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
    pub(super) fn standing(self) -> Option<Standing> {
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

/// A line of an output.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(deserialize_with = "number")]
    line: u64,
    #[serde(default)]
    sentiment_score: Option<Probabilities>,
    #[serde(default)]
    error_code: Option<String>,
}

impl Line {
    fn answer(self) -> Option<(u64, Answer)> {
        let answer = match (self.sentiment_score, self.error_code) {
            (_, Some(code)) => {
                let code = aws::printable_code(&code);
                let retriable = aws::document_may_pass(&code);
                Err(DocumentError { code: code.into(), retriable })
            }
            (Some(scores), None) => scores.scores().ok_or_else(invalid_scores),
            (None, None) => return None,
        };
        Some((self.line, answer))
    }
}

/// A line's number, which is a number in outputs of some jobs and a text in those of others.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
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

    fn read(line: &str) -> Option<(u64, Answer)> {
        serde_json::from_slice::<Line>(line.as_bytes()).ok()?.answer()
    }

    #[test]
    fn a_line_has_a_number_in_either_form_and_scores_or_an_error() {
        let scores = r#""SentimentScore":{"Mixed":0.25,"Negative":0.25,"Neutral":0.25,"Positive":0.25}"#;
        for number in ["7", "\"7\""] {
            let (line, answer) =
                read(&format!(r#"{{"File":"in.txt","Line":{number},"Sentiment":"MIXED",{scores}}}"#)).unwrap();
            assert_eq!((line, answer.unwrap().mixed.to_bits()), (7, 0.25_f32.to_bits()));
        }
        let failed = |code: &str| {
            let line = format!(r#"{{"ErrorCode":"{code}","ErrorMessage":"my card is 4111","File":"f","Line":0}}"#);
            read(&line).unwrap().1.unwrap_err()
        };
        assert_eq!(
            (&*failed("DOCUMENT_SIZE_EXCEEDED").code, failed("DOCUMENT_SIZE_EXCEEDED").retriable),
            ("DOCUMENT_SIZE_EXCEEDED", false)
        );
        assert!(failed("INTERNAL_ERROR").retriable);
        let invalid = read(r#"{"Line":0,"SentimentScore":{"Mixed":0.9,"Negative":0.9,"Neutral":0,"Positive":0}}"#);
        assert!(invalid.unwrap().1.unwrap_err().retriable, "it is sent in a request");
        for none in [
            "",
            "{",
            "[]",
            r#"{"Line":-1,"ErrorCode":"x"}"#,
            r#"{"Line":"x","ErrorCode":"x"}"#,
            r#"{"Line":1}"#,
            r#"{"ErrorCode":"x"}"#,
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

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
