//! Captions that Zoom saves: `[Name] hh:mm:ss` on a line, what was said on the lines below it. A file is a call.
//!
//! The times are those of a clock, without a date: they give offsets, and go on past midnight.

use super::whole::{self, WholeCall};
use super::{Description, Format, Found, Likeness, Sample};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::Field;
use crate::input::part::{Speaker, SpokenTurn};
use crate::input::sink::Sink;
use crate::input::times::{Moment, stamp};

/// A clock that goes back by more than this has passed midnight.
const HALF_DAY_MS: i64 = 12 * 3600 * 1000;

/// Captions that Zoom saves.
pub(super) struct Zoom;

impl Format for Zoom {
    fn description(&self) -> Description {
        Description {
            name: "zoom",
            title: "captions that Zoom saved; a file is a call",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "`[Name]`"),
                (Field::Text, "the lines below"),
                (Field::Started, "the time behind the name, without a date"),
            ],
        }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        let text = String::from_utf8_lossy(sample.text);
        let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        head(first).map(|_| Likeness::Certain)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let (text, about) = whole::text(file)?;
        let mut call = WholeCall::new(sink, about);
        let mut turn: Option<(u64, SpokenTurn<'_>)> = None;
        let (mut before, mut midnights) = (0, 0);
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if let Some((name, time)) = head(line) {
                if let Some((line, turn)) = turn.take() {
                    call.turn(line, turn)?;
                }
                midnights += i64::from(before - time > HALF_DAY_MS);
                before = time;
                let start = Moment::Offset(time + midnights * 2 * HALF_DAY_MS);
                let speaker = Speaker::Value(name.into(), "the name in brackets");
                turn = Some((number, SpokenTurn::new(speaker, String::new()).at(Some(start), None)));
            } else if let Some((_, turn)) = &mut turn {
                let words = turn.text.to_mut();
                if !words.is_empty() && !line.is_empty() {
                    words.push('\n');
                }
                words.push_str(line);
            } else {
                call.left_out += u64::from(!line.is_empty());
            }
        }
        if let Some((line, turn)) = turn {
            call.turn(line, turn)?;
        }
        Ok(call.found(self.description()))
    }
}

/// Name and time of day, in milliseconds, of `[Name] hh:mm:ss`.
fn head(line: &str) -> Option<(&str, i64)> {
    let (name, time) = line.trim_start_matches('\u{feff}').strip_prefix('[')?.rsplit_once("] ")?;
    let is_time = time.bytes().filter(|byte| *byte == b':').count() == 2;
    let time = stamp(time.trim()).filter(|_| is_time && !name.trim().is_empty())?;
    Some((name.trim(), time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{all_calls, lenient, read_bytes};
    use crate::transcript::Role;

    #[test]
    fn saved_captions_are_turns_with_times() {
        let text = "\u{feff}[Jane Roe] 23:59:58\r\nHello there.\r\nWhat is it?\r\n\r\n[Sam (he)] 00:00:03\r\n[laughs] my bill\r\n\r\n\
            [Jane Roe] 00:00:09\r\nI see\r\n[Jane Roe] 00:00:10\r\n";
        let roles = [("Jane Roe", Role::Agent), ("Sam (he)", Role::Customer)];
        let roles = roles.map(|(value, role)| (value.to_owned(), Some(role))).to_vec();
        let options = InputOptions { roles, ..lenient() };
        let conversations = read_bytes(&[("call 7.txt", text.into())], &options).unwrap();
        assert_eq!(conversations.reports()[0].found.kind, "zoom");
        let (calls, _) = all_calls(&conversations);
        let found: Vec<_> =
            calls[0].turns.iter().map(|turn| (turn.role, turn.text.as_str(), turn.start_ms.unwrap())).collect();
        let expected = [
            (Role::Agent, "Hello there.\nWhat is it?", 0),
            (Role::Customer, "[laughs] my bill", 5_000),
            (Role::Agent, "I see", 11_000),
        ];
        assert_eq!((&*calls[0].id, found), ("call 7", expected.to_vec()));
        let error = read_bytes(&[("a.txt", text.into())], &lenient()).err().unwrap();
        assert!(error.to_string().contains("\"Jane Roe\" (2 turns), \"Sam (he)\" (1 turn)"), "{error}");
    }
}
