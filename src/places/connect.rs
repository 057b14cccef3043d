//! The way to buckets: region, endpoint and credentials, by the standard chain of AWS: environment, profile, SSO, web identity,
//! container, instance metadata.

use std::future::Future;
use std::sync::{Arc, PoisonError, Weak, mpsc};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use object_store::CredentialProvider;
use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::bucket::Encryption;
use super::fault::{Fault, NoCredentials};
use super::http::Wire;
use super::retry::attempts;
use crate::aws;

/// How long region or credentials may be looked for.
const LOOKUP: Duration = Duration::from_secs(20);
/// Credentials that end sooner are loaded anew.
const LEFT: Duration = Duration::from_mins(2);

/// What all buckets share: a runtime, region and endpoint, credentials.
pub(super) struct Way {
    config: SdkConfig,
    pub(super) region: String,
    pub(super) credentials: Arc<Chain>,
    /// Most times that a request is sent.
    pub(super) attempts: u32,
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
}

/// The one that is in use, if one is: whoever signs in by hand does it once a run.
static SHARED: std::sync::Mutex<Weak<Way>> = std::sync::Mutex::new(Weak::new());

impl Way {
    /// The one that is in use, or a new one.
    ///
    /// # Errors
    /// [`Fault::Region`] and [`Fault::Credentials`].
    pub(super) fn shared() -> Result<Arc<Self>, Fault> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = shared.upgrade() {
            return Ok(way);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| Fault::Unreachable(error.to_string()))?;
        let (config, region, credentials) = wait(&runtime, load())?;
        let way = Arc::new(Self { config, region, credentials, attempts: attempts(), runtime: Some(runtime) });
        *shared = Arc::downgrade(&way);
        Ok(way)
    }

    /// The library's client of `bucket`.
    pub(super) fn store(&self, bucket: &str, encryption: Option<&Encryption>) -> Result<AmazonS3, Fault> {
        let (endpoint, is_host) = self.endpoint(bucket);
        let builder = match encryption {
            None => AmazonS3Builder::new(),
            Some(Encryption::Store) => {
                let key = "aws_server_side_encryption".parse().expect("the library knows the key");
                AmazonS3Builder::new().with_config(key, "AES256")
            }
            Some(Encryption::Key(key)) => AmazonS3Builder::new().with_sse_kms_encryption(key),
        };
        builder
            .with_bucket_name(bucket)
            .with_region(&self.region)
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(is_host)
            .with_credentials(Arc::clone(&self.credentials) as _)
            // One object is removed at a time, by the request for it.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
            .with_http_connector(self.wire())
            .build()
            .map_err(|error| Fault::of(&error))
    }

    /// How requests travel.
    pub(super) fn wire(&self) -> Wire {
        let settings = HttpConnectorSettings::builder().connect_timeout(aws::CONNECT_TIMEOUT).build();
        Wire::new(aws::connector(Some(settings), self.config.sleep_impl()))
    }

    /// Where requests go, and whether that names the bucket already. A bucket with a dot in its name has no certificate as
    /// a host, and an endpoint that somebody named is taken as it is.
    pub(super) fn endpoint(&self, bucket: &str) -> (String, bool) {
        if let Some(named) = aws::named_endpoint(&self.config, "S3") {
            return (named, false);
        }
        let fips = if self.config.use_fips() == Some(true) { "-fips" } else { "" };
        let dual = if self.config.use_dual_stack() == Some(true) { ".dualstack" } else { "" };
        let host = format!("s3{fips}{dual}.{}.{}", self.region, aws::domain(&self.region));
        if bucket.contains(['.', '_']) {
            (format!("https://{host}"), false)
        } else {
            (format!("https://{bucket}.{host}"), true)
        }
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is taken at the end only")
    }

    /// Lets `work` run to its end. The caller may be inside another runtime, which a runtime's own waiting would refuse.
    pub(super) fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        wait(self.runtime(), work)
    }

    /// Starts `work` beside everything else.
    pub(super) fn start(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime().spawn(work)
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // The last owner may be in a runtime, where waiting for this one's end is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn wait<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    let (tell, told) = mpsc::sync_channel(1);
    runtime.spawn(async move { tell.send(work.await) });
    told.recv().expect("work that does not panic ends with an answer")
}

async fn load() -> Result<(SdkConfig, String, Arc<Chain>), Fault> {
    let config = tokio::time::timeout(LOOKUP, Box::pin(aws::loader().load()));
    let config = config.await.map_err(|_elapsed| Fault::Region("the AWS region could not be found within 20 s"))?;
    let region = aws::region(&config).map_err(Fault::Region)?;
    let provider =
        config.credentials_provider().ok_or_else(|| Fault::Credentials("no source of them is set".into()))?;
    let credentials = Arc::new(Chain { provider, loaded: Mutex::default() });
    credentials.get_credential().await.map_err(|error| Fault::of(&error))?;
    Ok((config, region, credentials))
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
