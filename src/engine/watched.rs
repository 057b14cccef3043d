//! Engines whose model can be swapped behind the name that they are asked by, such as an endpoint's.
//!
//! Before any text of a transcript such an engine states which model scores (its identity), and scores three fixed texts
//! (the probe), singly and together: what is wrong with a format or a label shows there. [`Watched`] carries both to
//! the store of scores, and looks at the identity again while a run goes on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

#[cfg(any(feature = "aws", test))]
use super::Document;
use super::{Answer, Batch, Engine, EngineError, ErrorKind, Profile, Service};
use crate::sentiment::Scores;

/// How often a run looks at the identity.
pub const LOOK_INTERVAL: Duration = Duration::from_mins(5);
/// The code of the error that ends a run whose model was swapped.
pub const MODEL_CHANGED: &str = "model_changed";
/// The code of the error for settings that do not fit what a service answers.
pub const MISCONFIGURED: &str = "misconfigured";

#[cfg(any(feature = "aws", feature = "onnx", test))]
/// Texts of the probe: glad, cross and neither, so that no model scores them alike.
pub const PROBE: [&str; 3] = [
    "Thank you so much, this is wonderful and I am very happy with it.",
    "This is terrible, I am angry and nobody has helped me at all.",
    "The meeting is on Tuesday at ten in the second room on the left.",
];

#[cfg(any(feature = "aws", test))]
/// How far a text's scores alone and in a batch may lie apart.
const TOLERANCE: f32 = 0.01;

/// Reads which model scores now.
#[async_trait]
pub trait Look: Send + Sync {
    /// What decides scores: versions, digests, settings. Another text means another model.
    ///
    /// # Errors
    /// [`EngineError`] if it can't be read.
    async fn identity(&self) -> Result<String, EngineError>;
}

/// What is known of a model that can be swapped.
#[derive(Clone)]
pub struct Watched {
    /// Where it is asked, such as the name of an endpoint.
    pub place: String,
    /// Its identity when the run began.
    pub identity: String,
    /// What it scored the probe's texts as.
    pub probe: Vec<Scores>,
    /// Reads its identity again.
    pub look: Arc<dyn Look>,
}

impl Watched {
    /// Looks at the model again.
    ///
    /// # Errors
    /// [`MODEL_CHANGED`] if it is another one; what keeps it from being looked at.
    pub async fn look(&self) -> Result<(), EngineError> {
        if self.look.identity().await? == self.identity {
            return Ok(());
        }
        let error = EngineError::new(ErrorKind::Refused, "the model was swapped for another one while the run went on");
        let hint = "nothing was written, and no score that may be the other model's is kept: run the same command again, \
                    which scores with the new model throughout";
        Err(error.with_code(MODEL_CHANGED).with_hint(hint))
    }
}

/// An engine under the name of a model that became known after it was made.
struct Labelled {
    inner: Arc<dyn Engine>,
    profile: Profile,
}

#[async_trait]
impl Engine for Labelled {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        self.inner.score(batch).await
    }
}

impl Service {
    /// The same service, whose model is named so.
    pub fn with_model(self, model: String) -> Self {
        let profile = Profile { model, ..self.engine.profile().clone() };
        Self { engine: Arc::new(Labelled { inner: self.engine, profile }), ..self }
    }
}

#[cfg(any(feature = "aws", test))]
/// An error of settings that do not fit what a service answers: the run ends before any text of a transcript is sent.
pub fn misconfigured(message: impl Into<String>, hint: impl Into<String>) -> EngineError {
    EngineError::new(ErrorKind::Refused, message).with_code(MISCONFIGURED).with_hint(hint.into())
}

