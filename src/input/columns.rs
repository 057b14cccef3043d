//! Which column of a file holds which field.
//!
//! Header names are compared without case, spaces, underscores and hyphens. What the user mapped goes first; then
//! each column is given to the field that its name fits. The one name that fits two fields, `channel`, says who
//! spoke only where no other column does. Two columns that fit one field are an error, never a choice.

use std::fmt;
use std::str::FromStr;

use super::error::InputError;
use super::times::TimeColumn;

/// Something a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The conversation's identifier. Needed.
    CallId,
    /// What was said: a turn, or a whole conversation with labelled lines. Needed.
    Text,
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
}

/// How many fields there are.
const FIELDS: usize = 11;

impl Field {
    /// All fields, in the order in which the mapping is shown.
    pub const ALL: [Self; FIELDS] = [
        Self::CallId,
        Self::Text,
        Self::Speaker,
        Self::AgentId,
        Self::TurnIndex,
        Self::Started,
        Self::Ended,
        Self::Queue,
        Self::Language,
        Self::Channel,
        Self::CallDate,
    ];

    /// The name used in `--map FIELD=COLUMN`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallId => "call_id",
            Self::Text => "text",
            Self::Speaker => "speaker",
            Self::AgentId => "agent_id",
            Self::TurnIndex => "turn_index",
            Self::Started => "started",
            Self::Ended => "ended",
            Self::Queue => "queue",
            Self::Language => "language",
            Self::Channel => "channel",
            Self::CallDate => "call_date",
        }
    }

    /// The header names known without being told, folded as [`fold`] does.
    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::CallId => {
                &["callid", "conversationid", "contactid", "interactionid", "transcriptid", "sessionid", "guid"]
            }
            Self::Text => &["text", "content", "transcript", "utterance", "sentence", "message", "displaytext"],
            Self::Speaker => &[
                "speaker",
                "role",
                "participantrole",
                "participanttype",
                "participantpurpose",
                "source",
                "channel",
                "affiliation",
            ],
            Self::AgentId => &["agentid", "agent", "agentname", "userid", "users", "operatorname", "operatorid"],
            Self::TurnIndex => &["turnindex", "turn", "sequence", "seq", "sentenceindex", "verbatimsequencenum"],
            Self::Started => {
                &["started", "timestamp", "starttime", "beginoffsetmillis", "offsetstarttime", "start", "offset"]
            }
            Self::Ended => &["ended", "endtime", "endoffsetmillis", "offsetendtime", "end"],
            Self::Queue => &["queue", "team", "skill"],
            Self::Language => &["language", "languagecode", "locale"],
            Self::Channel => &["channel", "mediatype"],
            Self::CallDate => &["calldate", "date", "startdate"],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a field; the fields are {}", Field::ALL.map(Field::as_str).join(", "))]
pub struct UnknownField {
    name: String,
}

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let folded = fold(name);
        Self::ALL
            .into_iter()
            .find(|field| fold(field.as_str()) == folded)
            .ok_or_else(|| UnknownField { name: name.to_owned() })
    }
}

/// A name without case, white space, underscores and hyphens.
pub(super) fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// How many fields a header names, to tell delimiters apart.
pub(super) fn recognised(header: &[String], map: &[(Field, String)]) -> usize {
    header
        .iter()
        .map(|name| fold(name))
        .filter(|name| {
            Field::ALL.iter().any(|field| field.aliases().contains(&name.as_str()))
                || map.iter().any(|(_, column)| fold(column) == *name)
        })
        .count()
}

/// Where each field stands in a file's rows.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    positions: [Option<usize>; FIELDS],
    /// Columns in the header.
    pub(super) count: usize,
    /// What the header says of the start's unit.
    pub(super) started: TimeColumn,
    /// What the header says of the end's unit.
    pub(super) ended: TimeColumn,
}

impl Columns {
    /// Finds the columns of file `path`. A field mapped to an empty name is in no column.
    ///
    /// # Errors
    /// [`InputError::NoSuchColumn`], [`InputError::AmbiguousColumns`] or [`InputError::NoColumn`].
    pub(super) fn find(path: &str, header: &[String], map: &[(Field, String)]) -> Result<Self, InputError> {
        let folded = header.iter().map(|name| fold(name)).collect();
        let is_speaker_settled = map.iter().any(|(field, _)| *field == Field::Speaker);
        let search = Search { path, header, folded, is_speaker_settled };
        let mut positions = [None; FIELDS];
        for (field, column) in map {
            positions[*field as usize] = if column.is_empty() { None } else { Some(search.named(*field, column)?) };
        }
        let mapped = positions;
        let is_settled = |field: Field| map.iter().any(|(known, _)| *known == field);
        for field in Field::ALL {
            if !is_settled(field) {
                positions[field as usize] = search.fitting(field, &mapped)?;
            }
        }
        for field in [Field::CallId, Field::Text] {
            if positions[field as usize].is_none() {
                return Err(search.missing(field));
            }
        }
        let time_column =
            |field: Field| positions[field as usize].map_or_else(TimeColumn::default, |at| TimeColumn::of(&header[at]));
        Ok(Self {
            positions,
            count: header.len(),
            started: time_column(Field::Started),
            ended: time_column(Field::Ended),
        })
    }

