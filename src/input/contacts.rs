//! Contact records beside transcripts: who took a call, its queue, start, channel, language and rating, by the call's id.
//!
//! A record becomes a row without a turn, kept by call like all others, so that records of any number take no more memory
//! than rows do; beyond that, 8 bytes of a hash of each id tell a record that stands twice.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::decode::Opened;
use super::error::InputError;
use super::field::{Field, Origin, fold};
use super::formats::Found;
use super::formats::csv::ContactTable;
use super::formats::parquet::as_table;
use super::label_files;
use super::quote;
use super::rejects::{Fault, Reason};
use super::row::{Attributes, Body, Row};
use super::sink::Sink;
use super::times::{Moment, TimeColumn};
use super::{ContactsRead, InputOptions};
use crate::language;
use crate::sentiment::Millionths;

/// The place of rows that are contact records: behind those of all files.
pub(super) const PLACE: u32 = u32::MAX;
/// A longer line of JSON is no contact record.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// The fields that a contact record can state.
pub(super) const FIELDS: [Field; 7] =
    [Field::CallId, Field::AgentId, Field::Queue, Field::Started, Field::Channel, Field::Language, Field::Rating];

/// The names of `field` in contact records, besides those that it has in transcripts.
pub(super) fn names(field: Field) -> impl Iterator<Item = &'static str> {
    let names: &[&str] = match field {
        Field::AgentId => &["agent.username", "agentusername", "agentlogin", "username", "handledby"],
        Field::Queue => &["queue.name", "queuename"],
        Field::Started => &["initiationtimestamp", "startedat", "calltime", "connecttime"],
        Field::Channel => &["medium", "contactchannel"],
        _ => &[],
    };
    names.iter().copied().chain(label_files::rating_names().filter(move |_| field == Field::Rating))
}

/// One record: the value of each of [`FIELDS`]; empty where it has none.
type Values<'a> = [&'a str; FIELDS.len()];

/// Reads all records of `file` into `sink`, the file number of which is [`PLACE`].
///
/// # Errors
/// [`InputError::Contacts`] for a file without ids or with nothing besides them; [`InputError::Unreadable`],
/// [`InputError::Damaged`], [`InputError::Scratch`], [`InputError::TooManyRejects`].
pub(super) fn read(file: Opened, sink: &mut Sink<'_, '_>) -> Result<(Found, ContactsRead), InputError> {
    let file = as_table(file)?;
    let is_json = file.sample.trim_ascii_start().first() == Some(&b'{');
    let path = file.about.path.clone();
    let mut records = Contacts {
        sink,
        seen: FxHashSet::default(),
        started: TimeColumn::default(),
        columns: Vec::new(),
        rated: 0,
        no_ratings: 0,
    };
    if is_json {
        records.json_lines(file)?;
    } else {
        records.table(file)?;
    }
    let Contacts { no_ratings, rated, .. } = records;
    let rating = records.columns.iter().find(|(field, _)| *field == Field::Rating).map(|(_, name)| name.clone());
    if no_ratings > 0 {
        tracing::warn!("{path}: {no_ratings} contact records have a rating that is no number; their calls have none");
    }
    let summary: Vec<String> = records.columns.iter().map(|(field, name)| format!("{field} = {name}")).collect();
    let columns: BTreeMap<&str, &str> =
        records.columns.iter().map(|(field, name)| (field.as_str(), name.as_str())).collect();
    let found = Found {
        kind: "contact-records",
        summary: summary.join(", "),
        facts: vec![("columns", serde_json::json!(columns))],
    };
    Ok((found, ContactsRead { records: records.sink.rows, rating, rated }))
}

/// Records on their way into the sink.
struct Contacts<'s, 'r, 'o> {
    sink: &'s mut Sink<'r, 'o>,
    /// Hashes of the ids met.
    seen: FxHashSet<[u8; 8]>,
    started: TimeColumn,
    /// What each field is taken from.
    columns: Vec<(Field, String)>,
    /// Records with a rating.
    rated: u64,
    /// Records with a rating that is no number.
    no_ratings: u64,
}

