//! A whole conversation in one text: lines that begin with a speaker's label.
//!
//! `Agent: …`, `[00:12] Customer: …`, `00:12 Customer: …` and `Customer [00:12]: …` begin a turn; other lines belong
//! to the turn before them. So do lines that begin with something like a name of no known role, `Total: 45 EUR` or
//! `Ben: …`: they are handed out, for whoever sees all conversations to find out whether it is a speaker after all.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::quote::{is_diarised, is_named_speaker};
use super::roles::Roles;
use super::times::stamp;
use crate::transcript::Role;

/// More words than this before a colon are a sentence, not a name.
const MAX_NAME_WORDS: usize = 3;
/// More characters than this before a colon are a sentence, not a name.
const MAX_NAME_CHARS: usize = 30;

/// One turn of a conversation's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct TurnText<'a> {
    /// Who spoke.
    pub(super) role: Role,
    /// When, in milliseconds since the conversation's start, if the line says so.
    pub(super) offset_ms: Option<i64>,
    /// The words, trimmed.
    pub(super) text: &'a str,
}

/// What a conversation's text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// Labelled turns. Lines before the first label are a turn of role other: kept, never scored.
    Turns,
    /// No line begins with a label of a known role.
    NoLabel,
    /// Another party's label stands within a line: line breaks were lost, and who said what with them.
    WithinLine,
}

/// Splits `text` into `turns`, and lists the names before a colon at a line's beginning whose role is not `unknown`.
pub(super) fn split<'a>(
    text: &'a str,
    roles: &mut Roles,
    turns: &mut Vec<TurnText<'a>>,
    unknown: &mut Vec<&'a str>,
) -> Split {
    turns.clear();
    unknown.clear();
    let mut current = (Role::Other, None, 0);
    let mut labels = 0_usize;
    let (mut is_within, mut is_within_sentence) = (false, false);
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let label = Label::of(line, roles);
        let mut words = line;
        match &label {
            Some(label @ Label { role: Some(role), length, .. }) => {
                push(turns, text, current, at);
                current = (*role, label.offset_ms(), at + length);
                labels += 1;
                words = line.get(*length..).unwrap_or_default();
            }
            Some(Label { name, .. }) => unknown.push(name),
            None => {}
        }
        for is_after_sentence in other_parties(words, current.0, roles) {
            is_within |= is_after_sentence;
            is_within_sentence |= !is_after_sentence;
        }
        at += line.len();
    }
    push(turns, text, current, at);
    let is_lost = is_within || (is_within_sentence && labels == 1);
    if !is_lost && labels > 1 {
        return Split::Turns;
    }
    match run_on(text, roles, turns) {
        RunOn::Turns => Split::Turns,
        RunOn::Not if labels == 0 && !is_lost => Split::NoLabel,
        RunOn::Not if !is_lost => Split::Turns,
        RunOn::Doubtful | RunOn::Not => Split::WithinLine,
    }
}

/// What a text is whose turns may follow each other in one line.
enum RunOn {
    /// Turns: every label begins the text or a line, or stands behind a sentence's end or a mark.
    Turns,
    /// Labels of known roles stand among recurring ones of unknown role.
    Doubtful,
    /// There are not two labels of known roles, or one stands within a sentence.
    Not,
}

/// Splits `text` into `turns` at labels of known roles wherever they stand; leaves `turns` as they are unless it is all
/// turns.
fn run_on<'a>(text: &'a str, roles: &mut Roles, turns: &mut Vec<TurnText<'a>>) -> RunOn {
    let mut found = Vec::new();
    let mut current = (Role::Other, None, 0);
    let (mut labels, mut is_within) = (0_usize, false);
    let mut unknown: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, _) in text.match_indices(':') {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        if !after.starts_with(|c: char| c.is_whitespace() || MARKS.contains(&c)) {
            continue;
        }
        let words = after.trim_start_matches(['*', '_']);
        let known = last_names(before).filter_map(|(start, name)| Some((start, roles.role(name)?))).last();
        if let Some((start, role)) = known {
            let (end, stamp) = before_stamp(text, start);
            is_within |= stamp.is_empty() && !is_break(text, start);
            push(&mut found, text, current, end);
            current = (role, offset_of(stamp), text.len() - words.len());
            labels += 1;
        } else if let Some((_, name)) = last_names(before).find(|(start, name)| is_break(text, *start) && is_name(name))
            && !roles.is_words(name)
        {
            *unknown.entry(name).or_default() += 1;
        }
    }
    push(&mut found, text, current, text.len());
    if unknown.values().any(|labels| *labels > 1) && labels > 1 {
        return RunOn::Doubtful;
    }
    if is_within || labels < 2 {
        return RunOn::Not;
    }
    *turns = found;
    RunOn::Turns
}

