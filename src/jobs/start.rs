//! Starting a job once, and asking the service until it answers.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::error::JobsError;
use super::journal::{Part, Step};
use super::run::Run;
use super::service::{JobService, JobState, Order};
use crate::budget::BudgetExceeded;
use crate::engine::{EngineError, ErrorKind};

/// Most times that a request to the service is sent.
const ATTEMPTS: u32 = 8;
/// The longest first wait between two. It doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What became of a part that was to be started.
pub(super) enum Started {
    Yes(Part),
    /// The account has as many jobs as it may have.
    Full(Part),
}

impl Run {
    /// Starts the job of a part whose file is there. It is never started twice: after an answer that was lost, the job is
    /// looked for by its name, and the token makes a repetition none.
    pub(super) async fn start(&mut self, mut part: Part) -> Result<Started, JobsError> {
        if part.step == Step::Uploaded {
            if let Err(exceeded) = self.hold(&part) {
                self.drop_part(part).await?;
                return Err(exceeded.into());
            }
            self.shared.journal().submitting(&part.id)?;
            part.step = Step::Submitting;
        }
        let order = Order {
            name: part.name.clone(),
            token: part.name.clone(),
            language: part.language.clone(),
            input: format!("{}/{}", part.folder, self.shared.service.terms().input),
            output: format!("{}/out", part.folder),
        };
        let mut failures = 0;
        loop {
            self.turn().await?;
            let error = match self.shared.service.start(&order).await {
                Ok(job) => {
                    self.note_started(&mut part, job)?;
                    return Ok(Started::Yes(part));
                }
                Err(error) => error,
            };
            failures += 1;
            match error.kind {
                ErrorKind::Throttled if failures >= 3 => {
                    tracing::info!("the account has as many jobs as it may have: job {} waits", part.name);
                    return Ok(Started::Full(part));
                }
                ErrorKind::Refused | ErrorKind::Rejected => {
                    self.drop_part(part).await?;
                    return Err(error.into());
                }
                ErrorKind::Throttled | ErrorKind::Transient => {}
            }
            if failures >= ATTEMPTS {
                return Err(EngineError { attempts: failures, ..error }.into());
            }
            self.pause(failures).await?;
            let found = self.ask(|service, part: Part| async move { service.find(&part.name).await }, &part).await?;
            if let Some(job) = found {
                self.note_started(&mut part, job)?;
                return Ok(Started::Yes(part));
            }
        }
    }

    /// Holds what goes out once more against the budget: the plan has the rest.
    fn hold(&self, part: &Part) -> Result<(), BudgetExceeded> {
        if !self.is_repeat {
            return Ok(());
        }
        let under_way: u64 = self.running.iter().map(|part| part.units).sum();
        self.shared.meter.allows(under_way + part.units)
    }

    pub(super) fn note_started(&self, part: &mut Part, job: String) -> Result<(), JobsError> {
        self.shared.journal().submitted(&part.id, &job)?;
        (part.step, part.job, part.state) = (Step::Submitted, Some(job), Some(JobState::Submitted));
        (self.shared.notice)(&format!("job {}: {} documents in {}", part.name, part.documents, part.language));
        Ok(())
    }

    /// Waits until another job may be started.
    async fn turn(&mut self) -> Result<(), JobsError> {
        let turn = self.next_start;
        let halt = self.shared.halt.clone();
        tokio::select! {
            biased;
            _ = halt.halted() => return Err(self.halted()),
            () = sleep_until(turn) => {}
        }
        self.next_start = Instant::now() + self.shared.service.terms().start_gap;
        Ok(())
    }

    async fn pause(&self, failures: u32) -> Result<(), JobsError> {
        let halt = self.shared.halt.clone();
        tokio::select! {
            biased;
            _ = halt.halted() => Err(self.halted()),
            () = sleep(wait(failures)) => Ok(()),
        }
    }

    /// Asks the service until it answers or refuses.
    pub(super) async fn ask<T, F: Future<Output = Result<T, EngineError>>>(
        &self,
        request: impl Fn(Arc<dyn JobService>, Part) -> F,
        part: &Part,
    ) -> Result<T, JobsError> {
        let mut failures = 0;
        loop {
            match request(Arc::clone(&self.shared.service), part.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    failures += 1;
                    let is_final = matches!(error.kind, ErrorKind::Refused | ErrorKind::Rejected);
                    if is_final || failures >= ATTEMPTS {
                        return Err(EngineError { attempts: failures, ..error }.into());
                    }
                    self.pause(failures).await?;
                }
            }
        }
    }
}

/// Between half of the wait and all of it; the wait doubles with each failure.
fn wait(failures: u32) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_WAIT);
    longest.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
}
