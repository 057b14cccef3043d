//! Names that are known by a list, and capitals beside what a person does.

use super::words::Words;
use crate::redact::pack::{
    COMMON, GIVEN, MONTH, NOT_A_NAME, NUMBER, PROVIDER, REGION, REQUEST, STREET, SURNAME, TITLE,
};
use crate::redact::span::Finder;
use crate::redact::tokens::Case;

/// What a person does whom somebody speaks of.
const SAYING: [&str; 8] = ["told", "said", "says", "promised", "assured", "informed", "explained", "mentioned"];

impl Finder<'_> {
    /// Given names of the list, with the surname that follows.
    pub(super) fn listed_names(&mut self, words: &Words<'_>) {
        let mut at = 0;
        while at < words.turn.tokens.len() {
            let Some(token) = words.get(at).filter(|token| token.is_word() && token.is(GIVEN | SURNAME)) else {
                at += 1;
                continue;
            };
            let last = words.rest_of_name(at, false);
            let pair = last > at;
            let saint = || {
                at > 0
                    && ["san", "santa", "saint", "st", "los", "fort", "port", "lake", "mount"]
                        .iter()
                        .any(|word| words.text(at - 1).eq_ignore_ascii_case(word))
            };
            let company = || {
                [
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
                .any(|word| words.text(last + 1).eq_ignore_ascii_case(word))
            };
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
            let first = if fits && !saint() { Some(at) } else { surname.then(|| at - 1) };
            let Some(first) = first.filter(|_| !company()) else {
                at += 1;
                continue;
            };
            self.name(words, first, last, "name.listed");
            at = last + 1;
        }
    }

    /// Capitals that are in no list, before what a person does or after what is done by one.
    pub(super) fn paired_names(&mut self, words: &Words<'_>) {
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
            if count == 0 {
                at += 1;
                continue;
            }
            let acts = |at: usize| SAYING.iter().any(|word| words.text(at).eq_ignore_ascii_case(word));
            let by = at.checked_sub(1).is_some_and(|at| {
                ["by", "with", "agent", "technician", "time"]
                    .iter()
                    .any(|word| words.text(at).eq_ignore_ascii_case(word))
            });
            let last = at + count - 1;
            if (count == 2 && by && !words.begins_sentence(at) || matches!(count, 1..=2) && acts(last + 1))
                && !Self::is_company(words, last)
            {
                self.name(words, at, last, "name.acting");
            }
            at += count;
        }
    }
}
