//! Files that are one call each: their text as a whole, and their turns one after the other into the sink.

use std::io::Read as _;
use std::sync::Arc;

use super::{Description, Found};
use crate::input::InputOptions;
use crate::input::decode::{About, Opened};
use crate::input::error::InputError;
use crate::input::field::{Field, Origin};
use crate::input::part::{CallPart, SpokenTurn};
use crate::input::rejects::{Reason, Spot};
use crate::input::roles::Roles;
use crate::input::sink::Sink;
use crate::input::times::Clock;
use crate::language;
use crate::transcript::Role;

/// A longer text is no call: a day of speech is some 1 MiB.
const MAX_BYTES: u64 = 64 << 20;

/// The text of `file`, with U+FFFD for what is not UTF-8.
///
/// # Errors
/// [`InputError::Unreadable`], [`InputError::Damaged`] or [`InputError::CallTooLong`].
pub(super) fn text(file: Opened) -> Result<(String, About), InputError> {
    let Opened { reader, about, .. } = file;
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| about.failed(error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(InputError::CallTooLong { path: about.path, limit_mib: MAX_BYTES >> 20 });
    }
    Ok((String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()), about))
}

/// The party that said everything, if the user named one.
pub(super) fn only_party(options: &InputOptions) -> Option<Role> {
    options.map.iter().find_map(|(field, origin)| match (field, origin) {
        (Field::Speaker, Origin::Party(role)) => Some(*role),
        _ => None,
    })
}

/// The one call that a file is.
pub(super) struct WholeCall<'s, 'r, 'o> {
    sink: &'s mut Sink<'r, 'o>,
    about: About,
    languages: language::Column,
    turns: u64,
    /// What was left out because it is no speech.
    pub(super) left_out: u64,
}

impl<'s, 'r, 'o> WholeCall<'s, 'r, 'o> {
    pub(super) fn new(sink: &'s mut Sink<'r, 'o>, about: About) -> Self {
        Self { sink, about, languages: language::Column::default(), turns: 0, left_out: 0 }
    }

    /// What is known of speakers' roles.
    pub(super) const fn roles(&mut self) -> &mut Roles {
        &mut self.sink.run.roles
    }

    /// What reads times of the calendar.
    pub(super) const fn clock(&mut self) -> &mut Clock {
        &mut self.sink.run.clock
    }

    /// Notes names before a colon that were taken for words: in most calls, they would be speakers.
    pub(super) fn note_words(&mut self, names: &[&str]) {
        let file = &self.sink.file.path;
        self.sink.run.labels.note(names, || Spot { file: Arc::clone(file), line: 1 });
    }

    /// Takes in a turn that begins on `line`; nothing if there is no word in it.
    ///
    /// # Errors
    /// [`InputError::Scratch`] and [`InputError::TooManyRejects`].
    pub(super) fn turn(&mut self, line: u64, turn: SpokenTurn<'_>) -> Result<(), InputError> {
        if turn.text.trim().is_empty() {
            return Ok(());
        }
        let damaged = [('\0', Reason::NulByte), ('\u{fffd}', Reason::NotUtf8)];
        if let Some((_, reason)) = damaged.into_iter().find(|(sign, _)| turn.text.contains(*sign)) {
            self.reject(line, reason);
        } else {
            self.turns += 1;
            let part = CallPart { turns: vec![turn], ..CallPart::default() };
            self.sink.part(&part, line, self.turns, &mut self.languages)?;
        }
        self.sink.step(self.about.tap.passed()).map(drop)
    }

    /// Rejects what stands on `line`.
    pub(super) fn reject(&mut self, line: u64, reason: Reason) {
        self.sink.count(1);
        self.sink.reject(line, reason);
    }

    /// What was read, of the format `description`.
    pub(super) fn found(&self, description: Description) -> Found {
        let fields: Vec<String> =
            description.fields.iter().map(|(field, origin)| format!("{field} = {origin}")).collect();
        let facts = vec![("turns", self.turns.into()), ("events", self.left_out.into())];
        Found { kind: description.name, summary: fields.join(", "), facts }
    }
}
