//! What a run scores with: the engine that the settings name, made ready before anything is read.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::train::read_model;
use crate::batch::BatchOptions;
use crate::budget::Budget;
use crate::cache::{self, Access, CacheError, CacheOptions, ScoreStore, Scorer};
use crate::engine::local::{Local, LocalSettings};
use crate::engine::registry;
use crate::engine::{EngineError, Halt, Profile, Service};
use crate::exit::{ExitCode, Failure};
use crate::model::{Model, Terms};
use crate::settings::{Cache, CachePlace, Cost, Settings};

/// What a run may cost at most.
fn budget(settings: &Settings) -> Budget {
    let Cost { max, max_units } = *settings.section();
    Budget { max_cost: max, max_units }
}

/// The units that may be billed.
#[cfg(feature = "comprehend")]
fn max_units(settings: &Settings) -> u64 {
    budget(settings).units(|units| super::options::cost(settings, units))
}

/// The folder of stored scores; `None` when they are switched off.
///
/// # Errors
/// [`ExitCode::Settings`] on a machine where the platform names no place for them.
pub(super) fn cache_root(settings: &Settings) -> Result<Option<PathBuf>, Failure> {
    match &settings.section::<Cache>().path {
        CachePlace::Off => Ok(None),
        CachePlace::Directory(path) => Ok(Some(path.clone())),
        CachePlace::Auto => cache::default_root().map(Some).ok_or_else(|| {
            let hint = "name a folder with --cache DIR, or do without stored scores with --cache off";
            Failure::new(ExitCode::Settings, "there is no home directory to keep paid-for scores in")
                .with_hint(Some(hint.into()))
        }),
    }
}

/// How stored scores are opened.
fn cache_options(settings: &Settings, access: Access) -> CacheOptions {
    CacheOptions { access, max_age_days: Some(max_age_days(settings)), ..CacheOptions::new() }
}

/// Days for which a stored score is used.
pub(super) fn max_age_days(settings: &Settings) -> u32 {
    const DAY_SECONDS: u64 = 86_400;
    let days = settings.section::<Cache>().max_age.as_secs().div_ceil(DAY_SECONDS);
    u32::try_from(days).unwrap_or(u32::MAX)
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::CantCreate, error).with_hint(hint)
    }
}

/// What a run scores with.
pub(super) struct Session {
    /// The engine, made dependable.
    pub(super) service: Service,
    /// What it may cost.
    pub(super) budget: Budget,
    /// Stored scores; `None` for an engine that charges nothing, and where they are switched off.
    pub(super) store: Option<Arc<ScoreStore>>,
}

impl Session {
    /// Makes the engine that the settings name, which `halt` ends, and opens its stored scores.
    ///
    /// # Errors
    /// [`ExitCode::Unavailable`] without region or credentials; whatever keeps stored scores from being opened.
    pub(super) async fn open(settings: &Settings, halt: &Halt) -> Result<Self, Failure> {
        let service = if settings.engine() == registry::COMPREHEND {
            comprehend(settings, halt).await?
        } else {
            Service::local(Local::with_model(local_model(settings)?), halt.clone())
        };
        Self::around(service, settings)
    }

    /// What scores with `service`, with its stored scores if it charges.
    ///
    /// # Errors
    /// Whatever keeps stored scores from being opened.
    pub(super) fn around(service: Service, settings: &Settings) -> Result<Self, Failure> {
        let profile = service.engine.profile();
        let store = if profile.billing.is_some() { open_store(settings, profile, Access::ReadWrite)? } else { None };
        Ok(Self { service, budget: budget(settings), store })
    }

    /// How documents are scored.
    pub(super) fn scoring(&self, settings: &Settings) -> BatchOptions {
        let defaults = BatchOptions::for_engine(self.service.engine.profile(), self.service.halt.clone());
        let at_once = std::num::NonZero::new(defaults.concurrency).unwrap_or(std::num::NonZero::<usize>::MIN);
        let concurrency = settings.concurrency.or(at_once).get();
        BatchOptions { concurrency, store: self.store.clone(), ..defaults }
    }

