//! The log: events on stderr, quiet by default, for people or as JSON lines.
//!
//! Each JSON line begins with the run's id, which run.json has too, so that lines of several runs in one place can be told apart.
//!
//! A log that can't be written (its disk is full, its reader is gone) never fails a run: what it would have said is lost.
//! Only this program's own events are shown. Its dependencies can log the requests that they send, and those
//! hold transcript text; so no environment variable widens the filter.

use std::io::{self, IsTerminal as _};
use std::sync::LazyLock;

use jiff::Timestamp;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::settings::{LogFormat, Verbosity};

/// Starts the log. Called once by each command that has settings; a second call changes nothing.
pub fn start(format: LogFormat, verbosity: Verbosity) {
    let _begins_now = run_id();
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(verbosity))
        .with_writer(io::stderr)
        // It would be told to stderr, which is what fails, and end the process.
        .log_internal_errors(false);
    // An error means that a log is already running, which serves as well.
    let _already_running = match format {
        LogFormat::Text => builder.with_target(false).with_ansi(colours).try_init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_target(false).with_writer(WithRunId(io::stderr)).try_init()
        }
    };
}

/// The id of this run: when it began, in UTC, to the microsecond.
pub fn run_id() -> &'static str {
    static RUN_ID: LazyLock<String> = LazyLock::new(|| Timestamp::now().strftime("%Y%m%dT%H%M%S.%6fZ").to_string());
    &RUN_ID
}

/// Writes JSON lines with the run's id as their first field.
struct WithRunId<W>(W);

/// One line. It is handed over in one piece, as events are written by several threads.
struct Line<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for WithRunId<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }
}

impl<W: io::Write> io::Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let Some(fields) = event.strip_prefix(b"{") else { return self.0.write(event) };
        let mut line = format!("{{\"run_id\":\"{}\",", run_id()).into_bytes();
        line.extend_from_slice(fields);
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
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
    use std::io::Write as _;

    use super::*;

    #[test]
    fn only_the_programs_own_events_pass() {
        assert_eq!(filter(Verbosity::Trace).to_string(), "undertone=trace,off");
        assert_eq!(filter(Verbosity::Normal).to_string(), "undertone=warn,off");
    }

    #[test]
    fn a_json_line_begins_with_the_run() {
        let mut line = Vec::new();
        Line(&mut line).write_all(b"{\"level\":\"INFO\"}\n").unwrap();
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((read["run_id"].as_str(), read["level"].as_str()), (Some(run_id()), Some("INFO")));
        assert!(run_id().len() == "20261103T023000.123456Z".len() && run_id().ends_with('Z'), "{}", run_id());
        let mut other = Vec::new();
        Line(&mut other).write_all(b"no JSON").unwrap();
        assert_eq!(other, b"no JSON");
    }
}
