//! A stand-in for an endpoint of a classifier of one's own labels on Comprehend: two documents and a hundred characters a
//! second for each inference unit, both at once; states, models that are swapped, classes that are left out. Its jobs too.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::config::Credential;
use super::http::{self, Request, Response};
use super::running::Running;
use super::scorer;
use super::service::CONTENT_TYPE;
use super::signature::{self, Signed};

/// The endpoint that there is.
pub(crate) const ARN: &str = "arn:aws:comprehend:us-east-1:111122223333:document-classifier-endpoint/ours";
/// Most bytes of a document.
const MOST_BYTES: usize = 10_000;

/// What it enforces and how it answers; the defaults are a good day.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The endpoint's state.
    pub(crate) status: &'static str,
    /// Its inference units.
    pub(crate) units: u32,
    /// The number of its model.
    pub(crate) model: u64,
    /// Documents after which another model stands behind the endpoint.
    pub(crate) swap_after: Option<u64>,
    /// Whether its labels are independent.
    pub(crate) is_multi_label: bool,
    /// Whether its classifier may be described.
    pub(crate) may_describe_classifier: bool,
    /// Most classes in an answer, the likeliest.
    pub(crate) classes: usize,
    /// The labels of positive, negative, neutral and mixed; those that follow take from neutral.
    pub(crate) labels: &'static [&'static str],
    /// The classifier's state.
    pub(crate) classifier_status: &'static str,
    /// How many labels the classifier says that it has.
    pub(crate) number_of_labels: Option<usize>,
    /// Errors for the next documents once three were classified: status and code.
    pub(crate) script: VecDeque<(u16, &'static str)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            status: "IN_SERVICE",
            units: 1_000,
            model: 1,
            swap_after: None,
            is_multi_label: false,
            may_describe_classifier: true,
            classes: 4,
            labels: &["glad", "cross", "plain", "both"],
            classifier_status: "TRAINED",
            number_of_labels: None,
            script: VecDeque::new(),
        }
    }
}

/// What has been recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statistics {
    /// Documents classified.
    pub(crate) classified: u64,
    /// Their characters.
    pub(crate) chars: u64,
    /// Documents throttled.
    pub(crate) throttled: u64,
    /// Texts that were sent.
    pub(crate) sent: HashSet<String>,
    /// Requests by operation.
    pub(crate) operations: BTreeMap<String, u64>,
    /// Seconds from the first classified document to the last.
    pub(crate) span_s: f64,
}

struct State {
    config: Config,
    #[cfg(feature = "jobs")]
    jobs: Option<super::jobs::Jobs>,
    statistics: Statistics,
    /// What may be classified at once, in documents and characters, and since when that holds.
    allowed: (f64, f64, Instant),
    first: Option<Instant>,
}

/// A running stand-in.
pub(crate) struct Classifier {
    running: Running,
    state: Arc<Mutex<State>>,
}

impl Classifier {
    /// Serves until dropped.
    pub(crate) fn start(config: Config) -> Self {
        let state = State {
            config,
            #[cfg(feature = "jobs")]
            jobs: None,
            statistics: Statistics::default(),
            allowed: (1.0, 1.0, Instant::now()),
            first: None,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        Self { running: Running::start("custom-standin", 0, |listener| serve(listener, shared)), state }
    }

    /// The same with jobs that read from and write to the bucket of `s3`, which is in the same region.
    #[cfg(feature = "jobs")]
    pub(crate) fn with_jobs(config: Config, jobs: super::jobs::JobsConfig, s3: &super::s3::S3) -> Self {
        let classifier = super::jobs::OfClassifier {
            arn: arn(config.model),
            labels: config.labels,
            is_multi_label: config.is_multi_label,
        };
        let jobs = super::jobs::JobsConfig { classifier: Some(classifier), ..jobs };
        let standin = Self::start(config);
        lock(&standin.state).jobs = Some(super::jobs::Jobs::new(jobs, s3.handle()));
        standin
    }

    /// Looks at its jobs, or changes what they do.
    ///
    /// # Panics
    /// For a stand-in without jobs.
    #[cfg(feature = "jobs")]
    pub(crate) fn jobs<T>(&self, look: impl FnOnce(&mut super::jobs::Jobs) -> T) -> T {
        look(lock(&self.state).jobs.as_mut().expect("it was started with jobs"))
    }

    /// The environment that makes the program talk to it.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let Credential { access_key, secret_key, .. } = Credential::default();
        vec![
            ("AWS_ENDPOINT_URL_COMPREHEND", self.running.endpoint()),
            ("AWS_ACCESS_KEY_ID", access_key),
            ("AWS_SECRET_ACCESS_KEY", secret_key),
        ]
    }

    /// What has been recorded so far.
    pub(crate) fn stats(&self) -> Statistics {
        lock(&self.state).statistics.clone()
    }

    /// Changes how it answers, and forgets what was recorded.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Config)) {
        let mut state = lock(&self.state);
        change(&mut state.config);
        state.statistics = Statistics::default();
        state.first = None;
    }
}

/// The classifier of this number.
pub(crate) fn arn(model: u64) -> String {
    format!("arn:aws:comprehend:us-east-1:111122223333:document-classifier/ours/version/{model}")
}

