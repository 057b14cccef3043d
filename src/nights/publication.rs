//! Files that take their places together: staged first, then listed, then renamed.
//!
//! A kill before the list is complete leaves everything as it was, and what was staged is swept. After that, whoever opens
//! the folder next goes on with the list. So no file is ever half, and no kill leaves some of a night out for good.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output::{OutputError, WrittenFile, sync_directory, write_hashed, write_whole};

/// Where files wait.
const STAGING: &str = ".undertone-staging";
/// The list of what is to be renamed.
const LIST: &str = "commit.json";

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Change {
    /// The file's name in the folder, with `/` between its parts.
    name: String,
    /// The staged file that takes its place; `None` where it is removed.
    staged: Option<String>,
}

/// A folder with changes in the making.
#[derive(Debug)]
pub(crate) struct Publication {
    root: PathBuf,
    changes: Vec<Change>,
    /// Files staged so far, over all commits.
    number: usize,
    /// Whether a night that was killed was gone on with.
    pub(crate) resumed: bool,
}

impl Publication {
    /// Opens the folder, which must be locked: goes on with what a killed run listed, and sweeps what it did not.
    ///
    /// # Errors
    /// [`OutputError`] naming the file.
    pub(crate) fn open(root: &Path) -> Result<Self, OutputError> {
        let mut publication = Self { root: root.to_owned(), changes: Vec::new(), number: 0, resumed: false };
        let staging = publication.staging();
        let list = staging.join(LIST);
        if let Ok(bytes) = fs::read(&list) {
            publication.changes = serde_json::from_slice(&bytes).unwrap_or_default();
            publication.resumed = !publication.changes.is_empty();
            publication.apply(usize::MAX)?;
        }
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(OutputError::write(&staging))?;
        }
        fs::create_dir_all(&staging).map_err(OutputError::write(&staging))?;
        Ok(publication)
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn staging(&self) -> PathBuf {
        self.root.join(STAGING)
    }

    /// Where the file of this name is, or will be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        name.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Stages a file through `fill`, which returns the number of data rows of a table.
    ///
    /// # Errors
    /// [`OutputError`] naming the file as it will be called.
    pub(crate) fn write(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<Option<u64>>,
    ) -> Result<WrittenFile, OutputError> {
        let staged = self.number.to_string();
        self.number += 1;
        let written =
            write_hashed(&self.staging().join(&staged), name, fill).map_err(OutputError::write(&self.path(name)))?;
        self.changes.push(Change { name: name.to_owned(), staged: Some(staged) });
        Ok(written)
    }

    /// Stages what is made of the file that was staged last.
    ///
    /// # Errors
    /// [`OutputError`] naming the file as it will be called.
    #[cfg(feature = "parquet")]
    pub(crate) fn draw<E: std::error::Error + Send + Sync + 'static>(
        &mut self,
        name: &str,
        draw: impl FnOnce(&Path, &mut dyn Write) -> Result<Option<u64>, E>,
    ) -> Result<WrittenFile, OutputError> {
        let last = self.staging().join((self.number - 1).to_string());
        self.write(name, |out| draw(&last, out).map_err(io::Error::other))
    }

    /// Lets a file go, if it is there.
    pub(crate) fn remove(&mut self, name: String) {
        self.changes.push(Change { name, staged: None });
    }

    /// Puts everything that was staged in place, in its order; the names of what has changed.
    ///
    /// # Errors
    /// [`OutputError`] naming the file.
    pub(crate) fn commit(&mut self) -> Result<Vec<String>, OutputError> {
        self.list()?;
        let names = self.changes.iter().map(|change| change.name.clone()).collect();
        self.apply(usize::MAX)?;
        Ok(names)
    }

    /// From here on, what was staged will be put in place.
    fn list(&self) -> Result<(), OutputError> {
        let list = self.staging().join(LIST);
        let failed = OutputError::write(&list);
        let bytes = serde_json::to_vec(&self.changes).map_err(io::Error::from).map_err(OutputError::write(&list))?;
        write_whole(&list, &bytes).map_err(failed)?;
        sync_directory(&self.staging());
        Ok(())
    }

    /// Makes the first `most` of the changes, which may have been made already.
    fn apply(&mut self, most: usize) -> Result<(), OutputError> {
        let staging = self.staging();
        let mut folders: Vec<PathBuf> = Vec::new();
        for change in self.changes.iter().take(most) {
            let target = self.path(&change.name);
            let failed = OutputError::write(&target);
            let done = match &change.staged {
                Some(staged) => put(&staging.join(staged), &target),
                None => remove(&target),
            };
            done.map_err(failed)?;
            folders.extend(target.parent().map(Path::to_owned).filter(|folder| folders.last() != Some(folder)));
        }
        if most < self.changes.len() {
            return Ok(());
        }
        folders.iter().filter(|folder| folder.exists()).for_each(|folder| sync_directory(folder));
        self.changes.clear();
        let list = staging.join(LIST);
        remove(&list).map_err(OutputError::write(&list))
    }
}

