//! Amazon Transcribe Live Call Analytics: events of a stream, in which turns, starts and agents stand by themselves.
//!
//! Partial results and what is said to the agent alone are left out.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Clock, Moment, TimeColumn};

/// The event with words.
const SEGMENT: &str = "ADD_TRANSCRIPT_SEGMENT";
/// Events that show what the file is.
const EVENTS: [&str; 7] =
    [SEGMENT, "START", "UPDATE_AGENT", "END", "ADD_S3_RECORDING_URL", "ADD_CALL_CATEGORY", "ADD_AGENT_ASSIST"];

/// Live Call Analytics.
pub(in crate::input::formats) struct LiveCall;

impl JsonFormat for LiveCall {
    fn description(&self) -> Description {
        Description {
            name: "live-call-analytics",
            title: "Amazon Transcribe Live Call Analytics (LCA)",
            fields: &[
                (Field::CallId, "CallId"),
                (Field::Speaker, "Channel, ChannelId or ParticipantRole"),
                (Field::Text, "Transcript of ADD_TRANSCRIPT_SEGMENT, its UtteranceEvent or TranscriptEvent"),
                (Field::AgentId, "AgentId of any event"),
                (Field::Started, "CreatedAt of START, StartTime"),
                (Field::Ended, "EndTime"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let is_event = shape.value("EventType").is_some_and(|kind| EVENTS.contains(&kind));
        (is_event && shape.has("CallId")).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let mut event: Event<'r> = serde_json::from_slice(record)?;
        let mut part = CallPart {
            call_id: std::mem::take(&mut event.call_id).into_text(),
            agent_id: event.agent_id.clone().into_text(),
            started_ms: event.started_ms(context.clock),
            ..CallPart::default()
        };
        part.add(event.flat().into_turn());
        Ok(part)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    #[serde(borrow, default)]
    event_type: Scalar<'a>,
    #[serde(borrow, default)]
    call_id: Scalar<'a>,
    #[serde(borrow, default)]
    agent_id: Scalar<'a>,
    #[serde(borrow, default)]
    created_at: Scalar<'a>,
    #[serde(borrow, default)]
    channel: Scalar<'a>,
    #[serde(borrow, default)]
    transcript: Scalar<'a>,
    #[serde(borrow, default)]
    is_partial: Scalar<'a>,
    #[serde(default)]
    start_time: Number,
    #[serde(default)]
    end_time: Number,
    /// What Call Analytics recognised.
    #[serde(borrow)]
    utterance_event: Option<Utterance<'a>>,
    /// What Transcribe recognised.
    #[serde(borrow)]
    transcript_event: Option<TranscriptEvent<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Utterance<'a> {
    #[serde(borrow, default)]
    participant_role: Scalar<'a>,
    #[serde(borrow, default)]
    transcript: Scalar<'a>,
    #[serde(borrow, default)]
    is_partial: Scalar<'a>,
    #[serde(default)]
    begin_offset_millis: Number,
    #[serde(default)]
    end_offset_millis: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TranscriptEvent<'a> {
    #[serde(borrow, default)]
    transcript: Results<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Results<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    results: Vec<TranscribeResult<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TranscribeResult<'a> {
    #[serde(borrow, default)]
    channel_id: Scalar<'a>,
    #[serde(borrow, default)]
    is_partial: Scalar<'a>,
    #[serde(default)]
    start_time: Number,
    #[serde(default)]
    end_time: Number,
    #[serde(borrow, default, deserialize_with = "list")]
    alternatives: Vec<Alternative<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alternative<'a> {
    #[serde(borrow, default)]
    transcript: Scalar<'a>,
}

impl<'a> Event<'a> {
    fn started_ms(&self, clock: &mut Clock) -> Option<i64> {
        if self.event_type.trimmed() != "START" {
            return None;
        }
        match clock.moment(self.created_at.trimmed(), TimeColumn::default())? {
            Moment::Absolute(ms) => Some(ms),
            Moment::Offset(_) => None,
        }
    }

    /// The event with its words in its own fields, as events of one kind have them.
    fn flat(mut self) -> Self {
        if let Some(said) = self.utterance_event.take() {
            let seconds = |ms: Number| Number(ms.0.map(|ms| ms / 1e3));
            self.channel = said.participant_role;
            (self.transcript, self.is_partial) = (said.transcript, said.is_partial);
            (self.start_time, self.end_time) = (seconds(said.begin_offset_millis), seconds(said.end_offset_millis));
        } else if let Some(result) =
            self.transcript_event.take().and_then(|event| event.transcript.results.into_iter().next())
        {
            // The caller is on the first channel, as the product's own code has it.
            let caller = Scalar::from("CALLER");
            self.channel = match result.channel_id.trimmed() {
                "ch_0" => caller,
                "ch_1" => Scalar::from("AGENT"),
                _ => result.channel_id,
            };
            self.transcript = result.alternatives.into_iter().next().map(|first| first.transcript).unwrap_or_default();
            self.is_partial = result.is_partial;
            (self.start_time, self.end_time) = (result.start_time, result.end_time);
        }
        self
    }

    /// The turn; `None` for any other event, a partial result, or what the caller does not hear.
    fn into_turn(self) -> Option<SpokenTurn<'a>> {
        let channel = self.channel.trimmed();
        let is_heard = !channel.starts_with("AGENT_ASSISTANT") && !channel.ends_with("VOICETONE");
        let is_final = !self.is_partial.trimmed().eq_ignore_ascii_case("true");
        if self.event_type.trimmed() != SEGMENT || !is_heard || !is_final || self.transcript.is_empty() {
            return None;
        }
        let speaker = Speaker::Value(self.channel.into_text(), "\"Channel\"");
        let (start, end) = (self.start_time.seconds(), self.end_time.seconds());
        Some(SpokenTurn::new(speaker, self.transcript.into_text()).at(start, end))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, told};
    use crate::transcript::Role;

    const EVENTS: &str = r#"{"EventType":"START","CallId":"k-1","CreatedAt":"2022-10-18T21:50:00.000Z","CustomerPhoneNumber":"+1","SystemPhoneNumber":"+2"}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-1","Channel":"AGENT","SegmentId":"s1","StartTime":"0.5","EndTime":"1.75","Transcript":"Good","IsPartial":true}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-1","Channel":"AGENT","SegmentId":"s1","StartTime":"0.5","EndTime":"2.5","Transcript":"Good morning","IsPartial":false,"CreatedAt":"2022-10-18T21:50:03.000Z"}
{"EventType":"UPDATE_AGENT","CallId":"k-1","AgentId":"BobS"}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-1","Channel":"CALLER","SegmentId":"s2","StartTime":3.0,"EndTime":4.0,"Transcript":"My phone is dead","IsPartial":false}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-1","Channel":"AGENT_ASSISTANT","SegmentId":"s3","StartTime":"4","EndTime":"5","Transcript":"Offer a swap","IsPartial":false}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-1","Channel":"CALLER_VOICETONE","SegmentId":"s4","StartTime":"4","EndTime":"5","Transcript":"Negative","IsPartial":false}
{"EventType":"END","CallId":"k-1"}
"#;
    const NESTED: &str = r#"{"EventType":"START","CallId":"k-2","AgentId":"ann","CreatedAt":"2022-10-18T21:50:00.000Z"}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-2","UtteranceEvent":{"UtteranceId":"u1","ParticipantRole":"AGENT","IsPartial":false,"BeginOffsetMillis":500,"EndOffsetMillis":2500,"Transcript":"Good morning","Sentiment":"NEUTRAL"}}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-2","UtteranceEvent":{"UtteranceId":"u2","ParticipantRole":"CUSTOMER","IsPartial":true,"BeginOffsetMillis":2600,"EndOffsetMillis":2700,"Transcript":"My"}}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-2","TranscriptEvent":{"Transcript":{"Results":[{"ResultId":"r1","ChannelId":"ch_0","IsPartial":false,"StartTime":3.0,"EndTime":4.0,"Alternatives":[{"Transcript":"My phone is dead","Items":[]},{"Transcript":"My foe"}]}]}}}
{"EventType":"ADD_TRANSCRIPT_SEGMENT","CallId":"k-2","TranscriptEvent":{"Transcript":{"Results":[]}}}
"#;
    pub(in super::super) const SAMPLES: &[&str] = &[EVENTS, NESTED];

    #[test]
    fn words_in_an_event_of_transcribe_are_turns_too() {
        let conversations = read_bytes(&[("lca.jsonl", NESTED.into())], &InputOptions::default()).unwrap();
        let expected = [
            (Role::Agent, "Good morning", Some(0), Some(2000), Some("ann")),
            (Role::Customer, "My phone is dead", Some(2500), Some(3500), None),
        ];
        assert_eq!(told(&all_calls(&conversations).0[0]), expected);
        assert_eq!(conversations.reports()[0].found.facts, [("turns", 2.into()), ("events", 3.into())]);
    }

    #[test]
    fn final_segments_of_both_parties_are_turns_and_the_agent_is_in_an_event() {
        let conversations = read_bytes(&[("lca.jsonl", EVENTS.into())], &InputOptions::default()).unwrap();
        let (calls, _) = all_calls(&conversations);
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("k-1", Some(1_666_129_800_000)));
        let expected = [
            (Role::Agent, "Good morning", Some(0), Some(2000), Some("BobS")),
            (Role::Customer, "My phone is dead", Some(2500), Some(3500), None),
        ];
        assert_eq!(told(&calls[0]), expected);
        assert_eq!(conversations.reports()[0].found.facts, [("turns", 2.into()), ("events", 6.into())]);
    }
}
