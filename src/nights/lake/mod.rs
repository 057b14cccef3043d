//! The folder that nights publish in, held by one night at a time: a local one, or one on an object store (`remote`), of
//! which a working copy is made here.
//!
//! A night works on local files alone. Of a folder on an object store it fetches what it reads, and pushes what it has
//! changed. Refuses to know what the files hold.

use std::path::{Path, PathBuf};

use crate::lock::{Holder, LockError, RunLock};
use crate::output::{OutputError, WrittenFile};
use crate::places;

#[cfg(feature = "object-stores")]
mod journal;
#[cfg(feature = "object-stores")]
mod remote;

/// There from before a night publishes until what it published is remembered.
pub(crate) const UNFINISHED: &str = ".undertone-unfinished";

/// A folder that is held until it is dropped.
pub(crate) struct Lake {
    /// As the user named it.
    place: PathBuf,
    /// Where its files are worked on.
    root: PathBuf,
    lock: RunLock,
    #[cfg(feature = "object-stores")]
    remote: Option<remote::Remote>,
    /// Whether what a killed night had begun to push was completed.
    pub(crate) resumed: bool,
}

impl Lake {
    /// Takes the folder at `place`. From an object store, the records of its dates and its state are fetched.
    ///
    /// # Errors
    /// [`OutputError::Lock`] while another night holds it; [`OutputError::Place`], [`OutputError::Write`].
    pub(crate) fn open(place: &Path) -> Result<Self, OutputError> {
        #[cfg(feature = "object-stores")]
        if let Some(location) = places::location(place).map_err(LockError::from)? {
            let lock = RunLock::take(place, &Holder::current())?;
            let (remote, resumed) = remote::Remote::open(location.folder(), &lock)?;
            let (place, root) = (place.to_owned(), remote.root().to_owned());
            return Ok(Self { place, root, lock, remote: Some(remote), resumed });
        }
        places::location(place).map_err(LockError::from)?;
        Ok(Self {
            place: place.to_owned(),
            root: place.to_owned(),
            lock: RunLock::take(place, &Holder::current())?,
            #[cfg(feature = "object-stores")]
            remote: None,
            resumed: false,
        })
    }

    /// Where its files are worked on.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// As the user named it.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// A path in the working copy as the user knows it.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |name| self.place.join(name))
    }

    /// Insists that the folder is still this night's.
    ///
    /// # Errors
    /// [`LockError::Lost`].
    pub(crate) fn held(&self) -> Result<(), LockError> {
        self.lock.check()
    }

    /// Lets files of these names be here to be read, where they are there at all.
    ///
    /// # Errors
    /// [`OutputError`] naming the file or the object.
    #[cfg_attr(
        not(feature = "object-stores"),
        expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "a local folder has them")
    )]
    pub(crate) fn fetch(&self, names: impl IntoIterator<Item = String>) -> Result<(), OutputError> {
        #[cfg(feature = "object-stores")]
        if let Some(remote) = &self.remote {
            return remote.fetch(names.into_iter().collect());
        }
        drop(names);
        Ok(())
    }

    /// Lets the folder have what the working copy has of these names, in their order: a file, or nothing.
    ///
    /// # Errors
    /// [`OutputError`]; what was begun is completed by the next night.
    #[cfg_attr(
        not(feature = "object-stores"),
        expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "a local folder has them")
    )]
    pub(crate) fn push(&self, names: &[String]) -> Result<(), OutputError> {
        #[cfg(feature = "object-stores")]
        if let Some(remote) = &self.remote {
            return remote.push(names, &self.lock);
        }
        let _ = names;
        Ok(())
    }

    /// Whether all of `files` are there, with their lengths.
    ///
    /// # Errors
    /// [`OutputError::Place`] where an object store can't be asked.
    pub(crate) fn has_all(&self, files: &[WrittenFile]) -> Result<bool, OutputError> {
        for file in files {
            let path = file.name.split('/').fold(self.root.clone(), |path, part| path.join(part));
            let bytes = path.metadata().ok().map(|found| found.len());
            if bytes.or(self.bytes_there(&file.name)?) != Some(file.bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether there is a file of this name.
    ///
    /// # Errors
    /// [`OutputError::Place`] where an object store can't be asked.
    pub(crate) fn has(&self, name: &str) -> Result<bool, OutputError> {
        Ok(self.root.join(name).exists() || self.bytes_there(name)?.is_some())
    }

    /// The length of a file that is not here.
    #[cfg_attr(
        not(feature = "object-stores"),
        expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "a local folder has all of its files here")
    )]
    fn bytes_there(&self, name: &str) -> Result<Option<u64>, OutputError> {
        #[cfg(feature = "object-stores")]
        if let Some(remote) = &self.remote {
            return remote.bytes(name);
        }
        let _ = name;
        Ok(None)
    }
}
