//! Rows kept by call until all files are read.
//!
//! Rows of a call may lie anywhere, so rows are sorted into partitions by a hash of their call id: all rows of a
//! call are in one, and one partition at a time is small enough to be grouped in memory. Each partition holds a
//! bounded buffer; what is beyond it goes to one anonymous temporary file, which the operating system deletes
//! when it is closed, however the program ends. Where there is such a file, it has all rows once reading has ended.
//!
//! Rows are sorted by a thread of their own while the next ones are read, from so many on that it pays.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rustc_hash::FxHasher;

use super::row::{Row, call_id_at};

/// Into how many partitions rows are sorted: 10 GB of rows give some 40 MB each, which is what is grouped at a time.
pub(super) const PARTITIONS: usize = 256;
/// A smaller buffer would make the temporary file's writes too small.
const MIN_BUFFER_BYTES: usize = 4 << 10;
/// Room for the row that fills a buffer; a longer one makes the buffer grow for a moment.
const ROW_BYTES: usize = 4 << 10;
/// Rows are handed to the sorting thread in pieces of so many bytes.
const BATCH_BYTES: usize = 256 << 10;
/// How many pieces may wait for it.
const BATCHES_WAITING: usize = 4;

/// Takes rows in.
pub(super) struct Store {
    /// The latest rows, one after the other.
    batch: Vec<u8>,
    /// A partition's buffer is written out when it holds so many bytes.
    buffer_bytes: usize,
    /// From the first full batch on.
    sorter: Option<Sorter>,
}

impl Store {
    /// A store that keeps about `memory_bytes` of rows in memory.
    pub(super) fn new(memory_bytes: usize) -> Self {
        let buffer_bytes = (memory_bytes / PARTITIONS).max(MIN_BUFFER_BYTES);
        Self { batch: Vec::new(), buffer_bytes, sorter: None }
    }

    /// # Errors
    /// What the temporary file says, perhaps of rows pushed before.
    pub(super) fn push(&mut self, row: &Row<'_>) -> io::Result<()> {
        row.put(&mut self.batch);
        if self.batch.len() < BATCH_BYTES {
            return Ok(());
        }
        let sorter = match &mut self.sorter {
            Some(sorter) => sorter,
            none => none.insert(Sorter::start(Partitions::new(self.buffer_bytes))?),
        };
        let empty = sorter.empty_batch();
        if sorter.sort(std::mem::replace(&mut self.batch, empty)) {
            return Ok(());
        }
        self.sorter.take().map_or(Ok(()), |sorter| sorter.finish().map(drop))
    }

    /// All rows, to be read. Where some are in the temporary file, the others go there too, and their buffers are given back.
    ///
    /// # Errors
    /// What the temporary file says.
    pub(super) fn finish(self) -> io::Result<Stored> {
        let mut partitions = match self.sorter {
            Some(sorter) => sorter.finish()?,
            None => Partitions::new(self.buffer_bytes),
        };
        partitions.sort(&self.batch)?;
        partitions.finish()
    }
}

/// The thread that sorts batches of rows into partitions.
struct Sorter {
    batches: SyncSender<Vec<u8>>,
    /// Batches that were sorted, emptied.
    empty: Receiver<Vec<u8>>,
    thread: JoinHandle<io::Result<Partitions>>,
}

impl Sorter {
    fn start(mut partitions: Partitions) -> io::Result<Self> {
        let (batches, waiting) = sync_channel::<Vec<u8>>(BATCHES_WAITING);
        let (done, empty) = sync_channel(BATCHES_WAITING);
        let sort = move || {
            for mut batch in waiting {
                partitions.sort(&batch)?;
                batch.clear();
                batch.shrink_to(BATCH_BYTES + ROW_BYTES);
                // Where enough are empty already this one is given back to the system.
                let _ = done.try_send(batch);
            }
            Ok(partitions)
        };
        let thread = std::thread::Builder::new().name("sort rows".into()).spawn(sort)?;
        Ok(Self { batches, empty, thread })
    }

