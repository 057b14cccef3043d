//! A part of a call, as formats other than tables read it: what a record states, and the turns that it holds.

use std::borrow::Cow;

use super::times::Moment;
use crate::transcript::Role;

/// What one record states of a call. Texts that it does not state are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CallPart<'a> {
    /// The call's id; if empty, the file is the call, or the record if `is_whole`.
    pub(super) call_id: Cow<'a, str>,
    /// Whether the record is all of its call: without an id, a file's records are calls of their own.
    pub(super) is_whole: bool,
    /// When the call began, in milliseconds since the Unix epoch. A time of processing is no start.
    pub(super) started_ms: Option<i64>,
    /// Whose turns without an agent id of their own are, if they are an agent's.
    pub(super) agent_id: Cow<'a, str>,
    /// Whether agent ids may be the parties' numbers in their call: they count only if agents of the run have different
    /// ones.
    pub(super) has_party_numbers: bool,
    pub(super) queue: Cow<'a, str>,
    /// A language tag or name, as it stands.
    pub(super) language: Cow<'a, str>,
    pub(super) channel: Cow<'a, str>,
    /// Whether this is the redacted one of two files of a call.
    pub(super) is_redacted: bool,
    /// What was said.
    pub(super) turns: Vec<SpokenTurn<'a>>,
    /// Who took part, where another record has the words.
    pub(super) parties: Vec<Party<'a>>,
    /// Items that are no turns and were left out: events, partial results, bodies without a word.
    pub(super) events: u64,
}

impl<'a> CallPart<'a> {
    /// Adds a turn, or counts an event where there is none.
    pub(super) fn add(&mut self, turn: Option<SpokenTurn<'a>>) {
        match turn {
            Some(turn) => self.turns.push(turn),
            None => self.events += 1,
        }
    }

    /// Whether there are turns, and none shows who spoke.
    pub(super) fn shows_nobody(&self) -> bool {
        let is_nobody =
            |turn: &SpokenTurn<'_>| matches!(&turn.speaker, Speaker::Value(value, _) if value.trim().is_empty());
        !self.turns.is_empty() && self.turns.iter().all(is_nobody)
    }
}

/// Whom a speaker value of a call stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Party<'a> {
    /// The value.
    pub(super) speaker: Cow<'a, str>,
    /// What states the role, such as `Agent` or `External`.
    pub(super) role: Cow<'a, str>,
    /// The agent's id, if it is an agent.
    pub(super) agent_id: Cow<'a, str>,
}

/// One turn. Its time is given from the call's start or by the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpokenTurn<'a> {
    pub(super) speaker: Speaker<'a>,
    pub(super) text: Cow<'a, str>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    /// The turn's place, where the file numbers its turns.
    pub(super) index: Option<i64>,
    /// The agent, if it is an agent's turn and the file names one for it.
    pub(super) agent_id: Cow<'a, str>,
}

/// Who spoke a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker<'a> {
    /// The file states the role.
    Role(Role),
    /// The value as the file has it, which `--role` can map, and how messages name where it stands: a place that holds
    /// nothing but names of speakers. Empty where the file does not show who spoke.
    Value(Cow<'a, str>, &'static str),
    /// The same of a label before the words, which may be words too.
    Label(Cow<'a, str>, &'static str),
}

impl<'a> SpokenTurn<'a> {
    /// A turn of which no time is known.
    pub(super) fn new(speaker: Speaker<'a>, text: impl Into<Cow<'a, str>>) -> Self {
        Self { speaker, text: text.into(), start: None, end: None, index: None, agent_id: Cow::default() }
    }

    /// The same turn from `start` to `end`.
    #[must_use]
    pub(super) fn at(self, start: Option<Moment>, end: Option<Moment>) -> Self {
        Self { start, end, ..self }
    }
}
