//! One request to one service: signed, sent once, and read to its end.

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};

use super::ServiceName;
use super::request::{Answer, Request, ServiceFault};
use crate::aws;

/// The result of one request.
pub(super) type Sent = Result<Answer, SdkError<ServiceFault, HttpResponse>>;

/// A way to a service, by which any number of requests can be sent.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    operation: Operation<Request, Answer, ServiceFault>,
}

impl Sender {
    /// The way to `service`. Credentials, region, endpoint and timeouts are those of `config`.
    ///
    /// # Panics
    /// Without a region and a source of credentials in `config`.
    pub(super) fn new(config: &SdkConfig, service: &ServiceName) -> Self {
        let region = config.region().expect("the caller has checked the region").clone();
        let credentials = config.credentials_provider().expect("the caller has checked the credentials");
        let mut signing_options = SigningOptions::default();
        // Paths are encoded once more in what is signed, as all services but S3 do it.
        (signing_options.double_uri_encode, signing_options.normalize_uri_path) = (true, true);
        let mut layer = Layer::new("signing");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(region.clone())),
            region_set: None,
            name: Some(SigningName::from_static(service.signing)),
            signing_options,
        });
        let components = RuntimeComponentsBuilder::new("signing")
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
                StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]),
            )))
            .with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials))
            .with_interceptor(SharedInterceptor::permanent(ServiceClockSkewInterceptor::new()))
            .with_interceptor(SharedInterceptor::permanent(InvocationIdInterceptor::new()))
            .with_identity_cache(config.identity_cache());
        let mut builder = Operation::builder()
            .service_name(service.id)
            .operation_name("request")
            .http_client(config.http_client().unwrap_or_else(aws::http_client))
            .timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .endpoint_url(&endpoint(config, service, &region))
            .no_retry()
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .with_connection_poisoning()
            .runtime_plugin(StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components));
        if let Some(sleep) = config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        let operation = builder
            .serializer(|request: Request| {
                let mut built = http::Request::builder().method(request.method).uri(request.path);
                for (name, value) in request.headers {
                    built = built.header(name, value);
                }
                let built = built
                    .header("user-agent", concat!("undertone/", env!("CARGO_PKG_VERSION")))
                    .body(SdkBody::from(request.body))?;
                Ok(HttpRequest::try_from(built)?)
            })
            .deserializer(|response: &HttpResponse| {
                if response.status().is_success() {
                    Ok(Answer::of(response))
                } else {
                    Err(OrchestratorError::operation(ServiceFault::of(response)))
                }
            })
            .build();
        Self { operation }
    }

    /// Sends `request` once.
    pub(super) async fn send(&self, request: Request) -> Sent {
        self.operation.invoke(request).await
    }
}

/// Where a service's requests go: what is named for it, else its host in the region's partition.
fn endpoint(config: &SdkConfig, service: &ServiceName, region: &Region) -> String {
    aws::named_endpoint(config, service.id).unwrap_or_else(|| {
        let fips = if config.use_fips() == Some(true) { "-fips" } else { "" };
        let domain = aws::domain(region.as_ref());
        let domain = if config.use_dual_stack() == Some(true) && domain == aws::DOMAIN { "api.aws" } else { domain };
        // `runtime-fips.sagemaker`, by botocore's rules of endpoints.
        let (first, rest) = service.host.split_at(service.host.find('.').unwrap_or(service.host.len()));
        format!("https://{first}{fips}{rest}.{region}.{domain}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_the_services_own_rules() {
        let service = |host| ServiceName { id: "Any", host, signing: "any", target: "", title: "Any" };
        let at = |host, region, fips| {
            let region = Region::new(region);
            let config = SdkConfig::builder().region(region.clone()).use_fips(fips).build();
            endpoint(&config, &service(host), &region)
        };
        assert_eq!(at("comprehend", "eu-west-1", false), "https://comprehend.eu-west-1.amazonaws.com");
        assert_eq!(at("comprehend", "us-east-1", true), "https://comprehend-fips.us-east-1.amazonaws.com");
        assert_eq!(
            at("runtime.sagemaker", "us-east-1", true),
            "https://runtime-fips.sagemaker.us-east-1.amazonaws.com"
        );
        assert_eq!(at("api.sagemaker", "cn-north-1", false), "https://api.sagemaker.cn-north-1.amazonaws.com.cn");
    }
}
