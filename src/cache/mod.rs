//! The score cache: every paid-for answer, kept so that it is never paid for twice.
//!
//! [`ScoreCache`] maps a [`Key`] (a hash of engine, model, language and exact text) to the engine's exact
//! [`Scores`] and the day they were bought. It holds hashes and scores, never text; only answers, never errors.
//! An answer survives a kill of the process as soon as the writer thread has appended it, usually within a
//! millisecond, and a loss of power after [`SYNC_SECONDS`] at most. Several processes may share one cache: each
//! writes files of its own and sees what others had stored when it opened.
//!
//! Damage costs answers and never changes one: what fails its check is reported, moved aside and rebuilt from
//! what can still be believed. What can't be written is reported and tried again, and does not stop a run.
//!
//! Parts: `key` and `record` (what is stored), `age` (until when), `segment` and `journal` (the two kinds of file), `folder` (what
//! lies where), `merge` (keeping files few), `view` (look-ups), `writer` (the thread), `upkeep` (statistics,
//! pruning, clearing).

mod age;
mod folder;
mod journal;
mod key;
mod merge;
mod record;
mod segment;
mod upkeep;
mod view;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use self::age::Sweep;
use self::merge::Maintenance;
use self::record::Record;
use self::view::View;
use self::writer::{Order, Writer};
use crate::sentiment::Scores;

pub use self::folder::Damage;
pub use self::key::{Key, Scorer};
pub use self::upkeep::{CacheStats, Cleared, Pruned, ScorerStats, clear, prune, stats};

/// After how many days a stored score counts as not there, unless set otherwise: the service's model changes.
pub const DEFAULT_MAX_AGE_DAYS: u32 = 90;
/// After how many seconds at most an answer also survives a loss of power.
pub const SYNC_SECONDS: u64 = writer::SYNC_INTERVAL.as_secs();
/// Seconds in a day.
const DAY_SECONDS: u64 = 86_400;
/// Records that gather in memory before they are sorted into a segment: about 5 MB.
const SEGMENT_ENTRIES: usize = 65_536;
/// Records that may wait for the writer before [`ScoreCache::record`] waits for it.
const WAITING_RECORDS: usize = 16_384;

/// Where a batcher asks for scores before it pays, and leaves what it paid for.
///
/// Look-ups come before batching, so that a known text takes no place in a paid request.
pub trait ScoreStore: Send + Sync {
    /// The stored scores of each key, in the keys' order.
    fn lookup(&self, keys: &[Key]) -> Vec<Option<Scores>>;

    /// Keeps an engine's answer. Never called for errors. Does not wait for a disk.
    fn record(&self, key: Key, scores: Scores);
}

/// A store that holds nothing: `--cache off`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl ScoreStore for NoStore {
    fn lookup(&self, keys: &[Key]) -> Vec<Option<Scores>> {
        vec![None; keys.len()]
    }

    fn record(&self, _key: Key, _scores: Scores) {}
}

/// What is known of texts, so that none is paid for twice: whose scores they are, and where they are kept.
#[derive(Clone)]
pub struct Memory {
    /// Whose scores they are.
    pub scorer: Scorer,
    /// Scores of earlier runs; this run's are added.
    pub store: Arc<dyn ScoreStore>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("scorer", &self.scorer).finish_non_exhaustive()
    }
}

impl Memory {
    /// What is known of texts that `profile`'s engine scores; without a store, within one run only.
    #[must_use]
    pub fn new(profile: &crate::engine::Profile, store: Option<Arc<ScoreCache>>) -> Self {
        let store: Arc<dyn ScoreStore> = store.map_or_else(|| Arc::new(NoStore) as _, |store| store as _);
        Self { scorer: Scorer::of(profile), store }
    }
}

/// What the cache can't do, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file or folder of the cache can't be read or written.
    #[error("the score cache can't use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Other processes merged the folder again and again while it was being opened.
    #[error("the score cache at {} kept changing while it was opened", folder.display())]
    Restless {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process uses the folder, or its file system has no locks to tell.
    #[error("the score cache at {} is in use by another run", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The disk refused for so long that answers were given up. The run has had them; a later one pays again.
    #[error("{records} scores could not be kept")]
    Lost {
        /// How many.
        records: u64,
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

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if is_full(source) => {
                Some("the disk is full: make room, or name another place with --cache DIR".to_owned())
            }
            Self::Io { .. } => {
                Some("name another place with --cache DIR, or do without stored scores with --cache off".to_owned())
            }
            Self::Restless { .. } => Some("try again".to_owned()),
            Self::InUse { folder } => {
                Some(format!("wait for the run to end; if there is none, delete {}", folder.display()))
            }
            Self::Lost { .. } | Self::Ended => None,
        }
    }
}

