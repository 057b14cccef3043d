//! What scoring would send: the same preparation and the same look-ups, added up instead of sent.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use super::prepare::{PrepareOptions, Prepared};
use crate::cache::Key;
use crate::chunk::Estimate;
use crate::parallel::{cores, in_parallel};
use crate::sentiment::Billing;
use crate::transcript::Call;

/// What scoring would send at one granularity.
#[derive(Debug, Default)]
pub struct Plan {
    seen: FxHashSet<Key>,
    /// What would be sent.
    pub estimate: Estimate,
    /// Segments whose text another one of the run has.
    pub repeated: u64,
    /// Segments whose scores are stored.
    pub stored: u64,
    /// Segments that can't be scored: a language that the engine lacks, or no words.
    pub skipped: u64,
    /// Calls whose own words are too few to know their language by; counted in the first plan only.
    pub language_assumed: u64,
}

impl Plan {
    /// Adds a call.
    fn add(&mut self, prepared: &Prepared, billing: Option<Billing>) {
        self.language_assumed += u64::from(prepared.language_assumed);
        for (number, segment) in prepared.segments.iter().enumerate() {
            let known = prepared.known.get(number);
            if prepared.skipped(segment).is_some() {
                self.skipped += 1;
            } else if known.is_some_and(|known| !self.seen.insert(known.key)) {
                self.repeated += 1;
            } else if known.is_some_and(|known| known.stored.is_some()) {
                self.stored += 1;
            } else {
                self.estimate.add(segment, prepared.language(), billing);
                continue;
            }
            self.estimate.add_unsent(segment);
        }
    }
}

/// Prepares all calls on all cores, in each of several ways, and adds up what each would send.
///
/// # Errors
/// The first error of `groups`.
pub fn plan<E: Send>(
    groups: impl Iterator<Item = Result<Vec<Call>, E>> + Send,
    ways: &[PrepareOptions],
) -> Result<Vec<Plan>, E> {
    let groups = Mutex::new(groups);
    let plans: Vec<Mutex<Plan>> = ways.iter().map(|_| Mutex::default()).collect();
    let work = |_| {
        loop {
            // Its own statement, so that the others may read on while this group is prepared.
            let group = locked(&groups).next();
            let Some(group) = group else { return Ok(()) };
            let mut calls = group?;
            for (way, plan) in ways.iter().zip(&plans) {
                let prepared: Vec<Prepared> = calls.into_iter().map(|call| Prepared::of(call, way)).collect();
                let mut plan = locked(plan);
                for prepared in &prepared {
                    plan.add(prepared, way.chunk.billing);
                }
                // The next way need not find the languages again.
                calls = prepared.into_iter().map(|prepared| prepared.call).collect();
            }
        }
    };
    in_parallel(cores(), cores(), work).into_iter().collect::<Result<(), E>>()?;
    Ok(plans.into_iter().map(|plan| plan.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
