//! What a conversation is: a call, its turns, who spoke, and when.
//!
//! The core's nouns, without I/O, clock or configuration. A [`Call`] holds all turns of one conversation in
//! the order in which they were spoken. Text is kept in [`Text`], whose `Debug` shows a length only, so that a
//! log line or an error that prints a call can never print what was said.

use std::fmt;
use std::ops::Deref;

use crate::sentiment::Millionths;

mod timeline;

pub use timeline::{Place, TimeBasis, Timeline, WHOLE, count_words};

/// Words that somebody said. `Debug` prints the length in bytes, never the words.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Box<str>);

impl Text {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The words themselves, for an engine, or for a terminal that asked for them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// Who spoke a turn. Never guessed: an unknown value in a transcript stops the run instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Role {
    /// The person who contacted the centre.
    Customer,
    /// The person who answered for the centre.
    Agent,
    /// A system, bot, IVR, queue or supervisor: kept in the order of the call, never scored.
    Other,
}

impl Role {
    /// The two roles whose words are scored, in the order of the columns.
    pub const SCORED: [Self; 2] = [Self::Customer, Self::Agent];

    /// The name used in files and flags.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One uninterrupted contribution of one speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Who spoke.
    pub role: Role,
    /// What was said, without white space at its ends. May be empty.
    pub text: Text,
    /// The agent id written on this turn's row, if any.
    pub agent_id: Option<Box<str>>,
    /// When the turn began, in milliseconds after the call's first known moment.
    pub start_ms: Option<i64>,
    /// When the turn ended, in milliseconds after the call's first known moment.
    pub end_ms: Option<i64>,
}

/// One conversation: its turns in the order spoken, and what is known of it as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Call {
    /// The identifier that every row of the call carries.
    pub id: Box<str>,
    /// All turns in order.
    pub turns: Vec<Turn>,
    /// The queue, team or skill: the first one named in the call.
    pub queue: Option<Box<str>>,
    /// The medium, such as voice or chat: the first one named in the call.
    pub channel: Option<Box<str>>,
    /// The language as a code of the engine's kind (`en`, `zh-TW`), if a column or a setting gave it.
    pub language: Option<Box<str>>,
    /// The call's date as `YYYY-MM-DD`: its column, else its start in the configured time zone.
    pub date: Option<Box<str>>,
    /// The first moment, in milliseconds since the Unix epoch; unknown when only offsets or nothing was given.
    pub started_at_ms: Option<i64>,
    /// What somebody rated the call, as its contact record has it.
    pub rating: Option<Millionths>,
    /// The numbers of the files that its rows are from, each once.
    pub files: Box<[u32]>,
}
