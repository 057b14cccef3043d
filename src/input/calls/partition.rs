//! One partition of the stored rows, by call.
//!
//! Owns which rows are a call's. Refuses to look into them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::input::error::InputError;
use crate::input::row::{Body, Row, call_id_at, row_at};
use crate::input::store::{PARTITIONS, Stored};

/// One partition's rows, by call.
#[derive(Default)]
pub(super) struct Partition {
    pub(super) bytes: Vec<u8>,
    /// Where each row begins: all of the first call's rows, then the second's, calls by id.
    offsets: Vec<usize>,
    /// Where each call's rows end in `offsets`, the last call first.
    ends: Vec<usize>,
    next: usize,
}

impl Partition {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, InputError> {
        let mut calls: FxHashMap<&[u8], usize> = FxHashMap::default();
        let mut ids: Vec<&[u8]> = Vec::new();
        let mut rows: Vec<(usize, usize)> = Vec::new();
        let mut offset = 0;
        while offset < bytes.len() {
            let (id, next) = call_id_at(&bytes, offset).ok_or_else(corrupt)?;
            let call = *calls.entry(id).or_insert_with(|| {
                ids.push(id);
                ids.len() - 1
            });
            rows.push((call, offset));
            offset = next;
        }
        let mut by_id: Vec<usize> = (0..ids.len()).collect();
        by_id.sort_unstable_by_key(|&call| ids[call]);
        let mut counts = vec![0_usize; ids.len()];
        for &(call, _) in &rows {
            counts[call] += 1;
        }
        let mut starts = vec![0; ids.len()];
        let mut ends = Vec::with_capacity(ids.len());
        let mut end = 0;
        for &call in &by_id {
            starts[call] = end;
            end += counts[call];
            ends.push(end);
        }
        let mut offsets = vec![0; rows.len()];
        for (call, offset) in rows {
            offsets[starts[call]] = offset;
            starts[call] += 1;
        }
        ends.reverse();
        Ok(Self { bytes, offsets, ends, next: 0 })
    }

    /// The rows of the next call.
    pub(super) fn next_call(&mut self) -> Result<Option<Vec<Row<'_>>>, InputError> {
        let Some(end) = self.ends.pop() else { return Ok(None) };
        let offsets = &self.offsets[self.next..end];
        self.next = end;
        let row = |&offset: &usize| row_at(&self.bytes, offset).map(|(row, _)| row).ok_or_else(corrupt);
        offsets.iter().map(row).collect::<Result<_, _>>().map(Some)
    }
}

/// How many calls are stored, and in how many of them each of `values` unknown speakers is met.
///
/// # Errors
/// [`InputError::Scratch`].
pub(in crate::input) fn recurrence(stored: &Stored, values: usize) -> Result<(u64, Vec<u64>), InputError> {
    let (mut calls, mut by_value) = (0, vec![0; values]);
    let mut bytes = Vec::new();
    for number in 0..PARTITIONS {
        stored.load(number, &mut bytes).map_err(|source| InputError::Scratch { source })?;
        let mut partition = Partition::new(std::mem::take(&mut bytes))?;
        while let Some(rows) = partition.next_call()? {
            calls += u64::from(rows.iter().any(|row| row.body != Body::Nothing));
            let unknown =
                rows.iter().filter_map(|row| if let Body::Unknown(value) = row.body { Some(value) } else { None });
            for value in unknown.collect::<FxHashSet<u32>>() {
                by_value[value as usize] += 1;
            }
        }
        bytes = partition.bytes;
    }
    Ok((calls, by_value))
}

/// The temporary file gave back other bytes than were written.
fn corrupt() -> InputError {
    InputError::Scratch { source: std::io::ErrorKind::InvalidData.into() }
}
