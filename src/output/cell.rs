//! One value of a table, and how it is written.
//!
//! Decimals have four places, no exponent and no negative zero; flags are 0 or 1; what is unknown is empty.
//! Text cells never hold a line break, and those that a spreadsheet would run as a formula are guarded.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::sentiment::Millionths;

/// A value of one column in one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Unknown: written as nothing.
    Empty,
    /// Somebody's text: an identifier, a name, a reason.
    Text(Cow<'a, str>),
    /// Text of the program's own that needs no guard: a label, a status, a time.
    Word(Cow<'a, str>),
    /// A count or an index.
    Integer(i64),
    /// A decimal; written with four places. Not a number is written as nothing.
    Decimal(f64),
    /// A decimal in whole millionths; written with four places, halves away from zero.
    Millionths(i64),
    /// 0 or 1.
    Flag(bool),
}

impl<'a> Cell<'a> {
    /// The cell of a value that may be unknown.
    pub fn of<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }

    /// A guarded text cell.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A guarded text cell of a value that may be unknown.
    pub fn optional_text(text: Option<&'a str>) -> Self {
        Self::of(text, Self::text)
    }

    /// A word of the program's own.
    #[must_use]
    pub const fn word(word: &'static str) -> Self {
        Self::Word(Cow::Borrowed(word))
    }

    /// A count.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Integer(count.try_into().unwrap_or(i64::MAX))
    }

    /// Writes the cell's text into `out`, which is cleared first.
    pub fn render(&self, guard: bool, out: &mut String) {
        out.clear();
        match self {
            Self::Empty => {}
            Self::Text(text) => render_text(text, guard, out),
            Self::Word(word) => out.push_str(word),
            Self::Integer(value) => write_infallible(out, format_args!("{value}")),
            Self::Decimal(value) => render_decimal(*value, out),
            Self::Millionths(value) => render_millionths(*value, out),
            Self::Flag(flag) => out.push(if *flag { '1' } else { '0' }),
        }
    }
}

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a cell needs a guard. One behind apostrophes does too, so that no two texts become the same cell.
fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_STARTS)
}

fn render_text(text: &str, guard: bool, out: &mut String) {
    if guard && looks_like_formula(text) {
        out.push('\'');
    }
    out.extend(text.chars().map(|c| if breaks_lines(c) { ' ' } else { c }));
}

fn breaks_lines(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// A text cell as it was before its guard, for showing it where nothing runs formulas.
pub(crate) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if looks_like_formula(text) => text,
        _ => cell,
    }
}

/// What a reader of the table finds in a text cell, [`unguarded`]; `guard` as it was written.
pub(crate) fn read_back(text: &str, guard: bool) -> Cow<'_, str> {
    if text.contains(breaks_lines) {
        let mut cell = String::new();
        render_text(text, guard, &mut cell);
        return unguarded(&cell).to_owned().into();
    }
    // A guard that was put on is taken off again.
    if guard { text.into() } else { unguarded(text).into() }
}

/// Decimals are written in whole parts: so many of them are 1.
pub(crate) const PARTS: i64 = 10_000;

/// A decimal in the whole parts that are written, halves away from zero.
pub(crate) fn parts(value: Millionths) -> i64 {
    const IN_A_PART: i64 = Millionths::ONE.0 / PARTS;
    (value.0 + value.0.signum() * IN_A_PART / 2) / IN_A_PART
}

/// A decimal as it is written.
pub(crate) fn rounded(value: Millionths) -> f64 {
    parts(value) as f64 / PARTS as f64
}

/// The same of a [`Cell::Decimal`]; `None` for what is written as nothing.
pub(crate) fn rounded_decimal(value: f64) -> Option<f64> {
    let mut text = String::new();
    render_decimal(value, &mut text);
    text.parse().ok()
}

fn render_decimal(value: f64, out: &mut String) {
    if !value.is_finite() {
        return;
    }
    write_infallible(out, format_args!("{value:.4}"));
    if out.as_str() == "-0.0000" {
        out.remove(0);
    }
}

fn render_millionths(value: i64, out: &mut String) {
    let parts = parts(Millionths(value));
    let sign = if parts < 0 { "-" } else { "" };
    let parts = parts.unsigned_abs();
    write_infallible(out, format_args!("{sign}{}.{:04}", parts / PARTS.unsigned_abs(), parts % PARTS.unsigned_abs()));
}

fn write_infallible(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("writing to a string can't fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(cell: &Cell<'_>) -> String {
        let mut out = String::from("left over");
        cell.render(true, &mut out);
        out
    }

    #[test]
    fn decimals_have_four_places_and_no_negative_zero() {
        assert_eq!(rendered(&Cell::Decimal(0.123_46)), "0.1235");
        assert_eq!(rendered(&Cell::Decimal(-0.000_01)), "0.0000");
        assert_eq!(rendered(&Cell::Decimal(1e12)), "1000000000000.0000");
        assert_eq!(rendered(&Cell::Decimal(f64::NAN)), "");
        assert_eq!(rendered(&Cell::Millionths(-49)), "0.0000");
        assert_eq!(rendered(&Cell::Millionths(-50)), "-0.0001");
        assert_eq!(rendered(&Cell::Millionths(1_234_567)), "1.2346");
        assert_eq!(rendered(&Cell::Millionths(-1_000_000)), "-1.0000");
    }

    #[test]
    fn formulas_are_guarded_and_line_breaks_flattened() {
        assert_eq!(rendered(&Cell::text("=1+1")), "'=1+1");
        assert_eq!(rendered(&Cell::text("-a\r\nb")), "'-a  b");
        assert_eq!(rendered(&Cell::text("agent-7")), "agent-7");
        assert_eq!(unguarded("'=1+1"), "=1+1");
        assert_eq!(rendered(&Cell::text("'=1+1")), "''=1+1");
        assert_eq!(unguarded("''=1+1"), "'=1+1");
        assert_eq!(unguarded("'tis"), "'tis");
        let mut out = String::new();
        Cell::text("@x").render(false, &mut out);
        assert_eq!(out, "@x");
        assert_eq!(rendered(&Cell::Integer(-3)), "-3");
    }
}
