//! An engine's answer as the 20 bytes that the table holds: four exact probabilities and a check.
//!
//! ```text
//! 0..16 positive, negative, neutral, mixed (f32, little endian)   16..20 CRC-32 of the key and these
//! ```
//!
//! Bytes are believed only if their check holds *and* the four numbers are a distribution, so that damage to the file
//! makes a score unknown and never different.

use super::key::Key;
use crate::sentiment::Scores;

/// Bytes of one stored answer.
pub(super) const ANSWER_BYTES: usize = 20;
/// Where the scores end and the check begins.
const CHECK_AT: usize = 16;
/// How far the sum of four stored probabilities may lie from 1: single precision rounds each of them.
const STORED_SUM_TOLERANCE: f32 = 1e-3;

/// The bytes that keep `scores` for `key`.
pub(super) fn encode(key: Key, scores: Scores) -> [u8; ANSWER_BYTES] {
    let mut bytes = [0; ANSWER_BYTES];
    let scores = [scores.positive, scores.negative, scores.neutral, scores.mixed];
    for (place, score) in bytes.chunks_exact_mut(4).zip(scores) {
        place.copy_from_slice(&score.to_le_bytes());
    }
    let check = check(key, &bytes[..CHECK_AT]);
    bytes[CHECK_AT..].copy_from_slice(&check.to_le_bytes());
    bytes
}

/// The scores that `bytes` keep for `key`; `None` if they are not what [`encode`] made for this key.
pub(super) fn decode(key: Key, bytes: &[u8]) -> Option<Scores> {
    let bytes: &[u8; ANSWER_BYTES] = bytes.try_into().ok()?;
    let [positive, negative, neutral, mixed, stored] =
        std::array::from_fn(|place| std::array::from_fn(|byte| bytes[place * 4 + byte]));
    let [positive, negative, neutral, mixed] = [positive, negative, neutral, mixed].map(f32::from_le_bytes);
    let scores = Scores { positive, negative, neutral, mixed };
    (check(key, &bytes[..CHECK_AT]) == u32::from_le_bytes(stored) && is_distribution(scores)).then_some(scores)
}

fn check(key: Key, scores: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(scores);
    hasher.finalize()
}

/// Whether `scores` is what [`Scores::new`] could have made.
pub(super) fn is_distribution(scores: Scores) -> bool {
    let all = [scores.positive, scores.negative, scores.neutral, scores.mixed];
    all.iter().all(|p| (0.0..=1.0).contains(p)) && (all.iter().sum::<f32>() - 1.0).abs() <= STORED_SUM_TOLERANCE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_answer_comes_back_exactly_and_not_at_all_with_a_damaged_bit_or_for_another_key(
            key in any::<[u8; 16]>(), other in any::<[u8; 16]>(),
            weights in [0.0..1.0f64, 0.0..1.0, 0.0..1.0, 0.001..1.0],
            at in 0..ANSWER_BYTES, flip in 1u8..,
        ) {
            let sum: f64 = weights.iter().sum();
            let [positive, negative, neutral, mixed] = weights.map(|weight| weight / sum);
            let scores = Scores::new(positive, negative, neutral, mixed).unwrap();
            let mut bytes = encode(Key::from_bytes(key), scores);
            prop_assert_eq!(decode(Key::from_bytes(key), &bytes), Some(scores));
            prop_assert_eq!(decode(Key::from_bytes(other), &bytes).is_some(), other == key);
            bytes[at] ^= flip;
            prop_assert_eq!(decode(Key::from_bytes(key), &bytes), None);
        }
    }

    #[test]
    fn numbers_that_are_no_distribution_are_not_believed_though_their_check_holds() {
        let key = Key::from_bytes([7; 16]);
        for positive in [f32::NAN, f32::INFINITY, -0.5, 0.5, 1.5] {
            let scores = Scores { positive, negative: 0.0, neutral: 0.0, mixed: 0.0 };
            assert_eq!(decode(key, &encode(key, scores)), None, "{positive}");
        }
        assert_eq!(decode(key, &[0; ANSWER_BYTES]), None);
        assert_eq!(decode(key, &[]), None);
    }
}
