//! When something happened: the forms of time that transcripts come with.
//!
//! A time is a moment of the calendar (RFC 3339, `YYYY-MM-DD HH:MM:SS`, Unix epoch in seconds or milliseconds) or
//! an offset from its call's start. What is in none of these forms, or lies outside 1980 to 2099, is refused:
//! such values (zero, year 9999) stand for "unknown" in many exports and would wreck a call's time line.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// What a plain number in a time column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
pub enum OffsetUnit {
    /// Seconds, whole or decimal.
    #[strum(serialize = "s")]
    Seconds,
    /// Milliseconds.
    #[strum(serialize = "ms")]
    Milliseconds,
}

/// A time as it stands in a row, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Moment {
    /// Milliseconds since the Unix epoch.
    Absolute(i64),
    /// Milliseconds since the call's start.
    Offset(i64),
}

impl Moment {
    /// Milliseconds since the Unix epoch, if it is a moment of the calendar.
    pub(super) const fn on_the_calendar(self) -> Option<i64> {
        match self {
            Self::Absolute(ms) => Some(ms),
            Self::Offset(_) => None,
        }
    }

    /// So many milliseconds after the call's start; `None` if no call lasts so long.
    pub(super) fn offset_ms(ms: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and so much is refused")]
        let ms = ms.round() as i64;
        (0..=LONGEST_OFFSET_MS).contains(&ms).then_some(Self::Offset(ms))
    }

    /// So many milliseconds after the Unix epoch or after the call's start, by how many they are: both happen in fields
    /// of either name.
    pub(super) fn by_size_ms(ms: f64) -> Option<Self> {
        if ms >= EPOCH_MS_FROM as f64 { Self::epoch_ms(ms) } else { Self::offset_ms(ms) }
    }

    /// So many milliseconds after the Unix epoch; `None` outside 1980 to 2099.
    pub(super) fn epoch_ms(ms: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and so much is refused")]
        let ms = ms.round() as i64;
        plausible(ms).map(Self::Absolute)
    }
}

/// What a header says about the numbers beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TimeColumn {
    unit: Option<OffsetUnit>,
    /// The name says that values are offsets, however large.
    is_offset: bool,
}

impl TimeColumn {
    /// Reads the unit off a header name: `…millis`, `…_ms`, `…seconds`, `…_s`.
    pub(super) fn of(header: &str) -> Self {
        let name = header.to_lowercase();
        let last = name.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty()).unwrap_or_default();
        let unit = if name.contains("milli") || name.contains("msec") || last.ends_with("ms") {
            Some(OffsetUnit::Milliseconds)
        } else if name.contains("second") || last.ends_with("secs") || matches!(last, "s" | "sec") {
            Some(OffsetUnit::Seconds)
        } else {
            None
        };
        Self { unit, is_offset: name.contains("offset") }
    }
}

/// Reads times: knows the zone of times that name none, and the unit of numbers whose header names none.
#[derive(Debug)]
pub(super) struct Clock {
    zone: TimeZone,
    is_utc: bool,
    unit: Option<OffsetUnit>,
    /// The day of the latest time in UTC, as written, and when it began: nearly all times of a file share theirs with
    /// the one before.
    day: ([u8; 10], i64),
}

/// 1980-01-01T00:00:00Z, in milliseconds.
const EARLIEST_MS: i64 = 315_532_800_000;
/// 2100-01-01T00:00:00Z, in milliseconds.
const LATEST_MS: i64 = 4_102_444_800_000;
/// A plain number from here on is an epoch (in seconds, of 1973), below it an offset.
const EPOCH_FROM: i64 = 100_000_000;
/// A plain epoch number from here on is in milliseconds (of 1973), below it in seconds (of 5138).
const EPOCH_MS_FROM: i64 = 100_000_000_000;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// No call lasts longer than a year.
const LONGEST_OFFSET_MS: i64 = 366 * 24 * 3600 * 1000;

impl Clock {
    pub(super) fn new(zone: TimeZone, unit: Option<OffsetUnit>) -> Self {
        let is_utc = zone == TimeZone::UTC;
        Self { zone, is_utc, unit, day: ([0; 10], 0) }
    }

    /// The moment that a trimmed, non-empty `value` names; `None` if it names none that can be meant.
    pub(super) fn moment(&mut self, value: &str, column: TimeColumn) -> Option<Moment> {
        match Decimal::parse(value) {
            Some(number) => self.number(&number, column),
            None => self.written(value),
        }
    }

    /// The moment that `value` names, local ones in the zone of this name, if it is known.
    pub(super) fn moment_in(&self, value: &str, zone: &str) -> Option<Moment> {
        let zone = TimeZone::get(zone).unwrap_or_else(|_| self.zone.clone());
        Self::new(zone, self.unit).moment(value, TimeColumn::default())
    }

