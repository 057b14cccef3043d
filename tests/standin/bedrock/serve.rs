//! The loop: connections, requests, and for each request one path through signature, rules, quota, faults and the model.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::super::http::{self, Request, Response};
use super::super::service::ServiceError;
use super::super::signature::{self, Signed};
use super::model::{self, Said};
use super::quota::Minute;
use super::request::{self, Asked, Bound};
use super::{Config, Fault, Poison, Statistics, refusal};

/// Everything that requests share.
pub(crate) struct State {
    pub(super) config: Config,
    #[cfg(feature = "jobs")]
    pub(super) batches: Option<super::batches::Batches>,
    statistics: Statistics,
    minute: Minute,
    random: fastrand::Rng,
    schemas: HashSet<String>,
    /// How often each text was answered with a label, by its hash.
    texts: HashMap<u64, u64>,
    began: Option<Instant>,
}

/// What will happen to one request.
struct Plan {
    response: Response,
    delay: Duration,
    fault: Option<Fault>,
    /// Where tokens were set apart, and what was used of them.
    settled: Option<(u64, u64)>,
}

impl State {
    pub(super) fn new(config: Config) -> Self {
        let random = fastrand::Rng::with_seed(config.seed);
        Self {
            config,
            #[cfg(feature = "jobs")]
            batches: None,
            statistics: Statistics::default(),
            minute: Minute::default(),
            random,
            schemas: HashSet::new(),
            texts: HashMap::new(),
            began: None,
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        let Minute { counted, most, .. } = self.minute;
        Statistics { counted, most_in_a_minute: most, distinct: self.texts.len() as u64, ..self.statistics.clone() }
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        let schemas = std::mem::take(&mut self.schemas);
        #[cfg(feature = "jobs")]
        let batches = self.batches.take();
        *self = Self {
            #[cfg(feature = "jobs")]
            batches,
            schemas,
            ..Self::new(self.config.clone())
        };
    }

    fn decide(&mut self, request: &Request) -> Plan {
        #[cfg(feature = "jobs")]
        if let Some(answer) = self.of_job(request) {
            return answer.unwrap_or_else(|error| Plan::of(written(&error)));
        }
        self.statistics.requests += 1;
        self.began.get_or_insert_with(Instant::now);
        self.perform(request).unwrap_or_else(|error| {
            *self.statistics.refused.entry(error.code.clone()).or_default() += 1;
            Plan::of(written(&error))
        })
    }

    /// What becomes of a request that is about a job; `None` for another one. It counts among no others.
    #[cfg(feature = "jobs")]
    fn of_job(&mut self, request: &Request) -> Option<Result<Plan, ServiceError>> {
        if !request.target.starts_with("/model-invocation-job") {
            return None;
        }
        if let Err(error) = self.verify(request) {
            return Some(Err(error));
        }
        let answered = self.batches.as_mut()?.answer(request, &self.config)?;
        Some(answered.map(|(value, is_lost)| {
            let headers = vec![("content-type", "application/json".to_owned())];
            let response = Response { status: 200, headers, body: value.to_string().into_bytes() };
            Plan { fault: is_lost.then_some(Fault::Reset), ..Plan::of(response) }
        }))
    }

    fn verify(&self, request: &Request) -> Result<(), ServiceError> {
        let Config { region, credentials, .. } = &self.config;
        let signed = Signed { service: "bedrock", region, credentials, clock_ahead_s: 0 };
        let verified = signature::verify(request, signed, Timestamp::now());
        verified.map(drop).map_err(|error| ServiceError { status: 403, ..error })
    }

    fn perform(&mut self, request: &Request) -> Result<Plan, ServiceError> {
        let model = request::model(request)
            .ok_or_else(|| ServiceError::new(404, "UnknownOperationException", "unknown operation"))?;
        self.verify(request)?;
        let fault = self.fault();
        if let Some(Fault::Refuse(status, code)) = fault {
            return Err(refusal(status, code, &String::from_utf8_lossy(&request.body)));
        }
        if let Some(Fault::RefuseWith(status, code, message)) = fault {
            return Err(ServiceError::new(status, code, message));
        }
        let asked = Asked::read(request, model, &self.config)?;
        let poison = poisoned(&self.config, &asked)?;
        let reserved = asked.input_tokens() + asked.max_tokens;
        let number = self.minute.reserve(reserved, self.config.tokens_a_minute, Instant::now()).ok_or_else(|| {
            ServiceError::new(429, "ThrottlingException", "Too many tokens, please wait before trying again.")
        })?;
        let delay = self.config.latency + self.compiling(&asked);
        let said = say(&self.config, &asked, fault.as_ref(), poison);
        let used = asked.input_tokens() + said.tokens * if asked.model.contains("anthropic.claude") { 5 } else { 1 };
        self.statistics.tokens_in += asked.input_tokens();
        self.statistics.tokens_out += said.tokens;
        self.record(&asked, &said);
        let body = if fault == Some(Fault::Garbage) {
            b"<!doctype html><p>upstream connect error".to_vec()
        } else {
            answer(&asked, &said).to_string().into_bytes()
        };
        let headers = vec![("content-type", "application/json".to_owned())];
        Ok(Plan { response: Response { status: 200, headers, body }, delay, fault, settled: Some((number, used)) })
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.statistics.requests <= self.config.spared {
            return None;
        }
        if let Some(fault) = self.config.script.pop_front() {
            return Some(fault);
        }
        let mut point = self.random.f64();
        for (share, fault) in &self.config.shares {
            if point < *share {
                return Some(fault.clone());
            }
            point -= share;
        }
        None
    }

    /// Time that a schema takes when it comes first.
    fn compiling(&mut self, asked: &Asked) -> Duration {
        match &asked.bound {
            Bound::Schema(schema, _) if self.schemas.insert(schema.clone()) => self.config.compiling,
            _ => Duration::ZERO,
        }
    }

    fn record(&mut self, asked: &Asked, said: &Said) {
        let Some(texts) = model::texts(asked) else { return };
        self.statistics.texts += texts.len() as u64;
        let form = match asked.bound {
            Bound::Schema(..) => "schema",
            Bound::Tool(..) => "tool",
            Bound::Nothing => "json",
        };
        *self.statistics.forms.entry(form).or_default() += 1;
        *self.statistics.sizes.entry(texts.len()).or_default() += 1;
        let is_whole = matches!(said.stop, "end_turn" | "tool_use");
        for text in texts {
            let mut hasher = DefaultHasher::new();
            text.text.hash(&mut hasher);
            let times = self.texts.entry(hasher.finish()).or_default();
            *times += u64::from(is_whole);
            self.statistics.labelled_again += u64::from(is_whole && *times > 1);
        }
    }

    fn ended(&mut self, plan: &Plan) {
        if let Some((number, used)) = plan.settled {
            self.minute.settle(number, used);
        }
        let lasted = self.began.map_or(Duration::ZERO, |began| began.elapsed());
        self.statistics.lasted_ms = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
    }
}

/// What a text of the request does to it.
pub(super) fn poisoned(config: &Config, asked: &Asked) -> Result<Option<Poison>, ServiceError> {
    match config.poison {
        Some((word, Poison::Invalid)) if asked.message.contains(word) => {
            Err(refusal(400, "ValidationException", &asked.message))
        }
        Some((word, poison)) if asked.message.contains(word) => Ok(Some(poison)),
        _ => Ok(None),
    }
}

pub(super) fn say(config: &Config, asked: &Asked, fault: Option<&Fault>, poison: Option<Poison>) -> Said {
    let stopped = |stop| Said { content: json!([]), stop, tokens: 0 };
    let texts = model::texts(asked).map_or(0, |texts| texts.len());
    if texts > config.window {
        return stopped("model_context_window_exceeded");
    }
    match (fault, poison) {
        (_, Some(Poison::Stop(stop))) => stopped(stop),
        (Some(Fault::Stop(stop)), _) => stopped(*stop),
        (Some(Fault::Quirk(quirk)), _) => model::answer(asked, Some(*quirk), None),
        (_, Some(Poison::Ignored)) => model::answer(asked, None, config.poison.map(|(word, _)| word)),
        _ => model::answer(asked, None, None),
    }
}

impl Plan {
    /// An answer at once.
    const fn of(response: Response) -> Self {
        Self { response, delay: Duration::ZERO, fault: None, settled: None }
    }
}

/// An error in the form of REST JSON: its code in a header.
fn written(error: &ServiceError) -> Response {
    let code = format!("{}:http://internal.amazon.com/coral/com.amazon.bedrock/", error.code);
    let headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-errortype", code)];
    Response { status: error.status, headers, body: json!({"message": error.message}).to_string().into_bytes() }
}

pub(super) fn answer(asked: &Asked, said: &Said) -> Value {
    let input = asked.input_tokens();
    json!({
        "output": {"message": {"role": "assistant", "content": said.content}},
        "stopReason": said.stop,
        "usage": {"inputTokens": input, "outputTokens": said.tokens, "totalTokens": input + said.tokens},
        "metrics": {"latencyMs": 1},
    })
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until dropped, which drops them all.
pub(super) async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
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
        if request.method == "GET" && request.target == "/stats" {
            let body = serde_json::to_vec_pretty(&lock(state).statistics())?;
            let headers = vec![("content-type", "application/json".to_owned())];
            http::write(&mut stream, &Response { status: 200, headers, body }.encode(false)).await?;
        } else if !exchange(&mut stream, &request, state).await? {
            return Ok(());
        }
        if request.closes() {
            return Ok(());
        }
    }
    Ok(())
}

/// One request; whether the connection can go on.
async fn exchange(stream: &mut TcpStream, request: &Request, state: &Mutex<State>) -> std::io::Result<bool> {
    let plan = lock(state).decide(request);
    tokio::time::sleep(plan.delay).await;
    if plan.fault == Some(Fault::Hang) {
        http::until_closed(stream).await;
    }
    let is_answered = {
        let mut state = lock(state);
        state.ended(&plan);
        let is_answered =
            plan.response.status == 200 && !matches!(plan.fault, Some(Fault::Hang | Fault::Reset | Fault::Garbage));
        // What is about jobs sets no tokens apart, and is none of them.
        state.statistics.answered += u64::from(is_answered && plan.settled.is_some());
        is_answered
    };
    match plan.fault {
        Some(Fault::Hang) => Ok(false),
        Some(Fault::Reset) => {
            stream.set_zero_linger()?;
            Ok(false)
        }
        _ => {
            http::write(stream, &plan.response.encode(false)).await?;
            Ok(is_answered || plan.response.status != 200 || plan.fault == Some(Fault::Garbage))
        }
    }
}
