//! Addresses on object stores: `s3://bucket/key`.

use std::fmt;
use std::path::Path;

use super::error::PlaceError;

/// Where an object, or everything under a prefix, lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Location {
    /// The bucket.
    pub(crate) bucket: String,
    /// What stands behind it, without the slash between them; empty for the bucket as a whole.
    pub(crate) key: String,
}

impl Location {
    /// The same without a slash at its end.
    #[cfg(feature = "object-stores")]
    pub(crate) fn folder(mut self) -> Self {
        self.key.truncate(self.key.trim_end_matches('/').len());
        self
    }

    /// What is called `name` in this folder.
    #[cfg(feature = "object-stores")]
    pub(crate) fn child(&self, name: &str) -> Self {
        Self { bucket: self.bucket.clone(), key: format!("{}{name}", self.prefix()) }
    }

    /// What the keys of everything in this folder begin with.
    #[cfg(feature = "object-stores")]
    pub(crate) fn prefix(&self) -> String {
        match self.key.trim_end_matches('/') {
            "" => String::new(),
            key => format!("{key}/"),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// The address that `path` is; `None` if it is none, but a local path. A build without the feature has none.
///
/// # Errors
/// [`PlaceError`] for an address that this program, or this build of it, can't reach.
pub(crate) fn location(path: &Path) -> Result<Option<Location>, PlaceError> {
    let Some((text, (scheme, rest))) = path.to_str().and_then(|text| Some((text, text.split_once("://")?))) else {
        return Ok(None);
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    if !is_scheme {
        return Ok(None);
    }
    let place = text.to_owned();
    if !scheme.eq_ignore_ascii_case("s3") {
        return Err(PlaceError::Scheme { place, scheme: scheme.to_owned() });
    }
    if cfg!(not(feature = "object-stores")) {
        return Err(PlaceError::NotBuilt { place });
    }
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let is_bucket = !bucket.is_empty() && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if !is_bucket || key.starts_with('/') {
        return Err(PlaceError::Form { place });
    }
    Ok(Some(Location { bucket: bucket.to_owned(), key: key.to_owned() }))
}

/// Insists on a local path where only one will do.
///
/// # Errors
/// [`PlaceError::NotLocal`] for an address on an object store.
pub(crate) fn refuse(path: &Path) -> Result<(), PlaceError> {
    match location(path) {
        Ok(None) => Ok(()),
        _ => Err(PlaceError::NotLocal { place: path.display().to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{ExitCode, Stops as _};

    #[test]
    fn local_paths_are_none() {
        for path in ["", "calls.csv", "C:\\calls", "/a//b", "://b", "1s3://b", "a b://c", "./s3://b"] {
            assert_eq!(location(Path::new(path)).unwrap(), None, "{path}");
        }
    }

    #[test]
    fn other_schemes_are_named_with_what_can_be_done() {
        for (address, hint) in
            [("gs://b/k", "gsutil"), ("az://b/k", "copy"), ("s3a://b/k", "s3://"), ("https://x/y", "s3://")]
        {
            let error = location(Path::new(address)).unwrap_err();
            assert_eq!(error.code(), ExitCode::Settings);
            assert!(error.to_string().starts_with(address) && error.hint().unwrap().contains(hint), "{error:?}");
        }
    }

    #[cfg(not(feature = "object-stores"))]
    #[test]
    fn a_build_without_the_feature_names_it() {
        let error = location(Path::new("s3://bucket/key")).unwrap_err();
        assert_eq!(error.code(), ExitCode::Settings);
        assert!(error.hint().unwrap().contains("--features object-stores"), "{error:?}");
    }

    #[cfg(feature = "object-stores")]
    #[test]
    fn an_address_has_a_bucket_and_a_key() {
        let parse = |text: &str| location(Path::new(text)).map(|found| found.expect("an address"));
        for (text, bucket, key, prefix) in [
            ("s3://b", "b", "", ""),
            ("s3://b/", "b", "", ""),
            ("S3://my.bucket-1/a/b.csv", "my.bucket-1", "a/b.csv", "a/b.csv/"),
            ("s3://b/a b/ü#?%/", "b", "a b/ü#?%/", "a b/ü#?%/"),
        ] {
            let found = parse(text).unwrap();
            assert_eq!((found.bucket.as_str(), found.key.as_str(), found.prefix().as_str()), (bucket, key, prefix));
        }
        let folder = parse("s3://b/out/").unwrap();
        assert_eq!(folder.child("run.json").to_string(), "s3://b/out/run.json");
        assert_eq!(folder.folder().to_string(), "s3://b/out");
        assert_eq!(parse("s3://b").unwrap().child("run.json").to_string(), "s3://b/run.json");
        for text in ["s3://", "s3:///k", "s3://a:b/k", "s3://user@b/k", "s3://b//k"] {
            assert!(matches!(parse(text), Err(PlaceError::Form { .. })), "{text}");
        }
        assert!(refuse(Path::new("s3://b/k")).is_err() && refuse(Path::new("b/k")).is_ok());
    }
}
