//! One input and its bytes: the one place of the room that knows where files lie.
//!
//! A source is a file, standard input, or an object on an object store (`objects`).

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::discover::discover;
use super::error::InputError;
use crate::places;

/// Endings of files that are read out of a directory, before an optional `.gz` or `.zst`; those that anything may have
/// come last.
const ENDINGS: [&str; 10] = ["csv", "tsv", "vcon", "vtt", "srt", "parquet", "json", "jsonl", "ndjson", "txt"];
/// How many of the endings say that a file is a transcript.
const SURE_ENDINGS: usize = 6;

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its size in bytes as stored; 0 for a pipe.
        bytes: u64,
        /// Whether the user named it, and not a directory or glob that it was found in.
        is_named: bool,
    },
    /// An object on an object store.
    #[cfg(feature = "object-stores")]
    Object {
        /// Where it is, and what it was when it was found.
        object: places::Object,
        /// Whether the user named it, and not a prefix or glob that it was found by.
        is_named: bool,
    },
    /// Standard input.
    Stdin,
}

/// What tells one content of a file or object from another before it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its size.
    pub(crate) bytes: u64,
    /// When it was changed, in nanoseconds since the Unix epoch.
    pub(crate) modified: i64,
    /// What an object store changes with each content; a file has none.
    pub(crate) tag: Option<String>,
}

impl Source {
    /// The file or object that was named as `path`, though nothing else is known of it.
    ///
    /// # Errors
    /// Those of [`discover()`] for an address on an object store.
    pub(crate) fn of(path: &Path) -> Result<Self, InputError> {
        if places::location(path)?.is_none() {
            return Ok(Self::File { path: path.to_owned(), bytes: 0, is_named: true });
        }
        let mut found = discover(&[path.display().to_string()], Path::new(""))?;
        if found.len() == 1 {
            Ok(found.remove(0))
        } else {
            Err(InputError::Missing { path: path.display().to_string() })
        }
    }

    /// What is at `path` now, which was a source's name before; `None` where nothing is.
    ///
    /// # Errors
    /// [`InputError::Place`] where an object store can't be asked.
    pub(crate) fn at(path: &str, is_named: bool) -> Result<Option<Self>, InputError> {
        let place = places::location(Path::new(path))?;
        #[cfg(feature = "object-stores")]
        if let Some(place) = place {
            return Ok(super::objects::at(&place, is_named)?);
        }
        debug_assert!(place.is_none(), "an address that nothing reaches is an error");
        let metadata = fs::metadata(path).ok();
        Ok(metadata.map(|metadata| Self::File { path: path.into(), bytes: metadata.len(), is_named }))
    }

    /// The same, named by the user or not.
    #[must_use]
    pub(crate) fn named(mut self, now: bool) -> Self {
        match &mut self {
            Self::File { is_named, .. } => *is_named = now,
            #[cfg(feature = "object-stores")]
            Self::Object { is_named, .. } => *is_named = now,
            Self::Stdin => {}
        }
        self
    }

    /// The same, at its path without links.
    #[must_use]
    pub(crate) fn without_links(mut self) -> Self {
        if let Self::File { path, .. } = &mut self
            && let Ok(place) = fs::canonicalize(&*path)
        {
            *path = place;
        }
        self
    }

    /// Which content it has.
    ///
    /// # Errors
    /// [`InputError::Unreadable`].
    pub(crate) fn version(&self) -> Result<Version, InputError> {
        let path = match self {
            Self::File { path, .. } => path,
            #[cfg(feature = "object-stores")]
            Self::Object { object, .. } => {
                let places::Listed { bytes, e_tag, modified, .. } = object.listed().clone();
                return Ok(Version { bytes, modified, tag: e_tag });
            }
            Self::Stdin => return Ok(Version::default()),
        };
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        let modified = metadata.modified().map_err(|error| unreadable(path, &error))?;
        Ok(Version { bytes: metadata.len(), modified: nanoseconds(modified), tag: None })
    }

