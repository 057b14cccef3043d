//! What the settings mean for each room: the one place that knows both sides.

use std::path::Path;
use std::sync::Arc;

use crate::chunk::ChunkOptions;
use crate::engine::{Price, Profile, registry};
use crate::exit::{ExitCode, Failure, Stops};
use crate::input::{BadMap, Delivery, Field, InputOptions, Origin, Source};
use crate::nights::Identity;
use crate::output::Format;
use crate::rating::{RatingModel, RatingModelError, Scoring};
use crate::redact::{Kinds, REDACTION_VERSION, Redactor, Terms, TermsError};
use crate::rollup::{SCORING_VERSION, ScoredRoles};
use crate::sentiment::Granularity;
use crate::settings::{Redact, Redaction, Settings};

/// How rows are read.
///
/// # Errors
/// [`ExitCode::Settings`] for a field that no row has.
pub(super) fn input(settings: &Settings) -> Result<InputOptions, Failure> {
    let map = settings.map.iter().map(|(field, origin)| {
        let field = field.parse::<Field>()?;
        Ok((field, Origin::of(field, origin)?))
    });
    let map = map.collect::<Result<Vec<_>, BadMap>>().map_err(|error| Failure::new(ExitCode::Settings, error))?;
    // Contact records alone have ratings.
    let (ratings, map): (Vec<_>, Vec<_>) = map.into_iter().partition(|(field, _)| *field == Field::Rating);
    Ok(InputOptions {
        format: settings.format_in.given().copied(),
        contacts: settings.metadata.clone(),
        rating: ratings.first().map(|(_, origin)| origin.to_string()),
        map,
        roles: settings.role.iter().map(|(value, role)| (value.to_owned(), role)).collect(),
        language: settings.language.code().map(str::to_owned),
        time_zone: settings.timezone.clone(),
        offset_unit: settings.offset_unit.given().copied(),
        max_rejects: settings.max_rejects,
        memory_bytes: usize::try_from(settings.memory.as_u64()).unwrap_or(usize::MAX),
        delivery: Delivery::default(),
    })
}

/// How calls are cut for an engine, at a granularity.
///
/// # Errors
/// [`ExitCode::Settings`] when no text could be cut so.
pub(super) fn chunk(settings: &Settings, profile: &Profile, granularity: Granularity) -> Result<ChunkOptions, Failure> {
    // An engine that reads everything and charges nothing gains nothing from short documents.
    let target = if profile.price == Price::Free && granularity == Granularity::Turn {
        usize::MAX
    } else {
        settings.segment_chars
    };
    ChunkOptions::new(granularity, target, profile.limits.document_bytes, profile.price.packing(), settings.speakers)
        .map_err(Failure::from)
}

/// The scores that a run with this engine makes: what a model of ratings must have learned from.
pub(super) fn scoring(settings: &Settings, profile: &Profile) -> Scoring {
    Scoring {
        engine: profile.name.to_owned(),
        granularity: settings.granularity.or(profile.granularity).as_str().to_owned(),
        scoring_version: SCORING_VERSION.to_owned(),
    }
}

/// The model of ratings, if the settings name one.
///
/// # Errors
/// [`ExitCode::Settings`] for a file that is none, or that learned from other scores.
pub(super) fn call_model(settings: &Settings, profile: &Profile) -> Result<Option<RatingModel>, Failure> {
    let Some(path) = &settings.call_model else { return Ok(None) };
    let read = || -> Result<RatingModel, RatingModelError> {
        let model = RatingModel::from_toml(&std::fs::read_to_string(path)?)?;
        model.fits(&scoring(settings, profile))?;
        Ok(model)
    };
    read().map(Some).map_err(|error| {
        let hint = error.hint();
        Failure::new(error.code(), format!("{}: {error}", path.display())).with_hint(hint)
    })
}

/// The kinds of personal data that are kept back of what an engine is sent.
pub(super) fn kinds(settings: &Settings, profile: &Profile) -> Kinds {
    match settings.section::<Redaction>().redact {
        Redact::Auto if profile.is_remote() => Kinds::ALL,
        Redact::Auto => Kinds::default(),
        Redact::Kinds(kinds) => kinds,
    }
}