    fn empty_batch(&self) -> Vec<u8> {
        self.empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(BATCH_BYTES + ROW_BYTES))
    }

    /// Hands a batch over; `false` if the thread has ended, which it does at its first error.
    fn sort(&self, batch: Vec<u8>) -> bool {
        self.batches.send(batch).is_ok()
    }

    /// # Errors
    /// What the temporary file said.
    fn finish(self) -> io::Result<Partitions> {
        drop(self.batches);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Rows by partition: the latest of each in memory, the others in the temporary file.
struct Partitions {
    partitions: Vec<Partition>,
    buffer_bytes: usize,
    scratch: Option<File>,
    scratch_bytes: u64,
}

/// One partition: its latest rows, and where the earlier ones lie in the temporary file.
#[derive(Default)]
struct Partition {
    latest: Vec<u8>,
    written: Vec<Segment>,
}

/// A piece of the temporary file.
#[derive(Clone, Copy)]
struct Segment {
    offset: u64,
    bytes: usize,
}

impl Partitions {
    fn new(buffer_bytes: usize) -> Self {
        let partitions = std::iter::repeat_with(Partition::default).take(PARTITIONS).collect();
        Self { partitions, buffer_bytes, scratch: None, scratch_bytes: 0 }
    }

    /// Sorts rows, as [`Row::put`] writes them, into their partitions.
    fn sort(&mut self, rows: &[u8]) -> io::Result<()> {
        let mut offset = 0;
        while offset < rows.len() {
            let (call_id, next) = call_id_at(rows, offset).ok_or(io::ErrorKind::InvalidData)?;
            self.push(partition_of(call_id), &rows[offset..next])?;
            offset = next;
        }
        Ok(())
    }

    fn push(&mut self, number: usize, row: &[u8]) -> io::Result<()> {
        let latest = &mut self.partitions[number].latest;
        if latest.capacity() == 0 {
            // In one piece: a buffer that grows step by step is copied at each.
            latest.reserve_exact(self.buffer_bytes + ROW_BYTES);
        }
        latest.extend_from_slice(row);
        if latest.len() < self.buffer_bytes {
            return Ok(());
        }
        self.put_aside(number)?;
        // One huge row must not keep its room.
        self.partitions[number].latest.shrink_to(self.buffer_bytes + ROW_BYTES);
        Ok(())
    }

    /// Writes the buffer of partition `number` out.
    fn put_aside(&mut self, number: usize) -> io::Result<()> {
        let scratch = match &mut self.scratch {
            Some(scratch) => scratch,
            none => none.insert(tempfile::tempfile()?),
        };
        let Partition { latest, written } = &mut self.partitions[number];
        scratch.write_all(latest)?;
        written.push(Segment { offset: self.scratch_bytes, bytes: latest.len() });
        self.scratch_bytes += latest.len() as u64;
        latest.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<Stored> {
        if self.scratch.is_some() {
            for number in 0..PARTITIONS {
                self.put_aside(number)?;
                self.partitions[number].latest = Vec::new();
            }
        }
        Ok(Stored { partitions: self.partitions, scratch: Mutex::new(self.scratch) })
    }
}

/// Hands rows out again, a partition at a time, any number of times.
pub(super) struct Stored {
    partitions: Vec<Partition>,
    scratch: Mutex<Option<File>>,
}

impl Stored {
    /// Reads the rows of partition `number` into `rows`, in the order in which they were pushed.
    ///
    /// # Errors
    /// What the temporary file says.
    pub(super) fn load(&self, number: usize, rows: &mut Vec<u8>) -> io::Result<()> {
        let partition = &self.partitions[number];
        rows.resize(partition.written.iter().map(|segment| segment.bytes).sum(), 0);
        if !rows.is_empty() {
            let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
            let scratch = scratch.as_mut().ok_or(io::ErrorKind::NotFound)?;
            let mut rest = rows.as_mut_slice();
            for segment in &partition.written {
                let (piece, after) = rest.split_at_mut(segment.bytes);
                scratch.seek(SeekFrom::Start(segment.offset))?;
                scratch.read_exact(piece)?;
                rest = after;
            }
        }
        rows.extend_from_slice(&partition.latest);
        Ok(())
    }
}

fn partition_of(call_id: &[u8]) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(call_id);
    // Bits from the middle: hash maps of the rows of one partition go by the lowest and the highest.
    usize::try_from((hasher.finish() >> 32) % PARTITIONS as u64).expect("a partition's number is below 256")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::row::{Attributes, Body, row_at};
    use crate::transcript::Role;

    fn ids(memory_bytes: usize, rows: u64) -> Vec<Vec<(String, u64)>> {
        let mut store = Store::new(memory_bytes);
        for number in 0..rows {
            let row = Row {
                call_id: &format!("call {}", number % 1000),
                place: (0, number),
                index: None,
                start: None,
                end: None,
                attributes: Attributes::default(),
                body: Body::Turn(Role::Agent, &"words ".repeat(20)),
            };
            store.push(&row).unwrap();
            assert!(number > 0 || store.sorter.is_none(), "one row is no batch");
        }
        assert!(store.sorter.is_some());
        let stored = store.finish().unwrap();
        let was_written = stored.scratch.lock().unwrap().is_some();
        assert_eq!(was_written, memory_bytes == 0);
        assert_eq!(stored.partitions.iter().all(|partition| partition.latest.capacity() == 0), was_written);
        let read = |number| {
            let mut bytes = vec![7; 5];
            stored.load(number, &mut bytes).unwrap();
            let mut rows = Vec::new();
            let mut offset = 0;
            while offset < bytes.len() {
                let (row, next) = row_at(&bytes, offset).unwrap();
                rows.push((row.call_id.to_owned(), row.place.1));
                offset = next;
            }
            rows
        };
        let first: Vec<_> = (0..PARTITIONS).map(read).collect();
        assert_eq!(first, (0..PARTITIONS).map(read).collect::<Vec<_>>(), "rows can be read again");
        first
    }

    #[test]
    fn what_the_temporary_file_says_is_said_by_a_later_push_or_at_the_end() {
        let full = || {
            let mut partitions = Partitions::new(MIN_BUFFER_BYTES);
            // Not open for writing.
            partitions.scratch = Some(File::open("Cargo.toml").unwrap());
            Store { batch: Vec::new(), buffer_bytes: 0, sorter: Some(Sorter::start(partitions).unwrap()) }
        };
        let row = Row {
            call_id: "a call",
            place: (0, 0),
            index: None,
            start: None,
            end: None,
            attributes: Attributes::default(),
            body: Body::Turn(Role::Agent, "words"),
        };
        let mut store = full();
        assert!((0..1_000_000).any(|_| store.push(&row).is_err()));
        // Less than a batch.
        let mut store = full();
        (0..1000).for_each(|_| store.push(&row).unwrap());
        assert!(store.finish().is_err());
    }

    #[test]
    fn spilling_changes_nothing() {
        let in_memory = ids(1 << 30, 20_000);
        assert_eq!(in_memory, ids(0, 20_000));
        assert_eq!(in_memory.iter().map(Vec::len).sum::<usize>(), 20_000);
        let used = in_memory.iter().filter(|rows| !rows.is_empty()).count();
        assert!(used > PARTITIONS * 9 / 10, "ids spread over partitions: {used}");
    }
}
