//! Jobs in a build without them: the settings refuse them, and no plan names them.

use super::Jobs;
use crate::commands::plan::JobLine;
use crate::commands::session::Session;
use crate::engine::Profile;
use crate::engine::price::Bill;
use crate::engine::registry::Definition;
use crate::exit::{ExitCode, Failure};
use crate::jobs::Via;
use crate::pipeline::{FromJobs, Plan, PrepareOptions};
use crate::sentiment::Granularity;
use crate::settings::Settings;

/// Jobs that are ready to be run: there are none.
pub(crate) enum ByJob {}

#[expect(clippy::unused_async, reason = "a build with jobs waits here")]
impl ByJob {
    /// The settings refuse jobs in such a build, so this is not reached.
    pub(crate) async fn open(_settings: &Settings) -> Result<Self, Failure> {
        Err(Failure::new(ExitCode::Settings, "this build runs no jobs"))
    }

    pub(crate) fn known(&self, _settings: &Settings) -> Result<FromJobs, Failure> {
        match *self {}
    }

    pub(crate) fn at_most(&self, _session: &Session, _plan: &Plan) -> Bill {
        match *self {}
    }

    pub(crate) async fn fill<C>(
        self,
        _settings: &Settings,
        _session: &Session,
        _prepare: &mut PrepareOptions,
        _calls: C,
    ) -> Result<Jobs, Failure> {
        match self {}
    }
}

/// How a plan by jobs is made: not at all.
pub(crate) struct Planned {
    pub(crate) profile: Profile,
    never: std::convert::Infallible,
}

impl Planned {
    pub(crate) fn line(&self, _granularity: Granularity, _plan: &Plan) -> JobLine {
        match self.never {}
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a build with jobs looks at stored scores here")]
pub(crate) fn planned(_engine: &Definition, _settings: &Settings) -> Result<Option<Planned>, Failure> {
    Ok(None)
}

#[expect(clippy::unnecessary_wraps, reason = "a build with jobs reads the input here")]
pub(super) fn decide(_settings: &Settings, _inputs: &[String]) -> Result<Via, Failure> {
    Ok(Via::Requests)
}
