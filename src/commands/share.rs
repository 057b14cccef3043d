//! `undertone analyze --share`: the local engine scores every call, a service a random share of them, and what it would have
//! given to all follows.
//!
//! Two passes over the same calls: the first one is a run with the local engine, and leaves what that made of the drawn calls in
//! the order of their ids; the second one scores those with the service.

use std::io;
use std::time::Instant;

use super::ending::Ending;
use super::record::{Made, engine, record, redaction, service};
use super::session::Session;
use super::stages::{Counts, Read, Stages};
use super::{by_job, options};
use crate::budget::Budget;
use crate::engine::{Halt, local, registry};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Conversations, InputError, Source};
use crate::jobs::Via;
use crate::lock::{Holder, RunLock};
use crate::output::{MEMORY_BYTES, OutputDirectory, SampleTables, ShareRecord, SortedRows, Tables, part_key};
use crate::pipeline::{Fold, FoldOptions, PipelineError, PrepareOptions, Prepared, TakeCalls};
use crate::rating::RatingModel;
use crate::sentiment::{Millionths, Outcome};
use crate::settings::Settings;
use crate::share::{Book, Drawn, Estimated, Facts, Ordered, Part, Share, Strata, TooFew};
use crate::transcript::Call;

/// Analyzes `inputs` by a share of them. Prints a summary, as JSON if `json`.
///
/// # Errors
/// [`ExitCode::Usage`] where there is nothing to share; else those of a run.
pub(super) fn run(settings: &Settings, inputs: &[String], share: Share, json: bool) -> Result<ExitCode, Failure> {
    let settings = &checked(settings, share)?;
    let sources = input::discover(inputs, &settings.out)?;
    let everything = settings.clone().with_engine(&local::DEFINITION);
    super::runtime()?.block_on(Box::pin(carry_out(settings, &everything, &sources, share, json)))
}

/// Checks that the settings leave something to share, before anything is read.
fn checked(settings: &Settings, share: Share) -> Result<Settings, Failure> {
    let profile = (settings.engine().profile)(settings);
    let refused = |what: String, hint: &str| Err(Failure::new(ExitCode::Usage, what).with_hint(Some(hint.to_owned())));
    if !profile.is_remote() {
        let what = format!("--share is for an engine that is a service, and {} scores on this machine", profile.name);
        return refused(what, "leave --share out, or name a service: --engine comprehend");
    }
    if settings.via() == Via::Jobs {
        return refused("a share can't be scored by jobs".to_owned(), "add --via requests, or leave --share out");
    }
    if share == Share::Fit && !Budget::of(settings).is_limited() {
        return refused(
            "--share fit needs a budget that it can fit into".to_owned(),
            "add --max-cost DOLLARS, or name the share: --share 10%",
        );
    }
    Ok(settings.clone().with_via(Via::Requests))
}

/// A run by a share of the calls.
struct SampledRun<'a> {
    /// The service, and how it scores.
    settings: &'a Settings,
    paid: Session,
    paying: Stages<'a>,
    /// The local engine, and how it scores.
    everything: &'a Settings,
    free: Session,
    stages: Stages<'a>,
    call_model: Option<RatingModel>,
}

/// What both passes came to.
struct Scored {
    fold: Fold,
    sample: Fold,
    estimates: Vec<Estimated>,
    drawn: Drawn,
    made: Made,
    /// Units that were planned for the service.
    units: u64,
}

async fn carry_out(
    settings: &Settings,
    everything: &Settings,
    sources: &[Source],
    share: Share,
    json: bool,
) -> Result<ExitCode, Failure> {
    let lock = RunLock::take(&settings.out, &Holder::current())?;
    let directory = OutputDirectory::open(&settings.out)?;
    let halt = Halt::new();
    let (paid, free) = (Session::open(settings, &halt).await?, Session::open(everything, &halt).await?);
    let call_model = options::call_model(everything, free.service.engine.profile())?;
    let (stages, paying) = (Stages::begin(everything), Stages::begin(settings));
    let mut run = SampledRun { settings, paid, paying, everything, free, stages, call_model };
    let (conversations, read) = run.stages.read(sources, &options::input(settings)?)?;
    let scored = Box::pin(run.score(conversations, share)).await?;
    run.write((directory, &lock), &read, scored, json)
}