impl Drop for Publication {
    /// What was staged is swept, unless it was listed: then the next run goes on.
    fn drop(&mut self) {
        let staging = self.staging();
        if !staging.join(LIST).exists() {
            drop(fs::remove_dir_all(staging));
        }
    }
}

/// Renames a staged file, unless that was done.
fn put(staged: &Path, target: &Path) -> io::Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::rename(staged, target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && target.exists() => Ok(()),
        done => done,
    }
}

/// Removes a file, if it is there, and its folder, if that is empty then.
fn remove(target: &Path) -> io::Result<()> {
    match fs::remove_file(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        done => done?,
    }
    if let Some(folder) = target.parent().filter(|folder| !folder.ends_with(STAGING)) {
        // One that holds something else stays.
        drop(fs::remove_dir(folder));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn files(root: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                    found.insert(name, fs::read_to_string(&path).unwrap());
                }
            }
        }
        found
    }

    fn stage(publication: &mut Publication, text: &str) {
        for name in ["calls/call_date=2026-11-02/part-0.csv", "agents/a.csv", "sums/a"] {
            publication.write(name, |out| out.write_all(text.as_bytes()).map(|()| None)).unwrap();
        }
        publication.remove("calls/call_date=unknown/part-0.csv".to_owned());
    }

    fn first(root: &Path) {
        let mut publication = Publication::open(root).unwrap();
        stage(&mut publication, "first");
        publication.write("calls/call_date=unknown/part-0.csv", |_| Ok(None)).unwrap();
        publication.commit().unwrap();
    }

    #[test]
    fn a_kill_before_the_list_changes_nothing_and_one_after_it_is_made_good() {
        for done in [None, Some(0), Some(1), Some(2), Some(3), Some(4)] {
            let home = tempfile::tempdir().unwrap();
            first(home.path());
            let before = files(home.path());
            assert_eq!(before.len(), 4, "{before:?}");
            let mut killed = Publication::open(home.path()).unwrap();
            stage(&mut killed, "second");
            if let Some(done) = done {
                killed.list().unwrap();
                // As if the process ended here: what follows is not done.
                killed.apply(done).unwrap();
            }
            std::mem::forget(killed);
            let next = Publication::open(home.path()).unwrap();
            assert_eq!(next.resumed, done.is_some_and(|done| done < 4));
            drop(next);
            let after = files(home.path());
            if done.is_none() {
                assert_eq!(after, before);
            } else {
                assert_eq!(after.len(), 3, "{done:?}: {after:?}");
                assert!(after.values().all(|text| text == "second"), "{done:?}");
                assert!(!home.path().join("calls/call_date=unknown").exists());
            }
        }
    }

    #[test]
    fn what_fails_leaves_everything_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        first(home.path());
        let before = files(home.path());
        let mut publication = Publication::open(home.path()).unwrap();
        stage(&mut publication, "second");
        let error = publication.write("days/days.csv", |_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(error.to_string().ends_with("days.csv"), "{error}");
        drop(publication);
        assert_eq!(files(home.path()), before);
        assert!(!home.path().join(STAGING).exists());
    }
}
