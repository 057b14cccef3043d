//! Postal addresses: a number, words and a street word, with the unit, town and postcode beside them; postcodes by
//! themselves where their shape is enough.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::address_end::{self, last_of_number};
use super::kind::Kind;
use super::pack::{
    ACK, ADDRESS_UNIT, COMMON, Cue, DIRECTION, FILLER, GIVEN, GREETING, HESITATION, IS, MONTH, NUMBER, ORDINAL, REGION,
    STREET, STREET_FRONT, UNIT, WEAK_STREET, hash_of,
};
use super::runs::Shape;
use super::span::{Finder, Turn};
use super::tokens::{Case, Form, Token};

/// Most words between the house number and the street word.
const MOST_WORDS: usize = 5;
/// Endings of one-word street names, in languages that glue them.
const ENDINGS: [&str; 12] =
    ["straße", "strasse", "str", "gasse", "allee", "platz", "weg", "straat", "laan", "gade", "vägen", "gatan"];
/// Street words that stand before the name, in any language.
const FRONTS: [&str; 29] = [
    "calle",
    "carrer",
    "avenida",
    "avda",
    "paseo",
    "plaza",
    "carrera",
    "camino",
    "rue",
    "boulevard",
    "chemin",
    "allée",
    "impasse",
    "quai",
    "via",
    "viale",
    "piazza",
    "corso",
    "vicolo",
    "largo",
    "rua",
    "travessa",
    "praça",
    "alameda",
    "estrada",
    "ulica",
    "jalan",
    "strada",
    "avenue",
];
/// Those of them that are words of English too: they need a capital.
const WEAK_FRONTS: [&str; 4] = ["via", "plaza", "largo", "boulevard"];

