//! Batch inference of the stand-in: the operations of the control plane by the service's model, a state machine, and records
//! that the same model answers, shuffled, beside the texts that they repeat.
//!
//! As strict as the guide: 100 to 50,000 records with unique ids in one object that ends in `.jsonl`, a gigabyte, ten jobs of a
//! model at once, a role, names and tokens. Messages repeat a text.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::http::{self, Request};
use super::super::s3;
use super::super::service::ServiceError;
use super::model::{self, Quirk};
use super::request::Asked;
use super::serve::{answer, poisoned, say};
use super::{Config, Fault};

/// The operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Get,
    List,
    Stop,
}

/// How jobs end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    /// The last third of the records is not reached.
    PartiallyCompleted,
    /// No record is reached.
    Expired,
    /// With this message, after the first half of the records.
    Failed(&'static str),
}

/// What is wrong with an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Its last third is missing.
    CutShort,
    /// Every tenth line is no JSON.
    Garbage,
    /// Every tenth record names one that the file does not have.
    OutOfRange,
    /// Every tenth record stands there twice.
    Twice,
    /// There is none.
    Absent,
}

/// What can be told to the jobs.
#[derive(Debug, Clone)]
pub(crate) struct BatchConfig {
    /// The only role that may be passed.
    pub(crate) role: &'static str,
    /// From the start of a job to its end.
    pub(crate) takes: Duration,
    /// Jobs that others of the account have.
    pub(crate) others: usize,
    /// So many creations are accepted, and their answers lost.
    pub(crate) lose_starts: u32,
    /// So many lists do not show a job yet.
    pub(crate) unseen: u32,
    /// Whether a token that comes again is answered with the job; else with nothing.
    pub(crate) names_repeated: bool,
    pub(crate) ends: Ending,
    pub(crate) damage: Option<Damage>,
    /// Each record whose place can be divided by this one fails, with a message that repeats it.
    pub(crate) errors: Option<u64>,
    /// Each record whose place can be divided by this one is not in the output.
    pub(crate) left_out: Option<u64>,
    /// What goes wrong with each record whose place can be divided by this one.
    pub(crate) faults: Option<(u64, Fault)>,
    /// Every request of an operation gets this error, so many times.
    pub(crate) refusals: Vec<(Operation, ServiceError, u32)>,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            role: "arn:aws:iam::111122223333:role/undertone-jobs",
            takes: Duration::from_millis(150),
            others: 0,
            lose_starts: 0,
            unseen: 0,
            names_repeated: true,
            ends: Ending::Completed,
            damage: None,
            errors: None,
            left_out: None,
            faults: None,
            refusals: Vec::new(),
        }
    }
}

/// A job as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenBatch {
    pub(crate) name: String,
    pub(crate) status: &'static str,
    pub(crate) records: usize,
    /// The key of its file.
    pub(crate) input: String,
}

struct Job {
    id: String,
    name: String,
    token: Option<String>,
    model: String,
    /// Addresses of its file and of the folder for its output.
    input: String,
    output: String,
    begun: Instant,
    is_to_stop: bool,
    ended: Option<Instant>,
    status: &'static str,
    message: Option<String>,
    records: usize,
}

