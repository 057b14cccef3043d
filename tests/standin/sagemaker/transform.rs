//! Batch Transform of the stand-in: names that are unique for ever, a state machine, and outputs object by object, all of an
//! object or nothing of it. Reasons of failures repeat the text.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::http::Request;
use super::super::s3;
use super::super::service::ServiceError;
use super::{Config, container};

/// What can be told to the jobs.
#[derive(Debug, Clone)]
pub(crate) struct TransformConfig {
    /// From the start of a job to its end.
    pub(crate) takes: Duration,
    /// So many creations are accepted, and their answers lost.
    pub(crate) lose_starts: u32,
    /// Jobs that others of the account have; four are allowed.
    pub(crate) others: usize,
    /// Jobs fail as a whole with this reason.
    pub(crate) fails: Option<&'static str>,
    /// So many descriptions do not find their job.
    pub(crate) unseen: u32,
    /// Each answer is written over two lines.
    pub(crate) is_pretty: bool,
}

impl Default for TransformConfig {
    fn default() -> Self {
        let takes = Duration::from_millis(120);
        Self { takes, lose_starts: 0, others: 0, fails: None, unseen: 0, is_pretty: false }
    }
}

/// A job as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenTransform {
    pub(crate) name: String,
    pub(crate) status: &'static str,
    /// Lines of each of its objects.
    pub(crate) objects: Vec<usize>,
}

struct Job {
    name: String,
    input: String,
    output: String,
    begun: Instant,
    is_to_stop: bool,
    ended: Option<Instant>,
    status: &'static str,
    reason: Option<String>,
    objects: Vec<usize>,
}

/// All jobs.
pub(crate) struct Transforms {
    pub(crate) config: TransformConfig,
    store: s3::Handle,
    jobs: Vec<Job>,
    /// How often each text was answered.
    scored: HashMap<String, u32>,
    begun: Instant,
    /// Seconds since 1970 then.
    epoch: f64,
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "ValidationException", message)
}

/// The fields of a value, none of which may be another than these.
fn known(value: &Value, names: &[&str]) -> Result<(), ServiceError> {
    let fields = value.as_object().ok_or_else(|| invalid("no structure"))?;
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(invalid(&format!("unknown field {name}"))),
        None => Ok(()),
    }
}

impl Transforms {
    pub(crate) fn new(config: TransformConfig, store: s3::Handle) -> Self {
        Self {
            config,
            store,
            jobs: Vec::new(),
            scored: HashMap::new(),
            begun: Instant::now(),
            epoch: jiff::Timestamp::now().as_duration().as_secs_f64(),
        }
    }

    /// The jobs, the first one first.
    pub(crate) fn seen(&self) -> Vec<SeenTransform> {
        let seen =
            |job: &Job| SeenTransform { name: job.name.clone(), status: job.status, objects: job.objects.clone() };
        self.jobs.iter().map(seen).collect()
    }

    /// How often each text was answered.
    pub(crate) fn scored(&self) -> &HashMap<String, u32> {
        &self.scored
    }

    /// The answer to an operation, and whether it gets lost; `None` for one that is no job's.
    pub(super) fn answer(
        &mut self,
        operation: &str,
        body: &Value,
        config: &Config,
    ) -> Option<Result<(Value, bool), ServiceError>> {
        let now = Instant::now();
        self.advance(now, config);
        let name = body["TransformJobName"].as_str().unwrap_or_default().to_owned();
        Some(match operation {
            "CreateTransformJob" => self.create(body, config, now),
            "DescribeTransformJob" if self.config.unseen > 0 => {
                self.config.unseen -= 1;
                Err(invalid("Could not find requested job with name"))
            }
            "DescribeTransformJob" => self.describe(&name).map(|value| (value, false)),
            "StopTransformJob" => self.stop(&name).map(|()| (Value::Null, false)),
            _ => return None,
        })
    }

    fn create(&mut self, body: &Value, config: &Config, now: Instant) -> Result<(Value, bool), ServiceError> {
        const FIELDS: [&str; 7] = [
            "TransformJobName",
            "ModelName",
            "BatchStrategy",
            "MaxPayloadInMB",
            "TransformInput",
            "TransformOutput",
            "TransformResources",
        ];
        known(body, &FIELDS)?;
        let (input, output, resources) =
            (&body["TransformInput"], &body["TransformOutput"], &body["TransformResources"]);
        known(input, &["DataSource", "ContentType", "SplitType"])?;
        known(output, &["S3OutputPath", "Accept", "AssembleWith", "KmsKeyId"])?;
        known(resources, &["InstanceType", "InstanceCount"])?;
        let name = body["TransformJobName"].as_str().unwrap_or_default();
        let is_name = (1..=63).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if !is_name {
            return Err(invalid("1 validation error detected: 'transformJobName'"));
        }
        if body["ModelName"] != format!("ours-model-{}", config.model).as_str() {
            return Err(invalid("Could not find model"));
        }
        let is_kind = resources["InstanceType"].as_str().is_some_and(|kind| kind.starts_with("ml."));
        if !is_kind || !(1..=100).contains(&resources["InstanceCount"].as_u64().unwrap_or(0)) {
            return Err(invalid("1 validation error detected: 'transformResources'"));
        }
        let is_by_line = input["SplitType"] == "Line" && output["AssembleWith"] == "Line";
        if !is_by_line || body["BatchStrategy"] != "SingleRecord" || input["ContentType"] != "application/json" {
            return Err(invalid("the stand-in reads single records by line only"));
        }
        let source = &input["DataSource"]["S3DataSource"];
        known(source, &["S3DataType", "S3Uri"])?;
        let address = |value: &Value| {
            let address = value.as_str().unwrap_or_default().to_owned();
            let is_ours = self.store.key(&address).is_some_and(|(is_ours, _)| is_ours);
            if is_ours { Ok(address) } else { Err(invalid("the bucket is not there, or is in another region")) }
        };
        let (input, output) = (address(&source["S3Uri"])?, address(&output["S3OutputPath"])?);
        if source["S3DataType"] != "S3Prefix" {
            return Err(invalid("the stand-in reads prefixes only"));
        }
        let is_lost = self.config.lose_starts > 0;
        self.config.lose_starts -= u32::from(is_lost);
        if self.jobs.iter().any(|job| job.name == name) {
            return Err(ServiceError::new(400, "ResourceInUse", "Job name must be unique within an AWS account"));
        }
        if self.jobs.iter().filter(|job| job.ended.is_none()).count() + self.config.others >= 4 {
            return Err(ServiceError::new(400, "ResourceLimitExceeded", "The account-level service limit is 4"));
        }
        self.jobs.push(Job {
            name: name.to_owned(),
            input,
            output,
            begun: now,
            is_to_stop: false,
            ended: None,
            status: "InProgress",
            reason: None,
            objects: Vec::new(),
        });
        let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:transform-job/{name}");
        Ok((json!({ "TransformJobArn": arn }), is_lost))
    }

