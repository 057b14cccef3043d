//! Which agents stand out by more than chance: the funnel, and the share of false alarms among those who do.
//!
//! z = (ȳ − μ̂)/`√(v + τ_w²)`, with the between-agent variance `τ_w²` that the bulk of the agents shows. It is estimated from
//! winsorised scores, so that the very agents who are to be found don't widen the funnel that should find them
//! (Spiegelhalter 2005, Quality and Safety in Health Care 14:347):
//!
//! ```text
//! z⁰ = (ȳ − μ̂)/√v, its lowest and highest tenth set to the nearest of the others     φ̂ = Σz⁰²/A     ω = 1/v
//! τ_w² = max(0, (A·φ̂ − (A − 1)) / (Σω − Σω²/Σω))
//! ```
//!
//! The q-value is that of Benjamini & Hochberg 1995, as Jones, Ohlssen & Spiegelhalter 2008 use it on funnels.

use super::distribution::two_sided_p;
use super::shrink::Observed;

/// Where an agent lies in the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Funnel {
    /// |z| < 1.96: within what chance brings to 95 of 100.
    In,
    /// |z| < 3.09: worth watching.
    Watch,
    /// Beyond: chance brings 1 of 500 here.
    Out,
}

impl Funnel {
    /// Where `z` lies.
    #[must_use]
    pub fn of(z: f64) -> Self {
        match z.abs() {
            z if z < 1.96 => Self::In,
            z if z < 3.09 => Self::Watch,
            _ => Self::Out,
        }
    }

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Watch => "watch",
            Self::Out => "out",
        }
    }
}

/// Share of the agents at each end whose z is drawn in before over-dispersion is measured.
const WINSORISED: f64 = 0.1;

/// `τ_w²`: the variance between agents beyond chance, as the bulk of them shows it. 0 where chance explains all.
#[must_use]
pub(super) fn over_dispersion(agents: &[Observed], mu: f64) -> f64 {
    let mut scores: Vec<f64> = agents.iter().map(|agent| (agent.mean - mu) / agent.variance.sqrt()).collect();
    winsorise(&mut scores);
    let dispersion: f64 = scores.iter().map(|z| z * z).sum();
    let (mut sum, mut squares) = (0.0, 0.0);
    for agent in agents {
        let weight = 1.0 / agent.variance;
        sum += weight;
        squares += weight * weight;
    }
    let excess = dispersion - (agents.len() as f64 - 1.0);
    let scale = sum - squares / sum;
    if excess > 0.0 && scale > 0.0 { excess / scale } else { 0.0 }
}

/// Sorts, and sets the lowest and the highest tenth (rounded down) to the nearest of the others.
fn winsorise(scores: &mut [f64]) {
    scores.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a tenth of a length, rounded down")]
    let cut = (scores.len() as f64 * WINSORISED) as usize;
    let last = scores.len().saturating_sub(cut + 1);
    if let (Some(&low), Some(&high)) = (scores.get(cut), scores.get(last)) {
        for score in scores.iter_mut() {
            *score = score.clamp(low, high);
        }
    }
}

/// z = (ȳ − μ̂)/`√(v + τ_w²)`.
#[must_use]
pub(super) fn funnel_z(agent: &Observed, mu: f64, over_dispersion: f64) -> f64 {
    (agent.mean - mu) / (agent.variance + over_dispersion).sqrt()
}

/// The q-value of each z: the least false discovery rate at which it would be called out, from two-sided p.
#[must_use]
pub(super) fn q_values(scores: &[f64]) -> Vec<f64> {
    let p: Vec<f64> = scores.iter().map(|&z| two_sided_p(z)).collect();
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        least = least.min(p[index] * p.len() as f64 / (rank + 1) as f64);
        q[index] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_the_funnel_belong_to_the_outside() {
        let names: Vec<&str> = [0.0, -1.9599, 1.96, -3.0899, 3.09, -9.0].map(|z| Funnel::of(z).as_str()).to_vec();
        assert_eq!(names, ["in", "in", "watch", "watch", "out", "out"]);
    }

    /// numpy: `z = (y - mu)/sqrt(v)`; the lowest and highest of twelve clipped to the next; `(Σz² − 11)/(Σw − Σw²/Σw)`, `w = 1/v`.
    #[test]
    fn over_dispersion_agrees_with_numpy_and_ignores_how_far_out_the_outlier_is() {
        let means = [0.12, 0.08, 0.31, -0.22, 0.05, 0.15, 0.02, 0.40, 0.09, 0.11, -0.9, 0.13];
        let variances = [0.004, 0.006, 0.01, 0.012, 0.003, 0.0025, 0.008, 0.12, 0.004, 0.005, 0.003, 0.002];
        let mut agents: Vec<Observed> =
            means.iter().zip(variances).map(|(&mean, variance)| Observed { mean, variance }).collect();
        let between = over_dispersion(&agents, 0.0875);
        assert!((between - 0.004_518_146_038_322_111).abs() < 1e-12, "{between}");
        agents[10].mean = -0.5;
        assert!((over_dispersion(&agents, 0.0875) - between).abs() < 1e-15);
        // (−.5 − .0875)/√(.003 + .004518) = −6.7757.
        assert!((funnel_z(&agents[10], 0.0875, between) + 6.775_66).abs() < 1e-4);
    }

    #[test]
    fn agents_that_differ_less_than_chance_have_no_over_dispersion() {
        let agents = [0.1, 0.11, 0.09, 0.1, 0.1].map(|mean| Observed { mean, variance: 0.01 });
        assert!(over_dispersion(&agents, 0.1).abs() < f64::MIN_POSITIVE);
    }

    /// scipy 1.17: `stats.false_discovery_control(2*norm.sf(abs(z)))`.
    #[test]
    fn q_values_agree_with_scipy() {
        let expected = [0.002_791_55, 0.841_480_58, 0.071_457_68, 0.441_744_3, 0.027_967_13, 0.441_744_3];
        for (q, expected) in q_values(&[-3.5, 0.2, 2.1, -1.0, 2.6, 0.9]).into_iter().zip(expected) {
            assert!((q - expected).abs() < 5e-9, "{q} is not {expected}");
        }
        assert_eq!(q_values(&[]), Vec::<f64>::new());
    }
}
