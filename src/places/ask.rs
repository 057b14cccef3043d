//! What the library has no operation for, asked of a bucket: signed by the library, sent as its requests are.

use http_body_util::{BodyExt as _, Limited};
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpConnector as _, HttpError, HttpRequest, HttpRequestBody};
use object_store::{ClientOptions, CredentialProvider as _};

use super::bucket::Inner;

/// Answers have at most 1,000 rules or uploads.
const ANSWER_BYTES: usize = 4 << 20;

impl Inner {
    /// The answer to a GET request for the bucket with this query, whose values are percent-encoded.
    pub(super) async fn ask_bucket(&self, query: &str) -> object_store::Result<String> {
        let wrong = |source: HttpError| object_store::Error::Generic { store: "S3", source: Box::new(source) };
        let credential = self.way.credentials.get_credential().await?;
        let (endpoint, is_host) = self.way.endpoint(&self.name);
        let path = if is_host { String::new() } else { self.name.clone() };
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = format!("{endpoint}/{path}?{query}").parse().expect("an endpoint is an address");
        AwsAuthorizer::new(&credential, "s3", &self.way.region).try_authorize(&mut request, None)?;
        let answer = self.way.wire().connect(&ClientOptions::default())?.execute(request).await.map_err(wrong)?;
        let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
        let body = body.map_err(|source| object_store::Error::Generic { store: "S3", source })?;
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }
}
