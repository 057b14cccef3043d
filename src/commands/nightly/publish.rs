//! The dirty dates, scored and put in place; and what is remembered of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;

use super::reading::Readings;
use super::{Night, Scorer, Store};
use crate::canary;
use crate::commands::by_job::{self, ByJob};
use crate::commands::options;
use crate::commands::record::Made;
use crate::commands::stages::{Counts, seconds};
use crate::drift::CanaryResult;
use crate::engine::Service;
use crate::exit::{ExitCode, Failure};
use crate::nights::{
    self, CallDate, DATES_AT_ONCE, DateCounts, DateInput, DateRecord, DateSums, DatedFold, DatedFolds, Held, Input,
    InputId, OnlyDates, Partition, Pending, Reason, call_key, inputs_hash, keys, part, read_sums, remove_date,
    stage_date,
};
use crate::output::ReadError;
use crate::output::read::{self, TableReader};
use crate::pipeline::{self, Pipelined};

/// What a night does with the dates that were touched.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Dates to publish.
    pub(super) dirty: BTreeSet<CallDate>,
    /// Published dates without calls from now on.
    pub(super) emptied: BTreeSet<CallDate>,
    /// Dates that are published already as they would be.
    pub(super) unchanged: BTreeSet<CallDate>,
    /// Dates of which somebody changed a file.
    pub(super) edited: Vec<(CallDate, PathBuf)>,
    /// Calls that wait.
    pub(super) pending: Vec<Pending>,
}

/// What a night published.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) published: BTreeMap<CallDate, DateRecord>,
    pub(super) made: Made,
    /// What the canary texts came to, of the languages met so far.
    canary: Option<CanaryResult>,
}

impl Counts for DatedFolds {
    fn turns(&self) -> u64 {
        self.turns
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}

impl Night<'_> {
    /// Finds which of the dirty dates have to be published, and which can't be.
    pub(super) fn plan(
        &self,
        store: &Store,
        read: &Readings,
        night: &nights::Night,
        scorer: &Scorer,
    ) -> Result<Plan, Failure> {
        let mut plan = Plan::default();
        for pending in &read.decision.pending {
            if !is_in_record(store, read, pending)? && !holds_them_already(store, read, pending)? {
                plan.pending.push(*pending);
            }
        }
        for &date in &read.decision.dirty {
            let rescored = self.arguments.rescore && night.forced.contains(&date);
            let sum = read.found.sums.get(&date).copied().unwrap_or_default();
            let inputs = inputs_of(read, date);
            let Some(record) = store.published.dates.get(&date) else {
                if sum.calls > 0 {
                    plan.dirty.insert(date);
                }
                continue;
            };
            let is_as_it_was = record.is_of(&inputs, sum)
                && record.identity == scorer.identity
                && record.contacts == scorer.contacts
                && record.counts.segments.failed == 0
                && store.lake.has_all(&record.files)?;
            if is_as_it_was && !rescored {
                plan.unchanged.insert(date);
            } else if !rescored && store.state.is_new && lacks_inputs(store, date, &inputs)? {
                plan.hold_back(read, date, Reason::Gone);
            } else if let Some(path) = edited(store, record)?.filter(|_| !rescored) {
                plan.edited.push((date, path));
                plan.hold_back(read, date, Reason::Edited);
            } else if sum.calls == 0 {
                plan.emptied.insert(date);
            } else {
                plan.dirty.insert(date);
            }
        }
        Ok(plan)
    }

    /// Scores the dirty dates and puts them in place, some at a time.
    pub(super) async fn publish(
        &mut self,
        store: &mut Store,
        read: &Readings,
        plan: &Plan,
        scorer: &Scorer,
        by_job: Option<ByJob>,
    ) -> Result<Done, Failure> {
        let mut done = Done { made: Made { tally: read.tally, ..Made::default() }, ..Done::default() };
        (done.made.tally.calls, done.made.tally.turns) = (0, 0);
        for &date in &plan.emptied {
            remove_date(&mut store.publication, date);
        }
        let left_out = &read.found.left_out;
        let only =
            |dates: &BTreeSet<CallDate>| OnlyDates::new(read.conversations.calls(), dates.clone(), left_out.clone());
        let mut prepare = self.stages.preparation(read.conversations.languages(), &scorer.session)?;
        if !plan.dirty.is_empty() {
            let profile = scorer.session.service.engine.profile();
            let most = |plan: &pipeline::Plan| {
                let bill = by_job::at_most(by_job.as_ref(), &scorer.session, plan);
                if !self.nights.canary {
                    return bill;
                }
                bill.and(profile.price.at_most(&canary::estimate(profile, &plan.languages), &profile.limits))
            };
            by_job::note_known(by_job.as_ref(), self.settings, &mut prepare)?;
            self.stages.hold_to_budget(only(&plan.dirty), &scorer.session, &prepare, most)?;
            let calls = || only(&plan.dirty);
            done.made.jobs = by_job::fill(by_job, self.settings, &scorer.session, &mut prepare, calls).await?;
        }
        let dates: Vec<CallDate> = plan.dirty.iter().copied().collect();
        for some in dates.chunks(DATES_AT_ONCE) {
            let some: BTreeSet<CallDate> = some.iter().copied().collect();
            let options = self.stages.folding(&scorer.session, scorer.call_model.as_ref());
            let folds = DatedFolds::new(&some, &options);
            let rows = read.conversations.rows() - read.conversations.rejected();
            let pipelined = self.stages.score(only(&some), rows, &scorer.session, prepare.clone(), folds).await?;
            self.score_canary(&pipelined.fold, &scorer.session.service, &mut done.canary).await;
            let begun = Instant::now();
            self.put(store, read, pipelined, scorer, &mut done)?;
            self.stages.seconds.write += seconds(begun.elapsed());
        }
        store.commit()?;
        Ok(done)
    }

