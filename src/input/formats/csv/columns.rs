//! Which column of a file holds which field.
//!
//! What the user mapped goes first; then each column is given to the field that its name fits. Names that are less sure count only where no surer one fits, and
//! only if the first rows bear them out. The one name that fits two fields, `channel`, says who spoke only where no
//! other column does. Two columns that fit one field are an error, never a choice.

use crate::input::error::InputError;
use crate::input::field::{Field, Origin, fold};
use crate::input::labels::{self, Split};
use crate::input::live_chat;
use crate::input::quote;
use crate::input::roles::Roles;
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::transcript::Role;

use super::aliases::{ACTOR, CALL_STARTED, aliases, is_header, recognised, weak_aliases};
use super::peek::Peek;

/// Salesforce's column of what a row is; only `Text` was said.
const ENTRY_TYPE: &str = "entrytype";
/// Names of columns of speakers that often hold something else.
const MAY_BE_NO_SPEAKER: [&str; 3] = ["source", "channel", "affiliation"];

/// What a file's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input::formats) enum Layout {
    /// One row a turn; the speaker is in this column.
    Turns(usize),
    /// One row a turn of one party.
    Party(Role),
    /// One row for what the customer said and what the agent said, in a column each.
    Sides,
    /// One row a conversation, whose text holds labelled lines.
    Conversations,
}

/// Where a row's call id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input::formats) enum CallIds {
    /// In this column.
    Column(usize),
    /// Each row is a call of its own.
    Row,
    /// Each file is one.
    File,
}

/// The column of each field.
type Positions = [Option<usize>; Field::COUNT];

/// Where each field stands in a file's rows.
#[derive(Debug, Clone)]
pub(in crate::input::formats) struct Columns {
    positions: Positions,
    /// Columns in the header.
    pub(super) count: usize,
    /// Where each row says whether it is something said, or an event.
    pub(super) entry_type: Option<usize>,
    /// Whether the column of agent ids holds customers' too.
    pub(super) is_any_actor: bool,
    /// Whether the column of starts holds that of the call.
    pub(in crate::input::formats) is_call_start: bool,
    /// What the header says of the start's unit.
    pub(super) started: TimeColumn,
    /// What the header says of the end's unit.
    pub(super) ended: TimeColumn,
    pub(in crate::input::formats) call_ids: CallIds,
    pub(in crate::input::formats) layout: Layout,
}

impl Columns {
    /// Finds the columns of file `path`, of which `peek` holds the header and the first rows.
    ///
    /// # Errors
    /// [`InputError::NoSuchColumn`], [`InputError::AmbiguousColumns`] or [`InputError::NoColumn`].
    pub(in crate::input::formats) fn find(
        path: &str,
        peek: &Peek,
        map: &[(Field, Origin)],
        roles: &mut Roles,
        clock: &mut Clock,
    ) -> Result<Self, InputError> {
        let folded = peek.header.iter().map(|name| fold(name)).collect();
        let mut search = Search { path, peek, folded, map, no_speakers: Vec::new() };
        search.no_speakers = search.positions(|at| search.is_no_speaker(at, roles));
        let mut positions = search.mapped()?;
        let mapped = positions;
        let is_by_side = [Field::CustomerText, Field::AgentText].iter().any(|side| positions[*side as usize].is_some());
        let is_replaced = |field: Field| is_by_side && matches!(field, Field::Text | Field::Speaker);
        let is_open = |field: Field| !search.is_settled(field) && !is_replaced(field);
        for field in Field::ALL.into_iter().filter(|field| is_open(*field)) {
            positions[field as usize] = search.fitting(field, &mapped)?;
        }
        let is_labelled = search.fill_weakly(&mut positions, is_open, roles, clock)?;

        let layout = match (positions[Field::Speaker as usize], search.origin(Field::Speaker)) {
            _ if is_by_side => Layout::Sides,
            (_, Some(Origin::Party(role))) => Layout::Party(*role),
            (Some(at), _) => Layout::Turns(at),
            (None, _) => Layout::Conversations,
        };
        let call_ids = match (positions[Field::CallId as usize], search.origin(Field::CallId)) {
            (_, Some(Origin::Row)) => Some(CallIds::Row),
            (_, Some(Origin::File)) => Some(CallIds::File),
            (at, _) => at.map(CallIds::Column),
        };
        let needs_text = positions[Field::Text as usize].is_none() && !is_by_side;
        let Some(call_ids) = call_ids.filter(|_| !needs_text) else {
            let needs_speaker = layout == Layout::Conversations && !is_labelled;
            let needed =
                [(Field::CallId, call_ids.is_none()), (Field::Text, needs_text), (Field::Speaker, needs_speaker)];
            return Err(InputError::NoColumn {
                path: path.to_owned(),
                fields: needed.into_iter().filter(|(_, is_missing)| *is_missing).map(|(field, _)| field).collect(),
                columns: search.columns(),
            });
        };
        let time_column = |field: Field| {
            positions[field as usize].map_or_else(TimeColumn::default, |at| TimeColumn::of(&peek.header[at]))
        };
        let is_at = |field: Field, name: &str| positions[field as usize].is_some_and(|at| search.folded[at] == name);
        Ok(Self {
            positions,
            count: peek.header.len(),
            entry_type: search
                .positions(|at| search.folded[at] == ENTRY_TYPE && !positions.contains(&Some(at)))
                .first()
                .copied(),
            is_any_actor: is_at(Field::AgentId, ACTOR),
            is_call_start: is_at(Field::Started, CALL_STARTED),
            started: time_column(Field::Started),
            ended: time_column(Field::Ended),
            call_ids,
            layout,
        })
    }

