//! Finds region and credentials, before the first request and again when credentials have expired.
//!
//! Both come from the SDK's standard chain (environment, profile, SSO, web identity, container, instance metadata),
//! with region and profile overridden where the settings have them; [`aws`] finds the endpoint. Each lookup has a
//! time limit, so that without an account the run ends within seconds.

use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;

use super::hints;
use crate::aws;
use crate::engine::{EngineError, ErrorKind};

/// Where and how to reach AWS; what is `None` comes from the SDK's standard chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsOptions {
    /// AWS region, before `AWS_REGION` and the profile's.
    pub region: Option<String>,
    /// Profile of the shared AWS configuration, before `AWS_PROFILE`.
    pub profile: Option<String>,
    /// Time to find the region, and then the credentials. Bounds what a metadata service that does not exist costs.
    pub lookup_timeout: Duration,
}

impl Default for AwsOptions {
    /// Everything from the chain, 10 s a lookup.
    fn default() -> Self {
        Self { region: None, profile: None, lookup_timeout: Duration::from_secs(10) }
    }
}

/// A region and a source of credentials that has given some.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(super) config: SdkConfig,
    pub(super) region: String,
    /// What it was made from, to make it again; `None` for one that was handed in.
    pub(super) options: Option<AwsOptions>,
}

impl Connection {
    /// Finds region and credentials. Sends nothing to a service that is charged.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] without a region or without credentials, with a hint.
    pub(crate) async fn open(options: &AwsOptions) -> Result<Self, EngineError> {
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
        bounded(options, "no_credentials", "AWS credentials", provider.provide_credentials()).await?.map_err(
            |error| refused("no_credentials", format!("no usable AWS credentials: {}", aws::innermost(&error))),
        )?;
        Ok(Self { config, region, options: Some(options.clone()) })
    }

    /// The AWS region that requests go to.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// One that a test makes.
    #[cfg(test)]
    pub(crate) fn with_config(config: SdkConfig) -> Self {
        let region = config.region().expect("a test states the region").to_string();
        Self { config, region, options: None }
    }
}

async fn bounded<T>(
    options: &AwsOptions,
    code: &str,
    what: &str,
    lookup: impl Future<Output = T>,
) -> Result<T, EngineError> {
    tokio::time::timeout(options.lookup_timeout, lookup).await.map_err(|_elapsed| {
        refused(code, format!("{what} could not be found within {:.0} s", options.lookup_timeout.as_secs_f64()))
    })
}

fn refused(code: &str, message: impl Into<String>) -> EngineError {
    let error = EngineError::new(ErrorKind::Refused, message).with_code(code);
    EngineError { hint: hints::of_connection(code).map(Into::into), ..error }
}
