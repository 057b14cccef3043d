//! Amazon Transcribe Post-Call Analytics: one file a call, whose speakers have labels for people.
//!
//! `None`, which the program writes for what it does not know, is nothing. A conversation's time that is the time of
//! processing is none.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Clock, Moment};
use crate::transcript::Role;

/// What the label of each of several agents begins with.
const AGENT: &str = "Agent ";

/// Post-Call Analytics.
pub(in crate::input::formats) struct PostCall;

impl JsonFormat for PostCall {
    fn description(&self) -> Description {
        Description {
            name: "post-call-analytics",
            title: "Amazon Transcribe Post-Call Analytics (PCA)",
            fields: &[
                (Field::CallId, "GUID, else the file's name"),
                (Field::Speaker, "DisplayText of SpeakerLabels[]"),
                (Field::Text, "SpeechSegments[].DisplayText"),
                (Field::AgentId, "UserId of SpeakerLabels[], else Agent"),
                (Field::Started, "ConversationTime, SegmentStartTime"),
                (Field::Ended, "SegmentEndTime"),
                (Field::Language, "LanguageCode"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let is_it = shape.has("SpeechSegments[].SegmentSpeaker") || shape.has("ConversationAnalytics.SpeakerLabels[]");
        is_it.then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let Call { conversation_analytics: about, speech_segments } = serde_json::from_slice(record)?;
        let mut part = CallPart {
            call_id: stated(about.guid.clone()),
            is_whole: true,
            started_ms: about.started_ms(context.clock),
            agent_id: about.agent(),
            language: about.language_code.clone().into_text(),
            ..CallPart::default()
        };
        for segment in speech_segments {
            part.add(segment.into_turn(&about.speaker_labels));
        }
        Ok(part)
    }
}

/// A text, unless it stands for none.
fn stated(text: Scalar<'_>) -> Cow<'_, str> {
    if matches!(text.trimmed(), "None" | "null") { Cow::default() } else { text.into_text() }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call<'a> {
    #[serde(borrow)]
    conversation_analytics: About<'a>,
    #[serde(borrow)]
    speech_segments: Vec<Segment<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct About<'a> {
    #[serde(borrow, default, rename = "GUID")]
    guid: Scalar<'a>,
    #[serde(borrow, default)]
    agent: Scalar<'a>,
    #[serde(borrow, default)]
    conversation_time: Scalar<'a>,
    /// The name of its time zone.
    #[serde(borrow, default)]
    conversation_location: Scalar<'a>,
    #[serde(borrow, default)]
    process_time: Scalar<'a>,
    #[serde(borrow, default)]
    language_code: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    speaker_labels: Vec<Label<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Label<'a> {
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(borrow, default)]
    display_text: Scalar<'a>,
    #[serde(borrow, default)]
    user_id: Scalar<'a>,
}

impl<'a> About<'a> {
    fn started_ms(&self, clock: &Clock) -> Option<i64> {
        if self.conversation_time == self.process_time {
            return None;
        }
        match clock.moment_in(self.conversation_time.trimmed(), self.conversation_location.trimmed())? {
            Moment::Absolute(ms) => Some(ms),
            Moment::Offset(_) => None,
        }
    }

    /// The agent, unless that is a label of this file.
    fn agent(&self) -> Cow<'a, str> {
        let is_label = self.speaker_labels.iter().any(|label| label.display_text == self.agent);
        if is_label { Cow::default() } else { stated(self.agent.clone()) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Segment<'a> {
    #[serde(default)]
    segment_start_time: Number,
    #[serde(default)]
    segment_end_time: Number,
    #[serde(borrow, default)]
    segment_speaker: Scalar<'a>,
    #[serde(borrow, default)]
    display_text: Scalar<'a>,
    #[serde(borrow, default, rename = "IVRSegment")]
    ivr_segment: Scalar<'a>,
}

impl<'a> Segment<'a> {
    /// The turn; `None` if nothing was said.
    fn into_turn(self, labels: &[Label<'a>]) -> Option<SpokenTurn<'a>> {
        if self.display_text.is_empty() {
            return None;
        }
        let label = labels.iter().find(|label| label.speaker == self.segment_speaker);
        let is_ivr = matches!(self.ivr_segment.trimmed(), "true" | "1") || self.segment_speaker.trimmed() == "IVR";
        let name = label.map(|label| &label.display_text).filter(|name| !name.is_empty());
        let speaker = match name.map(|name| (name, name.trimmed().strip_prefix(AGENT))) {
            _ if is_ivr => Speaker::Role(Role::Other),
            Some((_, Some(number))) if number.bytes().all(|byte| byte.is_ascii_digit()) => Speaker::Role(Role::Agent),
            Some((name, _)) => Speaker::Value(name.clone().into_text(), "\"DisplayText\""),
            None => Speaker::Value(self.segment_speaker.into_text(), "\"SegmentSpeaker\""),
        };
        let agent_id = label.map(|label| stated(label.user_id.clone())).unwrap_or_default();
        let (start, end) = (self.segment_start_time.seconds(), self.segment_end_time.seconds());
        Some(SpokenTurn { agent_id, ..SpokenTurn::new(speaker, self.display_text.into_text()).at(start, end) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::spoken;
    use crate::input::InputOptions;
    use crate::input::tests::told;
    use crate::transcript::Role;

    const ONE: &str = r#"{"ConversationAnalytics":{"GUID":"None","Agent":"ChrisL","ConversationTime":"2021-12-01 06:01:22","ConversationLocation":"America/New_York","ProcessTime":"2021-12-02 01:00:00.5","LanguageCode":"en-US",
          "SpeakerLabels":[{"Speaker":"spk_1","DisplayText":"Customer"},{"Speaker":"spk_0","DisplayText":"Agent"}]},
        "SpeechSegments":[{"SegmentStartTime":0.5,"SegmentEndTime":2.25,"SegmentSpeaker":"spk_0","OriginalText":"helo","DisplayText":"Hello"},
          {"SegmentStartTime":3.0,"SegmentEndTime":4.0,"SegmentSpeaker":"spk_1","OriginalText":"Hi","DisplayText":"Hi","IVRSegment":false}]}"#;
    const SEVERAL: &str = r#"{"ConversationAnalytics":{"GUID":"g-1","Agent":"Agent 2","ConversationTime":"2021-12-01 06:01:22","ProcessTime":"2021-12-01 06:01:22",
          "SpeakerLabels":[{"Speaker":"spk_0","DisplayText":"Agent 1","UserId":"u-1"},{"Speaker":"spk_1","DisplayText":"Customer","UserId":"u-9"},{"Speaker":"spk_2","DisplayText":"Agent 2","UserId":"u-2"},{"Speaker":"IVR","DisplayText":"IVR"}]},
        "SpeechSegments":[{"SegmentStartTime":0,"SegmentEndTime":1,"SegmentSpeaker":"IVR","DisplayText":"Press one","IVRSegment":true},
          {"SegmentStartTime":1,"SegmentEndTime":2,"SegmentSpeaker":"spk_0","DisplayText":"One moment"},
          {"SegmentStartTime":2,"SegmentEndTime":3,"SegmentSpeaker":"spk_2","DisplayText":"Hello"},
          {"SegmentStartTime":3,"SegmentEndTime":4,"SegmentSpeaker":"spk_1","DisplayText":"Well"}]}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[ONE, SEVERAL];

    #[test]
    fn labels_for_people_are_roles_and_the_start_is_in_its_zone() {
        let calls = spoken(ONE, &InputOptions::default());
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("file", Some(1_638_356_482_000)));
        let expected = [
            (Role::Agent, "Hello", Some(0), Some(1750), Some("ChrisL")),
            (Role::Customer, "Hi", Some(2500), Some(3500), None),
        ];
        assert_eq!(told(&calls[0]), expected);
    }

    #[test]
    fn each_of_several_agents_has_an_id_and_a_time_of_processing_is_no_start() {
        let calls = spoken(SEVERAL, &InputOptions::default());
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("g-1", None));
        let agents: Vec<_> = told(&calls[0]).into_iter().map(|(role, .., agent)| (role, agent)).collect();
        let expected = [
            (Role::Other, None),
            (Role::Agent, Some("u-1")),
            (Role::Agent, Some("u-2")),
            (Role::Customer, Some("u-9")),
        ];
        assert_eq!(agents[..3], expected[..3]);
        assert_eq!(agents[3].0, Role::Customer);
    }
}
