//! Where records of no vendor's form hold their fields: by the names that columns have too, and by what the first
//! records hold.
//!
//! A record is a call with a list of turns, a call whose text has labels, or a turn like a row of a table. What the user
//! mapped goes first; a key may be a path (`call.agent.id`), of an item within the list of turns or of the record.

use std::collections::BTreeMap;

use super::super::shape::Shape;
use super::super::tree::Json;
use super::keys::{in_object, named, named_object, speaker, tells_calls_apart, text, within};
use crate::input::field::{Field, Origin, fold};
use crate::input::formats::csv::aliases;
use crate::input::formats::csv::columns::{self, CallIds, Columns};
use crate::input::formats::csv::peek::Peek;
use crate::input::quote;
use crate::input::roles::Roles;
use crate::input::times::Clock;
use crate::transcript::Role;

/// Names of lists that hold a call's turns, folded as [`fold`] does.
const LISTS: [&str; 14] = [
    "messages",
    "turns",
    "transcript",
    "utterances",
    "conversation",
    "dialogue",
    "dialog",
    "entries",
    "segments",
    "transcripts",
    "chat",
    "original",
    "sentences",
    "conversationentries",
];
/// Names of an item's time that columns do not have.
const TIMES: [&str; 6] = ["timeincallsecs", "starttimems", "startms", "sentat", "absolutetime", "clienttimestamp"];
/// Names of a call's start that columns do not have; only the calendar counts.
const STARTS: [&str; 7] =
    ["startedat", "callstart", "callstarttime", "callstartedat", "starttimestamp", "starttimeunixsecs", "calldate"];
/// Names of a call's id that columns do not have.
const CALL_IDS: [&str; 10] = [
    "dialogid",
    "uuid",
    "convoid",
    "dialogueid",
    "callsid",
    "conversationsid",
    "conversationuuid",
    "conversationname",
    "conversationidentifier",
    "callnumber",
];
/// Objects within a record that state something of the call.
const HEADS: [&str; 10] =
    ["data", "metadata", "meta", "call", "callinfo", "conversation", "contact", "interaction", "info", "header"];
/// Longer than any time that a file of turns needs to show which columns it has.
const MAX_COLUMNS: usize = 500;

/// The path of each field that is there.
pub(super) type Paths = BTreeMap<Field, String>;

/// Where fields are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// Paths in a record.
    pub(super) record: Paths,
    pub(super) call_ids: CallIds,
}

/// What a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// A call with a list of turns at this path; paths in its items, which may be pairs of speaker and text.
    List { path: String, item: Paths, party: Option<Role> },
    /// A row, as a table has it.
    Row(columns::Layout),
}

impl Layout {
    /// The path of the list of turns.
    fn list(&self) -> &str {
        if let Self::List { path, .. } = self { path } else { "" }
    }
}

/// Why nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// No key fits these fields.
    Fields(Vec<Field>),
    /// Several keys fit one field.
    Several(Field, Vec<String>),
    /// The user mapped a field to a key that is not there.
    NoSuchKey(Field, String),
}

/// The keys of `shape` in words, if something shows that they are keys and nobody's words.
pub(super) fn keys(shape: &Shape) -> String {
    let known =
        shape.paths().filter_map(|path| path.rsplit(['.', ']']).next()).any(|name| aliases::is_known(&fold(name)));
    let all: Vec<String> = shape.keys().map(str::to_owned).collect();
    if known {
        return quote::columns(&all).replacen("columns are", "keys are", 1);
    }
    format!("none of its {} keys has a known name", all.len())
}

/// Looks for fields in records of one shape.
pub(super) struct Search<'a> {
    pub(super) shape: &'a Shape,
    /// The first records.
    pub(super) first: &'a [Json<'a>],
    /// Whether the file is one record.
    pub(super) is_single: bool,
    pub(super) map: &'a [(Field, Origin)],
}

