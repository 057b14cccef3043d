//! The funnel: each agent's score against the number of calls, between the limits of the spread that agents usually have.
//!
//! The verdict on an agent comes from agents.csv and that agent's own variation. The limits are drawn for an agent
//! whose calls vary as those of the others do: the least-squares lines of the squared distances of the limits on 1/n.

use askama::Template;

use super::{Px, Scale, Tick, WIDTH, dots, score_ticks};
use crate::report::agents::{Agent, Place, Verdict, count};
use crate::words::{Count, Name};

const HEIGHT: f64 = 400.0;
const LEFT: f64 = 0.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 356.0;

/// The most agents whose names are written beside their marks.
const MOST_LABELS: usize = 16;
const LABEL_CHARS: usize = 20;
const LABEL_CHAR_WIDTH: f64 = 7.4;
const LABEL_HEIGHT: f64 = 15.0;

/// Points on each limit's curve.
const CURVE_POINTS: u32 = 60;

/// Agents from which marks are small.
const CROWD: usize = 400;

/// Agents from which those inside are drawn on a coarser grid, so that the drawing stays small.
const MANY_AGENTS: usize = 1500;

/// The figure.
#[derive(Template)]
#[template(path = "figures/funnel.svg")]
pub(crate) struct Funnel {
    /// How large marks are: empty, or `crowd` for small ones.
    class: &'static str,
    ticks: Vec<Tick>,
    calls: Vec<Tick>,
    mean: Px,
    inner: [String; 2],
    outer: [String; 2],
    /// Dots of the agents inside, by how many fall on the same spot: one, a few, many.
    inside: [String; 3],
    watch: String,
    low: String,
    high: String,
    labels: Vec<Label>,
    description: String,
}

/// A name beside its mark.
struct Label {
    x: Px,
    y: Px,
    anchor: &'static str,
    name: String,
}

/// What the limits follow.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limits {
    mean: f64,
    inner: Line,
    outer: Line,
}

impl Limits {
    fn of(agents: &[(&Agent, Place)]) -> Option<Self> {
        let (_, first) = agents.first()?;
        // Of limits that the scale cuts off at one end, the other is whole.
        let inner = |place: &Place| (place.mean - place.watch.0).max(place.watch.1 - place.mean);
        let outer = |place: &Place| (place.mean - place.out.0).max(place.out.1 - place.mean);
        Some(Self { mean: first.mean, inner: Line::of(agents, inner), outer: Line::of(agents, outer) })
    }
}

/// The distance of a limit from the mean: its square is between + within/n.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    between: f64,
    within: f64,
}

impl Line {
    fn distance(&self, calls: f64) -> f64 {
        (self.between + self.within / calls).max(0.0).sqrt()
    }