    fn number(&self, number: &Decimal, column: TimeColumn) -> Option<Moment> {
        if !column.is_offset && number.whole >= EPOCH_FROM {
            let ms = if number.whole >= EPOCH_MS_FROM { number.whole } else { number.thousandths()? };
            return plausible(ms).map(Moment::Absolute);
        }
        let by_form = if number.has_point { OffsetUnit::Seconds } else { OffsetUnit::Milliseconds };
        let ms = match column.unit.or(self.unit).unwrap_or(by_form) {
            OffsetUnit::Seconds => number.thousandths()?,
            OffsetUnit::Milliseconds => number.whole,
        };
        (0..=LONGEST_OFFSET_MS).contains(&ms).then_some(Moment::Offset(ms))
    }

    fn written(&mut self, value: &str) -> Option<Moment> {
        if let Some(ms) = clock_offset(value.as_bytes()) {
            return Some(Moment::Offset(ms));
        }
        if let Some(ms) = self.on_the_same_day(value.as_bytes()) {
            return Some(Moment::Absolute(ms));
        }
        let iso = iso(value)?;
        let pieces = Pieces::parse(&*iso).ok().filter(|pieces| pieces.time_zone_annotation().is_none())?;
        let local = DateTime::from_parts(pieces.date(), pieces.time()?);
        let ms = match pieces.to_numeric_offset() {
            Some(offset) => offset.to_timestamp(local).ok()?.as_millisecond(),
            None => self.epoch_ms(local)?,
        };
        plausible(ms)?;
        if let (Some(day), true) = (value.as_bytes().first_chunk(), value.ends_with('Z')) {
            self.day = (*day, ms - ms.rem_euclid(DAY_MS));
        }
        Some(Moment::Absolute(ms))
    }

    /// `…THH:MM:SS.fffZ` of the remembered day.
    fn on_the_same_day(&self, value: &[u8]) -> Option<i64> {
        let time = value.strip_prefix(&self.day.0)?.strip_prefix(b"T")?.strip_suffix(b"Z")?;
        clock_offset(time).filter(|ms| time.get(2) == Some(&b':') && *ms < DAY_MS).map(|ms| self.day.1 + ms)
    }

    /// A local time in the configured zone. One that a clock change repeats or skips is taken as the zone's rules
    /// of RFC 5545 do: the first of the two, or moved on by the gap.
    fn epoch_ms(&self, local: DateTime) -> Option<i64> {
        let timestamp = if self.is_utc {
            Offset::UTC.to_timestamp(local).ok()?
        } else {
            self.zone.to_ambiguous_timestamp(local).compatible().ok()?
        };
        Some(timestamp.as_millisecond())
    }

    /// The date in the configured zone that a trimmed, non-empty call date names: `YYYY-MM-DD`, or a moment.
    pub(super) fn date(&mut self, value: &str) -> Option<Date> {
        if let Some(date) = date_alone(value) {
            return plausible(Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_millisecond()).map(|_| date);
        }
        match self.moment(value, TimeColumn::default())? {
            Moment::Absolute(ms) => self.date_of(ms),
            Moment::Offset(_) => None,
        }
    }

    /// The date of a moment in the configured zone.
    pub(super) fn date_of(&self, epoch_ms: i64) -> Option<Date> {
        let timestamp = jiff::Timestamp::from_millisecond(epoch_ms).ok()?;
        Some(self.zone.to_datetime(timestamp).date())
    }
}

fn plausible(ms: i64) -> Option<i64> {
    (EARLIEST_MS..LATEST_MS).contains(&ms).then_some(ms)
}

/// A plain decimal number.
struct Decimal {
    whole: i64,
    /// The first three digits after the point.
    milli: i64,
    has_point: bool,
}

impl Decimal {
    /// Reads digits with at most one point among them. Signs are refused: neither an epoch nor an offset has one.
    fn parse(value: &str) -> Option<Self> {
        let value = value.strip_prefix('+').unwrap_or(value);
        let (whole, rest) = leading_digits(value);
        let has_point = !rest.is_empty();
        let (fraction, after) = leading_digits(if has_point { rest.strip_prefix('.')? } else { "" });
        if whole.is_empty() || !after.is_empty() {
            return None;
        }
        let milli = fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Some(Self { whole: whole.parse().ok()?, milli, has_point })
    }

    /// The number in thousandths, so that seconds become milliseconds.
    fn thousandths(&self) -> Option<i64> {
        self.whole.checked_mul(1000)?.checked_add(self.milli)
    }
}

