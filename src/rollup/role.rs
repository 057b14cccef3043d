//! One call, one role: what the customer's (or the agents') turns add up to.
//!
//! Turns t carry a score v = P − N, a middle m on the call's time line, which runs from 0 to 1, and two weights:
//!
//! - the **charge** c = 1 − P(neutral), at least a millionth: how much of the turn is feeling. It weighs the turns of a
//!   part of the call (`start`, `end`, quarters) and `slope`;
//! - **place times charge** k·c, where k numbers this role's turns that have words from 1: it weighs the turns of the whole
//!   call (`score` and the four probabilities), as what was said last stays in mind. A part has its place already.
//!
//! No length among them: long turns tell the problem, short ones the verdict (`benches/weighting.py` has the figures). The
//! place is a number and not a time, so that a gap on the clock gives nobody all the weight. Turns that share a packed
//! document share its charge, and differ by place.
//!
//! A turn that was not scored is absent, and keeps its number; one without words weighs nothing, and is left out of every
//! mean; one of which a part was scored counts whole.

use crate::transcript::{Place, WHOLE};

use super::turn::TurnScore;
use super::weight::{charge, weight};
use crate::sentiment::{FixedScores, Label, Millionths, mean};

/// Scored turns below which there is no slope.
const SLOPE_TURNS: u32 = 6;

/// Turns in the window of which `low` is the least mean.
const LOW_TURNS: usize = 3;

/// The columns of calls.csv that exist once for the customer and once for the agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoleRollup {
    /// Σkcv / Σkc. Empty when nothing was scored.
    pub score: Option<Millionths>,
    /// The label rule applied to the four means. Empty when nothing was scored.
    pub label: Option<Label>,
    /// Means of the four probabilities with the same weights k·c. Empty when nothing was scored.
    pub means: Option<FixedScores>,
    /// Share of the scored turns with words that are labelled NEGATIVE. Empty when nothing was scored.
    pub negative_share: Option<Millionths>,
    /// Turns of this role.
    pub turns: u32,
    /// Turns of this role that have a score.
    pub turns_scored: u32,
    /// Words of this role.
    pub words: u64,
    /// Words of this role that were scored.
    pub words_scored: u64,
    /// Σcv / Σc of the turns with min(⌊4m⌋, 3) = quarter. Empty where the quarter has none.
    pub quarters: [Option<Millionths>; 4],
    /// Σcv / Σc of the turns with m < 1/3, exactly. Empty if there are none.
    pub start: Option<Millionths>,
    /// Σcv / Σc of the turns with m ≥ 2/3, exactly. Empty if there are none.
    pub end: Option<Millionths>,
    /// `end − start`. Empty if either is.
    pub shift: Option<Millionths>,
    /// Least-squares slope of v on m, weighted by c: change of score over the whole call. Empty below 6 scored turns, or if
    /// all lie in one place.
    pub slope: Option<Millionths>,
    /// Least plain mean of 3 scored turns in a row (of this role). Empty below 3.
    pub low: Option<Millionths>,
    /// Middle of the second of those turns, the earliest if there are several; 0 is the call's start and 1 its end.
    pub low_position: Option<Millionths>,
}

impl RoleRollup {
    /// Words scored / words; `None` if this role said nothing.
    #[must_use]
    pub fn coverage(&self) -> Option<Millionths> {
        Millionths::ratio(self.words_scored, self.words)
    }

    /// Whether less than `minimum` of the words was scored.
    pub(crate) fn too_little(&self, minimum: Millionths) -> bool {
        self.coverage().is_some_and(|coverage| coverage < minimum)
    }
}

/// A weighted mean in the making.
#[derive(Default, Clone, Copy)]
struct Mean {
    weight: i128,
    sum: i128,
}

impl Mean {
    fn add(&mut self, weight: i128, value: i128) {
        self.weight += weight;
        self.sum += weight * value;
    }

    fn value(&self) -> Option<Millionths> {
        mean(self.sum, self.weight)
    }
}

/// Sums of one role of one call; turns are added in the call's order.
#[derive(Default)]
pub(super) struct RoleSums {
    turns: u32,
    turns_scored: u32,
    words: u64,
    words_scored: u64,
    /// Turns with words, scored or not: the number of the last of them.
    number: u32,
    /// Scored turns with words, and those of them labelled NEGATIVE.
    weighed: u32,
    negative: u32,
    parts: [Mean; 4],
    score: Mean,
    quarters: [Mean; 4],
    start: Mean,
    end: Mean,
    line: Line,
    low: Low,
}

