//! What is sent to a service and what comes back, before it is known what it means.

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::{Deserialize, Serialize};

use super::{OperationName, ServiceName};

/// One request. `Debug` prints its place and length, never its text.
#[derive(Clone)]
pub(crate) struct Request {
    /// Such as `POST`.
    pub(super) method: &'static str,
    /// The path, its parts encoded.
    pub(super) path: String,
    /// Headers besides those of every request.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A request of a REST operation; parts of `path` that are values have gone through [`path_part`].
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// The same with a header, whose name is in lower case.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with a body.
    pub(crate) fn body(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    /// A request of an operation with the JSON 1.1 protocol.
    ///
    /// # Panics
    /// For a body that is no JSON, such as a map whose keys are not strings.
    pub(crate) fn json(service: &ServiceName, operation: &OperationName, body: &impl Serialize) -> Self {
        Self::new("POST", "/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{}.{}", service.target, operation.name))
            .body(serde_json::to_vec(body).expect("a request is plain JSON"))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {}, {} bytes)", self.method, self.path, self.body.len())
    }
}

/// A value as one part of a path: everything but unreserved characters is percent-encoded.
pub(crate) fn path_part(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

/// The body of what a service answered with success. `Debug` prints its length.
pub(crate) struct Answer(Vec<u8>);

impl Answer {
    pub(super) fn of(response: &HttpResponse) -> Self {
        Self(response.body().bytes().unwrap_or_default().to_vec())
    }

    /// The body.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The body as a value; `None` if it is not JSON of that form.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(&self.0).ok()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} bytes)", self.0.len())
    }
}

/// What a service answers in place of a result. Its message may repeat what was sent, so only [`ServiceFault::message`]
/// gives it, and `Debug` and `Display` leave it out.
pub(crate) struct ServiceFault {
    /// The service's code, such as `ThrottlingException`, where it sent one.
    pub(crate) code: Option<String>,
    /// The HTTP status.
    pub(crate) status: u16,
    body: serde_json::Value,
}

impl ServiceFault {
    /// Code and body of an answer: the code from the header, else from the body, without what stands around it
    /// (`aws.protocoltests#Name:http://…`).
    pub(super) fn of(response: &HttpResponse) -> Self {
        let body: serde_json::Value =
            response.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let header = response.headers().get("x-amzn-errortype").map(str::to_owned);
        let code = header.or_else(|| text(&body, &["__type", "code"]).map(str::to_owned)).map(|code| {
            let code = code.split(':').next().unwrap_or_default();
            code.rsplit('#').next().unwrap_or_default().to_owned()
        });
        Self { code: code.filter(|code| !code.is_empty()), status: response.status().as_u16(), body }
    }

    /// The service's own words. Not to be shown unless they are known to repeat nothing.
    pub(crate) fn message(&self) -> Option<&str> {
        text(&self.body, &["message", "Message", "errorMessage"])
    }

    /// A whole number in the body, such as `OriginalStatusCode`.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.body.get(name)?.as_u64()
    }
}

/// The first of these fields that is a text.
fn text<'a>(body: &'a serde_json::Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| body.get(name)?.as_str())
}

impl fmt::Debug for ServiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceFault").field("code", &self.code).field("status", &self.status).finish_non_exhaustive()
    }
}

impl fmt::Display for ServiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_deref().unwrap_or("the service failed"))
    }
}

impl std::error::Error for ServiceFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_path_can_end_no_part_and_begin_no_query() {
        assert_eq!(path_part("ours-2_a.b~c"), "ours-2_a.b~c");
        assert_eq!(path_part("amazon.nova-lite-v1:0"), "amazon.nova-lite-v1%3A0");
        assert_eq!(path_part("arn:aws/x y?é"), "arn%3Aaws%2Fx%20y%3F%C3%A9");
    }

    #[test]
    fn what_is_sent_is_not_printed() {
        let request = Request::new("POST", "/endpoints/ours/invocations").body(b"my card number is 4111".to_vec());
        assert_eq!(format!("{request:?}"), "Request(POST /endpoints/ours/invocations, 22 bytes)");
    }
}
