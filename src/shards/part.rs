//! What a shard leaves: one file of rows and sums, and run.json, which names the file's hash.
//!
//! ```text
//! undertone part 1
//! {"calls":{"rows":…,"bytes":…},"segments":…,"failures":…,"sums":…,"format":…}
//! rows of calls, of segments, of failures, each as SortedRows keeps them; the sums, as postcard writes them
//! ```

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Shard;
use crate::exit::{ExitCode, Stops};
use crate::input::Tally;
use crate::output::{Format, MergedRows, PART_FILE, ReadError, RejectRow, RunRecord, SortedRows};
use crate::overview::Overview;
use crate::rollup::AgentBook;

/// Changes when what follows it does.
const FIRST_LINE: &str = "undertone part 1";

/// Parts can't become a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartError {
    /// There is no run.
    #[error(transparent)]
    NoRun(#[from] ReadError),
    /// It can't be read.
    #[error("can't read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is a run of its own.
    #[error("{path} holds a whole run, not a part of one")]
    Whole {
        /// The directory.
        path: PathBuf,
    },
    /// It is not what the shard wrote.
    #[error("{path} is not what shard {shard} wrote: it is damaged or incomplete")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The shard.
        shard: String,
    },
    /// It differs from another part in what all parts of a run have in common.
    #[error("{path} and {other} are no parts of one run: {what}")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// The first part's.
        other: PathBuf,
        /// What differs.
        what: String,
    },
    /// A shard's part is there twice.
    #[error("shard {shard} is there twice: in {one} and in {other}")]
    Twice {
        /// The shard.
        shard: String,
        /// A directory.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// Shards' parts are not there.
    #[error("{} of {of} {} missing", numbers(missing), if missing.len() == 1 { "is" } else { "are" })]
    Missing {
        /// Their numbers.
        missing: Vec<u32>,
        /// How many there should be.
        of: u32,
    },
}

/// `shard 3`, `shards 3, 7 and 9`, and no more than a line of them.
fn numbers(missing: &[u32]) -> String {
    const MOST: usize = 20;
    let shown: Vec<String> = missing.iter().take(MOST).map(ToString::to_string).collect();
    match (missing.len() - shown.len(), shown.split_last()) {
        (0, Some((last, []))) => format!("shard {last}"),
        (0, Some((last, others))) => format!("shards {} and {last}", others.join(", ")),
        (more, _) => format!("shards {} and {more} more", shown.join(", ")),
    }
}

impl Stops for PartError {
    fn code(&self) -> ExitCode {
        match self {
            Self::NoRun(error) => error.code(),
            Self::Read { .. } => ExitCode::NoInput,
            _ => ExitCode::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRun(error) if error.is_missing() => {
                "name the directories that `undertone analyze --shard NUMBER/COUNT --out DIR` wrote".to_owned()
            }
            Self::NoRun(error) => return error.hint(),
            Self::Read { .. } => "let this user read it".to_owned(),
            Self::Whole { .. } => "name what `undertone analyze --shard NUMBER/COUNT --out DIR` wrote".to_owned(),
            Self::Damaged { shard, path } => {
                let folder = path.parent().unwrap_or(path).display();
                format!("run that shard again with --shard {shard} --out {folder}")
            }
            Self::Foreign { .. } => {
                "run all shards with the same version, the same settings and over the same inputs".to_owned()
            }
            Self::Twice { .. } => "name each part once".to_owned(),
            Self::Missing { missing, of } => {
                let first = missing.first().copied().unwrap_or(1);
                format!("run what is missing, such as --shard {first}/{of}, and name all {of} parts")
            }
        })
    }
}

/// What all shards of a run found alike: they read the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WholeInput {
    /// Calls of all shards.
    pub(crate) calls: u64,
    /// Their turns.
    pub(crate) turns: u64,
}

impl From<Tally> for WholeInput {
    fn from(Tally { calls, turns, .. }: Tally) -> Self {
        Self { calls, turns }
    }
}

/// What a shard's calls add up to, and what it found in all inputs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PartSums {
    pub(crate) whole: WholeInput,
    pub(crate) rejects: Vec<RejectRow>,
    pub(crate) book: AgentBook,
    pub(crate) overview: Overview,
}

/// Rows of a table in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Section {
    rows: u64,
    bytes: u64,
}

impl Section {
    fn of(rows: &SortedRows) -> Self {
        Self { rows: rows.rows(), bytes: rows.kept_bytes() }
    }
}

/// What stands where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    calls: Section,
    segments: Option<Section>,
    failures: Section,
    /// Bytes of the sums.
    sums: u64,
    format: Format,
}

