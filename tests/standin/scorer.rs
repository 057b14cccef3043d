//! Texts to scores: a small lexicon and noise drawn from a hash, so that the same text always scores the same and
//! a transcript looks plausible. It is not a model, and no quality is claimed for it.
//!
//! Like the service's manual of 2022 says of real-time sentiment, it reads the first 500 characters only.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Characters (Unicode scalar values) of a document that count for its scores.
pub(crate) const READ_CHARS: usize = 500;

static POSITIVE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "amazing appreciate awesome brilliant easy excellent fantastic fast glad good grateful great happy helped \
         helpful kind love lovely nice patient perfect pleased quick relieved resolved solved super thank thanks \
         wonderful works",
    )
});

static NEGATIVE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "angry annoyed annoying awful bad broken cancel charged complaint disappointed disgrace error fail failed \
         fault frustrated frustrating hate horrible joke lied lost mistake nobody nonsense overcharged problem refuse \
         ridiculous rude sick slow terrible unacceptable upset useless waiting waste worried worse worst wrong",
    )
});

static NEGATION: LazyLock<HashSet<&str>> =
    LazyLock::new(|| words("no not never dont doesnt didnt cant isnt wasnt wont"));

fn words(list: &'static str) -> HashSet<&'static str> {
    list.split(' ').collect()
}

/// The class names of the service, in the order in which [`score`] returns them.
pub(crate) const CLASSES: [&str; 4] = ["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"];

/// Positive, negative, neutral and mixed probabilities: a function of the language, the first 500 characters, and what
/// the model adds to the logit of NEGATIVE.
pub(crate) fn score(language: &str, text: &str, more_negative: f64) -> [f32; 4] {
    let read: String = text.chars().take(READ_CHARS).collect();
    let (positive, negative) = hits(&read);
    let mut noise = Noise(hash(language, &read));
    let logits = [
        1.5 * positive.sqrt() + noise.draw(),
        1.5 * negative.sqrt() + noise.draw() + more_negative,
        1.4 + noise.draw(),
        2.6 * positive.min(negative).sqrt() - 1.6 + noise.draw(),
    ];
    let weights = logits.map(f64::exp);
    let sum: f64 = weights.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "the service sends single precision")]
    weights.map(|weight| (weight / sum) as f32)
}

/// The most probable class of `scores`.
pub(crate) fn class(scores: &[f32; 4]) -> &'static str {
    let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(2);
    CLASSES[best]
}

/// Positive and negative words, a word shortly after a negation counted for the other side.
fn hits(text: &str) -> (f64, f64) {
    let (mut positive, mut negative) = (0.0, 0.0);
    let mut negated_for = 0_u8;
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let (good, bad) = (POSITIVE.contains(word.as_str()), NEGATIVE.contains(word.as_str()));
        match (good, bad, negated_for > 0) {
            (true, _, false) | (_, true, true) => positive += 1.0,
            (true, _, true) | (_, true, false) => negative += 1.0,
            _ => {}
        }
        negated_for = if NEGATION.contains(word.as_str()) { 3 } else { negated_for.saturating_sub(1) };
    }
    (positive, negative)
}

/// FNV-1a, which is the same on every platform and in every release.
fn hash(language: &str, text: &str) -> u64 {
    let bytes = language.bytes().chain([0]).chain(text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// `SplitMix64`.
struct Noise(u64);

impl Noise {
    /// Evenly from -0.6 to 0.6.
    fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 * 1.2 - 0.6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(language: &str, text: &str) -> [u32; 4] {
        score(language, text, 0.0).map(f32::to_bits)
    }

    #[test]
    fn scores_are_a_distribution_and_repeat() {
        for text in ["", "ok", "this is terrible and I hate it", "great, thank you", "日本語のテキスト"] {
            let scores = score("en", text, 0.0);
            assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{scores:?}");
            assert_eq!(bits("en", text), bits("en", text));
        }
        assert_ne!(bits("en", "ok"), bits("es", "ok"));
    }

    #[test]
    fn classes_follow_the_words() {
        let class_of = |text| class(&score("en", text, 0.0));
        assert_eq!(class_of("this is terrible, I am angry, the worst waste of time"), "NEGATIVE");
        assert_eq!(class_of("thank you, that was wonderful and very helpful, excellent"), "POSITIVE");
        assert_eq!(class_of("my account number is four two one"), "NEUTRAL");
        let both = "love the great fast excellent phone thanks happy but terrible awful bad broken useless service";
        assert_eq!(class_of(both), "MIXED");
    }

    #[test]
    fn only_the_first_500_characters_count() {
        let head = "é".repeat(READ_CHARS);
        assert_eq!(bits("en", &head), bits("en", &format!("{head} terrible")));
        assert_ne!(bits("en", &head), bits("en", &"é".repeat(READ_CHARS - 1)));
    }
}
