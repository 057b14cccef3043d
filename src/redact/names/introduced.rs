//! Names after what introduces them: phrases, titles, and the phrases that stand behind names.

use super::words::{Trust, Words};
use crate::redact::pack::{
    COMMON, Cue, FILLER, GIVEN, HESITATION, IS, NOT_A_NAME, REQUEST, SURNAME, TITLE, WEAK_TITLE,
};
use crate::redact::span::Finder;
use crate::redact::tokens::{Case, Form, Token};
use crate::redact::windows::Found;

/// Words after which `miss` is a verb.
const VERBS: [&str; 18] = [
    "i", "you", "we", "they", "to", "really", "don't", "not", "never", "would", "will", "gonna", "might", "and", "did",
    "didn't", "i'll", "can't",
];

impl Finder<'_> {
    /// Names after phrases, and before those that stand after names.
    pub(super) fn cued_names(&mut self, words: &Words<'_>) {
        for phrase in words.turn.phrases {
            let trust = match phrase.cue {
                Cue::Name => Trust::Sure,
                Cue::MaybeName | Cue::Person => Trust::Doubtful,
                Cue::AskName
                    if words
                        .get(phrase.end)
                        .is_some_and(|token| token.is(IS) || matches!(token.form, Form::Sign(':' | ','))) =>
                {
                    Trust::Sure
                }
                Cue::AfterName => {
                    self.name_before(words, phrase.first);
                    continue;
                }
                // The answer in the same turn: `Your last name? Miller`.
                Cue::AskName if words.get(phrase.end).is_some_and(|token| token.is_sign('?')) => Trust::Answer,
                _ => continue,
            };
            let skipped = |token: &&Token| {
                matches!(token.form, Form::Sign(':' | ',' | '"' | '“' | '?'))
                    || token.is(HESITATION | IS) && token.chars <= 3
                    || token.is(WEAK_TITLE | TITLE)
            };
            let from = (phrase.end..phrase.end + 4).find(|at| words.get(*at).is_none_or(|token| !skipped(&token)));
            let Some(from) = from else { continue };
            let framed = |last: usize| {
                let after = last + 1 + usize::from(words.get(last + 1).is_some_and(|sign| sign.is_sign(',')));
                words
                    .turn
                    .phrases
                    .iter()
                    .any(|other| other.cue == Cue::AfterName && (other.first == after || other.first == last + 1))
            };
            let is_person = |last: usize| {
                phrase.cue == Cue::Person
                    && !Self::is_company(words, last)
                    && words.get(from).is_some_and(|token| {
                        if words.cased { token.case == Case::Title } else { words.is_unknown(token) && token.chars > 2 }
                    })
            };
            let name = match trust {
                Trust::Sure => words.name(from, Trust::Sure).map(|last| (last, "name.introduced")),
                Trust::Answer => words
                    .name(from, Trust::Framed)
                    .filter(|last| words.cased && words.ends_clause(*last))
                    .map(|last| (last, "name.asked")),
                _ => words
                    .name(from, Trust::Framed)
                    .filter(|last| {
                        framed(*last) || is_person(*last) || Self::looks_introduced(words, phrase, from, *last)
                    })
                    .map(|last| (last, "name.framed"))
                    .or_else(|| words.name(from, Trust::Doubtful).map(|last| (last, "name.listed"))),
            };
            if let Some((last, rule)) = name {
                self.name(words, from, last, rule);
            }
        }
    }

    /// `This is Okonkwo.`: a capital after a phrase and the end of the clause.
    fn looks_introduced(words: &Words<'_>, phrase: &Found, from: usize, last: usize) -> bool {
        if words.cased
            && last > from
            && (from..=last).all(|at| words.get(at).is_some_and(|token| token.case == Case::Title))
            && !Self::is_company(words, last)
        {
            return true;
        }
        let goes_on = words.get(last + 1).is_some_and(|next| {
            ["and", "i", "i'm", "im", "again", "but"]
                .iter()
                .any(|word| next.text(words.turn.text).eq_ignore_ascii_case(word))
        });
        let states = words.get(phrase.first).is_some_and(|token| token.is(IS))
            && !words.text(phrase.first).eq_ignore_ascii_case("is");
        let unknown = words.get(from).is_some_and(|token| {
            words.is_unknown(token) && token.chars > 2 && (!words.cased || token.case != Case::Upper)
        });
        unknown && (goes_on && !states || words.cased && words.ends_clause(last))
    }

    /// `John Smith speaking`.
    fn name_before(&mut self, words: &Words<'_>, after: usize) {
        const LEADS: [&str; 4] = ["speaking", "here", "is", "again"];
        let is_speaking = LEADS.iter().any(|word| words.text(after).eq_ignore_ascii_case(word));
        if !is_speaking || after == 0 {
            return;
        }
        let sure = words.text(after).eq_ignore_ascii_case("speaking") || words.text(after).eq_ignore_ascii_case("is");
        let pair = after > 1
            && [after - 1, after - 2].iter().all(|at| {
                words.get(*at).is_some_and(|token| words.cased && token.case == Case::Title && words.is_unknown(token))
            });
        let fits = |at: &usize| {
            words.get(*at).is_some_and(|token| {
                token.is_word()
                    && !token.is(NOT_A_NAME | FILLER | IS)
                    && token.chars > 1
                    && (token.is(GIVEN | SURNAME) && (!token.is(COMMON) || words.cased && token.is_capital())
                        || !token.is(COMMON)
                            && (words.cased == token.is_capital())
                            && (sure || pair || words.cased && words.is_unknown(token) && words.ends_clause(after)))
            })
        };
        if let Some(first) = (0..after).rev().take(3).take_while(fits).last() {
            self.name(words, first, after - 1, "name.speaking");
        }
    }

    /// `Mr Miller`, `Dr. Jane Doe`.
    pub(super) fn titled_names(&mut self, words: &Words<'_>) {
        for at in 0..words.turn.tokens.len() {
            let Some(token) = words.get(at).filter(|token| token.is(TITLE | WEAK_TITLE) && token.is_word()) else {
                continue;
            };
            let from = at + 1 + usize::from(words.get(at + 1).is_some_and(|sign| sign.is_sign('.')));
            let Some(next) = words.get(from).filter(|next| next.is_word()) else { continue };
            let weak = token.is(WEAK_TITLE);
            let capital = words.cased && next.is_capital() && token.is_capital();
            let verb = weak && at > 0 && VERBS.iter().any(|word| words.text(at - 1).eq_ignore_ascii_case(word));
            let fits = if verb && !capital {
                false
            } else if words.cased && token.is_capital() {
                capital && !next.is(NOT_A_NAME)
            } else {
                !next.is(NOT_A_NAME | FILLER | REQUEST)
                    && (next.is(SURNAME | GIVEN) && (!weak || !next.is(COMMON))
                        || (!weak && token.chars <= 3 || words.is_unknown(next)) && next.chars > 2 && !next.is(IS))
            };
            if fits {
                let last = words.rest_of_name(from, false);
                self.name(words, from, last, "name.titled");
            }
        }
    }
}
