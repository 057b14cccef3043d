//! Passwords that are said, and links that lead to a person.

use super::kind::Kind;
use super::pack::{COMMON, Cue, FILLER, HESITATION, IS, NOT_A_NAME, REQUEST};
use super::span::{Finder, Turn};
use super::tokens::Form;
use super::windows::Windows;

/// Most words of a password that is a phrase.
const MOST_WORDS: usize = 3;
/// What follows `password is` when none is said.
const NO_PASSWORD: [&str; 26] = [
    "not",
    "wrong",
    "expired",
    "incorrect",
    "correct",
    "too",
    "the",
    "a",
    "an",
    "invalid",
    "being",
    "reset",
    "in",
    "on",
    "still",
    "always",
    "never",
    "required",
    "needed",
    "set",
    "about",
    "what",
    "that",
    "my",
    "your",
    "locked",
];
/// Parts of addresses after which a person's number comes.
const PERSONAL: [&str; 12] =
    ["user", "users", "u", "account", "accounts", "order", "orders", "o", "invoice", "profile", "customer", "track"];
/// Sites whose addresses name their users.
const PROFILES: [&str; 6] = ["facebook.", "linkedin.", "instagram.", "twitter.", "tiktok.", "x.com/"];

impl Finder<'_> {
    /// Finds what is said to be a password, or asked for as one.
    pub(super) fn passwords(&mut self, turn: &Turn<'_>, asked: bool) {
        let tokens = turn.tokens;
        for phrase in turn.phrases.iter().filter(|phrase| phrase.cue == Cue::Secret) {
            let stated = tokens
                .get(phrase.end.wrapping_sub(1))
                .is_some_and(|token| token.is(IS) || token.text(turn.text).eq_ignore_ascii_case("be"));
            let follows = tokens.get(phrase.end).is_some_and(|token| token.is(IS) || token.is_sign(':'));
            if stated || follows {
                self.password(turn, phrase.end + usize::from(follows), "password.stated");
            }
        }
        if asked && !Windows::is_ack(tokens) {
            let from = tokens
                .iter()
                .take_while(|token| token.is(FILLER | HESITATION) || matches!(token.form, Form::Sign(_)))
                .count();
            let words = tokens.iter().skip(from).filter(|token| token.is_word()).count();
            let telling = tokens.iter().skip(from).any(|token| token.is_word() && token.chars > 1 && !token.is(COMMON));
            if telling && (1..=MOST_WORDS).contains(&words) && !tokens.iter().any(|token| token.is_sign('?')) {
                self.password(turn, from, "password.asked");
            }
        }
    }

    fn password(&mut self, turn: &Turn<'_>, from: usize, rule: &'static str) {
        let tokens = turn.tokens;
        let from = (from..tokens.len())
            .find(|at| {
                !tokens[*at].is(HESITATION) && !matches!(tokens[*at].form, Form::Sign('"' | '\'' | '“' | ',' | ':'))
            })
            .unwrap_or(tokens.len());
        let mut last = None;
        let mut words = 0;
        let mut at = from;
        while let Some(token) = tokens.get(at) {
            let stops = token.is_word()
                && (token.is(REQUEST | IS)
                    || NO_PASSWORD.iter().any(|stop| token.text(turn.text).eq_ignore_ascii_case(stop)))
                || matches!(token.form, Form::Mask | Form::Link)
                || token.is_word() && token.is(FILLER | NOT_A_NAME) && !token.is_letter();
            let ends = matches!(token.form, Form::Sign('.' | ',' | '?' | ';'))
                && tokens.get(at + 1).is_none_or(|next| next.spaced);
            if stops || ends {
                break;
            }
            if token.spaced
                && token.is_word()
                && token.chars > 1
                && !token.is(super::pack::NUMBER | super::pack::SYMBOL)
            {
                words += 1;
                if words > MOST_WORDS || words > 1 && token.is(COMMON) && token.chars < 4 {
                    break;
                }
            }
            last = Some(at);
            at += 1;
        }
        if let Some(last) = last {
            self.add(turn, from, last, Kind::Password, rule);
        }
    }

    /// Finds links with something personal in them. The address of a site, or of a page of it, stays.
    pub(super) fn links(&mut self, turn: &Turn<'_>) {
        for (at, token) in turn.tokens.iter().enumerate() {
            if token.form == Form::Link && is_personal(token.text(turn.text)) {
                self.add(turn, at, at, Kind::Url, "url.personal");
            }
        }
    }
}

/// Whether a link has a query, a user, a number or a code in it, or is a profile's.
fn is_personal(link: &str) -> bool {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_code = |part: &str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
        part.len() >= 12 && digits > 1 && letters > 1
    };
    let names_person =
        path.split('/').any(|part| PERSONAL.contains(&part)) && path.bytes().any(|byte| byte.is_ascii_digit());
    host.contains('@')
        || path.contains(['?', '@'])
        || names_person
        || path.split(['/', '#', '-', '_', '.']).any(is_code)
        || !path.is_empty() && PROFILES.iter().any(|site| link.contains(site))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_site_is_not_personal() {
        for link in [
            "https://support.example.com/help/reset-password",
            "https://example.com",
            "http://www.example.com/a/b.html",
            "https://support.example.com/answer/185111",
        ] {
            assert!(!is_personal(link), "{link}");
        }
        for link in [
            "https://example.com/u?id=x",
            "https://facebook.com/jane.doe",
            "https://example.com/orders/2041177",
            "https://example.com/r/a1b2c3d4e5f6",
        ] {
            assert!(is_personal(link), "{link}");
        }
    }
}
