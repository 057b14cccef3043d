//! The log: events on stderr, quiet by default, for people or as JSON lines.
//!
//! A log that can't be written (its disk is full, its reader is gone) never fails a run: what it would have said is lost.
//! Only this program's own events are shown. Its dependencies can log the requests that they send, and those
//! hold transcript text; so no environment variable widens the filter.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Verbosity};

/// Starts the log. Called once by each command that has settings; a second call changes nothing.
pub fn start(format: LogFormat, verbosity: Verbosity) {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(verbosity))
        .with_writer(io::stderr)
        // It would be told to stderr, which is what fails, and end the process.
        .log_internal_errors(false);
    // An error means that a log is already running, which serves as well.
    let _already_running = match format {
        LogFormat::Text => builder.with_target(false).with_ansi(colours).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_target(false).try_init(),
    };
}

fn filter(verbosity: Verbosity) -> EnvFilter {
    let level = match verbosity {
        Verbosity::Quiet => "error",
        Verbosity::Normal => "warn",
        Verbosity::Verbose => "info",
        Verbosity::Debug => "debug",
        Verbosity::Trace => "trace",
    };
    EnvFilter::new(format!("off,undertone={level}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_events_pass() {
        assert_eq!(filter(Verbosity::Trace).to_string(), "undertone=trace,off");
        assert_eq!(filter(Verbosity::Normal).to_string(), "undertone=warn,off");
    }
}
