//! The thread that makes answers durable, so that scoring never waits for a disk.
//!
//! It takes records from a bounded channel and appends them to this process's journal at once: from there on
//! they survive a kill of the process. It asks the disk to keep them against a loss of power after at most
//! [`SYNC_INTERVAL`]. When enough have gathered they are sorted into a segment, and segments are merged beside.
//! A disk that is full or gone costs durability, not the run: what could not be appended is tried again.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::CacheError;
use super::age::Sweep;
use super::folder;
use super::journal::Journal;
use super::key::Scorer;
use super::merge::{self, Maintenance};
use super::record::Record;
use super::segment::write_segment;
use super::view::View;

/// How long an answer may wait until the disk is asked to keep it.
pub(super) const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// How many records are appended in one write at most.
const APPEND_RECORDS: usize = 1024;
/// How many times the records of a segment may gather in memory while segments can't be written.
const GATHERING_LIMIT: usize = 4;

/// What the thread is asked to do.
pub(super) enum Order {
    /// Keep this.
    Record(Record),
    /// Make everything before this durable, and say so.
    Flush(SyncSender<Result<(), CacheError>>),
    /// Flush, then sort and merge what is there, and end.
    Close(SyncSender<Result<(), CacheError>>),
}

/// The thread's state.
pub(super) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) scorer: Scorer,
    pub(super) view: Arc<View>,
    pub(super) segment_entries: usize,
    sweep: Sweep,
    journal: Option<Journal>,
    /// Taken from the channel, not yet appended.
    waiting: Vec<Record>,
    unsynced_since: Option<Instant>,
    merging: Option<JoinHandle<()>>,
    stop_merging: Arc<AtomicBool>,
    /// Records given up.
    lost: u64,
    /// How often in a row a segment could not be written.
    failed_sorts: usize,
    failing: bool,
}

impl Writer {
    pub(super) fn new(folder: PathBuf, scorer: Scorer, view: Arc<View>, segment_entries: usize, sweep: Sweep) -> Self {
        Self {
            folder,
            scorer,
            view,
            segment_entries,
            sweep,
            journal: None,
            waiting: Vec::new(),
            unsynced_since: None,
            merging: None,
            stop_merging: Arc::default(),
            lost: 0,
            failed_sorts: 0,
            failing: false,
        }
    }

