//! The two operations' own rules: what a valid request is, what an answer looks like, and the service's errors in
//! its own words. Pure: no clock, no socket, no memory of earlier requests.

use serde::Deserialize;
use serde_json::{Value, json};

use super::config::{ErrorStyle, Oversize};
use super::faults::Fate;
use super::http::Response;
use super::scorer;

/// Most documents in one request.
pub(crate) const MAX_DOCUMENTS: usize = 25;
/// Most bytes of UTF-8 in one document.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 5000;
/// The content type of AWS JSON 1.1.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

const LANGUAGES: [&str; 12] = ["en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"];

/// An error of the service's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceError {
    /// HTTP status.
    pub(crate) status: u16,
    /// Such as `ThrottlingException`; empty for an error that a load balancer wrote.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl ServiceError {
    /// An error with any status and code.
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// More requests than the quota allows.
    pub(crate) fn throttling() -> Self {
        Self::new(400, "ThrottlingException", "Rate exceeded")
    }

    /// A fault of the service's own.
    pub(crate) fn internal() -> Self {
        Self::new(500, "InternalServerException", "An internal server error occurred. Retry your request.")
    }

    /// What a load balancer says when nothing stands behind it.
    pub(crate) fn unavailable() -> Self {
        Self::new(503, "", "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>")
    }

    /// The identity may not call the operation.
    pub(crate) fn access_denied() -> Self {
        let message = "User: arn:aws:iam::111122223333:user/night is not authorized to perform: \
                       comprehend:BatchDetectSentiment because no identity-based policy allows the \
                       comprehend:BatchDetectSentiment action";
        Self::new(400, "AccessDeniedException", message)
    }

    /// The temporary credential is over.
    pub(crate) fn expired_token() -> Self {
        Self::new(400, "ExpiredTokenException", "The security token included in the request is expired")
    }

    /// No such access key, or a wrong session token.
    pub(crate) fn unrecognized_client() -> Self {
        Self::new(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    fn validation(message: &str) -> Self {
        Self::new(400, "ValidationException", &format!("1 validation error detected: {message}"))
    }

    fn serialization(message: &str) -> Self {
        Self::new(400, "SerializationException", message)
    }

    fn too_large(bytes: usize) -> Self {
        let message = format!(
            "Input text size exceeds limit. Max length of request text allowed is {MAX_DOCUMENT_BYTES} bytes while in \
             this request the text size is {bytes} bytes"
        );
        Self::new(400, "TextSizeLimitExceededException", &message)
    }

    /// Whether it asks for fewer requests.
    pub(crate) fn is_throttling(&self) -> bool {
        const CODES: [&str; 4] =
            ["ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"];
        CODES.contains(&self.code.as_str())
    }

    /// The HTTP answer that carries it.
    pub(crate) fn response(&self, style: ErrorStyle) -> Response {
        let mut headers = Vec::new();
        if self.code.is_empty() {
            headers.push(("content-type", "text/html".to_owned()));
            return Response { status: self.status, headers, body: self.message.clone().into_bytes() };
        }
        headers.push(("content-type", CONTENT_TYPE.to_owned()));
        let body = match style {
            ErrorStyle::Body => json!({"__type": self.code, "message": self.message}),
            ErrorStyle::NamespacedBody => {
                json!({"__type": format!("com.amazonaws.comprehend#{}", self.code), "Message": self.message})
            }
            ErrorStyle::Header => {
                let uri = "http://internal.amazon.com/coral/com.amazonaws.comprehend/";
                headers.push(("x-amzn-errortype", format!("{}:{uri}", self.code)));
                json!({"Message": self.message})
            }
        };
        Response { status: self.status, headers, body: body.to_string().into_bytes() }
    }
}

/// Which of the two operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `BatchDetectSentiment`.
    Batch,
    /// `DetectSentiment`.
    Single,
}

impl Operation {
    /// Reads `x-amz-target`.
    pub(crate) fn of(target: Option<&str>) -> Option<Self> {
        match target? {
            "Comprehend_20171127.BatchDetectSentiment" => Some(Self::Batch),
            "Comprehend_20171127.DetectSentiment" => Some(Self::Single),
            _ => None,
        }
    }
}

