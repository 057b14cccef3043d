//! How calls are spread over bins, against how they were before: the population stability index, and what chance makes of it.
//!
//! ```text
//! PSI = Σ(p−q)·ln(p/q)        p, q shares of the bins now and before, half a call added to each bin
//! limit = max(.10, (1/n + 1/m)·χ²)        n calls now, m before, χ² the 99.9 % quantile with bins − 1 degrees of freedom
//! ```
//!
//! Where nothing changed, PSI/(1/n + 1/m) is distributed as χ² (Yurdakul 2018): a plain limit of .10 is passed on every third day of
//! 200 calls. What a day is held against are the same weekdays: against the 28 days before, a site whose weekdays differ by ±.03 and whose calls
//! lie close to a few values would have an alarm on every ninth day.

/// The least PSI that is worth a word.
const NOTABLE: f64 = 0.1;

/// The 99.9 % quantile of the normal distribution, and of χ² with 9 degrees of freedom.
const QUANTILE: f64 = 3.090_232_306_167_813;
const QUANTILE_9: f64 = 27.877_164_871_256_57;

/// Calls of a bin that are expected at least; smaller bins are put together.
const LEAST_EXPECTED: f64 = 5.0;

/// A population stability index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// The index.
    pub psi: f64,
    /// What it may come to.
    pub limit: f64,
}

impl Stability {
    /// Whether it is beyond what chance makes of it, and worth a word.
    #[must_use]
    pub fn is_beyond(&self) -> bool {
        self.psi > self.limit
    }

    /// Of fixed bins; `None` where either side is empty.
    pub(super) fn of(now: &[u64], before: &[u64]) -> Option<Self> {
        let (n, m) = (now.iter().sum::<u64>() as f64, before.iter().sum::<u64>() as f64);
        if n <= 0.0 || m <= 0.0 || now.len() < 2 {
            return None;
        }
        let half = 0.5 * now.len() as f64;
        let part = |(&now, &before): (&u64, &u64)| {
            let (p, q) = ((now as f64 + 0.5) / (n + half), (before as f64 + 0.5) / (m + half));
            (p - q) * libm::log(p / q)
        };
        let psi = now.iter().zip(before).map(part).sum();
        Some(Self { psi, limit: NOTABLE.max((1.0 / n + 1.0 / m) * quantile(now.len() - 1)) })
    }

    /// Of kinds, of which those that are expected to be few are put together; each is a pair of counts, now and before.
    pub(super) fn of_kinds(kinds: impl Iterator<Item = (u64, u64)> + Clone) -> Option<Self> {
        let (n, m) = kinds.clone().fold((0, 0), |(n, m), (now, before)| (n + now, m + before));
        let is_few = |now: u64, before: u64| (now + before) as f64 * n as f64 / ((n + m) as f64) < LEAST_EXPECTED;
        let (mut now, mut before, mut few) = (Vec::new(), Vec::new(), (0, 0));
        for (here, there) in kinds {
            if is_few(here, there) {
                few = (few.0 + here, few.1 + there);
            } else {
                now.push(here);
                before.push(there);
            }
        }
        if few != (0, 0) {
            now.push(few.0);
            before.push(few.1);
        }
        Self::of(&now, &before)
    }
}

/// The 99.9 % quantile of χ² (Wilson & Hilferty 1931, right to a hundredth of it from 3 degrees on).
fn quantile(freedom: usize) -> f64 {
    if freedom == 9 {
        return QUANTILE_9;
    }
    let freedom = freedom as f64;
    let part = 2.0 / (9.0 * freedom);
    let root = 1.0 - part + QUANTILE * part.sqrt();
    freedom * root * root * root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_what_chance_explains_and_a_tenth_at_least() {
        let stability = |now: u64, before: u64| Stability::of(&[now; 10], &[before; 10]).unwrap();
        let small = stability(20, 560);
        assert!((small.limit - (1.0 / 200.0 + 1.0 / 5600.0) * 27.877_164_871_256_57).abs() < 1e-12);
        assert!((stability(100, 2800).limit - 0.1).abs() < 1e-12);
        assert!(small.psi.abs() < 1e-3 && !small.is_beyond());
        // χ² by scipy.stats.chi2.ppf(.999, df).
        for (freedom, exact) in [(2, 13.815_511), (3, 16.266_236), (9, 27.877_165), (30, 59.703_064)] {
            assert!((quantile(freedom) / exact - 1.0).abs() < 0.025, "{freedom}: {}", quantile(freedom));
        }
    }

    #[test]
    fn an_index_is_the_sum_over_bins() {
        let stability = Stability::of(&[10, 30], &[50, 50]).unwrap();
        let (p, q) = (10.5 / 41.0, 50.5 / 101.0);
        let expected = (p - q) * f64::ln(p / q) + (q - p) * f64::ln((1.0 - p) / (1.0 - q));
        assert!((stability.psi - expected).abs() < 1e-12);
        assert!(!stability.is_beyond(), "chance explains .37");
        assert!(Stability::of(&[100, 300], &[500, 500]).unwrap().is_beyond());
    }

    #[test]
    fn kinds_that_are_few_are_put_together_and_nothing_is_compared_with_nothing() {
        let many = (0..200).map(|_| (1, 8)).chain([(100, 800)]);
        let together = Stability::of_kinds(many).unwrap();
        assert_eq!(together, Stability::of(&[100, 200], &[800, 1600]).unwrap());
        assert_eq!(Stability::of_kinds([(0, 10)].into_iter()), None);
        assert_eq!(Stability::of_kinds([(50, 10)].into_iter()), None, "one kind has no mix");
        assert!(Stability::of_kinds([(50, 400), (50, 0)].into_iter()).unwrap().is_beyond(), "a new kind");
    }
}
