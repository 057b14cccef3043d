//! The key of a stored score: a hash that holds none of the words.

use std::fmt;

use rustc_hash::FxHashSet;

/// Key format version. Change it whenever keys are computed differently; old entries are then ignored.
const KEY_DOMAIN: &str = "undertone score key 1";

/// Engine and model: what a stored score is valid for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Scorer {
    /// The engine's kind, such as `comprehend`: two names of one model share what was paid.
    pub engine: String,
    /// Its model or API version.
    pub model: String,
}

impl Scorer {
    /// The scorer that `profile` describes.
    #[must_use]
    pub fn of(profile: &crate::engine::Profile) -> Self {
        Self { engine: profile.kind.to_owned(), model: profile.model.clone() }
    }

    /// The key of `text` in `language` for this scorer.
    #[must_use]
    pub fn key(&self, language: &str, text: &str) -> Key {
        Key::new(self, language, text)
    }
}

/// 128 bits of BLAKE3 over engine, model, language and exact text, each with its length before it.
///
/// Two different texts among ten million share a key with a probability below 10⁻²⁴.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// Hashes what identifies a score.
    #[must_use]
    pub fn new(scorer: &Scorer, language: &str, text: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        for field in [KEY_DOMAIN, &scorer.engine, &scorer.model, language, text] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(bytes)
    }

    /// The space of all keys in 4,096 slices, each by bounds that `BETWEEN` takes.
    pub(super) fn slices() -> impl Iterator<Item = ([u8; 2], [u8; 17])> {
        (0..=u16::MAX).step_by(16).map(|slice| {
            let [high, low] = slice.to_be_bytes();
            let mut last = [u8::MAX; 17];
            last[..2].copy_from_slice(&[high, low | 0xF]);
            ([high, low], last)
        })
    }

    fn short(self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|place| self.0[place]))
    }

    /// The key of these bytes.
    #[cfg(any(feature = "jobs", test))]
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Many keys in little memory: eight bytes of each are kept. Of ten million keys two have these in common with a
/// probability of 3 in a million; then the set takes the second for the first.
#[derive(Clone, Default)]
pub(crate) struct KeySet(FxHashSet<u64>);

impl KeySet {
    /// Adds a key; whether it was not there.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        self.0.insert(key.short())
    }

    /// Whether a key is there.
    pub(crate) fn contains(&self, key: Key) -> bool {
        self.0.contains(&key.short())
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.0.len())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:032x})", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(engine: &str, model: &str, language: &str, text: &str) -> Key {
        Scorer { engine: engine.into(), model: model.into() }.key(language, text)
    }

    proptest! {
        #[test]
        fn fields_that_differ_give_keys_that_differ(a in any::<[String; 4]>(), b in any::<[String; 4]>()) {
            let of = |f: &[String; 4]| key(&f[0], &f[1], &f[2], &f[3]);
            prop_assert_eq!(a == b, of(&a) == of(&b));
        }

        #[test]
        fn moving_characters_between_fields_changes_the_key(a in "[a-c]{0,4}", b in "[a-c]{1,4}") {
            let joined = format!("{a}{b}");
            prop_assert_ne!(key("e", &a, &b, "t"), key("e", &joined, "", "t"));
            prop_assert_ne!(key("e", "m", &a, &b), key("e", "m", &joined, ""));
        }
    }

    /// The format's promise: a key made today must be found by every later version with this domain.
    #[test]
    fn keys_stay_the_same_from_version_to_version() {
        let key = key("comprehend", "2017-11-27", "en", "Thank you, that helped.");
        assert_eq!(format!("{:032x}", u128::from_be_bytes(*key.as_bytes())), "136e8921b289e326f9183007298dfb42");
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut set = KeySet::default();
        let (one, other) = (key("e", "m", "en", "one"), key("e", "m", "en", "other"));
        assert!(set.insert(one) && !set.insert(one));
        assert!(set.contains(one) && !set.contains(other));
    }

    #[test]
    fn debug_shows_a_hash_only() {
        let shown = format!("{:?}", key("e", "m", "en", "words nobody may read"));
        assert!(shown.starts_with("Key(") && shown.len() == 37 && !shown.contains("words"), "{shown}");
    }
}
