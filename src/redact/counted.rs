//! What the words around a number, and its writing, show: that it is an amount or counts something, that it answers a question, that a
//! turn is nothing but numbers.

use super::kind::Kind;
use super::pack::{BEFORE_COUNT, FILLER, HESITATION, IS, JOIN, NUMBER, SCALE, SYMBOL, UNIT};
use super::runs::{Part, Run, Shape, is_many, is_numeric};
use super::span::Turn;
use super::tokens::{Form, Token};

/// Whether a number is one that companies have: toll-free in North America.
pub(super) fn is_toll_free(characters: &[char]) -> bool {
    let national = match characters {
        ['1', rest @ ..] if characters.len() == 11 => rest,
        _ => characters,
    };
    national.len() == 10
        && matches!(national, ['8', '0', '0', ..] | ['8', '3' | '4' | '5' | '6' | '7' | '8', _, ..])
        && national[1] == national[2]
}

pub(super) fn count(characters: &[char]) -> usize {
    characters.iter().filter(|c| c.is_ascii_digit()).count()
}

/// Whether a part is only listed after the one before it: a comma, a full stop or a joining word lies between, and
/// one of the two is more than a digit.
pub(super) fn is_loose(run: &Run, at: usize) -> bool {
    let (Some(before), Some(part)) = (at.checked_sub(1).and_then(|at| run.parts.get(at)), run.parts.get(at)) else {
        return false;
    };
    let many = |from: usize| run.slice(from, from).len() > 1;
    // Groups of four are read like that.
    let fours = |from: usize| run.slice(from, from).len() == 4;
    part.loose
        && (many(at - 1) || many(at))
        && !(fours(at - 1) && fours(at))
        && !(before.spoken && part.spoken && !many(at - 1))
}

/// Whether words show a number to be an amount, such as `two hundred and fifty`.
pub(super) fn is_amount(run: &Run, (from, to): (usize, usize)) -> bool {
    let parts = &run.parts[from..=to];
    let Some(scale) = parts.iter().rposition(|part| part.scale) else { return false };
    parts.len() - scale <= 3 && parts.iter().position(|part| part.scale).is_some_and(|first| first <= 2)
}

/// Whether a number counts something: what stands around it, or its writing, shows that.
pub(super) fn is_counted(turn: &Turn<'_>, run: &Run, (from, to): (usize, usize), kind: Kind) -> bool {
    let parts = &run.parts[from..=to];
    let digits = count(run.slice(from, to));
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return true };
    if kind != Kind::Phone && is_toll_free(run.slice(from, to)) {
        return true;
    }
    let text = |part: &Part| turn.tokens.get(part.first + 1).is_some_and(|sign| sign.is_sign('/'));
    let card_expiry = kind == Kind::Card && digits <= 6 && parts.iter().all(text);
    if parts.iter().all(|part| matches!(part.shape, Shape::Counted | Shape::Date)) && !card_expiry {
        return true;
    }
    let token = |at: usize| turn.tokens.get(at);
    let before = first.first.checked_sub(1).and_then(token);
    let after = (last.last + 1..last.last + 3).filter_map(token).find(|token| !token.is_sign('-'));
    let is_currency = |sign: &Token| matches!(sign.form, Form::Sign('$' | '€' | '£' | '¥' | '₹' | '₩'));
    let is_share = |sign: &Token| matches!(sign.form, Form::Sign('%' | '°' | '€' | '£' | '‰'));
    let is = |at: usize, words: &[&str]| {
        let word = token(at).map_or("", |token| token.text(turn.text));
        words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted))
    };
    let rate =
        is(last.last + 1, &["a", "an", "per", "each"]) && token(last.last + 2).is_some_and(|token| token.is(UNIT));
    let year = digits == 4
        && parts.len() == 1
        && matches!(run.slice(from, to), ['1', '9', ..] | ['2', '0', ..])
        && first.first > 0
        && is(
            first.first - 1,
            &["since", "in", "until", "year", "before", "after", "from", "between", "the", "of", "and"],
        );
    rate || year
        || before.is_some_and(|token| is_currency(token) || token.is(BEFORE_COUNT) && digits < 8)
        || after
            .is_some_and(|token| is_share(token) && !token.spaced || token.is_sign('%') || token.is(UNIT) && digits < 9)
}

/// Whether what stands before a number in its turn is how an answer begins.
pub(super) fn is_answer(tokens: &[Token], first: usize) -> bool {
    const FEW: usize = 3;
    let before = &tokens[..first];
    let direct = before.iter().rev().find(|token| token.is_word() && !token.is(HESITATION));
    if direct.is_some_and(|token| token.is(IS)) || before.last().is_some_and(|token| token.is_sign(':')) {
        return true;
    }
    before.iter().filter(|token| token.is_word() && !token.is(FILLER | HESITATION | NUMBER)).count() <= FEW
}

/// Whether a turn says hardly anything but numbers.
pub(super) fn is_only_numbers(turn: &Turn<'_>) -> bool {
    let tokens = turn.tokens;
    let inside = |at: usize| turn.runs.iter().any(|run| (run.first()..=run.last()).contains(&at));
    let words = tokens.iter().enumerate().filter(|(_, token)| token.is_word() || token.form == Form::Digits);
    let (mut numeric, mut other) = (0, 0);
    for (at, token) in words {
        if inside(at) || is_numeric(token) {
            numeric += 1;
        } else if !token.is(FILLER | HESITATION | JOIN | SYMBOL | SCALE) {
            other += 1;
        }
    }
    numeric > 0 && other * 3 <= numeric && !tokens.iter().all(is_many)
}
