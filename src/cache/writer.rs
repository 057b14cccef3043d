//! The thread that makes answers durable, so that scoring never waits for a disk.
//!
//! It takes answers from a bounded channel and commits what has gathered, in one transaction at a time: one answer alone
//! within a millisecond, many together at the rate at which the disk takes them. A committed answer survives a kill of
//! the process; the disk is asked to keep it against a loss of power after at most [`SYNC_INTERVAL`]. A disk that is
//! full or gone costs durability, not the run: what could not be committed is tried again.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior, params};

use super::age::Sweep;
use super::database::{self, Database, Opened};
use super::key::{Key, Scorer};
use super::swaps::Verdict;
use super::{CacheError, CacheOptions, answer};
use crate::sentiment::Scores;

/// How long an answer may wait until the disk is asked to keep it.
pub(super) const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Answers in one transaction at most.
const COMMIT_ROWS: usize = 16_384;
/// Answers that may wait for a disk that refuses, at 32 bytes each. Beyond, they are given up.
const HELD_ROWS: usize = if cfg!(test) { 256 } else { 262_144 };

/// What the thread is asked to do.
pub(super) enum Order {
    /// Keep this.
    Record(Key, Scores),
    /// Make everything before this durable, and report it.
    Flush(SyncSender<Result<(), CacheError>>),
    /// Keep everything before this, then judge what is not settled.
    Judge(Verdict, SyncSender<Result<(), CacheError>>),
    /// Flush, drop what expired, and end.
    Close(SyncSender<Result<(), CacheError>>),
}

/// The thread's state.
pub(super) struct Writer {
    database: Arc<Database>,
    scorer: Scorer,
    /// Where the scorer's model may be swapped; `None` for one that is sure.
    place: Option<String>,
    options: CacheOptions,
    /// `None` before the first answer, and after a failure.
    opened: Option<Opened>,
    /// Taken from the channel, not yet committed.
    waiting: Vec<(Key, Scores)>,
    unsynced_since: Option<Instant>,
    /// Answers given up.
    lost: u64,
    failing: bool,
}

impl Writer {
    pub(super) fn new(
        database: Arc<Database>,
        (scorer, place): (Scorer, Option<String>),
        options: CacheOptions,
        opened: Option<Opened>,
    ) -> Self {
        let waiting = Vec::new();
        Self { database, scorer, place, options, opened, waiting, unsynced_since: None, lost: 0, failing: false }
    }