/// The stamp in brackets before the label that begins at `start`, and where the words before it end.
fn before_stamp(text: &str, start: usize) -> (usize, &str) {
    let before = text.get(..start).unwrap_or_default().trim_end();
    match trailing_stamp(before) {
        (words, stamp) if !stamp.is_empty() => (words.len(), stamp),
        _ => (start, ""),
    }
}

/// What may be a name at the end of `before`, its first word with a capital, the shortest first; each with where it begins,
/// marks included.
fn last_names(before: &str) -> impl Iterator<Item = (usize, &str)> {
    let head = before.trim_end_matches(MARKS);
    let starts = head.rmatch_indices(char::is_whitespace).map(|(at, space)| at + space.len()).chain([0]);
    let name = move |start| Some((start, head.get(start..)?.trim_start_matches(MARKS)));
    starts.take(MAX_NAME_WORDS).filter_map(name).filter(|(_, name)| name.starts_with(char::is_uppercase))
}

/// Whether a turn may begin at `start` of `text`: at its beginning or a line's, behind a sentence's end or before a mark.
fn is_break(text: &str, start: usize) -> bool {
    const ENDS: [char; 10] = ['.', '?', '!', '"', '*', '\u{2026}', '\u{201d}', '\u{3002}', '\u{ff1f}', '\u{ff01}'];
    let (before, label) = text.split_at_checked(start).unwrap_or_default();
    let before = before.trim_end_matches([' ', '\t']);
    before.is_empty() || before.ends_with(ENDS) || before.ends_with(['\n', '\r']) || label.starts_with('*')
}

/// Finds `… Customer: …` within a line of another party than that: a label with a capital. Each is whether it stands
/// after a sentence's end, where a lost line break would be; `It says User: not found` is the words of a line.
fn other_parties(line: &str, speaker: Role, roles: &mut Roles) -> impl Iterator<Item = bool> {
    line.match_indices(": ").filter_map(move |(at, _)| {
        let before = line.get(..at)?;
        let word = before.split_whitespace().next_back()?;
        let role = roles.role(word).filter(|role| *role != Role::Other && *role != speaker);
        role.filter(|_| word.starts_with(char::is_uppercase))?;
        let sentence = before.strip_suffix(word)?.trim_end();
        Some(sentence.ends_with(['.', '?', '!', '"', '*']))
    })
}

/// Ends the turn that began at `start`. Nothing before the first label is no turn.
fn push<'a>(turns: &mut Vec<TurnText<'a>>, text: &'a str, turn: (Role, Option<i64>, usize), end: usize) {
    let (role, offset_ms, start) = turn;
    let words = text.get(start..end).unwrap_or_default().trim();
    if start > 0 || !words.is_empty() {
        turns.push(TurnText { role, offset_ms, text: words });
    }
}

/// The label at a line's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label<'a> {
    /// The speaker, without marks, stamp and what stands in brackets behind the role.
    pub(super) name: &'a str,
    pub(super) role: Option<Role>,
    /// The stamp as it stands there, without its brackets; empty without one.
    pub(super) stamp: &'a str,
    /// Bytes of the line up to the words.
    pub(super) length: usize,
}

