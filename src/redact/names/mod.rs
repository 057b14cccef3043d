//! Names of people: introduced, asked for, addressed, titled, spelled, known from the input, or on the list of given
//! names. A name that was found once is a name in every turn of its call.
//!
//! - `words`: what a name looks like; `spelled`: names letter by letter.

mod spelled;
mod words;

use super::kind::Kind;
use super::pack::{
    COMMON, Cue, FILLER, GIVEN, GREETING, HESITATION, IS, MONTH, NOT_A_NAME, NUMBER, PROVIDER, REGION, REQUEST, STREET,
    SURNAME, TITLE, VOCATIVE_LEAD, WEAK_TITLE,
};
use super::span::{Finder, Turn};
use super::tokens::{Case, Form, Token};
use super::windows::Found;
use crate::transcript::{Call, Role};
use words::{Trust, Words};

/// Turns for which an answer to the question for a name is waited for.
const ANSWER_TURNS: usize = 3;
/// What a person does whom somebody speaks of.
const SAYING: [&str; 8] = ["told", "said", "says", "promised", "assured", "informed", "explained", "mentioned"];
/// Words after which `miss` is a verb.
const VERBS: [&str; 18] = [
    "i", "you", "we", "they", "to", "really", "don't", "not", "never", "would", "will", "gonna", "might", "and", "did",
    "didn't", "i'll", "can't",
];
/// Words after which somebody is addressed at the end of a clause, without a comma: `a great day Jane`.
const BEFORE: [&str; 9] = ["day", "moment", "second", "minute", "weekend", "evening", "afternoon", "night", "afraid"];
/// Words that go on after somebody was addressed.
const AFTER: [&str; 12] = ["can", "could", "i", "i'm", "is", "are", "please", "let", "do", "thank", "thanks", "you"];

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
    pub(super) fn find_names(&mut self, turn: &Turn<'_>, found: &[Found]) {
        let words = Words::of(turn);
        self.cued_names(&words, found);
        self.titled_names(&words);
        self.addressed_names(&words);
        self.listed_names(&words);
        self.paired_names(&words);
        self.answered_names(&words);
        let spelling = found.iter().any(|phrase| phrase.cue == Cue::AskName || phrase.cue == Cue::Name);
        self.spelled_names(&words, found, spelling);
        self.wait_for_name(turn, found);
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

    /// Names after phrases, and before those that stand after names.
    fn cued_names(&mut self, words: &Words<'_>, found: &[Found]) {
        for phrase in found {
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
                found
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
    fn titled_names(&mut self, words: &Words<'_>) {
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

    /// `Hi John`, `thank you so much, Priya`, `Mark, I can see`.
    fn addressed_names(&mut self, words: &Words<'_>) {
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

    /// Whether a capitalised word that is common follows: `Woodgrove Bank`.
    fn is_company(words: &Words<'_>, last: usize) -> bool {
        words
            .get(last + 1)
            .is_some_and(|next| next.is_word() && next.is_capital() && next.is(COMMON) && words.text(last + 1) != "I")
    }

    /// Given names of the list, with the surname that follows.
    fn listed_names(&mut self, words: &Words<'_>) {
        let mut at = 0;
        while at < words.turn.tokens.len() {
            let Some(token) = words.get(at).filter(|token| token.is_word() && token.is(GIVEN | SURNAME)) else {
                at += 1;
                continue;
            };
            let last = words.rest_of_name(at, false);
            let pair = last > at;
            let saint = at > 0
                && ["san", "santa", "saint", "st", "los", "fort", "port", "lake", "mount"]
                    .iter()
                    .any(|word| words.text(at - 1).eq_ignore_ascii_case(word));
            let company = [
                "street",
                "avenue",
                "road",
                "inc",
                "bank",
                "hotel",
                "airport",
                "stadium",
                "university",
                "county",
                "city",
                "beach",
                "island",
                "park",
                "store",
                "lane",
                "drive",
            ]
            .iter()
            .any(|word| words.text(last + 1).eq_ignore_ascii_case(word));
            let capital = words.cased && token.is_capital();
            let plain = !token.is(COMMON | MONTH);
            // Two words that are common too, such as `Rose Gold`, are no name by themselves.
            let followed_by_surname = pair && words.get(at + 1).is_some_and(|next| !next.is(COMMON));
            let fits = if token.is(GIVEN) {
                plain && (capital || !words.cased || token.case == Case::Lower)
                    || capital
                        && followed_by_surname
                        && (!words.begins_sentence(at) || words.get(at + 1).is_some_and(|next| next.is(SURNAME)))
            } else {
                false
            };
            // `Priyanka Sharma`: a surname of the list after an unknown capital.
            let before = at.checked_sub(1).and_then(|at| words.get(at));
            let surname = token.is(SURNAME)
                && plain
                && capital
                && before.is_some_and(|before| {
                    before.is_word()
                        && before.case == Case::Title
                        && !before.is(COMMON | NOT_A_NAME | GIVEN | TITLE)
                        && token.spaced
                });
            let masked = fits && !saint && !company || surname && !company;
            if fits && !saint && !company {
                self.name(words, at, last, "name.listed");
            } else if surname && !company {
                self.name(words, at - 1, last, "name.listed");
            }
            at = if masked { last + 1 } else { at + 1 };
        }
    }

    /// Capitals that are in no list, before what a person does or after what is done by one.
    fn paired_names(&mut self, words: &Words<'_>) {
        if !words.cased {
            return;
        }
        let tokens = words.turn.tokens;
        let is_part = |at: usize| {
            tokens.get(at).is_some_and(|token| {
                token.is_word()
                    && token.case == Case::Title
                    && token.chars > 2
                    && !token.is(COMMON | NOT_A_NAME | TITLE | MONTH | NUMBER | REQUEST | STREET | REGION | PROVIDER)
            })
        };
        let mut at = 0;
        while at + 1 < tokens.len() {
            let count = (at..tokens.len()).take_while(|at| is_part(*at) && tokens[*at].spaced).count();
            let acts = |at: usize| SAYING.iter().any(|word| words.text(at).eq_ignore_ascii_case(word));
            let by = at.checked_sub(1).is_some_and(|at| {
                ["by", "with", "agent", "technician", "time"]
                    .iter()
                    .any(|word| words.text(at).eq_ignore_ascii_case(word))
            });
            let last = at + count.saturating_sub(1);
            if (count == 2 && by && !words.begins_sentence(at) || matches!(count, 1..=2) && acts(last + 1))
                && !Self::is_company(words, last)
            {
                self.name(words, at, last, "name.acting");
            }
            at += count.max(1);
        }
    }

    /// The answer to the question for a name.
    fn answered_names(&mut self, words: &Words<'_>) {
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
    fn wait_for_name(&mut self, turn: &Turn<'_>, found: &[Found]) {
        // `What name is it under?` has an introduction in it.
        let question = turn.tokens.iter().any(|token| token.is_sign('?'))
            || turn.tokens.first().is_some_and(|token| token.is(REQUEST));
        let asks = found.iter().any(|phrase| phrase.cue == Cue::AskName || phrase.cue == Cue::Name && question);
        let requests = turn.tokens.iter().any(|token| token.is_sign('?') || token.is(REQUEST));
        if asks && requests && turn.role != Role::Customer || asks && turn.tokens.iter().any(|token| token.is_sign('?'))
        {
            self.name_asked = Some((turn.index + ANSWER_TURNS, turn.role));
        }
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

/// How many commas the sentence has up to a token.
fn commas_before(words: &Words<'_>, at: usize) -> usize {
    let before = words.turn.tokens.get(..at).unwrap_or_default();
    let sentence = before.iter().rev().take_while(|token| !matches!(token.form, Form::Sign('.' | '!' | '?')));
    sentence.filter(|token| token.is_sign(',')).count()
}
