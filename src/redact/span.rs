//! What is found in a call, and the state that finds it: windows, and what was found once.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::kind::Kind;
use super::pack::Pack;
use super::runs::Run;
use super::tokens::Token;
use super::windows::{Found, Windows};
use crate::transcript::Role;

/// A stretch of a turn that is kept back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Index of the turn.
    pub turn: u32,
    /// Bytes of its text.
    pub bytes: Range<u32>,
    /// What it is.
    pub kind: Kind,
    /// What found it, such as `card.luhn`.
    pub rule: &'static str,
}

/// A turn as the rules see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) index: usize,
    pub(super) role: Role,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) phrases: &'a [Found],
    /// Its numbers.
    pub(super) runs: &'a [Run],
    /// Whether any token is a number.
    pub(super) has_numbers: bool,
}

/// What goes through a call.
pub(super) struct Finder<'a> {
    pub(super) pack: &'a Pack,
    pub(super) language: &'a str,
    pub(super) windows: Windows,
    pub(super) spans: Vec<Span>,
    /// Digits that were kept back, four and more.
    pub(super) numbers_said: Vec<String>,
    /// Hashes of the words of names.
    pub(super) names: FxHashSet<u64>,
    /// The turn up to which a name is waited for, and which role was asked.
    pub(super) name_asked: Option<(usize, Role)>,
    /// The last turn that said few digits and nothing else, and those of such turns that are not kept back yet.
    pub(super) held_back: Option<(usize, Vec<Span>)>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(pack: &'a Pack, language: &'a str) -> Self {
        Self {
            pack,
            language,
            windows: Windows::default(),
            spans: Vec::new(),
            numbers_said: Vec::new(),
            names: FxHashSet::default(),
            name_asked: None,
            held_back: None,
        }
    }

    /// Keeps the tokens from one to another back, both included.
    pub(super) fn add(&mut self, turn: &Turn<'_>, first: usize, last: usize, kind: Kind, rule: &'static str) {
        let (Some(first), Some(last)) = (turn.tokens.get(first), turn.tokens.get(last)) else { return };
        self.add_bytes(turn, first.start..last.end, kind, rule);
    }

    pub(super) fn add_bytes(&mut self, turn: &Turn<'_>, bytes: Range<u32>, kind: Kind, rule: &'static str) {
        let turn = u32::try_from(turn.index).unwrap_or(u32::MAX);
        self.spans.push(Span { turn, bytes, kind, rule });
    }

    /// Notes digits that were kept back, so that a part of them is when it is read back.
    pub(super) fn remember_number(&mut self, digits: &str) {
        const SHORTEST: usize = 5;
        if digits.len() >= SHORTEST && self.numbers_said.iter().all(|known| known != digits) {
            self.numbers_said.push(digits.to_owned());
        }
    }
}
