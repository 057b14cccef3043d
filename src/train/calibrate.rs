//! How logits are turned into honest probabilities: fitted on texts that the weights did not see.
//!
//! Newton's method on the cross entropy of three classes in slope and two offsets, then of mixed or not in two
//! more, each with a weak pull to its start, so that a handful of labels moves it little. Sums are
//! taken in the order of the observations.

use crate::model::calibration::{Calibration, Logits, log_odds, sigmoid, softmax};
use crate::sentiment::Label;

/// A text that was scored by weights that did not see it.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    /// The logits of the whole text.
    pub(crate) whole: Logits,
    /// The logits of its clauses.
    pub(crate) clauses: Vec<Logits>,
    /// The label that a person or a teacher gave.
    pub(crate) label: Label,
    /// How probable each label is, in the order of [`Label::index`].
    pub(crate) aim: [f64; 4],
    /// How much it counts.
    pub(crate) weight: f64,
}

/// Steps of Newton's method; it needs five or six.
const STEPS: usize = 25;
/// The pull to the beginning, in observations.
const PULL: f64 = 2.0;

/// The calibration that fits the observations best, beginning at `start`.
pub(crate) fn fit(observations: &[Observation], start: Calibration) -> Calibration {
    fit_mixed(observations, fit_three(observations, start), start)
}

/// Slope and offsets, from the texts that are not mixed.
fn fit_three(observations: &[Observation], start: Calibration) -> Calibration {
    let begin = [start.slope, start.offsets[0], start.offsets[1]];
    let fitted = newton(begin, |[slope, positive, negative]| {
        let mut sums = Sums::default();
        for seen in observations {
            // Of the three classes alone.
            let weight = seen.weight * (1.0 - seen.aim[Label::Mixed.index()]);
            if weight <= 0.0 {
                continue;
            }
            let p = softmax([slope * seen.whole[0] + positive, slope * seen.whole[1] + negative]);
            // Either side's logit depends on (slope, b₊, b₋) by these.
            let by = [[seen.whole[0], 1.0, 0.0], [seen.whole[1], 0.0, 1.0]];
            let is = |label: Label| seen.aim[label.index()] * seen.weight / weight;
            let error = [p[0] - is(Label::Positive), p[1] - is(Label::Negative)];
            let curvature = [[p[0] * (1.0 - p[0]), -p[0] * p[1]], [-p[0] * p[1], p[1] * (1.0 - p[1])]];
            for i in 0..3 {
                sums.gradient[i] += weight * (error[0] * by[0][i] + error[1] * by[1][i]);
                for j in 0..3 {
                    for (a, row) in curvature.iter().enumerate() {
                        for (b, bend) in row.iter().enumerate() {
                            sums.hessian[i][j] += weight * bend * by[a][i] * by[b][j];
                        }
                    }
                }
            }
        }
        sums
    });
    let slope = fitted[0].max(0.05);
    Calibration { slope, offsets: [fitted[1], fitted[2]], ..start }
}

/// Offset and rise of mixed, from all texts. The rise is never negative: clauses that oppose each other never make
/// a text less mixed.
fn fit_mixed(observations: &[Observation], three: Calibration, start: Calibration) -> Calibration {
    let opposed: Vec<(f64, f64, f64)> = observations
        .iter()
        .map(|seen| {
            let mixed = seen.aim[Label::Mixed.index()];
            (log_odds(three.opposed(seen.whole, &seen.clauses)), mixed, seen.weight)
        })
        .collect();
    if opposed.iter().all(|(_, mixed, _)| *mixed == 0.0) {
        // No text has the label: how mixed the texts are is not known.
        return Calibration { mixed: start.mixed, ..three };
    }
    let fitted = newton([start.mixed[0], start.mixed[1], 0.0], |[offset, rise, _]| {
        let mut sums = Sums::default();
        for (odds, mixed, weight) in &opposed {
            let p = sigmoid(offset + rise * odds);
            let by = [1.0, *odds];
            for i in 0..2 {
                sums.gradient[i] += weight * (p - mixed) * by[i];
                for j in 0..2 {
                    sums.hessian[i][j] += weight * p * (1.0 - p) * by[i] * by[j];
                }
            }
        }
        sums
    });
    Calibration { mixed: [fitted[0], fitted[1].max(0.0)], ..three }
}

/// Gradient and curvature of a cross entropy in three numbers.
#[derive(Default)]
struct Sums {
    gradient: [f64; 3],
    hessian: [[f64; 3]; 3],
}

