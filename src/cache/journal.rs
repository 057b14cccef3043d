//! The answers of one running process, appended as they arrive: what makes them survive a kill.
//!
//! A journal belongs to one process, which holds a kernel lock on it for as long as it lives; a journal that
//! can be locked has lost its owner and may be taken over. Records lie at multiples of their length, so that
//! damage to one leaves the others readable; a torn last record is what a kill leaves, and is not damage.

use std::fs::{File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::folder::{DAMAGED_SUFFIX, create_unfinished, sync_folder};
use super::record::Record;

/// The end of a journal's name.
pub(super) const JOURNAL_SUFFIX: &str = "journal";

/// A journal being written.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole records: where the next one goes.
    length: u64,
}

impl Journal {
    /// Creates a journal in `folder`, locked from the moment it can be seen.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let (unfinished, file) = create_unfinished(folder)?;
        let path = unfinished.with_extension(JOURNAL_SUFFIX);
        std::fs::rename(&unfinished, &path)?;
        sync_folder(folder)?;
        Ok(Self { path, file, length: 0 })
    }

    /// Appends `records`: they survive a kill of the process from here on.
    ///
    /// # Errors
    /// Whatever the file system says. A part that was written is taken back, so that a later try begins at a record's bound.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        // Also puts right what an earlier failure could not.
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(&bytes).inspect_err(|_| drop(self.file.set_len(self.length)))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes what was appended survive a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Deletes the journal, whose records are elsewhere by now.
    pub(super) fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// The journal of a process that is gone, held so that nobody else takes it over at the same time.
#[derive(Debug)]
pub(super) struct Orphan {
    path: PathBuf,
    contents: Contents,
    _locked: File,
}

impl Orphan {
    /// Takes over the journal at `path`; `None` while its owner lives, or where nobody can tell.
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path: path.to_owned(), contents: read_journal(path)?, _locked: file })),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Ok(None),
        }
    }

    /// What can be believed of it.
    pub(super) fn records(&self) -> &[Record] {
        &self.contents.records
    }

    /// Deletes it, or moves it aside if a part of it is damaged.
    pub(super) fn finish(self) -> io::Result<()> {
        if self.contents.damaged > 0 {
            std::fs::rename(&self.path, self.path.with_extension(DAMAGED_SUFFIX))
        } else {
            std::fs::remove_file(&self.path)
        }
    }
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Its believable records, in the order of their arrival.
    pub(super) records: Vec<Record>,
    /// Records before the last believable one that can't be believed: damage, not a torn end.
    pub(super) damaged: usize,
}

/// Reads the journal at `path`, which may be growing meanwhile.
pub(super) fn read_journal(path: &Path) -> io::Result<Contents> {
    let bytes = std::fs::read(path)?;
    let mut contents = Contents::default();
    let mut unreadable = 0;
    for record in Record::decode_all(&bytes) {
        if let Some(record) = record {
            contents.records.push(record);
            contents.damaged += std::mem::take(&mut unreadable);
        } else {
            unreadable += 1;
        }
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::record::RECORD_BYTES;
    use crate::cache::tests::record_of;

    #[test]
    fn a_journal_reads_back_in_order_and_leaves_out_a_torn_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        let records: Vec<Record> = (0..10).map(record_of).collect();
        journal.append(&records[..4]).unwrap();
        journal.append(&records[4..]).unwrap();
        journal.file.set_len(9 * RECORD_BYTES as u64 + 17).unwrap();
        let contents = read_journal(&journal.path).unwrap();
        assert_eq!((contents.records, contents.damaged), (records[..9].to_vec(), 0));
    }

    #[test]
    fn damage_to_one_record_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        let records: Vec<Record> = (0..10).map(record_of).collect();
        journal.append(&records).unwrap();
        let mut bytes = std::fs::read(&journal.path).unwrap();
        bytes[3 * RECORD_BYTES + 20] ^= 4;
        std::fs::write(&journal.path, bytes).unwrap();
        let contents = read_journal(&journal.path).unwrap();
        assert_eq!((contents.records.len(), contents.damaged), (9, 1));
    }

    #[test]
    fn a_journal_is_taken_over_only_once_its_owner_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        journal.append(&[record_of(1)]).unwrap();
        let path = journal.path.clone();
        assert!(Orphan::take(&path).unwrap().is_none());
        drop(journal);
        let orphan = Orphan::take(&path).unwrap().unwrap();
        assert!(Orphan::take(&path).unwrap().is_none(), "one process takes it, not two");
        assert_eq!(orphan.records(), [record_of(1)]);
        orphan.finish().unwrap();
        assert!(!path.exists());
    }
}
