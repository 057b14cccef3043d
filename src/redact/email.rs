//! E-mail addresses: written, and spelled or spoken with `at` and `dot`.

use super::kind::Kind;
use super::pack::{COMMON, Cue, FILLER, HESITATION, IS, LETTER, NUMBER, PROVIDER, REMARK, REQUEST, SYMBOL, TOP_DOMAIN};
use super::span::{Finder, Turn};
use super::tokens::{Form, Token};

/// Most tokens of what stands before the at sign.
const LONGEST_LOCAL: usize = 48;
/// Most words of a turn that says parts of an address.
const MOST_WORDS_OF_PARTS: usize = 14;
/// Most words side by side in it, without a sign between them: `john smith at gmail dot com`.
const MOST_WORDS: usize = 3;

impl Finder<'_> {
    /// Finds the addresses of a turn.
    pub(super) fn emails(&mut self, turn: &Turn<'_>) {
        let mut free = 0;
        for at in 0..turn.tokens.len() {
            if at >= free
                && is_at(&turn.tokens[at])
                && let Some(end) = domain(turn, at + 1, turn.tokens[at].is_word())
            {
                let spoken = turn.tokens[at].is_word();
                let first = local(turn, at, free, spoken);
                if first < at {
                    self.add(turn, first, end, Kind::Email, if spoken { "email.spoken" } else { "email.written" });
                    self.remember_local(turn, first, at);
                    free = end + 1;
                }
            }
        }
        let asked = self.windows.is_open(Kind::Email);
        let named = turn.phrases.iter().any(|phrase| phrase.cue == Cue::Number(Kind::Email));
        let words = || turn.tokens.iter().filter(|token| token.is_word() && token.chars > 1).count();
        if (asked || named) && words() <= MOST_WORDS_OF_PARTS {
            self.parts_of_email(turn, free);
        }
    }

    /// What is said of an address in several turns: letters, and words with a spoken sign between.
    fn parts_of_email(&mut self, turn: &Turn<'_>, free: usize) {
        let tokens = turn.tokens;
        let mut at = free;
        while at < tokens.len() {
            let end = (at..tokens.len()).take_while(|next| is_piece(&tokens[*next])).last();
            let Some(end) = end else {
                at += 1;
                continue;
            };
            let stretch = &tokens[at..=end];
            let letters = stretch.iter().filter(|token| token.is_letter() || token.is(LETTER | NUMBER)).count();
            let signs: Vec<usize> = (at..=end)
                .filter(|sign| is_mark(&tokens[*sign]) && tokens[*sign].value != b'@' && tokens[*sign].value != b'+')
                .collect();
            if let (Some(first), Some(last)) = (signs.first(), signs.last()) {
                // The words that the signs join belong to it.
                let begin = first.saturating_sub(1).max(at.saturating_sub(1));
                let begin = if tokens[begin].is_word() { begin } else { *first };
                let finish = (last + 1).min(tokens.len() - 1).max(end);
                self.add(turn, begin, finish, Kind::Email, "email.context");
            } else if letters >= 3 && stretch.iter().filter(|token| token.is_letter()).count() >= 2 {
                self.add(turn, at, end, Kind::Email, "email.spelled");
            }
            at = end + 1;
        }
    }

    /// The words before the at sign that are names are so elsewhere too.
    fn remember_local(&mut self, turn: &Turn<'_>, first: usize, at: usize) {
        use super::pack::{GIVEN, SURNAME};
        for token in turn.tokens.get(first..at).unwrap_or_default() {
            if token.is(GIVEN | SURNAME) && !token.is(COMMON) {
                self.names.insert(token.hash);
            }
        }
    }
}

fn is_at(token: &Token) -> bool {
    token.is_sign('@') || token.is_word() && token.is(SYMBOL) && token.value == b'@'
}

fn is_dot(token: &Token) -> bool {
    token.is_sign('.') || token.is_word() && token.is(SYMBOL) && token.value == b'.'
}

/// A spoken sign of an address.
fn is_mark(token: &Token) -> bool {
    token.is_word() && token.is(SYMBOL)
}

/// What may be a part of an address that is said in parts.
fn is_piece(token: &Token) -> bool {
    token.is_letter()
        || token.is(LETTER | NUMBER | SYMBOL | HESITATION)
        || token.is_sign('-')
        || token.is_sign(',')
        || token.form == Form::Digits
}

