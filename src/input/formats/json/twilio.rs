//! Twilio Conversational Intelligence: a page of a transcript's sentences, and the transcript itself, in the same record
//! or in one of its own.
//!
//! The sentences name a channel; who is on it, only the transcript does.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Party, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::TimeColumn;

/// What the id of a transcript begins with.
const TRANSCRIPT: &str = "GT";

/// Twilio.
pub(in crate::input::formats) struct Twilio;

impl JsonFormat for Twilio {
    fn description(&self) -> Description {
        Description {
            name: "twilio",
            title: "Twilio Conversational Intelligence, sentences of a transcript",
            fields: &[
                (Field::CallId, "the transcript's sid, also out of meta.url"),
                (Field::Speaker, "role of the channel's participant, else media_channel"),
                (Field::Text, "sentences[].transcript"),
                (Field::AgentId, "user_id of the channel's participant"),
                (Field::Started, "start_time"),
                (Field::Ended, "end_time"),
                (Field::Language, "language_code"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let channels = ["sentences[].media_channel", "sentences[].mediaChannel"];
        let people = ["channel.participants[].channel_participant", "channel.participants[].channelParticipant"];
        let has_sentences = channels.iter().any(|channel| shape.has(channel)) && shape.has("sentences[].transcript");
        let is_transcript = shape.has("sid") && people.iter().any(|person| shape.has(person));
        (has_sentences || is_transcript).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let page: Page<'r> = serde_json::from_slice(record)?;
        // The transcript's fields stand in the record itself or under `transcript`.
        let (outer, inner) = (page.transcript, page.itself);
        let stated = [&outer.sid, &inner.sid, &inner.transcript_sid].map(Scalar::trimmed);
        let in_url = || page.meta.url.trimmed().split(['/', '?']).find(|piece| piece.starts_with(TRANSCRIPT));
        let of_sentence = || page.sentences.first().map(|sentence| sentence.transcript_sid.trimmed());
        let call_id = stated.into_iter().find(|sid| sid.starts_with(TRANSCRIPT)).or_else(in_url).or_else(of_sentence);
        let begin = [&outer.media_start_time, &inner.media_start_time].map(Scalar::trimmed);
        let begin = begin.into_iter().find(|time| !time.is_empty());
        let started_ms = begin.and_then(|time| context.clock.moment(time, TimeColumn::default())?.on_the_calendar());
        let mut part = CallPart {
            call_id: call_id.unwrap_or_default().to_owned().into(),
            started_ms,
            language: [outer.language_code, inner.language_code]
                .into_iter()
                .find(|code| !code.trimmed().is_empty())
                .unwrap_or_default()
                .into_text(),
            ..CallPart::default()
        };
        let people: Vec<Participant<'_>> =
            outer.channel.participants.into_iter().chain(inner.channel.participants).collect();
        for sentence in page.sentences {
            match sentence.into_turn(&people) {
                Some(turn) => part.turns.push(turn),
                None => part.events += 1,
            }
        }
        if part.turns.is_empty() {
            part.parties = people.into_iter().map(Participant::into_party).collect();
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    sentences: Vec<Sentence<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    meta: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    transcript: Transcript<'a>,
    #[serde(borrow, flatten)]
    itself: Transcript<'a>,
}

#[derive(Deserialize, Default)]
struct Meta<'a> {
    #[serde(borrow, default)]
    url: Scalar<'a>,
}

#[derive(Deserialize, Default)]
struct Transcript<'a> {
    #[serde(borrow, default)]
    sid: Scalar<'a>,
    #[serde(borrow, default, alias = "transcriptSid")]
    transcript_sid: Scalar<'a>,
    #[serde(borrow, default, alias = "languageCode")]
    language_code: Scalar<'a>,
    #[serde(borrow, default, alias = "mediaStartTime")]
    media_start_time: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    channel: Channel<'a>,
}

#[derive(Deserialize, Default)]
struct Channel<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    participants: Vec<Participant<'a>>,
}

#[derive(Deserialize)]
struct Participant<'a> {
    #[serde(borrow, default, alias = "channelParticipant")]
    channel_participant: Scalar<'a>,
    #[serde(borrow, default)]
    role: Scalar<'a>,
    #[serde(borrow, default, alias = "userId")]
    user_id: Scalar<'a>,
}

impl<'a> Participant<'a> {
    fn into_party(self) -> Party<'a> {
        let Self { channel_participant, role, user_id } = self;
        Party { speaker: channel_participant.into_text(), role: role.into_text(), agent_id: user_id.into_text() }
    }
}

