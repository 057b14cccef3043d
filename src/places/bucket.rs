//! What is done in a bucket. Every function waits for its end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3;

use super::connect::Way;
use super::fault::{Doing, Fault, StoreError};
use super::location::Location;

/// A bucket.
#[derive(Clone)]
pub(crate) struct Bucket(Arc<Inner>);

pub(super) struct Inner {
    pub(super) name: String,
    pub(super) store: AmazonS3,
    pub(super) way: Arc<Way>,
}

/// How objects are encrypted where they lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// By the store's own key.
    #[cfg_attr(not(feature = "jobs"), expect(dead_code, reason = "jobs alone state it"))]
    Store,
    /// By this key of AWS KMS.
    #[cfg_attr(not(feature = "jobs"), expect(dead_code, reason = "jobs alone state it"))]
    Key(String),
}

/// An object as a list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its key.
    pub(crate) key: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// What changes with its content.
    pub(crate) e_tag: Option<String>,
    /// When it was written, by the store's clock, in nanoseconds since the Unix epoch.
    pub(crate) modified: i64,
}

/// The content of a small object.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) bytes: Bytes,
    /// What a conditional put names.
    pub(crate) e_tag: Option<String>,
    /// How long before the answer it was written, by the store's own clock.
    pub(crate) age: Duration,
}

/// When an object is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum On {
    /// Whatever is there.
    Always,
    /// Only if nothing is there.
    Absent,
    /// Only if what is there has this tag.
    Tag(String),
}

impl Bucket {
    /// Finds the way to the bucket of this name; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`StoreError`] without a region or credentials.
    pub(crate) fn connect(name: &str) -> Result<Self, StoreError> {
        Self::connect_with(name, None)
    }

    /// The same, with every object that is put there encrypted so.
    ///
    /// # Errors
    /// [`StoreError`] without a region or credentials.
    #[cfg(feature = "jobs")]
    pub(crate) fn connect_encrypted(name: &str, encryption: &Encryption) -> Result<Self, StoreError> {
        Self::connect_with(name, Some(encryption))
    }

    fn connect_with(name: &str, encryption: Option<&Encryption>) -> Result<Self, StoreError> {
        let at = Location { bucket: name.to_owned(), key: String::new() };
        let failed =
            |fault| StoreError { doing: Doing::Connect, place: at.clone(), fault, region: String::new(), attempts: 1 };
        let way = Way::shared().map_err(failed)?;
        let store = way.store(name, encryption).map_err(failed)?;
        Ok(Self(Arc::new(Inner { name: name.to_owned(), store, way })))
    }

    /// The region that is asked.
    #[cfg(feature = "jobs")]
    pub(crate) fn region(&self) -> &str {
        &self.0.way.region
    }

    /// Removes the parts of an upload that will not be finished; one that is not there is no error.
    #[cfg(feature = "jobs")]
    pub(crate) fn abandon(&self, key: &str, upload: String) {
        let (inner, key) = (Arc::clone(&self.0), key.to_owned());
        self.wait(async move { inner.abandon(&key, &upload).await });
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Hands every object whose key begins with `prefix` to `each`, in the order of their keys, until it returns `false`.
    /// A page of a thousand is held at a time. With `flat`, what lies in folders below is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn list(
        &self,
        prefix: &str,
        flat: bool,
        mut each: impl FnMut(Listed) -> bool,
    ) -> Result<(), StoreError> {
        let mut token = None;
        loop {
            let (inner, owned) = (Arc::clone(&self.0), prefix.to_owned());
            let (page, next) = self.wait(async move { inner.page(&owned, flat, None, token).await })?;
            if !page.into_iter().all(&mut each) || next.is_none() {
                return Ok(());
            }
            token = next;
        }
    }

    /// That more than `most` objects lie under `prefix`.
    pub(crate) fn too_many(&self, prefix: &str, most: usize) -> StoreError {
        self.0.error(Doing::List, prefix, (Fault::TooMany(most), 1))
    }

    /// The object of exactly this key, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn find(&self, key: &str) -> Result<Option<Listed>, StoreError> {
        let (inner, owned) = (Arc::clone(&self.0), key.to_owned());
        // A key comes before all that it begins.
        let (page, _) = self.wait(async move { inner.page(&owned, false, Some(1), None).await })?;
        Ok(page.into_iter().find(|listed| listed.key == key))
    }

    /// The first `most` bytes of an object; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn get(&self, key: &str, most: u64) -> Result<Option<Content>, StoreError> {
        let (inner, owned) = (Arc::clone(&self.0), key.to_owned());
        self.wait(async move { inner.get(&owned, most).await })
    }

    /// Puts a small object and returns its tag; `None` if the condition does not hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn put(&self, key: &str, bytes: Bytes, on: On) -> Result<Option<String>, StoreError> {
        let (inner, owned) = (Arc::clone(&self.0), key.to_owned());
        self.wait(async move { inner.put(&owned, bytes, on).await })
    }

    /// Removes an object; one that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn remove(&self, key: &str) -> Result<(), StoreError> {
        let (inner, owned) = (Arc::clone(&self.0), key.to_owned());
        self.wait(async move { inner.remove(&owned).await })
    }

    /// Lets `work` run to its end.
    pub(super) fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.0.way.wait(work)
    }

    /// Starts `work` beside everything else.
    pub(super) fn start(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        self.0.way.start(work)
    }

    pub(super) const fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}
