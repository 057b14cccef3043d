//! Azure speech to text: the result of a batch transcription (also that of version 2) or of a fast one, and phrases as a
//! program wrote them down in real time.
//!
//! A batch's `timestamp` is when it was processed, not when the call began.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::Moment;

/// Ticks of 100 ns in a millisecond.
const TICKS_PER_MS: f64 = 1e4;
const FIELDS: [(Field, &str); 5] = [
    (Field::CallId, "the file's name"),
    (Field::Speaker, "speaker, else channel"),
    (Field::Text, "nBest[0].display, or phrases[].text"),
    (Field::Started, "offset"),
    (Field::Ended, "offset and duration"),
];

/// The result of a batch transcription.
pub(in crate::input::formats) struct AzureBatch;

impl JsonFormat for AzureBatch {
    fn description(&self) -> Description {
        Description { name: "azure-batch", title: "Azure speech, batch and fast transcription", fields: &FIELDS }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let places =
            ["recognizedPhrases[].nBest", "RecognizedPhrases[].NBest", "AudioFileResults[].SegmentResults[].NBest"];
        let is_fast = shape.has_all(&["phrases[].offsetMilliseconds", "phrases[].text"]);
        (is_fast || places.iter().any(|place| shape.has(place))).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let batch: Batch<'r> = serde_json::from_slice(record)?;
        let files = batch.files.into_iter().flat_map(|file| file.phrases);
        let phrases: Vec<Phrase<'r>> = batch.phrases.into_iter().chain(batch.fast).chain(files).collect();
        let is_diarised = phrases.iter().any(|phrase| !phrase.speaker.trimmed().is_empty());
        let first = phrases.first().map(|phrase| phrase.channel.clone());
        // One channel of a call without speakers is everybody.
        let is_everybody = !is_diarised && phrases.iter().all(|phrase| Some(&phrase.channel) == first.as_ref());
        let language = phrases.iter().find(|phrase| !phrase.locale.trimmed().is_empty());
        let language = language.map_or_else(Default::default, |phrase| phrase.locale.clone().into_text());
        let mut part = CallPart { language, ..CallPart::default() };
        for phrase in phrases {
            let channel = if is_everybody { Scalar::default() } else { phrase.channel.clone() };
            match (Phrase { channel, ..phrase }).into_turn() {
                Some(turn) => part.turns.push(turn),
                None => part.events += 1,
            }
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow, default, rename = "recognizedPhrases", alias = "RecognizedPhrases", deserialize_with = "list")]
    phrases: Vec<Phrase<'a>>,
    /// Of a fast transcription.
    #[serde(borrow, default, rename = "phrases", deserialize_with = "list")]
    fast: Vec<Phrase<'a>>,
    /// Of version 2.
    #[serde(borrow, default, rename = "AudioFileResults", deserialize_with = "list")]
    files: Vec<AudioFile<'a>>,
}

#[derive(Deserialize)]
struct AudioFile<'a> {
    #[serde(borrow, default, rename = "SegmentResults", deserialize_with = "list")]
    phrases: Vec<Phrase<'a>>,
}

/// Phrases as they came in real time: each a record.
pub(in crate::input::formats) struct AzureRealTime;

impl JsonFormat for AzureRealTime {
    fn description(&self) -> Description {
        Description {
            name: "azure-real-time",
            title: "Azure speech, phrases written down in real time",
            fields: &FIELDS,
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_words = shape.has("NBest[].Display") || shape.has("DisplayText");
        (has_words && shape.has_all(&["RecognitionStatus", "Offset"])).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let phrase: Phrase<'r> = serde_json::from_slice(record)?;
        match phrase.into_turn() {
            Some(turn) => Ok(CallPart { turns: vec![turn], ..CallPart::default() }),
            None => Ok(CallPart { events: 1, ..CallPart::default() }),
        }
    }
}

#[derive(Deserialize)]
struct Phrase<'a> {
    #[serde(borrow, default, rename = "recognitionStatus", alias = "RecognitionStatus")]
    status: Scalar<'a>,
    #[serde(borrow, default, alias = "SpeakerId", alias = "Speaker", alias = "speakerId")]
    speaker: Scalar<'a>,
    #[serde(borrow, default, alias = "Channel", alias = "ChannelNumber")]
    channel: Scalar<'a>,
    /// An ISO 8601 duration, or ticks.
    #[serde(borrow, default, alias = "Offset")]
    offset: Scalar<'a>,
    #[serde(borrow, default, alias = "Duration")]
    duration: Scalar<'a>,
    #[serde(default, rename = "offsetInTicks", alias = "OffsetInTicks")]
    offset_ticks: Number,
    #[serde(default, rename = "durationInTicks", alias = "DurationInTicks")]
    duration_ticks: Number,
    #[serde(default, rename = "offsetMilliseconds")]
    offset_ms: Number,
    #[serde(default, rename = "durationMilliseconds")]
    duration_ms: Number,
    #[serde(borrow, default, deserialize_with = "list", rename = "nBest", alias = "NBest")]
    best: Vec<Best<'a>>,
    #[serde(borrow, default, rename = "DisplayText", alias = "text")]
    display_text: Scalar<'a>,
    #[serde(borrow, default)]
    locale: Scalar<'a>,
}