impl Finder<'_> {
    /// Finds the addresses of a turn.
    pub(super) fn addresses(&mut self, turn: &Turn<'_>) {
        let named = turn.phrases.iter().find(|phrase| phrase.cue == Cue::Number(Kind::Address));
        let asked = self.windows.is_open(Kind::Address);
        let open = named.is_some() || asked;
        // Where a number and any words after it are an address: right after the phrase, or at the front of an answer.
        let expected = |at: usize| {
            let before = turn.tokens.get(..at).unwrap_or_default();
            let words = before.iter().filter(|token| token.is_word() && !token.is(FILLER | HESITATION)).count();
            named.is_some_and(|phrase| at >= phrase.end && at - phrase.end <= 6) || asked && words <= 1
        };
        let mut free = 0;
        for run in turn.runs {
            for part in &run.parts {
                if part.first < free || part.shape == Shape::Date {
                    continue;
                }
                let last_part =
                    run.parts.iter().rev().find(|other| other.last >= part.last && other.spoken == part.spoken);
                let number_end = if part.spoken { last_part.map_or(part.last, |part| part.last) } else { part.last };
                // Two digits and more, spoken: what stands before the street word is its name, without a capital.
                let spoken = part.spoken && run.slice(0, run.parts.len() - 1).len() > 1;
                if let Some(end) = street_after(turn, number_end + 1, (open, spoken)) {
                    let end = address_end::extend(turn, end, open || spoken);
                    self.add(turn, part.first, end, Kind::Address, "address.street");
                    free = end + 1;
                } else if let Some(begin) = street_before(turn, part.first, free, open) {
                    let end = address_end::extend(turn, part.last, open);
                    self.add(turn, begin, end, Kind::Address, "address.street.front");
                    free = end + 1;
                } else if expected(part.first)
                    && part.shape == Shape::Plain
                    && let Some(end) = words_after(turn, number_end + 1)
                {
                    let end = address_end::extend(turn, end, open);
                    self.add(turn, part.first, end, Kind::Address, "address.context");
                    free = end + 1;
                }
            }
        }
        if turn.has_numbers {
            self.postcodes(turn);
            self.boxes(turn);
        }
        if open {
            self.streets_without_number(turn);
            self.units(turn);
        }
        if asked && named.is_none() {
            self.named_house(turn);
        }
    }

    /// Postcodes whose shape is enough: British and Canadian ones, and nine digits of the United States.
    fn postcodes(&mut self, turn: &Turn<'_>) {
        let tokens = turn.tokens;
        for at in 0..tokens.len() {
            if tokens[at].is_word()
                && tokens[at].chars <= 2
                && tokens[at].spaced
                && tokens.get(at + 1).is_some_and(|token| token.form == Form::Digits && !token.spaced)
                && let Some(end) = letters_and_digits(turn, at)
            {
                self.add(turn, at, end, Kind::Address, "address.postcode");
            }
            let is_zip = |at: usize, chars: u8| {
                tokens.get(at).is_some_and(|token| token.form == Form::Digits && token.chars == chars)
            };
            if is_zip(at, 5)
                && tokens.get(at + 1).is_some_and(|sign| sign.is_sign('-') && !sign.spaced)
                && is_zip(at + 2, 4)
            {
                self.add(turn, at, at + 2, Kind::Address, "address.zip");
            } else if is_zip(at, 5) && at > 0 && tokens[at - 1].is(REGION) && tokens[at - 1].case == Case::Upper {
                self.add(turn, at, at, Kind::Address, "address.zip");
            }
        }
    }

    /// `PO Box 123`.
    fn boxes(&mut self, turn: &Turn<'_>) {
        let tokens = turn.tokens;
        for at in 2..tokens.len() {
            let number = tokens[at].form == Form::Digits || tokens[at].is(NUMBER);
            let is = |at: usize, word: &str| {
                tokens.get(at).is_some_and(|token| token.text(turn.text).eq_ignore_ascii_case(word))
            };
            let names_box =
                is(at - 1, "box") && (is(at - 2, "po") || is(at - 2, "office") || is(at - 2, "o") || is(at - 2, "."));
            if number && names_box {
                self.add(turn, at - 1, last_of_number(tokens, at), Kind::Address, "address.box");
            }
        }
    }

    /// An answer that is capitals alone: `The Old Rectory, Church Hill`.
    fn named_house(&mut self, turn: &Turn<'_>) {
        const MOST: usize = 7;
        let tokens = turn.tokens;
        let first = tokens
            .iter()
            .take_while(|token| {
                token.is(FILLER | HESITATION | IS)
                    && !(token.case == Case::Title && !token.is_sign(',') && token.text(turn.text) == "The")
                    || matches!(token.form, Form::Sign(_))
            })
            .count();
        let rest = tokens.get(first..).unwrap_or_default();
        let last = rest.iter().rposition(|token| token.is_word() || token.form == Form::Digits);
        let words = rest.iter().filter(|token| token.is_word()).count();
        let all_capital = rest.iter().filter(|token| token.is_word()).all(|token| token.case == Case::Title);
        let street = rest.iter().any(|token| token.is(STREET | WEAK_STREET));
        let plain =
            rest.iter().all(|token| !token.is_sign('?') && !token.is(ACK | GREETING) && (street || !token.is(GIVEN)));
        if let (Some(last), true) = (last, (2..=MOST).contains(&words) && all_capital && plain) {
            self.add(turn, first, first + last, Kind::Address, "address.asked");
        }
    }

    /// `Flat 2`, where an address was asked for.
    fn units(&mut self, turn: &Turn<'_>) {
        let tokens = turn.tokens;
        for at in 1..tokens.len() {
            let is_number = tokens[at].form == Form::Digits || tokens[at].is(NUMBER);
            if is_number && tokens[at - 1].is(ADDRESS_UNIT) {
                self.add(turn, at - 1, last_of_number(tokens, at), Kind::Address, "address.unit");
            }
        }
    }

    /// A street of which no number is said, in answer to the question: `on Maple Grove Lane`.
    fn streets_without_number(&mut self, turn: &Turn<'_>) {
        let tokens = turn.tokens;
        for at in 1..tokens.len() {
            let is_street = tokens[at].is(STREET) || tokens[at].is(WEAK_STREET) && tokens[at].is_capital();
            if !is_street {
                continue;
            }
            let names = (0..at)
                .rev()
                .take(3)
                .take_while(|before| is_name_of_street(&tokens[*before], true) && !tokens[*before].is(COMMON));
            if let Some(first) = names.last() {
                self.add(turn, first, at, Kind::Address, "address.context");
            }
        }
    }
}

