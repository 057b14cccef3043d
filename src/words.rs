//! How names and numbers look, on the page and in the terminal.
//!
//! A score has its sign, a true minus and two decimals; what is not known is a word, never a number.
//! A name is somebody else's text: what could move a cursor, turn the direction of the line or fill the page is
//! taken out before it is escaped.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

use crate::output::{parts, rounded};
use crate::sentiment::Millionths;

/// Styles of text in the terminal; the stream takes them away where there is none.
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();

/// A score that differs from zero by this much has a colour.
const NOTABLE: f64 = 0.1;

/// A score: `+0.12`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score(pub(crate) f64);

impl Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:+.2}", self.0);
        f.pad(&if text == "-0.00" { "+0.00".to_owned() } else { text.replace('-', "−") })
    }
}

/// A score that may be unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Maybe(pub(crate) Option<f64>);

impl Maybe {
    /// A score of a call, as its table has it.
    pub(crate) fn of(score: Option<Millionths>) -> Self {
        Self(score.map(rounded))
    }
}

/// What stands where there is no score.
pub(crate) const NOT_SCORED: &str = "not scored";

impl Display for Maybe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(score) => Score(score).fmt(f),
            None => f.pad(NOT_SCORED),
        }
    }
}

/// A score for the terminal, five characters wide, in its colour; a dash where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Coloured(pub(crate) Option<f64>);

impl Coloured {
    /// The colour.
    pub(crate) fn style(self) -> Style {
        match self.0 {
            Some(score) if score <= -NOTABLE => BAD,
            Some(score) if score >= NOTABLE => GOOD,
            Some(_) => Style::new(),
            None => FAINT,
        }
    }
}

impl Display for Coloured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = self.style();
        match self.0 {
            Some(score) => write!(f, "{style}{}{style:#}", Score(score)),
            None => write!(f, "{style}{:>5}{style:#}", "–"),
        }
    }
}

/// An interval of scores: `−0.12 to +0.34`, or a dash.
pub(crate) fn interval(ends: Option<(f64, f64)>) -> String {
    ends.map_or_else(|| "–".to_owned(), |(low, high)| format!("{} to {}", Score(low), Score(high)))
}

/// A place in a call in whole percent.
pub(crate) fn place(position: Millionths) -> String {
    format!("{} %", (parts(position) + 50) / 100)
}

/// A count with its thousands apart: `1,234,567`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u64);

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        indicatif::HumanCount(self.0).fmt(f)
    }
}

/// A count with its noun: `1 call`, `2 calls`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", Count(count), if count == 1 { "" } else { "s" })
}

/// An amount of dollars: `$1,234.50`; nothing for none, and never none for a little.
pub(crate) fn dollars(amount: f64) -> String {
    if amount == 0.0 {
        return "nothing".to_owned();
    }
    if amount.abs() < 0.005 {
        return "under $0.01".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above 0; more than u64 is its most")]
    let cents = (amount * 100.0).round() as u64;
    format!("${}.{:02}", Count(cents / 100), cents % 100)
}

/// A share in percent: whole, but for a share that would look like none or all.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    if (percent > 0.0 && percent < 1.0) || (percent > 99.0 && percent < 100.0) {
        let text = format!("{percent:.1}");
        return match text.as_str() {
            "0.0" => "under 0.1 %".to_owned(),
            "100.0" => "over 99.9 %".to_owned(),
            _ => format!("{text} %"),
        };
    }
    format!("{percent:.0} %")
}

/// The chance that chance alone would show as much: `p 0.04`, `p < 0.001`.
pub(crate) fn chance(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p if p < 0.1 => format!("p {p:.3}"),
        p => format!("p {p:.2}"),
    }
}

/// Somebody's name for something, safe to show: of at most so many characters, none of which controls anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    text: &'a str,
    most: usize,
}

/// Characters of a name on a page: longer ones end in an ellipsis, and stand in full in the tables.
const NAME_CHARS: usize = 48;

impl<'a> Name<'a> {
    /// A name as it is shown in running text and tables.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self::within(text, NAME_CHARS)
    }

    /// A name of at most `most` characters.
    pub(crate) const fn within(text: &'a str, most: usize) -> Self {
        Self { text, most }
    }
}

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown: String = self.text.chars().take(self.most).map(harmless).collect();
        if self.text.chars().nth(self.most).is_some() {
            shown.pop();
            shown.push('…');
        }
        f.pad(&shown)
    }
}

/// The replacement character for what controls a terminal or the direction of text.
fn harmless(c: char) -> char {
    // Joiners (200c, 200d) stay: Persian and Indic names are written with them.
    let turns = matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if c.is_control() || turns { char::REPLACEMENT_CHARACTER } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_a_sign_and_unknown_ones_are_no_numbers() {
        assert_eq!(Score(0.126).to_string(), "+0.13");
        assert_eq!(Score(-0.5).to_string(), "−0.50");
        assert_eq!(Score(-0.001).to_string(), "+0.00");
        assert_eq!(Maybe(None).to_string(), "not scored");
        assert_eq!(Maybe::of(Some(Millionths(-1_234_560))).to_string(), "−1.23");
    }

    #[test]
    fn what_is_missing_is_a_dash_as_wide_as_a_score() {
        let plain = |score| anstream::adapter::strip_str(&Coloured(score).to_string()).to_string();
        assert_eq!((plain(None), plain(Some(-0.4567))), ("    –".to_owned(), "−0.46".to_owned()));
    }

    #[test]
    fn a_little_money_is_not_none() {
        assert_eq!([0.0, 0.001, 0.3, 1234.5].map(dollars), ["nothing", "under $0.01", "$0.30", "$1,234.50"]);
    }

    #[test]
    fn few_are_not_none_and_most_are_not_all() {
        assert_eq!(percent(0, 0), "–");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(1, 100_000), "under 0.1 %");
        assert_eq!(percent(99_999, 100_000), "over 99.9 %");
        assert_eq!(percent(3, 1000), "0.3 %");
        assert_eq!(percent(5, 5), "100 %");
    }

    #[test]
    fn names_can_neither_control_nor_fill_the_page() {
        assert_eq!(Name::new("a\u{1b}[2J\u{202e}b").to_string(), "a\u{FFFD}[2J\u{FFFD}b");
        let long = Name::new(&"x".repeat(500)).to_string();
        assert_eq!((long.chars().count(), long.ends_with('…')), (NAME_CHARS, true));
        assert_eq!(Name::within("abc", 3).to_string(), "abc");
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!((counted(1, "call"), counted(12_000, "call")), ("1 call".into(), "12,000 calls".into()));
    }
}
