//! What changed: this run's figures beside the last run's, or its last days beside those before them.
//!
//! Days are the sampling unit: calls of one day share its weather, outages and mailings, so that calls as the unit would
//! find a difference between most weeks. With m₁, s₁², n₁ of the last days' values and m₂, s₂², n₂ of the earlier ones',
//! the difference is m₁ − m₂ ± t·√(s₁²/n₁ + s₂²/n₂), t with Welch's degrees of freedom.

use jiff::civil::Date;

use super::figures::{Figures, Part, with_interval};
use super::trend::Trend;
use crate::overview::{Group, Overview};
use crate::rollup::{TAIL, t_quantile};
use crate::words::{Count, Name, Score};

/// The last days, a whole week of them.
const LAST: usize = 7;

/// The most days that they are held against.
const MOST_BEFORE: usize = 28;

/// The fewest: a week.
const FEWEST_BEFORE: usize = 7;

/// A day with fewer scored calls has no mean worth holding against another.
const FEWEST_CALLS: u64 = 5;

/// What changed since when.
pub(super) struct Changes {
    pub(super) title: String,
    pub(super) now: String,
    pub(super) before: String,
    pub(super) rows: Vec<Change>,
    /// Whether differences have intervals.
    pub(super) judged: bool,
}

/// One figure, now and before.
pub(super) struct Change {
    pub(super) what: &'static str,
    pub(super) now: String,
    pub(super) before: String,
    pub(super) difference: String,
    /// `worse`, `better` or nothing.
    pub(super) class: &'static str,
    pub(super) sureness: &'static str,
}

impl Changes {
    /// `None` where there is no run and there are too few days to compare with.
    pub(super) fn of(overview: &Overview, trend: Option<&Trend>) -> Option<Self> {
        match trend {
            Some(trend) => {
                let (name, before) = trend.previous.as_ref()?;
                Some(Self::since(&Name::new(name).to_string(), before, &Figures::of(overview)))
            }
            None => Self::within(overview),
        }
    }

    /// Beside the last run: both hold many of the same calls, so that no interval of the difference would be true.
    fn since(name: &str, before: &Figures, now: &Figures) -> Self {
        let row = |what, kind: Kind, of: fn(&Figures) -> Option<f64>, cell: fn(&Figures) -> String| Change {
            what,
            now: cell(now),
            before: cell(before),
            difference: of(now)
                .zip(of(before))
                .map_or_else(none, |(now, before)| kind.difference(now - before) + kind.unit()),
            class: "",
            sureness: "",
        };
        Self {
            title: format!("This run beside {name}"),
            now: "this run".to_owned(),
            before: name.to_owned(),
            rows: vec![
                row(
                    "Mean score",
                    Kind::Score,
                    |figures| figures.mean,
                    |figures| with_interval(figures.mean, figures.interval),
                ),
                row(
                    "Negative calls",
                    Kind::Share,
                    |figures| figures.negative.share(),
                    |figures| figures.negative.to_string(),
                ),
                row(
                    "Escalated calls",
                    Kind::Share,
                    |figures| figures.escalated.share(),
                    |figures| figures.escalated.to_string(),
                ),
                row(
                    "Recovered calls",
                    Kind::Share,
                    |figures| figures.recovered.share(),
                    |figures| figures.recovered.to_string(),
                ),
                row(
                    "Calls",
                    Kind::Calls,
                    |figures| Some(figures.calls as f64),
                    |figures| Count(figures.calls).to_string(),
                ),
            ],
            judged: false,
        }
    }

    /// The last week beside the four before it.
    fn within(overview: &Overview) -> Option<Self> {
        let days: Vec<(&Date, &Group)> =
            overview.days.iter().filter(|(_, group)| group.scored >= FEWEST_CALLS).collect();
        let cut = days.len().checked_sub(LAST).filter(|&before| before >= FEWEST_BEFORE)?;
        let (before, last) = days.split_at(cut);
        let before = &before[cut.saturating_sub(MOST_BEFORE)..];
        let row = |what, kind: Kind, value: fn(&Group) -> Option<f64>| {
            let values =
                |days: &[(&Date, &Group)]| days.iter().filter_map(|(_, group)| value(group)).collect::<Vec<f64>>();
            Some(Welch::of(&values(last), &values(before))?.row(what, kind))
        };
        let rows = [
            row("Mean score", Kind::Score, Group::mean),
            row("Negative calls", Kind::Share, |group| Part { count: group.negative, of: group.scored }.share()),
            row("Escalated calls", Kind::Share, |group| Part { count: group.escalated, of: group.with_shift }.share()),
            row("Calls a day", Kind::Calls, |group| Some(group.calls as f64)),
        ];
        Some(Self {
            title: format!("The last {LAST} days against the {} before", before.len()),
            now: period(last),
            before: period(before),
            rows: rows.into_iter().flatten().collect(),
            judged: true,
        })
    }
}

