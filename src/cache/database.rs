//! The SQLite file: how it is opened, what it holds, and what is done when it is damaged.
//!
//! ```text
//! CACHE/v2.sqlite           scores (key → answer, day, scorer), scorers (id → engine, model), days (on which scores were stored)
//!      /v2.sqlite-wal, -shm while a run writes, or after one was killed: the next run takes them over
//!      /v2.sqlite.damaged   a damaged file that was moved aside, whose readable rows were kept
//!      /v2.sqlite.mended    the rows kept so far, while that is done: it takes the file's place once it is complete
//!      /v2.lock             held while that is done
//! ```
//!
//! One file for all engines and models: a key is a hash over both, so their rows can't meet, and there is one file to
//! look after. Another format gets another file name, and neither reads the other's.
//!
//! A run keeps the file in WAL mode: any number of processes read while one writes, a committed row survives a kill,
//! and only a checkpoint waits for the disk. WAL needs memory that all processes share, which network file systems
//! don't give; there, and wherever SQLite refuses WAL, the rollback journal is used. Whoever closes the file last takes
//! it out of WAL mode again, so that a file at rest is one file, which `plan` can read without creating others.

use std::ffi::CStr;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::CacheError;
use super::key::Key;
use super::swaps;
use crate::parallel::cores;

/// The database's name. The number is the format's.
pub(super) const FILE: &str = "v2.sqlite";
/// The folder of the format before, which is neither read nor written.
const OLD_FOLDER: &str = "v1";
/// What is put after the name of a damaged file.
pub(super) const DAMAGED_SUFFIX: &str = ".damaged";
/// What is put after the name of the file that takes a damaged one's place.
pub(super) const MENDED_SUFFIX: &str = ".mended";
/// What SQLite puts after a database's name for the files beside it; the database itself comes last.
pub(super) const SUFFIXES: [&str; 4] = ["-wal", "-journal", "-shm", ""];
/// How long a statement waits for another process's transaction.
const BUSY_WAIT: Duration = Duration::from_secs(30);
/// Bytes of a page, of which the file is a multiple.
const PAGE_BYTES: u64 = 4096;
/// Memory for pages in the connection that writes, in KiB.
const WRITER_KIB: i32 = 16 * 1024;
/// Memory for pages in all connections that read, in KiB, but a mebibyte each at least: the inner pages of some ten million rows
/// are a few, and the others the system keeps.
const READERS_KIB: usize = 16 * 1024;
/// Look-ups at the same time, for each core, at most.
const READERS_A_CORE: usize = 2;
/// Pages in the write-ahead log from which it is copied into the database: 32 MB, so that a page that many answers change is
/// written there once.
const LOG_PAGES: i32 = 8192;

/// The tables; `scores` last, so that where it is the others are.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS scorers (
        id INTEGER PRIMARY KEY, engine TEXT NOT NULL, model TEXT NOT NULL, UNIQUE (engine, model)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS scores (
        key BLOB PRIMARY KEY, answer BLOB NOT NULL, day INTEGER NOT NULL, scorer INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;";

/// What tells a file from one put in its place: its device and number there.
#[cfg(unix)]
type Identity = (u64, u64);
/// What tells a file from one put in its place: when it was created, where the file system keeps that.
#[cfg(not(unix))]
type Identity = Option<std::time::SystemTime>;

/// A connection for writing, and the file that it has open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// `None` if the file was deleted while it was opened.
    identity: Option<Identity>,
}

/// A cache's database, which need not exist, and the connections that look-ups share.
#[derive(Debug)]
pub(super) struct Database {
    file: PathBuf,
    /// SQLite's way to the file system; `None` for the system's own.
    vfs: Option<&'static CStr>,
    idle: Mutex<Vec<Connection>>,
    suspect: AtomicBool,
}

impl Database {
    /// The database of the cache at `root`. Opens nothing.
    pub(super) fn of(root: &Path, vfs: Option<&'static CStr>) -> Self {
        Self::at(root.join(FILE), vfs)
    }

    fn at(file: PathBuf, vfs: Option<&'static CStr>) -> Self {
        Self { file, vfs, idle: Mutex::default(), suspect: AtomicBool::new(false) }
    }

