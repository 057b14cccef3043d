//! What a transcript can state: the fields of rows and calls, by the names that `--map` uses, and where the user wants
//! a field's values from.

use std::fmt;
use std::str::FromStr;

use crate::transcript::Role;

/// Something a transcript can state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The conversation's identifier. Needed.
    CallId,
    /// What was said: a turn, or a whole conversation with labelled lines. Needed.
    Text,
    /// What the customer said, where one row holds both sides. Takes the place of text and speaker.
    CustomerText,
    /// What the agent said, where one row holds both sides. Takes the place of text and speaker.
    AgentText,
    /// Who spoke. Needed for one row a turn.
    Speaker,
    /// The agent's identifier.
    AgentId,
    /// The turn's place in its call: whole numbers.
    TurnIndex,
    /// When the turn began.
    Started,
    /// When the turn ended.
    Ended,
    /// The queue, team or skill.
    Queue,
    /// The language code.
    Language,
    /// The medium, such as voice or chat.
    Channel,
    /// The call's date.
    CallDate,
    /// What somebody gave the call, such as a survey's stars. In contact records alone.
    Rating,
}

impl Field {
    /// How many fields there are.
    pub(super) const COUNT: usize = 14;

    /// All fields, in the order in which the mapping is shown.
    pub const ALL: [Self; Self::COUNT] = [
        Self::CallId,
        Self::Text,
        Self::CustomerText,
        Self::AgentText,
        Self::Speaker,
        Self::AgentId,
        Self::TurnIndex,
        Self::Started,
        Self::Ended,
        Self::Queue,
        Self::Language,
        Self::Channel,
        Self::CallDate,
        Self::Rating,
    ];

    /// The name used in `--map FIELD=COLUMN`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallId => "call_id",
            Self::Text => "text",
            Self::CustomerText => "text.customer",
            Self::AgentText => "text.agent",
            Self::Speaker => "speaker",
            Self::AgentId => "agent_id",
            Self::TurnIndex => "turn_index",
            Self::Started => "started",
            Self::Ended => "ended",
            Self::Queue => "queue",
            Self::Language => "language",
            Self::Channel => "channel",
            Self::CallDate => "call_date",
            Self::Rating => "rating",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the user wants a field's values from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The column of this header name.
    Column(String),
    /// No column, whatever the header names: the part after `=` is empty.
    Nowhere,
    /// `@row`: each row is a call of its own.
    Row,
    /// `@file`: each file is one call.
    File,
    /// `@customer`, `@agent` or `@other`: this party said everything.
    Party(Role),
}

impl Origin {
    /// Reads the part after `=` of `--map FIELD=…`.
    ///
    /// # Errors
    /// [`BadMap`] if it begins with `@` and is no value of the field.
    pub fn of(field: Field, text: &str) -> Result<Self, BadMap> {
        let Some(constant) = text.strip_prefix('@') else {
            return Ok(if text.is_empty() { Self::Nowhere } else { Self::Column(text.to_owned()) });
        };
        let party = [Role::Customer, Role::Agent, Role::Other].into_iter().find(|role| role.as_str() == constant);
        match (field, constant, party) {
            (Field::CallId, "row", _) => Ok(Self::Row),
            (Field::CallId, "file", _) => Ok(Self::File),
            (Field::Speaker, _, Some(role)) => Ok(Self::Party(role)),
            _ => Err(BadMap::Constant { field, constant: text.to_owned() }),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => f.write_str(name),
            Self::Nowhere => Ok(()),
            Self::Row => f.write_str("@row"),
            Self::File => f.write_str("@file"),
            Self::Party(role) => write!(f, "@{role}"),
        }
    }
}

/// What is wrong with a `--map`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMap {
    /// Not the name of a field.
    #[error("{name:?} is not a field; the fields are {}", Field::ALL.map(Field::as_str).join(", "))]
    Field {
        /// What was written.
        name: String,
    },
    /// A value that the field can't have.
    #[error(
        "{field} can't be {constant}: only call_id=@row, call_id=@file and speaker=@customer, @agent or @other are known"
    )]
    Constant {
        /// The field.
        field: Field,
        /// What was written.
        constant: String,
    },
}

impl FromStr for Field {
    type Err = BadMap;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let folded = fold(name);
        Self::ALL
            .into_iter()
            .find(|field| fold(field.as_str()) == folded)
            .ok_or_else(|| BadMap::Field { name: name.to_owned() })
    }
}

/// A name without case, white space, underscores and hyphens.
pub(super) fn fold(name: &str) -> String {
    folded(name).collect()
}

/// Whether [`fold`] makes `folded_name` of a name.
pub(super) fn folds_to(name: &str, folded_name: &str) -> bool {
    folded(name).eq(folded_name.chars())
}

fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}')).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_what_they_are_compared_with() {
        for (name, folded) in [("Call-Id", "callid"), ("\u{feff}IS_ private", "isprivate"), ("ÄÖ", "äö"), ("-", "")]
        {
            assert!(fold(name) == folded && folds_to(name, folded), "{name}");
        }
        assert!(!folds_to("call id 2", "callid") && !folds_to("call", "callid"));
    }

    #[test]
    fn field_names_parse() {
        assert_eq!("Call-Id".parse(), Ok(Field::CallId));
        assert_eq!("text.agent".parse(), Ok(Field::AgentText));
        assert!("when".parse::<Field>().unwrap_err().to_string().contains("call_date"));
    }

    #[test]
    fn constants_stand_for_the_fields_that_can_have_them() {
        assert_eq!(Origin::of(Field::CallId, "@row"), Ok(Origin::Row));
        assert_eq!(Origin::of(Field::Speaker, "@agent"), Ok(Origin::Party(Role::Agent)));
        assert_eq!(Origin::of(Field::Speaker, ""), Ok(Origin::Nowhere));
        for (field, wrong) in [(Field::Text, "@row"), (Field::Speaker, "@file"), (Field::CallId, "@agent")] {
            assert!(Origin::of(field, wrong).is_err(), "{field}={wrong}");
        }
    }
}
