//! Which model stands behind an endpoint: its configuration, the digests of its images, its artifacts.
//!
//! The endpoint's name is no identity, for an update puts other models behind it. What the settings choose (format,
//! labels, variant) is part of it, since it decides scores too.

use std::fmt::Write as _;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::aws::{Client, Failed, OperationName};
use crate::engine::watched::{Look, misconfigured};
use crate::engine::{EngineError, ErrorKind};

const ENDPOINT: OperationName = describe("DescribeEndpoint", "sagemaker:DescribeEndpoint");
const CONFIG: OperationName = describe("DescribeEndpointConfig", "sagemaker:DescribeEndpointConfig");
const MODEL: OperationName = describe("DescribeModel", "sagemaker:DescribeModel");
const COMPONENT: OperationName = describe("DescribeInferenceComponent", "sagemaker:DescribeInferenceComponent");

const fn describe(name: &'static str, right: &'static str) -> OperationName {
    OperationName { name, right, on: "the endpoint, its configuration and its model" }
}

/// States of an endpoint in which it answers.
const SERVING: [&str; 4] = ["InService", "Updating", "SystemUpdating", "RollingBack"];

/// Reads the identity of what an endpoint serves.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) component: Option<String>,
    /// A version that the settings state: enough where the endpoint may not be described.
    pub(super) version: Option<String>,
    /// What the settings choose, as one text.
    pub(super) chosen: String,
    /// The model that jobs use, which must be the endpoint's.
    pub(super) model: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_config_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_component_name: Option<&'a str>,
}

