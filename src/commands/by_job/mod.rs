//! A run by jobs as commands have it: settings checked before anything is read, then scores in the store.
//!
//! `built` is what a build with jobs does, `absent` what one without them does in its place.

#[cfg_attr(not(feature = "jobs"), path = "absent.rs")]
mod built;

use std::sync::Arc;

pub(super) use built::{ByJob, planned};

use super::session::Session;
use crate::engine::Profile;
use crate::engine::price::Bill;
use crate::exit::{ExitCode, Failure};
use crate::input::InputError;
use crate::jobs::Via;
use crate::output::JobRecord;
use crate::pipeline::{Plan, PrepareOptions};
use crate::settings::Settings;
use crate::transcript::Call;

/// What jobs made of a run's texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Jobs {
    /// Whether there were to be any.
    pub(super) is_way: bool,
    /// Those that were collected.
    pub(super) records: Vec<JobRecord>,
    /// Units that they are charged at most.
    pub(super) units: u64,
}

/// The settings with the way that texts go; `auto` is decided by what both ways would take.
///
/// # Errors
/// Those of reading `inputs`.
pub(super) fn decided(settings: &Settings, inputs: &[String]) -> Result<Settings, Failure> {
    let via = if settings.via() == Via::Auto { built::decide(settings, inputs)? } else { settings.via() };
    Ok(settings.clone().with_via(via))
}

/// Makes jobs ready, if the settings ask for them. Nothing is read before, so that settings are right or nothing happens.
///
/// # Errors
/// [`ExitCode::Usage`] for an input that can't be read twice; [`ExitCode::Settings`] for settings that do not fit.
pub(super) async fn open(settings: &Settings, inputs: &[String]) -> Result<Option<ByJob>, Failure> {
    if settings.via() != Via::Jobs {
        return Ok(None);
    }
    if inputs.iter().any(|input| input == "-") {
        let message = "jobs read their input twice, and the standard input can be read once";
        let hint = "write it to a file first, or leave out --via jobs";
        return Err(Failure::new(ExitCode::Usage, message).with_hint(Some(hint.into())));
    }
    ByJob::open(settings).await.map(Some)
}

/// Notes the texts that no job could score so far, so that no plan counts them.
///
/// # Errors
/// Where the journal of jobs can't be read.
pub(super) fn note_known(
    jobs: Option<&ByJob>,
    settings: &Settings,
    prepare: &mut PrepareOptions,
) -> Result<(), Failure> {
    if let Some(jobs) = jobs {
        prepare.from_jobs = Arc::new(jobs.known(settings)?);
    }
    Ok(())
}

/// The most that a plan can be charged for, by jobs if there are to be any.
pub(super) fn at_most(jobs: Option<&ByJob>, session: &Session, plan: &Plan) -> Bill {
    let Profile { price, limits, .. } = session.service.engine.profile();
    jobs.map_or_else(|| price.at_most(&plan.estimate, limits), |jobs| jobs.at_most(session, plan))
}

/// Stores the scores of all new texts among the calls that `calls` gives each time, by jobs if there are to be any.
///
/// # Errors
/// Whatever ends the jobs before their end; what was paid for is stored, or collected by the next run.
pub(super) async fn fill<C>(
    jobs: Option<ByJob>,
    settings: &Settings,
    session: &Session,
    prepare: &mut PrepareOptions,
    calls: impl Fn() -> C,
) -> Result<Jobs, Failure>
where
    C: Iterator<Item = Result<Vec<Call>, InputError>> + Send + 'static,
{
    match jobs {
        None => Ok(Jobs::default()),
        Some(jobs) => jobs.fill(settings, session, prepare, calls).await,
    }
}
