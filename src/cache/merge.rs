//! Keeping a folder's files few: what dead processes left is taken over, damage repaired, like merged with like.
//!
//! Only the holder of the folder's maintenance lock deletes files of others. Nobody waits for it: a process
//! that finds it taken goes on without merging. A new segment is in place, flushed and renamed, before
//! the files that it was made of go, and a file of which a part could not be read is moved aside, never deleted.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use super::CacheError;
use super::age::Sweep;
use super::folder::{DAMAGED_SUFFIX, Listing};
use super::journal::Orphan;
use super::record::Record;
use super::segment::{Segment, SegmentError, write_segment};

/// What is locked while files of others are merged or deleted.
pub(super) const LOCK_FILE: &str = "maintenance.lock";
/// A segment is merged with the smaller ones once it holds no more than this many times their entries.
///
/// So each segment is more than four times as large as all smaller ones together: ten million entries lie in
/// five segments or so at most, and most of them in the one that is searched first.
const MERGE_RATIO: u64 = 4;

/// The right to merge and delete what other processes left in a folder.
#[derive(Debug)]
pub(super) struct Maintenance<'a> {
    folder: &'a Path,
    _locked: File,
}

/// What a merge changed.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The new segment, unless nothing was left to write.
    pub(super) added: Option<Segment>,
    /// The files whose records the new segment holds.
    pub(super) removed: BTreeSet<PathBuf>,
    /// Records left out.
    pub(super) dropped: u64,
}

/// A segment to be merged.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Input {
    /// Records that it must bring for its file to be deleted rather than moved aside; `None` if it is known to be damaged.
    entries: Option<u64>,
    path: PathBuf,
    /// Whether it is to be written anew for the age of its records.
    due: bool,
}

impl<'a> Maintenance<'a> {
    /// Takes the maintenance lock of `folder`; `None` while another process holds it, or where locks are unsupported.
    pub(super) fn begin(folder: &'a Path) -> Result<Option<Self>, CacheError> {
        let path = folder.join(LOCK_FILE);
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(CacheError::at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { folder, _locked: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(folder = %folder.display(), %error, "the cache can't be merged without locks");
                Ok(None)
            }
        }
    }

    /// Takes over what dead processes left, repairs damaged segments, and merges segments that have become alike in
    /// size, or that `sweep` finds due, without what it drops.
    pub(super) fn tidy(
        &self,
        met_damage: &BTreeSet<PathBuf>,
        sweep: Sweep,
        stop: &AtomicBool,
    ) -> Result<Merged, CacheError> {
        let listing = Listing::of(self.folder)?;
        remove_unfinished(&listing.unfinished);
        let mut segments = inputs(listing.segments, met_damage, sweep)?;
        let orphans = Orphans::take(&listing.journals)?;
        let mut gathered = orphans.records.len() as u64;
        // Sorted, so that damaged ones come first and the others by size.
        let alike = segments.iter().take_while(|segment| {
            let entries = segment.entries.unwrap_or(0);
            let alike = gathered == 0 || entries <= gathered.saturating_mul(MERGE_RATIO);
            gathered += entries;
            alike
        });
        let alike = alike.count();
        let mut place = 0..;
        segments.retain(|segment| place.next().is_some_and(|place| place < alike) || segment.due);
        let undamaged = segments.iter().filter(|segment| segment.entries.is_some()).count();
        if undamaged == 1 && orphans.records.is_empty() {
            // Nothing to merge it with.
            segments.pop_if(|segment| !segment.due);
        }
        if segments.is_empty() && orphans.journals.is_empty() {
            return Ok(Merged::default());
        }
        self.merge(&segments, orphans, |record| sweep.apply(record), stop)
    }

    /// Merges everything into one segment without the records that `keep` refuses.
    pub(super) fn rewrite(&self, keep: impl Fn(Record) -> Option<Record>) -> Result<Merged, CacheError> {
        let listing = Listing::of(self.folder)?;
        remove_unfinished(&listing.unfinished);
        let orphans = Orphans::take(&listing.journals)?;
        let segments = inputs(listing.segments, &BTreeSet::new(), Sweep::NOTHING)?;
        self.merge(&segments, orphans, keep, &AtomicBool::new(false))
    }

