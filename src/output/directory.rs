//! The output directory: files appear whole or not at all.
//!
//! Everything is written into a staging folder inside the directory, flushed to the disk, and renamed into
//! place at the end, `run.json` last. Where the directory is on an object store (`remote`), the staging folder is a
//! temporary one, and what is in it is uploaded at the end. A run that fails before that leaves the previous outputs as they were.
//! Files of an earlier run that this one does not write are removed, so that no two runs are mixed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::datapackage::Resource;
use super::files::{BYTE_ORDER_MARK, all_resources};
use crate::exit::{ExitCode, Stops};
use crate::lock::LockError;
use crate::places::{self, PlaceError};

#[cfg(feature = "object-stores")]
mod remote;

/// What a shard writes in place of tables.
pub(crate) const PART_FILE: &str = "part.undertone";

/// Every file that a run can write, in the order in which they are put in place.
pub const FILES: [&str; 20] = [
    "calls.csv",
    "agents.csv",
    "segments.csv",
    "failures.csv",
    "rejects.csv",
    "sample_calls.csv",
    "sample_failures.csv",
    "estimates.csv",
    "calls.parquet",
    "agents.parquet",
    "segments.parquet",
    "failures.parquet",
    "rejects.parquet",
    "sample_calls.parquet",
    "sample_failures.parquet",
    "estimates.parquet",
    "report.html",
    "datapackage.json",
    PART_FILE,
    "run.json",
];

/// What helps when rows can't be put aside.
pub(crate) const TEMPORARY_HINT: &str = "make room there, or point TMPDIR to a folder with more";

/// As much of a table as holds the names of its first columns.
const HEADER_BYTES: u64 = 64;

const STAGING: &str = ".undertone-staging";

