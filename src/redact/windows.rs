//! What a conversation is about to say: a question or a phrase opens a window of some turns for a kind of number.

use super::kind::Kind;
use super::pack::{ACK, Cue, IS, Pack, REQUEST};
use super::span::Turn;
use super::tokens::{Form, Token};
use crate::transcript::Role;

/// Turns for which a window stays open, across parties.
const OPEN_TURNS: usize = 8;
/// Turns that it stays open once a whole number was said: it is read back.
const READ_BACK_TURNS: usize = 3;

/// Turns for which the answer to the question for a secret word is waited for.
const SECRET_TURNS: usize = 2;

/// A phrase that was found in a turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) cue: Cue,
    pub(super) rule: &'static str,
    /// Whether it counts in a question and right before a number only.
    pub(super) weak: bool,
    /// Its first token.
    pub(super) first: usize,
    /// The token after it.
    pub(super) end: usize,
}

/// All phrases of a turn, the longest at each place, none within another.
pub(super) fn phrases(tokens: &[Token], pack: &Pack) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let number = tokens[at].phrases;
        let matched = if number == 0 { None } else { longest(tokens, at, pack, number) };
        at = matched.map_or(at + 1, |found| found.end);
        found.extend(matched);
    }
    found
}

fn longest(tokens: &[Token], at: usize, pack: &Pack, number: u16) -> Option<Found> {
    pack.phrases(number).iter().find_map(|phrase| {
        let mut end = at + 1;
        for word in &phrase.rest {
            while tokens.get(end).is_some_and(|token| token.is_sign('-') || token.is_sign('.')) {
                end += 1;
            }
            let token = tokens.get(end)?;
            if !matches!(token.form, Form::Word | Form::Digits) || token.hash != *word {
                return None;
            }
            end += 1;
        }
        Some(Found { cue: phrase.cue, rule: phrase.rule, weak: phrase.weak, first: at, end })
    })
}

/// A kind of number that is spoken of.
#[derive(Debug, Clone, Copy)]
struct Window {
    kind: Kind,
    rule: &'static str,
    /// The turn that opened it.
    opened: usize,
    /// The last turn in which it is open.
    until: usize,
    /// Digits that were said in it.
    said: usize,
}

/// The windows that are open.
#[derive(Debug, Default)]
pub(super) struct Windows {
    open: Vec<Window>,
    /// The kind that was last spoken of, which the end of a number is taken to be of.
    last: Option<(Kind, &'static str)>,
    /// The turn up to which a secret word is waited for.
    secret_until: Option<usize>,
}

impl Windows {
    /// Drops what has closed by a turn.
    pub(super) fn begin(&mut self, turn: usize) {
        self.open.retain(|window| window.until >= turn);
    }

    /// Opens the windows of a turn's phrases, for the turns after it.
    pub(super) fn open(&mut self, turn: &Turn<'_>) {
        /// Words of an agent's turn that asks, though no sign shows it.
        const FEW: usize = 12;
        if turn.phrases.is_empty() {
            return;
        }
        let (tokens, index) = (turn.tokens, turn.index);
        let words = tokens.iter().filter(|token| token.is_word()).count();
        let asks = tokens.iter().any(|token| token.is_sign('?'));
        let is_short = turn.role == Role::Agent && words <= FEW;
        // What names a kind goes before what only hints at one.
        let in_turn = |phrase: &&Found| if phrase.weak { 2 } else { u8::from(phrase.cue == Cue::Ending) };
        let mut ordered: Vec<&Found> = turn.phrases.iter().collect();
        ordered.sort_by_key(in_turn);
        for phrase in ordered {
            let kind = match phrase.cue {
                Cue::Number(kind) => (kind, phrase.rule),
                Cue::Secret => (Kind::Password, phrase.rule),
                Cue::Ending => self.last.unwrap_or((Kind::Card, phrase.rule)),
                _ => continue,
            };
            if !phrase.weak {
                self.last = Some(kind);
            }
            let before = tokens.get(phrase.first.saturating_sub(12)..phrase.first).unwrap_or_default();
            let follows = tokens.get(phrase.end..).unwrap_or_default();
            let nears_end = follows.iter().filter(|token| token.is_word()).count() <= 5;
            let requested = asks
                || is_short && nears_end
                || before.iter().chain(follows.iter().take(6)).any(|token| token.is(REQUEST));
            let ends = follows.iter().filter(|token| token.is_word()).count() <= 2;
            let states = follows.first().is_some_and(|token| token.is(IS) || token.is_sign(':'));
            if phrase.cue == Cue::Secret && asks {
                self.secret_until = Some(index + SECRET_TURNS);
            }
            if requested || !phrase.weak && (ends || states) {
                let taken = phrase.weak && self.open.iter().any(|window| window.opened == index);
                if !taken {
                    self.put(Window { kind: kind.0, rule: kind.1, opened: index, until: index + OPEN_TURNS, said: 0 });
                }
            }
        }
    }

