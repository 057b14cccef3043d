//! What containers answer, read by one reader: probabilities by name or by place, for as many texts as were sent.
//!
//! `predictions`, `outputs` and `results` are unwrapped; then there is one element a text, each in one of these shapes:
//!
//! ```text
//! [{"label": "POS", "score": 0.9}, …]        also name, className; probability, prob, confidence
//! {"label": ["POS", …], "prob": [0.9, …]}    also labels; scores, probabilities
//! {"POS": 0.9, "NEG": 0.1}
//! [0.9, 0.1]                                 by the order of the settings' labels
//! ```
//!
//! Triton's tensors are cut into rows. Refuses to guess: what is none of these has no scores.

use serde_json::{Map, Value};

use crate::engine::labels::{Labels, Numbers, Oddity};
use crate::sentiment::Scores;

/// What stands around the list of answers.
const WRAPPERS: [&str; 3] = ["predictions", "outputs", "results"];
/// What one label is called, and what its probability is called.
const NAMES: [&str; 4] = ["label", "name", "className", "class"];
const VALUES: [&str; 5] = ["score", "probability", "prob", "confidence", "value"];
/// The same for lists of them.
const NAME_LISTS: [&str; 4] = ["label", "labels", "names", "classes"];
const VALUE_LISTS: [&str; 5] = ["prob", "probs", "scores", "probabilities", "score"];

/// Reads the answer for `texts` texts.
///
/// # Errors
/// What is odd with the answer as a whole; within it, with the answer for one text.
pub(super) fn read(
    body: &[u8],
    texts: usize,
    labels: &Labels,
    numbers: Numbers,
) -> Result<Vec<Result<Scores, Oddity>>, Oddity> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Oddity::Unreadable)?;
    let rows = elements(&answer, texts, labels)?;
    Ok(rows.iter().map(|row| element(row, labels, numbers)).collect())
}

/// One element a text.
fn elements(answer: &Value, texts: usize, labels: &Labels) -> Result<Vec<Value>, Oddity> {
    let inner = match answer {
        Value::Object(fields) => WRAPPERS.iter().find_map(|wrapper| fields.get(*wrapper)).unwrap_or(answer),
        _ => answer,
    };
    match inner {
        Value::Array(list) if list.iter().any(is_tensor) => rows(list, texts, labels),
        // A text alone may be answered without a list around it.
        Value::Array(list) if texts == 1 && is_one(list, labels) => Ok(vec![inner.clone()]),
        Value::Array(list) if list.len() == texts => Ok(list.clone()),
        Value::Array(_) => Err(Oddity::OtherCount),
        Value::Object(_) if texts == 1 => Ok(vec![inner.clone()]),
        _ => Err(Oddity::Unreadable),
    }
}

/// Whether a list is the answer for one text, and not a list with one answer.
fn is_one(list: &[Value], labels: &Labels) -> bool {
    let names = list.iter().all(|value| value.as_object().and_then(pair).is_some());
    let numbers = list.iter().all(Value::is_number);
    !list.is_empty() && (list.len() > 1 || labels.len() == 1) && (names || numbers)
}

fn is_tensor(value: &Value) -> bool {
    value.get("data").is_some_and(Value::is_array) && value.get("shape").is_some()
}

/// The rows of the first tensor that has a number for each text and label.
fn rows(tensors: &[Value], texts: usize, labels: &Labels) -> Result<Vec<Value>, Oddity> {
    let mut other = Oddity::Unreadable;
    for tensor in tensors {
        let mut numbers = Vec::new();
        if !flatten(tensor.get("data").unwrap_or(&Value::Null), &mut numbers) {
            continue;
        }
        let wide = numbers.len().checked_div(texts).unwrap_or(0);
        if wide == labels.len() && wide * texts == numbers.len() && wide > 0 {
            return Ok(numbers.chunks(wide).map(|row| Value::from(row.to_vec())).collect());
        }
        other = if wide * texts == numbers.len() { Oddity::OtherNumber } else { Oddity::OtherCount };
    }
    Err(other)
}