    /// The position of `field` in each row, if a column holds it.
    pub(super) const fn position(&self, field: Field) -> Option<usize> {
        self.positions[field as usize]
    }

    /// The mapping found, as field and header name.
    pub(super) fn mapping(&self, header: &[String]) -> Vec<(Field, String)> {
        Field::ALL.into_iter().filter_map(|field| Some((field, header.get(self.position(field)?)?.clone()))).collect()
    }
}

/// One file's header while its columns are looked for.
struct Search<'a> {
    path: &'a str,
    header: &'a [String],
    folded: Vec<String>,
    /// The user said which column is the speaker, or that none is.
    is_speaker_settled: bool,
}

impl Search<'_> {
    /// The column that the user named: by its exact name, else by its folded one.
    fn named(&self, field: Field, column: &str) -> Result<usize, InputError> {
        let exact = self.positions(|at| self.header[at] == column);
        let wanted = fold(column);
        let found = if exact.is_empty() { self.positions(|at| self.folded[at] == wanted) } else { exact };
        match found[..] {
            [at] => Ok(at),
            [] => Err(InputError::NoSuchColumn {
                path: self.path.to_owned(),
                field,
                column: column.to_owned(),
                columns: described(self.header),
            }),
            _ => Err(self.ambiguous(field, &found)),
        }
    }

    /// The one column whose name fits `field`, among those that the user did not map.
    fn fitting(&self, field: Field, mapped: &[Option<usize>; FIELDS]) -> Result<Option<usize>, InputError> {
        let fits = |field: Field, at: usize| {
            !mapped.contains(&Some(at)) && field.aliases().contains(&self.folded[at].as_str())
        };
        // `channel` may name the party or the medium: it is the party only if nothing else is.
        let doubtful = |at: usize| fits(Field::Speaker, at) && fits(Field::Channel, at);
        let speaker_known =
            self.is_speaker_settled || (0..self.header.len()).any(|at| fits(Field::Speaker, at) && !doubtful(at));
        let found = self.positions(|at| {
            fits(field, at)
                && match field {
                    Field::Speaker => !(speaker_known && doubtful(at)),
                    Field::Channel => speaker_known || !doubtful(at),
                    _ => true,
                }
        });
        match found[..] {
            [] => Ok(None),
            [at] => Ok(Some(at)),
            _ => Err(self.ambiguous(field, &found)),
        }
    }

    fn positions(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.header.len()).filter(|&at| wanted(at)).collect()
    }

    fn ambiguous(&self, field: Field, found: &[usize]) -> InputError {
        let candidates: Vec<String> = found.iter().map(|&at| format!("{:?}", self.header[at])).collect();
        InputError::AmbiguousColumns {
            path: self.path.to_owned(),
            field,
            candidates: candidates.join(", "),
            columns: described(self.header),
        }
    }

    fn missing(&self, field: Field) -> InputError {
        InputError::NoColumn { path: self.path.to_owned(), field, columns: described(self.header) }
    }
}

/// A longer header cell is not shown: it is probably somebody's words.
const MAX_NAME_CHARS: usize = 40;
/// What has more words than this is no column's name, but what somebody said.
const MAX_NAME_WORDS: usize = 4;
/// More columns than this are counted, not listed.
const MAX_NAMES: usize = 30;