/// The digits that `value` begins with, and what follows them.
fn leading_digits(value: &str) -> (&str, &str) {
    value.split_at(value.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len()))
}

/// A number of exactly `COUNT` digits at the beginning.
fn digits<const COUNT: usize>(bytes: &[u8]) -> Option<(i16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<COUNT>()?;
    let all_digits = head.iter().all(u8::is_ascii_digit);
    all_digits.then(|| (head.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0')), rest))
}

/// A written date, or date and time, as ISO 8601 has it: `2020/05/13 12:00:00 UTC` is `2020-05-13 12:00:00Z`. `None` for
/// what does not begin with a year of four digits: forms that begin with the day or month are ambiguous, hence refused.
fn iso(value: &str) -> Option<Cow<'_, str>> {
    let [year @ .., first, _, _, second] = value.as_bytes().first_chunk::<8>()?;
    if !year.iter().all(u8::is_ascii_digit) || first != second || !matches!(first, b'-' | b'/') {
        return None;
    }
    let named_zone = ["UTC", "GMT"].into_iter().find_map(|zone| {
        let at = value.len().checked_sub(zone.len())?;
        value.get(at..).filter(|end| end.eq_ignore_ascii_case(zone)).and(value.get(..at))
    });
    if *first == b'-' && named_zone.is_none() && value.bytes().filter(|byte| *byte == b' ').count() < 2 {
        return Some(value.into());
    }
    let (date, time) = named_zone.unwrap_or(value).split_at_checked(10)?;
    let time: String = time.chars().filter(|c| *c != ' ').collect();
    let separator = if time.is_empty() || time.starts_with(['T', 't']) { "" } else { " " };
    Some(format!("{}{separator}{time}{}", date.replace('/', "-"), if named_zone.is_some() { "Z" } else { "" }).into())
}

/// `YYYY-MM-DD` or `YYYY/MM/DD` with nothing behind it.
fn date_alone(value: &str) -> Option<Date> {
    let iso = iso(value)?;
    let pieces = Pieces::parse(&*iso).ok()?;
    let is_alone = pieces.time().is_none() && pieces.time_zone_annotation().is_none();
    is_alone.then(|| pieces.date())
}

/// `.fff` or `,fff` at the beginning as nanoseconds; nothing is 0, a point without digits is refused.
fn fraction(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let [b'.' | b',', rest @ ..] = bytes else { return Some((0, bytes)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let padded = rest[..count].iter().copied().chain(*b"00000000").take(9);
    Some((padded.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')), &rest[count..]))
}

/// `H:MM:SS` or `HH:MM:SS`, with an optional fraction, as milliseconds since the call's start.
fn clock_offset(bytes: &[u8]) -> Option<i64> {
    let (hours, rest) = digits::<2>(bytes).or_else(|| digits::<1>(bytes))?;
    let (minutes, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    let (seconds, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    let (nanoseconds, rest) = fraction(rest)?;
    if !rest.is_empty() || minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    Some(whole * 1000 + i64::from(nanoseconds) / 1_000_000)
}

/// `MM:SS` or `HH:MM:SS`, with an optional fraction, as milliseconds: the stamps of labels in a conversation's text.
pub(super) fn stamp(value: &str) -> Option<i64> {
    let bytes = value.as_bytes();
    clock_offset(bytes).or_else(|| {
        let (minutes, rest) = digits::<2>(bytes).or_else(|| digits::<1>(bytes))?;
        let (seconds, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
        let (nanoseconds, rest) = fraction(rest)?;
        let whole = i64::from(minutes) * 60 + i64::from(seconds);
        (rest.is_empty() && seconds < 60).then_some(whole * 1000 + i64::from(nanoseconds) / 1_000_000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc() -> Clock {
        Clock::new(TimeZone::UTC, None)
    }

    fn absolute(value: &str) -> Option<i64> {
        match utc().moment(value, TimeColumn::default()) {
            Some(Moment::Absolute(ms)) => Some(ms),
            _ => None,
        }
    }

    fn offset(value: &str, header: &str) -> Option<i64> {
        match utc().moment(value, TimeColumn::of(header)) {
            Some(Moment::Offset(ms)) => Some(ms),
            _ => None,
        }
    }

    #[test]
    fn written_times() {
        let noon = 1_589_371_200_000;
        for value in [
            "2020-05-13T12:00:00Z",
            "2020-05-13t12:00:00z",
            "2020-05-13T14:00:00+02:00",
            "2020-05-13T14:00:00+0200",
            "2020-05-13 14:00+02",
            "2020-05-13 12:00:00 UTC",
            "2020-05-13 12:00:00",
            "2020-05-13 12:00",
            "2020/05/13 12:00:00.000",
            "2020-05-13T12:00:00-00:00",
        ] {
            assert_eq!(absolute(value), Some(noon), "{value}");
        }
        assert_eq!(absolute("2020-05-13T12:00:00.1239999Z"), Some(noon + 123));
        let mut clock = utc();
        for (value, expected) in [
            ("2020-05-13T12:00:00Z", Some(noon)),
            ("2020-05-13T12:00:00.5Z", Some(noon + 500)),
            ("2020-05-13T23:59:59Z", Some(noon + 43_199_000)),
            ("2020-05-13T23:59:60Z", Some(noon + 43_199_000)),
            ("2020-05-13T24:00:01Z", None),
            ("2020-05-13T9:00:00Z", None),
            ("2020-05-13T12:00:00+01:00", Some(noon - 3_600_000)),
            ("2020-05-14T12:00:00Z", Some(noon + DAY_MS)),
            ("2020-05-14T12:00:01Z", Some(noon + DAY_MS + 1000)),
        ] {
            let found = clock.moment(value, TimeColumn::default());
            assert_eq!(found, expected.map(Moment::Absolute), "{value} after others of its day");
        }
        assert_eq!(absolute("2016-12-31T23:59:60Z"), absolute("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn refused_times() {
        for value in [
            "13.05.2020 12:00",
            "05/13/2020 12:00",
            "2020-05-13",
            "2020-13-01T00:00:00Z",
            "2020-02-30 10:00:00",
            "2020-05-13T25:00:00Z",
            "2020-05-13T12:00:00.Z",
            "2020-05-13T12:00:00 CEST",
            "2020-05-13T12:00:00+99:99",
            "9999-12-31T00:00:00Z",
            "1900-01-00 00:00:00",
            "1900-01-01 00:00:00",
            "-5",
            "1e12",
            "noon",
            ".",
            "1.2.3",
            "99999999999999999999",
            "9999999999999",
        ] {
            assert_eq!(utc().moment(value, TimeColumn::default()), None, "{value}");
        }
    }

    #[test]
    fn epochs_by_magnitude() {
        assert_eq!(absolute("1589371200"), Some(1_589_371_200_000));
        assert_eq!(absolute("1589371200.25"), Some(1_589_371_200_250));
        assert_eq!(absolute("1589371200123"), Some(1_589_371_200_123));
        assert_eq!(absolute("99999999"), None);
    }

    #[test]
    fn offsets_take_their_unit_from_the_header_then_the_setting_then_the_form() {
        assert_eq!(offset("1500", "BeginOffsetMillis"), Some(1500));
        assert_eq!(offset("1500.7", "offset_ms"), Some(1500));
        assert_eq!(offset("15", "offset_start_s"), Some(15_000));
        assert_eq!(offset("15", "Start (seconds)"), Some(15_000));
        assert_eq!(offset("15", "start"), Some(15));
        assert_eq!(offset("15.5", "start"), Some(15_500));
        assert_eq!(offset("0", "timestamp"), Some(0));
        assert_eq!(offset("0:01:02", "start"), Some(62_000));
        assert_eq!(offset("200000000", "begin_offset_millis"), Some(200_000_000));
        let mut seconds = Clock::new(TimeZone::UTC, Some(OffsetUnit::Seconds));
        assert_eq!(seconds.moment("15", TimeColumn::of("start")), Some(Moment::Offset(15_000)));
        assert_eq!(seconds.moment("15", TimeColumn::of("start_ms")), Some(Moment::Offset(15)));
    }

    #[test]
    fn local_times_and_dates_use_the_zone() {
        let zone = TimeZone::fixed(Offset::constant(-5));
        let mut clock = Clock::new(zone, None);
        let moment = clock.moment("2020-05-13 22:00:00", TimeColumn::default());
        assert_eq!(moment, Some(Moment::Absolute(1_589_425_200_000)));
        assert_eq!(clock.date_of(1_589_425_200_000).unwrap().to_string(), "2020-05-13");
        assert_eq!(clock.date("2020-05-14T03:00:00Z").unwrap().to_string(), "2020-05-13");
        assert_eq!(clock.date("2020/05/14").unwrap().to_string(), "2020-05-14");
        assert_eq!(clock.date("14 May"), None);
        assert_eq!(clock.date("0001-01-01"), None);
    }

    #[test]
    fn stamps() {
        assert_eq!(stamp("00:12"), Some(12_000));
        assert_eq!(stamp("1:02:03"), Some(3_723_000));
        assert_eq!(stamp("12"), None);
        assert_eq!(stamp("00:75"), None);
    }
}
