//! What look-ups see: answers of this run, what other runs left in journals, and the segments.
//!
//! Shared by the look-ups, which only read it, and the writer, which puts a segment in place of the records that
//! it holds. Nothing is waited for but memory: files are read outside the lock.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustc_hash::FxHashMap;

use super::CacheError;
use super::folder::Opened;
use super::key::Key;
use super::merge::{self, Merged};
use super::record::Record;
use super::segment::Segment;

/// The parts of the cache that can be looked up.
#[derive(Debug)]
pub(super) struct View {
    parts: RwLock<Parts>,
    /// Records from this day on are answers; older ones are as if not there.
    first_day: u32,
    failure: RwLock<Option<Arc<CacheError>>>,
}

#[derive(Debug, Default)]
struct Parts {
    /// Recorded by this process since its last segment.
    fresh: FxHashMap<Key, Record>,
    /// Being sorted into a segment.
    frozen: FxHashMap<Key, Record>,
    /// Found in journals when the cache was opened.
    journaled: FxHashMap<Key, Record>,
    /// The largest first.
    segments: Arc<[Arc<Segment>]>,
}

impl View {
    /// Shows what was `opened`; only records of `first_day` and later count.
    pub(super) fn new(opened: Opened, first_day: u32) -> Self {
        let mut journaled = FxHashMap::default();
        for record in merge::sorted(opened.journaled) {
            journaled.insert(record.key, record);
        }
        let parts = Parts { journaled, segments: opened.segments.into(), ..Parts::default() };
        Self { parts: RwLock::new(parts), first_day, failure: RwLock::default() }
    }

    /// The record of each key, where there is one that is not too old.
    pub(super) fn get_many(&self, keys: &[Key]) -> Vec<Option<Record>> {
        let current = |record: &Record| record.day >= self.first_day;
        let (mut found, segments) = {
            let parts = self.read();
            let in_memory = [&parts.fresh, &parts.frozen, &parts.journaled];
            let found: Vec<Option<Record>> = keys
                .iter()
                .map(|key| in_memory.iter().find_map(|records| records.get(key).copied().filter(current)))
                .collect();
            (found, Arc::clone(&parts.segments))
        };
        for (record, &key) in found.iter_mut().zip(keys).filter(|(record, _)| record.is_none()) {
            *record = segments.iter().find_map(|segment| segment.get(key).filter(current));
        }
        found
    }

    /// Adds an answer of this run.
    pub(super) fn insert(&self, record: Record) {
        self.write().fresh.insert(record.key, record);
    }

    /// Answers of this run that no segment holds.
    pub(super) fn fresh_entries(&self) -> usize {
        self.read().fresh.len()
    }

    /// Sets the fresh records apart and returns them; look-ups go on finding them.
    pub(super) fn freeze(&self) -> Vec<Record> {
        let mut parts = self.write();
        parts.frozen = std::mem::take(&mut parts.fresh);
        parts.frozen.values().copied().collect()
    }

    /// Puts `segment` in place of the records set apart, which it holds.
    pub(super) fn replace_frozen(&self, segment: Option<Segment>) {
        let mut parts = self.write();
        parts.frozen = FxHashMap::default();
        let added = segment.map(Arc::new);
        parts.segments = by_size(parts.segments.iter().cloned().chain(added));
    }

    /// Takes the records set apart back among the fresh ones.
    pub(super) fn thaw(&self) {
        let mut parts = self.write();
        for (key, record) in std::mem::take(&mut parts.frozen) {
            parts.fresh.entry(key).or_insert(record);
        }
    }

    /// Gives up the fresh records, which no disk takes.
    pub(super) fn forget_fresh(&self) {
        self.write().fresh = FxHashMap::default();
    }

    /// Puts a merged segment in place of those that it was made of.
    pub(super) fn replace_segments(&self, merged: Merged) {
        let mut parts = self.write();
        let left = parts.segments.iter().filter(|segment| !merged.removed.contains(segment.path())).cloned();
        parts.segments = by_size(left.chain(merged.added.map(Arc::new)).collect::<Vec<_>>());
    }

    /// The segments in which look-ups met damage.
    pub(super) fn damaged_segments(&self) -> BTreeSet<PathBuf> {
        let parts = self.read();
        parts.segments.iter().filter(|segment| segment.is_damaged()).map(|segment| segment.path().to_owned()).collect()
    }

    /// What last kept the writer from making answers durable.
    pub(super) fn failure(&self) -> Option<Arc<CacheError>> {
        self.failure.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers what keeps the writer from making answers durable.
    pub(super) fn set_failure(&self, error: CacheError) {
        *self.failure.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(error));
    }

    // No step between taking and giving back a guard can leave the parts half changed, so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, Parts> {
        self.parts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Parts> {
        self.parts.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn by_size(segments: impl IntoIterator<Item = Arc<Segment>>) -> Arc<[Arc<Segment>]> {
    let mut segments: Vec<_> = segments.into_iter().collect();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.footer().entries));
    segments.into()
}
