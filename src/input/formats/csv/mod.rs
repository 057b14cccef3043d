//! Delimited text with a header line: one row a turn, one row for both sides, or one row a conversation.
//!
//! - `peek`: the first rows; `aliases`: names of columns; `columns`: which column is which field; `records`: delimiter, records and their lines.
//! - `shifted`: columns of names that hold what was said; `contacts`: contact records in tables.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;

pub(super) mod aliases;
pub(super) mod columns;
mod contacts;
pub(super) mod peek;
mod records;
mod shifted;

use super::{Description, Format, Found, Likeness, Sample, foreign};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::Field;
use crate::input::labels::TurnText;
use crate::input::live_chat;
use crate::input::quote::{looks_like_a_name, shell_word};
use crate::input::rejects::Reason;
use crate::input::roles::SpeakerPlace;
use crate::input::row::{Attributes, Body, Row};
use crate::input::sink::{Sink, Step};
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::language;
use crate::transcript::Role;
pub(in crate::input) use aliases::names;
use columns::{CallIds, Columns, Layout};
pub(in crate::input) use contacts::ContactTable;
use peek::Peek;
use records::{Advance, MAX_RECORD_BYTES, Record, Records, sniff_delimiter};
use shifted::{Shifts, is_sentence};

/// After so many conversations without a single label, the file has no column that says who spoke.
const UNLABELLED: u64 = 1000;

/// What each field is taken from: the columns of [`columns`].
const FIELDS: [(Field, &str); 11] = [
    (Field::CallId, "a column such as `call_id`, `conversation_id`, `contact_id`, or `--map call_id=@row` or `@file`"),
    (Field::Text, "`text`, `content`, `transcript`, `message` and the like: a turn, or a conversation with labels"),
    (Field::Speaker, "`speaker`, `role`, `participant_role`, `sender` and the like, or labels in the text"),
    (Field::AgentId, "`agent_id`, `agent`, `agent_name`, `operator_id` and the like"),
    (Field::TurnIndex, "`turn_index`, `turn`, `sequence` and the like"),
    (Field::Started, "`started`, `timestamp`, `start_time`, `BeginOffsetMillis`, `created_at` and the like"),
    (Field::Ended, "`ended`, `end_time`, `EndOffsetMillis` and the like"),
    (Field::Queue, "`queue`, `team` or `skill`"),
    (Field::Language, "`language`, `language_code` or `locale`"),
    (Field::Channel, "`channel` or `media_type`"),
    (Field::CallDate, "`call_date`, `date` or `start_date`"),
];

/// Delimited text with a header line.
pub(in crate::input) struct Csv;

impl Format for Csv {
    fn description(&self) -> Description {
        Description { name: "csv", title: "delimited text with a header line", fields: &FIELDS }
    }

    fn likeness(&self, sample: &Sample<'_>, options: &InputOptions) -> Option<Likeness> {
        let sample = sample.text;
        if foreign::is_no_table(sample).is_some() {
            return None;
        }
        let peek = Peek::of(sample, sniff_delimiter(sample, &options.map));
        if aliases::is_header(&peek.header, &options.map) {
            // One word on the first line may be a title; whoever maps a column has a table.
            let is_title = peek.header.len() == 1 && options.map.is_empty();
            return Some(if is_title { Likeness::Possible } else { Likeness::Certain });
        }
        (foreign::looks_like(sample).is_none() && peek.is_table(&options.map)).then_some(Likeness::Possible)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let delimiter = sniff_delimiter(&file.sample, &sink.options().map);
        read_delimited(file, delimiter, sink)
    }
}

