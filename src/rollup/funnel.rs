//! Which agents lie outside the spread that the agents here usually have, and the share of false alarms among those.
//!
//! Each agent with enough calls is held against the bulk of all of them. Their centre `μ_w` and the variance `τ_w²` between them beyond
//! what their calls explain follow from scores that are drawn in at k = 1.5, so that the very agents who are to be found
//! neither shift nor widen the limits that should find them (Huber's Proposal 2: Huber 1964, Annals of Mathematical Statistics 35:73). With
//! T = v + `τ_w²`, z⁰ = (ȳ − `μ_w`)/√T and A agents,
//!
//! ```text
//! Σ max(−k, min(k, z⁰))/√T = 0
//! Σ min(k², z⁰²) = (A − 1)·β             β = E min(k², Z²) of a standard normal Z = .7785; τ_w² = 0 if it takes less
//! ```
//!
//! β is what winsorised scores are expected to have, so that `τ_w²` is right where the agents are normally spread; without it the limits
//! are too narrow (as those of Spiegelhalter 2005, Quality and Safety in Health Care 14:347, are). T itself is an estimate: v has ν degrees of
//! freedom and `τ_w²` about 1.5(A − 1), so that the verdict is that of Student's t. With ω = 1/T and ω̄ their mean,
//!
//! ```text
//! sd = √(T(1 − ω/Σω))      t = (ȳ − μ_w)/sd      f = T²/(v²/ν + 1/(1.5(A − 1)·ω̄²))
//! z  = the normal score with the two-sided chance of t with f degrees of freedom
//! limits: μ_w ± sd times the t that belongs to z = 1.96, and to z = 3.09
//! ```
//!
//! 1 − ω/Σω allows for the agent's own part in `μ_w`. The factor 1.5 keeps the level for 5 to 500 agents, alike or not, with
//! equal or unequal calls; `benches/agents` has the simulations.
//!
//! The q-value is that of Benjamini & Hochberg 1995, as Jones, Ohlssen & Spiegelhalter 2008 use it on funnels.

use super::distribution::{t_quantile, t_two_sided_p, two_sided_p, two_sided_z};
use super::shrink::{FEWEST_AGENTS, Observed, around};

/// Where an agent lies in the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Funnel {
    /// |z| < 1.96: within the spread that 95 of 100 agents have.
    In,
    /// |z| < 3.09: worth watching.
    Watch,
    /// Beyond: of agents like these, 1 of 500 lies here.
    Out,
}

/// |z| from which an agent is on watch.
const WATCH: f64 = 1.96;

/// |z| from which an agent is out.
const OUT: f64 = 3.09;

impl Funnel {
    /// Where `z` lies.
    #[must_use]
    pub fn of(z: f64) -> Self {
        match z.abs() {
            z if z < WATCH => Self::In,
            z if z < OUT => Self::Watch,
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

/// k.
const DRAWN_IN: f64 = 1.5;

/// β: E min(k², Z²) = 1 − 2(1 − k²)(1 − Φ(k)) − 2kφ(k).
const EXPECTED: f64 = 0.778_465_216_174_469_8;

/// Degrees of freedom of `τ_w²` for each agent but one.
const SPREAD_FREEDOM: f64 = 1.5;

/// What is left of T at least, though one agent has nearly all the weight.
const LEAST_PART: f64 = 1e-6;

/// Halvings that find `τ_w²` to a double's precision.
const HALVINGS: u32 = 60;

/// Steps that find `μ_w`, and the step below which it is found.
const CENTRE_STEPS: u32 = 200;
const CENTRE_PRECISION: f64 = 1e-13;

/// The bulk of the agents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bulk {
    /// `μ_w`.
    pub(super) centre: f64,
    /// `τ_w²`.
    pub(super) between: f64,
    /// Σω.
    precision: f64,
    /// 1/(1.5(A − 1)·ω̄²).
    doubt: f64,
}

/// An agent's place in the funnel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// What is compared: the mean of the calls' scores before it is drawn in, adjusted where the scores are.
    pub score: f64,
    /// Standard deviation of its difference from `μ_w`.
    pub sd: f64,
    /// f: degrees of freedom of t, the difference in that measure.
    pub freedom: f64,
    /// The normal score of the same.
    pub z: f64,
    /// The chance of lying at least as far out.
    pub p: f64,
    /// The scores beyond which agents are on watch, cut off at the ends of the scale.
    pub watch: (f64, f64),
    /// The scores beyond which agents are out.
    pub out: (f64, f64),
}

impl Place {
    /// Where `z` lies.
    #[must_use]
    pub fn funnel(&self) -> Funnel {
        Funnel::of(self.z)
    }
}

impl Bulk {
    /// What most of the agents are like; `None` for fewer than 5.
    pub(super) fn of(agents: &[Observed]) -> Option<Self> {
        if agents.len() < FEWEST_AGENTS {
            return None;
        }
        let others = agents.len() as f64 - 1.0;
        let (mut low, mut high) = (0.0, widest(agents));
        let mut centre = centre(agents, low, median(agents));
        if dispersion(agents, low, centre) > others * EXPECTED {
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(low, high);
                centre = self::centre(agents, middle, centre);
                if dispersion(agents, middle, centre) > others * EXPECTED {
                    low = middle;
                } else {
                    high = middle;
                }
            }
        }
        let precision: f64 = agents.iter().map(|agent| 1.0 / (agent.variance + low)).sum();
        let mean_weight = precision / agents.len() as f64;
        let doubt = 1.0 / (SPREAD_FREEDOM * others * mean_weight * mean_weight);
        Some(Self { centre, between: low, precision, doubt })
    }

