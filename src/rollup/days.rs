//! Calls of one agent on one day are alike: how much, and by how much that widens what is known of the agent's mean.
//!
//! Where calls have a date, the scores of an agent's calls are added up day by day. With weights h (1 for a call that was
//! not shared), days d of an agent, W = Σh, W₂ = Σh² and the same of one day with an index,
//!
//! ```text
//! SS_w = Σ_d Σ_{i∈d} h(y − ȳ_d)²                 c_w = W − Σ_d W₂_d/W_d
//! SS_b = Σ_d W_d(ȳ_d − ȳ)²                       c_b = Σ_d W₂_d/W_d − W₂/W         c_d = W − Σ_d W_d²/W
//! σ_e² = ΣSS_w/Σc_w                               σ_d² = max(0, (ΣSS_b − σ_e²·Σc_b)/Σc_d), sums over all agents
//! ```
//!
//! (moment estimators of a one-way layout; Searle, Casella & others 1992, Variance Components, chapter 3). An agent's mean of n calls
//! that share their day with `q = (Σ_d W_d² + W₂ of calls without a date)/W₂` calls, themselves counted, has the variance
//!
//! ```text
//! v = (s̃² + σ_d²·n(q − 1)/(n − 1))/n             design effect = v·n/s̃²
//! ```
//!
//! as s̃² holds `σ_d²` already, but only as much of it as calls of different days show. Where no day has two calls of one agent, or
//! no agent two days, nothing is known of `σ_d²`, and nothing is widened.
//!
//! An agent's days are kept apart up to a bound; from there on pairs of days, then pairs of pairs, are taken together. Which are
//! depends on the days alone, not on the order of the calls.

use std::ops::AddAssign;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::sentiment::Millionths;

/// Days that are kept apart for one agent and stratum.
const MOST_DAYS: usize = 512;

/// What the calls of one day, or of neighbouring days, add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Day {
    weight: i128,
    weight_squares: i128,
    values: i128,
}

impl AddAssign for Day {
    fn add_assign(&mut self, other: Self) {
        self.weight += other.weight;
        self.weight_squares += other.weight_squares;
        self.values += other.values;
    }
}

/// The dated calls of one agent in one stratum.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Days {
    /// Days are numbers shifted right by so many bits.
    level: u32,
    /// Sorted by day.
    days: Vec<(i32, Day)>,
    /// Σhy².
    squares: i128,
}

impl Days {
    /// Adds a call of a date as `YYYY-MM-DD`; what is no date is left out.
    pub(super) fn add(&mut self, date: &str, weight: Millionths, value: Millionths) {
        let Some(day) = day_number(date) else { return };
        let (weight, value) = (i128::from(weight.0), i128::from(value.0));
        let sums = Day { weight, weight_squares: weight * weight, values: weight * value };
        self.enter(day >> self.level, sums);
        self.squares += weight * value * value;
        self.coarsen();
    }

    fn enter(&mut self, day: i32, sums: Day) {
        match self.days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => self.days[place].1 += sums,
            Err(place) => self.days.insert(place, (day, sums)),
        }
    }

    fn coarsen(&mut self) {
        while self.days.len() > MOST_DAYS {
            self.raise(self.level + 1);
        }
    }

    fn raise(&mut self, level: u32) {
        let shift = level - self.level;
        self.level = level;
        for (day, sums) in std::mem::take(&mut self.days) {
            match self.days.last_mut() {
                Some((last, all)) if *last == day >> shift => *all += sums,
                _ => self.days.push((day >> shift, sums)),
            }
        }
    }
}

impl AddAssign<&Self> for Days {
    fn add_assign(&mut self, other: &Self) {
        if self.level < other.level {
            self.raise(other.level);
        }
        for &(day, sums) in &other.days {
            self.enter(day >> (self.level - other.level), sums);
        }
        self.squares += other.squares;
        self.coarsen();
    }
}

impl Days {
    /// Σhy², and each day as its level, its number and its sums.
    pub(super) fn in_rows(&self) -> (i128, impl Iterator<Item = (u32, i32, [i128; 3])>) {
        let day = |(number, day): &(i32, Day)| (self.level, *number, [day.weight, day.weight_squares, day.values]);
        (self.squares, self.days.iter().map(day))
    }