/// Reads a file whose columns are known to be parted by `delimiter`.
///
/// # Errors
/// What stops the run.
pub(super) fn read_delimited(file: Opened, delimiter: u8, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
    let peek = Peek::of(&file.sample, delimiter);
    let mut records = Records::new(file.reader, delimiter);
    let failed = |error| file.about.failed(error);
    if records.advance().map_err(failed)? != Advance::Record {
        return Ok(found(Layout::Turns(0), delimiter, &[]));
    }
    let mut rows = Rows::new(sink, &peek)?;
    rows.name_overlooked();
    loop {
        match records.advance().map_err(failed)? {
            Advance::Record => rows.record(&records)?,
            Advance::Unclosed { lines } => rows.unclosed(records.line(), lines),
            Advance::TooLong => {
                let (path, limit_mib) = (file.about.path.clone(), MAX_RECORD_BYTES >> 20);
                return Err(InputError::RecordTooLong { path, line: records.line(), limit_mib });
            }
            Advance::End => break,
        }
        match rows.sink.step(file.about.tap.passed())? {
            Step::On => {}
            Step::Looked => rows.check(UNLABELLED)?,
            Step::Stop => break,
        }
    }
    rows.check(1)?;
    rows.warn();
    let mut found = found(rows.columns.layout, delimiter, &rows.columns.mapping(&peek.header));
    found.facts.extend(rows.columns.entry_type.map(|_| ("events", rows.events.into())));
    Ok(found)
}

fn found(layout: Layout, delimiter: u8, mapping: &[(Field, String)]) -> Found {
    let kind = match layout {
        Layout::Turns(_) | Layout::Party(_) => "turn-rows",
        Layout::Sides => "exchange-rows",
        Layout::Conversations => "conversation-rows",
    };
    let summary: Vec<String> = mapping.iter().map(|(field, column)| format!("{field} = {column}")).collect();
    let columns: BTreeMap<&str, &str> =
        mapping.iter().map(|(field, column)| (field.as_str(), column.as_str())).collect();
    Found {
        kind,
        summary: summary.join(", "),
        facts: vec![("delimiter", char::from(delimiter).to_string().into()), ("columns", serde_json::json!(columns))],
    }
}

/// One file while its rows are read.
struct Rows<'p, 's, 'r, 'o> {
    sink: &'s mut Sink<'r, 'o>,
    peek: &'p Peek,
    columns: Columns,
    /// How messages name the speaker's column.
    speaker: String,
    labelled: u64,
    unlabelled: u64,
    /// Rows that are no speech.
    events: u64,
    shifts: Shifts,
    /// Rows whose call or agent id was rounded by a spreadsheet.
    rounded: [(Field, u64); 2],
    languages: language::Column,
}

impl<'p, 's, 'r, 'o> Rows<'p, 's, 'r, 'o> {
    fn new(sink: &'s mut Sink<'r, 'o>, peek: &'p Peek) -> Result<Self, InputError> {
        let run = &mut *sink.run;
        let columns = Columns::find(&sink.file.path, peek, &run.options.map, &mut run.roles, &mut run.clock)?;
        let speaker = match columns.layout {
            Layout::Turns(at) => format!("column {} {:?}", at + 1, peek.header[at]),
            _ => String::new(),
        };
        let shifts = Shifts::new(&columns, &run.options.map);
        let rounded = [(Field::CallId, 0), (Field::AgentId, 0)];
        Ok(Self {
            sink,
            peek,
            columns,
            speaker,
            labelled: 0,
            unlabelled: 0,
            events: 0,
            shifts,
            rounded,
            languages: language::Column::default(),
        })
    }

