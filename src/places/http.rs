//! How the library's signed requests travel: with the HTTP client that all of AWS has here.
//!
//! An answer that is no success becomes a [`Refusal`] with the store's code and region, which the library would leave
//! out of its own error. Refuses to follow redirects and to send anything again.

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};

use super::fault::{Broken, Refusal};
use crate::aws;

/// As much of an answer as is read to find out what it means.
const ANSWER_BYTES: usize = 64 << 10;

/// The store's clock when it answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnsweredAt(pub(super) Timestamp);

/// Makes the library's HTTP client.
#[derive(Debug)]
pub(super) struct Wire(SharedHttpConnector);

impl Wire {
    pub(super) fn new(connector: Connector) -> Self {
        Self(SharedHttpConnector::new(connector))
    }
}

impl HttpConnector for Wire {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Requests(self.0.clone())))
    }
}

#[derive(Debug)]
struct Requests(SharedHttpConnector);

#[async_trait]
impl HttpService for Requests {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_post = request.method() == http::Method::POST;
        let mut request = request
            .map(|body| if body.content_length() == 0 { SdkBody::empty() } else { SdkBody::from_body_1_x(body) });
        let agent = http::HeaderValue::from_static(concat!("undertone/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(http::header::USER_AGENT, agent);
        let request = request.try_into().map_err(|error| broken(&error))?;
        let answer = self.0.call(request).await.map_err(|error| broken(&error))?;
        let answer = answer.try_into_http1x().map_err(|error| broken(&error))?;
        let (mut head, body) = answer.into_parts();
        if let Some(at) = header(&head, "date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
            head.extensions.insert(AnsweredAt(at.timestamp()));
        }
        if head.status.is_success() && !is_post {
            let body = body.map_err(|error| broken(&*error));
            return Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)));
        }
        let text = Limited::new(body, ANSWER_BYTES).collect().await.map_err(|error| broken(&*error))?.to_bytes();
        // The answer to a finished upload may begin with 200 and then hold an error.
        if head.status.is_success() && memchr::memmem::find(&text, b"<Error>").is_none() {
            return Ok(HttpResponse::from_parts(head, text.into()));
        }
        Err(HttpError::new(HttpErrorKind::Unknown, refusal(&head, &String::from_utf8_lossy(&text))))
    }
}

fn header<'h>(head: &'h http::response::Parts, name: &str) -> Option<&'h str> {
    head.headers.get(name)?.to_str().ok()
}

fn broken(error: &(dyn std::error::Error + 'static)) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, Broken(aws::innermost(error)))
}

/// What an answer says of itself.
fn refusal(head: &http::response::Parts, text: &str) -> Refusal {
    let code = element(text, "Code").unwrap_or_default().to_owned();
    let region = header(head, "x-amz-bucket-region").filter(|name| is_name(name)).or_else(|| element(text, "Region"));
    Refusal { status: head.status.as_u16(), code, region: region.map(str::to_owned) }
}

/// What the first element of this name holds, if it is a name.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once("</")?;
    is_name(value).then_some(value)
}

/// Whether it is a code or region, and nothing that somebody could hide words in.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, region: Option<&str>, text: &str) -> Refusal {
        let mut answer = http::Response::builder().status(status);
        if let Some(region) = region {
            answer = answer.header("x-amz-bucket-region", region);
        }
        refusal(&answer.body(()).unwrap().into_parts().0, text)
    }

    #[test]
    fn code_and_region_are_taken_from_an_answer_and_nothing_else() {
        let text = "<?xml version=\"1.0\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region \
                    'us-east-1' is wrong</Message><Region>eu-west-1</Region></Error>";
        let found = refused(400, None, text);
        assert_eq!((found.code.as_str(), found.region.as_deref()), ("AuthorizationHeaderMalformed", Some("eu-west-1")));
        assert_eq!(refused(301, Some("ap-south-1"), "").region.as_deref(), Some("ap-south-1"));
        assert_eq!(refused(503, None, "<html>busy").code, "");
        let words = "<Error><Code>my card is 4111</Code><Region>a b</Region></Error>";
        assert_eq!(refused(400, Some("a b"), words), Refusal { status: 400, code: String::new(), region: None });
    }
}