    /// Serves `orders` until one closes, or until nobody can give any.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match self.wait(orders) {
                Ok(order) => {
                    if self.serve(order, orders) {
                        break;
                    }
                }
                Err(ended) => {
                    let kept = self.commit().and_then(|()| self.sync());
                    self.note(&kept);
                    if ended == RecvTimeoutError::Disconnected {
                        break;
                    }
                }
            }
        }
        if let Some(opened) = self.opened {
            self.database.close(opened);
        }
    }

    /// The next order, or a time-out when something waits for the disk for too long.
    fn wait(&self, orders: &Receiver<Order>) -> Result<Order, RecvTimeoutError> {
        let since = if self.waiting.is_empty() { self.unsynced_since } else { Some(Instant::now()) };
        match since {
            Some(since) => orders.recv_timeout(SYNC_INTERVAL.saturating_sub(since.elapsed())),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Does what `order` asks, with all answers that wait behind it; whether the thread is to end.
    fn serve(&mut self, order: Order, orders: &Receiver<Order>) -> bool {
        let mut order = Some(order);
        while let Some(Order::Record(key, scores)) = order {
            self.waiting.push((key, scores));
            order = if self.waiting.len() < COMMIT_ROWS { orders.try_recv().ok() } else { None };
        }
        let mut kept = self.commit();
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL) {
            kept = kept.and_then(|()| self.sync());
        }
        // An asker who did not wait for the answer needs none.
        match order {
            Some(Order::Flush(answer)) => {
                drop(answer.send(kept.and_then(|()| self.sync()).and_then(|()| self.all_kept())));
                self.release_pages();
                false
            }
            Some(Order::Judge(verdict, answer)) => {
                drop(answer.send(kept.and_then(|()| self.judge(verdict))));
                false
            }
            Some(Order::Close(answer)) => {
                let kept = kept.and_then(|()| self.sync()).and_then(|()| self.sweep());
                if let Some(opened) = self.opened.take() {
                    self.database.close(opened);
                }
                drop(answer.send(kept.and_then(|()| self.all_kept())));
                true
            }
            _ => {
                self.note(&kept);
                false
            }
        }
    }

    /// Commits what waits.
    fn commit(&mut self) -> Result<(), CacheError> {
        if self.waiting.is_empty() && !self.database.is_suspect() {
            return Ok(());
        }
        // Stable: of two answers to one key, the later one counts.
        self.waiting.sort_by_key(|(key, _)| *key);
        let mut kept = self.try_commit();
        if kept.as_ref().is_err_and(CacheError::is_damage) {
            self.database.suspect();
            kept = self.try_commit();
        }
        if kept.is_ok() {
            self.waiting.clear();
            self.unsynced_since.get_or_insert_with(Instant::now);
        } else {
            self.opened = None;
            if self.waiting.len() >= HELD_ROWS {
                self.lost += self.waiting.len() as u64;
                self.waiting.clear();
            }
        }
        kept
    }

    /// Commits what waits, to a new file if there is none; mends a damaged one first.
    fn try_commit(&mut self) -> Result<(), CacheError> {
        for _attempt in 0..2 {
            if self.database.is_suspect() {
                self.opened = None;
                self.opened = Some(self.database.mend()?);
            } else if self.opened.as_ref().is_some_and(|opened| !self.database.is_still(opened)) {
                // Somebody deleted it under the run, or found it damaged and put another one in its place.
                self.opened = None;
            }
            let opened = match &mut self.opened {
                Some(opened) => opened,
                empty => empty.insert(self.database.open()?),
            };
            let inserted = insert(
                &mut opened.connection,
                (&self.scorer, self.place.as_deref()),
                self.options.today,
                &self.waiting,
            );
            inserted.map_err(CacheError::in_file(self.database.file()))?;
            // Unless it was replaced while this waited for whoever mended it.
            if self.database.is_still(opened) {
                break;
            }
        }
        Ok(())
    }

    fn judge(&mut self, verdict: Verdict) -> Result<(), CacheError> {
        let (Some(Opened { connection, .. }), Some(place)) = (&mut self.opened, &self.place) else { return Ok(()) };
        verdict.apply(connection, &self.scorer, place).map_err(CacheError::in_file(self.database.file()))
    }

    fn sync(&mut self) -> Result<(), CacheError> {
        if self.unsynced_since.is_some() {
            self.database.sync().map_err(CacheError::at(self.database.file()))?;
        }
        self.unsynced_since = None;
        Ok(())
    }

    /// Drops what expired, if it is time; mends the file if it turns out to be damaged.
    fn sweep(&mut self) -> Result<(), CacheError> {
        let Some(Opened { connection, .. }) = &self.opened else { return Ok(()) };
        let CacheOptions { today, max_age_days, .. } = self.options;
        let swept = Sweep::due(connection, today, max_age_days)
            .and_then(|sweep| sweep.map_or(Ok(0), |sweep| sweep.apply(connection)));
        match swept {
            Err(error) if database::is_damage(&error) => {
                self.database.suspect();
                self.commit()
            }
            swept => swept.map(drop).map_err(CacheError::in_file(self.database.file())),
        }
    }

    /// Gives the memory for pages back: after a flush, others need it.
    fn release_pages(&self) {
        if let Some(Opened { connection, .. }) = &self.opened
            && let Err(error) = connection.execute_batch("PRAGMA shrink_memory")
        {
            tracing::debug!(%error, "the score cache keeps its pages in memory");
        }
    }

    fn all_kept(&self) -> Result<(), CacheError> {
        if self.lost == 0 { Ok(()) } else { Err(CacheError::Lost { scores: self.lost }) }
    }

    /// Warns of a failure when it begins.
    fn note(&mut self, kept: &Result<(), CacheError>) {
        if let Err(error) = kept
            && !self.failing
        {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!("scores can't be kept for now, the run goes on and tries again: {error}: {cause}");
        }
        self.failing = kept.is_err();
    }
}

/// Stores `answers` of `scorer` on `day` in one transaction. One that is there already is replaced. Those of a scorer at a
/// place are not settled.
pub(super) fn insert(
    connection: &mut Connection,
    (scorer, place): (&Scorer, Option<&str>),
    day: u32,
    answers: &[(Key, Scores)],
) -> rusqlite::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let names = params![scorer.engine, scorer.model];
    transaction.execute("INSERT OR IGNORE INTO scorers (engine, model) VALUES (?1, ?2)", names)?;
    let id: i64 =
        transaction.query_row("SELECT id FROM scorers WHERE engine = ?1 AND model = ?2", names, |row| row.get(0))?;
    transaction.execute("INSERT OR IGNORE INTO days VALUES (?1)", [day])?;
    {
        let mut insert = transaction.prepare("INSERT OR REPLACE INTO scores VALUES (?1, ?2, ?3, ?4)")?;
        for &(key, scores) in answers {
            insert.execute(params![key.as_bytes(), answer::encode(key, scores), day, id])?;
        }
        if let Some(place) = place {
            let mut unsettled = transaction.prepare("INSERT OR REPLACE INTO unsettled VALUES (?1, ?2, ?3, 0)")?;
            for (key, _) in answers {
                unsettled.execute(params![key.as_bytes(), id, place])?;
            }
        }
    }
    transaction.commit()
}
