//! JSON of no known vendor: calls with a list of turns, calls whose text has labels, or turns, by themselves, in a list,
//! in lines or in a list within an object.
//!
//! Any JSON may be that, so the formats of vendors go before it.

mod keys;
mod plan;
#[cfg(test)]
pub(super) mod tests;

use super::records::{Layout as Records, Next};
use super::shape::Shape;
use super::tree::Json;
use super::{Counts, mend, records};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::{Field, folds_to};
use crate::input::formats::csv::columns::{self, CallIds};
use crate::input::formats::{Description, Format, Found, Likeness, Sample};
use crate::input::labels::TurnText;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::{Fault, Reason};
use crate::input::roles::{Roles, SpeakerPlace};
use crate::input::row::{Attributes, Body, Row};
use crate::input::sink::{Sink, Step};
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::language;
use crate::transcript::Role;
use plan::{Layout, Missing, Paths, Plan, Search};

/// How many of the first records are looked at.
const FIRST: usize = 50;
/// Lists of a record that say who took part.
const PEOPLE: [&str; 6] = ["participants", "parties", "speakers", "users", "members", "agents"];
/// Keys of one of them that the speaker of a turn may stand for.
const PERSON_IDS: [&str; 6] = ["participantid", "speakerid", "userid", "id", "speaker", "name"];
/// Keys of one of them that hold a role.
const PERSON_ROLES: [&str; 7] =
    ["role", "participantrole", "participanttype", "participantpurpose", "purpose", "affiliation", "type"];

/// JSON without a vendor.
pub(in crate::input::formats) struct Generic;

impl Format for Generic {
    fn description(&self) -> Description {
        Description {
            name: "json",
            title: "JSON of calls or turns, without a vendor's form",
            fields: &[
                (Field::CallId, "a key of a known name, or --map call_id=KEY"),
                (Field::Text, "a list such as messages, a text with labels, or --map text=KEY"),
                (Field::Speaker, "a key such as role or speaker, or --map speaker=KEY"),
            ],
        }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        sample.shape()?.keys().next().map(|_| Likeness::Possible)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let (plan, layout) = plan(&file, sink)?;
        let mut reader =
            Reader { plan: &plan, sink, counts: Counts::default(), languages: language::Column::default(), untimed: 0 };
        let mut records = records::Records::new(file.reader, layout);
        for number in 1.. {
            let (line, used) = match records.next().map_err(|error| file.about.failed(error))? {
                Next::End => break,
                Next::TooLong(line) => (line, Err(Refused::Record(Reason::Record { number, fault: Fault::TooLong }))),
                Next::Record(bytes, line) => (line, reader.record(bytes, line, number)),
            };
            match used {
                Ok(()) => {}
                Err(Refused::Run(error)) => return Err(error),
                Err(Refused::Record(reason)) => reader.sink.reject(line, reason),
            }
            if reader.sink.step(file.about.tap.passed())? == Step::Stop {
                break;
            }
        }
        reader.warn();
        Ok(found(&plan, &reader.counts))
    }
}

fn found(plan: &Plan, counts: &Counts) -> Found {
    let mut mapping: Vec<String> = plan.record.iter().map(|(field, path)| format!("{field} = {path}")).collect();
    if let Layout::List { path, item, .. } = &plan.layout {
        mapping.extend(item.iter().map(|(field, inner)| format!("{field} = {path}[].{inner}")));
    }
    Found {
        kind: "json",
        summary: mapping.join(", "),
        facts: vec![("turns", counts.turns.into()), ("events", counts.events.into())],
    }
}

