//! Reading what a night needs: new and changed inputs, and whatever else holds the dates that they touch.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::arrivals::Arrivals;
use super::{Night, Store};
use crate::commands::options;
use crate::commands::stages::Read;
use crate::exit::Failure;
#[cfg(feature = "object-stores")]
use crate::input;
use crate::input::{Conversations, Source, Tally};
use crate::nights::{self, CallDate, Decision, Found, Input, InputId, Look, Reading, Reason, decide};
use crate::settings::Redelivery;

/// Dates before the newest that lie so many days before the lookback are remembered call by call too.
const MEMORY_DAYS: i64 = 3;

/// What was read, and what comes of it.
pub(super) struct Readings {
    pub(super) conversations: Conversations,
    pub(super) read: Read,
    pub(super) tally: Tally,
    pub(super) reading: Reading,
    pub(super) found: Found,
    pub(super) decision: Decision,
    /// All inputs that were read, as they were when they were read.
    pub(super) inputs: BTreeMap<InputId, Input>,
    /// What changed inputs held before.
    pub(super) before: BTreeMap<InputId, Input>,
}

/// Which inputs can't be read any more, each looked at once.
struct Gone<'s> {
    store: &'s Store,
    known: RefCell<HashMap<InputId, bool>>,
    /// Why the first of them could not be looked at.
    failed: RefCell<Option<Failure>>,
}

impl<'s> Gone<'s> {
    fn new(store: &'s Store) -> Self {
        Self { store, known: RefCell::default(), failed: RefCell::default() }
    }

    /// What is not known is taken to be there: [`Self::check`] tells the two apart.
    fn is_gone(&self, id: InputId) -> bool {
        *self.known.borrow_mut().entry(id).or_insert_with(|| match self.look(id) {
            Ok(is_there) => !is_there,
            Err(failure) => {
                self.failed.borrow_mut().get_or_insert(failure);
                false
            }
        })
    }

    fn look(&self, id: InputId) -> Result<bool, Failure> {
        let input = self.store.state.input(id)?;
        input.map_or(Ok(false), |input| self.store.inventory.has(&input))
    }

    /// Insists that everything could be looked at.
    fn check(&self) -> Result<(), Failure> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// Dates whose calls wait for an input or a file that stood in the way, and does no more.
pub(super) fn unblocked(store: &Store) -> Result<BTreeSet<CallDate>, Failure> {
    let gone = Gone::new(store);
    let mut dates = BTreeSet::new();
    for pending in store.state.pending()? {
        let is_free = match pending.reason {
            Reason::Late => false,
            Reason::Gone => store.state.holding(pending.date)?.iter().all(|held| !gone.is_gone(held.input)),
            Reason::Edited => {
                let record = store.published.dates.get(&pending.date);
                record.map_or(Ok(()), |record| store.fetch(record))?;
                let edited = record.map(|record| record.edited(store.root())).transpose();
                matches!(edited, Ok(None | Some(None)))
            }
        };
        if is_free {
            dates.insert(pending.date);
        }
    }
    gone.check()?;
    Ok(dates)
}

impl Night<'_> {
    /// Reads until nothing more is needed to know which dates are dirty, and all that holds them.
    pub(super) fn read(
        &mut self,
        store: &mut Store,
        arrivals: Arrivals,
        night: &nights::Night,
    ) -> Result<Readings, Failure> {
        let Arrivals { mut fresh, mut before, .. } = arrivals;
        let mut read: BTreeSet<InputId> = fresh.keys().copied().collect();
        // What is asked for or tried again needs inputs of its own, and is read at once.
        let gone = Gone::new(store);
        for date in night.forced.iter().chain(&night.again) {
            let held = store.state.holding(*date)?.into_iter().map(|held| held.input);
            read.extend(held.filter(|input| !gone.is_gone(*input)));
        }
        loop {
            let mut inputs = fresh.clone();
            for id in &read {
                if let Some(input) = store.state.input(*id)?.filter(|_| !fresh.contains_key(id)) {
                    inputs.insert(*id, input);
                }
            }
            let (mut conversations, notes, files) = self.read_inputs(store, &inputs)?;
            let changed = note(&conversations, &files, &mut inputs, &fresh);
            if let Some(id) = changed {
                before.extend(store.state.input(id)?.map(|input| (id, input)));
                fresh.extend(inputs.remove(&id).map(|input| (id, input)));
                continue;
            }
            for (id, input) in &inputs {
                if let Some(own) = fresh.get_mut(id) {
                    own.clone_from(input);
                }
            }
            let partly = store.state.partly_in(&read)?.into_iter().collect();
            let fresh_ids = fresh.keys().copied().collect();
            let memory = night.lookback + MEMORY_DAYS;
            let changed = before.keys().copied().collect();
            let closed = night.published.iter().copied().filter(|date| night.is_late(*date)).collect();
            let reading = Reading { files, fresh: fresh_ids, partly, memory, changed, closed };
            let is_gone = |input| !inputs.contains_key(&input) && gone.is_gone(input);
            let (found, tally) = find(&conversations, &reading, store, &is_gone)?;
            let look = decide(&store.state, night, &reading, &found, &is_gone)?;
            gone.check()?;
            match look {
                Look::Read(more) => {
                    tracing::info!(
                        inputs = more.len(),
                        "dates that are touched stand in other inputs too: reading those"
                    );
                    read = more;
                }
                Look::Publish(decision) => {
                    conversations.go_by_dates(&found.files_of_dates(&reading));
                    return Ok(Readings {
                        conversations,
                        read: notes,
                        tally,
                        reading,
                        found,
                        decision,
                        inputs,
                        before,
                    });
                }
            }
        }
    }