/// The output can't be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file or folder could not be created, written, flushed or renamed.
    #[error("can't write {path}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No temporary folder could be made for what goes to an object store.
    #[cfg(feature = "object-stores")]
    #[error("can't make a folder in {path}")]
    Temporary {
        /// The folder of temporary files.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that a run would replace is none that a run wrote.
    #[error("{path} was not written by undertone and would be replaced")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The output path exists and is not a directory.
    #[error("{path} is a file, not a directory")]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// The directory is on an object store that can't be reached or written to.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The lock was lost before anything was put in place.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl OutputError {
    /// A temporary folder could not be made.
    #[cfg(feature = "object-stores")]
    pub(crate) fn temporary(source: io::Error) -> Self {
        Self::Temporary { path: std::env::temp_dir(), source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

impl Stops for OutputError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Place(error) => error.code(),
            Self::Lock(error) => error.code(),
            _ => ExitCode::CantCreate,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Place(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            #[cfg(feature = "object-stores")]
            Self::Temporary { .. } => Some(TEMPORARY_HINT.to_owned()),
            Self::NotADirectory { .. } => Some("name another folder with --out DIR".into()),
            Self::NotOurs { .. } => Some("name another folder with --out DIR, or move the file away".into()),
            Self::Write { source, .. } if crate::exit::is_disk_full(source) => {
                Some("the disk is full: make room, or name a folder on another disk with --out DIR".into())
            }
            Self::Write { .. } => Some("check the folder's permissions, or name another one with --out DIR".into()),
        }
    }
}

/// A file that was written, as run.json lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Its name within the output directory.
    pub name: String,
    /// Data rows, for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

/// An output directory with a run's files in the making.
#[derive(Debug)]
pub struct OutputDirectory {
    path: PathBuf,
    staging: PathBuf,
    written: Vec<WrittenFile>,
    /// Where it is, if not here.
    #[cfg(feature = "object-stores")]
    remote: Option<remote::Remote>,
}

impl OutputDirectory {
    /// Creates the directory if need be, and an empty staging folder in it: a directory that can't be written is found before any work.
    ///
    /// # Errors
    /// [`OutputError`] naming the path; [`OutputError::NotOurs`] where somebody's own table would be lost.
    pub fn open(path: &Path) -> Result<Self, OutputError> {
        let place = places::location(path)?;
        #[cfg(feature = "object-stores")]
        if let Some(place) = place {
            return Self::open_remote(path, place.folder());
        }
        debug_assert!(place.is_none(), "an address that nothing reaches is an error");
        if path.exists() && !path.is_dir() {
            return Err(OutputError::NotADirectory { path: path.to_owned() });
        }
        if let Some(path) = tables_of_others(path).next() {
            return Err(OutputError::NotOurs { path });
        }
        let staging = path.join(STAGING);
        fs::create_dir_all(path).map_err(OutputError::write(path))?;
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(OutputError::write(&staging))?;
        }
        fs::create_dir(&staging).map_err(OutputError::write(&staging))?;
        Ok(Self {
            path: path.to_owned(),
            staging,
            written: Vec::new(),
            #[cfg(feature = "object-stores")]
            remote: None,
        })
    }

    /// What was written so far.
    #[must_use]
    pub fn written(&self) -> &[WrittenFile] {
        &self.written
    }

    /// Writes one file through `fill`, which returns the number of data rows if the file is a table.
    ///
    /// # Errors
    /// [`OutputError::Write`] naming the file as it will be called.
    pub fn write(
        &mut self,
        name: &'static str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<Option<u64>>,
    ) -> Result<(), OutputError> {
        let written =
            write_hashed(&self.staging.join(name), name, fill).map_err(OutputError::write(&self.path.join(name)))?;
        self.written.push(written);
        Ok(())
    }

    /// Writes one file through `draw`, which may read what was written before it, and returns what [`Self::write`]'s
    /// `fill` does.
    ///
    /// # Errors
    /// [`OutputError::Write`] naming the file as it will be called.
    pub fn draw<E: std::error::Error + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        draw: impl FnOnce(&Path, &mut dyn Write) -> Result<Option<u64>, E>,
    ) -> Result<(), OutputError> {
        let staging = self.staging.clone();
        self.write(name, |out| draw(&staging, out).map_err(io::Error::other))
    }

    /// Puts everything that was written in place, in the order of [`FILES`], and removes what an earlier run left.
    ///
    /// # Errors
    /// [`OutputError::Write`] naming the file that could not be renamed; [`OutputError::Place`] on an object store.
    pub fn commit(self) -> Result<PathBuf, OutputError> {
        self.commit_while(&|| Ok(()))
    }

    /// The same, as long as `held` says that the directory is this run's.
    ///
    /// # Errors
    /// [`OutputError::Lock`] too: where it comes first, nothing was changed.
    pub(crate) fn commit_while(self, held: &dyn Fn() -> Result<(), LockError>) -> Result<PathBuf, OutputError> {
        #[cfg(feature = "object-stores")]
        if let Some(remote) = &self.remote {
            remote.publish(&self.staging, &self.written, held)?;
            return Ok(self.path.clone());
        }
        held()?;
        for name in FILES {
            let target = self.path.join(name);
            if self.written.iter().any(|file| file.name == name) {
                fs::rename(self.staging.join(name), &target).map_err(OutputError::write(&target))?;
            } else if target.exists() {
                fs::remove_file(&target).map_err(OutputError::write(&target))?;
            }
        }
        sync_directory(&self.path);
        Ok(self.path.clone())
    }
}

impl Drop for OutputDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.staging) {
            tracing::warn!(path = %self.staging.display(), %error, "the staging folder could not be removed");
        }
    }
}

/// Writes a new file through `fill`, which returns the number of data rows if it is a table, down to the disk. It is listed
/// as `name`.
pub(crate) fn write_hashed(
    path: &Path,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<Option<u64>>,
) -> io::Result<WrittenFile> {
    let inner = BufWriter::new(File::create(path)?);
    let mut writer = HashingWriter { inner, hasher: blake3::Hasher::new(), bytes: 0 };
    let rows = fill(&mut writer)?;
    writer.inner.flush()?;
    writer.inner.get_ref().sync_all()?;
    let blake3 = writer.hasher.finalize().to_hex().to_string();
    Ok(WrittenFile { name: name.to_owned(), rows, bytes: writer.bytes, blake3 })
}

