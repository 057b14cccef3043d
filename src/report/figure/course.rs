//! The course of one call: the score of each segment, who spoke, and where the call turned.

use askama::Template;

use super::{Px, Scale, WIDTH, dots, path};
use crate::output::{PARTS, rounded};
use crate::overview::{Moment, NamedCall};
use crate::sentiment::Millionths;
use crate::transcript::Role;
use crate::words::{Count, Maybe, Score, counted};

const HEIGHT: f64 = 176.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 140.0;
const MIDDLE: f64 = f64::midpoint(TOP, BOTTOM);

/// The middles of the quarters.
const QUARTERS: [f64; 4] = [0.125, 0.375, 0.625, 0.875];

/// Fewer points on one side have no place where they turn.
const FEWEST_TURNING: usize = 2;

/// The figure.
#[derive(Template)]
#[template(path = "figures/course.svg")]
pub(crate) struct Course {
    /// The figure's number on the page.
    number: usize,
    customer: Side,
    agent: Side,
    unscored: String,
    /// Where the customer turned, and where the label of it stands.
    turn: Option<(Px, &'static str)>,
    description: String,
    /// What the drawing shows, in words.
    pub(crate) words: Vec<String>,
    /// The same in numbers.
    pub(crate) rows: Vec<CourseRow>,
    /// Whether the points are quarters, since segments were not kept.
    pub(crate) quarters: bool,
    /// Whether some points have no score.
    pub(crate) lost: bool,
    /// Whether some points stand for more than one segment.
    pub(crate) slots: bool,
}

/// One role's line.
struct Side {
    line: String,
    dots: String,
}

/// A point in numbers.
pub(crate) struct CourseRow {
    pub(crate) at: String,
    pub(crate) who: &'static str,
    pub(crate) segments: Count,
    pub(crate) score: Maybe,
}

/// A point of the course.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    at: f64,
    role: Role,
    score: Option<f64>,
    segments: u64,
}

impl Point {
    fn of(moment: &Moment) -> Self {
        let share = |parts: i64| parts as f64 / PARTS as f64;
        Self { at: share(moment.at), role: moment.role, score: moment.score.map(share), segments: moment.segments }
    }
}

impl Course {
    /// From the segments, or from the quarters where there are none.
    pub(crate) fn of(number: usize, call: &NamedCall) -> Self {
        let points = points(call);
        let quarters = call.course.is_empty();
        let turn = turning_point(&points, quarters);
        let x = Scale::new((0.0, 1.0), (34.0, WIDTH - 6.0));
        let y = Scale::new((-1.0, 1.0), (BOTTOM, TOP));
        let side = |role| {
            let own = || points.iter().filter(move |point| point.role == role);
            let place = |point: &Point| Some((x.at(point.at), y.at(point.score?)));
            Side { line: path(own().map(place)), dots: dots(own().filter_map(place)) }
        };
        let lost = points.iter().filter(|point| point.score.is_none()).map(|point| (x.at(point.at), Px(MIDDLE)));
        Self {
            number,
            customer: side(Role::Customer),
            agent: side(Role::Agent),
            unscored: dots(lost),
            turn: turn.map(|turn| (x.at(turn.at), x.at(turn.at).anchor())),
            description: description(&points, quarters),
            words: words(call, &points, turn),
            rows: points.iter().map(row).collect(),
            quarters,
            lost: points.iter().any(|point| point.score.is_none()),
            slots: points.iter().any(|point| point.segments > 1),
        }
    }
}

fn points(call: &NamedCall) -> Vec<Point> {
    if !call.course.is_empty() {
        return call.course.iter().map(Point::of).collect();
    }
    let sides = [(Role::Customer, call.quarters), (Role::Agent, call.agent_quarters)];
    let known = sides.into_iter().filter(|(_, quarters)| quarters.iter().any(Option::is_some));
    let mut points: Vec<Point> = known
        .flat_map(|(role, quarters)| QUARTERS.into_iter().zip(quarters.map(|score| (role, score.map(rounded)))))
        .map(|(at, (role, score))| Point { at, role, score, segments: 0 })
        .collect();
    points.sort_by(|a, b| a.at.total_cmp(&b.at));
    points
}

/// Where a call turned.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turn {
    at: f64,
    before: f64,
    after: f64,
}

