//! Amazon Connect Contact Lens in real time: events of a stream, or the answers of its API.
//!
//! A partial result (`Utterance`) is left out, since its words come again in a `Transcript`. A segment that comes twice
//! is the same turn at the same time, and counts once.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::contact_lens::Item;
use super::scalar::{Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::CallPart;
use crate::input::rejects::Fault;

/// What `EventType` can be.
const EVENTS: [&str; 4] = ["STARTED", "SEGMENTS", "COMPLETED", "FAILED"];

/// Contact Lens in real time.
pub(in crate::input::formats) struct ContactLensLive;

impl JsonFormat for ContactLensLive {
    fn description(&self) -> Description {
        Description {
            name: "contact-lens-live",
            title: "Amazon Connect Contact Lens in real time",
            fields: &[
                (Field::CallId, "ContactId, else the file's name"),
                (Field::Speaker, "ParticipantRole"),
                (Field::Text, "Segments[].Transcript.Content"),
                (Field::Started, "BeginOffsetMillis or Time.AbsoluteTime"),
                (Field::Ended, "EndOffsetMillis"),
                (Field::Language, "LanguageCode"),
                (Field::Channel, "Channel"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_segments = ["Transcript", "Utterance", "Categories", "PostContactSummary"]
            .iter()
            .any(|kind| shape.has(&format!("Segments[].{kind}")));
        let is_event = shape.has("ContactId") && shape.value("EventType").is_some_and(|kind| EVENTS.contains(&kind));
        (has_segments || is_event).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let event: Event<'r> = serde_json::from_slice(record)?;
        let mut part = CallPart {
            call_id: event.contact_id.into_text(),
            language: event.language_code.into_text(),
            channel: event.channel.into_text(),
            events: u64::from(event.segments.is_empty()),
            ..CallPart::default()
        };
        for segment in event.segments {
            part.add(segment.transcript.and_then(|item| item.into_turn(&[], context.clock)));
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    #[serde(borrow, default)]
    contact_id: Scalar<'a>,
    #[serde(borrow, default)]
    language_code: Scalar<'a>,
    #[serde(borrow, default)]
    channel: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    segments: Vec<Segment<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Segment<'a> {
    #[serde(borrow)]
    transcript: Option<Item<'a>>,
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::spoken;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, told};
    use crate::transcript::Role;

    const STREAM: &str = r#"{"Version":"1.0.0","Channel":"VOICE","ContactId":"c-9","LanguageCode":"en-US","EventType":"STARTED"}
{"Channel":"VOICE","ContactId":"c-9","LanguageCode":"en-US","EventType":"SEGMENTS","Segments":[{"Utterance":{"Id":"u","TranscriptId":"t1","ParticipantId":"AGENT","ParticipantRole":"AGENT","PartialContent":"Hello","BeginOffsetMillis":10,"EndOffsetMillis":400}}]}
{"Channel":"VOICE","ContactId":"c-9","LanguageCode":"en-US","EventType":"SEGMENTS","Segments":[{"Transcript":{"Id":"t1","ParticipantId":"AGENT","ParticipantRole":"AGENT","Content":"Hello there","BeginOffsetMillis":10,"EndOffsetMillis":900}},{"Categories":{"MatchedCategories":["x"]}}]}
{"Channel":"VOICE","ContactId":"c-9","LanguageCode":"en-US","EventType":"SEGMENTS","Segments":[{"Transcript":{"Id":"t1","ParticipantId":"AGENT","ParticipantRole":"AGENT","Content":"Hello there","BeginOffsetMillis":10,"EndOffsetMillis":900}},{"Transcript":{"Id":"t2","ParticipantId":"CUSTOMER","ParticipantRole":"CUSTOMER","Content":"Hi","BeginOffsetMillis":1000,"EndOffsetMillis":1200}}]}
{"Channel":"VOICE","ContactId":"c-9","LanguageCode":"en-US","EventType":"COMPLETED"}
"#;
    const ANSWER: &str = r#"{"Channel":"CHAT","Status":"COMPLETED","Segments":[
        {"Event":{"Id":"e","ParticipantRole":"AGENT","EventType":"joined","Time":{"AbsoluteTime":"2024-05-01T10:00:00.000Z"}}},
        {"Transcript":{"Id":"m","ParticipantId":"p","ParticipantRole":"CUSTOMER","DisplayName":"Kim","Content":"My card","ContentType":"text/plain","Time":{"AbsoluteTime":"2024-05-01T10:00:02.000Z"}}},
        {"Transcript":{"Id":"n","ParticipantId":"q","ParticipantRole":"AGENT","Content":"Yes?","ContentType":"text/markdown","Time":{"AbsoluteTime":"2024-05-01T10:00:04.500Z"}}}]}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[STREAM, ANSWER];

    #[test]
    fn only_final_results_of_a_stream_are_turns_and_each_counts_once() {
        let array = format!("[{}]", STREAM.trim().replace('\n', ","));
        for text in [STREAM, &array] {
            let conversations = read_bytes(&[("s.json", text.into())], &InputOptions::default()).unwrap();
            let (calls, tally) = all_calls(&conversations);
            assert_eq!((&*calls[0].id, tally.duplicates, calls.len()), ("c-9", 1, 1));
            let expected = [
                (Role::Agent, "Hello there", Some(0), Some(890), None),
                (Role::Customer, "Hi", Some(990), Some(1190), None),
            ];
            assert_eq!(told(&calls[0]), expected);
            assert_eq!(conversations.reports()[0].found.facts, [("turns", 3.into()), ("events", 4.into())]);
        }
    }

    #[test]
    fn answers_of_the_api_have_the_file_for_a_call() {
        let calls = spoken(ANSWER, &InputOptions::default());
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("file", Some(1_714_557_602_000)));
        let expected =
            [(Role::Customer, "My card", Some(0), None, None), (Role::Agent, "Yes?", Some(2500), None, None)];
        assert_eq!(told(&calls[0]), expected);
    }
}