/// The street word that ends the words after a house number. Whether an address was asked for or named, and whether the
/// number is spoken.
fn street_after(turn: &Turn<'_>, from: usize, (open, spoken): (bool, bool)) -> Option<usize> {
    let tokens = turn.tokens;
    let mut at = from;
    // `12 rue de la Paix`, `12, rue`.
    if tokens.get(at).is_some_and(|token| token.is_sign(',')) {
        at += 1;
    }
    if tokens.get(at).is_some_and(|token| is_front(token, turn.text)) {
        let end = (at + 1..at + 6).take_while(|at| tokens.get(*at).is_some_and(Token::is_word)).last()?;
        return (end..=end).chain((at + 1..=end).rev()).find(|at| tokens[*at].is_capital() || open);
    }
    for (words, at) in (from..from + MOST_WORDS + 2).enumerate() {
        let token = tokens.get(at)?;
        if token.is_sign('-') || token.is_sign('.') && words > 0 {
            continue;
        }
        if words > 0
            && (token.is(STREET)
                && token.spaced
                && !is_sentence_saint(tokens, at)
                && (token.chars > 2 || is_sure(tokens, from, at, open))
                || token.is(WEAK_STREET)
                    && (is_sure(tokens, from, at, open) || spoken && are_uncommon(tokens.get(from..at))))
        {
            // `Park Avenue`, `Hill Street`: the last street word ends it.
            return (at..at + 3)
                .take_while(|at| tokens.get(*at).is_some_and(|token| token.is(STREET | WEAK_STREET)))
                .last();
        }
        if token.is_word() && ENDINGS.iter().any(|ending| ends_with(token, turn.text, ending)) {
            return Some(at);
        }
        let is_ordinal =
            token.form == Form::Digits || token.is(ORDINAL | NUMBER) || !token.spaced && token.is_word() && words > 0;
        if !is_ordinal && !is_name_of_street(token, open) {
            return None;
        }
    }
    None
}

/// `St` before a name is a saint: the street word comes later.
fn is_sentence_saint(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| next.is(STREET | WEAK_STREET))
}

/// Whether a word can be a part of a street's name.
fn is_name_of_street(token: &Token, open: bool) -> bool {
    let plain = token.is_word() && !token.is(UNIT | IS | FILLER | MONTH);
    plain && (token.is_capital() || open || token.is(DIRECTION | STREET | WEAK_STREET) || !is_function_word(token))
}

/// Words that no street is called by. Common words may be: `oak`, `main`, `church`.
fn is_function_word(token: &Token) -> bool {
    use super::pack::{REQUEST, VOCATIVE_LEAD};
    token.is(REQUEST | VOCATIVE_LEAD | FILLER | IS) || token.is(COMMON) && token.chars <= 3
}

/// Whether a street word that is a word too is one here: capitals, or an address was asked for.
fn is_sure(tokens: &[Token], from: usize, at: usize, open: bool) -> bool {
    let names = tokens.get(from..=at).unwrap_or_default();
    open && names.len() <= 4 || names.iter().all(|token| token.is_capital() || !token.is_word() || !token.spaced)
}

/// Whether the words before a street word are no common ones.
fn are_uncommon(words: Option<&[Token]>) -> bool {
    words.is_some_and(|words| words.iter().all(|token| token.is_word() && !token.is(COMMON | UNIT | FILLER)))
}

fn is_front(token: &Token, text: &str) -> bool {
    static HASHES: LazyLock<FxHashSet<u64>> = LazyLock::new(|| FRONTS.into_iter().map(hash_of).collect());
    let weak = || WEAK_FRONTS.iter().any(|front| same(token.text(text), front));
    // The hash leaves accents out.
    let is_listed = || HASHES.contains(&token.hash) && FRONTS.iter().any(|front| same(token.text(text), front));
    token.is_word() && (token.is(STREET_FRONT) || is_listed()) && (token.is_capital() || !weak())
}

