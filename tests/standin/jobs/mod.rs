//! Jobs of the stand-in, of sentiment or of a classifier: their state machine, from the operations' rules to an output in the
//! bucket.
//!
//! As strict as the service model and the guide: one language, 500 bytes to 5 GB, a million lines, 5,000 bytes a line, ten
//! jobs at once, one start a second, ten questions a second; a role; names and tokens. States take time. The output lies
//! under a folder that nobody could guess, its lines shuffled. Jobs of a classifier have no language, can't be stopped, and
//! give three classes a line.

mod output;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::quota::{Gate, Quota};
use super::s3;
use super::service::ServiceError;

/// The operations of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Start,
    Describe,
    List,
    Stop,
}

impl Operation {
    /// Reads `x-amz-target`: the operation of sentiment jobs, or of those of a classifier.
    pub(crate) fn of(target: Option<&str>, is_of_classifier: bool) -> Option<Self> {
        match (target?.strip_prefix("Comprehend_20171127.")?, is_of_classifier) {
            ("StartSentimentDetectionJob", false) | ("StartDocumentClassificationJob", true) => Some(Self::Start),
            ("DescribeSentimentDetectionJob", false) | ("DescribeDocumentClassificationJob", true) => {
                Some(Self::Describe)
            }
            ("ListSentimentDetectionJobs", false) | ("ListDocumentClassificationJobs", true) => Some(Self::List),
            ("StopSentimentDetectionJob", false) => Some(Self::Stop),
            _ => None,
        }
    }
}

/// A classifier whose jobs these are.
#[derive(Debug, Clone)]
pub(crate) struct OfClassifier {
    pub(crate) arn: String,
    pub(crate) labels: &'static [&'static str],
    pub(crate) is_multi_label: bool,
}

/// What a repeated token answers, which the guide does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// The job that it has started.
    SameJob,
    /// A second job.
    AnotherJob,
    /// An error.
    Refused,
}

/// What is wrong with an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    None,
    /// Its last third is missing.
    CutShort,
    /// The archive is none.
    NoArchive,
    /// Every tenth line is no JSON.
    Garbage,
    /// Every tenth line names a line that the file does not have.
    OutOfRange,
    /// Every tenth line stands there twice, with other scores.
    Twice,
    /// There is none.
    Absent,
}

/// What can be told to the jobs.
#[derive(Debug, Clone)]
pub(crate) struct JobsConfig {
    /// The only role that may be passed.
    pub(crate) role: &'static str,
    /// Jobs that others of the account have.
    pub(crate) others: usize,
    /// From the start of a job to its end.
    pub(crate) takes: Duration,
    /// Starts a second; without it, as the quota has it.
    pub(crate) is_hurried: bool,
    /// The name of the file in the archive.
    pub(crate) member: &'static str,
    /// Whether the number of a line is a text.
    pub(crate) line_is_text: bool,
    /// Each line whose number can be divided by this one is left out.
    pub(crate) left_out: Option<u64>,
    /// Documents that hold this fail for good.
    pub(crate) poison: Option<&'static str>,
    /// Documents that hold this fail with an error of the service's own.
    pub(crate) passing: Option<&'static str>,
    /// Jobs end so, with this message.
    pub(crate) fails: Option<&'static str>,
    /// So many starts are accepted, and their answers lost.
    pub(crate) lose_starts: u32,
    /// Every request of an operation gets this error, so many times.
    pub(crate) refusals: Vec<(Operation, ServiceError, u32)>,
    pub(crate) repeated: Repeated,
    pub(crate) damage: Damage,
    /// Nothing for jobs of sentiment.
    pub(crate) classifier: Option<OfClassifier>,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            role: "arn:aws:iam::111122223333:role/undertone-jobs",
            others: 0,
            takes: Duration::from_millis(120),
            is_hurried: true,
            member: "output",
            line_is_text: false,
            left_out: None,
            poison: None,
            passing: None,
            fails: None,
            lose_starts: 0,
            refusals: Vec::new(),
            repeated: Repeated::SameJob,
            damage: Damage::None,
            classifier: None,
        }
    }
}

/// A job as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenJob {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) status: &'static str,
    /// Lines of its file.
    pub(crate) lines: u64,
}

struct Job {
    id: String,
    name: String,
    token: Option<String>,
    input: String,
    output: String,
    language: String,
    begun: Instant,
    is_to_stop: bool,
    status: &'static str,
    message: Option<String>,
    ended: Option<Instant>,
    lines: u64,
}

