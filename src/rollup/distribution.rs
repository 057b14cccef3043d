//! The normal, beta, t and F distributions, with the same bits on every platform.
//!
//! `ln`, `exp` and `lgamma` of the platform's mathematics library differ in their last bits from one system to the next; those
//! of the `libm` crate do not, and the outputs are promised to the byte. No statistics crate that is kept well computes on
//! `libm` alone, so that the incomplete beta function and its inverse stand here: the continued fraction of DLMF 8.17.22, evaluated
//! by Lentz's method, and Newton's method within a bracket.

/// Φ: the chance that a standard normal number is below `x`.
#[must_use]
pub(super) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The chance that a standard normal number is at least as far from 0 as `z`.
#[must_use]
pub(crate) fn two_sided_p(z: f64) -> f64 {
    libm::erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2)
}

/// The z ≥ 0 beyond which, to both sides, a standard normal number lies with chance `p`; for a chance too small for a double, 38.
#[must_use]
pub(crate) fn two_sided_z(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, FARTHEST);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if two_sided_p(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Where [`two_sided_p`] has come down to 0.
const FARTHEST: f64 = 38.0;

/// From [`FARTHEST`] to the precision of a double at 1.
const BISECTIONS: u32 = 58;

/// The chance that a number of Student's distribution is at least as far from 0 as `t`.
#[must_use]
pub(super) fn t_two_sided_p(t: f64, freedom: f64) -> f64 {
    beta_below(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The chance that a number of the F distribution is above `f`.
#[must_use]
pub(super) fn f_above(f: f64, numerator: f64, denominator: f64) -> f64 {
    beta_below(denominator / (denominator + numerator * f), denominator / 2.0, numerator / 2.0)
}

/// The chance that a Beta(`alpha`, `beta`) number lies below `x`.
fn beta_below(x: f64, alpha: f64, beta: f64) -> f64 {
    incomplete_beta(x, alpha, beta, libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta))
}

/// The x below which a Beta(`alpha`, `beta`) number lies with chance `p`; both parameters above 0.
#[must_use]
pub(super) fn beta_quantile(p: f64, alpha: f64, beta: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let log_beta = libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta);
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let mut x = alpha / (alpha + beta);
    for _ in 0..QUANTILE_STEPS {
        let excess = incomplete_beta(x, alpha, beta, log_beta) - p;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let log_density = (alpha - 1.0) * libm::log(x) + (beta - 1.0) * libm::log1p(-x) - log_beta;
        let newton = x - excess / libm::exp(log_density);
        // Also when the step is not a number.
        let next = if newton > low && newton < high { newton } else { low.midpoint(high) };
        let step = (next - x).abs();
        x = next;
        if step <= QUANTILE_PRECISION * x || x < f64::MIN_POSITIVE {
            break;
        }
    }
    x
}

/// The t above which a number of Student's distribution with `freedom` degrees of freedom lies with chance `tail` < ½.
#[must_use]
pub(crate) fn t_quantile(tail: f64, freedom: f64) -> f64 {
    if freedom > EXPANDED_FREEDOM {
        return expanded(two_sided_z(2.0 * tail), freedom);
    }
    // t²/(ν + t²) of a t with ν degrees of freedom is Beta(½, ν/2).
    let y = beta_quantile(1.0 - 2.0 * tail, 0.5, freedom / 2.0);
    (freedom * y / (1.0 - y)).sqrt()
}

/// Degrees of freedom beyond which four terms give a quantile of t to ten digits.
const EXPANDED_FREEDOM: f64 = 200.0;

/// The quantile of t at the normal quantile z, in powers of 1/ν (Abramowitz & Stegun 26.7.5).
fn expanded(z: f64, freedom: f64) -> f64 {
    let square = z * z;
    let terms = [
        (square + 1.0) / 4.0,
        ((5.0 * square + 16.0) * square + 3.0) / 96.0,
        (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0,
        ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) / 92_160.0,
    ];
    z * (1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom))
}

/// More than bisection alone needs to reach the precision of a double from [0, 1].
const QUANTILE_STEPS: usize = 1100;

/// Relative step at which a quantile is found.
const QUANTILE_PRECISION: f64 = 1e-13;

/// `I_x(α, β)`, with ln B(α, β) given.
fn incomplete_beta(x: f64, alpha: f64, beta: f64, log_beta: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = libm::exp(alpha * libm::log(x) + beta * libm::log1p(-x) - log_beta);
    // The fraction converges fast on this side of the mean; beyond it, I(x; α, β) = 1 − I(1 − x; β, α).
    if x < (alpha + 1.0) / (alpha + beta + 2.0) {
        front * beta_fraction(x, alpha, beta) / alpha
    } else {
        1.0 - front * beta_fraction(1.0 - x, beta, alpha) / beta
    }
}

