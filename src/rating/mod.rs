//! A model of the rating that a customer would give a call: small, monotone, and a text file that a person can read.
//!
//! The **index** of a call is a mean of five columns of calls.csv, turned so that more is better, with weights that are
//! never below 0; the **curve** leads from the index to the rating, straight between its points and level beyond them,
//! and never turns back. So a call whose columns are all better is never expected to be rated worse. [`train`] fits
//! both to calls that customers rated; the shipped program has no such model, as one that fits one site does not
//! carry over to another.
//!
//! Pure: it reads and writes strings, runs no engine, and the same calls give the same bytes.

mod file;
mod fit;
mod held_out;

pub use file::RatingModelError;
pub use fit::{Rated, train};
pub use held_out::HeldOut;

use serde::{Deserialize, Serialize};

use crate::rollup::RoleRollup;
use crate::sentiment::Millionths;

/// How many columns an index is made of.
const COLUMNS: usize = 5;

/// A customer's columns, turned so that more is better, in the order of [`Weights`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Columns([f64; COLUMNS]);

impl Columns {
    /// Those of a call; `None` without a customer score. That score stands for a start, end or low that is unknown.
    #[must_use]
    pub fn of(customer: &RoleRollup) -> Option<Self> {
        let of = |column: Option<Millionths>| column.map(Millionths::value);
        let RoleRollup { score, end, low, start, negative_share, .. } = *customer;
        Self::new(of(score), of(end), of(low), of(start), of(negative_share))
    }

    /// The same from the columns one by one.
    #[must_use]
    pub fn new(
        score: Option<f64>,
        end: Option<f64>,
        low: Option<f64>,
        start: Option<f64>,
        negative_share: Option<f64>,
    ) -> Option<Self> {
        let score = score?;
        let or_score = |column: Option<f64>| column.unwrap_or(score);
        Some(Self([score, or_score(end), or_score(low), or_score(start), 1.0 - negative_share.unwrap_or(0.0)]))
    }
}

/// What each column weighs in the index. They sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Of `customer_score`.
    pub customer_score: f64,
    /// Of `customer_end`.
    pub customer_end: f64,
    /// Of `customer_low`.
    pub customer_low: f64,
    /// Of `customer_start`.
    pub customer_start: f64,
    /// Of 1 − `customer_negative_share`.
    pub customer_no_negative_share: f64,
}

impl Weights {
    const fn all(&self) -> [f64; COLUMNS] {
        [
            self.customer_score,
            self.customer_end,
            self.customer_low,
            self.customer_start,
            self.customer_no_negative_share,
        ]
    }

    const fn from_all([customer_score, customer_end, customer_low, customer_start, share]: [f64; COLUMNS]) -> Self {
        Self { customer_score, customer_end, customer_low, customer_start, customer_no_negative_share: share }
    }

    fn index(&self, columns: &Columns) -> f64 {
        self.all().iter().zip(columns.0).map(|(weight, value)| weight * value).sum()
    }
}

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The index.
    pub index: f64,
    /// The mean rating of calls with this index.
    pub expected: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
}

/// Which calls a model may be used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// The engine whose scores it learned from.
    pub engine: String,
    /// How turns were packed.
    pub granularity: String,
    /// The version of the formulas.
    pub scoring_version: String,
}

/// What the first key of a model's file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A model of ratings in the form that is described here.
    #[serde(rename = "undertone call model 1")]
    CallModel1,
}

/// A model of the ratings of one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingModel {
    /// What the file is.
    pub kind: Kind,
    /// The column of ratings that it learned from.
    pub rating: String,
    /// The lowest rating in it.
    pub lowest: f64,
    /// The highest rating in it.
    pub highest: f64,
    /// Whether the highest is the happy end.
    pub high_is_better: bool,
    /// Rated calls that it learned from.
    pub calls: usize,
    /// Which scores it learned from.
    pub scoring: Scoring,
    /// The index.
    pub weights: Weights,
    /// From the index to the rating, by ascending index; two points or more.
    pub curve: Vec<Point>,
}

/// The rating that calls such as one have in the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The mean.
    pub rating: Millionths,
    /// Lower end of its 95 % interval.
    pub low: Millionths,
    /// Upper end of its 95 % interval.
    pub high: Millionths,
}

impl RatingModel {
    /// What a call with these columns is expected to be rated.
    #[must_use]
    pub fn expected(&self, columns: &Columns) -> Expected {
        let index = self.weights.index(columns);
        let of = |part: fn(&Point) -> f64| Millionths::nearest(along(&self.curve, index, part));
        Expected { rating: of(|point| point.expected), low: of(|point| point.low), high: of(|point| point.high) }
    }
}

/// The value of a curve at an index.
fn along(curve: &[Point], index: f64, part: fn(&Point) -> f64) -> f64 {
    let after = curve.partition_point(|point| point.index <= index);
    let neighbours = (after.checked_sub(1).and_then(|before| curve.get(before)), curve.get(after));
    match neighbours {
        (Some(before), Some(after)) => {
            let share = (index - before.index) / (after.index - before.index);
            part(before) + share * (part(after) - part(before))
        }
        (Some(end), None) | (None, Some(end)) => part(end),
        (None, None) => 0.0,
    }
}
