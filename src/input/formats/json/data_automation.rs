//! Amazon Bedrock Data Automation, standard output of a recording: segments with labels of speakers or channels.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

/// Data Automation.
pub(in crate::input::formats) struct DataAutomation;

impl JsonFormat for DataAutomation {
    fn description(&self) -> Description {
        Description {
            name: "bedrock-data-automation",
            title: "Amazon Bedrock Data Automation, audio",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "speaker_label, else channel_label"),
                (Field::Text, "audio_segments[].text"),
                (Field::Started, "start_timestamp_millis"),
                (Field::Ended, "end_timestamp_millis"),
                (Field::Language, "dominant_asset_language"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has = |list: &str| shape.has(&format!("{list}[].start_timestamp_millis"));
        (has("audio_segments") || has("audio_items")).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let recording: Recording<'r> = serde_json::from_slice(record)?;
        let mut part = CallPart {
            is_whole: true,
            language: recording.metadata.dominant_asset_language.into_text(),
            ..CallPart::default()
        };
        for segment in recording.audio_segments {
            part.add(segment.into_turn());
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Recording<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    audio_segments: Vec<Segment<'a>>,
}

#[derive(Deserialize, Default)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    dominant_asset_language: Scalar<'a>,
}

#[derive(Deserialize)]
struct Segment<'a> {
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(default)]
    start_timestamp_millis: Number,
    #[serde(default)]
    end_timestamp_millis: Number,
    #[serde(borrow)]
    speaker: Option<Label<'a>>,
    #[serde(borrow)]
    channel: Option<Label<'a>>,
}

#[derive(Deserialize, Default)]
struct Label<'a> {
    #[serde(borrow, default)]
    speaker_label: Scalar<'a>,
    #[serde(borrow, default)]
    channel_label: Scalar<'a>,
}

impl<'a> Segment<'a> {
    /// The turn; `None` for what is no speech.
    fn into_turn(self) -> Option<SpokenTurn<'a>> {
        let is_speech = matches!(self.r#type.trimmed(), "" | "TRANSCRIPT");
        if !is_speech || self.text.is_empty() {
            return None;
        }
        let speaker = self.speaker.unwrap_or_default().speaker_label;
        let channel = self.channel.unwrap_or_default().channel_label;
        let speaker = if speaker.is_empty() {
            Speaker::Value(channel.into_text(), "\"channel_label\"")
        } else {
            Speaker::Value(speaker.into_text(), "\"speaker_label\"")
        };
        let (start, end) = (self.start_timestamp_millis.ms(), self.end_timestamp_millis.ms());
        Some(SpokenTurn::new(speaker, self.text.into_text()).at(start, end))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{spoken, with_roles};
    use crate::input::tests::told;
    use crate::transcript::Role;

    const AUDIO: &str = r#"{"metadata":{"asset_id":"0","semantic_modality":"AUDIO","s3_key":"x.wav","dominant_asset_language":"EN"},
        "audio_items":[{"item_index":0,"content":"Hello","start_timestamp_millis":100,"end_timestamp_millis":300}],
        "audio_segments":[{"type":"TRANSCRIPT","segment_index":0,"text":"Hello","start_timestamp_millis":100,"end_timestamp_millis":300,"speaker":{"speaker_label":"spk_1"},"channel":{"channel_label":"ch_1"},"language":"EN"},
          {"type":"TRANSCRIPT","text":"A refund, please","start_timestamp_millis":800,"end_timestamp_millis":1900,"channel":{"channel_label":"ch_0"}},
          {"type":"MUSIC","start_timestamp_millis":2000,"end_timestamp_millis":9000}],
        "statistics":{"word_count":4}}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[AUDIO];

    #[test]
    fn segments_are_turns_of_speakers_else_of_channels() {
        let calls = spoken(AUDIO, &with_roles(&[("spk_1", Role::Agent), ("ch_0", Role::Customer)]));
        let expected = [
            (Role::Agent, "Hello", Some(0), Some(200), None),
            (Role::Customer, "A refund, please", Some(700), Some(1800), None),
        ];
        assert_eq!((told(&calls[0]), calls[0].language.as_deref()), (expected.to_vec(), Some("en")));
    }
}
