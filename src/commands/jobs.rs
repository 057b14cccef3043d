//! `undertone jobs list|collect|cancel`: looks after jobs that runs have started.
//!
//! `list` reads the journal and asks nobody. The others ask the service, as a run does: one at a time.

use crate::cli::Jobs;
use crate::exit::{ExitCode, Failure};
use crate::settings::Settings;

/// Does what was asked for, and prints what came of it.
///
/// # Errors
/// [`ExitCode::TryLater`] where a run has jobs under way, or jobs that are to be collected still run.
#[cfg(not(feature = "jobs"))]
pub fn run(_settings: &Settings, _command: &Jobs) -> Result<ExitCode, Failure> {
    let hint = "build a program that does, with cargo build --release --features jobs";
    Err(Failure::new(ExitCode::Settings, "this build runs no jobs").with_hint(Some(hint.into())))
}

/// Does what was asked for, and prints what came of it.
///
/// # Errors
/// [`ExitCode::TryLater`] where a run has jobs under way, or jobs that are to be collected still run.
#[cfg(feature = "jobs")]
pub fn run(settings: &Settings, command: &Jobs) -> Result<ExitCode, Failure> {
    // The scores of jobs are those of a run by jobs, whatever the settings file says.
    let settings = &settings.clone().with_via(crate::jobs::Via::Jobs);
    match command {
        Jobs::List(args) => super::print(&built::list(settings, args.json)?)?,
        Jobs::Collect(args) => {
            let jobs = super::runtime()?.block_on(Box::pin(built::collect(settings)))?;
            super::print(&built::shown(&jobs, args.json)?)?;
        }
        Jobs::Cancel { names, args } => {
            let said = super::runtime()?.block_on(Box::pin(built::cancel(settings, names)))?;
            super::print(&built::said(&said, args.json)?)?;
        }
    }
    Ok(ExitCode::Done)
}

#[cfg(feature = "jobs")]
mod built {
    use indicatif::HumanCount;
    use serde_json::{Value, json};

    use super::super::by_job::ByJob;
    use super::super::columns::columns;
    use super::super::session::{self, Session};
    use super::{ExitCode, Failure, Settings};
    use crate::engine::Halt;
    use crate::interrupt;
    use crate::jobs::{Journal, Part, Run};
    use crate::output::JobRecord;

    /// All jobs that the journal names, the oldest first.
    pub(super) fn list(settings: &Settings, json: bool) -> Result<String, Failure> {
        let journal = match session::cache_root(settings)? {
            Some(root) => Journal::read(&root)?,
            None => None,
        };
        let parts = journal.map_or_else(|| Ok(Vec::new()), |journal| journal.parts())?;
        if json {
            return printed(&parts.iter().map(part_json).collect::<Vec<_>>());
        }
        if parts.is_empty() {
            return Ok("no jobs\n".to_owned());
        }
        let heads = ["job", "state", "documents", "language", "id"];
        let row = |part: &Part| {
            let job = part.job.clone().unwrap_or_default();
            let name = if part.name.is_empty() { part.folder.clone() } else { part.name.clone() };
            vec![name, part.standing().to_owned(), HumanCount(part.documents).to_string(), part.language.clone(), job]
        };
        Ok(columns(&heads.map(str::to_owned), &parts.iter().map(row).collect::<Vec<_>>()))
    }

    fn part_json(part: &Part) -> Value {
        json!({
            "name": part.name, "id": part.job, "state": part.standing(), "engine": part.scorer.engine,
            "model": part.scorer.model, "language": part.language, "documents": part.documents, "failed": part.failed,
            "seconds": part.seconds, "objects": part.folder,
        })
    }

    /// Opens what jobs of these settings are looked after with.
    async fn open(settings: &Settings) -> Result<Run, Failure> {
        let halt = Halt::new();
        let session = Session::open(settings, &halt).await?;
        let jobs = ByJob::open(settings).await?;
        interrupt::stop_on_signals(halt).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        jobs.run(settings, &session)
    }

    pub(super) async fn collect(settings: &Settings) -> Result<Vec<JobRecord>, Failure> {
        Ok(open(settings).await?.collect().await?)
    }

    pub(super) async fn cancel(settings: &Settings, names: &[String]) -> Result<Vec<String>, Failure> {
        let said = open(settings).await?.cancel(names).await?;
        if said.is_empty() && !names.is_empty() {
            let hint = "`undertone jobs list` shows those that are";
            return Err(Failure::new(ExitCode::Usage, format!("no job {} is under way", names.join(", ")))
                .with_hint(Some(hint.into())));
        }
        Ok(said)
    }

    pub(super) fn shown(jobs: &[JobRecord], json: bool) -> Result<String, Failure> {
        if json {
            return printed(jobs);
        }
        // Each was told on its way.
        Ok(if jobs.is_empty() { "nothing to collect\n".to_owned() } else { String::new() })
    }

    pub(super) fn said(said: &[String], json: bool) -> Result<String, Failure> {
        if json {
            return printed(said);
        }
        Ok(if said.is_empty() { "nothing to cancel\n".to_owned() } else { said.join("\n") + "\n" })
    }

    fn printed<T: serde::Serialize>(values: &[T]) -> Result<String, Failure> {
        let json = serde_json::to_value(values).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        Ok(format!("{json:#}\n"))
    }
}
