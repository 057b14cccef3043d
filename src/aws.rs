//! What everything on AWS shares, whatever the service: the HTTP client, the standard chain of settings and
//! credentials, and where a service's requests go.
//!
//! Refuses to know an operation: those are `engine::aws` (services) and `places` (object stores).

use std::error::Error;
use std::time::Duration;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::sdk_config::SharedAsyncSleep;
use aws_types::service_config::ServiceConfigKey;

/// The SDK's default. A connection that takes longer is taken for a service that can't be reached.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// An HTTP client with TLS by `ring` (the SDK's default compiles a C library) and the proxies that the environment names.
pub(crate) fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        connector(settings.cloned(), components.and_then(RuntimeComponents::sleep_impl))
    })
}

/// What carries single requests for such a client.
pub(crate) fn connector(settings: Option<HttpConnectorSettings>, sleep: Option<SharedAsyncSleep>) -> Connector {
    let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
    connector.set_connector_settings(settings);
    connector.set_sleep_impl(sleep);
    connector.set_proxy_config(Some(ProxyConfig::from_env()));
    connector.build()
}

/// The standard chain: environment, profile, SSO, web identity, container, instance metadata.
pub(crate) fn loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        // Callers have their own clock; a slow answer to a small request is not a stalled stream.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// The region of `config`, if one is set that can be part of a host's name.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn region(config: &SdkConfig) -> Result<String, &'static str> {
    let region = config.region().map(ToString::to_string).filter(|region| !region.is_empty());
    let region = region.ok_or("no AWS region is set")?;
    if region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Ok(region)
    } else {
        Err("what is set as the AWS region is not the name of one")
    }
}

/// The message of the source of credentials itself, such as the last words of a credential process, on one line.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let first = std::iter::successors(Some(error), |&error| error.source()).last().unwrap_or(error);
    first.to_string().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

/// Where the environment or the profile sends requests of the service with this `id`, such as `Comprehend`: what they name
/// for this service, else for all services.
pub(crate) fn named_endpoint(config: &SdkConfig, id: &'static str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = config.service_config().zip(key.ok()).and_then(|(settings, key)| settings.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// The domain of most regions.
pub(crate) const DOMAIN: &str = "amazonaws.com";

/// The domain of a region's partition, as botocore's `endpoints.json` lists them.
pub(crate) fn domain(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("eusc-", "amazonaws.eu"),
    ];
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or(DOMAIN, |(_, domain)| domain)
}
