//! From the scores of pieces of text to the scores of turns.
//!
//! What an engine was given is a segment: several turns, or a part of one. Each turn takes its segment's scores; a turn
//! that was cut takes the mean of its pieces, weighted by words. A piece without scores (failed, skipped) is
//! absent: it makes the turn's `words` fewer, and never counts as 0.

use crate::sentiment::{FixedScores, Millionths, Scores, mean};

/// The scores of one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TurnScore {
    /// The turn's four probabilities.
    pub scores: FixedScores,
    /// Words of the turn that were scored; may be fewer than the turn has. Without any the turn weighs nothing.
    pub words: u32,
}

#[derive(Default, Clone, Copy)]
struct Pieces {
    scored: bool,
    words: u32,
    weighted: [i128; 4],
    /// The scores of the first scored piece: the turn's, should no scored piece have a word.
    first: FixedScores,
}

/// The score of each of `turn_count` turns from `pieces`, each of them `(turn, words, scores)`.
///
/// `None` for a turn of which no piece was scored. A turn scored without a single word (a lone emoji) keeps its first
/// piece's scores with a weight of 0. A piece of a turn that does not exist is ignored.
pub fn turn_scores<'s>(
    turn_count: usize,
    pieces: impl IntoIterator<Item = (usize, u32, Option<&'s Scores>)>,
) -> Vec<Option<TurnScore>> {
    let mut turns = vec![Pieces::default(); turn_count];
    for (turn, words, scores) in pieces {
        if let (Some(turn), Some(scores)) = (turns.get_mut(turn), scores) {
            turn.add(words, FixedScores::from(scores));
        }
    }
    turns.iter().map(Pieces::score).collect()
}

impl Pieces {
    fn add(&mut self, words: u32, scores: FixedScores) {
        if !self.scored {
            self.first = scores;
        }
        self.scored = true;
        self.words = self.words.saturating_add(words);
        for (sum, part) in self.weighted.iter_mut().zip(scores.parts()) {
            *sum += i128::from(words) * i128::from(part.0);
        }
    }

    fn score(&self) -> Option<TurnScore> {
        if !self.scored {
            return None;
        }
        let scores = match self.words {
            0 => self.first,
            words => self.weighted.map(|sum| mean(sum, i128::from(words)).unwrap_or(Millionths(0))).into(),
        };
        Some(TurnScore { scores, words: self.words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(positive: f64, negative: f64) -> Scores {
        Scores::new(positive, negative, 1.0 - positive - negative, 0.0).unwrap()
    }

    #[test]
    fn pieces_are_weighted_by_words_and_absent_ones_are_no_zeros() {
        let (happy, angry) = (scores(0.8, 0.0), scores(0.0, 0.9));
        // Turn 0: 3 words at 0.8 and 1 word at −0.9: (2.4 − 0.9)/4 = 0.375. Turn 1: one of two pieces failed. Turn 2: failed. Turn 3: no piece.
        let pieces = [
            (0, 3, Some(&happy)),
            (0, 1, Some(&angry)),
            (1, 5, None),
            (1, 2, Some(&happy)),
            (2, 7, None),
            (9, 1, Some(&happy)),
        ];
        let turns = turn_scores(4, pieces);
        let first = turns[0].unwrap();
        assert_eq!((first.words, first.scores.score()), (4, Millionths(375_000)));
        assert_eq!(first.scores.positive, Millionths(600_000));
        let second = turns[1].unwrap();
        assert_eq!((second.words, second.scores.score()), (2, Millionths(800_000)));
        assert_eq!(turns[2..], [None, None]);
    }

    #[test]
    fn a_turn_without_words_keeps_its_scores_without_weight() {
        let happy = scores(0.8, 0.0);
        let turns = turn_scores(1, [(0, 0, Some(&happy))]);
        assert_eq!(turns, [Some(TurnScore { scores: FixedScores::from(&happy), words: 0 })]);
    }
}
