//! Names that somebody is addressed by: after a greeting or thanks, before a question, at the end of a clause.

use super::words::Words;
use crate::redact::pack::{
    COMMON, FILLER, GIVEN, GREETING, HESITATION, IS, MONTH, NOT_A_NAME, REQUEST, SURNAME, TITLE, VOCATIVE_LEAD,
};
use crate::redact::span::Finder;
use crate::redact::tokens::{Case, Form};

/// Words after which somebody is addressed at the end of a clause, without a comma: `a great day Jane`.
const BEFORE: [&str; 9] = ["day", "moment", "second", "minute", "weekend", "evening", "afternoon", "night", "afraid"];
/// Words that go on after somebody was addressed.
const AFTER: [&str; 12] = ["can", "could", "i", "i'm", "is", "are", "please", "let", "do", "thank", "thanks", "you"];

impl Finder<'_> {
    /// `Hi John`, `thank you so much, Priya`, `Mark, I can see`.
    pub(super) fn addressed_names(&mut self, words: &Words<'_>) {
        const BETWEEN: [&str; 9] = ["you", "so", "very", "much", "again", "there", "for", "that", "day"];
        for at in 0..words.turn.tokens.len() {
            let Some(token) = words.get(at).filter(|token| token.is_word()) else { continue };
            if token.is(GREETING | VOCATIVE_LEAD) {
                let mut from = at + 1;
                while from < at + 6
                    && words.get(from).is_some_and(|next| {
                        next.is_sign(',')
                            || next.is_word() && BETWEEN.iter().any(|word| words.text(from).eq_ignore_ascii_case(word))
                    })
                {
                    from += 1;
                }
                let direct = from == at + 1;
                if let Some(last) = Self::vocative(words, at, from, direct && token.is(GREETING)) {
                    self.name(words, from, last, "name.addressed");
                }
            }
            if !words.cased || token.case != Case::Title {
                continue;
            }
            let is_word_too = token.is(GIVEN) && token.is(COMMON) && !token.is(MONTH | REQUEST);
            let unknown = words.is_unknown(token) && !token.is(NOT_A_NAME);
            if !unknown && !is_word_too {
                continue;
            }
            let last = words.rest_of_name(at, false);
            let comma_before = at > 0 && words.get(at - 1).is_some_and(|sign| sign.is_sign(','));
            let comma_after = words.get(last + 1).is_some_and(|sign| sign.is_sign(','));
            let is = |at: usize, list: &[&str]| list.iter().any(|word| words.text(at).eq_ignore_ascii_case(word));
            let leads =
                unknown && !token.is(FILLER) && words.begins_sentence(at) && comma_after && is(last + 2, &AFTER);
            let closes = unknown && words.ends_clause(last) && !comma_after;
            let parts = closes && !token.is(FILLER) && at > 0 && is(at - 1, &BEFORE);
            if leads
                || parts
                || closes && comma_before && commas_before(words, at) == 1
                || is_word_too
                    && (comma_before && words.ends_clause(last) && !comma_after
                        || words.begins_sentence(at) && comma_after && !token.is(FILLER | VOCATIVE_LEAD))
            {
                self.name(words, at, last, "name.addressed");
            }
        }
    }

    /// The last token of a name that somebody is addressed by.
    fn vocative(words: &Words<'_>, lead: usize, from: usize, greeted: bool) -> Option<usize> {
        let token = words.get(from).filter(|token| token.is_word() && token.chars > 1)?;
        if token.is(NOT_A_NAME | REQUEST | TITLE | HESITATION | IS)
            || token.is(FILLER | VOCATIVE_LEAD | GREETING) && !token.is(GIVEN)
        {
            return None;
        }
        let last = words.rest_of_name(from, false);
        let comma = words.get(from.checked_sub(1)?).is_some_and(|sign| sign.is_sign(','));
        let closed = words.ends_clause(last);
        let plain = !token.is(COMMON);
        let thanks_or_hi = words.get(lead).is_some_and(|lead| lead.is(GREETING));
        let fits = if words.cased {
            token.is_capital()
                && (token.is(GIVEN | SURNAME) && (plain || closed || greeted && token.is(GIVEN))
                    || plain && token.case == Case::Title && closed && (comma || thanks_or_hi)
                    || plain && token.case == Case::Title && greeted && !Self::is_company(words, last))
        } else {
            token.is(GIVEN)
                && (plain
                    || (greeted || comma)
                        && (closed
                            || !words.get(last + 1).is_some_and(|next| next.is(COMMON) && !next.is(REQUEST | FILLER))))
                || plain && greeted && token.chars > 2
                || plain && closed && thanks_or_hi && token.chars > 2
        };
        fits.then_some(last)
    }
}

/// How many commas the sentence has up to a token.
fn commas_before(words: &Words<'_>, at: usize) -> usize {
    let before = words.turn.tokens.get(..at).unwrap_or_default();
    let sentence = before.iter().rev().take_while(|token| !matches!(token.form, Form::Sign('.' | '!' | '?')));
    sentence.filter(|token| token.is_sign(',')).count()
}