    /// Takes one record in: stores its row, or rejects it with its reason.
    fn record<R: std::io::Read>(&mut self, records: &Records<R>) -> Result<(), InputError> {
        // Spreadsheets leave rows of nothing behind.
        if records.is_blank() {
            return Ok(());
        }
        self.sink.count(1);
        let (found, expected) = (records.field_count(), self.columns.count);
        let used = match records.record() {
            _ if found != expected => Err(Reason::FieldCount { found, expected }.into()),
            Some(record) => self.row(record, records.line()),
            None => Err(Reason::NotUtf8.into()),
        };
        match used {
            Err(Refused::Row(reason)) => self.sink.reject(records.line(), reason),
            Err(Refused::Run(error)) => return Err(error),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Names columns that are not used and look like what the file lacks, each once a run.
    fn name_overlooked(&mut self) {
        let run = &mut *self.sink.run;
        for (field, at) in self.columns.overlooked(self.peek, &mut run.roles, &mut run.clock) {
            let Some(name) = self.peek.header.get(at).filter(|name| looks_like_a_name(name)) else { continue };
            if run.named_columns.insert(name.clone()) {
                let flag = shell_word(&format!("{field}={name}"));
                tracing::warn!(
                    "{}: column {name:?} is not used; if it holds {field}: --map {flag}",
                    self.sink.file.path
                );
            }
        }
    }

    /// Stores the record's row.
    fn row(&mut self, record: Record<'_>, line: u64) -> Result<(), Refused> {
        let field = |field: Field| record.field(self.columns.position(field));
        if record.has_nul() {
            return Err(Reason::NulByte.into());
        }
        let entry = record.field(self.columns.entry_type);
        if !entry.is_empty() && !entry.eq_ignore_ascii_case("text") {
            self.events += 1;
            return Ok(());
        }
        let names = shifted::NAMES.map(|name| (name, on_one_line(field(name))));
        self.shifts.note(&names, record);
        if let Some((name, _)) = names.iter().find(|(name, value)| is_sentence(value) && !self.shifts.is_stated(*name))
        {
            return Err(Reason::SentenceIn(*name).into());
        }
        let [call_id, agent_id, queue, channel] = names.each_ref().map(|(_, value)| value);
        let language = self.languages.language(field(Field::Language)).unwrap_or_default();
        for ((_, count), id) in self.rounded.iter_mut().zip([call_id, agent_id]) {
            *count += u64::from(is_rounded(id));
        }
        let call_id = match self.columns.call_ids {
            CallIds::Column(_) => Cow::Borrowed(&**call_id),
            CallIds::Row => format!("{}:{line}", self.sink.file.id()).into(),
            CallIds::File => self.sink.file.id().into(),
        };
        if call_id.is_empty() {
            return Err(Reason::NoCallId.into());
        }
        let clock = &mut self.sink.run.clock;
        let date = date(clock, field(Field::CallDate))?;
        let index = turn_index(field(Field::TurnIndex))?;
        let mut start = moment(clock, field(Field::Started), self.columns.started)?;
        let call_start = start.take_if(|_| self.columns.is_call_start);
        let call_started_ms = call_start.and_then(Moment::on_the_calendar);
        let end = moment(clock, field(Field::Ended), self.columns.ended)?;
        let text = field(Field::Text);
        let conversation;
        let body = match self.columns.layout {
            Layout::Turns(at) => self.turn(record.field(Some(at)), text, line)?,
            Layout::Party(role) => Body::Turn(role, text),
            Layout::Sides => {
                let sides = [(Role::Customer, field(Field::CustomerText)), (Role::Agent, field(Field::AgentText))];
                let turns = sides.into_iter().filter(|(_, text)| !text.is_empty());
                Body::Turns(turns.map(|(role, text)| TurnText { role, offset_ms: None, text }).collect())
            }
            Layout::Conversations => {
                conversation = live_chat::text(text);
                let turns = self.sink.conversation(&conversation, line);
                self.labelled += u64::from(turns != Err(Reason::NoLabel));
                self.unlabelled += u64::from(turns == Err(Reason::NoLabel));
                Body::Conversation(turns?)
            }
        };
        let is_agent = matches!(body, Body::Turn(Role::Agent, _) | Body::Unknown(_));
        let agent_id = if is_agent || !self.columns.is_any_actor { agent_id.as_ref() } else { "" };
        let attributes =
            Attributes { agent_id, queue, language, channel, date, call_started_ms, ..Attributes::default() };
        let row = Row { call_id: &call_id, place: self.sink.place(), index, start, end, attributes, body };
        self.sink.store(&row).map_err(Refused::Run)
    }

    fn turn<'t>(&mut self, speaker: &str, text: &'t str, line: u64) -> Result<Body<'t>, Reason> {
        match self.sink.role(speaker) {
            Some(role) => Ok(Body::Turn(role, text)),
            None if speaker.is_empty() => Err(Reason::NoSpeaker),
            None => Ok(self.sink.unknown_speaker(speaker, line, SpeakerPlace::Column(&self.speaker))),
        }
    }

