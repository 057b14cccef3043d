//! A whole conversation in one text: lines that begin with a speaker's label.
//!
//! `Agent: …`, `[00:12] Customer: …`, `00:12 Customer: …` and `Customer [00:12]: …` begin a turn; other lines belong
//! to the turn before them. A line that begins with something like a name, `Ben: …`, is somebody's turn too, and since
//! nobody said whose, it is an unknown speaker and never added to the turn before.

use super::roles::Roles;
use super::times::stamp;
use crate::transcript::Role;

/// More words than this before a colon are a sentence, not a name.
const MAX_NAME_WORDS: usize = 3;
/// More characters than this before a colon are a sentence, not a name.
const MAX_NAME_CHARS: usize = 30;

/// One turn of a conversation's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spoken<'a> {
    /// Who spoke.
    pub(super) role: Role,
    /// When, in milliseconds since the conversation's start, if the line says so.
    pub(super) offset_ms: Option<i64>,
    /// What was said, trimmed.
    pub(super) text: &'a str,
}

/// What a conversation's text turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split<'a> {
    /// Labelled turns. Lines before the first label are a turn of role other: kept, never scored.
    Turns,
    /// No line begins with a label.
    NoLabel,
    /// A label stands within a line: line breaks were lost, and who said what with them.
    WithinLine,
    /// Labels whose role is not known.
    Unknown(Vec<&'a str>),
}

/// Splits `text` into `turns`, which is emptied first.
pub(super) fn split<'a>(text: &'a str, roles: &mut Roles, turns: &mut Vec<Spoken<'a>>) -> Split<'a> {
    turns.clear();
    let mut unknown = Vec::new();
    let mut current = (Role::Other, None, 0);
    let mut labels = 0_usize;
    let mut is_within_line = false;
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let label = Label::of(line, roles);
        let said = line.get(label.as_ref().map_or(0, |label| label.length)..).unwrap_or_default();
        is_within_line |= names_a_party(said, roles);
        if let Some(found) = label {
            match found.role {
                Some(role) => {
                    push(turns, text, current, at);
                    current = (role, found.offset_ms, at + found.length);
                    labels += 1;
                }
                None => unknown.push(found.name),
            }
        }
        at += line.len();
    }
    push(turns, text, current, at);
    if !unknown.is_empty() {
        Split::Unknown(unknown)
    } else if labels == 0 {
        Split::NoLabel
    } else if is_within_line {
        Split::WithinLine
    } else {
        Split::Turns
    }
}

/// Whether something like `… Customer: …` stands within a line: a customer's or agent's label with a capital.
fn names_a_party(line: &str, roles: &mut Roles) -> bool {
    line.match_indices(": ").any(|(at, _)| {
        let word = line.get(..at).and_then(|before| before.split_whitespace().next_back()).unwrap_or_default();
        let is_party = |role| role != Role::Other;
        word.starts_with(char::is_uppercase) && roles.role(word).is_some_and(is_party)
    })
}

/// Ends the turn that began at `start`. Nothing before the first label is no turn.
fn push<'a>(turns: &mut Vec<Spoken<'a>>, text: &'a str, turn: (Role, Option<i64>, usize), end: usize) {
    let (role, offset_ms, start) = turn;
    let said = text.get(start..end).unwrap_or_default().trim();
    if start > 0 || !said.is_empty() {
        turns.push(Spoken { role, offset_ms, text: said });
    }
}

/// The label at a line's beginning.
struct Label<'a> {
    name: &'a str,
    role: Option<Role>,
    offset_ms: Option<i64>,
    /// Bytes of the line up to the words.
    length: usize,
}

impl<'a> Label<'a> {
    fn of(line: &'a str, roles: &mut Roles) -> Option<Self> {
        let (before, rest) = leading_stamp(line.trim_start());
        let rest = rest.strip_prefix("- ").unwrap_or(rest);
        // The label ends at the first colon, unless that is part of a stamp: then at the one that ends a word.
        for (at, _) in rest.match_indices(':') {
            let (head, said) = (rest.get(..at)?, rest.get(at + 1..)?);
            let (name, within) = trailing_stamp(head.trim());
            let role = roles.role(name);
            let ends_word = said.chars().next().is_none_or(char::is_whitespace);
            if role.is_some() || (ends_word && is_name(name)) {
                let length = line.len() - said.len();
                return Some(Self { name, role, offset_ms: before.or(within), length });
            }
            if ends_word || at > MAX_NAME_CHARS * 4 {
                break;
            }
        }
        None
    }
}

/// `[00:12]`, `(00:12)` or `00:12` at the beginning of a line, and the rest.
fn leading_stamp(line: &str) -> (Option<i64>, &str) {
    let (inner, rest) = match line.chars().next() {
        Some('[') => line.trim_start_matches('[').split_once(']').unwrap_or_default(),
        Some('(') => line.trim_start_matches('(').split_once(')').unwrap_or_default(),
        Some(first) if first.is_ascii_digit() => line.split_once(char::is_whitespace).unwrap_or_default(),
        _ => return (None, line),
    };
    match stamp(inner.trim()) {
        Some(ms) => (Some(ms), rest.trim_start()),
        None => (None, line),
    }
}

/// `Agent [00:12]` or `Agent (00:12)` as name and stamp.
fn trailing_stamp(head: &str) -> (&str, Option<i64>) {
    let inner = head.strip_suffix([']', ')']).and_then(|head| head.rsplit_once(['[', '(']));
    match inner.and_then(|(name, inner)| Some((name.trim_end(), stamp(inner.trim())?))) {
        Some((name, ms)) => (name, Some(ms)),
        None => (head, None),
    }
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
        let mut roles = Roles::new(&[]);
        let mut turns = Vec::new();
        assert_eq!(split(text, &mut roles, &mut turns), Split::Turns);
        turns.into_iter().map(|turn| (turn.role, turn.offset_ms, turn.text)).collect()
    }

    fn verdict(text: &str) -> Split<'_> {
        split(text, &mut Roles::new(&[]), &mut Vec::new())
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
    fn names_without_a_role_are_unknown_speakers() {
        assert_eq!(verdict("Agent: a\nBen: b\nDr. Moe: c\n"), Split::Unknown(vec!["Ben", "Dr. Moe"]));
    }

    #[test]
    fn colons_within_sentences_are_not_labels() {
        let text =
            "Agent: see\nhttps://example.com/a: b\nmy number is: 5\nI told him this very thing: no\n12:30 is fine";
        assert_eq!(turns(text).len(), 1);
    }

    #[test]
    fn labels_within_a_line_are_refused() {
        assert_eq!(verdict("Agent: Hello Customer: Hi Agent: Bye"), Split::WithinLine);
        assert_eq!(verdict("Agent: Hello\nwell. Caller: Hi"), Split::WithinLine);
        assert_eq!(turns("Agent: tell the customer: no\nCustomer: my Agent:x").len(), 2);
    }

    #[test]
    fn a_text_without_labels_is_none() {
        assert_eq!(verdict("hello there"), Split::NoLabel);
        assert_eq!(verdict(""), Split::NoLabel);
    }
}
