//! The record of a published date: what it was made of, what was written, and its exact sums.
//!
//! ```text
//! undertone date 1 HASH HASH      the format's version, BLAKE3 of the second line, BLAKE3 of what follows it
//! { … }                           the record, as JSON
//! …                               the list of inputs, the agents' book and the overview, as `postcard` writes them
//! ```
//!
//! It is put in place after the date's partitions, and so is their commit: a date is published when its record is there. A
//! window is made of the sums of its dates, never of cells that were rounded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::found::Sum;
use super::{CallDate, DayFigures};
use crate::drift::CanaryResult;
use crate::exit::{ExitCode, Stops};
use crate::output::WrittenFile;
use crate::overview::Overview;
use crate::rollup::AgentBook;
use crate::sentiment::SegmentCounts;

/// The folder of the records.
pub(crate) const FOLDER: &str = "sums";
const ENDING: &str = ".sums";
/// Changes when what follows the record does.
const FIRST_WORDS: &str = "undertone date 1";

/// A record can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SumsError {
    /// It can't be read.
    #[error("can't read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not what was written.
    #[error("{path} is damaged, or was written by another version of the program")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The date that it is of.
        date: String,
    },
}

impl Stops for SumsError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Read { .. } => ExitCode::NoInput,
            Self::Damaged { .. } => ExitCode::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("it is what nights keep of a date: let this user read it".to_owned()),
            Self::Damaged { date, .. } => Some(format!("make it again with --rescore --from {date} --to {date}")),
        }
    }
}

/// An input of a date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct DateInput {
    /// BLAKE3 of its bytes.
    pub(crate) blake3: String,
    /// The date that its calls without one were given, if one was.
    pub(crate) given: Option<String>,
    /// Where it was.
    pub(crate) path: String,
    /// Calls of the date in it.
    pub(crate) calls: u64,
}

/// What makes the scores: days with another one are not compared, and not merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The engine.
    pub(crate) engine: String,
    /// Its model.
    pub(crate) model: String,
    /// How calls are cut for it.
    pub(crate) granularity: String,
    /// BLAKE3 of the settings that change figures.
    pub(crate) settings: String,
    /// The version of the formulas.
    pub(crate) scoring_version: String,
    /// The version of the rules of redaction, and BLAKE3 of its terms, where anything is kept back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redaction: Option<String>,
    /// BLAKE3 of the model of ratings, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call_model: Option<String>,
}

impl Identity {
    /// A hash of all of it.
    pub(crate) fn hash(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect()
    }
}

/// What was counted of a date's calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DateCounts {
    pub(crate) turns: u64,
    pub(crate) scored: u64,
    pub(crate) low_coverage: u64,
    pub(crate) language_assumed: u64,
    pub(crate) times_contradict: u64,
    pub(crate) segments: SegmentCounts,
}

/// The record of a published date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DateRecord {
    /// How many times it was published.
    pub(crate) revision: u64,
    /// Calls.
    pub(crate) calls: u64,
    /// The sum of their keys, in hexadecimal: other calls make another one.
    pub(crate) keys: String,
    /// How many inputs it was made of.
    pub(crate) inputs: u64,
    /// BLAKE3 of what they hold, in no order.
    pub(crate) inputs_hash: String,
    /// What scored it.
    pub(crate) identity: Identity,
    /// What decides which calls are of the date, besides the inputs: the time zone, and what a re-delivery means.
    pub(crate) dating: String,
    /// BLAKE3 of the contact records, if there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contacts: Option<String>,
    /// What was counted.
    pub(crate) counts: DateCounts,
    /// What its calls add up to.
    pub(crate) figures: DayFigures,
    /// Pieces of personal data that were kept back, where any were looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redactions: Option<u64>,
    /// What the canary texts came to when the date was scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) canary: Option<CanaryResult>,
    /// The files of its partitions.
    pub(crate) files: Vec<WrittenFile>,
    /// The first line of its file: another content has another one.
    #[serde(skip)]
    pub(crate) check: String,
}

