//! A run's jobs, from the new texts to stored scores: what is read goes out, what has ended is collected, until nothing is
//! left.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, sleep_until};

use super::error::{JobsError, Lost, names};
use super::journal::{Part, Step};
use super::parts::walk;
use super::service::{JobService, JobState};
use super::shared::Shared;
use super::start::Started;
use crate::cache::KeySet;
use crate::engine::ErrorKind;
use crate::input::InputError;
use crate::output::JobRecord;
use crate::pipeline::{FromJobs, PrepareOptions};
use crate::transcript::Call;

/// Into how many an object is divided that failed for one of its lines: the tries cost a job each, whose start takes longer than
/// its work.
const DIVIDED: u64 = 16;

/// What jobs came to.
#[derive(Debug)]
pub(crate) struct Filled {
    /// The jobs, in the order in which they ended.
    pub(crate) jobs: Vec<JobRecord>,
    /// Units that they are charged at most.
    pub(crate) units: u64,
    /// What is known of texts by them.
    pub(crate) from_jobs: Arc<FromJobs>,
}

/// A run's jobs.
pub(crate) struct Run {
    pub(super) shared: Arc<Shared>,
    /// Parts whose jobs are under way, or are to be started once the account has room.
    pub(super) running: Vec<Part>,
    ended: Vec<JobRecord>,
    /// Units of those that have ended.
    units: u64,
    /// Jobs that have ended without all of their scores.
    pub(super) lost: Vec<Lost>,
    /// Documents without scores that may have some the next time.
    open: u64,
    /// Whether what earlier jobs left over is sent once more: beyond what was planned.
    pub(super) is_repeat: bool,
    /// Lines of the largest object that failed for one of them.
    largest: u64,
    /// When nothing more is waited for.
    end: Instant,
    /// When another job may be started.
    pub(super) next_start: Instant,
}

/// Parts that come; nothing once no more do.
pub(super) type Parts = Option<Receiver<Result<Part, JobsError>>>;

impl Run {
    /// A run that begins now.
    pub(crate) fn new(shared: Shared) -> Self {
        let now = Instant::now();
        let end = now.checked_add(shared.options.max_wait).unwrap_or_else(|| now + Duration::from_hours(24 * 365));
        let shared = Arc::new(shared);
        Self {
            shared,
            running: Vec::new(),
            ended: Vec::new(),
            units: 0,
            lost: Vec::new(),
            open: 0,
            is_repeat: false,
            largest: 0,
            end,
            next_start: now,
        }
    }

    /// Stores the scores of all new texts among the calls that `calls` gives each time, but of what a job does not take.
    ///
    /// # Errors
    /// [`JobsError`]; what jobs were paid for by then is stored, or is collected by the next run.
    ///
    /// # Panics
    /// When the thread that reads calls panics.
    pub(crate) async fn fill<C>(
        mut self,
        calls: impl Fn() -> C,
        prepare: &PrepareOptions,
        first_day: u32,
    ) -> Result<Filled, JobsError>
    where
        C: Iterator<Item = Result<Vec<Call>, InputError>> + Send + 'static,
    {
        let mut known = self.resume().await?;
        let has_requests = self.shared.service.has_requests();
        if !has_requests {
            self.try_fixed(&known, prepare.languages.first(), first_day).await?;
        }
        let mut fresh = None;
        loop {
            let failures = self.shared.journal().failures(first_day)?;
            let from_jobs = Arc::new(FromJobs { failures, ..FromJobs::default() });
            let prepare = PrepareOptions { from_jobs, ..prepare.clone() };
            let (ready, parts) = channel(1);
            let mut parts = Some(parts);
            let (shared, calls) = (Arc::clone(&self.shared), calls());
            let walking = tokio::task::spawn_blocking(move || walk(&shared, calls, &prepare, known, &ready));
            let carried = self.carry(&mut parts).await;
            self.give_up(&mut parts).await?;
            let walked = walking.await.expect("reading calls does not panic");
            carried?;
            // Of several rounds the first is remembered: memory has its bounds.
            fresh.get_or_insert(walked.known);
            known = KeySet::default();
            if walked.is_more {
                continue;
            }
            // Where objects failed for one of their lines, they are divided until it is alone.
            let is_to_divide = self.largest > 1;
            if has_requests || self.open == 0 || (self.is_repeat && !is_to_divide) {
                break;
            }
            if is_to_divide {
                self.shared.object_lines.store(self.largest.div_ceil(DIVIDED), Ordering::Relaxed);
            }
            (self.is_repeat, self.open, self.largest) = (true, 0, 0);
        }
        let failures = self.shared.journal().failures(first_day)?;
        let from_jobs = FromJobs { fresh: fresh.unwrap_or_default(), failures };
        Ok(Filled { jobs: self.ended, units: self.units, from_jobs: Arc::new(from_jobs) })
    }