/// Writes the rows and the sums of a shard.
///
/// # Errors
/// The system's.
pub(crate) fn write(
    [calls, failures]: [SortedRows; 2],
    segments: Option<SortedRows>,
    sums: &PartSums,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<Option<u64>> {
    let sums = postcard::to_allocvec(sums).map_err(io::Error::other)?;
    let header = Header {
        calls: Section::of(&calls),
        segments: segments.as_ref().map(Section::of),
        failures: Section::of(&failures),
        sums: sums.len() as u64,
        format,
    };
    writeln!(out, "{FIRST_LINE}\n{}", serde_json::to_string(&header)?)?;
    for rows in [Some(calls), segments, Some(failures)].into_iter().flatten() {
        rows.keep(out)?;
    }
    out.write_all(&sums)?;
    Ok(None)
}

/// A shard's part.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its directory.
    pub(crate) folder: PathBuf,
    pub(crate) shard: Shard,
    /// The shard's own record.
    pub(crate) record: RunRecord,
    header: Header,
    /// Where the rows begin.
    begin: u64,
}

impl Part {
    /// Opens the part that a shard left in `folder`, and checks every byte of it.
    ///
    /// # Errors
    /// [`PartError`] naming the directory or file.
    pub(crate) fn open(folder: &Path) -> Result<Self, PartError> {
        let record = RunRecord::read(&folder.join(RunRecord::FILE))?;
        let whole = || PartError::Whole { path: folder.to_owned() };
        let shard: Shard = record.shard.as_deref().and_then(|shard| shard.parse().ok()).ok_or_else(whole)?;
        let path = folder.join(PART_FILE);
        let failed = |source| PartError::Read { path: path.clone(), source };
        let damaged = || PartError::Damaged { path: path.clone(), shard: shard.to_string() };
        let mut file = File::open(&path).map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut file, &mut hasher).map_err(failed)?;
        let hash = hasher.finalize().to_hex();
        if !record.outputs.iter().any(|output| output.name == PART_FILE && output.blake3 == hash.as_str()) {
            return Err(damaged());
        }
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut lines = [String::new(), String::new()];
        let mut begin = 0;
        for line in &mut lines {
            begin += file.read_line(line).map_err(failed)? as u64;
        }
        let [first, second] = lines;
        let header = serde_json::from_str(&second).ok().filter(|_| first.trim_end() == FIRST_LINE);
        let header = header.ok_or_else(damaged)?;
        Ok(Self { folder: folder.to_owned(), shard, record, header, begin })
    }

    /// The format of its tables.
    pub(crate) const fn format(&self) -> Format {
        self.header.format
    }

    /// Whether it has rows of segments.csv.
    pub(crate) const fn is_detailed(&self) -> bool {
        self.header.segments.is_some()
    }

    /// Where the rows of calls, segments and failures lie, and the sums.
    fn places(&self) -> [Range<u64>; 4] {
        let mut at = self.begin;
        let segments = self.header.segments.map_or(0, |segments| segments.bytes);
        [self.header.calls.bytes, segments, self.header.failures.bytes, self.header.sums].map(|bytes| {
            let begin = at;
            at += bytes;
            begin..at
        })
    }

    fn file(&self) -> Result<File, PartError> {
        let path = self.folder.join(PART_FILE);
        File::open(&path).map_err(|source| PartError::Read { path, source })
    }

    /// Reads its sums.
    ///
    /// # Errors
    /// [`PartError::Damaged`] where they are none.
    pub(crate) fn sums(&self) -> Result<PartSums, PartError> {
        let path = self.folder.join(PART_FILE);
        let [.., place] = self.places();
        let mut bytes = Vec::new();
        let mut file = self.file()?;
        let read = file.seek(SeekFrom::Start(place.start)).and_then(|_| file.read_to_end(&mut bytes));
        read.map_err(|source| PartError::Read { path: path.clone(), source })?;
        postcard::from_bytes(&bytes).map_err(|_| PartError::Damaged { path, shard: self.shard.to_string() })
    }

    /// The rows of a table of all `parts`.
    ///
    /// # Errors
    /// [`PartError::Read`].
    pub(crate) fn rows(parts: &[Self], table: Table) -> Result<MergedRows, PartError> {
        let rows = parts.iter().map(|part| {
            let [calls, segments, failures, _] = part.places();
            let (place, rows) = match table {
                Table::Calls => (calls, part.header.calls.rows),
                Table::Segments => (segments, part.header.segments.map_or(0, |segments| segments.rows)),
                Table::Failures => (failures, part.header.failures.rows),
            };
            Ok((part.file()?, place, rows))
        });
        Ok(MergedRows::of(rows.collect::<Result<Vec<_>, PartError>>()?))
    }
}

/// A table of which parts hold rows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Calls,
    Segments,
    Failures,
}
