//! Confidence against accuracy, one panel an engine: on the diagonal, a sureness of 70 % is right seven times in ten.

use askama::Template;

use super::{Px, Scale, path};
use crate::evaluate::EngineFigures;
use crate::words::Name;

const SIDE: f64 = 200.0;
const LEFT: f64 = 16.0;
const RIGHT: f64 = 180.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 174.0;
/// Radius of the dot that stands for all texts.
const LARGEST: f64 = 14.0;

/// The figure.
#[derive(Template)]
#[template(path = "figures/reliability.svg")]
pub(crate) struct Reliability {
    panels: Vec<Panel>,
}

/// One engine.
struct Panel {
    number: usize,
    name: String,
    line: String,
    dots: Vec<(Px, Px, Px)>,
    description: String,
}

impl Reliability {
    /// `None` where no engine judged a text.
    pub(crate) fn of(engines: &[EngineFigures]) -> Option<Self> {
        let known: Vec<&EngineFigures> =
            engines.iter().filter(|engine| engine.texts.as_ref().is_some_and(|texts| texts.texts > 0)).collect();
        if known.is_empty() {
            return None;
        }
        Some(Self { panels: (1..).zip(known).map(|(number, engine)| panel(number, engine)).collect() })
    }
}

fn panel(number: usize, engine: &EngineFigures) -> Panel {
    let x = Scale::new((0.0, 1.0), (LEFT, RIGHT));
    let y = Scale::new((0.0, 1.0), (BOTTOM, TOP));
    let bins = engine.texts.iter().flat_map(|texts| &texts.reliability).filter(|bin| bin.texts > 0);
    let all = engine.texts.as_ref().map_or(1, |texts| texts.texts.max(1)) as f64;
    let dots: Vec<(Px, Px, Px)> = bins
        .map(|bin| {
            // The area is the share of the texts.
            let radius = (LARGEST * (bin.texts as f64 / all).sqrt()).max(1.5);
            (x.at(bin.confidence), y.at(bin.accuracy), Px(radius))
        })
        .collect();
    let error = engine.texts.as_ref().and_then(|texts| texts.calibration_error);
    let error = error.map_or_else(String::new, |error| format!(" Calibration error: {:.3}.", error.value));
    Panel {
        number,
        name: Name::within(&engine.name, 22).to_string(),
        line: path(dots.iter().map(|(x, y, _)| Some((*x, *y)))),
        dots,
        description: format!("How often the engine is right against how sure it was.{error}"),
    }
}
