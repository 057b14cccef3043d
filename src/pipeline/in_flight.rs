//! Calls under way: from the moment their documents are handed out until the last one has an outcome.

use std::sync::Arc;

use super::fold::TakeCalls;
use super::prepare::{Prepared, Step};
use crate::batch::{Content, Work};
use crate::sentiment::Outcome;

/// Which segment of which call under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    slot: u32,
    segment: u32,
}

/// A call that waits for outcomes.
struct Pending {
    prepared: Prepared,
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
}

/// The calls under way, and the owner that finished ones go to.
pub(super) struct InFlight<F> {
    pub(super) fold: F,
    /// Calls whose outcomes are all in.
    pub(super) finished: u64,
    slots: Vec<Option<Pending>>,
    free: Vec<u32>,
    /// The first failure to put a row aside; everything after it is dropped.
    failure: Option<std::io::Error>,
}

impl<F: TakeCalls> InFlight<F> {
    pub(super) fn new(fold: F) -> Self {
        Self { fold, finished: 0, slots: Vec::new(), free: Vec::new(), failure: None }
    }

    /// Takes in a group of calls; returns the documents to score.
    pub(super) fn admit(&mut self, group: Vec<Prepared>) -> Vec<Work<Place>> {
        let mut documents = Vec::new();
        for prepared in group {
            self.admit_call(prepared, &mut documents);
        }
        documents
    }

    fn admit_call(&mut self, mut prepared: Prepared, documents: &mut Vec<Work<Place>>) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("calls under way are bounded by the batcher's window")
        });
        let language: Arc<str> = Arc::from(prepared.language());
        let before = documents.len();
        let mut outcomes = Vec::with_capacity(prepared.steps.len());
        for (segment, step) in (0..).zip(std::mem::take(&mut prepared.steps)) {
            let (id, content) = match step {
                Step::Skip(reason) => {
                    outcomes.push(Some(Outcome::Skipped { reason }));
                    continue;
                }
                Step::Fail(reason) => {
                    outcomes.push(Some(Outcome::Failed { reason, attempts: 1 }));
                    continue;
                }
                Step::Reuse { id, scores, is_fresh: false } => (Some(id), Content::Stored(scores)),
                Step::Reuse { id, scores, is_fresh: true } => (Some(id), Content::Fresh(scores)),
                Step::Score { id, text } => (id, Content::Text(text)),
            };
            outcomes.push(None);
            documents.push(Work { tag: Place { slot, segment }, id, language: Arc::clone(&language), content });
        }
        let missing = documents.len() - before;
        if missing == 0 {
            self.free.push(slot);
            return self.finish(&prepared, outcomes);
        }
        self.slots[slot as usize] = Some(Pending { prepared, outcomes, missing });
    }

    /// Notes an outcome; finishes its call if it was the last one.
    pub(super) fn settle(&mut self, Place { slot, segment }: Place, outcome: Outcome) {
        let Some(call) = self.slots.get_mut(slot as usize) else { return };
        let Some(pending) = call else { return };
        let Some(known) = pending.outcomes.get_mut(segment as usize) else { return };
        if known.replace(outcome).is_none() {
            pending.missing -= 1;
        }
        if pending.missing == 0
            && let Some(Pending { prepared, outcomes, .. }) = call.take()
        {
            self.free.push(slot);
            self.finish(&prepared, outcomes);
        }
    }

    fn finish(&mut self, prepared: &Prepared, outcomes: Vec<Option<Outcome>>) {
        if self.failure.is_some() {
            return;
        }
        let outcomes = outcomes.into_iter().flatten().collect();
        match self.fold.finish_call(prepared, outcomes) {
            Ok(()) => self.finished += 1,
            Err(error) => self.failure = Some(error),
        }
    }

    /// Whether a row could not be put aside.
    pub(super) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Everything that was finished, or why it can't be had.
    pub(super) fn into_fold(self) -> Result<F, std::io::Error> {
        match self.failure {
            None => Ok(self.fold),
            Some(error) => Err(error),
        }
    }
}