    /// A failure of a run in its middle, with a hint that also says what is left of what was paid for.
    pub(super) fn with_what_is_kept(&self, failure: Failure) -> Failure {
        let scored = self.service.meter.read().documents_scored;
        if scored == 0 || self.service.engine.profile().billing.is_none() {
            return failure;
        }
        let kept = kept(scored, self.store.is_some());
        let hint = failure.hint().map_or_else(|| kept.clone(), |hint| format!("{kept}; {hint}"));
        failure.with_hint(Some(hint))
    }

    /// Makes every paid score durable; after a run that reached its end, in good order for the next one too. A disk
    /// that does not take them is worth a warning, not the run's outputs.
    pub(super) fn keep_scores(&self, reached_end: bool) {
        let Some(store) = &self.store else { return };
        if let Err(error) = if reached_end { store.close() } else { store.flush() } {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!("paid-for scores could not be kept, and will be paid again: {error}: {cause}");
        }
    }
}

/// What a failed run that had paid for something leaves behind, before what to do about it.
fn kept(scored: u64, is_stored: bool) -> String {
    if is_stored {
        format!("what was paid for is kept ({scored} documents)")
    } else {
        format!("nothing is kept of the {scored} documents that were paid for, because stored scores are switched off")
    }
}

/// The model that the local engine scores with: one's own or the shipped one, with one's own terms.
fn local_model(settings: &Settings) -> Result<Model, Failure> {
    let LocalSettings { model, lexicon } = settings.section();
    let mut model = match model {
        None => Model::shipped(),
        Some(path) => read_model(path).map_err(|error| unusable(path, error))?,
    };
    if let Some(path) = lexicon {
        let text = std::fs::read_to_string(path).map_err(|error| unusable(path, error))?;
        model = model.with_terms(Terms::parse(&text).map_err(|error| unusable(path, error))?);
    }
    Ok(model)
}

/// A file that the settings name, and why it can't be used.
#[derive(Debug, thiserror::Error)]
#[error("can't use {}", path.display())]
struct Unusable {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

fn unusable(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::new(ExitCode::Settings, Unusable { path: path.to_owned(), source: error.into() })
}

/// The stored scores of the engine that `profile` describes; `None` when they are switched off. Going on without scores
/// that were paid for would pay again, so a store that can't be opened stops the run.
///
/// # Errors
/// When the stored scores can't be opened.
pub(super) fn open_store(
    settings: &Settings,
    profile: &Profile,
    access: Access,
) -> Result<Option<Arc<ScoreStore>>, Failure> {
    let Some(root) = cache_root(settings)? else { return Ok(None) };
    let store = ScoreStore::open(&root, &Scorer::of(profile), cache_options(settings, access))?;
    Ok(Some(Arc::new(store)))
}

#[cfg(feature = "comprehend")]
async fn comprehend(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    use crate::engine::ServiceOptions;
    use crate::engine::breaker::Patience;
    use crate::engine::comprehend::{ADVICE, Comprehend, ComprehendOptions, ComprehendSettings};
    use crate::engine::retry::RetryPolicy;

    let asked: &ComprehendSettings = settings.section();
    let connection = ComprehendOptions {
        region: asked.region.clone(),
        profile: asked.profile.clone(),
        billing: super::options::billing(settings),
        ..ComprehendOptions::default()
    };
    let give_up_after = asked.give_up_after;
    let patience = Patience::default();
    let options = ServiceOptions {
        requests_per_second: asked.requests_per_second,
        attempt_timeout: asked.attempt_timeout,
        retry: RetryPolicy { attempts: asked.max_attempts, elapsed: asked.max_elapsed, ..RetryPolicy::default() },
        patience: Patience { silence: give_up_after, unreachable: patience.unreachable.min(give_up_after), ..patience },
        advice: ADVICE,
        max_units: max_units(settings),
        halt: halt.clone(),
    };
    let engine = Comprehend::connect(&connection).await?;
    tracing::info!(region = engine.region(), "comprehend is ready");
    Ok(Service::around(engine, &options))
}

#[cfg(not(feature = "comprehend"))]
#[expect(clippy::unused_async, reason = "the engine that needs it is not in this build")]
async fn comprehend(_settings: &Settings, _halt: &Halt) -> Result<Service, Failure> {
    Err(Failure::new(ExitCode::Settings, "this build has no Comprehend engine"))
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::Unavailable, error).with_hint(hint)
    }
}