/// The likeliest classes of a text with their scores at four decimals, which sum to 1 if all are there.
pub(crate) fn classes(language: &str, text: &str, labels: &[&'static str], most: usize) -> Vec<Value> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability in ten-thousandths")]
    let [positive, negative, _, mixed] = scorer::score(language, text, 0.0).map(|score| (score * 1e4).round() as u32);
    let neutral = 10_000 - positive - negative - mixed;
    let others = u32::try_from(labels.len().saturating_sub(4)).expect("a few");
    let shares = (1..=others).map(|other| neutral / (others + 1 + other));
    let mut scores: Vec<u32> = [positive, negative, neutral, mixed].into_iter().chain(shares).collect();
    scores[2] -= scores[4..].iter().sum::<u32>();
    let mut classes: Vec<(u32, &str)> = scores.into_iter().zip(labels.iter().copied()).collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.0));
    classes.truncate(most);
    let value = |(score, name): (u32, &str)| json!({"Name": name, "Score": f64::from(score) / 1e4});
    classes.into_iter().map(value).collect()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    http::accept(listener, |stream| {
        let state = Arc::clone(&state);
        async move { converse(stream, &state).await }
    })
    .await;
}

async fn converse(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut pending, http::MAX_BODY_BYTES).await? {
        let response = lock(state).answer(&request);
        http::write(&mut stream, &response.encode(false)).await?;
        if request.closes() {
            return Ok(());
        }
    }
    Ok(())
}

impl State {
    fn answer(&mut self, request: &Request) -> Response {
        let credentials = [Credential::default()];
        let signed = Signed { service: "comprehend", region: "us-east-1", credentials: &credentials, clock_ahead_s: 0 };
        if let Err(error) = signature::verify(request, signed, Timestamp::now()) {
            return refusal(error.status, &error.code, &error.message);
        }
        let target = request.header("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix("Comprehend_20171127.").unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        *self.statistics.operations.entry(operation.clone()).or_default() += 1;
        let model = arn(self.config.model);
        #[cfg(feature = "jobs")]
        if let Some(operation) = super::jobs::Operation::of(Some(target), true)
            && let Some(jobs) = &mut self.jobs
        {
            return match jobs.answer(operation, &request.body, Instant::now()) {
                Ok((body, false)) => respond(200, &body),
                Ok((_, true)) => refusal(500, "InternalServerException", "the answer is lost"),
                Err(error) => refusal(error.status, &error.code, &error.message),
            };
        }
        match operation.as_str() {
            "DescribeEndpoint" if body["EndpointArn"] == ARN => respond(
                200,
                &json!({"EndpointProperties": {
                    "EndpointArn": ARN, "Status": self.config.status, "ModelArn": model, "DesiredModelArn": model,
                    "DesiredInferenceUnits": self.config.units, "CurrentInferenceUnits": self.config.units,
                    "CreationTime": 1_790_000_000.0,
                }}),
            ),
            "DescribeDocumentClassifier" if !self.config.may_describe_classifier => refusal(
                400,
                "AccessDeniedException",
                "User: arn:aws:iam::1:user/night is not authorized to perform: it",
            ),
            "DescribeDocumentClassifier" if body["DocumentClassifierArn"] == model => {
                let mode = if self.config.is_multi_label { "MULTI_LABEL" } else { "MULTI_CLASS" };
                respond(
                    200,
                    &json!({"DocumentClassifierProperties": {
                        "LanguageCode": "en", "Mode": mode, "Status": self.config.classifier_status,
                        "ClassifierMetadata": {"NumberOfLabels": self.config.number_of_labels},
                    }}),
                )
            }
            "ClassifyDocument" if body["EndpointArn"] == ARN => {
                self.classify(body["Text"].as_str().unwrap_or_default())
            }
            "DescribeEndpoint" | "DescribeDocumentClassifier" => refusal(400, "ResourceNotFoundException", "not found"),
            "ClassifyDocument" => refusal(404, "ResourceUnavailableException", "unavailable"),
            _ => refusal(404, "UnknownOperationException", "Unknown operation"),
        }
    }

    fn classify(&mut self, text: &str) -> Response {
        let now = Instant::now();
        self.statistics.sent.insert(text.to_owned());
        if text.is_empty() {
            return refusal(400, "InvalidRequestException", "empty");
        }
        if text.len() > MOST_BYTES {
            return refusal(400, "TextSizeLimitExceededException", text);
        }
        if !self.admits(text, now) {
            self.statistics.throttled += 1;
            return refusal(400, "ThrottlingException", "Rate exceeded");
        }
        if self.statistics.classified >= 3
            && let Some((status, code)) = self.config.script.pop_front()
        {
            return refusal(status, code, text);
        }
        self.statistics.classified += 1;
        self.statistics.chars += text.chars().count() as u64;
        self.statistics.span_s = now.duration_since(*self.first.get_or_insert(now)).as_secs_f64();
        let answer = self.classes(text);
        if self.config.swap_after == Some(self.statistics.classified) {
            self.config.model += 1;
        }
        respond(200, &answer)
    }

    /// A second's worth may come at once; a document takes what it takes, down to nothing.
    fn admits(&mut self, text: &str, now: Instant) -> bool {
        let (documents, chars, since) = self.allowed;
        let (each, rate) = (2.0 * f64::from(self.config.units), 100.0 * f64::from(self.config.units));
        let passed = now.duration_since(since).as_secs_f64();
        let (documents, chars) = ((documents + passed * each).min(each), (chars + passed * rate).min(rate));
        let admitted = documents >= 1.0 && chars > 0.0;
        let taken = if admitted { (1.0, text.chars().count() as f64) } else { (0.0, 0.0) };
        self.allowed = (documents - taken.0, chars - taken.1, now);
        admitted
    }

    fn classes(&self, text: &str) -> Value {
        let language = if self.config.model == 1 { "en" } else { "xx" };
        let classes = classes(language, text, self.config.labels, self.config.classes);
        if self.config.is_multi_label { json!({"Labels": classes}) } else { json!({"Classes": classes}) }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    respond(status, &json!({"__type": code, "Message": message}))
}

fn respond(status: u16, body: &Value) -> Response {
    let headers = vec![("content-type", CONTENT_TYPE.to_owned())];
    Response { status, headers, body: body.to_string().into_bytes() }
}
