//! The names of columns that are known without being told.
//!
//! Header names are compared without case, spaces, underscores and hyphens.

use crate::input::field::{Field, Origin, fold};
use crate::input::roles::Roles;

/// The header names known without being told, folded as [`fold`] does.
pub(in crate::input::formats) const fn aliases(field: Field) -> &'static [&'static str] {
    match field {
        Field::CallId => &[
            "callid",
            "conversationid",
            "contactid",
            "interactionid",
            "transcriptid",
            "sessionid",
            "guid",
            "conversationsid",
        ],
        Field::Text => &["text", "content", "transcript", "utterance", "sentence", "message", "displaytext"],
        Field::CustomerText | Field::AgentText | Field::Rating => &[],
        Field::Speaker => &[
            "speaker",
            "role",
            "participantrole",
            "participanttype",
            "participantpurpose",
            "source",
            "channel",
            "affiliation",
        ],
        Field::AgentId => &["agentid", "agent", "agentname", "users", "operatorname", "operatorid"],
        Field::TurnIndex => &["turnindex", "turn", "sequence", "seq", "sentenceindex", "verbatimsequencenum"],
        Field::Started => {
            &["started", "timestamp", "starttime", "beginoffsetmillis", "offsetstarttime", "start", "offset"]
        }
        Field::Ended => &["ended", "endtime", "endoffsetmillis", "offsetendtime", "end"],
        Field::Queue => &["queue", "team", "skill"],
        Field::Language => &["language", "languagecode", "locale"],
        Field::Channel => &["channel", "mediatype"],
        Field::CallDate => &["calldate", "date", "startdate"],
    }
}

/// Salesforce's column of who spoke: an agent's id on agents' rows alone.
pub(super) const ACTOR: &str = "actorid";

/// Talkdesk's column of when the call began, on every row of it.
pub(super) const CALL_STARTED: &str = "interactionstarted";

/// Names that count where no surer one fits.
pub(in crate::input::formats) const fn weak_aliases(field: Field) -> &'static [&'static str] {
    match field {
        Field::CallId => &["interaction", "ticketid", "chatid", "tweetid", "id"],
        Field::Text => &[
            "body",
            "context",
            "messagetext",
            "conversation",
            "calltranscript",
            "transcripttext",
            "texttranscript",
            "fulltranscript",
            "dialogue",
            "sanitized",
            "anonymizedtext",
        ],
        Field::Speaker => &[
            "sender",
            "author",
            "authortype",
            "from",
            "actortype",
            "messageparticipant",
            "participant",
            "direction",
            "isinbound",
        ],
        Field::AgentId => &["assigneeid", "agentemail", ACTOR],
        Field::Started => {
            &["createdat", "entrytime", "time", "datetime", "interactionstarted", "datecreated", "createddate"]
        }
        _ => &[],
    }
}

/// The names of `field` known without being told, folded as [`fold`] does, the surer ones first.
pub(in crate::input) fn names(field: Field) -> impl Iterator<Item = &'static str> {
    aliases(field).iter().chain(weak_aliases(field)).copied()
}

/// Whether a column of this folded name is known without being told.
pub(in crate::input::formats) fn is_known(folded: &str) -> bool {
    Field::ALL.iter().any(|field| aliases(*field).contains(&folded) || weak_aliases(*field).contains(&folded))
}

/// How many columns of a header have a known name or one that the user mapped, to tell delimiters apart.
pub(super) fn recognised(header: &[String], map: &[(Field, Origin)]) -> usize {
    known_names(header, map).count()
}

/// Whether a first record is a header: a column has a known name. One that is a speaker's role too, such as `agent`,
/// may be a row's value and shows nothing.
pub(super) fn is_header(record: &[String], map: &[(Field, Origin)]) -> bool {
    known_names(record, map).any(|name| !Roles::is_known(&name))
}

fn known_names(header: &[String], map: &[(Field, Origin)]) -> impl Iterator<Item = String> {
    let is_mapped = move |name: &str| {
        map.iter().any(|(_, origin)| matches!(origin, Origin::Column(column) if fold(column) == name))
    };
    header.iter().map(|name| fold(name)).filter(move |name| is_known(name) || is_mapped(name))
}
