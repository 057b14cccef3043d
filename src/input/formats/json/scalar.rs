//! Texts and numbers as they stand in JSON: ids are written as either.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A text, or a number or truth value as it is written; empty for null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scalar<'a>(pub(super) Cow<'a, str>);

impl<'a> Scalar<'a> {
    /// The text without white space around it.
    pub(super) fn trimmed(&self) -> &str {
        self.0.trim()
    }

    /// The number that it is.
    pub(super) fn number(&self) -> Option<f64> {
        self.trimmed().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The text itself.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsWritten;

        impl<'de> Visitor<'de> for AsWritten {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(text.to_owned().into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(number.to_string().into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(number.to_string().into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(number.to_string().into()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar(value.to_string().into()))
            }

            fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
                Ok(Scalar::default())
            }
        }
        deserializer.deserialize_any(AsWritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_as_they_are_written() {
        let read = |json: &'static str| serde_json::from_str::<Scalar<'_>>(json).map(|value| value.0.into_owned()).ok();
        for (json, text) in [(r#""00 1""#, "00 1"), (r#""\u00e9""#, "é"), ("17", "17"), ("-1", "-1"), ("1.5", "1.5")] {
            assert_eq!(read(json).as_deref(), Some(text), "{json}");
        }
        assert_eq!((read("null"), read("true"), read("[1]")), (Some(String::new()), Some("true".into()), None));
        assert!(matches!(serde_json::from_str(r#""a""#), Ok(Scalar(Cow::Borrowed("a")))));
        assert_eq!((Scalar(" 27.5".into()).number(), Scalar("NaN".into()).number()), (Some(27.5), None));
    }
}
