//! Moments of typed columns as the text that tables have.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, civil};

/// A time in microseconds since the Unix epoch: in UTC, or on a calendar of no zone, whose zone is then that of the settings. Empty
/// where no calendar has it.
pub(super) fn moment(micros: i64, is_utc: bool) -> String {
    let Ok(time) = Timestamp::from_microsecond(micros) else { return String::new() };
    if is_utc { time.to_string() } else { time.to_zoned(TimeZone::UTC).datetime().to_string() }
}

/// A date in days since the Unix epoch. Empty where no calendar has it.
pub(super) fn date(days: i32) -> String {
    let since = Span::new().try_days(days);
    let date = since.and_then(|since| civil::date(1970, 1, 1).checked_add(since));
    date.map_or_else(|_| String::new(), |date| date.to_string())
}
