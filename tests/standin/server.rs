//! The loop: connections, requests, and for each request one path through signature, quota, faults, rules, scores
//! and meter to the bytes that go back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::config::{Config, Oversize};
use super::faults::{Fate, Fault};
use super::http::{self, Request, Response};
use super::meter::{Meter, Statistics};
use super::quota::Gate;
use super::service::{self, Accepted, CONTENT_TYPE, MAX_DOCUMENT_BYTES, Operation, ServiceError};
use super::signature::{self, Signed};

/// Everything that requests share. Locked for moments only, never while waiting.
pub(crate) struct State {
    config: Config,
    gate: Gate,
    single_gate: Gate,
    meter: Meter,
    random: fastrand::Rng,
    /// Signed requests of each credential.
    uses: Vec<u64>,
    /// Requests since the faults were set, and when the first of them came.
    faulty: (u64, Option<Instant>),
    /// Requests so far, for request ids.
    served: u64,
    /// What is done in jobs, if anything is.
    #[cfg(feature = "jobs")]
    pub(super) jobs: Option<super::jobs::Jobs>,
}

impl State {
    /// A server that has seen nothing.
    pub(crate) fn new(config: Config) -> Self {
        let now = Instant::now();
        Self {
            gate: Gate::new(config.quota, now),
            single_gate: Gate::new(config.single_quota, now),
            meter: Meter::default(),
            random: fastrand::Rng::with_seed(config.seed),
            uses: vec![0; config.credentials.len()],
            faulty: (0, None),
            served: 0,
            #[cfg(feature = "jobs")]
            jobs: None,
            config,
        }
    }

    /// The configuration in force.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// What has been recorded so far.
    pub(crate) fn statistics(&self) -> Statistics {
        self.meter.statistics(self.config.quota.rate())
    }

    /// Forgets what was recorded.
    pub(crate) fn forget(&mut self) {
        self.meter.forget();
    }