/// The cut of the customer's points into two with means that differ most: n₁n₂/n·(m₁ − m₂)², the least squares of
/// one change point, is greatest there. `None` where they do not differ by 0.1.
fn turning_point(points: &[Point], quarters: bool) -> Option<Turn> {
    let own = points.iter().filter(|point| point.role == Role::Customer);
    let own: Vec<(f64, f64)> = own.filter_map(|point| Some((point.at, point.score?))).collect();
    if own.len() < FEWEST_TURNING {
        return None;
    }
    let mean = |part: &[(f64, f64)]| part.iter().map(|(_, score)| score).sum::<f64>() / part.len() as f64;
    let cuts = (1..own.len()).map(|cut| {
        let (first, second) = own.split_at(cut);
        let (before, after) = (mean(first), mean(second));
        let gain = (first.len() * second.len()) as f64 * (before - after) * (before - after);
        // A quarter is entered halfway between two middles.
        let at = if quarters { f64::midpoint(own[cut - 1].0, own[cut].0) } else { own[cut].0 };
        (gain, Turn { at, before, after })
    });
    let (_, turn) = cuts.max_by(|a, b| a.0.total_cmp(&b.0))?;
    ((turn.after - turn.before).abs() >= 0.1).then_some(turn)
}

fn words(call: &NamedCall, points: &[Point], turn: Option<Turn>) -> Vec<String> {
    let place = |share: f64| format!("{:.0} %", 100.0 * share);
    let mut words = Vec::new();
    if let Some(Turn { at, before, after }) = turn {
        let way = if after < before { "fell" } else { "rose" };
        words.push(format!(
            "The customer’s score {way} at {} of the call: {} on average before, {} after.",
            place(at),
            Score(before),
            Score(after)
        ));
    }
    if let Some(position) = call.low_position.map(Millionths::value) {
        words.push(format!("The three lowest turns in a row lie around {}.", place(position)));
    }
    let lost = points.iter().filter(|point| point.score.is_none()).map(|point| point.segments).sum();
    if lost > 0 {
        let has = if lost == 1 { "has" } else { "have" };
        words.push(format!("{} of the call {has} no score.", counted(lost, "segment")));
    }
    words
}

fn description(points: &[Point], quarters: bool) -> String {
    let list = |role| {
        let scores = points.iter().filter(|point| point.role == role).map(|point| Maybe(point.score).to_string());
        scores.collect::<Vec<_>>()
    };
    let (customer, agent) = (list(Role::Customer), list(Role::Agent));
    let what = if quarters { "quarter" } else { "segment" };
    // So many numbers can still be listened to; the table has all.
    let heard = |scores: &[String]| match scores.len() {
        0 => "none".to_owned(),
        1..=8 => scores.join(", "),
        count => format!("{} of them", Count(count as u64)),
    };
    format!("Score by {what} of the call. Customer: {}. Agent: {}.", heard(&customer), heard(&agent))
}

fn row(point: &Point) -> CourseRow {
    CourseRow {
        at: format!("{:.0} %", 100.0 * point.at),
        who: if point.role == Role::Customer { "customer" } else { "agent" },
        segments: Count(point.segments),
        score: Maybe(point.score),
    }
}

/// The customer's line from the first quarter to the last, for the row of a call.
#[derive(Template)]
#[template(path = "figures/sparkline.svg")]
pub(crate) struct Sparkline {
    path: String,
    dots: String,
}

impl Sparkline {
    /// From the scores of the quarters; what has no score is a gap.
    pub(crate) fn of(quarters: &[Option<Millionths>; 4]) -> Self {
        let x = Scale::new((0.0, 3.0), (5.0, 75.0));
        let y = Scale::new((-1.0, 1.0), (26.0, 2.0));
        let point = |(quarter, score): (usize, &Option<Millionths>)| {
            score.map(|score| (x.at(quarter as f64), y.at(rounded(score))))
        };
        let points: Vec<Option<(Px, Px)>> = quarters.iter().enumerate().map(point).collect();
        Self { path: path(points.iter().copied()), dots: dots(points.into_iter().flatten()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(scores: &[Option<f64>]) -> Vec<Point> {
        let at = |index: usize| index as f64 / 10.0;
        let point = |(index, &score)| Point { at: at(index), role: Role::Customer, score, segments: 1 };
        scores.iter().enumerate().map(point).collect()
    }

    #[test]
    fn a_call_turns_where_its_two_parts_differ_most() {
        let fell = customer(&[Some(0.2), Some(0.4), None, Some(-0.6), Some(-0.5), Some(-0.7)]);
        let turn = turning_point(&fell, false).unwrap();
        assert!((turn.at - 0.3).abs() < 1e-9 && (turn.before - 0.3).abs() < 1e-9 && (turn.after + 0.6).abs() < 1e-9);
        assert_eq!(turning_point(&customer(&[Some(0.20), Some(0.25), Some(0.22)]), false), None, "it stays as it is");
        assert_eq!(turning_point(&customer(&[Some(0.2), None]), false), None);
        let mut agents = fell;
        for point in &mut agents {
            point.role = Role::Agent;
        }
        assert_eq!(turning_point(&agents, false), None, "the customer turns, not the agent");
    }
}
