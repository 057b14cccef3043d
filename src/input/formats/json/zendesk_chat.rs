//! Zendesk Chat, once Zopim: a chat with its history.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::transcript::Role;

/// Zendesk Chat.
pub(in crate::input::formats) struct ZendeskChat;

impl JsonFormat for ZendeskChat {
    fn description(&self) -> Description {
        Description {
            name: "zendesk-chat",
            title: "Zendesk Chat",
            fields: &[
                (Field::CallId, "id"),
                (Field::Speaker, "name in agent_names or the visitor's"),
                (Field::Text, "history[].msg"),
                (Field::AgentId, "agent_ids, if there is one agent, else nick"),
                (Field::Started, "timestamp"),
                (Field::Queue, "department_name"),
                (Field::Channel, "type"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        (shape.has_all(&["history[].msg", "history[].name"]) && (shape.has("visitor") || shape.has("agent_names")))
            .then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let mut chat: Chat<'r> = serde_json::from_slice(record)?;
        let mut part = CallPart {
            started_ms: moment(&chat.timestamp, context.clock).and_then(Moment::on_the_calendar),
            channel: std::mem::take(&mut chat.r#type).into_text(),
            queue: std::mem::take(&mut chat.department_name).into_text(),
            ..CallPart::default()
        };
        for item in std::mem::take(&mut chat.history) {
            if item.r#type.trimmed() != "chat.msg" || item.msg.trimmed().is_empty() {
                part.events += 1;
                continue;
            }
            let start = moment(&item.timestamp, context.clock);
            let (speaker, agent_id) = chat.speaker(&item);
            let turn = SpokenTurn::new(speaker, item.msg.into_text()).at(start, None);
            part.turns.push(SpokenTurn { agent_id: agent_id.into_text(), ..turn });
        }
        part.call_id = chat.id.into_text();
        Ok(part)
    }
}

fn moment(time: &Scalar<'_>, clock: &mut Clock) -> Option<Moment> {
    if time.trimmed().is_empty() { None } else { clock.moment(time.trimmed(), TimeColumn::default()) }
}

#[derive(Deserialize)]
struct Chat<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    timestamp: Scalar<'a>,
    #[serde(borrow, default)]
    department_name: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    agent_ids: Vec<Scalar<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    agent_names: Vec<Scalar<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    visitor: Visitor<'a>,
    #[serde(borrow)]
    history: Vec<Item<'a>>,
}

impl<'a> Chat<'a> {
    /// Who wrote a message, and the agent's id.
    fn speaker(&self, item: &Item<'a>) -> (Speaker<'a>, Scalar<'a>) {
        let of_nick = item.nick.trimmed().split_once(':').map_or((item.nick.trimmed(), ""), |parts| parts);
        let is_agent = self.agent_names.iter().any(|name| name.trimmed() == item.name.trimmed());
        let is_visitor = self.visitor.name.trimmed() == item.name.trimmed() && !item.name.trimmed().is_empty();
        match (item.sender_type.trimmed(), of_nick) {
            ("Visitor", _) | ("", ("visitor", _)) => (Speaker::Role(Role::Customer), Scalar::default()),
            ("Agent", (_, id)) | ("", ("agent", id)) => (Speaker::Role(Role::Agent), self.agent_id(id)),
            // Both may have one name.
            ("", (_, id)) if is_agent && !is_visitor => (Speaker::Role(Role::Agent), self.agent_id(id)),
            ("", _) if is_visitor && !is_agent => (Speaker::Role(Role::Customer), Scalar::default()),
            ("Trigger" | "System" | "Bot", _) | ("", ("system" | "trigger" | "bot", _)) => {
                (Speaker::Role(Role::Other), Scalar::default())
            }
            _ => (Speaker::Value(item.name.clone().into_text(), "\"name\""), Scalar::default()),
        }
    }

    fn agent_id(&self, of_nick: &str) -> Scalar<'a> {
        match &self.agent_ids[..] {
            [only] => only.clone(),
            all => all.iter().find(|id| id.trimmed() == of_nick).cloned().unwrap_or_default(),
        }
    }
}

#[derive(Deserialize, Default)]
struct Visitor<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    nick: Scalar<'a>,
    #[serde(borrow, default)]
    sender_type: Scalar<'a>,
    #[serde(borrow, default)]
    msg: Scalar<'a>,
    #[serde(borrow, default)]
    timestamp: Scalar<'a>,
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"id":"2401.77","type":"chat","timestamp":"2024-05-01T10:00:00Z","department_name":"Sales","agent_ids":["31","32"],"agent_names":["Ann","Bo"],
    "visitor":{"id":"v","name":"Visitor 5"},"count":{"visitor":1,"agent":2,"total":3},"history":[
      {"type":"chat.memberjoin","name":"Visitor 5","nick":"visitor","timestamp":"2024-05-01T10:00:00Z"},
      {"type":"chat.msg","name":"Visitor 5","msg":"Hello?","options":"","timestamp":"2024-05-01T10:00:01Z"},
      {"type":"chat.msg","name":"Welcome","nick":"agent:trigger","sender_type":"Trigger","msg":"We are here","timestamp":"2024-05-01T10:00:02Z"},
      {"type":"chat.msg","name":"Ann","nick":"agent:31","msg":"Hi","timestamp":"2024-05-01T10:00:05Z"},
      {"type":"chat.msg","name":"Bo","msg":"Me too","timestamp":"2024-05-01T10:00:09Z"}]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{the_call, told};

    #[test]
    fn names_are_joined_with_those_of_agents_and_visitor() {
        let (call, kind) = the_call("c", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("zendesk-chat", "2401.77", Some(1_714_557_600_000)));
        let expected = [
            (Role::Customer, "Hello?", Some(0), None, None),
            (Role::Other, "We are here", Some(1000), None, None),
            (Role::Agent, "Hi", Some(4000), None, Some("31")),
            (Role::Agent, "Me too", Some(8000), None, None),
        ];
        assert_eq!((told(&call), call.queue.as_deref()), (expected.to_vec(), Some("Sales")));
        let (call, _) = the_call("c", &SAMPLE.replace(r#"["31","32"]"#, r#"["31"]"#));
        assert_eq!(call.turns[3].agent_id.as_deref(), Some("31"), "the only agent there was");
    }
}
