//! What a failed request means for its caller: by the service's code, else by the HTTP status, else by where it broke.
//!
//! Where no answer came, the types in the chain of causes decide and never their text.
//! Messages of the service are not shown, for they may repeat what was sent; the one exception is AWS's own sentence
//! on who lacks which permission.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};

use super::request::ServiceFault;
use super::{OperationName, ServiceName, hints};
use crate::engine::{CREDENTIALS_UNAVAILABLE, EngineError, ErrorKind, UNREACHABLE};

/// What may mend a signature that the service did not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The credentials have expired: load them again.
    LoadCredentials,
    /// The machine's clock is off: sign again by the service's.
    CorrectClock,
}

const THROTTLED: [&str; 10] = [
    "Throttling",
    "Throttled",
    "ThrottledRequest",
    "RequestThrottled",
    "TooManyRequests",
    "RequestLimitExceeded",
    "LimitExceeded",
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceeded",
    "SlowDown",
];
const TRANSIENT: [&str; 7] = [
    "InternalServer",
    "InternalServerError",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "RequestAborted",
];
const REFUSED: [&str; 18] = [
    "AccessDenied",
    "Unauthorized",
    "NotAuthorized",
    "UnauthorizedOperation",
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidSignature",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "AuthFailure",
    "ExpiredToken",
    "OptInRequired",
    "SubscriptionRequired",
    "KmsAccessDenied",
    "UnknownOperation",
    "InvalidAction",
];
const CLOCK: [&str; 3] = ["RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"];

/// The error for an answer that is not the JSON that was asked for.
pub(crate) fn unreadable() -> EngineError {
    EngineError::new(ErrorKind::Transient, "the answer can't be read").with_code("unreadable_answer")
}

/// The error of a request that was given up.
pub(super) fn timeout() -> EngineError {
    let (kind, code, message) = TIMEOUT;
    EngineError::new(kind, message).with_code(code)
}

/// The error for the caller of `operation`, and what might mend it.
pub(super) fn explain(
    fault: &SdkError<ServiceFault, HttpResponse>,
    service: &ServiceName,
    operation: &OperationName,
) -> (EngineError, Option<Remedy>) {
    let (error, remedy) = explain_fault(fault);
    let hint = error.code.as_deref().and_then(|code| hints::hint(code, service, operation));
    (EngineError { hint: hint.map(Into::into), ..error }, remedy)
}

fn explain_fault(fault: &SdkError<ServiceFault, HttpResponse>) -> (EngineError, Option<Remedy>) {
    let (kind, code, message) = match fault {
        SdkError::ServiceError(service) => {
            let answer = service.err();
            return explain_answer(answer.code.as_deref(), answer.message(), answer.status);
        }
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            200..=299 => return (unreadable(), None),
            status => return explain_answer(None, None, status),
        },
        SdkError::TimeoutError(_) => TIMEOUT,
        SdkError::DispatchFailure(failure) => failure.as_connector_error().map_or(CONNECTION_LOST, broken_off),
        SdkError::ConstructionFailure(_) => {
            let message = "the request could not be built or signed: no usable credentials or endpoint";
            (ErrorKind::Refused, "no_credentials", message)
        }
        _ => (ErrorKind::Transient, "unknown", "the request failed in a way that the SDK does not name"),
    };
    (EngineError::new(kind, message).with_code(code), None)
}

/// Kind, code and message.
type Fault = (ErrorKind, &'static str, &'static str);

const TIMEOUT: Fault = (ErrorKind::Transient, "timeout", "no answer in time");
const CONNECTION_LOST: Fault = (ErrorKind::Transient, "connection_lost", "the connection broke");

/// What a request failed with that brought no answer at all.
fn broken_off(error: &ConnectorError) -> Fault {
    let mut causes = std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source());
    // All errors of the HTTP client are or have one of this type. The SDK reports what happened before, while it
    // signed the request, as a failure of the same kind.
    match causes.find_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>()) {
        Some(client) if client.is_connect() => (ErrorKind::Transient, UNREACHABLE, "the service can't be connected to"),
        _ if error.is_timeout() => TIMEOUT,
        // Metadata services and credential processes have bad minutes too; the breaker bounds the wait.
        None if error.is_other() => {
            (ErrorKind::Transient, CREDENTIALS_UNAVAILABLE, "AWS credentials could not be loaded again")
        }
        _ => CONNECTION_LOST,
    }
}

fn explain_answer(code: Option<&str>, message: Option<&str>, status: u16) -> (EngineError, Option<Remedy>) {
    let kind = kind_of(code, status);
    let shown = code.map_or_else(|| format!("http_{status}"), printable_code);
    let sentence = match (kind, permission(code, message)) {
        (_, Some(sentence)) => sentence,
        (ErrorKind::Throttled, _) => "the service asks for fewer requests".to_owned(),
        (ErrorKind::Transient, _) => format!("the service failed with HTTP {status}"),
        (ErrorKind::Rejected, _) => format!("the service rejects the request with {shown}"),
        (ErrorKind::Refused, _) => format!("the service refuses with {shown}"),
    };
    (EngineError::new(kind, sentence).with_code(shown), remedy_for(code, message))
}

