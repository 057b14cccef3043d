//! Amazon Transcribe Call Analytics: one file a job, with the role on each turn.

use super::super::{Description, Likeness};
use super::contact_lens::Contact;
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::CallPart;
use crate::input::rejects::Fault;

/// Call Analytics.
pub(in crate::input::formats) struct CallAnalytics;

impl JsonFormat for CallAnalytics {
    fn description(&self) -> Description {
        Description {
            name: "transcribe-call-analytics",
            title: "Amazon Transcribe Call Analytics",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "ParticipantRole"),
                (Field::Text, "Transcript[].Content"),
                (Field::Started, "BeginOffsetMillis"),
                (Field::Ended, "EndOffsetMillis"),
                (Field::Language, "LanguageCode"),
                (Field::Channel, "Channel"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_roles = shape.has_all(&["Transcript[].ParticipantRole", "Transcript[].BeginOffsetMillis"]);
        let is_it = has_roles && !shape.has("Transcript[].ParticipantId")
            || shape.has_all(&["JobName", "ConversationCharacteristics"]);
        is_it.then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let contact: Contact<'r> = serde_json::from_slice(record)?;
        let is_redacted = contact.is_redacted();
        Ok(CallPart { is_whole: true, is_redacted, ..contact.into_part(context.clock) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::spoken;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, told};
    use crate::transcript::Role;

    const JOB: &str = r#"{"JobStatus":"COMPLETED","LanguageCode":"de-DE","JobName":"j","Channel":"VOICE",
        "Participants":[{"ParticipantRole":"AGENT"},{"ParticipantRole":"CUSTOMER"}],"ConversationCharacteristics":{"TotalConversationDurationMillis":9000},
        "Transcript":[{"LoudnessScores":[88.1,null],"Content":"Guten Tag","Items":[{"Type":"pronunciation","Content":"Guten","BeginOffsetMillis":40,"EndOffsetMillis":300}],
            "Id":"a","BeginOffsetMillis":40,"EndOffsetMillis":900,"Sentiment":"NEUTRAL","ParticipantRole":"AGENT"},
          {"Content":"Mein Router ist kaputt","Id":"b","BeginOffsetMillis":1100,"EndOffsetMillis":2500,"ParticipantRole":"CUSTOMER"},
          {"Content":" ","Id":"c","BeginOffsetMillis":2600,"EndOffsetMillis":2700,"ParticipantRole":"AGENT"}]}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[JOB];

    #[test]
    fn turns_have_roles_of_their_own() {
        let calls = spoken(JOB, &InputOptions::default());
        let expected = [
            (Role::Agent, "Guten Tag", Some(0), Some(860), None),
            (Role::Customer, "Mein Router ist kaputt", Some(1060), Some(2460), None),
        ];
        assert_eq!((told(&calls[0]), &*calls[0].id), (expected.to_vec(), "file"));
        assert_eq!((calls[0].language.as_deref(), calls[0].channel.as_deref()), (Some("de"), Some("VOICE")));
    }

    #[test]
    fn a_redacted_job_is_known_by_its_file_or_its_content() {
        let by_content = JOB.replace("\"JobName\"", "\"ContentMetadata\":{\"Output\":\"Redacted\"},\"JobName\"");
        for (name, text) in [("redacted-a.json", JOB.to_owned()), ("b/a.json", by_content)] {
            let name = name.rsplit('/').next().unwrap();
            let conversations = read_bytes(&[(name, text.into())], &InputOptions::default()).unwrap();
            assert_eq!(conversations.reports()[0].found.kind, "transcribe-call-analytics");
            assert_eq!(&*all_calls(&conversations).0[0].id, "a");
        }
    }
}
