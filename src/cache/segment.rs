//! A sorted, immutable file of records: most of what the cache holds, found with one small read each.
//!
//! ```text
//! pages    [25 records in key order, zeros, count u16, zeros, CRC-32] of 1,024 bytes each
//! fences   the first eight bytes of each page's first key, as u64
//! footer   magic, version, pages, entries, oldest day, newest day, CRC-32 of the fences, CRC-32 of itself
//! ```
//!
//! Only fences and footer are held in memory (a third of a byte for each entry); a page is read when a key
//! may lie in it. Keys are hashes and so spread evenly: the page is guessed by proportion and the guess
//! corrected. A hit is believed by its record's own check and an absence by its page's, so that no damage goes
//! unnoticed where it matters. A segment appears whole or not at all: written beside, flushed, renamed.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::folder::{create_unfinished, sync_folder};
use super::key::Key;
use super::record::{RECORD_BYTES, Record, read_u32};

/// Bytes read for one look-up. A quarter of the system's page: copying less of it is faster.
const PAGE_BYTES: usize = 1024;
/// Records in a full page.
const PAGE_RECORDS: usize = 25;
/// Where a page's number of records stands.
const PAGE_COUNT_AT: usize = PAGE_RECORDS * RECORD_BYTES;
/// Where a page's check stands.
const PAGE_CHECK_AT: usize = PAGE_BYTES - 4;
/// Bytes of one fence.
const FENCE_BYTES: usize = 8;
/// Bytes of the footer.
const FOOTER_BYTES: usize = 64;
/// Where the footer's own check stands.
const FOOTER_CHECK_AT: usize = FOOTER_BYTES - 4;
/// What a segment's footer begins with.
const MAGIC: [u8; 8] = *b"UTSCORES";
/// The format of pages, fences and footer.
const VERSION: u32 = 1;
/// How many pages a guess by proportion is usually off by, at most, in ten million entries.
const GUESS_PAGES: usize = 128;
/// The end of a finished segment's name.
pub(super) const SEGMENT_SUFFIX: &str = "segment";

/// What a footer says about its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    /// Records in the segment.
    pub(super) entries: u64,
    /// The earliest day among them.
    pub(super) oldest: u32,
    /// The latest day among them.
    pub(super) newest: u32,
    pages: u32,
    fences_check: u32,
}

/// Why a segment can't be used as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum SegmentError {
    /// The file can't be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not what was written.
    #[error("{0}")]
    Damaged(&'static str),
}

/// A segment open for look-ups. The file may be unlinked meanwhile, by this process or another.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    file: File,
    fences: Vec<u64>,
    footer: Footer,
    damaged: AtomicBool,
}

/// What a look-up in one segment brought.
enum Probe {
    Found(Record),
    Absent,
    Damaged,
}

