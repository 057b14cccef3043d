//! Personal data kept back: a call's turns with what names a person, or opens an account, replaced by what it is.
//!
//! A whole call is looked at at once, before it is cut: a number is said over several turns, the question for it stands
//! in the other party's, and a name is one in all turns if it is in one. Each [`Span`] becomes one token, such as
//! `[CARD]`; the rest of a turn stays as it is, byte for byte, and so do masks that are there already.
//!
//! This is no anonymisation and no guarantee: it finds what proves itself, what was asked for or introduced, what has
//! a known shape. Pure: it reads no file, knows no settings and keeps nothing of what it found.
//!
//! - `tokens`, `pack`: a turn's words and what a language's data files know of them; `runs`: numbers, written and spoken;
//!   `reading`: all that a text shows by itself
//! - `windows`: what was asked for; `numbers`, `proof`: which numbers are kept back
//! - `email`, `birth`, `address` and `address_end`, `names`, `secrets`: the other kinds; `terms`: one's own
//! - `span`: what goes through a call; `overlap`: one list out of all that was found; `marks`: texts to judge the rules by

mod address;
mod address_end;
mod birth;
mod counted;
mod email;
mod kind;
pub mod marks;
mod names;
mod numbers;
mod overlap;
mod pack;
mod proof;
#[cfg(test)]
mod properties;
mod reading;
mod runs;
mod secrets;
mod span;
mod terms;
#[cfg(test)]
mod tests;
mod tokens;
mod windows;

use std::borrow::Cow;
use std::ops::Range;

pub use kind::{Kind, Kinds};
pub use span::Span;
pub use terms::{Terms, TermsError};

use crate::transcript::Call;
use pack::Pack;
use reading::Reading;
use span::{Finder, Turn};
use tokens::Form;
use windows::Windows;

/// The version of the rules: it changes when the same text may be masked in another way.
pub const REDACTION_VERSION: &str = "3";

/// What is kept back, and how.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    kinds: Kinds,
    terms: Terms,
}

/// A token that stands for what was kept back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Index of the turn.
    pub turn: u32,
    /// Where the token begins in the turn's new text, in bytes.
    pub at: u32,
    /// What it stands for.
    pub kind: Kind,
    /// What found it, such as `card.luhn`.
    pub rule: &'static str,
}

impl Redactor {
    /// What keeps these kinds back, and one's own terms.
    #[must_use]
    pub const fn new(kinds: Kinds, terms: Terms) -> Self {
        Self { kinds, terms }
    }

    /// The kinds that are kept back.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Replaces what is kept back in a call's turns. `language` is the call's, a code of the engine's kind.
    pub fn redact(&self, call: &mut Call, language: &str) -> Vec<Mask> {
        let spans = self.find(call, language);
        put_masks(call, &spans)
    }

    /// What is to be kept back, in order; no two share a byte.
    ///
    /// What is left once that is out is looked at again, until nothing more is found: a mask may make plain what the
    /// words beside it are, and a text that was redacted stays as it is.
    #[must_use]
    pub fn find(&self, call: &Call, language: &str) -> Vec<Span> {
        const ROUNDS: usize = 8;
        let pack = Pack::of(language);
        let texts = call.turns.iter().map(|turn| Cow::Borrowed(turn.text.as_str()));
        let mut readings: Vec<Reading<'_>> = texts.map(|text| Reading::of(text, pack)).collect();
        let mut spans = self.find_once(call, &readings, language);
        let mut more = !spans.is_empty();
        for _ in 1..ROUNDS {
            if !more {
                break;
            }
            let mut masks = Vec::with_capacity(spans.len());
            for (at, of_turn) in by_turn(&spans) {
                let (Some(turn), Some(reading)) = (call.turns.get(at), readings.get_mut(at)) else { continue };
                *reading = Reading::of(Cow::Owned(masked(&turn.text, of_turn, &mut masks)), pack);
            }
            let found = self.find_once(call, &readings, language);
            more = !found.is_empty();
            let found = found.iter().map(|span| in_original(span, &spans, &masks));
            let found: Vec<Span> = found.collect();
            spans.extend(found);
            spans.sort_by_key(|span| (span.turn, span.bytes.start));
        }
        spans
    }

