//! How one setting is read and written: the trait behind every type that a setting can have.
//!
//! A value comes as text (a flag, an environment variable) or as TOML (a file) and goes back to TOML, which is
//! its one canonical form: `config show` prints it, `config init` writes it and the settings hash is taken of it.
//! A value that can't be read is refused with what was expected, never guessed at.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// What a value should have been, as the end of the sentence "expected …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub(crate) struct Wrong(pub(crate) Cow<'static, str>);

impl Wrong {
    /// `what` is a noun phrase.
    pub(crate) fn expected(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
    }

    /// One of these words: `a, b or c`.
    pub(crate) fn expected_one_of(words: &[&str]) -> Self {
        let (last, others) = words.split_last().unwrap_or((&"", &[]));
        if others.is_empty() {
            return Self::expected((*last).to_owned());
        }
        Self::expected(format!("{} or {last}", others.join(", ")))
    }
}

/// A value as it was written, before it is known whether it fits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    /// One argument of a flag.
    Argument(String),
    /// The whole value of an environment variable.
    Variable(String),
    /// A value in a file.
    Toml(toml::Value),
}

impl Display for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Argument(text) | Self::Variable(text) => write!(f, "`{text}`"),
            Self::Toml(value) => write!(f, "`{value}`"),
        }
    }
}

/// A type that a setting can have.
pub(crate) trait Value: Sized {
    /// Whether a higher layer adds entries to a lower one instead of replacing its value.
    const ADDS: bool = false;

    /// Whether a file may hold it as a number.
    const NUMBER: bool = false;

    /// Whether it may accept texts that are none of its choices.
    const OPEN: bool = false;

    /// All texts it accepts, if they are few: for help and completions.
    fn choices() -> Vec<&'static str> {
        Vec::new()
    }

    /// Reads one argument.
    fn parse(text: &str) -> Result<Self, Wrong>;

    /// Reads an environment variable: for most types the same as one argument.
    fn parse_variable(text: &str) -> Result<Self, Wrong> {
        Self::parse(text)
    }

    /// Reads a value of a file. Types that are tables in a file have their own version.
    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::parse(&match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) if Self::NUMBER => number.to_string(),
            // Display of a float is its shortest exact decimal, without an exponent.
            toml::Value::Float(number) if Self::NUMBER => number.to_string(),
            // No type accepts an empty text.
            _ => String::new(),
        })
    }

    /// Its canonical form; nothing when the setting is not set.
    fn to_toml(&self) -> Option<toml::Value>;

    /// Puts a value of a higher layer on top.
    fn overlay(&mut self, upper: Self) {
        *self = upper;
    }

    /// The feature that this build lacks and the value needs.
    fn missing_feature(&self) -> Option<&'static str> {
        None
    }
}

fn read<T: Value>(raw: &Raw) -> Result<T, Wrong> {
    match raw {
        Raw::Argument(text) => T::parse(text),
        Raw::Variable(text) => T::parse_variable(text),
        Raw::Toml(value) => T::from_toml(value),
    }
}

/// Reads `raw` and puts it on top of what `slot` holds.
pub(crate) fn put<T: Value>(slot: &mut T, raw: &Raw) -> Result<(), Wrong> {
    slot.overlay(read(raw)?);
    Ok(())
}

/// Reads a number within `range` into `slot`.
pub(crate) fn put_within<T: Number>(slot: &mut T, raw: &Raw, range: RangeInclusive<T>) -> Result<(), Wrong> {
    match read(raw) {
        Ok(number) if range.contains(&number) => {
            *slot = number;
            Ok(())
        }
        _ => Err(Wrong::expected(format!("{} from {} to {}", T::NOUN, range.start(), range.end()))),
    }
}

/// A TOML number: an integer if it is whole.
pub(super) fn toml_number(number: f64) -> toml::Value {
    number.to_string().parse().map_or(toml::Value::Float(number), toml::Value::Integer)
}

/// A plain number, whose entry in the table may state a range.
pub(crate) trait Number: Value + PartialOrd + Display {
    /// What it is, for messages.
    const NOUN: &'static str;
}

