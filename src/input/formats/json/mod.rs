//! JSON as vendors write it: a file that is one call, lines or a list of calls, of turns or of events.
//!
//! - `shape`: which keys a file has, by which its format is recognised; `records`: its records one at a time;
//!   `scalar`: texts and numbers as they stand; `tree`: a record whose keys are not known beforehand; `mend`: records that
//!   are not quite JSON; `words`: words joined to turns.
//! - Each other file here is one format: a `serde` model of the fields that are used, and how they make a [`CallPart`].
//!
//! A record that can't be used is rejected with its line and number; the others are read on.

pub(super) mod assembly;
pub(super) mod azure_content;
pub(super) mod azure_language;
pub(super) mod azure_speech;
pub(super) mod call_analytics;
pub(super) mod contact_lens;
pub(super) mod contact_lens_live;
pub(super) mod data_automation;
pub(super) mod deepgram;
pub(super) mod generic;
pub(super) mod genesys;
pub(super) mod gong;
pub(super) mod google;
pub(super) mod intercom;
pub(super) mod live_call;
mod mend;
pub(super) mod post_call;
mod records;
mod scalar;
mod shape;
#[cfg(test)]
mod tests;
pub(super) mod transcribe;
mod tree;
pub(super) mod twilio;
pub(super) mod vcon;
pub(super) mod whisper;
mod words;
pub(super) mod zendesk_chat;
pub(super) mod zendesk_ticket;

use super::{Description, Format, Found, Likeness, Sample};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::part::CallPart;
use crate::input::rejects::{Fault, Reason};
use crate::input::sink::{FileContext, Sink, Step};
use crate::input::times::Clock;
use crate::language;

use records::{Layout, Next, Records};
pub(in crate::input::formats) use shape::Shape;

/// Keys under which exports wrap a list of records.
const WRAPPERS: [&str; 9] =
    ["data", "calls", "conversations", "records", "items", "results", "tickets", "chats", "transcripts"];

/// What a record is read with.
pub(super) struct Context<'c> {
    /// The file that the record is from.
    pub(super) file: &'c FileContext,
    /// What reads written times.
    pub(super) clock: &'c mut Clock,
}

/// A vendor's JSON.
pub(super) trait JsonFormat: Sync {
    /// What people are shown of it.
    fn description(&self) -> Description;

    /// How surely records of this shape are of this format.
    fn likeness(&self, shape: &Shape) -> Option<Likeness>;

    /// Reads one record: a call, a part of one, or an event without words.
    ///
    /// # Errors
    /// Why the record can't be used; nothing of it is quoted.
    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault>;

    /// The same for a format with records that hold several calls.
    ///
    /// # Errors
    /// Why the record can't be used.
    fn parts<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<Vec<CallPart<'r>>, Fault> {
        self.part(record, context).map(|part| vec![part])
    }
}

impl<F: JsonFormat> Format for F {
    fn description(&self) -> Description {
        JsonFormat::description(self)
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        Some(place(self, sample.shape()?)?.1)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let list = Sample::new(&file.sample).shape().and_then(|shape| place(self, shape)?.0);
        let layout = Layout::of(&file.sample, list.as_deref());
        let mut records = Records::new(file.reader, layout);
        let mut counts = Counts::default();
        let mut languages = language::Column::default();
        for number in 1.. {
            let mended;
            let (line, parts) = match records.next().map_err(|error| file.about.failed(error))? {
                Next::End => break,
                Next::TooLong(line) => (line, Err(Fault::TooLong)),
                Next::Record(bytes, line) => {
                    let mut context = Context { file: sink.file, clock: &mut sink.run.clock };
                    let mut parts = self.parts(bytes, &mut context);
                    if let Err(Fault::NotJson { .. }) = parts
                        && let Some(bytes) = mend::mended(bytes)
                    {
                        mended = bytes;
                        parts = self.parts(&mended, &mut context);
                        counts.mended += u64::from(parts.is_ok());
                    }
                    (line, parts)
                }
            };
            match parts {
                Ok(parts) => {
                    for part in &parts {
                        counts.add(part);
                        sink.part(part, line, number, &mut languages)?;
                    }
                }
                Err(fault) => {
                    sink.count(1);
                    sink.reject(line, Reason::Record { number, fault });
                }
            }
            if sink.step(file.about.tap.passed())? == Step::Stop {
                break;
            }
        }
        sink.warn_of_languages(&languages);
        counts.warn_of_mended(&file.about.path);
        Ok(counts.found(JsonFormat::description(self)))
    }
}

/// Where the records of `format` are in a file of this shape: by themselves, or in the list of the key returned.
fn place(format: &impl JsonFormat, shape: &Shape) -> Option<(Option<String>, Likeness)> {
    let itself = format.likeness(shape).map(|likeness| (None, likeness));
    let wrapped = wrappers(shape)
        .filter_map(|path| format.likeness(&shape.inside(path)).map(|likeness| (Some(path.to_owned()), likeness)));
    // The surer one; of equals, the records by themselves.
    itself.into_iter().chain(wrapped).reduce(|one, other| if other.1 > one.1 { other } else { one })
}

/// The paths of lists that may wrap records: under a key of the object that a file is, or of an object in it.
fn wrappers(shape: &Shape) -> impl Iterator<Item = &str> {
    let lists = |depth: usize| {
        let paths = shape.paths().filter_map(|path| path.strip_suffix("[]"));
        paths.filter(move |path| !path.contains('[') && path.matches('.').count() == depth)
    };
    let at = move |depth: usize| {
        WRAPPERS.iter().flat_map(move |key| lists(depth).filter(move |path| path.rsplit('.').next() == Some(key)))
    };
    at(0).chain(at(1))
}

/// What was read of a file.
#[derive(Debug, Default)]
struct Counts {
    turns: u64,
    events: u64,
    /// Records that were not quite JSON.
    mended: u64,
}

impl Counts {
    fn add(&mut self, part: &CallPart<'_>) {
        self.turns += part.turns.len() as u64;
        self.events += part.events;
    }

    fn warn_of_mended(&self, path: &str) {
        if self.mended > 0 {
            tracing::warn!(
                "{path}: {} records hold what JSON does not have (half a character, NaN): another mark or nothing stands for it",
                self.mended
            );
        }
    }

    fn found(&self, description: Description) -> Found {
        let fields: Vec<String> =
            description.fields.iter().map(|(field, origin)| format!("{field} = {origin}")).collect();
        Found {
            kind: description.name,
            summary: fields.join(", "),
            facts: vec![("turns", self.turns.into()), ("events", self.events.into())],
        }
    }
}
