//! How a run ends: the exit codes that jobs are built on, and the failure that a command stops with.
//!
//! The numbers follow `sysexits.h` where it has one. A [`Failure`] carries the code, the chain of errors and,
//! where there is a fix, a hint; it is printed once, by the program's `main`. A reader of stdout who goes away
//! is no failure.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

/// What the process answers to whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// All done; also when the reader of stdout went away.
    Done = 0,
    /// Something that should not happen.
    Unexpected = 1,
    /// The command line can't be understood.
    Usage = 2,
    /// Done and written, but some segments failed or rows were rejected: they are listed.
    Partial = 3,
    /// The budget would be passed, so nothing was sent.
    Budget = 4,
    /// Done and written, but a date has an alarm, and `--fail-on drift` was asked for.
    Drift = 5,
    /// The input holds no usable row, or too many unusable ones (`EX_DATAERR`).
    Data = 65,
    /// The input is missing (`EX_NOINPUT`).
    NoInput = 66,
    /// The service refuses or can't be reached: nothing written, what was paid for is kept (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// An output can't be written (`EX_CANTCREAT`).
    CantCreate = 73,
    /// Another run holds the output directory, or jobs are under way: try later (`EX_TEMPFAIL`).
    TryLater = 75,
    /// The settings are wrong (`EX_CONFIG`).
    Settings = 78,
    /// Interrupted by a signal: what was paid for is kept (128 + SIGINT).
    Interrupted = 130,
}

impl ExitCode {
    /// All codes, ascending.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::Partial,
        Self::Budget,
        Self::Drift,
        Self::Data,
        Self::NoInput,
        Self::Unavailable,
        Self::CantCreate,
        Self::TryLater,
        Self::Settings,
        Self::Interrupted,
    ];

    /// The number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What it tells, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unexpected => "unexpected error",
            Self::Usage => "wrong usage",
            Self::Partial => "done, some segments failed or rows were rejected",
            Self::Budget => "the budget would be passed, nothing was sent",
            Self::Drift => "done, a date has an alarm, with `--fail-on drift`",
            Self::Data => "no usable row, or too many unusable ones",
            Self::NoInput => "input missing",
            Self::Unavailable => "the service refuses or can't be reached",
            Self::CantCreate => "output can't be written",
            Self::TryLater => "another run holds the output directory, jobs are under way, or a model was swapped",
            Self::Settings => "bad settings",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

/// An error that ends a command.
pub trait Stops: Error + Send + Sync + 'static {
    /// The code to end with.
    fn code(&self) -> ExitCode;

    /// What the user can do about it, if there is something.
    fn hint(&self) -> Option<String> {
        None
    }
}

impl<E: Stops> From<E> for Failure {
    fn from(error: E) -> Self {
        let (code, hint) = (error.code(), error.hint());
        Self::new(code, error).with_hint(hint)
    }
}

/// Why a command stopped.
#[derive(Debug)]
pub struct Failure {
    code: ExitCode,
    /// Nothing when there is nothing to say: a closed pipe, or a failure that was already reported.
    error: Option<Box<dyn Error + Send + Sync>>,
    hint: Option<String>,
}

impl Failure {
    /// A failure that ends the process with `code`.
    pub fn new(code: ExitCode, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { code, error: Some(error.into()), hint: None }
    }

    /// Adds what the user can do about it, if there is something.
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The same, with `from` called `to` in its messages and in the hint.
    pub(crate) fn naming(self, from: &str, to: &str) -> Self {
        let hint = self.hint.as_ref().map(|hint| hint.replace(from, to));
        let chain = self.chain();
        if !chain.iter().any(|message| message.contains(from)) {
            return self.with_hint(hint);
        }
        let named = |source: Option<Box<dyn Error + Send + Sync>>, message: String| {
            let message = message.replace(from, to);
            Some(match source {
                Some(source) => Context { message, source }.into(),
                None => message.into(),
            })
        };
        let error = chain.into_iter().rev().fold(None, named);
        Self { error, hint, ..self }
    }

