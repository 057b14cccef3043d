//! Google Contact Center AI Insights: the file that is imported, and a conversation as the API returns it.
//!
//! An import file is one conversation, whose id is often the file's name alone. Its `user_id` is an agent's id, or just the number
//! of the party: see [`CallPart::has_party_numbers`].

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::transcript::Role;

const ENTRIES: &str = "entries[].text";

/// The file that is imported.
pub(in crate::input::formats) struct GoogleImport;

impl JsonFormat for GoogleImport {
    fn description(&self) -> Description {
        Description {
            name: "google-import",
            title: "Google CX Insights, a conversation to import",
            fields: &[
                (Field::CallId, "conversation_info.conversation_id, else the file's name"),
                (Field::Speaker, "role"),
                (Field::Text, ENTRIES),
                (Field::AgentId, "user_id of an agent, if agents have different ones"),
                (Field::Started, "start_timestamp_usec"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let names_parties = shape.has("entries[].user_id") || shape.has("entries[].start_timestamp_usec");
        (shape.has_all(&[ENTRIES, "entries[].role"]) && (names_parties || shape.has("conversation_info")))
            .then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let import: Import<'r> = serde_json::from_slice(record)?;
        let times = import.entries.iter().map(|entry| entry.start_timestamp_usec.0.unwrap_or_default());
        // Where nobody knew the time, all entries have the same one.
        let (least, most) = times.fold((f64::MAX, f64::MIN), |(least, most), time| (least.min(time), most.max(time)));
        let is_timed = least < most || least > 0.0 && import.entries.len() == 1;
        let call_id = import.conversation_info.conversation_id.into_text();
        let mut part = CallPart { call_id, has_party_numbers: true, ..CallPart::default() };
        for entry in import.entries {
            if entry.text.trimmed().is_empty() {
                part.events += 1;
                continue;
            }
            let start = entry.start_timestamp_usec.0.filter(|_| is_timed);
            let speaker = speaker(&entry.role, "\"role\"");
            let is_agent = speaker == Speaker::Role(Role::Agent);
            let turn = SpokenTurn::new(speaker, entry.text.into_text())
                .at(start.and_then(|microseconds| Moment::by_size_ms(microseconds / 1e3)), None);
            let agent_id = if is_agent { entry.user_id.into_text() } else { "".into() };
            part.turns.push(SpokenTurn { agent_id, ..turn });
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Import<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    conversation_info: ConversationInfo<'a>,
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

#[derive(Deserialize, Default)]
struct ConversationInfo<'a> {
    #[serde(borrow, default)]
    conversation_id: Scalar<'a>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    role: Scalar<'a>,
    #[serde(borrow, default)]
    user_id: Scalar<'a>,
    #[serde(default)]
    start_timestamp_usec: Number,
}

fn speaker<'a>(role: &Scalar<'a>, place: &'static str) -> Speaker<'a> {
    match role.trimmed() {
        "AGENT" | "HUMAN_AGENT" => Speaker::Role(Role::Agent),
        "AUTOMATED_AGENT" => Speaker::Role(Role::Other),
        "CUSTOMER" | "END_USER" => Speaker::Role(Role::Customer),
        _ => Speaker::Value(role.clone().into_text(), place),
    }
}

/// A conversation as the API returns it.
pub(in crate::input::formats) struct GoogleConversation;

impl JsonFormat for GoogleConversation {
    fn description(&self) -> Description {
        Description {
            name: "google-conversation",
            title: "Google CX Insights, a conversation of the API",
            fields: &[
                (Field::CallId, "the last part of name"),
                (Field::Speaker, "segmentParticipant.role, else channelTag"),
                (Field::Text, "transcript.transcriptSegments[].text"),
                (Field::AgentId, "agentId, else userId of an agent, if agents have different ones"),
                (Field::Started, "messageTime, else the first word's startOffset"),
                (Field::Language, "languageCode"),
                (Field::Channel, "medium"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let is_there =
            shape.has("transcript.transcriptSegments[].text") || shape.has("transcript.transcript_segments[].text");
        is_there.then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let conversation: Conversation<'r> = serde_json::from_slice(record)?;
        let name = conversation.name.into_text();
        let mut part = CallPart {
            call_id: name.rsplit('/').next().unwrap_or_default().to_owned().into(),
            started_ms: moment(&conversation.start_time, context.clock).and_then(Moment::on_the_calendar),
            agent_id: conversation.agent_id.into_text(),
            has_party_numbers: true,
            language: conversation.language_code.into_text(),
            channel: conversation.medium.into_text(),
            ..CallPart::default()
        };
        for segment in conversation.transcript.transcript_segments {
            if segment.text.trimmed().is_empty() {
                part.events += 1;
                continue;
            }
            let role = &segment.segment_participant.role;
            let is_stated = !matches!(role.trimmed(), "" | "ROLE_UNSPECIFIED" | "ANY_AGENT");
            let speaker =
                if is_stated { speaker(role, "\"role\"") } else { speaker(&segment.channel_tag, "\"channelTag\"") };
            let is_agent = speaker == Speaker::Role(Role::Agent) && part.agent_id.is_empty();
            let word = segment.words.first().map(|word| &word.start_offset);
            let start = moment(&segment.message_time, context.clock).or_else(|| offset(word?));
            let end = segment
                .words
                .last()
                .and_then(|word| offset(&word.end_offset))
                .filter(|_| start == word.and_then(offset));
            let turn = SpokenTurn::new(speaker, segment.text.into_text()).at(start, end);
            let agent_id = if is_agent { segment.segment_participant.user_id.into_text() } else { "".into() };
            part.turns.push(SpokenTurn { agent_id, ..turn });
        }
        Ok(part)
    }
}

fn moment(time: &Scalar<'_>, clock: &mut Clock) -> Option<Moment> {
    if time.trimmed().is_empty() { None } else { clock.moment(time.trimmed(), TimeColumn::default()) }
}

/// `12.300s` after the call's start.
fn offset(time: &Scalar<'_>) -> Option<Moment> {
    let seconds: f64 = time.trimmed().strip_suffix('s')?.parse().ok()?;
    Moment::offset_ms(seconds * 1e3)
}

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default, rename = "startTime", alias = "start_time")]
    start_time: Scalar<'a>,
    #[serde(borrow, default, rename = "agentId", alias = "agent_id")]
    agent_id: Scalar<'a>,
    #[serde(borrow, default, rename = "languageCode", alias = "language_code")]
    language_code: Scalar<'a>,
    #[serde(borrow, default)]
    medium: Scalar<'a>,
    #[serde(borrow)]
    transcript: Transcript<'a>,
}

#[derive(Deserialize)]
struct Transcript<'a> {
    #[serde(borrow, rename = "transcriptSegments", alias = "transcript_segments")]
    transcript_segments: Vec<Segment<'a>>,
}

#[derive(Deserialize)]
struct Segment<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default, rename = "channelTag", alias = "channel_tag")]
    channel_tag: Scalar<'a>,
    #[serde(borrow, default, rename = "messageTime", alias = "message_time")]
    message_time: Scalar<'a>,
    #[serde(
        borrow,
        default,
        deserialize_with = "or_default",
        rename = "segmentParticipant",
        alias = "segment_participant"
    )]
    segment_participant: Participant<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    words: Vec<Word<'a>>,
}

