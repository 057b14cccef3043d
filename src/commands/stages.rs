//! The stages that every run which scores for good has in common: reading, planning, scoring, each timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::options;
use super::session::Session;
use crate::engine::price::Bill;
use crate::engine::{Profile, Requests};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Conversations, FileReport, InputError, InputOptions, Source};
use crate::interrupt;
use crate::language::Evidence;
use crate::output::{MEMORY_BYTES, RejectRow, SecondsRecord};
use crate::pipeline::{self, FoldOptions, Pipelined, Plan, PrepareOptions, TakeCalls};
use crate::progress::{Progress, Standing, tell_regularly};
use crate::rating::RatingModel;
use crate::settings::{Settings, Verbosity};
use crate::transcript::Call;

/// One run's way through its stages, with its clock.
pub(super) struct Stages<'a> {
    pub(super) settings: &'a Settings,
    pub(super) started_at: Timestamp,
    pub(super) begun: Instant,
    pub(super) seconds: SecondsRecord,
    pub(super) progress: Progress,
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

/// What scoring shows of itself: turns and calls that are finished.
pub(super) trait Counts {
    /// Turns of finished calls.
    fn turns(&self) -> u64;
    /// Finished calls.
    fn calls(&self) -> u64;
}

impl<'a> Stages<'a> {
    /// A run that begins now.
    pub(super) fn begin(settings: &'a Settings) -> Self {
        Self {
            settings,
            started_at: Timestamp::now(),
            begun: Instant::now(),
            seconds: SecondsRecord::default(),
            progress: Progress::new(settings.verbosity == Verbosity::Quiet),
        }
    }

    /// Reads `sources`, and says how they were understood.
    ///
    /// # Errors
    /// Those of [`input::read`].
    pub(super) fn read(
        &mut self,
        sources: &[Source],
        options: &InputOptions,
    ) -> Result<(Conversations, Read), Failure> {
        let begun = Instant::now();
        let progress = &mut self.progress;
        progress.reading(options::total_bytes(sources));
        let conversations = input::read(sources, options, &mut |standing| {
            progress.read(standing.bytes, standing.rows);
        })?;
        progress.finish();
        self.seconds.read += seconds(begun.elapsed());
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
            passed_over: conversations.passed_over().len() as u64,
            contacts: conversations.contacts().map(|contacts| contacts.records),
            rows: conversations.rows(),
        };
        Ok((conversations, read))
    }

    /// How calls are prepared, whose languages `evidence` knows.
    ///
    /// # Errors
    /// [`ExitCode::Settings`] where the settings do not fit the engine.
    pub(super) fn preparation(&self, evidence: &Arc<Evidence>, session: &Session) -> Result<PrepareOptions, Failure> {
        let profile = session.service.engine.profile();
        let granularity = self.settings.granularity.or(profile.granularity);
        let chunk = options::chunk(self.settings, profile, granularity)?;
        let redactor = options::redactor(self.settings, profile)?;
        Ok(PrepareOptions::new(chunk, profile, Arc::clone(evidence), session.store.clone(), redactor))
    }

    /// Holds what an engine that charges will be asked against the budget, if there is one: what `most` gives for the plan, and
    /// with it for what is sent besides. Nothing is sent before.
    ///
    /// # Errors
    /// [`ExitCode::Budget`] where the plan passes it.
    pub(super) fn hold_to_budget(
        &mut self,
        calls: impl Iterator<Item = Result<Vec<Call>, InputError>> + Send,
        session: &Session,
        prepare: &PrepareOptions,
        most: impl Fn(&Plan) -> Bill,
    ) -> Result<(), Failure> {
        let profile = session.service.engine.profile();
        if !profile.is_charged() || !session.budget.is_limited() {
            return Ok(());
        }
        let begun = Instant::now();
        for plan in pipeline::plan(calls, std::slice::from_ref(prepare))? {
            let bill = most(&plan);
            // Together, since the price of a unit falls with their number.
            let dollars = profile.price.billing().map_or(bill.dollars, |_| profile.price.cost(bill.units));
            session.hold(Bill { dollars, ..bill })?;
            let (documents, units) = (plan.estimate.documents, bill.units);
            tracing::info!(documents, units, dollars, stored = plan.stored, "at most so much will be billed");
        }
        self.seconds.plan += seconds(begun.elapsed());
        Ok(())
    }

    /// How finished calls are taken in.
    pub(super) fn folding(&self, session: &Session, call_model: Option<&RatingModel>) -> FoldOptions {
        FoldOptions {
            engine: session.service.engine.profile().name,
            scored_roles: options::scored_roles(self.settings),
            min_coverage: self.settings.min_coverage,
            detail: self.settings.detail,
            guard: self.settings.csv_guard,
            call_model: call_model.cloned(),
            row_bytes: MEMORY_BYTES,
        }
    }

    /// Scores `calls`, some `rows` rows of them, into `fold`.
    ///
    /// # Errors
    /// Whatever ends the pipeline before its end; what was paid for is kept.
    pub(super) async fn score<F, C>(
        &mut self,
        calls: C,
        rows: u64,
        session: &Session,
        prepare: PrepareOptions,
        fold: F,
    ) -> Result<Pipelined<F, C>, Failure>
    where
        F: TakeCalls + Counts,
        C: Iterator<Item = Result<Vec<Call>, InputError>> + Send + 'static,
    {
        let begun = Instant::now();
        let service = &session.service;
        let profile = service.engine.profile();
        let scoring = session.scoring(self.settings);
        self.progress.scoring(rows);
        let progress = &self.progress;
        let show = |fold: &F| progress.scored(|| standing(fold, &service.meter.read(), profile));
        interrupt::stop_on_signals(service.halt.clone()).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        let teller = tokio::spawn(tell_regularly(Arc::clone(&service.meter)));
        let run = pipeline::run(calls, service, prepare, &scoring, fold, show);
        let run = Box::pin(async { run.await.map_err(Failure::from) });
        let pipelined = session.while_model_stays(run).await;
        teller.abort();
        session.keep_scores(pipelined.is_ok());
        self.progress.finish();
        let pipelined = pipelined.map_err(|failure| session.with_what_is_kept(failure))?;
        self.seconds.score += seconds(begun.elapsed());
        Ok(pipelined)
    }

    /// Seconds since the run began.
    pub(super) fn passed(&self) -> f64 {
        seconds(self.begun.elapsed())
    }

    /// Now, but never before the start and all that has passed since, though the system's clock was set back.
    pub(super) fn finished_at(&self) -> Timestamp {
        let passed = jiff::SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        self.started_at.checked_add(passed).unwrap_or(self.started_at).max(Timestamp::now())
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

/// Seconds to the millisecond, which is as exact as anybody reads.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e3).round() / 1e3
}

fn standing(counts: &impl Counts, requests: &Requests, profile: &Profile) -> Standing {
    Standing {
        turns: counts.turns(),
        calls: counts.calls(),
        documents: requests.documents_scored,
        requests: if profile.is_remote() { requests.requests } else { 0 },
        units: requests.units_most,
    }
}
