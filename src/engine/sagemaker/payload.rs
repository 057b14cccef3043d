//! What containers are sent: the bodies of requests, by the format that each kind of container reads.
//!
//! A list of texts is sent always, also of one: containers answer a bare text in another shape.

use serde_json::json;

use super::format::{FORMATS, Format, HOLES};

/// Most texts that Text Embeddings Inference takes at once, unless it was started otherwise.
const MOST_TEI: usize = 32;

/// A request's body and how it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payload {
    /// Its type.
    pub(super) content_type: &'static str,
    /// What the answer may be.
    pub(super) accept: &'static str,
    /// The bytes.
    pub(super) body: Vec<u8>,
}

impl Format {
    /// The formats that `auto` tries: those that need nothing of the settings.
    pub(super) fn to_try() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|(format, _)| *format).filter(|format| !matches!(format, Self::Triton | Self::Template))
    }

    /// Most texts in a request, where the format limits them.
    pub(super) fn most(self, batch: usize) -> usize {
        if self == Self::Tei { batch.min(MOST_TEI) } else { batch }
    }

    /// The request for `texts`; `labels` is the number of labels. A format of one text takes the first.
    pub(super) fn payload(self, texts: &[&str], labels: usize, with: &Extras) -> Payload {
        let json = |value: serde_json::Value| value.to_string().into_bytes();
        let (content_type, accept) = match self {
            Self::Text => ("application/x-text", "application/json;verbose"),
            _ => ("application/json", "application/json"),
        };
        let body = match self {
            Self::HuggingFace => json(json!({"inputs": texts, "parameters": {"top_k": null, "truncation": true}})),
            Self::Tei => {
                let single: Vec<[&str; 1]> = texts.iter().map(|text| [*text]).collect();
                json(json!({"inputs": single, "truncate": true}))
            }
            Self::BlazingText => json(json!({"instances": texts, "configuration": {"k": labels}})),
            Self::Instances => json(json!({"instances": texts})),
            Self::Triton => json(json!({"inputs": [{
                "name": with.input_name, "shape": [texts.len(), 1], "datatype": "BYTES", "data": texts,
            }]})),
            Self::Text => texts.first().map(|text| text.as_bytes().to_vec()).unwrap_or_default(),
            Self::Template => fill(with.template.as_deref().unwrap_or_default(), texts).into_bytes(),
        };
        Payload { content_type, accept, body }
    }
}

/// What some formats need besides.
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    /// The name of Triton's input tensor.
    pub(super) input_name: String,
    /// The template.
    pub(super) template: Option<String>,
}

/// A template with its texts as JSON strings.
fn fill(template: &str, texts: &[&str]) -> String {
    let one = serde_json::Value::from(texts.first().copied().unwrap_or_default()).to_string();
    let all = serde_json::Value::from(texts).to_string();
    // In one go, so that a text that holds a mark is not filled itself.
    let mut filled = String::new();
    let mut rest = template;
    while let Some((at, hole)) = HOLES.iter().filter_map(|hole| Some((rest.find(hole)?, *hole))).min() {
        let (before, after) = rest.split_at(at);
        filled += before;
        filled += if hole == HOLES[0] { &one } else { &all };
        rest = after.strip_prefix(hole).unwrap_or_default();
    }
    filled + rest
}

/// What is wrong with a template, if anything is.
pub(super) fn wrong_template(template: &str) -> Option<&'static str> {
    if !HOLES.iter().any(|hole| template.contains(hole)) {
        return Some("the template holds neither {{text}} nor {{texts}}");
    }
    let filled = fill(template, &["a", "b"]);
    let is_json = serde_json::from_str::<serde_json::Value>(&filled).is_ok();
    (!is_json).then_some("the template is no JSON once its texts are in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(format: Format, texts: &[&str], template: &str) -> String {
        let with = Extras { input_name: "TEXT".into(), template: Some(template.into()) };
        String::from_utf8(format.payload(texts, 3, &with).body).unwrap()
    }

    #[test]
    fn each_container_gets_what_it_reads_and_no_pair() {
        let texts = ["say \"hi\"", "bye\n"];
        for (format, expected) in [
            (Format::HuggingFace, r#"{"inputs":["say \"hi\"","bye\n"],"parameters":{"top_k":null,"truncation":true}}"#),
            (Format::Tei, r#"{"inputs":[["say \"hi\""],["bye\n"]],"truncate":true}"#),
            (Format::BlazingText, r#"{"configuration":{"k":3},"instances":["say \"hi\"","bye\n"]}"#),
            (Format::Instances, r#"{"instances":["say \"hi\"","bye\n"]}"#),
            (Format::Text, "say \"hi\""),
            (Format::Template, r#"{"s": ["say \"hi\"","bye\n"], "k": 3}"#),
        ] {
            assert_eq!(body(format, &texts, r#"{"s": {{texts}}, "k": 3}"#), expected, "{format:?}");
        }
        let triton: serde_json::Value = serde_json::from_str(&body(Format::Triton, &texts, "")).unwrap();
        assert_eq!(triton["inputs"][0]["shape"], json!([2, 1]));
        assert_eq!(triton["inputs"][0]["data"], json!(texts));
        assert_eq!((Format::Text.takes_one(None), Format::Tei.most(64)), (true, 32));
    }

    #[test]
    fn a_text_that_looks_like_a_template_stays_a_text() {
        assert_eq!(body(Format::Template, &["{{texts}}"], r#"{"t": {{text}}}"#), r#"{"t": "{{texts}}"}"#);
        assert!(Format::Template.takes_one(Some(r#"{"t": {{text}}}"#)));
    }

    #[test]
    fn a_template_that_can_not_be_sent_is_refused() {
        assert_eq!(wrong_template(r#"{"t": {{text}}}"#), None);
        assert!(wrong_template(r#"{"t": "{{text}}"}"#).unwrap().contains("no JSON"));
        assert!(wrong_template(r#"{"t": 1}"#).unwrap().contains("neither"));
    }
}
