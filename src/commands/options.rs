//! What the settings mean for each room: the one place that knows both sides.

use crate::budget::BudgetExceeded;
use crate::chunk::{ChunkError, ChunkOptions, Speakers};
use crate::engine::Profile;
use crate::engine::budgeted::BUDGET_REACHED;
use crate::exit::{ExitCode, Failure};
use crate::input::label_files::LabelsError;
use crate::input::{BadMap, Field, InputError, InputErrorKind, InputOptions, MaxRejects, OffsetUnit, Origin, Source};
use crate::lock::LockError;
use crate::output::OutputError;
use crate::pipeline::PipelineError;
use crate::rollup::ScoredRoles;
use crate::sentiment::{Billing, Granularity, Millionths};
use crate::settings::{self, Settings, Tolerance};

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
        time_zone: settings.timezone.rules().clone(),
        offset_unit: match settings.offset_unit {
            settings::OffsetUnit::Auto => None,
            settings::OffsetUnit::Seconds => Some(OffsetUnit::Seconds),
            settings::OffsetUnit::Milliseconds => Some(OffsetUnit::Milliseconds),
        },
        max_rejects: match settings.max_rejects {
            Tolerance::Share(share) => MaxRejects::Share(share.fraction()),
            Tolerance::Count(count) => MaxRejects::Count(count),
        },
        memory_bytes: usize::try_from(settings.memory.bytes()).unwrap_or(usize::MAX),
    })
}

/// How calls are cut for an engine, at a granularity.
///
/// # Errors
/// [`ExitCode::Settings`] when no text could be cut so.
pub(super) fn chunk(settings: &Settings, profile: &Profile, granularity: Granularity) -> Result<ChunkOptions, Failure> {
    let target = usize::try_from(settings.segment_chars.get()).unwrap_or(usize::MAX);
    // An engine that reads everything and charges nothing gains nothing from short documents.
    let target = if profile.billing.is_none() && granularity == Granularity::Turn { usize::MAX } else { target };
    let billing = profile.billing.map(|_| billing(settings));
    ChunkOptions::new(granularity, target, profile.limits.document_bytes, billing, speakers(settings))
        .map_err(|error: ChunkError| Failure::new(ExitCode::Settings, error).with_hint(error.hint()))
}

/// What the service charges by.
pub(super) fn billing(settings: &Settings) -> Billing {
    settings.price.billing()
}

/// Whose words are scored.
pub(super) const fn speakers(settings: &Settings) -> Speakers {
    match settings.speakers {
        settings::Speakers::Both => Speakers::Both,
        settings::Speakers::Customer => Speakers::Customer,
        settings::Speakers::Agent => Speakers::Agent,
    }
}

/// The roles behind [`speakers`].
pub(super) fn scored_roles(settings: &Settings) -> ScoredRoles {
    use crate::transcript::Role::{Agent, Customer};
    ScoredRoles { customer: settings.speakers.includes(Customer), agent: settings.speakers.includes(Agent) }
}

/// The least share of the customer's words that makes a call count.
pub(super) fn min_coverage(settings: &Settings) -> Millionths {
    Millionths::nearest(settings.min_coverage.fraction())
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
