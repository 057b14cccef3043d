//! Exact sums of a group of calls: what the local engine gave all of them, and what both engines gave those that were drawn.
//!
//! Whole numbers only, so that neither the order of calls nor that of answers matters: values y (the service's) and x (the local
//! engine's) in millionths, each call with a weight w in millionths.

use std::ops::AddAssign;

use super::facts::Values;

/// Sums of one measure, of calls that the local engine gave a value, or of those that it did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// Σw over all calls.
    weight: i128,
    /// Σwx over all calls.
    local: i128,
    /// Σw over calls that were drawn.
    drawn: i128,
    /// Calls that were drawn and have a value of the service, and their Σw, Σw², Σwx, Σwy, Σwx², Σwxy, Σwy².
    calls: u64,
    w: i128,
    ww: i128,
    x: i128,
    y: i128,
    xx: i128,
    xy: i128,
    yy: i128,
}

const UNIT: f64 = 1e6;

impl Cell {
    fn add_local(&mut self, weight: i64, local: i64) {
        self.weight += i128::from(weight);
        self.local += i128::from(weight) * i128::from(local);
    }

    fn add_drawn(&mut self, weight: i64, local: i64, service: Option<i64>) {
        let (w, x) = (i128::from(weight), i128::from(local));
        self.drawn += w;
        let Some(y) = service.map(i128::from) else { return };
        self.calls += 1;
        self.w += w;
        self.ww += w * w;
        self.x += w * x;
        self.y += w * y;
        self.xx += w * x * x;
        self.xy += w * x * y;
        self.yy += w * y * y;
    }

    /// Calls with a value of the service, for all calls: those that have one among the drawn stand for the others. 0 where no
    /// call has one.
    pub(super) fn weight(&self) -> f64 {
        if self.drawn == 0 { 0.0 } else { self.weight as f64 / UNIT * (self.w as f64 / self.drawn as f64) }
    }

    /// Σw over all calls, whether the service gives them a value or not.
    pub(super) fn all(&self) -> f64 {
        self.weight as f64 / UNIT
    }

    /// Σw of the calls with a value of the service.
    pub(super) fn sampled(&self) -> f64 {
        self.w as f64 / UNIT
    }

    /// Calls with a value of the service.
    pub(super) const fn calls(&self) -> u64 {
        self.calls
    }

    /// (Σw)²/Σw²: the number of calls that a mean of them is worth.
    pub(super) fn effective_calls(&self) -> f64 {
        let w = self.w as f64;
        if self.ww == 0 { 0.0 } else { (w * w / self.ww as f64).max(1.0) }
    }

    /// The mean of x over all calls.
    pub(super) fn local_mean(&self) -> f64 {
        mean(self.local, self.weight)
    }

    /// Σwx in calls.
    pub(super) fn local_sum(&self) -> f64 {
        self.local as f64 / (UNIT * UNIT)
    }

    /// The means of x and of y over the calls with a value of the service.
    pub(super) fn means(&self) -> (f64, f64) {
        (mean(self.x, self.w), mean(self.y, self.w))
    }

    /// Σw(x − x̄)², Σw(x − x̄)(y − ȳ) and Σw(y − ȳ)² over the same, in the scale of effective calls.
    pub(super) fn spreads(&self) -> Spreads {
        if self.w == 0 {
            return Spreads::default();
        }
        let centred = |products: i128, one: i128, other: i128| {
            let exact = self.w.checked_mul(products).zip(one.checked_mul(other)).map(|(a, b)| (a - b) as f64);
            let numerator = exact.unwrap_or(self.w as f64 * products as f64 - one as f64 * other as f64);
            numerator / self.w as f64 / (UNIT * UNIT * UNIT)
        };
        let scale = self.effective_calls() / self.sampled();
        Spreads {
            xx: (centred(self.xx, self.x, self.x) * scale).max(0.0),
            xy: centred(self.xy, self.x, self.y) * scale,
            yy: (centred(self.yy, self.y, self.y) * scale).max(0.0),
        }
    }
}

/// A mean of sums of weighted values.
fn mean(values: i128, weight: i128) -> f64 {
    if weight == 0 { 0.0 } else { values as f64 / weight as f64 / UNIT }
}

impl AddAssign<&Self> for Cell {
    fn add_assign(&mut self, other: &Self) {
        self.weight += other.weight;
        self.local += other.local;
        self.drawn += other.drawn;
        self.calls += other.calls;
        self.w += other.w;
        self.ww += other.ww;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }
}

/// Sums of squares and products about the means.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Spreads {
    pub(super) xx: f64,
    pub(super) xy: f64,
    pub(super) yy: f64,
}

impl Spreads {
    /// Σ(e − ē)² of what is left of y by λx: e = y − λx.
    pub(super) fn left(&self, lambda: f64) -> f64 {
        (self.yy - 2.0 * lambda * self.xy + lambda * lambda * self.xx).max(0.0)
    }
}

/// Sums of a group of calls: for each measure those of calls with a local value, and of those without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Calls.
    pub(super) calls: u64,
    /// Calls that were drawn.
    pub(super) drawn: u64,
    cells: [[Cell; 2]; 4],
}

impl Sums {
    /// Adds a call as the local engine scored it.
    pub(super) fn add_local(&mut self, weight: i64, local: Values) {
        self.calls += 1;
        for (cells, x) in self.cells.iter_mut().zip(local.0) {
            cells[usize::from(x.is_none())].add_local(weight, x.unwrap_or(0));
        }
    }

    /// Adds a call that was added before and was drawn, as both engines scored it.
    pub(super) fn add_drawn(&mut self, weight: i64, local: Values, service: Values) {
        self.drawn += 1;
        for (cells, (x, y)) in self.cells.iter_mut().zip(local.0.into_iter().zip(service.0)) {
            cells[usize::from(x.is_none())].add_drawn(weight, x.unwrap_or(0), y);
        }
    }

    /// The sums of a measure, by its place: of calls with a local value, of calls without.
    pub(super) fn cells(&self, place: usize) -> [Cell; 2] {
        self.cells[place]
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.drawn += other.drawn;
        for (own, more) in self.cells.iter_mut().flatten().zip(other.cells.iter().flatten()) {
            *own += more;
        }
    }
}
