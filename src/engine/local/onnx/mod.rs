//! The local engine with any text classifier that was exported to ONNX: a folder with `model.onnx`, `tokenizer.json` and
//! `config.json`, as Hugging Face's tools write them.
//!
//! `folder` finds the files and hashes them, `config` reads labels and limits, `tokens` makes numbers of texts, `graph` runs
//! them, `classifier` puts that together, `guard` makes errors of the libraries' panics. Here it is an engine: documents in,
//! answers out, on as many threads as batches come on. A text's scores depend on the folder and the text alone.
//!
//! Refuses to guess what a label means, and to leave out the end of a long text.

use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{BATCHES_A_CORE, LocalSettings, MAX_DOCUMENT_BYTES};
use crate::engine::{
    Answer, Batch, Document, DocumentError, Engine, EngineError, Halt, Languages, Limits, Location, Price, Profile,
    Service,
};
use crate::exit::{ExitCode, Failure};
use crate::sentiment::Granularity;
use crate::settings::Settings;

mod classifier;
mod config;
mod folder;
mod graph;
mod guard;
#[cfg(test)]
mod tests;
mod tokens;

use classifier::{Classifier, identity, mean};
use folder::Unfit;

/// Documents in one batch: few, so that all cores have some, and a run shows how far it is.
const BATCH_DOCUMENTS: usize = 16;

/// The local engine around a classifier.
struct Onnx {
    classifier: Classifier,
    profile: Profile,
    halt: Halt,
}

/// The engine as the rest of the program knows it. A folder that can't be used has a model without a name: to connect fails
/// then.
pub(super) fn profile(settings: &Settings, name: &'static str, folder: &Path) -> Profile {
    let LocalSettings { languages, labels, .. } = settings.section();
    of_model(name, identity(folder, labels).unwrap_or_default(), languages.clone())
}

fn of_model(name: &'static str, model: String, languages: Languages) -> Profile {
    Profile {
        name,
        kind: "local",
        model,
        place: None,
        location: Location::Local,
        // They cost nothing but time, which is a thousand times that of the built-in model.
        is_stored: true,
        one_line: false,
        languages,
        limits: Limits { document_bytes: MAX_DOCUMENT_BYTES, batch_documents: BATCH_DOCUMENTS },
        granularity: Granularity::Turn,
        price: Price::Free,
        concurrency: crate::parallel::cores() * BATCHES_A_CORE,
        requests_per_second: None,
        monthly: 0.0,
        start_up: Duration::ZERO,
        texts_go: "nowhere: they stay on this machine".into(),
        model_changed_by: "you, by naming another folder".into(),
    }
}

/// Loads the model and tries it.
///
/// # Errors
/// [`ExitCode::Settings`] naming the file of the folder that is missing or wrong.
pub(super) fn connect(settings: &Settings, name: &'static str, folder: &Path, halt: &Halt) -> Result<Service, Failure> {
    let LocalSettings { lexicon, labels, languages, .. } = settings.section();
    if lexicon.is_some() {
        let hint = "leave local.lexicon out, or name a model file: a model in a folder has learned its words";
        let message = format!("{}: a lexicon adds nothing to a model in a folder", folder.display());
        return Err(Failure::new(ExitCode::Settings, message).with_hint(Some(hint.to_owned())));
    }
    let begun = Instant::now();
    let opened = || Ok((Classifier::open(folder, labels)?, identity(folder, labels)?));
    let (classifier, model) = opened().map_err(|unfit: Unfit| unusable(folder, unfit))?;
    let profile = Profile { start_up: begun.elapsed(), ..of_model(name, model, languages.clone()) };
    Ok(Service::local(Onnx { classifier, profile, halt: halt.clone() }, halt.clone()))
}

/// A folder that the settings name, and why it can't be used.
#[derive(Debug, thiserror::Error)]
#[error("can't use the model in {folder}")]
struct Unusable {
    folder: String,
    source: Unfit,
}

fn unusable(folder: &Path, unfit: Unfit) -> Failure {
    let hint = unfit.hint.clone().into_owned();
    let error = Unusable { folder: folder.display().to_string(), source: unfit };
    Failure::new(ExitCode::Settings, error).with_hint(Some(hint))
}

impl Onnx {
    /// The answer for one text. Other tasks may run between its windows.
    ///
    /// # Errors
    /// [`EngineError`] once the run is halted.
    async fn answer(&self, document: &Document) -> Result<Answer, EngineError> {
        let refusal = |code: &str| DocumentError { code: code.into(), retriable: false };
        if document.text.len() > self.profile.limits.document_bytes {
            return Ok(Err(refusal("document_too_long")));
        }
        let windows = match self.classifier.windows(&document.text) {
            Ok(windows) => windows,
            Err(error) => return Ok(Err(error)),
        };
        let mut parts = Vec::with_capacity(windows.len());
        for window in &windows {
            tokio::task::yield_now().await;
            self.halt.check()?;
            match self.classifier.score(window) {
                Ok(scores) => parts.push((window.tokens, scores)),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(mean(&parts)))
    }
}

#[async_trait]
impl Engine for Onnx {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        if !self.profile.languages.contain(&batch.language) {
            let refusal = DocumentError { code: "unsupported_language".into(), retriable: false };
            return Ok(vec![Err(refusal); batch.documents.len()]);
        }
        let mut answers = Vec::with_capacity(batch.documents.len());
        for document in &batch.documents {
            answers.push(self.answer(document).await?);
        }
        Ok(answers)
    }
}