/// Newton's method from `begin`, with the pull back to it.
fn newton(begin: [f64; 3], sums: impl Fn([f64; 3]) -> Sums) -> [f64; 3] {
    let mut at = begin;
    for _ in 0..STEPS {
        let Sums { mut gradient, mut hessian } = sums(at);
        for i in 0..3 {
            gradient[i] += PULL * (at[i] - begin[i]);
            hessian[i][i] += PULL;
        }
        let step = solve(hessian, gradient);
        // At most 1 at once: far from the optimum the curvature is flat and the step too long.
        let longest = step.iter().fold(1.0_f64, |longest, part| longest.max(part.abs()));
        for i in 0..3 {
            at[i] -= step[i] / longest;
        }
        if step.iter().all(|part| part.abs() < 1e-9) {
            break;
        }
    }
    at
}

/// Solves a positive definite system of three equations by elimination.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for pivot in 0..3 {
        for row in pivot + 1..3 {
            let (above, factor) = (matrix[pivot], matrix[row][pivot] / matrix[pivot][pivot]);
            for (number, above) in matrix[row].iter_mut().zip(above) {
                *number -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for pivot in (0..3).rev() {
        for column in pivot + 1..3 {
            right[pivot] -= matrix[pivot][column] * right[column];
        }
        right[pivot] /= matrix[pivot][pivot];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn certain(label: Label) -> [f64; 4] {
        Label::ALL.map(|other| f64::from(u8::from(other == label)))
    }

    fn uniform(random: &mut Random) -> f64 {
        random.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    /// Texts labelled by the very model whose calibration is to be found.
    fn drawn(truth: Calibration, count: usize) -> Vec<Observation> {
        let mut random = Random::new(5);
        (0..count)
            .map(|_| {
                let whole = [8.0 * uniform(&mut random) - 4.0, 8.0 * uniform(&mut random) - 4.0];
                let [positive, negative, _] = truth.three(whole);
                let draw = uniform(&mut random);
                let label = match draw {
                    d if d < positive => Label::Positive,
                    d if d < positive + negative => Label::Negative,
                    _ => Label::Neutral,
                };
                Observation { whole, clauses: Vec::new(), label, aim: certain(label), weight: 1.0 }
            })
            .collect()
    }

    #[test]
    fn the_calibration_that_made_the_labels_is_found() {
        let truth = Calibration { slope: 0.6, offsets: [0.4, -0.7], ..Calibration::START };
        let found = fit(&drawn(truth, 20_000), Calibration::START);
        assert!((found.slope - 0.6).abs() < 0.05, "{found:?}");
        assert!((found.offsets[0] - 0.4).abs() < 0.1 && (found.offsets[1] + 0.7).abs() < 0.1, "{found:?}");
        assert_eq!(found.to_array()[3..], Calibration::START.to_array()[3..]);
    }

    #[test]
    fn probabilities_are_fitted_as_they_are() {
        let truth = Calibration { slope: 0.6, offsets: [0.4, -0.7], ..Calibration::START };
        let mut observations = drawn(truth, 2_000);
        for seen in &mut observations {
            let [positive, negative, neutral] = truth.three(seen.whole).map(|three| 0.75 * three);
            seen.aim = [positive, negative, neutral, 0.25];
        }
        let found = fit(&observations, Calibration::START);
        assert!((found.slope - 0.6).abs() < 0.01, "{found:?}");
        assert!((found.offsets[0] - 0.4).abs() < 0.01 && (found.offsets[1] + 0.7).abs() < 0.01, "{found:?}");
        let scores = found.scores([1.0, 0.0], &[[1.0, 0.0]]);
        assert!((scores.mixed - 0.25).abs() < 0.02, "{scores:?}");
    }

    #[test]
    fn without_labels_nothing_moves() {
        assert_eq!(fit(&[], Calibration::START), Calibration::START);
    }

    #[test]
    fn mixed_texts_raise_mixed_where_clauses_oppose() {
        let torn = || vec![[3.0, -3.0], [-3.0, 3.0]];
        let plain = || vec![[3.0, -3.0], [2.0, -2.0]];
        let observations: Vec<Observation> = (0..200)
            .map(|i| {
                let mixed = i % 2 == 0;
                let (label, clauses) = if mixed { (Label::Mixed, torn()) } else { (Label::Positive, plain()) };
                Observation { whole: [1.0, 0.0], clauses, label, aim: certain(label), weight: 1.0 }
            })
            .collect();
        let found = fit(&observations, Calibration::START);
        assert!(found.scores([1.0, 0.0], &torn()).mixed > 0.8);
        assert!(found.scores([1.0, 0.0], &plain()).mixed < 0.2);
    }

    #[test]
    fn three_equations_are_solved() {
        let x = solve([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]], [6.0, 10.0, 8.0]);
        assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12 && (x[2] - 3.0).abs() < 1e-12);
    }
}