impl SampledRun<'_> {
    /// Draws the calls, holds them against the budget, and scores all calls here and the drawn ones with the service.
    async fn score(&mut self, conversations: Conversations, share: Share) -> Result<Scored, Failure> {
        let prepare = self.paying.preparation(conversations.languages(), &self.paid)?;
        let drawn = self.draw(&conversations, &prepare, share)?;
        let prepare_local = self.stages.preparation(conversations.languages(), &self.free)?;
        let rows = conversations.rows() - conversations.rejected();
        let some_rows = drawn.part().of(rows);
        let calls_of_sample = OfDrawn { calls: conversations.calls(), drawn: drawn.clone() };
        let min_coverage = self.settings.min_coverage;
        let fold = LocalFold {
            fold: Fold::new(self.stages.folding(&self.free, self.call_model.as_ref())),
            book: Book::new(drawn.clone()),
            drawn: drawn.clone(),
            pairs: Pairs::new(min_coverage),
        };
        let calls = conversations.into_calls();
        let all = self.stages.score(calls, rows, &self.free, prepare_local, fold).await?;
        let LocalFold { fold, mut book, pairs, .. } = all.fold;
        let options = FoldOptions { detail: false, ..self.paying.folding(&self.paid, None) };
        let sample = SampleFold { fold: Fold::new(options), pairs };
        let sampled = self.paying.score(calls_of_sample, some_rows, &self.paid, prepare, sample).await?;
        let SampleFold { fold: sample, pairs } = sampled.fold;
        pairs.enter(&mut book).map_err(PipelineError::Temporary)?;
        let made = Made::of(&fold, all.scoring, all.calls.tally());
        Ok(Scored { fold, sample, estimates: book.finish(), drawn, made, units: sampled.scoring.units })
    }

    /// Draws the share, or the largest one that fits the budget.
    fn draw(&mut self, calls: &Conversations, prepare: &PrepareOptions, share: Share) -> Result<Drawn, Failure> {
        let mut strata = Strata::default();
        for group in calls.calls() {
            for call in group? {
                strata.add(&call.id, call.queue.as_deref());
            }
        }
        let ordered = strata.ordered();
        match share {
            Share::Part(part) => {
                let drawn = ordered.draw(part).map_err(too_few)?;
                self.hold(calls, prepare, &drawn).map_err(with_fit)?;
                Ok(drawn)
            }
            Share::Fit => self.largest(calls, prepare, &ordered),
        }
    }

    /// Halves what is open until a thousandth is left of it: a larger share holds a smaller one, and so costs no less.
    fn largest(
        &mut self,
        calls: &Conversations,
        prepare: &PrepareOptions,
        ordered: &Ordered,
    ) -> Result<Drawn, Failure> {
        let (mut largest, mut fits, mut is_too_much) = (Err(too_few_at_all(ordered)), 0_u32, 1001_u32);
        while is_too_much - fits > 1 {
            // All of them first: where they fit, nothing has to be searched.
            let tried = if is_too_much > 1000 { 1000 } else { fits.midpoint(is_too_much) };
            let Ok(drawn) = ordered.draw(Part::thousandths(tried)) else {
                fits = tried;
                continue;
            };
            match self.hold(calls, prepare, &drawn) {
                Ok(()) => (largest, fits) = (Ok(drawn), tried),
                Err(failure) if failure.code() == ExitCode::Budget => {
                    largest = largest.or(Err(failure));
                    is_too_much = tried;
                }
                Err(failure) => return Err(failure),
            }
        }
        largest
    }

    /// Holds the drawn calls against the budget.
    fn hold(&mut self, calls: &Conversations, prepare: &PrepareOptions, drawn: &Drawn) -> Result<(), Failure> {
        let planned = OfDrawn { calls: calls.calls(), drawn: drawn.clone() };
        self.paying.hold_to_budget(planned, &self.paid, prepare, |plan| by_job::at_most(None, &self.paid, plan))
    }

    fn write(
        mut self,
        (mut directory, lock): (OutputDirectory, &RunLock),
        read: &Read,
        scored: Scored,
        json: bool,
    ) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        let Scored { mut fold, sample, estimates, drawn, made, units } = scored;
        if !fold.counts.reconcile() || !sample.counts.reconcile() {
            return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: nothing was written"));
        }
        let agents = std::mem::take(&mut fold.agents).finish().without_verdicts();
        let (free, started_at) = (&self.free, self.stages.started_at);
        let mut record = record(self.everything, free, read, &made, &agents, started_at, self.call_model.as_ref());
        let profile = self.paid.service.engine.profile();
        record.settings_hash = self.settings.hash(registry::keys());
        record.service = service(&self.paid, profile, units);
        record.redaction = redaction(options::kinds(self.settings, profile), &sample.redacted);
        record.share = Some(ShareRecord::of(engine(self.settings, profile), &drawn, sample.counts, &estimates));
        record.seconds.merge(&self.paying.seconds);
        let overview = std::mem::take(&mut fold.overview);
        let mut ending = Ending { record, overview, agents: &agents, profile, json };
        ending.set_exit_code();
        let tables = Tables {
            calls: fold.calls.into(),
            segments: self.settings.detail.then(|| fold.segments.into()),
            failures: fold.failures.into(),
            agents: &agents,
            rejects: &read.rejects,
            sample: Some(SampleTables { calls: sample.calls, failures: sample.failures, estimates: &estimates }),
        };
        ending.put_tables(&mut directory, tables, options::format(self.settings))?;
        ending.conclude(&mut self.stages, (directory, lock), begun)
    }
}

