//! Reads transcripts: files in, complete calls out.
//!
//! [`discover()`] finds the files, [`read`] takes every row of them in, and [`Conversations::calls`] hands out calls
//! with their turns in order. What happens to a row on its way, a file each:
//!
//! - `discover`: which inputs there are; `source`: one of them (`objects` on object stores); `decode`: decompression, encoding, hash; `formats`: what a file is, and its reader.
//! - `field`: what can be stated; `roles`, `labels`, `times`: what a field's value means; `quote`: what of it a message
//!   may show.
//! - `html`: the words of bodies that are written in HTML; `live_chat`: those of Salesforce's.
//! - `sink`: where a format's rows go, each stored or rejected (`rejects`); `part`: what formats other than tables give
//!   it; `row`, `store`: rows kept by call, in memory
//!   and beyond it in an anonymous temporary file; `calls`: rows put together.
//! - `contacts`: records of calls beside the transcripts; `parties`: who took part, where that stands in another file.
//! - `delivery`: what is known of a file besides what it holds.
//! - `label_files`: what people said of texts and calls, for training and evaluation.
//!
//! Memory is bounded whatever the input: rows beyond [`InputOptions::memory_bytes`] go to the temporary file, and a
//! 256th of the calls is grouped at a time. A single call must fit in memory. Nothing is guessed: a role, column or
//! encoding that is not plain stops the run or rejects the row. Text reaches no error, log or lasting file.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::language::{self, Collector, Evidence};
use crate::transcript::Role;

mod calls;
mod contacts;
mod decode;
mod delivery;
mod discover;
mod error;
mod field;
mod formats;
mod html;
pub mod label_files;
mod labels;
mod live_chat;
#[cfg(feature = "object-stores")]
mod objects;
mod part;
mod parties;
#[cfg(test)]
mod properties;
mod quote;
mod rejects;
mod roles;
mod row;
mod sink;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod times;

pub use calls::{Calls, Tally};
pub use decode::Encoding;
pub use delivery::Delivery;
pub use discover::discover;
pub use error::InputError;
pub use field::{BadMap, Field, Origin};
#[cfg(feature = "exchange")]
pub(crate) use formats::arrow::TableColumns;
pub use formats::{Description, FormatName, Found, descriptions};
#[cfg(feature = "object-stores")]
pub(crate) use objects::in_turn;
pub use rejects::{MaxRejects, Reject};
pub use source::Source;
pub(crate) use source::{Version, nanoseconds};
pub use times::OffsetUnit;

use calls::Grouping;
use decode::{About, Opened};
use formats::Format;
use parties::Parties;
use rejects::Rejects;
use roles::{Roles, UnknownLabels, UnknownRoles};
use sink::{FileContext, PartyNumbers, Reading, Sink};
use store::{Store, Stored};
use times::Clock;

/// Bytes of rows held in memory by default before more go to the temporary file.
pub const DEFAULT_MEMORY_BYTES: usize = 64 << 20;

/// How input is understood where it does not say so itself.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// The format of all files; `None` to recognise each by its content.
    pub format: Option<FormatName>,
    /// A file of contact records, by call id.
    pub contacts: Option<PathBuf>,
    /// The column of ratings in contact records; else the first one that has a known name.
    pub rating: Option<String>,
    /// Where a field's values come from; goes before header names known without being told.
    pub map: Vec<(Field, Origin)>,
    /// Which role a speaker value has; goes before values known without being told. Without a role, a line that begins
    /// with it has no label.
    pub roles: Vec<(String, Option<Role>)>,
    /// The language of calls whose rows name none.
    pub language: Option<String>,
    /// The zone of times that name none, and of call dates.
    pub time_zone: TimeZone,
    /// What plain numbers in a time column count, where the header's name does not say.
    pub offset_unit: Option<OffsetUnit>,
    /// How many rows may be rejected.
    pub max_rejects: MaxRejects,
    /// About how many bytes of rows are held in memory while files are read.
    pub memory_bytes: usize,
    /// What is known of the files besides what they hold.
    pub delivery: Delivery,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            format: None,
            contacts: None,
            rating: None,
            map: Vec::new(),
            roles: Vec::new(),
            language: None,
            time_zone: TimeZone::UTC,
            offset_unit: None,
            max_rejects: MaxRejects::default(),
            memory_bytes: DEFAULT_MEMORY_BYTES,
            delivery: Delivery::default(),
        }
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Raw bytes read of all files; compare with [`Source::bytes`].
    pub bytes: u64,
    /// Rows read of all files.
    pub rows: u64,
}