    /// Collects what has ended, and waits for nothing.
    ///
    /// # Errors
    /// [`JobsError::TryLater`] where jobs still run.
    pub(crate) async fn collect(mut self) -> Result<Vec<JobRecord>, JobsError> {
        self.resume().await?;
        self.carry(&mut None).await?;
        Ok(self.ended)
    }

    /// Notes that the job of a part has ended without all of its scores.
    pub(super) fn lose(&mut self, part: &Part) {
        let id = part.job.clone().unwrap_or_default();
        let describe = format!("{} {id}", self.shared.service.terms().describe);
        let state = part.state.map_or("unknown", JobState::as_str);
        self.lost.push(Lost { name: part.name.clone(), id, state, code: part.code.clone(), describe });
    }

    /// Starts the parts that come, and asks for those under way until all are collected.
    pub(super) async fn carry(&mut self, parts: &mut Parts) -> Result<(), JobsError> {
        let at_once = self.shared.service.terms().at_once;
        let is_waiting = self.shared.options.wait && parts.is_some();
        let halt = self.shared.halt.clone();
        let mut next = Instant::now();
        loop {
            if self.running.is_empty() && parts.is_none() {
                return if self.lost.is_empty() {
                    Ok(())
                } else {
                    Err(JobsError::Ended { jobs: std::mem::take(&mut self.lost) })
                };
            }
            let is_full =
                self.running.len() >= at_once || self.running.iter().any(|part| part.step == Step::Submitting);
            tokio::select! {
                biased;
                _ = halt.halted() => return Err(self.halted()),
                received = receive(parts), if parts.is_some() && !is_full => match received {
                    None => *parts = None,
                    Some(part) => {
                        let (Started::Yes(part) | Started::Full(part)) = self.start(part?).await?;
                        self.running.push(part);
                    }
                },
                () = sleep_until(next), if !self.running.is_empty() => {
                    self.poll().await?;
                    self.hold_time().await?;
                    if !self.lost.is_empty() {
                        // Nothing more is started.
                        self.give_up(parts).await?;
                    }
                    let is_stuck = parts.is_none() || self.running.len() >= at_once
                        || self.running.iter().any(|part| part.step == Step::Submitting);
                    if !is_waiting && is_stuck && !self.running.is_empty() {
                        return Err(JobsError::TryLater { running: names(&self.running) });
                    }
                    next = Instant::now() + jittered(self.shared.options.poll);
                }
                () = sleep_until(self.end) => return Err(JobsError::TryLater { running: names(&self.running) }),
            }
        }
    }

    /// Takes no more parts; what came and was not started is dropped.
    pub(super) async fn give_up(&self, parts: &mut Parts) -> Result<(), JobsError> {
        let Some(mut parts) = parts.take() else { return Ok(()) };
        parts.close();
        while let Some(part) = parts.recv().await {
            if let Ok(part) = part {
                self.drop_part(part).await?;
            }
        }
        Ok(())
    }

