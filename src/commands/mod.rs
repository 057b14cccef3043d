//! One file per command, and the place where a command line becomes settings and a call of one of them.

use std::io::{self, Write};

pub mod analyze;
pub mod completions;
pub mod config;
pub mod explain;
pub mod plan;
pub mod report;

use crate::cli::{Cli, Command, GeneralFlags, Scope, SettingFlags};
use crate::exit::{ExitCode, Failure};
use crate::log;
use crate::settings::{LogFormat, Settings, SettingsError};

/// Runs the command that was typed.
///
/// # Errors
/// [`Failure`] when it stopped before its end.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { general, command } = cli;
    match command {
        Command::Analyze(args) => {
            with_settings(general, args.settings, |settings| analyze::run(settings, &args.inputs))
        }
        Command::Plan(args) => {
            with_settings(general, args.settings, |settings| plan::run(settings, &args.inputs, args.json))
        }
        Command::Config(command) => config::run(general, command),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { command } => completions::man(&command),
    }
}

/// Resolves the settings, starts the log and runs `command`; where the log is for programs, a failure goes there.
fn with_settings<S: Scope>(
    general: GeneralFlags,
    flags: SettingFlags<S>,
    command: impl FnOnce(&Settings) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let settings = general.resolve(flags)?;
    log::start(settings.log_format, settings.verbosity);
    command(&settings).map_err(|failure| match settings.log_format {
        LogFormat::Text => failure,
        LogFormat::Json => failure.logged(),
    })
}

/// Writes `text` to stdout. A reader who went away is success.
///
/// # Errors
/// [`Failure`] when stdout takes no more.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::Settings, error).with_hint(hint)
    }
}
