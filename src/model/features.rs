//! What a clause is made of: hashed n-grams, and the charges of its words.
//!
//! The n-grams are words in runs of 1 to 3, words under a negation, runs in which a charged word is replaced by
//! its charge (so that `not GOOD` is known of words never seen after `not`), and characters in runs of 3 to 5
//! within a word. None crosses the end of a clause, so a text's n-grams are those of its clauses and one pass
//! serves both. The charges follow VADER's rules in a lighter form.
//!
//! Training and scoring both read texts through [`visit`]: what one sees, the other weighs.

use super::hash;
use super::lexicon::Meaning;
use super::tokens::{Clause, Token};

/// Takes the n-grams of a clause, one hash at a time.
pub(crate) trait Sink {
    /// A word n-gram.
    fn word(&mut self, hash: u64);
    /// A character n-gram.
    fn piece(&mut self, hash: u64);
}

/// How many words a negator reaches.
const NEGATION_REACH: usize = 4;
/// Marks that keep apart n-grams of different kinds. Any fixed numbers serve.
const NEGATED: u64 = 2;
const PIECE: u64 = 3;
const ALONE: u64 = 5;

/// Gives the clause's n-grams to `sink` and returns its charges.
pub(crate) fn visit(clause: &Clause, sink: &mut impl Sink) -> Charges {
    let mut before: [Option<u64>; 2] = [None; 2];
    let mut charge_before = None;
    let mut negated = 0_usize;
    for token in &clause.tokens {
        if let Some(charge) = charge(token.meaning) {
            sink.word(hash::pair(charge, ALONE));
            runs(before, charge, sink);
        }
        if !token.is_silent() {
            sink.word(token.hash);
            if negated > 0 {
                sink.word(hash::pair(token.hash, NEGATED));
            }
            runs(before, token.hash, sink);
            if let Some(charge) = charge_before {
                sink.word(hash::pair(charge, token.hash));
            }
            pieces(clause.marked(*token), sink);
        }
        negated = if token.meaning == Meaning::NEGATOR { NEGATION_REACH } else { negated.saturating_sub(1) };
        charge_before = charge(token.meaning);
        before = [before[1], (!token.is_silent()).then_some(token.hash)];
    }
    Charges::of(clause)
}

/// The runs of two and of three that end in `last`.
#[inline]
fn runs(before: [Option<u64>; 2], last: u64, sink: &mut impl Sink) {
    if let Some(second) = before[1] {
        sink.word(hash::pair(second, last));
        if let Some(first) = before[0] {
            sink.word(hash::pair(hash::pair(first, second), last));
        }
    }
}

/// What stands in runs for a charged word: how it is charged. `None` for words without charge.
fn charge(meaning: Meaning) -> Option<u64> {
    let valence = meaning.valence();
    let step = match (meaning, valence) {
        (Meaning::NEGATOR, _) => 6,
        (_, Some(valence)) if valence <= -2.0 => 1,
        (_, Some(valence)) if valence < 0.0 => 2,
        (_, Some(valence)) if valence < 2.0 => 3,
        (_, Some(_)) => 4,
        (_, None) => return None,
    };
    Some(1000 + step)
}

/// The character n-grams of a word that stands between marks for its start and end: those of 3, of 4 and of 5 bytes
/// from each byte on.
fn pieces(marked: &[u8], sink: &mut impl Sink) {
    for run in marked.windows(5) {
        let three = piece(&run[..3]);
        let four = hash::extend(three, run[3]);
        for hash in [three, four, hash::extend(four, run[4])] {
            sink.piece(hash::finish(hash));
        }
    }
    // From the last bytes but three and but two on, nothing longer is left.
    if let [.., a, b, c, d] = *marked {
        let three = piece(&[a, b, c]);
        for hash in [three, hash::extend(three, d)] {
            sink.piece(hash::finish(hash));
        }
    }
    if let [.., a, b, c] = *marked {
        sink.piece(hash::finish(piece(&[a, b, c])));
    }
}

/// The hash of a character n-gram but for the last step, [`hash::finish`].
fn piece(run: &[u8]) -> u64 {
    run.iter().fold(hash::start(PIECE), |hash, byte| hash::extend(hash, *byte))
}

/// Counts and sums over the charged words of a clause or, joined with [`Charges::then`], of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Charges {
    /// Words.
    pub(crate) words: f32,
    positive: f32,
    negative: f32,
    highest: f32,
    lowest: f32,
    last: f32,
    negators: f32,
    exclamations: f32,
    questions: f32,
    capitals: f32,
    /// Positive less negative of the last clause alone.
    closing: f32,
}

/// How many numbers [`Charges::features`] makes.
pub(crate) const NUMBERS: usize = 24;

impl Charges {
    /// Sums the valences of a clause by VADER's rules: capitals and intensifiers strengthen, a negator within
    /// three words before turns.
    fn of(clause: &Clause) -> Self {
        let tokens = &clause.tokens;
        let capitals = tokens.iter().filter(|token| token.capitals).count();
        // Capitals mean something only beside small letters.
        let shouts = capitals > 0 && tokens.iter().any(|token| token.small);
        let mut charges = Self {
            words: tokens.len() as f32,
            exclamations: clause.exclamations as f32,
            questions: clause.questions as f32,
            capitals: if shouts { capitals as f32 } else { 0.0 },
            ..Self::default()
        };
        for (at, token) in tokens.iter().enumerate() {
            if token.meaning == Meaning::NEGATOR {
                charges.negators += 1.0;
            }
            if let Some(valence) = token.meaning.valence() {
                charges.add(in_context(valence, token.capitals && shouts, &tokens[at.saturating_sub(3)..at]));
            }
        }
        charges.closing = charges.positive - charges.negative;
        charges
    }

