//! Region, endpoint and credentials of a bucket, by the standard chain of AWS: environment, profile, SSO, web identity,
//! container, instance metadata.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use object_store::CredentialProvider;
use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use tokio::sync::Mutex;

use super::fault::{Fault, NoCredentials};
use super::http::Wire;
use crate::aws;

/// How long region or credentials may be looked for.
const LOOKUP: Duration = Duration::from_secs(20);
/// Credentials that end sooner are loaded anew.
const LEFT: Duration = Duration::from_mins(2);

/// The library's client of a bucket.
pub(super) struct Connected {
    pub(super) store: AmazonS3,
    pub(super) region: String,
    pub(super) credentials: Arc<Chain>,
}

/// Finds the way to `bucket`.
///
/// # Errors
/// [`Fault::Region`] and [`Fault::Credentials`].
pub(super) async fn connect(bucket: &str) -> Result<Connected, Fault> {
    let config = tokio::time::timeout(LOOKUP, Box::pin(aws::loader().load()));
    let config = config.await.map_err(|_elapsed| Fault::Region("the AWS region could not be found within 20 s"))?;
    let region = aws::region(&config).map_err(Fault::Region)?;
    let provider =
        config.credentials_provider().ok_or_else(|| Fault::Credentials("no source of them is set".into()))?;
    let credentials = Arc::new(Chain { provider, loaded: Mutex::default() });
    credentials.get_credential().await.map_err(|error| Fault::of(&error))?;
    let settings = HttpConnectorSettings::builder().connect_timeout(aws::CONNECT_TIMEOUT).build();
    let (endpoint, is_host) = endpoint(&config, bucket, &region);
    let store = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&region)
        .with_endpoint(endpoint)
        .with_virtual_hosted_style_request(is_host)
        .with_credentials(Arc::clone(&credentials) as _)
        // One object is removed at a time, by the request for it.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .with_http_connector(Wire::new(aws::connector(Some(settings), config.sleep_impl())))
        .build()
        .map_err(|error| Fault::of(&error))?;
    Ok(Connected { store, region, credentials })
}

/// Where requests go, and whether that names the bucket already. A bucket with a dot in its name has no certificate as a
/// host, and an endpoint that somebody named is taken as it is.
fn endpoint(config: &SdkConfig, bucket: &str, region: &str) -> (String, bool) {
    if let Some(named) = aws::named_endpoint(config, "S3") {
        return (named, false);
    }
    let fips = if config.use_fips() == Some(true) { "-fips" } else { "" };
    let dual = if config.use_dual_stack() == Some(true) { ".dualstack" } else { "" };
    let host = format!("s3{fips}{dual}.{region}.{}", aws::domain(region));
    if bucket.contains(['.', '_']) {
        (format!("https://{host}"), false)
    } else {
        (format!("https://{bucket}.{host}"), true)
    }
}

/// The chain's credentials, kept until they are about to end.
#[derive(Debug)]
pub(super) struct Chain {
    provider: SharedCredentialsProvider,
    loaded: Mutex<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
}

impl Chain {
    /// Loads them anew when they are needed next: the store calls them expired.
    pub(super) async fn forget(&self) {
        self.loaded.lock().await.take();
    }

    async fn load(&self) -> Result<Credentials, NoCredentials> {
        let provided = tokio::time::timeout(LOOKUP, self.provider.provide_credentials()).await;
        let provided = provided.map_err(|_elapsed| NoCredentials("none could be found within 20 s".to_owned()))?;
        provided.map_err(|error| NoCredentials(aws::innermost(&error)))
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut loaded = self.loaded.lock().await;
        let lasts = |end: &Option<SystemTime>| end.is_none_or(|end| end > SystemTime::now() + LEFT);
        if let Some((credential, _)) = loaded.as_ref().filter(|(_, end)| lasts(end)) {
            return Ok(Arc::clone(credential));
        }
        let failed = |error: NoCredentials| object_store::Error::Generic { store: "S3", source: error.into() };
        let fresh = self.load().await.map_err(failed)?;
        let credential = Arc::new(AwsCredential {
            key_id: fresh.access_key_id().to_owned(),
            secret_key: fresh.secret_access_key().to_owned(),
            token: fresh.session_token().map(str::to_owned),
        });
        *loaded = Some((Arc::clone(&credential), fresh.expiry()));
        Ok(credential)
    }
}