    /// A sum of squares alone, or one day of [`Self::in_rows`].
    pub(super) fn of_row(squares: i128, day: Option<(u32, i32, [i128; 3])>) -> Self {
        let level = day.map_or(0, |(level, ..)| level);
        let sums = |[weight, weight_squares, values]: [i128; 3]| Day { weight, weight_squares, values };
        Self { level, days: day.map(|(_, number, parts)| (number, sums(parts))).into_iter().collect(), squares }
    }
}

/// Days since the Unix epoch.
fn day_number(date: &str) -> Option<i32> {
    const EPOCH: Date = Date::constant(1970, 1, 1);
    let date: Date = Some(date).filter(|date| date.len() == "YYYY-MM-DD".len())?.parse().ok()?;
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).ok()
}

/// What one agent adds to the sums over all agents.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct DaySpread {
    within: f64,
    within_freedom: f64,
    between: f64,
    between_noise: f64,
    between_freedom: f64,
    /// `Σ_d W_d² − Σ_d W₂_d`, with h in calls: how much more than its own weight the day of each call has.
    shared: f64,
}

impl DaySpread {
    /// Of an agent's strata, each with what is to be taken off its scores.
    pub(super) fn of<'a>(strata: impl Iterator<Item = (&'a Days, f64)> + Clone) -> Self {
        let level = strata.clone().map(|(days, _)| days.level).max().unwrap_or(0);
        // Σh, Σh² and Σhy of each day, in calls and scores.
        let mut all: Vec<(i32, [f64; 3])> = Vec::new();
        let mut squares = 0.0;
        for (days, offset) in strata {
            squares += days.squares as f64 / 1e18;
            for (day, sums) in &days.days {
                let (weight, values) = (sums.weight as f64 / 1e6, sums.values as f64 / 1e12);
                squares += offset * (offset * weight - 2.0 * values);
                let sums = [weight, sums.weight_squares as f64 / 1e12, values - offset * weight];
                all.push((day >> (level - days.level), sums));
            }
        }
        all.sort_by_key(|(day, _)| *day);
        Self::of_days(
            all.chunk_by(|(a, _), (b, _)| a == b).map(|day| {
                day.iter().fold([0.0; 3], |sum, (_, part)| [sum[0] + part[0], sum[1] + part[1], sum[2] + part[2]])
            }),
            squares,
        )
    }

    fn of_days(days: impl Iterator<Item = [f64; 3]>, squares: f64) -> Self {
        let (mut weight, mut weight_squares, mut values) = (0.0, 0.0, 0.0);
        // Σ(Σhy)²/Σh, ΣΣh²/Σh and Σ(Σh)² over days.
        let (mut explained, mut noise, mut day_squares) = (0.0, 0.0, 0.0);
        for [own, own_squares, sum] in days {
            weight += own;
            weight_squares += own_squares;
            values += sum;
            explained += sum * sum / own;
            noise += own_squares / own;
            day_squares += own * own;
        }
        if weight <= 0.0 {
            return Self::default();
        }
        Self {
            within: (squares - explained).max(0.0),
            within_freedom: weight - noise,
            between: (explained - values * values / weight).max(0.0),
            between_noise: noise - weight_squares / weight,
            between_freedom: weight - day_squares / weight,
            shared: day_squares - weight_squares,
        }
    }

    /// q − 1, of an agent the squares of whose weights add up to this, in calls.
    pub(super) fn shared_with(&self, weight_squares: f64) -> f64 {
        (self.shared / weight_squares).max(0.0)
    }
}

/// Freedom below this is rounding.
const LEAST_FREEDOM: f64 = 1e-6;

