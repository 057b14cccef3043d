//! The mean that the service would have given, from the mean of the local engine and what the two differ by on the sample.
//!
//! x is a call's value by the local engine, which all calls have, y the one by the service, which the drawn ones have. Of the N
//! calls of a group n are drawn at random. With e = y − λx,
//!
//! ```text
//! θ̂  = ȳ + λ(X̄ − x̄)                                       X̄ over all calls, x̄ and ȳ over the drawn ones
//! λ   = ΣΣ(x − x̄)(y − ȳ) / ΣΣ(x − x̄)²                      over all strata of the site, not below 0
//! s²  = Σ(e − ē)²/(n − 1),  s_p² of all strata together
//! s̃²  = (d0·s_p² + (n − 1)s²)/(d0 + n − 1),  d0 = 10
//! V   = (1 − n/N)·s̃²/n + s_p²·(X̄ − x̄)²/ΣΣ(x − x̄)²
//! θ̂ ± t·√V
//! ```
//!
//! of the site Σ W θ̂ over its strata, W being a stratum's part of the calls, and ΣW²V for V. This is the difference estimator with
//! a regression coefficient (Cochran 1977, Sampling Techniques, 7.3 and 7.9; Särndal, Swensson & Wretman 1992, 6.4), which is what
//! prediction-powered inference with power tuning comes to (Angelopoulos and others 2023, Science 382:669; Angelopoulos, Duchi &
//! Zrnic 2023, arXiv:2311.01453): their λ has a factor 1/(1 + n/N) where the labelled data are no part of the others; here they are
//! a part. θ̂ is unbiased to the order of 1/n whatever λ is. The last term of V is for λ, which is estimated.
//!
//! The interval is about the mean of these N calls, had the service scored all of them, and so nothing is left of it where all
//! calls were drawn. s̃² draws the variance of a small group towards the common one (Smyth 2004). t has the degrees of freedom of V by
//! Satterthwaite's rule and the quantile of a 97.5 % interval: V is itself an estimate, of differences that are skewed, and 95 %
//! quantiles then hold in less than 95 of 100 cases. `cargo bench --bench share` shows what these hold.
//!
//! Calls without a local value (a language that the local engine lacks) are a group of their own, in which λ is 0. Where the service
//! fails, the calls that it answered stand for the others of their group.

use super::facts::Measure;
use super::sums::{Cell, Spreads};
use crate::rollup::t_quantile;

/// Chance above the upper end of an interval, by the formula.
pub(super) const TAIL: f64 = 0.0125;

/// d0: degrees of freedom of the common variance in that of a group.
const PRIOR_FREEDOM: f64 = 10.0;

/// A corrected mean or share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// What the service would have given.
    pub value: f64,
    /// The 95 % interval.
    pub interval: (f64, f64),
    /// V, the variance of the value.
    pub variance: f64,
    /// Degrees of freedom of V.
    pub freedom: f64,
    /// Drawn calls with a value of the service.
    pub calls: u64,
}

/// What both engines have to do with each other in a measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tie {
    measure: Measure,
    /// λ.
    pub(super) lambda: f64,
    /// The correlation of the engines' values within strata.
    pub(super) correlation: Option<f64>,
    /// The variance of y within strata.
    pub(super) spread: f64,
    /// ΣΣ(x − x̄)².
    local: f64,
    /// `s_p²` with a local value, and without.
    variance: [f64; 2],
}

/// Calls with a local value, calls without.
pub(super) type Cells = [Cell; 2];

/// The place of the calls without a local value.
const BLANK: usize = 1;