/// What may stand around a label: Markdown, quotes, and the arrows by which captions mark a change of speaker.
const MARKS: [char; 8] = ['*', '_', '"', '\u{201c}', '\u{201d}', '>', '#', ' '];
/// A date, a time, and AM or PM.
const MAX_STAMP_WORDS: usize = 3;
/// The brackets around stamps, and around names in captions.
const BRACKETS: [(char, char); 2] = [('[', ']'), ('(', ')')];

impl<'a> Label<'a> {
    /// The label of `line`, if it has one: of a known role, or something like a name.
    pub(super) fn of(line: &'a str, roles: &mut Roles) -> Option<Self> {
        let (before, rest) = leading_stamp(unmarked(line));
        let rest = unmarked(rest);
        Self::before_colon(line, rest, before, roles)
            .or_else(|| Self::before_dash(line, rest, before, roles))
            .or_else(|| Self::bracketed(line, roles).filter(|label| label.role.is_some() || is_diarised(label.name)))
    }

    /// `Agent: …`, `**Agent:** …`, `Customer (Susan): …`, `Agent [00:12]: …`.
    fn before_colon(line: &'a str, rest: &'a str, before: &'a str, roles: &mut Roles) -> Option<Self> {
        // The label ends at the first colon, unless that is part of a stamp: then at the one that ends a word.
        for (at, colon) in rest.match_indices([':', '\u{ff1a}']) {
            let (head, words) = (rest.get(..at)?, rest.get(at + colon.len()..)?);
            let (name, within) = trailing_stamp(head.trim_end_matches(MARKS));
            let (name, role) = named(name, roles);
            if role.is_none() && roles.is_words(name) {
                return None;
            }
            let ends_word = words.chars().next().is_none_or(|c| c.is_whitespace() || MARKS.contains(&c));
            if role.is_some() || ((ends_word || colon.len() > 1) && is_name(name)) {
                let stamp = if before.is_empty() { within } else { before };
                let length = line.len() - words.trim_start_matches(['*', '_']).len();
                return Some(Self { name, role, stamp, length });
            }
            if ends_word || at > MAX_NAME_CHARS * 4 {
                break;
            }
        }
        None
    }

    /// `[0:00:06.8 - 0:00:07.2] SPEAKER_00 - …`, behind a stamp only.
    fn before_dash(line: &'a str, rest: &'a str, before: &'a str, roles: &mut Roles) -> Option<Self> {
        let (head, words) = rest.split_once(" - ").filter(|_| !before.is_empty())?;
        let (name, role) = named(head.trim_end_matches(MARKS), roles);
        let is_label = role.is_some() || (is_name(name) && !roles.is_words(name));
        is_label.then(|| Self { name, role, stamp: before, length: line.len() - words.len() })
    }

    /// `jane roe: …` or `Roe, Jane: …`: what may be a name only if it recurs.
    pub(super) fn doubtful(line: &'a str, roles: &Roles) -> Option<Self> {
        let rest = unmarked(line);
        let (head, words) = rest.split_once(": ")?;
        let name = head.trim_end_matches(MARKS);
        let is_label =
            is_named_speaker(name) && name.split_whitespace().count() <= MAX_NAME_WORDS && !roles.is_words(name);
        is_label.then(|| Self { name, role: None, stamp: "", length: line.len() - words.len() })
    }

    /// `[Name] …` or `[Name]: …`, which may be a stage direction too.
    pub(super) fn bracketed(line: &'a str, roles: &mut Roles) -> Option<Self> {
        let (inner, rest) = in_brackets(unmarked(line))?;
        let words = rest.strip_prefix(':').unwrap_or(rest);
        let (name, role) = named(inner.trim(), roles);
        let is_label = !words.trim().is_empty() && (role.is_some() || (is_name(name) && !roles.is_words(name)));
        is_label.then(|| Self { name, role, stamp: "", length: line.len() - words.len() })
    }

