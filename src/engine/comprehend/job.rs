//! Sentiment jobs of Amazon Comprehend: a language each; a line of an output has scores or an error.

use serde::Deserialize;

use super::answers::{Probabilities, invalid_scores};
use super::job_client::{Kind, Operations, TERMS, number, operation, starting};
use crate::engine::DocumentError;
use crate::engine::aws;
use crate::jobs::service::{Line, Order, Terms};

/// The operations of sentiment jobs.
pub(super) static OPERATIONS: Operations = Operations {
    terms: Terms {
        kind: "comprehend sentiment",
        describe: "aws comprehend describe-sentiment-detection-job --job-id",
        ..TERMS
    },
    start: starting("StartSentimentDetectionJob", "comprehend:StartSentimentDetectionJob"),
    describe: operation("DescribeSentimentDetectionJob", "comprehend:DescribeSentimentDetectionJob"),
    list: operation("ListSentimentDetectionJobs", "comprehend:ListSentimentDetectionJobs"),
    stop: Some(operation("StopSentimentDetectionJob", "comprehend:StopSentimentDetectionJob")),
    properties: "SentimentDetectionJobProperties",
    listed: "SentimentDetectionJobPropertiesList",
};

/// Sentiment jobs.
#[derive(Debug)]
pub(super) struct Sentiment;

impl Kind for Sentiment {
    const OPERATIONS: &'static Operations = &OPERATIONS;

    fn start(&self, order: &Order) -> (&'static str, String) {
        ("LanguageCode", order.language.clone())
    }

    fn read(&self, line: &[u8]) -> Option<Line> {
        serde_json::from_slice::<Written>(line).ok()?.line()
    }
}

/// A line of an output.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(deserialize_with = "number")]
    line: u64,
    #[serde(default)]
    sentiment_score: Option<Probabilities>,
    #[serde(default)]
    error_code: Option<String>,
}

impl Written {
    fn line(self) -> Option<Line> {
        let answer = match (self.sentiment_score, self.error_code) {
            (_, Some(code)) => {
                let code = aws::printable_code(&code);
                let retriable = aws::document_may_pass(&code);
                Err(DocumentError { code: code.into(), retriable })
            }
            (Some(scores), None) => scores.scores().ok_or_else(invalid_scores),
            (None, None) => return None,
        };
        Some(Line { number: self.line, answer, is_shared: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Answer;

    fn read(line: &str) -> Option<(u64, Answer)> {
        Sentiment.read(line.as_bytes()).map(|line| (line.number, line.answer))
    }

    #[test]
    fn a_line_has_a_number_in_either_form_and_scores_or_an_error() {
        let scores = r#""SentimentScore":{"Mixed":0.25,"Negative":0.25,"Neutral":0.25,"Positive":0.25}"#;
        for number in ["7", "\"7\""] {
            let (line, answer) =
                read(&format!(r#"{{"File":"in.txt","Line":{number},"Sentiment":"MIXED",{scores}}}"#)).unwrap();
            assert_eq!((line, answer.unwrap().mixed.to_bits()), (7, 0.25_f32.to_bits()));
        }
        let failed = |code: &str| {
            let line = format!(r#"{{"ErrorCode":"{code}","ErrorMessage":"my card is 4111","File":"f","Line":0}}"#);
            read(&line).unwrap().1.unwrap_err()
        };
        assert_eq!(
            (&*failed("DOCUMENT_SIZE_EXCEEDED").code, failed("DOCUMENT_SIZE_EXCEEDED").retriable),
            ("DOCUMENT_SIZE_EXCEEDED", false)
        );
        assert!(failed("INTERNAL_ERROR").retriable);
        let invalid = read(r#"{"Line":0,"SentimentScore":{"Mixed":0.9,"Negative":0.9,"Neutral":0,"Positive":0}}"#);
        assert!(invalid.unwrap().1.unwrap_err().retriable, "it is sent in a request");
        for none in [
            "",
            "{",
            "[]",
            r#"{"Line":-1,"ErrorCode":"x"}"#,
            r#"{"Line":"x","ErrorCode":"x"}"#,
            r#"{"Line":1}"#,
            r#"{"ErrorCode":"x"}"#,
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
