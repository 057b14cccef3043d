//! What a name looks like among the words of a turn: where one may begin, how it goes on, where it ends.

use super::super::pack::{
    COMMON, FILLER, GIVEN, GREETING, HESITATION, IS, MONTH, NOT_A_NAME, NUMBER, ORDINAL, REQUEST, STREET, SURNAME,
    TITLE, VOCATIVE_LEAD,
};
use super::super::span::Turn;
use super::super::tokens::{Case, Form, Token};

/// Most words of one name.
const MOST_WORDS: usize = 4;
/// Small words inside names.
const PARTICLES: [&str; 16] =
    ["de", "la", "del", "della", "di", "da", "dos", "van", "von", "der", "den", "bin", "al", "el", "le", "st"];

/// How sure it is that a name comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A phrase that nothing but a name follows.
    Sure,
    /// A phrase that other things follow too, and something that stands after names.
    Framed,
    /// An answer to the question for a name.
    Answer,
    /// A phrase that other things follow too.
    Doubtful,
}

/// The words of a turn, with whether capitals mean anything in it.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) turn: Turn<'a>,
    pub(super) cased: bool,
}

impl<'a> Words<'a> {
    pub(super) fn of(turn: &Turn<'a>) -> Self {
        let long = |token: &&Token| token.is_word() && token.chars > 1;
        let small = turn.tokens.iter().filter(long).any(|token| token.case == Case::Lower);
        let capital = turn.tokens.iter().any(|token| token.is_word() && token.case == Case::Title);
        Self { turn: *turn, cased: capital || small && turn.tokens.iter().filter(long).any(Token::is_capital) }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&'a Token> {
        self.turn.tokens.get(at)
    }