impl Search<'_> {
    /// # Errors
    /// What is missing or ambiguous.
    pub(super) fn plan(&self, roles: &mut Roles, clock: &mut Clock) -> Result<Plan, Missing> {
        let mut lists = self.lists(roles);
        lists.sort_by_key(|(rank, _)| *rank);
        let best = lists.first().map(|(rank, _)| *rank);
        let row = if best == Some(0) { None } else { Some(self.rows(roles, clock)) };
        if let Some(Ok(plan)) = row {
            return Ok(plan);
        }
        lists.retain(|(rank, _)| Some(*rank) == best);
        // A list of one name within an object repeats the one beside it.
        let paths: Vec<String> = lists.iter().map(|(_, layout)| layout.list().to_owned()).collect();
        lists.retain(|(_, layout)| {
            let (path, name) = (layout.list(), layout.list().rsplit('.').next());
            !paths.iter().any(|other| other.len() < path.len() && other.rsplit('.').next() == name)
        });
        match (lists.pop(), lists.is_empty()) {
            (Some((_, Layout::List { path, item, party })), true) => {
                let record = self.of_record(&path)?;
                let call_ids = match self.origin(Field::CallId) {
                    Some(Origin::File) => CallIds::File,
                    _ => CallIds::Row,
                };
                Ok(Plan { layout: Layout::List { path, item, party }, record, call_ids })
            }
            (Some((_, last)), false) => {
                let path =
                    |layout: &Layout| if let Layout::List { path, .. } = layout { path.clone() } else { String::new() };
                let all = lists.iter().map(|(_, layout)| path(layout)).chain([path(&last)]);
                Err(Missing::Several(Field::Text, all.collect()))
            }
            _ => Err(row.and_then(Result::err).unwrap_or_else(|| Missing::Fields(vec![Field::Text, Field::Speaker]))),
        }
    }

    fn origin(&self, field: Field) -> Option<&Origin> {
        self.map.iter().find(|(mapped, _)| *mapped == field).map(|(_, origin)| origin)
    }

    /// The path that the user named for a field, which may begin with that of a list.
    fn mapped(&self, field: Field) -> Option<&str> {
        match self.origin(field)? {
            Origin::Column(path) => Some(path),
            _ => None,
        }
    }

    /// The lists that may hold a call's turns, the surest with the lowest rank.
    fn lists(&self, roles: &mut Roles) -> Vec<(u8, Layout)> {
        let wanted = self.mapped(Field::Text).map(|path| path.split("[]").next().unwrap_or_default().to_owned());
        let lists = self.shape.paths().filter_map(|path| path.strip_suffix("[]")).filter(|path| !path.contains("[]"));
        let mut found = Vec::new();
        for path in lists {
            let is_wanted = wanted.as_deref() == Some(path);
            let Some((item, is_pairs)) = self.item(path, roles) else { continue };
            let party = match self.origin(Field::Speaker) {
                Some(Origin::Party(role)) => Some(*role),
                _ => None,
            };
            let (has_text, has_speaker) = (item.contains_key(&Field::Text), item.contains_key(&Field::Speaker));
            let items = self.shape.inside(path);
            // Items that name their call are rows of a list that wraps them.
            let is_wrapper = items.keys().any(|key| aliases::aliases(Field::CallId).contains(&fold(key).as_str()));
            if !has_text || !(has_speaker || party.is_some()) || is_wrapper && !is_wanted {
                continue;
            }
            let name = fold(path.rsplit('.').next().unwrap_or_default());
            let rank = match () {
                () if is_wanted => 0,
                () if LISTS.contains(&name.as_str()) && !is_pairs => 0,
                () if is_pairs => 1,
                () => 2,
            };
            found.push((rank, Layout::List { path: path.to_owned(), item, party }));
        }
        found
    }

    /// The paths in the items of a list, and whether the items are pairs of speaker and text.
    fn item(&self, list: &str, roles: &mut Roles) -> Option<(Paths, bool)> {
        let pairs = format!("{list}[][]");
        if self.shape.has(&pairs) {
            let speaks = self.shape.value(&pairs).is_some_and(|first| roles.role(first.trim()).is_some());
            let paths = [(Field::Speaker, "0".to_owned()), (Field::Text, "1".to_owned())];
            return speaks.then(|| (Paths::from(paths), true));
        }
        let shape = self.shape.inside(list);
        let mut paths = Paths::new();
        for field in Field::ALL {
            let mapped = self.mapped(field).filter(|path| *path != list);
            let within = mapped.map(|path| path.strip_prefix(&format!("{list}[].")).unwrap_or(path));
            if let Some(path) = within.filter(|path| shape.has(path)) {
                paths.insert(field, path.to_owned());
            } else if within.is_none() && (mapped != self.mapped(field) || self.origin(field).is_none()) {
                let path = match field {
                    Field::Speaker => speaker(&shape, roles),
                    Field::Text => text(&shape),
                    Field::Started => named(&shape, aliases::aliases(field), &TIMES)
                        .or_else(|| named(&shape, aliases::weak_aliases(field), &[])),
                    Field::Ended | Field::AgentId | Field::TurnIndex => named(&shape, aliases::aliases(field), &[]),
                    _ => None,
                };
                paths.extend(path.map(|path| (field, path)));
            }
        }
        Some((paths, false))
    }

    /// The paths of what a record with a list of turns states of its call.
    fn of_record(&self, list: &str) -> Result<Paths, Missing> {
        let mut paths = Paths::new();
        for field in [Field::CallId, Field::AgentId, Field::Queue, Field::Language, Field::Channel, Field::Started] {
            let more: &[&str] = match field {
                Field::CallId => &CALL_IDS,
                Field::Started => &STARTS,
                _ => &[],
            };
            let path = match self.origin(field) {
                Some(Origin::Column(path)) if self.shape.has(path) && *path != list => Some(path.clone()),
                Some(Origin::Column(path)) if !self.shape.has(&format!("{list}[].{}", within(path, list))) => {
                    return Err(Missing::NoSuchKey(field, path.clone()));
                }
                Some(_) => None,
                None => named(self.shape, aliases::aliases(field), more)
                    .or_else(|| HEADS.iter().find_map(|head| in_object(self.shape, head, field, more)))
                    .or_else(|| (field == Field::AgentId).then(|| named_object(self.shape, "agent")).flatten())
                    .or_else(|| named(self.shape, aliases::weak_aliases(field), &[])),
            };
            paths.extend(path.map(|path| (field, path)));
        }
        Ok(paths)
    }

    /// The plan for records that are like rows of a table.
    fn rows(&self, roles: &mut Roles, clock: &mut Clock) -> Result<Plan, Missing> {
        let text = text(self.shape);
        let is_text = |path: &str| text.as_deref() == Some(path);
        let is_cell = |path: &&str| !path.contains("[]") && (self.is_leaf(path) || is_text(path));
        let paths: Vec<&str> = self.shape.paths().filter(is_cell).take(MAX_COLUMNS).collect();
        let row = |record: &Json<'_>| paths.iter().map(|path| record.at(path).map(words).unwrap_or_default()).collect();
        let rows = (1..).zip(self.first.iter().map(row)).collect();
        let mut header: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let speaker = speaker(self.shape, roles);
        let first = speaker.as_deref().and_then(|path| self.shape.value(path)).unwrap_or_default();
        let speaks = roles.role(first.trim()).is_some();
        for (field, within) in [(Field::Speaker, speaker), (Field::Text, text.clone())] {
            // What only an item of a list would be called has the name of a column, too.
            let is_column = |path: &str| {
                let names = [aliases::aliases(field), aliases::weak_aliases(field)];
                names.concat().contains(&fold(path).as_str())
            };
            let within = within.filter(|path| speaks && !is_column(path));
            let at = within.and_then(|path| paths.iter().position(|known| *known == path));
            if let (Some(at), None) = (at, self.origin(field)) {
                field.as_str().clone_into(&mut header[at]);
            }
        }
        let peek = Peek { header, line: 1, rows };
        let mut find = |map: &[(Field, Origin)]| Columns::find("", &peek, map, roles, clock);
        let mut found = find(self.map);
        if let Err(crate::input::InputError::NoColumn { fields, .. }) = &found
            && *fields == [Field::CallId]
        {
            let mut map = self.map.to_vec();
            map.push((Field::CallId, Origin::File));
            found = find(&map).and_then(|columns| {
                let is_call = columns.layout == columns::Layout::Conversations;
                if self.is_single || !is_call && !self.shape.keys().any(tells_calls_apart) {
                    // Turns without anything that tells calls apart are one call.
                    return Ok(columns);
                }
                map.pop();
                map.extend(is_call.then_some((Field::CallId, Origin::Row)));
                find(&map)
            });
        }
        let columns = found.map_err(|error| match error {
            crate::input::InputError::NoColumn { mut fields, .. } => {
                fields.retain(|field| *field != Field::CallId || !self.is_single);
                Missing::Fields(fields)
            }
            crate::input::InputError::AmbiguousColumns { field, candidates, .. } => {
                Missing::Several(field, vec![candidates])
            }
            crate::input::InputError::NoSuchColumn { field, column, .. } => Missing::NoSuchKey(field, column),
            _ => Missing::Fields(vec![Field::Text]),
        })?;
        let path = |field: Field| Some((field, (*paths.get(columns.position(field)?)?).to_owned()));
        let mut record: Paths = Field::ALL.into_iter().filter_map(path).collect();
        if columns.layout == columns::Layout::Conversations {
            // A call states more than a row.
            let more = self.of_record("")?.into_iter().filter(|(field, _)| *field != Field::CallId);
            for (field, path) in more {
                record.entry(field).or_insert(path);
            }
        }
        Ok(Plan { layout: Layout::Row(columns.layout), record, call_ids: columns.call_ids })
    }

    /// Whether a value stands at `path`, and not an object or a list of them.
    fn is_leaf(&self, path: &str) -> bool {
        let inner = [format!("{path}."), format!("{path}[]."), format!("{path}[][]")];
        !self.shape.paths().any(|other| inner.iter().any(|begin| other.starts_with(begin)))
    }
}

/// What a value is as a cell of a table: a list of texts is its lines.
pub(super) fn words(value: &Json<'_>) -> String {
    match value {
        Json::List(items) => items.iter().map(Json::words).collect::<Vec<_>>().join("\n"),
        _ => value.text().to_owned(),
    }
}
