//! Finds region and credentials and makes the operation that requests are sent with.
//!
//! Both come from the SDK's standard chain (environment, profile, SSO, web identity, container, instance metadata),
//! with region and profile overridden where the settings have them; [`aws`] finds the endpoint. Each lookup has a
//! time limit. They happen before the first request, so that without an account the run ends within seconds, and again
//! when credentials have expired.

use std::future::Future;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::ProvideCredentials as _;

use super::ComprehendOptions;
use super::faults::error;
use crate::engine::aws::{self, JsonOperation, ServiceName};
use crate::engine::{EngineError, ErrorKind};

/// Comprehend in configuration, host names and requests.
pub(super) const SERVICE: ServiceName =
    ServiceName { id: "Comprehend", host: "comprehend", target: "Comprehend_20171127" };
/// The one operation that is asked for.
pub(super) const OPERATION: &str = "BatchDetectSentiment";

/// The SDK's default. A connection that takes longer is taken for a service that can't be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// The operation and the region that it is sent to.
pub(super) async fn operation(options: &ComprehendOptions) -> Result<(JsonOperation, String), EngineError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws::http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        // The wrappers' deadline is the one clock; a slow answer to a small request is not a stalled stream.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let config = bounded(options, "no_region", "the AWS region", Box::pin(loader.load())).await?;
    let region = config.region().map(ToString::to_string).filter(|region| !region.is_empty());
    let region = region.ok_or_else(|| refused("no_region", "no AWS region is set"))?;
    // The region becomes part of a host's name.
    if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(refused("no_region", "what is set as the AWS region is not the name of one"));
    }
    let provider = config
        .credentials_provider()
        .ok_or_else(|| refused("no_credentials", "no source of AWS credentials is set"))?;
    bounded(options, "no_credentials", "AWS credentials", provider.provide_credentials())
        .await?
        .map_err(|error| refused("no_credentials", format!("no usable AWS credentials: {}", innermost(&error))))?;
    Ok((JsonOperation::new(&config, SERVICE, OPERATION), region))
}

async fn bounded<T>(
    options: &ComprehendOptions,
    code: &str,
    what: &str,
    lookup: impl Future<Output = T>,
) -> Result<T, EngineError> {
    tokio::time::timeout(options.lookup_timeout, lookup).await.map_err(|_elapsed| {
        refused(code, format!("{what} could not be found within {:.0} s", options.lookup_timeout.as_secs_f64()))
    })
}

/// The message of the source of credentials itself, such as the last words of a credential process, on one line.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let first = std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error);
    first.to_string().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn refused(code: &str, message: impl Into<String>) -> EngineError {
    error(ErrorKind::Refused, code, message)
}
