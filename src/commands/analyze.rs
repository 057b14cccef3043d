//! `undertone analyze`: read, chunk, score, roll up, write.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::options;
use super::record::Facts;
use super::session::Session;
use crate::budget::Planned;
use crate::engine::{Profile, Requests};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Conversations, FileReport, Source};
use crate::interrupt;
use crate::lock::{Holder, RunLock};
use crate::output::{self, OutputDirectory, RejectRow, SecondsRecord, Tables};
use crate::pipeline::{self, Fold, FoldOptions, Pipelined, Planner, PrepareOptions};
use crate::progress::{Progress, Standing, tell_regularly};
use crate::report;
use crate::score::ScoreOptions;
use crate::settings::{Settings, Verbosity};
use crate::summary::Summary;

/// Analyzes `inputs`: files, directories, globs, or `-` for stdin.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped the run.
pub fn run(settings: &Settings, inputs: &[String]) -> Result<ExitCode, Failure> {
    let sources = input::discover(inputs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    runtime.block_on(Box::pin(Run::new(settings).carry_out(&sources)))
}

/// One run, with its clock.
struct Run<'a> {
    settings: &'a Settings,
    started_at: Timestamp,
    begun: Instant,
    seconds: SecondsRecord,
}

/// What reading left for the record once its rows are gone.
struct Read {
    reports: Vec<FileReport>,
    rejects: Vec<RejectRow>,
    rows: u64,
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self { settings, started_at: Timestamp::now(), begun: Instant::now(), seconds: SecondsRecord::default() }
    }

    async fn carry_out(mut self, sources: &[Source]) -> Result<ExitCode, Failure> {
        let _lock = RunLock::take(&self.settings.out, &Holder::current())?;
        let directory = OutputDirectory::open(&self.settings.out)?;
        let session = Session::open(self.settings).await?;
        let mut progress = Progress::new(self.settings.verbosity == Verbosity::Quiet);
        let (conversations, read) = self.read(sources, &mut progress)?;
        let prepare = self.preparation(session.service.engine.profile())?;
        let planned = self.plan(&conversations, &session, &prepare)?;
        let pipelined = self.score(conversations, &session, prepare, &mut progress).await;
        session.keep_scores(pipelined.is_ok());
        progress.finish();
        let pipelined = pipelined.map_err(|failure| session.with_what_is_kept(failure))?;
        self.write(directory, &session, planned, pipelined, &read)
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
        let read =
            Read { reports: conversations.reports().to_vec(), rejects: rejects.collect(), rows: conversations.rows() };
        Ok((conversations, read))
    }

    fn preparation(&self, profile: &Profile) -> Result<PrepareOptions, Failure> {
        let granularity = self.settings.granularity.or_engine(profile.granularity);
        Ok(PrepareOptions::new(options::chunk(self.settings, profile, granularity)?, profile))
    }

    /// Adds up what will be asked of an engine that charges, and holds it against the budget. Nothing is sent before.
    fn plan(
        &mut self,
        conversations: &Conversations,
        session: &Session,
        prepare: &PrepareOptions,
    ) -> Result<Planned, Failure> {
        let begun = Instant::now();
        let Some(memory) = &session.memory else { return Ok(Planned { units: 0, cost: 0.0 }) };
        let mut planner = Planner::new(prepare.clone(), memory.clone());
        for group in conversations.calls() {
            for call in group? {
                planner.add(call);
            }
        }
        let units = planner.estimate.units_upper;
        let planned = Planned { units, cost: self.settings.price.tiers.cost(units).as_f64() };
        session.budget.check(planned)?;
        tracing::info!(
            documents = planner.estimate.documents,
            units,
            stored = planner.stored,
            "at most so much will be billed"
        );
        self.seconds.plan = seconds(begun.elapsed());
        Ok(planned)
    }

    async fn score(
        &mut self,
        conversations: Conversations,
        session: &Session,
        prepare: PrepareOptions,
        progress: &mut Progress,
    ) -> Result<Pipelined, Failure> {
        let begun = Instant::now();
        let settings = self.settings;
        let service = &session.service;
        let profile = service.engine.profile();
        let defaults = ScoreOptions::for_engine(profile, service.halt.clone());
        let at_once = std::num::NonZero::new(defaults.concurrency).unwrap_or(std::num::NonZero::<usize>::MIN);
        let scoring = ScoreOptions {
            concurrency: settings.concurrency.or(at_once).get(),
            memory: session.memory.clone(),
            ..defaults
        };
        let fold = Fold::new(FoldOptions {
            engine: profile.name,
            scored_roles: options::scored_roles(settings),
            min_coverage: options::min_coverage(settings),
            detail: settings.detail,
            guard: settings.csv_guard,
        });
        progress.scoring(conversations.rows() - conversations.rejected());
        let progress = &*progress;
        let show = |fold: &Fold| progress.scored(|| standing(fold, &service.meter.read(), profile));
        let interruption = interrupt::watch_signals().map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        let halt = service.halt.clone();
        tokio::spawn(async move {
            interruption.requested().await;
            halt.stop();
        });
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
        planned: Planned,
        pipelined: Pipelined,
        read: &Read,
    ) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        let Pipelined { fold, scoring, tally } = pipelined;
        if !fold.counts.reconcile() {
            return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: nothing was written"));
        }
        let agents = fold.agents.finish();
        let profile = session.service.engine.profile();
        let (overview, segments) = (fold.overview.clone(), fold.counts);
        let tables = Tables { agents: &agents, rejects: &read.rejects, detail: self.settings.detail };
        let format = output::Format { bom: self.settings.bom, guard: self.settings.csv_guard };
        tables.write(&mut directory, fold, format)?;

        let requests = session.service.meter.read();
        let whole = segments.complete() && read.rejects.is_empty();
        let code = if whole { ExitCode::Done } else { ExitCode::Partial };
        let facts = Facts {
            settings: self.settings,
            profile,
            reports: &read.reports,
            rows: read.rows,
            rejected_rows: read.rejects.len() as u64,
            tally,
            overview: &overview,
            segments,
            scoring,
            agents: &agents,
            planned,
            requests,
        };
        let mut record = facts.record(self.started_at, code);
        directory.draw("report.html", |staging, out| report::draw_before_record(staging, &record, out))?;
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
            exit_code = code.number(),
            calls = overview.calls,
            segments = segments.segments,
            failed = segments.failed,
            rejected_rows = facts.rejected_rows,
            "done, outputs are in {}",
            path.display()
        );
        self.print(&Summary {
            overview: &overview,
            agents: &agents,
            segments,
            rejected_rows: facts.rejected_rows,
            bill: profile.billing.map(|_| facts.bill()),
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

/// Which columns were taken for what, once for each kind of file.
fn mapping_lines(reports: &[FileReport]) -> Vec<String> {
    let mut kinds: Vec<(&FileReport, usize)> = Vec::new();
    for report in reports {
        let same = |kind: &FileReport| kind.mapping == report.mapping && kind.format == report.format;
        match kinds.iter_mut().find(|(kind, _)| same(kind)) {
            Some((_, files)) => *files += 1,
            None => kinds.push((report, 1)),
        }
    }
    let line = |(report, files): (&FileReport, usize)| {
        let columns: Vec<String> = report.mapping.iter().map(|(field, column)| format!("{field} = {column}")).collect();
        let more = if files > 1 { format!(" and {} more", files - 1) } else { String::new() };
        format!("{}{more} ({}): {}", report.path, report.format.as_str(), columns.join(", "))
    };
    kinds.into_iter().map(line).collect()
}

fn seconds(duration: Duration) -> f64 {
    // Milliseconds are as exact as anybody reads.
    (duration.as_secs_f64() * 1e3).round() / 1e3
}

fn standing(fold: &Fold, requests: &Requests, profile: &Profile) -> Standing {
    let billed = profile.billing.is_some();
    Standing {
        turns: fold.turns,
        calls: fold.overview.calls,
        documents: requests.documents_scored,
        requests: if billed { requests.requests } else { 0 },
        units: requests.units_most,
    }
}
