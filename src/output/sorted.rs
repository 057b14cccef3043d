//! Rows in the order of their keys, however many there are.
//!
//! Rows are held in memory up to a budget, then sorted and put aside as one run of a temporary file without a name.
//! Reading merges the runs. Memory stays within the budget however long the table is, one file is open however
//! many runs there are, and the order of arrival leaves no trace in the output.
//!
//! Rows may also be kept in order with their keys, and those of several files be read as one table ([`MergedRows`]).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;

/// Bytes of rows that one sorter holds in memory before it puts them aside.
pub(crate) const MEMORY_BYTES: usize = 16 << 20;

/// The least buffer of a run that is being merged. The buffers share the sorter's budget down to this size; below it,
/// they take 1/4096 of the table.
const MIN_BUFFER_BYTES: usize = 4 << 10;

/// Where one row lies in the arena: its key, then its line.
#[derive(Clone, Copy)]
struct Slot {
    start: usize,
    key_length: u32,
    line_length: u32,
}

/// Collects encoded rows and gives them back sorted by key, equal keys in the order of their lines.
pub struct SortedRows {
    arena: Vec<u8>,
    slots: Vec<Slot>,
    /// Where the sorted runs lie, one after the other.
    file: Option<File>,
    runs: Vec<Range<u64>>,
    rows: u64,
    /// Bytes of all rows as they are put aside.
    bytes: u64,
    memory_bytes: usize,
}

impl Default for SortedRows {
    fn default() -> Self {
        Self::with_memory(MEMORY_BYTES)
    }
}

impl SortedRows {
    /// A sorter that holds about `memory_bytes` of rows.
    #[must_use]
    pub fn with_memory(memory_bytes: usize) -> Self {
        Self { arena: Vec::new(), slots: Vec::new(), file: None, runs: Vec::new(), rows: 0, bytes: 0, memory_bytes }
    }

    /// How many rows were pushed.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds one row; `write_line` appends its encoded line.
    ///
    /// # Errors
    /// When a temporary file can't be written.
    pub fn push(&mut self, key: &[u8], write_line: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let start = self.arena.len();
        self.arena.extend_from_slice(key);
        let line_start = self.arena.len();
        write_line(&mut self.arena);
        let slot = Slot { start, key_length: length(key.len())?, line_length: length(self.arena.len() - line_start)? };
        self.slots.push(slot);
        self.rows += 1;
        self.bytes += (2 * size_of::<u32>() + self.arena.len() - start) as u64;
        if self.arena.len() + self.slots.len() * size_of::<Slot>() > self.memory_bytes {
            self.put_aside()?;
        }
        Ok(())
    }

    /// How many bytes [`SortedRows::keep`] writes.
    #[must_use]
    pub(crate) const fn kept_bytes(&self) -> u64 {
        self.bytes
    }

    /// Hands every line to `write` in the order of the keys.
    ///
    /// # Errors
    /// When a temporary file can't be read, or `write` fails.
    pub fn drain(self, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.drain_keyed(|_, line| write(line))
    }

    /// Writes every row with its key, in order, as [`MergedRows`] reads it.
    ///
    /// # Errors
    /// When a temporary file can't be read, or `out` can't be written.
    pub(crate) fn keep(self, out: &mut dyn Write) -> io::Result<()> {
        self.drain_keyed(|key, line| put_row(out, key, line))
    }

