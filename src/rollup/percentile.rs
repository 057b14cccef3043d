//! How sure it is where an agent stands: the expected percentile, and the chance of belonging to the lowest tenth.

use super::distribution::normal_cdf;
use super::shrink::{Fit, Shrunk};

/// The tenth of a normal population that lies lowest ends so many standard deviations below its mean.
const BOTTOM_DECILE: f64 = 1.2816;

/// Standard deviations beyond which Φ is 0 or 1 to sixteen digits.
const CERTAIN: f64 = 8.3;

/// The part of a Fourier term below which it adds nothing to a double.
const NEGLIGIBLE: f64 = 1e-18;

/// More terms than agents with a million calls need; where every call of an agent has the same score, V is so small
/// that the series is cut here.
const FOURIER_TERMS: usize = 1 << 17;

/// Φ((q10 − θ̂)/√V) with q10 = μ̂ − 1.2816τ.
pub(super) fn bottom_decile(fit: &Fit, agent: &Shrunk) -> f64 {
    let decile = fit.mu - BOTTOM_DECILE * fit.tau_squared.sqrt();
    normal_cdf((decile - agent.value) / agent.variance.sqrt())
}

/// For each agent marked as sure enough, the mean over all other agents b of `Φ((θ̂ − θ̂_b)/√(V + V_b))`.
///
/// That is the chance that a normal D with mean `θ̂ − θ̂_b` and variance `V + V_b` is positive. All D lie within an
/// interval [−L, L], where the Fourier series of the sign function gives, with ω = πk/L over odd k,
///
/// ```text
/// Φ = ½ + 2/π·Σ 1/k·sin(ω(θ̂ − θ̂_b))·exp(−½ω²(V + V_b))
/// ```
///
/// Each term is a product of the agent's part and the other's part, so that the other agents' parts are added up once
/// for all: the time grows with the number of agents, not of pairs. Terms too small for a double are left out.
pub(super) fn expected_percentiles(agents: &[(Shrunk, bool)]) -> Vec<Option<f64>> {
    if agents.iter().all(|(_, sure)| !sure) {
        return vec![None; agents.len()];
    }
    let (mut values, mut widest) = ((f64::INFINITY, f64::NEG_INFINITY), 0.0_f64);
    for (agent, _) in agents {
        values = (values.0.min(agent.value), values.1.max(agent.value));
        widest = widest.max(agent.variance);
    }
    let frequency = std::f64::consts::PI / (values.1 - values.0 + CERTAIN * (2.0 * widest).sqrt());
    let mut all: Vec<(f64, f64)> = Vec::new();
    for (agent, _) in agents {
        for (index, (cosine, sine)) in fourier_terms(agent, frequency).enumerate() {
            match all.get_mut(index) {
                Some(sum) => *sum = (sum.0 + cosine, sum.1 + sine),
                None => all.push((cosine, sine)),
            }
        }
    }
    // The agent itself is among all, with a chance of ½.
    let others = agents.len() as f64 - 1.0;
    let percentile = |agent: &Shrunk| {
        let terms = fourier_terms(agent, frequency).zip(&all);
        let series: f64 = terms
            .zip((1..).step_by(2))
            .map(|(((cosine, sine), (all_cosine, all_sine)), k)| (sine * all_cosine - cosine * all_sine) / f64::from(k))
            .sum();
        (0.5 + std::f64::consts::FRAC_2_PI * series / others).clamp(0.0, 1.0)
    };
    agents.iter().map(|(agent, sure)| sure.then(|| percentile(agent))).collect()
}

/// `exp(−½ω²V)` times cosine and sine of `ωθ̂`, for ω = `frequency` × 1, 3, 5 …, until they are 0 to a double's precision.
fn fourier_terms(agent: &Shrunk, frequency: f64) -> impl Iterator<Item = (f64, f64)> {
    let exponent = 0.5 * frequency * frequency * agent.variance;
    let angle = frequency * agent.value;
    // From k to k + 2 the angle grows by the same, and the exponent by more each time: (k + 2)² − k² = 4k + 4.
    let (turn_cosine, turn_sine) = (libm::cos(2.0 * angle), libm::sin(2.0 * angle));
    let growth = libm::exp(-8.0 * exponent);
    let (mut size, mut ratio) = (libm::exp(-exponent), growth);
    let (mut cosine, mut sine) = (libm::cos(angle), libm::sin(angle));
    let terms = std::iter::from_fn(move || {
        let term = (size > NEGLIGIBLE).then_some((size * cosine, size * sine));
        (cosine, sine) = (cosine * turn_cosine - sine * turn_sine, sine * turn_cosine + cosine * turn_sine);
        size *= ratio;
        ratio *= growth;
        term
    });
    terms.take(FOURIER_TERMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn percentiles_are_the_means_over_pairs(
            agents in proptest::collection::vec((-1.0..1.0_f64, 1e-4..0.1_f64, proptest::bool::ANY), 2..60),
        ) {
            let agents: Vec<(Shrunk, bool)> = agents
                .into_iter()
                .map(|(value, variance, sure)| (Shrunk { value, variance, reliability: 0.5, freedom: 30.0 }, sure))
                .collect();
            for (index, percentile) in expected_percentiles(&agents).into_iter().enumerate() {
                let (agent, sure) = agents[index];
                let others = agents.iter().enumerate().filter(|(other, _)| *other != index);
                let pairs = others.map(|(_, (other, _))| {
                    normal_cdf((agent.value - other.value) / (agent.variance + other.variance).sqrt())
                });
                let mean = pairs.sum::<f64>() / (agents.len() - 1) as f64;
                proptest::prop_assert_eq!(percentile.is_some(), sure);
                proptest::prop_assert!(percentile.is_none_or(|percentile| (percentile - mean).abs() < 1e-12));
            }
        }
    }

    #[test]
    fn percentiles_of_agents_who_are_alike_are_in_the_middle() {
        let alike = Shrunk { value: 0.1, variance: 0.01, reliability: 0.9, freedom: 30.0 };
        let far = Shrunk { value: 0.9, variance: 1e-6, reliability: 0.9, freedom: 30.0 };
        let percentiles = expected_percentiles(&[(alike, true), (alike, false), (far, true)]);
        // ½ against the second; Φ(−.8/√.010001) = Φ(−8.0) = 6e-16 against the third.
        assert!((percentiles[0].unwrap() - 0.25).abs() < 1e-9);
        assert_eq!(percentiles[1], None);
        assert!((percentiles[2].unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(expected_percentiles(&[]), Vec::<Option<f64>>::new());
    }
}