#[derive(Deserialize, Default)]
struct Best<'a> {
    #[serde(borrow, default, alias = "Display")]
    display: Scalar<'a>,
    #[serde(borrow, default, alias = "Lexical")]
    lexical: Scalar<'a>,
}

impl<'a> Phrase<'a> {
    /// The turn; `None` if nothing was recognised.
    fn into_turn(self) -> Option<SpokenTurn<'a>> {
        // 0 is success too.
        if !matches!(self.status.trimmed(), "" | "Success" | "0") {
            return None;
        }
        let start = milliseconds(self.offset_ms.0, self.offset_ticks.0, &self.offset);
        let length = milliseconds(self.duration_ms.0, self.duration_ticks.0, &self.duration);
        let best = self.best.into_iter().next().unwrap_or_default();
        let texts = [best.display, self.display_text, best.lexical];
        let text = texts.into_iter().find(|text| !text.trimmed().is_empty())?;
        let speaker = if self.speaker.trimmed().is_empty() {
            Speaker::Value(self.channel.into_text(), "\"channel\"")
        } else {
            Speaker::Value(self.speaker.into_text(), "\"speaker\"")
        };
        let end = start.zip(length).and_then(|(start, length)| Moment::offset_ms(start + length));
        Some(SpokenTurn::new(speaker, text.into_text()).at(start.and_then(Moment::offset_ms), end))
    }
}

/// A time in milliseconds, in whichever of its forms it is there.
fn milliseconds(ms: Option<f64>, ticks: Option<f64>, written: &Scalar<'_>) -> Option<f64> {
    let of_written = || match written.trimmed().parse::<f64>() {
        Ok(ticks) => Some(ticks / TICKS_PER_MS),
        Err(_) => Some(written.trimmed().parse::<jiff::SignedDuration>().ok()?.as_secs_f64() * 1e3),
    };
    ms.or_else(|| Some(ticks? / TICKS_PER_MS)).or_else(of_written)
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"source":"https://x/a.wav","timestamp":"2024-05-01T10:00:00Z","durationInTicks":90000000,
    "combinedRecognizedPhrases":[{"channel":0,"display":"all of it"}],"recognizedPhrases":[
      {"recognitionStatus":"Success","channel":1,"offset":"PT3.5S","duration":"PT1.25S","nBest":[{"confidence":0.9,"lexical":"my card","display":"My card!"},{"display":"Mike"}]},
      {"recognitionStatus":"Success","channel":0,"offset":"PT0.07S","duration":"PT1S","offsetInTicks":700000.0,"durationInTicks":10000000.0,"nBest":[{"lexical":"hello","display":"Hello."}]},
      {"recognitionStatus":"Failure","channel":0,"offset":"PT9S","duration":"PT1S","nBest":[]}]}"#;
#[cfg(test)]
pub(super) const FAST: &str = r#"{"durationMilliseconds":9000,"combinedPhrases":[{"text":"all of it"}],"phrases":[
      {"channel":1,"offsetMilliseconds":3500,"durationMilliseconds":1250,"text":"My card!","locale":"en-US","words":[{"text":"My","offsetMilliseconds":3500,"durationMilliseconds":90}]},
      {"channel":0,"offsetMilliseconds":70,"durationMilliseconds":1000,"text":"Hello.","locale":"en-US","confidence":0.9}]}"#;
