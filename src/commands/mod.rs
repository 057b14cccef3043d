//! One file per command, and the place where a command line becomes settings and a call of one of them.

use std::io::{self, Write};
use std::time::Instant;

pub mod analyze;
mod by_job;
pub mod cache;
mod columns;
pub mod completions;
pub mod config;
mod ending;
pub mod evaluate;
#[cfg(feature = "exchange")]
pub mod exchange;
pub mod explain;
pub mod formats;
pub mod jobs;
pub mod merge;
pub mod nightly;
mod options;
pub mod plan;
mod plan_share;
mod record;
pub mod report;
pub mod sample;
mod session;
mod share;
mod stages;
pub mod train;
mod train_calls;
mod train_custom;
mod train_teacher;

use crate::cli::{Cache, Cli, Command, GeneralFlags, Jobs, Scope, SettingFlags};
use crate::exit::{ExitCode, Failure};
use crate::input;
use crate::jobs::Via;
use crate::log;
use crate::metrics::Metrics;
use crate::output::unguarded;
use crate::settings::{LogFormat, Settings, Verbosity};
use crate::transcript::Call;

/// Runs the command that was typed.
///
/// # Errors
/// [`Failure`] when it stopped before its end.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { general, command } = cli;
    match command {
        Command::Analyze(args) => with_settings(general, args.settings, |settings| {
            with_failure_in_metrics(settings, || match args.share {
                Some(share) => share::run(settings, &args.inputs, share, args.json),
                None => analyze::run(settings, &args.inputs, args.shard, args.json),
            })
        }),
        Command::Nightly(args) => with_settings(general, args.settings.clone(), |settings| {
            with_failure_in_metrics(settings, || nightly::run(settings, &args))
        }),
        Command::Merge(args) => {
            with_settings(general, args.settings, |settings| merge::run(settings, &args.parts, args.json))
        }
        Command::Plan(args) => {
            with_settings(general, args.settings, |settings| plan::run(settings, &args.inputs, args.share, args.json))
        }
        Command::Sample(args) => with_settings(general, args.settings.clone(), |settings| sample::run(settings, &args)),
        Command::Explain(args) => with_settings(general, args.settings, |settings| {
            // Copied from calls.csv it may have a guard.
            let call_id = unguarded(&args.call_id);
            let words = find_call(settings, &args.input, call_id)?;
            match words {
                Some((call, language)) if args.redacted => {
                    explain::show_redacted(call, &options::redactor_to_judge(settings)?, &language)
                }
                words => explain::run(call_id, &settings.out, words.map(|(call, _)| call).as_ref()),
            }
        }),
        #[cfg(feature = "exchange")]
        Command::Exchange(args) => {
            with_settings(general, args.settings.clone(), |settings| exchange::run(settings, &args))
        }
        #[cfg(not(feature = "exchange"))]
        Command::Exchange(_) => {
            let hint = "build with `cargo build --release --features exchange`";
            Err(Failure::new(ExitCode::Settings, "this build has no exchange").with_hint(Some(hint.to_owned())))
        }
        Command::Report { dir } => report::run(&dir),
        Command::Train(args) if args.teacher.is_some() => {
            with_settings(general, args.settings.clone(), |settings| train_teacher::run(&by_request(settings), args))
        }
        Command::Train(args) if args.purpose == "calls" => {
            with_settings(general, args.settings.clone(), |settings| train_calls::run(&by_request(settings), &args))
        }
        Command::Train(args) if args.purpose == "comprehend-custom" => {
            with_settings(general, args.settings.clone(), |settings| train_custom::run(settings, &args))
        }
        Command::Train(args) => {
            train_calls::refuse_flags(&args)?;
            let summary = train::run(&args.into())?;
            print(&summary.render())?;
            Ok(ExitCode::Done)
        }
        Command::Evaluate(args) => {
            with_settings(general, args.settings.clone(), |settings| evaluate::run(&by_request(settings), &args))
        }
        Command::Cache(command) => look_after_cache(general, &command),
        Command::Jobs(command) => {
            let (Jobs::List(args) | Jobs::Collect(args) | Jobs::Cancel { args, .. }) = &command;
            with_settings(general, args.settings.clone(), |settings| jobs::run(settings, &command))
        }
        Command::Formats => formats::run(),
        Command::Config(command) => config::run(general, command),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { into: Some(folder), .. } => completions::pages(&folder),
        Command::Man { command, into: None } => completions::man(&command),
    }
}

