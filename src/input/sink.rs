//! Where what was said goes, whatever format it was read from: rows kept by call, rejects, unknown speakers.
//!
//! Every text passes [`Sink::store`] once.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::error::InputError;
use super::field::{Field, Origin};
use super::labels::{self, Split, TurnText};
use super::part::{CallPart, Speaker, SpokenTurn};
use super::parties::Parties;
use super::rejects::{Fault, Reason, Rejects, Spot};
use super::roles::{Roles, SpeakerPlace, UnknownLabels, UnknownRoles};
use super::row::{Attributes, Body, Row};
use super::store::Store;
use super::times::Clock;
use super::{InputOptions, Progress};
use crate::language::{self, Collector};
use crate::transcript::Role;

/// Rows between two looks at progress and rejects.
pub(super) const ROWS_PER_STEP: u64 = 1 << 14;

/// What the name of a redacted file begins with, before the raw one's.
const REDACTED: &str = "redacted-";

/// What is known of a file besides its content.
#[derive(Debug, Clone)]
pub(super) struct FileContext {
    /// Its place among the sources.
    pub(super) number: u32,
    /// The path as it was found, or `-`.
    pub(super) path: Arc<str>,
    /// The call that it is, if each file is one: its name without endings, or its path if another has that name.
    pub(super) call_id: String,
    /// Whether calls were called by it.
    pub(super) names_calls: Cell<bool>,
}

impl FileContext {
    /// [`Self::call`], for a call that is called so.
    pub(super) fn called(&self) -> (Cow<'_, str>, bool) {
        self.names_calls.set(true);
        self.call()
    }

    /// The call that the file is, whatever its name says of redaction.
    pub(super) fn id(&self) -> &str {
        self.names_calls.set(true);
        &self.call_id
    }

    /// The call that the file is, and whether the file's name is that of a redacted twin.
    pub(super) fn call(&self) -> (Cow<'_, str>, bool) {
        let folders = self.call_id.rfind(['/', '\\']).map_or(0, |at| at + 1);
        let (folders, name) = self.call_id.split_at(folders);
        match name.strip_prefix(REDACTED) {
            Some(raw) if !raw.is_empty() => (Cow::Owned(format!("{folders}{raw}")), true),
            _ => (Cow::Borrowed(&self.call_id), false),
        }
    }
}

/// What all files of a run share while they are read.
pub(super) struct Reading<'o> {
    pub(super) options: &'o InputOptions,
    pub(super) clock: Clock,
    pub(super) roles: Roles,
    pub(super) unknown: UnknownRoles,
    pub(super) labels: UnknownLabels,
    /// Columns that were named because they are not used.
    pub(super) named_columns: FxHashSet<String>,
    pub(super) store: Store,
    pub(super) rejects: Rejects,
    pub(super) rows: u64,
    /// Rows that were stored and hold a turn.
    pub(super) usable: u64,
    /// Raw bytes of the files already read.
    pub(super) bytes: u64,
    /// Of each file.
    pub(super) party_numbers: Vec<PartyNumbers>,
    pub(super) parties: Parties,
    /// What languages the files hold.
    pub(super) languages: Collector,
}

/// What values stand where agents have either an id or the party's number in its call.
#[derive(Debug, Clone, Default)]
pub(super) struct PartyNumbers {
    first: Option<Box<str>>,
    /// Whether agents have different values, and so ids.
    are_ids: bool,
}

impl PartyNumbers {
    fn note(&mut self, value: &str) {
        // Parties are numbered from 0 or 1: such a value is nobody's id.
        if value.chars().nth(1).is_some() {
            self.are_ids |= self.first.get_or_insert_with(|| value.into()).as_ref() != value;
        }
    }

    /// What several files hold.
    pub(super) fn of_all<'a>(files: impl IntoIterator<Item = &'a Self>) -> Self {
        files.into_iter().fold(Self::default(), |mut all, file| {
            if let Some(first) = &file.first {
                all.note(first);
            }
            all.are_ids |= file.are_ids;
            all
        })
    }

    /// Whether `value` is an agent's id.
    pub(super) fn is_id(&self, value: &str) -> bool {
        self.are_ids && value.chars().nth(1).is_some()
    }
}

