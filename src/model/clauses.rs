//! Where one clause ends and the next begins: the units between which a feeling can turn.
//!
//! A text is mixed when one part of it praises and another complains. The parts are found by punctuation
//! (sentence ends, commas, semicolons, line breaks) and by the words that announce a turn (`but`, `however` and
//! their kin), so that text without punctuation, as speech recognition writes it, is split as well. Grammar is
//! not looked at: a clause cut too short costs little, one never cut hides a turn.

/// Words that begin a clause which may contradict the one before it.
const TURNING_WORDS: [&str; 7] = ["but", "however", "although", "though", "yet", "except", "unfortunately"];

/// The clauses of `text` in order, without white space at their ends.
///
/// Punctuation stays with the clause that it ends, a turning word with the clause that it begins. What has
/// no words, such as a lone emoticon, is a clause too; white space is none.
pub fn clauses(text: &str) -> Clauses<'_> {
    Clauses { rest: text }
}

/// What [`clauses`] returns.
#[derive(Clone)]
pub struct Clauses<'t> {
    rest: &'t str,
}

impl std::fmt::Debug for Clauses<'_> {
    /// Shows how many bytes are left, never the words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clauses({} bytes left)", self.rest.len())
    }
}

impl<'t> Iterator for Clauses<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        while !self.rest.is_empty() {
            let (clause, rest) = self.rest.split_at(end_of_clause(self.rest));
            self.rest = rest;
            let clause = clause.trim();
            if !clause.is_empty() {
                return Some(clause);
            }
        }
        None
    }
}

/// The byte where the first clause of `text` ends: after punctuation that ends it or before a turning word.
/// Never 0 for a text that is not empty, and always a character bound, because it lies beside an ASCII byte.
fn end_of_clause(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_space_at = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    let mut seen_word = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => return at + 1,
            b'.' | b'!' | b'?' | b',' | b';' if is_space_at(at + 1) => return at + 1,
            b'\'' => {}
            byte if is_word_byte(byte) => {
                let length = bytes[at..].iter().position(|byte| !is_word_byte(*byte));
                let end = length.map_or(bytes.len(), |length| at + length);
                if seen_word && TURNING_WORDS.iter().any(|word| bytes[at..end].eq_ignore_ascii_case(word.as_bytes())) {
                    return at;
                }
                seen_word = true;
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a byte belongs to a word: letters, digits, apostrophes inside, and all of what is not ASCII.
#[inline]
const fn is_word_byte(byte: u8) -> bool {
    WORD_BYTES[byte as usize]
}

/// [`is_word_byte`] of each byte.
const WORD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'\'' || !byte.is_ascii();
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        clauses(text).collect()
    }

    #[test]
    fn sentences_commas_and_turning_words_cut() {
        assert_eq!(
            split("The agent was kind, but my bill is wrong. Fix it!"),
            ["The agent was kind,", "but my bill is wrong.", "Fix it!"]
        );
    }

    #[test]
    fn a_turning_word_cuts_without_punctuation_and_in_any_case() {
        assert_eq!(split("it works now HOWEVER i waited an hour"), ["it works now", "HOWEVER i waited an hour"]);
    }

    #[test]
    fn a_turning_word_at_the_start_or_inside_a_word_does_not_cut() {
        assert_eq!(split("but the button is yeti blue"), ["but the button is yeti blue"]);
        assert_eq!(split("it is yetí, butñ and but's"), ["it is yetí,", "butñ and but's"]);
    }

    #[test]
    fn numbers_and_addresses_stay_whole() {
        assert_eq!(split("I paid 1,000.50 at shop.example"), ["I paid 1,000.50 at shop.example"]);
    }

    #[test]
    fn an_emoticon_is_a_clause_and_white_space_is_none() {
        assert_eq!(split("Thanks. :)"), ["Thanks.", ":)"]);
        assert!(split(" \n ").is_empty());
        assert!(split("").is_empty());
    }

    proptest! {
        #[test]
        fn every_letter_and_digit_is_in_one_clause(text in ".{0,60}") {
            let kept = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(kept(&split(&text).concat()), kept(&text));
        }
    }
}
