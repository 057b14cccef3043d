//! What belongs to an address after its street: unit, town, region, postcode.

use super::address::letters_and_digits;
use super::pack::{ADDRESS_UNIT, COMMON, DIRECTION, FILLER, HESITATION, IS, NUMBER, REGION, STREET, WEAK_STREET};
use super::span::Turn;
use super::tokens::{Case, Form, Token};

/// Most words of a town's name.
const MOST_WORDS: usize = 4;

/// Words that name a postcode before it.
const POSTCODE: [&str; 6] = ["zip", "code", "zipcode", "postcode", "post", "postal"];

/// The last token of an address whose street ends at a token. `open`: an address was asked for or named.
pub(super) fn extend(turn: &Turn<'_>, end: usize, open: bool) -> usize {
    let mut end = end;
    while let Some(next) = step(turn, end, open) {
        end = next;
    }
    end
}

/// The last token of the next part.
fn step(turn: &Turn<'_>, end: usize, open: bool) -> Option<usize> {
    let tokens = turn.tokens;
    let mut at = end + 1;
    let mut comma = false;
    while let Some(sign) = tokens.get(at).filter(|sign| matches!(sign.form, Form::Sign(',' | '.' | '-'))) {
        // A full stop ends a sentence, but for an abbreviation.
        if sign.is_sign('.') && !(tokens[end].is(ADDRESS_UNIT | STREET | WEAK_STREET) && tokens[end].chars <= 4) {
            return None;
        }
        comma |= sign.is_sign(',');
        at += 1;
    }
    if open && tokens.get(at)?.text(turn.text).eq_ignore_ascii_case("in") {
        at += 1;
        comma = true;
        // `… street in denver`, and no more.
        let words =
            tokens.iter().skip(at).take_while(|token| token.is_word() && !token.is(IS | FILLER | HESITATION)).count();
        let ends = tokens.get(at + words).is_none_or(|token| matches!(token.form, Form::Sign(_)));
        if (1..=2).contains(&words) && ends {
            return Some(at + words - 1);
        }
    }
    let named = at;
    while tokens.get(at)?.is_word() && POSTCODE.iter().any(|word| tokens[at].text(turn.text).eq_ignore_ascii_case(word))
    {
        at += 1;
    }
    let token = tokens.get(at)?;
    let apart = comma || at > named || new_line(turn, at);
    if token.is(ADDRESS_UNIT) || token.is_sign('#') {
        return unit(turn, at);
    }
    if token.is(DIRECTION) && !token.is(COMMON) && at == end + 1 && !apart || is_region(token) {
        return Some(at);
    }
    if apart && let Some(last) = letters_and_digits(turn, at) {
        return Some(towns(tokens, last));
    }
    if is_postcode(tokens, at) && (apart || open || is_region(&tokens[end])) {
        return Some(towns(tokens, last_of_number(tokens, at)));
    }
    town(turn, at, apart, open)
}

/// The number or letter of an apartment.
fn unit(turn: &Turn<'_>, at: usize) -> Option<usize> {
    let tokens = turn.tokens;
    let is_word = |at: usize| tokens.get(at).is_some_and(|token| token.text(turn.text).eq_ignore_ascii_case("number"));
    let from = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|sign| sign.is_sign('.')) || is_word(at + 1));
    let is_value = |token: &Token| token.form == Form::Digits || token.is(NUMBER) || token.is_letter();
    let fits = |at: &usize| tokens.get(*at).is_some_and(|token| is_value(token) || token.is_sign('-'));
    let last = (from..from + 4).take_while(fits).last()?;
    Some(if tokens[last].is_sign('-') { last - 1 } else { last })
}

/// A town: capitals that stand apart or before a region or postcode; or any words before those, where an address was
/// asked for.
fn town(turn: &Turn<'_>, at: usize, apart: bool, open: bool) -> Option<usize> {
    let tokens = turn.tokens;
    let is_part = |at: &usize| {
        tokens.get(*at).is_some_and(|token| {
            token.is_word()
                && !token.is(IS | FILLER | HESITATION)
                && (token.is_capital() || open && !token.is(COMMON) || token.is(DIRECTION))
        })
    };
    let last = (at..at + MOST_WORDS).take_while(|at| is_part(at) && !is_region(&tokens[*at])).last()?;
    let beyond = last + 1 + usize::from(tokens.get(last + 1).is_some_and(|sign| sign.is_sign(',')));
    let located = tokens.get(beyond).is_some_and(is_region) || is_postcode(tokens, beyond);
    let words = tokens.get(at..=last)?;
    let ends = tokens.get(last + 1).is_none_or(|next| matches!(next.form, Form::Sign(_)));
    let named = apart && words.iter().any(|token| !token.is(COMMON) && (token.is_capital() || open && ends));
    (located || named).then_some(last)
}

/// `80331 München`: the words of a town after its postcode.
fn towns(tokens: &[Token], last: usize) -> usize {
    let is_town = |token: &Token| token.is_word() && token.case == Case::Title && !token.is(COMMON);
    (last + 1..last + 3).take_while(|at| tokens.get(*at).is_some_and(is_town)).last().unwrap_or(last)
}

/// A state or country, if it is no other word.
fn is_region(token: &Token) -> bool {
    token.is(REGION) && (token.case == Case::Upper || !token.is(COMMON))
}

/// Whether a line ends before a token.
fn new_line(turn: &Turn<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| turn.tokens.get(at)).map_or(0, |token| token.end as usize);
    let start = turn.tokens.get(at).map_or(before, |token| token.start as usize);
    turn.text.get(before..start).is_some_and(|between| between.contains('\n'))
}

/// Whether a number is a postcode by its length.
fn is_postcode(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    match token.form {
        Form::Digits => matches!(token.chars, 4..=6),
        _ => token.is(NUMBER) && last_of_number(tokens, at) >= at + 3,
    }
}

/// The last token of the number that begins at a token.
pub(super) fn last_of_number(tokens: &[Token], at: usize) -> usize {
    let is_part = |token: &Token| token.form == Form::Digits || token.is(NUMBER) || token.is_sign('-');
    let end = (at..tokens.len()).take_while(|at| is_part(&tokens[*at])).last().unwrap_or(at);
    if tokens[end].is_sign('-') { end - 1 } else { end }
}