/// What was read of one file, and how it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Its number among the sources that are no contact records.
    pub number: u32,
    /// Whether calls in it are called by its name, which then must not change.
    pub names_calls: bool,
    /// The path as it was found, or `-`.
    pub path: String,
    /// Raw bytes, as stored.
    pub bytes: u64,
    /// BLAKE3 of the raw bytes, in hexadecimal.
    pub hash: String,
    /// Rows, used or rejected; blank ones do not count.
    pub rows: u64,
    /// The encoding found.
    pub encoding: Encoding,
    /// `gzip` or `zstd`, if compressed.
    pub compression: Option<&'static str>,
    /// What its format found.
    pub found: Found,
}

/// What was read of contact records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactsRead {
    /// Records, used or rejected.
    pub records: u64,
    /// The column of ratings, if there is one.
    pub rating: Option<String>,
    /// Records with a rating.
    pub rated: u64,
}

/// All that was read: calls to iterate, and what there is to report.
pub struct Conversations {
    stored: Arc<Stored>,
    grouping: Arc<Grouping>,
    reports: Vec<FileReport>,
    passed_over: Vec<u32>,
    /// Of each file.
    party_numbers: Vec<PartyNumbers>,
    contacts: Option<ContactsRead>,
    rejects: Vec<Reject>,
    rejected: u64,
    rows: u64,
    languages: Arc<Evidence>,
}

