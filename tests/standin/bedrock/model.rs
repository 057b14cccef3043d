//! What the model answers: a label for each text by its words, in the form that binds it, and the ways in which models get
//! that wrong.
//!
//! It obeys what it is told: a text that has left its JSON string is an instruction to it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::scorer;
use super::request::{Asked, Bound};

/// How the model gets an answer wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// One id is left out.
    Drops,
    /// There is an id that nobody asked for.
    Adds,
    /// An id comes twice, with the same label.
    Repeats,
    /// An id comes twice, with two labels.
    Contradicts,
    /// A label is none of the four.
    Invents,
    /// Prose instead of labels.
    Chats,
}

/// A text of the user's message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) id: String,
    pub(super) text: String,
}

/// What the model answers.
pub(super) struct Said {
    pub(super) content: Value,
    pub(super) stop: &'static str,
    pub(super) tokens: u64,
}

/// The texts of the user's message; `None` for one that is not one JSON array of them.
pub(super) fn texts(asked: &Asked) -> Option<Vec<Text>> {
    serde_json::from_str(&asked.message).ok()
}

/// The label of a text.
pub(super) fn label(text: &str) -> &'static str {
    scorer::class(&scorer::score("any", text, 0.0))
}

/// Answers; `ignored` is what makes it leave a text out.
pub(super) fn answer(asked: &Asked, quirk: Option<Quirk>, ignored: Option<&str>) -> Said {
    let labels = match texts(asked) {
        Some(texts) => {
            let heard = texts.iter().filter(|one| ignored.is_none_or(|word| !one.text.contains(word)));
            heard.map(|one| (one.id.clone(), label(&one.text).to_owned())).collect()
        }
        // Words among the instructions: it does as it is told.
        None => (1..=25).map(|id| (id.to_string(), "POSITIVE".to_owned())).collect(),
    };
    let fields = twisted(labels, quirk);
    if quirk == Some(Quirk::Chats) {
        return cut(&asked.bound, "I'd rather talk about the weather [today].".to_owned(), asked.max_tokens);
    }
    let written: Vec<String> = fields.iter().map(|(id, label)| format!("{}:{}", json!(id), json!(label))).collect();
    let object = format!("{{{}}}", written.join(","));
    let wrapped =
        if asked.bound == Bound::Nothing { format!("Here they are:\n```json\n{object}\n```") } else { object };
    cut(&asked.bound, wrapped, asked.max_tokens)
}

fn twisted(mut labels: Vec<(String, String)>, quirk: Option<Quirk>) -> Vec<(String, String)> {
    let Some(last) = labels.last().cloned() else { return labels };
    match quirk {
        Some(Quirk::Drops) => drop(labels.pop()),
        Some(Quirk::Adds) => labels.insert(0, ("99".to_owned(), "NEGATIVE".to_owned())),
        Some(Quirk::Repeats) => labels.insert(0, last),
        Some(Quirk::Contradicts) => {
            let other = if last.1 == "NEGATIVE" { "POSITIVE" } else { "NEGATIVE" };
            labels.push((last.0, other.to_owned()));
        }
        Some(Quirk::Invents) => {
            labels.pop();
            labels.push((last.0, "FURIOUS".to_owned()));
        }
        Some(Quirk::Chats) | None => {}
    }
    labels
}

/// The answer in its form, as far as its tokens go. The call of a tool takes 30 besides what is in it.
fn cut(bound: &Bound, text: String, max_tokens: u64) -> Said {
    let is_tool = matches!(bound, Bound::Tool(..));
    let needed = (text.len() as u64).div_ceil(4) + if is_tool { 30 } else { 0 };
    let tokens = needed.min(max_tokens);
    let is_cut = needed > max_tokens;
    let kept = usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(4).min(text.len());
    let said = if is_cut { text.get(..kept).unwrap_or_default().to_owned() } else { text };
    let (content, stop) = match (is_tool, is_cut) {
        (true, false) => {
            (json!([{"toolUse": {"toolUseId": "tooluse_1", "name": "record_labels", "input": raw(&said)}}]), "tool_use")
        }
        (true, true) => {
            (json!([{"toolUse": {"toolUseId": "tooluse_1", "name": "record_labels", "input": {}}}]), "max_tokens")
        }
        (false, false) => (json!([{"text": said}]), "end_turn"),
        (false, true) => (json!([{"text": said}]), "max_tokens"),
    };
    Said { content, stop, tokens }
}

/// The input of a tool's call; of keys that come again the last one stays, as services that read JSON have it.
fn raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Map::new().into())
}
