//! Which names out of a file may stand in a message, and how they are written there.
//!
//! A transcript's words must never reach a message, whatever is wrong with the file. A name is quoted only if it looks
//! like one and something else shows that it is one: a column, if its header has a column of a known name; a speaker
//! value or a label, if it is met in most conversations, if it stands where a format has names of speakers and nothing
//! else and is no lone sentence, or if a program numbered it (`SPEAKER_00`). If most turns have a speaker value without that evidence, none is
//! quoted. Whatever has no such evidence is counted, with file and line.

use super::field::fold;

/// A longer name is not quoted.
const MAX_CHARS: usize = 40;
/// A name of more words is not quoted.
const MAX_WORDS: usize = 4;
/// More columns than this are counted, not listed.
const MAX_COLUMNS: usize = 30;

/// Whether `name` looks like the name of a column or a speaker: short, few words, no sentence's punctuation.
pub(super) fn looks_like_a_name(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_alphanumeric)
        && name.chars().count() <= MAX_CHARS
        && name.split_whitespace().count() <= MAX_WORDS
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | '\'' | '#' | '(' | ')'))
}

/// Whether `name` may be shown that stands where a format has nothing but names of speakers, such as `Roe, Jane`.
pub(super) fn is_named_speaker(name: &str) -> bool {
    let is_of_names = |c: char| c.is_alphanumeric() || " -_.,/'\u{2019}#()&@+|".contains(c);
    looks_like_a_name(name)
        || (name.chars().next().is_some_and(char::is_alphanumeric)
            && name.chars().count() <= MAX_CHARS
            && name.split_whitespace().count() <= MAX_WORDS
            && name.chars().all(is_of_names))
}

/// Whether `name` is one that a program gave a voice or a channel: `SPEAKER_00`, `spk_1`, `ch_0`, `Speaker 2`.
pub(super) fn is_diarised(name: &str) -> bool {
    let folded = fold(name);
    ["speaker", "spk", "channel", "ch"].iter().any(|word| {
        let number = folded.strip_prefix(word).unwrap_or_default();
        matches!(number.len(), 1..=3) && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether `name` is one word, or its first and last words begin as names do: `Jane van Roe`, not `I lost it`.
pub(super) fn is_capitalised(name: &str) -> bool {
    let mut words = name.split_whitespace();
    let begins_low = |word: Option<&str>| word.is_some_and(|word| word.starts_with(char::is_lowercase));
    let (first, last) = (words.next(), words.next_back());
    last.is_none() || !begins_low(first) && !begins_low(last)
}

/// Whether something met in `conversations` of `all` conversations recurs in most of them.
pub(super) const fn recurs(conversations: u64, all: u64) -> bool {
    conversations >= 2 && conversations > all / 2
}

/// The columns of a header one of whose names is known; what does not look like a name stays unnamed.
pub(super) fn columns(header: &[String]) -> String {
    let name = |(at, name): (usize, &String)| {
        if looks_like_a_name(name) { format!("{name:?}") } else { format!("column {}", at + 1) }
    };
    let shown: Vec<String> = header.iter().enumerate().take(MAX_COLUMNS).map(name).collect();
    let more = match header.len().saturating_sub(MAX_COLUMNS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("the columns are {}{more}", shown.join(", "))
}

/// `text` as one word of a shell's command line.
pub(super) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | '@');
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_do_not_look_like_names() {
        for name in ["call_id", "Start (seconds)", "Tier 2", "spk_0", "0", "Nutzer-Rolle", "O'Neil"] {
            assert!(looks_like_a_name(name), "{name}");
        }
        for words in ["", "I lost my card, help", "my card is lost again", "hello!", "{", "\u{1b}[2J", &"x".repeat(41)]
        {
            assert!(!looks_like_a_name(words), "{words}");
        }
    }

    #[test]
    fn names_in_their_own_place_may_be_written_in_more_ways() {
        for name in ["Roe, Jane", "jane@example.com", "O\u{2019}Neil", "Jane | Sales", "shreya"] {
            assert!(is_named_speaker(name), "{name}");
        }
        for words in ["my card is lost, again", "what?", "<b>", "", "Stop: now"] {
            assert!(!is_named_speaker(words), "{words}");
        }
    }

    #[test]
    fn numbered_voices_are_told_from_words() {
        for name in ["SPEAKER_00", "spk_1", "ch_0", "Speaker 12", "channel-2"] {
            assert!(is_diarised(name), "{name}");
        }
        for words in ["Speaker", "speaker 1234", "chapter 1", "spk_one", "1", "my channel 5"] {
            assert!(!is_diarised(words), "{words}");
        }
    }

    #[test]
    fn names_begin_and_end_with_capitals_sentences_seldom() {
        for name in ["agent", "spk_0", "Jane Roe", "Jane van der Roe", "Tier 2", "山田 太郎"] {
            assert!(is_capitalised(name), "{name}");
        }
        for words in ["I lost my card", "hi Mary", "Thank you"] {
            assert!(!is_capitalised(words), "{words}");
        }
    }

    #[test]
    fn one_conversation_is_never_most_of_them() {
        assert!(recurs(2, 3) && recurs(2, 2));
        assert!(!recurs(1, 1) && !recurs(2, 4) && !recurs(0, 0));
    }

    #[test]
    fn a_shell_reads_back_what_was_written() {
        assert_eq!(shell_word("Kunde=other"), "Kunde=other");
        assert_eq!(shell_word("O'Neil B=other"), r"'O'\''Neil B=other'");
    }
}
