//! A whole conversation in one text: lines that begin with a speaker's label.
//!
//! `Agent: …`, `[00:12] Customer: …`, `00:12 Customer: …` and `Customer [00:12]: …` begin a turn; other lines belong
//! to the turn before them. So do lines that begin with something like a name of no known role, `Total: 45 EUR` or
//! `Ben: …`: they are handed out, for whoever sees all conversations to find out whether it is a speaker after all.

use serde::{Deserialize, Serialize};

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
            Some(Label { role: Some(role), offset_ms, length, .. }) => {
                push(turns, text, current, at);
                current = (*role, *offset_ms, at + length);
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
    if labels == 0 {
        Split::NoLabel
    } else if is_within || (is_within_sentence && labels == 1) {
        Split::WithinLine
    } else {
        Split::Turns
    }
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
            let (head, words) = (rest.get(..at)?, rest.get(at + 1..)?);
            let (name, within) = trailing_stamp(head.trim());
            let role = roles.role(name);
            if role.is_none() && roles.is_words(name) {
                return None;
            }
            let ends_word = words.chars().next().is_none_or(char::is_whitespace);
            if role.is_some() || (ends_word && is_name(name)) {
                let length = line.len() - words.len();
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
    fn lost_line_breaks_are_told_from_words() {
        for lost in ["Agent: Hello Customer: Hi Agent: Bye", "Agent: Hello\nwell. Caller: Hi", "Agent: Hi Customer: Hi"]
        {
            assert_eq!(verdict(lost), Split::WithinLine, "{lost}");
        }
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
    fn a_text_without_labels_is_none() {
        assert_eq!(verdict("hello there"), Split::NoLabel);
        assert_eq!(verdict("John Miller: my card is lost"), Split::NoLabel);
        assert_eq!(verdict(""), Split::NoLabel);
    }
}