impl Tie {
    /// Of the strata of a site; `None` where less than 3 calls have both values and less than 2 have the service's alone.
    pub(super) fn of(measure: Measure, strata: &[Cells]) -> Option<Self> {
        let all = |place: usize| strata.iter().map(move |cells| (cells[place].spreads(), cells[place].calls()));
        let sum = |of: fn(&Spreads) -> f64, place| all(place).map(|(spreads, _)| of(&spreads)).sum::<f64>();
        let freedom = |place| all(place).map(|(_, calls)| calls.saturating_sub(1)).sum::<u64>() as f64;
        let (xx, xy, yy) = (sum(|s| s.xx, 0), sum(|s| s.xy, 0), sum(|s| s.yy, 0));
        let known = freedom(0) - 1.0;
        if known < 1.0 && freedom(BLANK) < 1.0 {
            return None;
        }
        let lambda = if xx > 0.0 { (xy / xx).max(0.0) } else { 0.0 };
        // A share that nothing was seen to differ in may differ all the same: as if one more call did.
        let unseen = if measure.is_share() { 1.0 } else { 0.0 };
        let left = Spreads { xx, xy, yy }.left(lambda) + unseen;
        let blank = sum(|s| s.yy, BLANK) + unseen;
        let both = (left + blank) / (known.max(0.0) + freedom(BLANK));
        let variance = |left: f64, freedom: f64| if freedom < 1.0 { both } else { left / freedom };
        Some(Self {
            measure,
            lambda,
            correlation: (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt()),
            spread: (yy + sum(|s| s.yy, BLANK)) / (freedom(0) + freedom(BLANK)).max(1.0),
            local: xx,
            variance: [variance(left, known), variance(blank, freedom(BLANK))],
        })
    }

    /// The estimate of a group of calls, in which the drawn ones are equally likely to be drawn within each of `cells`; `None`
    /// where none was drawn that has a value.
    pub(super) fn estimate(&self, cells: &[Cells]) -> Option<Estimate> {
        let known = merged(cells.iter().map(|cells| cells[0]));
        let blank = cells.iter().fold(Cell::default(), |mut sum, cells| {
            sum += &cells[BLANK];
            sum
        });
        let groups = known.into_iter().map(|cell| (0, cell)).chain([(BLANK, blank)]);
        let groups: Vec<(usize, Cell)> = groups.filter(|(_, cell)| cell.calls() > 0).collect();
        let whole: f64 = groups.iter().map(|(_, cell)| cell.weight()).sum();
        if groups.is_empty() || whole <= 0.0 {
            return None;
        }
        let (mut value, mut variance, mut satterthwaite, mut gap) = (0.0, 0.0, 0.0, 0.0);
        for (kind, cell) in &groups {
            let part = cell.weight() / whole;
            let lambda = if *kind == BLANK { 0.0 } else { self.lambda };
            let (x, y) = cell.means();
            let distance = cell.local_mean() - x;
            value += part * (y + lambda * distance);
            if *kind != BLANK {
                gap += part * distance;
            }
            let (own, freedom) = self.own_variance(*kind, cell, lambda);
            let own = part * part * own;
            variance += own;
            satterthwaite += own * own / freedom;
        }
        let freedom = if satterthwaite > 0.0 { variance * variance / satterthwaite } else { f64::INFINITY };
        if self.lambda > 0.0 {
            variance += self.variance[0] * gap * gap / self.local;
        }
        let half = t_quantile(TAIL, freedom.min(1e9)) * variance.sqrt();
        let (least, most) = self.measure.scale();
        let within = |value: f64| value.clamp(least, most);
        let value = within(value);
        let calls = groups.iter().map(|(_, cell)| cell.calls()).sum();
        Some(Estimate { value, interval: (within(value - half), within(value + half)), variance, freedom, calls })
    }

    /// (1 − n/N)·s̃²/n of a group, and its degrees of freedom.
    fn own_variance(&self, kind: usize, cell: &Cell, lambda: f64) -> (f64, f64) {
        let calls = cell.effective_calls();
        let freedom = PRIOR_FREEDOM + calls - 1.0;
        let moderated = (PRIOR_FREEDOM * self.variance[kind] + cell.spreads().left(lambda)) / freedom;
        let drawn = (cell.sampled() / cell.weight()).min(1.0);
        ((1.0 - drawn) * moderated / calls, freedom)
    }
}

/// Cells of which each has two drawn calls at least, where there are so many: smaller ones are one more, or part of the first.
fn merged(cells: impl Iterator<Item = Cell>) -> Vec<Cell> {
    let (mut large, small): (Vec<Cell>, Vec<Cell>) = cells.partition(|cell| cell.calls() >= 2);
    let mut rest = Cell::default();
    for cell in &small {
        rest += cell;
    }
    match large.first_mut() {
        Some(first) if rest.calls() < 2 => *first += &rest,
        _ => large.push(rest),
    }
    large
}
