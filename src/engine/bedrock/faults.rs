//! What Bedrock's failures mean for a caller, where they differ from other services', and what a person can do about them.
//!
//! Messages may repeat what was sent. They are searched for known words and never shown.

use crate::engine::aws::Failed;
use crate::engine::{EngineError, ErrorKind, MODEL_NOT_READY};

/// The error of a failed request.
pub(super) fn explain(failed: Failed, model: &str, region: &str) -> EngineError {
    let Failed { error, answer } = failed;
    let says = |words: &str| answer.as_ref().and_then(|fault| fault.message()).is_some_and(|text| text.contains(words));
    let code = error.code.as_deref().unwrap_or_default();
    match code.strip_suffix("Exception").unwrap_or(code) {
        "Throttling" if says("per day") => EngineError {
            message: format!("today's quota of tokens for the model `{model}` is used up"),
            kind: ErrorKind::Refused,
            ..error
        }
        .with_hint("run the same command again tomorrow, or have the quota of tokens a day raised"),
        // The model is being loaded, or answered with a fault of its own: neither is the request's.
        "ModelNotReady" => EngineError { kind: ErrorKind::Throttled, ..error }.with_code(MODEL_NOT_READY),
        "ServiceQuotaExceeded" => EngineError { kind: ErrorKind::Throttled, ..error },
        "ModelError" | "ModelTimeout" | "http_424" => EngineError { kind: ErrorKind::Transient, ..error },
        "ResourceNotFound" => EngineError {
            message: format!("there is no model `{model}` in this region"),
            kind: ErrorKind::Refused,
            ..error
        }
        .with_hint(NO_MODEL),
        "AccessDenied" => {
            let allow = "allow the action bedrock:InvokeModel on the model, and on the inference profile if it is one, \
                         for this user or role, and give the account access to the model in Bedrock's console";
            EngineError { kind: ErrorKind::Refused, ..error }.with_hint(allow)
        }
        "Validation" if says("on-demand throughput") => {
            let hint = format!(
                "this model is to be had by an inference profile only, by which texts may go to other regions: set \
                 bedrock.model to `{}.{model}`, or to another model",
                geography(region)
            );
            error.with_hint(hint)
        }
        "Validation" if says("identifier is invalid") => error.with_hint(NO_MODEL),
        _ => error,
    }
}

/// What the ids of a region's inference profiles begin with.
fn geography(region: &str) -> &'static str {
    const GEOGRAPHIES: [(&str, &str); 4] = [("us-gov-", "us-gov"), ("us-", "us"), ("eu-", "eu"), ("ap-", "apac")];
    GEOGRAPHIES.iter().find(|(start, _)| region.starts_with(start)).map_or("global", |(_, geography)| geography)
}

/// What to do about a model that is not there.
const NO_MODEL: &str = "set bedrock.model to an id that `aws bedrock list-foundation-models` shows for the region, or \
                        choose another region with bedrock.region";

/// Whether a request with this error may have been charged: the model may have read it.
pub(super) fn may_be_charged(error: &EngineError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    let model_failed = code.starts_with("ModelError") || code.starts_with("ModelTimeout") || code == "http_424";
    // The service's own codes are in camel case: it refused. Those of this program are for attempts without an answer.
    let never_read = code.starts_with(char::is_uppercase)
        || matches!(code, crate::engine::UNREACHABLE | crate::engine::CREDENTIALS_UNAVAILABLE);
    model_failed || (error.kind == ErrorKind::Transient && !never_read)
}