    /// Rejects every line that a quote swallowed, so that the share of rejects shows how much was lost.
    fn unclosed(&mut self, opened: u64, lines: u64) {
        self.sink.count(lines);
        self.sink.reject(opened, Reason::UnclosedQuote);
        self.sink.reject_lines(opened + 1, lines - 1, Reason::InsideUnclosedQuote { opened });
    }

    /// Ends the run if the file is not what its header promised: a file without a speaker column in which no
    /// conversation has a label is one row a turn, and a column of names that holds sentences is another's.
    fn check(&self, at_least: u64) -> Result<(), InputError> {
        // A few rows of a part show little of its columns.
        if !self.sink.options().delivery.is_part {
            self.shifts.check(&self.sink.file.path)?;
        }
        if self.columns.layout == Layout::Conversations && self.labelled == 0 && self.unlabelled >= at_least {
            return Err(InputError::NoColumn {
                path: self.sink.file.path.to_string(),
                fields: vec![Field::Speaker],
                columns: columns::seen(self.peek, &self.sink.options().map),
            });
        }
        Ok(())
    }

    /// Warns of ids that a spreadsheet rounded, and of languages that are none.
    fn warn(&self) {
        let name = |field: Field, rows: u64| {
            self.columns.position(field).filter(|_| rows > 0).and_then(|at| self.peek.header.get(at))
        };
        let strange = self.languages.strange;
        if let Some(name) = name(Field::Language, strange) {
            tracing::warn!(
                "{}: column {name:?} names no language in {strange} rows: the language of their calls is found from what \
                 was said",
                self.sink.file.path
            );
        }
        for (field, rows) in self.rounded {
            if let Some(name) = name(field, rows) {
                tracing::warn!(
                    "{}: a spreadsheet has rounded the ids in column {name:?}, in {rows} rows (as in 1.23457E+17): different \
                     ones may have become one; export it again with that column as text",
                    self.sink.file.path
                );
            }
        }
    }
}

/// Why a row is not stored.
enum Refused {
    /// It can't be used.
    Row(Reason),
    /// The run can't go on.
    Run(InputError),
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::Row(reason)
    }
}

/// Whether a spreadsheet took an id for a number and rounded it: `5.68579E+17`, or `5,68579E+17` in German or French.
fn is_rounded(id: &str) -> bool {
    let [first, .., b'E' | b'e', b'+', _, _] = id.as_bytes() else { return false };
    first.is_ascii_digit() && id.replace(',', ".").parse::<f64>().is_ok()
}

fn date(clock: &mut Clock, value: &str) -> Result<Option<Date>, Reason> {
    if value.is_empty() { Ok(None) } else { clock.date(value).map(Some).ok_or(Reason::BadDate) }
}

fn moment(clock: &mut Clock, value: &str, column: TimeColumn) -> Result<Option<Moment>, Reason> {
    if value.is_empty() { Ok(None) } else { clock.moment(value, column).map(Some).ok_or(Reason::BadTime) }
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
    fn ids_that_a_spreadsheet_rounded() {
        assert!(is_rounded("5.68579E+17") && is_rounded("5,68579E+17") && is_rounded("1e+20"));
        for id in ["5,6,8E+17", "5,6.8E+17", "568579000000000000", "CASE+17", "5.6", "E+17", "x5E+17", ""] {
            assert!(!is_rounded(id), "{id}");
        }
    }

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
