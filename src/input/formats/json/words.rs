//! Words with times, as speech to text gives them, joined to turns.
//!
//! A turn ends when somebody else speaks, or at a sentence's end that a pause of 2 seconds or more follows.

use std::borrow::Cow;

use crate::input::part::{Speaker, SpokenTurn};
use crate::input::times::Moment;

/// From this pause on, the end of a sentence is the end of a turn, in milliseconds.
const PAUSE_MS: f64 = 2000.0;

/// A word. Words of several channels may be given one channel after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    /// Who spoke it; if empty, whoever spoke the word before.
    pub(super) speaker: Cow<'a, str>,
    /// In milliseconds since the call's start; if unknown, that of the word before.
    pub(super) start_ms: Option<f64>,
    pub(super) end_ms: Option<f64>,
    /// Whether it is a mark that belongs to the word before.
    pub(super) is_punctuation: bool,
}

/// The turns of `words`, whose speakers stand in `place`, in the order spoken.
pub(super) fn turns<'a>(mut words: Vec<Word<'a>>, place: &'static str) -> Vec<SpokenTurn<'a>> {
    words.retain(|word| !word.text.trim().is_empty());
    fill(&mut words);
    let key = |word: &Word<'_>| word.start_ms.unwrap_or(f64::NEG_INFINITY);
    words.sort_by(|one, other| key(one).total_cmp(&key(other)).then_with(|| one.speaker.cmp(&other.speaker)));
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for word in words {
        match turns.last_mut() {
            Some(turn) if !turn.ends_before(&word) => turn.push(&word),
            _ => turns.push(Turn::of(word)),
        }
    }
    turns.into_iter().map(|turn| turn.spoken(place)).collect()
}

/// Gives words without speaker or time those of the word before.
fn fill(words: &mut [Word<'_>]) {
    for at in 1..words.len() {
        let (before, after) = words.split_at_mut(at);
        let (Some(before), Some(word)) = (before.last(), after.first_mut()) else { return };
        if word.speaker.is_empty() {
            word.speaker.clone_from(&before.speaker);
        }
        if word.start_ms.is_none() && word.speaker == before.speaker {
            word.start_ms = before.start_ms;
        }
    }
}

struct Turn<'a> {
    speaker: Cow<'a, str>,
    text: String,
    start_ms: Option<f64>,
    end_ms: Option<f64>,
}

impl<'a> Turn<'a> {
    fn of(word: Word<'a>) -> Self {
        let text = word.text.trim().to_owned();
        Self { speaker: word.speaker, text, start_ms: word.start_ms, end_ms: word.end_ms }
    }

    fn ends_before(&self, word: &Word<'_>) -> bool {
        let pause = word.start_ms.zip(self.end_ms).map_or(0.0, |(start, end)| start - end);
        let is_new_sentence = !word.is_punctuation && pause >= PAUSE_MS && ends_sentence(&self.text);
        word.speaker != self.speaker || is_new_sentence
    }

    fn push(&mut self, word: &Word<'_>) {
        let text = word.text.trim();
        if !word.is_punctuation && !is_unspaced(self.text.chars().next_back(), text.chars().next()) {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.start_ms = self.start_ms.or(word.start_ms);
        self.end_ms = self.end_ms.into_iter().chain(word.end_ms).reduce(f64::max);
    }

    fn spoken(self, place: &'static str) -> SpokenTurn<'a> {
        let (start, end) = (self.start_ms.and_then(Moment::by_size_ms), self.end_ms.and_then(Moment::by_size_ms));
        SpokenTurn::new(Speaker::Value(self.speaker, place), self.text).at(start, end)
    }
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '\'', '”', '’', '»', ')']).ends_with(['.', '?', '!', '…', '。', '？', '！', '؟', '।'])
}

/// Whether both characters are of scripts that have no spaces between words.
fn is_unspaced(one: Option<char>, other: Option<char>) -> bool {
    let is_of_such = |c: Option<char>| {
        let of_such = |c| matches!(c, '\u{e00}'..='\u{eff}' | '\u{1780}'..='\u{17ff}' | '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}');
        c.is_some_and(of_such)
    };
    is_of_such(one) && is_of_such(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(speaker: &'static str, text: &'static str, start: f64) -> Word<'static> {
        let is_punctuation = text.starts_with([',', '.', '?']);
        let time = |ms| (!is_punctuation).then_some(ms);
        Word {
            text: text.into(),
            speaker: speaker.into(),
            start_ms: time(start),
            end_ms: time(start + 300.0),
            is_punctuation,
        }
    }

    fn said(words: &[Word<'static>]) -> Vec<(String, String)> {
        let said = |turn: SpokenTurn<'_>| match turn.speaker {
            Speaker::Value(speaker, _) => (speaker.into_owned(), turn.text.into_owned()),
            Speaker::Role(_) | Speaker::Label(..) => unreachable!("words have values"),
        };
        turns(words.to_vec(), "place").into_iter().map(said).collect()
    }

    #[test]
    fn a_turn_ends_at_another_speaker_or_at_a_pause_after_a_sentence() {
        let words = [
            word("a", "Hello", 0.0),
            word("", ",", 0.0),
            word("a", "you", 5000.0),
            word("", ".", 0.0),
            word("a", "Well", 7299.0),
            word("a", ".", 0.0),
            word("a", "Bye", 9600.0),
            word("b", "Ok", 10_000.0),
            word("", "?", 0.0),
        ];
        let expected = [("a", "Hello, you. Well."), ("a", "Bye"), ("b", "Ok?")];
        assert_eq!(said(&words), expected.map(|(who, text)| (who.to_owned(), text.to_owned())));
        let times: Vec<_> = turns(words.to_vec(), "place").into_iter().map(|turn| (turn.start, turn.end)).collect();
        assert_eq!(times[0], (Some(Moment::Offset(0)), Some(Moment::Offset(7599))));
        let chinese = [word("a", "您好", 0.0), word("a", "我的", 400.0), word("a", "box", 800.0)];
        assert_eq!(said(&chinese)[0].1, "您好我的 box");
    }

    fn channel(name: &'static str) -> impl Strategy<Value = Vec<Word<'static>>> {
        let texts = prop::sample::select(vec!["yes", "no", "well", ",", ".", "?", "Hm."]);
        prop::collection::vec((texts, 0_u32..4000), 0..20).prop_map(move |steps| {
            let mut ms = 0.0;
            let at = |(text, step): (&'static str, u32)| {
                ms += f64::from(step);
                word(name, text, ms)
            };
            steps.into_iter().map(at).collect()
        })
    }

    proptest! {
        #[test]
        fn channels_in_any_order_give_the_same_turns(one in channel("a"), other in channel("b")) {
            prop_assert_eq!(said(&[one.clone(), other.clone()].concat()), said(&[other, one].concat()));
        }

        #[test]
        fn each_word_keeps_its_speaker_and_none_is_lost(one in channel("a"), other in channel("b")) {
            let joined = said(&[one.clone(), other.clone()].concat());
            for (name, words) in [("a", one), ("b", other)] {
                let expected: String = words.iter().map(|word| &*word.text).collect();
                let found: String = joined.iter().filter(|turn| turn.0 == name).map(|turn| turn.1.as_str()).collect();
                prop_assert_eq!(found.replace(' ', ""), expected);
            }
        }
    }
}