/// `σ_d²`; `None` where the calls of all agents show nothing of it.
pub(super) fn between_days(agents: &[DaySpread]) -> Option<f64> {
    let sum = |part: fn(&DaySpread) -> f64| agents.iter().map(part).sum::<f64>();
    let within_freedom = sum(|agent| agent.within_freedom);
    let between_freedom = sum(|agent| agent.between_freedom);
    if within_freedom < LEAST_FREEDOM || between_freedom < LEAST_FREEDOM {
        return None;
    }
    let within = sum(|agent| agent.within) / within_freedom;
    let excess = sum(|agent| agent.between) - within * sum(|agent| agent.between_noise);
    Some((excess / between_freedom).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn days(calls: &[(&str, f64)]) -> Days {
        let mut days = Days::default();
        for &(date, score) in calls {
            days.add(date, Millionths::ONE, Millionths::nearest(score));
        }
        days
    }

    fn spread(days: &Days, offset: f64) -> DaySpread {
        DaySpread::of([(days, offset)].into_iter())
    }

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
    }

    /// By hand: days of 2, 3 and 1 calls, and days of 2 and 2.
    #[test]
    fn the_variance_between_days_is_that_of_the_layout() {
        let first = days(&[
            ("2026-03-01", 0.1),
            ("2026-03-01", 0.3),
            ("2026-03-02", -0.2),
            ("2026-03-02", 0.0),
            ("2026-03-02", -0.1),
            ("2026-03-05", 0.5),
        ]);
        let second = days(&[("2026-03-01", 0.4), ("2026-03-01", 0.2), ("2026-03-02", 0.0), ("2026-03-02", -0.2)]);
        let agents = [spread(&first, 0.0), spread(&second, 0.0)];
        // Within: .02 + .02 and .02 + .02 over (6 − 3) + (4 − 2).
        let within = 0.08 / 5.0;
        // Between: 2·(.2 − .1)² + 3·(−.1 − .1)² + (.5 − .1)² = .3, and 2·.2² + 2·.2² = .16; freedom 6 − 14/6 and 4 − 8/4.
        let expected = (0.3 + 0.16 - within * 3.0) / (6.0 - 14.0 / 6.0 + 2.0);
        close(between_days(&agents).unwrap(), expected);
        close(agents[0].shared_with(6.0), 14.0 / 6.0 - 1.0);
        // A level of all calls changes nothing.
        close(between_days(&[spread(&first, 0.3), spread(&second, 0.3)]).unwrap(), expected);
    }

    #[test]
    fn strata_are_put_together_before_days_are_compared() {
        let (high, low) = (days(&[("2026-03-01", 0.5), ("2026-03-02", 0.7)]), days(&[("2026-03-01", -0.5)]));
        let whole = days(&[("2026-03-01", 0.1), ("2026-03-02", 0.3), ("2026-03-01", -0.3)]);
        let parts = DaySpread::of([(&high, 0.4), (&low, -0.2)].into_iter());
        let (parts, whole) = (format!("{parts:.9?}"), format!("{:.9?}", spread(&whole, 0.0)));
        assert_eq!(parts, whole);
    }

    #[test]
    fn without_days_of_several_calls_or_agents_of_several_days_nothing_is_known() {
        let single = days(&[("2026-03-01", 0.1), ("2026-03-02", 0.3)]);
        let same = days(&[("2026-03-01", 0.1), ("2026-03-01", 0.3)]);
        let undated = days(&[("", 0.1), ("2026-02-30", 0.3), ("20260301", 0.2), ("+2026-3-01", 0.1)]);
        for none in [&single, &same, &undated] {
            assert_eq!(between_days(&[spread(none, 0.0)]), None);
        }
        assert_eq!(undated, Days::default());
        assert_eq!(between_days(&[]), None);
    }

    proptest! {
        #![proptest_config(crate::cases::usually(64))]

        #[test]
        fn memory_is_bounded_and_order_leaves_no_trace(
            (calls, cut) in proptest::collection::vec((0..4000_i32, -9..9_i8), 0..1500).prop_flat_map(|calls| {
                let cut = 0..=calls.len();
                (Just(calls), cut)
            })
        ) {
            let enter = |calls: &[(i32, i8)]| {
                let mut days = Days::default();
                for &(day, score) in calls {
                    let date = Date::constant(1999, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
                    days.add(&date.to_string(), Millionths(500_000), Millionths(i64::from(score) * 100_000));
                }
                days
            };
            let whole = enter(&calls);
            prop_assert!(whole.days.len() <= MOST_DAYS);
            let (first, second) = calls.split_at(cut);
            let (mut one, mut other) = (enter(first), enter(second));
            let kept = one.clone();
            one += &other;
            other += &kept;
            prop_assert_eq!(&one, &whole);
            prop_assert_eq!(&other, &whole);
        }
    }
}