/// Tables in `folder` that a run would replace and that begin as none that a run wrote.
fn tables_of_others(folder: &Path) -> impl Iterator<Item = PathBuf> {
    all_resources().filter_map(move |table| {
        let path = folder.join(table.file);
        let mut begin = Vec::new();
        File::open(&path).ok()?.take(HEADER_BYTES).read_to_end(&mut begin).ok()?;
        is_table_of_others(&table, &begin).then_some(path)
    })
}

/// Whether a file that should be `table` and begins so is none that a run wrote.
fn is_table_of_others(table: &Resource, begin: &[u8]) -> bool {
    let names: Vec<&str> = table.fields.iter().take(2).map(|field| field.name).collect();
    let header = begin.strip_prefix(BYTE_ORDER_MARK).unwrap_or(begin);
    !header.starts_with(names.join(",").as_bytes())
}

/// Makes renames durable where the platform lets a directory be flushed; where it does not, there is nothing to do.
pub(crate) fn sync_directory(path: &Path) {
    if let Err(error) = File::open(path).and_then(|directory| directory.sync_all()) {
        tracing::debug!(path = %path.display(), %error, "the directory can't be flushed here");
    }
}

/// Counts and hashes what goes through it.
struct HashingWriter<W> {
    inner: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.hasher.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "call_id,call_date\nfirst,\n";
    const SECOND: &str = "\u{feff}call_id,call_date\nsecond,\n";

    fn put(directory: &mut OutputDirectory, name: &'static str, text: &str) {
        directory
            .write(name, |out| {
                out.write_all(text.as_bytes())?;
                Ok(Some(1))
            })
            .unwrap();
    }

    #[test]
    fn nothing_appears_before_the_commit_and_all_of_it_after() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("out");
        let mut directory = OutputDirectory::open(&path).unwrap();
        put(&mut directory, "calls.csv", "a\n");
        assert!(!path.join("calls.csv").exists());
        assert_eq!(directory.written()[0].blake3, blake3::hash(b"a\n").to_hex().to_string());
        directory.commit().unwrap();
        assert_eq!(fs::read_to_string(path.join("calls.csv")).unwrap(), "a\n");
        assert!(!path.join(STAGING).exists());
    }

    #[test]
    fn a_run_that_fails_leaves_the_previous_outputs() {
        let home = tempfile::tempdir().unwrap();
        let mut first = OutputDirectory::open(home.path()).unwrap();
        put(&mut first, "calls.csv", FIRST);
        put(&mut first, "segments.csv", "call_id,segment\n");
        first.commit().unwrap();

        let mut failing = OutputDirectory::open(home.path()).unwrap();
        put(&mut failing, "calls.csv", SECOND);
        drop(failing);
        assert_eq!(fs::read_to_string(home.path().join("calls.csv")).unwrap(), FIRST);

        let mut second = OutputDirectory::open(home.path()).unwrap();
        put(&mut second, "calls.csv", SECOND);
        second.commit().unwrap();
        assert_eq!(fs::read_to_string(home.path().join("calls.csv")).unwrap(), SECOND);
        assert!(!home.path().join("segments.csv").exists(), "an earlier run's detail must not stand beside this run's");
    }

    #[test]
    fn what_is_left_of_a_killed_run_is_swept() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(STAGING)).unwrap();
        fs::write(home.path().join(STAGING).join("calls.csv"), "half").unwrap();
        OutputDirectory::open(home.path()).unwrap().commit().unwrap();
        assert!(!home.path().join("calls.csv").exists());
    }

    #[test]
    fn somebodys_own_table_is_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("calls.csv");
        for own in ["call_id,text\nc1,secret\n", "", "\u{feff}id"] {
            fs::write(&path, own).unwrap();
            let error = OutputDirectory::open(home.path()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{} was not written by undertone and would be replaced", path.display())
            );
            assert_eq!((error.code(), fs::read_to_string(&path).unwrap()), (ExitCode::CantCreate, own.to_owned()));
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("taken");
        fs::write(&path, "").unwrap();
        let error = OutputDirectory::open(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("{} is a file, not a directory", path.display()));
        assert!(error.hint().is_some());
    }
}
