//! What single words are known to mean before anything is learned: valences, negators, intensifiers, fillers.
//!
//! Valences are VADER's (Hutto & Gilbert 2014, MIT; the notice is in `models/NOTICES`), on its scale of −4 to 4.
//! The words are looked up by hash in a table that is used where it lies, so that loading a model costs nothing.

/// What the lexicon knows of a word: a valence in tenths, or one of the marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning(pub(crate) i8);

impl Meaning {
    /// Nothing is known.
    pub(crate) const NONE: Self = Self(0);
    /// Turns what follows into its opposite: `not`, `never`, `cant`.
    pub(crate) const NEGATOR: Self = Self(100);
    /// Strengthens what follows: `very`.
    pub(crate) const BOOSTER: Self = Self(101);
    /// Weakens what follows: `slightly`.
    pub(crate) const DAMPENER: Self = Self(102);
    /// Has no meaning and is dropped: `um`.
    pub(crate) const FILLER: Self = Self(103);

    /// The valence on VADER's scale of −4 to 4, if it has one.
    pub(crate) fn valence(self) -> Option<f32> {
        (self.0 != 0 && self.0 < Self::NEGATOR.0).then(|| f32::from(self.0) / 10.0)
    }
}

/// Slots in the table: a power of two, about twice the words.
pub(crate) const SLOTS: usize = 1 << 14;
/// Bytes of the table: a key of four bytes and a meaning of one for each slot.
pub(crate) const TABLE_BYTES: usize = SLOTS * 5;

/// A hash table of words in place.
#[derive(Clone, Copy)]
pub(crate) struct Lexicon<'w> {
    keys: &'w [[u8; 4]; SLOTS],
    meanings: &'w [u8; SLOTS],
}

impl<'w> Lexicon<'w> {
    /// Reads a table as [`build`] wrote it; `None` if it has another size.
    pub(crate) fn new(table: &'w [u8]) -> Option<Self> {
        let (keys, meanings) = table.split_at_checked(SLOTS * 4)?;
        Some(Self { keys: keys.as_chunks().0.try_into().ok()?, meanings: meanings.try_into().ok()? })
    }

    /// What is known of the word with this hash.
    pub(crate) fn meaning(&self, hash: u64) -> Meaning {
        let (mut slot, key) = place(hash);
        for _ in 0..SLOTS {
            let found = u32::from_le_bytes(self.keys[slot]);
            if found == key {
                return Meaning(self.meanings[slot].cast_signed());
            }
            if found == 0 {
                return Meaning::NONE;
            }
            slot = (slot + 1) % SLOTS;
        }
        Meaning::NONE
    }
}

/// The slot where the search for a hash begins, and its key, which is never 0.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of the hash are what is wanted")]
const fn place(hash: u64) -> (usize, u32) {
    ((hash >> 50) as usize % SLOTS, hash as u32 | 1)
}

/// The table of the given words; of several meanings for one word, the first stays. Words beyond nine tenths of
/// the slots are dropped.
pub(crate) fn build(words: impl IntoIterator<Item = (u64, Meaning)>) -> Vec<u8> {
    let mut table = vec![0; TABLE_BYTES];
    let mut left = SLOTS / 10 * 9;
    for (hash, meaning) in words {
        let (mut slot, key) = place(hash);
        let key = key.to_le_bytes();
        let found = loop {
            let stored = &table[slot * 4..slot * 4 + 4];
            if stored == key || stored == [0; 4] {
                break stored == key;
            }
            slot = (slot + 1) % SLOTS;
        };
        if !found && left > 0 {
            left -= 1;
            table[slot * 4..slot * 4 + 4].copy_from_slice(&key);
            table[SLOTS * 4 + slot] = meaning.0.cast_unsigned();
        }
    }
    table
}
