//! The score cache: every paid-for answer, kept so that it is never paid for twice.
//!
//! [`ScoreStore`] maps a [`Key`] (a hash of engine, model, language and exact text) to the engine's exact
//! [`Scores`] and the day they were bought, in one SQLite file. It holds hashes and scores, never text; only answers,
//! never errors. An answer survives a kill of the process as soon as the writer thread has committed it, usually within
//! a millisecond, and a loss of power after a second at most. Several processes may share one cache: each sees what the
//! others have committed.
//!
//! Damage costs answers and never changes one: each row carries a check, and a file that SQLite finds damaged is
//! moved aside and begun anew with the rows that can still be read. What can't be written is reported and tried
//! again, and does not stop a run.
//!
//! Parts: `key` and `answer` (what is stored), `database` (the file), `writer` (the thread), `age` (until when answers
//! are kept), `swaps` (models that can change behind their name), `upkeep` (statistics, pruning, clearing).

mod age;
mod answer;
mod database;
mod key;
mod swaps;
mod upkeep;
mod writer;

use std::ffi::CStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{ErrorCode, OptionalExtension as _, params};

use self::database::Database;
use self::writer::{Order, Writer};
use crate::exit::{ExitCode, Stops};
use crate::sentiment::Scores;

pub(crate) use self::key::KeySet;
pub use self::key::{Key, Scorer};
pub use self::swaps::{Kept, Met, last_met, meet};
pub use self::upkeep::{CacheStats, Cleared, Pruned, ScorerStats, clear, prune, stats};

/// After how many days a stored score counts as not there, unless set otherwise: the service's model changes.
pub const DEFAULT_MAX_AGE_DAYS: u32 = 90;
/// Seconds in a day.
const DAY_SECONDS: u64 = 86_400;
/// Answers that may wait for the writer before [`ScoreStore::record`] waits for it.
const WAITING_ANSWERS: usize = 16_384;

/// What the cache can't do, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file or folder of the cache can't be read or written.
    #[error("the score cache can't use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The database can't be read or written.
    #[error("the score cache can't use {}", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// Another process has the cache open, or is writing to it for too long.
    #[error("the score cache {} is in use by another run", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// The disk refused for so long that answers were given up. The run has had them; a later one pays again.
    #[error("{scores} scores could not be kept")]
    Lost {
        /// How many.
        scores: u64,
    },
    /// The writer thread is gone.
    #[error("the score cache's writer has ended")]
    Ended,
}

impl CacheError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    fn in_file(file: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let file = file.to_owned();
        move |source| if database::is_busy(&source) { Self::InUse { file } } else { Self::Database { file, source } }
    }

    /// Whether only damage to the file brings this.
    fn is_damage(&self) -> bool {
        matches!(self, Self::Database { source, .. } if database::is_damage(source))
    }

    /// Whether the disk is full.
    fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => crate::exit::is_disk_full(source),
            Self::Database { source, .. } => source.sqlite_error_code() == Some(ErrorCode::DiskFull),
            _ => false,
        }
    }
}

impl Stops for CacheError {
    fn code(&self) -> ExitCode {
        ExitCode::CantCreate
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } | Self::Database { .. } if self.is_full() => {
                Some("the disk is full: make room, or name another place with --cache DIR".to_owned())
            }
            Self::Io { .. } | Self::Database { .. } => {
                Some("name another place with --cache DIR, or do without stored scores with --cache off".to_owned())
            }
            Self::InUse { .. } => Some("wait for the run to end".to_owned()),
            Self::Lost { .. } | Self::Ended => None,
        }
    }
}

/// Whether a cache may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Look-ups only: no file is created or mended.
    Read,
    /// Look-ups and answers.
    ReadWrite,
}

/// How a cache is opened.
#[derive(Debug, Clone, Copy)]
pub struct CacheOptions {
    /// Whether answers are kept.
    pub access: Access,
    /// Days after which an answer counts as not there; `None` keeps it for ever.
    pub max_age_days: Option<u32>,
    /// The day of this run in days since 1970-01-01: what ages are measured to, and what answers are marked with.
    pub today: u32,
}

impl CacheOptions {
    /// Reading and writing, with the default age and the system's day.
    #[must_use]
    pub fn new() -> Self {
        Self { access: Access::ReadWrite, max_age_days: Some(DEFAULT_MAX_AGE_DAYS), today: today() }
    }

    /// The earliest day whose answers count. A day after today, written while a clock was ahead, counts too (and is
    /// mended by [`age`]).
    fn first_day(&self) -> u32 {
        self.max_age_days.map_or(0, |days| self.today.saturating_sub(days))
    }
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The system's day (UTC) in days since 1970-01-01.
#[must_use]
pub fn today() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs() / DAY_SECONDS).unwrap_or(u32::MAX)
}

/// Where scores are kept by the platform's conventions: `undertone/scores` in the user's state or data
/// directory. Not its cache directory, which the system may empty: these scores were paid for. `None` without a home.
#[must_use]
pub fn default_root() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("undertone").join("scores"))
}

/// The stored scores of one engine and model.
#[derive(Debug)]
pub struct ScoreStore {
    database: Arc<Database>,
    options: CacheOptions,
    writer: Option<Handle>,
}

