//! Whisper, which shows nobody, and WhisperX, which adds speakers to its segments.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

/// Keys that segments of these programs have and others have not.
const MARKS: [&str; 6] = [
    "word_segments[].word",
    "segments[].words[].word",
    "segments[].avg_logprob",
    "segments[].no_speech_prob",
    "segments[].compression_ratio",
    "language",
];

/// Whisper and WhisperX.
pub(in crate::input::formats) struct Whisper;

impl JsonFormat for Whisper {
    fn description(&self) -> Description {
        Description {
            name: "whisper",
            title: "Whisper and WhisperX",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "speaker (WhisperX), else that of the segment before"),
                (Field::Text, "segments[].text"),
                (Field::Started, "start"),
                (Field::Ended, "end"),
                (Field::Language, "language"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_segments = shape.has_all(&["segments[].start", "segments[].end", "segments[].text"]);
        (has_segments && MARKS.iter().any(|mark| shape.has(mark))).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let Answer { language, segments } = serde_json::from_slice(record)?;
        let mut part = CallPart { is_whole: true, language: language.into_text(), ..CallPart::default() };
        let first = segments.iter().find(|segment| !segment.speaker.is_empty());
        let mut before = first.map(|_| Speaker::Role(crate::transcript::Role::Other));
        for segment in segments {
            if !segment.speaker.is_empty() {
                before = Some(Speaker::Value(segment.speaker.into_text(), SPEAKER));
            }
            let speaker = before.clone().unwrap_or(Speaker::Value(Cow::default(), SPEAKER));
            let turn = SpokenTurn::new(speaker, segment.text.into_text());
            let is_said = !turn.text.trim().is_empty();
            part.add(is_said.then(|| turn.at(segment.start.seconds(), segment.end.seconds())));
        }
        Ok(part)
    }
}

const SPEAKER: &str = "\"speaker\"";

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    language: Scalar<'a>,
    #[serde(borrow, deserialize_with = "list")]
    segments: Vec<Segment<'a>>,
}

#[derive(Deserialize)]
struct Segment<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(default)]
    start: Number,
    #[serde(default)]
    end: Number,
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{spoken, with_roles};
    use crate::input::InputOptions;
    use crate::input::tests::{read_bytes, told};
    use crate::transcript::Role;

    const SPEAKERS: &str = r#"{"segments":[{"start":0.25,"end":1.5,"text":" Hello there.","words":[{"word":"Hello","start":0.25,"end":0.5,"score":NaN,"speaker":"SPEAKER_01"}],"speaker":"SPEAKER_01"},
        {"start":1.75,"end":2.5,"text":" One moment."},{"start":3.0,"end":3.5,"text":"Hi.","speaker":"SPEAKER_00"},{"start":3.5,"end":3.6,"text":" "}],
        "word_segments":[{"word":"Hello","start":0.25,"end":0.5,"score":0.5}],"language":"en"}"#;
    const NOBODY: &str = r#"{"text":" Hello. Hi.","segments":[{"id":0,"seek":0,"start":0.0,"end":1.0,"text":" Hello.","tokens":[1],"avg_logprob":-0.2}],"language":"english"}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[SPEAKERS];

    #[test]
    fn a_segment_without_a_speaker_goes_on_with_the_one_before() {
        let calls = spoken(SPEAKERS, &with_roles(&[("SPEAKER_00", Role::Customer), ("SPEAKER_01", Role::Agent)]));
        let expected = [
            (Role::Agent, "Hello there.", Some(0), Some(1250), None),
            (Role::Agent, "One moment.", Some(1500), Some(2250), None),
            (Role::Customer, "Hi.", Some(2750), Some(3250), None),
        ];
        assert_eq!((told(&calls[0]), calls[0].language.as_deref()), (expected.to_vec(), Some("en")));
    }

    #[test]
    fn whisper_itself_shows_nobody() {
        let error = read_bytes(&[("w.json", NOBODY.into())], &InputOptions::default()).err().unwrap();
        assert!(error.to_string().ends_with("does not show who spoke"), "{error}");
    }
}
