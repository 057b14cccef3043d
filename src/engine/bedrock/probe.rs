//! Which form of answer the model takes, found out with texts of the program's own before any text of a call is sent.
//!
//! The texts fill a whole request, so that Bedrock compiles the schema that most requests have, and go alone too. Refuses a
//! model that answers in none of the forms.

use std::sync::Arc;

use super::form::Form;
use super::judge::Judge;
use super::settings::Structured;
use super::terms;
use crate::engine::breaker::{Breaker, Health, Patience};
use crate::engine::retry::{RetryPolicy, Retrying};
use crate::engine::{Batch, Document, Engine as _, EngineError, ErrorKind, Halt, Meter};
use crate::exit::{ExitCode, Failure};
use crate::sentiment::Scores;

/// What is judged: plain feelings and plain facts.
const TEXTS: [&str; 6] = [
    "Thank you so much, that was a great help and I am very happy.",
    "This is terrible, I have waited for weeks and nobody cares.",
    "My order number is four two one seven.",
    "The agent was lovely, but the product is awful and broke at once.",
    "What are your opening hours on Saturday?",
    "I would like to change the address of my account.",
];
/// Answers that are not whole before a form is given up.
const TRIES: usize = 3;

/// How requests of the probe are tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) retry: RetryPolicy,
    pub(super) patience: Patience,
}

/// Why a form is not taken.
enum Unfit {
    /// The service does not accept it.
    Rejected(EngineError),
    /// Texts without a label.
    Unlabelled(usize),
}

/// What a probe has found.
pub(super) struct Found {
    /// The form in which the model is asked.
    pub(super) form: Form,
    /// The scores of the first texts, which no model doubts: others on another day are another model's.
    pub(super) scores: Vec<Scores>,
}

/// Texts whose scores are compared from run to run.
const COMPARED: usize = 3;

/// Has the model asked in the first form that it takes.
///
/// # Errors
/// [`ExitCode::Settings`] where it takes none; what ends every run: access, region, no service.
pub(super) async fn choose(judge: &Arc<Judge>, structured: Structured, manner: Manner) -> Result<Found, Failure> {
    let halt = Halt::new();
    let health = Health::new(manner.patience);
    let watched = Breaker::new(Arc::clone(judge), Arc::clone(&health), halt.clone(), terms::ADVICE);
    let asking = Retrying::new(watched, manner.retry, health, Meter::new(), halt);
    let mut last = None;
    for form in Form::to_try(structured) {
        judge.take_form(*form);
        match fits(&asking, judge.profile.limits.batch_documents).await? {
            Ok(scores) => return Ok(Found { form: *form, scores }),
            Err(unfit) => last = Some(unfit),
        }
    }
    Err(unusable(&judge.model, last))
}

/// The scores of the texts to compare, or why the form that the model is asked in does not fit.
async fn fits(
    asking: &Retrying<Breaker<Arc<Judge>>>,
    documents: usize,
) -> Result<Result<Vec<Scores>, Unfit>, EngineError> {
    let sizes = if documents > 1 { vec![documents, 1] } else { vec![1] };
    let mut scores = Vec::new();
    for size in sizes {
        // The text that goes alone is none of the others.
        let texts = TEXTS.iter().cycle().skip(if size == 1 { TEXTS.len() - 1 } else { 0 }).take(size);
        let documents = texts.map(|text| Document { text: (*text).into() }).collect();
        let batch = Batch { language: "en".into(), documents, is_suspect: false };
        let mut unlabelled = size;
        for _ in 0..TRIES {
            match asking.score(&batch).await {
                Ok(answers) => {
                    unlabelled = answers.iter().filter(|answer| answer.is_err()).count();
                    if unlabelled == 0 && scores.is_empty() {
                        scores = answers.into_iter().flatten().take(COMPARED).collect();
                    }
                }
                Err(error) if error.kind == ErrorKind::Rejected => return Ok(Err(Unfit::Rejected(error))),
                Err(error) => return Err(error),
            }
            if unlabelled == 0 {
                break;
            }
        }
        if unlabelled > 0 {
            return Ok(Err(Unfit::Unlabelled(unlabelled)));
        }
    }
    Ok(Ok(scores))
}

fn unusable(model: &str, why: Option<Unfit>) -> Failure {
    let (what, hint) = match why {
        Some(Unfit::Rejected(EngineError { message, hint, .. })) => {
            let general = "set bedrock.model to a model that takes system prompts by Converse in this region, and \
                           bedrock.structured to auto";
            (message, hint.map_or_else(|| general.to_owned(), std::borrow::Cow::into_owned))
        }
        Some(Unfit::Unlabelled(texts)) => {
            let what = format!("{texts} of the program's own texts came back without a label");
            (what, "choose another bedrock.model, or allow it more with bedrock.output-tokens".to_owned())
        }
        None => (String::new(), String::new()),
    };
    Failure::new(ExitCode::Settings, format!("the model `{model}` can't be used: {what}")).with_hint(Some(hint))
}