#[cfg(test)]
pub(super) const VERSION_2: &str = r#"{"AudioFileResults":[{"AudioFileName":"Channel.0.wav","AudioFileUrl":null,"CombinedResults":[{"ChannelNumber":"0","Display":"all of it"}],"SegmentResults":[
      {"RecognitionStatus":"Success","ChannelNumber":"1","SpeakerId":null,"Offset":35000000,"Duration":12500000,"OffsetInSeconds":3.5,"NBest":[{"Confidence":0.9,"Lexical":"my card","Display":"My card!"}]},
      {"RecognitionStatus":"Success","ChannelNumber":"0","SpeakerId":null,"Offset":700000,"Duration":10000000,"NBest":[{"Display":"Hello."}]}]}]}"#;
#[cfg(test)]
pub(super) const REAL_TIME: &str = r#"{"Id":"1","RecognitionStatus":"Success","Offset":700000,"Duration":10000000,"SpeakerId":"Guest-1","NBest":[{"Display":"Hello."}]}
{"Id":"2","RecognitionStatus":"Success","Offset":35000000,"Duration":12500000,"SpeakerId":"Guest-2","DisplayText":"My card!"}
{"Id":"3","RecognitionStatus":"InitialSilenceTimeout","Offset":99000000,"Duration":0}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Stops as _;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, told};
    use crate::transcript::Role;

    fn with_roles(values: [&str; 2]) -> InputOptions {
        let roles = values.into_iter().zip([Role::Agent, Role::Customer]);
        InputOptions {
            roles: roles.map(|(value, role)| (value.to_owned(), Some(role))).collect(),
            ..InputOptions::default()
        }
    }

    /// Who said what, from when to when, and which agent.
    type Told = (Role, &'static str, Option<i64>, Option<i64>, Option<&'static str>);
    const EXPECTED: [Told; 2] = [
        (Role::Agent, "Hello.", Some(0), Some(1000), None),
        (Role::Customer, "My card!", Some(3430), Some(4680), None),
    ];

    #[test]
    fn phrases_of_a_batch_are_sorted_and_start_when_nobody_knows() {
        let text = format!("\u{feff}{SAMPLE}");
        let conversations = read_bytes(&[("a", text.into())], &with_roles(["0", "1"])).unwrap();
        let (calls, _) = all_calls(&conversations);
        assert_eq!(conversations.reports()[0].found.kind, "azure-batch");
        assert_eq!(conversations.reports()[0].found.facts, [("turns", 2.into()), ("events", 1.into())]);
        assert_eq!((told(&calls[0]), calls[0].started_at_ms, &*calls[0].id), (EXPECTED.to_vec(), None, "a"));
    }

    #[test]
    fn phrases_written_in_real_time_are_one_call() {
        let list = format!("[{}]", REAL_TIME.replace('\n', ","));
        for text in [REAL_TIME.to_owned(), list] {
            let conversations = read_bytes(&[("b", text.into())], &with_roles(["Guest-1", "Guest-2"])).unwrap();
            assert_eq!(conversations.reports()[0].found.kind, "azure-real-time");
            assert_eq!(told(&all_calls(&conversations).0[0]), EXPECTED);
        }
    }

    #[test]
    fn a_fast_transcription_and_one_of_version_2_are_batches_too() {
        for (text, language) in [(FAST, Some("en")), (VERSION_2, None)] {
            let conversations = read_bytes(&[("a", text.into())], &with_roles(["0", "1"])).unwrap();
            assert_eq!(conversations.reports()[0].found.kind, "azure-batch");
            let (calls, _) = all_calls(&conversations);
            assert_eq!((told(&calls[0]), calls[0].language.as_deref()), (EXPECTED.to_vec(), language));
        }
    }

    #[test]
    fn one_channel_without_speakers_is_refused() {
        for text in [SAMPLE.replace("\"channel\":1", "\"channel\":0"), REAL_TIME.replace("SpeakerId", "x")] {
            let error = read_bytes(&[("a", text.into())], &InputOptions::default()).err().unwrap();
            assert_eq!(error.code(), crate::exit::ExitCode::Data);
            assert!(error.to_string().contains("does not show who spoke"), "{error}");
        }
    }
}