    fn drain_keyed(mut self, mut write: impl FnMut(&[u8], &[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.file.is_some() && !self.slots.is_empty() {
            self.put_aside()?;
        }
        let Some(file) = self.file.take() else {
            self.sort();
            let arena = &self.arena;
            return self.slots.iter().try_for_each(|slot| write(key_of(arena, *slot), line_of(arena, *slot)));
        };
        let memory_bytes = self.memory_bytes;
        let runs = std::mem::take(&mut self.runs);
        drop(self);
        merge(&mut [file], &mut runs_of(runs.into_iter().map(|rest| (0, rest)), memory_bytes), write)
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        self.slots.sort_unstable_by(|a, b| {
            (key_of(arena, *a), line_of(arena, *a)).cmp(&(key_of(arena, *b), line_of(arena, *b)))
        });
    }

    fn put_aside(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let start = file.stream_position()?;
        let mut writer = BufWriter::new(&mut *file);
        for slot in &self.slots {
            put_row(&mut writer, key_of(&self.arena, *slot), line_of(&self.arena, *slot))?;
        }
        writer.flush()?;
        drop(writer);
        self.runs.push(start..file.stream_position()?);
        self.arena.clear();
        self.slots.clear();
        Ok(())
    }
}

/// Rows that lie in several files, in order in each.
pub struct MergedRows {
    files: Vec<File>,
    /// Where in each file they lie.
    places: Vec<Range<u64>>,
    rows: u64,
}

impl MergedRows {
    /// Of files in which [`SortedRows::keep`] wrote so many rows at that place.
    pub(crate) fn of(parts: impl IntoIterator<Item = (File, Range<u64>, u64)>) -> Self {
        let mut merged = Self { files: Vec::new(), places: Vec::new(), rows: 0 };
        for (file, place, rows) in parts {
            merged.files.push(file);
            merged.places.push(place);
            merged.rows += rows;
        }
        merged
    }

    fn drain(mut self, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut runs = runs_of(self.places.into_iter().enumerate(), 4 * MEMORY_BYTES);
        merge(&mut self.files, &mut runs, |_, line| write(line))
    }
}

/// Rows of a table, encoded already.
pub enum Rows {
    /// Those of this run.
    Sorted(SortedRows),
    /// Those of other runs.
    Merged(MergedRows),
}

impl From<MergedRows> for Rows {
    fn from(rows: MergedRows) -> Self {
        Self::Merged(rows)
    }
}

impl From<SortedRows> for Rows {
    fn from(rows: SortedRows) -> Self {
        Self::Sorted(rows)
    }
}

impl Rows {
    pub(super) const fn rows(&self) -> u64 {
        match self {
            Self::Sorted(rows) => rows.rows(),
            Self::Merged(rows) => rows.rows,
        }
    }

    /// Hands every line to `write` in the order of the keys.
    pub(super) fn drain(self, write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Sorted(rows) => rows.drain(write),
            Self::Merged(rows) => rows.drain(write),
        }
    }
}

fn put_row(out: &mut dyn Write, key: &[u8], line: &[u8]) -> io::Result<()> {
    for part in [key, line] {
        out.write_all(&length(part.len())?.to_le_bytes())?;
    }
    out.write_all(key)?;
    out.write_all(line)
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| io::Error::other("a row longer than 4 GiB"))
}

fn key_of(arena: &[u8], slot: Slot) -> &[u8] {
    &arena[slot.start..slot.start + slot.key_length as usize]
}

fn line_of(arena: &[u8], slot: Slot) -> &[u8] {
    let start = slot.start + slot.key_length as usize;
    &arena[start..start + slot.line_length as usize]
}

/// A sorted run that is being read.
struct Run {
    /// Which file it is in.
    file: usize,
    /// What of the file is not read yet.
    rest: Range<u64>,
    buffer: Vec<u8>,
    /// How much of the buffer was handed out.
    read: usize,
    /// How much is read at a time.
    buffer_bytes: usize,
}

/// Runs in files, whose buffers share so much memory.
fn runs_of(places: impl ExactSizeIterator<Item = (usize, Range<u64>)>, memory_bytes: usize) -> Vec<Run> {
    let buffer_bytes = (memory_bytes / places.len().max(1)).max(MIN_BUFFER_BYTES);
    places.map(|(file, rest)| Run { file, rest, buffer: Vec::new(), read: 0, buffer_bytes }).collect()
}

impl Run {
    /// The next row: its key and its line.
    fn next(&mut self, files: &mut [File]) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        if self.read == self.buffer.len() && self.rest.is_empty() {
            return Ok(None);
        }
        let file = &mut files[self.file];
        let (key, line) = (self.length(file)?, self.length(file)?);
        Ok(Some((self.take(key, file)?.to_vec(), self.take(line, file)?.to_vec())))
    }

    fn length(&mut self, file: &mut File) -> io::Result<usize> {
        let bytes = self.take(size_of::<u32>(), file)?.try_into().map_err(io::Error::other)?;
        Ok(u32::from_le_bytes(bytes) as usize)
    }

    /// The next `count` bytes.
    fn take(&mut self, count: usize, file: &mut File) -> io::Result<&[u8]> {
        if self.buffer.len() - self.read < count {
            self.buffer.drain(..self.read);
            self.read = 0;
            let wanted = self.buffer_bytes.max(count) - self.buffer.len();
            file.seek(SeekFrom::Start(self.rest.start))?;
            let left = self.rest.end - self.rest.start;
            let got = file.take(left.min(wanted as u64)).read_to_end(&mut self.buffer)?;
            self.rest.start += got as u64;
        }
        let taken = self.buffer.get(self.read..self.read + count).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.read += count;
        Ok(taken)
    }
}

