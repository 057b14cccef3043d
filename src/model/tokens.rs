//! Words as the model sees them: the same for a typed text and for its speech-recognised twin.
//!
//! Case, apostrophes, digits and drawn-out letters are levelled (`Don't` and `dont` are one word, `soooo` is
//! `soo`, `2026` is `0`), fillers (`um`) are dropped, addresses and account names become one word each. What the
//! levelling removes but tone may need (capitals, `!`, `?`) is kept beside the words. A word is known by its hash
//! alone; its letters are kept for the time of one clause, for the character n-grams.

use super::hash;
use super::lexicon::{Lexicon, Meaning};

/// One word of a clause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// [`hash::of`] its levelled letters.
    pub(crate) hash: u64,
    /// Where its levelled letters lie in [`Clause::letters`].
    pub(crate) start: u32,
    /// The end of its letters.
    pub(crate) end: u32,
    /// What the lexicon knows of it.
    pub(crate) meaning: Meaning,
    /// Whether it was written in capitals: two letters or more, none of them small.
    pub(crate) capitals: bool,
    /// Whether it has a small letter.
    pub(crate) small: bool,
}

impl Token {
    /// Whether the word is kept out of all n-grams.
    pub(crate) const fn is_silent(self) -> bool {
        self.hash == hash::SILENT
    }
}

/// The words of one clause; a buffer that is filled again for each clause.
#[derive(Default)]
pub(crate) struct Clause {
    /// The words in order.
    pub(crate) tokens: Vec<Token>,
    /// How many `!` there were.
    pub(crate) exclamations: u32,
    /// How many `?` there were.
    pub(crate) questions: u32,
    letters: Vec<u8>,
}

impl Clause {
    /// The levelled letters of one of the tokens.
    pub(crate) fn letters(&self, token: Token) -> &[u8] {
        &self.letters[token.start as usize..token.end as usize]
    }

    /// Forgets the last clause and reads `text`.
    pub(crate) fn read(&mut self, text: &str, lexicon: &Lexicon<'_>) {
        self.tokens.clear();
        self.letters.clear();
        self.exclamations = 0;
        self.questions = 0;
        for chunk in text.split_whitespace() {
            self.read_chunk(chunk, lexicon);
        }
    }

    /// Reads what stands between two spaces: an address, an emoticon, or words with punctuation about them.
    fn read_chunk(&mut self, chunk: &str, lexicon: &Lexicon<'_>) {
        let bytes = chunk.as_bytes();
        if bytes.len() > 1 && bytes[0] == b'@' {
            return self.push_whole(b"@user", lexicon);
        }
        if bytes.starts_with(b"http") || bytes.starts_with(b"www.") {
            return self.push_whole(b"@url", lexicon);
        }
        if is_emoticon_like(bytes) && lexicon.meaning(hash::of(bytes)) != Meaning::NONE {
            return self.push_whole(bytes, lexicon);
        }
        let mut word = Word { start: self.letters.len(), ..Word::default() };
        for character in chunk.chars() {
            if character.is_alphanumeric() {
                self.push_letter(character, &mut word);
            } else if !matches!(character, '\'' | '’') {
                self.end_word(&mut word, lexicon);
                self.push_mark(character, lexicon);
                word = Word { start: self.letters.len(), ..Word::default() };
            }
        }
        self.end_word(&mut word, lexicon);
    }

    /// A token whose letters are taken as they are.
    fn push_whole(&mut self, letters: &[u8], lexicon: &Lexicon<'_>) {
        let mut word = Word { start: self.letters.len(), ..Word::default() };
        self.letters.extend_from_slice(letters);
        self.end_word(&mut word, lexicon);
    }

