//! Where what was said goes, whatever format it was read from: rows kept by call, rejects, unknown speakers.
//!
//! Every text passes [`Sink::store`] once.

use std::sync::Arc;

use super::error::InputError;
use super::labels::{self, Split, TurnText};
use super::part::{CallPart, Speaker};
use super::rejects::{Fault, Reason, Rejects, Spot};
use super::roles::{Roles, SpeakerPlace, UnknownLabels, UnknownRoles};
use super::row::{Attributes, Body, Row};
use super::store::Store;
use super::times::Clock;
use super::{InputOptions, Progress};
use crate::language::{self, Collector};
use crate::transcript::Role;

/// Rows between two looks at progress and rejects.
const ROWS_PER_STEP: u64 = 1 << 14;

/// What is known of a file besides its content.
#[derive(Debug, Clone)]
pub(super) struct FileContext {
    /// Its place among the sources.
    pub(super) number: u32,
    /// The path as it was found, or `-`.
    pub(super) path: Arc<str>,
    /// The call that it is, if each file is one: its name without endings, or its path if another has that name.
    pub(super) call_id: String,
}

/// What all files of a run share while they are read.
pub(super) struct Reading<'o> {
    pub(super) options: &'o InputOptions,
    pub(super) clock: Clock,
    pub(super) roles: Roles,
    pub(super) unknown: UnknownRoles,
    pub(super) labels: UnknownLabels,
    pub(super) store: Store,
    pub(super) rejects: Rejects,
    pub(super) rows: u64,
    /// Rows that were stored and hold a turn.
    pub(super) usable: u64,
    /// Raw bytes of the files already read.
    pub(super) bytes: u64,
    /// What languages the files hold.
    pub(super) languages: Collector,
}

/// Takes in what a format reads out of one file.
pub(super) struct Sink<'r, 'o> {
    pub(super) run: &'r mut Reading<'o>,
    pub(super) file: &'r FileContext,
    /// Rows of this file, used or rejected.
    pub(super) rows: u64,
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
        self.run.labels.note(&unknown, || Spot { file: Arc::clone(&self.file.path), line });
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
        let call_id = if part.call_id.trim().is_empty() { self.file.call_id.as_str() } else { part.call_id.trim() };
        let attributes = Attributes {
            agent_id: part.agent_id.trim(),
            queue: part.queue.trim(),
            language: languages.language(part.language.trim()).unwrap_or_default(),
            channel: part.channel.trim(),
            call_started_ms: part.started_ms,
            is_redacted: part.is_redacted,
            ..Attributes::default()
        };
        if attributes != Attributes::default() {
            let place = (self.file.number, self.rows);
            self.store(&Row { call_id, place, index: None, start: None, end: None, attributes, body: Body::Nothing })?;
        }
        for turn in &part.turns {
            self.count(1);
            let body = match &turn.speaker {
                Speaker::Role(role) => Body::Turn(*role, &turn.text),
                Speaker::Value(value, _) if value.trim().is_empty() => {
                    self.reject(line, Reason::Record { number, fault: Fault::NoSpeakers("a turn has no speaker") });
                    continue;
                }
                Speaker::Value(value, place) => match self.role(value.trim()) {
                    Some(role) => Body::Turn(role, &turn.text),
                    None => self.unknown_speaker(value.trim(), line, SpeakerPlace::Name(place)),
                },
            };
            let attributes =
                Attributes { agent_id: turn.agent_id.trim(), is_redacted: part.is_redacted, ..Attributes::default() };
            let (start, end) = (turn.start, turn.end);
            self.store(&Row { call_id, place: self.place(), index: turn.index, start, end, attributes, body })?;
        }
        Ok(())
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
        if !self.rows.is_multiple_of(ROWS_PER_STEP) {
            return Ok(Step::On);
        }
        (self.on_progress)(Progress { bytes: self.run.bytes + bytes, rows: self.run.rows });
        self.run.rejects.check_so_far(self.run.options.max_rejects, self.run.rows)?;
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