    /// Scores the canary texts of languages that were not met tonight before. A night does not fail by them.
    async fn score_canary(&self, folds: &DatedFolds, service: &Service, all: &mut Option<CanaryResult>) {
        let known: BTreeSet<Box<str>> =
            all.iter().flat_map(|all| all.languages.keys()).map(|language| language.as_str().into()).collect();
        let new = &folds.languages - &known;
        if !self.nights.canary || new.is_empty() {
            return;
        }
        match (canary::score(service, &new).await, all) {
            (Ok(more), Some(all)) => all.languages.extend(more.languages),
            (Ok(more), none) => *none = Some(more),
            (Err(error), _) => tracing::warn!(%error, "the canary texts could not be scored"),
        }
    }

    /// Puts scored dates in place.
    fn put<C>(
        &self,
        store: &mut Store,
        read: &Readings,
        pipelined: Pipelined<DatedFolds, C>,
        scorer: &Scorer,
        done: &mut Done,
    ) -> Result<(), Failure> {
        let folds = pipelined.fold;
        if !folds.counts.reconcile() {
            return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: nothing was written"));
        }
        done.made.add(&pipelined.scoring, &folds.counts);
        done.made.tally.calls += folds.calls;
        done.made.tally.turns += folds.turns;
        for (date, dated) in folds.folds {
            let record = self.put_date(store, read, date, dated, scorer, done)?;
            done.published.insert(date, record);
        }
        store.commit()?;
        Ok(())
    }

    fn put_date(
        &self,
        store: &mut Store,
        read: &Readings,
        date: CallDate,
        dated: DatedFold,
        scorer: &Scorer,
        done: &mut Done,
    ) -> Result<DateRecord, Failure> {
        let DatedFold { fold, figures } = dated;
        done.made.add_calls(&fold);
        let counts = DateCounts {
            turns: fold.turns,
            scored: fold.overview.scored(),
            low_coverage: fold.overview.low_coverage,
            language_assumed: fold.language_assumed,
            times_contradict: fold.times_contradict,
            segments: fold.counts,
        };
        let inputs = inputs_of(read, date);
        let sum = read.found.sums.get(&date).copied().unwrap_or_default();
        let record = DateRecord {
            revision: store.published.dates.get(&date).map_or(0, |record| record.revision) + 1,
            calls: fold.overview.calls,
            keys: keys(sum),
            inputs: inputs.len() as u64,
            inputs_hash: inputs_hash(&inputs),
            identity: scorer.identity.clone(),
            dating: self.dating(),
            contacts: scorer.contacts.clone(),
            counts,
            figures,
            redactions: scorer.identity.redaction.as_ref().map(|_| fold.redacted.masks.values().sum()),
            canary: done.canary.clone(),
            files: Vec::new(),
            check: String::new(),
        };
        let agents = fold.agents.finish();
        let partition = Partition {
            calls: fold.calls,
            segments: self.settings.detail.then_some(fold.segments),
            failures: fold.failures,
            agents: &agents,
        };
        let sums = DateSums { inputs, book: fold.agents, overview: fold.overview };
        let format = options::format(self.settings);
        Ok(stage_date(&mut store.publication, date, partition, record, &sums, format)?)
    }
}

