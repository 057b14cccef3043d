//! One scorer's folder: what lies in it, and how it is opened.
//!
//! ```text
//! CACHE/v1/comprehend-1f0c…/scorer.json       whose scores these are
//!                          /<random>.segment  sorted, immutable
//!                          /<random>.journal  one for each process that writes, locked while it lives
//!                          /maintenance.lock  held while files of others are merged or deleted
//! ```
//!
//! What the cache holds is the union of all files, where the newest of two answers to one key counts. So no list
//! of files has to be kept, and a kill between any two steps leaves at worst the same record twice. Processes
//! never wait for each other: each writes files of its own, and whoever finds the maintenance lock taken
//! leaves that work to its holder.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CacheError;
use super::journal::{Contents, JOURNAL_SUFFIX, read_journal};
use super::key::Scorer;
use super::record::{RECORD_BYTES, Record};
use super::segment::{SEGMENT_SUFFIX, Segment, SegmentError};

/// The folder of this format. Another format gets another folder, and neither reads the other's.
pub(super) const FORMAT_FOLDER: &str = "v1";
/// Whose scores a folder holds.
pub(super) const SCORER_FILE: &str = "scorer.json";
/// The end of the name of a file moved aside.
pub(super) const DAMAGED_SUFFIX: &str = "damaged";
/// The end of the name of a file still being written.
pub(super) const UNFINISHED_SUFFIX: &str = "unfinished";
/// How often something is tried that another process's maintenance may cross.
const TRIES: usize = 16;

/// The folder of `scorer` within the cache at `root`.
pub(super) fn path_of(root: &Path, scorer: &Scorer) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    for field in [&scorer.engine, &scorer.model] {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    let engine: String = scorer.engine.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    root.join(FORMAT_FOLDER).join(format!("{engine}-{}", hash.get(..16).unwrap_or_default()))
}

/// Creates the folder and says in it whose scores it holds.
pub(super) fn create(folder: &Path, scorer: &Scorer) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(SCORER_FILE);
    if !path.exists() {
        let (unfinished, mut file) = create_unfinished(folder)?;
        let named = serde_json::to_writer(&mut file, scorer).map_err(io::Error::from);
        let named = named.and_then(|()| std::fs::rename(&unfinished, &path));
        // A disk that is full is tried again with every answer, and each try may leave nothing behind.
        named.inspect_err(|_| drop(std::fs::remove_file(&unfinished)))?;
    }
    Ok(())
}

/// Finds out whether a record could be written to `folder`, or where it would be created. Leaves nothing behind.
pub(super) fn check_writable(folder: &Path) -> Result<(), CacheError> {
    // What lies above a relative path's first part is the working directory.
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let written = tempfile::tempfile_in(existing).and_then(|mut file| file.write_all(&[0; RECORD_BYTES]));
    written.map_err(CacheError::at(folder))
}

/// Creates a file that is renamed once it is finished, locked so that no [`Maintenance`](super::merge::Maintenance) takes it for one left over.
pub(super) fn create_unfinished(folder: &Path) -> io::Result<(PathBuf, File)> {
    for _ in 1..TRIES {
        let path = folder.join(format!("{:016x}.{UNFINISHED_SUFFIX}", fastrand::u64(..)));
        let file = File::create_new(&path)?;
        // Where locks are unsupported nobody can take it for left over either.
        let locked = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if locked && path.exists() {
            return Ok((path, file));
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Makes a rename in `folder` last.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Windows can't open a folder as a file, and journals its names by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The files of a folder by what they are.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) segments: Vec<PathBuf>,
    pub(super) journals: Vec<PathBuf>,
    pub(super) unfinished: Vec<PathBuf>,
    pub(super) damaged: Vec<PathBuf>,
}

impl Listing {
    /// Lists `folder`; a folder that does not exist is empty.
    pub(super) fn of(folder: &Path) -> Result<Self, CacheError> {
        let mut listing = Self::default();
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            Err(error) => return Err(CacheError::at(folder)(error)),
        };
        for entry in entries {
            let path = entry.map_err(CacheError::at(folder))?.path();
            match path.extension().and_then(|suffix| suffix.to_str()) {
                Some(SEGMENT_SUFFIX) => listing.segments.push(path),
                Some(JOURNAL_SUFFIX) => listing.journals.push(path),
                Some(UNFINISHED_SUFFIX) => listing.unfinished.push(path),
                Some(DAMAGED_SUFFIX) => listing.damaged.push(path),
                _ => {}
            }
        }
        Ok(listing)
    }
}

/// What a folder held when it was opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Segments, the largest first.
    pub(super) segments: Vec<Arc<Segment>>,
    /// Records of all journals, whoever writes them.
    pub(super) journaled: Vec<Record>,
    /// What could not be used.
    pub(super) damaged: Vec<Damage>,
}

/// A file of the cache of which a part or all can't be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

/// Opens everything in `folder`. A damaged file is reported and not used; one that another process took away is looked for again.
pub(super) fn open(folder: &Path) -> Result<Opened, CacheError> {
    for _ in 1..TRIES {
        if let Some(opened) = open_once(folder)? {
            return Ok(opened);
        }
    }
    Err(CacheError::Restless { folder: folder.to_owned() })
}

/// [`open`], once; `None` if a file was gone between listing and opening.
fn open_once(folder: &Path) -> Result<Option<Opened>, CacheError> {
    let listing = Listing::of(folder)?;
    let mut opened = Opened::default();
    for path in listing.segments {
        match Segment::open(&path) {
            Ok(segment) => opened.segments.push(Arc::new(segment)),
            Err(SegmentError::Damaged(what)) => opened.damaged.push(Damage { file: path, what: what.to_owned() }),
            Err(SegmentError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(SegmentError::Io(error)) => return Err(CacheError::at(&path)(error)),
        }
    }
    for path in listing.journals {
        match read_journal(&path) {
            Ok(Contents { records, damaged }) => {
                opened.journaled.extend(records);
                if damaged > 0 {
                    let what = format!("{damaged} records fail their check");
                    opened.damaged.push(Damage { file: path, what });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CacheError::at(&path)(error)),
        }
    }
    opened.segments.sort_by_key(|segment| std::cmp::Reverse(segment.footer().entries));
    Ok(Some(opened))
}
