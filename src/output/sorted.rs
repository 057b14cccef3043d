//! Rows in the order of their keys, however many there are.
//!
//! Rows are held in memory up to a budget, then sorted and put aside in an anonymous temporary file; reading
//! merges the files. Memory stays within the budget however long the table, and the order of arrival leaves
//! no trace in the output.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};

/// Bytes of rows that one sorter holds in memory before it puts them aside.
const MEMORY_BYTES: usize = 16 << 20;

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
    runs: Vec<File>,
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
        Self { arena: Vec::new(), slots: Vec::new(), runs: Vec::new(), rows: 0, memory_bytes }
    }

    /// How many rows were pushed.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.rows
    }

    /// Whether none was.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
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
        self.sort();
        if self.runs.is_empty() {
            return self.slots.iter().try_for_each(|slot| write(line_of(&self.arena, *slot)));
        }
        if !self.slots.is_empty() {
            self.put_aside()?;
        }
        merge(std::mem::take(&mut self.runs), write)
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        self.slots.sort_unstable_by(|a, b| {
            (key_of(arena, *a), line_of(arena, *a)).cmp(&(key_of(arena, *b), line_of(arena, *b)))
        });
    }

    fn put_aside(&mut self) -> io::Result<()> {
        self.sort();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for slot in &self.slots {
            file.write_all(&slot.key_length.to_le_bytes())?;
            file.write_all(&slot.line_length.to_le_bytes())?;
            file.write_all(key_of(&self.arena, *slot))?;
            file.write_all(line_of(&self.arena, *slot))?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.runs.push(file);
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

/// Rows of one sorted run, one ahead.
struct Run {
    file: BufReader<File>,
}

impl Run {
    fn next(&mut self) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut key = vec![0; self.length()?];
        let mut line = vec![0; self.length()?];
        self.file.read_exact(&mut key)?;
        self.file.read_exact(&mut line)?;
        Ok(Some((key, line)))
    }

    fn length(&mut self) -> io::Result<usize> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        Ok(u32::from_le_bytes(length) as usize)
    }
}

fn merge(files: Vec<File>, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut runs: Vec<Run> = files.into_iter().map(|file| Run { file: BufReader::new(file) }).collect();
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (index, run) in runs.iter_mut().enumerate() {
        heads.extend(run.next()?.map(|(key, line)| Reverse((key, line, index))));
    }
    while let Some(Reverse((_, line, index))) = heads.pop() {
        write(&line)?;
        if let Some(run) = runs.get_mut(index) {
            heads.extend(run.next()?.map(|(key, line)| Reverse((key, line, index))));
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
    fn parts_of_a_call_follow_each_other_and_calls_do_not_mix() {
        let mut keys = vec![part_key("a1", 0), part_key("a", 300), part_key("a", 2), part_key("a", 1)];
        keys.sort();
        assert_eq!(keys, [part_key("a", 1), part_key("a", 2), part_key("a", 300), part_key("a1", 0)]);
    }
}
