//! What the model answered: labels by id, why it stopped, tokens used.
//!
//! Labels are looked for in the input of a tool call, else in the first JSON value of the text, which may stand in a fence
//! or in a sentence. Two shapes are read, at any depth: an object with ids for keys, and objects with an `id` and a label.
//! An id that was not asked for is dropped and counted, and so is one that comes again; one that comes again with another
//! label has no label.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::engine::price::Tokens;
use crate::engine::{Answer, DocumentError, EngineError, ErrorKind};
use crate::sentiment::Label;

use super::calibration::Calibration;

/// No label came for the text's id.
const MISSING: &str = "missing_from_answer";
/// Labels that contradict each other.
const AMBIGUOUS: &str = "ambiguous_answer";
/// What came is none of the four labels.
const UNKNOWN_LABEL: &str = "unknown_label";

/// The body of an answer of `Converse`. What the model wrote is never printed.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Converse {
    output: Output,
    stop_reason: String,
    usage: Option<Usage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Output {
    message: Message,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    content: Vec<Block>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Block {
    text: Option<String>,
    tool_use: Option<ToolUse>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ToolUse {
    input: Json,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "camelCase", default)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_write_input_tokens: u64,
}

/// Ids that an answer has and should not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Strays {
    /// Ids that were not asked for.
    pub(super) added: u64,
    /// Ids that came again.
    pub(super) repeated: u64,
}

impl Converse {
    /// Whether the answer broke off because it had no more tokens.
    pub(super) fn is_cut_off(&self) -> bool {
        self.stop_reason == "max_tokens"
    }

    /// What the answer means for each of `documents` texts, in their order, by why the model stopped.
    ///
    /// # Errors
    /// A rejection of all of them, where one of them made the model stop.
    pub(super) fn answers(
        &self,
        documents: usize,
        calibration: &Calibration,
    ) -> Result<(Vec<Answer>, Strays), EngineError> {
        let rejected = |code: &str, message: &str| Err(EngineError::new(ErrorKind::Rejected, message).with_code(code));
        match self.stop_reason.as_str() {
            code @ ("guardrail_intervened" | "content_filtered") => {
                rejected(code, "a guardrail or filter of the service let no answer through")
            }
            code @ "model_context_window_exceeded" => rejected(code, "the texts are too long for the model"),
            code @ ("malformed_model_output" | "malformed_tool_use") => {
                Ok((vec![Err(again(code)); documents], Strays::default()))
            }
            code @ "max_tokens" => {
                let (answers, strays) = self.by_document(documents, calibration);
                let cut_off = |error: DocumentError| if &*error.code == MISSING { again(code) } else { error };
                Ok((answers.into_iter().map(|answer| answer.map_err(cut_off)).collect(), strays))
            }
            _ => Ok(self.by_document(documents, calibration)),
        }
    }

    /// Tokens used; `None` where the service states none.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        self.usage.map(|usage| Tokens {
            input: usage.input_tokens + usage.cache_read_input_tokens + usage.cache_write_input_tokens,
            output: usage.output_tokens,
        })
    }

    /// One answer for each of `documents` texts, in their order.
    fn by_document(&self, documents: usize, calibration: &Calibration) -> (Vec<Answer>, Strays) {
        let mut found: Vec<Option<Found>> = vec![None; documents];
        let mut strays = Strays::default();
        self.pairs().iter().for_each(|(id, label)| {
            let place = id.trim().parse::<usize>().ok().and_then(|id| id.checked_sub(1));
            let Some(slot) = place.and_then(|place| found.get_mut(place)) else {
                strays.added += 1;
                return;
            };
            let new = label.parse().map_or(Found::Unknown, Found::Label);
            strays.repeated += u64::from(slot.is_some());
            *slot = Some(match slot {
                Some(known) if *known != new => Found::Ambiguous,
                _ => new,
            });
        });
        let answers = found.into_iter().map(|found| match found {
            Some(Found::Label(label)) => Ok(calibration.scores(label)),
            Some(Found::Ambiguous) => Err(again(AMBIGUOUS)),
            Some(Found::Unknown) => Err(again(UNKNOWN_LABEL)),
            None => Err(again(MISSING)),
        });
        (answers.collect(), strays)
    }

    /// Ids with their labels, as they came.
    fn pairs(&self) -> Vec<(String, String)> {
        let blocks = &self.output.message.content;
        let mut pairs = Vec::new();
        for call in blocks.iter().filter_map(|block| block.tool_use.as_ref()) {
            call.input.pairs(&mut pairs);
        }
        let texts = blocks.iter().filter_map(|block| block.text.as_deref());
        if pairs.is_empty() { texts.flat_map(first_pairs).collect() } else { pairs }
    }
}

/// What came for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Label(Label),
    Ambiguous,
    Unknown,
}

/// A text to be asked for again.
pub(super) fn again(code: &str) -> DocumentError {
    DocumentError { code: code.into(), retriable: true }
}

/// The pairs of the first JSON value in a text that has some.
fn first_pairs(text: &str) -> Vec<(String, String)> {
    let starts = text.match_indices(['{', '[']).take(MOST_STARTS);
    let values = starts
        .filter_map(|(at, _)| serde_json::Deserializer::from_str(text.get(at..)?).into_iter::<Json>().next()?.ok());
    let pairs = values.map(|value| {
        let mut pairs = Vec::new();
        value.pairs(&mut pairs);
        pairs
    });
    pairs.into_iter().find(|pairs| !pairs.is_empty()).unwrap_or_default()
}