    /// Changes the configuration; what a change does not touch goes on as it was.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Config)) {
        let before = self.config.clone();
        change(&mut self.config);
        let now = Instant::now();
        if self.config.quota != self.gate.quota() {
            self.gate = Gate::new(self.config.quota, now);
        }
        if self.config.single_quota != self.single_gate.quota() {
            self.single_gate = Gate::new(self.config.single_quota, now);
        }
        if self.config.faults != before.faults {
            self.faulty = (0, None);
        }
        if self.config.credentials != before.credentials {
            self.uses = vec![0; self.config.credentials.len()];
        }
        if self.config.seed != before.seed {
            self.random = fastrand::Rng::with_seed(self.config.seed);
        }
    }

    /// Decides about one request, at once: the wait comes later.
    fn decide(&mut self, request: &Request, now: Instant) -> Plan {
        #[cfg(feature = "jobs")]
        if let Some(operation) = super::jobs::Operation::of(request.header("x-amz-target"), false)
            && self.jobs.is_some()
        {
            return self.decide_job(operation, request, now);
        }
        let admitted = self.admit(request, now).and_then(|accepted| self.perform(&accepted, now));
        let plan = admitted.unwrap_or_else(|error| self.refuse(&error));
        if plan.fault != Fault::None && !matches!(plan.fault, Fault::Refuse(_)) {
            self.meter.fault(plan.fault.name());
        }
        plan
    }

    /// The same for an operation of jobs.
    #[cfg(feature = "jobs")]
    fn decide_job(&mut self, operation: super::jobs::Operation, request: &Request, now: Instant) -> Plan {
        let signed = signature::verify(request, Signed::comprehend(&self.config), Timestamp::now());
        let jobs = self.jobs.as_mut().expect("the caller has looked");
        match signed.and_then(|_| jobs.answer(operation, &request.body, now)) {
            Ok((body, is_lost)) => {
                let fault = if is_lost { Fault::ResetAfterScoring } else { Fault::None };
                Plan { response: self.response(&body), delay: Duration::ZERO, fault, answered: None }
            }
            Err(error) => self.refuse(&error),
        }
    }

    /// Everything that can stop a request before the service looks at its fate.
    fn admit(&mut self, request: &Request, now: Instant) -> Result<Accepted, ServiceError> {
        let operation = operation(request)?;
        let place = signature::verify(request, Signed::comprehend(&self.config), Timestamp::now())?;
        self.uses[place] += 1;
        if self.config.credentials[place].expires_after.is_some_and(|limit| self.uses[place] > limit) {
            return Err(ServiceError::expired_token());
        }
        let accepted = service::accept(operation, &request.body, self.config.oversize)?;
        self.meter.sent(&accepted);
        let gate = if operation == Operation::Batch { &mut self.gate } else { &mut self.single_gate };
        if gate.admits(now) { Ok(accepted) } else { Err(ServiceError::throttling()) }
    }

    /// What becomes of a request that may be answered.
    fn perform(&mut self, accepted: &Accepted, now: Instant) -> Result<Plan, ServiceError> {
        let number = self.faulty.0;
        let elapsed = now.saturating_duration_since(*self.faulty.1.get_or_insert(now));
        self.faulty.0 += 1;
        let fault = self.config.faults.next(number, elapsed, &mut self.random);
        if let Fault::Refuse(error) = &fault {
            if !error.is_throttling() {
                self.meter.metered(now, true);
            }
            return Err(error.clone());
        }
        self.meter.metered(now, true);
        let delay = self.config.latency + self.config.jitter.mul_f64(self.random.f64());
        if matches!(fault, Fault::Reset | Fault::Hang) {
            return Ok(Plan { response: self.response(&json!({})), delay, fault, answered: None });
        }
        let fates = self.fates(accepted, number, elapsed);
        let mut order: Vec<usize> = (0..accepted.documents.len()).collect();
        if fault == Fault::Shuffle {
            self.random.shuffle(&mut order);
        }
        let body = service::answer(accepted, &fates, &order, self.config.more_negative)?;
        self.meter.billed(accepted, &fates);
        let mut response = self.response(&body);
        match fault {
            Fault::Garbage => response.body = b"<!doctype html><p>upstream connect error \xff\xfe".to_vec(),
            Fault::WrongShape => response.body = br#"{"ResultList":{"Index":"first"},"ErrorList":7}"#.to_vec(),
            _ => {}
        }
        let delay = if let Fault::Slow(more) = fault { delay + more } else { delay };
        let intact = matches!(fault, Fault::None | Fault::Slow(_) | Fault::Shuffle);
        Ok(Plan { response, delay, fault, answered: intact.then(|| (accepted.clone(), fates)) })
    }

    fn fates(&mut self, accepted: &Accepted, number: u64, elapsed: Duration) -> Vec<Fate> {
        let (config, random) = (&self.config, &mut self.random);
        let alone = config.oversize == Oversize::FailsAlone;
        let fate = |text: &String| match text.len() {
            MAX_DOCUMENT_BYTES.. if alone && text.len() > MAX_DOCUMENT_BYTES => Fate::TooLarge,
            _ => config.faults.fate(text, number, elapsed, random),
        };
        accepted.documents.iter().map(fate).collect()
    }

    /// An error, without delay.
    fn refuse(&mut self, error: &ServiceError) -> Plan {
        if error.is_throttling() {
            self.meter.metered(Instant::now(), false);
        }
        self.meter.refused(error);
        let mut response = error.response(self.config.error_style);
        response.headers.extend(self.headers());
        Plan { response, delay: Duration::ZERO, fault: Fault::None, answered: None }
    }

    fn response(&mut self, body: &serde_json::Value) -> Response {
        let mut headers = vec![("content-type", CONTENT_TYPE.to_owned())];
        headers.extend(self.headers());
        Response { status: 200, headers, body: body.to_string().into_bytes() }
    }

    /// The headers that every answer of the service carries.
    fn headers(&mut self) -> [(&'static str, String); 2] {
        self.served += 1;
        let now = Timestamp::now() + jiff::SignedDuration::from_secs(self.config.clock_ahead_s);
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.config.seed & 0xffff_ffff, self.served);
        [("x-amzn-requestid", id), ("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())]
    }
}

/// What will happen to one request.
struct Plan {
    response: Response,
    delay: Duration,
    fault: Fault,
    /// The documents that count as answered once the response is written.
    answered: Option<(Accepted, Vec<Fate>)>,
}

/// Whether it is a request for one of the operations, by method, path and headers.
fn operation(request: &Request) -> Result<Operation, ServiceError> {
    let unknown = || ServiceError::new(404, "UnknownOperationException", "Unknown operation");
    let known =
        request.method == "POST" && request.target == "/" && request.header("content-type") == Some(CONTENT_TYPE);
    Operation::of(request.header("x-amz-target")).filter(|_| known).ok_or_else(unknown)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until dropped, which drops them all.
pub(crate) async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    http::accept(listener, |stream| {
        lock(&state).meter.connected();
        let state = Arc::clone(&state);
        async move { converse(stream, &state).await }
    })
    .await;
}

/// One connection, request by request.
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

/// One request of an operation; whether the connection can go on.
async fn exchange(stream: &mut TcpStream, request: &Request, state: &Mutex<State>) -> std::io::Result<bool> {
    let now = Instant::now();
    let (plan, chunked) = {
        let mut state = lock(state);
        state.meter.arrived(now);
        (state.decide(request, now), state.config.chunked)
    };
    let in_flight = InFlight(state);
    tokio::time::sleep(plan.delay).await;
    let bytes = plan.response.encode(chunked);
    match plan.fault {
        Fault::Reset | Fault::ResetAfterScoring => {
            stream.set_zero_linger()?;
            return Ok(false);
        }
        Fault::Hang => {
            http::until_closed(stream).await;
            return Ok(false);
        }
        Fault::Truncate => {
            let cut = bytes.len() - plan.response.body.len() / 2 - 8;
            http::write(stream, &bytes[..cut]).await?;
            return Ok(false);
        }
        _ => {}
    }
    // Counted before the bytes leave: whoever has read the answer finds it in the statistics.
    drop(in_flight);
    if let Some((accepted, fates)) = &plan.answered {
        lock(state).meter.answered(accepted, fates);
    }
    http::write(stream, &bytes).await?;
    Ok(true)
}

/// Counts a request out when it is over, also when its connection is dropped.
struct InFlight<'a>(&'a Mutex<State>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        lock(self.0).meter.departed();
    }
}
