//! Numbers in whole millionths, so that sums are exact.
//!
//! A sum of floats depends on the order of its terms; a sum of integers does not. Every value that is ever added
//! to another one in a roll-up is therefore a [`Millionths`], and floats appear only after the last addition.

/// A number in whole millionths: `Millionths(250_000)` is 0.25.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Millionths(pub i64);

impl Millionths {
    /// The number 1.
    pub const ONE: Self = Self(1_000_000);

    /// The nearest whole millionth to `value`; half a millionth goes away from zero, what is not a number becomes 0.
    #[must_use]
    pub fn nearest(value: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "scores, shares and slopes lie far within i64")]
        let whole = (value * 1e6).round() as i64;
        Self(whole)
    }

    /// `numerator / denominator` to the nearest millionth; `None` if nothing is divided into.
    #[must_use]
    pub fn ratio(numerator: u64, denominator: u64) -> Option<Self> {
        mean(i128::from(numerator) * i128::from(Self::ONE.0), i128::from(denominator))
    }

    /// The number as a float.
    #[must_use]
    pub fn value(self) -> f64 {
        // Whole millionths of a score stay below 2^53, and one correctly rounded division gives the same bits everywhere.
        self.0 as f64 / 1e6
    }
}

/// The mean of values in millionths from their weighted sum: `sum / weight`, half going away from zero; `None` without weight.
pub(crate) fn mean(sum: i128, weight: i128) -> Option<Millionths> {
    if weight <= 0 {
        return None;
    }
    let half = weight / 2;
    let rounded = if sum < 0 { (sum - half) / weight } else { (sum + half) / weight };
    i64::try_from(rounded).ok().map(Millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_away_from_zero() {
        assert_eq!(mean(3, 2), Some(Millionths(2)));
        assert_eq!(mean(-3, 2), Some(Millionths(-2)));
        assert_eq!(mean(-4, 3), Some(Millionths(-1)));
        assert_eq!(mean(5, 3), Some(Millionths(2)));
        assert_eq!(mean(1, 0), None);
    }

    #[test]
    fn converts_to_and_from_floats() {
        assert_eq!(Millionths::nearest(-0.300_000_4), Millionths(-300_000));
        assert_eq!(Millionths::nearest(f64::NAN), Millionths(0));
        assert_eq!(Millionths(-250_000).value().to_bits(), (-0.25_f64).to_bits());
        assert_eq!(Millionths::ratio(1, 3), Some(Millionths(333_333)));
        assert_eq!(Millionths::ratio(0, 0), None);
    }
}
