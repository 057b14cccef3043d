//! Azure AI Language: conversations that were sent for analysis, or as they come back without personal data.
//!
//! One request holds several conversations.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

/// Conversations of Azure AI Language.
pub(in crate::input::formats) struct AzureLanguage;

impl JsonFormat for AzureLanguage {
    fn description(&self) -> Description {
        Description {
            name: "azure-language",
            title: "Azure AI Language, conversations to analyse",
            fields: &[
                (Field::CallId, "conversations[].id"),
                (Field::Speaker, "role, else participantId"),
                (Field::Text, "conversationItems[].text, else redactedContent"),
                (Field::Language, "conversations[].language"),
                (Field::Channel, "conversations[].modality"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let places = ["", "conversations[].", "analysisInput.conversations[]."];
        let is_there = places.iter().any(|place| shape.has(&format!("{place}conversationItems[]")));
        is_there.then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        Ok(self.parts(record, context)?.pop().unwrap_or_default())
    }

    fn parts<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<Vec<CallPart<'r>>, Fault> {
        let job: Job<'r> = serde_json::from_slice(record)?;
        let itself = Conversation {
            id: job.id,
            language: job.language,
            modality: job.modality,
            conversation_items: job.conversation_items,
        };
        let all = job.analysis_input.conversations.into_iter().chain(job.conversations);
        let all = all.chain(Some(itself).filter(|one| !one.conversation_items.is_empty()));
        Ok(all.map(Conversation::into_part).collect())
    }
}

/// A request with conversations, or one conversation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    analysis_input: Input<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    conversations: Vec<Conversation<'a>>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    language: Scalar<'a>,
    #[serde(borrow, default)]
    modality: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    conversation_items: Vec<Item<'a>>,
}

#[derive(Deserialize, Default)]
struct Input<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    conversations: Vec<Conversation<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversation<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    language: Scalar<'a>,
    #[serde(borrow, default)]
    modality: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    conversation_items: Vec<Item<'a>>,
}

impl<'a> Conversation<'a> {
    fn into_part(self) -> CallPart<'a> {
        let mut part = CallPart {
            call_id: self.id.into_text(),
            language: self.language.into_text(),
            channel: self.modality.into_text(),
            ..CallPart::default()
        };
        for item in self.conversation_items {
            let redacted = item.redacted_content;
            let texts = [item.text, redacted.text, redacted.itn, redacted.lexical, item.lexical];
            let Some(text) = texts.into_iter().find(|text| !text.trimmed().is_empty()) else {
                part.events += 1;
                continue;
            };
            let speaker = match item.role.trimmed() {
                "" | "generic" | "Generic" => Speaker::Value(item.participant_id.into_text(), "\"participantId\""),
                _ => Speaker::Value(item.role.into_text(), "\"role\""),
            };
            part.turns.push(SpokenTurn::new(speaker, text.into_text()));
        }
        part
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    participant_id: Scalar<'a>,
    #[serde(borrow, default)]
    role: Scalar<'a>,
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    lexical: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    redacted_content: Content<'a>,
}

/// What is left of an item without personal data.
#[derive(Deserialize, Default)]
struct Content<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    itn: Scalar<'a>,
    #[serde(borrow, default)]
    lexical: Scalar<'a>,
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"displayName":"x","analysisInput":{"conversations":[
    {"id":"a","language":"en","modality":"text","conversationItems":[
      {"id":"1","participantId":"Agent_1","role":"Agent","text":"Hello"},{"id":"2","participantId":"Customer_1","role":"Customer","text":"Hi"},
      {"id":"3","participantId":"Customer_1","role":"Customer","text":""}]},
    {"id":"b","language":"de","modality":"transcript","conversationItems":[
      {"id":"1","participantId":"Customer","redactedContent":{"itn":"ich bin *****","lexical":"x"}}]}]},"tasks":[]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, told};
    use crate::transcript::Role;

    #[test]
    fn all_conversations_of_a_request_are_read() {
        let inner = SAMPLE.split_once('[').unwrap().1.rsplit_once("]},").unwrap().0;
        for text in [SAMPLE.to_owned(), format!("{{\"conversations\":[{inner}]}}"), format!("[{inner}]")] {
            let conversations = read_bytes(&[("a.json", text.into())], &InputOptions::default()).unwrap();
            let (calls, _) = all_calls(&conversations);
            assert_eq!(conversations.reports()[0].found.kind, "azure-language");
            assert_eq!(calls.iter().map(|call| &*call.id).collect::<Vec<_>>(), ["a", "b"]);
            let expected = [(Role::Agent, "Hello", None, None, None), (Role::Customer, "Hi", None, None, None)];
            assert_eq!(told(&calls[0]), expected);
            assert_eq!(told(&calls[1]), [(Role::Customer, "ich bin *****", None, None, None)]);
            assert_eq!((calls[1].language.as_deref(), calls[1].channel.as_deref()), (Some("de"), Some("transcript")));
        }
    }
}
