//! Settings that are amounts: durations, sizes, shares, rates, money.
//!
//! Each carries its unit where it is written and is kept as a whole number of a small unit, so that reading,
//! printing and hashing are exact. An amount whose unit is missing is refused, never assumed.

use std::fmt;
use std::time::Duration;

use super::value::{Value, Wrong, number_text};

/// Reads a decimal such as `12.5` as a whole number of 10^-`places`: `fixed_point("12.5", 3)` is 12,500.
///
/// `None` for a sign, an exponent, more decimals than `places`, or a number too large.
fn fixed_point(text: &str, places: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    let spare = places.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    if whole.is_empty() || !all_digits || text.ends_with('.') {
        return None;
    }
    let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(places)?)?.checked_add(fraction * 10_u64.pow(spare))
}

/// Writes a whole number of 10^-`places` as the shortest decimal: the inverse of [`fixed_point`].
fn decimal(amount: u64, places: u32) -> String {
    let one = 10_u64.pow(places);
    let width = places as usize;
    let padded = format!("{}.{:0width$}", amount / one, amount % one);
    padded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A TOML number for a decimal: an integer if it is whole.
fn toml_number(decimal: &str) -> toml::Value {
    decimal.parse::<i64>().map_or_else(
        |_| toml::Value::Float(decimal.parse().expect("a decimal written by this module is a float")),
        toml::Value::Integer,
    )
}

/// Splits `1h 30m` into numbers with their units; nothing if it is not a row of such pairs.
fn amounts(text: &str) -> Option<Vec<(u64, &str)>> {
    let mut rest = text.trim();
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let after = after.trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        pairs.push((number.parse().ok()?, unit));
        rest = after.trim_start();
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// A length of time above zero, written with its unit: `500ms`, `15s`, `2m`, `1h30m`, `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    milliseconds: u64,
}

impl Period {
    /// Units with their length in milliseconds, longest first.
    const UNITS: [(&'static str, u64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self { milliseconds: seconds * 1_000 }
    }

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self::seconds(days * 86_400)
    }

    /// The standard library's form.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }

    fn read(text: &str) -> Option<Self> {
        let milliseconds = amounts(text)?.into_iter().try_fold(0_u64, |sum, (number, unit)| {
            let (_, length) = Self::UNITS.into_iter().find(|(name, _)| *name == unit)?;
            sum.checked_add(number.checked_mul(length)?)
        })?;
        (milliseconds > 0).then_some(Self { milliseconds })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.milliseconds;
        for (unit, length) in Self::UNITS {
            if rest >= length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl Value for Period {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::read(text).ok_or(Wrong::expected("a duration with its unit, such as 500ms, 15s, 2m, 1h30m or 90d"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.to_string().into())
    }
}

/// A number of bytes above zero, written with its unit: `64MiB`, `1GiB`, `500MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    bytes: u64,
}

impl Size {
    /// Units with their bytes; the binary ones first, largest first, because they are what is printed.
    const UNITS: [(&'static str, u64); 7] = [
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("KB", 1_000),
    ];

    /// So many times 1,048,576 bytes.
    #[must_use]
    pub const fn mebibytes(count: u64) -> Self {
        Self { bytes: count << 20 }
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.bytes
    }

    fn read(text: &str) -> Option<Self> {
        let pairs = amounts(text)?;
        let [(number, unit)] = pairs.as_slice() else { return None };
        let (_, length) = Self::UNITS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        number.checked_mul(length).filter(|bytes| *bytes > 0).map(|bytes| Self { bytes })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = Self::UNITS.into_iter().find(|(_, length)| self.bytes.is_multiple_of(*length));
        let (unit, length) = exact.unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.bytes / length)
    }
}

impl Value for Size {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::read(text).ok_or(Wrong::expected("a size with its unit, such as 512KiB, 64MiB or 1GiB"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.to_string().into())
    }
}

/// A share from nothing (0) to all (1), exact to a millionth: `0.5` or `50%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    millionths: u32,
}

impl Share {
    const WHOLE: u32 = 1_000_000;

    /// So many hundredths; more than 100 count as 100.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self { millionths: if percent < 100 { percent * (Self::WHOLE / 100) } else { Self::WHOLE } }
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.millionths) / f64::from(Self::WHOLE)
    }

    /// Whether `part` is more than this share of `whole`. Exact.
    #[must_use]
    pub fn is_passed_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(Self::WHOLE) > u128::from(whole) * u128::from(self.millionths)
    }

    fn read(text: &str) -> Option<Self> {
        let millionths = match text.strip_suffix('%') {
            Some(percent) => fixed_point(percent.trim_end(), 4)?,
            None => fixed_point(text, 6)?,
        };
        u32::try_from(millionths).ok().filter(|share| *share <= Self::WHOLE).map(|millionths| Self { millionths })
    }
}

