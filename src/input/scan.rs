//! One file from its first byte to its last: header, rows, rejects, report.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;

use super::columns::{Columns, Field, described};
use super::decode::{Encoding, Opened};
use super::error::InputError;
use super::labels::{self, Split};
use super::records::{Advance, MAX_RECORD_BYTES, Record, Records, sniff_delimiter};
use super::rejects::{Reason, Rejects};
use super::roles::{Roles, Strangers, Where};
use super::row::{Attributes, Body, Row, put_spoken};
use super::source::Source;
use super::store::Store;
use super::times::{Clock, Moment, TimeColumn};
use super::{InputOptions, Progress};
use crate::transcript::Role;

/// Rows between two looks at progress and rejects.
const ROWS_PER_STEP: u64 = 1 << 14;
/// After so many conversations without a single label, the file has no column that says who spoke.
const UNLABELLED: u64 = 1000;

/// What a row of a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One row a turn.
    TurnRows,
    /// One row a conversation, whose text holds labelled lines.
    ConversationRows,
}

impl Format {
    /// The name used in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TurnRows => "turn-rows",
            Self::ConversationRows => "conversation-rows",
        }
    }
}

/// What was read of one file, and how it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The path as it was found, or `-`.
    pub path: String,
    /// Raw bytes, as stored.
    pub bytes: u64,
    /// BLAKE3 of the raw bytes, in hexadecimal.
    pub hash: String,
    /// Rows below the header, used or rejected; blank ones do not count.
    pub rows: u64,
    /// Which column was taken for which field, by header name; empty for an empty file.
    pub mapping: Vec<(Field, String)>,
    /// The delimiter found.
    pub delimiter: char,
    /// The encoding found.
    pub encoding: Encoding,
    /// `gzip` or `zstd`, if compressed.
    pub compression: Option<&'static str>,
    /// What a row holds.
    pub format: Format,
}

/// What all files of a run share while they are read.
pub(super) struct Scan<'a> {
    pub(super) options: &'a InputOptions,
    pub(super) clock: Clock,
    pub(super) roles: Roles,
    pub(super) strangers: Strangers,
    pub(super) store: Store,
    pub(super) rejects: Rejects,
    pub(super) rows: u64,
    /// Raw bytes of the files already read.
    pub(super) bytes: u64,
}

impl Scan<'_> {
    /// Reads one file, the `number`th.
    ///
    /// # Errors
    /// What stops the run: anything but [`InputError::UnknownRoles`], which is collected over all files.
    pub(super) fn file(
        &mut self,
        number: u32,
        source: &Source,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<FileReport, InputError> {
        let opened = Opened::open(source)?;
        let (path, compression, tap) = (opened.path().to_owned(), opened.compression(), opened.tap.clone());
        let delimiter = sniff_delimiter(&opened.sample, &self.options.map);
        let mut report = FileReport {
            path: path.clone(),
            bytes: 0,
            hash: String::new(),
            rows: 0,
            mapping: Vec::new(),
            delimiter: char::from(delimiter),
            encoding: opened.encoding,
            compression,
            format: Format::TurnRows,
        };
        let mut records = Records::new(opened.reader, delimiter);
        let failed = |error| Opened::failed(&path, compression, error);
        if records.advance().map_err(failed)? == Advance::Record {
            let header = records.header();
            let mut rows = FileScan::new(self, number, &path, header)?;
            report.mapping = rows.columns.mapping(&rows.header);
            report.format = rows.format;
            loop {
                match records.advance().map_err(failed)? {
                    Advance::Record => rows.record(&records)?,
                    Advance::Unclosed { lines } => rows.unclosed(records.line(), lines),
                    Advance::TooLong => {
                        let limit_mib = MAX_RECORD_BYTES >> 20;
                        return Err(InputError::RecordTooLong { path, line: records.line(), limit_mib });
                    }
                    Advance::End => break,
                }
                if rows.rows.is_multiple_of(ROWS_PER_STEP) {
                    rows.step(tap.passed(), on_progress)?;
                }
            }
            rows.finish()?;
            report.rows = rows.rows;
        }
        report.bytes = tap.passed();
        report.hash = tap.hash();
        self.bytes += report.bytes;
        on_progress(Progress { bytes: self.bytes, rows: self.rows });
        Ok(report)
    }
}

