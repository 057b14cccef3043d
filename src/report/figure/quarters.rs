//! How calls go from start to end: the mean score of each quarter, of customers and of agents.

use askama::Template;

use super::{Px, Scale, Tick, WIDTH, area, dots, path, score_range, score_ticks};
use crate::overview::{Overview, Series};
use crate::words::{Count, Maybe, Score, interval};

const HEIGHT: f64 = 270.0;
const LEFT: f64 = 116.0;
const RIGHT: f64 = 560.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 224.0;

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
    path: String,
    dots: String,
    /// Where the means lie.
    points: Vec<(Px, Px)>,
    values: Vec<(Px, Px, String)>,
}

/// One quarter in numbers.
pub(crate) struct QuarterRow {
    pub(crate) name: &'static str,
    pub(crate) customer: Maybe,
    pub(crate) customer_interval: String,
    pub(crate) half: String,
    pub(crate) customer_calls: Count,
    pub(crate) agent: Maybe,
    pub(crate) agent_interval: String,
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
        let x = Scale::new((0.0, 3.0), (LEFT, RIGHT));
        let mut lines: Vec<Line> = [("customer", customers), ("agent", agents)]
            .into_iter()
            .filter_map(|(class, series)| Line::of(class, series, &x, &y))
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
    let half =
        |(index, series): (usize, &Series)| half(series).map(|(low, high)| (x.at(index as f64), y.at(low), y.at(high)));
    area(series.iter().enumerate().map(half))
}

impl Line {
    fn of(class: &'static str, series: &[Series; 4], x: &Scale, y: &Scale) -> Option<Self> {
        let means = series.each_ref().map(Series::mean);
        let points: Vec<Option<(Px, Px)>> =
            means.iter().enumerate().map(|(index, mean)| mean.map(|mean| (x.at(index as f64), y.at(mean)))).collect();
        points.iter().flatten().next()?;
        let values = points.iter().zip(means).filter_map(|(point, mean)| {
            let ((x, y), mean) = point.zip(mean)?;
            Some((x, Px(y.0 - 9.0), Score(mean).to_string()))
        });
        Some(Self {
            class,
            path: path(points.iter().copied()),
            dots: dots(points.iter().flatten().copied()),
            values: values.collect(),
            points: points.into_iter().flatten().collect(),
        })
    }
}

/// Moves the values to the outer side of each line.
fn keep_apart(lines: &mut [Line]) {
    let [first, second] = lines else { return };
    let places = [first.points.clone(), second.points.clone()];
    for (own, (line, rivals)) in [first, second].into_iter().zip(places.iter().rev()).enumerate() {
        for (value, place) in line.values.iter_mut().zip(&places[own]) {
            let rival = rivals.iter().find(|rival| rival.0 == place.0);
            let below = rival.is_some_and(|rival| place.1 > rival.1 || (place.1 == rival.1 && own == 1));
            value.1 = Px(place.1.0 + if below { 19.0 } else { -9.0 });
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
        customer_interval: interval(customer.interval()),
        half: interval(half(customer)),
        customer_calls: Count(customer.count),
        agent: Maybe(agent.mean()),
        agent_interval: interval(agent.interval()),
        agent_calls: Count(agent.count),
    }
}
