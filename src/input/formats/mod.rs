//! The ways in which transcripts are written down: a folder or file each, and which of them a file is.
//!
//! A format is recognised by a file's content, never by its name. Its reader turns the file into rows for the
//! [`Sink`], which keeps them by call, and reports what it [`Found`] in its own words. A whole call is one row a turn,
//! or one row with all turns; rejected records and counted events are the sink's and the report's.
//!
//! To add one: implement [`Format`] and name it in [`ALL`].

use std::cell::OnceCell;
use std::str::FromStr;

use serde_json::Value;

use super::InputOptions;
use super::decode::Opened;
use super::error::InputError;
use super::field::Field;
use super::sink::Sink;
use json::Shape;

#[cfg(feature = "exchange")]
pub(super) mod arrow;
pub(super) mod captions;
pub(super) mod csv;
mod foreign;
mod json;
#[cfg(any(feature = "exchange", feature = "parquet"))]
mod moments;
pub(super) mod parquet;
#[cfg(test)]
mod tests;
mod text;
mod whole;
mod zoom;

/// Every format, the likelier ones first.
pub(super) static ALL: [&dyn Format; 30] = [
    &csv::Csv,
    &json::contact_lens::ContactLens,
    &json::contact_lens_live::ContactLensLive,
    &json::call_analytics::CallAnalytics,
    &json::transcribe::Transcribe,
    &json::data_automation::DataAutomation,
    &json::post_call::PostCall,
    &json::live_call::LiveCall,
    &json::deepgram::Deepgram,
    &json::assembly::Assembly,
    &json::whisper::Whisper,
    &json::genesys::Genesys,
    &json::google::GoogleImport,
    &json::google::GoogleConversation,
    &json::azure_speech::AzureBatch,
    &json::azure_speech::AzureRealTime,
    &json::azure_language::AzureLanguage,
    &json::azure_content::AzureContent,
    &json::twilio::Twilio,
    &json::zendesk_chat::ZendeskChat,
    &json::zendesk_ticket::ZendeskTicket,
    &json::intercom::Intercom,
    &json::vcon::Vcon,
    &json::gong::Gong,
    &json::generic::Generic,
    &captions::WebVtt,
    &captions::SubRip,
    &zoom::Zoom,
    &text::Text,
    &parquet::Parquet,
];

/// How surely a file is of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Nothing shows that it is not: the reader can name what is missing.
    Possible,
    /// Something that only this format has is there.
    Certain,
}

/// What people are shown of a format before they have a file of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The name by which `--format-in` calls it.
    pub name: &'static str,
    /// What it is: the product that writes such files, or the kind of text.
    pub title: &'static str,
    /// Fields, each with the part of a file that it is taken from.
    pub fields: &'static [(Field, &'static str)],
}

/// One of the formats, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatName(&'static str);

impl FormatName {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for FormatName {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        descriptions().find(|known| known.name == name).map(|known| Self(known.name)).ok_or(())
    }
}

/// What is read: every format, in the order in which they are tried.
pub fn descriptions() -> impl Iterator<Item = Description> {
    ALL.iter().map(|format| format.description())
}

/// The beginning of a file's text, by which its format is recognised.
pub(super) struct Sample<'s> {
    /// The bytes.
    pub(super) text: &'s [u8],
    shape: OnceCell<Option<Shape>>,
}

impl<'s> Sample<'s> {
    /// The sample of a file that begins with `text`.
    pub(super) const fn new(text: &'s [u8]) -> Self {
        Self { text, shape: OnceCell::new() }
    }

    /// The keys of its records, if it is JSON.
    fn shape(&self) -> Option<&Shape> {
        let is_json = |text: &[u8]| matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        self.shape.get_or_init(|| is_json(self.text).then(|| Shape::of(self.text))).as_ref()
    }
}

/// A way in which transcripts are written down.
pub(super) trait Format: Sync {
    /// What people are shown of it.
    fn description(&self) -> Description;

    /// How surely a file is of this format, by the beginning of its text; `None` if it is not.
    fn likeness(&self, sample: &Sample<'_>, options: &InputOptions) -> Option<Likeness>;

    /// Reads the file to its end. Everything that was said goes into `sink`, nothing of it into an error.
    ///
    /// # Errors
    /// What stops the run.
    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError>;
}

/// How a file was understood, in the words of its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The kind of file, such as `turn-rows`.
    pub kind: &'static str,
    /// Which part of the file was taken for what, in one line for people.
    pub summary: String,
    /// The same for run.json, in the order in which it is written.
    pub facts: Vec<(&'static str, Value)>,
}

/// The format of a file whose text begins with `text`: the one that the user named, else the likeliest.
///
/// # Errors
/// What the file looks like, if it is of none.
pub(super) fn recognise<'f>(
    formats: &[&'f dyn Format],
    text: &[u8],
    options: &InputOptions,
) -> Result<&'f dyn Format, &'static str> {
    if let Some(name) = options.format {
        let named = formats.iter().find(|format| format.description().name == name.as_str());
        return named.copied().ok_or("of no known format");
    }
    let sample = Sample::new(text);
    let mut best = None;
    for &format in formats {
        let likeness = format.likeness(&sample, options);
        // The first of equals is kept.
        if likeness > best.map(|(likeness, _)| likeness) {
            best = likeness.map(|likeness| (likeness, format));
        }
    }
    best.map(|(_, format)| format).ok_or_else(|| foreign::looks_like(text).unwrap_or("plain text"))
}