    /// Reads inputs in the order of their paths; their ids in that order.
    fn read_inputs(
        &mut self,
        store: &Store,
        inputs: &BTreeMap<InputId, Input>,
    ) -> Result<(Conversations, Read, Vec<InputId>), Failure> {
        let mut ordered: Vec<(&InputId, &Input)> = inputs.iter().collect();
        ordered.sort_by(|(_, one), (_, other)| one.path.cmp(&other.path));
        let mut options = options::input(self.settings)?;
        options.delivery.may_be_empty = true;
        options.delivery.dates = ordered.iter().map(|(_, input)| input.given).collect();
        for (_, input) in &ordered {
            if store.state.inputs_called(&input.stem)?.iter().filter(|(_, input)| !input.is_replaced).count() > 1 {
                options.delivery.shared_stems.insert(input.stem.clone());
            }
        }
        if self.nights.redelivery == Redelivery::Replace {
            options.delivery.ranks = Some(ranks(&ordered));
        }
        let mut sources = Vec::with_capacity(ordered.len());
        for (_, input) in &ordered {
            let now = store.inventory.now(input)?;
            // What has vanished since it was looked at is missed when it is opened.
            let gone =
                || Source::File { path: input.path.clone().into(), bytes: input.bytes, is_named: input.is_named };
            sources.push(now.unwrap_or_else(gone));
        }
        #[cfg(feature = "object-stores")]
        input::in_turn(&mut sources);
        let (conversations, read) = self.stages.read(&sources, &options)?;
        Ok((conversations, read, ordered.into_iter().map(|(id, _)| *id).collect()))
    }
}

/// Notes what reading showed of the inputs; one that is not what it was, though nobody said so.
fn note(
    conversations: &Conversations,
    files: &[InputId],
    inputs: &mut BTreeMap<InputId, Input>,
    fresh: &BTreeMap<InputId, Input>,
) -> Option<InputId> {
    let mut changed = None;
    for report in conversations.reports() {
        let Some(id) = files.get(report.number as usize) else { continue };
        let Some(input) = inputs.get_mut(id) else { continue };
        if !fresh.contains_key(id) && input.hash != report.hash {
            changed = Some(*id);
        }
        input.hash.clone_from(&report.hash);
        input.names_calls = report.names_calls;
        input.bytes = report.bytes;
    }
    changed
}

/// Where each input stands in the order of their changes; of two that were changed at once, the later path counts.
fn ranks(inputs: &[(&InputId, &Input)]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|&place| inputs.get(place).map(|(_, input)| (input.modified, input.path.as_str())));
    let mut ranks = vec![0; inputs.len()];
    for (rank, place) in (0..).zip(order) {
        ranks[place] = rank;
    }
    ranks
}

/// What the calls that were read are.
fn find(
    conversations: &Conversations,
    reading: &Reading,
    store: &Store,
    is_gone: nights::IsGone<'_>,
) -> Result<(Found, Tally), Failure> {
    let state = store.state.has_calls()?.then_some(&store.state);
    let mut found = Found::default();
    let mut calls = conversations.calls();
    for group in calls.by_ref() {
        for call in group? {
            found.add(&call, reading, state, is_gone)?;
        }
    }
    Ok((found, calls.tally()))
}