    /// A failed write to stdout. A closed pipe is a reader who has seen enough: not a failure.
    pub fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { code: ExitCode::Done, error: None, hint: None };
        }
        Self::new(ExitCode::CantCreate, Context { message: "can't write to stdout".to_owned(), source: error.into() })
    }

    /// A failed write of the file at `path`.
    pub fn write(path: &std::path::Path, error: io::Error) -> Self {
        let message = format!("can't write {}", path.display());
        Self::new(ExitCode::CantCreate, Context { message, source: error.into() })
    }

    /// The code to end with.
    pub const fn code(&self) -> ExitCode {
        self.code
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The messages, outermost first; empty when there is nothing to say.
    pub fn chain(&self) -> Vec<String> {
        let first: Option<&(dyn Error + 'static)> = self.error.as_deref().map(|error| error as _);
        std::iter::successors(first, |&error| error.source()).map(ToString::to_string).collect()
    }

    /// Prints the chain once, then the hint. What can't be printed is lost: there is nowhere left to say so.
    pub fn report(&self, stderr: &mut impl Write) -> ExitCode {
        drop(self.print(stderr));
        self.code
    }

    /// Says it as one event of the log, for a program that reads the log; then there is nothing left to print.
    pub fn logged(self) -> Self {
        let chain = self.chain();
        if !chain.is_empty() {
            let hint = self.hint.as_deref().unwrap_or_default();
            tracing::error!(exit_code = self.code.number(), hint, "{}", chain.join(": "));
        }
        Self { error: None, hint: None, ..self }
    }

    fn print(&self, stderr: &mut impl Write) -> io::Result<()> {
        let error = AnsiColor::Red.on_default().bold();
        let hint = AnsiColor::Cyan.on_default().bold();
        let causes = Style::new().dimmed();
        let chain = self.chain();
        let Some((first, rest)) = chain.split_first() else { return Ok(()) };
        writeln!(stderr, "{error}error:{error:#} {first}")?;
        for cause in rest {
            writeln!(stderr, "  {causes}caused by:{causes:#} {cause}")?;
        }
        if let Some(text) = &self.hint {
            writeln!(stderr, "{hint}hint:{hint:#} {text}")?;
        }
        stderr.flush()
    }
}

/// The message alone; [`Failure::chain`] has the causes.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Some(error) => error.fmt(f),
            None => f.write_str(self.code.meaning()),
        }
    }
}

/// A message in front of a cause.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Context {
    message: String,
    source: Box<dyn Error + Send + Sync>,
}

/// Whether there is no room for more: on the disk, in the user's quota, or in a file by the process's own limit.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    causes
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(failure: &Failure) -> String {
        let mut stderr = anstream::StripStream::new(Vec::new());
        failure.report(&mut stderr);
        String::from_utf8(stderr.into_inner()).unwrap()
    }

    #[test]
    fn codes_are_the_documented_ones() {
        let numbers = ExitCode::ALL.map(ExitCode::number);
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 65, 66, 69, 73, 75, 78, 130]);
    }

    #[test]
    fn a_failure_prints_its_chain_once_and_its_hint() {
        let failure = Failure::write(std::path::Path::new("out/calls.csv"), io::Error::other("disk full"))
            .with_hint(Some("free some space".to_owned()));
        assert_eq!(
            printed(&failure),
            "error: can't write out/calls.csv\n  caused by: disk full\nhint: free some space\n"
        );
        assert_eq!(failure.code(), ExitCode::CantCreate);
    }

    #[test]
    fn a_failure_can_call_a_place_by_another_name() {
        let failure =
            Failure::write(std::path::Path::new("/scratch/x/days.csv"), io::Error::other("/scratch/x is odd"))
                .with_hint(Some("look at /scratch/x".to_owned()));
        assert_eq!(
            printed(&failure.naming("/scratch/x", "s3://b/k")),
            "error: can't write s3://b/k/days.csv\n  caused by: s3://b/k is odd\nhint: look at s3://b/k\n"
        );
        let other = Failure::new(ExitCode::Data, "odd").naming("/scratch/x", "s3://b/k");
        assert_eq!((other.code(), printed(&other).as_str()), (ExitCode::Data, "error: odd\n"));
    }

    #[test]
    fn a_closed_pipe_is_success_and_silent() {
        let failure = Failure::stdout(io::ErrorKind::BrokenPipe.into());
        assert_eq!((failure.code(), printed(&failure).as_str()), (ExitCode::Done, ""));
        let full = Failure::stdout(io::Error::other("disk full"));
        assert_eq!(printed(&full), "error: can't write to stdout\n  caused by: disk full\n");
    }

    #[test]
    fn a_logged_failure_keeps_its_code_and_is_silent() {
        let failure = Failure::new(ExitCode::Unavailable, "no region").logged();
        assert_eq!((failure.code(), printed(&failure).as_str()), (ExitCode::Unavailable, ""));
    }
}
