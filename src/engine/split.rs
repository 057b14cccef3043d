//! Finds which document made a request fail.
//!
//! A service may reject 25 documents because of one, or fail at that one each time. Both end the whole request, after
//! its retries; then its documents are sent one by one, so that only that one fails and the others are scored. A
//! rejection that all documents share (of the language) is not split.

use async_trait::async_trait;

use super::{Answer, Batch, DocumentError, Engine, EngineError, ErrorKind, Profile};

/// Sends the documents of a failed request one by one.
#[derive(Debug)]
pub struct Splitting<E> {
    inner: E,
}

impl<E: Engine> Splitting<E> {
    /// Splits the requests that `inner`, retry included, could not get answered.
    pub fn new(inner: E) -> Self {
        Self { inner }
    }

    /// One after the other: rare, and the requests in flight stay bounded.
    async fn one_by_one(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let mut answers = Vec::with_capacity(batch.documents.len());
        for document in &batch.documents {
            let alone = Batch { language: batch.language.clone(), documents: vec![document.clone()] };
            match self.inner.score(&alone).await {
                Ok(answer) => answers.push(answer.into_iter().next().unwrap_or_else(|| Err(missing()))),
                // What was answered is paid for, so it is handed on; the next request will be refused too.
                Err(error) if error.kind == ErrorKind::Refused && answers.iter().all(Result::is_err) => {
                    return Err(error);
                }
                Err(error) => answers.push(Err(as_document_error(&error))),
            }
        }
        Ok(answers)
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
                self.one_by_one(batch).await
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
            assert_eq!(*engine.inner.seen.lock().unwrap(), [3, 1, 1, 1]);
        }
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
