//! The question for a name, and the answer to it in a later turn.

use super::words::{Trust, Words};
use crate::redact::pack::{Cue, FILLER, GIVEN, GREETING, HESITATION, IS, NOT_A_NAME, NUMBER, REQUEST, SURNAME};
use crate::redact::span::{Finder, Turn};
use crate::redact::tokens::{Form, Token};
use crate::transcript::Role;

/// Turns for which an answer to the question for a name is waited for.
const ANSWER_TURNS: usize = 3;

impl Finder<'_> {
    /// The answer to the question for a name.
    pub(super) fn answered_names(&mut self, words: &Words<'_>) {
        let Some((until, asker)) = self.name_asked else { return };
        if words.turn.index > until {
            self.name_asked = None;
            return;
        }
        if words.turn.role == asker {
            return;
        }
        let is_lead = |at: &usize| {
            words.get(*at).is_some_and(|token| {
                (token.is(FILLER | HESITATION | GREETING | IS)
                    && !(words.cased && token.is_capital() && token.is(GIVEN) && !token.is(FILLER)))
                    || matches!(token.form, Form::Sign(_))
            })
        };
        let from = (0..words.turn.tokens.len()).take_while(is_lead).count();
        let rest = words.turn.tokens.get(from..).unwrap_or_default();
        let content = rest.iter().filter(|token| token.is_word()).count();
        let last = words.name(from, Trust::Answer).or_else(|| {
            let unknown = words.get(from).is_some_and(|token| words.is_unknown(token)) && content <= 6;
            if unknown && words.begins_name(from, Trust::Framed) {
                return Some(words.rest_of_name(from, false));
            }
            let short = content <= 3
                && content > 0
                && rest.iter().all(|token| !token.is(FILLER | REQUEST | IS | NOT_A_NAME | HESITATION | NUMBER));
            let telling =
                rest.iter().any(|token| token.is(GIVEN | SURNAME) || token.is_word() && words.is_unknown(token));
            let all_capital = rest.iter().filter(|token| token.is_word()).all(Token::is_capital);
            (short
                && telling
                && words.begins_name(from, Trust::Sure)
                && (all_capital && words.cased || rest.iter().any(|token| token.is(GIVEN | SURNAME))))
            .then(|| words.rest_of_name(from, true))
        });
        if let Some(last) = last {
            self.name(words, from, last, "name.asked");
            // A surname after a comma: `Miller, John`.
            if words.get(last + 1).is_some_and(|sign| sign.is_sign(','))
                && let Some(end) = words.name(last + 2, Trust::Answer)
            {
                self.name(words, last + 2, end, "name.asked");
            }
        }
    }

    /// Waits for the answer to a question of this turn.
    pub(super) fn wait_for_name(&mut self, turn: &Turn<'_>) {
        if !turn.phrases.iter().any(|phrase| matches!(phrase.cue, Cue::AskName | Cue::Name)) {
            return;
        }
        let question = turn.tokens.iter().any(|token| token.is_sign('?'));
        // `What name is it under?` has an introduction in it.
        let is_asked = question || turn.tokens.first().is_some_and(|token| token.is(REQUEST));
        let asks = is_asked || turn.phrases.iter().any(|phrase| phrase.cue == Cue::AskName);
        let requests = question || turn.tokens.iter().any(|token| token.is(REQUEST));
        if asks && (question || requests && turn.role != Role::Customer) {
            self.name_asked = Some((turn.index + ANSWER_TURNS, turn.role));
        }
    }
}