    fn merge(
        &self,
        segments: &[Input],
        orphans: Orphans,
        keep: impl Fn(Record) -> Option<Record>,
        stop: &AtomicBool,
    ) -> Result<Merged, CacheError> {
        let mut merged = Merged::default();
        let counts: Vec<Rc<Cell<u64>>> = segments.iter().map(|_| Rc::default()).collect();
        let mut sources: Vec<Source> = vec![Box::new(orphans.records.into_iter())];
        for (Input { path, .. }, count) in segments.iter().zip(&counts) {
            let count = Rc::clone(count);
            let records = Segment::read_records(path).map_err(CacheError::at(path))?;
            sources.push(Box::new(records.inspect(move |_| count.update(|count| count + 1))));
        }
        let dropped = &mut merged.dropped;
        let kept = newest_of_each(sources).filter_map(|record| {
            let kept = keep(record);
            *dropped += u64::from(kept.is_none());
            kept
        });
        merged.added = write_segment(self.folder, kept, stop).map_err(CacheError::at(self.folder))?;
        for (Input { path, entries, .. }, count) in segments.iter().zip(&counts) {
            let done = if entries.is_some_and(|entries| count.get() == entries) {
                std::fs::remove_file(path)
            } else {
                tracing::warn!(file = %path.display(), kept = count.get(), "damaged scores were moved aside, the rest kept");
                std::fs::rename(path, path.with_extension(DAMAGED_SUFFIX))
            };
            done.map_err(CacheError::at(path))?;
            merged.removed.insert(path.clone());
        }
        for orphan in orphans.journals {
            orphan.finish().map_err(CacheError::at(self.folder))?;
        }
        Ok(merged)
    }
}

/// The segments at `paths`, the damaged ones first, then by size.
fn inputs(paths: Vec<PathBuf>, met_damage: &BTreeSet<PathBuf>, sweep: Sweep) -> Result<Vec<Input>, CacheError> {
    let mut inputs = Vec::new();
    for path in paths {
        let (entries, due) = match Segment::open(&path) {
            Ok(segment) => {
                let footer = segment.footer();
                ((!met_damage.contains(&path)).then_some(footer.entries), sweep.is_due(&footer))
            }
            Err(SegmentError::Damaged(_)) => (None, false),
            Err(SegmentError::Io(error)) => return Err(CacheError::at(&path)(error)),
        };
        inputs.push(Input { entries, path, due });
    }
    inputs.sort();
    Ok(inputs)
}

/// What dead processes left.
struct Orphans {
    /// Held until their records lie in a segment.
    journals: Vec<Orphan>,
    /// Their records in key order, one for each key.
    records: Vec<Record>,
}

impl Orphans {
    fn take(journals: &[PathBuf]) -> Result<Self, CacheError> {
        let mut orphans = Self { journals: Vec::new(), records: Vec::new() };
        for path in journals {
            match Orphan::take(path) {
                Ok(Some(orphan)) => {
                    orphans.records.extend_from_slice(orphan.records());
                    orphans.journals.push(orphan);
                }
                Ok(None) => {}
                // Its owner ended and cleared up between listing and opening.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(CacheError::at(path)(error)),
            }
        }
        orphans.records = sorted(orphans.records);
        Ok(orphans)
    }
}

/// `records` in key order, the newest of each key.
pub(super) fn sorted(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| newness(b).cmp(&newness(a))));
    records.dedup_by_key(|record| record.key);
    records
}

/// What decides between two answers to one key: the day, then the bytes, so that all processes decide alike.
fn newness(record: &Record) -> impl Ord + use<> {
    (record.day, record.encode())
}

type Source = Box<dyn Iterator<Item = Record>>;

/// Merges sources in key order, keeping the newest record of each key.
fn newest_of_each(mut sources: Vec<Source>) -> impl Iterator<Item = Record> {
    let mut heads: Vec<Option<Record>> = sources.iter_mut().map(Iterator::next).collect();
    std::iter::from_fn(move || {
        let key = heads.iter().flatten().map(|record| record.key).min()?;
        let mut newest: Option<Record> = None;
        for (head, source) in heads.iter_mut().zip(&mut sources) {
            if let Some(record) = head.filter(|record| record.key == key) {
                newest = Some(newest.filter(|best| newness(best) >= newness(&record)).unwrap_or(record));
                *head = source.next();
            }
        }
        newest
    })
}

/// Deletes what killed processes were writing; what a live one is writing is locked.
fn remove_unfinished(paths: &[PathBuf]) {
    for path in paths {
        if File::open(path).is_ok_and(|file| file.try_lock().is_ok()) {
            drop(std::fs::remove_file(path));
        }
    }
}
