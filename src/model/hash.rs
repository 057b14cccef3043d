//! The hashes that features and lexicon share: fixed for ever, because stored weights depend on them.

/// FNV-1a's 64-bit offset and prime.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// What stands for a word that is to have no n-grams. No word hashes to it but by a chance of 2⁻⁶⁴.
pub(crate) const SILENT: u64 = 0;

/// The start of a hash of bytes.
pub(crate) const fn start(kind: u64) -> u64 {
    OFFSET ^ kind.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A hash with one more byte.
pub(crate) const fn extend(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(PRIME)
}

/// A hash whose bits all depend on all of the input's (the finaliser of `MurmurHash3`, one round).
pub(crate) const fn finish(hash: u64) -> u64 {
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 32)
}

/// The hash of a word's levelled letters.
pub(crate) fn of(letters: &[u8]) -> u64 {
    finish(letters.iter().fold(start(0), |hash, byte| extend(hash, *byte)))
}

/// The hash of two things in order.
pub(crate) const fn pair(first: u64, second: u64) -> u64 {
    finish(first.rotate_left(23).wrapping_mul(PRIME) ^ second)
}