#[derive(Deserialize, Default)]
struct Participant<'a> {
    #[serde(borrow, default)]
    role: Scalar<'a>,
    #[serde(borrow, default, rename = "userId", alias = "user_id")]
    user_id: Scalar<'a>,
}

#[derive(Deserialize)]
struct Word<'a> {
    #[serde(borrow, default, rename = "startOffset", alias = "start_offset")]
    start_offset: Scalar<'a>,
    #[serde(borrow, default, rename = "endOffset", alias = "end_offset")]
    end_offset: Scalar<'a>,
}

#[cfg(test)]
pub(super) const IMPORT: &str = r#"{"conversation_info":{"categories":[]},"entries":[
    {"start_timestamp_usec":1700000000000000,"text":"Hello, how can I help?","role":"AGENT","user_id":2},
    {"start_timestamp_usec":1700000004500000,"text":"My bill is wrong","role":"CUSTOMER","user_id":1},
    {"start_timestamp_usec":1700000009000000,"text":"One moment","role":"AUTOMATED_AGENT","user_id":3},
    {"start_timestamp_usec":1700000010000000,"text":" ","role":"AGENT","user_id":2}]}"#;
#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"name":"projects/p/locations/l/conversations/c-9","startTime":"2024-05-01T10:00:00Z",
    "createTime":"2024-06-01T00:00:00Z","languageCode":"en-US","agentId":"a-7","medium":"PHONE_CALL",
    "transcript":{"transcriptSegments":[
        {"text":"Hi there","channelTag":1,"segmentParticipant":{"role":"HUMAN_AGENT","userId":"1"},"messageTime":"2024-05-01T10:00:02Z"},
        {"text":"It broke","channelTag":2,"segmentParticipant":{"role":"END_USER"},"words":[{"word":"It","startOffset":"3.500s","endOffset":"3.9s"},{"word":"broke","startOffset":"4s","endOffset":"4.250s"}]}]}}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, the_call, told};

    #[test]
    fn an_import_file_is_a_call_whose_small_numbers_are_no_agents() {
        let (call, kind) = the_call("c-1", IMPORT);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("google-import", "c-1", Some(1_700_000_000_000)));
        let expected = [
            (Role::Agent, "Hello, how can I help?", Some(0), None, None),
            (Role::Customer, "My bill is wrong", Some(4500), None, None),
            (Role::Other, "One moment", Some(9000), None, None),
        ];
        assert_eq!(told(&call), expected);
        let (call, _) = the_call(
            "c-1",
            &IMPORT.replacen('{', r#"{"x":1,"#, 1).replace("\"categories\":[]", r#""conversation_id":"k-3""#),
        );
        assert_eq!(&*call.id, "k-3");
    }

    #[test]
    fn agents_have_ids_if_they_have_different_ones() {
        let agents = |ids: [&str; 3]| -> Vec<Option<String>> {
            let file = |id: &str| IMPORT.replace("\"user_id\":2", &format!("\"user_id\":{id}")).into_bytes();
            let files = [("a", file(ids[0])), ("b", file(ids[1])), ("c", file(ids[2]))];
            let (calls, _) = all_calls(&read_bytes(&files, &InputOptions::default()).unwrap());
            calls.iter().map(|call| call.turns[0].agent_id.as_deref().map(str::to_owned)).collect()
        };
        assert_eq!(agents(["2", "1", "2"]), [None, None, None]);
        assert_eq!(agents(["9999", "9999", "9999"]), [None, None, None]);
        assert_eq!(agents(["\"ann\"", "71", "1"]), [Some("ann".into()), Some("71".into()), None]);
    }

    #[test]
    fn times_that_are_all_the_same_are_none() {
        let same =
            IMPORT.replace("1700000004500000", "0").replace("1700000000000000", "0").replace("1700000009000000", "0");
        let (call, _) = the_call("c", &same.replace("1700000010000000", "0"));
        assert_eq!((call.turns.len(), call.turns[1].start_ms, call.started_at_ms), (3, None, None));
        let offsets = same.replace("1700000010000000", "7000000");
        assert_eq!(the_call("c", &offsets).0.turns[1].start_ms, Some(0));
    }

    #[test]
    fn a_conversation_of_the_api_has_its_agent_and_start() {
        let (call, kind) = the_call("x.json", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("google-conversation", "c-9", Some(1_714_557_600_000)));
        assert_eq!((call.language.as_deref(), call.channel.as_deref()), (Some("en"), Some("PHONE_CALL")));
        let turns = told(&call);
        assert_eq!(turns[0], (Role::Agent, "Hi there", Some(0), None, Some("a-7")));
        assert_eq!(turns[1], (Role::Customer, "It broke", Some(1500), Some(2250), None));
        let list = format!(r#"{{"conversations":[{SAMPLE}],"nextPageToken":"x"}}"#);
        assert_eq!(the_call("y.json", &list).0, call);
    }
}
