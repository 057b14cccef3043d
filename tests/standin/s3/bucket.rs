//! What is in the bucket: objects, and uploads that are not finished. Rules are S3's own: parts of 5 MiB at least but the
//! last, parts in order and by their tags, conditions on what is there.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::super::signature::hex;

/// The least that a part must have that is not the last.
const LEAST_PART: usize = 5 << 20;

/// An object.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) e_tag: String,
    pub(crate) content_type: String,
    pub(crate) written: Timestamp,
}

/// An error of S3's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u16, pub(crate) &'static str);

struct Upload {
    key: String,
    content_type: String,
    parts: BTreeMap<u32, (String, Vec<u8>)>,
}

/// A page of a list.
pub(crate) struct Page {
    pub(crate) objects: Vec<(String, Stored)>,
    pub(crate) prefixes: Vec<String>,
    /// The last key or prefix of it, if there are more.
    pub(crate) last: Option<String>,
}

/// Everything that is there.
#[derive(Default)]
pub(crate) struct Objects {
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, Upload>,
    /// Uploads so far.
    begun: u64,
}

/// The conditions of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct If<'r> {
    pub(crate) matches: Option<&'r str>,
    pub(crate) is_absent: bool,
}

impl Objects {
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Stored)> {
        self.objects.iter()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Stored> {
        self.objects.get(key)
    }

    pub(crate) fn put(&mut self, key: &str, bytes: Vec<u8>, content_type: String) -> String {
        let e_tag = tag(&bytes);
        self.insert(key, bytes, e_tag, content_type)
    }

    fn insert(&mut self, key: &str, bytes: Vec<u8>, e_tag: String, content_type: String) -> String {
        let stored = Stored { bytes: bytes.into(), e_tag: e_tag.clone(), content_type, written: Timestamp::now() };
        self.objects.insert(key.to_owned(), stored);
        e_tag
    }

    pub(crate) fn retag(&mut self, key: &str) {
        let stored = self.objects.get_mut(key).expect("it is there");
        stored.e_tag = format!("{}-2\"", tag(stored.e_tag.as_bytes()).trim_end_matches('"'));
    }

    pub(crate) fn restore(&mut self, prefix: &str, objects: &[(String, Stored)]) {
        self.objects.retain(|key, _| !key.starts_with(prefix));
        self.objects.extend(objects.iter().map(|(name, stored)| (format!("{prefix}{name}"), stored.clone())));
    }

    pub(crate) fn delete(&mut self, key: &str) {
        self.objects.remove(key);
    }

    /// Keys and ids of uploads that are not finished.
    pub(crate) fn uploads(&self) -> impl Iterator<Item = (&str, &str)> {
        self.uploads.iter().map(|(id, upload)| (upload.key.as_str(), id.as_str()))
    }

    pub(crate) fn unfinished(&self) -> Vec<String> {
        self.uploads().map(|(key, _)| key.to_owned()).collect()
    }

    /// Whether a write may be done.
    pub(crate) fn check_write(&self, key: &str, condition: If<'_>) -> Result<(), Refused> {
        match (self.get(key), condition) {
            (Some(_), If { is_absent: true, .. }) => Err(Refused(412, "PreconditionFailed")),
            (None, If { matches: Some(_), .. }) => Err(Refused(404, "NoSuchKey")),
            (Some(stored), If { matches: Some(tag), .. }) if stored.e_tag != tag => {
                Err(Refused(412, "PreconditionFailed"))
            }
            _ => Ok(()),
        }
    }

    /// An object and the range of it that is asked for.
    pub(crate) fn read(
        &self,
        key: &str,
        condition: If<'_>,
        range: Option<&str>,
    ) -> Result<(&Stored, Option<Range<usize>>), Refused> {
        let stored = self.get(key).ok_or(Refused(404, "NoSuchKey"))?;
        if condition.matches.is_some_and(|tag| tag != stored.e_tag) {
            return Err(Refused(412, "PreconditionFailed"));
        }
        let Some(range) = range else { return Ok((stored, None)) };
        let (start, end) = range
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
            .ok_or(Refused(501, "NotImplemented"))?;
        let start: usize = start.parse().map_err(|_| Refused(501, "NotImplemented"))?;
        let length = stored.bytes.len();
        let end =
            if end.is_empty() { length } else { end.parse::<usize>().map_err(|_| Refused(501, "NotImplemented"))? + 1 };
        if start >= length {
            return Err(Refused(416, "InvalidRange"));
        }
        Ok((stored, Some(start..end.min(length))))
    }

    /// A page of keys that begin with `prefix` and come after `after`.
    pub(crate) fn list(&self, prefix: &str, delimiter: Option<&str>, after: &str, most: usize) -> Page {
        let mut page = Page { objects: Vec::new(), prefixes: Vec::new(), last: None };
        let mut last = String::new();
        for (key, stored) in self.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after) {
            let folder = delimiter.and_then(|sign| {
                let end = key.get(prefix.len()..)?.find(sign)?;
                key.get(..prefix.len() + end + sign.len())
            });
            // What rolls up into a folder that a page before has given is passed over.
            if folder.is_some_and(|folder| folder <= after || page.prefixes.last().is_some_and(|last| last == folder)) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == most {
                page.last = Some(last);
                return page;
            }
            match folder {
                Some(folder) => page.prefixes.push(folder.to_owned()),
                None => page.objects.push((key.clone(), stored.clone())),
            }
            folder.unwrap_or(key).clone_into(&mut last);
        }
        page
    }

    pub(crate) fn begin(&mut self, key: &str, content_type: String) -> String {
        self.begun += 1;
        let id = format!("upload-{:04}", self.begun);
        self.uploads.insert(id.clone(), Upload { key: key.to_owned(), content_type, parts: BTreeMap::new() });
        id
    }

    fn upload(&mut self, id: &str, key: &str) -> Result<&mut Upload, Refused> {
        self.uploads.get_mut(id).filter(|upload| upload.key == key).ok_or(Refused(404, "NoSuchUpload"))
    }

    pub(crate) fn put_part(&mut self, id: &str, key: &str, number: &str, bytes: Vec<u8>) -> Result<String, Refused> {
        let number = number
            .parse()
            .ok()
            .filter(|number| (1..=10_000).contains(number))
            .ok_or(Refused(400, "InvalidArgument"))?;
        let e_tag = tag(&bytes);
        self.upload(id, key)?.parts.insert(number, (e_tag.clone(), bytes));
        Ok(e_tag)
    }

    /// Joins the parts that `listed` names, by number and tag.
    pub(crate) fn complete(&mut self, id: &str, key: &str, listed: &[(u32, String)]) -> Result<String, Refused> {
        let upload = self.upload(id, key)?;
        if listed.is_empty() {
            return Err(Refused(400, "MalformedXML"));
        }
        if !listed.is_sorted_by(|(one, _), (other, _)| one < other) {
            return Err(Refused(400, "InvalidPartOrder"));
        }
        let mut whole = Vec::new();
        for (place, (number, e_tag)) in listed.iter().enumerate() {
            let (own, bytes) = upload.parts.get(number).ok_or(Refused(400, "InvalidPart"))?;
            if own != e_tag {
                return Err(Refused(400, "InvalidPart"));
            }
            if bytes.len() < LEAST_PART && place + 1 < listed.len() {
                return Err(Refused(400, "EntityTooSmall"));
            }
            whole.extend_from_slice(bytes);
        }
        let upload = self.uploads.remove(id).expect("it was there");
        let e_tag = format!("{}-{}\"", tag(&whole).trim_end_matches('"'), listed.len());
        Ok(self.insert(key, whole, e_tag, upload.content_type))
    }

    pub(crate) fn abort(&mut self, id: &str, key: &str) -> Result<(), Refused> {
        self.upload(id, key)?;
        self.uploads.remove(id);
        Ok(())
    }
}

/// A tag of some bytes, in its quotes.
fn tag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(bytes)[..16]))
}
