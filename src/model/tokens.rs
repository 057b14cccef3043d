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
    /// Where its levelled letters lie in `Clause::letters`, between the marks for a word's start and end.
    start: u32,
    /// The end of its letters.
    end: u32,
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
    /// The levelled letters of all words, each between [`START`] and [`END`].
    letters: Vec<u8>,
}

/// The marks for a word's start and end.
const START: u8 = b'<';
const END: u8 = b'>';

impl Clause {
    /// The levelled letters of one of the tokens, between `<` and `>`.
    pub(crate) fn marked(&self, token: Token) -> &[u8] {
        &self.letters[token.start as usize - 1..=token.end as usize]
    }

    /// Forgets the last clause and reads `text`.
    pub(crate) fn read(&mut self, text: &str, lexicon: &Lexicon<'_>) {
        self.tokens.clear();
        self.letters.clear();
        self.exclamations = 0;
        self.questions = 0;
        // As `split_whitespace` does, but most characters pass at the first look.
        let is_space = |character: char| !character.is_ascii_graphic() && character.is_whitespace();
        for chunk in text.split(is_space).filter(|chunk| !chunk.is_empty()) {
            self.read_chunk(chunk, lexicon);
        }
    }

    /// Reads what stands between two spaces: an address, an emoticon, or words with punctuation about them.
    fn read_chunk(&mut self, chunk: &str, lexicon: &Lexicon<'_>) {
        let bytes = chunk.as_bytes();
        match bytes {
            [b'@', _, ..] => return self.push_whole(b"@user", lexicon),
            [b'h', b't', b't', b'p', ..] | [b'w', b'w', b'w', b'.', ..] => return self.push_whole(b"@url", lexicon),
            _ => {}
        }
        if is_emoticon_like(bytes) && lexicon.meaning(hash::of(bytes)) != Meaning::NONE {
            return self.push_whole(bytes, lexicon);
        }
        let mut word = self.begin_word();
        for character in chunk.chars() {
            match character {
                'a'..='z' | 'A'..='Z' => {
                    word.letters += 1;
                    word.small |= character.is_ascii_lowercase();
                    self.push_ascii(character.to_ascii_lowercase() as u8, &mut word);
                }
                '0'..='9' => self.push_digit(&mut word),
                '\'' | '’' => {}
                _ if character.is_alphanumeric() => self.push_other(character, &mut word),
                _ => {
                    self.end_word(&word, lexicon);
                    self.push_mark(character, lexicon);
                    word = self.begin_word();
                }
            }
        }
        self.end_word(&word, lexicon);
    }

    /// A token whose letters are taken as they are.
    fn push_whole(&mut self, letters: &[u8], lexicon: &Lexicon<'_>) {
        let mut word = self.begin_word();
        for letter in letters {
            self.push_byte(*letter, &mut word);
        }
        self.end_word(&word, lexicon);
    }

    /// A word without letters yet.
    fn begin_word(&mut self) -> Word {
        self.letters.push(START);
        Word { start: self.letters.len(), hash: hash::start(0), letters: 0, small: false }
    }

    /// One byte of a word's levelled letters.
    fn push_byte(&mut self, byte: u8, word: &mut Word) {
        self.letters.push(byte);
        word.hash = hash::extend(word.hash, byte);
    }

    /// A small letter, unless two of it stand before.
    fn push_ascii(&mut self, letter: u8, word: &mut Word) {
        // What stands before a word's first letter is no letter.
        let is_drawn_out = matches!(*self.letters, [.., a, b] if a == letter && b == letter);
        if !is_drawn_out {
            self.push_byte(letter, word);
        }
    }

    /// A digit: all that follow one another are one 0.
    fn push_digit(&mut self, word: &mut Word) {
        if self.letters.last() != Some(&b'0') {
            self.push_byte(b'0', word);
        }
    }

    /// A letter or digit beyond ASCII.
    fn push_other(&mut self, character: char, word: &mut Word) {
        word.letters += u32::from(character.is_alphabetic());
        word.small |= character.is_lowercase();
        let mut buffer = [0; 4];
        for small in character.to_lowercase() {
            small.encode_utf8(&mut buffer).bytes().for_each(|byte| self.push_byte(byte, word));
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

    /// Makes a token of a word, unless it has no letters or is a filler.
    fn end_word(&mut self, word: &Word, lexicon: &Lexicon<'_>) {
        let end = self.letters.len();
        let hash = hash::finish(word.hash);
        let meaning = if end > word.start { lexicon.meaning(hash) } else { Meaning::FILLER };
        if meaning == Meaning::FILLER {
            self.letters.truncate(word.start - 1);
            return;
        }
        self.letters.push(END);
        #[expect(clippy::cast_possible_truncation, reason = "documents are far below 4 GiB")]
        let (start, end) = (word.start as u32, end as u32);
        let (capitals, small) = (word.letters > 1 && !word.small, word.small);
        self.tokens.push(Token { hash, start, end, meaning, capitals, small });
    }
}

/// A word while it is being read.
struct Word {
    /// Where its letters begin.
    start: usize,
    /// [`hash::of`] its levelled letters but for the last step, [`hash::finish`].
    hash: u64,
    /// How many letters it has.
    letters: u32,
    /// Whether one of them is small.
    small: bool,
}

/// Whether a chunk may be an emoticon such as `:)` or `<3`: short, and not all letters.
fn is_emoticon_like(chunk: &[u8]) -> bool {
    // Without an early end: faster on a few bytes.
    chunk.len() <= 6 && chunk.iter().fold(false, |any, byte| any | byte.is_ascii_punctuation())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    fn letters(text: &str) -> Vec<String> {
        let model = Model::shipped();
        let mut clause = Clause::default();
        clause.read(text, &model.weights().lexicon());
        let marked = |token: &Token| String::from_utf8_lossy(clause.marked(*token)).into_owned();
        let inner = |word: String| word.strip_prefix('<').and_then(|word| word.strip_suffix('>')).map(str::to_owned);
        clause.tokens.iter().map(|token| inner(marked(token)).expect("marks on both sides")).collect()
    }

    #[test]
    fn a_words_hash_is_that_of_its_letters() {
        let model = Model::shipped();
        let mut clause = Clause::default();
        clause.read("Soooo ÄRGERLICH, um 2026 :) 👍 @you", &model.weights().lexicon());
        for token in &clause.tokens {
            let marked = clause.marked(*token);
            assert_eq!(token.hash, hash::of(&marked[1..marked.len() - 1]));
        }
        assert_eq!(clause.tokens.len(), 6);
    }

    #[test]
    fn letters_beyond_ascii_are_made_small_and_count_as_letters() {
        assert_eq!(letters("ÄRGER ärger Straße"), ["ärger", "ärger", "straße"]);
        let mut clause = Clause::default();
        clause.read("ÄÖ äö Äö", &Model::shipped().weights().lexicon());
        let seen: Vec<_> = clause.tokens.iter().map(|token| (token.capitals, token.small)).collect();
        assert_eq!(seen, [(true, false), (false, true), (false, true)]);
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