/// What is kept back of what an engine is sent; `None` for nothing.
///
/// # Errors
/// [`ExitCode::Settings`] for a file of terms that can't be used.
pub(super) fn redactor(settings: &Settings, profile: &Profile) -> Result<Option<Arc<Redactor>>, Failure> {
    let kinds = kinds(settings, profile);
    if kinds == Kinds::default() {
        return Ok(None);
    }
    redactor_of(settings, kinds).map(Arc::new).map(Some)
}

/// What is kept back of texts that people are shown: all kinds, unless the settings say otherwise.
///
/// # Errors
/// As [`redactor`].
pub(super) fn redactor_if_any(settings: &Settings) -> Result<Option<Arc<Redactor>>, Failure> {
    let is_off = matches!(settings.section::<Redaction>().redact, Redact::Kinds(kinds) if kinds == Kinds::default());
    if is_off { Ok(None) } else { redactor_to_judge(settings).map(Arc::new).map(Some) }
}

/// What would be kept back of what is sent away.
///
/// # Errors
/// [`ExitCode::Settings`] for a file of terms that can't be used.
pub(super) fn redactor_to_judge(settings: &Settings) -> Result<Redactor, Failure> {
    redactor_of(
        settings,
        match settings.section::<Redaction>().redact {
            Redact::Auto => Kinds::ALL,
            Redact::Kinds(kinds) => kinds,
        },
    )
}

fn redactor_of(settings: &Settings, kinds: Kinds) -> Result<Redactor, Failure> {
    let section: &Redaction = settings.section();
    let mut terms = Terms::default();
    if let Some(path) = &section.terms {
        with_file(path, |file| terms.add(file))?;
    }
    if let Some(path) = &section.keep {
        with_file(path, |file| terms.keep(file))?;
    }
    Ok(Redactor::new(kinds, terms))
}

/// Hands a file of terms over.
fn with_file(path: &Path, take: impl FnOnce(&str) -> Result<(), TermsError>) -> Result<(), Failure> {
    let unusable = |reason: String| Failure::new(ExitCode::Settings, format!("can't use {}: {reason}", path.display()));
    let file = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    take(&file).map_err(|error| unusable(error.to_string()).with_hint(Some(TERMS_HINT.to_owned())))
}

/// How a file of terms is written.
const TERMS_HINT: &str = "a term is words, or a regular expression between slashes; --redact-terms takes lines of \
                          `kind,term`, --keep-terms lines of terms";

/// What makes the scores of a run: dates with another one are not compared.
///
/// # Errors
/// [`ExitCode::Settings`] for a file of terms that can't be read.
pub(super) fn identity(
    settings: &Settings,
    profile: &Profile,
    call_model: Option<&RatingModel>,
) -> Result<Identity, Failure> {
    // These decide how figures are written, not which.
    const LOOKS: [&str; 5] = ["detail", "format", "bom", "csv-guard", "timezone"];
    let section: &Redaction = settings.section();
    let mut redaction = None;
    if kinds(settings, profile) != Kinds::default() {
        let mut terms = blake3::Hasher::new();
        for path in [&section.terms, &section.keep].into_iter().flatten() {
            with_file(path, |file| {
                terms.update(file.as_bytes()).update(b"\n\n");
                Ok(())
            })?;
        }
        redaction = Some(format!("{REDACTION_VERSION} {}", terms.finalize().to_hex()));
    }
    Ok(Identity {
        engine: profile.name.to_owned(),
        model: profile.model.clone(),
        granularity: settings.granularity.or(profile.granularity).as_str().to_owned(),
        settings: settings.hash_without(registry::keys(), &LOOKS),
        scoring_version: SCORING_VERSION.to_owned(),
        redaction,
        call_model: call_model.map(|model| blake3::hash(model.to_toml().as_bytes()).to_hex().to_string()),
    })
}

/// How tables are written.
pub(super) fn format(settings: &Settings) -> Format {
    Format { bom: settings.bom, guard: settings.csv_guard, parquet: settings.format.parquet }
}

/// The roles whose words are scored.
pub(super) fn scored_roles(settings: &Settings) -> ScoredRoles {
    use crate::transcript::Role::{Agent, Customer};
    ScoredRoles { customer: settings.speakers.include(Customer), agent: settings.speakers.include(Agent) }
}

/// Bytes of all sources together, if all of them are known.
pub(super) fn total_bytes(sources: &[Source]) -> Option<u64> {
    sources.iter().map(Source::bytes).sum()
}