    /// Serves `orders` until told to close, or until nobody can give any.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        if self.folder.exists() {
            self.merge_beside();
        }
        loop {
            match self.wait(orders) {
                Ok(order) => {
                    if self.serve(order, orders) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let kept = self.append().and_then(|()| self.sync());
                    self.note(kept);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let kept = self.append().and_then(|()| self.sync());
                    self.note(kept);
                    self.stop_merging.store(true, Ordering::Relaxed);
                    self.join_merge();
                    return;
                }
            }
        }
    }

    /// The next order, or a time-out when something waits for the disk for too long.
    fn wait(&self, orders: &Receiver<Order>) -> Result<Order, RecvTimeoutError> {
        let waits = if self.waiting.is_empty() { self.unsynced_since } else { Some(Instant::now()) };
        match waits {
            Some(since) => orders.recv_timeout(SYNC_INTERVAL.saturating_sub(since.elapsed())),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Does what `order` asks, with all records that wait behind it; whether the thread is to end.
    fn serve(&mut self, order: Order, orders: &Receiver<Order>) -> bool {
        let mut order = Some(order);
        while let Some(Order::Record(record)) = order {
            self.waiting.push(record);
            order = if self.waiting.len() < APPEND_RECORDS { orders.try_recv().ok() } else { None };
        }
        let mut kept = self.append();
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL) {
            kept = kept.and_then(|()| self.sync());
        }
        let kept = kept.and(self.make_room());
        // An asker who did not wait for the answer needs none.
        match order {
            Some(Order::Flush(answer)) => {
                drop(answer.send(kept.and_then(|()| self.sync()).and_then(|()| self.all_kept())));
            }
            Some(Order::Close(answer)) => {
                drop(answer.send(kept.and_then(|()| self.close()).and_then(|()| self.all_kept())));
                return true;
            }
            _ => self.note(kept),
        }
        false
    }

    /// Appends what waits to the journal, which is created by the first record.
    fn append(&mut self) -> Result<(), CacheError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let kept = self.append_to_journal();
        if kept.is_ok() {
            self.waiting.clear();
            self.unsynced_since.get_or_insert_with(Instant::now);
        }
        kept
    }

    fn append_to_journal(&mut self) -> Result<(), CacheError> {
        let journal = match &mut self.journal {
            Some(journal) => journal,
            empty => {
                folder::create(&self.folder, &self.scorer).map_err(CacheError::at(&self.folder))?;
                empty.insert(Journal::create(&self.folder).map_err(CacheError::at(&self.folder))?)
            }
        };
        journal.append(&self.waiting).map_err(CacheError::at(&self.folder))
    }

    fn sync(&mut self) -> Result<(), CacheError> {
        if let (Some(journal), Some(_)) = (&self.journal, self.unsynced_since) {
            journal.sync().map_err(CacheError::at(&self.folder))?;
        }
        self.unsynced_since = None;
        Ok(())
    }

    fn all_kept(&self) -> Result<(), CacheError> {
        if self.lost == 0 { Ok(()) } else { Err(CacheError::Lost { records: self.lost }) }
    }

    /// Sorts what has gathered into a segment once it is enough for one, or for one more each time that failed.
    fn make_room(&mut self) -> Result<(), CacheError> {
        if self.view.fresh_entries() < self.segment_entries * (1 + self.failed_sorts) {
            return Ok(());
        }
        let sorted = self.sort_into_segment();
        if sorted.is_ok() {
            self.failed_sorts = 0;
            self.merge_beside();
            return Ok(());
        }
        self.failed_sorts += 1;
        if self.failed_sorts == GATHERING_LIMIT {
            // Memory stays bounded. What the journal holds is left for a later run to take over.
            self.view.forget_fresh();
            self.lost += self.waiting.len() as u64;
            self.waiting.clear();
            self.journal = None;
            self.failed_sorts = 0;
        }
        sorted
    }

    fn sort_into_segment(&mut self) -> Result<(), CacheError> {
        let records = merge::sorted(self.view.freeze());
        let never = AtomicBool::new(false);
        // The folder again as well: somebody may have deleted it meanwhile.
        let written = folder::create(&self.folder, &self.scorer)
            .and_then(|()| write_segment(&self.folder, records.into_iter(), &never));
        match written {
            Ok(segment) => self.view.replace_frozen(segment),
            Err(error) => {
                self.view.thaw();
                return Err(CacheError::at(&self.folder)(error));
            }
        }
        self.waiting.clear();
        self.unsynced_since = None;
        self.remove_journal()
    }

    /// Deletes the journal, all of whose records lie in segments.
    fn remove_journal(&mut self) -> Result<(), CacheError> {
        match self.journal.take() {
            Some(journal) => journal.remove().or_else(gone).map_err(CacheError::at(&self.folder)),
            None => Ok(()),
        }
    }

    /// Starts a merge in a thread of its own, unless one is running.
    fn merge_beside(&mut self) {
        if self.merging.as_ref().is_some_and(|merging| !merging.is_finished()) {
            return;
        }
        self.join_merge();
        let (folder, view, stop) = (self.folder.clone(), Arc::clone(&self.view), Arc::clone(&self.stop_merging));
        let sweep = self.sweep;
        self.merging = Some(std::thread::spawn(move || {
            if let Err(error) = tidy(&folder, &view, sweep, &stop) {
                tracing::debug!(%error, "the cache was not merged");
            }
        }));
    }

    fn join_merge(&mut self) {
        if let Some(merging) = self.merging.take() {
            // A merge that panicked has reported itself, and leaves nothing behind that counts.
            drop(merging.join());
        }
    }

    fn close(&mut self) -> Result<(), CacheError> {
        self.sync()?;
        if self.view.fresh_entries() > 0 {
            self.sort_into_segment()?;
        } else if self.journal.is_some() {
            // It holds only what was sorted between its recording and its arrival here.
            self.remove_journal()?;
        }
        self.join_merge();
        if self.folder.exists() { tidy(&self.folder, &self.view, self.sweep, &self.stop_merging) } else { Ok(()) }
    }

    /// Remembers a failure for whoever asks, and tells of it when it begins and when it ends.
    fn note(&mut self, kept: Result<(), CacheError>) {
        match kept {
            Ok(()) => self.failing = false,
            Err(error) => {
                if !self.failing {
                    let cause = error.source().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!("scores can't be kept for now, the run goes on and tries again: {error}: {cause}");
                }
                self.failing = true;
                self.view.set_failure(error);
            }
        }
    }
}

/// A file that somebody else deleted is as good as deleted.
fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Takes over, repairs and merges what lies in `folder`, and shows the result to look-ups.
fn tidy(folder: &std::path::Path, view: &View, sweep: Sweep, stop: &AtomicBool) -> Result<(), CacheError> {
    let Some(maintenance) = Maintenance::begin(folder)? else { return Ok(()) };
    let merged = maintenance.tidy(&view.damaged_segments(), sweep, stop)?;
    view.replace_segments(merged);
    Ok(())
}