    fn describe(&self, name: &str) -> Result<Value, ServiceError> {
        let missing = || invalid("Could not find requested job with name");
        let job = self.jobs.iter().find(|job| job.name == name).ok_or_else(missing)?;
        let since = |at: Instant| self.epoch + at.duration_since(self.begun).as_secs_f64();
        let mut value = json!({
            "TransformJobName": job.name, "TransformJobArn": "arn", "TransformJobStatus": job.status,
            "CreationTime": since(job.begun), "TransformStartTime": since(job.begun),
        });
        if let Some(ended) = job.ended {
            value["TransformEndTime"] = since(ended).into();
        }
        if let Some(reason) = &job.reason {
            value["FailureReason"] = reason.as_str().into();
        }
        Ok(value)
    }

    fn stop(&mut self, name: &str) -> Result<(), ServiceError> {
        let job = self.jobs.iter_mut().find(|job| job.name == name && job.ended.is_none());
        let job =
            job.ok_or_else(|| invalid("The request was rejected because the transform job is in status Completed."))?;
        (job.is_to_stop, job.status) = (true, "Stopping");
        Ok(())
    }

    fn advance(&mut self, now: Instant, config: &Config) {
        for place in 0..self.jobs.len() {
            let job = &self.jobs[place];
            let passed = now.saturating_duration_since(job.begun);
            let is_over = passed >= self.config.takes || (job.is_to_stop && passed >= self.config.takes / 2);
            if job.ended.is_none() && is_over {
                self.end(place, now, config);
            }
        }
    }

    fn end(&mut self, place: usize, now: Instant, config: &Config) {
        let (input, output, is_stopped) = {
            let job = &self.jobs[place];
            (job.input.clone(), job.output.clone(), job.is_to_stop)
        };
        let (_, prefix) = self.store.key(&input).expect("it was looked at");
        let (_, folder) = self.store.key(&output).expect("it was looked at");
        let objects = self.store.all(&prefix);
        let worked = if is_stopped { objects.len() / 2 } else { objects.len() };
        let mut reason = self.config.fails.map(str::to_owned);
        let mut lines = Vec::new();
        for (number, (key, bytes)) in objects.iter().enumerate() {
            let records: Vec<&[u8]> = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n').collect();
            lines.push(records.len());
            if number >= worked || self.config.fails.is_some() {
                continue;
            }
            match self.object(&records, config) {
                Ok(written) => {
                    let name = key.strip_prefix(prefix.as_str()).unwrap_or_default().trim_start_matches('/');
                    self.store.put(&format!("{}/{name}.out", folder.trim_end_matches('/')), written);
                }
                Err(text) => reason = Some(format!("ClientError: could not read: {text}. See job logs.")),
            }
        }
        let job = &mut self.jobs[place];
        (job.ended, job.objects) = (Some(now), lines);
        job.status = match (&reason, is_stopped) {
            (_, true) => "Stopped",
            (Some(_), false) => "Failed",
            (None, false) => "Completed",
        };
        job.reason = reason;
    }

    /// The answers of an object; the text of the first record that fails.
    fn object(&mut self, records: &[&[u8]], config: &Config) -> Result<Vec<u8>, String> {
        let mut written = Vec::new();
        let mut answered = Vec::new();
        for record in records {
            let request = Request {
                method: "POST".to_owned(),
                target: "/invocations".to_owned(),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: record.to_vec(),
            };
            let (texts, answer) = container::run(config, &request);
            let is_poison =
                config.poison.as_ref().is_some_and(|(poison, _)| texts.iter().any(|text| text.contains(poison)));
            let answer = answer.ok().filter(|_| !is_poison).ok_or_else(|| texts.join(" | "))?;
            answered.extend(texts);
            let line = if self.config.is_pretty { format!("{answer:#}\n") } else { format!("{answer}\n") };
            written.extend(line.into_bytes());
        }
        for text in answered {
            *self.scored.entry(text).or_default() += 1;
        }
        Ok(written)
    }
}
