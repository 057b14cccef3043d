//! Amazon Comprehend as the registry lists it: settings, profile, connection.

#[cfg(feature = "jobs")]
use std::sync::Arc;

use super::settings::{self, ComprehendSettings, PriceSettings};
use super::terms;
#[cfg(feature = "jobs")]
use super::{
    job,
    job_client::{ComprehendJobs, SERVICE},
};
use crate::engine::registry::Definition;
#[cfg(feature = "jobs")]
use crate::engine::registry::{JobWay, OpenWays};
use crate::engine::{Halt, Profile, Service};
use crate::exit::Failure;
use crate::jobs::Via;
#[cfg(feature = "jobs")]
use crate::jobs::{Jobs, service::JobService};
use crate::settings::{Section as _, Settings};

/// Amazon Comprehend.
pub static DEFINITION: Definition = Definition {
    name: terms::NAME,
    settings: &[ComprehendSettings::KEYS, PriceSettings::KEYS],
    in_every_hash: true,
    missing_feature: if cfg!(feature = "comprehend") { None } else { Some("comprehend") },
    profile,
    share: |mut settings, parts| {
        settings.change(|asked: &mut ComprehendSettings| asked.requests_per_second /= f64::from(parts));
        settings
    },
    connect: |settings, halt| Box::pin(connect(settings, halt)),
    #[cfg(feature = "jobs")]
    jobs: Some(JobWay {
        terms: &job::OPERATIONS.terms,
        open: |settings| OpenWays { requests: true, jobs: settings.section::<Jobs>().role_arn.is_some() },
        connect: |settings| Box::pin(jobs(settings)),
    }),
};

fn profile(settings: &Settings) -> Profile {
    let asked: &ComprehendSettings = settings.section();
    let rate = Some(asked.requests_per_second);
    let name = settings.name_of(terms::NAME);
    let by_job = settings.via() == Via::Jobs;
    let profile = terms::profile(settings::price(settings));
    // Scores of jobs are others' until somebody says that they are not.
    let model = if by_job && !asked.share_scores { format!("{} by job", profile.model) } else { profile.model };
    Profile { name, model, requests_per_second: rate, one_line: by_job || asked.share_scores, ..profile }
}

#[cfg(feature = "comprehend")]
async fn connect(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    use super::Comprehend;
    use crate::budget::Budget;
    use crate::engine::breaker::Patience;
    use crate::engine::pace::Pacing;
    use crate::engine::retry::RetryPolicy;
    use crate::engine::{Meter, ServiceOptions};

    let asked: &ComprehendSettings = settings.section();
    let profile = profile(settings);
    let patience = Patience::default();
    let options = ServiceOptions {
        pacing: Pacing::Rate(asked.requests_per_second),
        attempt_timeout: asked.attempt_timeout,
        retry: RetryPolicy { attempts: asked.max_attempts, elapsed: asked.max_elapsed, ..RetryPolicy::default() },
        patience: Patience {
            silence: asked.give_up_after,
            unreachable: patience.unreachable.min(asked.give_up_after),
            ..patience
        },
        advice: terms::ADVICE,
        meter: Meter::within(&Budget::of(settings), &profile.price),
        halt: halt.clone(),
    };
    let engine = Comprehend::connect(&connection(settings), profile).await?;
    tracing::info!(region = engine.region(), "comprehend is ready");
    Ok(Service::around(engine, &options))
}

#[cfg(feature = "jobs")]
async fn jobs(settings: &Settings) -> Result<Arc<dyn JobService>, Failure> {
    let jobs: &Jobs = settings.section();
    let role = jobs.role(SERVICE)?;
    let options = connection(settings);
    Ok(Arc::new(ComprehendJobs::connect(job::Sentiment, &options, role, jobs.kms_key.clone()).await?))
}

/// Where and how Comprehend is reached.
#[cfg(feature = "comprehend")]
fn connection(settings: &Settings) -> crate::engine::aws::AwsOptions {
    let asked: &ComprehendSettings = settings.section();
    crate::engine::aws::AwsOptions {
        region: asked.region.clone(),
        profile: asked.profile.clone(),
        ..crate::engine::aws::AwsOptions::default()
    }
}

/// The settings refuse an engine that is not in the build, so this is not reached.
#[cfg(not(feature = "comprehend"))]
#[expect(clippy::unused_async, reason = "the engine that needs it is not in this build")]
async fn connect(_settings: &Settings, _halt: &Halt) -> Result<Service, Failure> {
    Err(Failure::new(crate::exit::ExitCode::Settings, "this build has no Comprehend engine"))
}
