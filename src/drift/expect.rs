//! What a day is expected to be, by the days before it.
//!
//! Days of one weekday are alike, so that a day is held against the same weekdays of the last eight weeks. With y the figure of a day,
//! v its own variance by chance, and w its weight (calls):
//!
//! ```text
//! ȳ_g, t̄_g   weighted means of the value and the time of weekday g in the 56 days before d
//! b̂          Σ(t−t̄_g)(y−ȳ_g)/Σ(t−t̄_g)²          b = b̂·max(0, 1 − v_b/b̂²)        v_b = s²/Σ(t−t̄_g)²
//! E          ȳ + b(t_d−t̄)                          of d's own weekday, at least 4 days of it
//! s          Huber's scale of √(k_g/(k_g−1))·(y−ȳ_g−b(t−t̄_g)), k_g days of the weekday
//! σ_b²       max(0, s² − mean v)
//! V          σ_b² + v_d + (σ_b² + mean v)/k + ½·v_b(t_d−t̄)²
//! z          (y_d−E)/√V
//! ```
//!
//! Two things are not as plain as they could be, because simulations (`benches/drift`) showed better: the slope b, drawn in to 0 unless the
//! data speak for it (James & Stein 1961), without which a season of ±.03 a year makes an alarm every eighth day; and Huber's scale, which
//! withstands outliers nearly as well as the median of absolute deviations and has half its error.

use super::measure::Point;

/// Days that an expectation is made of.
pub(super) const WINDOW: i32 = 56;

/// Same weekdays that it takes.
pub(super) const LEAST_WEEKS: usize = 4;

const WEEK: usize = 7;

/// Fewest days of a weekday whose spread counts.
const LEAST_OF_WEEKDAY: usize = 3;

/// Where Huber's scale draws in, and E min(k², Z²) there.
const DRAWN_IN: f64 = 1.5;
const EXPECTED: f64 = 0.778_465_216_174_469_8;

/// The least standard deviation: figures are rounded, and no difference below it is worth a word.
const LEAST_DEVIATION: f64 = 0.001;

/// The expectation for a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// E.
    pub(super) value: f64,
    /// √V.
    pub(super) deviation: f64,
}

/// Days of one weekday.
#[derive(Clone, Copy, Default)]
struct Weekday {
    days: usize,
    weight: f64,
    value: f64,
    time: f64,
}

/// A day of the past, within its weekday: time and value away from the weekday's means.
struct Away {
    time: f64,
    value: f64,
    /// √(k/(k−1)).
    correction: f64,
}

/// What `today` is expected to be by days of the past, each with the number of days that it lies back, from 1 to [`WINDOW`];
/// `None` while there are too few.
pub(super) fn expect(past: &[(i32, Point)], today: &Point) -> Option<Expected> {
    let weekdays = weekdays(past);
    let own = weekdays[0];
    if own.days < LEAST_WEEKS {
        return None;
    }
    let away: Vec<Away> = past.iter().filter_map(|day| away(day, &weekdays)).collect();
    let trend = Trend::of(&away);
    let chance = past.iter().map(|(_, point)| point.variance).sum::<f64>() / past.len() as f64;
    let between = (trend.scale * trend.scale - chance).max(0.0);
    let reach = -own.time;
    let variance =
        between + today.variance + (between + chance) / own.days as f64 + 0.5 * trend.variance * reach * reach;
    Some(Expected { value: own.value + trend.slope * reach, deviation: variance.sqrt().max(LEAST_DEVIATION) })
}

impl Expected {
    /// How far off a value is, in standard deviations.
    pub(super) fn z(&self, value: f64) -> f64 {
        (value - self.value) / self.deviation
    }
}

#[expect(clippy::cast_sign_loss, reason = "days back are positive")]
fn weekday(back: i32) -> usize {
    back as usize % WEEK
}

fn weekdays(past: &[(i32, Point)]) -> [Weekday; WEEK] {
    let mut weekdays = [Weekday::default(); WEEK];
    for (back, point) in past {
        let of = &mut weekdays[weekday(*back)];
        of.days += 1;
        of.weight += point.weight;
        of.value += point.weight * point.value;
        of.time -= point.weight * f64::from(*back);
    }
    for of in &mut weekdays {
        of.value /= of.weight;
        of.time /= of.weight;
    }
    weekdays
}

fn away((back, point): &(i32, Point), weekdays: &[Weekday; WEEK]) -> Option<Away> {
    let of = weekdays[weekday(*back)];
    (of.days >= LEAST_OF_WEEKDAY).then(|| Away {
        time: -f64::from(*back) - of.time,
        value: point.value - of.value,
        correction: (of.days as f64 / (of.days as f64 - 1.0)).sqrt(),
    })
}

/// The slope within weekdays, and the spread about it.
struct Trend {
    slope: f64,
    /// `v_b`.
    variance: f64,
    /// s.
    scale: f64,
}

