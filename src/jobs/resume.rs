//! What earlier runs left: taken up, or ended by hand.

use std::sync::Arc;

use super::error::JobsError;
use super::journal::{Part, Step};
use super::run::Run;
use super::service::{JobService, JobState};
use super::start::Started;
use crate::cache::{Key, KeySet};

impl Run {
    /// Ends the jobs of these names, or all; gives what became of each, in words.
    ///
    /// # Errors
    /// [`JobsError`]; what was asked by then is asked.
    pub(crate) async fn cancel(&self, names: &[String]) -> Result<Vec<String>, JobsError> {
        let mut parts = self.shared.journal().parts()?;
        let kind = self.shared.service.terms().kind;
        parts.retain(|part| part.kind == kind && part.step != Step::Cleaned);
        parts.retain(|part| names.is_empty() || names.contains(&part.name));
        let mut said = Vec::new();
        for mut part in parts {
            if part.step == Step::Submitting
                && let Some(job) =
                    self.ask(|service, part: Part| async move { service.find(&part.name).await }, &part).await?
            {
                self.shared.journal().submitted(&part.id, &job)?;
                (part.step, part.job) = (Step::Submitted, Some(job));
            }
            said.push(match part.step {
                Step::Submitted if !self.shared.service.terms().can_stop => {
                    format!("{}: a job of this kind can't be stopped; it runs on and is charged", part.name)
                }
                Step::Submitted => {
                    let stop = |service: Arc<dyn JobService>, part: Part| async move {
                        service.stop(part.job.as_deref().unwrap_or_default()).await
                    };
                    self.ask(stop, &part).await?;
                    format!("{}: will stop; what is done by then is charged, and the next run collects it", part.name)
                }
                _ => {
                    let name = if part.name.is_empty() { part.id.clone() } else { part.name.clone() };
                    self.drop_part(part).await?;
                    format!("{name}: given up, its objects are removed")
                }
            });
        }
        Ok(said)
    }

    /// Takes up what earlier runs left; gives the texts that are in jobs under way.
    pub(super) async fn resume(&mut self) -> Result<KeySet, JobsError> {
        let mut known = KeySet::default();
        let mut parts = self.shared.journal().parts()?;
        let kind = self.shared.service.terms().kind;
        // No other process uploads. What belongs to other scores and was started is left to their runs.
        let is_own = |part: &Part| part.kind == kind && part.scorer == self.shared.scorer;
        parts.retain(|part| is_own(part) || matches!(part.step, Step::Planned | Step::Uploaded));
        for mut part in parts {
            if part.step == Step::Submitting {
                match self.ask(|service, part: Part| async move { service.find(&part.name).await }, &part).await? {
                    Some(job) => self.note_started(&mut part, job)?,
                    None => match self.start(part).await? {
                        Started::Yes(started) => part = started,
                        Started::Full(full) => part = full,
                    },
                }
            }
            match part.step {
                Step::Planned | Step::Uploaded => self.drop_part(part).await?,
                Step::Submitting | Step::Submitted | Step::Ended => {
                    let has_ended =
                        part.step == Step::Ended || (part.step == Step::Submitted && self.look(&mut part).await?);
                    // What a job that somebody stopped has left over is new.
                    if !has_ended || part.state != Some(JobState::Stopped) {
                        for key in self.shared.journal().keys(&part.id)?.as_chunks().0 {
                            known.insert(Key::from_bytes(*key));
                        }
                    }
                    if !has_ended {
                        self.running.push(part);
                        continue;
                    }
                    let part = self.blocking(move |shared| shared.collect(part)).await?;
                    if part.state == Some(JobState::Failed) && !part.is_alive {
                        self.lose(&part);
                    }
                    self.ended(part);
                }
                Step::Collected => {
                    self.blocking(move |shared| shared.collect(part)).await?;
                }
                Step::Cleaned => {}
            }
        }
        if self.lost.is_empty() { Ok(known) } else { Err(JobsError::Ended { jobs: std::mem::take(&mut self.lost) }) }
    }
}
