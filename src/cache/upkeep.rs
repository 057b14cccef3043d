//! Looking after a whole cache: what it holds, dropping what is old, emptying it.
//!
//! Touches nothing but the database, what SQLite puts beside it, damaged files that were moved aside and, when all is
//! cleared, the lock file and the folder if it is empty then.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::CacheError;
use super::age::Sweep;
use super::database::{self, DAMAGED_SUFFIX, Database, MENDED_SUFFIX, SUFFIXES, with_suffix};
use super::key::Scorer;

/// What a cache holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CacheStats {
    /// Where it lies.
    pub root: PathBuf,
    /// One entry for each engine and model, sorted by name.
    pub scorers: Vec<ScorerStats>,
    /// Bytes of all files, damaged ones included.
    pub bytes: u64,
    /// Files that are damaged, or were and have been moved aside.
    pub damaged_files: u64,
}

/// What a cache holds of one engine and model.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ScorerStats {
    /// Whose scores.
    pub scorer: Scorer,
    /// Stored scores.
    pub entries: u64,
    /// The earliest day, in days since 1970-01-01.
    pub oldest: Option<u32>,
    /// The latest day, in days since 1970-01-01.
    pub newest: Option<u32>,
}

impl CacheStats {
    /// Stored scores of all engines and models.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.scorers.iter().map(|scorer| scorer.entries).sum()
    }

    /// The earliest day, in days since 1970-01-01.
    #[must_use]
    pub fn oldest(&self) -> Option<u32> {
        self.scorers.iter().filter_map(|scorer| scorer.oldest).min()
    }

    /// The latest day, in days since 1970-01-01.
    #[must_use]
    pub fn newest(&self) -> Option<u32> {
        self.scorers.iter().filter_map(|scorer| scorer.newest).max()
    }
}

/// What pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Scores dropped for their age.
    pub dropped: u64,
    /// Bytes of all files before.
    pub bytes_before: u64,
    /// Bytes of all files after.
    pub bytes_after: u64,
}

/// What clearing removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    /// Stored scores.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Counts what the cache at `root` holds. A cache that does not exist is empty.
///
/// # Errors
/// [`CacheError`] if the file can't be read.
pub fn stats(root: &Path) -> Result<CacheStats, CacheError> {
    let database = Database::of(root, None);
    let bytes = bytes_of(&database);
    let mut damaged_files = u64::from(with_suffix(database.file(), DAMAGED_SUFFIX).exists());
    let scorers = match database.read(scorer_stats) {
        Ok(scorers) => scorers.unwrap_or_default(),
        Err(error) if database::is_damage(&error) => {
            damaged_files += 1;
            Vec::new()
        }
        Err(error) => return Err(CacheError::in_file(database.file())(error)),
    };
    Ok(CacheStats { root: root.to_owned(), scorers, bytes, damaged_files })
}

/// Goes through the table once for each engine and model: grouping would sort all of it.
fn scorer_stats(connection: &mut Connection) -> rusqlite::Result<Vec<ScorerStats>> {
    let mut scorers = connection.prepare("SELECT id, engine, model FROM scorers ORDER BY engine, model")?;
    let mut count = connection.prepare("SELECT count(*), min(day), max(day) FROM scores WHERE scorer = ?1")?;
    let stats = scorers.query_map([], |row| {
        let scorer = Scorer { engine: row.get(1)?, model: row.get(2)? };
        count.query_row([row.get::<_, i64>(0)?], |row| {
            Ok(ScorerStats {
                scorer,
                entries: row.get::<_, i64>(0)?.unsigned_abs(),
                oldest: row.get(1)?,
                newest: row.get(2)?,
            })
        })
    })?;
    stats.filter(|stats| stats.as_ref().map_or(true, |stats| stats.entries > 0)).collect()
}

/// Checks every row and mends the file if it is damaged, drops all scores stored before `today` minus `max_age_days` for
/// good, gives the room back to the disk, and deletes damaged files that were moved aside. Runs in progress go on.
///
/// # Errors
/// [`CacheError::InUse`] if another process writes for too long; [`CacheError`] if the disk refuses.
pub fn prune(root: &Path, max_age_days: u32, today: u32) -> Result<Pruned, CacheError> {
    let database = Database::of(root, None);
    let mut pruned = Pruned { bytes_before: bytes_of(&database), ..Pruned::default() };
    if database.exists() {
        let opened = database.mend()?;
        let dropped = Sweep::before(today.saturating_sub(max_age_days)).apply(&opened.connection);
        pruned.dropped = dropped.map_err(CacheError::in_file(database.file()))?;
        // Takes as much room again for a while, which a full disk does not have.
        if let Err(error) = opened.connection.execute_batch("VACUUM") {
            tracing::warn!(%error, "the dropped scores' room stays with the cache, for new ones");
        }
        database.close(opened);
    }
    database::remove_database(&with_suffix(database.file(), DAMAGED_SUFFIX))?;
    pruned.bytes_after = bytes_of(&database);
    Ok(pruned)
}

/// Deletes all stored scores, of every engine and model. Other files stay, with the folder that holds them.
///
/// # Errors
/// [`CacheError::InUse`] if a run in progress has the file open (with the rollback journal, if it is being written:
/// a run that is not goes on unharmed and stores anew); [`CacheError`] if the disk refuses.
pub fn clear(root: &Path) -> Result<Cleared, CacheError> {
    let database = Database::of(root, None);
    let stats = stats(root)?;
    let held = database.read(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        database::set_journal(connection, "DELETE")?;
        connection.execute_batch("BEGIN EXCLUSIVE")
    });
    match held {
        Err(error) if !database::is_damage(&error) => return Err(CacheError::in_file(database.file())(error)),
        _ => database::remove_database(database.file())?,
    }
    database::remove_database(&with_suffix(database.file(), DAMAGED_SUFFIX))?;
    database::remove_database(&with_suffix(database.file(), MENDED_SUFFIX))?;
    database::remove_file(&database.lock()).map_err(CacheError::at(root))?;
    drop(database);
    // Stays where somebody else put something into it.
    let _may_hold_others = std::fs::remove_dir(root);
    Ok(Cleared { entries: stats.entries(), bytes: stats.bytes })
}

/// The file, what SQLite puts beside it, and the same of a damaged one and of one that is to take its place.
fn files(database: &Database) -> impl Iterator<Item = PathBuf> {
    let file = database.file();
    ["", DAMAGED_SUFFIX, MENDED_SUFFIX].into_iter().flat_map(move |which| {
        let file = with_suffix(file, which);
        SUFFIXES.map(|suffix| with_suffix(&file, suffix))
    })
}

fn bytes_of(database: &Database) -> u64 {
    files(database).filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}
