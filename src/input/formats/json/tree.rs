//! A record whose keys are not known beforehand: texts, lists and objects, borrowed from the record where they can be.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::scalar::Scalar;

/// A value. Numbers and truth values are texts as they are written; null is an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json<'a> {
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// Keys with their values, in their order. Of two of one name the first counts.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Default for Json<'_> {
    fn default() -> Self {
        Self::Text(Cow::default())
    }
}

impl Json<'_> {
    /// The value under `key` of an object, or at that number of a list.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let members = match self {
            Self::Object(members) => members,
            Self::List(items) => return items.get(key.parse::<usize>().ok()?),
            Self::Text(_) => return None,
        };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at a path of keys with dots between them; a key may hold dots itself.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        let within = |(dot, _): (usize, &str)| {
            let (key, rest) = path.split_at_checked(dot)?;
            self.get(key)?.at(rest.get(1..)?)
        };
        self.get(path).or_else(|| path.match_indices('.').find_map(within))
    }

    /// The trimmed text; empty for lists and objects.
    pub(super) fn text(&self) -> &str {
        if let Self::Text(text) = self { text.trim() } else { "" }
    }

    /// The trimmed text at a path; empty if there is none.
    pub(super) fn text_at(&self, path: &str) -> &str {
        self.at(path).map(Self::text).unwrap_or_default()
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// The items of the list at a path.
    pub(super) fn items_at(&self, path: &str) -> &[Self] {
        self.at(path).map(Self::items).unwrap_or_default()
    }

    /// The number that it is.
    pub(super) fn number(&self) -> Option<f64> {
        self.text().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// What a text, or a list of texts or of objects with a text, says in words.
    pub(super) fn words(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.trim().into(),
            Self::Object(_) => self.text_at("text").into(),
            Self::List(items) => {
                let parts: Vec<_> = items.iter().map(Self::words).filter(|words| !words.is_empty()).collect();
                parts.join(" ").into()
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
                Ok(Json::Text(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
                Ok(Json::Text(text.to_owned().into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
                Ok(Json::Text(number.to_string().into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
                Ok(Json::Text(number.to_string().into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
                Ok(Json::Text(number.to_string().into()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
                Ok(Json::Text(if value { "true" } else { "false" }.into()))
            }

            fn visit_unit<E>(self) -> Result<Json<'de>, E> {
                Ok(Json::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Scalar(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_paths() {
        let json: Json<'_> =
            serde_json::from_str(r#"{"a":{"b":[1,{"text":"x y"},"z"],"c.d":" e ","b":2},"n":null,"t":true,"f":1.5}"#)
                .unwrap();
        assert_eq!(
            (json.text_at("a.c.d"), json.text_at("n"), json.text_at("t"), json.text_at("no.b")),
            ("e", "", "true", "")
        );
        assert_eq!((json.items_at("a.b").len(), &*json.at("a.b").unwrap().words()), (3, "1 x y z"));
        assert_eq!((json.at("f").unwrap().number(), json.text_at("a"), json.text_at("a.b.2")), (Some(1.5), "", "z"));
        assert!(matches!(json.get("t"), Some(Json::Text(Cow::Borrowed(_)))));
    }
}