/// Puts into the state what was seen and what waits. It lasts once all is published.
pub(super) fn remember(store: &Store, read: &Readings, plan: &Plan, done: &Done) -> Result<(), Failure> {
    let state = &store.state;
    for &(id, date) in &read.decision.replaced {
        let held = state.held_by(id)?.into_iter().find(|held| held.date == date);
        if let Some((held, before)) = held.zip(read.before.get(&id)) {
            let ghost = state.put_input(&as_it_was(before))?;
            state.put_held(Held { input: ghost, ..held })?;
        }
    }
    for (id, input) in &read.inputs {
        state.put_input(input)?;
        state.forget_calls(*id)?;
    }
    for (&(date, input), &calls) in &read.found.held {
        state.put_held(Held { input, date, calls })?;
    }
    for seen in &read.found.seen {
        for &input in &seen.inputs {
            state.put_call(&seen.key, input, seen.date, seen.shared)?;
        }
    }
    // What is gone and was not waited for is gone for good.
    for date in done.published.keys() {
        for held in state.holding(*date)?.into_iter().filter(|held| !read.inputs.contains_key(&held.input)) {
            state.forget_held(held)?;
        }
    }
    for &date in done.published.keys().chain(&plan.unchanged).chain(&plan.emptied) {
        state.settle(date)?;
        let failed = done.published.get(&date).is_some_and(|record| record.counts.segments.failed > 0);
        state.put_again(date, failed)?;
    }
    for pending in &plan.pending {
        state.put_pending(*pending)?;
    }
    Ok(())
}

impl Plan {
    /// Lets the new calls of a date wait; where none is new, the date itself.
    fn hold_back(&mut self, read: &Readings, date: CallDate, reason: Reason) {
        let mut waiting: Vec<(InputId, u64)> = read.found.inputs_of(date).collect();
        if waiting.iter().any(|(input, _)| read.reading.fresh.contains(input)) {
            waiting.retain(|(input, _)| read.reading.fresh.contains(input));
        }
        let pending = waiting.into_iter().map(|(input, calls)| Pending { date, input, calls, reason });
        self.pending.extend(pending);
    }
}

/// Whether all calls that a changed input has of a closed date are in its partition: an export that is written anew each
/// night, with the last weeks in it, brings nothing late.
fn holds_them_already(store: &Store, read: &Readings, pending: &Pending) -> Result<bool, Failure> {
    let late = read.found.late.get(&pending.date);
    let Some(late) = late.filter(|_| read.reading.changed.contains(&pending.input)) else { return Ok(false) };
    let name = part("calls", pending.date, "csv");
    store.lake.fetch([name.clone()])?;
    Ok(ids_in(&store.root().join(name)).is_ok_and(|ids| late.is_subset(&ids)))
}

/// A file of a date that somebody changed, as the user knows it.
fn edited(store: &Store, record: &DateRecord) -> Result<Option<PathBuf>, Failure> {
    store.fetch(record)?;
    let edited = record.edited(store.root()).unwrap_or_else(|error| {
        tracing::warn!(%error, "a published file can't be read");
        None
    });
    Ok(edited.map(|path| store.lake.shown(&path)))
}

/// The inputs of a date, as its record lists them.
fn inputs_of(read: &Readings, date: CallDate) -> Vec<DateInput> {
    let of = |(id, calls): (InputId, u64)| {
        let input = read.inputs.get(&id)?;
        let given = input.given.map(|date| date.to_string());
        Some(DateInput { blake3: input.hash.clone(), given, path: input.path.clone(), calls })
    };
    let mut inputs: Vec<DateInput> = read.found.inputs_of(date).filter_map(of).collect();
    inputs.sort();
    inputs
}

/// Whether the calls that would wait are in the partition of their date already.
fn is_in_record(store: &Store, read: &Readings, pending: &Pending) -> Result<bool, Failure> {
    let input = read.inputs.get(&pending.input).map(|input| &input.hash);
    if pending.reason != Reason::Late || !store.published.dates.contains_key(&pending.date) {
        return Ok(false);
    }
    Ok(read_sums(store.root(), pending.date)?.inputs.iter().any(|known| Some(&known.blake3) == input))
}

/// Whether a date was published from inputs that were not read now.
fn lacks_inputs(store: &Store, date: CallDate, inputs: &[DateInput]) -> Result<bool, Failure> {
    let published = read_sums(store.root(), date)?.inputs;
    let here: BTreeSet<&str> = inputs.iter().map(|input| input.blake3.as_str()).collect();
    Ok(!published.iter().all(|known| here.contains(known.blake3.as_str())))
}

/// The keys of the calls in a partition.
fn ids_in(path: &Path) -> Result<HashSet<[u8; 16]>, ReadError> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, deserialize_with = "read::name")]
        call_id: Cow<'a, str>,
    }
    let mut table = TableReader::open(path)?;
    let mut ids = HashSet::new();
    while table.advance()? {
        ids.insert(call_key(&table.row::<Named<'_>>()?.call_id));
    }
    Ok(ids)
}

/// An input whose content is gone from its place.
fn as_it_was(before: &Input) -> Input {
    let hash: String = before.hash.chars().take(8).collect();
    Input { path: format!("{} (as it was, {hash})", before.path), is_replaced: true, ..before.clone() }
}