impl Segment {
    /// Opens the segment at `path`, reading fences and footer only.
    pub(super) fn open(path: &Path) -> Result<Self, SegmentError> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let footer_at =
            length.checked_sub(FOOTER_BYTES as u64).ok_or(SegmentError::Damaged("shorter than its footer"))?;
        let mut bytes = [0; FOOTER_BYTES];
        read_at(&file, &mut bytes, footer_at)?;
        let footer = Footer::decode(&bytes)?;
        let pages = u64::from(footer.pages);
        if length != pages * (PAGE_BYTES + FENCE_BYTES) as u64 + FOOTER_BYTES as u64 {
            return Err(SegmentError::Damaged("not as long as its footer says"));
        }
        let mut bytes = vec![0; footer.pages as usize * FENCE_BYTES];
        read_at(&file, &mut bytes, pages * PAGE_BYTES as u64)?;
        if crc32fast::hash(&bytes) != footer.fences_check {
            return Err(SegmentError::Damaged("its fences fail their check"));
        }
        let fences = bytes.as_chunks().0.iter().map(|&fence| u64::from_le_bytes(fence)).collect();
        Ok(Self { path: path.to_owned(), file, fences, footer, damaged: AtomicBool::new(false) })
    }

    /// Where the segment was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What its footer says.
    pub(super) const fn footer(&self) -> Footer {
        self.footer
    }

    /// Whether a look-up met damage.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// The record of `key`, if the segment holds it undamaged.
    pub(super) fn get(&self, key: Key) -> Option<Record> {
        let mut page = self.last_page_not_after(key.head())?;
        loop {
            match self.probe(page, key) {
                Probe::Found(record) => return Some(record),
                // Keys that share their first eight bytes may begin in the page before.
                Probe::Absent if page > 0 && self.fences.get(page) == Some(&key.head()) => page -= 1,
                Probe::Absent => return None,
                Probe::Damaged => {
                    if !self.damaged.swap(true, Ordering::Relaxed) {
                        tracing::warn!(file = %self.path.display(), "damaged scores in the cache count as not there");
                    }
                    return None;
                }
            }
        }
    }

    /// The last page whose first key's head is not after `head`.
    fn last_page_not_after(&self, head: u64) -> Option<usize> {
        let pages = self.fences.len();
        let guess = usize::try_from((u128::from(head) * pages as u128) >> 64).unwrap_or(0);
        let (low, high) = (guess.saturating_sub(GUESS_PAGES), (guess + GUESS_PAGES).min(pages));
        let near = self.fences.get(low..high)?;
        let within = near.partition_point(|&fence| fence <= head);
        let guessed_well = (within > 0 || low == 0) && (within < near.len() || high == pages);
        let after = if guessed_well { low + within } else { self.fences.partition_point(|&fence| fence <= head) };
        after.checked_sub(1)
    }

    fn probe(&self, page: usize, key: Key) -> Probe {
        let mut bytes = [0; PAGE_BYTES];
        if read_at(&self.file, &mut bytes, (page * PAGE_BYTES) as u64).is_err() {
            return Probe::Damaged;
        }
        let count = usize::from(u16::from_le_bytes([bytes[PAGE_COUNT_AT], bytes[PAGE_COUNT_AT + 1]]));
        let records = &bytes.as_chunks::<RECORD_BYTES>().0[..count.min(PAGE_RECORDS)];
        match records.binary_search_by(|record| record[..16].cmp(key.as_bytes())) {
            Ok(at) => Record::decode(&records[at]).map_or(Probe::Damaged, Probe::Found),
            Err(_) if crc32fast::hash(&bytes[..PAGE_CHECK_AT]) == read_u32(&bytes, PAGE_CHECK_AT) => Probe::Absent,
            Err(_) => Probe::Damaged,
        }
    }

    /// All believable records of the file at `path` in key order, footer or not: what a merge reads, and all that can be saved of a damaged file.
    pub(super) fn read_records(path: &Path) -> io::Result<impl Iterator<Item = Record> + use<>> {
        let mut file = io::BufReader::with_capacity(256 * PAGE_BYTES, File::open(path)?);
        let mut last = None;
        let pages = std::iter::from_fn(move || {
            let mut page = [0; PAGE_BYTES];
            // A last part that is no whole page holds fences and footer, or is where the file was cut.
            file.read_exact(&mut page).ok().map(|()| page)
        });
        Ok(pages
            .flat_map(|page| Record::decode_all(&page[..PAGE_COUNT_AT]).flatten().collect::<Vec<_>>())
            // One out of place must not let those behind it pass: a merge would write them where no look-up finds them.
            .filter(move |record| {
                let ascends = last.is_none_or(|last| last < record.key);
                last = if ascends { Some(record.key) } else { last };
                ascends
            }))
    }
}

impl Footer {
    fn encode(&self) -> [u8; FOOTER_BYTES] {
        let mut bytes = [0; FOOTER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.pages.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.entries.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.oldest.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.newest.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.fences_check.to_le_bytes());
        let check = crc32fast::hash(&bytes[..FOOTER_CHECK_AT]);
        bytes[FOOTER_CHECK_AT..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; FOOTER_BYTES]) -> Result<Self, SegmentError> {
        if bytes[..8] != MAGIC || read_u32(bytes, 8) != VERSION {
            return Err(SegmentError::Damaged("its footer is missing"));
        }
        if crc32fast::hash(&bytes[..FOOTER_CHECK_AT]) != read_u32(bytes, FOOTER_CHECK_AT) {
            return Err(SegmentError::Damaged("its footer fails its check"));
        }
        Ok(Self {
            pages: read_u32(bytes, 12),
            entries: u64::from_le_bytes(bytes[16..24].try_into().expect("eight bytes were taken")),
            oldest: read_u32(bytes, 24),
            newest: read_u32(bytes, 28),
            fences_check: read_u32(bytes, 32),
        })
    }
}

