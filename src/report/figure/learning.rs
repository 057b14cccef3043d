//! The learning curve: a model of one's own on growing numbers of labels, and the engines that need none.

use askama::Template;

use super::standings::ticks;
use super::{Px, Scale, Tick, WIDTH, area, dots, path};
use crate::evaluate::Curve;
use crate::words::{Count, Name};

const HEIGHT: f64 = 280.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 236.0;
/// How near two labels may lie to each other.
const LABEL_HEIGHT: f64 = 16.0;

/// The figure.
#[derive(Template)]
#[template(path = "figures/learning.svg")]
pub(crate) struct Learning {
    ticks: Vec<Tick>,
    labels: Vec<(Px, Count)>,
    band: String,
    line: String,
    dots: String,
    rivals: Vec<Rival>,
    own: Px,
    description: String,
}

/// An engine: a line across, and its name at the end, where there is room.
struct Rival {
    y: Px,
    name: String,
    label: Px,
}

impl Learning {
    /// `None` where no model has a figure.
    pub(crate) fn of(curve: &Curve) -> Option<Self> {
        let points: Vec<(usize, crate::evaluate::Interval)> =
            curve.points.iter().filter_map(|point| Some((point.labels, point.macro_f1?))).collect();
        let rivals: Vec<(&str, f64)> =
            curve.engines.iter().filter_map(|rival| Some((rival.engine.as_str(), rival.macro_f1?.value))).collect();
        let (first, last) = (points.first()?, points.last()?);
        let values = points.iter().flat_map(|(_, i)| [i.low, i.high]).chain(rivals.iter().map(|(_, value)| *value));
        let (low, high) = values.fold((1.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let range = ((low - 0.02).max(0.0), (high + 0.02).min(1.0));
        let y = Scale::new(range, (BOTTOM, TOP));
        let position = |labels: usize| (labels as f64).ln();
        let x = Scale::new((position(first.0), position(last.0)), (LEFT + 16.0, RIGHT - 16.0));
        let place = |labels: usize, value: f64| (x.at(position(labels)), y.at(value));
        let marks: Vec<(Px, Px)> = points.iter().map(|(labels, i)| place(*labels, i.value)).collect();
        let own = y.at(last.1.value);
        let mut rivals: Vec<Rival> = rivals
            .into_iter()
            .map(|(name, value)| Rival { y: y.at(value), name: Name::within(name, 20).to_string(), label: y.at(value) })
            .collect();
        let own_label = keep_apart(own, &mut rivals);
        Some(Self {
            ticks: ticks(range, &y),
            labels: points.iter().map(|(labels, _)| (x.at(position(*labels)), Count(*labels as u64))).collect(),
            band: area(points.iter().map(|(labels, i)| Some((x.at(position(*labels)), y.at(i.low), y.at(i.high))))),
            line: path(marks.iter().copied().map(Some)),
            dots: dots(marks),
            rivals,
            own: own_label,
            description: format!("Macro F1 by number of labels. {}", curve.words),
        })
    }
}

/// Moves the labels at the lines' ends apart, from the top down; returns where the own model's goes.
fn keep_apart(own: Px, rivals: &mut [Rival]) -> Px {
    let mut own_label = own;
    let mut labels: Vec<&mut Px> = rivals.iter_mut().map(|rival| &mut rival.label).collect();
    labels.push(&mut own_label);
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut above = f64::NEG_INFINITY;
    for label in labels {
        label.0 = label.0.max(above + LABEL_HEIGHT);
        above = label.0;
    }
    own_label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_at_the_ends_do_not_lie_on_each_other() {
        let rival = |y: f64| Rival { y: Px(y), name: String::new(), label: Px(y) };
        let mut rivals = [rival(100.0), rival(103.0)];
        let own = keep_apart(Px(101.0), &mut rivals);
        assert_eq!((rivals[0].label, own, rivals[1].label), (Px(100.0), Px(116.0), Px(132.0)));
    }
}