/// Where the fields of a file are, and its records.
fn plan(file: &Opened, sink: &mut Sink<'_, '_>) -> Result<(Plan, Records), InputError> {
    let shape = Shape::of(&file.sample);
    // The list of an object with one, which may be any.
    let lists = || shape.paths().filter_map(|path| path.strip_suffix("[]")).filter(|path| !path.contains(['[', '.']));
    let only = lists().next().filter(|_| lists().count() == 1);
    let wrappers = super::wrappers(&shape).chain(only);
    let mut missing = None;
    for list in std::iter::once(None).chain(wrappers.map(Some)) {
        let inner = list.map(|key| shape.inside(key));
        let shape = inner.as_ref().unwrap_or(&shape);
        if shape.keys().next().is_none() {
            continue;
        }
        let layout = Records::of(&file.sample, list);
        let texts = first(&file.sample, &layout);
        let first: Vec<Json<'_>> = texts.iter().filter_map(|text| serde_json::from_slice(text).ok()).collect();
        let is_single =
            layout == Records::Values && file.sample.trim_ascii_start().starts_with(b"{") && texts.len() < 2;
        let run = &mut *sink.run;
        let search = Search { shape, first: &first, is_single, map: &run.options.map };
        match search.plan(&mut run.roles, &mut run.clock) {
            Ok(plan) => return Ok((plan, layout)),
            Err(found) => {
                let is_final = !matches!(found, Missing::Fields(_));
                missing = Some(missing.unwrap_or_else(|| (found, plan::keys(shape))));
                if is_final {
                    break;
                }
            }
        }
    }
    let path = file.about.path.clone();
    let (missing, keys) = missing.unwrap_or_else(|| (Missing::Fields(vec![Field::Text]), plan::keys(&shape)));
    Err(match missing {
        Missing::Fields(fields) => InputError::NoKey { path, fields, keys },
        Missing::Several(field, candidates) => {
            InputError::AmbiguousKeys { path, field, candidates: candidates.join(", ") }
        }
        Missing::NoSuchKey(field, key) => InputError::NoSuchKey { path, field, key, keys },
    })
}

/// The first records of a sample, of which the last may be cut off.
fn first(sample: &[u8], layout: &Records) -> Vec<Vec<u8>> {
    let mut records = records::Records::new(sample, layout.clone());
    let mut first = Vec::new();
    while let Ok(Next::Record(record, _)) = records.next()
        && first.len() < FIRST
    {
        first.push(record.to_vec());
    }
    first
}

/// Why a record is not stored.
enum Refused {
    /// It can't be used.
    Record(Reason),
    /// The run can't go on.
    Run(InputError),
}

impl From<InputError> for Refused {
    fn from(error: InputError) -> Self {
        Self::Run(error)
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::Record(reason)
    }
}

/// One file while its records are read.
struct Reader<'p, 's, 'r, 'o> {
    plan: &'p Plan,
    sink: &'s mut Sink<'r, 'o>,
    counts: Counts,
    languages: language::Column,
    /// Turns whose time is in no form that is known.
    untimed: u64,
}