/// The columns seen, in words. A first row that looks like data and not like names is not shown.
pub(super) fn described(header: &[String]) -> String {
    let wordy = |name: &String| {
        let words = name.split_whitespace().count();
        name.chars().count() > MAX_NAME_CHARS || words > MAX_NAME_WORDS || name.contains(['!', '?', '\n'])
    };
    let sentence = |name: &String| wordy(name) || name.trim_end().ends_with('.') || name.contains(", ");
    let is_data = recognised(header, &[]) == 0 && header.iter().any(sentence);
    if is_data {
        return format!("the first row has {} columns and does not look like a header", header.len());
    }
    let shown: Vec<String> = header
        .iter()
        .take(MAX_NAMES)
        .map(|name| if wordy(name) { "(a long name)".to_owned() } else { format!("{name:?}") })
        .collect();
    let more = match header.len().saturating_sub(MAX_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("the columns are {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &[&str], map: &[(Field, &str)]) -> Result<Vec<(Field, String)>, InputError> {
        let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
        let map: Vec<(Field, String)> = map.iter().map(|&(field, column)| (field, column.to_owned())).collect();
        Ok(Columns::find("a.csv", &header, &map)?.mapping(&header))
    }

    fn pairs(pairs: &[(Field, &str)]) -> Vec<(Field, String)> {
        pairs.iter().map(|&(field, column)| (field, column.to_owned())).collect()
    }

    #[test]
    fn names_fold() {
        let found = find(&["Display Text", "Conversation-ID", "PARTICIPANT_ROLE", "x"], &[]).unwrap();
        let expected = pairs(&[
            (Field::CallId, "Conversation-ID"),
            (Field::Text, "Display Text"),
            (Field::Speaker, "PARTICIPANT_ROLE"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn channel_is_the_speaker_only_if_nothing_else_is() {
        let alone = find(&["guid", "text", "channel"], &[]).unwrap();
        assert_eq!(alone[2], (Field::Speaker, "channel".to_owned()));

        let beside = find(&["guid", "text", "channel", "role"], &[]).unwrap();
        assert_eq!(beside[2..], pairs(&[(Field::Speaker, "role"), (Field::Channel, "channel")]));

        let mapped = find(&["guid", "text", "channel", "who"], &[(Field::Speaker, "who")]).unwrap();
        assert_eq!(mapped[2..], pairs(&[(Field::Speaker, "who"), (Field::Channel, "channel")]));

        let medium = find(&["guid", "text", "channel"], &[(Field::Channel, "channel")]).unwrap();
        assert_eq!(medium[2..], pairs(&[(Field::Channel, "channel")]));
    }

    #[test]
    fn two_columns_for_one_field_stop_until_one_is_named() {
        let header = ["call_id", "session_id", "text", "speaker"];
        let error = find(&header, &[]).unwrap_err();
        assert!(matches!(&error, InputError::AmbiguousColumns { field: Field::CallId, .. }));
        assert!(error.to_string().contains(r#""call_id", "session_id""#), "{error}");
        assert_eq!(error.hint().unwrap(), "name the column with --map call_id=COLUMN");
        let found = find(&header, &[(Field::CallId, "session_id")]).unwrap();
        assert_eq!(found[0], (Field::CallId, "session_id".to_owned()));
    }

    #[test]
    fn a_mapped_column_must_exist() {
        let error = find(&["call_id", "text"], &[(Field::Text, "body")]).unwrap_err();
        assert!(matches!(error, InputError::NoSuchColumn { field: Field::Text, .. }));
    }

    #[test]
    fn a_field_may_be_mapped_to_no_column() {
        let map = [(Field::Speaker, ""), (Field::AgentId, "")];
        let found = find(&["call_id", "text", "source", "agent_id", "agent_name"], &map).unwrap();
        assert_eq!(found, pairs(&[(Field::CallId, "call_id"), (Field::Text, "text")]));
        let medium = find(&["call_id", "text", "channel"], &[(Field::Speaker, "")]).unwrap();
        assert_eq!(medium[2..], pairs(&[(Field::Channel, "channel")]));
        assert!(matches!(find(&["call_id", "text"], &[(Field::Text, "")]), Err(InputError::NoColumn { .. })));
    }

    #[test]
    fn a_mapped_column_may_serve_two_fields() {
        let map = [(Field::AgentId, "speaker"), (Field::Speaker, "speaker")];
        let found = find(&["call_id", "text", "speaker"], &map).unwrap();
        assert_eq!(found[2..], pairs(&[(Field::Speaker, "speaker"), (Field::AgentId, "speaker")]));
    }

    #[test]
    fn a_missing_field_shows_the_columns_but_never_a_row_of_data() {
        let error = find(&["id", "words"], &[]).unwrap_err();
        assert!(error.to_string().contains(r#""id", "words""#), "{error}");
        let error = find(&["c1", "agent 7", "I lost my card, please help."], &[]).unwrap_err();
        assert!(!error.to_string().contains("card"), "{error}");
        let error = find(&["text", "I lost my card! Please help"], &[]).unwrap_err();
        assert!(!error.to_string().contains("card"), "{error}");
    }

    #[test]
    fn field_names_parse() {
        assert_eq!("Call-Id".parse(), Ok(Field::CallId));
        assert_eq!("started".parse(), Ok(Field::Started));
        assert!("when".parse::<Field>().unwrap_err().to_string().contains("call_date"));
    }
}