    /// One letter or digit of a word, levelled.
    fn push_letter(&mut self, character: char, word: &mut Word) {
        word.letters += u32::from(character.is_alphabetic());
        word.small |= character.is_lowercase();
        if character.is_ascii_digit() {
            if self.letters.len() == word.start || self.letters.last() != Some(&b'0') {
                self.letters.push(b'0');
            }
        } else if character.is_ascii() {
            let letter = character.to_ascii_lowercase() as u8;
            let drawn_out = self.letters.len() >= word.start + 2 && self.letters.ends_with(&[letter, letter]);
            if !drawn_out {
                self.letters.push(letter);
            }
        } else {
            let mut buffer = [0; 4];
            for small in character.to_lowercase() {
                self.letters.extend_from_slice(small.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }

    /// A character that is no part of a word: counted, or a token of its own if it is a symbol such as an emoji.
    fn push_mark(&mut self, character: char, lexicon: &Lexicon<'_>) {
        match character {
            '!' => self.exclamations += 1,
            '?' => self.questions += 1,
            '\u{1f3fb}'..='\u{1f3ff}' => {}
            // Above the general punctuation, below the joiners and variation selectors, and the emoji planes.
            '\u{2070}'..='\u{fdff}' | '\u{1f000}'.. => {
                let mut buffer = [0; 4];
                self.push_whole(character.encode_utf8(&mut buffer).as_bytes(), lexicon);
            }
            _ => {}
        }
    }

    /// Makes a token of the letters since the word's start, unless there are none or they are a filler.
    fn end_word(&mut self, word: &mut Word, lexicon: &Lexicon<'_>) {
        let end = self.letters.len();
        if end > word.start {
            let hash = hash::of(&self.letters[word.start..]);
            let meaning = lexicon.meaning(hash);
            if meaning == Meaning::FILLER {
                self.letters.truncate(word.start);
            } else {
                #[expect(clippy::cast_possible_truncation, reason = "documents are far below 4 GiB")]
                let (start, end) = (word.start as u32, end as u32);
                let (capitals, small) = (word.letters > 1 && !word.small, word.small);
                self.tokens.push(Token { hash, start, end, meaning, capitals, small });
            }
        }
        *word = Word { start: self.letters.len(), ..Word::default() };
    }
}

/// A word while it is being read.
#[derive(Default)]
struct Word {
    /// Where its letters begin.
    start: usize,
    /// How many letters it has.
    letters: u32,
    /// Whether one of them is small.
    small: bool,
}

/// Whether a chunk may be an emoticon such as `:)` or `<3`: short, and not all letters.
fn is_emoticon_like(chunk: &[u8]) -> bool {
    chunk.len() <= 6 && chunk.iter().any(u8::is_ascii_punctuation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    fn letters(text: &str) -> Vec<String> {
        let model = Model::shipped();
        let mut clause = Clause::default();
        clause.read(text, &model.weights().lexicon());
        let letters = clause.tokens.iter().map(|token| String::from_utf8_lossy(clause.letters(*token)).into_owned());
        letters.collect()
    }

    #[test]
    fn a_typed_text_and_its_recognised_twin_are_the_same_words() {
        assert_eq!(letters("Um, I DON'T know: 24/7, re-send!"), ["i", "dont", "know", "0", "0", "re", "send"]);
        assert_eq!(letters("um i don't know 24 7 re send"), letters("Um, I DON’T know: 24/7, re-send!"));
    }

    #[test]
    fn what_is_drawn_out_or_stands_for_something_is_levelled() {
        assert_eq!(letters("sooooo good @Shop https://shop.example 1,234"), ["soo", "good", "@user", "@url", "0", "0"]);
    }

    #[test]
    fn emoticons_and_emoji_are_words_and_punctuation_is_none() {
        assert_eq!(letters("ok :) ... - 👍🏽 (fine)"), ["ok", ":)", "👍", "fine"]);
    }

    #[test]
    fn capitals_are_two_letters_or_more_without_small_ones() {
        let mut clause = Clause::default();
        clause.read("I am FURIOUS B2 42 Now", &Model::shipped().weights().lexicon());
        let capitals: Vec<bool> = clause.tokens.iter().map(|token| token.capitals).collect();
        assert_eq!(capitals, [false, false, true, false, false, false]);
    }
}