    #[inline]
    pub(super) fn text(&self, at: usize) -> &'a str {
        self.get(at).map_or("", |token| token.text(self.turn.text))
    }

    pub(super) fn is_particle(&self, at: usize) -> bool {
        PARTICLES.iter().any(|particle| self.text(at).eq_ignore_ascii_case(particle))
    }

    /// Whether a sentence begins at a token.
    pub(super) fn begins_sentence(&self, at: usize) -> bool {
        at.checked_sub(1)
            .and_then(|at| self.get(at))
            .is_none_or(|before| matches!(before.form, Form::Sign('.' | '!' | '?' | ':' | '"' | '“' | '-' | '–' | '>')))
    }

    /// Whether nothing but a sign follows a token, or nothing at all.
    pub(super) fn ends_clause(&self, at: usize) -> bool {
        self.get(at + 1)
            .is_none_or(|next| matches!(next.form, Form::Sign(',' | '.' | '!' | '?' | ';' | '-' | '–' | ')' | ':')))
    }

    /// Whether a token can be the first word of a name.
    pub(super) fn begins_name(&self, at: usize, trust: Trust) -> bool {
        let Some(token) = self.get(at).filter(|token| token.is_word()) else { return false };
        if token.chars < 2 && !self.is_initial(at) || token.is(NOT_A_NAME | HESITATION) {
            return false;
        }
        let listed = token.is(GIVEN | SURNAME);
        let plain = !token.is(COMMON);
        let capital = self.cased && token.is_capital();
        match trust {
            Trust::Sure => {
                plain
                    && !token.is(NUMBER | ORDINAL | TITLE | MONTH)
                    && (!self.cased || token.is_capital() || !ends_as_words_do(token.text(self.turn.text)))
                    || listed && !token.is(REQUEST | IS)
                    || token.chars > 3
                        && !token.is(FILLER | REQUEST | IS | GREETING)
                        && self.get(at + 1).is_some_and(|next| {
                            next.is_word() && self.is_unknown(next) && !next.is(FILLER | REQUEST | IS)
                        })
                    || capital && !token.is(FILLER | REQUEST | IS)
            }
            Trust::Framed => {
                let pair = capital
                    && token.chars > 3
                    && self.get(at + 1).is_some_and(|next| next.case == Case::Title && self.is_unknown(next));
                let before_surname = token.is(GIVEN)
                    && self.get(at + 1).is_some_and(|next| {
                        next.is_word() && (next.is(SURNAME) || self.is_unknown(next)) && !next.is(FILLER | REQUEST)
                    });
                listed && (plain || capital || before_surname)
                    || self.is_unknown(token)
                    || pair && !token.is(FILLER | REQUEST | IS | GREETING)
            }
            Trust::Answer => listed && (plain || capital || self.get(at + 1).is_some_and(|next| next.is(SURNAME))),
            Trust::Doubtful => token.is(GIVEN) && (plain || capital) || listed && capital,
        }
    }

    /// Whether a word is in no list, and written as a name is where that shows.
    pub(super) fn is_unknown(&self, token: &Token) -> bool {
        !token.is(COMMON | NUMBER | TITLE | MONTH)
            && if self.cased {
                token.is_capital()
            } else {
                token.is(GIVEN | SURNAME) || !ends_as_words_do(token.text(self.turn.text))
            }
    }

    /// Whether a token can go on with a name.
    pub(super) fn continues_name(&self, at: usize, sure: bool) -> bool {
        let Some(token) = self.get(at).filter(|token| token.is_word()) else { return false };
        if token.is(NOT_A_NAME | HESITATION | IS) || token.is(NUMBER | TITLE) {
            return false;
        }
        if self.cased {
            let given_before = at
                .checked_sub(1)
                .and_then(|at| self.get(at))
                .is_some_and(|before| before.is(GIVEN) && !before.is(COMMON));
            let plain = !token.is(COMMON)
                || token.is(SURNAME | GIVEN)
                || given_before && !token.is(FILLER | REQUEST | GREETING | VOCATIVE_LEAD | STREET | MONTH);
            token.is_capital() && plain && token.chars > 1 || self.is_initial(at)
        } else {
            let ends =
                self.get(at + 1).is_none_or(|next| !next.is_word() || next.is(FILLER | NOT_A_NAME) || next.chars == 1);
            let given_before = at.checked_sub(1).and_then(|at| self.get(at)).is_some_and(|before| before.is(GIVEN));
            !token.is(COMMON) && token.chars > 1
                || token.is(SURNAME) && !token.is(REQUEST | FILLER)
                || sure
                    && given_before
                    && ends
                    && token.chars > 3
                    && !token.is(FILLER | REQUEST | GREETING | VOCATIVE_LEAD)
        }
    }

    /// One capital letter with a full stop or another capital after it.
    pub(super) fn is_initial(&self, at: usize) -> bool {
        let Some(token) = self.get(at) else { return false };
        token.is_letter()
            && token.is_capital()
            && self.cased
            && self.text(at) != "I"
            && self.get(at + 1).is_some_and(|next| next.is_sign('.') || next.is_word() && next.is_capital())
    }

    /// The last token of the name that begins at a token.
    pub(super) fn name(&self, at: usize, trust: Trust) -> Option<usize> {
        if !self.begins_name(at, trust) {
            return None;
        }
        Some(self.rest_of_name(at, trust != Trust::Doubtful))
    }

    /// The last token of a name whose first word is known to be one.
    pub(super) fn rest_of_name(&self, at: usize, sure: bool) -> usize {
        let mut last = at;
        let mut words = 1;
        let mut next = at + 1;
        while words < MOST_WORDS {
            // `J. Smith`, `Smith-Jones`.
            if self.get(next).is_some_and(|sign| sign.is_sign('.')) && self.get(last).is_some_and(Token::is_letter)
                || self.get(next).is_some_and(|sign| sign.is_sign('-') && !sign.spaced)
                    && self.get(next + 1).is_some_and(|token| !token.spaced)
            {
                next += 1;
            }
            let particles =
                (next..next + 2).take_while(|at| self.is_particle(*at) && !self.continues_name(*at, false)).count();
            if !self.continues_name(next + particles, sure) {
                break;
            }
            last = next + particles;
            next = last + 1;
            words += 1;
        }
        last
    }
}

/// Whether a word has an ending that makes adjectives, adverbs, verbs and nouns of others.
pub(super) fn ends_as_words_do(word: &str) -> bool {
    const ENDINGS: [&str; 22] = [
        "ing", "ed", "ly", "ous", "ful", "able", "ible", "tion", "sion", "ness", "ment", "less", "ity", "ive", "ical",
        "est", "ism", "ists", "ish", "ance", "ence", "ingly",
    ];
    let is = |ending: &&str| {
        word.len() > ending.len() + 2
            && word.get(word.len() - ending.len()..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    ENDINGS.iter().any(is)
}