/// The last token of the domain that begins at a token: labels with dots between, the last one a top one; or a known
/// provider.
fn domain(turn: &Turn<'_>, from: usize, spoken: bool) -> Option<usize> {
    let tokens = turn.tokens;
    let mut at = from;
    let mut labels = 0;
    let mut end = None;
    let mut known = false;
    while let Some(token) = tokens.get(at) {
        let is_label = token.is_word() || token.form == Form::Digits || token.is_sign('-') && labels > 0;
        if is_dot(token) && labels > 0 {
            let Some(after) = tokens.get(at + 1) else { break };
            // `anna at gmail.com`, but not `a look at life in the U.S.`
            let together = !token.is_word() && !after.spaced && !token.spaced && (!spoken || labels == 1);
            if after.is_word() && (after.is(TOP_DOMAIN) && (token.is_word() || token.spaced && !spoken) || together) {
                end = Some(at + 1);
                at += 2;
                labels += 1;
                continue;
            }
            // `dot co dot uk`, spelled labels, `my company dot something`.
            if after.is_word() && labels < 6 && !after.is(COMMON) && token.is_word() {
                at += 1;
                continue;
            }
            break;
        }
        let apart = !spoken && labels > 0 && token.spaced;
        if end.is_some()
            || !is_label
            || apart
            || token.is_word() && token.text(turn.text) == "www"
            || labels >= 14
            || labels > 2 && !token.is_letter() && !tokens[at - 1].is_letter()
        {
            break;
        }
        if token.is(PROVIDER) && labels == 0 {
            known = true;
            // `at gmail com`.
            if tokens.get(at + 1).is_some_and(|next| next.is(TOP_DOMAIN)) {
                return Some(at + 1);
            }
        }
        labels += 1;
        at += 1;
    }
    end.or_else(|| (known && spoken).then_some(from))
}

/// The first token of what stands before the at sign, at or after `free`.
fn local(turn: &Turn<'_>, at: usize, free: usize, spoken: bool) -> usize {
    let tokens = turn.tokens;
    let mut first = at;
    let mut words = 0;
    let mut joined = true;
    for index in (free.max(at.saturating_sub(LONGEST_LOCAL))..at).rev() {
        let token = &tokens[index];
        let next = &tokens[index + 1];
        // Written: everything up to white space.
        if !spoken && !next.spaced {
            if matches!(token.form, Form::Sign(',' | ';' | '<' | '(' | ':' | '"' | '|')) || token.form == Form::Mask {
                break;
            }
            first = index;
            joined = false;
            continue;
        }
        if !spoken && !tokens[at].spaced && first < at {
            break;
        }
        match token.form {
            Form::Sign('-' | '_' | '.' | '+' | ',') if first < at || spoken => {
                if token.is_sign('.') && next.spaced {
                    break;
                }
            }
            Form::Digits => (first, joined) = (index, false),
            Form::Word if token.is(SYMBOL) && token.value != b'@' && first < at => {
                first = index;
                joined = true;
            }
            Form::Word if token.is_letter() || token.is(NUMBER) => {
                if matches!(token.text(turn.text), "a" | "A" | "I" | "i")
                    && !is_spelled(tokens, index)
                    && next.is(COMMON)
                {
                    break;
                }
                first = index;
                joined = false;
            }
            Form::Word if token.is(LETTER) && is_spelled(tokens, index) => first = index,
            Form::Word if token.is(HESITATION) || spoken && words == 0 && token.is(REMARK) => {}
            Form::Word if is_stop(token) => break,
            Form::Word => {
                words = if joined { 1 } else { words + 1 };
                let stops = words > 1 && token.is(COMMON) || words > MOST_WORDS;
                if stops {
                    break;
                }
                first = index;
                joined = false;
            }
            _ => break,
        }
    }
    // A sentence's end, or a word that only joins, is no part of it.
    first
}

/// Whether a letter has another one beside it.
fn is_spelled(tokens: &[Token], at: usize) -> bool {
    let near = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at)).is_some_and(|token| token.is_letter() || token.is(LETTER | NUMBER | SYMBOL))
    };
    let is_hyphen = |at: usize| tokens.get(at).is_some_and(|token| token.is_sign('-'));
    let (before, after) =
        (at.checked_sub(if at > 0 && is_hyphen(at - 1) { 2 } else { 1 }), at + if is_hyphen(at + 1) { 2 } else { 1 });
    near(before) || near(Some(after))
}

/// Words that lead up to an address.
fn is_stop(token: &Token) -> bool {
    token.is(IS | FILLER | REQUEST) && !token.is(SYMBOL)
}
