//! Rows in the order of their keys, however many there are.
//!
//! Rows are held in memory up to a budget, then sorted and put aside as one run of a temporary file without a name.
//! Reading merges the runs. Memory stays within the budget however long the table is, one file is open however
//! many runs there are, and the order of arrival leaves no trace in the output.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
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
        Self { arena: Vec::new(), slots: Vec::new(), file: None, runs: Vec::new(), rows: 0, memory_bytes }
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
        if self.arena.len() + self.slots.len() * size_of::<Slot>() > self.memory_bytes {
            self.put_aside()?;
        }
        Ok(())
    }

    /// Hands every line to `write` in the order of the keys.
    ///
    /// # Errors
    /// When a temporary file can't be read, or `write` fails.
    pub fn drain(mut self, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.file.is_some() && !self.slots.is_empty() {
            self.put_aside()?;
        }
        let Some(file) = self.file.take() else {
            self.sort();
            return self.slots.iter().try_for_each(|slot| write(line_of(&self.arena, *slot)));
        };
        let buffer_bytes = (self.memory_bytes / self.runs.len().max(1)).max(MIN_BUFFER_BYTES);
        let runs = std::mem::take(&mut self.runs);
        drop(self);
        merge(
            file,
            runs.into_iter().map(|rest| Run { rest, buffer: Vec::new(), read: 0, buffer_bytes }).collect(),
            write,
        )
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
            writer.write_all(&slot.key_length.to_le_bytes())?;
            writer.write_all(&slot.line_length.to_le_bytes())?;
            writer.write_all(key_of(&self.arena, *slot))?;
            writer.write_all(line_of(&self.arena, *slot))?;
        }
        writer.flush()?;
        drop(writer);
        self.runs.push(start..file.stream_position()?);
        self.arena.clear();
        self.slots.clear();
        Ok(())
    }
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
    /// What of the file is not read yet.
    rest: Range<u64>,
    buffer: Vec<u8>,
    /// How much of the buffer was handed out.
    read: usize,
    /// How much is read at a time.
    buffer_bytes: usize,
}

impl Run {
    /// The next row: its key and its line.
    fn next(&mut self, file: &mut File) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        if self.read == self.buffer.len() && self.rest.is_empty() {
            return Ok(None);
        }
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

fn merge(mut file: File, mut runs: Vec<Run>, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (index, run) in runs.iter_mut().enumerate() {
        heads.extend(run.next(&mut file)?.map(|(key, line)| Reverse((key, line, index))));
    }
    while let Some(Reverse((_, line, index))) = heads.pop() {
        write(&line)?;
        if let Some(run) = runs.get_mut(index) {
            heads.extend(run.next(&mut file)?.map(|(key, line)| Reverse((key, line, index))));
        }
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
