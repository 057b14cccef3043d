//! Small drawings that stand in the rows of a table: a score with its interval.

use askama::Template;

use super::{Px, Scale};

const WIDTH: f64 = 180.0;
const HEIGHT: f64 = 18.0;

/// The scale that all strips of a table share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StripScale {
    scale: Scale,
    range: (f64, f64),
    mean: Option<f64>,
}

impl StripScale {
    /// A scale that holds all of `values`, with a line at `mean`.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>, mean: Option<f64>) -> Self {
        let range = super::score_range(values.into_iter().chain(mean), 0.1);
        Self { scale: Scale::new(range, (6.0, WIDTH - 6.0)), range, mean }
    }

    /// The strip of one row.
    pub(crate) fn strip(
        &self,
        score: Option<f64>,
        interval: Option<(f64, f64)>,
        raw: Option<f64>,
        class: &'static str,
    ) -> Strip {
        let at = |value: f64| self.scale.at(value.clamp(self.range.0, self.range.1));
        Strip {
            mean: self.mean.map(at),
            interval: interval.map(|(low, high)| (at(low), at(high))),
            score: score.map(at),
            raw: raw.map(at),
            class,
        }
    }
}

/// A score, its interval, and the raw score as a hollow dot.
#[derive(Template)]
#[template(path = "figures/strip.svg")]
pub(crate) struct Strip {
    mean: Option<Px>,
    interval: Option<(Px, Px)>,
    score: Option<Px>,
    raw: Option<Px>,
    class: &'static str,
}