impl Contacts<'_, '_, '_> {
    fn table(&mut self, file: Opened) -> Result<(), InputError> {
        let about = file.about.clone();
        let Some(mut table) = ContactTable::open(file, self.sink.options())? else { return Ok(()) };
        self.columns = table.columns();
        self.check(&about.path, || quote::columns(table.header()))?;
        self.started = table.started();
        while let Some((line, values)) = table.next(&about)? {
            self.sink.count(1);
            match values {
                Ok(values) => self.record(line, &values)?,
                Err(reason) => self.sink.reject(line, reason),
            }
            self.sink.step(about.tap.passed())?;
        }
        Ok(())
    }

    fn json_lines(&mut self, file: Opened) -> Result<(), InputError> {
        let about = file.about;
        let mut reader = BufReader::new(file.reader);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
            if read.map_err(|error| about.failed(error))? == 0 {
                break;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            self.sink.count(1);
            let parsed = serde_json::from_slice::<Value>(&line);
            match parsed {
                Ok(value) => {
                    let mut texts = BTreeMap::new();
                    flatten("", &value, &mut texts);
                    self.json(number, &about.path, &texts)?;
                }
                Err(error) => self.sink.reject(number, Reason::Record { number, fault: Fault::from(error) }),
            }
            self.sink.step(about.tap.passed())?;
        }
        Ok(())
    }

    fn json(&mut self, line: u64, path: &str, texts: &BTreeMap<String, String>) -> Result<(), InputError> {
        let names: Vec<String> = texts.keys().cloned().collect();
        let places = fitting(&names, self.sink.options());
        let at = |place: Option<usize>| place.and_then(|at| names.get(at));
        if self.columns.is_empty() {
            self.columns =
                FIELDS.into_iter().zip(places).filter_map(|(field, place)| Some((field, at(place)?.clone()))).collect();
            self.check(path, || quote::columns(&names))?;
        }
        let values = places.map(|place| at(place).and_then(|name| texts.get(name)).map_or("", |text| text.trim()));
        let started = FIELDS.into_iter().zip(places).find(|(field, _)| *field == Field::Started);
        self.started =
            started.and_then(|(_, place)| at(place)).map_or_else(TimeColumn::default, |name| TimeColumn::of(name));
        self.record(line, &values)
    }

    /// # Errors
    /// [`InputError::Contacts`] if the records have no id, or nothing besides one.
    fn check(&self, path: &str, columns: impl Fn() -> String) -> Result<(), InputError> {
        let has_id = self.columns.iter().any(|(field, _)| *field == Field::CallId);
        let missing = match (has_id, self.columns.len()) {
            (false, _) => vec![Field::CallId],
            (true, 1) => FIELDS.get(1..).unwrap_or_default().to_vec(),
            (true, _) => return Ok(()),
        };
        Err(InputError::Contacts { path: path.to_owned(), missing, columns: columns() })
    }

    fn record(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        let [call_id, agent_id, queue, started, channel, stated, rating] = *values;
        let moment = self.sink.run.clock.moment(started, self.started);
        let call_started_ms = moment.and_then(Moment::on_the_calendar);
        let reason = if call_id.is_empty() {
            Some(Reason::NoCallId)
        } else if call_started_ms.is_none() && !started.is_empty() {
            Some(Reason::BadTime)
        } else {
            let hash = blake3::hash(call_id.as_bytes());
            let first: [u8; 8] = *hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
            (!self.seen.insert(first)).then_some(Reason::SecondRecord)
        };
        if let Some(reason) = reason {
            self.sink.reject(line, reason);
            return Ok(());
        }
        let rating = label_files::rating(rating).unwrap_or_else(|_| {
            self.no_ratings += 1;
            None
        });
        self.rated += u64::from(rating.is_some());
        let attributes = Attributes {
            agent_id,
            queue,
            channel,
            language: language::stated(stated).ok().flatten().unwrap_or_default(),
            call_started_ms,
            rating: rating.map(|rating| Millionths::nearest(rating).0),
            ..Attributes::default()
        };
        let place = (PLACE, self.sink.rows);
        self.sink.store(&Row { call_id, place, index: None, start: None, end: None, attributes, body: Body::Nothing })
    }
}

/// Which of `names` each of [`FIELDS`] is taken from: what the user mapped if it is there, else the surest known name.
pub(super) fn fitting(names: &[String], options: &InputOptions) -> [Option<usize>; FIELDS.len()] {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    FIELDS.map(|field| {
        let named = |column: &str| folded.iter().position(|name| *name == fold(column));
        if let (Field::Rating, Some(column)) = (field, &options.rating) {
            return named(column);
        }
        let mapped = options.map.iter().find_map(|(mapped, origin)| match origin {
            Origin::Column(column) if *mapped == field => named(column),
            _ => None,
        });
        let known = || {
            let names = super::formats::csv::names(field).chain(self::names(field));
            names.into_iter().find_map(|known| folded.iter().position(|name| *name == known))
        };
        mapped.or_else(known)
    })
}

/// The texts and numbers of a JSON value, by keys joined with points.
fn flatten(key: &str, value: &Value, texts: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, value, texts);
            }
        }
        Value::String(text) => drop(texts.insert(key.to_owned(), text.clone())),
        Value::Number(number) => drop(texts.insert(key.to_owned(), number.to_string())),
        Value::Bool(truth) => drop(texts.insert(key.to_owned(), truth.to_string())),
        Value::Null | Value::Array(_) => {}
    }
}