/// Takes all numbers of nested lists; whether there is nothing else.
fn flatten(value: &Value, into: &mut Vec<f64>) -> bool {
    match value {
        Value::Array(list) => list.iter().all(|value| flatten(value, into)),
        value => value.as_f64().map(|number| into.push(number)).is_some(),
    }
}

/// The scores of one text.
fn element(value: &Value, labels: &Labels, numbers: Numbers) -> Result<Scores, Oddity> {
    match value {
        Value::Array(list) if list.iter().all(Value::is_number) && !list.is_empty() => {
            let values: Vec<f64> = list.iter().filter_map(Value::as_f64).collect();
            labels.scores_of_numbers(&values, numbers)
        }
        Value::Array(list) => {
            // A list around the answer of one text is taken off.
            if let [inner @ (Value::Array(_) | Value::Object(_))] = list.as_slice()
                && inner.as_object().and_then(pair).is_none()
            {
                return element(inner, labels, numbers);
            }
            let pairs = list.iter().map(|value| value.as_object().and_then(pair));
            let pairs = pairs.collect::<Option<Vec<_>>>().ok_or(Oddity::Unreadable)?;
            labels.scores_of_named(&pairs, numbers)
        }
        Value::Object(fields) => object(fields, labels, numbers),
        _ => Err(Oddity::Unreadable),
    }
}

fn object(fields: &Map<String, Value>, labels: &Labels, numbers: Numbers) -> Result<Scores, Oddity> {
    if let Some(pair) = pair(fields) {
        return labels.scores_of_named(&[pair], numbers);
    }
    if let Some(pairs) = parallel(fields) {
        return labels.scores_of_named(&pairs, numbers);
    }
    let only_values = VALUE_LISTS.iter().find_map(|name| fields.get(*name)?.as_array());
    if let Some(list) = only_values {
        return element(&Value::Array(list.clone()), labels, numbers);
    }
    let named = fields.iter().map(|(name, value)| Some((name.as_str(), value.as_f64()?)));
    let named = named.collect::<Option<Vec<_>>>().filter(|named| !named.is_empty()).ok_or(Oddity::Unreadable)?;
    labels.scores_of_named(&named, numbers)
}

/// `{"label": …, "score": …}`.
fn pair(fields: &Map<String, Value>) -> Option<(&str, f64)> {
    let name = NAMES.iter().find_map(|name| fields.get(*name)?.as_str())?;
    let value = VALUES.iter().find_map(|value| fields.get(*value)?.as_f64())?;
    Some((name, value))
}