    /// One look at a call whose turns read so.
    fn find_once(&self, call: &Call, readings: &[Reading<'_>], language: &str) -> Vec<Span> {
        let mut finder = Finder::new(Pack::of(language), language);
        finder.know_agents(call);
        let turns = || call.turns.iter().zip(readings).enumerate();
        let turns = || turns().map(|(index, (turn, reading))| reading.turn(index, turn.role));
        for turn in turns() {
            finder.turn(&turn);
        }
        for turn in turns() {
            finder.known_names(&turn);
            finder.known_numbers(&turn);
            self.own_terms(&mut finder, &turn);
        }
        let mut spans = finder.spans;
        spans.retain(|span| self.kinds.contain(span.kind) || span.rule == TERMS_RULE);
        let spans = beside_masks(overlap::resolve(spans), readings);
        self.without_kept(spans, readings)
    }

    fn own_terms(&self, finder: &mut Finder<'_>, turn: &Turn<'_>) {
        for (kind, Range { start, end }) in self.terms.added(turn.text) {
            let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
            finder.add_bytes(turn, narrow(start)..narrow(end), kind, TERMS_RULE);
        }
    }

    fn without_kept(&self, mut spans: Vec<Span>, readings: &[Reading<'_>]) -> Vec<Span> {
        if !self.terms.keep_nothing() {
            spans.retain(|span| {
                let bytes = span.bytes.start as usize..span.bytes.end as usize;
                span.rule == TERMS_RULE
                    || readings.get(span.turn as usize).is_none_or(|turn| !self.terms.keeps(&turn.text, &bytes))
            });
        }
        spans
    }
}

/// The rule of what one's own terms found.
const TERMS_RULE: &str = "terms";

impl Finder<'_> {
    /// Finds all that a turn shows with what was said before it.
    fn turn(&mut self, turn: &Turn<'_>) {
        self.windows.begin(turn.index);
        if Windows::is_ack(turn.tokens) {
            self.windows.pass_over();
            if let Some((until, _)) = &mut self.name_asked {
                *until += 1;
            }
        }
        let asked_password = self.windows.is_secret_asked(turn.index);
        self.links(turn);
        self.emails(turn);
        self.ibans(turn);
        self.births(turn);
        self.numbers(turn);
        self.addresses(turn);
        self.passwords(turn, asked_password);
        self.find_names(turn);
        self.windows.open(turn);
    }

    /// Parts of numbers that were kept back, where they are said again.
    fn known_numbers(&mut self, turn: &Turn<'_>) {
        if self.numbers_said.is_empty() {
            return;
        }
        for run in turn.runs {
            let digits: String = run.characters.iter().filter(|c| c.is_ascii_digit()).collect();
            if digits.len() >= 4 && self.numbers_said.iter().any(|known| known.contains(&digits)) {
                self.add(turn, run.first(), run.last(), Kind::Id, "digits.known");
            }
        }
    }
}

/// Replaces spans in a call's turns by their tokens, and returns those.
fn put_masks(call: &mut Call, spans: &[Span]) -> Vec<Mask> {
    let mut masks = Vec::with_capacity(spans.len());
    for (at, of_turn) in by_turn(spans) {
        let Some(turn) = call.turns.get_mut(at) else { continue };
        turn.text = masked(&turn.text, of_turn, &mut masks).into();
    }
    masks
}

/// The spans of each turn that has any, with its index.
fn by_turn(spans: &[Span]) -> impl Iterator<Item = (usize, &[Span])> {
    let of_turn = |spans: &'_ [Span]| spans.first().map_or(0, |span| span.turn as usize);
    spans.chunk_by(|one, other| one.turn == other.turn).map(move |spans| (of_turn(spans), spans))
}

/// Where a span of a redacted call lies in the call before that. `spans` are what the masks stand for.
fn in_original(span: &Span, spans: &[Span], masks: &[Mask]) -> Span {
    let mut moved = 0_u32;
    let before = spans.iter().zip(masks).filter(|(other, _)| other.turn == span.turn);
    for (other, mask) in before.take_while(|(_, mask)| mask.at < span.bytes.start) {
        let end = mask.at + u32::try_from(mask.kind.token().len()).unwrap_or_default();
        moved = other.bytes.end.wrapping_sub(end);
    }
    // A step back wraps around, and so comes out right.
    let shift = |at: u32| at.wrapping_add(moved);
    Span { bytes: shift(span.bytes.start)..shift(span.bytes.end), ..*span }
}

/// Takes the masks that stand in a text already out of spans that reach over them.
fn beside_masks(spans: Vec<Span>, readings: &[Reading<'_>]) -> Vec<Span> {
    let mut parted = Vec::with_capacity(spans.len());
    for span in spans {
        let masks = readings.get(span.turn as usize).map_or(&[][..], |reading| &reading.tokens);
        let inside = masks
            .iter()
            .filter(|token| token.form == Form::Mask && token.start < span.bytes.end && span.bytes.start < token.end);
        let mut start = span.bytes.start;
        for mask in inside {
            if start < mask.start {
                parted.push(Span { bytes: start..mask.start, ..span.clone() });
            }
            start = mask.end;
        }
        if start < span.bytes.end {
            parted.push(Span { bytes: start..span.bytes.end, ..span });
        }
    }
    parted
}

/// A turn's text with the tokens in it; notes them in `masks`.
fn masked(text: &str, spans: &[Span], masks: &mut Vec<Mask>) -> String {
    let mut new = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        new.push_str(text.get(from..span.bytes.start as usize).unwrap_or_default());
        let at = u32::try_from(new.len()).unwrap_or(u32::MAX);
        masks.push(Mask { turn: span.turn, at, kind: span.kind, rule: span.rule });
        new.push_str(span.kind.token());
        from = span.bytes.end as usize;
    }
    new.push_str(text.get(from..).unwrap_or_default());
    new
}