    /// The position of `field` in each row, if a column holds it.
    pub(in crate::input::formats) const fn position(&self, field: Field) -> Option<usize> {
        self.positions[field as usize]
    }

    /// Whether the column at this place is read.
    #[cfg(feature = "exchange")]
    pub(in crate::input::formats) fn uses(&self, at: usize) -> bool {
        self.positions.contains(&Some(at)) || self.entry_type == Some(at)
    }

    /// Columns that are not used and look like what the file then lacks, with the field: a lost order of turns is worse
    /// than a line of output.
    pub(super) fn overlooked(&self, peek: &Peek, roles: &mut Roles, clock: &mut Clock) -> Vec<(Field, usize)> {
        let is_agent = |name: &str| {
            ["agent", "operator", "advisor", "assignee", "employee"].iter().any(|word| name.contains(word))
        };
        let is_when = |name: &str| ["time", "date", "created"].iter().any(|word| name.contains(word));
        let mut overlooked = Vec::new();
        for (at, name) in peek.header.iter().enumerate().filter(|(at, _)| !self.positions.contains(&Some(*at))) {
            let name = fold(name);
            let is_without = |field: Field| self.position(field).is_none();
            let is_filled = peek.values(at).next().is_some();
            let may_be = |field: Field, looks: bool| (looks && is_filled && is_without(field)).then_some((field, at));
            let is_time = peek.all(at, |value| is_time(clock, value)) || is_when(&name);
            let is_role = !peek.is_constant(at) && peek.all(at, |value| roles.role(value).is_some());
            let is_role = is_role && self.layout == Layout::Conversations;
            let found = may_be(Field::Speaker, is_role)
                .or_else(|| may_be(Field::AgentId, is_agent(&name) && !is_time))
                .or_else(|| may_be(Field::Started, is_time && !is_without(Field::Text)));
            overlooked.extend(found);
        }
        overlooked
    }

    /// The mapping found: fields with their header name, or with what stands for one.
    pub(super) fn mapping(&self, header: &[String]) -> Vec<(Field, String)> {
        let constant = |field: Field| match (field, self.call_ids, self.layout) {
            (Field::CallId, CallIds::Row, _) => Some(Origin::Row.to_string()),
            (Field::CallId, CallIds::File, _) => Some(Origin::File.to_string()),
            (Field::Speaker, _, Layout::Party(role)) => Some(Origin::Party(role).to_string()),
            _ => None,
        };
        let column = |field: Field| header.get(self.position(field)?).cloned();
        Field::ALL.into_iter().filter_map(|field| Some((field, constant(field).or_else(|| column(field))?))).collect()
    }
}

fn is_time(clock: &mut Clock, value: &str) -> bool {
    value.is_empty() || matches!(clock.moment(value, TimeColumn::default()), Some(Moment::Absolute(_)))
}

fn has_label(text: &str, roles: &mut Roles) -> bool {
    labels::split(&live_chat::text(text), roles, &mut Vec::new(), &mut Vec::new()) != Split::NoLabel
}

/// One file's header while its columns are looked for.
struct Search<'a> {
    path: &'a str,
    peek: &'a Peek,
    folded: Vec<String>,
    map: &'a [(Field, Origin)],
    /// Columns that hold no speakers, whatever their name.
    no_speakers: Vec<usize>,
}

