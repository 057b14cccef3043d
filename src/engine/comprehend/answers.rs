//! The service's answer to a batch, taken apart by document.
//!
//! Two lists inside one HTTP 200, results and errors, joined by `Index` and never by position. Every field of the
//! wire may be missing. A document that is in neither list, or has an entry that makes no sense, is a failed document
//! with a code of ours, to be sent again.

use serde::Deserialize;

use crate::engine::aws;
use crate::engine::{Answer, DocumentError};
use crate::sentiment::Scores;

/// In neither list.
const MISSING: &str = "missing_from_answer";
/// More than one entry with different content.
const AMBIGUOUS: &str = "ambiguous_answer";
/// A score is missing, is not a probability, or the four do not sum to 1.
const INVALID: &str = "invalid_scores";

/// The answer's body. Its messages may repeat what was sent, so they are not read.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct BatchAnswer {
    result_list: Option<Vec<DocumentScores>>,
    error_list: Option<Vec<DocumentFault>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DocumentScores {
    index: Option<i64>,
    sentiment_score: Option<Probabilities>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Probabilities {
    positive: Option<f32>,
    negative: Option<f32>,
    neutral: Option<f32>,
    mixed: Option<f32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DocumentFault {
    index: Option<i64>,
    error_code: Option<String>,
}

impl BatchAnswer {
    /// One answer for each of `documents` documents, in their order.
    pub(super) fn by_document(&self, documents: usize) -> Vec<Answer> {
        let mut joined: Vec<Option<Answer>> = vec![None; documents];
        let results = self.result_list.iter().flatten().map(|result| {
            let scores = result.sentiment_score.as_ref().and_then(Probabilities::scores);
            (result.index, scores.ok_or_else(|| retriable(INVALID)))
        });
        let errors = self.error_list.iter().flatten().map(|error| {
            let code = error.error_code.as_deref().map_or_else(|| "no_code".to_owned(), aws::printable_code);
            let retriable = aws::document_may_pass(&code);
            (error.index, Err(DocumentError { code: code.into(), retriable }))
        });
        for (index, answer) in results.chain(errors) {
            // Ignore an index outside the batch.
            let Some(slot) =
                index.and_then(|index| usize::try_from(index).ok()).and_then(|index| joined.get_mut(index))
            else {
                continue;
            };
            *slot = Some(match slot.take() {
                Some(earlier) if earlier != answer => Err(retriable(AMBIGUOUS)),
                _ => answer,
            });
        }
        joined.into_iter().map(|answer| answer.unwrap_or_else(|| Err(retriable(MISSING)))).collect()
    }
}

impl Probabilities {
    /// The scores; `None` where one is missing or they are no distribution.
    pub(super) fn scores(&self) -> Option<Scores> {
        let [positive, negative, neutral, mixed] =
            [self.positive?, self.negative?, self.neutral?, self.mixed?].map(f64::from);
        Scores::new(positive, negative, neutral, mixed).ok()
    }
}

/// The error of a document whose scores make no sense.
#[cfg(feature = "jobs")]
pub(super) fn invalid_scores() -> DocumentError {
    retriable(INVALID)
}

fn retriable(code: &str) -> DocumentError {
    DocumentError { code: code.into(), retriable: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(index: i64, [positive, negative, neutral, mixed]: [f32; 4]) -> DocumentScores {
        let [positive, negative, neutral, mixed] = [positive, negative, neutral, mixed].map(Some);
        DocumentScores {
            index: Some(index),
            sentiment_score: Some(Probabilities { positive, negative, neutral, mixed }),
        }
    }

    fn error(index: i64, code: &str) -> DocumentFault {
        DocumentFault { index: Some(index), error_code: Some(code.to_owned()) }
    }

    fn joined(results: Vec<DocumentScores>, errors: Vec<DocumentFault>, documents: usize) -> Vec<Answer> {
        BatchAnswer { result_list: Some(results), error_list: Some(errors) }.by_document(documents)
    }

    fn codes(answers: &[Answer]) -> Vec<(&str, bool)> {
        answers.iter().map(|answer| answer.as_ref().map_or_else(|e| (&*e.code, e.retriable), |_| ("", false))).collect()
    }

    #[test]
    fn answers_go_by_index_whatever_their_order() {
        let (glad, cross) = ([0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1]);
        let answers = joined(vec![result(2, cross), result(0, glad)], vec![error(1, "InternalServerException")], 3);
        assert!(answers[0].as_ref().unwrap().positive > 0.6);
        assert!(answers[2].as_ref().unwrap().negative > 0.6);
        assert_eq!(codes(&answers)[1], ("InternalServerException", true));
    }

    #[test]
    fn a_document_in_neither_list_is_missing_and_an_index_outside_the_batch_is_ignored() {
        let even = [0.25; 4];
        let answers = joined(vec![result(3, even), result(-1, even), result(0, even)], vec![error(9, "x")], 3);
        assert_eq!(codes(&answers), [("", false), (MISSING, true), (MISSING, true)]);
    }

    #[test]
    fn a_repeated_index_counts_if_its_entries_are_equal_and_is_ambiguous_if_not() {
        let even = [0.25; 4];
        assert!(joined(vec![result(0, even), result(0, even)], vec![], 1)[0].is_ok());
        let contradicted = joined(vec![result(0, even), result(0, [1.0, 0.0, 0.0, 0.0])], vec![], 1);
        assert_eq!(codes(&contradicted), [(AMBIGUOUS, true)]);
        let scored_and_failed = joined(vec![result(0, even)], vec![error(0, "InvalidRequestException")], 1);
        assert_eq!(codes(&scored_and_failed), [(AMBIGUOUS, true)]);
    }

    #[test]
    fn scores_that_are_missing_or_no_distribution_are_invalid() {
        let absent = DocumentScores { index: Some(0), sentiment_score: None };
        let partial = Probabilities { positive: Some(1.0), ..Probabilities::default() };
        let partial = DocumentScores { index: Some(1), sentiment_score: Some(partial) };
        let wrong = [result(2, [0.9, 0.9, 0.0, 0.0]), result(3, [f32::NAN, 0.5, 0.5, 0.0])];
        let answers = joined([absent, partial].into_iter().chain(wrong).collect(), vec![], 4);
        assert_eq!(codes(&answers), [(INVALID, true); 4]);
    }

    #[test]
    fn only_the_services_own_trouble_makes_a_failed_document_worth_sending_again() {
        let errors = ["InternalServerException", "INTERNAL_SERVER_ERROR", "TextSizeLimitExceededException"];
        let errors = errors.iter().zip(0..).map(|(code, index)| error(index, code)).collect();
        let answers = joined(vec![], errors, 3);
        assert_eq!(answers.iter().map(|a| a.as_ref().unwrap_err().retriable).collect::<Vec<_>>(), [true, true, false]);
    }
}
