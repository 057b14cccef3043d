//! What a failed request to an endpoint means.
//!
//! Throttling is by the number of requests on their way, and comes as HTTP 400 with a code in the header. What the
//! container answered stands in `OriginalStatusCode`; its words may hold the text, and are not read.

use crate::engine::aws::{Failed, ServiceFault};
use crate::engine::{Batch, EngineError, ErrorKind, MODEL_NOT_READY, MODEL_TIMEOUT};

/// How often a request is tried that a container failed at with a fault of its own.
const TRIES: u32 = 3;

/// The error of a request with `batch`.
pub(super) fn explain(failed: Failed, batch: &Batch) -> EngineError {
    let Some(answer) = failed.answer else { return failed.error };
    let code = answer.code.as_deref().unwrap_or_default();
    match code.strip_suffix("Exception").unwrap_or(code) {
        "ModelNotReady" => {
            EngineError::new(ErrorKind::Throttled, "the model is being loaded").with_code(MODEL_NOT_READY)
        }
        "ModelError" => of_model(&answer, batch),
        "Validation" | "ValidationError" => refused(
            failed.error,
            "the service refuses the endpoint's name, variant or component",
            "check sagemaker.endpoint, sagemaker.target-variant, sagemaker.inference-component and the region",
        ),
        _ if answer.status == 424 => of_model(&answer, batch),
        _ => failed.error,
    }
}

fn refused(error: EngineError, message: &str, hint: &'static str) -> EngineError {
    EngineError { kind: ErrorKind::Refused, message: message.to_owned(), ..error }.with_hint(hint)
}

/// What the container failed with.
fn of_model(answer: &ServiceFault, batch: &Batch) -> EngineError {
    let status = answer.number("OriginalStatusCode").unwrap_or(0);
    let error = |kind, words: String| EngineError::new(kind, words).with_code(format!("model_error_{status}"));
    match status {
        0 => {
            let message = "the model got no answer ready in the time that the service allows";
            EngineError::new(ErrorKind::Transient, message).with_code(MODEL_TIMEOUT).worth(2)
        }
        429 | 503 | 507 => error(ErrorKind::Throttled, format!("the container is busy (HTTP {status})")),
        500..=599 => error(ErrorKind::Transient, format!("the container failed with HTTP {status}")).worth(TRIES),
        // Some containers answer 400 to every fault, want of memory too. Halves of a request are its second try.
        _ => {
            let tries = if batch.documents.len() > 1 || batch.is_suspect { 1 } else { 2 };
            error(ErrorKind::Transient, format!("the container refuses the request with HTTP {status}")).worth(tries)
        }
    }
}
