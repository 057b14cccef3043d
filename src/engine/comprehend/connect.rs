//! Finds region and credentials and makes the operation that requests are sent with.
//!
//! Both come from the SDK's standard chain (environment, profile, SSO, web identity, container, instance metadata),
//! with region and profile overridden where the settings have them; [`aws`] finds the endpoint. Each lookup has a
//! time limit. They happen before the first request, so that without an account the run ends within seconds, and again
//! when credentials have expired.

use std::future::Future;

use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_credential_types::provider::ProvideCredentials as _;

use super::ComprehendOptions;
use super::faults::error;
use crate::aws;
use crate::engine::aws::{JsonOperation, ServiceName};
use crate::engine::{EngineError, ErrorKind};

/// Comprehend in configuration, host names and requests.
pub(super) const SERVICE: ServiceName =
    ServiceName { id: "Comprehend", host: "comprehend", target: "Comprehend_20171127" };
/// The one operation that is asked for.
pub(super) const OPERATION: &str = "BatchDetectSentiment";

/// The operation and the region that it is sent to.
pub(super) async fn operation(options: &ComprehendOptions) -> Result<(JsonOperation, String), EngineError> {
    let mut loader = aws::loader().retry_config(RetryConfig::disabled());
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let config = bounded(options, "no_region", "the AWS region", Box::pin(loader.load())).await?;
    let region = aws::region(&config).map_err(|wrong| refused("no_region", wrong))?;
    let provider = config
        .credentials_provider()
        .ok_or_else(|| refused("no_credentials", "no source of AWS credentials is set"))?;
    bounded(options, "no_credentials", "AWS credentials", provider.provide_credentials())
        .await?
        .map_err(|error| refused("no_credentials", format!("no usable AWS credentials: {}", aws::innermost(&error))))?;
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

fn refused(code: &str, message: impl Into<String>) -> EngineError {
    error(ErrorKind::Refused, code, message)
}
