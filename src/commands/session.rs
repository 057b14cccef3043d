//! What a run scores with: the engine that the settings name, made ready before anything is read.

use crate::engine::local::Local;
use crate::engine::{EngineError, Service};
use crate::exit::{ExitCode, Failure};
use crate::settings::{EngineName, Settings};

/// Makes the engine that the settings name.
///
/// # Errors
/// [`ExitCode::Unavailable`] without region or credentials; [`ExitCode::Settings`] for a model that can't be used.
pub(super) async fn open(settings: &Settings) -> Result<Service, Failure> {
    match settings.engine {
        EngineName::Local => Ok(Service::local(Local::shipped())),
        EngineName::Comprehend => comprehend(settings).await,
    }
}

#[cfg(feature = "comprehend")]
async fn comprehend(settings: &Settings) -> Result<Service, Failure> {
    use crate::engine::ServiceOptions;
    use crate::engine::breaker::Patience;
    use crate::engine::comprehend::{Comprehend, ComprehendOptions};
    use crate::engine::retry::RetryPolicy;

    let asked = &settings.comprehend;
    let connection = ComprehendOptions {
        region: asked.region.clone(),
        profile: asked.profile.clone(),
        attempt_timeout: asked.attempt_timeout.duration(),
        billing: settings.price.billing(),
        ..ComprehendOptions::default()
    };
    let give_up_after = asked.give_up_after.duration();
    let patience = Patience::default();
    let options = ServiceOptions {
        requests_per_second: asked.requests_per_second.per_second(),
        attempt_timeout: asked.attempt_timeout.duration(),
        retry: RetryPolicy {
            attempts: u32::try_from(asked.max_attempts.get()).unwrap_or(u32::MAX),
            elapsed: asked.max_elapsed.duration(),
            ..RetryPolicy::default()
        },
        patience: Patience { silence: give_up_after, unreachable: patience.unreachable.min(give_up_after), ..patience },
    };
    let engine = Comprehend::connect(&connection).await?;
    tracing::info!(region = engine.region(), "comprehend is ready");
    Ok(Service::around(engine, &options))
}

#[cfg(not(feature = "comprehend"))]
#[expect(clippy::unused_async, reason = "the engine that needs it is not in this build")]
async fn comprehend(_settings: &Settings) -> Result<Service, Failure> {
    Err(Failure::new(ExitCode::Settings, "this build has no Comprehend engine"))
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::Unavailable, error).with_hint(hint)
    }
}
