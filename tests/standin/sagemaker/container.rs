//! What containers read and answer, traps included. Scores are the lexicon's of the other stand-in.

use serde_json::{Value, json};

use super::super::http::Request;
use super::super::scorer;
use super::Config;

/// A container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// The Hugging Face toolkit: without `top_k` only the best class; any fault is a 400.
    HuggingFace,
    /// The same with a handler that answers the best class whatever is asked.
    BestClass,
    /// Text Embeddings Inference: a list of two texts is one pair.
    Tei,
    /// BlazingText: as many classes as `k`.
    BlazingText,
    /// TensorFlow Serving.
    Instances,
    /// Triton.
    Triton,
    /// JumpStart's TensorFlow models: text alone; a list would be merged.
    Text,
    /// A handler of somebody's own.
    Own,
    /// Joins all texts of a request into one.
    Merging,
}

/// Tokens that a model takes without truncation, counted as words.
const MOST_TOKENS: usize = 512;

/// The texts of a request, and the answer for them; else a status.
pub(super) fn run(config: &Config, request: &Request) -> (Vec<String>, Result<Value, u16>) {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let media = request.header("content-type").unwrap_or_default();
    if config.container == Container::Text {
        if media != "application/x-text" {
            return (Vec::new(), Err(415));
        }
        let scores = scores(config, &text);
        let verbose = request.header("accept") == Some("application/json;verbose");
        let answer = json!({"probabilities": scores, "labels": config.labels, "predicted_label": config.labels[0]});
        return (vec![text], if verbose { Ok(answer) } else { Ok(json!({"probabilities": scores})) });
    }
    if media != "application/json" {
        return (Vec::new(), Err(415));
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else { return (Vec::new(), Err(400)) };
    let strings = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let texts = match config.container {
        Container::HuggingFace | Container::BestClass | Container::Merging => strings(&body["inputs"]),
        Container::Tei => {
            let lists = body["inputs"].as_array();
            lists.and_then(|lists| lists.iter().map(|one| Some(strings(one)?.join(" "))).collect::<Option<Vec<_>>>())
        }
        Container::BlazingText | Container::Instances => strings(&body["instances"]),
        Container::Triton => strings(&body["inputs"][0]["data"]),
        Container::Own => strings(&body["sentences"]),
        Container::Text => None,
    };
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        // A list of two strings is a pair for TEI, and answered as one text.
        let is_pair =
            config.container == Container::Tei && strings(&body["inputs"]).is_some_and(|texts| texts.len() == 2);
        return (
            Vec::new(),
            if is_pair {
                Ok(json!([named(config, "pair")]))
            } else {
                Err(if config.container == Container::Tei { 422 } else { 400 })
            },
        );
    };
    let truncates = body["parameters"]["truncation"] == true || body["truncate"] == true;
    let bounded = matches!(config.container, Container::HuggingFace | Container::Tei);
    if bounded && !truncates && texts.iter().any(|text| text.split_whitespace().count() > MOST_TOKENS) {
        return (texts, Err(400));
    }
    if config.container == Container::Tei && texts.len() > 32 {
        return (texts, Err(422));
    }
    let answer = answer(config, &body, &texts);
    (texts, Ok(answer))
}

fn answer(config: &Config, body: &Value, texts: &[String]) -> Value {
    let each = |answer: &dyn Fn(&str) -> Value| Value::from(texts.iter().map(|text| answer(text)).collect::<Vec<_>>());
    match config.container {
        Container::HuggingFace if body["parameters"].get("top_k").is_none() => each(&|text| best(config, text)),
        Container::BestClass => each(&|text| best(config, text)),
        Container::BlazingText => {
            let k = usize::try_from(body["configuration"]["k"].as_u64().unwrap_or(1)).unwrap_or(1).min(4);
            each(&|text| {
                let labels: Vec<String> = config.labels.iter().map(|label| format!("__label__{label}")).collect();
                json!({"label": labels[..k], "prob": scores(config, text)[..k]})
            })
        }
        Container::Instances => json!({"predictions": each(&|text| json!(scores(config, text)))}),
        Container::Triton => {
            let data: Vec<f64> = texts.iter().flat_map(|text| scores(config, text)).collect();
            json!({"outputs": [{"name": "logits", "datatype": "FP32", "shape": [texts.len(), 4], "data": data}]})
        }
        Container::Merging => json!([named(config, &texts.join(" "))]),
        Container::Own => json!({"results": each(&|text| {
            let scores = scores(config, text);
            Value::Object(config.labels.iter().zip(scores).map(|(label, score)| ((*label).to_owned(), score.into())).collect())
        })}),
        _ => each(&|text| named(config, text)),
    }
}

fn best(config: &Config, text: &str) -> Value {
    let scores = scores(config, text);
    let best = (0..4).max_by(|one, other| scores[*one].total_cmp(&scores[*other])).unwrap_or(0);
    json!({"label": config.labels[best], "score": scores[best]})
}

fn named(config: &Config, text: &str) -> Value {
    let mut pairs: Vec<(f64, &str)> = scores(config, text).into_iter().zip(config.labels).collect();
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0));
    pairs.into_iter().map(|(score, label)| json!({"label": label, "score": score})).collect()
}

/// Positive, negative, neutral, mixed, or their logarithms; those of another model for each number.
fn scores(config: &Config, text: &str) -> [f64; 4] {
    let language = if config.model == 1 { "en" } else { "xx" };
    let scores = scorer::score(language, text, 0.0).map(f64::from);
    if config.logits { scores.map(f64::ln) } else { scores }
}