    /// Where it lies.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What is locked while a damaged file is moved aside.
    pub(super) fn lock(&self) -> PathBuf {
        self.file.with_extension("lock")
    }

    /// Whether there is a file.
    pub(super) fn exists(&self) -> bool {
        self.file.exists()
    }

    /// Whether the file is still the one that `opened` has open, and not deleted or replaced since.
    pub(super) fn is_still(&self, opened: &Opened) -> bool {
        opened.identity.is_some() && opened.identity == self.identity()
    }

    fn identity(&self) -> Option<Identity> {
        self.file.metadata().ok().map(|file| identity_of(&file))
    }

    /// Whether something could not be read, and [`Database::mend`] has not seen to it yet.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    /// Remembers that something could not be read; whether it is the first time.
    pub(super) fn suspect(&self) -> bool {
        !self.suspect.swap(true, Ordering::Relaxed)
    }

    /// Gives `job` a connection for reading; `None` if nothing was stored yet. A connection that failed is not used again.
    pub(super) fn read<T>(
        &self,
        job: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None if self.exists() => self.connect_for_reading()?,
            None => return Ok(None),
        };
        if !connection.table_exists(None, "scores")? {
            return Ok(None);
        }
        let done = job(&mut connection)?;
        self.idle().push(connection);
        Ok(Some(done))
    }

    /// Opens the file for writing, and creates it if there is none.
    pub(super) fn open(&self) -> Result<Opened, CacheError> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(CacheError::at(folder))?;
        self.try_open(folder).map_err(CacheError::in_file(&self.file))
    }

    fn try_open(&self, folder: &Path) -> rusqlite::Result<Opened> {
        if !self.exists() {
            drop(self.connect(OpenFlags::SQLITE_OPEN_CREATE)?);
        }
        // Before the file is opened: if another one is put in its place in between, this is not taken for that one.
        let identity = self.identity();
        let connection = self.connect(OpenFlags::SQLITE_OPEN_CREATE)?;
        choose_journal(&connection, is_on_a_network(folder))?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch(swaps::SCHEMA)?;
        if self.file.metadata().is_ok_and(|file| file.len() % PAGE_BYTES > 0) {
            self.suspect();
        }
        Ok(Opened { connection, identity })
    }

    fn connect_for_reading(&self) -> rusqlite::Result<Connection> {
        let connection = self.connect(OpenFlags::empty())?;
        let share = (READERS_KIB / (READERS_A_CORE * cores())).max(1024);
        connection.pragma_update(None, "cache_size", -i32::try_from(share).unwrap_or(WRITER_KIB))?;
        Ok(connection)
    }

    fn connect(&self, more: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection = match self.vfs {
            None => Connection::open_with_flags(&self.file, flags),
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.file, flags, vfs),
        }?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.pragma_update(None, "page_size", PAGE_BYTES.cast_signed())?;
        connection.pragma_update(None, "cache_size", -WRITER_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        Ok(connection)
    }

    /// Asks the disk to keep what was committed. With the rollback journal, each commit has done so.
    pub(super) fn sync(&self) -> io::Result<()> {
        match File::options().write(true).open(with_suffix(&self.file, "-wal")) {
            Ok(wal) => wal.sync_data(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Closes `opened` and all idle connections. The last of all processes leaves one file.
    pub(super) fn close(&self, opened: Opened) {
        self.idle().clear();
        // Switching the journal would delete, by their names, what SQLite put beside a file that has taken this one's
        // place. It is refused while others have the file open, and on a full disk; the write-ahead log is kept then.
        if self.is_still(&opened)
            && let Err(error) = set_journal(&opened.connection, "DELETE")
        {
            tracing::debug!(%error, "the score cache keeps its write-ahead log");
        }
        drop(opened);
    }

    /// Moves the file aside if it is damaged, and returns a new one with the rows that could still be read. What
    /// another process has mended meanwhile is opened as it is. The damaged file stays until all is copied, so that
    /// after a kill or a failure it is mended from the beginning.
    pub(super) fn mend(&self) -> Result<Opened, CacheError> {
        self.idle().clear();
        let lock = self.lock();
        // Held by one process at a time, where the file system has locks.
        let held = File::create(&lock).map_err(CacheError::at(&lock))?;
        let _unsupported = held.lock();
        match self.open().map(|opened| (is_sound(&opened.connection), opened)) {
            Ok((Ok(true), opened)) => {
                self.suspect.store(false, Ordering::Relaxed);
                return Ok(opened);
            }
            Ok((Err(error), _)) if !is_damage(&error) => return Err(CacheError::in_file(&self.file)(error)),
            Err(error) if !error.is_damage() => return Err(error),
            _ => {}
        }
        let mended = Self::at(with_suffix(&self.file, MENDED_SUFFIX), self.vfs);
        remove_database(&mended.file)?;
        let kept = self.replace_by(&mended).inspect_err(|_| drop(remove_database(&mended.file)))?;
        tracing::warn!(file = %self.file.display(), kept, "the score cache was damaged: moved aside, the readable scores kept");
        self.suspect.store(false, Ordering::Relaxed);
        self.open()
    }

    /// Copies what can be read into `mended`, moves the file aside and puts `mended` in its place; returns how many
    /// rows were copied. Others wait with their answers meanwhile.
    fn replace_by(&self, mended: &Self) -> Result<usize, CacheError> {
        let held = self.hold().map_err(CacheError::in_file(&self.file))?;
        let into = mended.open()?.connection;
        let kept = salvage(&into, &self.file).and_then(|kept| {
            // One file, which the disk has: what lies beside it would not move with it.
            set_journal(&into, "DELETE").map(|_| kept)
        });
        let kept = kept.map_err(CacheError::in_file(&mended.file))?;
        into.close().map_err(|(_, error)| CacheError::in_file(&mended.file)(error))?;
        // Elsewhere, no file can be moved that is open.
        let _held = held.filter(|_| cfg!(unix));
        self.set_aside()?;
        std::fs::rename(&mended.file, &self.file).map_err(CacheError::at(&self.file))?;
        Ok(kept)
    }

    /// Keeps others from writing while the connection lasts, with all that they wrote in the file itself. `None` if the
    /// damage is such that nobody can write.
    fn hold(&self) -> rusqlite::Result<Option<Connection>> {
        let held = self.connect(OpenFlags::empty()).and_then(|connection| {
            connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE")?;
            Ok(connection)
        });
        match held {
            Err(error) if is_damage(&error) => Ok(None),
            held => held.map(Some),
        }
    }

    /// Gives the file, and moves what is beside it, the names of a damaged one. Where the file system has links, the file
    /// keeps its own name too, so that there is one at any moment.
    fn set_aside(&self) -> Result<(), CacheError> {
        let aside = with_suffix(&self.file, DAMAGED_SUFFIX);
        for suffix in SUFFIXES {
            let (from, to) = (with_suffix(&self.file, suffix), with_suffix(&aside, suffix));
            remove_file(&to).map_err(CacheError::at(&to))?;
            if suffix.is_empty() && std::fs::hard_link(&from, &to).is_ok() {
                continue;
            }
            match std::fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(CacheError::at(&from)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
fn identity_of(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity_of(file: &Metadata) -> Identity {
    file.created().ok()
}

/// Chooses WAL where SQLite and the file system support it, else the rollback journal with a disk asked by each commit.
fn choose_journal(connection: &Connection, on_a_network: bool) -> rusqlite::Result<()> {
    let is_wal = !on_a_network
        && match set_journal(connection, "WAL") {
            Ok(mode) => mode == "wal",
            // What SQLite answers where it can't share memory (`SQLITE_IOERR_SHM…`).
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) => false,
            Err(error) => return Err(error),
        };
    if !is_wal {
        set_journal(connection, "DELETE")?;
    }
    connection.pragma_update(None, "synchronous", if is_wal { "NORMAL" } else { "FULL" })
}

/// Asks for a journal mode (not for attached databases); returns the one that is in force.
pub(super) fn set_journal(connection: &Connection, mode: &str) -> rusqlite::Result<String> {
    connection.pragma_update_and_check(Some("main"), "journal_mode", mode, |row| row.get(0))
}

/// Whether `folder` lies on a network file system, whose hosts share no memory.
#[cfg(target_os = "linux")]
fn is_on_a_network(folder: &Path) -> bool {
    /// NFS, SMB (three versions), Ceph, AFS, Lustre: `f_type` of statfs(2).
    const NETWORKS: [u32; 7] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x00C3_6400, 0x5346_414F, 0x0BD0_0BD0];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits in a word of the machine")]
    rustix::fs::statfs(folder).is_ok_and(|system| NETWORKS.contains(&(system.f_type as u32)))
}

/// Whether `folder` lies on a network file system: known on Linux only.
#[cfg(not(target_os = "linux"))]
fn is_on_a_network(_folder: &Path) -> bool {
    false
}

/// Whether the whole file is in order and holds our tables. Takes seconds with millions of rows.
fn is_sound(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare("SELECT key, answer, scores.day, scorer, engine, model FROM scores, scorers, days")?;
    connection.query_row("PRAGMA integrity_check(1)", [], |row| Ok(row.get::<_, String>(0)? == "ok"))
}

/// Copies what can be read of the `damaged` database; returns how many rows. A broken page costs the slices of
/// keys that lie on it.
fn salvage(into: &Connection, damaged: &Path) -> rusqlite::Result<usize> {
    // Without a name, SQLite would attach an empty database.
    let name = damaged.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(damaged.to_owned()))?;
    let mut kept = 0;
    let execute = |sql: &str, parameters: &[&dyn ToSql]| match into.prepare(sql).and_then(|mut s| s.execute(parameters))
    {
        Err(error) if !is_damage(&error) => Err(error),
        executed => Ok(executed.unwrap_or(0)),
    };
    execute("ATTACH ?1 AS damaged", &[&name])?;
    for (first, last) in Key::slices() {
        let sql = "INSERT OR IGNORE INTO scores SELECT key, answer, day, scorer FROM damaged.scores WHERE key BETWEEN ?1 AND ?2";
        kept += execute(sql, &[&first, &last])?;
    }
    execute("INSERT OR IGNORE INTO scorers SELECT id, engine, model FROM damaged.scorers", &[])?;
    for sql in swaps::SALVAGE {
        execute(sql, &[])?;
    }
    execute("INSERT OR IGNORE INTO scorers SELECT DISTINCT scorer, 'unknown', scorer FROM scores", &[])?;
    execute("INSERT OR IGNORE INTO days SELECT DISTINCT day FROM scores", &[])?;
    Ok(kept)
}

/// Whether `error` is one that only damage brings: no database, a broken page, other tables or values than ours.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, DatabaseCorrupt, NotADatabase, Unknown};
    use rusqlite::Error::{IntegralValueOutOfRange, InvalidColumnType, SqlInputError};
    matches!(error, SqlInputError { .. } | IntegralValueOutOfRange(..) | InvalidColumnType(..))
        || matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | ConstraintViolation | Unknown))
}

/// Whether `error` is another process's transaction that lasted too long.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Finds out whether a small database could be written in `root`, or where it would be created. Leaves nothing behind.
pub(super) fn check_writable(root: &Path) -> Result<(), CacheError> {
    /// What a first score takes: a few pages, the same in the write-ahead log, and the memory that processes share.
    const FIRST_BYTES: usize = 96 * 1024;
    // What lies above a relative path's first part is the working directory.
    let existing = root.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let written =
        tempfile::tempfile_in(existing).and_then(|mut file| io::Write::write_all(&mut file, &vec![0; FIRST_BYTES]));
    written.map_err(CacheError::at(root))
}

/// Warns of scores in the format before, which nothing uses any more.
pub(super) fn warn_of_old_format(root: &Path) {
    let folder = root.join(OLD_FOLDER);
    if folder.exists() {
        tracing::warn!(folder = %folder.display(), "scores of an earlier format are not used; the folder can be deleted");
    }
}

/// `path` with `suffix` after its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Deletes `path` if it is there.
pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Deletes the database at `file` and what SQLite put beside it.
pub(super) fn remove_database(file: &Path) -> Result<(), CacheError> {
    SUFFIXES.iter().try_for_each(|suffix| {
        let path = with_suffix(file, suffix);
        remove_file(&path).map_err(CacheError::at(&path))
    })
}