/// The same settings for a command that only sends requests.
fn by_request(settings: &Settings) -> Settings {
    settings.clone().with_via(Via::Requests)
}

/// What runs what waits for a service.
///
/// # Errors
/// [`ExitCode::Unexpected`] where the system gives no threads.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(ExitCode::Unexpected, error))
}

/// The call of this id in `inputs`, if any were named, and its language.
fn find_call(settings: &Settings, inputs: &[String], call_id: &str) -> Result<Option<(Call, Box<str>)>, Failure> {
    if inputs.is_empty() {
        return Ok(None);
    }
    let conversations = input::read(&input::discover(inputs, &settings.out)?, &options::input(settings)?, &mut |_| {})?;
    let languages = std::sync::Arc::clone(conversations.languages());
    let first = (settings.engine().profile)(settings).languages.first();
    let call = explain::find(conversations.into_calls(), call_id)?;
    let with_language = |call: Call| {
        let language = call.language.clone().unwrap_or_else(|| languages.language(&call, first).code.into());
        (call, language)
    };
    call.map(with_language).map(Some).ok_or_else(|| {
        Failure::new(ExitCode::NoInput, format!("no call {call_id} in {}", inputs.join(", ")))
            .with_hint(Some("name the transcripts that the run read".into()))
    })
}

/// Looks after the stored scores that the settings name.
fn look_after_cache(general: GeneralFlags, command: &Cache) -> Result<ExitCode, Failure> {
    let (Cache::Stats(args) | Cache::Prune(args) | Cache::Clear(args)) = command;
    let (json, flags) = (args.json, args.settings.clone());
    with_settings(general, flags, |settings| {
        let root = session::cache_root(settings)?.ok_or_else(|| {
            Failure::new(ExitCode::Settings, "stored scores are switched off")
                .with_hint(Some("name their folder with --cache DIR".into()))
        })?;
        let mut text = Vec::new();
        let days = session::max_age_days(settings);
        let done = match command {
            Cache::Stats(_) => cache::stats(&root, json, &mut text),
            Cache::Prune(_) => cache::prune(&root, days, crate::cache::today(), json, &mut text),
            Cache::Clear(_) => cache::clear(&root, json, &mut text),
        };
        done?;
        print(&String::from_utf8_lossy(&text))?;
        Ok(ExitCode::Done)
    })
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

/// Runs `command`, and writes into the file of metrics, if there is one, that it failed. A command that ends well has written it itself.
fn with_failure_in_metrics(
    settings: &Settings,
    command: impl FnOnce() -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    command().inspect_err(|failure| {
        let Some(path) = &settings.metrics else { return };
        let metrics = Metrics::of_failure(failure.code(), begun.elapsed().as_secs_f64());
        if metrics.write(path).is_err() {
            tracing::warn!("the failure is not in {}, which can't be written", path.display());
        }
    })
}

/// Says something worth knowing on stderr: a line for people, an event for programs, nothing when quiet. A stderr
/// that takes no more, such as a log on a full disk, is no reason to end a run.
fn notice(settings: &Settings, line: &str) {
    match (settings.verbosity, settings.log_format) {
        (Verbosity::Quiet, _) => {}
        (_, LogFormat::Json) => tracing::info!("{line}"),
        (_, LogFormat::Text) => drop(writeln!(anstream::stderr(), "{line}")),
    }
}

/// Writes `text` to stdout. A reader who went away is success.
///
/// # Errors
/// [`Failure`] when stdout takes no more.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}
