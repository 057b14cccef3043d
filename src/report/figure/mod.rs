//! Figures: where lines, dots and labels lie. What they look like is in the templates.
//!
//! Each figure is a template over numbers that were worked out here, in the units of its own drawing. Every one
//! has a title and a description, and a table beside it on the page with the same numbers.
//!
//! A figure is as wide as its place: lines are stretched from [`WIDTH`] units to it, while text, at a share of the width,
//! keeps its size. Heights are pixels.

mod course;
mod distribution;
mod funnel;
mod learning;
mod quarters;
mod reliability;
mod standings;
mod strip;
mod trend;

use std::fmt::{self, Display, Write as _};

pub(super) use course::{Course, Sparkline};
pub(super) use distribution::Distribution;
pub(super) use funnel::Funnel;
pub(super) use learning::Learning;
pub(super) use quarters::Quarters;
pub(super) use reliability::Reliability;
pub(super) use standings::Standings;
pub(super) use strip::{Strip, StripScale};
pub(super) use trend::Trend;

/// The width of every figure in its own units.
const WIDTH: f64 = 640.0;

/// A length in a drawing: at most one decimal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Px(f64);

impl Px {
    /// The same length as a share of the figure's width: `12.5%`.
    fn along(self) -> String {
        format!("{}%", (self.0 / WIDTH * 1e4).round() / 100.0 + 0.0)
    }

    /// How a text here is anchored so that it stays within the figure.
    fn anchor(self) -> &'static str {
        match self.0 / WIDTH {
            place if place < 0.12 => "start",
            place if place > 0.88 => "end",
            _ => "middle",
        }
    }
}

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 10.0).round() / 10.0;
        // Adding zero takes the sign off a negative one.
        write!(f, "{}", rounded + 0.0)
    }
}

/// From values to lengths, along a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    fn new(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { from, to }
    }

    fn at(&self, value: f64) -> Px {
        let span = self.from.1 - self.from.0;
        let share = if span == 0.0 { 0.5 } else { (value - self.from.0) / span };
        Px(self.to.0 + share * (self.to.1 - self.to.0))
    }
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    at: Px,
    label: String,
}

/// The least and greatest of the values, no closer than `least_span`, within −1 and 1, with a little room.
fn score_range(values: impl IntoIterator<Item = f64>, least_span: f64) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (-1.0, 1.0);
    }
    let missing = (least_span - (high - low)).max(0.0) / 2.0;
    let room = 0.04 * (high - low) + missing;
    let (low, high) = ((low - room).max(-1.0), (high + room).min(1.0));
    // At an end of the scale, the room that is missing on one side is made on the other.
    (low.min(high - least_span).max(-1.0), high.max(low + least_span).min(1.0))
}

/// Round values from `range.0` to `range.1`, about five of them.
fn round_values((low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|&step| step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step).ceil();
    (0..12).map(|index| (first + f64::from(index)) * step).take_while(|&value| value <= high + step * 1e-6).collect()
}

/// Marks for scores.
fn score_ticks(range: (f64, f64), scale: &Scale) -> Vec<Tick> {
    let values = round_values(range);
    // As many decimals as they need.
    let fine = values.iter().any(|value| (value * 10.0 - (value * 10.0).round()).abs() > 1e-6);
    let label = |value: f64| {
        let text = if fine { format!("{value:+.2}") } else { format!("{value:+.1}") };
        if value.abs() < 1e-9 { "0".to_owned() } else { text.replace('-', "−") }
    };
    values.into_iter().map(|value| Tick { at: scale.at(value), label: label(value) }).collect()
}

/// A path through points, beginning anew after each gap.
fn path(points: impl IntoIterator<Item = Option<(Px, Px)>>) -> String {
    let mut path = String::new();
    let mut open = false;
    for point in points {
        match point {
            Some((x, y)) => {
                append(&mut path, format_args!("{}{x} {y}", if open { "L" } else { "M" }));
                open = true;
            }
            None => open = false,
        }
    }
    path
}

