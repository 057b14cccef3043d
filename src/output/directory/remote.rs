//! The output directory on an object store.
//!
//! Objects keep their names, as local files do, so that whatever reads them needs no more than the prefix. What is large
//! goes up before anything is changed. Then run.json is removed, the others are put in place within a few short requests,
//! those of an earlier run that this one does not write are removed, and run.json is put last. So whenever there is a
//! run.json, everything that it names is there and its run's; in the seconds in which objects change there is none.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::{FILES, HEADER_BYTES, OutputDirectory, OutputError, WrittenFile, is_table_of_others};
use crate::lock::LockError;
use crate::output::files::all_resources;
use crate::places::{Bucket, Location, PlaceError, StoreError, Upload, UploadError};

/// The record of a run, which is removed first and put last.
const RECORD: &str = "run.json";

/// A folder on an object store.
pub(super) struct Remote {
    bucket: Bucket,
    folder: Location,
    /// Those of [`FILES`] that are there.
    there: Vec<&'static str>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remote").field(&self.folder).finish()
    }
}

impl OutputDirectory {
    /// A directory at `folder`, which the user calls `path`, that is staged in a temporary folder.
    pub(super) fn open_remote(path: &Path, folder: Location) -> Result<Self, OutputError> {
        let remote = Remote::open(folder)?;
        let staging = tempfile::Builder::new().prefix("undertone-").tempdir();
        let staging = staging.map_err(OutputError::temporary)?.keep();
        Ok(Self { path: path.to_owned(), staging, written: Vec::new(), remote: Some(remote) })
    }
}

impl Remote {
    fn open(folder: Location) -> Result<Self, OutputError> {
        let bucket = Bucket::connect(&folder.bucket).map_err(PlaceError::from)?;
        let mut there = Vec::new();
        let prefix = folder.prefix();
        let list = bucket.list(&prefix, true, |listed| {
            there.extend(FILES.into_iter().find(|name| listed.key.strip_prefix(&prefix) == Some(name)));
            true
        });
        list.map_err(PlaceError::from)?;
        let remote = Self { bucket, folder, there };
        for table in all_resources().filter(|table| remote.there.contains(&table.file)) {
            let place = remote.folder.child(table.file);
            let begin = remote.bucket.get(&place.key, HEADER_BYTES).map_err(PlaceError::from)?;
            if begin.is_some_and(|begin| is_table_of_others(&table, &begin.bytes)) {
                return Err(OutputError::NotOurs { path: PathBuf::from(place.to_string()) });
            }
        }
        Ok(remote)
    }

    /// Puts what was `written` into `staging` in place.
    ///
    /// # Errors
    /// [`OutputError`]. Before anything was changed, all is left as it was.
    pub(super) fn publish(
        &self,
        staging: &Path,
        written: &[WrittenFile],
        held: &dyn Fn() -> Result<(), LockError>,
    ) -> Result<(), OutputError> {
        let mut ready = Ready(VecDeque::new());
        for name in FILES.into_iter().filter(|name| written.iter().any(|file| file.name == *name)) {
            let key = self.folder.child(name).key;
            let upload = Upload::prepare(&self.bucket, &key, &staging.join(name)).map_err(failed)?;
            ready.0.push_back((name, upload));
        }
        held()?;
        let is_stale = |name: &&str| !written.iter().any(|file| file.name == **name);
        let stale = self.there.iter().copied().filter(|name| is_stale(name) && *name != RECORD);
        if self.there.contains(&RECORD) {
            self.remove(RECORD)?;
        }
        // It is the last of FILES.
        let record = ready.0.pop_back_if(|(name, _)| *name == RECORD);
        while let Some((_, upload)) = ready.0.pop_front() {
            upload.finish().map_err(failed)?;
        }
        for name in stale {
            self.remove(name)?;
        }
        if let Some((_, record)) = record {
            held()?;
            record.finish().map_err(failed)?;
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), OutputError> {
        let removed = self.bucket.remove(&self.folder.child(name).key);
        removed.map_err(|error: StoreError| PlaceError::from(error).into())
    }
}

/// Files that are ready to be put in place. What is left of them at the end is abandoned.
struct Ready(VecDeque<(&'static str, Upload)>);

impl Drop for Ready {
    fn drop(&mut self) {
        for (_, upload) in self.0.drain(..) {
            upload.abandon();
        }
    }
}

fn failed(error: UploadError) -> OutputError {
    match error {
        UploadError::File { path, source } => OutputError::Write { path, source },
        UploadError::Store(error) => PlaceError::from(error).into(),
    }
}
