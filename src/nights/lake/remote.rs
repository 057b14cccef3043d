//! A folder of nights on an object store.
//!
//! Objects have the names that files have, so that whatever reads the partitions needs no more than their addresses. A
//! push goes up first as one object, the journal; then each object is put in its place in order, the record of a date
//! behind its partitions; then the journal is removed. A night that was killed before its journal was there has changed
//! nothing; one that was killed after it is completed by the next one, before that reads anything. Each object is put
//! under the tag that it was found with: what somebody else has written in the meantime ends the night.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::journal::{self, Change};
use crate::lock::{LockError, RunLock};
use crate::nights::{STATE, SUMS, UNFINISHED};
use crate::output::OutputError;
use crate::places::{Bucket, Listed, Location, On, PlaceError, Queue, StoreError, Upload, UploadError};

/// What is about to be pushed.
const JOURNAL: &str = ".undertone-push";

/// A folder on an object store and its working copy.
pub(super) struct Remote {
    bucket: Bucket,
    folder: Location,
    work: TempDir,
    /// What is there, by name, as far as it was listed or put.
    there: RefCell<BTreeMap<String, Listed>>,
    /// Whether all of the folder was listed.
    is_whole: Cell<bool>,
}

impl Remote {
    /// Completes what a killed night had begun to push, and fetches what every night reads; and whether there was something
    /// to complete.
    pub(super) fn open(folder: Location, lock: &RunLock) -> Result<(Self, bool), OutputError> {
        let bucket = Bucket::connect(&folder.bucket).map_err(PlaceError::from)?;
        let work = tempfile::Builder::new().prefix("undertone-").tempdir();
        let work = work.map_err(OutputError::temporary)?;
        let remote = Self { bucket, folder, work, there: RefCell::default(), is_whole: Cell::new(false) };
        remote.list("", true)?;
        let journal = remote.there.borrow().get(JOURNAL).cloned();
        let resumed = journal.map_or(Ok(false), |journal| remote.resume(&journal, lock))?;
        remote.list(&format!("{SUMS}/"), true)?;
        let is_read = |name: &&String| name.starts_with(SUMS) || [STATE, UNFINISHED].contains(&name.as_str());
        let names = remote.there.borrow().keys().filter(is_read).cloned().collect();
        remote.fetch(names)?;
        Ok((remote, resumed))
    }

    /// The working copy.
    pub(super) fn root(&self) -> &Path {
        self.work.path()
    }

    fn key(&self, name: &str) -> String {
        self.folder.child(name).key
    }

