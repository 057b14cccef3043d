//! Texts and numbers as they stand in JSON: ids and times are written as either.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::input::times::Moment;

/// A text, or a number or truth value as it is written; empty for null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scalar<'a>(pub(super) Cow<'a, str>);

impl<'a> Scalar<'a> {
    /// The text without white space around it.
    pub(super) fn trimmed(&self) -> &str {
        self.0.trim()
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }

    /// The text itself.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        self.0
    }
}

impl<'a> From<&'a str> for Scalar<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
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

/// A number, whether it is written as one or as a text; anything else is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Number(pub(super) Option<f64>);

impl Number {
    /// The moment, if it counts milliseconds.
    pub(super) fn ms(self) -> Option<Moment> {
        self.0.and_then(Moment::by_size_ms)
    }

    /// The moment, if it counts seconds.
    pub(super) fn seconds(self) -> Option<Moment> {
        self.0.and_then(|seconds| Moment::by_size_ms(seconds * 1000.0))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsNumber;

        impl<'de> Visitor<'de> for AsNumber {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number(Some(number)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(Some(number as f64)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Some(number as f64)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(text.trim().parse().ok().filter(|number: &f64| number.is_finite())))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
                Ok(Number(None))
            }

            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Number, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Number(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Number(None))
            }
        }
        deserializer.deserialize_any(AsNumber)
    }
}

/// A list, or none where null stands for it.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An object, or what stands for none of it where null does.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
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
    }

    #[test]
    fn numbers_may_be_texts_and_what_is_none_is_nothing() {
        for (json, number) in [("1", Some(1.0)), ("-2.5", Some(-2.5)), ("\" 27.42\"", Some(27.42))] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap().0, number, "{json}");
        }
        for json in ["null", "true", "\"NaN\"", "\"soon\"", "[1]", "{\"a\":1}"] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap().0, None, "{json}");
        }
        assert_eq!(Number(Some(1.5)).seconds(), Some(Moment::Offset(1500)));
        assert_eq!(Number(Some(1_714_557_605.0)).seconds(), Some(Moment::Absolute(1_714_557_605_000)));
        assert_eq!(Number(Some(1_714_557_605_000.0)).ms(), Some(Moment::Absolute(1_714_557_605_000)));
        assert_eq!(Number(Some(-1.0)).ms(), None);
    }
}
