//! Keys of a record by their names: the one that holds a field, the object under which it lies, the speaker's and the text's.

use super::super::shape::Shape;
use crate::input::field::{Field, fold, folds_to};
use crate::input::formats::csv::aliases;
use crate::input::roles::Roles;

/// Names of an item's speaker, the likelier ones first; a key whose first value is a known role goes before all.
const SPEAKERS: [&str; 17] = [
    "role",
    "speaker",
    "sender",
    "author",
    "from",
    "participant",
    "name",
    "participantrole",
    "sendertype",
    "authortype",
    "speakerrole",
    "speakername",
    "participantid",
    "speakerid",
    "speakerlabel",
    "user",
    "source",
];
/// Names that are a speaker's only if the value is a known role.
const ROLES_ONLY: [&str; 3] = ["type", "channel", "affiliation"];
/// Names of an item's text, the likelier ones first.
const TEXTS: [&str; 10] = [
    "content",
    "text",
    "message",
    "body",
    "utterance",
    "transcript",
    "sentence",
    "messagetext",
    "displaytext",
    "value",
];
/// Keys that tell calls apart, by a part of their names.
const GROUPS: [&str; 7] = ["call", "conv", "session", "thread", "dialog", "chat", "ticket"];

pub(super) fn within<'p>(path: &'p str, list: &str) -> &'p str {
    path.strip_prefix(list).and_then(|rest| rest.strip_prefix("[].")).unwrap_or(path)
}

pub(super) fn tells_calls_apart(key: &str) -> bool {
    let key = fold(key);
    key.ends_with("id") || GROUPS.iter().any(|group| key.contains(group))
}

/// The key of the first of `names` that is there and holds a value.
pub(super) fn named(shape: &Shape, names: &[&str], more: &[&str]) -> Option<String> {
    let is_value =
        |key: &str| !shape.paths().any(|path| path.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '['])));
    names
        .iter()
        .chain(more)
        .find_map(|name| shape.keys().find(|key| folds_to(key, name) && is_value(key)))
        .map(str::to_owned)
}

/// The path of `field` in the object under a key of this name.
pub(super) fn in_object(shape: &Shape, object: &str, field: Field, more: &[&str]) -> Option<String> {
    let key = shape.keys().find(|key| folds_to(key, object))?;
    let begin = format!("{key}.");
    let mut names =
        aliases::aliases(field).iter().chain(more).chain(if field == Field::CallId { &["id"][..] } else { &[] });
    names.find_map(|name| {
        shape
            .paths()
            .find(|path| path.strip_prefix(&begin).is_some_and(|inner| folds_to(inner, name)))
            .map(str::to_owned)
    })
}

/// The path of what names the person that the object `key` is.
pub(super) fn named_object(shape: &Shape, object: &str) -> Option<String> {
    let key = shape.keys().find(|key| folds_to(key, object))?;
    ["id", "agent_id", "agentId", "email", "name"]
        .iter()
        .map(|inner| format!("{key}.{inner}"))
        .find(|path| shape.has(path))
}

/// The paths under which `key` may hold a text: itself, or keys of the object that it is.
fn inner(shape: &Shape, key: &str, names: &[&str]) -> Vec<String> {
    let begin = format!("{key}.");
    let inside: Vec<&str> = shape.paths().filter(|path| path.starts_with(&begin)).collect();
    if inside.is_empty() {
        return vec![key.to_owned()];
    }
    names.iter().map(|name| format!("{begin}{name}")).filter(|path| inside.contains(&path.as_str())).collect()
}

pub(super) fn speaker(shape: &Shape, roles: &mut Roles) -> Option<String> {
    let keys = |names: &[&str]| -> Vec<String> {
        let keys = names.iter().filter_map(|name| shape.keys().find(|key| folds_to(key, name)));
        keys.flat_map(|key| inner(shape, key, &["role", "type", "affiliation", "name", "id"])).collect()
    };
    let likely = keys(&[&SPEAKERS[..], aliases::aliases(Field::Speaker)].concat());
    let all = likely.iter().cloned().chain(keys(&ROLES_ONLY));
    let of_message = shape.keys().filter(|key| folds_to(key, "message")).flat_map(|key| inner(shape, key, &["role"]));
    let of_message = of_message.filter(|path| path.contains('.'));
    let mut is_role = |path: &String| shape.value(path).is_some_and(|value| roles.role(value.trim()).is_some());
    let known = all.chain(of_message).find(|path| is_role(path));
    known.or_else(|| likely.into_iter().find(|path| !shape.has(&format!("{path}[]"))))
}

pub(super) fn text(shape: &Shape) -> Option<String> {
    let keys = TEXTS.iter().filter_map(|name| shape.keys().find(|key| folds_to(key, name)));
    keys.flat_map(|key| inner(shape, key, &["content", "text", "body", "parts"])).next()
}
