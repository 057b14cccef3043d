//! A turn as tokens: words, runs of digits and signs, each with what the language pack knows of it.
//!
//! One pass over the text; every rule works on its result. A mask that is there already, such as `[PII]` or `***`,
//! is one token that no rule goes into.

use super::pack::{Pack, fold, hash_of, start_of_hash, step_of_hash};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Letters, with apostrophes inside.
    Word,
    /// Decimal digits of any script.
    Digits,
    /// One other character.
    Sign(char),
    /// The address of a site or of a page.
    Link,
    /// A mask.
    Mask,
}

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Small letters, or letters without case.
    Lower,
    /// One capital at the front.
    Title,
    /// Two capitals or more, and nothing else.
    Upper,
    /// Anything else, such as `iPhone` or `McDonald`.
    Mixed,
}

/// A part of a turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// Where it begins, in bytes.
    pub(super) start: u32,
    /// Where it ends.
    pub(super) end: u32,
    /// What it is.
    pub(super) form: Form,
    /// How it is written.
    pub(super) case: Case,
    /// Whether white space stands before it, or nothing at all.
    pub(super) spaced: bool,
    /// Its characters, 255 at most.
    pub(super) chars: u8,
    /// The number that it stands for, if it is a word for one, or the letter.
    pub(super) value: u8,
    /// The list of phrases that begin with it; 0 for none.
    pub(super) phrases: u16,
    /// What the pack knows of it.
    pub(super) class: u64,
    /// Its letters without case and accents, hashed.
    pub(super) hash: u64,
}

impl Token {
    /// Whether it has any of these classes.
    pub(super) const fn is(&self, class: u64) -> bool {
        self.class & class != 0
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.form == Form::Sign(sign)
    }

    pub(super) fn is_word(&self) -> bool {
        self.form == Form::Word
    }

    /// Whether it is one letter.
    pub(super) fn is_letter(&self) -> bool {
        self.is_word() && self.chars == 1
    }

    /// Whether it begins with a capital.
    pub(super) fn is_capital(&self) -> bool {
        self.case != Case::Lower
    }

    #[inline]
    pub(super) fn text<'a>(&self, turn: &'a str) -> &'a str {
        turn.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ')
}

/// Whether a character is a digit of a script whose digits people write numbers with.
pub(super) fn digit(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => '0',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '०'..='९' => '०',
        '０'..='９' => '０',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(zero)).ok()
}

/// Reads `text` into `tokens`.
pub(super) fn tokenise(text: &str, pack: &Pack, tokens: &mut Vec<Token>) {
    Reader { text, pack, tokens, at: 0 }.read();
}

struct Reader<'a, 'b> {
    text: &'a str,
    pack: &'a Pack,
    tokens: &'b mut Vec<Token>,
    at: usize,
}

impl Reader<'_, '_> {
    fn read(&mut self) {
        let mut spaced = true;
        while let Some(c) = self.character() {
            if c.is_whitespace() {
                spaced = true;
                self.at += c.len_utf8();
                continue;
            }
            if let Some(length) = mask(self.rest(), c) {
                self.push(length, Form::Mask, spaced);
            } else if let Some(length) = link(self.rest(), c) {
                self.push(length, Form::Link, spaced);
            } else if digit(c).is_some() {
                let length = self.length_of(|c| digit(c).is_some());
                self.push(length, Form::Digits, spaced);
                self.know_digits();
            } else if c.is_alphabetic() && !is_apostrophe(c) {
                self.word(spaced);
            } else {
                self.push(c.len_utf8(), Form::Sign(c), spaced);
            }
            spaced = false;
        }
    }

    /// The character that comes next.
    #[inline]
    fn character(&self) -> Option<char> {
        match self.text.as_bytes().get(self.at)? {
            byte if byte.is_ascii() => Some(char::from(*byte)),
            _ => self.rest().chars().next(),
        }
    }

