//! What the model is told and how it is bound: the prompt, the schema, and the three forms of an answer.
//!
//! The schema is an object with one required key for each id: that is the one way to state an exact length that Bedrock
//! takes, for it refuses `maxItems`, and `minItems` beyond 1. All of it is part of the scorer's identity.

#[cfg(feature = "bedrock")]
use serde_json::{Map, Value};

#[cfg(feature = "bedrock")]
use super::settings::Structured;

/// The prompt that is part of the program.
pub(super) const PROMPT: &str = include_str!("prompt.txt");
/// The schema of an answer, with `ID` in the place of the ids.
pub(super) const SCHEMA: &str = include_str!("schema.json");
/// The key in [`SCHEMA`] that stands for every id.
#[cfg(feature = "bedrock")]
const ID: &str = "ID";

/// A form of a bound answer.
#[cfg(feature = "bedrock")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An answer that keeps to a JSON schema.
    Schema,
    /// The call of a tool whose input keeps to the schema.
    Tool,
    /// Text that the prompt asks to be JSON.
    Json,
}

#[cfg(feature = "bedrock")]
impl Form {
    /// The forms that the settings leave open, the first one first.
    pub(super) const fn to_try(structured: Structured) -> &'static [Self] {
        match structured {
            Structured::Auto => &[Self::Schema, Self::Tool, Self::Json],
            Structured::Schema => &[Self::Schema],
            Structured::Tool => &[Self::Tool],
            Structured::Json => &[Self::Json],
        }
    }
}

/// The schema of an answer for so many texts, with the ids from 1 on.
///
/// # Panics
/// When the program's own schema is no object with one property.
#[cfg(feature = "bedrock")]
pub(super) fn schema(documents: usize) -> Value {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let of_one = schema["properties"][ID].take();
    let ids = || (1..=documents).map(|id| id.to_string());
    let properties: Map<String, Value> = ids().map(|id| (id, of_one.clone())).collect();
    schema["properties"] = properties.into();
    schema["required"] = ids().collect();
    schema
}

/// What scores texts, as a name that holds nothing of the prompt: the model's id, and a hash of all that it is told and of
/// what its labels mean.
pub(super) fn identity(model: &str, told: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in told {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    format!("{model} {}", hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "bedrock")]
    fn a_schema_has_every_id_once_and_nothing_that_bedrock_refuses() {
        let schema = schema(3);
        let label = serde_json::json!({"type": "string", "enum": ["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"]});
        let expected = serde_json::json!({
            "type": "object",
            "properties": {"1": label, "2": label, "3": label},
            "required": ["1", "2", "3"],
            "additionalProperties": false,
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn the_identity_goes_by_everything_the_model_is_told() {
        let one = identity("a.model-v1:0", &[PROMPT, SCHEMA, "5"]);
        assert!(one.starts_with("a.model-v1:0 ") && one.len() == "a.model-v1:0 ".len() + 16, "{one}");
        assert_eq!(one, identity("a.model-v1:0", &[PROMPT, SCHEMA, "5"]));
        assert_ne!(one, identity("a.model-v1:0", &[PROMPT, SCHEMA, "6"]));
        assert_ne!(identity("m", &["ab", "c"]), identity("m", &["a", "bc"]));
    }
}
