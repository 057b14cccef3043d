//! One stored score as 40 bytes: key, four exact probabilities, the day, and a check over all of it.
//!
//! ```text
//! 0..16 key   16..32 positive, negative, neutral, mixed (f32, little endian)   32..36 day   36..40 CRC-32
//! ```
//!
//! A record is believed only if its check holds *and* its four numbers are a distribution, so that damage to
//! a file makes a score unknown and never different.

use super::key::Key;
use crate::sentiment::Scores;

/// Bytes of one record, in journals and segments alike.
pub(super) const RECORD_BYTES: usize = 40;

/// Where the checked part ends and the check begins.
const CHECKED_BYTES: usize = 36;

/// How far the sum of four stored probabilities may lie from 1: single precision rounds each of them.
const STORED_SUM_TOLERANCE: f32 = 1e-3;

/// A score with the key it answers and the day on which it was paid for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Record {
    /// What was scored.
    pub(super) key: Key,
    /// What the engine answered.
    pub(super) scores: Scores,
    /// Days since 1970-01-01.
    pub(super) day: u32,
}

impl Record {
    /// The record's bytes.
    pub(super) fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..16].copy_from_slice(self.key.as_bytes());
        let scores = [self.scores.positive, self.scores.negative, self.scores.neutral, self.scores.mixed];
        for (place, score) in bytes[16..32].chunks_exact_mut(4).zip(scores) {
            place.copy_from_slice(&score.to_le_bytes());
        }
        bytes[32..36].copy_from_slice(&self.day.to_le_bytes());
        let check = crc32fast::hash(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads a record; `None` if it is not exactly what [`Record::encode`] wrote.
    pub(super) fn decode(bytes: &[u8; RECORD_BYTES]) -> Option<Self> {
        if crc32fast::hash(&bytes[..CHECKED_BYTES]) != read_u32(bytes, CHECKED_BYTES) {
            return None;
        }
        let score = |at| f32::from_bits(read_u32(bytes, at));
        let scores = Scores { positive: score(16), negative: score(20), neutral: score(24), mixed: score(28) };
        let key = Key::from_bytes(bytes[..16].try_into().expect("sixteen bytes were taken"));
        is_distribution(scores).then(|| Self { key, scores, day: read_u32(bytes, 32) })
    }

    /// All believable records in `bytes`, in their order, each at a multiple of its length.
    pub(super) fn decode_all(bytes: &[u8]) -> impl Iterator<Item = Option<Self>> {
        let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
        records.iter().map(Self::decode)
    }
}

/// Whether `scores` is what [`Scores::new`] could have made.
pub(super) fn is_distribution(scores: Scores) -> bool {
    let all = [scores.positive, scores.negative, scores.neutral, scores.mixed];
    all.iter().all(|p| (0.0..=1.0).contains(p)) && (all.iter().sum::<f32>() - 1.0).abs() <= STORED_SUM_TOLERANCE
}

/// The little-endian number at `at`, which lies within `bytes`.
pub(super) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes were taken"))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any record that a run could store.
    pub(in crate::cache) fn any_record() -> impl Strategy<Value = Record> {
        (any::<[u8; 16]>(), [0.0..1.0f64, 0.0..1.0, 0.0..1.0, 0.001..1.0], any::<u32>()).prop_map(
            |(key, weights, day)| {
                let sum: f64 = weights.iter().sum();
                let [positive, negative, neutral, mixed] = weights.map(|weight| weight / sum);
                let scores = Scores::new(positive, negative, neutral, mixed).unwrap();
                Record { key: Key::from_bytes(key), scores, day }
            },
        )
    }

    proptest! {
        #[test]
        fn a_record_comes_back_exactly(record in any_record()) {
            prop_assert_eq!(Record::decode(&record.encode()), Some(record));
        }

        #[test]
        fn a_record_with_any_damaged_bits_is_not_believed(record in any_record(), at in 0usize..40, flip in 1u8..) {
            let mut bytes = record.encode();
            bytes[at] ^= flip;
            prop_assert_eq!(Record::decode(&bytes), None);
        }
    }

    #[test]
    fn numbers_that_are_no_distribution_are_not_believed_though_their_check_holds() {
        let key = Key::from_bytes([7; 16]);
        for positive in [f32::NAN, f32::INFINITY, -0.5, 0.5, 1.5] {
            let scores = Scores { positive, negative: 0.0, neutral: 0.0, mixed: 0.0 };
            assert_eq!(Record::decode(&Record { key, scores, day: 1 }.encode()), None, "{positive}");
        }
    }

    #[test]
    fn zeros_are_no_record() {
        assert_eq!(Record::decode(&[0; RECORD_BYTES]), None);
    }
}