    /// A line with nothing but a name and a stamp, such as `Jane Roe  0:12`, `[Jane Roe] 10:15:22` or `[00:12] Agent`:
    /// the words are on the lines below it.
    pub(super) fn alone(line: &'a str, roles: &mut Roles) -> Option<Self> {
        let line = line.trim_end();
        let (before, rest) = leading_stamp(unmarked(line));
        let (name, stamp) = if before.is_empty() { ending_in_stamp(rest)? } else { (rest, before) };
        let name = name.trim_matches(MARKS);
        let name = in_brackets(name).filter(|(_, rest)| rest.trim().is_empty()).map_or(name, |(inner, _)| inner.trim());
        let (name, role) = named(name, roles);
        let is_label = role.is_some() || (is_name(name) && !roles.is_words(name));
        is_label.then_some(Self { name, role, stamp, length: line.len() })
    }

    /// The stamp that `line` is and nothing else.
    pub(super) fn only_stamp(line: &'a str) -> Option<&'a str> {
        let line = line.trim_matches(MARKS);
        let inner =
            in_brackets(line).filter(|(_, rest)| rest.trim().is_empty()).map_or(line, |(inner, _)| inner).trim();
        is_stamp(inner).then_some(inner)
    }

    /// The stamp in milliseconds since the conversation's start, if it is one.
    pub(super) fn offset_ms(&self) -> Option<i64> {
        offset_of(self.stamp)
    }
}

/// `text` without marks and a list's dash before it.
fn unmarked(text: &str) -> &str {
    let text = text.trim_start().trim_start_matches(MARKS);
    text.strip_prefix("- ").or_else(|| text.strip_prefix("\u{2022} ")).unwrap_or(text).trim_start_matches(MARKS)
}

/// The name that a label states, and its role: `Customer (Susan)` is a customer, and so is `Susan (Customer)`.
fn named<'a>(label: &'a str, roles: &mut Roles) -> (&'a str, Option<Role>) {
    let label = label.trim();
    if let Some(role) = roles.role(label) {
        return (label, Some(role));
    }
    let Some((outer, inner)) = label.strip_suffix(')').and_then(|label| label.rsplit_once('(')) else {
        return (label, None);
    };
    let outer = outer.trim_end();
    match roles.role(outer).or_else(|| roles.role(inner.trim())) {
        Some(role) => (outer, Some(role)),
        None => (label, None),
    }
}

/// What stands in brackets at the beginning, and the rest.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let (_, close) = BRACKETS.into_iter().find(|(open, _)| text.starts_with(*open))?;
    text.get(1..)?.split_once(close)
}

/// `[00:12]`, `(00:12)`, `00:12`, `2024-05-13 10:00:12` or `[0:00:06.8 - 0:00:07.2]` at the beginning of a line, and the
/// rest.
fn leading_stamp(line: &str) -> (&str, &str) {
    let (inner, rest) = if line.starts_with(|c: char| c.is_ascii_digit()) {
        // A date, a time and AM or PM may follow each other.
        let words = line.match_indices(char::is_whitespace).take(MAX_STAMP_WORDS);
        let stamps = words.filter_map(|(at, _)| line.split_at_checked(at)).filter(|(stamp, _)| is_stamp(stamp));
        stamps.last().unwrap_or_default()
    } else {
        in_brackets(line).unwrap_or_default()
    };
    let inner = inner.trim();
    if is_stamp(inner) { (inner, rest.trim_start()) } else { ("", line) }
}

/// `Agent [00:12]` or `Agent (00:12)` as name and stamp.
fn trailing_stamp(head: &str) -> (&str, &str) {
    let inner = head.strip_suffix([']', ')']).and_then(|head| head.rsplit_once(['[', '(']));
    match inner.filter(|(_, inner)| is_stamp(inner.trim())) {
        Some((name, inner)) => (name.trim_end(), inner.trim()),
        None => (head, ""),
    }
}

/// `Jane Roe  0:12` as name and stamp.
fn ending_in_stamp(line: &str) -> Option<(&str, &str)> {
    match trailing_stamp(line) {
        (name, stamp) if !stamp.is_empty() => Some((name, stamp)),
        _ => line.rsplit_once(char::is_whitespace).filter(|(_, last)| is_stamp(last)),
    }
}

/// The first of one or two stamps, in milliseconds since the conversation's start.
fn offset_of(text: &str) -> Option<i64> {
    let first = text.split_once("-->").or_else(|| text.split_once(['-', '\u{2013}'])).map_or(text, |(first, _)| first);
    stamp(first.trim())
}

