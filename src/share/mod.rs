//! A service that scores a share of the calls: which calls those are, and what they show of all.
//!
//! The local engine scores every call, the service a random sample of them. A mean that the service would have given to all calls
//! is the mean that the local engine gives, corrected by what the two differ by on the sample. The correction is unbiased
//! whatever the local engine gets wrong: a local engine that follows the service closely only makes the interval narrower.
//!
//! - [`Share`]: how much of the calls, as it is typed;
//! - [`Strata`] and [`Drawn`]: which calls, by a hash of their ids within each queue;
//! - [`Values`] and [`Facts`]: what is averaged of a call;
//! - [`Book`]: exact sums over all calls and over the sample, for the site, its queues, days and agents;
//! - [`Estimate`]: the corrected mean with its interval (`estimate`, with the formulas and their sources);
//! - [`Expectation`]: how wide the interval will be, before anything is paid for.
//!
//! Refuses: to read, to score, to judge agents.

mod book;
mod draw;
mod estimate;
mod facts;
mod sums;
mod width;

use std::fmt;
use std::str::FromStr;

pub use book::{Book, Estimated, Scope};
pub(crate) use draw::hash;
pub use draw::{Drawn, Ordered, Strata, TooFew};
pub use estimate::Estimate;
pub use facts::{Facts, MEASURES, Measure, Values};
pub use width::Expectation;

/// Millionths of a whole.
const WHOLE: u32 = 1_000_000;

/// The smallest share: a thousandth.
const LEAST: u32 = WHOLE / 1000;

/// How much of the calls a service scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// So much of them.
    Part(Part),
    /// As much of them as the budget allows.
    Fit,
}

/// A part of the calls, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(u32);

impl Part {
    /// All calls.
    pub const ALL: Self = Self(WHOLE);

    /// So many thousandths, of which there are 1 to 1000.
    #[must_use]
    pub fn thousandths(number: u32) -> Self {
        Self((number * LEAST).clamp(LEAST, WHOLE))
    }

    /// The same as a number from 0 to 1.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }

    /// The part of so many calls, rounded down.
    #[must_use]
    pub fn of(self, calls: u64) -> u64 {
        let part = u128::from(calls) * u128::from(self.0) / u128::from(WHOLE);
        u64::try_from(part).unwrap_or(u64::MAX)
    }

    /// The least part of `calls` that is `wanted` of them, to a thousandth; `None` if there are not so many.
    fn that_is(wanted: u64, calls: u64) -> Option<Self> {
        (1..=1000).map(Self::thousandths).find(|part| part.of(calls) >= wanted)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / f64::from(WHOLE / 100))
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "fit" {
            return Ok(Self::Fit);
        }
        let (number, scale) = match text.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), 100.0),
            None => (text, 1.0),
        };
        let part = number.parse::<f64>().ok().map(|number| (number / scale * f64::from(WHOLE)).round());
        match part.filter(|part| (f64::from(LEAST)..=f64::from(WHOLE)).contains(part)) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number from 1,000 to 1,000,000"
            )]
            Some(part) => Ok(Self::Part(Part(part as u32))),
            None => Err("expected a share of the calls such as 10% or 0.1, from 0.1% to 100%, or `fit`: as much as \
                         --max-cost or --max-units allows"
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_or_a_number_or_what_fits() {
        for (text, millionths) in [
            ("10%", 100_000),
            ("10 %", 100_000),
            ("0.1", 100_000),
            (".025", 25_000),
            ("0.1%", 1000),
            ("100%", WHOLE),
            ("1", WHOLE),
        ] {
            assert_eq!(text.parse(), Ok(Share::Part(Part(millionths))), "{text}");
        }
        assert_eq!("fit".parse(), Ok(Share::Fit));
        for wrong in ["", "%", "0", "0%", "10", "101%", "-10%", "NaN", "inf%", "0.05%", "ten", "10%%", "Fit"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_part_is_never_more_than_its_share() {
        assert_eq!((Part(100_000).of(59), Part(100_000).of(60), Part::ALL.of(7)), (5, 6, 7));
        assert_eq!(Part(333_333).to_string(), "33.3333 %");
        assert_eq!(Part::thousandths(100).to_string(), "10 %");
        assert_eq!(Part::that_is(3, 20), Some(Part::thousandths(150)));
        assert_eq!(Part::that_is(3, 2), None);
    }
}