/// Places at which JSON is looked for in a text.
const MOST_STARTS: usize = 8;

/// A JSON value that keeps keys that come again.
#[derive(Debug, Clone, PartialEq, Default)]
enum Json {
    /// Nothing that matters here.
    #[default]
    Other,
    /// A string, or a number as it is written.
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn pairs(&self, found: &mut Vec<(String, String)>) {
        match self {
            Self::Other | Self::Text(_) => {}
            Self::List(values) => values.iter().for_each(|value| value.pairs(found)),
            Self::Object(fields) => {
                if let Some(pair) = labelled(fields) {
                    found.push(pair);
                    return;
                }
                for (key, value) in fields {
                    match value {
                        Self::Text(label) => found.push((key.clone(), label.clone())),
                        value => value.pairs(found),
                    }
                }
            }
        }
    }
}

/// The pair of an object with an id and one other text.
fn labelled(fields: &[(String, Json)]) -> Option<(String, String)> {
    let text = |wanted: &dyn Fn(&str) -> bool| {
        fields.iter().find_map(|(key, value)| match value {
            Json::Text(text) if wanted(key) => Some(text.clone()),
            _ => None,
        })
    };
    Some((text(&|key| key == "id")?, text(&|key| matches!(key, "label" | "sentiment"))?))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Text(number.to_string()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            if values.len() < MOST_ENTRIES {
                values.push(value);
            }
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if fields.len() < MOST_ENTRIES {
                fields.push((key, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Json::Object(fields))
    }
}

/// Entries of a list or an object that are looked at: far more than a request has texts.
const MOST_ENTRIES: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Converse {
        serde_json::from_str(body).expect("an answer")
    }

    fn of_text(text: &str) -> Converse {
        read(&json!({"output": {"message": {"role": "assistant", "content": [{"text": text}]}}, "stopReason": "end_turn"}).to_string())
    }

    fn labels(answer: &Converse, documents: usize) -> (Vec<String>, Strays) {
        let (answers, strays) = answer.by_document(documents, &Calibration::certain());
        let shown = |answer: &Answer| match answer {
            Ok(scores) => scores.label().to_string(),
            Err(error) => {
                assert!(error.retriable);
                error.code.to_string()
            }
        };
        (answers.iter().map(shown).collect(), strays)
    }

    #[test]
    fn labels_go_by_id_in_every_shape_that_models_write() {
        let shapes = [
            r#"{"1":"POSITIVE","2":"NEGATIVE"}"#,
            r#"{"2": "negative", "1": " Positive "}"#,
            "Here you are:\n```json\n{\"1\":\"POSITIVE\",\"2\":\"NEGATIVE\"}\n```\nAnything else?",
            "The texts [of calls], see [1], are {labelled}: {\"1\":\"POSITIVE\",\"2\":\"NEGATIVE\"}",
            r#"[{"id":"2","label":"NEGATIVE"},{"id":1,"label":"POSITIVE"}]"#,
            r#"{"results":[{"id":1,"sentiment":"POSITIVE","why":"thanks"},{"id":2,"sentiment":"NEGATIVE"}]}"#,
            r#"{"labels":{"1":"POSITIVE","2":"NEGATIVE"}}"#,
        ];
        for text in shapes {
            assert_eq!(
                labels(&of_text(text), 2),
                (vec!["positive".into(), "negative".into()], Strays::default()),
                "{text}"
            );
        }
        let call = r#"{"output":{"message":{"content":[{"text":"I record them."},{"toolUse":{"toolUseId":"t","name":"record_labels","input":{"1":"MIXED"}}}]}},"stopReason":"tool_use"}"#;
        assert_eq!(labels(&read(call), 1).0, ["mixed"]);
    }

    #[test]
    fn ids_that_are_dropped_added_or_repeated_touch_no_other_text() {
        let text =
            r#"{"1":"POSITIVE","3":"NEUTRAL","3":"NEUTRAL","4":"NEGATIVE","4":"MIXED","9":"NEGATIVE","x":"MIXED"}"#;
        let (found, strays) = labels(&of_text(text), 4);
        assert_eq!(found, ["positive", MISSING, "neutral", AMBIGUOUS]);
        assert_eq!(strays, Strays { added: 2, repeated: 2 });
    }

    #[test]
    fn what_is_no_label_is_no_answer() {
        for text in ["", "POSITIVE", r#"["POSITIVE","NEGATIVE"]"#, "{\"1\": \"POSITIVE\", ", "{}", "null", "[[[["] {
            assert_eq!(labels(&of_text(text), 2).0, [MISSING, MISSING], "{text}");
        }
        assert_eq!(labels(&of_text(r#"{"1":"HAPPY","2":true}"#), 2).0, [UNKNOWN_LABEL, MISSING]);
        assert_eq!(labels(&read("{}"), 1).0, [MISSING]);
    }

    #[test]
    fn tokens_are_those_of_the_usage() {
        let usage = r#"{"usage":{"inputTokens":700,"outputTokens":40,"totalTokens":740,"cacheReadInputTokens":5}}"#;
        assert_eq!(read(usage).tokens(), Some(Tokens { input: 705, output: 40 }));
        assert_eq!(read("{}").tokens(), None);
    }
}
