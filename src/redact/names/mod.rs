//! Names of people: introduced, asked for, addressed, titled, spelled, known from the input, or on the list of given
//! names. A name that was found once is a name in every turn of its call.
//!
//! - `words`: what a name looks like
//! - `introduced`, `addressed`, `listed`, `asked`, `spelled`: one way to come upon a name each

mod addressed;
mod asked;
mod introduced;
mod listed;
mod spelled;
mod words;

use super::kind::Kind;
use super::pack::{COMMON, FILLER, GIVEN, MONTH, NOT_A_NAME, REQUEST, SURNAME, TITLE, VOCATIVE_LEAD};
use super::span::{Finder, Turn};
use super::tokens::{Case, Form};
use crate::transcript::Call;
use words::Words;

impl Finder<'_> {
    /// Notes the agents' names of a call's rows, where they look like names.
    pub(super) fn know_agents(&mut self, call: &Call) {
        let mut last: Option<&str> = None;
        for id in call.turns.iter().filter_map(|turn| turn.agent_id.as_deref()) {
            if last == Some(id) {
                continue;
            }
            last = Some(id);
            let mut tokens = Vec::new();
            super::tokens::tokenise(id, self.pack, &mut tokens);
            let all_names = tokens.iter().all(|token| {
                token.is_word()
                    && (token.is(GIVEN | SURNAME) || token.case == Case::Title && !token.is(COMMON | NOT_A_NAME))
                    || matches!(token.form, Form::Sign('.' | ',' | '_' | '-'))
            });
            if tokens.len() <= 5 && all_names {
                let words = tokens.iter().filter(|token| token.is_word() && token.chars > 2);
                self.names.extend(words.map(|token| token.hash));
            }
        }
    }

    /// Finds the names of a turn.
    pub(super) fn find_names(&mut self, turn: &Turn<'_>) {
        let words = Words::of(turn);
        self.cued_names(&words);
        self.titled_names(&words);
        self.addressed_names(&words);
        self.listed_names(&words);
        self.paired_names(&words);
        self.answered_names(&words);
        self.spelled_names(&words);
        self.wait_for_name(turn);
    }

    fn name(&mut self, words: &Words<'_>, first: usize, last: usize, rule: &'static str) {
        // A last word is not a name if a sign stands between that no name has.
        self.add(&words.turn, first, last, Kind::Name, rule);
        for at in first..=last {
            if let Some(token) = words
                .get(at)
                .filter(|token| token.is_word() && token.chars > 2 && !token.is(TITLE) && !words.is_particle(at))
            {
                self.names.insert(token.hash);
            }
        }
    }

    /// Whether a capitalised word that is common follows: `Woodgrove Bank`.
    fn is_company(words: &Words<'_>, last: usize) -> bool {
        words
            .get(last + 1)
            .is_some_and(|next| next.is_word() && next.is_capital() && next.is(COMMON) && words.text(last + 1) != "I")
    }

    /// Names that were found, wherever else they stand.
    pub(super) fn known_names(&mut self, turn: &Turn<'_>) {
        if self.names.is_empty() {
            return;
        }
        let words = Words::of(turn);
        for (at, token) in turn.tokens.iter().enumerate() {
            if !token.is_word() || token.chars < 2 || !self.names.contains(&token.hash) {
                continue;
            }
            let sure = !token.is(COMMON)
                || words.cased
                    && token.case == Case::Title
                    && !token.is(MONTH | REQUEST | FILLER | VOCATIVE_LEAD)
                    && (!words.begins_sentence(at) || words.ends_clause(at));
            if sure && !token.is(NOT_A_NAME) {
                self.add(turn, at, at, Kind::Name, "name.known");
            }
        }
    }
}
