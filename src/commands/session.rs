//! What a run scores with: the engine that the settings name, made ready before anything is read.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::batch::BatchOptions;
use crate::budget::{Budget, Planned};
use crate::cache::{self, Access, CacheError, CacheOptions, Met, ScoreStore, Scorer};
use crate::engine::price::Bill;
use crate::engine::watched::{LOOK_INTERVAL, MODEL_CHANGED};
use crate::engine::{EngineError, Halt, Price, Profile, Service, Watched};
use crate::exit::{ExitCode, Failure};
use crate::settings::{Cache, CachePlace, Settings};

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
pub(super) fn cache_options(settings: &Settings, access: Access) -> CacheOptions {
    CacheOptions { access, max_age_days: Some(max_age_days(settings)), ..CacheOptions::new() }
}

/// Days for which a stored score is used.
pub(super) fn max_age_days(settings: &Settings) -> u32 {
    const DAY_SECONDS: u64 = 86_400;
    let days = settings.section::<Cache>().max_age.as_secs().div_ceil(DAY_SECONDS);
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// What a run scores with.
pub(super) struct Session {
    /// The engine, made dependable.
    pub(super) service: Service,
    /// What it may cost.
    pub(super) budget: Budget,
    /// Stored scores; `None` for an engine whose scores are not kept, and where they are switched off.
    pub(super) store: Option<Arc<ScoreStore>>,
}

impl Session {
    /// Makes the engine that the settings name, which `halt` ends, and opens its stored scores.
    ///
    /// # Errors
    /// [`ExitCode::Unavailable`] without region or credentials; whatever keeps stored scores from being opened.
    pub(super) async fn open(settings: &Settings, halt: &Halt) -> Result<Self, Failure> {
        let engine = settings.engine();
        let profile = (engine.profile)(settings);
        Budget::of(settings).fits(profile.name, &profile.price)?;
        let service = (engine.connect)(settings, halt).await?;
        Self::around(met(service, settings)?, settings)
    }

    /// What scores with `service`, with its stored scores if they are kept.
    ///
    /// # Errors
    /// Whatever keeps stored scores from being opened.
    pub(super) fn around(service: Service, settings: &Settings) -> Result<Self, Failure> {
        let profile = service.engine.profile();
        let store = if profile.is_stored { open_store(settings, profile, Access::ReadWrite)? } else { None };
        Ok(Self { service, budget: Budget::of(settings), store })
    }

    /// Holds what may be charged at most for what is about to be sent against the budget. What can't be known before, for it
    /// depends on how fast a service is, is held while the run goes on.
    ///
    /// # Errors
    /// [`ExitCode::Budget`] where it would pass a limit.
    pub(super) fn hold(&self, bill: Bill) -> Result<(), Failure> {
        // Without a price there is no limit in dollars, and there may be one in units.
        let cost = bill.dollars.or((bill.units > 0).then_some(0.0));
        if let Some(cost) = cost {
            self.budget.check(Planned { units: bill.units, cost })?;
        }
        Ok(())
    }

    /// How documents are scored.
    pub(super) fn scoring(&self, settings: &Settings) -> BatchOptions {
        let defaults = BatchOptions::for_engine(self.service.engine.profile(), self.service.halt.clone());
        let at_once = std::num::NonZero::new(defaults.concurrency).unwrap_or(std::num::NonZero::<usize>::MIN);
        let concurrency = settings.concurrency.or(at_once).get();
        BatchOptions { concurrency, store: self.store.clone(), ..defaults }
    }

    /// Does what scores, and looks now and then and at its end whether the model is still the same.
    ///
    /// # Errors
    /// Those of `work`; [`ExitCode::TryLater`] if the model was swapped: then what was scored since it was last seen is taken
    /// back.
    pub(super) async fn while_model_stays<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(watched) = &self.service.watched else { return work.await };
        let looking = tokio::spawn(keep_looking(watched.clone(), self.store.clone(), self.service.halt.clone()));
        let done = work.await;
        looking.abort();
        let done = match done {
            Ok(done) => look(watched, self.store.as_ref()).await.map(|()| done).map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        if done.as_ref().is_err_and(|failure| failure.code() == ExitCode::TryLater)
            && let Some(store) = &self.store
        {
            with_store(store, ScoreStore::void).await;
        }
        done
    }

    /// A failure of a run in its middle, with a hint that also says what is left of what was paid for.
    pub(super) fn with_what_is_kept(&self, failure: Failure) -> Failure {
        let scored = self.service.meter.read().documents_scored;
        if scored == 0 || failure.code() == ExitCode::TryLater || self.service.engine.profile().price == Price::Free {
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

/// Looks at the model every few minutes; ends the run when it is another one. A look that fails is made up for by the next.
async fn keep_looking(watched: Watched, store: Option<Arc<ScoreStore>>, halt: Halt) {
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        match look(&watched, store.as_ref()).await {
            Err(error) if error.code.as_deref() == Some(MODEL_CHANGED) => halt.refuse(error),
            Err(error) => tracing::info!("the model could not be looked at: {error}"),
            Ok(()) => {}
        }
    }
}

/// Looks at the model, and settles what was scored before if it is the same.
async fn look(watched: &Watched, store: Option<&Arc<ScoreStore>>) -> Result<(), EngineError> {
    if let Some(store) = store {
        with_store(store, ScoreStore::mark).await;
    }
    watched.look().await?;
    if let Some(store) = store {
        with_store(store, ScoreStore::settle).await;
    }
    Ok(())
}

/// Has the store judge what is not settled. What the disk does not take, the next run judges.
async fn with_store(store: &Arc<ScoreStore>, judge: fn(&ScoreStore) -> Result<(), CacheError>) {
    let store = Arc::clone(store);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || judge(&store)).await {
        tracing::warn!("scores could not be settled, the next run does it: {error}");
    }
}

/// The service under the name that the scores of its model are kept under, if that is known only now.
fn met(service: Service, settings: &Settings) -> Result<Service, Failure> {
    let Some(watched) = &service.watched else { return Ok(service) };
    let Some(root) = cache_root(settings)? else {
        let model = watched.identity.clone();
        return Ok(service.with_model(model));
    };
    let Watched { place, identity, probe, .. } = watched;
    let profile = service.engine.profile();
    let kept = cache::meet(&root, &Met { engine: profile.kind, place, identity, probe })?;
    if kept.has_moved {
        tracing::warn!(
            "{} scores fixed texts otherwise than before, though it states the same model: its stored scores are not used",
            profile.name
        );
    }
    Ok(service.with_model(kept.model))
}

/// A profile whose model is the one that was met last, where it is known only to runs that ask the service.
///
/// # Errors
/// Those of [`cache_root`].
pub(super) fn as_last_met(profile: Profile, settings: &Settings) -> Result<Profile, Failure> {
    let (Some(place), Some(root)) = (&profile.place, cache_root(settings)?) else { return Ok(profile) };
    let model = cache::last_met(&root, profile.kind, place).unwrap_or_default();
    Ok(Profile { model, ..profile })
}

/// What a failed run that had paid for something leaves behind, before what to do about it.
fn kept(scored: u64, is_stored: bool) -> String {
    if is_stored {
        format!("what was paid for is kept ({scored} documents)")
    } else {
        format!("nothing is kept of the {scored} documents that were paid for, because stored scores are switched off")
    }
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
    let place = profile.place.as_deref().filter(|_| access == Access::ReadWrite);
    let store = ScoreStore::open_at(&root, &Scorer::of(profile), cache_options(settings, access), place)?;
    Ok(Some(Arc::new(store)))
}
