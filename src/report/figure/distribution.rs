//! How call scores are distributed: bars of a twentieth, the mean, and apart from them what has no score.

use askama::Template;

use super::{Px, Scale, Tick};
use crate::overview::{BINS, Overview};
use crate::words::{Count, Score, percent};

const HEIGHT: f64 = 230.0;
const LEFT: f64 = 0.0;
const RIGHT: f64 = 540.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 196.0;

/// Hundredths in one bar.
const BAR_BINS: usize = 5;
const BARS: usize = BINS / BAR_BINS;

/// The bar of what was not scored stands here, away from the scale.
const UNSCORED_LEFT: f64 = 592.0;
const UNSCORED_WIDTH: f64 = 32.0;

/// The figure.
#[derive(Template)]
#[template(path = "figures/distribution.svg")]
pub(crate) struct Distribution {
    bars: Vec<Bar>,
    ticks: Vec<Tick>,
    mean: Px,
    mean_label: String,
    unscored: Option<(Px, Px, String)>,
    description: String,
    /// The same in numbers: from, to, calls, share.
    pub(crate) rows: Vec<(Score, Score, Count, String)>,
}

struct Bar {
    x: Px,
    y: Px,
    width: Px,
    height: Px,
    class: &'static str,
}

impl Distribution {
    /// `None` where nothing was scored.
    pub(crate) fn of(overview: &Overview) -> Option<Self> {
        let mean = overview.scores.mean()?;
        let counts = bar_counts(&overview.scores.bins);
        let unscored = overview.calls - overview.scores.count;
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let x = Scale::new((0.0, BARS as f64), (LEFT, RIGHT));
        let score = Scale::new((-1.0, 1.0), (LEFT, RIGHT));
        let height = Scale::new((0.0, most as f64), (0.0, BOTTOM - TOP));
        let bars = counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(index, &count)| {
            let left = x.at(index as f64);
            let tall = Px(height.at(count as f64).0.max(0.8));
            Bar {
                x: left,
                y: Px(BOTTOM - tall.0),
                width: Px(x.at(1.0).0 - LEFT - 1.0),
                height: tall,
                class: class(index),
            }
        });
        let tall = Px(height.at(unscored as f64).0.clamp(2.0, BOTTOM - TOP));
        // An arrow: the bar goes on beyond the drawing.
        let label = format!("{}{}", Count(unscored), if unscored > most { " ↑" } else { "" });
        Some(Self {
            bars: bars.collect(),
            ticks: [("−1", -1.0), ("−0.5", -0.5), ("0", 0.0), ("+0.5", 0.5), ("+1", 1.0)]
                .map(|(label, value)| Tick { at: score.at(value), label: label.to_owned() })
                .into(),
            mean: score.at(mean),
            mean_label: format!("mean {}", Score(mean)),
            unscored: (unscored > 0).then_some((Px(BOTTOM - tall.0), tall, label)),
            description: description(overview, unscored),
            rows: rows(&counts, overview.scores.count),
        })
    }
}

/// The last bar holds 1 itself as well.
fn bar_counts(bins: &[u64; BINS]) -> [u64; BARS] {
    let mut counts = [0; BARS];
    for (bin, count) in bins.iter().enumerate() {
        counts[(bin / BAR_BINS).min(BARS - 1)] += count;
    }
    counts
}

fn edge(index: usize) -> f64 {
    index as f64 * 2.0 / BARS as f64 - 1.0
}

fn class(index: usize) -> &'static str {
    match (edge(index), edge(index + 1)) {
        (_, to) if to < -0.099 => "negative",
        (from, _) if from > 0.099 => "positive",
        _ => "near",
    }
}

fn description(overview: &Overview, unscored: u64) -> String {
    let part = |share| overview.scores.quantile(share).map_or_else(String::new, |value| Score(value).to_string());
    format!(
        "Customer score of {} calls from −1 to +1. A quarter of them lie below {}, half below {}, three quarters below {}. {} calls have no score and are not in the bars.",
        Count(overview.scores.count),
        part(0.25),
        part(0.5),
        part(0.75),
        Count(unscored)
    )
}

fn rows(counts: &[u64; BARS], scored: u64) -> Vec<(Score, Score, Count, String)> {
    // Two bars a row: a table of 20 lines.
    let pairs = counts.chunks(2).enumerate();
    pairs
        .map(|(index, pair)| {
            let count = pair.iter().sum();
            (Score(edge(2 * index)), Score(edge(2 * index + 2)), Count(count), percent(count, scored))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_is_in_a_bar_and_the_ends_are_the_scale_s() {
        let counts = bar_counts(&[1; BINS]);
        assert_eq!((counts.len(), counts.iter().sum::<u64>()), (40, 201));
        assert_eq!((edge(0), edge(40)), (-1.0, 1.0));
        assert_eq!(
            (class(0), class(17), class(18), class(21), class(22)),
            ("negative", "negative", "near", "near", "positive")
        );
    }
}