fn none() -> String {
    "–".to_owned()
}

fn period(days: &[(&Date, &Group)]) -> String {
    days.first().zip(days.last()).map_or_else(none, |(first, last)| format!("{} to {}", first.0, last.0))
}

/// What a figure is, and so how it looks and which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A score: higher is better.
    Score,
    /// A share of calls that nobody wants.
    Share,
    /// A number of calls, of which neither more nor fewer is better.
    Calls,
}

impl Kind {
    fn value(self, value: f64) -> String {
        match self {
            Self::Score => Score(value).to_string(),
            Self::Share => format!("{:.1} %", 100.0 * value),
            Self::Calls => format!("{value:.0}"),
        }
    }

    fn difference(self, value: f64) -> String {
        let text = match self {
            Self::Score => return Score(value).to_string(),
            Self::Share => format!("{:+.1}", 100.0 * value),
            Self::Calls => format!("{value:+.0}"),
        };
        text.replace('-', "−")
    }

    /// What differences are in.
    const fn unit(self) -> &'static str {
        match self {
            Self::Share => " points",
            Self::Score | Self::Calls => "",
        }
    }

    /// Whether a difference is for the better; `None` where neither side is.
    fn better(self, difference: f64) -> Option<bool> {
        match self {
            Self::Score => Some(difference > 0.0),
            Self::Share => Some(difference < 0.0),
            Self::Calls => None,
        }
    }
}

/// The difference of two means of days.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Welch {
    now: f64,
    before: f64,
    /// Half of the interval's width.
    half: f64,
}

impl Welch {
    /// `None` where a side has fewer than 2 values.
    fn of(now: &[f64], before: &[f64]) -> Option<Self> {
        let (now, before) = (Side::of(now)?, Side::of(before)?);
        let error = now.error + before.error;
        let freedom =
            error * error / (now.error * now.error / now.freedom + before.error * before.error / before.freedom);
        // Days that are all alike have no error, and no degrees of freedom.
        let half = if error > 0.0 { t_quantile(TAIL, freedom) * error.sqrt() } else { 0.0 };
        Some(Self { now: now.mean, before: before.mean, half })
    }

    fn row(self, what: &'static str, kind: Kind) -> Change {
        let difference = self.now - self.before;
        let (low, high) = (difference - self.half, difference + self.half);
        let sure = low > 0.0 || high < 0.0;
        let class = match kind.better(difference).filter(|_| sure) {
            Some(true) => "better",
            Some(false) => "worse",
            None => "",
        };
        let [middle, low, high] = [difference, low, high].map(|value| kind.difference(value));
        Change {
            what,
            now: kind.value(self.now),
            before: kind.value(self.before),
            difference: format!("{middle}{} ({low} to {high})", kind.unit()),
            class,
            sureness: if sure { "more than chance" } else { "may be chance" },
        }
    }
}

/// One side of a difference.
struct Side {
    mean: f64,
    /// s²/n.
    error: f64,
    freedom: f64,
}

impl Side {
    fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (values.len() >= 2).then(|| Self { mean, error: squares / (count - 1.0) / count, freedom: count - 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_that_of_welch() {
        // Student’s t of 6.59467 degrees of freedom is 2.394408, the error 1.6583124.
        let found = Welch::of(&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 6.0, 8.0, 10.0, 12.0]).unwrap();
        assert!((found.now - 2.5).abs() < 1e-9 && (found.before - 7.0).abs() < 1e-9);
        assert!((found.half - 3.970_677).abs() < 1e-5, "{found:?}");
        assert!(Welch::of(&[1.0], &[1.0, 2.0]).is_none());
        assert!(Welch::of(&[1.0, 1.0], &[1.0, 1.0]).unwrap().half < 1e-12);
    }

    #[test]
    fn which_way_is_better_depends_on_the_figure() {
        let fell = Welch { now: 0.1, before: 0.3, half: 0.1 };
        let class = |welch: Welch, kind| {
            let row = welch.row("x", kind);
            (row.class, row.sureness)
        };
        assert_eq!(class(fell, Kind::Score), ("worse", "more than chance"));
        assert_eq!(class(fell, Kind::Share), ("better", "more than chance"));
        assert_eq!(class(fell, Kind::Calls), ("", "more than chance"));
        assert_eq!(class(Welch { half: 0.3, ..fell }, Kind::Score), ("", "may be chance"));
        assert_eq!(fell.row("x", Kind::Share).difference, "−20.0 points (−30.0 to −10.0)");
    }
}
