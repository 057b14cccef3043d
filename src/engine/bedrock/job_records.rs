//! Records of batch inference: bodies of `Converse` in a file, and its answers in another.
//!
//! A record has as many texts as a request, and its id states which. The service answers records in any order, and repeats the
//! texts beside its answers, which are not read. What has no label there is asked for in requests.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::{Converse, again};
use super::calibration::Calibration;
use super::form::Form;
use super::request;
use super::terms::SPARE_TOKENS;
use crate::engine::DocumentError;
use crate::jobs::service::{Line, Read};

/// Most texts of a record, as its id can state it.
const MOST_TEXTS: usize = 99;

/// How records are written and read.
pub(super) struct Records {
    /// What every record has in common. No tier: a job is one.
    pub(super) common: request::Terms,
    pub(super) form: Form,
    pub(super) calibration: Calibration,
}

impl Records {
    /// Puts a record at the end of a file.
    pub(super) fn write(&self, first: u64, texts: &[&str], file: &mut Vec<u8>) {
        let body = self.common.body(texts, self.form, SPARE_TOKENS).bytes;
        file.extend_from_slice(
            format!("{{\"recordId\":\"{}\",\"modelInput\":", record_id(first, texts.len())).as_bytes(),
        );
        file.extend_from_slice(&body);
        file.extend_from_slice(b"}\n");
    }

    /// What a record of an output states; `None` for one that is none of a job's.
    pub(super) fn read(&self, line: &[u8]) -> Option<Read> {
        let (id, answer) = written(line)?;
        let (first, texts) = of_record_id(&id)?;
        let answers = match answer.answers(texts, &self.calibration) {
            Ok((answers, _)) => answers,
            // What stops a record of several is found in requests.
            Err(stopped) => vec![Err(DocumentError { retriable: texts > 1, ..again(stopped.reason()) }); texts],
        };
        let line = |(number, answer)| Line { number, answer, is_shared: false };
        Some(Read { lines: (first..).zip(answers).map(line).collect(), tokens: answer.tokens().unwrap_or_default() })
    }
}

/// The id of a record: the number of its first text in the file, and how many it has. Eleven letters and digits, the length
/// that the guide's own have.
fn record_id(first: u64, texts: usize) -> String {
    format!("{first:08}x{texts:02}")
}

fn of_record_id(id: &str) -> Option<(u64, usize)> {
    let (first, texts) = id.split_once('x')?;
    let texts = texts.parse().ok().filter(|texts| (1..=MOST_TEXTS).contains(texts))?;
    Some((first.parse().ok()?, texts))
}

/// A record of an output. One that failed has no answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written<T> {
    record_id: String,
    #[serde(default = "Option::default")]
    model_output: Option<T>,
}

/// The id and the answer of a record. An answer that is none of `Converse` is an empty one.
fn written(line: &[u8]) -> Option<(String, Converse)> {
    if let Ok(record) = serde_json::from_slice::<Written<Converse>>(line) {
        return Some((record.record_id, record.model_output.unwrap_or_default()));
    }
    let record: Written<IgnoredAny> = serde_json::from_slice(line).ok()?;
    Some((record.record_id, Converse::default()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::bedrock::settings::Structured;

    fn records() -> Records {
        Records {
            common: request::Terms { prompt: "Judge.".to_owned(), output_tokens: 16, tier: None },
            form: Form::to_try(Structured::Auto.of_jobs())[0],
            calibration: Calibration::certain(),
        }
    }

    fn labels(line: &Value) -> Option<Vec<(u64, String)>> {
        let read = records().read(line.to_string().as_bytes())?;
        let shown = |line: Line| match line.answer {
            Ok(scores) => (line.number, scores.label().to_string()),
            Err(error) => (line.number, format!("{} {}", error.code, error.retriable)),
        };
        Some(read.lines.into_iter().map(shown).collect())
    }

    fn answered(id: &str, stop: &str, text: &str) -> Value {
        let message = json!({ "role": "assistant", "content": [{ "text": text }] });
        let usage = json!({ "inputTokens": 700, "outputTokens": 40 });
        json!({ "recordId": id, "modelInput": {}, "modelOutput": { "output": { "message": message }, "stopReason": stop, "usage": usage } })
    }

    #[test]
    fn a_record_is_one_line_whose_id_states_its_texts() {
        let mut file = Vec::new();
        records().write(0, &["a\nb", "\"}\u{2028}"], &mut file);
        records().write(1_249_999, &["c"], &mut file);
        let lines: Vec<Value> = file
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(
            lines.iter().map(|line| line["recordId"].as_str().unwrap()).collect::<Vec<_>>(),
            ["00000000x02", "01249999x01"]
        );
        assert_eq!(lines[0].as_object().unwrap().len(), 2);
        let input = &lines[0]["modelInput"];
        assert_eq!(input["inferenceConfig"]["maxTokens"], 2 * 16 + SPARE_TOKENS);
        let texts: Value = serde_json::from_str(input["messages"][0]["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(texts, json!([{ "id": "1", "text": "a\nb" }, { "id": "2", "text": "\"}\u{2028}" }]));
        assert!(input.get("serviceTier").is_none() && input.get("outputConfig").is_none(), "{input}");
    }

    #[test]
    fn labels_go_to_the_texts_that_the_id_states_and_what_has_none_is_asked_for_again() {
        let line = answered("00000010x03", "end_turn", r#"{"3":"MIXED","1":"POSITIVE"}"#);
        let missing = (11, "missing_from_answer true".to_owned());
        assert_eq!(labels(&line), Some(vec![(10, "positive".into()), missing, (12, "mixed".into())]));
        let read = records().read(line.to_string().as_bytes()).unwrap();
        assert_eq!((read.tokens.input, read.tokens.output), (700, 40));
        let cut = answered("00000000x02", "max_tokens", r#"{"1":"NEGATIVE""#);
        assert_eq!(labels(&cut).unwrap()[1].1, "max_tokens true");
        for code in [json!(400), json!("ThrottlingException")] {
            let failed = json!({ "recordId": "00000000x01", "modelInput": {}, "error": { "errorCode": code, "errorMessage": "my card" } });
            assert_eq!(labels(&failed), Some(vec![(0, "missing_from_answer true".into())]), "{code}");
        }
        let odd = json!({ "recordId": "00000000x01", "modelOutput": { "output": null, "usage": [] } });
        assert_eq!(labels(&odd), Some(vec![(0, "missing_from_answer true".into())]));
    }

    #[test]
    fn what_a_filter_stops_fails_for_good_only_alone() {
        let stopped = |id: &str| labels(&answered(id, "content_filtered", "")).unwrap().pop().unwrap().1;
        assert_eq!(
            (stopped("00000000x01"), stopped("00000000x05")),
            ("content_filtered false".into(), "content_filtered true".into())
        );
    }

    #[test]
    fn what_is_no_record_of_a_job_is_none() {
        for id in ["", "x", "1", "00000000x00", "00000000x100", "-1x05", "ax05", "0x5x5"] {
            assert_eq!(labels(&answered(id, "end_turn", "{}")), None, "{id}");
        }
        for line in [json!({}), json!([]), json!({ "recordId": 3 }), json!("x")] {
            assert_eq!(labels(&line), None, "{line}");
        }
    }
}
