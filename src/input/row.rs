//! One usable row, and its compact form in memory and in the temporary file.
//!
//! A row is a length (4 bytes, little endian), the call id, one byte of flags, and then only what the flags and
//! lengths say is there. Integers are LEB128, signed ones zigzag before it.

use jiff::civil::Date;

use super::labels::Spoken;
use super::times::Moment;
use crate::transcript::Role;

/// What was said in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Body<'a> {
    /// One turn.
    Turn(Role, &'a str),
    /// A conversation: its turns as [`put_spoken`] wrote them.
    Conversation(&'a [u8]),
}

/// What a row says of its turn or call besides the words; empty where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Attributes<'a> {
    pub(super) agent_id: &'a str,
    pub(super) queue: &'a str,
    pub(super) language: &'a str,
    pub(super) channel: &'a str,
    pub(super) date: Option<Date>,
}

/// One usable row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) call_id: &'a str,
    /// Which source it is from, and which row of it: the order of the files.
    pub(super) place: (u32, u64),
    pub(super) index: Option<i64>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    pub(super) attributes: Attributes<'a>,
    pub(super) body: Body<'a>,
}

/// Bytes of the length before each row.
const LENGTH_BYTES: usize = 4;
const CONVERSATION: u8 = 3;
const HAS_INDEX: u8 = 1 << 2;
const START_SHIFT: u8 = 3;
const END_SHIFT: u8 = 5;
const HAS_DATE: u8 = 1 << 7;

impl<'a> Row<'a> {
    /// Appends the row to `out`.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&[0; LENGTH_BYTES]);
        put_text(out, self.call_id);
        out.push(self.flags());
        put_unsigned(out, u64::from(self.place.0));
        put_unsigned(out, self.place.1);
        if let Some(index) = self.index {
            put_signed(out, index);
        }
        for moment in [self.start, self.end].into_iter().flatten() {
            let (Moment::Absolute(ms) | Moment::Offset(ms)) = moment;
            put_signed(out, ms);
        }
        let Attributes { agent_id, queue, language, channel, date } = self.attributes;
        for text in [agent_id, queue, language, channel] {
            put_text(out, text);
        }
        if let Some(date) = date {
            put_date(out, date);
        }
        match self.body {
            Body::Turn(_, text) => out.extend_from_slice(text.as_bytes()),
            Body::Conversation(turns) => out.extend_from_slice(turns),
        }
        let length = u32::try_from(out.len() - begin - LENGTH_BYTES).expect("a record is limited to a few MiB");
        out[begin..begin + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    }

    fn flags(&self) -> u8 {
        let kind = |moment: Option<Moment>| match moment {
            None => 0,
            Some(Moment::Absolute(_)) => 1,
            Some(Moment::Offset(_)) => 2,
        };
        let body = match self.body {
            Body::Turn(role, _) => role_code(role),
            Body::Conversation(_) => CONVERSATION,
        };
        let index = if self.index.is_some() { HAS_INDEX } else { 0 };
        let date = if self.attributes.date.is_some() { HAS_DATE } else { 0 };
        body | index | date | kind(self.start) << START_SHIFT | kind(self.end) << END_SHIFT
    }

    /// Reads the row that `bytes` begin with, after its length.
    fn get(bytes: &'a [u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let call_id = bytes.text()?;
        let flags = bytes.byte()?;
        let place = (u32::try_from(bytes.unsigned()?).ok()?, bytes.unsigned()?);
        let index = if flags & HAS_INDEX == 0 { None } else { Some(bytes.signed()?) };
        let mut moment = |kind: u8| match kind & 3 {
            0 => Some(None),
            1 => Some(Some(Moment::Absolute(bytes.signed()?))),
            _ => Some(Some(Moment::Offset(bytes.signed()?))),
        };
        let start = moment(flags >> START_SHIFT)?;
        let end = moment(flags >> END_SHIFT)?;
        let attributes = Attributes {
            agent_id: bytes.text()?,
            queue: bytes.text()?,
            language: bytes.text()?,
            channel: bytes.text()?,
            date: if flags & HAS_DATE == 0 { None } else { Some(bytes.date()?) },
        };
        let body = match role_of(flags & 3) {
            Some(role) => Body::Turn(role, std::str::from_utf8(bytes.0).ok()?),
            None => Body::Conversation(bytes.0),
        };
        Some(Self { call_id, place, index, start, end, attributes, body })
    }
}

/// The row that begins at `offset`, and where the next one begins.
pub(super) fn row_at(bytes: &[u8], offset: usize) -> Option<(Row<'_>, usize)> {
    let (row, next) = slice_at(bytes, offset)?;
    Some((Row::get(row)?, next))
}

/// The call id of the row that begins at `offset`, and where the next one begins: all that grouping needs.
pub(super) fn call_id_at(bytes: &[u8], offset: usize) -> Option<(&[u8], usize)> {
    let (row, next) = slice_at(bytes, offset)?;
    Some((Bytes(row).slice()?, next))
}