fn merge(
    files: &mut [File],
    runs: &mut [Run],
    mut write: impl FnMut(&[u8], &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (index, run) in runs.iter_mut().enumerate() {
        heads.extend(run.next(files)?.map(|(key, line)| Reverse((key, line, index))));
    }
    while let Some(Reverse((key, line, index))) = heads.pop() {
        write(&key, &line)?;
        heads.extend(runs[index].next(files)?.map(|(key, line)| Reverse((key, line, index))));
    }
    Ok(())
}

/// The sort key of a part of a call: the call's id, then the part's number.
#[must_use]
pub fn part_key(call_id: &str, part: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(call_id.len() + 5);
    key.extend_from_slice(call_id.as_bytes());
    key.push(0);
    key.extend_from_slice(&part.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drained(rows: &SortedRowsInput, memory: usize) -> Vec<Vec<u8>> {
        let mut sorter = SortedRows::with_memory(memory);
        for (key, line) in rows {
            sorter.push(key, |out| out.extend_from_slice(line)).unwrap();
        }
        let mut lines = Vec::new();
        sorter
            .drain(|line| {
                lines.push(line.to_vec());
                Ok(())
            })
            .unwrap();
        lines
    }

    type SortedRowsInput = Vec<(Vec<u8>, Vec<u8>)>;

    proptest! {
        #[test]
        fn sorts_alike_in_memory_and_on_disk(rows: SortedRowsInput) {
            let mut expected = rows.clone();
            expected.sort();
            let expected: Vec<Vec<u8>> = expected.into_iter().map(|(_, line)| line).collect();
            prop_assert_eq!(&drained(&rows, usize::MAX), &expected);
            prop_assert_eq!(&drained(&rows, 64), &expected);
        }

        #[test]
        fn files_of_kept_rows_are_read_as_one_table(rows: SortedRowsInput, parts in 1_usize..5) {
            let kept = (0..parts).map(|part| {
                let mut sorter = SortedRows::with_memory(if part % 2 == 0 { 64 } else { usize::MAX });
                for (key, line) in rows.iter().filter(|(key, _)| key.len() % parts == part) {
                    sorter.push(key, |out| out.extend_from_slice(line)).unwrap();
                }
                let (bytes, rows) = (sorter.kept_bytes(), sorter.rows());
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(b"before").unwrap();
                sorter.keep(&mut file).unwrap();
                assert_eq!(file.stream_position().unwrap(), 6 + bytes);
                file.write_all(b"behind").unwrap();
                (file, 6..6 + bytes, rows)
            });
            let merged = Rows::Merged(MergedRows::of(kept.collect::<Vec<_>>()));
            prop_assert_eq!(merged.rows(), rows.len() as u64);
            let mut lines = Vec::new();
            merged.drain(|line| { lines.push(line.to_vec()); Ok(()) }).unwrap();
            prop_assert_eq!(lines, drained(&rows, usize::MAX));
        }
    }

    #[test]
    fn there_may_be_more_runs_than_a_process_may_open_files() {
        let rows: SortedRowsInput = (0..20_000_u32).map(|row| (row.to_be_bytes().to_vec(), vec![0; 8])).collect();
        assert_eq!(drained(&rows, 0).len(), rows.len());
    }

    #[test]
    fn parts_of_a_call_follow_each_other_and_calls_do_not_mix() {
        let mut keys = vec![part_key("a1", 0), part_key("a", 300), part_key("a", 2), part_key("a", 1)];
        keys.sort();
        assert_eq!(keys, [part_key("a", 1), part_key("a", 2), part_key("a", 300), part_key("a1", 0)]);
    }
}