impl Value for Share {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::read(text).ok_or(Wrong::expected("a share from 0 to 1, such as 0.5 or 50%"))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::parse(&number_text(value))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml_number(&decimal(u64::from(self.millionths), 6)))
    }
}

/// How much of something may go wrong: a share of all (`5%`, `0.05`) or a number (`200`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// At most this share of all.
    Share(Share),
    /// At most so many.
    Count(u64),
}

impl Tolerance {
    /// Whether `wrong` out of `all` is more than is tolerated.
    #[must_use]
    pub fn is_passed_by(self, wrong: u64, all: u64) -> bool {
        match self {
            Self::Share(share) => share.is_passed_by(wrong, all),
            Self::Count(most) => wrong > most,
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{}%", decimal(u64::from(share.millionths), 4)),
            Self::Count(most) => write!(f, "{most}"),
        }
    }
}

impl Value for Tolerance {
    fn parse(text: &str) -> Result<Self, Wrong> {
        // A whole number counts; only a percent sign or a decimal point makes a share, so that 1 is one row.
        text.parse().map(Self::Count).or_else(|_| {
            let share = Share::read(text).map(Self::Share);
            share.ok_or(Wrong::expected("a share such as 5% or 0.05, or a whole number"))
        })
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        match value {
            // 1.0 in a file is the share of all, although its shortest text is `1`.
            toml::Value::Float(share) if share.fract() == 0.0 => Self::parse(&format!("{share}.0")),
            _ => Self::parse(&number_text(value)),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Share(_) => self.to_string().into(),
            Self::Count(most) => i64::try_from(*most).unwrap_or(i64::MAX).into(),
        })
    }
}

/// A rate a second above zero, exact to a thousandth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    thousandths: u64,
}

impl Rate {
    /// Most that may be asked for.
    const MOST: u64 = 10_000;

    /// So many a second.
    #[must_use]
    pub const fn whole(per_second: u64) -> Self {
        Self { thousandths: per_second * 1_000 }
    }

    /// As a number a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.thousandths as f64 / 1_000.0
    }
}

impl Value for Rate {
    fn parse(text: &str) -> Result<Self, Wrong> {
        fixed_point(text, 3)
            .filter(|thousandths| (1..=Self::MOST * 1_000).contains(thousandths))
            .map(|thousandths| Self { thousandths })
            .ok_or(Wrong::expected("a number a second above 0 and up to 10000, such as 10 or 0.5"))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::parse(&number_text(value))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml_number(&decimal(self.thousandths, 3)))
    }
}

/// US dollars, exact to a billionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Dollars {
    billionths: u64,
}

impl Dollars {
    /// So many billionths of a dollar.
    #[must_use]
    pub const fn billionths(billionths: u64) -> Self {
        Self { billionths }
    }

    /// In billionths of a dollar.
    #[must_use]
    pub const fn as_billionths(self) -> u64 {
        self.billionths
    }

    /// As a number of dollars.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.billionths as f64 / 1e9
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.billionths, 9))
    }
}