    fn put(&mut self, window: Window) {
        self.open.retain(|other| other.kind != window.kind);
        self.open.push(window);
    }

    /// The kind that a number of so many digits has if it is said now, with the rule.
    pub(super) fn kind(&self, digits: usize) -> Option<(Kind, &'static str)> {
        let fits = |window: &&Window| match window.kind {
            Kind::Email | Kind::Name | Kind::Url => false,
            Kind::Birth => (2..=8).contains(&digits),
            Kind::Address => (4..=10).contains(&digits),
            Kind::Password => digits <= 12,
            _ => true,
        };
        let open = self.open.iter().rev().filter(fits);
        let best = open.max_by_key(|window| (likely(window.kind, digits), window.opened, window.said))?;
        Some((best.kind, best.rule))
    }

    /// Whether a secret word was asked for just before a turn.
    pub(super) fn is_secret_asked(&self, turn: usize) -> bool {
        self.secret_until.is_some_and(|until| turn <= until)
    }

    /// Whether a part of a number of a kind was said.
    pub(super) fn is_begun(&self, kind: Kind) -> bool {
        self.open.iter().any(|window| window.kind == kind && window.said > 0)
    }

    pub(super) fn is_open(&self, kind: Kind) -> bool {
        self.open.iter().any(|window| window.kind == kind)
    }

    /// Notes that digits of a kind were said: a part keeps the window open, a whole number lets it close.
    pub(super) fn said(&mut self, kind: Kind, turn: usize, digits: usize) {
        for window in self.open.iter_mut().filter(|window| window.kind == kind) {
            window.said += digits;
            window.until = turn + if window.said >= whole(kind) { READ_BACK_TURNS } else { OPEN_TURNS };
        }
    }

    /// Whether a turn only keeps the other party speaking.
    pub(super) fn is_ack(tokens: &[Token]) -> bool {
        let words = || tokens.iter().filter(|token| token.is_word());
        words().count() <= 3 && words().all(|token| token.is(ACK))
    }

    /// A turn that says nothing does not count.
    pub(super) fn pass_over(&mut self) {
        for window in &mut self.open {
            window.until += 1;
        }
    }
}

/// How well a number of so many digits fits a kind.
const fn likely(kind: Kind, digits: usize) -> u8 {
    match (kind, digits) {
        (Kind::Card, 13..=19)
        | (Kind::Ssn, 9)
        | (Kind::Phone, 10..=11)
        | (Kind::Password, 3..=6)
        | (Kind::Address, 5) => 2,
        (Kind::Phone, 0..=6) | (Kind::Card | Kind::Bank, 1..=2) | (Kind::Password, 9..) | (Kind::Ssn, 10..) => 0,
        _ => 1,
    }
}

/// How many digits a number of a kind has at least when it is whole.
const fn whole(kind: Kind) -> usize {
    match kind {
        Kind::Card => 20,
        Kind::Ssn => 9,
        Kind::Phone => 10,
        Kind::Iban => 15,
        Kind::Password | Kind::Address => 4,
        _ => 8,
    }
}