/// The first token of a street that stands before its number: `Calle Mayor 5`, `Hauptstraße 12`.
fn street_before(turn: &Turn<'_>, number: usize, free: usize, open: bool) -> Option<usize> {
    let tokens = turn.tokens;
    let mut at = number.checked_sub(1)?;
    if tokens[at].is_sign(',') {
        at = at.checked_sub(1)?;
    }
    if tokens[at].is_sign('.') && !tokens[at].spaced {
        at = at.checked_sub(1)?;
    }
    let last = &tokens[at];
    if last.is_word()
        && ENDINGS.iter().any(|ending| ends_with(last, turn.text, ending))
        && (last.is_capital() || last.chars > 6)
    {
        // `Am Alten Platz 3`, `Berliner Straße 5`.
        let names = (free..at).rev().take(2).take_while(|before| {
            tokens[*before].is_word() && tokens[*before].is_capital() && !tokens[*before].is(COMMON)
        });
        return Some(names.last().unwrap_or(at));
    }
    let first = (free..=at)
        .rev()
        .take(MOST_WORDS)
        .take_while(|before| tokens[*before].is_word())
        .find(|before| is_front(&tokens[*before], turn.text))?;
    let names = tokens.get(first + 1..=at).unwrap_or_default();
    (!names.is_empty() && (names.iter().any(Token::is_capital) || open && tokens[first].is(STREET_FRONT)))
        .then_some(first)
}

/// In answer to the question: the words after the number, up to the end of the clause.
fn words_after(turn: &Turn<'_>, from: usize) -> Option<usize> {
    let tokens = turn.tokens;
    let end = (from..from + 3).take_while(|at| {
        tokens.get(*at).is_some_and(|token| {
            token.is_word() && !token.is(UNIT | IS | MONTH) && (token.is_capital() || !token.is(COMMON | FILLER))
        })
    });
    end.last()
}

/// British and Canadian postcodes: `A` for a letter, `9` for a digit.
const SHAPES: [&str; 14] = [
    "AA99 9AA", "AA9 9AA", "A99 9AA", "A9 9AA", "AA9A 9AA", "A9A 9AA", "AA999AA", "AA99AA", "A999AA", "A99AA",
    "AA9A9AA", "A9A9AA", "A9A 9A9", "A9A9A9",
];

/// The last token of a British or Canadian postcode that begins at a token.
pub(super) fn letters_and_digits(turn: &Turn<'_>, at: usize) -> Option<usize> {
    let tokens = turn.tokens;
    let mut shape = String::new();
    let mut ends = Vec::new();
    for (index, token) in tokens.iter().enumerate().skip(at).take(6) {
        let kind = match token.form {
            Form::Word if token.case != Case::Lower && token.case != Case::Mixed || token.is_letter() => 'A',
            Form::Digits => '9',
            _ => break,
        };
        if index > at && token.spaced {
            shape.push(' ');
        }
        (0..token.chars.min(9)).for_each(|_| shape.push(kind));
        ends.push((shape.len(), index));
    }
    ends.iter()
        .rev()
        .find(|(length, _)| shape.get(..*length).is_some_and(|shape| SHAPES.contains(&shape)))
        .map(|(_, index)| *index)
}

/// Whether two words are the same but for case.
fn same(word: &str, wanted: &str) -> bool {
    word.chars().count() == wanted.chars().count()
        && word.chars().flat_map(char::to_lowercase).eq(wanted.chars().flat_map(char::to_lowercase))
}

/// Whether a word ends so, and has something before it.
fn ends_with(token: &Token, text: &str, ending: &str) -> bool {
    let word = token.text(text);
    // Nearly all words differ in their last letters already; those of the endings are single bytes.
    if let ([.., last], [.., wanted]) = (word.as_bytes(), ending.as_bytes())
        && last.is_ascii()
        && !last.eq_ignore_ascii_case(wanted)
    {
        return false;
    }
    let length = ending.chars().count();
    let count = word.chars().count();
    let long_enough = if length <= 3 { count >= length + 4 && token.is_capital() } else { count >= length };
    long_enough && word.chars().skip(count.saturating_sub(length)).flat_map(char::to_lowercase).eq(ending.chars())
}