/// One file while its rows are read.
struct FileScan<'s, 'o> {
    scan: &'s mut Scan<'o>,
    file: Arc<str>,
    number: u32,
    header: Vec<String>,
    columns: Columns,
    format: Format,
    speaker: Where,
    rows: u64,
    labelled: u64,
    unlabelled: u64,
    conversation: Vec<u8>,
}

impl<'s, 'o> FileScan<'s, 'o> {
    fn new(scan: &'s mut Scan<'o>, number: u32, path: &str, header: Vec<String>) -> Result<Self, InputError> {
        let columns = Columns::find(path, &header, &scan.options.map)?;
        let (format, speaker) = match columns.position(Field::Speaker) {
            Some(at) => (Format::TurnRows, Where::Column(header[at].clone())),
            None => (Format::ConversationRows, Where::Labels),
        };
        Ok(Self {
            scan,
            file: path.into(),
            number,
            header,
            columns,
            format,
            speaker,
            rows: 0,
            labelled: 0,
            unlabelled: 0,
            conversation: Vec::new(),
        })
    }

    /// Takes one record in: stores its row, or rejects it with its reason.
    fn record<R: std::io::Read>(&mut self, records: &Records<R>) -> Result<(), InputError> {
        // Spreadsheets leave rows of nothing behind.
        if records.is_blank() {
            return Ok(());
        }
        self.rows += 1;
        self.scan.rows += 1;
        let (found, expected) = (records.field_count(), self.columns.count);
        let used = match records.record() {
            _ if found != expected => Err(Reason::FieldCount { found, expected }.into()),
            Some(record) => self.row(record),
            None => Err(Reason::NotUtf8.into()),
        };
        match used {
            Err(Refused::Row(reason)) => self.scan.rejects.push(&self.file, records.line(), reason),
            Err(Refused::Run(error)) => return Err(error),
            // Once the run can't go on, rows are looked at and no longer kept.
            Err(Refused::Stranger) | Ok(()) => {}
        }
        Ok(())
    }

    /// Stores the record's row.
    fn row(&mut self, record: Record<'_>) -> Result<(), Refused> {
        let field = |field: Field| record.field(self.columns.position(field));
        if record.has_nul() {
            return Err(Reason::NulByte.into());
        }
        let names = [Field::CallId, Field::AgentId, Field::Queue, Field::Language, Field::Channel];
        let [call_id, agent_id, queue, language, channel] = &names.map(|name| on_one_line(field(name)));
        if call_id.is_empty() {
            return Err(Reason::NoCallId.into());
        }
        let attributes = Attributes { agent_id, queue, language, channel, date: self.date(field(Field::CallDate))? };
        let place = (self.number, self.rows);
        let index = turn_index(field(Field::TurnIndex))?;
        let start = self.moment(field(Field::Started), self.columns.started)?;
        let end = self.moment(field(Field::Ended), self.columns.ended)?;
        let (speaker, text) = (field(Field::Speaker), field(Field::Text));
        let body = match self.format {
            Format::TurnRows => Body::Turn(self.role(speaker)?, text),
            Format::ConversationRows => {
                self.split(text)?;
                Body::Conversation(&self.conversation)
            }
        };
        if !self.scan.strangers.is_empty() {
            return Err(Refused::Stranger);
        }
        let row = Row { call_id, place, index, start, end, attributes, body };
        self.scan.store.push(&row).map_err(|source| Refused::Run(InputError::Scratch { source }))
    }

    fn date(&self, value: &str) -> Result<Option<Date>, Reason> {
        if value.is_empty() {
            return Ok(None);
        }
        self.scan.clock.date(value).map(Some).ok_or(Reason::BadDate)
    }

    fn moment(&self, value: &str, column: TimeColumn) -> Result<Option<Moment>, Reason> {
        if value.is_empty() {
            return Ok(None);
        }
        self.scan.clock.moment(value, column).map(Some).ok_or(Reason::BadTime)
    }

    /// Who spoke in a row of one turn.
    fn role(&mut self, speaker: &str) -> Result<Role, Refused> {
        if let Some(role) = self.scan.roles.role(speaker) {
            return Ok(role);
        }
        if speaker.is_empty() {
            return Err(Reason::NoSpeaker.into());
        }
        self.scan.strangers.note(speaker, &self.file, &self.speaker);
        Err(Refused::Stranger)
    }

