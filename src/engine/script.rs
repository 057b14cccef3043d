//! An engine for tests that takes scripted steps, in order, on tokio's clock.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Answer, Batch, Document, DocumentError, Engine, EngineError, ErrorKind, Granularity, Languages, Limits, Location,
    Profile, Scores,
};

/// What the engine does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Scores every document.
    Answer,
    /// Scores every document but the one at this place, which fails with a retriable code.
    DocumentFails(usize),
    /// Throttles.
    Throttle,
    /// Fails with a fault that may pass.
    Fault,
    /// Rejects the request.
    Reject(&'static str),
    /// Rejects every request that holds a document with this text; from this step on, it never moves on.
    RejectText(&'static str, ErrorKind),
    /// Refuses, as for missing access.
    Refuse,
    /// Never answers.
    Hang,
    /// Waits, then takes the step.
    After(Duration, Box<Step>),
}

impl Step {
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self::After(wait, Box::new(self))
    }
}

/// Takes one step a request; after the last, repeats it.
pub(crate) struct Script {
    steps: Mutex<VecDeque<Step>>,
    /// The sizes of the requests seen.
    pub(crate) seen: Mutex<Vec<usize>>,
    profile: Profile,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let profile = Profile {
            name: "script",
            kind: "script",
            model: "1".to_owned(),
            place: None,
            location: Location::Remote,
            is_stored: true,
            one_line: false,
            languages: Languages::Listed(vec!["en", "es"]),
            limits: Limits { document_bytes: 5000, batch_documents: 25 },
            granularity: Granularity::Segment,
            price: crate::engine::comprehend::terms::list_price(),
            concurrency: 32,
            requests_per_second: None,
            monthly: 0.0,
            start_up: Duration::ZERO,
            texts_go: "to a script".into(),
            model_changed_by: "nobody".into(),
        };
        Self { steps: Mutex::new(steps.into_iter().collect()), seen: Mutex::default(), profile }
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn next(&self) -> Step {
        let mut steps = self.steps.lock().unwrap();
        if steps.len() > 1 { steps.pop_front().unwrap() } else { steps.front().unwrap().clone() }
    }
}

#[async_trait]
impl Engine for Script {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        self.seen.lock().unwrap().push(batch.documents.len());
        let mut step = self.next();
        while let Step::After(wait, then) = step {
            tokio::time::sleep(wait).await;
            step = *then;
        }
        let fail = |kind, code: &str| Err(EngineError::new(kind, "scripted").with_code(code));
        let all = || batch.documents.iter().map(|_| Ok(scores())).collect();
        match step {
            Step::DocumentFails(place) => {
                let mut answers: Vec<Answer> = all();
                answers[place] = Err(DocumentError { code: "InternalServerException".into(), retriable: true });
                Ok(answers)
            }
            Step::Throttle => fail(ErrorKind::Throttled, "ThrottlingException"),
            Step::Fault => fail(ErrorKind::Transient, "InternalServerException"),
            Step::Reject(code) => fail(ErrorKind::Rejected, code),
            Step::RejectText(text, kind) if batch.documents.iter().any(|document| &*document.text == text) => {
                fail(kind, "guilty")
            }
            Step::Answer | Step::RejectText(..) => Ok(all()),
            Step::Refuse => fail(ErrorKind::Refused, "AccessDeniedException"),
            Step::Hang => std::future::pending().await,
            Step::After(..) => unreachable!("unwrapped above"),
        }
    }
}

pub(crate) fn scores() -> Scores {
    Scores::new(0.1, 0.2, 0.3, 0.4).unwrap()
}

pub(crate) fn batch(documents: usize) -> Batch {
    let texts: Vec<String> = (0..documents).map(|number| format!("document {number}")).collect();
    batch_of(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(crate) fn batch_of(texts: &[&str]) -> Batch {
    let documents = texts.iter().map(|&text| Document { text: text.into() }).collect();
    Batch { language: "en".into(), documents, is_suspect: false }
}
