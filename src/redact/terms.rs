//! One's own terms: what is kept back besides what the rules find, and what is left as it is though they do.
//!
//! A term is words, compared without case, or a regular expression between slashes: `/EMP-\d{5}/`.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::kind::Kind;

/// Most bytes that one compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// Why a line of a file of terms can't be used. It names the line, never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// No comma.
    #[error("line {line}: no `kind,term`")]
    NoKind {
        /// The line, from 1.
        line: usize,
    },
    /// What stands before the comma is no kind.
    #[error("line {line}: unknown kind")]
    UnknownKind {
        /// The line, from 1.
        line: usize,
    },
    /// A pattern that can't be read, or would take too much memory.
    #[error("line {line}: not a regular expression that can be used")]
    BadPattern {
        /// The line, from 1.
        line: usize,
    },
}

/// One's own terms.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    added: Vec<(Kind, Regex)>,
    kept: Vec<Regex>,
}

impl Terms {
    /// Adds the lines of a file that hold `kind,term`. Empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`TermsError`] for the first line that can't be used.
    pub fn add(&mut self, file: &str) -> Result<(), TermsError> {
        for (line, text) in lines(file) {
            let (kind, term) = text.split_once(',').ok_or(TermsError::NoKind { line })?;
            let kind = kind.trim().to_ascii_lowercase().parse().map_err(|_| TermsError::UnknownKind { line })?;
            self.added.push((kind, pattern(term.trim(), line)?));
        }
        Ok(())
    }

    /// Keeps what the lines of a file hold as it is.
    ///
    /// # Errors
    /// [`TermsError::BadPattern`] for the first line that can't be used.
    pub fn keep(&mut self, file: &str) -> Result<(), TermsError> {
        for (line, text) in lines(file) {
            self.kept.push(pattern(text, line)?);
        }
        Ok(())
    }

    /// Where the added terms stand in a turn.
    pub(super) fn added<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Kind, Range<usize>)> + 'a {
        self.added.iter().flat_map(|(kind, pattern)| pattern.find_iter(text).map(|found| (*kind, found.range())))
    }

    pub(super) const fn keep_nothing(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether a stretch of a turn lies within a kept term.
    pub(super) fn keeps(&self, text: &str, bytes: &Range<usize>) -> bool {
        let holds = |found: regex::Match<'_>| found.start() <= bytes.start && bytes.end <= found.end();
        self.kept.iter().any(|pattern| pattern.find_iter(text).any(holds))
    }
}

fn lines(file: &str) -> impl Iterator<Item = (usize, &str)> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    let lines = (1..).zip(file.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn pattern(term: &str, line: usize) -> Result<Regex, TermsError> {
    let quoted = term.strip_prefix('"').and_then(|term| term.strip_suffix('"')).map(|term| term.replace("\"\"", "\""));
    let term = quoted.as_deref().unwrap_or(term);
    let source = match term.strip_prefix('/').and_then(|term| term.strip_suffix('/')) {
        Some(pattern) if !pattern.is_empty() => pattern.to_owned(),
        _ => words(term),
    };
    let compiled = RegexBuilder::new(&source).case_insensitive(true).size_limit(PATTERN_BYTES).build();
    // A pattern that fits anywhere would put a mask between any two letters.
    compiled.ok().filter(|compiled| !compiled.is_match("")).ok_or(TermsError::BadPattern { line })
}

/// A pattern for words as they are, with any white space between them, and no letter or digit around them.
fn words(term: &str) -> String {
    let inner: Vec<String> = term.split_whitespace().map(regex::escape).collect();
    let bound = |c: Option<char>| if c.is_some_and(char::is_alphanumeric) { r"\b" } else { "" };
    format!("{}{}{}", bound(term.chars().next()), inner.join(r"\s+"), bound(term.chars().next_back()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_patterns_are_found_without_case_and_as_whole_words() {
        let mut terms = Terms::default();
        terms.add("\u{feff}# ours\nname, Blue  Heron\n\nid,/EMP-\\d{5}/\nid,\"a,b\"\n").unwrap();
        let found = |text: &str| {
            terms.added(text).map(|(kind, at)| (kind, text.get(at).unwrap().to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(found("blue heron, emp-12345"), [(Kind::Name, "blue heron".into()), (Kind::Id, "emp-12345".into())]);
        assert_eq!(found("blue herons"), []);
        assert_eq!(found("a,b"), [(Kind::Id, "a,b".into())]);
    }

    #[test]
    fn the_line_that_is_wrong_is_named_and_never_quoted() {
        let error = |file: &str| Terms::default().add(file).unwrap_err();
        assert_eq!(error("name,ok\nsecret"), TermsError::NoKind { line: 2 });
        assert_eq!(error("secret,x"), TermsError::UnknownKind { line: 1 });
        assert_eq!(error("id,/(/"), TermsError::BadPattern { line: 1 });
        assert_eq!(error("id,"), TermsError::BadPattern { line: 1 });
        assert_eq!(error("id,/a*/"), TermsError::BadPattern { line: 1 });
        assert_eq!(error("id,/\\w{1000}{1000}/"), TermsError::BadPattern { line: 1 });
    }
}
