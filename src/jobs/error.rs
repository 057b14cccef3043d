//! What ends a run with jobs, by what the caller can do about it.

use crate::budget::BudgetExceeded;
use crate::cache::CacheError;
use crate::engine::EngineError;
use crate::exit::{ExitCode, Stops};
use crate::input::InputError;
use crate::places::{PlaceError, StoreError};

use super::journal::{JournalError, Part};

/// Why jobs could not be run to their end.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// A setting that jobs need is missing or makes no sense.
    #[error("{message}")]
    Settings {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The bucket's address is none.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The bucket can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service refuses, or can't be reached.
    #[error(transparent)]
    Service(#[from] EngineError),
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Scores can't be stored.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The input can't be read on.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The budget would be passed.
    #[error(transparent)]
    Budget(#[from] BudgetExceeded),
    /// Jobs that ended without all of their scores.
    #[error("{}", ended(jobs))]
    Ended {
        /// Which.
        jobs: Vec<Lost>,
    },
    /// A job is done, and its output is not where the service says.
    #[error("the output of job {name} is not at {place}")]
    NoOutput {
        /// The job's name.
        name: String,
        /// The address.
        place: String,
    },
    /// The run was asked to stop.
    #[error("interrupted{}", going_on(running))]
    Interrupted {
        /// Jobs that run on, by name.
        running: Vec<String>,
    },
    /// Jobs are not done in time, or are not waited for.
    #[error("jobs are under way{}", going_on(running))]
    TryLater {
        /// Which, by name.
        running: Vec<String>,
    },
    /// Jobs have run as long as may be paid for.
    #[error("the budget is used up: jobs have run as long as may be paid for{}", stopped(names))]
    Time {
        /// Those that were stopped, by name.
        names: Vec<String>,
    },
    /// Nothing more is taken: another part of the run has ended. Never shown.
    #[error("the run has ended")]
    Over,
}

/// A job that ended without all of its scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// How it ended, such as `failed`.
    pub state: &'static str,
    /// The service's code for it, where it has one.
    pub code: Option<String>,
    /// The command that shows all that the service says.
    pub describe: String,
}

fn ended(jobs: &[Lost]) -> String {
    let job = |job: &Lost| {
        let code = job.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        let how = if job.state == "stopped" { "was stopped" } else { "failed" };
        format!("job {} {how}{code}", job.name)
    };
    jobs.iter().map(job).collect::<Vec<_>>().join(", ")
}

fn going_on(running: &[String]) -> String {
    match running {
        [] => String::new(),
        names => format!(": {} {} on and {} charged", names.join(", "), verb(names), be(names)),
    }
}

fn stopped(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", and {} will stop", names.join(", ")) }
}

fn verb(names: &[String]) -> &'static str {
    if names.len() == 1 { "runs" } else { "run" }
}

fn be(names: &[String]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

/// The names of parts whose jobs run on.
pub(super) fn names(parts: &[Part]) -> Vec<String> {
    parts.iter().map(|part| part.name.clone()).collect()
}

impl Stops for JobsError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Settings { .. } => ExitCode::Settings,
            Self::Place(error) => error.code(),
            // A bucket that is not there, or is elsewhere, is a wrong setting; what else it refuses, it refuses.
            Self::Store(error) => match error.code() {
                ExitCode::Settings | ExitCode::NoInput => ExitCode::Settings,
                _ => ExitCode::Unavailable,
            },
            Self::Service(error) => Stops::code(error),
            Self::Journal(error) => error.code(),
            Self::Cache(error) => error.code(),
            Self::Input(error) => error.code(),
            Self::Budget(error) => error.code(),
            Self::Ended { .. } | Self::NoOutput { .. } => ExitCode::Unavailable,
            Self::Interrupted { .. } => ExitCode::Interrupted,
            Self::TryLater { .. } => ExitCode::TryLater,
            Self::Time { .. } => ExitCode::Budget,
            Self::Over => ExitCode::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        const SAME: &str = "run the same command again: it goes on from there, and nothing is started twice";
        Some(match self {
            Self::Settings { hint, .. } => hint.clone(),
            Self::Place(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            Self::Service(error) => return error.hint(),
            Self::Journal(error) => return error.hint(),
            Self::Cache(error) => return error.hint(),
            Self::Input(error) => return error.hint(),
            Self::Budget(error) => return error.hint(),
            Self::Ended { jobs } => {
                let job = jobs.first()?;
                let cause = job.code.as_deref().and_then(cause).map(|cause| format!("{cause}; ")).unwrap_or_default();
                format!(
                    "{cause}`{}` shows what the service says; what was paid for is kept: run it again",
                    job.describe
                )
            }
            Self::NoOutput { name, .. } => {
                format!(
                    "see that nothing else removes objects there and run it again, or give it up with `undertone jobs cancel {name}`"
                )
            }
            Self::Interrupted { running } if running.is_empty() => "run the same command again to go on".to_owned(),
            Self::Interrupted { .. } => format!("{SAME}; `undertone jobs cancel` ends them"),
            Self::TryLater { .. } => format!("{SAME}; `undertone jobs list` shows them"),
            Self::Time { .. } => {
                "what was done is kept, and the next run collects it: run the same command again with a higher --max-cost".to_owned()
            }
            Self::Over => return None,
        })
    }
}

/// What can be done about a job that failed with `code`.
fn cause(code: &str) -> Option<&'static str> {
    [
        (
            "NO_READ_ACCESS",
            "allow the role of jobs.role-arn s3:GetObject and s3:ListBucket on the bucket, and kms:Decrypt on its key",
        ),
        (
            "NO_WRITE_ACCESS",
            "allow the role of jobs.role-arn s3:PutObject on the bucket, and kms:GenerateDataKey on its key",
        ),
        (
            "NO_ACCESS",
            "allow the role of jobs.role-arn s3:GetObject, s3:ListBucket and s3:PutObject on the bucket, and bedrock:InvokeModel \
             on an inference profile and its models",
        ),
        ("KMS", "allow the role of jobs.role-arn kms:Decrypt and kms:GenerateDataKey on the key"),
    ]
    .into_iter()
    .find_map(|(beginning, cause)| code.starts_with(beginning).then_some(cause))
}
