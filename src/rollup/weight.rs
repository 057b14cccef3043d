//! What a turn weighs in the score of its call.

use crate::sentiment::{FixedScores, Millionths, mean};
use crate::transcript::{Call, Role, Timeline};

use super::turn::TurnScore;

/// A turn's charge c = 1 − P(neutral) in millionths: at least one, so that a call without any feeling has a mean too.
pub(super) fn charge(scores: &FixedScores) -> i128 {
    i128::from((Millionths::ONE.0 - scores.neutral.0).max(1))
}

/// A turn's weight k·c in the whole call, in millionths; `number` is k.
pub(super) fn weight(number: u32, scores: &FixedScores) -> i128 {
    i128::from(number) * charge(scores)
}

/// What the turns of a call weigh: where a role's score comes from.
#[derive(Debug, Clone)]
pub struct TurnWeights {
    /// Of each turn its role, its weight and its scored words; no weight without such words.
    turns: Vec<(Role, i128, u32)>,
}

impl TurnWeights {
    /// Weighs the turns of `call`, whose scores are `turns`, as [`roll_up`](super::roll_up) does.
    #[must_use]
    pub fn of(call: &Call, timeline: &Timeline, turns: &[Option<TurnScore>]) -> Self {
        let mut numbers = Role::SCORED.map(|role| (role, 0));
        let weighed = call.turns.iter().zip(&timeline.places).enumerate().map(|(index, (turn, place))| {
            let number = numbers.iter_mut().find(|(role, _)| *role == turn.role).map_or(0, |(_, number)| {
                *number += u32::from(place.words > 0);
                *number
            });
            let score = turns.get(index).and_then(Option::as_ref);
            let words = score.map_or(0, |score| score.words.min(place.words));
            let weight = score.filter(|_| words > 0).map_or(0, |score| weight(number, &score.scores));
            (turn.role, weight, words)
        });
        Self { turns: weighed.collect() }
    }

    /// The share of `role`'s score that comes from these pieces of its turns, each of them `(turn, scored words)`. A cut
    /// turn's weight is parted by words. `None` if nothing of the role weighs anything.
    #[must_use]
    pub fn share(&self, role: Role, pieces: impl IntoIterator<Item = (usize, u32)>) -> Option<Millionths> {
        let all: i128 = self.turns.iter().filter(|(other, ..)| *other == role).map(|(_, weight, _)| weight).sum();
        let part = |(turn, words): (usize, u32)| {
            let &(_, weight, all_words) = self.turns.get(turn)?;
            let scaled = weight * i128::from(Millionths::ONE.0) * i128::from(words.min(all_words));
            scaled.checked_div(i128::from(all_words))
        };
        mean(pieces.into_iter().filter_map(part).sum(), all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::testing::{call, rolled, turn_score};

    #[test]
    fn a_turn_weighs_its_number_times_its_charge() {
        let turns = [
            (Role::Customer, 5, None),
            (Role::Agent, 9, None),
            (Role::Customer, 0, None),
            (Role::Customer, 5, None),
            (Role::Other, 3, None),
            (Role::Customer, 8, None),
        ];
        let call = call("c", &turns);
        // Charges .5 and .2; the second was not scored and keeps its number.
        let scores = [turn_score(5, -0.5), turn_score(9, 0.7), turn_score(0, 0.9), None, None, turn_score(4, 0.2)];
        let weights = TurnWeights::of(&call, &Timeline::of(&call), &scores);
        let share = |role, pieces: &[(usize, u32)]| weights.share(role, pieces.iter().copied()).map(|share| share.0);
        // 1·.5 and 3·.2 of 1.1.
        assert_eq!(share(Role::Customer, &[(0, 5)]), Some(454_545));
        assert_eq!(share(Role::Customer, &[(5, 1)]), Some(136_364), "a quarter of the turn's words");
        assert_eq!(share(Role::Customer, &[(2, 0), (3, 5)]), Some(0), "nothing without words or scores");
        assert_eq!(share(Role::Customer, &[(0, 5), (5, 4)]), Some(1_000_000));
        assert_eq!(share(Role::Agent, &[(1, 9)]), Some(1_000_000));
        assert_eq!(share(Role::Other, &[(4, 3)]), None);
        // (.5·−.5 + .6·.2) / 1.1.
        assert_eq!(rolled(&call, &scores).customer.score, Some(Millionths(-118_182)));
    }

    #[test]
    fn a_call_without_any_feeling_is_neutral_and_not_empty() {
        let call = call("c", &[(Role::Customer, 5, None), (Role::Customer, 2, None)]);
        let row = rolled(&call, &[turn_score(5, 0.0), turn_score(2, 0.0)]);
        assert_eq!(
            (row.customer.score, row.customer.means.map(|means| means.neutral)),
            (Some(Millionths(0)), Some(Millionths::ONE))
        );
    }
}
