//! Operations of AWS services with the JSON 1.1 protocol, on the official SDK's runtime.
//!
//! The runtime signs, loads and caches credentials, corrects for the service's clock, limits the time to connect and
//! does TLS. A service's generated crate is not used: it compiles all operations of the service where one is needed.
//!
//! Refuses to retry: pace, retry and deadlines are wrappers around an engine.

use std::fmt;

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
use serde::{Deserialize, Serialize};

use crate::aws;

/// A JSON request body. `Debug` prints its length, never its text.
struct Body(Vec<u8>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// A JSON answer's bytes. `Debug` prints their number.
pub(super) struct Json(Vec<u8>);

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

impl Json {
    /// The answer as a value; `None` if it is not JSON of that form.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(&self.0).ok()
    }
}

/// What a service answers in place of a result. Its message may repeat what was sent, so only [`ServiceFault::message`]
/// gives it, and `Debug` and `Display` leave it out.
pub(super) struct ServiceFault {
    /// The service's code, such as `ThrottlingException`, where it sent one.
    pub(super) code: Option<String>,
    message: Option<String>,
}

impl ServiceFault {
    /// The service's own words. Not to be shown unless they are known to repeat nothing.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Code and message of an answer: the code from the header, else from the body, without what stands around it
    /// (`aws.protocoltests#Name:http://…`).
    fn of(response: &HttpResponse) -> Self {
        let body: serde_json::Value =
            response.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned);
        let header = response.headers().get("x-amzn-errortype").map(str::to_owned);
        let code = header.or_else(|| text(&["__type", "code"])).map(|code| {
            let code = code.split(':').next().unwrap_or_default();
            code.rsplit('#').next().unwrap_or_default().to_owned()
        });
        Self { code: code.filter(|code| !code.is_empty()), message: text(&["message", "Message", "errorMessage"]) }
    }
}

impl fmt::Debug for ServiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceFault").field("code", &self.code).finish_non_exhaustive()
    }
}

impl fmt::Display for ServiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_deref().unwrap_or("the service failed"))
    }
}

impl std::error::Error for ServiceFault {}

/// The result of one request.
pub(super) type Sent = Result<Json, SdkError<ServiceFault, HttpResponse>>;

/// A service as its requests name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceName {
    /// Its id in configuration files and in `AWS_ENDPOINT_URL_…`, such as `Comprehend`.
    pub(super) id: &'static str,
    /// Its name in host names and signatures, such as `comprehend`.
    pub(super) host: &'static str,
    /// What `X-Amz-Target` puts before an operation's name, such as `Comprehend_20171127`.
    pub(super) target: &'static str,
}

/// One operation of a service, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub(super) struct JsonOperation {
    operation: Operation<Body, Json, ServiceFault>,
}

impl JsonOperation {
    /// The operation of this `name`. Credentials, region, endpoint and timeouts are those of `config`.
    ///
    /// # Panics
    /// Without a region and a source of credentials in `config`.
    pub(super) fn new(config: &SdkConfig, service: ServiceName, name: &'static str) -> Self {
        let region = config.region().expect("the caller has checked the region").clone();
        let credentials = config.credentials_provider().expect("the caller has checked the credentials");
        let target = format!("{}.{name}", service.target);
        let mut signing_options = SigningOptions::default();
        (signing_options.double_uri_encode, signing_options.normalize_uri_path) = (true, true);
        let mut layer = Layer::new("signing");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(region.clone())),
            region_set: None,
            name: Some(SigningName::from_static(service.host)),
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
            .operation_name(name)
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
            .serializer(move |body: Body| {
                let request = http::Request::post("/")
                    .header("content-type", "application/x-amz-json-1.1")
                    .header("x-amz-target", &target)
                    .header("user-agent", concat!("undertone/", env!("CARGO_PKG_VERSION")))
                    .body(SdkBody::from(body.0))?;
                Ok(HttpRequest::try_from(request)?)
            })
            .deserializer(|response: &HttpResponse| {
                if response.status().is_success() {
                    Ok(Json(response.body().bytes().unwrap_or_default().to_vec()))
                } else {
                    Err(OrchestratorError::operation(ServiceFault::of(response)))
                }
            })
            .build();
        Self { operation }
    }

    /// Sends `request` once.
    ///
    /// # Panics
    /// For a request that is no JSON, such as a map whose keys are not strings.
    pub(super) async fn send(&self, request: &impl Serialize) -> Sent {
        let body = serde_json::to_vec(request).expect("a request is plain JSON");
        self.operation.invoke(Body(body)).await
    }
}

/// Where a service's requests go: what is named for it, else its host in the region's partition.
fn endpoint(config: &SdkConfig, service: ServiceName, region: &Region) -> String {
    aws::named_endpoint(config, service.id).unwrap_or_else(|| {
        let fips = if config.use_fips() == Some(true) { "-fips" } else { "" };
        let domain = aws::domain(region.as_ref());
        let domain = if config.use_dual_stack() == Some(true) && domain == aws::DOMAIN { "api.aws" } else { domain };
        format!("https://{}{fips}.{region}.{domain}", service.host)
    })
}