#[derive(Deserialize)]
struct Sentence<'a> {
    #[serde(borrow, default, alias = "mediaChannel")]
    media_channel: Scalar<'a>,
    #[serde(borrow, default, alias = "transcriptSid")]
    transcript_sid: Scalar<'a>,
    #[serde(borrow, default)]
    transcript: Scalar<'a>,
    #[serde(default, alias = "startTime")]
    start_time: Number,
    #[serde(default, alias = "endTime")]
    end_time: Number,
}

impl<'a> Sentence<'a> {
    fn into_turn(self, people: &[Participant<'a>]) -> Option<SpokenTurn<'a>> {
        if self.transcript.trimmed().is_empty() {
            return None;
        }
        let person = people.iter().find(|person| person.channel_participant == self.media_channel);
        let person = person.filter(|person| !person.role.trimmed().is_empty());
        let speaker = match person {
            Some(person) => Speaker::Value(person.role.clone().into_text(), "\"role\""),
            None => Speaker::Value(self.media_channel.into_text(), "\"media_channel\""),
        };
        let is_agent = person.is_some_and(|person| person.role.trimmed().eq_ignore_ascii_case("agent"));
        let agent_id = person.filter(|_| is_agent).map(|person| person.user_id.clone().into_text());
        let turn = SpokenTurn::new(speaker, self.transcript.into_text())
            .at(self.start_time.seconds(), self.end_time.seconds());
        Some(SpokenTurn { agent_id: agent_id.unwrap_or_default(), ..turn })
    }
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"transcript":{"sid":"GT0a","language_code":"en-US","media_start_time":"2024-05-01T10:00:00Z","channel":{"participants":[
      {"channel_participant":1,"role":"Customer","full_name":"x"},{"channel_participant":2,"role":"Agent","user_id":"WK7"}]}},
    "meta":{"url":"https://intelligence.twilio.com/v2/Transcripts/GT0a/Sentences?PageSize=50&Page=0","next_page_url":null},
    "sentences":[
      {"media_channel":2,"sentence_index":0,"start_time":"0.5","end_time":"1.9","transcript":"Hello.","sid":"GX1","words":null},
      {"media_channel":1,"sentence_index":1,"start_time":2.25,"end_time":4,"transcript":"My card is lost.","sid":"GX2"}]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Stops as _;
    use crate::input::InputOptions;
    use crate::input::tests::{read_bytes, the_call, told};
    use crate::transcript::Role;

    #[test]
    fn a_channel_is_who_the_transcript_names() {
        let (call, kind) = the_call("p.json", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("twilio", "GT0a", Some(1_714_557_600_000)));
        let expected = [
            (Role::Agent, "Hello.", Some(0), Some(1400), Some("WK7")),
            (Role::Customer, "My card is lost.", Some(1750), Some(3500), None),
        ];
        assert_eq!((told(&call), call.language.as_deref()), (expected.to_vec(), Some("en")));
    }

    #[test]
    fn sentences_alone_have_channels_and_the_id_in_their_address() {
        let sentences = format!("{{\"meta\"{}", SAMPLE.split_once("\"meta\"").unwrap().1);
        let error = read_bytes(&[("p.json", sentences.clone().into())], &InputOptions::default()).err().unwrap();
        assert!(error.hint().unwrap().contains("--role"), "{error}");
        let roles = [("1".to_owned(), Some(Role::Customer)), ("2".to_owned(), Some(Role::Agent))].to_vec();
        let options = InputOptions { roles, ..InputOptions::default() };
        let conversations = read_bytes(&[("p.json", sentences.into())], &options).unwrap();
        let calls = crate::input::tests::all_calls(&conversations).0;
        assert_eq!((&*calls[0].id, calls[0].turns[1].role), ("GT0a", Role::Customer));
    }
}
