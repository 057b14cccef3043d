//! `undertone analyze`: read, chunk, score, roll up, write.

use std::io::Write;
use std::time::Instant;

use super::record::{Made, record};
use super::session::Session;
use super::stages::{Counts, Read, Stages, seconds};
use super::{by_job, options};
use crate::chunk::Estimate;
use crate::engine::Halt;
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Calls, Source};
use crate::lock::{Holder, RunLock};
use crate::metrics::Metrics;
use crate::output::{self, OutputDirectory, Tables, read_back};
use crate::pipeline::{Fold, Pipelined};
use crate::rating::RatingModel;
use crate::report;
use crate::settings::{Settings, Verbosity};
use crate::summary::Summary;

/// Analyzes `inputs`: files, directories, globs, or `-` for stdin; prints a summary, as JSON if `json`.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped the run.
pub fn run(settings: &Settings, inputs: &[String], json: bool) -> Result<ExitCode, Failure> {
    let sources = input::discover(inputs, &settings.out)?;
    let settings = &by_job::decided(settings, inputs)?;
    super::runtime()?.block_on(Box::pin(Run::new(settings, json).carry_out(&sources, inputs)))
}

/// One run.
struct Run<'a> {
    stages: Stages<'a>,
    settings: &'a Settings,
    /// Whether the summary is for a program.
    json: bool,
    /// What expects ratings of calls.
    call_model: Option<RatingModel>,
}

impl Counts for Fold {
    fn turns(&self) -> u64 {
        self.turns
    }

    fn calls(&self) -> u64 {
        self.overview.calls
    }
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings, json: bool) -> Self {
        Self { stages: Stages::begin(settings), settings, json, call_model: None }
    }

    async fn carry_out(mut self, sources: &[Source], inputs: &[String]) -> Result<ExitCode, Failure> {
        let lock = RunLock::take(&self.settings.out, &Holder::current())?;
        let directory = OutputDirectory::open(&self.settings.out)?;
        let session = Session::open(self.settings, &Halt::new()).await?;
        let by_job = by_job::open(self.settings, inputs).await?;
        self.call_model = options::call_model(self.settings, session.service.engine.profile())?;
        let (conversations, read) = self.stages.read(sources, &options::input(self.settings)?)?;
        let mut prepare = self.stages.preparation(conversations.languages(), &session)?;
        by_job::note_known(by_job.as_ref(), self.settings, &mut prepare)?;
        self.stages.hold_to_budget(conversations.calls(), &session, &prepare, |_| Estimate::default())?;
        let jobs = by_job::fill(by_job, self.settings, &session, &mut prepare, || conversations.calls()).await?;
        let rows = conversations.rows() - conversations.rejected();
        let fold = Fold::new(self.stages.folding(&session, self.call_model.as_ref()));
        let pipelined = self.stages.score(conversations.into_calls(), rows, &session, prepare, fold).await?;
        self.write((directory, &lock), &session, pipelined, (&read, jobs))
    }

    fn write(
        mut self,
        (mut directory, lock): (OutputDirectory, &RunLock),
        session: &Session,
        pipelined: Pipelined<Fold, Calls>,
        (read, jobs): (&Read, by_job::Jobs),
    ) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        if !pipelined.fold.counts.reconcile() {
            return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: nothing was written"));
        }
        let settings = self.settings;
        let agents = pipelined.fold.agents.finish();
        let made = Made { jobs, ..Made::of(&pipelined.fold, pipelined.scoring, pipelined.calls.tally()) };
        let mut record =
            record(settings, session, read, &made, &agents, self.stages.started_at, self.call_model.as_ref());
        let whole = record.counts.segments.complete() && read.rejected == 0;
        let code = if whole { ExitCode::Done } else { ExitCode::Partial };
        record.exit_code = code.number();
        let mut fold = pipelined.fold;
        let mut overview = std::mem::take(&mut fold.overview);
        for reject in &read.rejects {
            overview.add_reject(&read_back(&reject.reason, settings.csv_guard));
        }
        let tables = Tables {
            calls: fold.calls,
            segments: settings.detail.then_some(fold.segments),
            failures: fold.failures,
            agents: &agents,
            rejects: &read.rejects,
        };
        tables.write(&mut directory, options::format(settings))?;
        let page = report::page(&record, &overview, &report::agents(&agents, settings.csv_guard), None);
        directory.write("report.html", |out| out.write_all(page.as_bytes()).map(|()| None))?;
        self.stages.seconds.write = seconds(begun.elapsed());
        record.seconds = self.stages.seconds;
        record.outputs = directory.written().to_vec();
        record.finished_at = self.stages.finished_at().to_string();
        directory.write("run.json", |out| output::write_record(&record, out))?;
        let written = directory.written().to_vec();
        let path = directory.commit_while(&|| lock.check())?;
        tracing::info!(
            exit_code = record.exit_code,
            calls = overview.calls,
            segments = record.counts.segments.segments,
            failed = record.counts.segments.failed,
            rejected_rows = record.counts.rejected_rows,
            "done, outputs are in {}",
            path.display()
        );
        if let Some(file) = &settings.metrics {
            let (finished, seconds) = (self.stages.finished_at(), self.stages.passed());
            let metrics = Metrics::of_run(&record, &overview, None, finished, seconds);
            let hint = format!("the outputs in {} are complete: only the metrics are missing", path.display());
            metrics.write(file).map_err(|failure| failure.with_hint(Some(hint)))?;
        }
        self.print(&Summary {
            record: &record,
            overview: &overview,
            agents: &agents,
            profile: session.service.engine.profile(),
            directory: &path,
            files: &written,
            seconds: self.stages.passed(),
        })?;
        Ok(code)
    }

    fn print(&self, summary: &Summary<'_>) -> Result<(), Failure> {
        if self.json {
            // It was asked for, so quiet or not.
            return super::print(&format!("{:#}\n", summary.to_json()));
        }
        if self.settings.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let mut stdout = anstream::stdout().lock();
        write!(stdout, "{summary}").and_then(|()| stdout.flush()).map_err(|error| {
            let hint =
                format!("the outputs in {} are complete: only this summary is missing", summary.directory.display());
            Failure::stdout(error).with_hint(Some(hint))
        })
    }
}
