//! Confidence against accuracy, one panel an engine: on the diagonal, a sureness of 70 % is right seven times in ten.

use askama::Template;

use super::{Px, Scale, path};
use crate::evaluate::EngineFigures;
use crate::words::Name;

const WIDTH: f64 = 640.0;
const PANEL: f64 = 150.0;
const STEP: f64 = 205.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 30.0;
const ROW: f64 = 205.0;
/// Panels in a row.
const ACROSS: usize = 3;
/// Radius of the dot that stands for all texts.
const LARGEST: f64 = 14.0;

/// The figure.
#[derive(Template)]
#[template(path = "figures/reliability.svg")]
pub(crate) struct Reliability {
    height: f64,
    panels: Vec<Panel>,
    description: String,
}

/// One engine.
struct Panel {
    name: String,
    left: Px,
    right: Px,
    top: Px,
    bottom: Px,
    middle: Px,
    line: String,
    dots: Vec<(Px, Px, Px)>,
}

impl Reliability {
    /// `None` where no engine judged a text.
    pub(crate) fn of(engines: &[EngineFigures]) -> Option<Self> {
        let known: Vec<&EngineFigures> =
            engines.iter().filter(|engine| engine.texts.as_ref().is_some_and(|texts| texts.texts > 0)).collect();
        if known.is_empty() {
            return None;
        }
        let rows = known.len().div_ceil(ACROSS);
        Some(Self {
            height: ROW * rows as f64,
            panels: known.iter().enumerate().map(|(place, engine)| panel(place, engine)).collect(),
            description: description(&known),
        })
    }
}

fn panel(place: usize, engine: &EngineFigures) -> Panel {
    let left = LEFT + STEP * (place % ACROSS) as f64;
    let top = TOP + ROW * (place / ACROSS) as f64;
    let x = Scale::new((0.0, 1.0), (left, left + PANEL));
    let y = Scale::new((0.0, 1.0), (top + PANEL, top));
    let bins = engine.texts.iter().flat_map(|texts| &texts.reliability).filter(|bin| bin.texts > 0);
    let all = engine.texts.as_ref().map_or(1, |texts| texts.texts.max(1)) as f64;
    let dots: Vec<(Px, Px, Px)> = bins
        .map(|bin| {
            // The area is the share of the texts.
            let radius = (LARGEST * (bin.texts as f64 / all).sqrt()).max(1.5);
            (x.at(bin.confidence), y.at(bin.accuracy), Px(radius))
        })
        .collect();
    Panel {
        name: Name::within(&engine.name, 22).to_string(),
        left: Px(left),
        right: Px(left + PANEL),
        top: Px(top),
        bottom: Px(top + PANEL),
        middle: Px(left + PANEL / 2.0),
        line: path(dots.iter().map(|(x, y, _)| Some((*x, *y)))),
        dots,
    }
}

fn description(engines: &[&EngineFigures]) -> String {
    let error = |engine: &&EngineFigures| {
        let error = engine.texts.as_ref().and_then(|texts| texts.calibration_error);
        error.map(|error| format!("{} {:.3}", Name::new(&engine.name), error.value))
    };
    let errors: Vec<String> = engines.iter().filter_map(error).collect();
    format!("How often each engine is right against how sure it was. Calibration error: {}.", errors.join(", "))
}