/// All jobs.
pub(crate) struct Jobs {
    pub(crate) config: JobsConfig,
    store: s3::Handle,
    jobs: Vec<Job>,
    start: Gate,
    ask: Gate,
    /// How often each document was scored, by hash.
    scored: HashMap<u64, u32>,
    random: fastrand::Rng,
    begun: Instant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StartBody {
    input_data_config: Input,
    output_data_config: Output,
    data_access_role_arn: String,
    job_name: Option<String>,
    language_code: Option<String>,
    document_classifier_arn: Option<String>,
    client_request_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(rename = "S3Uri")]
    address: String,
    #[serde(rename = "InputFormat")]
    format: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    #[serde(rename = "S3Uri")]
    address: String,
    #[serde(rename = "KmsKeyId")]
    _key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct JobBody {
    job_id: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
struct ListBody {
    filter: Option<Filter>,
    next_token: Option<String>,
    max_results: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
struct Filter {
    job_name: Option<String>,
    job_status: Option<String>,
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "InvalidRequestException", message)
}

fn too_many() -> ServiceError {
    ServiceError::new(429, "TooManyRequestsException", "Rate exceeded")
}

impl Jobs {
    pub(crate) fn new(config: JobsConfig, store: s3::Handle) -> Self {
        let now = Instant::now();
        let start = if config.is_hurried { Quota::Unlimited } else { Quota::bucket(1.0, 1) };
        let ask = if config.is_hurried { Quota::Unlimited } else { Quota::bucket(10.0, 10) };
        Self {
            config,
            store,
            jobs: Vec::new(),
            start: Gate::new(start, now),
            ask: Gate::new(ask, now),
            scored: HashMap::new(),
            random: fastrand::Rng::with_seed(7),
            begun: now,
        }
    }

    /// The jobs, the first one first.
    pub(crate) fn seen(&self) -> Vec<SeenJob> {
        let seen = |job: &Job| SeenJob {
            id: job.id.clone(),
            name: job.name.clone(),
            language: job.language.clone(),
            status: job.status,
            lines: job.lines,
        };
        self.jobs.iter().map(seen).collect()
    }

    /// Documents that were scored, and those of them that were scored more than once.
    pub(crate) fn scored(&self) -> (u64, u64) {
        let again = self.scored.values().filter(|times| **times > 1).count();
        (self.scored.len() as u64, again as u64)
    }

    /// The answer to a request, and whether it gets lost on its way.
    pub(crate) fn answer(
        &mut self,
        operation: Operation,
        body: &[u8],
        now: Instant,
    ) -> Result<(Value, bool), ServiceError> {
        self.advance(now);
        let gate = if operation == Operation::Start { &mut self.start } else { &mut self.ask };
        if operation != Operation::Stop && !gate.admits(now) {
            return Err(too_many());
        }
        let refusal = self.config.refusals.iter_mut().find(|(of, _, times)| *of == operation && *times > 0);
        if let Some((_, error, times)) = refusal {
            *times -= 1;
            return Err(error.clone());
        }
        match operation {
            Operation::Start => self.begin(&read::<StartBody>(body)?, now),
            Operation::Describe => {
                let id = read::<JobBody>(body)?.job_id;
                let job = self.find(&id)?;
                let properties = self.properties(job);
                let name = if self.config.classifier.is_some() {
                    "DocumentClassificationJobProperties"
                } else {
                    "SentimentDetectionJobProperties"
                };
                Ok((json!({ name: properties }), false))
            }
            Operation::List => Ok((self.list(&read::<ListBody>(body)?)?, false)),
            Operation::Stop => {
                let id = read::<JobBody>(body)?.job_id;
                self.find(&id)?;
                let job = self.jobs.iter_mut().find(|job| job.id == id).expect("it was found");
                if job.ended.is_none() {
                    job.is_to_stop = true;
                    job.status = "STOP_REQUESTED";
                }
                Ok((json!({ "JobId": id, "JobStatus": job.status }), false))
            }
        }
    }

    fn find(&self, id: &str) -> Result<&Job, ServiceError> {
        let unknown = || ServiceError::new(404, "JobNotFoundException", "The specified job was not found.");
        self.jobs.iter().find(|job| job.id == id).ok_or_else(unknown)
    }

    fn begin(&mut self, body: &StartBody, now: Instant) -> Result<(Value, bool), ServiceError> {
        self.check(body)?;
        let is_lost = self.config.lose_starts > 0;
        self.config.lose_starts -= u32::from(is_lost);
        let token = body.client_request_token.as_ref();
        if let Some(known) = token.and_then(|token| self.jobs.iter().find(|job| job.token.as_ref() == Some(token))) {
            match self.config.repeated {
                Repeated::SameJob => return Ok((json!({ "JobId": known.id, "JobStatus": known.status }), is_lost)),
                Repeated::AnotherJob => {}
                Repeated::Refused => {
                    return Err(ServiceError::new(400, "ResourceInUseException", "The token is in use."));
                }
            }
        }
        let active = self.jobs.iter().filter(|job| job.ended.is_none()).count() + self.config.others;
        if active >= 10 {
            return Err(too_many());
        }
        let id = format!("{:016x}{:016x}", self.random.u64(..), self.random.u64(..));
        let folder = body.output_data_config.address.trim_end_matches('/');
        let job = Job {
            output: format!(
                "{folder}/111122223333-{}-{id}/output/output.tar.gz",
                if self.config.classifier.is_some() { "CLN" } else { "SENTIMENT" }
            ),
            id: id.clone(),
            name: body.job_name.clone().unwrap_or_default(),
            token: token.cloned(),
            input: body.input_data_config.address.clone(),
            language: body.language_code.clone().unwrap_or_else(|| "en".to_owned()),
            begun: now,
            is_to_stop: false,
            status: "SUBMITTED",
            message: None,
            ended: None,
            lines: 0,
        };
        self.jobs.push(job);
        let (_, folder) = self.store.key(folder).ok_or_else(|| invalid("no bucket"))?;
        self.store.put(&format!("{folder}/.write_access_check_file.temp"), Vec::new());
        Ok((
            json!({ "JobId": id, "JobArn": format!("arn:aws:comprehend:eu-west-1:111122223333:sentiment-detection-job/{id}"), "JobStatus": "SUBMITTED" }),
            is_lost,
        ))
    }

    fn check(&self, body: &StartBody) -> Result<(), ServiceError> {
        const LANGUAGES: [&str; 12] = ["en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"];
        let is_of = match (&self.config.classifier, &body.document_classifier_arn, body.language_code.as_deref()) {
            (None, None, Some(language)) => LANGUAGES.contains(&language),
            (Some(known), Some(arn), None) if known.arn != *arn => {
                return Err(ServiceError::new(400, "ResourceUnavailableException", "no such classifier"));
            }
            (Some(_), Some(_), None) => true,
            _ => false,
        };
        if !is_of {
            return Err(ServiceError::new(400, "ValidationException", "1 validation error detected: 'languageCode'"));
        }
        let token = body.client_request_token.as_deref().unwrap_or("x");
        let is_token = (1..=64).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let name = body.job_name.as_deref().unwrap_or("x");
        if !is_token || name.is_empty() || name.len() > 256 {
            return Err(ServiceError::new(400, "ValidationException", "1 validation error detected: name or token"));
        }
        if body.input_data_config.format.as_deref() != Some("ONE_DOC_PER_LINE") {
            return Err(invalid("the stand-in reads one document a line only"));
        }
        if body.data_access_role_arn != self.config.role {
            let message = format!(
                "User: arn:aws:iam::111122223333:user/night is not authorized to perform: iam:PassRole on resource: {}",
                body.data_access_role_arn
            );
            return Err(ServiceError::new(400, "AccessDeniedException", &message));
        }
        for address in [&body.input_data_config.address, &body.output_data_config.address] {
            if address.len() > 1024 || !self.store.key(address).is_some_and(|(is_ours, _)| is_ours) {
                return Err(invalid("the bucket is not there, or is in another region"));
            }
        }
        Ok(())
    }

    fn properties(&self, job: &Job) -> Value {
        let since = |at: Instant| 1_790_000_000.0 + at.duration_since(self.begun).as_secs_f64();
        let mut value = json!({
            "JobId": job.id, "JobName": job.name, "JobStatus": job.status, "SubmitTime": since(job.begun),
            "InputDataConfig": { "S3Uri": job.input, "InputFormat": "ONE_DOC_PER_LINE" },
            "OutputDataConfig": { "S3Uri": job.output }, "DataAccessRoleArn": self.config.role,
        });
        match &self.config.classifier {
            Some(classifier) => value["DocumentClassifierArn"] = classifier.arn.as_str().into(),
            None => value["LanguageCode"] = job.language.as_str().into(),
        }
        if let Some(message) = &job.message {
            value["Message"] = message.as_str().into();
        }
        if let Some(ended) = job.ended {
            value["EndTime"] = since(ended).into();
        }
        value
    }

    /// Pages of two, so that whoever asks must go on.
    fn list(&self, body: &ListBody) -> Result<Value, ServiceError> {
        if body.max_results.is_some_and(|most| !(1..=500).contains(&most)) {
            return Err(ServiceError::new(400, "ValidationException", "1 validation error detected: 'maxResults'"));
        }
        let filter = body.filter.as_ref();
        if filter.is_some_and(|filter| filter.job_name.is_some() && filter.job_status.is_some()) {
            return Err(ServiceError::new(400, "InvalidFilterException", "one filter at a time"));
        }
        let name = filter.and_then(|filter| filter.job_name.as_ref());
        let from: usize =
            body.next_token.as_ref().map_or(Ok(0), |token| token.parse()).map_err(|_| invalid("token"))?;
        let is_named = |job: &&Job| name.is_none_or(|name| *name == job.name);
        let found: Vec<&Job> = self.jobs.iter().filter(is_named).collect();
        let page: Vec<Value> = found.iter().skip(from).take(2).map(|job| self.properties(job)).collect();
        let name = if self.config.classifier.is_some() {
            "DocumentClassificationJobPropertiesList"
        } else {
            "SentimentDetectionJobPropertiesList"
        };
        let mut value = json!({ name: page });
        if from + 2 < found.len() {
            value["NextToken"] = (from + 2).to_string().into();
        }
        Ok(value)
    }

    /// Lets time pass.
    fn advance(&mut self, now: Instant) {
        for place in 0..self.jobs.len() {
            let job = &self.jobs[place];
            if job.ended.is_some() {
                continue;
            }
            let passed = now.saturating_duration_since(job.begun);
            if job.is_to_stop && passed >= self.config.takes / 2 {
                self.end(place, now, true);
            } else if passed >= self.config.takes {
                self.end(place, now, false);
            } else if passed >= self.config.takes / 3 && !job.is_to_stop {
                self.jobs[place].status = "IN_PROGRESS";
            }
        }
    }

    fn end(&mut self, place: usize, now: Instant, is_stopped: bool) {
        let made = self.work(place, is_stopped);
        let job = &mut self.jobs[place];
        job.ended = Some(now);
        match made {
            Ok(()) => job.status = if is_stopped { "STOPPED" } else { "COMPLETED" },
            Err(message) => (job.status, job.message) = ("FAILED", Some(message)),
        }
    }

    /// Scores a job's file into its output.
    fn work(&mut self, place: usize, is_stopped: bool) -> Result<(), String> {
        let (input, output, language) = {
            let job = &self.jobs[place];
            (job.input.clone(), job.output.clone(), job.language.clone())
        };
        let unreadable = || {
            "NO_READ_ACCESS_TO_INPUT: The provided data access role does not have proper access to the input data."
                .to_owned()
        };
        let (_, key) = self.store.key(&input).ok_or_else(unreadable)?;
        let bytes = self.store.only(&key).ok_or_else(unreadable)?;
        let lines = output::lines(&bytes);
        self.jobs[place].lines = lines.len() as u64;
        if let Some(message) = self.config.fails {
            return Err(message.to_owned());
        }
        if bytes.len() < 500 {
            return Err("INPUT_TOO_SMALL: the input is below the least size".to_owned());
        }
        if lines.len() > 1_000_000 || bytes.len() > 5_000_000_000 {
            return Err("INPUT_TOO_LARGE: the input is beyond the largest size".to_owned());
        }
        let lines = if is_stopped { &lines[..lines.len() / 2] } else { &lines[..] };
        let (archive, scored) = output::archive(&self.config, &language, lines, &mut self.random);
        for document in scored {
            *self.scored.entry(document).or_default() += 1;
        }
        let (_, key) = self.store.key(&output).ok_or_else(unreadable)?;
        if self.config.damage != Damage::Absent {
            self.store.put(&key, archive);
        }
        Ok(())
    }
}

fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, ServiceError> {
    serde_json::from_slice(body).map_err(|error| ServiceError::new(400, "SerializationException", &error.to_string()))
}
