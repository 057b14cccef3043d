//! Finds which document made a request fail.
//!
//! A service may reject 25 documents because of one, or fail at that one each time. Both end the whole request, after
//! its retries; then its halves are sent, and halves of those that fail too, so that only that one fails and the others are
//! scored. A half whose sister was answered holds the fault, and is divided without being sent: a bad document costs at
//! most two requests for each halving. Faults that may pass also come by chance: a document fails for one only after three
//! requests that held it. A rejection that all documents share (of the language) is not split.

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::{Answer, Batch, Document, DocumentError, Engine, EngineError, ErrorKind, Profile};

/// Sends the halves of a failed request.
#[derive(Debug)]
pub struct Splitting<E> {
    inner: E,
}

/// Failed requests that held a document before it fails for a fault that may pass.
const EVIDENCE: u32 = 3;

/// What is known while a request is divided.
#[derive(Default)]
struct Division {
    language: Box<str>,
    /// What ended the run. Nothing is sent after it.
    refusal: Option<EngineError>,
    /// Whether any document was scored.
    is_paid: bool,
}

impl<E: Engine> Splitting<E> {
    /// Splits the requests that `inner`, retry included, could not get answered.
    pub fn new(inner: E) -> Self {
        Self { inner }
    }

    async fn divided(&self, batch: &Batch, error: &EngineError) -> Result<Vec<Answer>, EngineError> {
        let mut division = Division { language: batch.language.clone(), ..Division::default() };
        let (answers, _) = self.halves(&batch.documents, error, 1, &mut division).await;
        match division.refusal {
            // What was answered is paid for, so it is handed on; the next request will be refused too.
            Some(refusal) if !division.is_paid => Err(refusal),
            _ => Ok(answers),
        }
    }

    /// The answers of documents one of which fails with `error`, and whether any failed; `failures` requests that held all of
    /// them have failed.
    fn halves<'a>(
        &'a self,
        documents: &'a [Document],
        error: &'a EngineError,
        failures: u32,
        division: &'a mut Division,
    ) -> BoxFuture<'a, (Vec<Answer>, bool)> {
        Box::pin(async move {
            let (left, right) = documents.split_at(documents.len() / 2);
            let (mut answers, left_failed) = self.part(left, failures, division).await;
            let (more, right_failed) = if left_failed || right.len() == 1 {
                self.part(right, failures, division).await
            } else {
                self.halves(right, error, failures, division).await
            };
            answers.extend(more);
            // One of two is at fault; where both fail with what may pass, it may have been chance.
            if left.len() == 1 && right.len() == 1 && left_failed && right_failed && error.kind == ErrorKind::Transient
            {
                for (answer, document) in answers.iter_mut().zip(documents) {
                    let (again, _) = self.part(std::slice::from_ref(document), EVIDENCE, division).await;
                    *answer = again.into_iter().next().unwrap_or_else(|| Err(missing()));
                }
            }
            (answers, left_failed || right_failed)
        })
    }

    /// One after the other: rare, and the requests in flight stay bounded.
    async fn part(&self, documents: &[Document], failures: u32, division: &mut Division) -> (Vec<Answer>, bool) {
        let batch = Batch { language: division.language.clone(), documents: documents.to_vec(), is_suspect: true };
        let mut result = match &division.refusal {
            Some(refusal) => Err(refusal.clone()),
            None => self.inner.score(&batch).await,
        };
        let is_chance = |error: &EngineError| error.kind == ErrorKind::Transient && failures + 1 < EVIDENCE;
        if documents.len() == 1 && result.as_ref().is_err_and(is_chance) {
            result = self.inner.score(&batch).await;
        }
        match result {
            Ok(mut answers) => {
                answers.resize_with(documents.len(), || Err(missing()));
                division.is_paid |= answers.iter().any(Result::is_ok);
                (answers, false)
            }
            Err(error) if error.kind == ErrorKind::Refused || documents.len() == 1 => {
                let answers = documents.iter().map(|_| Err(as_document_error(&error))).collect();
                if error.kind == ErrorKind::Refused {
                    division.refusal = Some(error);
                }
                (answers, true)
            }
            Err(error) => self.halves(documents, &error, failures + 1, division).await,
        }
    }
}

