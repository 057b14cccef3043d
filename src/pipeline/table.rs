//! Calls under way: from the moment their documents are handed out until the last one has an outcome.

use std::sync::Arc;

use super::fold::TakeCalls;
use super::prepare::Prepared;
use crate::batch::{Failure, Item, Scored, Source};
use crate::sentiment::{Outcome, Scores};
use crate::transcript::Text;

/// Which segment of which call under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentKey {
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
pub(super) struct Table<F> {
    pub(super) fold: F,
    /// Calls whose outcomes are all in.
    pub(super) finished: u64,
    slots: Vec<Option<Pending>>,
    free: Vec<u32>,
    /// The first failure to put a row aside; everything after it is dropped.
    failure: Option<std::io::Error>,
}

impl<F: TakeCalls> Table<F> {
    pub(super) fn new(fold: F) -> Self {
        Self { fold, finished: 0, slots: Vec::new(), free: Vec::new(), failure: None }
    }

    /// Takes in a group of calls; returns the documents to score.
    pub(super) fn admit(&mut self, group: Vec<Prepared>) -> Vec<Item<SegmentKey>> {
        let mut items = Vec::new();
        for prepared in group {
            self.admit_call(prepared, &mut items);
        }
        items
    }

    fn admit_call(&mut self, prepared: Prepared, items: &mut Vec<Item<SegmentKey>>) {
        let outcomes: Vec<Option<Outcome>> = prepared
            .segments
            .iter()
            .map(|segment| prepared.skipped(segment).map(|reason| Outcome::Skipped { reason }))
            .collect();
        let missing = outcomes.iter().filter(|outcome| outcome.is_none()).count();
        if missing == 0 {
            return self.finish(&prepared, outcomes);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("calls under way are bounded by the scorer's window")
        });
        let language: Arc<str> = Arc::from(prepared.language());
        for (number, segment) in (0..).zip(&prepared.segments) {
            if outcomes.get(number as usize).is_some_and(Option::is_none) {
                let known = prepared.known.get(number as usize);
                let stored = known.and_then(|known| known.stored);
                // What is known already needs no copy of its text.
                let text = if stored.is_some() { Text::default() } else { Text::from(segment.text(&prepared.call)) };
                items.push(Item {
                    key: SegmentKey { slot, segment: number },
                    known_as: known.map(|known| known.key),
                    stored,
                    language: Arc::clone(&language),
                    text,
                });
            }
        }
        self.slots[slot as usize] = Some(Pending { prepared, outcomes, missing });
    }

    /// Notes an outcome; finishes its call if it was the last one.
    pub(super) fn settle(&mut self, scored: Scored<SegmentKey>) {
        let SegmentKey { slot, segment } = scored.key;
        let Some(place) = self.slots.get_mut(slot as usize) else { return };
        let Some(pending) = place else { return };
        let Some(outcome) = pending.outcomes.get_mut(segment as usize) else { return };
        if outcome.replace(outcome_of(scored.outcome, scored.source)).is_none() {
            pending.missing -= 1;
        }
        if pending.missing == 0
            && let Some(Pending { prepared, outcomes, .. }) = place.take()
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

fn outcome_of(outcome: Result<Scores, Failure>, source: Source) -> Outcome {
    match outcome {
        Ok(scores) if source == Source::Stored => Outcome::Cached(scores),
        Ok(scores) => Outcome::Scored(scores),
        Err(Failure { reason, attempts }) => Outcome::Failed { reason: (*reason).into(), attempts },
    }
}
