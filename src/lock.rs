//! One run at a time per output directory.
//!
//! On an object store the lock is a lease (`places`). In a local directory the lock is the kernel's, on a small file inside the directory that says who holds it. It ends with the
//! process, however that ends, so there is no stale lock to clear; the file stays, and means nothing unlocked. Where
//! a file system has no locks (some network mounts) the run goes on unprotected, with a
//! warning: refusing to run there at all would protect nobody.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::exit::{ExitCode, Stops};
use crate::places::{self, PlaceError};

/// The lock's name in the output directory.
pub const LOCK_FILE: &str = ".undertone.lock";
/// Most bytes read of a holder's description.
const HOLDER_BYTES: u64 = 4096;

/// Who holds an output directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine, which matters on shared file systems; empty if it has no name.
    pub host: String,
    /// When the run began, in seconds since the Unix epoch.
    pub started: u64,
}

impl Holder {
    /// This process, from now on.
    pub fn current() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { pid: std::process::id(), host: host_name(), started }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {}", self.pid)?;
        if !self.host.is_empty() {
            write!(f, " on {}", self.host)?;
        }
        match i64::try_from(self.started).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
            Some(started) => write!(f, ", started {started}"),
            None => Ok(()),
        }
    }
}

/// Why the output directory can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds it: try later.
    #[error("{} is held by another run{}", directory.display(), holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default())]
    Held {
        /// The output directory.
        directory: PathBuf,
        /// Who holds it, unless it is just about to say so.
        holder: Option<Holder>,
    },
    /// The directory or the lock's file can't be made.
    #[error("can't lock the output directory: {}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The directory is on an object store that can't be reached or written to.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The lock could not be renewed in time, so that another run may have begun.
    #[error("the lock on {} was lost: nothing more was written", directory.display())]
    Lost {
        /// The output directory.
        directory: PathBuf,
    },
    /// A file on an object store is not as this run found it, so that another run may have begun.
    #[error("{} was changed by somebody else during this run: nothing more was written", place.display())]
    Changed {
        /// The file.
        place: PathBuf,
    },
}

impl Stops for LockError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Held { .. } | Self::Lost { .. } | Self::Changed { .. } => ExitCode::TryLater,
            Self::Place(error) => error.code(),
            Self::Io { .. } => ExitCode::CantCreate,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Place(error) => error.hint(),
            Self::Lost { .. } | Self::Changed { .. } => Some("see that no other run writes there, and run it again".to_owned()),
            Self::Held { directory, .. } if places::refuse(directory).is_err() => Some(
                "wait for that run to end (one that was killed holds it for a minute more), or write elsewhere with --out DIR"
                    .to_owned(),
            ),
            Self::Held { .. } => Some("wait for that run to end, or write elsewhere with --out DIR".to_owned()),
            Self::Io { .. } => Some("name a directory that can be written to with --out DIR".to_owned()),
        }
    }
}

/// An output directory held by this run until it is dropped, or the process ends.
#[derive(Debug)]
pub struct RunLock(Held);

/// What holds it.
#[derive(Debug)]
enum Held {
    /// The kernel's lock on a file.
    File(File),
    /// A lease on a directory that is on an object store.
    #[cfg(feature = "object-stores")]
    Lease(places::Lease, PathBuf),
}

impl RunLock {
    /// Takes `directory`, which is created if need be, for `holder`. Never waits.
    ///
    /// # Errors
    /// [`LockError::Held`] while another run holds it; [`LockError::Io`] if the directory or the lock can't be made.
    pub fn take(directory: &Path, holder: &Holder) -> Result<Self, LockError> {
        let place = places::location(directory)?;
        #[cfg(feature = "object-stores")]
        if let Some(place) = place {
            return Ok(Self(Held::Lease(lease(&place, directory, holder)?, directory.to_owned())));
        }
        debug_assert!(place.is_none(), "an address that nothing reaches is an error");
        Ok(Self(Held::File(lock_file(directory, holder)?)))
    }

    /// Insists that it is still held: to be asked before anything is published.
    ///
    /// # Errors
    /// [`LockError::Lost`]. A local lock is never lost.
    #[cfg_attr(
        not(feature = "object-stores"),
        expect(clippy::unnecessary_wraps, reason = "a lease on an object store can be lost")
    )]
    pub fn check(&self) -> Result<(), LockError> {
        match &self.0 {
            Held::File(_) => Ok(()),
            #[cfg(feature = "object-stores")]
            Held::Lease(lease, _) if lease.is_held() => Ok(()),
            #[cfg(feature = "object-stores")]
            Held::Lease(_, directory) => Err(LockError::Lost { directory: directory.clone() }),
        }
    }
}

