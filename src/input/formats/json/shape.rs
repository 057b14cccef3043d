//! Which keys the beginning of a JSON file has, by which its format is recognised.
//!
//! A sample may end anywhere and hold anything: what could be read of it counts. Records of a list or of several lines
//! are taken together.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Longer values are not kept: they are somebody's words.
const MAX_VALUE_BYTES: usize = 40;
/// More paths than this are no format's keys, but names that somebody chose.
const MAX_PATHS: usize = 4000;
/// Deeper keys show nothing.
const MAX_DEPTH: usize = 8;

/// The keys of a file's first records: `Transcript[].Content` is a key of objects in the list `Transcript`.
#[derive(Debug, Clone, Default)]
pub(in crate::input::formats) struct Shape {
    /// Each path with the first short text that stands there.
    paths: BTreeMap<String, Option<Box<str>>>,
}

impl Shape {
    /// The shape of the records at the beginning of `text`: of the values, or of the items of a list.
    pub(in crate::input::formats) fn of(text: &[u8]) -> Self {
        let mended = super::mend::mended(text);
        let mut shape = Self::default();
        let mut json = serde_json::Deserializer::from_slice(mended.as_deref().unwrap_or(text));
        let mut path = String::new();
        // A list of records has the shape of its items.
        while (Walk { shape: &mut shape, path: &mut path, depth: 0 }).deserialize(&mut json).is_ok() {
            path.clear();
        }
        shape
    }

    /// The shape of the items of the list under `key`.
    pub(super) fn inside(&self, key: &str) -> Self {
        let begin = format!("{key}[].");
        let inner =
            |(path, value): (&String, &Option<Box<str>>)| Some((path.strip_prefix(&begin)?.to_owned(), value.clone()));
        Self { paths: self.paths.iter().filter_map(inner).collect() }
    }

    /// Whether the records are objects with this path: `key`, `key.inner`, `key[]` or `key[].inner`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.contains_key(path)
    }

    /// Whether all of `paths` are there.
    pub(super) fn has_all(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| self.has(path))
    }

    /// The first text at `path`, if it is a short one.
    pub(super) fn value(&self, path: &str) -> Option<&str> {
        self.paths.get(path)?.as_deref()
    }

    /// The keys of the records themselves.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(String::as_str).filter(|path| !path.contains(['.', '[']))
    }

    /// All paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(String::as_str)
    }

    fn note(&mut self, path: &str) -> Result<(), ()> {
        if !self.paths.contains_key(path) {
            if self.paths.len() == MAX_PATHS {
                return Err(());
            }
            self.paths.insert(path.to_owned(), None);
        }
        Ok(())
    }
}

/// Notes the paths of one value.
struct Walk<'s, 'p> {
    shape: &'s mut Shape,
    path: &'p mut String,
    depth: usize,
}

impl Walk<'_, '_> {
    fn inner(&mut self) -> Walk<'_, '_> {
        Walk { shape: self.shape, path: self.path, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            return deserializer.deserialize_ignored_any(serde::de::IgnoredAny).map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let begin = self.path.len();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if begin > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            self.shape.note(self.path).map_err(|()| A::Error::custom("too many keys"))?;
            map.next_value_seed(self.inner())?;
            self.path.truncate(begin);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let begin = self.path.len();
        if begin > 0 {
            self.path.push_str("[]");
            self.shape.note(self.path).map_err(|()| A::Error::custom("too many keys"))?;
        }
        while list.next_element_seed(self.inner())?.is_some() {}
        self.path.truncate(begin);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if text.len() <= MAX_VALUE_BYTES
            && let Some(value @ None) = self.shape.paths.get_mut(self.path.as_str())
        {
            *value = Some(text.into());
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_known_as_far_as_a_sample_goes() {
        let text = br#"{"Channel":"VOICE","Transcript":[{"Id":1,"Content":"a b"},{"Id":2,"Items":[{"a":null"#;
        let shape = Shape::of(text);
        let paths: Vec<&str> = shape.paths.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            ["Channel", "Transcript", "Transcript[]", "Transcript[].Content", "Transcript[].Id", "Transcript[].Items"]
                .into_iter()
                .chain(["Transcript[].Items[]", "Transcript[].Items[].a"])
                .collect::<Vec<_>>()
        );
        assert_eq!((shape.value("Channel"), shape.value("Transcript[].Content")), (Some("VOICE"), Some("a b")));
        assert!(shape.has_all(&["Channel", "Transcript[].Id"]) && !shape.has("Id"));
        assert_eq!(shape.keys().collect::<Vec<_>>(), ["Channel", "Transcript"]);
    }

    #[test]
    fn records_of_lines_and_lists_are_taken_together() {
        for text in ["{\"a\":1}\n{\"b\":\"x\"}\n{\"c", "[{\"a\":1},{\"b\":\"x\"},{\"", "[[{\"a\":1}],{\"b\":\"x\"}]"] {
            let shape = Shape::of(text.as_bytes());
            assert_eq!(shape.keys().collect::<Vec<_>>(), ["a", "b"], "{text}");
        }
        let wrapped = Shape::of(br#"{"count":1,"data":[{"id":"x","turns":[{"t":"y"}]}]}"#);
        assert!(wrapped.inside("data").has_all(&["id", "turns[].t"]));
    }

    #[test]
    fn what_is_no_json_has_no_keys() {
        for text in
            ["", "{", "[[[", "a,b\n1,2", "{\"a", "{1:2}", "null", &"[".repeat(10_000), &"{\"a\":".repeat(10_000)]
        {
            let shape = Shape::of(text.as_bytes());
            assert!(shape.keys().count() <= 1, "{text:.20}");
        }
        let many: Vec<String> = (0..9000).map(|n| format!("\"k{n}\":1,")).collect();
        assert_eq!(Shape::of(format!("{{{}", many.concat()).as_bytes()).keys().count(), MAX_PATHS);
    }
}