fn slice_at(bytes: &[u8], offset: usize) -> Option<(&[u8], usize)> {
    let (length, _) = bytes.get(offset..)?.split_first_chunk::<LENGTH_BYTES>()?;
    let begin = offset + LENGTH_BYTES;
    let end = begin + usize::try_from(u32::from_le_bytes(*length)).ok()?;
    Some((bytes.get(begin..end)?, end))
}

/// Appends one turn of a conversation to `out`.
pub(super) fn put_spoken(out: &mut Vec<u8>, spoken: &Spoken<'_>) {
    out.push(role_code(spoken.role) | if spoken.offset_ms.is_some() { HAS_INDEX } else { 0 });
    if let Some(ms) = spoken.offset_ms {
        put_signed(out, ms);
    }
    put_text(out, spoken.text);
}

/// The turns of a conversation, as [`put_spoken`] wrote them.
pub(super) fn spoken(turns: &[u8]) -> impl Iterator<Item = Spoken<'_>> {
    let mut bytes = Bytes(turns);
    std::iter::from_fn(move || {
        let flags = bytes.byte()?;
        let role = role_of(flags & 3)?;
        let offset_ms = if flags & HAS_INDEX == 0 { None } else { Some(bytes.signed()?) };
        Some(Spoken { role, offset_ms, text: bytes.text()? })
    })
}

const fn role_code(role: Role) -> u8 {
    match role {
        Role::Customer => 0,
        Role::Agent => 1,
        Role::Other => 2,
    }
}

const fn role_of(code: u8) -> Option<Role> {
    match code {
        0 => Some(Role::Customer),
        1 => Some(Role::Agent),
        2 => Some(Role::Other),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits of the number are taken at a time")]
fn put_unsigned(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_unsigned(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_unsigned(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// `YYYYMMDD` as one number.
fn put_date(out: &mut Vec<u8>, date: Date) {
    put_signed(out, (i64::from(date.year()) * 100 + i64::from(date.month())) * 100 + i64::from(date.day()));
}

/// What is left to read of a row.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn slice(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        let (slice, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(slice)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.slice()?).ok()
    }

    /// A date, as [`put_date`] wrote it.
    fn date(&mut self) -> Option<Date> {
        let packed = self.signed()?;
        let part = |number: i64| i8::try_from(number).ok();
        let year = i16::try_from(packed.div_euclid(10_000)).ok()?;
        Date::new(year, part(packed.rem_euclid(10_000) / 100)?, part(packed.rem_euclid(100))?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moments() -> impl Strategy<Value = Option<Moment>> {
        prop_oneof![
            Just(None),
            any::<i64>().prop_map(|ms| Some(Moment::Absolute(ms))),
            any::<i64>().prop_map(|ms| Some(Moment::Offset(ms))),
        ]
    }

    fn roles() -> impl Strategy<Value = Role> {
        prop_oneof![Just(Role::Customer), Just(Role::Agent), Just(Role::Other)]
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(
            texts in prop::collection::vec("\\PC{0,9}", 6),
            place in any::<(u32, u64)>(),
            index in any::<Option<i64>>(),
            start in moments(),
            end in moments(),
            role in roles(),
            day in prop::option::of(1_i8..30),
            turns in prop::collection::vec((roles(), any::<Option<i64>>(), "\\PC{0,9}"), 0..4),
            is_turn in any::<bool>(),
        ) {
            let mut conversation = Vec::new();
            for (role, offset_ms, text) in &turns {
                put_spoken(&mut conversation, &Spoken { role: *role, offset_ms: *offset_ms, text });
            }
            let row = Row {
                call_id: &texts[0], place, index, start, end,
                attributes: Attributes { agent_id: &texts[1], queue: &texts[2], language: &texts[3], channel: &texts[4], date: day.map(|day| Date::new(2024, 2, day).unwrap()) },
                body: if is_turn { Body::Turn(role, &texts[5]) } else { Body::Conversation(&conversation) },
            };
            let mut bytes = vec![7];
            row.put(&mut bytes);
            row.put(&mut bytes);
            let (first, next) = row_at(&bytes, 1).unwrap();
            prop_assert_eq!(first, row);
            prop_assert_eq!(call_id_at(&bytes, next), Some((texts[0].as_bytes(), bytes.len())));
            prop_assert_eq!(row_at(&bytes, next), Some((row, bytes.len())));
            prop_assert!(row_at(&bytes[..bytes.len() - 1], next).is_none());
            if let Body::Conversation(written) = first.body {
                let back: Vec<_> = spoken(written).map(|turn| (turn.role, turn.offset_ms, turn.text.to_owned())).collect();
                prop_assert_eq!(back, turns);
            }
        }
    }
}