    /// BLAKE3 of its bytes in hexadecimal.
    ///
    /// # Errors
    /// [`InputError::Unreadable`].
    pub(crate) fn hash(&self) -> Result<String, InputError> {
        let mut hasher = blake3::Hasher::new();
        let opened = match self {
            #[cfg(feature = "object-stores")]
            Self::Object { object, .. } => Ok(Box::new(object.alone().open()) as Box<dyn Read>),
            _ => self.open(),
        };
        let copied = opened.and_then(|mut bytes| io::copy(&mut bytes, &mut hasher));
        copied.map_err(|source| InputError::Unreadable { path: self.name(), source })?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The path as shown and written: `-` for standard input.
    pub fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            #[cfg(feature = "object-stores")]
            Self::Object { object, .. } => object.location().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// The raw bytes, as a stream.
    ///
    /// # Errors
    /// What the operating system says; errors of an object store hold a [`places::PlaceError`].
    pub(super) fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::File { path, .. } => Box::new(File::open(path)?),
            #[cfg(feature = "object-stores")]
            Self::Object { object, .. } => Box::new(object.open()),
            Self::Stdin => Box::new(io::stdin().lock()),
        })
    }

    /// The name without folders and endings; for standard input `stdin`.
    pub(crate) fn stem(&self) -> String {
        match self.file_name() {
            Some(name) => without_endings(&name).to_owned(),
            None => "stdin".to_owned(),
        }
    }

    /// The name without folders; `None` for standard input.
    pub(crate) fn file_name(&self) -> Option<String> {
        let name =
            |path: &Path| path.file_name().map_or_else(|| self.name(), |name| name.to_string_lossy().into_owned());
        match self {
            Self::File { path, .. } => Some(name(path)),
            #[cfg(feature = "object-stores")]
            Self::Object { object, .. } => Some(name(Path::new(&object.listed().key))),
            Self::Stdin => None,
        }
    }

    /// Whether a directory, prefix or glob was named, and not it.
    const fn was_found(&self) -> bool {
        !self.is_named()
    }

    /// Whether the user named it.
    pub(crate) const fn is_named(&self) -> bool {
        match self {
            Self::File { is_named, .. } => *is_named,
            #[cfg(feature = "object-stores")]
            Self::Object { is_named, .. } => *is_named,
            Self::Stdin => true,
        }
    }

    /// Whether it is the file at `path`.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let Self::File { path: own, .. } = self else {
            let place = places::location(path).ok().flatten();
            return place.map_or_else(|| path.display().to_string(), |place| place.to_string()) == self.name();
        };
        own == path || fs::canonicalize(own).is_ok_and(|own| fs::canonicalize(path).is_ok_and(|path| own == path))
    }

    /// Whether it may be something else than a transcript: it was found, and anything may have its ending.
    pub(super) fn may_be_anything(&self) -> bool {
        let name = self.file_name().unwrap_or_default();
        let name = uncompressed(&name);
        self.was_found() && without_one_of(name, &ENDINGS[SURE_ENDINGS..]) != name
    }

    /// The size in bytes as stored, if it is known.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::File { bytes, .. } => Some(*bytes),
            #[cfg(feature = "object-stores")]
            Self::Object { object, .. } => Some(object.listed().bytes),
            Self::Stdin => None,
        }
    }
}

pub(super) fn is_transcript(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    without_endings(&name) != uncompressed(&name)
}

/// A file's name without the ending of its compression.
fn uncompressed(name: &str) -> &str {
    without_one_of(name, &["gz", "zst"])
}

/// A file's name without the endings of transcripts and of their compression.
fn without_endings(name: &str) -> &str {
    without_one_of(uncompressed(name), &ENDINGS)
}

fn without_one_of<'a>(name: &'a str, endings: &[&str]) -> &'a str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && endings.iter().any(|known| ending.eq_ignore_ascii_case(known)) => {
            stem
        }
        _ => name,
    }
}

/// A moment in nanoseconds since the Unix epoch.
pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds),
    }
}

/// A file or directory that can't be looked at.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> InputError {
    // The error is borrowed from an iterator's item: its message is kept.
    let source = io::Error::new(error.kind(), error.to_string());
    InputError::Unreadable { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_endings_only() {
        let stem = |name: &str| Source::File { path: Path::new("a.b").join(name), bytes: 0, is_named: true }.stem();
        let names = ["c 1.csv.gz", "x.y.TXT", "c.json", "d.doc", ".csv"];
        assert_eq!(names.map(stem), ["c 1", "x.y", "c", "d.doc", ".csv"]);
    }

    #[test]
    fn what_was_found_under_a_common_ending_may_be_anything() {
        let may_be = |name: &str, is_named| Source::File { path: name.into(), bytes: 0, is_named }.may_be_anything();
        for name in ["README.txt", "package.json.gz", "a.JSONL"] {
            assert!(may_be(name, false) && !may_be(name, true), "{name}");
        }
        assert!(!may_be("a.csv", false) && !may_be("a.vtt.gz", false) && !may_be("txt", false));
    }
}
