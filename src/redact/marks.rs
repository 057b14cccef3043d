//! Texts in which somebody marked what is personal, `[[card|4111 1111 1111 1111]]`, and what is left of that once it is
//! redacted.

use std::ops::Range;

use super::kind::Kind;
use super::pack::{
    COMMON, HESITATION, JOIN, MONTH, NUMBER, Pack, REPEAT, SCALE, SYMBOL, TEEN, TENS, TITLE, WEAK_TITLE,
};
use super::tokens::{Form, Token, tokenise};

/// A marked stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Bytes of the text without marks.
    pub bytes: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The text without its marks, and what they marked. What looks like a mark and has no known kind is text.
#[must_use]
pub fn unmark(text: &str) -> (String, Vec<Marked>) {
    let mut plain = String::with_capacity(text.len());
    let mut marked = Vec::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("[[") {
        plain.push_str(before);
        if let Some((kind, secret, after)) = mark(from) {
            let start = plain.len();
            plain.push_str(secret);
            marked.push(Marked { bytes: start..plain.len(), kind });
            rest = after;
        } else {
            plain.push_str("[[");
            rest = from;
        }
    }
    plain.push_str(rest);
    (plain, marked)
}

/// Kind and secret of the mark that a text begins in, and what follows it.
fn mark(text: &str) -> Option<(Kind, &str, &str)> {
    let (inside, after) = text.split_once("]]")?;
    let (kind, secret) = inside.split_once('|')?;
    Some((kind.trim().to_ascii_lowercase().parse().ok()?, secret, after))
}

/// Whether bytes hold a mark, whatever they are encoded or quoted in.
#[must_use]
pub fn holds_marks(bytes: &[u8]) -> bool {
    let ends = |at: usize| bytes.get(at..).and_then(|from| from.iter().take(12).position(|byte| *byte == b'|'));
    memchr::memmem::find_iter(bytes, b"[[").any(|at| {
        let kind = ends(at + 2).and_then(|length| std::str::from_utf8(&bytes[at + 2..at + 2 + length]).ok());
        kind.is_some_and(|kind| kind.trim().to_ascii_lowercase().parse::<Kind>().is_ok())
    })
}

/// Whether what is left of a marked stretch still tells what it was: `masked` are the stretches of `text` that were
/// kept back.
///
/// Of a number that is four digits in a row, or all of them if there are fewer than five; of a date its year, or two
/// other numbers; of a name, an address or an e-mail address any word that is more than a letter.
#[must_use]
pub fn tells(text: &str, secret: &Marked, masked: &[Range<usize>], language: &str) -> bool {
    let mut tokens = Vec::new();
    tokenise(text, Pack::of(language), &mut tokens);
    let inside = |token: &&Token| (token.start as usize) < secret.bytes.end && secret.bytes.start < token.end as usize;
    let is_left = |token: &Token| {
        !masked.iter().any(|range| range.start <= token.start as usize && token.end as usize <= range.end)
    };
    let whole: Vec<&Token> = tokens.iter().filter(inside).collect();
    match secret.kind {
        Kind::Name => whole.iter().any(|token| {
            is_left(token) && token.is_word() && token.chars > 1 && !token.is(HESITATION | JOIN | TITLE | WEAK_TITLE)
        }),
        Kind::Email => {
            // The site that the mail goes to tells nothing of the person.
            let at = whole.iter().position(|token| token.is_sign('@') || token.is(SYMBOL) && token.value == b'@');
            let local = whole.get(..at.unwrap_or(whole.len())).unwrap_or_default();
            local.iter().any(|token| {
                is_left(token) && (token.form == Form::Digits || token.is_word() && !token.is(HESITATION | SYMBOL))
            })
        }
        Kind::Address | Kind::Url => whole.iter().any(|token| {
            is_left(token)
                && (token.form == Form::Digits
                    || token.is_word()
                        && token.chars > 1
                        && !token.is(HESITATION | JOIN)
                        && !(token.is(COMMON) && token.chars <= 3))
        }),
        Kind::Birth => {
            let left: Vec<usize> = whole.iter().filter(|token| is_left(token)).map(|token| digits(token)).collect();
            let months = whole.iter().filter(|token| is_left(token) && token.is(MONTH)).count();
            left.iter().sum::<usize>() + months * 2 >= 3
        }
        _ => {
            let all: usize = whole.iter().map(|token| digits(token)).sum();
            if all == 0 {
                return whole
                    .iter()
                    .any(|token| is_left(token) && token.is_word() && token.chars > 1 && !token.is(HESITATION | JOIN));
            }
            longest_left(&whole, is_left) >= all.min(4)
        }
    }
}

/// The most digits in a row that are left, hesitations and signs between them aside.
fn longest_left(tokens: &[&Token], is_left: impl Fn(&Token) -> bool) -> usize {
    let (mut longest, mut now) = (0, 0);
    for token in tokens {
        let count = digits(token);
        if count > 0 {
            now = if is_left(token) { now + count } else { 0 };
            longest = longest.max(now);
        }
    }
    longest
}

/// How many digits a token says.
fn digits(token: &Token) -> usize {
    match token.form {
        Form::Digits => token.chars.into(),
        Form::Word if token.is(TEEN | TENS) => 2,
        Form::Word if token.is(SCALE | REPEAT) => 1,
        Form::Word if token.is(NUMBER) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out_and_noted() {
        let (plain, marked) = unmark("It's [[card|4111]] and [[name|Jo]], not [[this]] or [[x|y]] [[");
        assert_eq!(plain, "It's 4111 and Jo, not [[this]] or [[x|y]] [[");
        let marks: Vec<(&str, Kind)> =
            marked.iter().map(|mark| (plain.get(mark.bytes.clone()).unwrap(), mark.kind)).collect();
        assert_eq!(marks, [("4111", Kind::Card), ("Jo", Kind::Name)]);
        assert!(
            holds_marks(b"a,b\nx,[[ Card|1]]")
                && !holds_marks(b"[[x|1]]")
                && !holds_marks(b"[[")
                && !holds_marks(b"card|")
        );
    }

    #[test]
    fn what_is_left_tells_or_does_not() {
        let tells = |text: &str, kind, masked: &[Range<usize>]| {
            tells(text, &Marked { bytes: 0..text.len(), kind }, masked, "en")
        };
        assert!(tells("4111 1111 1111 1111", Kind::Card, std::slice::from_ref(&(0..14))));
        assert!(!tells("4111 1111 1111 1111", Kind::Card, std::slice::from_ref(&(0..19))));
        assert!(
            tells("four one one two", Kind::Card, &[])
                && !tells("four one one two", Kind::Card, std::slice::from_ref(&(0..4)))
        );
        assert!(tells("123", Kind::Password, &[]) && !tells("123", Kind::Password, std::slice::from_ref(&(0..3))));
        assert!(
            tells("Ann Lee", Kind::Name, std::slice::from_ref(&(0..3))) && !tells("Ann Lee", Kind::Name, &[0..3, 4..7])
        );
        assert!(
            !tells("ann at gmail dot com", Kind::Email, std::slice::from_ref(&(0..3)))
                && tells("ann at gmail dot com", Kind::Email, std::slice::from_ref(&(4..20)))
        );
        assert!(
            tells("5 May 1980", Kind::Birth, std::slice::from_ref(&(0..5)))
                && !tells("5 May 1980", Kind::Birth, std::slice::from_ref(&(2..10)))
        );
    }
}