impl DateRecord {
    /// Whether it was made of these inputs and holds these calls.
    pub(crate) fn is_of(&self, inputs: &[DateInput], sum: Sum) -> bool {
        self.calls == sum.calls && self.keys == keys(sum) && self.inputs_hash == inputs_hash(inputs)
    }

    /// A file of its partitions that is there and is not as it was written.
    pub(crate) fn edited(&self, root: &Path) -> io::Result<Option<PathBuf>> {
        for file in &self.files {
            let path = file.name.split('/').fold(root.to_owned(), |path, part| path.join(part));
            let mut hasher = blake3::Hasher::new();
            match File::open(&path).and_then(|mut read| io::copy(&mut read, &mut hasher)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                copied => copied?,
            };
            if hasher.finalize().to_hex().as_str() != file.blake3 {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

/// BLAKE3 of what inputs hold, whatever their order and their places.
pub(crate) fn inputs_hash(inputs: &[DateInput]) -> String {
    let contents: BTreeSet<_> = inputs.iter().map(|input| (&input.blake3, &input.given)).collect();
    let mut hasher = blake3::Hasher::new();
    for (content, given) in contents {
        hasher.update(format!("{content} {}\n", given.as_deref().unwrap_or_default()).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The sum of calls' keys as a record has it.
pub(crate) fn keys(sum: Sum) -> String {
    format!("{:032x}", sum.keys)
}

/// The exact sums of a date.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DateSums {
    /// What it was made of, in order.
    pub(crate) inputs: Vec<DateInput>,
    /// The agents.
    pub(crate) book: AgentBook,
    /// The calls at a glance.
    pub(crate) overview: Overview,
}

/// The name of a date's record in the folder of the nights.
pub(crate) fn name(date: CallDate) -> String {
    format!("{FOLDER}/{}{ENDING}", date.folder())
}

/// Writes a record and the sums behind it.
///
/// # Errors
/// The system's.
pub(crate) fn write(record: &DateRecord, sums: &DateSums, out: &mut dyn Write) -> io::Result<Option<u64>> {
    let record = serde_json::to_string(record)?;
    let sums = postcard::to_allocvec(sums).map_err(io::Error::other)?;
    let [record_hash, sums_hash] = [record.as_bytes(), &sums].map(blake3::hash);
    writeln!(out, "{FIRST_WORDS} {record_hash} {sums_hash}\n{record}")?;
    out.write_all(&sums)?;
    Ok(None)
}

/// The dates that were published, by their records.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) dates: BTreeMap<CallDate, DateRecord>,
    /// Dates whose record is damaged: they count as never published.
    pub(crate) damaged: Vec<(CallDate, PathBuf)>,
}

impl Published {
    /// Reads the records under `root`, without their sums.
    ///
    /// # Errors
    /// [`SumsError::Read`].
    pub(crate) fn read(root: &Path) -> Result<Self, SumsError> {
        let folder = root.join(FOLDER);
        let mut published = Self::default();
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(published),
            entries => entries.map_err(|source| SumsError::Read { path: folder.clone(), source })?,
        };
        for entry in entries {
            let path = entry.map_err(|source| SumsError::Read { path: folder.clone(), source })?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let date = name.strip_prefix("call_date=").and_then(|name| name.strip_suffix(ENDING));
            let Some(date) = date.and_then(|date| date.parse().ok()) else { continue };
            match read_record(&path, date) {
                Ok((record, _)) => drop(published.dates.insert(date, record)),
                Err(SumsError::Damaged { path, .. }) => published.damaged.push((date, path)),
                Err(error) => return Err(error),
            }
        }
        Ok(published)
    }
}

/// Reads a record; what follows it is still to be read.
fn read_record(path: &Path, date: CallDate) -> Result<(DateRecord, BufReader<File>), SumsError> {
    let failed = |source| SumsError::Read { path: path.to_owned(), source };
    let damaged = || SumsError::Damaged { path: path.to_owned(), date: date.to_string() };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut lines = [Vec::new(), Vec::new()];
    for line in &mut lines {
        file.read_until(b'\n', line).map_err(failed)?;
        line.pop();
    }
    let [first, second] = lines;
    let first = String::from_utf8(first).map_err(|_| damaged())?;
    let hash = first.strip_prefix(FIRST_WORDS).and_then(|rest| rest.split(' ').nth(1));
    if hash != Some(blake3::hash(&second).to_hex().as_str()) {
        return Err(damaged());
    }
    let record: DateRecord = serde_json::from_slice(&second).map_err(|_| damaged())?;
    Ok((DateRecord { check: first, ..record }, file))
}

/// Reads the sums of a date under `root`.
///
/// # Errors
/// [`SumsError`] naming the file.
pub(crate) fn read(root: &Path, date: CallDate) -> Result<DateSums, SumsError> {
    let path = name(date).split('/').fold(root.to_owned(), |path, part| path.join(part));
    let damaged = || SumsError::Damaged { path: path.clone(), date: date.to_string() };
    let (record, mut file) = read_record(&path, date)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|source| SumsError::Read { path: path.clone(), source })?;
    if record.check.rsplit(' ').next() != Some(blake3::hash(&bytes).to_hex().as_str()) {
        return Err(damaged());
    }
    postcard::from_bytes(&bytes).map_err(|_| damaged())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn input() -> DateInput {
        DateInput { blake3: "ab".into(), given: None, path: "a.csv".into(), calls: 3 }
    }

    pub(in crate::nights) fn record(calls: u64) -> DateRecord {
        let identity = Identity {
            engine: "local".into(),
            model: "1".into(),
            granularity: "turn".into(),
            settings: String::new(),
            scoring_version: "2".into(),
            redaction: None,
            call_model: None,
        };
        DateRecord {
            revision: 1,
            calls,
            keys: keys(Sum { calls, keys: 7 }),
            inputs: 1,
            inputs_hash: inputs_hash(&[input()]),
            identity,
            dating: "UTC".into(),
            contacts: None,
            counts: DateCounts::default(),
            figures: DayFigures::default(),
            redactions: None,
            canary: None,
            files: Vec::new(),
            check: String::new(),
        }
    }

    #[test]
    fn a_record_reads_back_and_any_changed_byte_is_found() {
        let home = tempfile::tempdir().unwrap();
        let date: CallDate = "2026-11-02".parse().unwrap();
        std::fs::create_dir(home.path().join(FOLDER)).unwrap();
        let path = home.path().join(name(date));
        let mut bytes = Vec::new();
        let mut sums = DateSums { inputs: vec![input()], ..DateSums::default() };
        sums.overview.calls = 3;
        write(&record(3), &sums, &mut bytes).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let published = Published::read(home.path()).unwrap();
        let read_back = &published.dates[&date];
        assert_eq!(DateRecord { check: String::new(), ..read_back.clone() }, record(3));
        assert_eq!(read(home.path(), date).unwrap(), sums);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            std::fs::write(&path, changed).unwrap();
            let is_known =
                Published::read(home.path()).unwrap().dates.get(&date).is_some_and(|record| record == read_back);
            assert!(!is_known || read(home.path(), date).is_err(), "{place}");
        }
    }

    #[test]
    fn a_record_knows_its_inputs_and_calls_again() {
        let record = record(3);
        let moved = [DateInput { path: "elsewhere.csv".into(), ..input() }];
        assert!(record.is_of(&moved, Sum { calls: 3, keys: 7 }));
        assert!(!record.is_of(&moved, Sum { calls: 3, keys: 8 }));
        assert!(!record.is_of(&[], Sum { calls: 3, keys: 7 }));
        let dated = [DateInput { given: Some("2026-11-02".into()), ..input() }];
        assert!(!record.is_of(&dated, Sum { calls: 3, keys: 7 }));
    }
}
