//! Genesys Cloud speech and text analytics: the transcripts of one communication of a conversation.
//!
//! A conversation that was transferred has several transcripts, in one file or in several. Phrases name a side, not a
//! person: an agent's phrase is that of the agent whose time covers it.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::Moment;
use crate::transcript::Role;

/// Genesys Cloud.
pub(in crate::input::formats) struct Genesys;

impl JsonFormat for Genesys {
    fn description(&self) -> Description {
        Description {
            name: "genesys",
            title: "Genesys Cloud transcripts",
            fields: &[
                (Field::CallId, "conversationId"),
                (Field::Speaker, "participantPurpose"),
                (Field::Text, "transcripts[].phrases[].decoratedText, else text"),
                (Field::AgentId, "participants[].userId of the agent whose time covers the phrase"),
                (Field::Started, "startTimeMs"),
                (Field::Ended, "startTimeMs and duration"),
                (Field::Queue, "participants[].queueId"),
                (Field::Language, "transcripts[].language"),
                (Field::Channel, "mediaType"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        shape.has("transcripts[].phrases[].participantPurpose").then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let conversation: Conversation<'r> = serde_json::from_slice(record)?;
        let people = &conversation.participants;
        let mut part = CallPart {
            call_id: conversation.conversation_id.into_text(),
            channel: conversation.media_type.into_text(),
            queue: people
                .iter()
                .rev()
                .map(|person| &person.queue_id)
                .find(|id| !id.trimmed().is_empty())
                .cloned()
                .unwrap_or_default()
                .into_text(),
            ..CallPart::default()
        };
        for transcript in conversation.transcripts {
            let begin = transcript.start_time.0.and_then(Moment::epoch_ms);
            part.started_ms = part.started_ms.into_iter().chain(begin.and_then(Moment::on_the_calendar)).min();
            if part.language.is_empty() {
                part.language = transcript.language.into_text();
            }
            for phrase in transcript.phrases {
                match phrase.into_turn(begin, people) {
                    Some(turn) => part.turns.push(turn),
                    None => part.events += 1,
                }
            }
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversation<'a> {
    #[serde(borrow, default)]
    conversation_id: Scalar<'a>,
    #[serde(borrow, default)]
    media_type: Scalar<'a>,
    #[serde(borrow)]
    transcripts: Vec<Transcript<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    participants: Vec<Participant<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transcript<'a> {
    #[serde(borrow, default)]
    language: Scalar<'a>,
    #[serde(default)]
    start_time: Number,
    #[serde(borrow, default, deserialize_with = "list")]
    phrases: Vec<Phrase<'a>>,
}

/// Somebody who took part, and from when to when.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participant<'a> {
    #[serde(borrow, default)]
    participant_purpose: Scalar<'a>,
    #[serde(borrow, default)]
    user_id: Scalar<'a>,
    #[serde(borrow, default)]
    queue_id: Scalar<'a>,
    #[serde(default)]
    start_time_ms: Number,
    #[serde(default)]
    end_time_ms: Number,
}

impl Participant<'_> {
    fn covers(&self, ms: f64) -> bool {
        self.start_time_ms.0.is_none_or(|start| start <= ms) && self.end_time_ms.0.is_none_or(|end| ms <= end)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Phrase<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    decorated_text: Scalar<'a>,
    #[serde(borrow, default)]
    participant_purpose: Scalar<'a>,
    #[serde(default)]
    start_time_ms: Number,
    duration: Option<Duration>,
}

#[derive(Deserialize)]
struct Duration {
    #[serde(default)]
    milliseconds: Number,
}

impl<'a> Phrase<'a> {
    /// The turn; `None` if nothing was said.
    fn into_turn(self, begin: Option<Moment>, people: &[Participant<'a>]) -> Option<SpokenTurn<'a>> {
        let text = if self.decorated_text.trimmed().is_empty() { self.text } else { self.decorated_text };
        if text.trimmed().is_empty() {
            return None;
        }
        let at = |ms: f64| match (Moment::by_size_ms(ms), begin) {
            // An offset within its transcript.
            (Some(Moment::Offset(offset)), Some(Moment::Absolute(begin))) => Some(Moment::Absolute(begin + offset)),
            (moment, _) => moment,
        };
        let start = self.start_time_ms.0.and_then(at);
        let times = [self.start_time_ms.0, start.and_then(Moment::on_the_calendar).map(|ms| ms as f64)];
        let inside = inside_person(times, people);
        let role = match self.participant_purpose.trimmed() {
            "internal" => inside.map_or(Some(Role::Agent), |person| role(person.participant_purpose.trimmed())),
            purpose => role(purpose),
        };
        let is_agent = role == Some(Role::Agent);
        let speaker = match role {
            Some(role) => Speaker::Role(role),
            None => Speaker::Value(self.participant_purpose.into_text(), "\"participantPurpose\""),
        };
        let end = self.start_time_ms.0.zip(self.duration.and_then(|duration| duration.milliseconds.0));
        let turn = SpokenTurn::new(speaker, text.into_text());
        let turn = turn.at(start, end.and_then(|(start, length)| at(start + length)));
        let agent_id = inside.filter(|_| is_agent).map(|person| person.user_id.clone().into_text());
        Some(SpokenTurn { agent_id: agent_id.unwrap_or_default(), ..turn })
    }
}

/// The role of a purpose; `None` if it is none that is known.
fn role(purpose: &str) -> Option<Role> {
    match purpose {
        "internal" | "agent" | "user" => Some(Role::Agent),
        "external" | "customer" => Some(Role::Customer),
        "acd" | "ivr" | "bot" | "botflow" | "voicemail" | "dialer" | "workflow" | "api" => Some(Role::Other),
        _ => None,
    }
}

/// Who of the contact centre was there at one of `times`, which are one moment on different clocks: the one who came
/// last, a person before a machine.
fn inside_person<'p, 'a>(times: [Option<f64>; 2], people: &'p [Participant<'a>]) -> Option<&'p Participant<'a>> {
    let rank = |person: &Participant<'_>| {
        let is_agent = match role(person.participant_purpose.trimmed())? {
            Role::Customer => return None,
            role => role == Role::Agent,
        };
        times
            .into_iter()
            .flatten()
            .any(|ms| person.covers(ms))
            .then_some((is_agent, person.start_time_ms.0.unwrap_or_default()))
    };
    let ranked = people.iter().filter_map(|person| Some((rank(person)?, person)));
    let last =
        ranked.max_by(|((one, from), _), ((other, other_from), _)| one.cmp(other).then(from.total_cmp(other_from)));
    last.map(|(_, person)| person)
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"organizationId":"o","conversationId":"g-1","communicationId":"m","mediaType":"call",
    "transcripts":[{"transcriptId":"t","language":"en-us","startTime":1700000000000,"phrases":[
        {"text":"welcome","participantPurpose":"internal","startTimeMs":1700000001000,"duration":{"milliseconds":900}},
        {"text":"my router is dead","decoratedText":"My router is dead.","participantPurpose":"external","startTimeMs":1700000012000,"duration":{"milliseconds":2000}},
        {"text":"i see","decoratedText":"I see.","participantPurpose":"internal","startTimeMs":1700000015000,"duration":null,"words":null},
        {"text":"","participantPurpose":"external","startTimeMs":1700000016000}]},
      {"language":"en-us","startTime":1700000030000,"phrases":[
        {"text":"Second line, hello","participantPurpose":"internal","startTimeMs":2000,"duration":{"milliseconds":1000}},
        {"text":"bye","participantPurpose":"external","startTimeMs":1700000040000}]}],
    "participants":[{"participantPurpose":"ivr","startTimeMs":1700000000000,"endTimeMs":1700000005000},
      {"participantPurpose":"customer","startTimeMs":1700000000000,"endTimeMs":null},
      {"participantPurpose":"acd","queueId":"q-7","startTimeMs":1700000005000,"endTimeMs":1700000010000},
      {"participantPurpose":"agent","userId":"u-1","queueId":"q-7","startTimeMs":1700000010000,"endTimeMs":1700000030000},
      {"participantPurpose":"agent","userId":"u-2","startTimeMs":1700000029000}]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, the_call, told};

    #[test]
    fn a_transfer_has_the_agent_whose_time_covers_the_phrase() {
        let (call, kind) = the_call("x.json", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("genesys", "g-1", Some(1_700_000_000_000)));
        let stated = (call.language.as_deref(), call.channel.as_deref(), call.queue.as_deref());
        assert_eq!(stated, (Some("en"), Some("call"), Some("q-7")));
        let expected = [
            (Role::Other, "welcome", Some(0), Some(900), None),
            (Role::Customer, "My router is dead.", Some(11_000), Some(13_000), None),
            (Role::Agent, "I see.", Some(14_000), None, Some("u-1")),
            (Role::Agent, "Second line, hello", Some(31_000), Some(32_000), Some("u-2")),
            (Role::Customer, "bye", Some(39_000), None, None),
        ];
        assert_eq!(told(&call), expected);
    }

    #[test]
    fn files_of_one_conversation_are_one_call() {
        let later = SAMPLE.replace("17000000", "17000001").replace("\"m\"", "\"n\"");
        let files = [("b.json", later.into()), ("a.json", SAMPLE.into())];
        let (calls, _) = all_calls(&read_bytes(&files, &InputOptions::default()).unwrap());
        assert_eq!((calls.len(), calls[0].turns.len()), (1, 10));
    }
}
