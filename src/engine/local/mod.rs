//! The local engine: scores English on this machine, without network and without cost.
//!
//! It owns the shape of an engine (a profile, one answer a document); a [`LocalModel`] computes the scores. That is
//! plain arithmetic on the runtime's threads, over which the caller spreads batches; after some text it lets other
//! tasks of its thread run. It refuses no text: one without a word is neutral.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    Answer, Batch, DocumentError, Engine, EngineError, Granularity, Languages, Limits, Location, Price, Profile, Scores,
};

use crate::model::Model;

mod definition;
#[cfg(feature = "onnx")]
mod onnx;
mod place;
mod settings;
mod vader;

pub use definition::DEFINITION;
pub use settings::LocalSettings;
pub use vader::VaderClauses;

/// Most bytes in one document. Nothing breaks above it; a longer turn is better read in parts.
const MAX_DOCUMENT_BYTES: usize = 100_000;

/// Documents in one batch: enough that handing a batch over costs nothing beside scoring it, few enough that
/// threads finish together.
const BATCH_DOCUMENTS: usize = 512;

/// Batches under way for each core: one computed, one ready.
const BATCHES_A_CORE: usize = 2;

/// Bytes of text after which other tasks may run: some ten milliseconds of arithmetic. A batch of whole calls has up to
/// 51 MB of it, while a signal may come in.
const TURN_BYTES: usize = 128 * 1024;

/// What scores a text: the replaceable core of the local engine. Trained weights ([`Model`]) are the
/// one in use, [`VaderClauses`] the one to compare it with.
pub trait LocalModel: Send + Sync {
    /// Name and version: with the text, it decides the scores.
    fn version(&self) -> &str;

    /// The four probabilities of an English text. The same text has the same scores on every machine.
    fn score(&self, text: &str) -> Scores;
}

/// The local engine around its model.
pub struct Local<M: LocalModel = Model> {
    model: M,
    profile: Profile,
}

impl<M: LocalModel> std::fmt::Debug for Local<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Local {
    /// The engine with the model that ships with the program.
    pub fn shipped() -> Self {
        Self::with_model(Model::shipped())
    }
}

impl LocalModel for Model {
    fn version(&self) -> &str {
        Self::version(self)
    }

    fn score(&self, text: &str) -> Scores {
        Self::score(self, text)
    }
}

impl<M: LocalModel> Local<M> {
    /// The engine with a model of one's own.
    pub fn with_model(model: M) -> Self {
        let profile = Profile {
            name: "local",
            kind: "local",
            model: model.version().to_owned(),
            place: None,
            location: Location::Local,
            is_stored: false,
            one_line: false,
            languages: Languages::Listed(vec!["en"]),
            limits: Limits { document_bytes: MAX_DOCUMENT_BYTES, batch_documents: BATCH_DOCUMENTS },
            granularity: Granularity::Turn,
            price: Price::Free,
            concurrency: crate::parallel::cores() * BATCHES_A_CORE,
            requests_per_second: None,
            monthly: 0.0,
            start_up: Duration::ZERO,
            texts_go: "nowhere: they stay on this machine".into(),
            model_changed_by: "you, by naming another file".into(),
        };
        Self { model, profile }
    }

    /// The same engine under another name.
    pub fn named(mut self, name: &'static str) -> Self {
        self.profile.name = name;
        self
    }

    /// The answer for one text.
    fn answer(&self, text: &str) -> Answer {
        if text.len() > self.profile.limits.document_bytes {
            return Err(DocumentError { code: "document_too_long".into(), retriable: false });
        }
        Ok(self.model.score(text))
    }
}

#[async_trait]
impl<M: LocalModel> Engine for Local<M> {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        if !self.profile.languages.contain(&batch.language) {
            let refusal = DocumentError { code: "unsupported_language".into(), retriable: false };
            return Ok(vec![Err(refusal); batch.documents.len()]);
        }
        let mut answers = Vec::with_capacity(batch.documents.len());
        let mut bytes = 0;
        for document in &batch.documents {
            answers.push(self.answer(&document.text));
            bytes += document.text.len();
            if bytes >= TURN_BYTES {
                bytes = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::engine::Document;
    use crate::transcript::Text;

    fn batch(language: &str, texts: &[&str]) -> Batch {
        let documents = texts.iter().map(|text| Document { text: Text::from(*text) }).collect();
        Batch { language: language.into(), documents, is_suspect: false }
    }

    #[tokio::test]
    async fn answers_stand_in_the_order_of_the_batch() {
        let texts = ["Thank you, that was wonderful!", "This is awful, I am furious.", "My number is 12."];
        let answers = Local::shipped().score(&batch("en", &texts)).await.expect("the local engine always answers");
        let scores: Vec<Scores> = answers.into_iter().map(|answer| answer.expect("english is scored")).collect();
        assert!(scores[0].positive > 0.5 && scores[1].negative > 0.5 && scores[2].neutral > 0.5, "{scores:?}");
    }

    #[tokio::test]
    async fn another_language_is_refused_document_by_document() {
        let answers = Local::shipped().score(&batch("de", &["Danke", "Nein"])).await.expect("an answer");
        assert_eq!(answers.len(), 2);
        assert!(answers.iter().all(|a| a.as_ref().is_err_and(|e| &*e.code == "unsupported_language")));
    }

    #[test]
    fn a_batch_of_long_documents_lets_other_tasks_run() {
        let engine = Local::shipped();
        let (long, short) = ("word ".repeat(MAX_DOCUMENT_BYTES / 5), ["fine"; BATCH_DOCUMENTS]);
        assert!(engine.score(&batch("en", &short)).now_or_never().is_some());
        assert!(engine.score(&batch("en", &[&long, &long])).now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_document_over_the_limit_fails_alone() {
        let long = "word ".repeat(MAX_DOCUMENT_BYTES / 4);
        let answers = Local::shipped().score(&batch("en", &[&long, "fine"])).await.expect("an answer");
        assert!(answers[0].is_err() && answers[1].is_ok());
    }
}