    #[inline]
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn length_of(&self, fits: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !fits(c)).unwrap_or(rest.len())
    }

    fn push(&mut self, length: usize, form: Form, spaced: bool) {
        let (start, end) = (narrow(self.at), narrow(self.at + length));
        let chars = u8::try_from(length).unwrap_or(u8::MAX);
        let blank =
            Token { start, end, form, case: Case::Lower, spaced, chars, value: 0, phrases: 0, class: 0, hash: 0 };
        self.tokens.push(blank);
        self.at += length;
    }

    /// Few digits may be a word of a phrase: `last 4`.
    fn know_digits(&mut self) {
        let Some(token) = self.tokens.last_mut().filter(|token| token.chars <= 2) else { return };
        token.hash = hash_of(token.text(self.text));
        token.phrases = self.pack.word(token.hash).map_or(0, |known| known.phrases);
    }

    /// A word with the apostrophes inside it. The ending `'s` of a word that the pack does not know with it is left out.
    fn word(&mut self, spaced: bool) {
        let (mut hash, mut base) = (start_of_hash(), None);
        let (mut capitals, mut letters, mut first_is_capital) = (0_u32, 0_u32, false);
        let start = self.at;
        loop {
            // Nearly all letters are these: one byte each.
            while let Some(byte) = self.text.as_bytes().get(self.at).filter(|byte| byte.is_ascii_alphabetic()) {
                let is_capital = byte.is_ascii_uppercase();
                capitals += u32::from(is_capital);
                first_is_capital |= is_capital && letters == 0;
                letters += 1;
                hash = step_of_hash(hash, char::from(byte.to_ascii_lowercase()));
                self.at += 1;
            }
            let Some(c) = self.character() else { break };
            let at = self.at;
            if is_apostrophe(c) {
                self.at += c.len_utf8();
                if !self.character().is_some_and(char::is_alphabetic) {
                    self.at = at;
                    break;
                }
                base = Some((hash, at, letters));
                hash = step_of_hash(hash, '\'');
            } else if !c.is_ascii() && (c.is_alphabetic() || is_mark(c)) {
                capitals += u32::from(c.is_uppercase());
                first_is_capital |= c.is_uppercase() && letters == 0;
                letters += 1;
                hash = fold(c, hash);
                self.at += c.len_utf8();
            } else {
                break;
            }
        }
        let mut end = self.at;
        let mut known = self.pack.word(hash);
        if known.is_none()
            && let Some((base_hash, base_end, base_letters)) = base
            && letters == base_letters + 1
        {
            (hash, end, letters) = (base_hash, base_end, base_letters);
            known = self.pack.word(hash);
        }
        let case = match (capitals, letters) {
            (0, _) => Case::Lower,
            (1, _) if first_is_capital => Case::Title,
            (capitals, letters) if capitals >= letters => Case::Upper,
            _ => Case::Mixed,
        };
        let (class, value, phrases) = known.map_or((0, 0, 0), |known| (known.class, known.value, known.phrases));
        let chars = u8::try_from(letters).unwrap_or(u8::MAX);
        let (start, end) = (narrow(start), narrow(end));
        self.tokens.push(Token { start, end, form: Form::Word, case, spaced, chars, value, phrases, class, hash });
    }
}

/// Whether a character continues a word that it can't begin: vowel signs of Indic and Arabic scripts, accents.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{64b}'..='\u{65f}')
}

/// The length of the mask that `text` begins with: capitals in square brackets, or three stars and more.
fn mask(text: &str, first: char) -> Option<usize> {
    const LONGEST: usize = 48;
    let bytes = text.as_bytes();
    match first {
        '[' => {
            let inner = bytes.iter().skip(1).take(LONGEST);
            let length =
                inner.take_while(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b' ')).count();
            (length > 0 && bytes.get(1)?.is_ascii_uppercase() && bytes.get(length + 1) == Some(&b']'))
                .then_some(length + 2)
        }
        '*' => {
            let length = bytes.iter().take_while(|byte| **byte == b'*').count();
            (length >= 3).then_some(length)
        }
        _ => None,
    }
}

/// The length of the link that `text` begins with.
fn link(text: &str, first: char) -> Option<usize> {
    let begins = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_link = match first {
        'h' | 'H' => begins("http://") || begins("https://"),
        'w' | 'W' => begins("www."),
        'f' | 'F' => begins("ftp://"),
        _ => false,
    };
    if !is_link {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '|' | '[')).unwrap_or(text.len());
    let link = text.get(..end)?.trim_end_matches(['.', ',', '!', '?', ')', ';', ':', '\'', '’']);
    Some(link.len())
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, Form, Case, u8)> {
        let mut tokens = Vec::new();
        tokenise(text, Pack::of("en"), &mut tokens);
        tokens.iter().map(|token| (token.text(text), token.form, token.case, token.chars)).collect()
    }

    #[test]
    fn letters_of_one_byte_and_of_more_are_counted_alike() {
        for (word, case, letters) in [
            ("emile", Case::Lower, 5),
            ("émile", Case::Lower, 5),
            ("Emile", Case::Title, 5),
            ("Émile", Case::Title, 5),
            ("EMILE", Case::Upper, 5),
            ("ÉMILÉ", Case::Upper, 5),
            ("eMile", Case::Mixed, 5),
            ("eÉile", Case::Mixed, 5),
            ("ÉmilÉ", Case::Mixed, 5),
            ("É", Case::Title, 1),
            ("नमस्ते", Case::Lower, 6),
        ] {
            assert_eq!(read(word), [(word, Form::Word, case, letters)]);
        }
    }

    #[test]
    fn an_apostrophe_joins_letters_and_a_possessive_is_left_out() {
        let word = |text: &'static str| (text, Form::Word, Case::Lower, u8::try_from(text.len()).unwrap_or(0));
        let sign = |text: &'static str, c| (text, Form::Sign(c), Case::Lower, u8::try_from(text.len()).unwrap_or(0));
        assert_eq!(read("zorp's"), [word("zorp")]);
        assert_eq!(read("zorps' x"), [word("zorps"), sign("'", '\''), word("x")]);
        assert_eq!(read("zorp'ab"), [("zorp'ab", Form::Word, Case::Lower, 6)]);
        assert_eq!(read("ʼ a"), [sign("ʼ", 'ʼ'), word("a")]);
        assert_eq!(read("é1"), [("é", Form::Word, Case::Lower, 1), ("1", Form::Digits, Case::Lower, 1)]);
        assert_eq!(
            read("[PII] [x ***"),
            [("[PII]", Form::Mask, Case::Lower, 5), sign("[", '['), word("x"), ("***", Form::Mask, Case::Lower, 3),]
        );
    }
}