#[cfg(any(feature = "aws", test))]
/// Sends the probe's texts in `language` singly and as one batch; their scores. `explain` gives message and hint for a text
/// that could not be scored.
///
/// # Errors
/// [`MISCONFIGURED`] where scores alone and in a batch differ, or all are the same; what `engine` fails with.
pub async fn probe(
    engine: &dyn Engine,
    language: &str,
    explain: impl Fn(&str) -> EngineError,
) -> Result<Vec<Scores>, EngineError> {
    let mut alone = Vec::new();
    for text in PROBE {
        alone.extend(scored(engine, language, &[text], &explain).await?);
    }
    let together = if engine.profile().limits.batch_documents < PROBE.len() {
        alone.clone()
    } else {
        scored(engine, language, &PROBE, &explain).await?
    };
    if alone.len() != together.len() || !alone.iter().zip(&together).all(|(one, other)| is_near(one, other)) {
        return Err(misconfigured(
            "the model scores texts otherwise in a batch than alone: it takes several texts for one, or pairs them",
            "set the format of the container that answers, or a batch of 1",
        ));
    }
    told_apart(&alone)?;
    Ok(together)
}

#[cfg(any(feature = "aws", test))]
/// Insists that the probe's texts are not scored alike.
///
/// # Errors
/// [`MISCONFIGURED`] if they are.
pub fn told_apart(scores: &[Scores]) -> Result<(), EngineError> {
    if scores.windows(2).all(|pair| is_near(&pair[0], &pair[1])) {
        return Err(misconfigured(
            "the model scores a glad, a cross and a plain text alike: it does not read what is sent",
            "check the format, and whether the model is trained for sentiment",
        ));
    }
    Ok(())
}

#[cfg(any(feature = "aws", test))]
async fn scored(
    engine: &dyn Engine,
    language: &str,
    texts: &[&str],
    explain: &impl Fn(&str) -> EngineError,
) -> Result<Vec<Scores>, EngineError> {
    let documents = texts.iter().map(|&text| Document { text: text.into() }).collect();
    let answers = engine.score(&Batch { language: language.into(), documents, is_suspect: false }).await?;
    answers.into_iter().map(|answer| answer.map_err(|error| explain(&error.code))).collect()
}

#[cfg(any(feature = "aws", test))]
fn is_near(one: &Scores, other: &Scores) -> bool {
    let all = |scores: &Scores| [scores.positive, scores.negative, scores.neutral, scores.mixed];
    all(one).iter().zip(all(other)).all(|(one, other)| (one - other).abs() <= TOLERANCE)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::engine::script::{Script, Step, batch};
    use crate::engine::{Halt, ServiceOptions};

    struct Named(Mutex<Vec<&'static str>>);

    #[async_trait]
    impl Look for Named {
        async fn identity(&self) -> Result<String, EngineError> {
            Ok(self.0.lock().unwrap().remove(0).to_owned())
        }
    }

    #[tokio::test]
    async fn a_look_at_another_model_ends_the_run() {
        let look = Arc::new(Named(Mutex::new(vec!["a", "b"])));
        let watched = Watched { place: "here".into(), identity: "a".into(), probe: Vec::new(), look };
        assert_eq!(watched.look().await, Ok(()));
        let error = watched.look().await.unwrap_err();
        assert_eq!((error.kind, error.reason()), (ErrorKind::Refused, MODEL_CHANGED));
    }

    #[tokio::test]
    async fn a_service_goes_on_under_the_name_of_its_model() {
        let service = Service::around(Script::new([Step::Answer]), &ServiceOptions::default());
        let service = service.with_model("ours 1".into());
        assert_eq!(service.engine.profile().model, "ours 1");
        assert!(service.engine.score(&batch(2)).await.unwrap().iter().all(Result::is_ok));
        assert!(Halt::new().reason().is_none());
    }

    #[tokio::test]
    async fn a_model_that_scores_all_texts_alike_does_not_read_them() {
        let alike = Script::new([Step::Answer]);
        let error = probe(&alike, "en", |code| misconfigured(code, "")).await.unwrap_err();
        assert!(error.code.as_deref() == Some(MISCONFIGURED) && error.message.contains("alike"), "{error:?}");
        assert_eq!(*alike.seen.lock().unwrap(), [1, 1, 1, 3]);
        let failing = Script::new([Step::DocumentFails(0)]);
        let error = probe(&failing, "en", |code| misconfigured(code, "")).await.unwrap_err();
        assert_eq!(error.message, "InternalServerException");
    }
}