/// Writes `records`, which are in strictly ascending key order, as a segment in `folder`; `None` if there are none.
///
/// # Errors
/// Whatever the file system says, or [`io::ErrorKind::Interrupted`] when `stop` was set meanwhile; nothing is left behind.
pub(super) fn write_segment(
    folder: &Path,
    records: impl Iterator<Item = Record>,
    stop: &AtomicBool,
) -> io::Result<Option<Segment>> {
    // Held open, and so locked, until the rename: nobody takes it for one left over.
    let (unfinished, file) = create_unfinished(folder)?;
    let written = write_pages(&file, records, stop).and_then(|entries| match Segment::open(&unfinished) {
        _ if entries == 0 => Ok(None),
        Ok(segment) => Ok(Some(segment)),
        Err(SegmentError::Io(error)) => Err(error),
        Err(SegmentError::Damaged(what)) => Err(io::Error::new(io::ErrorKind::InvalidData, what)),
    });
    let Some(mut segment) = written.inspect_err(|_| drop(std::fs::remove_file(&unfinished)))? else {
        std::fs::remove_file(&unfinished)?;
        return Ok(None);
    };
    segment.path = unfinished.with_extension(SEGMENT_SUFFIX);
    // From here on another process may merge it and take it away.
    std::fs::rename(&unfinished, &segment.path)?;
    sync_folder(folder)?;
    tracing::debug!(file = %segment.path.display(), entries = segment.footer.entries, "scores sorted");
    Ok(Some(segment))
}

/// Writes pages, fences and footer to `file` and flushes it; how many records there were.
fn write_pages(file: &File, records: impl Iterator<Item = Record>, stop: &AtomicBool) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(256 * PAGE_BYTES, file);
    let mut fences = Vec::new();
    let (mut entries, mut oldest, mut newest) = (0, u32::MAX, 0);
    let mut page = [0; PAGE_BYTES];
    let mut count: u16 = 0;
    for record in records {
        if count == 0 {
            if stop.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            fences.extend_from_slice(&record.key.head().to_le_bytes());
        }
        let at = usize::from(count) * RECORD_BYTES;
        page[at..at + RECORD_BYTES].copy_from_slice(&record.encode());
        count += 1;
        entries += 1;
        oldest = oldest.min(record.day);
        newest = newest.max(record.day);
        if usize::from(count) == PAGE_RECORDS {
            write_page(&mut out, &mut page, count)?;
            count = 0;
        }
    }
    if count > 0 {
        write_page(&mut out, &mut page, count)?;
    }
    let pages = u32::try_from(fences.len() / FENCE_BYTES).map_err(io::Error::other)?;
    let footer = Footer { entries, oldest, newest, pages, fences_check: crc32fast::hash(&fences) };
    out.write_all(&fences)?;
    out.write_all(&footer.encode())?;
    out.flush()?;
    file.sync_all()?;
    Ok(entries)
}