    /// Counts one charged word.
    fn add(&mut self, valence: f32) {
        self.positive += valence.max(0.0);
        self.negative += (-valence).max(0.0);
        self.highest = self.highest.max(valence);
        self.lowest = self.lowest.min(valence);
        self.last = valence;
    }

    /// The charges of two texts, one after the other.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            words: self.words + next.words,
            positive: self.positive + next.positive,
            negative: self.negative + next.negative,
            highest: self.highest.max(next.highest),
            lowest: self.lowest.min(next.lowest),
            last: if next.last == 0.0 { self.last } else { next.last },
            negators: self.negators + next.negators,
            exclamations: self.exclamations + next.exclamations,
            questions: self.questions + next.questions,
            capitals: self.capitals + next.capitals,
            closing: next.closing,
        }
    }

    /// The numbers that the model weighs beside the n-grams, each of the order of 1; the first is constant.
    pub(crate) fn features(&self) -> [f32; NUMBERS] {
        let words = self.words.max(1.0);
        let (praised, blamed) = (self.positive > 0.0, self.negative > 0.0);
        let (exclaims, asks) = (self.exclamations > 0.0, self.questions > 0.0);
        let yes = |condition: bool| f32::from(u8::from(condition));
        [
            1.0,
            squash(self.positive - self.negative),
            squash(self.positive),
            squash(self.negative),
            self.highest / 4.0,
            self.lowest / 4.0,
            self.last / 4.0,
            self.positive / (words + 2.0),
            self.negative / (words + 2.0),
            yes(praised),
            yes(blamed),
            yes(praised && blamed),
            yes(!praised && !blamed),
            yes(exclaims),
            self.exclamations.min(4.0) / 4.0,
            yes(asks),
            (self.capitals / words).min(1.0),
            self.negators.min(3.0) / 3.0,
            1.0 / words.sqrt(),
            squash(self.closing),
            yes(exclaims && asks),
            yes(exclaims && !praised),
            yes(self.capitals > 0.0 && !praised),
            yes(self.questions > 1.0),
        ]
    }
}

/// x / √(x² + 15): VADER's own squashing of a sum of valences into (−1, 1).
fn squash(sum: f32) -> f32 {
    sum / (sum * sum + 15.0).sqrt()
}

/// A valence after what the (at most three) words before it do to it. The constants are VADER's.
fn in_context(valence: f32, capitals: bool, before: &[Token]) -> f32 {
    let mut strength = valence.abs() + if capitals { 0.733 } else { 0.0 };
    let mut sign = valence.signum();
    for (token, fade) in before.iter().rev().zip([1.0, 0.95, 0.9]) {
        match token.meaning {
            Meaning::BOOSTER => strength += 0.293 * fade,
            Meaning::DAMPENER => strength = (strength - 0.293 * fade).max(0.0),
            Meaning::NEGATOR => {
                sign = -sign;
                strength *= 0.74;
            }
            _ => {}
        }
    }
    sign * strength
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[derive(Default)]
    struct Count {
        words: Vec<u64>,
        pieces: Vec<u64>,
    }

    impl Sink for Count {
        fn word(&mut self, hash: u64) {
            self.words.push(hash);
        }

        fn piece(&mut self, hash: u64) {
            self.pieces.push(hash);
        }
    }

    fn read(text: &str) -> (Count, Charges) {
        let mut clause = Clause::default();
        clause.read(text, &Model::shipped().weights().lexicon());
        let mut count = Count::default();
        let charges = visit(&clause, &mut count);
        (count, charges)
    }

    fn sum(text: &str) -> f32 {
        let charges = read(text).1;
        charges.positive - charges.negative
    }

    #[test]
    fn words_runs_and_pieces_are_all_there() {
        let (count, _) = read("the red box");
        // Three words, two runs of two, one of three; of <the>: three of 3, two of 4, one of 5, three times.
        assert_eq!((count.words.len(), count.pieces.len()), (6, 18));
        assert_eq!(read("a").0.pieces.len(), 1);
    }

    #[test]
    fn pieces_are_the_bytes_in_order() {
        let of = |run: &str| hash::finish(run.bytes().fold(hash::start(PIECE), hash::extend));
        let pieces = ["<re", "<red", "<red>", "red", "red>", "ed>"].map(of);
        assert_eq!(read("red").0.pieces, pieces);
        assert_eq!(read("ab").0.pieces, ["<ab", "<ab>", "ab>"].map(of));
    }

    #[test]
    fn a_charge_stands_in_for_its_word() {
        let of = |text| read(text).0.words;
        let (fine, good) = (of("isnt wonderful"), of("isnt fantastic"));
        assert!(fine.iter().filter(|hash| good.contains(hash)).count() >= 4, "negator, charge, and both in a run");
    }

    #[test]
    fn intensifiers_negators_and_capitals_act_on_the_next_charged_word() {
        assert!(sum("very good") > sum("good") && sum("slightly good") < sum("good"));
        assert!(sum("not good") < 0.0 && sum("not bad") > 0.0 && sum("not a very good") < 0.0);
        assert!(sum("so GOOD today") > sum("so good today"));
        assert_eq!(read("THIS IS GOOD").1.positive.to_bits(), read("this is good").1.positive.to_bits());
    }

    #[test]
    fn tallies_join_in_order() {
        let joined = read("good").1.then(read("bad").1);
        assert!(joined.last < 0.0 && joined.closing < 0.0 && joined.positive > 0.0 && joined.negative > 0.0);
        assert_eq!(joined.then(Charges::default()).last.to_bits(), joined.last.to_bits());
    }
}
