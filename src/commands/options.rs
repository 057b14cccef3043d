//! What the settings mean for each room: the one place that knows both sides.

use crate::budget::BudgetExceeded;
use crate::chunk::{ChunkError, ChunkOptions};
use crate::engine::budgeted::BUDGET_REACHED;
use crate::engine::{Price, Profile};
use crate::exit::{ExitCode, Failure};
use crate::input::label_files::LabelsError;
use crate::input::{BadMap, Field, InputError, InputErrorKind, InputOptions, Origin, Source};
use crate::lock::LockError;
use crate::output::OutputError;
use crate::pipeline::PipelineError;
use crate::rollup::ScoredRoles;
use crate::sentiment::Granularity;
use crate::settings::Settings;

/// How rows are read.
///
/// # Errors
/// [`ExitCode::Settings`] for a field that no row has.
pub(super) fn input(settings: &Settings) -> Result<InputOptions, Failure> {
    let map = settings.map.iter().map(|(field, origin)| {
        let field = field.parse::<Field>()?;
        Ok((field, Origin::of(field, origin)?))
    });
    Ok(InputOptions {
        map: map.collect::<Result<_, BadMap>>().map_err(|error| Failure::new(ExitCode::Settings, error))?,
        roles: settings.role.iter().map(|(value, role)| (value.to_owned(), role)).collect(),
        language: settings.language.code().map(str::to_owned),
        time_zone: settings.timezone.clone(),
        offset_unit: settings.offset_unit.given().copied(),
        max_rejects: settings.max_rejects,
        memory_bytes: usize::try_from(settings.memory.as_u64()).unwrap_or(usize::MAX),
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
    ChunkOptions::new(granularity, target, profile.limits.document_bytes, profile.price.billing(), settings.speakers)
        .map_err(|error: ChunkError| Failure::new(ExitCode::Settings, error).with_hint(error.hint()))
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

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        let code = match error.kind() {
            InputErrorKind::Missing | InputErrorKind::Unreadable => ExitCode::NoInput,
            InputErrorKind::Scratch => ExitCode::CantCreate,
            _ => ExitCode::Data,
        };
        let hint = error.hint();
        Self::new(code, error).with_hint(hint)
    }
}

impl From<LabelsError> for Failure {
    fn from(error: LabelsError) -> Self {
        let code = match error {
            LabelsError::Unreadable { .. } => ExitCode::NoInput,
            LabelsError::NoColumn { .. } | LabelsError::BadRow { .. } => ExitCode::Data,
        };
        let hint = error.hint();
        Self::new(code, error).with_hint(hint)
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::CantCreate, error).with_hint(hint)
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let code = match error {
            LockError::Held { .. } => ExitCode::TryLater,
            LockError::Io { .. } => ExitCode::CantCreate,
        };
        let hint = error.hint();
        Self::new(code, error).with_hint(hint)
    }
}

impl From<BudgetExceeded> for Failure {
    fn from(error: BudgetExceeded) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::Budget, error).with_hint(hint)
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Engine(error) if error.code.as_deref() == Some(BUDGET_REACHED) => {
                let hint = "run the same command again to go on: the budget is each run's own";
                Self::new(ExitCode::Budget, error).with_hint(Some(hint.into()))
            }
            PipelineError::Input(error) => error.into(),
            PipelineError::Engine(error) => {
                let hint = error.hint();
                Self::new(ExitCode::Unavailable, error).with_hint(hint)
            }
            PipelineError::Temporary(source) => OutputError::temporary(source).into(),
            PipelineError::Interrupted { .. } => {
                let hint =
                    "nothing was written, the previous outputs are as they were; run the same command again to go on";
                Self::new(ExitCode::Interrupted, error).with_hint(Some(hint.into()))
            }
        }
    }
}
