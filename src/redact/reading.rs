//! A turn's text, read once: its tokens, phrases and numbers.
//!
//! They depend on nothing but the text and the language pack, so a second look at a call reads only the turns that a
//! mask was put into.

use std::borrow::Cow;

use super::pack::{NUMBER, Pack};
use super::runs::{Run, runs};
use super::span::Turn;
use super::tokens::{Form, Token, tokenise};
use super::windows::{Found, phrases};
use crate::transcript::Role;

/// What a text shows by itself.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) tokens: Vec<Token>,
    phrases: Vec<Found>,
    runs: Vec<Run>,
    has_numbers: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn of(text: Cow<'a, str>, pack: &Pack) -> Self {
        let mut tokens = Vec::new();
        tokenise(&text, pack, &mut tokens);
        let phrases = phrases(&tokens, pack);
        let has_numbers = tokens.iter().any(|token| token.form == Form::Digits || token.is(NUMBER));
        // Without a digit there is no run.
        let runs = if has_numbers { runs(&tokens, &text) } else { Vec::new() };
        Self { text, tokens, phrases, runs, has_numbers }
    }

    /// The turn of a call that says it.
    pub(super) fn turn(&self, index: usize, role: Role) -> Turn<'_> {
        let Self { text, tokens, phrases, runs, has_numbers } = self;
        Turn { index, role, text, tokens, phrases, runs, has_numbers: *has_numbers }
    }
}
