//! `undertone analyze`: read, chunk, score, roll up, write.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::options;
use super::record::record;
use super::session::Session;
use crate::budget::Planned;
use crate::engine::{Halt, Profile, Requests};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Calls, Conversations, FileReport, Source};
use crate::interrupt;
use crate::lock::{Holder, RunLock};
use crate::output::{self, OutputDirectory, RejectRow, SecondsRecord, Tables, read_back};
use crate::pipeline::{self, Fold, FoldOptions, Pipelined, PrepareOptions};
use crate::progress::{Progress, Standing, tell_regularly};
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    runtime.block_on(Box::pin(Run::new(settings, json).carry_out(&sources)))
}

/// One run, with its clock.
struct Run<'a> {
    settings: &'a Settings,
    /// Whether the summary is for a program.
    json: bool,
    started_at: Timestamp,
    begun: Instant,
    seconds: SecondsRecord,
    /// What expects ratings of calls.
    call_model: Option<RatingModel>,
}

/// What reading left for the record once its rows are gone.
pub(super) struct Read {
    pub(super) reports: Vec<FileReport>,
    pub(super) rejects: Vec<RejectRow>,
    pub(super) rejected: u64,
    pub(super) passed_over: u64,
    pub(super) contacts: Option<u64>,
    pub(super) rows: u64,
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings, json: bool) -> Self {
        Self {
            settings,
            json,
            started_at: Timestamp::now(),
            begun: Instant::now(),
            seconds: SecondsRecord::default(),
            call_model: None,
        }
    }

    async fn carry_out(mut self, sources: &[Source]) -> Result<ExitCode, Failure> {
        let _lock = RunLock::take(&self.settings.out, &Holder::current())?;
        let directory = OutputDirectory::open(&self.settings.out)?;
        let session = Session::open(self.settings, &Halt::new()).await?;
        self.call_model = options::call_model(self.settings, session.service.engine.profile())?;
        let mut progress = Progress::new(self.settings.verbosity == Verbosity::Quiet);
        let (conversations, read) = self.read(sources, &mut progress)?;
        let prepare = self.preparation(&conversations, &session)?;
        self.hold_to_budget(&conversations, &session, &prepare)?;
        let pipelined = self.score(conversations, &session, prepare, &mut progress).await;
        session.keep_scores(pipelined.is_ok());
        progress.finish();
        let pipelined = pipelined.map_err(|failure| session.with_what_is_kept(failure))?;
        self.write(directory, &session, pipelined, &read)
    }

    fn read(&mut self, sources: &[Source], progress: &mut Progress) -> Result<(Conversations, Read), Failure> {
        let begun = Instant::now();
        progress.reading(options::total_bytes(sources));
        let conversations = input::read(sources, &options::input(self.settings)?, &mut |standing| {
            progress.read(standing.bytes, standing.rows);
        })?;
        progress.finish();
        self.seconds.read = seconds(begun.elapsed());
        for line in mapping_lines(conversations.reports()) {
            super::notice(self.settings, &line);
        }
        let rejects = conversations.rejects().iter().map(|reject| RejectRow {
            file: reject.file.to_string(),
            line: reject.line,
            reason: reject.reason.to_string(),
        });
        let read = Read {
            reports: conversations.reports().to_vec(),
            rejects: rejects.collect(),
            rejected: conversations.rejected(),
            passed_over: conversations.passed_over(),
            contacts: conversations.contacts().map(|contacts| contacts.records),
            rows: conversations.rows(),
        };
        Ok((conversations, read))
    }

    fn preparation(&self, conversations: &Conversations, session: &Session) -> Result<PrepareOptions, Failure> {
        let profile = session.service.engine.profile();
        let granularity = self.settings.granularity.or(profile.granularity);
        let chunk = options::chunk(self.settings, profile, granularity)?;
        let languages = Arc::clone(conversations.languages());
        let redactor = options::redactor(self.settings, profile)?;
        Ok(PrepareOptions::new(chunk, profile, languages, session.store.clone(), redactor))
    }

    /// Holds what an engine that charges will be asked against the budget, if there is one. Nothing is sent before.
    fn hold_to_budget(
        &mut self,
        conversations: &Conversations,
        session: &Session,
        prepare: &PrepareOptions,
    ) -> Result<(), Failure> {
        let profile = session.service.engine.profile();
        if !profile.is_charged() || !session.budget.is_limited() {
            return Ok(());
        }
        let begun = Instant::now();
        for plan in pipeline::plan(conversations.calls(), std::slice::from_ref(prepare))? {
            let (documents, units) = (plan.estimate.documents, plan.estimate.units_upper);
            session.budget.check(Planned { units, cost: profile.price.cost(units) })?;
            tracing::info!(documents, units, stored = plan.stored, "at most so much will be billed");
        }
        self.seconds.plan = seconds(begun.elapsed());
        Ok(())
    }

    async fn score(
        &mut self,
        conversations: Conversations,
        session: &Session,
        prepare: PrepareOptions,
        progress: &mut Progress,
    ) -> Result<Pipelined<Fold, Calls>, Failure> {
        let begun = Instant::now();
        let settings = self.settings;
        let service = &session.service;
        let profile = service.engine.profile();
        let scoring = session.scoring(settings);
        let fold = Fold::new(FoldOptions {
            engine: profile.name,
            scored_roles: options::scored_roles(settings),
            min_coverage: settings.min_coverage,
            detail: settings.detail,
            guard: settings.csv_guard,
            call_model: self.call_model.clone(),
        });
        progress.scoring(conversations.rows() - conversations.rejected());
        let progress = &*progress;
        let show = |fold: &Fold| progress.scored(|| standing(fold, &service.meter.read(), profile));
        interrupt::stop_on_signals(service.halt.clone()).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        let calls = conversations.into_calls();
        let teller = tokio::spawn(tell_regularly(Arc::clone(&service.meter)));
        let pipelined = pipeline::run(calls, service, prepare, &scoring, fold, show).await;
        teller.abort();
        let pipelined = pipelined?;
        self.seconds.score = seconds(begun.elapsed());
        Ok(pipelined)
    }

    fn write(
        mut self,
        mut directory: OutputDirectory,
        session: &Session,
        pipelined: Pipelined<Fold, Calls>,
        read: &Read,
    ) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        if !pipelined.fold.counts.reconcile() {
            return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: nothing was written"));
        }
        let settings = self.settings;
        let agents = pipelined.fold.agents.finish();
        let mut record =
            record(settings, session, read, &pipelined, &agents, self.started_at, self.call_model.as_ref());
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
        let format = output::Format { bom: settings.bom, guard: settings.csv_guard, parquet: settings.format.parquet };
        tables.write(&mut directory, format)?;
        let page = report::page(&record, &overview, &report::agents(&agents, settings.csv_guard), None);
        directory.write("report.html", |out| out.write_all(page.as_bytes()).map(|()| None))?;
        self.seconds.write = seconds(begun.elapsed());
        record.seconds = self.seconds;
        record.outputs = directory.written().to_vec();
        record.finished_at = self.finished_at().to_string();
        directory.write("run.json", |out| {
            serde_json::to_writer_pretty(&mut *out, &record)?;
            out.write_all(b"\n")?;
            Ok(None)
        })?;
        let written = directory.written().to_vec();
        let path = directory.commit()?;
        tracing::info!(
            exit_code = record.exit_code,
            calls = overview.calls,
            segments = record.counts.segments.segments,
            failed = record.counts.segments.failed,
            rejected_rows = record.counts.rejected_rows,
            "done, outputs are in {}",
            path.display()
        );
        self.print(&Summary {
            record: &record,
            overview: &overview,
            agents: &agents,
            profile: session.service.engine.profile(),
            directory: &path,
            files: &written,
            seconds: seconds(self.begun.elapsed()),
        })?;
        Ok(code)
    }

    /// Now, but never before the start and all that has passed since, though the system's clock was set back.
    fn finished_at(&self) -> Timestamp {
        let passed = jiff::SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        self.started_at.checked_add(passed).unwrap_or(self.started_at).max(Timestamp::now())
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

/// How files were understood, once for each kind of file.
fn mapping_lines(reports: &[FileReport]) -> Vec<String> {
    let mut kinds: Vec<(&FileReport, usize)> = Vec::new();
    for report in reports {
        let same =
            |kind: &FileReport| kind.found.summary == report.found.summary && kind.found.kind == report.found.kind;
        match kinds.iter_mut().find(|(kind, _)| same(kind)) {
            Some((_, files)) => *files += 1,
            None => kinds.push((report, 1)),
        }
    }
    let line = |(FileReport { path, found, .. }, files): (&FileReport, usize)| {
        let more = if files > 1 { format!(" and {} more", files - 1) } else { String::new() };
        format!("{path}{more} ({}): {}", found.kind, found.summary)
    };
    kinds.into_iter().map(line).collect()
}

fn seconds(duration: Duration) -> f64 {
    // Milliseconds are as exact as anybody reads.
    (duration.as_secs_f64() * 1e3).round() / 1e3
}

fn standing(fold: &Fold, requests: &Requests, profile: &Profile) -> Standing {
    Standing {
        turns: fold.turns,
        calls: fold.overview.calls,
        documents: requests.documents_scored,
        requests: if profile.is_remote() { requests.requests } else { 0 },
        units: requests.units_most,
    }
}