/// Whether `text` says when: an offset, the time of a day, or a date with a time.
fn is_stamp(text: &str) -> bool {
    let is_of_time = |c: char| {
        c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | '-' | '\u{2013}' | '/' | '>' | ' ' | 'T' | 'Z' | '+')
    };
    let time = text.strip_suffix(['M', 'm']).and_then(|text| text.strip_suffix(['A', 'P', 'a', 'p'])).unwrap_or(text);
    time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':') && time.chars().all(is_of_time)
}

/// Whether `name` could name a speaker: up to three words, the first with a capital.
fn is_name(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().count() <= MAX_NAME_CHARS
        && name.split_whitespace().count() <= MAX_NAME_WORDS
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '\'' | '#' | '(' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(text: &str) -> Vec<(Role, Option<i64>, &str)> {
        let mut turns = Vec::new();
        assert_eq!(split(text, &mut Roles::new(&[]), &mut turns, &mut Vec::new()), Split::Turns, "{text}");
        turns.into_iter().map(|turn| (turn.role, turn.offset_ms, turn.text)).collect()
    }

    fn verdict(text: &str) -> Split {
        split(text, &mut Roles::new(&[]), &mut Vec::new(), &mut Vec::new())
    }

    #[test]
    fn lines_with_labels_begin_turns_and_others_continue_them() {
        let text = "Agent: Hello.\r\nHow are you?\r\nCustomer:fine: thanks\n\nAGENT : Bye\nSystem:\n";
        let expected = [
            (Role::Agent, None, "Hello.\r\nHow are you?"),
            (Role::Customer, None, "fine: thanks"),
            (Role::Agent, None, "Bye"),
            (Role::Other, None, ""),
        ];
        assert_eq!(turns(text), expected);
    }

    #[test]
    fn stamps_before_or_within_labels_are_times() {
        let text = "[00:05] Agent: a\n(0:01:00) Customer: b\n02:00 Agent: c\nCustomer [02:10]: d\n - Agent: e";
        let expected = [
            (Role::Agent, Some(5_000), "a"),
            (Role::Customer, Some(60_000), "b"),
            (Role::Agent, Some(120_000), "c"),
            (Role::Customer, Some(130_000), "d\n - Agent: e"),
        ];
        let found = turns(text);
        assert_eq!(found[..3], expected[..3]);
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn lines_before_the_first_label_are_kept_and_belong_to_nobody() {
        assert_eq!(
            turns("transcript of today\nAgent: a"),
            [(Role::Other, None, "transcript of today"), (Role::Agent, None, "a")]
        );
    }

    #[test]
    fn names_without_a_role_are_words_and_handed_out() {
        let text = "Agent: a\nTotal: 45 EUR\nAddress: 1 Main St\nDr. Moe: c\nCustomer: b";
        assert_eq!(
            turns(text),
            [(Role::Agent, None, "a\nTotal: 45 EUR\nAddress: 1 Main St\nDr. Moe: c"), (Role::Customer, None, "b")]
        );
        let mut roles = Roles::new(&[("Dr. Moe".to_owned(), Some(Role::Agent)), ("total".to_owned(), None)]);
        let (mut turns, mut unknown) = (Vec::new(), Vec::new());
        assert_eq!(split(text, &mut roles, &mut turns, &mut unknown), Split::Turns);
        assert_eq!((turns.len(), unknown), (3, vec!["Address"]));
    }

    #[test]
    fn a_known_label_that_the_user_calls_words_begins_no_turn() {
        let mut roles = Roles::new(&[("Contact".to_owned(), None)]);
        let mut turns = Vec::new();
        split("Agent: see\nContact: us\nUser: fine", &mut roles, &mut turns, &mut Vec::new());
        assert_eq!(turns.iter().map(|turn| turn.text).collect::<Vec<_>>(), ["see\nContact: us", "fine"]);
    }

    #[test]
    fn colons_within_sentences_are_not_labels() {
        let text =
            "Agent: see\nhttps://example.com/a: b\nmy number is: 5\nI told him this very thing: no\n12:30 is fine";
        assert_eq!(turns(text).len(), 1);
    }

    #[test]
    fn labels_within_one_line_begin_turns_behind_sentences() {
        let expected =
            [(Role::Agent, None, "Hello there."), (Role::Customer, None, "Hi! A bill."), (Role::Agent, None, "Ok")];
        for text in [
            "Agent: Hello there. Customer: Hi! A bill. Agent: Ok",
            "**Agent:** Hello there. **Customer:** Hi! A bill. **Agent:** Ok",
            "Agent: Hello there.\nCustomer: Hi! A bill. Agent: Ok",
        ] {
            assert_eq!(turns(text), expected, "{text}");
        }
        assert_eq!(turns("**Agent:** so then **End User:** no")[1], (Role::Customer, None, "no"));
        assert_eq!(turns("Call 7. Agent: Hi. Customer: Hi.")[0], (Role::Other, None, "Call 7."));
        let stamped = [(Role::Agent, Some(3_000), "your name"), (Role::Customer, Some(7_000), "Jane, 45")];
        assert_eq!(turns("[00:00:03] Agent: your name [00:00:07] Caller: Jane, 45"), stamped);
        for doubtful in [
            "Agent: Hello Customer: Hi Agent: Bye",
            "Agent: Hello\nwell then Caller: Hi",
            "Agent: Hi. Klant: Hoi. Agent: Ja? Klant: Nee.",
        ] {
            assert_eq!(verdict(doubtful), Split::WithinLine, "{doubtful}");
        }
        let mut roles = Roles::new(&[("Klant".to_owned(), Some(Role::Customer))]);
        let mut found = Vec::new();
        assert_eq!(split("Agent: Hi. Klant: Hoi.", &mut roles, &mut found, &mut Vec::new()), Split::Turns);
        assert_eq!((found.len(), found[1].role), (2, Role::Customer));
        for words in [
            "Agent: tell the customer: no\nCustomer: my Agent:x",
            "Customer: It says User: not found",
            "Customer: It broke. User: not found\nAgent: I see",
            "Agent: It says User: not found\nCustomer: ok",
        ] {
            assert_eq!(verdict(words), Split::Turns, "{words}");
        }
    }

    #[test]
    fn labels_come_in_many_dresses() {
        for (line, role, stamp, words) in [
            ("**Agent:** hi", Role::Agent, None, "hi"),
            ("**Agent**: hi", Role::Agent, None, "hi"),
            ("- **Customer (Susan):** *well*", Role::Customer, None, "*well*"),
            ("Customer (Susan): hi", Role::Customer, None, "hi"),
            ("Susan Roe (Customer): hi", Role::Customer, None, "hi"),
            ("[0:00:06.8 - 0:00:07.2] Agent - hi", Role::Agent, Some(6_800), "hi"),
            ("[00:06.250] **Agent:** hi", Role::Agent, Some(6_250), "hi"),
            ("**[00:06] Agent:** hi", Role::Agent, Some(6_000), "hi"),
            ("(10:15:22 AM) Agent: hi", Role::Agent, None, "hi"),
            ("2024-05-13 10:00:12 Agent: hi", Role::Agent, None, "hi"),
            ("[Agent] hi", Role::Agent, None, "hi"),
            (">> AGENT: hi", Role::Agent, None, "hi"),
            ("User\u{ff1a}hi", Role::Customer, None, "hi"),
        ] {
            assert_eq!(turns(line), [(role, stamp, words)], "{line}");
        }
        for words in ["[Pause]", "my number: 5", "12:30 is fine", "[PII] is my name", "https://x.y: z"] {
            assert_eq!(Label::of(words, &mut Roles::new(&[])), None, "{words}");
        }
    }

    #[test]
    fn a_text_without_labels_is_none() {
        assert_eq!(verdict("hello there"), Split::NoLabel);
        assert_eq!(verdict("John Miller: my card is lost"), Split::NoLabel);
        assert_eq!(verdict(""), Split::NoLabel);
    }
}
