//! What scoring would send: the same preparation and the same look-ups, added up instead of sent.

use rustc_hash::FxHashSet;

use super::prepare::{PrepareOptions, Prepared};
use crate::cache::Key;
use crate::chunk::Estimate;
use crate::score::Memory;
use crate::transcript::Call;

/// Adds up what the calls of a run would send at one granularity.
pub struct Planner {
    prepare: PrepareOptions,
    memory: Memory,
    seen: FxHashSet<Key>,
    /// What would be sent.
    pub estimate: Estimate,
    /// Segments whose text another one of the run has.
    pub repeated: u64,
    /// Segments whose scores are stored.
    pub stored: u64,
    /// Segments that can't be scored: a language that the engine lacks, or no words.
    pub skipped: u64,
}

impl Planner {
    /// Nothing yet.
    #[must_use]
    pub fn new(prepare: PrepareOptions, memory: Memory) -> Self {
        Self {
            prepare,
            memory,
            seen: FxHashSet::default(),
            estimate: Estimate::default(),
            repeated: 0,
            stored: 0,
            skipped: 0,
        }
    }

    /// Adds a call; gives it back, with its language found.
    pub fn add(&mut self, call: Call) -> Call {
        let prepared = Prepared::of(call, &self.prepare);
        for segment in &prepared.segments {
            if prepared.skipped(segment).is_some() {
                self.skipped += 1;
                self.estimate.add_unsent(segment);
                continue;
            }
            let key = self.memory.scorer.key(prepared.language(), &segment.text(&prepared.call));
            if !self.seen.insert(key) {
                self.repeated += 1;
                self.estimate.add_unsent(segment);
            } else if matches!(self.memory.store.lookup(&[key]).first(), Some(Some(_))) {
                self.stored += 1;
                self.estimate.add_unsent(segment);
            } else {
                self.estimate.add(segment, prepared.language(), self.prepare.chunk.billing);
            }
        }
        prepared.call
    }
}
