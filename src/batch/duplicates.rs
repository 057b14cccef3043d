//! Which texts of this run were sent already, and what became of them.
//!
//! Keeps the text's [`Key`], never the text. A scored text takes 32 bytes.

use rustc_hash::FxHashMap;

use super::Failure;
use crate::cache::Key;
use crate::sentiment::Scores;

/// What is known of a text when one more item brings it.
pub(super) enum Seen<K> {
    /// Nothing.
    Never(K),
    /// Its outcome.
    Known(K, Result<Scores, Failure>),
    /// It was sent: the item waits for the outcome.
    OnItsWay,
}

/// The texts of one run.
pub(super) struct Duplicates<K> {
    on_their_way: FxHashMap<Key, Vec<K>>,
    scored: FxHashMap<Key, Scores>,
    failed: FxHashMap<Key, Failure>,
}

impl<K> Default for Duplicates<K> {
    fn default() -> Self {
        Self { on_their_way: FxHashMap::default(), scored: FxHashMap::default(), failed: FxHashMap::default() }
    }
}

impl<K> Duplicates<K> {
    /// Looks a text up.
    pub(super) fn look_up(&mut self, known_as: Key, key: K) -> Seen<K> {
        if let Some(waiting) = self.on_their_way.get_mut(&known_as) {
            waiting.push(key);
            return Seen::OnItsWay;
        }
        if let Some(scores) = self.scored.get(&known_as) {
            return Seen::Known(key, Ok(*scores));
        }
        if let Some(failure) = self.failed.get(&known_as) {
            return Seen::Known(key, Err(failure.clone()));
        }
        Seen::Never(key)
    }

    /// Notes that a text is on its way.
    pub(super) fn begin(&mut self, known_as: Key) {
        self.on_their_way.insert(known_as, Vec::new());
    }

    /// Keeps a text's outcome; returns the items that wait for it.
    pub(super) fn finish(&mut self, known_as: Key, outcome: &Result<Scores, Failure>) -> Vec<K> {
        match outcome {
            Ok(scores) => drop(self.scored.insert(known_as, *scores)),
            Err(failure) => drop(self.failed.insert(known_as, failure.clone())),
        }
        self.on_their_way.remove(&known_as).unwrap_or_default()
    }
}