impl Reader<'_, '_, '_, '_> {
    fn record(&mut self, bytes: &[u8], line: u64, number: u64) -> Result<(), Refused> {
        let mended;
        let parsed = match serde_json::from_slice::<Json<'_>>(bytes) {
            Err(error) if !error.is_data() => match mend::mended(bytes) {
                Some(bytes) => {
                    mended = bytes;
                    serde_json::from_slice(&mended)
                }
                None => Err(error),
            },
            parsed => parsed,
        };
        let record: Json<'_> = parsed.map_err(|error| {
            self.sink.count(1);
            Reason::Record { number, fault: error.into() }
        })?;
        match &self.plan.layout {
            Layout::List { path, item, party } => {
                let part = self.call(&record, path, item, *party);
                self.counts.add(&part);
                Ok(self.sink.part(&part, line, number, &mut self.languages)?)
            }
            Layout::Row(layout) => {
                self.sink.count(1);
                self.row(&record, *layout, line, number)
            }
        }
    }

    /// The call that a record with a list of turns is.
    fn call<'a>(&mut self, record: &'a Json<'a>, list: &str, paths: &Paths, party: Option<Role>) -> CallPart<'a> {
        let text = |field: Field| self.plan.record.get(&field).map_or("", |path| record.text_at(path));
        let is_file = self.plan.call_ids == CallIds::File;
        let clock = &mut self.sink.run.clock;
        let start = text(Field::Started);
        let mut part = CallPart {
            call_id: if is_file { "" } else { text(Field::CallId) }.into(),
            is_whole: !is_file,
            started_ms: if start.is_empty() { None } else { moment(clock, start, TimeColumn::default()) }
                .and_then(Moment::on_the_calendar),
            agent_id: text(Field::AgentId).into(),
            queue: text(Field::Queue).into(),
            language: text(Field::Language).into(),
            channel: text(Field::Channel).into(),
            ..CallPart::default()
        };
        let items = record.items_at(list);
        let times = [Field::Started, Field::Ended].map(|field| paths.get(&field));
        let [start_unit, end_unit] = units(items, times);
        for item in items {
            let Some(turn) = turn(item, paths, &mut self.sink.run.roles, record, party) else {
                part.events += 1;
                continue;
            };
            let mut at = |field: Field, unit: TimeColumn| {
                let time = paths.get(&field).map_or("", |path| item.text_at(path));
                let moment = if time.is_empty() { None } else { moment(&mut self.sink.run.clock, time, unit) };
                self.untimed += u64::from(moment.is_none() && !time.is_empty());
                moment
            };
            let (start, end) = (at(Field::Started, start_unit), at(Field::Ended, end_unit));
            part.turns.push(turn.at(start, end));
        }
        // One time for all is that of the call.
        let first = part.turns.first().and_then(|turn| turn.start);
        if part.turns.len() > 1 && first.is_some() && part.turns.iter().all(|turn| turn.start == first) {
            part.started_ms = part.started_ms.or(first.and_then(Moment::on_the_calendar));
            part.turns.iter_mut().for_each(|turn| turn.start = None);
        }
        part
    }

    /// Stores a record that is like a row of a table.
    fn row(&mut self, record: &Json<'_>, layout: columns::Layout, line: u64, number: u64) -> Result<(), Refused> {
        let plan = self.plan;
        let words = |field: Field| {
            plan.record.get(&field).and_then(|path| record.at(path)).map(plan::words).unwrap_or_default()
        };
        if is_event(record) {
            self.counts.events += 1;
            return Ok(());
        }
        let [call_id, agent_id, queue, language, channel, speaker] =
            [Field::CallId, Field::AgentId, Field::Queue, Field::Language, Field::Channel, Field::Speaker].map(words);
        let call_id = match plan.call_ids {
            CallIds::Column(_) => call_id,
            CallIds::Row => format!("{}:{number}", self.sink.file.called().0),
            CallIds::File => self.sink.file.called().0.into_owned(),
        };
        if call_id.is_empty() {
            return Err(Reason::NoCallId.into());
        }
        let clock = &mut self.sink.run.clock;
        let mut time = |field: Field| match words(field).as_str() {
            "" => Ok(None),
            written => {
                let column = plan.record.get(&field).map_or_else(TimeColumn::default, |path| TimeColumn::of(path));
                moment(clock, written, column).map(Some).ok_or(Reason::BadTime)
            }
        };
        let (start, end) = (time(Field::Started)?, time(Field::Ended)?);
        let date = match words(Field::CallDate).as_str() {
            "" => None,
            written => Some(clock.date(written).ok_or(Reason::BadDate)?),
        };
        let index = match words(Field::TurnIndex).as_str() {
            "" => None,
            written => Some(written.parse().map_err(|_| Reason::BadTurnIndex)?),
        };
        let language = self.languages.language(&language).unwrap_or_default();
        let (text, sides) = (words(Field::Text), [Field::CustomerText, Field::AgentText].map(words));
        let body = match layout {
            columns::Layout::Turns(_) if is_note(record) => Body::Turn(Role::Other, &text),
            columns::Layout::Turns(_) => match self.sink.role(&speaker) {
                Some(role) => Body::Turn(role, &text),
                None if speaker.is_empty() => return Err(Reason::NoSpeaker.into()),
                None => self.sink.unknown_speaker(
                    &speaker,
                    line,
                    SpeakerPlace::Column(&format!("{:?}", plan.record[&Field::Speaker])),
                ),
            },
            columns::Layout::Party(role) => Body::Turn(role, &text),
            columns::Layout::Sides => {
                let turns = [Role::Customer, Role::Agent].into_iter().zip(&sides).filter(|(_, text)| !text.is_empty());
                Body::Turns(turns.map(|(role, text)| TurnText { role, offset_ms: None, text }).collect())
            }
            columns::Layout::Conversations => Body::Conversation(self.sink.conversation(&text, line)?),
        };
        self.counts.turns += match &body {
            Body::Conversation(turns) | Body::Turns(turns) => turns.len() as u64,
            _ => 1,
        };
        let attributes = Attributes {
            agent_id: &agent_id,
            queue: &queue,
            language,
            channel: &channel,
            date,
            ..Attributes::default()
        };
        let row = Row { call_id: &call_id, place: self.sink.place(), index, start, end, attributes, body };
        Ok(self.sink.store(&row)?)
    }

    fn warn(&self) {
        self.sink.warn_of_languages(&self.languages);
        if self.untimed > 0 {
            tracing::warn!(
                "{}: the time of {} turns is in no known form: they are in the file's order",
                self.sink.file.path,
                self.untimed
            );
        }
    }
}

