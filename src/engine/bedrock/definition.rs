//! Amazon Bedrock as the registry lists it: settings, profile, connection.

use std::path::Path;

#[cfg(feature = "bedrock")]
use super::calibration::Calibration;
use super::form::{self, PROMPT, SCHEMA};
use super::settings::{BedrockPrice, BedrockSettings};
use super::terms;
use crate::engine::registry::Definition;
use crate::engine::{Halt, Profile, Service};
use crate::exit::{ExitCode, Failure};
use crate::settings::{Section as _, Settings};

/// A language model on Amazon Bedrock.
pub static DEFINITION: Definition = Definition {
    name: terms::NAME,
    settings: &[BedrockSettings::KEYS, BedrockPrice::KEYS],
    in_every_hash: false,
    missing_feature: if cfg!(feature = "bedrock") { None } else { Some("bedrock") },
    profile,
    #[cfg(all(feature = "jobs", feature = "bedrock"))]
    jobs: Some(super::job::WAY),
    #[cfg(all(feature = "jobs", not(feature = "bedrock")))]
    jobs: None,
    share: |mut settings, parts| {
        settings.change(|asked: &mut BedrockSettings| {
            asked.requests_per_second /= f64::from(parts);
            asked.tokens_per_minute = asked.tokens_per_minute.map(|tokens| tokens / u64::from(parts));
        });
        settings
    },
    connect: |settings, halt| Box::pin(connect(settings, halt)),
};

/// Whether its labels go through a calibration; `None` if the settings' engine is another.
pub fn is_calibrated(settings: &Settings) -> Option<bool> {
    let asked: &BedrockSettings = settings.section();
    (settings.selected().definition.name == DEFINITION.name).then_some(asked.calibration.is_some())
}

/// What the files of the settings hold.
pub(super) struct Told {
    pub(super) prompt: String,
    calibration: Option<String>,
}

impl Told {
    /// Reads the files that the settings name.
    pub(super) fn read(asked: &BedrockSettings) -> Result<Self, Failure> {
        let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| unusable(path, &error));
        let prompt = asked.prompt.as_deref().map(read).transpose()?;
        if let (Some(prompt), Some(path)) = (&prompt, &asked.prompt)
            && prompt.trim().is_empty()
        {
            return Err(unusable(path, &"it is empty"));
        }
        let calibration = asked.calibration.as_deref().map(read).transpose()?;
        Ok(Self { prompt: prompt.unwrap_or_else(|| PROMPT.to_owned()), calibration })
    }

    /// The same, without the files that can't be read: to connect fails then.
    fn read_or_default(asked: &BedrockSettings) -> Self {
        Self::read(asked).unwrap_or(Self { prompt: PROMPT.to_owned(), calibration: None })
    }

    fn profile(&self, settings: &Settings) -> Profile {
        let asked: &BedrockSettings = settings.section();
        let packing = format!("{} {}", asked.documents_per_request, <&str>::from(asked.structured));
        let told = [&self.prompt, SCHEMA, &packing, self.calibration.as_deref().unwrap_or_default()];
        terms::profile(settings, form::identity(&asked.model, &told), &self.prompt)
    }

    #[cfg(feature = "bedrock")]
    pub(super) fn calibration(&self, asked: &BedrockSettings) -> Result<Calibration, Failure> {
        match (&self.calibration, &asked.calibration) {
            (Some(text), Some(path)) => Calibration::parse(text).map_err(|error| unusable(path, &error)),
            _ => Ok(Calibration::certain()),
        }
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    let hint = "set bedrock.prompt and bedrock.calibration to files as README shows them, or leave them out";
    Failure::new(ExitCode::Settings, format!("can't use {}: {why}", path.display())).with_hint(Some(hint.to_owned()))
}

/// Reads the prompt and the calibration that the settings name, for both are part of what scores.
fn profile(settings: &Settings) -> Profile {
    Told::read_or_default(settings.section()).profile(settings)
}