/// The way to the writer thread.
#[derive(Debug)]
struct Handle {
    orders: SyncSender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl ScoreStore {
    /// Opens the scores of `scorer` in the cache at `root`, which need not exist: the first answer creates it.
    ///
    /// A file that is found damaged is mended (with [`Access::Read`], its scores count as not there).
    ///
    /// # Errors
    /// [`CacheError`] if the file can't be read, or, unless it is for reading only, if nothing can be written there:
    /// better known before anything is paid than after.
    pub fn open(root: &Path, scorer: &Scorer, options: CacheOptions) -> Result<Self, CacheError> {
        Self::open_at(root, scorer, options, None)
    }

    /// The same for a scorer whose model may be swapped at a `place`: what is recorded is not settled until a look at the
    /// model is reported. What earlier runs left there is judged by the scorer's model.
    ///
    /// # Errors
    /// As [`ScoreStore::open`].
    pub fn open_at(
        root: &Path,
        scorer: &Scorer,
        options: CacheOptions,
        place: Option<&str>,
    ) -> Result<Self, CacheError> {
        Self::open_with(root, (scorer, place), options, None)
    }

    fn open_with(
        root: &Path,
        (scorer, place): (&Scorer, Option<&str>),
        options: CacheOptions,
        vfs: Option<&'static CStr>,
    ) -> Result<Self, CacheError> {
        let database = Arc::new(Database::of(root, vfs));
        if options.access == Access::Read {
            let store = Self { database, options, writer: None };
            return match store.try_lookup(&[scorer.key("", "")]) {
                Err(error) if !database::is_damage(&error) => Err(CacheError::in_file(store.database.file())(error)),
                _ => Ok(store),
            };
        }
        database::check_writable(root)?;
        database::warn_of_old_format(root);
        let mut opened = match database.exists().then(|| database.open()) {
            Some(Err(error)) if error.is_damage() => Some(database.mend()?),
            opened => opened.transpose()?,
        };
        if let (Some(opened), Some(place)) = (&mut opened, place) {
            let judged = swaps::judge_left(&mut opened.connection, scorer, place);
            judged.map_err(CacheError::in_file(database.file()))?;
        }
        let (orders, receiver) = sync_channel(WAITING_ANSWERS);
        let writer = Writer::new(Arc::clone(&database), (scorer.clone(), place.map(str::to_owned)), options, opened);
        let thread = std::thread::spawn(move || writer.run(&receiver));
        Ok(Self { database, options, writer: Some(Handle { orders, thread: Mutex::new(Some(thread)) }) })
    }

    /// The stored scores of each key, in the keys' order; `None` for those unknown or too old. What can't be read
    /// counts as unknown, with a warning.
    #[must_use]
    pub fn lookup(&self, keys: &[Key]) -> Vec<Option<Scores>> {
        self.try_lookup(keys).unwrap_or_else(|error| {
            self.note(&error);
            vec![None; keys.len()]
        })
    }

    /// Looks all keys up in one read transaction, in the table's order, so that a page is gone to once.
    fn try_lookup(&self, keys: &[Key]) -> rusqlite::Result<Vec<Option<Scores>>> {
        let mut found = vec![None; keys.len()];
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by_key(|&place| keys[place]);
        let first_day = self.options.first_day();
        let _no_file = self.database.read(|connection| {
            let transaction = connection.transaction()?;
            let mut select = transaction.prepare("SELECT answer FROM scores WHERE key = ?1 AND day >= ?2")?;
            for place in order {
                let key = keys[place];
                let answer = select.query_row(params![key.as_bytes(), first_day], |row| {
                    Ok(row.get_ref(0)?.as_blob().ok().and_then(|bytes| answer::decode(key, bytes)))
                });
                match answer.optional() {
                    Ok(answer) => found[place] = answer.flatten(),
                    // A broken page hides its own rows only.
                    Err(error) if database::is_damage(&error) => self.note(&error),
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Warns of the first look-up that failed, and has the writer check the file.
    fn note(&self, error: &rusqlite::Error) {
        if self.database.suspect() {
            tracing::warn!(file = %self.database.file().display(), %error, "some stored scores can't be read and count as not there");
        }
    }

    /// Keeps an engine's answer; look-ups find it once it is committed, usually within a millisecond. Without effect under
    /// [`Access::Read`], and for scores that are no distribution. Never called for errors. Waits only while
    /// [`WAITING_ANSWERS`] answers are before it.
    pub fn record(&self, key: Key, scores: Scores) {
        let Some(writer) = &self.writer else { return };
        if answer::is_distribution(scores) && writer.orders.send(Order::Record(key, scores)).is_err() {
            tracing::debug!("an answer came after the score cache was closed");
        }
    }

    /// Makes everything recorded so far survive a loss of power, and returns when it does. Blocks the thread.
    ///
    /// # Errors
    /// [`CacheError`] if the disk does not take it, which is tried again later; [`CacheError::Lost`] if it refused
    /// for too long before.
    pub fn flush(&self) -> Result<(), CacheError> {
        self.ask(Order::Flush)
    }

    /// Flushes, drops what expired, and leaves one file. Blocks the thread: some milliseconds as a rule; some seconds a
    /// few times a year, when millions of scores have expired. Dropping the store instead only flushes.
    ///
    /// Look-ups go on; nothing can be recorded from here on.
    ///
    /// # Errors
    /// [`CacheError`] if the disk does not take it; [`CacheError::Ended`] if it was closed before.
    pub fn close(&self) -> Result<(), CacheError> {
        self.ask(Order::Close)
    }

    fn ask(&self, order: impl FnOnce(SyncSender<Result<(), CacheError>>) -> Order) -> Result<(), CacheError> {
        let Some(writer) = &self.writer else { return Ok(()) };
        let (answer, answered) = sync_channel(1);
        writer.orders.send(order(answer)).map_err(|_| CacheError::Ended)?;
        answered.recv().map_err(|_| CacheError::Ended)?
    }
}

impl Drop for ScoreStore {
    fn drop(&mut self) {
        let Some(Handle { orders, thread }) = self.writer.take() else { return };
        drop(orders);
        let thread = thread.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread {
            // A writer that panicked has reported itself; a drop can't do more.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