    /// The place of one of the agents.
    pub(super) fn place(&self, agent: &Observed) -> Place {
        let total = agent.variance + self.between;
        let sd = (total * (1.0 - 1.0 / (total * self.precision)).max(LEAST_PART)).sqrt();
        let freedom = total * total / (agent.variance * agent.variance / agent.freedom + self.doubt);
        let t = (agent.mean - self.centre) / sd;
        let p = t_two_sided_p(t, freedom);
        let limits = |z: f64| around(self.centre, sd * t_quantile(0.5 * two_sided_p(z), freedom));
        let z = two_sided_z(p).copysign(t);
        Place { score: agent.mean, sd, freedom, z, p, watch: limits(WATCH), out: limits(OUT) }
    }
}

/// More than `τ_w²` can be: with T above twice the squared range of A ≥ 5 scores, Σz⁰² is below A/2 < (A − 1)·β.
fn widest(agents: &[Observed]) -> f64 {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for agent in agents {
        (low, high) = (low.min(agent.mean), high.max(agent.mean));
    }
    2.0 * (high - low) * (high - low)
}

fn median(agents: &[Observed]) -> f64 {
    let mut means: Vec<f64> = agents.iter().map(|agent| agent.mean).collect();
    means.sort_by(f64::total_cmp);
    means[means.len() / 2]
}

/// `μ_w` given `τ_w²`, by weights that are drawn in, beginning at `centre`.
fn centre(agents: &[Observed], between: f64, mut centre: f64) -> f64 {
    for _ in 0..CENTRE_STEPS {
        let (mut weights, mut sum) = (0.0, 0.0);
        for agent in agents {
            let total = agent.variance + between;
            let away = agent.mean - centre;
            let drawn_in = (DRAWN_IN * total.sqrt() / away.abs()).min(1.0);
            weights += drawn_in / total;
            sum += drawn_in / total * away;
        }
        let step = sum / weights;
        centre += step;
        if step.abs() < CENTRE_PRECISION {
            break;
        }
    }
    centre
}

/// Σ min(k², z⁰²).
fn dispersion(agents: &[Observed], between: f64, centre: f64) -> f64 {
    let square = |agent: &Observed| (agent.mean - centre) * (agent.mean - centre) / (agent.variance + between);
    agents.iter().map(|agent| square(agent).min(DRAWN_IN * DRAWN_IN)).sum()
}