fn moment(clock: &mut Clock, written: &str, column: TimeColumn) -> Option<Moment> {
    clock.moment(written, column)
}

/// What the times at these paths count: seconds, if one of them has a fraction and its name does not show more.
fn units(items: &[Json<'_>], paths: [Option<&String>; 2]) -> [TimeColumn; 2] {
    let is_fraction = |time: &Json<'_>| time.text().contains('.') && time.number().is_some();
    let mut times = items.iter().flat_map(|item| paths.iter().flatten().filter_map(|path| item.at(path)));
    let in_seconds = times.any(is_fraction);
    paths.map(|path| match path.map_or_else(TimeColumn::default, |path| TimeColumn::of(path)) {
        column if in_seconds && column == TimeColumn::default() => TimeColumn::of("seconds"),
        column => column,
    })
}

/// The turn that an item of a list is; `None` if it is an event or has no words.
fn turn<'a>(
    item: &'a Json<'a>,
    paths: &Paths,
    roles: &mut Roles,
    record: &'a Json<'a>,
    party: Option<Role>,
) -> Option<SpokenTurn<'a>> {
    let text = item.at(paths.get(&Field::Text)?)?.words();
    if text.is_empty() || is_event(item) {
        return None;
    }
    let value = paths.get(&Field::Speaker).map_or("", |path| item.text_at(path));
    let speaker = match party {
        _ if is_note(item) => Speaker::Role(Role::Other),
        Some(role) => Speaker::Role(role),
        None if roles.role(value).is_some() => Speaker::Value(value.into(), "the speaker"),
        None => Speaker::Value(person_role(record, value).unwrap_or(value).into(), "the speaker"),
    };
    let turn = SpokenTurn::new(speaker, text);
    let index = paths.get(&Field::TurnIndex).and_then(|path| item.text_at(path).parse().ok());
    let agent_id = paths.get(&Field::AgentId).map_or("", |path| item.text_at(path)).into();
    Some(SpokenTurn { index, agent_id, ..turn })
}

/// The role that a record's list of people gives to the one of this id or name.
fn person_role<'a>(record: &'a Json<'a>, id: &str) -> Option<&'a str> {
    let Json::Object(members) = record else { return None };
    let lists =
        members.iter().filter(|(key, _)| PEOPLE.iter().any(|name| folds_to(key, name))).map(|(_, list)| list.items());
    let is_it =
        |person: &&Json<'a>| PERSON_IDS.iter().any(|key| folded(person, key).is_some_and(|value| value.text() == id));
    let person = lists.flatten().find(is_it).filter(|_| !id.is_empty())?;
    PERSON_ROLES.iter().find_map(|key| folded(person, key)).map(Json::text).filter(|role| !role.is_empty())
}

/// The value under a key that folds to `name`.
fn folded<'j, 'a>(value: &'j Json<'a>, name: &str) -> Option<&'j Json<'a>> {
    let Json::Object(members) = value else { return None };
    members.iter().find(|(key, _)| folds_to(key, name)).map(|(_, value)| value)
}

/// Whether a turn or row is marked as none: an event, or words that come again.
fn is_event(item: &Json<'_>) -> bool {
    let is = |name: &str, wanted: &[&str]| folded(item, name).is_some_and(|value| wanted.contains(&value.text()));
    let is_true = |name: &str| is(name, &["true", "1"]);
    let entry = folded(item, "entrytype").map(Json::text).unwrap_or_default();
    is_true("isevent") || is_true("ispartial") || !matches!(entry, "" | "Text" | "text" | "Message" | "message")
}

/// Whether the words of a turn or row were not for the customer.
fn is_note(item: &Json<'_>) -> bool {
    let is = |name: &str, wanted: &str| folded(item, name).is_some_and(|value| value.text() == wanted);
    ["isinternalmessage", "isinternal", "internal", "isprivate", "private", "isnote"]
        .iter()
        .any(|name| is(name, "true"))
        || is("public", "false")
}