/// `{"labels": […], "scores": […]}`.
fn parallel(fields: &Map<String, Value>) -> Option<Vec<(&str, f64)>> {
    let names = NAME_LISTS.iter().find_map(|name| fields.get(*name)?.as_array())?;
    let values = VALUE_LISTS.iter().find_map(|name| fields.get(*name)?.as_array())?;
    if names.len() != values.len() {
        return None;
    }
    names.iter().zip(values).map(|(name, value)| Some((name.as_str()?, value.as_f64()?))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::Value as _;

    fn labels() -> Labels {
        Labels::parse("NEG=negative,POS=positive").unwrap()
    }

    fn read_all(body: &str, texts: usize) -> Result<Vec<Result<Scores, Oddity>>, Oddity> {
        read(body.as_bytes(), texts, &labels(), Numbers::Probabilities)
    }

    #[test]
    fn every_shape_of_an_answer_is_read() {
        for body in [
            r#"[[{"label":"POS","score":0.9},{"label":"NEG","score":0.1}],[{"label":"NEG","score":0.8},{"label":"POS","score":0.2}]]"#,
            r#"{"predictions":[[0.1,0.9],[0.8,0.2]]}"#,
            r#"[{"label":["__label__POS","__label__NEG"],"prob":[0.9,0.1]},{"label":["__label__NEG","__label__POS"],"prob":[0.8,0.2]}]"#,
            r#"{"outputs":[{"name":"probabilities","datatype":"FP32","shape":[2,2],"data":[0.1,0.9,0.8,0.2]}]}"#,
            r#"{"outputs":[{"name":"label","datatype":"BYTES","shape":[2],"data":["POS","NEG"]},{"name":"p","shape":[2,2],"data":[[0.1,0.9],[0.8,0.2]]}]}"#,
            r#"{"results":[{"labels":["POS","NEG"],"scores":[0.9,0.1]},{"labels":["POS","NEG"],"scores":[0.2,0.8]}]}"#,
            r#"[[{"className":"POS","probability":0.9},{"className":"NEG","probability":0.1}],[{"className":"NEG","probability":0.8},{"className":"POS","probability":0.2}]]"#,
            r#"[{"POS":0.9,"NEG":0.1},{"POS":0.2,"NEG":0.8}]"#,
            r#"{"predictions":[{"probabilities":[0.1,0.9]},{"probabilities":[0.8,0.2]}]}"#,
            r#"{"predictions":[[[0.1,0.9]],[[0.8,0.2]]]}"#,
        ] {
            let scores = read_all(body, 2).unwrap_or_else(|oddity| panic!("{oddity:?}: {body}"));
            let positive: Vec<f32> = scores.iter().map(|scores| scores.as_ref().unwrap().positive).collect();
            assert_eq!(positive, [0.9, 0.2], "{body}");
        }
    }

    #[test]
    fn the_answer_for_one_text_may_stand_alone() {
        for body in [
            r#"{"probabilities":[0.1,0.9],"labels":["NEG","POS"],"predicted_label":"POS"}"#,
            r#"[{"label":"POS","score":0.9},{"label":"NEG","score":0.1}]"#,
            r#"[[{"label":"POS","score":0.9},{"label":"NEG","score":0.1}]]"#,
            "[0.1, 0.9]",
            "[[0.1, 0.9]]",
        ] {
            let scores = read_all(body, 1).unwrap();
            assert_eq!(scores[0].as_ref().map(|scores| scores.positive), Ok(0.9), "{body}");
        }
    }

    #[test]
    fn traps_are_told_apart() {
        let best = r#"[{"label":"POS","score":0.9},{"label":"NEG","score":0.8}]"#;
        assert_eq!(read_all(best, 2).unwrap(), [Err(Oddity::BestClassOnly), Err(Oddity::BestClassOnly)]);
        assert_eq!(read_all(r#"[{"label":"POS","score":0.9}]"#, 1).unwrap(), [Err(Oddity::BestClassOnly)]);
        assert_eq!(
            read_all(r#"[[{"label":"POS","score":0.9},{"label":"NEG","score":0.1}]]"#, 3),
            Err(Oddity::OtherCount)
        );
        let unknown = r#"[[{"label":"LABEL_0","score":0.9},{"label":"LABEL_1","score":0.1}]]"#;
        assert_eq!(read_all(unknown, 1).unwrap(), [Err(Oddity::UnknownLabel("LABEL_0".into()))]);
        assert_eq!(read_all("[[-3.1, 2.2]]", 1).unwrap(), [Err(Oddity::NoDistribution)]);
        assert_eq!(read_all(r#"{"outputs":[{"name":"l","shape":[1,3],"data":[1,2,3]}]}"#, 1), Err(Oddity::OtherNumber));
        for body in ["", "null", "\"ok\"", "3", "<html>"] {
            assert_eq!(read_all(body, 1), Err(Oddity::Unreadable), "{body}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_container_answers_is_read_or_refused(body in "[\\[\\]{}\":,a-z0-9. -]{0,60}", texts in 1usize..4) {
            if let Ok(rows) = read_all(&body, texts) {
                prop_assert_eq!(rows.len(), texts);
            }
        }
    }
}
