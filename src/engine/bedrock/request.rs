//! The body of a `Converse` request: system prompt, texts, and what binds the answer.
//!
//! Texts stand as JSON strings in one JSON array in the user's message: whatever a text holds, it ends neither its string
//! nor the array, and no text stands among the instructions.

use serde::Serialize;
use serde_json::{Value, json};

use super::form::{self, Form};
use super::settings::ServiceTier;

/// The tool that a model is made to call.
const TOOL: &str = "record_labels";
/// The name of the schema.
const SCHEMA_NAME: &str = "labels";

/// What every request of a run has in common.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// The system prompt.
    pub(super) prompt: String,
    /// Tokens that may be answered for a text.
    pub(super) output_tokens: u64,
    /// The tier, if one is stated.
    pub(super) tier: Option<ServiceTier>,
}

/// A request's body, and how large its parts are.
pub(super) struct Body {
    /// JSON.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the user's message.
    pub(super) message: u64,
    /// Bytes of everything else that the model is told.
    pub(super) besides: u64,
    /// Most tokens answered.
    pub(super) answer: u64,
}

/// A text and its id.
#[derive(Serialize)]
struct Asked<'a> {
    id: String,
    text: &'a str,
}

impl Terms {
    /// The body that asks for the labels of `texts` in `form`; `spare` tokens may be answered besides those of each text.
    ///
    /// # Panics
    /// Never: texts are JSON strings.
    pub(super) fn body(&self, texts: &[&str], form: Form, spare: u64) -> Body {
        let asked: Vec<Asked<'_>> =
            texts.iter().zip(1_usize..).map(|(text, id)| Asked { id: id.to_string(), text }).collect();
        let message = serde_json::to_string(&asked).expect("texts are JSON strings");
        let answer = self.output_tokens * texts.len() as u64 + spare;
        let schema = form::schema(texts.len());
        let mut body = json!({
            "system": [{"text": self.prompt}],
            "inferenceConfig": {"maxTokens": answer, "temperature": 0},
        });
        let mut besides = self.prompt.len();
        match form {
            Form::Schema => {
                // The schema is sent as a text that holds JSON.
                let schema = schema.to_string();
                besides += schema.len();
                let definition = json!({"name": SCHEMA_NAME, "schema": schema});
                body["outputConfig"] =
                    json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": definition}}});
            }
            Form::Tool => {
                besides += schema.to_string().len();
                body["toolConfig"] = tool(&schema);
            }
            Form::Json => {}
        }
        if let Some(tier) = self.tier {
            body["serviceTier"] = json!({"type": <&str>::from(tier)});
        }
        let (message_bytes, besides) = (message.len() as u64, besides as u64);
        body["messages"] = json!([{"role": "user", "content": [{"text": message}]}]);
        Body { bytes: body.to_string().into_bytes(), message: message_bytes, besides, answer }
    }
}

fn tool(schema: &Value) -> Value {
    let description = "Records the label of each text.";
    let spec = json!({"name": TOOL, "description": description, "inputSchema": {"json": schema}});
    json!({"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": TOOL}}})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms() -> Terms {
        Terms { prompt: form::PROMPT.to_owned(), output_tokens: 16, tier: None }
    }

    fn value(body: &Body) -> Value {
        serde_json::from_slice(&body.bytes).expect("JSON")
    }

    #[test]
    fn each_form_binds_the_answer_by_the_services_own_fields() {
        let schema = value(&terms().body(&["a", "b"], Form::Schema, 0));
        let format = &schema["outputConfig"]["textFormat"];
        assert_eq!(format["type"], "json_schema");
        let text = format["structure"]["jsonSchema"]["schema"].as_str().expect("a text that holds JSON");
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), form::schema(2));
        let tool = value(&terms().body(&["a", "b"], Form::Tool, 0));
        assert_eq!(tool["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], form::schema(2));
        assert_eq!(
            tool["toolConfig"]["toolChoice"]["tool"]["name"],
            tool["toolConfig"]["tools"][0]["toolSpec"]["name"]
        );
        let json = value(&terms().body(&["a", "b"], Form::Json, 48));
        assert_eq!((json.get("toolConfig"), json.get("outputConfig"), json.get("serviceTier")), (None, None, None));
        assert_eq!(json["inferenceConfig"], json!({"maxTokens": 80, "temperature": 0}));
        assert_eq!(json["system"], json!([{"text": form::PROMPT}]));
    }

    #[test]
    fn a_tier_is_stated_where_it_is_set() {
        let body = Terms { tier: Some(ServiceTier::Flex), ..terms() }.body(&["a"], Form::Json, 0);
        assert_eq!(value(&body)["serviceTier"], json!({"type": "flex"}));
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_string(texts in prop::collection::vec(any::<String>(), 1..6), form in 0_usize..3) {
            let form = [Form::Schema, Form::Tool, Form::Json][form];
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let body = terms().body(&texts, form, 0);
            let sent = value(&body);
            let message = sent["messages"][0]["content"][0]["text"].as_str().expect("one text");
            prop_assert_eq!(body.message, message.len() as u64);
            let read: Value = serde_json::from_str(message).expect("JSON");
            let expected: Vec<Value> = texts.iter().zip(1_usize..).map(|(text, id)| json!({"id": id.to_string(), "text": text})).collect();
            prop_assert_eq!(read, Value::from(expected));
            // Nothing else of the body depends on the texts.
            let mut bare = sent;
            bare["messages"] = Value::Null;
            let mut other = value(&terms().body(&vec!["x"; texts.len()], form, 0));
            other["messages"] = Value::Null;
            prop_assert_eq!(bare, other);
        }
    }
}