const NONE: Named<'static> =
    Named { endpoint_name: None, endpoint_config_name: None, model_name: None, inference_component_name: None };

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct EndpointState {
    endpoint_status: Option<String>,
    endpoint_config_name: Option<String>,
    production_variants: Vec<Variant>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Variant {
    variant_name: Option<String>,
    model_name: Option<String>,
    deployed_images: Vec<Image>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Image {
    specified_image: Option<String>,
    resolved_image: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct EndpointConfig {
    production_variants: Vec<Variant>,
}

/// The fields that decide what a model is: images and artifacts, whatever containers it has. Names and times do not.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Model {
    primary_container: serde_json::Value,
    containers: serde_json::Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Component {
    specification: serde_json::Value,
    inference_component_status: Option<String>,
}

impl Endpoint {
    /// The identity by what the service describes.
    async fn described(&self) -> Result<String, EngineError> {
        let named = Named { endpoint_name: Some(&self.name), ..NONE };
        let state: EndpointState = self.client.ask(&ENDPOINT, &named).await.map_err(|failed| self.unknown(failed))?;
        let status = state.endpoint_status.unwrap_or_default();
        if !SERVING.contains(&status.as_str()) {
            return Err(not_serving(&status));
        }
        let config = state.endpoint_config_name.unwrap_or_default();
        let mut facts = format!("{config}\n");
        for variant in &state.production_variants {
            note(&mut facts, variant);
        }
        let named = Named { endpoint_config_name: Some(&config), ..NONE };
        let configured: EndpointConfig = self.client.ask(&CONFIG, &named).await.map_err(refused)?;
        for variant in &configured.production_variants {
            note(&mut facts, variant);
            self.check(variant)?;
            if let Some(model) = &variant.model_name {
                let model: Model =
                    self.client.ask(&MODEL, &Named { model_name: Some(model), ..NONE }).await.map_err(refused)?;
                let _ = writeln!(facts, "{} {}", model.primary_container, model.containers);
            }
        }
        if let Some(name) = &self.component {
            let named = Named { inference_component_name: Some(name), ..NONE };
            let component: Component = self.client.ask(&COMPONENT, &named).await.map_err(refused)?;
            let status = component.inference_component_status.unwrap_or_default();
            if !SERVING.contains(&status.as_str()) {
                return Err(not_serving(&status));
            }
            let _ = writeln!(facts, "{}", component.specification);
        }
        Ok(format!("{config} {}", self.hash(&facts)))
    }

    fn check(&self, variant: &Variant) -> Result<(), EngineError> {
        match (&self.model, &variant.model_name) {
            (Some(ours), Some(other)) if ours != other => {
                let message =
                    format!("jobs are to use the model {}, and the endpoint has another one", printable(ours));
                let hint = "their scores are not one model's: leave sagemaker.endpoint out, or name its model";
                Err(misconfigured(message, hint))
            }
            _ => Ok(()),
        }
    }

    fn hash(&self, facts: &str) -> String {
        hash(&self.chosen, facts)
    }

    /// The refusal where the endpoint can't be described.
    fn unknown(&self, failed: Failed) -> EngineError {
        let error = refused(failed);
        match error.kind {
            ErrorKind::Refused if error.code.as_deref().is_some_and(|code| code.starts_with("Validation")) => {
                EngineError { message: format!("there is no endpoint {}", printable(&self.name)), ..error }
                    .with_hint("check sagemaker.endpoint and the region; undertone never creates one")
            }
            _ => error,
        }
    }
}

/// Sixteen characters that differ for other facts and other settings.
fn hash(chosen: &str, facts: &str) -> String {
    let hash = blake3::hash(format!("{chosen}\n{facts}").as_bytes()).to_hex();
    hash.chars().take(16).collect()
}

/// What decides scores of a model without an endpoint: its images and artifacts, or a version that the settings state.
///
/// # Errors
/// [`EngineError`] where it may not be described and no version is stated.
#[cfg(feature = "jobs")]
pub(super) async fn of_model(
    client: &Client,
    name: &str,
    version: Option<&str>,
    chosen: &str,
) -> Result<String, EngineError> {
    let facts = match client.ask::<Model>(&MODEL, &Named { model_name: Some(name), ..NONE }).await {
        Ok(model) => format!("{} {}", model.primary_container, model.containers),
        Err(failed) => match (refused(failed), version) {
            (error, Some(version)) if is_denied(&error) => return Ok(format!("{version} {}", hash(chosen, version))),
            (error, None) if is_denied(&error) => {
                let hint = "allow sagemaker:DescribeModel, by which stored scores are told apart, or state a version of your own \
                            with sagemaker.model-version";
                return Err(error.with_hint(hint));
            }
            (error, _) if error.code.as_deref().is_some_and(|code| code.starts_with("Validation")) => {
                let error = EngineError { message: format!("there is no model {}", printable(name)), ..error };
                return Err(error.with_hint("check sagemaker.model-name and the region; undertone never creates one"));
            }
            (error, _) => return Err(error),
        },
    };
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    Ok(format!("{name} {}{version}", hash(chosen, &facts)))
}

fn note(facts: &mut String, variant: &Variant) {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    let _ = write!(facts, "{} {}", name(&variant.variant_name), name(&variant.model_name));
    for image in &variant.deployed_images {
        let image = image.resolved_image.as_ref().or(image.specified_image.as_ref());
        let _ = write!(facts, " {}", image.map_or("", String::as_str));
    }
    facts.push('\n');
}

/// What a service rejects of a description ends the run: nothing of it depends on a text.
fn refused(failed: Failed) -> EngineError {
    let error = failed.error;
    if error.kind == ErrorKind::Rejected { EngineError { kind: ErrorKind::Refused, ..error } } else { error }
}

fn not_serving(status: &str) -> EngineError {
    let message = format!("the endpoint is not in service: its state is {}", printable(status));
    let hint = "wait until it is InService, or repair it; undertone never creates or starts one";
    EngineError::new(ErrorKind::Refused, message).with_code("endpoint_not_in_service").with_hint(hint)
}

/// A name or a state as it may be shown.
fn printable(name: &str) -> String {
    crate::engine::aws::printable_code(name)
}

#[async_trait]
impl Look for Endpoint {
    async fn identity(&self) -> Result<String, EngineError> {
        match (self.described().await, &self.version) {
            (Ok(described), Some(version)) => Ok(format!("{described} {version}")),
            (Err(error), Some(version)) if is_denied(&error) => Ok(format!("{version} {}", self.hash(version))),
            (Err(error), None) if is_denied(&error) => {
                let hint = "allow sagemaker:DescribeEndpoint, DescribeEndpointConfig and DescribeModel, by which stored scores are \
                            told apart, or state a version of your own with sagemaker.model-version";
                Err(error.with_hint(hint))
            }
            (described, _) => described,
        }
    }
}

fn is_denied(error: &EngineError) -> bool {
    error.code.as_deref().is_some_and(|code| code.starts_with("AccessDenied"))
}