/// The area between two lines of as many points each, (x, low, high), beginning anew after each gap.
fn area(points: impl IntoIterator<Item = Option<(Px, Px, Px)>>) -> String {
    let points: Vec<_> = points.into_iter().collect();
    let mut path = String::new();
    for stretch in points.split(Option::is_none).filter(|stretch| !stretch.is_empty()) {
        let upper = stretch.iter().flatten().map(|&(x, _, high)| Some((x, high)));
        let lower = stretch.iter().flatten().rev().map(|&(x, low, _)| Some((x, low)));
        append(&mut path, format_args!("{}Z", self::path(upper.chain(lower))));
    }
    path
}

/// Dots as strokes without length, which round ends make visible.
fn dots(places: impl IntoIterator<Item = (Px, Px)>) -> String {
    let mut path = String::new();
    for (x, y) in places {
        append(&mut path, format_args!("M{x} {y}h0"));
    }
    path
}

fn append(path: &mut String, part: fmt::Arguments<'_>) {
    path.write_fmt(part).expect("writing to a string can't fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        assert_eq!([12.0, 12.34, -0.04, 0.96].map(|length| Px(length).to_string()), ["12", "12.3", "0", "1"]);
    }

    #[test]
    fn ranges_hold_their_values_and_stay_on_the_scale() {
        assert_eq!(score_range([], 0.2), (-1.0, 1.0));
        let (low, high) = score_range([0.1, 0.1], 0.4);
        assert!((low + 0.1).abs() < 1e-9 && (high - 0.3).abs() < 1e-9, "{low} {high}");
        let (low, high) = score_range([0.99], 0.4);
        assert!((low - 0.6).abs() < 1e-9 && (high - 1.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(score_range([-1.0, 1.0], 0.2), (-1.0, 1.0));
    }

    #[test]
    fn round_values_are_round_and_few() {
        let rounded = |range| round_values(range).iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>();
        assert_eq!(rounded((-0.31, 0.42)), ["-0.20", "0.00", "0.20", "0.40"]);
        assert_eq!(rounded((0.0, 0.1)), ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"]);
        assert_eq!(round_values((1.0, 1.0)), Vec::<f64>::new());
    }

    #[test]
    fn a_tick_says_where_it_is() {
        let labels = |range| {
            let ticks = score_ticks(range, &Scale::new(range, (0.0, 1.0)));
            ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>()
        };
        assert_eq!(labels((-0.6, 0.5)), ["−0.50", "−0.25", "0", "+0.25", "+0.50"]);
        assert_eq!(labels((-0.3, 0.5)), ["−0.2", "0", "+0.2", "+0.4"]);
        assert_eq!(labels((0.01, 0.11)), ["+0.02", "+0.04", "+0.06", "+0.08", "+0.10"]);
    }

    #[test]
    fn a_place_is_a_share_of_the_width() {
        assert_eq!([0.0, 320.0, 40.1, 640.0].map(|x| Px(x).along()), ["0%", "50%", "6.27%", "100%"]);
        assert_eq!([10.0, 320.0, 630.0].map(|x| Px(x).anchor()), ["start", "middle", "end"]);
    }

    #[test]
    fn an_area_is_closed_before_each_gap() {
        let at = |x: f64| Some((Px(x), Px(9.0), Px(1.0)));
        assert_eq!(area([at(0.0), at(2.0), None, at(4.0)]), "M0 1L2 1L2 9L0 9ZM4 1L4 9Z");
        assert_eq!(area([None, None]), "");
    }

    #[test]
    fn a_gap_lifts_the_pen() {
        let point = |x: f64| Some((Px(x), Px(0.0)));
        assert_eq!(path([point(0.0), point(1.0), None, point(3.0)]), "M0 0L1 0M3 0");
    }
}
