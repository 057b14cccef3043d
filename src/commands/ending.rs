//! How a run ends whose figures are known: its tables and its page, its record, what is printed of it.

use std::io::Write as _;
use std::time::Instant;

use super::stages::{Stages, seconds};
use crate::engine::Profile;
use crate::exit::{ExitCode, Failure};
use crate::lock::RunLock;
use crate::metrics::Metrics;
use crate::output::{self, Format, OutputDirectory, OutputError, RunRecord, Tables, read_back};
use crate::overview::Overview;
use crate::report;
use crate::rollup::AgentsReport;
use crate::settings::Verbosity;
use crate::summary::Summary;
use crate::words::counted;

/// A run that is to be written.
pub(super) struct Ending<'a> {
    pub(super) record: RunRecord,
    pub(super) overview: Overview,
    pub(super) agents: &'a AgentsReport,
    pub(super) profile: &'a Profile,
    /// Whether the summary is for a program.
    pub(super) json: bool,
}

impl Ending<'_> {
    /// Ends with 3 where something is lacking, else with 0.
    pub(super) fn set_exit_code(&mut self) {
        let sample_is_whole = self.record.share.as_ref().is_none_or(|share| share.segments.complete());
        let whole = self.record.counts.segments.complete() && sample_is_whole && self.record.counts.rejected_rows == 0;
        self.record.exit_code = if whole { ExitCode::Done } else { ExitCode::Partial }.number();
    }

    /// Writes the tables and the page of a whole run.
    ///
    /// # Errors
    /// [`OutputError`] naming the file.
    pub(super) fn put_tables(
        &mut self,
        directory: &mut OutputDirectory,
        tables: Tables<'_>,
        format: Format,
    ) -> Result<(), OutputError> {
        for reject in tables.rejects {
            self.overview.add_reject(&read_back(&reject.reason, format.guard));
        }
        tables.write(directory, format)?;
        let page = report::page(&self.record, &self.overview, &report::agents(self.agents, format.guard), None);
        directory.write("report.html", |out| out.write_all(page.as_bytes()).map(|()| None))
    }

    /// Writes the record, puts everything in place, and says what was done. Writing began at `begun`.
    ///
    /// # Errors
    /// Whatever can't be written.
    pub(super) fn conclude(
        mut self,
        stages: &mut Stages<'_>,
        (mut directory, lock): (OutputDirectory, &RunLock),
        begun: Instant,
    ) -> Result<ExitCode, Failure> {
        stages.seconds.write = seconds(begun.elapsed());
        self.record.seconds.merge(&stages.seconds);
        self.record.outputs = directory.written().to_vec();
        self.record.finished_at = stages.finished_at().to_string();
        let record = &self.record;
        directory.write(RunRecord::FILE, |out| output::write_record(record, out))?;
        let written = directory.written().to_vec();
        let path = directory.commit_while(&|| lock.check())?;
        tracing::info!(
            exit_code = record.exit_code,
            calls = self.overview.calls,
            segments = record.counts.segments.segments,
            failed = record.counts.segments.failed,
            rejected_rows = record.counts.rejected_rows,
            "done, outputs are in {}",
            path.display()
        );
        if let Some(file) = &stages.settings.metrics {
            let metrics = Metrics::of_run(record, &self.overview, None, stages.finished_at(), stages.passed());
            let hint = format!("the outputs in {} are complete: only the metrics are missing", path.display());
            metrics.write(file).map_err(|failure| failure.with_hint(Some(hint)))?;
        }
        let summary = Summary {
            record,
            overview: &self.overview,
            agents: self.agents,
            profile: self.profile,
            directory: &path,
            files: &written,
            seconds: stages.passed(),
        };
        self.print(&summary, stages.settings.verbosity)?;
        Ok(if record.exit_code == 0 { ExitCode::Done } else { ExitCode::Partial })
    }

    fn print(&self, summary: &Summary<'_>, verbosity: Verbosity) -> Result<(), Failure> {
        if self.json {
            // It was asked for, so quiet or not.
            return super::print(&format!("{:#}\n", summary.to_json()));
        }
        if verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let mut stdout = anstream::stdout().lock();
        let printed = match &self.record.shard {
            // What a part comes to means nothing by itself.
            Some(shard) => writeln!(
                stdout,
                "shard {shard}     {}, {:.1} s\nwritten          {}",
                counted(self.overview.calls, "call"),
                summary.seconds,
                summary.directory.display()
            ),
            None => write!(stdout, "{summary}"),
        };
        printed.and_then(|()| stdout.flush()).map_err(|error| {
            let hint =
                format!("the outputs in {} are complete: only this summary is missing", summary.directory.display());
            Failure::stdout(error).with_hint(Some(hint))
        })
    }
}