    /// The length of a file, if it is there.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<u64>, OutputError> {
        self.list_all()?;
        Ok(self.there.borrow().get(name).map(|listed| listed.bytes))
    }

    /// Lists what lies under a folder's name; with `flat`, without what lies in folders below.
    fn list(&self, below: &str, flat: bool) -> Result<(), OutputError> {
        let prefix = self.folder.prefix();
        let mut there = self.there.borrow_mut();
        let listed = self.bucket.list(&format!("{prefix}{below}"), flat, |listed| {
            if let Some(name) = listed.key.strip_prefix(&prefix) {
                there.insert(name.to_owned(), listed);
            }
            true
        });
        Ok(listed.map_err(PlaceError::from)?)
    }

    /// Lists everything, once a night.
    fn list_all(&self) -> Result<(), OutputError> {
        if !self.is_whole.get() {
            self.list("", false)?;
            self.is_whole.set(true);
        }
        Ok(())
    }

    /// Fetches files that are there and not here.
    pub(super) fn fetch(&self, mut names: Vec<String>) -> Result<(), OutputError> {
        names.retain(|name| !self.root().join(name).exists());
        if names.iter().any(|name| !self.there.borrow().contains_key(name)) {
            self.list_all()?;
        }
        let there = self.there.borrow();
        let queue = Queue::new(self.bucket.clone());
        let objects: Vec<_> =
            names.iter().filter_map(|name| there.get(name).map(|listed| (name, queue.push(listed.clone())))).collect();
        for (name, object) in objects {
            self.copy(&mut object.open(), u64::MAX, &self.root().join(name))?;
        }
        Ok(())
    }

    /// Copies so many bytes of an object, or all of it, into a new file.
    fn copy(&self, from: &mut impl io::Read, most: u64, path: &Path) -> Result<(), OutputError> {
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(path));
        let mut file = made.map_err(OutputError::write(path))?;
        io::copy(&mut io::Read::take(from, most), &mut file).map(drop).map_err(|error| self.failed(path, error))
    }

    /// What ended a copy: the store, or the disk here.
    fn failed(&self, path: &Path, error: io::Error) -> OutputError {
        match error.downcast::<PlaceError>() {
            Ok(PlaceError::Store(error)) if error.is_changed() => LockError::Changed { place: self.shown(path) }.into(),
            Ok(error) => error.into(),
            Err(source) => OutputError::Write { path: path.to_owned(), source },
        }
    }

    /// A path in the working copy as an address.
    fn shown(&self, path: &Path) -> PathBuf {
        let name = path.strip_prefix(self.root()).unwrap_or(path);
        self.folder.child(&name.display().to_string()).to_string().into()
    }

    /// Lets the folder have what the working copy has of these names.
    pub(super) fn push(&self, names: &[String], lock: &RunLock) -> Result<(), OutputError> {
        self.list_all()?;
        let changes: Vec<Change> = names
            .iter()
            .map(|name| Change {
                name: name.clone(),
                bytes: self.root().join(name).metadata().ok().map(|found| found.len()),
            })
            .filter(|change| change.bytes.is_some() || self.there.borrow().contains_key(&change.name))
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        lock.check()?;
        let is_one = changes.len() == 1;
        if !is_one {
            self.write_journal(&changes)?;
        }
        for change in &changes {
            self.apply(change, &self.root().join(&change.name), lock)?;
        }
        if is_one { Ok(()) } else { self.remove(JOURNAL) }
    }

    /// Puts the journal of `changes` where there must be none.
    fn write_journal(&self, changes: &[Change]) -> Result<(), OutputError> {
        let path = self.root().join(JOURNAL);
        let written = File::create(&path).map(BufWriter::new).and_then(|mut out| {
            journal::write(changes, self.root(), &mut out)?;
            out.flush()
        });
        written.map_err(OutputError::write(&path))?;
        self.put(JOURNAL, &path)?;
        fs::remove_file(&path).map_err(OutputError::write(&path))
    }

    /// Makes one change, the file of which lies at `path`.
    fn apply(&self, change: &Change, path: &Path, lock: &RunLock) -> Result<(), OutputError> {
        lock.check_unasked()?;
        if change.bytes.is_some() { self.put(&change.name, path) } else { self.remove(&change.name) }
    }

    /// Puts the file at `path` in its place, unless that is not as it was found.
    fn put(&self, name: &str, path: &Path) -> Result<(), OutputError> {
        let before = self.there.borrow().get(name).cloned();
        let on = before.map_or(On::Absent, |listed| listed.e_tag.map_or(On::Always, On::Tag));
        let key = self.key(name);
        let put = Upload::prepare(&self.bucket, &key, path).and_then(|upload| upload.finish_if(on));
        let e_tag = put.map_err(|error| match error {
            UploadError::File { path, source } => OutputError::Write { path, source },
            UploadError::Store(error) => PlaceError::from(error).into(),
        })?;
        let e_tag = e_tag.ok_or_else(|| LockError::Changed { place: self.shown(Path::new(name)) })?;
        let bytes = path.metadata().map_err(OutputError::write(path))?.len();
        let listed = Listed { key, bytes, e_tag: Some(e_tag).filter(|tag| !tag.is_empty()), modified: 0 };
        self.there.borrow_mut().insert(name.to_owned(), listed);
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), OutputError> {
        self.bucket.remove(&self.key(name)).map_err(|error: StoreError| PlaceError::from(error))?;
        self.there.borrow_mut().remove(name);
        Ok(())
    }

    /// Completes the push of a journal; whether it was one.
    fn resume(&self, listed: &Listed, lock: &RunLock) -> Result<bool, OutputError> {
        let object = Queue::new(self.bucket.clone()).push(listed.clone());
        let mut from = BufReader::new(object.open());
        let path = self.root().join(JOURNAL);
        let changes = journal::read(listed.bytes, &mut from).map_err(|error| self.failed(&path, error))?;
        if let Some(changes) = &changes {
            self.list_all()?;
            for change in changes {
                self.copy(&mut from, change.bytes.unwrap_or_default(), &path)?;
                self.apply(change, &path, lock)?;
            }
            drop(fs::remove_file(&path));
        } else {
            tracing::warn!("{} is damaged and is removed", self.folder.child(JOURNAL));
        }
        self.remove(JOURNAL)?;
        Ok(changes.is_some())
    }
}
