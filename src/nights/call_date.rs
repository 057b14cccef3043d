//! The date that a call belongs to, or none; and the date in the name of a file.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// What stands where a call has no date.
const UNKNOWN: &str = "unknown";

/// The date of calls, which names their partition; `None` for calls without one, which come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallDate(pub(crate) Option<Date>);

impl CallDate {
    /// The date as a call has it.
    pub(crate) fn of(date: Option<&str>) -> Self {
        Self(date.and_then(|date| date.parse().ok()))
    }

    /// Days from this date to a later one; `None` where either is unknown.
    pub(crate) fn days_until(self, later: Self) -> Option<i64> {
        let days = later.0?.duration_since(self.0?).as_hours() / 24;
        Some(days)
    }

    /// The folder of its partition, as tools that read partitions expect it.
    pub(crate) fn folder(self) -> String {
        format!("call_date={self}")
    }
}

impl fmt::Display for CallDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(date) => date.fmt(f),
            None => f.write_str(UNKNOWN),
        }
    }
}

impl FromStr for CallDate {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if text == UNKNOWN { Ok(Self(None)) } else { text.parse().map(|date| Self(Some(date))) }
    }
}

/// The date in a file's name, if it holds exactly one: `2026-11-02`, `2026_11_02`, `2026.11.02` or `20261102`, with no
/// digit beside it.
pub(crate) fn date_in_name(name: &str) -> Option<Date> {
    let bytes = name.as_bytes();
    let mut dates = (0..bytes.len()).filter_map(|start| {
        let begins = start == 0 || !bytes[start - 1].is_ascii_digit();
        if begins { date_at(&bytes[start..]) } else { None }
    });
    let first = dates.next()?;
    dates.all(|other| other == first).then_some(first)
}

/// The date that `bytes` begins with, if no digit follows it.
fn date_at(bytes: &[u8]) -> Option<Date> {
    let separator = bytes.get(4).filter(|byte| matches!(byte, b'-' | b'_' | b'.'));
    let (month, day, end) = if separator.is_some() { (5, 8, 10) } else { (4, 6, 8) };
    if separator.is_some() && bytes.get(7) != separator || bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
    };
    let small = |from, to| number(from, to).and_then(|number| i8::try_from(number).ok());
    let year = number(0, 4).filter(|year| (1900..2200).contains(year))?;
    Date::new(year, small(month, month + 2)?, small(day, day + 2)?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_name_gives_a_date_only_if_it_holds_just_one() {
        let day = Some(date(2026, 11, 2));
        for name in ["2026-11-02.csv", "calls_20261102.json.gz", "x2026_11_02y", "2026.11.02", "20261102-2026-11-02"] {
            assert_eq!(date_in_name(name), day, "{name}");
        }
        for name in [
            "",
            "calls.csv",
            "2026-11-2",
            "120261102",
            "202611021",
            "2026-13-01",
            "2026-11_02",
            "2026-11-02_2026-11-03",
            "18991231",
            "20260230",
            "2026-11-021",
            "é2026",
            "2026-1",
        ] {
            assert_eq!(date_in_name(name), None, "{name}");
        }
    }

    #[test]
    fn dates_are_written_and_read_again() {
        for text in ["unknown", "2026-11-02"] {
            assert_eq!(text.parse::<CallDate>().unwrap().to_string(), text);
        }
        assert!("2026-11-02x".parse::<CallDate>().is_err());
        let dates = ["unknown", "2026-11-02", "2026-11-09"].map(|date| date.parse::<CallDate>().unwrap());
        assert!(dates.is_sorted());
        assert_eq!((dates[1].days_until(dates[2]), dates[0].days_until(dates[2])), (Some(7), None));
    }
}
