//! Zendesk tickets with their comments. Comments that are not public are notes among agents.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::html;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::TimeColumn;
use crate::transcript::Role;

/// Zendesk tickets.
pub(in crate::input::formats) struct ZendeskTicket;

impl JsonFormat for ZendeskTicket {
    fn description(&self) -> Description {
        Description {
            name: "zendesk-ticket",
            title: "Zendesk tickets with comments",
            fields: &[
                (Field::CallId, "id of the ticket"),
                (Field::Speaker, "author_id, by requester_id, assignee_id and the role in users"),
                (Field::Text, "comments[].plain_body, else body, else html_body"),
                (Field::AgentId, "author_id of an agent"),
                (Field::Started, "created_at"),
                (Field::Queue, "group_id"),
                (Field::Channel, "via.channel"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_bodies =
            ["plain_body", "body", "html_body"].iter().any(|body| shape.has(&format!("comments[].{body}")));
        let has_requester =
            shape.has("requester_id") || shape.has("ticket.requester_id") || shape.has("comments[].public");
        (has_bodies && has_requester && shape.has("comments[].author_id")).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let record: Record<'r> = serde_json::from_slice(record)?;
        // The ticket's own fields may stand beside the comments or under `ticket`.
        let ticket = record.ticket.unwrap_or(Ticket { id: record.id, ..record.itself });
        let users: Vec<User<'_>> = record.users.into_iter().chain(record.requester).collect();
        let mut part = CallPart {
            call_id: ticket.id.clone().into_text(),
            queue: ticket.group_id.clone().into_text(),
            channel: ticket.via.channel.clone().into_text(),
            ..CallPart::default()
        };
        for comment in record.comments {
            let time = comment.created_at.trimmed();
            let start = if time.is_empty() { None } else { context.clock.moment(time, TimeColumn::default()) };
            let role = ticket.role(&comment.author_id, &users);
            let bodies = [comment.plain_body, comment.body, comment.html_body];
            let body = bodies.into_iter().find(|body| !body.trimmed().is_empty()).unwrap_or_default();
            let text = html::text(body.trimmed());
            if text.is_empty() {
                part.events += 1;
                continue;
            }
            let is_note = comment.public == Some(false);
            let speaker = match role {
                _ if is_note => Speaker::Role(Role::Other),
                Some(role) => Speaker::Role(role),
                None => Speaker::Value(comment.author_id.clone().into_text(), "\"author_id\""),
            };
            let agent_id =
                if speaker == Speaker::Role(Role::Agent) { comment.author_id.into_text() } else { "".into() };
            part.turns.push(SpokenTurn { agent_id, ..SpokenTurn::new(speaker, text.into_owned()).at(start, None) });
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow)]
    ticket: Option<Ticket<'a>>,
    #[serde(borrow, flatten)]
    itself: Ticket<'a>,
    #[serde(borrow)]
    comments: Vec<Comment<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    users: Vec<User<'a>>,
    #[serde(borrow)]
    requester: Option<User<'a>>,
}

#[derive(Deserialize, Default)]
struct Ticket<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    requester_id: Scalar<'a>,
    #[serde(borrow, default)]
    assignee_id: Scalar<'a>,
    #[serde(borrow, default)]
    group_id: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    via: Via<'a>,
}

impl Ticket<'_> {
    fn role(&self, author: &Scalar<'_>, users: &[User<'_>]) -> Option<Role> {
        let is = |id: &Scalar<'_>| !id.trimmed().is_empty() && id.trimmed() == author.trimmed();
        if is(&self.requester_id) {
            return Some(Role::Customer);
        }
        match users.iter().find(|user| is(&user.id)).map(|user| user.role.trimmed()) {
            Some("agent" | "admin") => Some(Role::Agent),
            Some("end-user" | "end_user") => Some(Role::Customer),
            _ => is(&self.assignee_id).then_some(Role::Agent),
        }
    }
}

#[derive(Deserialize, Default)]
struct Via<'a> {
    #[serde(borrow, default)]
    channel: Scalar<'a>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    role: Scalar<'a>,
}

#[derive(Deserialize)]
struct Comment<'a> {
    #[serde(borrow, default)]
    author_id: Scalar<'a>,
    public: Option<bool>,
    #[serde(borrow, default)]
    plain_body: Scalar<'a>,
    #[serde(borrow, default)]
    body: Scalar<'a>,
    #[serde(borrow, default)]
    html_body: Scalar<'a>,
    #[serde(borrow, default)]
    created_at: Scalar<'a>,
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"ticket":{"id":501,"requester_id":9001,"assignee_id":77,"group_id":5,"via":{"channel":"email"},"created_at":"2024-05-01T10:00:00Z"},
    "users":[{"id":9001,"role":"end-user"},{"id":78,"role":"admin"}],
    "comments":[
      {"id":1,"type":"Comment","author_id":9001,"public":true,"plain_body":"My order&nbsp;is late","body":"x","created_at":"2024-05-01T10:00:00Z"},
      {"id":2,"author_id":78,"public":false,"body":"VIP, be quick","created_at":"2024-05-01T10:05:00Z"},
      {"id":3,"author_id":77,"public":true,"html_body":"<p>Sorry!<br>On its way</p>","created_at":"2024-05-01T10:10:00Z"},
      {"id":4,"author_id":78,"public":true,"body":"","created_at":"2024-05-01T10:11:00Z"}]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{the_call, told};

    #[test]
    fn authors_are_requester_agents_or_note_writers() {
        let (call, kind) = the_call("t.jsonl", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("zendesk-ticket", "501", Some(1_714_557_600_000)));
        let expected = [
            (Role::Customer, "My order\u{a0}is late", Some(0), None, None),
            (Role::Other, "VIP, be quick", Some(300_000), None, None),
            (Role::Agent, "Sorry!\nOn its way", Some(600_000), None, Some("77")),
        ];
        assert_eq!(
            (told(&call), call.queue.as_deref(), call.channel.as_deref()),
            (expected.to_vec(), Some("5"), Some("email"))
        );
        let flat = SAMPLE.replace("\"ticket\":{", "").replacen("},\n    \"users\"", ",\n    \"users\"", 1);
        assert_eq!(the_call("t.json", &flat).0, call, "the ticket's fields stand beside the comments");
    }
}
