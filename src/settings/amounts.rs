//! Settings that are amounts with a unit: durations, sizes, shares.
//!
//! An amount whose unit is missing is refused, never assumed.

use std::time::Duration;

use bytesize::{ByteSize, GIB, KIB, MIB};
use jiff::fmt::friendly::{Spacing, SpanParser, SpanPrinter};
use jiff::{SignedDuration, Span, SpanRelativeTo, SpanRound, Unit};

use super::value::{Value, Wrong, toml_number};
use crate::input::MaxRejects;
use crate::sentiment::Millionths;

/// A length of time above zero, whose days have 24 hours: `500ms`, `15s`, `2m`, `1h30m`, `90d`.
impl Value for Duration {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let span = SpanParser::new().parse_span(text.trim());
        let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
        let duration = duration.ok().and_then(|duration| Self::try_from(duration).ok());
        duration
            .filter(|duration| !duration.is_zero())
            .ok_or(Wrong::expected("a duration with its unit, such as 500ms, 15s, 2m, 1h30m or 90d"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        let largest_unit_first = SpanRound::new().largest(Unit::Day).days_are_24_hours();
        let seconds = SignedDuration::try_from(*self).and_then(Span::try_from);
        let span = seconds.and_then(|span| span.round(largest_unit_first)).ok()?;
        Some(SpanPrinter::new().spacing(Spacing::None).span_to_string(&span).into())
    }
}

/// A number of bytes above zero: `64MiB`, `1GiB`, `500MB`.
impl Value for ByteSize {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let text = text.trim();
        let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
        let size = text.parse().ok().filter(|size| has_unit && *size > Self::b(0));
        size.ok_or(Wrong::expected("a size with its unit, such as 512KiB, 64MiB or 1GiB"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        let bytes = self.as_u64();
        let units = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB)];
        let (unit, length) = units.into_iter().find(|(_, length)| bytes.is_multiple_of(*length)).unwrap_or(("B", 1));
        Some(format!("{}{unit}", bytes / length).into())
    }
}

/// A share from nothing (0) to all (1), to a millionth: `0.5` or `50%`.
impl Value for Millionths {
    const NUMBER: bool = true;

    fn parse(text: &str) -> Result<Self, Wrong> {
        let (number, whole) = text.strip_suffix('%').map_or((text, 1.0), |percent| (percent.trim_end(), 100.0));
        let share = number.parse::<f64>().ok().map(|number| number / whole);
        let share = share.filter(|share| (0.0..=1.0).contains(share));
        share.map(Self::nearest).ok_or(Wrong::expected("a share from 0 to 1, such as 0.5 or 50%"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml_number(self.value()))
    }
}

/// A share of all (`5%`, `0.05`) or a number (`200`).
impl Value for MaxRejects {
    fn parse(text: &str) -> Result<Self, Wrong> {
        // A whole number counts; only a percent sign or a decimal point makes a share, so that 1 is one row.
        let limit = u64::parse(text).map(Self::Count).or_else(|_| Millionths::parse(text).map(Self::Share));
        limit.map_err(|_| Wrong::expected("a share such as 5% or 0.05, or a whole number"))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        match value {
            // 1.0 in a file is the share of all, although its shortest text is `1`.
            toml::Value::Float(_) => Millionths::from_toml(value).map(Self::Share),
            toml::Value::Integer(_) => u64::from_toml(value).map(Self::Count),
            _ => Self::parse(value.as_str().unwrap_or_default()),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        match self {
            Self::Share(share) => Some(format!("{}%", share.0 as f64 / 1e4).into()),
            Self::Count(count) => count.to_toml(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;

    use super::*;

    fn canonical<T: Value>(text: &str) -> Option<String> {
        Some(T::parse(text).ok()?.to_toml()?.as_str()?.to_owned())
    }

    #[test]
    fn durations_carry_their_unit() {
        for (written, shown) in [
            ("15s", "15s"),
            ("2m", "2m"),
            ("1h 30m", "1h30m"),
            ("90 d", "90d"),
            ("250ms", "250ms"),
            ("120s", "2m"),
            ("36h", "1d12h"),
            ("2 weeks", "14d"),
        ] {
            assert_eq!(canonical::<Duration>(written).as_deref(), Some(shown));
        }
        assert_eq!(Duration::parse("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["15", "", "s", "0s", "-1s", "1 month", "15 parsecs", "99999999999999999999d", "1é"] {
            assert_eq!(
                Duration::parse(wrong).unwrap_err().to_string(),
                "expected a duration with its unit, such as 500ms, 15s, 2m, 1h30m or 90d",
                "{wrong}"
            );
        }
    }

    #[test]
    fn sizes_carry_their_unit() {
        assert_eq!(ByteSize::parse("64 mib"), Ok(ByteSize::mib(64)));
        assert_eq!(canonical::<ByteSize>("1500001KB").as_deref(), Some("1500001000B"));
        assert_eq!(canonical::<ByteSize>("1.5GiB").as_deref(), Some("1536MiB"));
        for wrong in ["64", "0MiB", "1GiB 5MiB", "MiB", ""] {
            assert!(ByteSize::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_are_percentages_or_fractions() {
        assert_eq!(Millionths::parse("50%"), Ok(Millionths(500_000)));
        assert_eq!(Millionths::parse("0.5"), Ok(Millionths(500_000)));
        for wrong in ["1.5", "101%", "-1%", "half", "nan", ""] {
            assert!(Millionths::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_whole_number_is_a_count_and_the_rest_a_share() {
        let all = MaxRejects::Share(Millionths::ONE);
        assert_eq!(MaxRejects::parse("1"), Ok(MaxRejects::Count(1)));
        assert_eq!(MaxRejects::parse("100%"), Ok(all));
        assert_eq!(MaxRejects::from_toml(&toml::Value::Float(1.0)), Ok(all));
        assert_eq!(MaxRejects::from_toml(&toml::Value::Float(0.05)), Ok(MaxRejects::Share(Millionths(50_000))));
        assert_eq!(canonical::<MaxRejects>("0.333").as_deref(), Some("33.3%"));
        assert_eq!(
            MaxRejects::parse("some").unwrap_err().to_string(),
            "expected a share such as 5% or 0.05, or a whole number"
        );
    }

    fn reads_back<T: Value + PartialEq + Debug>(value: T) {
        assert_eq!(T::from_toml(&value.to_toml().unwrap()), Ok(value));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(amount in 1_u64..10_u64.pow(14)) {
            reads_back(Duration::from_millis(amount));
            reads_back(ByteSize::b(amount));
            reads_back(amount as f64 / 1e9);
            let share = Millionths::ratio(amount % 1_000_001, 1_000_000).unwrap();
            reads_back(share);
            reads_back(MaxRejects::Share(share));
        }

        #[test]
        fn no_text_panics(text in ".{0,12}") {
            let _ = (Duration::parse(&text), ByteSize::parse(&text), MaxRejects::parse(&text), f64::parse(&text));
        }
    }
}