impl Search<'_> {
    /// Whether a column that may hold something else than speakers does: it never changes, or differs from row to row.
    fn is_no_speaker(&self, at: usize, roles: &mut Roles) -> bool {
        let mut values = self.peek.values(at);
        MAY_BE_NO_SPEAKER.contains(&self.folded[at].as_str())
            && values.clone().nth(1).is_some()
            && (self.peek.is_constant(at) || !self.peek.recurs(at))
            && values.all(|value| roles.role(value).is_none())
    }

    /// Where the user wants `field` from.
    fn origin(&self, field: Field) -> Option<&Origin> {
        self.map.iter().find(|(mapped, _)| *mapped == field).map(|(_, origin)| origin)
    }

    fn is_settled(&self, field: Field) -> bool {
        self.origin(field).is_some()
    }

    /// The columns that the user named.
    fn mapped(&self) -> Result<Positions, InputError> {
        let mut positions = [None; Field::COUNT];
        for (field, origin) in self.map {
            if let Origin::Column(column) = origin {
                positions[*field as usize] = Some(self.named(*field, column)?);
            }
        }
        Ok(positions)
    }

    /// The column that the user named: by its exact name, else by its folded one.
    fn named(&self, field: Field, column: &str) -> Result<usize, InputError> {
        let exact = self.positions(|at| self.peek.header[at] == column);
        let wanted = fold(column);
        let found = if exact.is_empty() { self.positions(|at| self.folded[at] == wanted) } else { exact };
        match found[..] {
            [at] => Ok(at),
            [] => Err(InputError::NoSuchColumn {
                path: self.path.to_owned(),
                field,
                column: column.to_owned(),
                columns: self.columns(),
            }),
            _ => Err(self.ambiguous(field, &found)),
        }
    }

    /// The one column whose name fits `field`, among those that the user did not map.
    fn fitting(&self, field: Field, mapped: &Positions) -> Result<Option<usize>, InputError> {
        let fits = |field: Field, at: usize| {
            let is_ruled_out = field == Field::Speaker && self.no_speakers.contains(&at);
            !is_ruled_out && !mapped.contains(&Some(at)) && aliases(field).contains(&self.folded[at].as_str())
        };
        // `channel` may name the party or the medium: it is the party only if nothing else is.
        let doubtful = |at: usize| fits(Field::Speaker, at) && fits(Field::Channel, at);
        let speaker_known = self.is_settled(Field::Speaker)
            || (0..self.folded.len()).any(|at| fits(Field::Speaker, at) && !doubtful(at));
        let found = self.positions(|at| {
            fits(field, at)
                && match field {
                    Field::Speaker => !(speaker_known && doubtful(at)),
                    Field::Channel => speaker_known || !doubtful(at),
                    _ => true,
                }
        });
        self.only(field, &found)
    }

    /// Gives fields that are still open to columns of less sure names, if the first rows bear them out. Returns whether
    /// labels in the text say who spoke.
    fn fill_weakly(
        &self,
        positions: &mut Positions,
        is_open: impl Fn(Field) -> bool,
        roles: &mut Roles,
        clock: &mut Clock,
    ) -> Result<bool, InputError> {
        let is_missing = |field: Field, positions: &Positions| positions[field as usize].is_none() && is_open(field);
        for field in [Field::Text, Field::AgentId, Field::Started] {
            if is_missing(field, positions) {
                let believed = |at| field != Field::Started || self.peek.all(at, |value| is_time(clock, value));
                positions[field as usize] = self.weakly_fitting(field, positions, believed)?;
            }
        }
        let text = positions[Field::Text as usize];
        let is_labelled = text.is_some_and(|at| self.peek.values(at).any(|value| has_label(value, roles)));
        if is_missing(Field::Speaker, positions) && !is_labelled {
            // A name that differs from row to row, or never, is no speaker.
            let believed = |at: usize| {
                let recurs = self.peek.recurs(at) && !self.peek.is_constant(at);
                recurs || self.peek.all(at, |value| roles.role(value).is_some())
            };
            positions[Field::Speaker as usize] = self.weakly_fitting(Field::Speaker, positions, believed)?;
        }
        if is_missing(Field::CallId, positions) {
            // `id` may be the message's own.
            let is_by_turn = positions[Field::Speaker as usize].is_some();
            let believed = |at: usize| self.folded[at] != "id" || self.peek.recurs(at) || !is_by_turn;
            positions[Field::CallId as usize] = self.weakly_fitting(Field::CallId, positions, believed)?;
        }
        Ok(is_labelled)
    }

    /// The one column that has a less sure name of `field`, among those not `taken`, if `believed`.
    fn weakly_fitting(
        &self,
        field: Field,
        taken: &Positions,
        mut believed: impl FnMut(usize) -> bool,
    ) -> Result<Option<usize>, InputError> {
        let found = self.positions(|at| {
            !taken.contains(&Some(at)) && weak_aliases(field).contains(&self.folded[at].as_str()) && believed(at)
        });
        self.only(field, &found)
    }

    fn only(&self, field: Field, found: &[usize]) -> Result<Option<usize>, InputError> {
        if found.len() > 1 { Err(self.ambiguous(field, found)) } else { Ok(found.first().copied()) }
    }

    fn positions(&self, mut wanted: impl FnMut(usize) -> bool) -> Vec<usize> {
        (0..self.folded.len()).filter(|&at| wanted(at)).collect()
    }

    fn ambiguous(&self, field: Field, found: &[usize]) -> InputError {
        let candidates: Vec<String> = found.iter().map(|&at| format!("{:?}", self.peek.header[at])).collect();
        InputError::AmbiguousColumns {
            path: self.path.to_owned(),
            field,
            candidates: candidates.join(", "),
            columns: self.columns(),
        }
    }

    /// The columns seen, in words.
    fn columns(&self) -> String {
        seen(self.peek, self.map)
    }
}