fn write_page(out: &mut impl Write, page: &mut [u8; PAGE_BYTES], count: u16) -> io::Result<()> {
    page[PAGE_COUNT_AT..PAGE_COUNT_AT + 2].copy_from_slice(&count.to_le_bytes());
    let check = crc32fast::hash(&page[..PAGE_CHECK_AT]);
    page[PAGE_CHECK_AT..].copy_from_slice(&check.to_le_bytes());
    out.write_all(page)?;
    page.fill(0);
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::cache::record::tests::any_record;
    use crate::cache::tests::record_of;

    fn written(folder: &Path, records: impl IntoIterator<Item = Record>) -> Option<Segment> {
        let sorted: BTreeMap<Key, Record> = records.into_iter().map(|record| (record.key, record)).collect();
        write_segment(folder, sorted.into_values(), &AtomicBool::new(false)).unwrap()
    }

    proptest! {
        #![proptest_config(crate::cases::usually(32))]

        #[test]
        fn every_record_is_found_and_nothing_else(records in prop::collection::vec(any_record(), 1..200), other in any_record()) {
            let folder = tempfile::tempdir().unwrap();
            let segment = written(folder.path(), records.clone()).unwrap();
            let expected: BTreeMap<Key, Record> = records.into_iter().map(|record| (record.key, record)).collect();
            for (key, record) in &expected {
                prop_assert_eq!(segment.get(*key), Some(*record));
            }
            prop_assert_eq!(segment.get(other.key), expected.get(&other.key).copied());
            prop_assert_eq!(Segment::read_records(segment.path()).unwrap().collect::<Vec<_>>(), expected.into_values().collect::<Vec<_>>());
            prop_assert!(!segment.is_damaged());
        }

        #[test]
        fn keys_with_one_head_are_told_apart_across_pages(tails in prop::collection::btree_set(any::<[u8; 8]>(), 1..120)) {
            let folder = tempfile::tempdir().unwrap();
            let record = |tail: &[u8; 8]| {
                let mut key = [9; 16];
                key[8..].copy_from_slice(tail);
                Record { key: Key::from_bytes(key), ..record_of(0) }
            };
            let segment = written(folder.path(), tails.iter().map(record)).unwrap();
            for tail in &tails {
                prop_assert_eq!(segment.get(record(tail).key), Some(record(tail)));
            }
        }

        #[test]
        fn damage_anywhere_hides_scores_and_changes_none(
            count in 1u64..300, at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<Option<prop::sample::Index>>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = written(folder.path(), (0..count).map(record_of)).unwrap().path().to_owned();
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
            std::fs::write(&path, bytes).unwrap();
            if let Ok(segment) = Segment::open(&path) {
                let found: Vec<_> = (0..count).map(|number| segment.get(record_of(number).key)).collect();
                for (number, found) in (0..).zip(&found) {
                    prop_assert!(found.is_none_or(|found| found == record_of(number)));
                }
                prop_assert!(segment.is_damaged() || found.iter().all(Option::is_some), "nothing is hidden silently");
            }
            let saved = Segment::read_records(&path).unwrap().collect::<Vec<_>>();
            prop_assert!(saved.is_sorted_by(|a, b| a.key < b.key));
            prop_assert!(saved.iter().all(|record| (0..count).any(|number| record_of(number) == *record)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..4096), signed in any::<bool>()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("any.segment");
            let mut bytes = bytes;
            if signed {
                // A footer that fits, over pages and fences that are noise.
                let pages = u32::try_from(bytes.len() / (PAGE_BYTES + FENCE_BYTES)).unwrap();
                bytes.truncate(pages as usize * (PAGE_BYTES + FENCE_BYTES));
                let fences_check = crc32fast::hash(&bytes[pages as usize * PAGE_BYTES..]);
                let footer = Footer { entries: u64::MAX, oldest: 9, newest: 3, pages, fences_check };
                bytes.extend(footer.encode());
            }
            std::fs::write(&path, bytes).unwrap();
            let opened = Segment::open(&path);
            prop_assert_eq!(opened.is_ok(), signed);
            if let Ok(segment) = opened {
                prop_assert!((0..50).all(|number| segment.get(record_of(number).key).is_none()));
            }
            prop_assert_eq!(Segment::read_records(&path).unwrap().count(), 0);
        }
    }

    #[test]
    fn what_is_read_of_records_in_no_order_ascends() {
        let folder = tempfile::tempdir().unwrap();
        let mut records: Vec<Record> = (0..3).map(record_of).collect();
        records.sort_by_key(|record| record.key);
        let mut page = [0; PAGE_BYTES];
        for (place, record) in page.chunks_exact_mut(RECORD_BYTES).zip([records[2], records[0], records[1]]) {
            place.copy_from_slice(&record.encode());
        }
        let path = folder.path().join("any.segment");
        std::fs::write(&path, page).unwrap();
        assert_eq!(Segment::read_records(&path).unwrap().collect::<Vec<_>>(), [records[2]]);
    }

    #[test]
    fn nothing_to_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(written(folder.path(), []).is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_stopped_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let stopped = write_segment(folder.path(), [record_of(1)].into_iter(), &AtomicBool::new(true));
        assert_eq!(stopped.unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