/// Takes in what a format reads out of one file.
pub(super) struct Sink<'r, 'o> {
    pub(super) run: &'r mut Reading<'o>,
    pub(super) file: &'r FileContext,
    /// Rows of this file, used or rejected.
    pub(super) rows: u64,
    /// Rows at the next look at progress and rejects.
    pub(super) next_look: u64,
    pub(super) on_progress: &'r mut dyn FnMut(Progress),
}

impl Sink<'_, '_> {
    /// How input is to be understood.
    pub(super) const fn options(&self) -> &InputOptions {
        self.run.options
    }

    /// Counts `rows` more records of the file, whatever becomes of them.
    pub(super) const fn count(&mut self, rows: u64) {
        self.rows += rows;
        self.run.rows += rows;
    }

    /// Rejects a record that was counted.
    pub(super) fn reject(&mut self, line: u64, reason: Reason) {
        self.run.rejects.push(&self.file.path, line, reason);
    }

    /// Rejects `lines` lines from `line` on, which were counted.
    pub(super) fn reject_lines(&mut self, line: u64, lines: u64, reason: Reason) {
        self.run.rejects.push_lines(&self.file.path, line, lines, reason);
    }

    /// The place in the files of the record counted last.
    pub(super) const fn place(&self) -> (u32, u64) {
        (self.file.number, self.rows)
    }

    /// The role of a trimmed speaker value, if it is known.
    pub(super) fn role(&mut self, speaker: &str) -> Option<Role> {
        self.run.roles.role(speaker)
    }

