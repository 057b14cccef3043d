//! One usable row, and its compact form in memory and in the temporary file: a length (4 bytes, little endian), then
//! the row as `postcard` writes it, its call id first.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::labels::TurnText;
use super::times::Moment;
use crate::transcript::Role;

/// What was said in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Body<'a> {
    /// One turn.
    Turn(Role, &'a str),
    /// A whole conversation.
    Conversation(#[serde(borrow)] Vec<TurnText<'a>>),
    /// Some turns of a conversation.
    Turns(#[serde(borrow)] Vec<TurnText<'a>>),
    /// A turn of the unknown speaker of this number: the run can't go on once all rows are read.
    Unknown(u32),
    /// No turn: the row states something of its call.
    Nothing,
}

/// What a row states of its turn or call besides the words; empty where it states nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(super) struct Attributes<'a> {
    pub(super) agent_id: &'a str,
    pub(super) queue: &'a str,
    /// The code of the language.
    pub(super) language: &'a str,
    pub(super) channel: &'a str,
    #[serde(with = "day")]
    pub(super) date: Option<Date>,
    /// When the call began, in milliseconds since the Unix epoch, if it is stated apart from its turns.
    pub(super) call_started_ms: Option<i64>,
    /// What somebody rated the call, in millionths.
    pub(super) rating: Option<i64>,
    /// Whether the row is from a file that was redacted: rows of the call from another file repeat it.
    pub(super) is_redacted: bool,
    /// Whether `agent_id` may be the party's number in its call and no agent's id.
    pub(super) is_party_number: bool,
}

/// One usable row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row<'a> {
    pub(super) call_id: &'a str,
    /// Which source it is from, and which row of it: the order of the files.
    pub(super) place: (u32, u64),
    pub(super) index: Option<i64>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    #[serde(borrow)]
    pub(super) attributes: Attributes<'a>,
    #[serde(borrow)]
    pub(super) body: Body<'a>,
}

/// Bytes of the length before each row.
const LENGTH_BYTES: usize = 4;

impl Row<'_> {
    /// Appends the row to `out`.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&[0; LENGTH_BYTES]);
        postcard::serialize_with_flavor(self, End(out)).expect("a vector takes all, and every part has a length");
        let length = u32::try_from(out.len() - begin - LENGTH_BYTES).expect("a record is limited to a few MiB");
        out[begin..begin + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    }
}

/// The end of a vector, to which `postcard` writes: a third faster than its own `to_extend`, which takes bytes singly.
struct End<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for End<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The row that begins at `offset`, and where the next one begins.
pub(super) fn row_at(bytes: &[u8], offset: usize) -> Option<(Row<'_>, usize)> {
    let (row, next) = slice_at(bytes, offset)?;
    Some((postcard::from_bytes(row).ok()?, next))
}

/// The call id of the row that begins at `offset`, and where the next one begins: all that grouping needs.
pub(super) fn call_id_at(bytes: &[u8], offset: usize) -> Option<(&[u8], usize)> {
    let (row, next) = slice_at(bytes, offset)?;
    Some((postcard::take_from_bytes(row).ok()?.0, next))
}

fn slice_at(bytes: &[u8], offset: usize) -> Option<(&[u8], usize)> {
    let (length, _) = bytes.get(offset..)?.split_first_chunk::<LENGTH_BYTES>()?;
    let begin = offset + LENGTH_BYTES;
    let end = begin + usize::try_from(u32::from_le_bytes(*length)).ok()?;
    Some((bytes.get(begin..end)?, end))
}

/// A date as year, month and day.
mod day {
    use jiff::civil::Date;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        date.map(|date| (date.year(), date.month(), date.day())).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let parts = Option::<(i16, i8, i8)>::deserialize(deserializer)?;
        parts.map(|(year, month, day)| Date::new(year, month, day).map_err(D::Error::custom)).transpose()
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
            kind in 0..5,
            (call_started_ms, rating, is_redacted, is_party_number) in any::<(Option<i64>, Option<i64>, bool, bool)>(),
        ) {
            let turns = turns.iter().map(|(role, offset_ms, text)| TurnText { role: *role, offset_ms: *offset_ms, text });
            let body = match kind {
                0 => Body::Turn(role, &texts[5]),
                1 => Body::Unknown(place.0),
                2 => Body::Turns(turns.collect()),
                3 => Body::Nothing,
                _ => Body::Conversation(turns.collect()),
            };
            let row = Row {
                call_id: &texts[0], place, index, start, end,
                attributes: Attributes { agent_id: &texts[1], queue: &texts[2], language: &texts[3], channel: &texts[4], date: day.map(|day| Date::new(2024, 2, day).unwrap()), call_started_ms, rating, is_redacted, is_party_number },
                body,
            };
            let mut bytes = vec![7];
            row.put(&mut bytes);
            row.put(&mut bytes);
            let (first, next) = row_at(&bytes, 1).unwrap();
            prop_assert_eq!(&first, &row);
            prop_assert_eq!(call_id_at(&bytes, next), Some((texts[0].as_bytes(), bytes.len())));
            prop_assert_eq!(row_at(&bytes, next), Some((row, bytes.len())));
            prop_assert!(row_at(&bytes[..bytes.len() - 1], next).is_none());
        }
    }
}