impl RoleSums {
    /// Adds a turn of this role at `place`.
    pub(super) fn add(&mut self, place: &Place, score: Option<&TurnScore>) {
        self.turns += 1;
        self.words += u64::from(place.words);
        self.number += u32::from(place.words > 0);
        let Some(turn) = score else { return };
        self.turns_scored += 1;
        // Never more than the turn has, so that coverage stays within 1.
        let words = turn.words.min(place.words);
        if words > 0 {
            self.words_scored += u64::from(words);
            self.add_weighed(place, &turn.scores);
        }
    }

    fn add_weighed(&mut self, place: &Place, scores: &FixedScores) {
        self.weighed += 1;
        self.negative += u32::from(scores.label() == Label::Negative);
        let value = i128::from(scores.score().0);
        let (charge, weight) = (charge(scores), weight(self.number, scores));
        for (sum, part) in self.parts.iter_mut().zip(scores.parts()) {
            sum.add(weight, i128::from(part.0));
        }
        self.score.add(weight, value);
        if let Some(quarter) = self.quarters.get_mut(usize::from(place.quarter)) {
            quarter.add(charge, value);
        }
        match place.third {
            0 => self.start.add(charge, value),
            1 => {}
            _ => self.end.add(charge, value),
        }
        let middle = place.middle.min(WHOLE);
        self.line.add(charge, i128::from(middle), value);
        self.low.add(value, middle);
    }

    /// The columns.
    pub(super) fn finish(&self) -> RoleRollup {
        let means = self.means();
        let (start, end) = (self.start.value(), self.end.value());
        let low = self.low.least;
        RoleRollup {
            score: self.score.value(),
            label: means.map(|means| means.label()),
            means,
            negative_share: Millionths::ratio(self.negative.into(), self.weighed.into()),
            turns: self.turns,
            turns_scored: self.turns_scored,
            words: self.words,
            words_scored: self.words_scored,
            quarters: self.quarters.map(|quarter| quarter.value()),
            start,
            end,
            shift: end.zip(start).map(|(end, start)| Millionths(end.0 - start.0)),
            slope: self.line.slope(),
            low: low.and_then(|(sum, _)| mean(sum, LOW_TURNS as i128)),
            low_position: low.map(|(_, middle)| Millionths(i64::from(middle))),
        }
    }

    fn means(&self) -> Option<FixedScores> {
        let [positive, negative, neutral, mixed] = self.parts.map(|part| part.value());
        Some(FixedScores { positive: positive?, negative: negative?, neutral: neutral?, mixed: mixed? })
    }
}

/// Sums of a weighted regression of the score on the place.
#[derive(Default)]
struct Line {
    turns: u32,
    weight: i128,
    places: i128,
    values: i128,
    place_squares: i128,
    products: i128,
}

impl Line {
    fn add(&mut self, weight: i128, place: i128, value: i128) {
        self.turns += 1;
        self.weight += weight;
        self.places += weight * place;
        self.values += weight * value;
        self.place_squares += weight * place * place;
        self.products += weight * place * value;
    }

    /// (Σw·Σwmv − Σwm·Σwv) / (Σw·Σwm² − (Σwm)²): both in the same power of millionths, so the quotient is the slope itself.
    fn slope(&self) -> Option<Millionths> {
        let spread = self.weight * self.place_squares - self.places * self.places;
        if self.turns < SLOPE_TURNS || spread <= 0 {
            return None;
        }
        let rise = self.weight * self.products - self.places * self.values;
        Some(Millionths::nearest(rise as f64 / spread as f64))
    }
}

/// The least sum of three scores in a row so far, with the middle of the second.
#[derive(Default)]
struct Low {
    /// The one before the last turn, and the last: score and middle.
    before: [Option<(i128, u32)>; LOW_TURNS - 1],
    least: Option<(i128, u32)>,
}

impl Low {
    fn add(&mut self, value: i128, middle: u32) {
        if let [Some((first, _)), Some((second, second_middle))] = self.before {
            let sum = first + second + value;
            if self.least.is_none_or(|(least, _)| sum < least) {
                self.least = Some((sum, second_middle));
            }
        }
        self.before = [self.before[1], Some((value, middle))];
    }
}