    /// Splits a conversation into `self.conversation`.
    fn split(&mut self, text: &str) -> Result<(), Refused> {
        let mut turns = Vec::new();
        let split = labels::split(text, &mut self.scan.roles, &mut turns);
        self.labelled += u64::from(split != Split::NoLabel);
        self.unlabelled += u64::from(split == Split::NoLabel);
        match split {
            Split::NoLabel => return Err(Reason::NoLabel.into()),
            Split::WithinLine => return Err(Reason::LabelWithinLine.into()),
            Split::Unknown(labels) => {
                for label in labels {
                    self.scan.strangers.note(label, &self.file, &self.speaker);
                }
                return Err(Refused::Stranger);
            }
            Split::Turns => {}
        }
        self.conversation.clear();
        for turn in &turns {
            put_spoken(&mut self.conversation, turn);
        }
        Ok(())
    }

    /// Rejects every line that a quote swallowed, so that the share of rejects tells how much was lost.
    fn unclosed(&mut self, opened: u64, lines: u64) {
        self.scan.rejects.push(&self.file, opened, Reason::UnclosedQuote);
        for line in (opened + 1)..(opened + lines) {
            self.scan.rejects.push(&self.file, line, Reason::InsideUnclosedQuote { opened });
        }
        self.rows += lines;
        self.scan.rows += lines;
    }

    fn step(&mut self, bytes: u64, on_progress: &mut dyn FnMut(Progress)) -> Result<(), InputError> {
        on_progress(Progress { bytes: self.scan.bytes + bytes, rows: self.scan.rows });
        self.check_labels(UNLABELLED)?;
        if self.scan.strangers.is_settled() {
            std::mem::take(&mut self.scan.strangers).into_result()?;
        }
        self.scan.rejects.check_so_far(self.scan.options.max_rejects, self.scan.rows)
    }

    fn finish(&self) -> Result<(), InputError> {
        self.check_labels(1)
    }

    /// A file without a speaker column in which no conversation has a label is one row a turn, and the column that
    /// says who spoke was not recognised.
    fn check_labels(&self, at_least: u64) -> Result<(), InputError> {
        if self.format == Format::ConversationRows && self.labelled == 0 && self.unlabelled >= at_least {
            return Err(InputError::NoColumn {
                path: self.file.to_string(),
                field: Field::Speaker,
                columns: described(&self.header),
            });
        }
        Ok(())
    }
}

/// Why a row is not stored.
enum Refused {
    /// It can't be used.
    Row(Reason),
    /// Its speaker's role is not known, which is noted.
    Stranger,
    /// The run can't go on.
    Run(InputError),
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::Row(reason)
    }
}

/// A turn index: a whole number, which some exports write as `3.0`.
fn turn_index(value: &str) -> Result<Option<i64>, Reason> {
    if value.is_empty() {
        return Ok(None);
    }
    let whole = value.split_once('.').map_or(value, |(whole, zeros)| {
        let is_whole = zeros.bytes().all(|byte| byte == b'0');
        if is_whole { whole } else { value }
    });
    whole.parse().map(Some).map_err(|_| Reason::BadTurnIndex)
}

/// A name on one line, as outputs show it: two that differ in nothing but a line break are one there, and so here.
fn on_one_line(name: &str) -> Cow<'_, str> {
    const BREAKS: [char; 4] = ['\n', '\r', '\u{2028}', '\u{2029}'];
    // Nearly no name has a control character, or a byte that the wide breaks begin with.
    let suspicious = name.bytes().any(|byte| byte < b' ' || byte == 0xe2);
    if suspicious { name.replace(BREAKS, " ").into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_indexes_are_whole_numbers() {
        assert_eq!(turn_index(""), Ok(None));
        assert_eq!(turn_index("12"), Ok(Some(12)));
        assert_eq!(turn_index("-1"), Ok(Some(-1)));
        assert_eq!(turn_index("3.0"), Ok(Some(3)));
        for bad in ["3.5", "x", ".", "1e3", "99999999999999999999"] {
            assert_eq!(turn_index(bad), Err(Reason::BadTurnIndex), "{bad}");
        }
    }
}