/// The q-value of each two-sided p: the least false discovery rate at which it would be called out.
#[must_use]
pub(crate) fn q_values(p: &[f64]) -> Vec<f64> {
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

    fn agents(means: &[f64], variances: &[f64]) -> Vec<Observed> {
        let agent = |(index, (&mean, &variance)): (usize, (&f64, &f64))| Observed {
            mean,
            variance,
            freedom: 19.0 + index as f64,
        };
        means.iter().zip(variances).enumerate().map(agent).collect()
    }

    fn twelve() -> Vec<Observed> {
        agents(
            &[0.12, 0.08, 0.31, -0.22, 0.05, 0.15, 0.02, 0.40, 0.09, 0.11, -0.9, 0.13],
            &[0.004, 0.006, 0.01, 0.012, 0.003, 0.0025, 0.008, 0.12, 0.004, 0.005, 0.003, 0.002],
        )
    }

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-8 * expected.abs().max(1.0), "{actual} is not {expected}");
    }

    #[test]
    fn the_bounds_of_the_funnel_belong_to_the_outside() {
        let names: Vec<&str> = [0.0, -1.9599, 1.96, -3.0899, 3.09, -9.0].map(|z| Funnel::of(z).as_str()).to_vec();
        assert_eq!(names, ["in", "in", "watch", "watch", "out", "out"]);
    }

    /// scipy 1.17: both equations solved by `optimize.brentq`, one within the other; tails by `stats.t` and `stats.norm`.
    #[test]
    fn the_bulk_and_the_places_agree_with_scipy() {
        let agents = twelve();
        let bulk = Bulk::of(&agents).unwrap();
        close(bulk.centre, 0.078_621_939_139);
        close(bulk.between, 0.010_733_442_313);
        for (index, sd, freedom, z) in [
            (3, 0.146_044_629, 21.752_323_5, -1.933_542_934),
            (7, 0.359_623_461, 29.928_987_4, 0.880_407_708),
            (10, 0.111_036_181, 10.762_989_3, -4.670_929_951),
        ] {
            let place = bulk.place(&agents[index]);
            close(place.sd, sd);
            close(place.freedom, freedom);
            close(place.z, z);
        }
        let place = bulk.place(&agents[3]);
        close(place.watch.0, -0.224_462_242_098);
        close(place.watch.1, 0.381_706_120_376);
        close(place.out.0, -0.433_986_271_304);
        close(bulk.place(&agents[10]).p, 2.998_391_837e-6);
        let wide = bulk.place(&agents[7]);
        assert!(wide.out.0.abs() <= 1.0 && wide.out.1.abs() <= 1.0, "limits stay on the scale");
    }

    #[test]
    fn how_far_out_an_outlier_lies_changes_nothing_for_the_others() {
        let mut agents = twelve();
        let bulk = Bulk::of(&agents).unwrap();
        agents[10].mean = -0.5;
        let other = Bulk::of(&agents).unwrap();
        assert!((bulk.centre - other.centre).abs() < 1e-12 && (bulk.between - other.between).abs() < 1e-12);
    }

    #[test]
    fn limits_belong_to_the_z_that_decides() {
        let mut agents = twelve();
        let bulk = Bulk::of(&agents).unwrap();
        let place = bulk.place(&agents[0]);
        for (limit, z) in [(place.watch.0, -1.96), (place.watch.1, 1.96), (place.out.0, -3.09), (place.out.1, 3.09)] {
            agents[0].mean = limit;
            close(bulk.place(&agents[0]).z, z);
        }
    }

    #[test]
    fn agents_that_differ_less_than_their_calls_explain_have_no_spread() {
        let bulk = Bulk::of(&agents(&[0.1, 0.11, 0.09, 0.1, 0.1], &[0.01; 5])).unwrap();
        assert!(bulk.between.abs() < f64::MIN_POSITIVE);
        assert_eq!(Bulk::of(&agents(&[0.1; 4], &[0.01; 4])), None);
    }

    #[test]
    fn equal_agents_and_one_with_all_the_weight_have_places() {
        for variances in [[1e-9; 6], [1e-9, 0.1, 0.1, 0.1, 0.1, 0.1]] {
            let agents = agents(&[0.25; 6], &variances);
            let bulk = Bulk::of(&agents).unwrap();
            for agent in &agents {
                let place = bulk.place(agent);
                assert!(place.z.abs() < 1.0 && place.sd > 0.0 && place.freedom > 0.0, "{place:?}");
            }
        }
    }

    /// scipy 1.17: `stats.false_discovery_control(2*norm.sf(abs(z)))`.
    #[test]
    fn q_values_agree_with_scipy() {
        let expected = [0.002_791_55, 0.841_480_58, 0.071_457_68, 0.441_744_3, 0.027_967_13, 0.441_744_3];
        for (q, expected) in q_values(&[-3.5, 0.2, 2.1, -1.0, 2.6, 0.9].map(two_sided_p)).into_iter().zip(expected) {
            assert!((q - expected).abs() < 5e-9, "{q} is not {expected}");
        }
        assert_eq!(q_values(&[]), Vec::<f64>::new());
    }
}