/// What the caller can do, by code and HTTP status.
fn kind_of(code: Option<&str>, status: u16) -> ErrorKind {
    let name = code.map(stem);
    let is_in = |codes: &[&str]| name.is_some_and(|name| codes.contains(&name));
    if is_in(&THROTTLED) || status == 429 {
        ErrorKind::Throttled
    } else if is_in(&TRANSIENT) || status >= 500 || status == 408 {
        ErrorKind::Transient
    } else if is_in(&REFUSED) || is_in(&CLOCK) || matches!(status, 401 | 403 | 407) || (name.is_none() && status == 404)
    {
        ErrorKind::Refused
    } else if (400..500).contains(&status) {
        ErrorKind::Rejected
    } else {
        ErrorKind::Transient
    }
}

fn remedy_for(code: Option<&str>, message: Option<&str>) -> Option<Remedy> {
    let name = stem(code?);
    let holds = |what: &str| message.is_some_and(|message| message.contains(what));
    if name == "ExpiredToken" {
        Some(Remedy::LoadCredentials)
    } else if CLOCK.contains(&name)
        || (matches!(name, "InvalidSignature" | "SignatureDoesNotMatch")
            && (holds("Signature expired") || holds("Signature not yet current")))
    {
        Some(Remedy::CorrectClock)
    } else {
        None
    }
}

/// A code without the ending that services add or leave out.
fn stem(code: &str) -> &str {
    code.strip_suffix("Exception").unwrap_or(code)
}

/// AWS's sentence on a missing permission (`User: arn:… is not authorized to perform: …`), which names no text.
fn permission(code: Option<&str>, message: Option<&str>) -> Option<String> {
    let (code, message) = (code?, message?);
    let is_it = stem(code) == "AccessDenied" && message.starts_with("User: arn:");
    is_it.then(|| message.chars().filter(|character| !character.is_control()).take(300).collect())
}

/// A code as it may be shown and filed: letters, digits and a little punctuation, and not long.
pub(crate) fn printable_code(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(64).collect()
}

/// Whether a document that failed with `code` inside an answered request is worth sending again.
pub(crate) fn document_may_pass(code: &str) -> bool {
    let plain: String = code.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect();
    ["internal", "throttl", "unavailable", "timeout", "toomanyrequests"].iter().any(|name| plain.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_goes_by_the_code_and_without_one_by_the_status() {
        use ErrorKind::{Refused, Rejected, Throttled, Transient};
        let cases = [
            (Some("ThrottlingException"), 400, Throttled),
            (Some("TooManyRequestsException"), 400, Throttled),
            (Some("RequestLimitExceeded"), 503, Throttled),
            (Some("SlowDown"), 503, Throttled),
            (Some("ProvisionedThroughputExceededException"), 400, Throttled),
            (None, 429, Throttled),
            (Some("InternalServerException"), 500, Transient),
            (Some("ServiceUnavailable"), 503, Transient),
            (None, 500, Transient),
            (None, 503, Transient),
            (None, 408, Transient),
            (Some("AccessDeniedException"), 400, Refused),
            (Some("UnrecognizedClientException"), 400, Refused),
            (Some("InvalidSignatureException"), 403, Refused),
            (Some("ExpiredTokenException"), 400, Refused),
            (Some("OptInRequired"), 403, Refused),
            (Some("SubscriptionRequiredException"), 400, Refused),
            (Some("IncompleteSignature"), 400, Refused),
            (Some("UnknownOperationException"), 400, Refused),
            (None, 401, Refused),
            (None, 403, Refused),
            (None, 404, Refused),
            (Some("InvalidRequestException"), 400, Rejected),
            (Some("TextSizeLimitExceededException"), 400, Rejected),
            (Some("BatchSizeLimitExceededException"), 400, Rejected),
            (Some("UnsupportedLanguageException"), 400, Rejected),
            (Some("ValidationException"), 400, Rejected),
            (Some("SerializationException"), 400, Rejected),
            (None, 413, Rejected),
            (None, 302, Transient),
        ];
        for (code, status, kind) in cases {
            assert_eq!(kind_of(code, status), kind, "{code:?} {status}");
        }
    }

    #[test]
    fn a_message_of_the_service_is_shown_only_if_it_is_about_a_permission() {
        let echo = "could not parse: I want to cancel, my card number is 4111";
        for (code, status) in [("InvalidRequestException", 400), ("AccessDeniedException", 400), ("Odd", 403)] {
            let (error, _) = explain_answer(Some(code), Some(echo), status);
            assert!(!format!("{error:?} {error}").contains("4111"), "{error}");
        }
        let sentence = "User: arn:aws:iam::1:user/night is not authorized to perform: comprehend:BatchDetectSentiment";
        let (error, _) = explain_answer(Some("AccessDeniedException"), Some(sentence), 400);
        assert_eq!(error.message, sentence);
    }

    #[test]
    fn only_expiry_and_a_wrong_clock_have_a_remedy() {
        assert_eq!(remedy_for(Some("ExpiredTokenException"), None), Some(Remedy::LoadCredentials));
        assert_eq!(remedy_for(Some("RequestExpired"), None), Some(Remedy::CorrectClock));
        let skewed = "Signature expired: 20261123T101500Z is now earlier than 20261123T102000Z";
        assert_eq!(remedy_for(Some("InvalidSignatureException"), Some(skewed)), Some(Remedy::CorrectClock));
        assert_eq!(remedy_for(Some("InvalidSignatureException"), Some("does not match")), None);
        assert_eq!(remedy_for(Some("AccessDeniedException"), None), None);
    }

    #[test]
    fn a_code_is_cut_to_what_a_code_looks_like() {
        assert_eq!(printable_code("Bad code: my card\n4111"), "Badcodemycard4111");
        assert_eq!(printable_code(&"x".repeat(100)).len(), 64);
    }
}