impl Trend {
    fn of(away: &[Away]) -> Self {
        let squares: f64 = away.iter().map(|day| day.time * day.time).sum();
        let products: f64 = away.iter().map(|day| day.time * day.value).sum();
        let residuals =
            |slope: f64| away.iter().map(|day| day.correction * (day.value - slope * day.time)).collect::<Vec<f64>>();
        if squares <= 0.0 {
            return Self { slope: 0.0, variance: 0.0, scale: scale(&residuals(0.0)) };
        }
        let raw = products / squares;
        let own = scale(&residuals(raw));
        let variance = own * own / squares;
        let slope = if raw * raw > variance { raw * (1.0 - variance / (raw * raw)) } else { 0.0 };
        Self { slope, variance, scale: scale(&residuals(slope)) }
    }
}

/// Huber's scale about 0 (Proposal 2): the s with mean min(k², (r/s)²) = E min(k², Z²). With m of N sizes within k·s, that is
/// s² = Σ(the m smallest)²/(N·E − k²(N−m)). It is 0 where more than two thirds of the sizes are.
pub(super) fn scale(residuals: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|residual| residual.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let all = sizes.len() as f64;
    let mut squares: f64 = sizes.iter().map(|size| size * size).sum();
    for within in (1..=sizes.len()).rev() {
        let weight = all * EXPECTED - DRAWN_IN * DRAWN_IN * (all - within as f64);
        if weight <= 0.0 {
            break;
        }
        let scale = (squares.max(0.0) / weight).sqrt();
        if DRAWN_IN * scale >= sizes[within - 1] {
            return scale;
        }
        squares -= sizes[within - 1] * sizes[within - 1];
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::two_sided_z;

    /// 54 days with a trend, weekdays, scatter and one outlier.
    fn past() -> Vec<(i32, Point)> {
        let point = |back: i32| {
            let scatter = 0.02 * (f64::from((back * 37) % 19) / 9.0 - 1.0);
            let outlier = if back == 20 { -0.2 } else { 0.0 };
            let weekday = 0.03 * f64::from(back % 7).sin();
            Point {
                value: 0.1 + weekday - 0.0004 * f64::from(back) + scatter + outlier,
                variance: 1e-4 + 1e-6 * f64::from(back % 5),
                weight: f64::from(900 + 10 * (back % 13)),
            }
        };
        (1..=WINDOW).rev().filter(|back| ![10, 31].contains(back)).map(|back| (back, point(back))).collect()
    }

    const TODAY: Point = Point { value: 0.02, variance: 1.5e-4, weight: 1000.0 };

    /// Expected values: the formulas of this file, written again in numpy and scipy (Huber's scale by `optimize.brentq`).
    #[test]
    fn an_expectation_agrees_with_scipy() {
        let expected = expect(&past(), &TODAY).unwrap();
        let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
        close(expected.value, 0.100_891_122_294_225_84);
        close(expected.deviation, 0.018_893_570_821_922_973);
        close(expected.z(TODAY.value), (0.02 - 0.100_891_122_294_225_84) / 0.018_893_570_821_922_973);
    }

    #[test]
    fn three_same_weekdays_are_too_few() {
        let mut past: Vec<(i32, Point)> = past().into_iter().filter(|(back, _)| *back <= 28).collect();
        assert!(expect(&past, &TODAY).is_some());
        past.retain(|(back, _)| *back != 7);
        assert_eq!(expect(&past, &TODAY), None);
    }

    #[test]
    fn days_that_are_all_equal_expect_the_same_and_allow_a_thousandth() {
        let past: Vec<(i32, Point)> =
            (1..=WINDOW).map(|back| (back, Point { value: 0.5, variance: 0.0, weight: 40.0 })).collect();
        let expected = expect(&past, &past[0].1).unwrap();
        assert_eq!((expected.value, expected.deviation), (0.5, LEAST_DEVIATION));
    }

    #[test]
    fn the_scale_is_that_of_most_and_right_for_normal_residuals() {
        let normal: Vec<f64> = (1..400).map(|rank| normal_quantile(f64::from(rank) / 400.0)).collect();
        assert!((scale(&normal) - 1.0).abs() < 0.01, "{}", scale(&normal));
        let far: Vec<f64> = normal.iter().copied().chain([1e6; 20]).collect();
        assert!((scale(&far) - 1.0).abs() < 0.12, "{}", scale(&far));
        assert_eq!((scale(&[]), scale(&[0.0; 5]), scale(&[0.0, 0.0, 0.0, 5.0])), (0.0, 0.0, 0.0));
        assert!(scale(&[0.0, 0.0, 1.0, 1.0]) > 0.0, "half of them differ");
    }

    fn normal_quantile(p: f64) -> f64 {
        if p < 0.5 { -two_sided_z(2.0 * p) } else { two_sided_z(2.0 * (1.0 - p)) }
    }
}