/// Stands for 0 in a denominator of Lentz's method.
const TINY: f64 = 1e-300;

/// Terms after which the fraction is taken as it is; it needs about √max(α, β) of them.
const FRACTION_TERMS: u32 = 20_000;

/// The continued fraction of DLMF 8.17.22: 1/(1 + d₁/(1 + d₂/(1 + …))).
fn beta_fraction(x: f64, alpha: f64, beta: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (alpha + beta) * x / (alpha + 1.0));
    let mut fraction = d;
    for term in 1..FRACTION_TERMS {
        let m = f64::from(term);
        let even = m * (beta - m) * x / ((alpha + 2.0 * m - 1.0) * (alpha + 2.0 * m));
        let odd = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2.0 * m) * (alpha + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64, relative: f64) {
        assert!((actual - expected).abs() <= relative * expected.abs(), "{actual} is not {expected}");
    }

    /// Expected values: scipy 1.17, `stats.norm.cdf`.
    #[test]
    fn the_normal_distribution_agrees_with_scipy() {
        for (x, expected) in [
            (-8.0, 6.220_960_574_271_74e-16),
            (-1.96, 0.024_997_895_148_220_435),
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013_1),
            (3.0, 0.998_650_101_968_369_9),
        ] {
            close(normal_cdf(x), expected, 1e-13);
        }
        close(two_sided_p(-1.96), 2.0 * 0.024_997_895_148_220_435, 1e-13);
    }

    /// Expected values: scipy 1.17, `stats.beta.ppf`.
    #[test]
    fn beta_quantiles_agree_with_scipy() {
        for (p, alpha, beta, expected) in [
            (0.025, 0.5, 0.5, 0.001_541_333_133_436_012),
            (0.975, 3.5, 7.5, 0.605_818_318_148_671_3),
            (0.975, 0.02, 12.3, 0.016_183_290_424_412_45),
            (0.025, 250.3, 9000.2, 0.023_849_728_350_277_53),
            (0.5, 2.0, 2.0, 0.5),
            (0.975, 3e5, 7e5, 0.300_898_546_494_964_2),
        ] {
            close(beta_quantile(p, alpha, beta), expected, 1e-9);
        }
        assert!(beta_quantile(0.025, 0.001, 40.0) < 1e-300, "below what a double can show");
        assert!(beta_quantile(0.975, 40.0, 0.001) > 1.0 - 1e-12);
    }

    #[test]
    fn a_z_is_what_its_chance_belongs_to() {
        for z in [1e-6, 0.3, 1.96, 3.09, 8.0, 30.0] {
            close(two_sided_z(two_sided_p(z)), z, 1e-9);
        }
        assert!(two_sided_z(1.0) < 1e-9);
        close(two_sided_z(0.0), FARTHEST, 1e-9);
    }

    /// Expected values: scipy 1.17, `2*stats.t.sf(t, df)` and `stats.f.sf(f, d1, d2)`.
    #[test]
    fn tails_of_t_and_f_agree_with_scipy() {
        for (t, freedom, expected) in [
            (0.0, 3.0, 1.0),
            (1.96, 4.5, 0.113_650_248_236_385_3),
            (3.09, 19.0, 0.006_027_951_594_741_801),
            (17.0, 109.0, 1.978_684_108_671_611e-32),
            (2.5, 1e6, 0.012_419_489_502_163_25),
        ] {
            close(t_two_sided_p(t, freedom), expected, 1e-9);
            close(t_two_sided_p(-t, freedom), expected, 1e-9);
        }
        for (f, numerator, denominator, expected) in [
            (0.5, 4.0, 7.3, 0.737_548_895_034_106_9),
            (1.0, 99.0, 800.0, 0.484_370_148_752_300_1),
            (3.2, 5.0, 60.5, 0.012_530_287_733_775_3),
            (40.0, 9.0, 300.0, 1.981_302_678_190_587e-46),
        ] {
            close(f_above(f, numerator, denominator), expected, 1e-9);
        }
    }

    /// Expected values: scipy 1.17, `stats.t.ppf(.975, df)`.
    #[test]
    fn t_quantiles_agree_with_scipy() {
        for (freedom, expected) in [
            (1.0, 12.706_204_736_174_694),
            (2.5, 3.574_654_842_003_682),
            (7.0, 2.364_624_251_592_784),
            (30.0, 2.042_272_456_301_238),
            (199.9, 1.971_902_228_375_926),
            (200.1, 1.971_890_224_929_378),
            (1000.0, 1.962_339_080_826_408),
            (1e6, 1.959_966_356_814_107),
        ] {
            close(t_quantile(0.025, freedom), expected, 1e-9);
        }
    }
}
