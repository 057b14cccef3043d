//! Names that are said letter by letter.

use super::super::kind::Kind;
use super::super::pack::{Cue, HESITATION, LETTER, REPEAT, start_of_hash, step_of_hash};
use super::super::span::Finder;
use super::super::tokens::{Form, Token};
use super::words::Words;

impl Finder<'_> {
    /// Names letter by letter.
    pub(super) fn spelled_names(&mut self, words: &Words<'_>) {
        let phrases = words.turn.phrases;
        let asked = self.name_asked.is_some()
            || phrases.iter().any(|phrase| phrase.cue == Cue::AskName || phrase.cue == Cue::Name);
        let tokens = words.turn.tokens;
        let mut at = 0;
        while at < tokens.len() {
            let begins = tokens[at].is_letter() || tokens[at].is(REPEAT);
            let Some(spelled) = begins.then(|| spell(words, at)).flatten() else {
                at += 1;
                continue;
            };
            let least = match (asked, spelled.hyphens, words.cased && tokens[at].is_capital()) {
                (true, ..) => 3,
                (false, true, _) | (false, false, true) => 4,
                (false, false, false) => 5,
            };
            let in_phrase = phrases.iter().any(|phrase| {
                phrase.first <= at && phrase.end > at && matches!(phrase.cue, Cue::Number(_) | Cue::Nothing)
            });
            if spelled.letters >= least && !in_phrase {
                self.add(&words.turn, at, spelled.last, Kind::Name, "name.spelled");
                self.names.insert(spelled.hash);
            }
            at = spelled.last + 1;
        }
    }
}

/// Letters that are said one by one.
struct Spelled {
    last: usize,
    letters: usize,
    hyphens: bool,
    hash: u64,
}

/// The letters that begin at a token: `S-M-I-T-H`, `m i double l`, `N as in Nancy`.
fn spell(words: &Words<'_>, at: usize) -> Option<Spelled> {
    let mut spelled = Spelled { last: at, letters: 0, hyphens: false, hash: start_of_hash() };
    let mut next = at;
    let mut previous = None;
    while let Some(token) = words.get(next) {
        let twice = token.is(REPEAT) && words.get(next + 1).is_some_and(Token::is_letter);
        let place = next + usize::from(twice);
        let Some(letter) =
            words.get(place).filter(|letter| letter.is_letter() || letter.is(LETTER) && previous.is_some())
        else {
            break;
        };
        let c = if letter.is_letter() { words.text(place).chars().next()? } else { char::from(letter.value) };
        if !c.is_alphabetic() {
            break;
        }
        for _ in 0..if twice { token.value } else { 1 } {
            spelled.hash = step_of_hash(spelled.hash, c.to_lowercase().next()?);
            spelled.letters += 1;
        }
        previous = Some(c);
        spelled.last = place;
        next = after_example(words, place, c);
        spelled.last = spelled.last.max(next - 1);
        while let Some(sign) = words
            .get(next)
            .filter(|sign| matches!(sign.form, Form::Sign('-' | ',' | '.' | '–' | '…')) || sign.is(HESITATION))
        {
            spelled.hyphens |= sign.is_sign('-');
            next += 1;
        }
    }
    (spelled.letters > 0).then_some(spelled)
}

/// The token after `as in Nancy`, `for Nancy`, `like Nancy`, if that stands after a letter.
fn after_example(words: &Words<'_>, letter_at: usize, letter: char) -> usize {
    let is = |at: usize, word: &str| words.text(at).eq_ignore_ascii_case(word);
    let same = |at: usize| {
        words.text(at).chars().next().is_some_and(|c| c.to_lowercase().eq(letter.to_lowercase()))
            && words.text(at).chars().count() > 1
    };
    let at = letter_at + 1;
    let comma = usize::from(words.get(at).is_some_and(|sign| sign.is_sign(',')));
    for from in [at, at + comma] {
        if is(from, "as") && is(from + 1, "in") && same(from + 2) {
            return from + 3;
        }
        if (is(from, "for") || is(from, "like") || is(from, "as")) && same(from + 1) {
            return from + 2;
        }
    }
    at
}
