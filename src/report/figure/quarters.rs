//! How calls go from start to end: the mean score of each quarter, of customers and of agents.

use askama::Template;

use super::{Px, Scale, Tick, path, score_range, score_ticks};
use crate::overview::{Overview, Series};
use crate::words::{Count, Maybe, Score, interval};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 530.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 222.0;

/// How near two labels may lie to each other.
const LABEL_HEIGHT: f64 = 17.0;

const NAMES: [&str; 4] = ["first quarter", "second", "third", "last quarter"];

/// The figure.
#[derive(Template)]
#[template(path = "figures/quarters.svg")]
pub(crate) struct Quarters {
    ticks: Vec<Tick>,
    zero: Option<Px>,
    columns: Vec<(Px, &'static str)>,
    band: String,
    lines: Vec<Line>,
    description: String,
    /// The same in numbers.
    pub(crate) rows: Vec<QuarterRow>,
}

/// One party's line.
struct Line {
    class: &'static str,
    label: &'static str,
    path: String,
    dots: Vec<(Px, Px)>,
    values: Vec<(Px, Px, String)>,
    label_y: Px,
}

/// One quarter in numbers.
pub(crate) struct QuarterRow {
    pub(crate) name: &'static str,
    pub(crate) customer: Maybe,
    pub(crate) half: String,
    pub(crate) customer_calls: Count,
    pub(crate) agent: Maybe,
    pub(crate) agent_calls: Count,
}

impl Quarters {
    /// `None` where no quarter has a score.
    pub(crate) fn of(overview: &Overview) -> Option<Self> {
        let (customers, agents) = (&overview.customer_quarters, &overview.agent_quarters);
        let means: Vec<f64> = customers.iter().chain(agents).filter_map(Series::mean).collect();
        if means.is_empty() {
            return None;
        }
        let halves = customers.iter().filter_map(half).flat_map(|(low, high)| [low, high]);
        let range = score_range(means.iter().copied().chain(halves), 0.3);
        let y = Scale::new(range, (BOTTOM, TOP));
        let x = Scale::new((0.0, 3.0), (LEFT + 44.0, RIGHT - 24.0));
        let mut lines: Vec<Line> = [("customer", "customers", customers), ("agent", "agents", agents)]
            .into_iter()
            .filter_map(|(class, label, series)| Line::of(class, label, series, &x, &y))
            .collect();
        keep_apart(&mut lines);
        Some(Self {
            ticks: score_ticks(range, &y),
            zero: (range.0 <= 0.0 && range.1 >= 0.0).then(|| y.at(0.0)),
            columns: NAMES.iter().enumerate().map(|(index, &name)| (x.at(index as f64), name)).collect(),
            band: band(customers, &x, &y),
            lines,
            description: description(customers, agents),
            rows: (0..4).map(|quarter| row(quarter, customers, agents)).collect(),
        })
    }
}

/// Where the middle half of the calls lies.
fn half(series: &Series) -> Option<(f64, f64)> {
    Some((series.quantile(0.25)?, series.quantile(0.75)?))
}

fn band(series: &[Series; 4], x: &Scale, y: &Scale) -> String {
    let halves: Option<Vec<(f64, f64)>> = series.iter().map(half).collect();
    let Some(halves) = halves else { return String::new() };
    let upper = halves.iter().enumerate().map(|(index, half)| Some((x.at(index as f64), y.at(half.1))));
    let lower = halves.iter().enumerate().rev().map(|(index, half)| Some((x.at(index as f64), y.at(half.0))));
    path(upper.chain(lower)) + "Z"
}

impl Line {
    fn of(class: &'static str, label: &'static str, series: &[Series; 4], x: &Scale, y: &Scale) -> Option<Self> {
        let means = series.each_ref().map(Series::mean);
        let points: Vec<Option<(Px, Px)>> =
            means.iter().enumerate().map(|(index, mean)| mean.map(|mean| (x.at(index as f64), y.at(mean)))).collect();
        let (_, last) = points.iter().rev().flatten().next().copied()?;
        let above = class == "customer";
        let values = points.iter().zip(means).filter_map(|(point, mean)| {
            let ((x, y), mean) = point.zip(mean)?;
            Some((x, Px(y.0 + if above { -9.0 } else { 19.0 }), Score(mean).to_string()))
        });
        Some(Self {
            class,
            label,
            path: path(points.iter().copied()),
            dots: points.iter().flatten().copied().collect(),
            values: values.collect(),
            label_y: last,
        })
    }
}

/// Moves the two labels at the lines' ends apart; the values go to the outer side of each line.
fn keep_apart(lines: &mut [Line]) {
    let [first, second] = lines else { return };
    let gap = second.label_y.0 - first.label_y.0;
    if gap.abs() < LABEL_HEIGHT {
        let push = (LABEL_HEIGHT - gap.abs()) / 2.0 * if gap < 0.0 { -1.0 } else { 1.0 };
        first.label_y.0 -= push;
        second.label_y.0 += push;
    }
    for (one, other) in [(0, 1), (1, 0)] {
        for index in 0..lines[one].values.len() {
            let own = lines[one].dots[index];
            let rival = lines[other].dots.iter().find(|dot| dot.0 == own.0);
            if let Some(rival) = rival {
                let below = own.1.0 > rival.1.0 || (own.1.0 >= rival.1.0 && one == 1);
                lines[one].values[index].1 = Px(own.1.0 + if below { 19.0 } else { -9.0 });
            }
        }
    }
}

fn description(customers: &[Series; 4], agents: &[Series; 4]) -> String {
    let list = |series: &[Series; 4]| series.each_ref().map(|series| Maybe(series.mean()).to_string()).join(", ");
    format!("Mean score by quarter of the call. Customers: {}. Agents: {}.", list(customers), list(agents))
}

fn row(quarter: usize, customers: &[Series; 4], agents: &[Series; 4]) -> QuarterRow {
    let (customer, agent) = (&customers[quarter], &agents[quarter]);
    QuarterRow {
        name: NAMES[quarter],
        customer: Maybe(customer.mean()),
        half: interval(half(customer)),
        customer_calls: Count(customer.count),
        agent: Maybe(agent.mean()),
        agent_calls: Count(agent.count),
    }
}