/// Whole numbers of 0 or more, as far as TOML has them.
macro_rules! whole_numbers {
    ($($Whole:ty),+) => {$(
        impl Value for $Whole {
            const NUMBER: bool = true;

            fn parse(text: &str) -> Result<Self, Wrong> {
                let number = text.parse::<i64>().ok().and_then(|number| Self::try_from(number).ok());
                number.ok_or(Wrong::expected(Self::NOUN))
            }

            fn to_toml(&self) -> Option<toml::Value> {
                i64::try_from(*self).ok().map(toml::Value::Integer)
            }
        }

        impl Number for $Whole {
            const NOUN: &'static str = "a whole number";
        }
    )+};
}

whole_numbers!(u32, u64, usize);

impl Value for f64 {
    const NUMBER: bool = true;

    fn parse(text: &str) -> Result<Self, Wrong> {
        let number = text.parse().ok().filter(|number| (0.0..=Self::MAX).contains(number));
        number.ok_or(Wrong::expected("a number of 0 or more, such as 25 or 0.0001"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml_number(*self))
    }
}

impl Number for f64 {
    const NOUN: &'static str = "a number";
}

impl Value for bool {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" => Ok(true),
            "off" | "false" | "no" | "0" => Ok(false),
            _ => Err(Wrong::expected("on or off")),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        value.as_bool().map_or_else(|| Self::parse(value.as_str().unwrap_or_default()), Ok)
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml::Value::Boolean(*self))
    }
}

impl Value for String {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let text = text.trim();
        if text.is_empty() { Err(Wrong::expected("a text that is not empty")) } else { Ok(text.to_owned()) }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml::Value::String(self.clone()))
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() { Err(Wrong::expected("a path")) } else { Ok(Self::from(text)) }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml::Value::String(self.display().to_string()))
    }
}

impl<T: Value> Value for Option<T> {
    fn parse(text: &str) -> Result<Self, Wrong> {
        T::parse(text).map(Some)
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        T::from_toml(value).map(Some)
    }

    fn to_toml(&self) -> Option<toml::Value> {
        self.as_ref().and_then(Value::to_toml)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_in_every_common_spelling() {
        for on in ["on", "true", "YES", "1"] {
            assert_eq!(bool::parse(on), Ok(true), "{on}");
        }
        for off in ["off", "False", "no", "0"] {
            assert_eq!(bool::parse(off), Ok(false), "{off}");
        }
        assert_eq!(bool::parse("maybe").unwrap_err().to_string(), "expected on or off");
        assert_eq!(bool::from_toml(&toml::Value::Integer(1)).unwrap_err().to_string(), "expected on or off");
        assert_eq!(bool::from_toml(&toml::Value::Boolean(false)), Ok(false));
    }

    #[test]
    fn a_text_in_a_file_is_a_string() {
        assert_eq!(Option::<String>::from_toml(&"eu-west-1".into()), Ok(Some("eu-west-1".to_owned())));
        assert!(String::from_toml(&toml::Value::Integer(5)).is_err());
        assert!(PathBuf::parse("").is_err());
    }

    #[test]
    fn what_is_not_set_has_no_canonical_form() {
        assert_eq!(None::<String>.to_toml(), None);
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(f64::from_toml(&toml::Value::Float(0.000_025)), Ok(0.000_025));
        assert_eq!(0.5.to_toml(), Some(toml::Value::Float(0.5)));
        assert_eq!(10.0.to_toml(), Some(toml::Value::Integer(10)));
        assert_eq!(
            u64::parse("9007199254740993").unwrap().to_toml(),
            Some(toml::Value::Integer(9_007_199_254_740_993))
        );
        for wrong in ["-1", "nan", "inf", "ten", ""] {
            assert!(f64::parse(wrong).is_err() && u64::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_is_held_and_named() {
        let mut number = 5_u32;
        assert_eq!(put_within(&mut number, &Raw::Argument("9".into()), 1..=9), Ok(()));
        for wrong in ["10", "0", "1.5", "many"] {
            let refused = put_within(&mut number, &Raw::Argument(wrong.into()), 1..=9).unwrap_err();
            assert_eq!(refused.to_string(), "expected a whole number from 1 to 9", "{wrong}");
        }
        assert_eq!(number, 9);
    }
}
