//! A stand-in for a SageMaker endpoint and the service around it: slots that throttle by the number of requests on their
//! way, containers with their traps, the table of errors, descriptions that change when the model is swapped.
//!
//! Work goes on after its client has left. Messages of errors repeat the text, as containers do.

mod container;
mod serve;
#[cfg(feature = "jobs")]
mod transform;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use container::Container;
#[cfg(feature = "jobs")]
pub(crate) use transform::{TransformConfig, Transforms};

use super::config::Credential;
use super::running::Running;

/// What the stand-in enforces and how it answers; the defaults are a good day.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The only region whose signatures are accepted.
    pub(crate) region: String,
    /// Who may sign.
    pub(crate) credential: Credential,
    /// The endpoint's name.
    pub(crate) endpoint: String,
    /// Its state.
    pub(crate) status: String,
    /// Whether it may be described.
    pub(crate) may_describe: bool,
    /// Whether it may be invoked.
    pub(crate) may_invoke: bool,
    /// What runs in it.
    pub(crate) container: Container,
    /// The labels of positive, negative, neutral and mixed, in that order.
    pub(crate) labels: [&'static str; 4],
    /// Answers logits.
    pub(crate) logits: bool,
    /// Requests that it works on at once.
    pub(crate) slots: usize,
    /// How long it works on one.
    pub(crate) latency: Duration,
    /// Most bytes of a request.
    pub(crate) max_payload: usize,
    /// A text that holds this brings the container down on its request each time, with this status (0: it never answers).
    pub(crate) poison: Option<(String, u16)>,
    /// Faults for the next invocations, one each, once `calm` of them were answered.
    pub(crate) script: VecDeque<Fault>,
    /// Invocations before anything goes wrong.
    pub(crate) calm: u64,
    /// Shares of invocations that go wrong, drawn together.
    pub(crate) storm: Vec<(f64, Fault)>,
    /// Invocations after which another model stands behind the name.
    pub(crate) swap_after: Option<u64>,
    /// The number of the model that stands there now.
    pub(crate) model: u64,
    /// Seeds every draw.
    pub(crate) seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            credential: Credential::default(),
            endpoint: "ours".to_owned(),
            status: "InService".to_owned(),
            may_describe: true,
            may_invoke: true,
            container: Container::HuggingFace,
            labels: ["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"],
            logits: false,
            slots: 8,
            latency: Duration::ZERO,
            max_payload: 4_000_000,
            poison: None,
            script: VecDeque::new(),
            calm: 0,
            storm: Vec::new(),
            swap_after: None,
            model: 1,
            seed: 1,
        }
    }
}

/// What goes wrong with one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service throttles.
    Throttled,
    /// The model is being loaded.
    NotReady,
    /// The service answers with this status and code.
    Service(u16, &'static str),
    /// The container answers with this status; 0 for none in time.
    Model(u16),
    /// The connection is reset.
    Reset,
    /// Status 200 brings a body that is no JSON.
    Garbage,
}

/// What has been recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statistics {
    /// Invocations of any outcome.
    pub(crate) invocations: u64,
    /// Invocations by what became of them: `answered`, or a code.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Descriptions asked for.
    pub(crate) described: u64,
    /// Texts of answered invocations.
    pub(crate) texts: u64,
    /// Most texts in one request.
    pub(crate) largest_batch: usize,
    /// Texts that were sent.
    pub(crate) sent: HashSet<String>,
    /// Slots in use, summed over time.
    pub(crate) slot_time: Duration,
    /// For each second since the first invocation, answered and throttled ones.
    pub(crate) seconds: Vec<(u64, u64)>,
}

impl Statistics {
    /// Invocations with this outcome.
    pub(crate) fn of(&self, outcome: &str) -> u64 {
        self.outcomes.get(outcome).copied().unwrap_or(0)
    }
}

/// Everything that requests share.
struct State {
    config: Config,
    #[cfg(feature = "jobs")]
    transforms: Option<Transforms>,
    statistics: Statistics,
    random: fastrand::Rng,
    busy: usize,
    first: Option<Instant>,
    answered: u64,
}

/// A running stand-in.
pub(crate) struct Endpoint {
    running: Running,
    state: Arc<Mutex<State>>,
}

impl Endpoint {
    /// Serves until dropped.
    pub(crate) fn start(config: Config) -> Self {
        let random = fastrand::Rng::with_seed(config.seed);
        let statistics = Statistics::default();
        let state = State {
            config,
            #[cfg(feature = "jobs")]
            transforms: None,
            statistics,
            random,
            busy: 0,
            first: None,
            answered: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        Self { running: Running::start("sagemaker-standin", 0, |listener| serve::serve(listener, shared)), state }
    }

    /// The same with jobs that read from and write to the bucket of `s3`, which is in the same region.
    #[cfg(feature = "jobs")]
    pub(crate) fn with_transforms(config: Config, transforms: TransformConfig, s3: &super::s3::S3) -> Self {
        let standin = Self::start(config);
        lock(&standin.state).transforms = Some(Transforms::new(transforms, s3.handle()));
        standin
    }

    /// Looks at its jobs, or changes what they do.
    ///
    /// # Panics
    /// For a stand-in without jobs.
    #[cfg(feature = "jobs")]
    pub(crate) fn transforms<T>(&self, look: impl FnOnce(&mut Transforms) -> T) -> T {
        look(lock(&self.state).transforms.as_mut().expect("it was started with jobs"))
    }

    /// The environment that makes the program talk to it.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let Config { region, credential, .. } = lock(&self.state).config.clone();
        vec![
            ("AWS_ENDPOINT_URL_SAGEMAKER", self.running.endpoint()),
            ("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", self.running.endpoint()),
            ("AWS_REGION", region),
            ("AWS_ACCESS_KEY_ID", credential.access_key),
            ("AWS_SECRET_ACCESS_KEY", credential.secret_key),
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
        state.random = fastrand::Rng::with_seed(state.config.seed);
        (state.first, state.answered) = (None, 0);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