    /// Stops all jobs where they have run as long as may be paid for.
    async fn hold_time(&self) -> Result<(), JobsError> {
        let spent = self.shared.meter.read().working.as_secs_f64();
        let running: f64 = self.running.iter().filter_map(|part| part.seconds).sum();
        match self.shared.longest {
            Some(longest) if spent + running > longest => {
                for part in &self.running {
                    let stop = |service: Arc<dyn JobService>, part: Part| async move {
                        service.stop(part.job.as_deref().unwrap_or_default()).await
                    };
                    self.ask(stop, part).await?;
                }
                Err(JobsError::Time { names: names(&self.running) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn halted(&self) -> JobsError {
        JobsError::Interrupted { running: names(&self.running) }
    }

    /// Asks how all parts under way stand, and collects those that have ended.
    async fn poll(&mut self) -> Result<(), JobsError> {
        for part in std::mem::take(&mut self.running) {
            let mut part = match part.step {
                Step::Submitting => match self.start(part).await? {
                    Started::Yes(part) => part,
                    Started::Full(part) => {
                        self.running.push(part);
                        continue;
                    }
                },
                _ => part,
            };
            if part.step == Step::Submitted && !self.look(&mut part).await? {
                self.running.push(part);
                continue;
            }
            let part = self.blocking(move |shared| shared.collect(part)).await?;
            if !part.state.is_some_and(JobState::is_in_order) && !part.is_alive {
                self.lose(&part);
            }
            self.ended(part);
        }
        Ok(())
    }

    /// Asks how a part stands; whether its job has ended.
    pub(super) async fn look(&self, part: &mut Part) -> Result<bool, JobsError> {
        let job = part.job.clone().unwrap_or_default();
        let standing = match self.shared.service.look(&job).await {
            Ok(standing) => standing,
            Err(error) if error.kind == ErrorKind::Refused || error.kind == ErrorKind::Rejected => {
                return Err(error.into());
            }
            // It is asked again soon.
            Err(error) => {
                tracing::info!(%error, "how job {} stands is not known", part.name);
                return Ok(false);
            }
        };
        let Some(standing) = standing else {
            tracing::warn!("the service does not know job {} any more", part.name);
            (part.step, part.state) = (Step::Ended, Some(JobState::Failed));
            self.shared.journal().stands(part)?;
            return Ok(true);
        };
        if part.state != Some(standing.state) {
            tracing::info!(state = standing.state.as_str(), "job {}", part.name);
        }
        (part.state, part.output, part.seconds) = (Some(standing.state), standing.output, standing.seconds);
        if !standing.state.is_final() {
            return Ok(false);
        }
        part.step = Step::Ended;
        self.shared.journal().stands(part)?;
        part.code = standing.code;
        Ok(true)
    }

    pub(super) fn ended(&mut self, part: Part) {
        let state = part.state.map_or("unknown", JobState::as_str);
        (self.shared.notice)(&format!(
            "job {} {state}: {} documents, {} without scores",
            part.name, part.documents, part.failed
        ));
        if part.shared > 0 {
            (self.shared.notice)(&format!(
                "job {}: {} documents lacked two classes or more, which share evenly what the others leave",
                part.name, part.shared
            ));
        }
        self.units += part.units;
        self.open += part.open;
        self.largest = self.largest.max(part.largest);
        self.ended.push(JobRecord {
            name: part.name,
            id: part.job.unwrap_or_default(),
            state: state.to_owned(),
            documents: part.documents,
            failed: part.failed,
            seconds: part.seconds,
            classes_shared: part.shared,
        });
    }

    /// Drops a part of which no job was started.
    pub(super) async fn drop_part(&self, part: Part) -> Result<(), JobsError> {
        self.blocking(move |shared| {
            shared.drop_part(&part);
            Ok(())
        })
        .await
    }

    /// Lets `work`, which waits for the store or a disk, run beside.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, JobsError> + Send + 'static,
    ) -> Result<T, JobsError> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared)).await.expect("waiting for the store does not panic")
    }
}

async fn receive(parts: &mut Parts) -> Option<Result<Part, JobsError>> {
    match parts {
        Some(parts) => parts.recv().await,
        None => None,
    }
}

/// A tenth less or more, so that many runs do not ask at once.
fn jittered(poll: Duration) -> Duration {
    poll.mul_f64(fastrand::f64().mul_add(0.2, 0.9))
}
