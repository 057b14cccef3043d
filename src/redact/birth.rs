//! Dates of birth: dates that were asked for, or that stand beside `born`. Other dates stay.

use super::kind::Kind;
use super::pack::{Cue, DIGIT, FILLER, HESITATION, JOIN, MONTH, NUMBER, ORDINAL, REQUEST, SCALE, TEEN, TENS, UNIT};
use super::runs::Shape;
use super::span::{Finder, Turn};
use super::tokens::{Form, Token};

/// Tokens between `born` and the date.
const REACH: usize = 10;

impl Finder<'_> {
    /// Finds the dates of birth of a turn.
    pub(super) fn births(&mut self, turn: &Turn<'_>) {
        let cues: Vec<(usize, usize)> = turn
            .phrases
            .iter()
            .filter(|phrase| phrase.cue == Cue::Number(Kind::Birth))
            .map(|phrase| (phrase.first, phrase.end))
            .collect();
        let open = self.windows.is_open(Kind::Birth);
        if cues.is_empty() && !open {
            return;
        }
        let is_counted = |last: usize| turn.tokens.get(last + 1).is_some_and(|token| token.is(UNIT));
        for (first, last) in dates(turn) {
            if is_counted(last) || turn.phrases.iter().any(|phrase| phrase.cue == Cue::Nothing && phrase.first == first)
            {
                continue;
            }
            let near = cues
                .iter()
                .any(|(cue, end)| first >= *end && first - end <= REACH || *cue > last && cue - last <= REACH);
            if near || open && is_answer(turn, first) {
                self.add(turn, first, last, Kind::Birth, if near { "birth.stated" } else { "birth.context" });
                self.windows.said(Kind::Birth, turn.index, if has_year(turn, first, last) { 8 } else { 2 });
            }
        }
    }
}

/// Whether what stands before a date leaves it an answer.
fn is_answer(turn: &Turn<'_>, first: usize) -> bool {
    const FEW: usize = 3;
    let before = turn.tokens.get(..first).unwrap_or_default();
    before.iter().filter(|token| token.is_word() && !token.is(REQUEST | FILLER | HESITATION)).count() <= FEW
}

fn has_year(turn: &Turn<'_>, first: usize, last: usize) -> bool {
    let tokens = turn.tokens.get(first..=last).unwrap_or_default();
    let digits: usize =
        tokens.iter().filter(|token| token.form == Form::Digits).map(|token| usize::from(token.chars)).sum();
    digits >= 4 || tokens.iter().filter(|token| token.is(NUMBER)).count() >= 3
}

/// Stretches of tokens that say a date or parts of one: months, ordinals, days, years.
fn dates(turn: &Turn<'_>) -> Vec<(usize, usize)> {
    let tokens = turn.tokens;
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some(mut last) = element(turn, at) else {
            at += 1;
            continue;
        };
        let first = at;
        let mut next = last + 1;
        while let Some(begin) = beyond_joins(turn, next) {
            let Some(end) = element(turn, begin) else { break };
            (last, next) = (end, end + 1);
        }
        if is_date(turn, first, last) {
            found.push((first, last));
        }
        at = last + 1;
    }
    found
}

/// The last token of the part of a date that begins at a token.
fn element(turn: &Turn<'_>, at: usize) -> Option<usize> {
    let token = turn.tokens.get(at)?;
    if token.is(MONTH) && !is_verb(turn, at) || token.is(ORDINAL) {
        return Some(at);
    }
    let part = turn.runs.iter().flat_map(|run| &run.parts).find(|part| part.first == at)?;
    let is_ordinal = part.shape == Shape::Counted
        && turn.tokens.get(part.last).is_some_and(|token| matches!(token.text(turn.text), "st" | "nd" | "rd" | "th"));
    (is_ordinal || part.shape != Shape::Counted && !turn.tokens[at].is_letter()).then_some(part.last)
}

/// `may` and `march` as words of other kinds: no number, ordinal or `of` beside them.
fn is_verb(turn: &Turn<'_>, at: usize) -> bool {
    let near = |at: Option<usize>| {
        at.and_then(|at| turn.tokens.get(at)).is_some_and(|token| {
            token.form == Form::Digits || token.is(NUMBER | ORDINAL) || token.text(turn.text).eq_ignore_ascii_case("of")
        })
    };
    let token = &turn.tokens[at];
    let ambiguous =
        ["may", "march", "mar", "jan", "second"].iter().any(|word| token.text(turn.text).eq_ignore_ascii_case(word));
    ambiguous && !near(at.checked_sub(1)) && !near(Some(at + 1)) && turn.tokens.len() > 4
}

/// The token after what may stand between two parts of a date, if a part begins there.
fn beyond_joins(turn: &Turn<'_>, from: usize) -> Option<usize> {
    const WIDEST: usize = 4;
    (from..from + WIDEST).find_map(|at| {
        let token = turn.tokens.get(at)?;
        if element(turn, at).is_some() {
            return Some(Some(at));
        }
        let word = token.text(turn.text);
        let joins = matches!(token.form, Form::Sign(',' | '.' | '/' | '-' | '–' | '…'))
            || token.is(HESITATION | JOIN)
            || token.is_word()
                && ["of", "the", "in", "de", "del", "slash", "dash", "year"]
                    .iter()
                    .any(|join| word.eq_ignore_ascii_case(join));
        if joins { None } else { Some(None) }
    })?
}

/// Whether a stretch is more than a lone small number.
fn is_date(turn: &Turn<'_>, first: usize, last: usize) -> bool {
    let tokens = turn.tokens.get(first..=last).unwrap_or_default();
    let has_month = tokens.iter().any(|token| token.is(MONTH));
    let has_date = turn
        .runs
        .iter()
        .flat_map(|run| &run.parts)
        .any(|part| part.first >= first && part.last <= last && part.shape == Shape::Date);
    let digits: usize = tokens.iter().map(weight).sum();
    has_month
        || has_date
        || digits >= 4
        || tokens.iter().any(|token| token.is(ORDINAL)) && tokens.len() == turn.tokens.len()
}

fn weight(token: &Token) -> usize {
    match token.form {
        Form::Digits => token.chars.into(),
        _ if token.is(TEEN | TENS) => 2,
        _ if token.is(SCALE) => 3,
        _ if token.is(DIGIT | ORDINAL) => 1,
        _ => 0,
    }
}
