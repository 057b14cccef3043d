//! Engines side by side: the figure that the verdict goes by, with its interval, one row an engine.

use askama::Template;

use super::{Px, Scale, Tick, WIDTH, round_values};
use crate::evaluate::{EngineFigures, Interval};
use crate::words::Name;

const LEFT: f64 = 16.0;
const RIGHT: f64 = 624.0;
const TOP: f64 = 4.0;
const ROW: f64 = 46.0;

/// Characters of an engine's name: the room above its line on a phone.
const NAME_CHARS: usize = 24;

/// The figure.
#[derive(Template)]
#[template(path = "figures/standings.svg")]
pub(crate) struct Standings {
    height: f64,
    bottom: Px,
    ticks: Vec<Tick>,
    rows: Vec<Row>,
    figure: String,
    description: String,
}

/// One engine.
struct Row {
    name: String,
    y: Px,
    interval: (Px, Px),
    at: Px,
    value: String,
}

impl Standings {
    /// `None` where no engine has the figure.
    pub(crate) fn of(engines: &[EngineFigures], figure: &str) -> Option<Self> {
        let known: Vec<(&str, Interval)> =
            engines.iter().filter_map(|engine| Some((engine.name.as_str(), engine.main()?))).collect();
        if known.is_empty() {
            return None;
        }
        let (low, high) =
            known.iter().fold((1.0_f64, 0.0_f64), |(low, high), (_, i)| (low.min(i.low), high.max(i.high)));
        let range = ((low - 0.02).max(0.0), (high + 0.02).min(1.0));
        let x = Scale::new(range, (LEFT, RIGHT));
        let bottom = TOP + ROW * known.len() as f64;
        let row = |(place, (name, interval)): (usize, &(&str, Interval))| Row {
            name: Name::within(name, NAME_CHARS).to_string(),
            y: Px(TOP + ROW * place as f64 + 32.0),
            interval: (x.at(interval.low), x.at(interval.high)),
            at: x.at(interval.value),
            value: interval.to_string(),
        };
        let said = known.iter().map(|(name, i)| format!("{} {i}", Name::new(name)));
        Some(Self {
            height: bottom + 44.0,
            bottom: Px(bottom),
            ticks: ticks(range, &x),
            rows: known.iter().enumerate().map(row).collect(),
            figure: figure.to_owned(),
            description: format!("{figure} with its 95 % interval: {}.", said.collect::<Vec<_>>().join(", ")),
        })
    }
}

/// Marks for shares.
pub(super) fn ticks(range: (f64, f64), scale: &Scale) -> Vec<Tick> {
    let label = |value: f64| format!("{value:.2}");
    round_values(range).into_iter().map(|value| Tick { at: scale.at(value), label: label(value) }).collect()
}