/// A request that kept the operation's rules.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// Which operation.
    pub(crate) operation: Operation,
    /// The one language of all documents.
    pub(crate) language: String,
    /// The documents, 1 to 25.
    pub(crate) documents: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct BatchBody {
    text_list: Option<Vec<String>>,
    language_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SingleBody {
    text: Option<String>,
    language_code: Option<String>,
}

/// Reads and checks a body. With [`Oversize::FailsAlone`], documents that are too large pass.
///
/// # Errors
/// What the service would answer: malformed, missing, empty, too many, too large, unsupported language.
pub(crate) fn accept(operation: Operation, body: &[u8], oversize: Oversize) -> Result<Accepted, ServiceError> {
    // serde's message for an unknown field names the field and no value, so it may be passed on.
    let malformed = |error: serde_json::Error| ServiceError::serialization(&error.to_string());
    let (documents, language) = match operation {
        Operation::Batch => {
            let body: BatchBody = serde_json::from_slice(body).map_err(malformed)?;
            (body.text_list, body.language_code)
        }
        Operation::Single => {
            let body: SingleBody = serde_json::from_slice(body).map_err(malformed)?;
            (body.text.map(|text| vec![text]), body.language_code)
        }
    };
    let null = |name| {
        ServiceError::validation(&format!(
            "Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    };
    let documents = documents.ok_or_else(|| null("text"))?;
    let language = language.ok_or_else(|| null("languageCode"))?;
    check(&documents, &language, oversize)?;
    Ok(Accepted { operation, language, documents })
}

fn check(documents: &[String], language: &str, oversize: Oversize) -> Result<(), ServiceError> {
    if documents.is_empty() {
        return Err(ServiceError::validation("Member must have length greater than or equal to 1"));
    }
    if documents.len() > MAX_DOCUMENTS {
        let message = "The number of documents in the request exceeds the limit of 25";
        return Err(ServiceError::new(400, "BatchSizeLimitExceededException", message));
    }
    if !LANGUAGES.contains(&language) {
        let message = format!("Language code {language} isn't supported; valid values are {}", LANGUAGES.join(", "));
        return Err(ServiceError::new(400, "UnsupportedLanguageException", &message));
    }
    if documents.iter().any(String::is_empty) {
        return Err(ServiceError::validation(
            "Value '' at 'text' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    }
    match documents.iter().map(String::len).find(|&bytes| bytes > MAX_DOCUMENT_BYTES) {
        Some(bytes) if oversize == Oversize::FailsBatch || documents.len() == 1 => Err(ServiceError::too_large(bytes)),
        _ => Ok(()),
    }
}

/// The body of an answer; `order` is the order in which documents are looked at, `more_negative` what the model adds.
///
/// A single document that is not scored has no place in the answer's form, so it fails as a request.
///
/// # Errors
/// `InternalServerException` for such a single document.
pub(crate) fn answer(
    accepted: &Accepted,
    fates: &[Fate],
    order: &[usize],
    more_negative: f64,
) -> Result<Value, ServiceError> {
    let sentiment = |text: &str| sentiment(&accepted.language, text, more_negative);
    if accepted.operation == Operation::Single {
        if fates.first() != Some(&Fate::Scored) {
            return Err(ServiceError::internal());
        }
        return Ok(sentiment(accepted.documents.first().map_or("", String::as_str)));
    }
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for &index in order {
        let document = &accepted.documents[index];
        let error = match fates[index] {
            Fate::Scored => {
                let mut result = sentiment(document);
                result["Index"] = json!(index);
                results.push(result);
                continue;
            }
            Fate::Missing => continue,
            Fate::Failed => ServiceError::internal(),
            Fate::TooLarge => ServiceError::too_large(document.len()),
        };
        errors.push(json!({"Index": index, "ErrorCode": error.code, "ErrorMessage": error.message}));
    }
    Ok(json!({"ResultList": results, "ErrorList": errors}))
}

fn sentiment(language: &str, text: &str, more_negative: f64) -> Value {
    let scores = scorer::score(language, text, more_negative);
    let [positive, negative, neutral, mixed] = scores;
    json!({
        "Sentiment": scorer::class(&scores),
        "SentimentScore": {"Positive": positive, "Negative": negative, "Neutral": neutral, "Mixed": mixed},
    })
}