/// Whether there is no room for more: on the disk, in the user's quota, or in a file by the process's own limit.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let causes = std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |&error| error.source());
    causes
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge))
}

/// Whether a cache may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Look-ups only: not one file is created, merged or repaired.
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
pub struct ScoreCache {
    view: Arc<View>,
    today: u32,
    damage: Vec<Damage>,
    writer: Option<Handle>,
}

/// The way to the writer thread.
#[derive(Debug)]
struct Handle {
    orders: SyncSender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl ScoreCache {
    /// Opens the scores of `scorer` in the cache at `root`, which need not exist: the first answer creates it.
    ///
    /// Damaged files are moved aside and rebuilt from what can be believed (with [`Access::Read`], left out);
    /// [`ScoreCache::damage`] lists them.
    ///
    /// # Errors
    /// [`CacheError::Io`] if the folder or a file in it can't be read, or, unless it is for reading only, if nothing
    /// can be written there: better known before anything is paid than after.
    pub fn open(root: &Path, scorer: &Scorer, options: CacheOptions) -> Result<Self, CacheError> {
        Self::open_with(root, scorer, options, SEGMENT_ENTRIES)
    }

    fn open_with(
        root: &Path,
        scorer: &Scorer,
        options: CacheOptions,
        segment_entries: usize,
    ) -> Result<Self, CacheError> {
        let folder = folder::path_of(root, scorer);
        let mut opened = folder::open(&folder)?;
        let damage = std::mem::take(&mut opened.damaged);
        for damage in &damage {
            tracing::warn!("damaged scores in the cache count as not there: {damage}");
        }
        let may_change = options.access == Access::ReadWrite;
        if may_change {
            folder::check_writable(&folder)?;
        }
        if may_change && !damage.is_empty() {
            opened = repaired(&folder)?;
        }
        let sweep = Sweep::new(options.today, options.max_age_days, &opened);
        let view = Arc::new(View::new(opened, options.first_day()));
        let writer = may_change.then(|| {
            let (orders, receiver) = sync_channel(WAITING_RECORDS);
            let writer = Writer::new(folder, scorer.clone(), Arc::clone(&view), segment_entries, sweep);
            let thread = std::thread::spawn(move || writer.run(&receiver));
            Handle { orders, thread: Mutex::new(Some(thread)) }
        });
        Ok(Self { view, today: options.today, damage, writer })
    }

    /// The stored scores of each key, in the keys' order; `None` for those unknown or too old.
    #[must_use]
    pub fn get_many(&self, keys: &[Key]) -> Vec<Option<Scores>> {
        self.view.get_many(keys).into_iter().map(|record| record.map(|record| record.scores)).collect()
    }

    /// Files found damaged when the cache was opened.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// What last kept answers from becoming durable, if anything did.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<CacheError>> {
        self.view.failure()
    }

    /// Makes everything recorded so far survive a loss of power, and returns when it does. Blocks the thread.
    ///
    /// # Errors
    /// [`CacheError::Io`] if the disk does not take it, which is tried again later; [`CacheError::Lost`] if it refused
    /// for too long before.
    pub fn flush(&self) -> Result<(), CacheError> {
        self.ask(Order::Flush)
    }

    /// Flushes, then sorts and merges the files and drops what expired, so that the next run opens fast and the cache
    /// does not grow for ever. Blocks the thread: some milliseconds as a rule, some seconds when millions of scores
    /// are due to be merged. Dropping the cache instead only flushes; a later run then sorts.
    ///
    /// Look-ups go on; nothing can be recorded from here on.
    ///
    /// # Errors
    /// [`CacheError::Io`] if the disk does not take it; [`CacheError::Ended`] if it was closed before.
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

/// The folder's contents after its damage was repaired, or as they are if another process is at it.
fn repaired(folder: &Path) -> Result<folder::Opened, CacheError> {
    if let Some(maintenance) = Maintenance::begin(folder)? {
        maintenance.tidy(
            &std::collections::BTreeSet::new(),
            Sweep::NOTHING,
            &std::sync::atomic::AtomicBool::new(false),
        )?;
    }
    folder::open(folder)
}

impl ScoreStore for ScoreCache {
    fn lookup(&self, keys: &[Key]) -> Vec<Option<Scores>> {
        self.get_many(keys)
    }

    /// Keeps the answer; look-ups find it at once. Without effect under [`Access::Read`], and for scores that
    /// are no distribution.
    fn record(&self, key: Key, scores: Scores) {
        let Some(writer) = &self.writer else { return };
        if !record::is_distribution(scores) {
            return;
        }
        let record = Record { key, scores, day: self.today };
        self.view.insert(record);
        if writer.orders.send(Order::Record(record)).is_err() {
            self.view.set_failure(CacheError::Ended);
        }
    }
}

impl Drop for ScoreCache {
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