    /// The line through 1/n and the squared distance of the agents, weighted by n so that those with few calls count little.
    fn of(agents: &[(&Agent, Place)], distance: impl Fn(&Place) -> f64) -> Self {
        let (mut weights, mut xs, mut ys, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (agent, place) in agents {
            let weight = agent.scored as f64;
            let (x, y) = (1.0 / weight, distance(place) * distance(place));
            weights += weight;
            xs += weight * x;
            ys += weight * y;
            xx += weight * x * x;
            xy += weight * x * y;
        }
        let spread = xx - xs * xs / weights;
        let mean = ys / weights;
        let slope = if spread > 1e-9 { ((xy - xs * ys / weights) / spread).max(0.0) } else { mean * weights / xs };
        let between = (mean - slope * xs / weights).max(0.0);
        Self { between, within: slope }
    }
}

impl Funnel {
    /// `None` where agents are not compared.
    pub(crate) fn of(agents: &[Agent]) -> Option<Self> {
        let scored = agents.iter().filter(|agent| agent.scored > 0);
        let placed: Vec<(&Agent, Place)> = scored.filter_map(|agent| Some((agent, agent.place()?))).collect();
        let limits = Limits::of(&placed)?;
        let fewest = placed.iter().map(|(agent, _)| agent.scored).min()? as f64;
        let most = (placed.iter().map(|(agent, _)| agent.scored).max()? as f64).max(fewest + 1.0);
        let range = score_range(&placed, &limits);
        let y = Scale::new(range, (BOTTOM, TOP));
        // By logarithm: twice the calls are the same step everywhere.
        let x = Scale::new((fewest.ln(), most.ln()), (LEFT + 44.0, RIGHT - 12.0));
        let at = |agent: &Agent, place: Place| (x.at((agent.scored as f64).ln()), y.at(place.score));

        let curve = |line: &Line, side: f64| {
            limit_curve(|calls| limits.mean + side * line.distance(calls), (fewest, most), &x, &y)
        };
        let places = |verdict: Verdict| {
            let chosen = placed.iter().filter(move |(agent, _)| agent.verdict() == verdict);
            chosen.map(|&(agent, place)| (at(agent, place), place.z))
        };
        let inside = places(Verdict::Inside).map(|(place, _)| place).collect();
        let outside: Vec<((Px, Px), f64)> = places(Verdict::Outside).collect();
        let side = |sign: f64| dots(outside.iter().filter(|(_, z)| z * sign > 0.0).map(|&(place, _)| place));
        Some(Self {
            class: if placed.len() > CROWD { "crowd" } else { "" },
            ticks: score_ticks(range, &y),
            calls: call_ticks(fewest, most, &x),
            mean: y.at(limits.mean),
            inner: [curve(&limits.inner, -1.0), curve(&limits.inner, 1.0)],
            outer: [curve(&limits.outer, -1.0), curve(&limits.outer, 1.0)],
            inside: by_density(inside, placed.len() > MANY_AGENTS),
            watch: dots(places(Verdict::Watch).map(|(place, _)| place)),
            low: side(-1.0),
            high: side(1.0),
            labels: labels(&placed, at),
            description: description(agents, placed.len()),
        })
    }
}

/// From the lowest to the highest score, and the inner limits of an agent with a typical number of calls.
fn score_range(agents: &[(&Agent, Place)], limits: &Limits) -> (f64, f64) {
    let mut calls: Vec<u64> = agents.iter().map(|(agent, _)| agent.scored).collect();
    calls.sort_unstable();
    let typical = calls.get(calls.len() / 4).copied().unwrap_or(1).max(1) as f64;
    let half = 1.05 * limits.outer.distance(typical);
    let scores = agents.iter().map(|(_, place)| place.score);
    super::score_range(scores.chain([limits.mean - half, limits.mean + half]), 0.1)
}

fn limit_curve(limit: impl Fn(f64) -> f64, (fewest, most): (f64, f64), x: &Scale, y: &Scale) -> String {
    let points = (0..=CURVE_POINTS).map(|step| {
        let log_calls = fewest.ln() + (most.ln() - fewest.ln()) * f64::from(step) / f64::from(CURVE_POINTS);
        Some((x.at(log_calls), y.at(limit(log_calls.exp()))))
    });
    super::path(points)
}

/// 1, 2, 5, 10, 20, 50 and so on.
fn call_ticks(fewest: f64, most: f64, x: &Scale) -> Vec<Tick> {
    let mut values: Vec<f64> = Vec::new();
    let mut power = 1.0;
    while power <= most {
        values.extend([1.0, 2.0, 5.0].map(|factor| factor * power));
        power *= 10.0;
    }
    values.retain(|&value| value >= fewest * 0.999 && value <= most * 1.001);
    if values.len() < 2 {
        values = vec![fewest, most];
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers of calls")]
    let ticks = values.into_iter().map(|value| Tick { at: x.at(value.ln()), label: Count(value as u64).to_string() });
    ticks.collect()
}

/// Dots of one size, by how many agents fall on the same spot.
fn by_density(places: Vec<(Px, Px)>, coarse: bool) -> [String; 3] {
    let grid = if coarse { 2.0 } else { 0.5 };
    let snap = |length: Px| (length.0 / grid).round();
    let mut spots: Vec<(f64, f64)> = places.into_iter().map(|(x, y)| (snap(x), snap(y))).collect();
    spots.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut paths: [Vec<(Px, Px)>; 3] = Default::default();
    for spot in spots.chunk_by(|a, b| a == b) {
        let density = match spot.len() {
            1 => 0,
            2..=4 => 1,
            _ => 2,
        };
        paths[density].push((Px(spot[0].0 * grid), Px(spot[0].1 * grid)));
    }
    paths.map(dots)
}

/// Names of the agents outside, the farthest first, each where it touches no other and no mark of those who are named.
fn labels(agents: &[(&Agent, Place)], at: impl Fn(&Agent, Place) -> (Px, Px)) -> Vec<Label> {
    let mut outside: Vec<(&Agent, Place)> =
        agents.iter().copied().filter(|(agent, _)| agent.verdict() == Verdict::Outside).collect();
    outside.sort_by(|a, b| b.1.z.abs().total_cmp(&a.1.z.abs()).then_with(|| a.0.id.cmp(&b.0.id)));
    let marks = agents.iter().filter(|(agent, _)| agent.notable());
    let mut taken: Vec<Area> = marks.map(|&(agent, place)| Area::of_mark(at(agent, place))).collect();
    let mut labels = Vec::new();
    for (agent, place) in outside {
        if labels.len() == MOST_LABELS {
            break;
        }
        let name = Name::within(&agent.id, LABEL_CHARS).to_string();
        let width = name.chars().count() as f64 * LABEL_CHAR_WIDTH;
        let (x, y) = at(agent, place);
        let free = [("start", 8.0, 0.0), ("end", -8.0, 0.0), ("middle", 0.0, -13.0), ("middle", 0.0, 14.0)]
            .into_iter()
            .map(|(anchor, right, down)| (anchor, Px(x.0 + right), Px(y.0 + down)))
            .map(|(anchor, x, y)| (anchor, x, y, Area::of_text(anchor, x, y, width)))
            .find(|(.., area)| area.inside() && !taken.iter().any(|other| other.touches(area)));
        if let Some((anchor, x, y, area)) = free {
            taken.push(area);
            labels.push(Label { x, y, anchor, name });
        }
    }
    labels
}

/// A rectangle of the drawing.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    fn of_mark((x, y): (Px, Px)) -> Self {
        Self { left: x.0 - 4.0, right: x.0 + 4.0, top: y.0 - 4.0, bottom: y.0 + 4.0 }
    }