fn missing() -> DocumentError {
    DocumentError { code: "missing_from_answer".into(), retriable: true }
}

fn as_document_error(error: &EngineError) -> DocumentError {
    DocumentError { code: error.reason().into(), retriable: error.kind == ErrorKind::Refused }
}

fn is_shared_by_all(error: &EngineError) -> bool {
    error.code.as_deref().is_some_and(|code| code.starts_with("UnsupportedLanguage"))
}

#[async_trait]
impl<E: Engine> Engine for Splitting<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        match self.inner.score(batch).await {
            Err(error)
                if matches!(error.kind, ErrorKind::Rejected | ErrorKind::Transient)
                    && batch.documents.len() > 1
                    && !is_shared_by_all(&error) =>
            {
                self.divided(batch, &error).await
            }
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::{Script, Step, batch, batch_of};

    #[tokio::test(start_paused = true)]
    async fn only_the_document_that_made_the_request_fail_fails() {
        for kind in [ErrorKind::Rejected, ErrorKind::Transient] {
            let engine = Splitting::new(Script::new([Step::RejectText("bad", kind)]));
            let answers = engine.score(&batch_of(&["one", "bad", "three"])).await.unwrap();
            assert!(answers[0].is_ok() && answers[2].is_ok());
            assert_eq!(answers[1], Err(DocumentError { code: "guilty".into(), retriable: false }));
            let sent = engine.inner.seen.lock().unwrap().len();
            assert_eq!(sent, if kind == ErrorKind::Rejected { 4 } else { 5 }, "what may pass is asked for once more");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bad_document_costs_at_most_two_requests_for_each_halving() {
        for bad in 0..16 {
            let texts: Vec<String> =
                (0..16).map(|place| if place == bad { "bad".into() } else { format!("t{place}") }).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            for kind in [ErrorKind::Rejected, ErrorKind::Transient] {
                let engine = Splitting::new(Script::new([Step::RejectText("bad", kind)]));
                let answers = engine.score(&batch_of(&texts)).await.unwrap();
                let failed: Vec<usize> = (0..16).filter(|place| answers[*place].is_err()).collect();
                assert_eq!(failed, [bad]);
                assert!(engine.inner.requests() <= 1 + 2 * 4, "{bad}: {}", engine.inner.requests());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_that_failed_by_chance_is_asked_for_once_more() {
        let engine = Splitting::new(Script::new([Step::Fault, Step::Fault, Step::Answer]));
        assert!(engine.score(&batch(2)).await.unwrap().iter().all(Result::is_ok));
        assert_eq!(*engine.inner.seen.lock().unwrap(), [2, 1, 1, 1]);
        let steps = [Step::Fault, Step::Fault, Step::Fault, Step::Fault, Step::Answer];
        let engine = Splitting::new(Script::new(steps));
        assert!(engine.score(&batch(4)).await.unwrap().iter().all(Result::is_ok));
        assert_eq!(
            *engine.inner.seen.lock().unwrap(),
            [4, 2, 1, 1, 1, 1, 2],
            "both of a pair failed: both are asked for again"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_cannot_be_divided_fails_as_it_is() {
        let unsupported = Splitting::new(Script::new([Step::Reject("UnsupportedLanguageException")]));
        assert_eq!(unsupported.score(&batch(25)).await.unwrap_err().kind, ErrorKind::Rejected);
        assert_eq!(unsupported.inner.requests(), 1);
        let single = Splitting::new(Script::new([Step::Reject("TextSizeLimitExceededException")]));
        assert_eq!(single.score(&batch(1)).await.unwrap_err().kind, ErrorKind::Rejected);
        assert_eq!(single.inner.requests(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_in_the_middle_keeps_what_was_answered() {
        let steps = [Step::Reject("InvalidRequestException"), Step::Answer, Step::Refuse];
        let answers = Splitting::new(Script::new(steps)).score(&batch(3)).await.unwrap();
        assert!(answers[0].is_ok());
        assert!(answers[1..].iter().all(|answer| answer.as_ref().is_err_and(|error| error.retriable)));
        let steps = [Step::Reject("InvalidRequestException"), Step::Refuse];
        assert_eq!(Splitting::new(Script::new(steps)).score(&batch(3)).await.unwrap_err().kind, ErrorKind::Refused);
    }
}