/// The columns of a file, in words: a first line that is no header is not shown.
pub(in crate::input::formats) fn seen(peek: &Peek, map: &[(Field, Origin)]) -> String {
    if is_header(&peek.header, map) {
        return quote::columns(&peek.header);
    }
    let count = peek.header.len();
    let known = if count == 1 {
        "its 1 column has no known name".into()
    } else {
        format!("none of its {count} columns has a known name")
    };
    let below = peek.rows.iter().find(|(_, record)| is_header(record, map) && recognised(record, map) > 1);
    let further =
        below.map_or_else(String::new, |(line, _)| format!("; line {line} may be: delete the lines above it"));
    format!("line {} does not look like a header, {known}{further}", peek.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Stops as _;

    fn find(header: &[&str], map: &[(Field, &str)]) -> Result<Vec<(Field, String)>, InputError> {
        find_over(header, &[], map)
    }

    fn find_over(header: &[&str], rows: &[&[&str]], map: &[(Field, &str)]) -> Result<Vec<(Field, String)>, InputError> {
        let record = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        let rows = (2..).zip(rows).map(|(line, row)| (line, record(row))).collect();
        let peek = Peek { header: record(header), line: 1, rows };
        let map: Vec<(Field, Origin)> =
            map.iter().map(|&(field, text)| (field, Origin::of(field, text).unwrap())).collect();
        let mut clock = Clock::new(jiff::tz::TimeZone::UTC, None);
        Ok(Columns::find("a.csv", &peek, &map, &mut Roles::new(&[]), &mut clock)?.mapping(&peek.header))
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
    fn all_missing_fields_are_named_at_once_with_flags() {
        let error = find(&["call_id", "who", "what"], &[]).unwrap_err();
        assert!(
            error.to_string().contains(r#"no column fits text and speaker; the columns are "call_id", "who", "what""#),
            "{error}"
        );
        assert!(error.hint().unwrap().starts_with("name the columns with --map text=COLUMN --map speaker=COLUMN"));
        let labelled: &[&[&str]] = &[&["Agent: hello\nUser: hi"]];
        let error = find_over(&["text"], labelled, &[]).unwrap_err();
        assert!(matches!(&error, InputError::NoColumn { fields, .. } if *fields == [Field::CallId]), "{error}");
    }

    #[test]
    fn a_first_line_that_is_no_header_is_not_shown() {
        for line in [
            &["c1", "agent 7", "I lost my card, please help."][..],
            &["c-100", "customer", "My PIN is 1234"],
            &["c-100", "agent", "PIN"],
            &["{", "\"PIN\""],
        ] {
            let error = find(line, &[]).unwrap_err();
            let shown = format!("{error} {error:?} {:?}", error.hint());
            assert!(!shown.contains("PIN") && !shown.contains("card") && !shown.contains("c-100"), "{shown}");
            assert!(shown.contains("line 1 does not look like a header"), "{shown}");
        }
        let error = find(&["text", "I lost my card! Please help"], &[]).unwrap_err();
        assert!(error.to_string().ends_with(r#"the columns are "text", column 2"#), "{error}");
    }

    #[test]
    fn a_header_below_other_lines_is_pointed_at() {
        let rows: &[&[&str]] = &[&["of November"], &["call_id", "speaker", "text"], &["c1", "agent", "hi"]];
        let error = find_over(&["Our calls"], rows, &[]).unwrap_err();
        assert!(error.to_string().ends_with("line 3 may be: delete the lines above it"), "{error}");
    }

    #[test]
    fn less_sure_names_count_where_the_rows_bear_them_out() {
        let rows: &[&[&str]] =
            &[&["1", "a", "hi", "2024-01-01T00:00:00Z"], &["1", "b", "yo", ""], &["1", "a", "so", ""]];
        let found = find_over(&["id", "sender", "body", "created_at"], rows, &[]).unwrap();
        assert_eq!(
            found,
            pairs(&[
                (Field::CallId, "id"),
                (Field::Text, "body"),
                (Field::Speaker, "sender"),
                (Field::Started, "created_at")
            ])
        );
        let own: &[&[&str]] = &[&["1", "a", "hi", "5/1/24"], &["2", "b", "yo", ""], &["3", "a", "so", ""]];
        let error = find_over(&["id", "sender", "body", "created_at"], own, &[]).unwrap_err();
        assert!(matches!(&error, InputError::NoColumn { fields, .. } if *fields == [Field::CallId]), "{error}");
        let found = find_over(&["call_id", "sender", "text", "created_at"], own, &[]).unwrap();
        assert_eq!(found[2..], pairs(&[(Field::Speaker, "sender")]), "the times are in no known form");
        let found = find_over(&["call_id", "author", "text", "body"], &[&["1", "me", "Agent: hi", ""]], &[]).unwrap();
        assert_eq!(found, pairs(&[(Field::CallId, "call_id"), (Field::Text, "text")]));
    }

    #[test]
    fn a_source_or_channel_that_never_changes_is_no_speaker() {
        let rows: &[&[&str]] = &[&["1", "twitter", "voice", "Agent: hi"], &["2", "twitter", "voice", "Agent: yo"]];
        let found = find_over(&["call_id", "source", "channel", "text"], rows, &[]).unwrap();
        assert_eq!(found, pairs(&[(Field::CallId, "call_id"), (Field::Text, "text"), (Field::Channel, "channel")]));
        let roles: &[&[&str]] = &[&["1", "agent", "hi"], &["2", "agent", "yo"]];
        let found = find_over(&["call_id", "source", "text"], roles, &[]).unwrap();
        assert_eq!(found[2], (Field::Speaker, "source".to_owned()));
    }

    #[test]
    fn columns_that_are_not_used_and_look_like_what_is_missing_are_found() {
        let record = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        let peek = Peek {
            header: record(&["call_id", "text", "when", "Party", "agent ref", "note"]),
            line: 1,
            rows: vec![
                (2, record(&["1", "Agent: hi", "2024-01-01T00:00:00Z", "agent", "7", "x"])),
                (3, record(&["2", "Agent: yo", "2024-01-01T00:00:05Z", "customer", "8", "y"])),
            ],
        };
        let mut roles = Roles::new(&[]);
        let mut clock = Clock::new(jiff::tz::TimeZone::UTC, None);
        let columns = Columns::find("a.csv", &peek, &[], &mut roles, &mut clock).unwrap();
        let found = columns.overlooked(&peek, &mut roles, &mut clock);
        assert_eq!(found, [(Field::Started, 2), (Field::Speaker, 3), (Field::AgentId, 4)]);
    }

    #[test]
    fn constants_and_sides_stand_for_columns() {
        let map = [(Field::CallId, "@row"), (Field::Speaker, "@customer")];
        let found = find(&["tweet", "text"], &map).unwrap();
        assert_eq!(found, pairs(&[(Field::CallId, "@row"), (Field::Text, "text"), (Field::Speaker, "@customer")]));
        let map = [(Field::CallId, "@file"), (Field::CustomerText, "q"), (Field::AgentText, "a")];
        let found = find(&["q", "a", "text", "role"], &map).unwrap();
        assert_eq!(found, pairs(&[(Field::CallId, "@file"), (Field::CustomerText, "q"), (Field::AgentText, "a")]));
    }
}