/// All jobs.
pub(crate) struct Batches {
    pub(crate) config: BatchConfig,
    store: s3::Handle,
    jobs: Vec<Job>,
    /// How often each text was labelled, by its hash.
    scored: HashMap<u64, u32>,
    /// Tokens used.
    tokens: (u64, u64),
    random: fastrand::Rng,
    begun: Instant,
    epoch: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    job_name: String,
    role_arn: String,
    client_request_token: Option<String>,
    model_id: String,
    input_data_config: Input,
    output_data_config: Output,
    timeout_duration_in_hours: Option<u32>,
    model_invocation_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    s3_input_data_config: S3Input,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct S3Input {
    s3_uri: String,
    s3_input_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Output {
    s3_output_data_config: S3Output,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct S3Output {
    s3_uri: String,
    #[serde(rename = "s3EncryptionKeyId")]
    _key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    record_id: String,
    model_input: Value,
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "ValidationException", message)
}

fn must(holds: bool, message: &str) -> Result<(), ServiceError> {
    if holds { Ok(()) } else { Err(invalid(message)) }
}

/// Whether an address keeps to the pattern of the service's model.
fn is_address(address: &str) -> bool {
    let Some((bucket, key)) = address.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else { return false };
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "-!_*'().".contains(c);
    let mut parts = key.strip_suffix('/').unwrap_or(key).split('/');
    address.len() <= 1024 && !bucket.is_empty() && parts.all(|part| !part.is_empty() && part.chars().all(is_taken))
}

/// Letters and digits with hyphens between them, as names and tokens are.
fn is_word(word: &str, most: usize) -> bool {
    (1..=most).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.ends_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The operation of a request and the job that its path names; `None` for one of another service.
fn operation(request: &Request) -> Option<(Operation, String)> {
    let (path, _) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let named = |id: &str| (!id.contains(['/', ':'])).then(|| http::decoded(id));
    match (request.method.as_str(), path) {
        ("POST", "/model-invocation-job") => Some((Operation::Create, String::new())),
        ("GET", "/model-invocation-jobs") => Some((Operation::List, String::new())),
        ("GET", path) => Some((Operation::Get, named(path.strip_prefix("/model-invocation-job/")?)?)),
        ("POST", path) => {
            let id = path.strip_prefix("/model-invocation-job/")?.strip_suffix("/stop")?;
            Some((Operation::Stop, named(id)?))
        }
        _ => None,
    }
}

impl Batches {
    pub(crate) fn new(config: BatchConfig, store: s3::Handle) -> Self {
        Self {
            config,
            store,
            jobs: Vec::new(),
            scored: HashMap::new(),
            tokens: (0, 0),
            random: fastrand::Rng::with_seed(11),
            begun: Instant::now(),
            epoch: Timestamp::now(),
        }
    }

    /// The jobs, the first one first.
    pub(crate) fn seen(&self) -> Vec<SeenBatch> {
        let seen = |job: &Job| SeenBatch {
            name: job.name.clone(),
            status: job.status,
            records: job.records,
            input: job.input.clone(),
        };
        self.jobs.iter().map(seen).collect()
    }

    /// Texts that were labelled in jobs, and those of them that were labelled more than once.
    pub(crate) fn scored(&self) -> (usize, usize) {
        (self.scored.len(), self.scored.values().filter(|times| **times > 1).count())
    }

    /// Tokens read and answered in jobs.
    pub(crate) fn tokens(&self) -> (u64, u64) {
        self.tokens
    }

    /// The answer to a request and whether it gets lost; `None` for one that is about no job.
    pub(super) fn answer(&mut self, request: &Request, config: &Config) -> Option<Result<(Value, bool), ServiceError>> {
        let (operation, id) = operation(request)?;
        let now = Instant::now();
        self.advance(now, config);
        let refusal = self.config.refusals.iter_mut().find(|(of, _, times)| *of == operation && *times > 0);
        if let Some((_, error, times)) = refusal {
            *times -= 1;
            return Some(Err(error.clone()));
        }
        Some(match operation {
            Operation::Create => self.create(request, config, now),
            Operation::Get => self.find(&id).map(|job| (self.described(&self.jobs[job]), false)),
            Operation::List => self.list(request).map(|list| (list, false)),
            Operation::Stop => self.stop(&id).map(|()| (json!({}), false)),
        })
    }

    fn create(&mut self, request: &Request, config: &Config, now: Instant) -> Result<(Value, bool), ServiceError> {
        must(request.header("content-type") == Some("application/json"), "The content type is not application/json")?;
        let body: Create = serde_json::from_slice(&request.body).map_err(|error| invalid(&error.to_string()))?;
        let (input, output) =
            (body.input_data_config.s3_input_data_config, body.output_data_config.s3_output_data_config);
        must(is_word(&body.job_name, 63), "1 validation error detected: 'jobName'")?;
        let token = body.client_request_token;
        must(token.as_deref().is_none_or(|token| is_word(token, 256)), "1 validation error detected: 'token'")?;
        must(
            input.s3_input_format.is_none_or(|format| format == "JSONL"),
            "1 validation error detected: 's3InputFormat'",
        )?;
        must(is_address(&input.s3_uri) && is_address(&output.s3_uri), "1 validation error detected: 's3Uri'")?;
        let hours = body.timeout_duration_in_hours;
        must(hours.is_none_or(|hours| (24..=168).contains(&hours)), "1 validation error detected: 'timeout'")?;
        must(body.model_invocation_type.as_deref() == Some("Converse"), "the stand-in has jobs of Converse only")?;
        must(config.models.contains(&body.model_id.as_str()), "The provided model identifier is invalid.")?;
        let is_ours = |address: &str| self.store.key(address).is_some_and(|(is_ours, _)| is_ours);
        must(is_ours(&input.s3_uri) && is_ours(&output.s3_uri), "The bucket is not there, or is in another region")?;
        if body.role_arn != self.config.role {
            let message = format!(
                "User: arn:aws:iam::111122223333:user/night is not authorized to perform: iam:PassRole on resource: {}",
                body.role_arn
            );
            return Err(ServiceError::new(403, "AccessDeniedException", &message));
        }
        let is_lost = self.config.lose_starts > 0;
        self.config.lose_starts -= u32::from(is_lost);
        if let Some(known) = self.jobs.iter().find(|job| token.is_some() && job.token == token) {
            let named = json!({ "jobArn": arn(&known.id) });
            return Ok((if self.config.names_repeated { named } else { json!({}) }, is_lost));
        }
        if self.jobs.iter().any(|job| job.name == body.job_name) {
            return Err(ServiceError::new(400, "ConflictException", "The provided job name is currently being used."));
        }
        if self.jobs.iter().filter(|job| job.ended.is_none()).count() + self.config.others >= 10 {
            return Err(ServiceError::new(400, "ServiceQuotaExceededException", "Too many jobs of this model."));
        }
        let id = std::iter::repeat_with(|| self.random.lowercase()).take(12).collect::<String>();
        self.jobs.push(Job {
            id: id.clone(),
            name: body.job_name,
            token,
            model: body.model_id,
            input: input.s3_uri,
            output: output.s3_uri,
            begun: now,
            is_to_stop: false,
            ended: None,
            status: "Submitted",
            message: None,
            records: 0,
        });
        Ok((json!({ "jobArn": arn(&id) }), is_lost))
    }

    /// The place of the job of an id or an ARN.
    fn find(&self, identifier: &str) -> Result<usize, ServiceError> {
        let id = identifier.strip_prefix(ARN).unwrap_or(identifier);
        must(
            id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
            "'jobIdentifier'",
        )?;
        let unknown = || ServiceError::new(404, "ResourceNotFoundException", "Could not find the requested job.");
        self.jobs.iter().position(|job| job.id == id).ok_or_else(unknown)
    }

    fn stop(&mut self, identifier: &str) -> Result<(), ServiceError> {
        let place = self.find(identifier)?;
        let job = &mut self.jobs[place];
        if job.ended.is_some() {
            return Err(ServiceError::new(400, "ConflictException", "The job has ended."));
        }
        (job.is_to_stop, job.status) = (true, "Stopping");
        Ok(())
    }

    fn described(&self, job: &Job) -> Value {
        let at = |moment: Instant| {
            let passed = SignedDuration::try_from(moment.duration_since(self.begun)).unwrap_or_default();
            (self.epoch + passed).to_string()
        };
        let mut value = json!({
            "jobArn": arn(&job.id), "jobName": job.name, "modelId": job.model, "roleArn": self.config.role,
            "status": job.status, "submitTime": at(job.begun), "lastModifiedTime": at(job.begun),
            "inputDataConfig": { "s3InputDataConfig": { "s3Uri": job.input, "s3InputFormat": "JSONL" } },
            "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": job.output } },
            "modelInvocationType": "Converse", "timeoutDurationInHours": 24,
        });
        if let Some(token) = &job.token {
            value["clientRequestToken"] = token.as_str().into();
        }
        if let Some(message) = &job.message {
            value["message"] = message.as_str().into();
        }
        if let Some(ended) = job.ended {
            value["endTime"] = at(ended).into();
        }
        value
    }

    /// Pages of two, so that whoever asks must go on.
    fn list(&mut self, request: &Request) -> Result<Value, ServiceError> {
        let (_, query) = request.target.split_once('?').unwrap_or_default();
        let (mut name, mut from) = (String::new(), 0);
        for (field, value) in http::parameters(query) {
            match field.as_str() {
                "nameContains" => name = value,
                "nextToken" => from = value.parse().map_err(|_| invalid("'nextToken'"))?,
                "maxResults" => {
                    must(value.parse::<u32>().is_ok_and(|most| (1..=1000).contains(&most)), "'maxResults'")?;
                }
                _ => return Err(invalid("unknown field of the query")),
            }
        }
        if self.config.unseen > 0 {
            self.config.unseen -= 1;
            return Ok(json!({ "invocationJobSummaries": [] }));
        }
        let found: Vec<&Job> = self.jobs.iter().filter(|job| job.name.contains(&name)).collect();
        let page: Vec<Value> = found.iter().skip(from).take(2).map(|job| self.described(job)).collect();
        let mut value = json!({ "invocationJobSummaries": page });
        if from + 2 < found.len() {
            value["nextToken"] = (from + 2).to_string().into();
        }
        Ok(value)
    }

    /// Lets time pass.
    fn advance(&mut self, now: Instant, config: &Config) {
        const BEFORE: [&str; 4] = ["Submitted", "Validating", "Scheduled", "InProgress"];
        for place in 0..self.jobs.len() {
            let job = &self.jobs[place];
            let share = now.saturating_duration_since(job.begun).as_secs_f64() / self.config.takes.as_secs_f64();
            if job.ended.is_some() {
                continue;
            }
            if share >= 1.0 || job.is_to_stop {
                self.end(place, now, config);
            } else if !job.is_to_stop {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 3")]
                let step = (share * 4.0) as usize;
                self.jobs[place].status = BEFORE[step.min(3)];
            }
        }
    }

    fn end(&mut self, place: usize, now: Instant, config: &Config) {
        let worked = self.work(place, config);
        let job = &mut self.jobs[place];
        job.ended = Some(now);
        (job.status, job.message) = match (worked, job.is_to_stop, self.config.ends) {
            (Err(message), ..) => ("Failed", Some(message)),
            (Ok(()), true, _) => ("Stopped", None),
            (Ok(()), false, Ending::Completed) => ("Completed", None),
            (Ok(()), false, Ending::PartiallyCompleted) => ("PartiallyCompleted", None),
            (Ok(()), false, Ending::Expired) => ("Expired", None),
            (Ok(()), false, Ending::Failed(message)) => ("Failed", Some(message.to_owned())),
        };
    }

    /// Answers the records of a job's file as far as it comes.
    fn work(&mut self, place: usize, config: &Config) -> Result<(), String> {
        let job = &self.jobs[place];
        let (input, output, model, id) = (job.input.clone(), job.output.clone(), job.model.clone(), job.id.clone());
        let (_, key) = self.store.key(&input).expect("it was looked at");
        let bytes = self.store.only(&key).ok_or("Access denied: the role can't read the input")?;
        let records = records(&key, &bytes)?;
        self.jobs[place].records = records.len();
        let reached = match (self.jobs[place].is_to_stop, self.config.ends) {
            (true, _) | (false, Ending::Failed(_)) => records.len() / 2,
            (false, Ending::PartiallyCompleted) => records.len() * 2 / 3,
            (false, Ending::Expired) => 0,
            (false, Ending::Completed) => records.len(),
        };
        let (mut lines, mut errors) = (Vec::new(), 0);
        for (number, record) in (1_u64..).zip(&records[..reached]) {
            if self.config.left_out.is_some_and(|each| number.is_multiple_of(each)) {
                continue;
            }
            let answered = self.record(number, record, &model, config);
            errors += usize::from(answered.get("error").is_some());
            lines.extend(self.damaged(number, answered));
        }
        if reached == 0 {
            return Ok(());
        }
        self.random.shuffle(&mut lines);
        let mut text = lines.join("\n") + "\n";
        if self.config.damage == Some(Damage::CutShort) {
            text = text.chars().take(text.len() * 2 / 3).collect();
        }
        let (_, folder) = self.store.key(&output).expect("it was looked at");
        let (folder, name) = (folder.trim_end_matches('/'), key.rsplit('/').next().unwrap_or_default());
        if self.config.damage != Some(Damage::Absent) {
            self.store.put(&format!("{folder}/{id}/{name}.out"), text.into_bytes());
        }
        let manifest = json!({
            "totalRecordCount": records.len(), "processedRecordCount": reached, "successRecordCount": reached - errors,
            "errorRecordCount": errors, "inputTokenCount": self.tokens.0, "outputTokenCount": self.tokens.1,
        });
        self.store.put(&format!("{folder}/{id}/manifest.json.out"), manifest.to_string().into_bytes());
        Ok(())
    }

    /// What the output has of a record.
    fn record(&mut self, number: u64, record: &Record, model: &str, config: &Config) -> Value {
        let Record { record_id, model_input } = record;
        let failed = |code: u16| {
            let error = json!({ "errorCode": code, "errorMessage": format!("failed: {model_input}") });
            json!({ "recordId": record_id, "modelInput": model_input, "error": error })
        };
        let is_due = |each: u64| number.is_multiple_of(each);
        if self.config.errors.is_some_and(is_due) {
            return failed(500);
        }
        let request = Request {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: model_input.to_string().into_bytes(),
            ..Request::default()
        };
        let asked = Asked::read(&request, model.to_owned(), config)
            .and_then(|asked| poisoned(config, &asked).map(|poison| (asked, poison)));
        let Ok((asked, poison)) = asked else { return failed(400) };
        let fault = self.config.faults.as_ref().filter(|(each, _)| is_due(*each)).map(|(_, fault)| fault);
        let said = say(config, &asked, fault, poison);
        self.tokens.0 += asked.input_tokens();
        self.tokens.1 += said.tokens;
        let is_whole = said.stop == "end_turn" && !matches!(fault, Some(Fault::Quirk(quirk)) if *quirk != Quirk::Adds);
        for text in model::texts(&asked).into_iter().flatten().filter(|_| is_whole) {
            let mut hasher = DefaultHasher::new();
            text.text.hash(&mut hasher);
            *self.scored.entry(hasher.finish()).or_default() += 1;
        }
        json!({ "modelInput": model_input, "modelOutput": answer(&asked, &said), "recordId": record_id })
    }

    /// The lines that stand for one record.
    fn damaged(&self, number: u64, mut value: Value) -> Vec<String> {
        let is_tenth = number.is_multiple_of(10);
        match self.config.damage {
            Some(Damage::Garbage) if is_tenth => vec!["{\"recordId\": \"0000".to_owned()],
            Some(Damage::OutOfRange) if is_tenth => {
                value["recordId"] = "99999999x05".into();
                vec![value.to_string()]
            }
            Some(Damage::Twice) if is_tenth => vec![value.to_string(), value.to_string()],
            _ => vec![value.to_string()],
        }
    }
}

const ARN: &str = "arn:aws:bedrock:us-east-1:111122223333:model-invocation-job/";

fn arn(id: &str) -> String {
    format!("{ARN}{id}")
}

/// The records of a file, if it is one of the service's.
fn records(key: &str, bytes: &[u8]) -> Result<Vec<Record>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is no UTF-8")?;
    let read = |line: &str| serde_json::from_str::<Record>(line).map_err(|_| format!("no record: {line}"));
    let records = text.lines().map(read).collect::<Result<Vec<_>, _>>()?;
    let ids: HashSet<&str> = records.iter().map(|record| record.record_id.as_str()).collect();
    let is_file = std::path::Path::new(key).extension().is_some_and(|ending| ending == "jsonl");
    if !is_file || !(100..=50_000).contains(&records.len()) || bytes.len() > 1_000_000_000 {
        return Err(format!("the file must have 100 to 50000 records: {}", text.lines().next().unwrap_or_default()));
    }
    if ids.len() < records.len() || ids.iter().any(|id| id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        return Err("the ids of records are not unique".to_owned());
    }
    Ok(records)
}