impl Value for Dollars {
    fn parse(text: &str) -> Result<Self, Wrong> {
        fixed_point(text, 9)
            .map(|billionths| Self { billionths })
            .ok_or(Wrong::expected("an amount in US dollars, such as 25 or 0.0001"))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::parse(&number_text(value))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml_number(&self.to_string()))
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const LEAST: u64, const MOST: u64>(u64);

impl<const LEAST: u64, const MOST: u64> Whole<LEAST, MOST> {
    /// This number, or the nearest bound.
    #[must_use]
    pub const fn clamped(number: u64) -> Self {
        Self(if number < LEAST {
            LEAST
        } else if number > MOST {
            MOST
        } else {
            number
        })
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const LEAST: u64, const MOST: u64> Value for Whole<LEAST, MOST> {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.parse() {
            Ok(number) if (LEAST..=MOST).contains(&number) => Ok(Self(number)),
            _ => Err(Wrong::expected(format!("a whole number from {LEAST} to {MOST}"))),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::parse(&number_text(value))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        assert_eq!(Period::parse("15s"), Ok(Period::seconds(15)));
        assert_eq!(Period::parse("2m"), Ok(Period::seconds(120)));
        assert_eq!(Period::parse("1h 30m"), Ok(Period::seconds(5_400)));
        assert_eq!(Period::parse("90d"), Ok(Period::days(90)));
        assert_eq!(Period::parse("250ms").unwrap().duration(), Duration::from_millis(250));
        for wrong in ["15", "", "s", "0s", "1.5s", "-1s", "15 parsecs", "99999999999999999999d", "1é"] {
            assert_eq!(
                Period::parse(wrong).unwrap_err().to_string(),
                "expected a duration with its unit, such as 500ms, 15s, 2m, 1h30m or 90d",
                "{wrong}"
            );
        }
    }

    #[test]
    fn sizes_carry_their_unit() {
        assert_eq!(Size::parse("64MiB"), Ok(Size::mebibytes(64)));
        assert_eq!(Size::parse("64 mib"), Ok(Size::mebibytes(64)));
        assert_eq!(Size::parse("1500001KB").unwrap().to_string(), "1500001000B");
        for wrong in ["64", "0MiB", "1GiB 5MiB", "MiB"] {
            assert!(Size::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(Share::parse("50%"), Ok(Share::percent(50)));
        assert_eq!(Share::parse("0.5"), Ok(Share::percent(50)));
        assert!(!Share::percent(5).is_passed_by(5, 100) && Share::percent(5).is_passed_by(6, 100));
        for wrong in ["1.5", "101%", "-1%", "half", ".5", "5.", "0.1234567"] {
            assert!(Share::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_whole_number_is_a_count_and_the_rest_a_share() {
        assert_eq!(Tolerance::parse("1"), Ok(Tolerance::Count(1)));
        assert_eq!(Tolerance::parse("100%"), Ok(Tolerance::Share(Share::percent(100))));
        assert_eq!(Tolerance::from_toml(&toml::Value::Float(1.0)), Ok(Tolerance::Share(Share::percent(100))));
        assert_eq!(Tolerance::from_toml(&toml::Value::Float(0.05)), Ok(Tolerance::Share(Share::percent(5))));
        assert!(Tolerance::Count(0).is_passed_by(1, 1_000_000));
        assert_eq!(
            Tolerance::parse("some").unwrap_err().to_string(),
            "expected a share such as 5% or 0.05, or a whole number"
        );
    }

    #[test]
    fn money_and_rates_are_exact() {
        assert_eq!(Dollars::parse("0.000025"), Ok(Dollars::billionths(25_000)));
        assert_eq!(Dollars::from_toml(&toml::Value::Float(0.000_025)), Ok(Dollars::billionths(25_000)));
        assert_eq!(Rate::parse("0.5").unwrap().to_toml(), Some(toml::Value::Float(0.5)));
        assert_eq!(Rate::parse("10").unwrap().to_toml(), Some(toml::Value::Integer(10)));
        assert!(Rate::parse("0").is_err() && Rate::parse("10001").is_err() && Rate::parse("1e3").is_err());
    }

    #[test]
    fn whole_numbers_name_their_bounds() {
        assert_eq!(Whole::<1, 9>::parse("10").unwrap_err().to_string(), "expected a whole number from 1 to 9");
        assert_eq!(Whole::<1, 9>::clamped(50).get(), 9);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(amount in 1_u64..10_u64.pow(15)) {
            let period = Period { milliseconds: amount };
            prop_assert_eq!(Period::parse(&period.to_string()), Ok(period));
            let size = Size { bytes: amount };
            prop_assert_eq!(Size::parse(&size.to_string()), Ok(size));
            let dollars = Dollars::billionths(amount);
            prop_assert_eq!(Dollars::parse(&dollars.to_string()), Ok(dollars));
            let share = Share { millionths: u32::try_from(amount % 1_000_001).unwrap() };
            prop_assert_eq!(Share::from_toml(&share.to_toml().unwrap()), Ok(share));
            let tolerance = Tolerance::Share(share);
            prop_assert_eq!(Tolerance::from_toml(&tolerance.to_toml().unwrap()), Ok(tolerance));
        }

        #[test]
        fn no_text_panics(text in ".{0,12}") {
            let _ = (Period::parse(&text), Size::parse(&text), Tolerance::parse(&text), Dollars::parse(&text));
            prop_assert!(fixed_point(&text, 9).is_none() || text.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        }
    }
}
