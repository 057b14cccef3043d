//! Looking after a whole cache: what it holds, dropping what is old, emptying it.
//!
//! Nothing here follows a name that the cache did not give: strangers' files in its folders stay.

use std::path::{Path, PathBuf};

use super::CacheError;
use super::folder::{FORMAT_FOLDER, Listing, SCORER_FILE};
use super::journal::{Orphan, read_journal};
use super::key::Scorer;
use super::merge::{LOCK_FILE, Maintenance};
use super::segment::{Segment, SegmentError};

/// What a cache holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CacheStats {
    /// Where it lies.
    pub root: PathBuf,
    /// One entry for each engine and model, sorted by name.
    pub scorers: Vec<ScorerStats>,
}

/// What a cache holds of one engine and model.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ScorerStats {
    /// Whose scores; `None` if the file that says so is missing or unreadable.
    pub scorer: Option<Scorer>,
    /// Stored scores. One that lies in two files until the next merge counts twice.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// The earliest day, in days since 1970-01-01.
    pub oldest: Option<u32>,
    /// The latest day, in days since 1970-01-01.
    pub newest: Option<u32>,
    /// Files that are damaged, or were and have been moved aside.
    pub damaged_files: u64,
}

impl CacheStats {
    /// Stored scores of all engines and models.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.scorers.iter().map(|scorer| scorer.entries).sum()
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.scorers.iter().map(|scorer| scorer.bytes).sum()
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
/// [`CacheError::Io`] if a folder or file can't be read.
pub fn stats(root: &Path) -> Result<CacheStats, CacheError> {
    let mut scorers = folders(root)?.iter().map(|folder| scorer_stats(folder)).collect::<Result<Vec<_>, _>>()?;
    scorers
        .sort_by_cached_key(|stats| stats.scorer.as_ref().map(|scorer| (scorer.engine.clone(), scorer.model.clone())));
    Ok(CacheStats { root: root.to_owned(), scorers })
}

fn scorer_stats(folder: &Path) -> Result<ScorerStats, CacheError> {
    let scorer = std::fs::read(folder.join(SCORER_FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut stats = ScorerStats { scorer, entries: 0, bytes: 0, oldest: None, newest: None, damaged_files: 0 };
    let mut add = |entries: u64, oldest: u32, newest: u32| {
        stats.entries += entries;
        stats.oldest = Some(stats.oldest.map_or(oldest, |day| day.min(oldest)));
        stats.newest = Some(stats.newest.map_or(newest, |day| day.max(newest)));
    };
    let listing = Listing::of(folder)?;
    let mut damaged_files = listing.damaged.len() as u64;
    for path in &listing.segments {
        match Segment::open(path) {
            Ok(segment) => {
                let footer = segment.footer();
                add(footer.entries, footer.oldest, footer.newest);
            }
            Err(SegmentError::Damaged(_)) => damaged_files += 1,
            // A merge of another process took it away meanwhile.
            Err(SegmentError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(SegmentError::Io(error)) => return Err(CacheError::at(path)(error)),
        }
    }
    for path in &listing.journals {
        // As above.
        let contents = read_journal(path).unwrap_or_default();
        contents.records.iter().for_each(|record| add(1, record.day, record.day));
        damaged_files += u64::from(contents.damaged > 0);
    }
    stats.damaged_files = damaged_files;
    stats.bytes = bytes_of(folder)?;
    Ok(stats)
}

/// Drops all scores stored before `today` minus `max_age_days` for good, merges what is left, and deletes
/// damaged files that were moved aside. What runs in progress are writing is left to them.
///
/// # Errors
/// [`CacheError::InUse`] if another process is merging a folder; [`CacheError::Io`] if the disk refuses.
pub fn prune(root: &Path, max_age_days: u32, today: u32) -> Result<Pruned, CacheError> {
    let first_day = today.saturating_sub(max_age_days);
    let mut pruned = Pruned::default();
    for folder in folders(root)? {
        pruned.bytes_before += bytes_of(&folder)?;
        let maintenance = Maintenance::begin(&folder)?.ok_or_else(|| CacheError::InUse { folder: folder.clone() })?;
        pruned.dropped += maintenance.rewrite(|record| (record.day >= first_day).then_some(record))?.dropped;
        remove(&Listing::of(&folder)?.damaged)?;
        pruned.bytes_after += bytes_of(&folder)?;
    }
    Ok(pruned)
}

/// Deletes all stored scores, of every engine and model. Strangers' files stay, with the folders that hold them.
///
/// # Errors
/// [`CacheError::InUse`] if a run in progress holds a journal or is merging (nothing of that folder is deleted; a run
/// that holds neither goes on unharmed and stores anew); [`CacheError::Io`] if the disk refuses.
pub fn clear(root: &Path) -> Result<Cleared, CacheError> {
    let mut cleared = Cleared::default();
    for folder in folders(root)? {
        let in_use = || CacheError::InUse { folder: folder.clone() };
        let stats = scorer_stats(&folder)?;
        let maintenance = Maintenance::begin(&folder)?.ok_or_else(in_use)?;
        let listing = Listing::of(&folder)?;
        let orphans =
            listing.journals.iter().map(|path| Orphan::take(path).map_err(CacheError::at(path))?.ok_or_else(in_use));
        let orphans = orphans.collect::<Result<Vec<_>, _>>()?;
        for paths in [&listing.segments, &listing.journals, &listing.unfinished, &listing.damaged] {
            remove(paths)?;
        }
        remove(&[folder.join(SCORER_FILE), folder.join(LOCK_FILE)])?;
        drop((orphans, maintenance));
        // Stays where a stranger put something into it.
        let _may_hold_others = std::fs::remove_dir(&folder);
        cleared.entries += stats.entries;
        cleared.bytes += stats.bytes;
    }
    let _may_hold_others = std::fs::remove_dir(root.join(FORMAT_FOLDER)).and_then(|()| std::fs::remove_dir(root));
    Ok(cleared)
}

/// The folders of all scorers in the cache at `root`: those with a file that says whose they are.
fn folders(root: &Path) -> Result<Vec<PathBuf>, CacheError> {
    let format = root.join(FORMAT_FOLDER);
    let entries = match std::fs::read_dir(&format) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CacheError::at(&format)(error)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(CacheError::at(&format))?.path();
        if path.join(SCORER_FILE).is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn bytes_of(folder: &Path) -> Result<u64, CacheError> {
    let entries = std::fs::read_dir(folder).map_err(CacheError::at(folder))?;
    // A file that a merge took away meanwhile has no size.
    Ok(entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum())
}

fn remove(paths: &[PathBuf]) -> Result<(), CacheError> {
    for path in paths {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(CacheError::at(path)(error)),
            _ => {}
        }
    }
    Ok(())
}