impl RunLock {
    /// The same without a request: whether a lease was renewed lately enough to write something.
    ///
    /// # Errors
    /// [`LockError::Lost`].
    #[cfg(feature = "object-stores")]
    pub(crate) fn check_unasked(&self) -> Result<(), LockError> {
        match &self.0 {
            Held::Lease(lease, directory) if !lease.is_trusted() => {
                Err(LockError::Lost { directory: directory.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// Takes the lease on a folder of an object store.
#[cfg(feature = "object-stores")]
fn lease(place: &places::Location, directory: &Path, holder: &Holder) -> Result<places::Lease, LockError> {
    places::Lease::take(&place.child(LOCK_FILE), holder).map_err(|error| match error {
        places::LeaseError::Held(holder) => LockError::Held { directory: directory.to_owned(), holder },
        places::LeaseError::Store(error) => LockError::Place(error.into()),
    })
}

/// Locks the file in a local directory.
fn lock_file(directory: &Path, holder: &Holder) -> Result<File, LockError> {
    let path = directory.join(LOCK_FILE);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LockError::Io { path, source }
    };
    std::fs::create_dir_all(directory).map_err(failed(directory))?;
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(LockError::Held { directory: directory.to_owned(), holder: read_holder(&mut file) });
        }
        Err(TryLockError::Error(error)) => {
            tracing::warn!(
                directory = %directory.display(), %error,
                "this file system has no locks: make sure that no other run writes to this directory"
            );
        }
    }
    write_holder(&mut file, holder).map_err(failed(&path))?;
    Ok(file)
}

impl Drop for RunLock {
    /// Gives the directory back. The local file stays: deleting it would let two runs lock two files of one name.
    fn drop(&mut self) {
        match &self.0 {
            // The name of a holder that is gone would only mislead; the lock itself ends with the file handle.
            Held::File(file) => drop(file.set_len(0)),
            #[cfg(feature = "object-stores")]
            Held::Lease(..) => {}
        }
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut bytes = Vec::new();
    file.take(HOLDER_BYTES).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(holder).map_err(io::Error::other)?;
    bytes.push(b'\n');
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes)
}

/// The machine's name as its kernel or environment knows it.
fn host_name() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = kernel.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    named.map(|name| name.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    fn holder() -> Holder {
        Holder { pid: 4711, host: "night".into(), started: 1_790_000_000 }
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let held = RunLock::take(&out, &holder()).unwrap();
        let error = RunLock::take(&out, &Holder::current()).unwrap_err();
        assert!(matches!(&error, LockError::Held { holder: Some(found), .. } if *found == holder()), "{error:?}");
        let shown = error.to_string();
        assert!(shown.contains("process 4711 on night, started 2026-09-21T"), "{shown}");
        assert!(error.hint().unwrap().contains("--out"));
        drop(held);
        RunLock::take(&out, &Holder::current()).unwrap();
    }

    #[test]
    fn a_holder_that_has_not_yet_said_its_name_still_holds() {
        let directory = tempfile::tempdir().unwrap();
        let held = RunLock::take(directory.path(), &holder()).unwrap();
        std::fs::write(directory.path().join(LOCK_FILE), "{\"pid\":").unwrap();
        let error = RunLock::take(directory.path(), &holder()).unwrap_err();
        assert!(matches!(error, LockError::Held { holder: None, .. }), "{error:?}");
        drop(held);
    }

    #[test]
    fn directories_are_held_one_by_one() {
        let directory = tempfile::tempdir().unwrap();
        let _first = RunLock::take(&directory.path().join("a"), &holder()).unwrap();
        let _second = RunLock::take(&directory.path().join("b"), &holder()).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_an_error_with_a_hint() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = RunLock::take(&file.path().join("out"), &holder()).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }) && error.hint().is_some(), "{error:?}");
    }

    /// Set for the child of the next test: what it holds.
    const CHILD_DIRECTORY: &str = "UNDERTONE_TEST_LOCK_DIRECTORY";

    /// Not a test by itself: the process that the next test kills.
    #[test]
    #[ignore = "runs until it is killed"]
    fn holds_until_killed() {
        let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
        let _held = RunLock::take(Path::new(&directory), &Holder::current()).unwrap();
        writeln!(io::stdout(), "\nheld").unwrap();
        loop {
            std::thread::park();
        }
    }

    #[test]
    fn a_kill_leaves_no_stale_lock() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lock::tests::holds_until_killed", "--ignored", "--nocapture"])
            .env(CHILD_DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "held"));
        let error = RunLock::take(directory.path(), &holder()).unwrap_err();
        assert!(matches!(&error, LockError::Held { holder: Some(found), .. } if found.pid == child.id()), "{error:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        RunLock::take(directory.path(), &holder()).unwrap();
    }
}