/// What keeps any share of the calls from being drawn, unless it is the budget.
fn too_few_at_all(ordered: &Ordered) -> Failure {
    match ordered.draw(Part::ALL) {
        Err(few) => too_few(few),
        Ok(_) => Failure::new(ExitCode::Unexpected, "no share was tried"),
    }
}

fn too_few(few: TooFew) -> Failure {
    let hint = match few.enough {
        Some(part) => format!("take a larger share: --share '{part}'"),
        None => "have the service score all of them: leave --share out".to_owned(),
    };
    Failure::new(ExitCode::Usage, few).with_hint(Some(hint))
}

/// A budget that a share passes may hold a smaller one.
fn with_fit(failure: Failure) -> Failure {
    if failure.code() != ExitCode::Budget {
        return failure;
    }
    let fit = "take the largest share that fits with --share fit";
    let hint = failure.hint().map_or_else(|| fit.to_owned(), |hint| format!("{fit}; or {hint}"));
    failure.with_hint(Some(hint))
}

/// The drawn calls among all.
pub(super) struct OfDrawn<C> {
    pub(super) calls: C,
    pub(super) drawn: Drawn,
}

impl<C: Iterator<Item = Result<Vec<Call>, InputError>>> Iterator for OfDrawn<C> {
    type Item = C::Item;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut group = match self.calls.next()? {
                Ok(group) => group,
                failed => return Some(failed),
            };
            group.retain(|call| self.drawn.holds(&call.id, call.queue.as_deref()));
            if !group.is_empty() {
                return Some(Ok(group));
            }
        }
    }
}

/// What both engines made of the drawn calls, by their ids; on the disk beyond a bound.
struct Pairs {
    rows: SortedRows,
    min_coverage: Millionths,
}

impl Pairs {
    fn new(min_coverage: Millionths) -> Self {
        Self { rows: SortedRows::with_memory(MEMORY_BYTES), min_coverage }
    }

    /// Adds a call as the local engine scored it (0), or as the service did (1).
    fn push(&mut self, facts: &Facts, engine: u32) -> io::Result<()> {
        let row = postcard::to_allocvec(facts).map_err(io::Error::other)?;
        self.rows.push(&part_key(&facts.id, engine), |line| line.extend_from_slice(&row))
    }

    /// Enters all of them: a call of which only the local engine's facts are there has no value of the service.
    fn enter(self, book: &mut Book) -> io::Result<()> {
        let mut open: Option<Facts> = None;
        self.rows.drain(|row| {
            let facts: Facts = postcard::from_bytes(row).map_err(io::Error::other)?;
            match open.take() {
                Some(local) if local.id == facts.id => book.add_drawn(&local, &facts),
                Some(local) => {
                    book.add_drawn(&local, &Facts::default());
                    open = Some(facts);
                }
                None => open = Some(facts),
            }
            Ok(())
        })?;
        if let Some(local) = open {
            book.add_drawn(&local, &Facts::default());
        }
        Ok(())
    }
}

/// All calls, as the local engine scores them.
struct LocalFold {
    fold: Fold,
    book: Book,
    drawn: Drawn,
    pairs: Pairs,
}

impl TakeCalls for LocalFold {
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        let call = self.fold.take(prepared, outcomes)?;
        let facts = Facts::of(&call, self.pairs.min_coverage);
        self.book.add(&facts);
        if self.drawn.holds(&call.id, call.queue.as_deref()) {
            self.pairs.push(&facts, 0)?;
        }
        Ok(())
    }
}

/// The drawn calls, as the service scores them.
struct SampleFold {
    fold: Fold,
    pairs: Pairs,
}

impl TakeCalls for SampleFold {
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        let call = self.fold.take(prepared, outcomes)?;
        self.pairs.push(&Facts::of(&call, self.pairs.min_coverage), 1)
    }
}

impl Counts for LocalFold {
    fn turns(&self) -> u64 {
        self.fold.turns()
    }

    fn calls(&self) -> u64 {
        self.fold.calls()
    }
}

impl Counts for SampleFold {
    fn turns(&self) -> u64 {
        self.fold.turns()
    }

    fn calls(&self) -> u64 {
        self.fold.calls()
    }
}
