//! How one setting is read and written: the trait behind every type in the settings table.
//!
//! A value comes as text (a flag, an environment variable) or as TOML (a file) and goes back to TOML, which is
//! its one canonical form: what `config show` prints, what `config init` writes and what the settings hash is
//! taken of. A value that can't be read answers with what was expected, never with a guess.

use std::borrow::Cow;
use std::path::PathBuf;

/// What a value should have been, as the end of the sentence "expected …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub(crate) struct Wrong(pub(crate) Cow<'static, str>);

impl Wrong {
    /// Says what was expected, as a noun phrase.
    pub(crate) fn expected(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
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

impl std::fmt::Display for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Argument(text) | Self::Variable(text) => write!(f, "`{text}`"),
            Self::Toml(value) => write!(f, "`{value}`"),
        }
    }
}

/// A type that a setting can have.
pub(crate) trait Value: Sized {
    /// All texts it accepts, if they are few: for help and completions.
    const CHOICES: &'static [&'static str] = &[];

    /// Whether a higher layer adds entries to a lower one instead of replacing its value.
    const ADDS: bool = false;

    /// Reads one argument.
    fn parse(text: &str) -> Result<Self, Wrong>;

    /// Reads an environment variable: for most types the same as one argument.
    fn parse_variable(text: &str) -> Result<Self, Wrong> {
        Self::parse(text)
    }

    /// Reads a value of a file. Types that are numbers or tables in a file say so by their own version.
    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        // What is not a string is read as no text at all, which brings out what was expected.
        Self::parse(value.as_str().unwrap_or_default())
    }

    /// Its canonical form; nothing when the setting is not set.
    fn to_toml(&self) -> Option<toml::Value>;

    /// Puts a value of a higher layer on top.
    fn overlay(&mut self, upper: Self) {
        *self = upper;
    }
}

/// Reads `raw` and puts it on top of what `slot` holds.
pub(crate) fn put<T: Value>(slot: &mut T, raw: &Raw) -> Result<(), Wrong> {
    slot.overlay(match raw {
        Raw::Argument(text) => T::parse(text)?,
        Raw::Variable(text) => T::parse_variable(text)?,
        Raw::Toml(value) => T::from_toml(value)?,
    });
    Ok(())
}

/// The text of a number or a string in a file: numbers may be written either way.
pub(crate) fn number_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        // Display of a float is its shortest exact decimal, without an exponent.
        toml::Value::Float(number) => number.to_string(),
        _ => String::new(),
    }
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
    const CHOICES: &'static [&'static str] = T::CHOICES;
    const ADDS: bool = T::ADDS;

    fn parse(text: &str) -> Result<Self, Wrong> {
        T::parse(text).map(Some)
    }

    fn parse_variable(text: &str) -> Result<Self, Wrong> {
        T::parse_variable(text).map(Some)
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
}