    fn of_text(anchor: &str, x: Px, y: Px, width: f64) -> Self {
        let left = match anchor {
            "start" => x.0,
            "end" => x.0 - width,
            _ => x.0 - width / 2.0,
        };
        Self { left, right: left + width, top: y.0 - LABEL_HEIGHT / 2.0, bottom: y.0 + LABEL_HEIGHT / 2.0 }
    }

    fn inside(&self) -> bool {
        self.left >= LEFT && self.right <= WIDTH && self.top >= 0.0 && self.bottom <= BOTTOM
    }

    fn touches(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

fn description(agents: &[Agent], compared: usize) -> String {
    format!(
        "Score of {} agents against their number of scored calls, with the limits within which 95 and 99.8 of 100 agents lie if none stands apart. {} lie outside, {} between the limits. Those outside and on watch are listed in the table below, all agents in the table at the end.",
        Count(compared as u64),
        Count(count(agents, Verdict::Outside)),
        Count(count(agents, Verdict::Watch)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_touch_are_left_out() {
        let text = Area::of_text("start", Px(100.0), Px(100.0), 50.0);
        assert!(text.inside() && text.touches(&Area::of_mark((Px(120.0), Px(103.0)))));
        assert!(!text.touches(&Area::of_text("start", Px(100.0), Px(116.0), 50.0)));
        assert!(!Area::of_text("end", Px(30.0), Px(100.0), 50.0).inside());
    }

    #[test]
    fn agents_on_one_spot_are_one_darker_dot() {
        let spot = (Px(10.0), Px(10.0));
        let [one, few, many] = by_density(vec![spot, spot, (Px(20.0), Px(10.0))], true);
        assert_eq!((one.as_str(), few.as_str(), many.as_str()), ("M20 10h0", "M10 10h0", ""));
    }

    #[test]
    fn ticks_are_round_counts() {
        let x = Scale::new((3.0_f64.ln(), 700.0_f64.ln()), (0.0, 1.0));
        let labels: Vec<String> = call_ticks(3.0, 700.0, &x).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["5", "10", "20", "50", "100", "200", "500"]);
    }
}
