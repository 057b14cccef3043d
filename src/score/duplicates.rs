//! Which texts of this run were sent already, and what became of them.
//!
//! Keeps 128 bits of a BLAKE3 hash of language and text, never the text: two different texts among ten million
//! share them with a probability of about 10⁻²⁵. A scored text takes 32 bytes.

use rustc_hash::FxHashMap;

use super::Failure;
use crate::engine::Scores;

/// What stands for a language and a text.
pub type Digest = u128;

/// Hashes a text in a language.
#[must_use]
pub fn digest(language: &str, text: &str) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(language.as_bytes()).update(&[0]).update(text.as_bytes());
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    Digest::from_le_bytes(half)
}

/// What is known of a text when one more item brings it.
pub(super) enum Seen<K> {
    /// Nothing: the item is to be sent.
    Never(K),
    /// Its outcome.
    Known(K, Result<Scores, Failure>),
    /// It was sent: the item waits for the outcome.
    OnItsWay,
}

/// The texts of one run.
pub(super) struct Duplicates<K> {
    on_their_way: FxHashMap<Digest, Vec<K>>,
    scored: FxHashMap<Digest, Scores>,
    failed: FxHashMap<Digest, Failure>,
}

impl<K> Default for Duplicates<K> {
    fn default() -> Self {
        Self { on_their_way: FxHashMap::default(), scored: FxHashMap::default(), failed: FxHashMap::default() }
    }
}

impl<K> Duplicates<K> {
    /// Looks a text up, and notes that it is on its way if it is new.
    pub(super) fn look_up(&mut self, digest: Digest, key: K) -> Seen<K> {
        if let Some(waiting) = self.on_their_way.get_mut(&digest) {
            waiting.push(key);
            return Seen::OnItsWay;
        }
        if let Some(scores) = self.scored.get(&digest) {
            return Seen::Known(key, Ok(*scores));
        }
        if let Some(failure) = self.failed.get(&digest) {
            return Seen::Known(key, Err(failure.clone()));
        }
        self.on_their_way.insert(digest, Vec::new());
        Seen::Never(key)
    }

    /// Keeps a text's outcome; returns the items that wait for it.
    pub(super) fn finish(&mut self, digest: Digest, outcome: &Result<Scores, Failure>) -> Vec<K> {
        match outcome {
            Ok(scores) => drop(self.scored.insert(digest, *scores)),
            Err(failure) => drop(self.failed.insert(digest, failure.clone())),
        }
        self.on_their_way.remove(&digest).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_and_text_cannot_run_into_each_other() {
        assert_ne!(digest("zh", "-TW"), digest("zh-TW", ""));
        assert_ne!(digest("en", "fine"), digest("de", "fine"));
        assert_eq!(digest("en", "fine"), digest("en", "fine"));
    }
}