/// Reads all rows of `sources`, in their order. `on_progress` is called every few thousand rows and after each file.
///
/// # Errors
/// Every [`InputError`] but those of [`discover()`]: a file that can't be read, columns or roles that the user must
/// name, too many rejected rows, no usable row, or a temporary file that fails.
pub fn read(
    sources: &[Source],
    options: &InputOptions,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Conversations, InputError> {
    read_formats(&formats::ALL, sources, options, on_progress)
}

/// Reads turns out of an Arrow IPC stream, as a part of somebody's table: how many rows are rejected, and whether there
/// are any, is up to whoever has the whole.
///
/// # Errors
/// Those of [`read`] but for too many rejected rows and no usable one.
#[cfg(feature = "exchange")]
pub(crate) fn read_part(
    source: Source,
    mut options: InputOptions,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Conversations, InputError> {
    options.delivery.is_part = true;
    read_formats(&[&formats::arrow::Arrow], &[source], &options, on_progress)
}

/// The same, for files in any of `formats`. If a file with the parties of calls comes behind their words, all are read
/// once more.
fn read_formats(
    formats: &[&dyn Format],
    sources: &[Source],
    options: &InputOptions,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Conversations, InputError> {
    let mut parties = Parties::default();
    loop {
        match read_all(formats, sources, options, parties, on_progress)? {
            Pass::Done(conversations) => return Ok(*conversations),
            Pass::Again(found) => parties = found.known_beforehand(),
        }
    }
}

/// What came of reading all files.
enum Pass {
    Done(Box<Conversations>),
    /// Speakers were unknown when their words were read, and parties came behind them.
    Again(Parties),
}

/// Reads all files with the parties that are known.
fn read_all(
    formats: &[&dyn Format],
    sources: &[Source],
    options: &InputOptions,
    parties: Parties,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Pass, InputError> {
    let clock = || Clock::new(options.time_zone.clone(), options.offset_unit);
    let mut reading = Reading {
        options,
        clock: clock(),
        roles: Roles::new(&options.roles),
        unknown: UnknownRoles::default(),
        labels: UnknownLabels::default(),
        named_columns: FxHashSet::default(),
        store: Store::new(options.memory_bytes),
        rejects: Rejects::default(),
        rows: 0,
        usable: 0,
        bytes: 0,
        party_numbers: Vec::new(),
        parties,
        languages: Collector::default(),
    };
    let mut reports = Vec::with_capacity(sources.len());
    let mut passed_over = Vec::new();
    let is_contacts = |source: &&Source| options.contacts.as_deref().is_some_and(|path| source.is_at(path));
    let sources: Vec<&Source> = sources.iter().filter(|source| !is_contacts(source)).collect();
    for (&source, context) in sources.iter().zip(contexts(&sources, &options.delivery)) {
        reading.party_numbers.push(PartyNumbers::default());
        match read_file(formats, source, &context, &mut reading, on_progress) {
            Err(error) if error.is_no_transcript() && source.may_be_anything() => {
                passed_over.push((context.number, error));
                reading.languages.end_file();
            }
            report => reports.push(report?),
        }
        if reading.unknown.are_too_many() {
            break;
        }
    }
    let can_read_again = sources.iter().all(|source| matches!(source, Source::File { bytes: 1.., .. }));
    if !reading.unknown.is_empty() && reading.parties.are_new() && can_read_again {
        return Ok(Pass::Again(reading.parties));
    }
    let contacts = match &options.contacts {
        Some(path) => {
            let (report, contacts) = read_contacts(path, &mut reading, on_progress)?;
            reports.push(report);
            Some(contacts)
        }
        None => None,
    };
    let Reading { unknown, labels, store, rejects, rows, usable, party_numbers, languages, .. } = reading;
    let stored = store.finish().map_err(|source| InputError::Scratch { source })?;
    unknown.into_result(&stored)?;
    labels.into_result()?;
    let is_nothing = reports.len() == usize::from(contacts.is_some()) && !options.delivery.may_be_empty;
    if usable == 0 && is_nothing && !passed_over.is_empty() {
        return Err(passed_over.swap_remove(0).1);
    }
    for (_, error) in &passed_over {
        tracing::warn!("{error}: it was passed over");
    }
    let may_be_empty = options.delivery.is_part || options.delivery.may_be_empty && rejects.count() == 0;
    if usable == 0 && !may_be_empty {
        return Err(InputError::NoUsableRow { files: sources.len(), rows, first: rejects.first() });
    }
    if !options.delivery.is_part {
        rejects.check(options.max_rejects, rows)?;
    }
    // A code that is in no list is the user's own affair.
    let language = options.language.as_deref().and_then(|code| language::stated(code).unwrap_or(Some(code)));
    Ok(Pass::Done(Box::new(Conversations {
        stored: Arc::new(stored),
        grouping: Arc::new(Grouping {
            clock: clock(),
            language: language.map(Into::into),
            has_contacts: contacts.is_some(),
            party_numbers: PartyNumbers::of_all(&party_numbers),
            party_numbers_of_dates: None,
            delivery: options.delivery.clone(),
        }),
        party_numbers,
        contacts,
        reports,
        passed_over: passed_over.into_iter().map(|(number, _)| number).collect(),
        rejected: rejects.count(),
        rejects: rejects.into_sorted(),
        rows,
        languages: Arc::new(languages.finish()),
    })))
}

/// What is known of each file before it is opened.
fn contexts(sources: &[&Source], delivery: &Delivery) -> Vec<FileContext> {
    let mut stems: FxHashMap<String, u32> = FxHashMap::default();
    for source in sources {
        *stems.entry(source.stem()).or_default() += 1;
    }
    let context = |(number, source): (u32, &&Source)| {
        let (stem, path) = (source.stem(), source.name());
        let is_alone = stems.get(&stem) == Some(&1) && !delivery.shared_stems.contains(&stem);
        let call_id = if is_alone { stem } else { path.clone() };
        FileContext { number, call_id, path: path.into(), names_calls: Cell::default() }
    };
    (0..).zip(sources).map(context).collect()
}

/// Reads the contact records at `path` into `reading`.
fn read_contacts(
    path: &Path,
    reading: &mut Reading<'_>,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<(FileReport, ContactsRead), InputError> {
    let opened = Opened::open(&Source::of(path)?)?;
    let about = opened.about.clone();
    let path = about.path.as_str().into();
    let file = FileContext { number: contacts::PLACE, path, call_id: String::new(), names_calls: Cell::default() };
    let mut sink = Sink { run: reading, file: &file, rows: 0, next_look: sink::ROWS_PER_STEP, on_progress };
    let (found, read) = contacts::read(opened, &mut sink)?;
    let rows = sink.rows;
    Ok((report(about, rows, found, &file), read))
}

/// Reads one file into `reading`, in whichever of `formats` it is.
fn read_file(
    formats: &[&dyn Format],
    source: &Source,
    context: &FileContext,
    reading: &mut Reading<'_>,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<FileReport, InputError> {
    let opened = Opened::open(source)?;
    let about = opened.about.clone();
    let format = formats::recognise(formats, &opened.sample, reading.options)
        .map_err(|found| InputError::UnknownFormat { path: about.path.clone(), found })?;
    let mut sink = Sink { run: reading, file: context, rows: 0, next_look: sink::ROWS_PER_STEP, on_progress };
    let found = format.read(opened, &mut sink)?;
    let rows = sink.rows;
    reading.languages.end_file();
    let report = report(about, rows, found, context);
    reading.bytes += report.bytes;
    on_progress(Progress { bytes: reading.bytes, rows: reading.rows });
    Ok(report)
}

/// What was read of a file.
fn report(about: About, rows: u64, found: Found, context: &FileContext) -> FileReport {
    FileReport {
        number: context.number,
        names_calls: context.names_calls.get(),
        path: about.path,
        bytes: about.tap.passed(),
        hash: about.tap.hash(),
        rows,
        encoding: about.encoding,
        compression: about.compression,
        found,
    }
}

impl Conversations {
    /// What was read of each file, in the order of the sources.
    pub fn reports(&self) -> &[FileReport] {
        &self.reports
    }

    /// What was read of contact records; `None` without a file of them.
    pub const fn contacts(&self) -> Option<&ContactsRead> {
        self.contacts.as_ref()
    }

    /// Files in directories that are no transcripts, by their numbers among the sources.
    pub fn passed_over(&self) -> &[u32] {
        &self.passed_over
    }

    /// Lets what is known by the other files of the run, such as the language of a call of few words, be known by the
    /// files that hold calls of the same date instead; an empty date stands for none. Of a date whose files are all read,
    /// calls are then the same whatever else is read.
    ///
    /// # Panics
    /// While calls are being handed out.
    pub fn go_by_dates(&mut self, files_of: &BTreeMap<Box<str>, Vec<u32>>) {
        let grouping = Arc::get_mut(&mut self.grouping).expect("no calls are being handed out");
        let numbers = |files: &Vec<u32>| {
            PartyNumbers::of_all(files.iter().filter_map(|file| self.party_numbers.get(*file as usize)))
        };
        let of_dates = files_of.iter().map(|(date, files)| (date.clone(), numbers(files)));
        grouping.party_numbers_of_dates = Some(of_dates.collect());
        Arc::get_mut(&mut self.languages).expect("no calls are being handed out").go_by_dates(files_of);
    }

    /// The rows that can't be used, by file and line; of very many, the last of each file in one.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// How many rows can't be used, by reason.
    #[cfg(feature = "exchange")]
    pub(crate) fn rejected_by_reason(&self) -> BTreeMap<Box<str>, u64> {
        let mut by_reason = BTreeMap::new();
        for reject in &self.rejects {
            let (reason, rows) = match reject.reason {
                rejects::Reason::NotListed { rows } => ("further ones".into(), rows),
                reason => (reason.to_string().into(), 1),
            };
            *by_reason.entry(reason).or_default() += rows;
        }
        by_reason
    }

    /// Rows read of all files, used or rejected.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows that can't be used.
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// The languages of the texts that were read.
    pub const fn languages(&self) -> &Arc<Evidence> {
        &self.languages
    }

    /// All calls, in an order that depends on their ids alone. May be asked for any number of times; how many calls,
    /// turns and duplicates there are is in [`Calls::tally`] once an iteration has ended.
    pub fn calls(&self) -> Calls {
        Calls::new(Arc::clone(&self.stored), Arc::clone(&self.grouping))
    }

    /// All calls, for an owner who needs nothing else: rows in memory are freed with the iterator.
    pub fn into_calls(self) -> Calls {
        Calls::new(self.stored, self.grouping)
    }
}
