//! The few figures that stand on top of the page, each with its interval.

use std::fmt::{self, Display};

use crate::overview::Overview;
use crate::rollup::{Counts, Prior};
use crate::words::{Count, Maybe, counted, interval, percent};

/// So many of so many calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// Calls with the property.
    pub count: u64,
    /// Calls of which it is known.
    pub of: u64,
}

impl Part {
    /// The share; `None` of no calls.
    pub(super) fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }

    /// Its 95 % interval by Jeffreys's prior, which holds neither 0 nor 1 unless that is what was counted.
    pub(super) fn interval(self) -> Option<(f64, f64)> {
        let share = Prior::JEFFREYS.share(&Counts { hits: self.count as f64, calls: self.of as f64 });
        let low = if self.count == 0 { 0.0 } else { share.low };
        let high = if self.count == self.of { 1.0 } else { share.high };
        (self.of > 0).then_some((low, high))
    }

    /// The share in percent.
    pub(super) fn percent(self) -> String {
        percent(self.count, self.of)
    }

    /// The interval in percent: `10 to 23 %`.
    pub(super) fn range(self) -> String {
        self.interval().map_or_else(|| "–".to_owned(), percents)
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.percent(), self.range())
    }
}

/// Two shares in percent.
pub(super) fn percents((low, high): (f64, f64)) -> String {
    let one =
        |share: f64| if share < 0.0995 { format!("{:.1}", 100.0 * share) } else { format!("{:.0}", 100.0 * share) };
    format!("{} to {} %", one(low), one(high))
}

/// What a run found, in a few figures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// Calls.
    pub calls: u64,
    /// Calls with a customer score.
    pub scored: u64,
    /// The mean customer score.
    pub mean: Option<f64>,
    /// Its 95 % interval, calls being the sampling unit.
    pub interval: Option<(f64, f64)>,
    /// Negative calls, of those scored.
    pub negative: Part,
    /// Escalated calls, of those with a start and an end.
    pub escalated: Part,
    /// Recovered calls, of those that began badly.
    pub recovered: Part,
    /// The customers' words that have a score.
    pub words: Part,
}

impl Figures {
    /// Those of a run.
    #[must_use]
    pub fn of(overview: &Overview) -> Self {
        Self {
            calls: overview.calls,
            scored: overview.scores.count,
            mean: overview.scores.mean(),
            interval: overview.all().interval(),
            negative: Part { count: overview.labels.negative, of: overview.scores.count },
            escalated: Part { count: overview.escalated, of: overview.with_shift },
            recovered: Part { count: overview.recovered, of: overview.began_badly },
            words: Part { count: overview.customer_words.scored, of: overview.customer_words.words },
        }
    }
}

/// One figure on top of the page.
pub(super) struct Tile {
    pub(super) term: &'static str,
    pub(super) value: String,
    /// Whether there is a value.
    pub(super) known: bool,
    /// Its 95 % interval; empty where there is none.
    pub(super) sure: String,
    /// What it is of.
    pub(super) of: String,
    /// The same figure of the run before.
    pub(super) before: Option<String>,
}

impl Tile {
    fn share(term: &'static str, unknown: &str, noun: &str, part: Part) -> Self {
        let known = part.of > 0;
        Self {
            term,
            value: if known { part.percent() } else { unknown.to_owned() },
            known,
            sure: if known { part.range() } else { String::new() },
            of: if known { format!("{} of {}", Count(part.count), counted(part.of, noun)) } else { String::new() },
            before: None,
        }
    }
}

/// The figures on top of the page, beside those of the run before if there was one.
pub(super) fn tiles(now: &Figures, previous: Option<&(String, Figures)>) -> Vec<Tile> {
    let mut tiles = tiles_of(now);
    if let Some((_, before)) = previous {
        for (tile, before) in tiles.iter_mut().zip(tiles_of(before)) {
            tile.before = Some(format!("before: {}", before.value));
        }
    }
    tiles
}

fn tiles_of(figures: &Figures) -> Vec<Tile> {
    let scored = format!("of {}", counted(figures.scored, "scored call"));
    vec![
        Tile {
            term: "Mean score",
            value: Maybe(figures.mean).to_string(),
            known: figures.mean.is_some(),
            sure: figures.interval.map_or_else(String::new, |ends| interval(Some(ends))),
            of: if figures.mean.is_some() { scored } else { String::new() },
            before: None,
        },
        Tile::share("Negative calls", "not scored", "scored call", figures.negative),
        Tile::share("Escalated calls", "not known", "call", figures.escalated),
        Tile::share("Recovered calls", "none began badly", "bad start", figures.recovered),
        // What was scored is counted, not drawn from anything: no interval.
        Tile { sure: String::new(), ..Tile::share("Words scored", "no words", "customer word", figures.words) },
    ]
}

/// A mean with its interval: `+0.12 (+0.05 to +0.19)`.
pub(super) fn with_interval(mean: Option<f64>, ends: Option<(f64, f64)>) -> String {
    match ends {
        Some(ends) => format!("{} ({})", Maybe(mean), interval(Some(ends))),
        None => Maybe(mean).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_within_its_interval_and_nothing_has_none() {
        for (count, of) in [(0, 1), (1, 1), (0, 50), (11, 50), (50, 50), (3, 100_000)] {
            let part = Part { count, of };
            let (low, high) = part.interval().unwrap();
            let share = part.share().unwrap();
            assert!(0.0 <= low && low <= share && share <= high && high <= 1.0, "{count} of {of}: {low} {high}");
        }
        // The quantiles of Beta(11.5, 39.5).
        let (low, high) = Part { count: 11, of: 50 }.interval().unwrap();
        assert!((low - 0.122_893).abs() < 1e-5 && (high - 0.348_443).abs() < 1e-5, "{low} {high}");
        assert_eq!((Part::default().share(), Part::default().interval()), (None, None));
        assert_eq!(Part::default().range(), "–");
        assert_eq!(percents((0.0123, 0.2345)), "1.2 to 23 %");
    }
}