    /// A turn of a speaker whose role is not known.
    pub(super) fn unknown_speaker(&mut self, speaker: &str, line: u64, place: SpeakerPlace<'_>) -> Body<'static> {
        let spot = Spot { file: Arc::clone(&self.file.path), line };
        Body::Unknown(self.run.unknown.note(speaker, &spot, place))
    }

    /// Splits a conversation's text by its labels.
    ///
    /// # Errors
    /// [`Reason::NoLabel`] or [`Reason::LabelWithinLine`].
    pub(super) fn conversation<'t>(&mut self, text: &'t str, line: u64) -> Result<Vec<TurnText<'t>>, Reason> {
        let (mut turns, mut unknown) = (Vec::new(), Vec::new());
        let split = labels::split(text, &mut self.run.roles, &mut turns, &mut unknown);
        if self.run.labels.is_new(text) {
            self.run.labels.note(&unknown, || Spot { file: Arc::clone(&self.file.path), line });
        }
        match split {
            Split::NoLabel => Err(Reason::NoLabel),
            Split::WithinLine => Err(Reason::LabelWithinLine),
            Split::Turns => Ok(turns),
        }
    }

    /// Keeps a row.
    ///
    /// # Errors
    /// [`InputError::Scratch`].
    pub(super) fn store(&mut self, row: &Row<'_>) -> Result<(), InputError> {
        let mut said = |role: Role, text: &str| {
            if role != Role::Other {
                self.run.languages.add(text, row.attributes.language);
            }
        };
        match &row.body {
            Body::Turn(role, text) => said(*role, text),
            Body::Conversation(turns) | Body::Turns(turns) => turns.iter().for_each(|turn| said(turn.role, turn.text)),
            Body::Unknown(_) | Body::Nothing => {}
        }
        self.run.usable += u64::from(row.body != Body::Nothing);
        self.run.store.push(row).map_err(|source| InputError::Scratch { source })
    }

    /// Keeps the turns of a record that begins on `line`, and what it states of its call.
    ///
    /// # Errors
    /// [`InputError::Scratch`].
    pub(super) fn part(
        &mut self,
        part: &CallPart<'_>,
        line: u64,
        number: u64,
        languages: &mut language::Column,
    ) -> Result<(), InputError> {
        let (file_id, is_named_redacted) = self.file.call();
        let stated = part.call_id.trim();
        if stated.is_empty() {
            self.file.names_calls.set(true);
        }
        let call_id = match stated {
            "" if part.is_whole && number > 1 => Cow::Owned(format!("{file_id}:{number}")),
            "" => file_id,
            id => Cow::Borrowed(id),
        };
        let is_redacted = part.is_redacted || is_named_redacted;
        let attributes = Attributes {
            agent_id: part.agent_id.trim(),
            queue: part.queue.trim(),
            language: languages.language(part.language.trim()).unwrap_or_default(),
            channel: part.channel.trim(),
            call_started_ms: part.started_ms,
            is_redacted,
            ..Attributes::default()
        };
        let (call_id, fault) = (&*call_id, Reason::Record { number, fault: Fault::NoSpeakers });
        if part.shows_nobody() && self.party().is_none() {
            self.count(1);
            self.reject(line, fault);
            return Ok(());
        }
        if attributes != Attributes::default() {
            let place = (self.file.number, self.rows);
            self.store(&Row { call_id, place, index: None, start: None, end: None, attributes, body: Body::Nothing })?;
        }
        for party in &part.parties {
            if let Some(role) = self.role(party.role.trim()) {
                self.run.parties.note(call_id, party.speaker.trim(), role, party.agent_id.trim());
            }
        }
        for turn in &part.turns {
            self.count(1);
            let party = self.party_beside(call_id, turn);
            let body = match &party {
                Some((role, _)) => Some(Body::Turn(*role, turn.text.trim())),
                None => self.body(turn, line),
            };
            let Some(body) = body else {
                self.reject(line, fault);
                continue;
            };
            let is_agent = matches!(body, Body::Turn(Role::Agent, _) | Body::Unknown(_));
            let stated = party.as_ref().map_or(turn.agent_id.trim(), |(_, agent_id)| agent_id);
            let agent_id = if is_agent { stated } else { "" };
            let is_party_number = part.has_party_numbers && !agent_id.is_empty();
            if is_party_number {
                self.run.party_numbers.last_mut().into_iter().for_each(|numbers| numbers.note(agent_id));
            }
            let attributes = Attributes { agent_id, is_redacted, is_party_number, ..Attributes::default() };
            let (start, end) = (turn.start, turn.end);
            self.store(&Row { call_id, place: self.place(), index: turn.index, start, end, attributes, body })?;
        }
        Ok(())
    }

    /// Who spoke a turn, if the turn alone does not show it and another record of the call does.
    fn party_beside(&mut self, call_id: &str, turn: &SpokenTurn<'_>) -> Option<(Role, Box<str>)> {
        let Speaker::Value(value, _) = &turn.speaker else { return None };
        if self.role(value.trim()).is_some() { None } else { self.run.parties.find(call_id, value.trim()) }
    }

    /// The party that the user named as the one who said everything.
    fn party(&self) -> Option<Role> {
        self.run.options.map.iter().find_map(|(field, origin)| match origin {
            Origin::Party(role) if *field == Field::Speaker => Some(*role),
            _ => None,
        })
    }

    /// What was said, by whom; `None` if nothing shows who spoke.
    fn body<'t>(&mut self, turn: &'t SpokenTurn<'_>, line: u64) -> Option<Body<'t>> {
        let (value, place) = match &turn.speaker {
            Speaker::Role(role) => return Some(Body::Turn(*role, turn.text.trim())),
            Speaker::Value(value, place) => (value.trim(), SpeakerPlace::Name(place)),
            Speaker::Label(value, place) => (value.trim(), SpeakerPlace::Label(place)),
        };
        match self.role(value).or_else(|| self.party()) {
            Some(role) => Some(Body::Turn(role, turn.text.trim())),
            None if value.is_empty() => None,
            None => Some(self.unknown_speaker(value, line, place)),
        }
    }

    /// Warns of texts that stand for a language and name none.
    pub(super) fn warn_of_languages(&self, languages: &language::Column) {
        if languages.strange > 0 {
            tracing::warn!(
                "{}: {} records name no known language: that of their calls is found from what was said",
                self.file.path,
                languages.strange
            );
        }
    }

    /// Shows progress now and then, and ends a run that can't end well; `bytes` of this file have passed.
    ///
    /// # Errors
    /// [`InputError::TooManyRejects`].
    pub(super) fn step(&mut self, bytes: u64) -> Result<Step, InputError> {
        if self.rows < self.next_look {
            return Ok(Step::On);
        }
        self.next_look = self.rows + ROWS_PER_STEP;
        (self.on_progress)(Progress { bytes: self.run.bytes + bytes, rows: self.run.rows });
        if !self.run.options.delivery.is_part {
            self.run.rejects.check_so_far(self.run.options.max_rejects, self.run.rows)?;
        }
        Ok(if self.run.unknown.are_too_many() { Step::Stop } else { Step::Looked })
    }
}

/// Whether to read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Read on.
    On,
    /// Read on; some thousand rows have passed, which is a moment for a look of the format's own.
    Looked,
    /// What follows would change nothing.
    Stop,
}
