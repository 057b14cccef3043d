//! Amazon Connect Contact Lens, voice and chat: one file a contact, raw or redacted.
//!
//! Who took the call, its queue and a voice call's start are in the contact record, which is another file. The
//! participant `AGENT` is a role and no agent's id.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::sink::FileContext;
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::transcript::Role;

/// What stands between the contact's id and the time in a file's name.
const ANALYSIS: &str = "_analysis_";
/// What follows [`ANALYSIS`] in a redacted file's name.
const REDACTED: &str = "redacted_";

/// Contact Lens, after the contact.
pub(in crate::input::formats) struct ContactLens;

impl JsonFormat for ContactLens {
    fn description(&self) -> Description {
        Description {
            name: "contact-lens",
            title: "Amazon Connect Contact Lens, voice and chat",
            fields: &[
                (Field::CallId, "CustomerMetadata.ContactId or ContactId, else the file's name"),
                (Field::Speaker, "ParticipantRole of the ParticipantId"),
                (Field::Text, "Transcript[].Content"),
                (Field::Started, "InitiationTimestamp, else a chat's first AbsoluteTime; BeginOffsetMillis"),
                (Field::Ended, "EndOffsetMillis"),
                (Field::Language, "LanguageCode"),
                (Field::Channel, "Channel"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_ids = shape.has("Transcript[].ParticipantId");
        let has_times = shape.has("Transcript[].BeginOffsetMillis") || shape.has("Transcript[].AbsoluteTime");
        let is_contact = shape.has("CustomerMetadata.ContactId") || shape.has("Participants[].ParticipantId");
        // The transcript comes last, after figures of any length.
        let is_it = has_ids && has_times || is_contact && shape.has("ConversationCharacteristics");
        is_it.then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let mut contact: Contact<'r> = serde_json::from_slice(record)?;
        let (file_id, is_named_redacted) = named(context.file);
        let ids = [&mut contact.customer_metadata.contact_id, &mut contact.contact_id].map(std::mem::take);
        let stated = ids.into_iter().find(|id| !id.trimmed().is_empty()).unwrap_or_default();
        let call_id =
            if stated.is_empty() { file_id.map_or_else(Cow::default, Cow::Owned) } else { stated.into_text() };
        let is_redacted = is_named_redacted || contact.is_redacted();
        Ok(CallPart { call_id, is_whole: true, is_redacted, ..contact.into_part(context.clock) })
    }
}

/// The contact's id out of a file's name, if it is `CONTACT_analysis_TIME`, and whether the name is a redacted file's.
fn named(file: &FileContext) -> (Option<String>, bool) {
    let name = file.call_id.rsplit(['/', '\\']).next().unwrap_or_default();
    match name.split_once(ANALYSIS) {
        Some((id, rest)) => (Some(id.to_owned()), rest.starts_with(REDACTED)),
        None => (None, false),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Contact<'a> {
    #[serde(borrow, default)]
    customer_metadata: CustomerMetadata<'a>,
    /// In transcripts of chats without Contact Lens.
    #[serde(borrow, default)]
    contact_id: Scalar<'a>,
    #[serde(borrow, default)]
    initiation_timestamp: Scalar<'a>,
    #[serde(borrow, default)]
    content_metadata: ContentMetadata<'a>,
    #[serde(borrow, default)]
    language_code: Scalar<'a>,
    #[serde(borrow, default)]
    channel: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    participants: Vec<Participant<'a>>,
    #[serde(borrow)]
    transcript: Vec<Item<'a>>,
}

impl<'a> Contact<'a> {
    pub(super) fn is_redacted(&self) -> bool {
        self.content_metadata.output.trimmed() == "Redacted"
    }

    /// What it states and its turns; whose call it is, the caller knows.
    pub(super) fn into_part(self, clock: &mut Clock) -> CallPart<'a> {
        // A chat begins with its first event, which need not be a message.
        let mut written = |text: &str| clock.moment(text, TimeColumn::default()).and_then(Moment::on_the_calendar);
        let stated = written(self.initiation_timestamp.trimmed());
        let first = || self.transcript.iter().filter_map(|item| written(item.absolute_time.trimmed())).min();
        let mut part = CallPart {
            started_ms: stated.or_else(first),
            language: self.language_code.into_text(),
            channel: self.channel.into_text(),
            ..CallPart::default()
        };
        for item in self.transcript {
            part.add(item.into_turn(&self.participants, clock));
        }
        part
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct CustomerMetadata<'a> {
    #[serde(borrow, default)]
    contact_id: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct ContentMetadata<'a> {
    #[serde(borrow, default)]
    output: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Participant<'a> {
    #[serde(borrow, default)]
    participant_id: Scalar<'a>,
    #[serde(borrow, default)]
    participant_role: Scalar<'a>,
}

/// A turn of a voice call, or a message or event of a chat.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Item<'a> {
    #[serde(borrow, default)]
    participant_id: Scalar<'a>,
    /// In chats.
    #[serde(borrow, default)]
    participant_role: Scalar<'a>,
    #[serde(borrow, default)]
    content: Scalar<'a>,
    /// In chats.
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    /// In chats.
    #[serde(borrow, default)]
    content_type: Scalar<'a>,
    #[serde(default)]
    begin_offset_millis: Number,
    #[serde(default)]
    end_offset_millis: Number,
    /// In chats.
    #[serde(borrow, default)]
    absolute_time: Scalar<'a>,
    /// In real time.
    #[serde(borrow)]
    time: Option<Time<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Time<'a> {
    #[serde(borrow, default)]
    absolute_time: Scalar<'a>,
    #[serde(default)]
    begin_offset_millis: Number,
}

impl<'a> Item<'a> {
    /// The turn; `None` for an event.
    pub(super) fn into_turn(self, participants: &[Participant<'a>], clock: &mut Clock) -> Option<SpokenTurn<'a>> {
        let is_message = matches!(self.r#type.trimmed(), "" | "MESSAGE");
        let is_speech = matches!(self.content_type.trimmed(), "" | "text/plain" | "text/markdown");
        if !is_message || !is_speech || self.content.trimmed().is_empty() {
            return None;
        }
        let has_id = !self.participant_id.is_empty();
        let joined =
            participants.iter().find(|participant| has_id && participant.participant_id == self.participant_id);
        let role = joined.map(|participant| &participant.participant_role).filter(|role| !role.trimmed().is_empty());
        let role = role.unwrap_or(&self.participant_role);
        let speaker = match role.trimmed() {
            "CUSTOM_BOT" => Speaker::Role(Role::Other),
            // A participant without a role is named by its id, which may be a role.
            "" => Speaker::Value(self.participant_id.into_text(), "\"ParticipantId\""),
            _ => Speaker::Value(role.clone().into_text(), "\"ParticipantRole\""),
        };
        let time = self.time.as_ref();
        let offset = self.begin_offset_millis.ms().or_else(|| time?.begin_offset_millis.ms());
        let absolute = || time.map_or(&self.absolute_time, |time| &time.absolute_time).trimmed();
        let start = offset.or_else(|| clock.moment(absolute(), TimeColumn::default()));
        let end = self.end_offset_millis.ms();
        Some(SpokenTurn::new(speaker, self.content.into_text()).at(start, end))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, told};
    use crate::transcript::Role;

    const VOICE: &str = r#"{"AccountId":"1","Channel":"VOICE","CustomerMetadata":{"ContactId":"c-1"},"LanguageCode":"en-US",
        "Participants":[{"ParticipantId":"7f","ParticipantRole":"CUSTOMER"},{"ParticipantId":"AGENT","ParticipantRole":"AGENT"}],
        "Transcript":[
          {"Id":"a","ParticipantId":"AGENT","Content":"How can I help?","BeginOffsetMillis":0,"EndOffsetMillis":900,"LoudnessScore":[70.5,null]},
          {"Id":"b","ParticipantId":"7f","Content":"My \"box\" is broken","BeginOffsetMillis":1200,"EndOffsetMillis":3000,"Sentiment":"NEGATIVE"}]}"#;
    const CHAT: &str = r#"{"Channel":"CHAT","ContentMetadata":{"Output":"Raw"},"Participants":[{"ParticipantId":"x"}],"Transcript":[
          {"Id":"1","Type":"EVENT","AbsoluteTime":"2024-05-01T10:00:00.000Z","ContentType":"application/vnd.amazonaws.connect.event.participant.joined","ParticipantId":"x","ParticipantRole":"CUSTOMER"},
          {"Id":"2","Type":"MESSAGE","AbsoluteTime":"2024-05-01T10:00:05.000Z","ContentType":"text/plain","Content":"Hello","ParticipantId":"x","ParticipantRole":"CUSTOMER"},
          {"Id":"3","Type":"MESSAGE","AbsoluteTime":"2024-05-01T10:00:09.000Z","ContentType":"text/plain","Content":"Hi, one moment","ParticipantId":"b","ParticipantRole":"CUSTOM_BOT"}]}"#;

    pub(in super::super) const SAMPLES: &[&str] = &[VOICE, CHAT];

    #[test]
    fn a_voice_contact_has_roles_and_offsets_but_no_agent_id() {
        let conversations = read_bytes(&[("v.json", VOICE.into())], &InputOptions::default()).unwrap();
        let (calls, _) = all_calls(&conversations);
        assert_eq!(conversations.reports()[0].found.kind, "contact-lens");
        assert_eq!(
            (&*calls[0].id, calls[0].language.as_deref(), calls[0].channel.as_deref()),
            ("c-1", Some("en"), Some("VOICE"))
        );
        let turns = told(&calls[0]);
        assert_eq!(turns[0], (Role::Agent, "How can I help?", Some(0), Some(900), None));
        assert_eq!(turns[1], (Role::Customer, "My \"box\" is broken", Some(1200), Some(3000), None));
    }

    #[test]
    fn a_chat_begins_with_its_first_event_and_events_are_counted() {
        let file = "9a-b_analysis_2024-05-01T10_00_00Z.json";
        let conversations = read_bytes(&[(file, CHAT.into())], &InputOptions::default()).unwrap();
        let (calls, _) = all_calls(&conversations);
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("9a-b", Some(1_714_557_600_000)));
        let turns = told(&calls[0]);
        assert_eq!(turns[0], (Role::Customer, "Hello", Some(0), None, None));
        assert_eq!(turns[1], (Role::Other, "Hi, one moment", Some(4000), None, None));
        assert_eq!(conversations.reports()[0].found.facts, [("turns", 2.into()), ("events", 1.into())]);
    }

    #[test]
    fn a_contact_may_state_its_id_and_start_at_the_top() {
        let stated = r#""ContactId":"c-7","InitiationTimestamp":"2024-05-01T09:59:00Z","Transcript""#;
        let conversations =
            read_bytes(&[("x.json", CHAT.replace("\"Transcript\"", stated).into())], &InputOptions::default());
        let (calls, _) = all_calls(&conversations.unwrap());
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("c-7", Some(1_714_557_540_000)));
    }

    #[test]
    fn of_a_raw_and_a_redacted_file_the_redacted_one_counts() {
        let redacted = VOICE.replace("box", "[PII]");
        let files = [("c-1_analysis_redacted_t.json", redacted.into()), ("c-1_analysis_t.json", VOICE.into())];
        let (calls, tally) = all_calls(&read_bytes(&files, &InputOptions::default()).unwrap());
        assert_eq!((calls.len(), calls[0].turns.len(), tally.twins), (1, 2, 1));
        assert_eq!(told(&calls[0])[1].1, "My \"[PII]\" is broken");
    }

    #[test]
    fn a_broken_record_costs_only_itself() {
        let text = format!(
            "[{VOICE},{},{}]",
            VOICE.replace("\"Transcript\"", "\"Words\""),
            VOICE.replace("c-1", "c-2").replace("70.5", "70.")
        );
        let options = InputOptions { max_rejects: crate::input::MaxRejects::Count(9), ..InputOptions::default() };
        let conversations = read_bytes(&[("v.json", text.into())], &options).unwrap();
        let reasons: Vec<String> = conversations.rejects().iter().map(|reject| reject.reason.to_string()).collect();
        assert_eq!(all_calls(&conversations).0.len(), 1);
        assert!(reasons[0].starts_with("record 2: a value is missing"), "{reasons:?}");
        assert!(reasons[1].starts_with("record 3: is no valid JSON (line 4, column "), "{reasons:?}");
    }
}