/// Where and how Bedrock is reached.
#[cfg(feature = "bedrock")]
pub(super) fn reached(settings: &Settings) -> crate::engine::aws::AwsOptions {
    use crate::engine::comprehend::settings::ComprehendSettings;

    let (asked, shared): (&BedrockSettings, &ComprehendSettings) = (settings.section(), settings.section());
    crate::engine::aws::AwsOptions {
        region: asked.region.clone().or_else(|| shared.region.clone()),
        profile: asked.profile.clone().or_else(|| shared.profile.clone()),
        ..Default::default()
    }
}

#[cfg(feature = "bedrock")]
async fn connect(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    use std::sync::Arc;

    use super::again::Again;
    use super::judge::{Judge, LONGEST_ATTEMPT, State};
    use super::pace::TokenPace;
    use super::probe;
    use super::request::Terms;
    use crate::budget::Budget;
    use crate::engine::aws::{BEDROCK, Client, Connection};
    use crate::engine::breaker::Patience;
    use crate::engine::pace::Pacing;
    use crate::engine::price::{Price, TokenTerms};
    use crate::engine::retry::RetryPolicy;
    use crate::engine::tokens::TokenLedger;
    use crate::engine::{Meter, ServiceOptions, Watched};
    use crate::jobs::Via;

    let asked: &BedrockSettings = settings.section();
    let told = Told::read(asked)?;
    let calibration = told.calibration(asked)?;
    let profile = told.profile(settings);
    let Price::PerTokens(TokenTerms { dollars, .. }) = profile.price else {
        return Err(Failure::new(ExitCode::Unexpected, "tokens have no price"));
    };
    let meter = Meter::within(&Budget::of(settings), &profile.price);
    let connection = Connection::open(&reached(settings)).await?;
    let weight = terms::output_weight(&asked.model);
    let judge = Arc::new(Judge {
        profile,
        client: Client::new(&connection, &BEDROCK),
        model: asked.model.clone(),
        terms: Terms { prompt: told.prompt, output_tokens: asked.output_tokens, tier: asked.service_tier },
        calibration,
        attempt_timeout: asked.attempt_timeout,
        ledger: TokenLedger::new(Arc::clone(&meter), dollars),
        pace: asked.tokens_per_minute.map(|quota| TokenPace::new(quota, weight, halt.clone())),
        state: State::default(),
    });
    let options = ServiceOptions {
        pacing: Pacing::Rate(asked.requests_per_second),
        // The engine limits each request's time itself, from its turn on.
        attempt_timeout: LONGEST_ATTEMPT,
        retry: RetryPolicy { attempts: asked.max_attempts, elapsed: asked.max_elapsed, ..RetryPolicy::default() },
        patience: Patience { silence: asked.give_up_after, ..Patience::default() },
        advice: terms::ADVICE,
        meter,
        halt: halt.clone(),
    };
    let manner = probe::Manner { retry: options.retry, patience: options.patience };
    // Both ways ask in one form, which requests can try out.
    let structured = if settings.via() == Via::Jobs { asked.structured.of_jobs() } else { asked.structured };
    let found = probe::choose(&judge, structured, manner).await?;
    tracing::info!(region = judge.client.region(), model = asked.model, form = ?found.form, "bedrock is ready");
    let identity = judge.profile.model.clone();
    let watched = Watched {
        place: identity.clone(),
        identity: identity.clone(),
        probe: found.scores,
        look: Arc::new(ByName(identity)),
    };
    let service = Service::around(judge, &options);
    Ok(Service { engine: Arc::new(Again::new(service.engine)), watched: Some(watched), ..service })
}

/// A model on Bedrock has no more than its id to be known by; a change under it shows in the probe of the next run.
#[cfg(feature = "bedrock")]
struct ByName(String);

#[cfg(feature = "bedrock")]
#[async_trait::async_trait]
impl crate::engine::watched::Look for ByName {
    async fn identity(&self) -> Result<String, crate::engine::EngineError> {
        Ok(self.0.clone())
    }
}

/// The settings refuse an engine that is not in the build, so this is not reached.
#[cfg(not(feature = "bedrock"))]
#[expect(clippy::unused_async, reason = "the engine that needs it is not in this build")]
async fn connect(_settings: &Settings, _halt: &Halt) -> Result<Service, Failure> {
    Err(Failure::new(ExitCode::Settings, "this build has no Bedrock engine"))
}
