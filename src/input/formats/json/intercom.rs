//! Intercom: a conversation with its parts. Bodies are HTML; parts without one are events.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::html;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::transcript::Role;

/// Where a notice that a program was sent has the conversation.
const NOTICE: &str = "data.item.";

/// Intercom.
pub(in crate::input::formats) struct Intercom;

impl JsonFormat for Intercom {
    fn description(&self) -> Description {
        Description {
            name: "intercom",
            title: "Intercom conversations",
            fields: &[
                (Field::CallId, "id"),
                (Field::Speaker, "author.type"),
                (Field::Text, "body of source and of the parts"),
                (Field::AgentId, "author.id of an admin"),
                (Field::Started, "created_at"),
                (Field::Queue, "team_assignee_id"),
                (Field::Channel, "source.type"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let is_there = |place: &str| {
            let has = |path: &str| shape.has(&format!("{place}{path}"));
            let has_source = has("source.author") || has("conversation_message.author");
            let is_named = shape.value(&format!("{place}type")) == Some("conversation");
            has("conversation_parts") && (has_source || is_named) || has_source && has("source.body")
        };
        ["", NOTICE].into_iter().any(is_there).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let Record { data, itself } = serde_json::from_slice(record)?;
        let conversation: Conversation<'r> = data.and_then(|notice| notice.item).unwrap_or(itself);
        let begin = moment(&conversation.created_at, context.clock);
        let mut part = CallPart {
            call_id: conversation.id.into_text(),
            started_ms: begin.and_then(Moment::on_the_calendar),
            queue: conversation.team_assignee_id.into_text(),
            ..CallPart::default()
        };
        if let Some(source) = conversation.source {
            part.channel = source.r#type.clone().into_text();
            match source.into_turn(begin, context.clock) {
                Some(turn) => part.turns.push(turn),
                None => part.events += 1,
            }
        }
        let parts = match conversation.conversation_parts {
            Parts::List(parts) | Parts::Inner { conversation_parts: parts } => parts,
            Parts::Other(()) => Vec::new(),
        };
        for message in parts {
            match message.into_turn(None, context.clock) {
                Some(turn) => part.turns.push(turn),
                None => part.events += 1,
            }
        }
        Ok(part)
    }
}

/// A time as epoch seconds, or written.
fn moment(time: &Scalar<'_>, clock: &mut Clock) -> Option<Moment> {
    match time.trimmed() {
        "" => None,
        time => clock.moment(time, TimeColumn::default()),
    }
}

/// A conversation, or a notice of what became of one.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    data: Option<Notice<'a>>,
    #[serde(borrow, flatten)]
    itself: Conversation<'a>,
}

#[derive(Deserialize)]
struct Notice<'a> {
    #[serde(borrow)]
    item: Option<Conversation<'a>>,
}

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    created_at: Scalar<'a>,
    #[serde(borrow, default)]
    team_assignee_id: Scalar<'a>,
    #[serde(borrow, alias = "conversation_message")]
    source: Option<Message<'a>>,
    #[serde(borrow, default)]
    conversation_parts: Parts<'a>,
}

/// A list, or an object with one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Parts<'a> {
    List(#[serde(borrow)] Vec<Message<'a>>),
    Inner {
        #[serde(borrow, default, deserialize_with = "list")]
        conversation_parts: Vec<Message<'a>>,
    },
    Other(()),
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Self::Other(())
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    part_type: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    author: Author<'a>,
    #[serde(borrow, default)]
    body: Scalar<'a>,
    #[serde(borrow, default)]
    created_at: Scalar<'a>,
}

#[derive(Deserialize, Default)]
struct Author<'a> {
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
}

impl<'a> Message<'a> {
    /// The turn; `None` for an event. `begin` is its time if it has none itself.
    fn into_turn(self, begin: Option<Moment>, clock: &mut Clock) -> Option<SpokenTurn<'a>> {
        let text = html::text(self.body.trimmed()).into_owned();
        if text.is_empty() {
            return None;
        }
        let speaker = match (self.part_type.trimmed(), self.author.r#type.trimmed()) {
            ("note", _) | (_, "bot" | "team" | "workflow") => Speaker::Role(Role::Other),
            (_, "user" | "lead" | "contact") => Speaker::Role(Role::Customer),
            (_, "admin") => Speaker::Role(Role::Agent),
            _ => Speaker::Value(self.author.r#type.into_text(), "\"author\""),
        };
        let agent_id = if speaker == Speaker::Role(Role::Agent) { self.author.id.into_text() } else { "".into() };
        Some(SpokenTurn {
            agent_id,
            ..SpokenTurn::new(speaker, text).at(moment(&self.created_at, clock).or(begin), None)
        })
    }
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"type":"conversation","id":"i-1","created_at":1700000000,"team_assignee_id":12,"source":{"type":"conversation","id":"9","body":"<p>Where is my <b>parcel</b>?</p>","author":{"type":"user","id":"u1"}},
    "conversation_parts":{"type":"conversation_part.list","total_count":5,"conversation_parts":[
      {"part_type":"assignment","body":null,"created_at":1700000010,"author":{"type":"bot","id":"b"}},
      {"part_type":"comment","body":"<p>We reply soon</p>","created_at":1700000011,"author":{"type":"bot","id":"b"}},
      {"part_type":"comment","body":"<p>Hi<br>Let me look</p>","created_at":1700000060,"author":{"type":"admin","id":"a7"}},
      {"part_type":"note","body":"<p>third time</p>","created_at":1700000070,"author":{"type":"admin","id":"a7"}},
      {"part_type":"comment","body":"Thanks &amp; bye","created_at":1700000090,"author":{"type":"lead","id":"u1"}}]}}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{the_call, told};

    #[test]
    fn the_source_is_the_first_message_and_notes_are_nobodys_words_to_the_customer() {
        let (call, kind) = the_call("x.json", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("intercom", "i-1", Some(1_700_000_000_000)));
        let expected = [
            (Role::Customer, "Where is my parcel?", Some(0), None, None),
            (Role::Other, "We reply soon", Some(11_000), None, None),
            (Role::Agent, "Hi\nLet me look", Some(60_000), None, Some("a7")),
            (Role::Other, "third time", Some(70_000), None, None),
            (Role::Customer, "Thanks & bye", Some(90_000), None, None),
        ];
        assert_eq!((told(&call), call.queue.as_deref()), (expected.to_vec(), Some("12")));
        let list = SAMPLE
            .replace(r#"{"type":"conversation_part.list","total_count":5,"conversation_parts":["#, "[")
            .replace("]}}", "]}");
        assert_eq!(told(&the_call("x.json", &list).0), expected, "parts as a list");
        let none =
            the_call("x.json", &format!("{},\"conversation_parts\":null}}", SAMPLE.split_once(",\n").unwrap().0));
        assert_eq!(none.0.turns.len(), 1);
    }
}
