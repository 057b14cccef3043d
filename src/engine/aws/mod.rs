//! Requests to any AWS service, on the official SDK's runtime: JSON 1.1 and REST.
//!
//! The runtime signs, loads and caches credentials, corrects for the service's clock, limits the time to connect and
//! does TLS. A service's generated crate is not used: it compiles all operations of the service where a few are needed.
//!
//! - `connect`: region and credentials; `sender`: one request on the runtime; `request`: what goes and what comes
//! - `client`: a service as an engine asks it, with a signature that is mended; `faults`, `hints`: what failures mean
//!
//! Refuses to retry an engine's requests: pace, retry and deadlines are wrappers around an engine. [`Client::ask`], for what
//! is asked beside them (the state of an endpoint, the course of a job), sends again by itself.

#![cfg_attr(
    not(all(feature = "comprehend", feature = "sagemaker")),
    allow(dead_code, unused_imports, reason = "engines that use the rest are not in this build")
)]

mod client;
mod connect;
mod faults;
mod hints;
mod request;
mod sender;

pub(crate) use client::{Client, Failed};
pub(crate) use connect::{AwsOptions, Connection};
pub(crate) use faults::{document_may_pass, printable_code, unreadable};
#[cfg(feature = "jobs")]
pub(crate) use request::Answer;
pub(crate) use request::{Request, ServiceFault, path_part};

/// A service as its requests name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceName {
    /// Its id in configuration files and, in capitals, in `AWS_ENDPOINT_URL_…`, such as `SageMaker Runtime`.
    pub(crate) id: &'static str,
    /// What its host names begin with, such as `runtime.sagemaker`.
    pub(crate) host: &'static str,
    /// Its name in signatures, such as `sagemaker`.
    pub(crate) signing: &'static str,
    /// What `X-Amz-Target` puts before an operation's name, such as `Comprehend_20171127`; nothing where paths name
    /// operations.
    pub(crate) target: &'static str,
    /// Its name for people, such as `Amazon Comprehend`.
    pub(crate) title: &'static str,
}

/// An operation of a service, and the permission that it takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperationName {
    /// Its name, such as `BatchDetectSentiment`.
    pub(crate) name: &'static str,
    /// The IAM action that allows it, such as `comprehend:BatchDetectSentiment`.
    pub(crate) right: &'static str,
    /// What the action is allowed on, as the end of a sentence: `resource "*"`.
    pub(crate) on: &'static str,
}

/// Amazon Comprehend.
pub(crate) const COMPREHEND: ServiceName = ServiceName {
    id: "Comprehend",
    host: "comprehend",
    signing: "comprehend",
    target: "Comprehend_20171127",
    title: "Amazon Comprehend",
};

/// Models on Amazon Bedrock.
#[cfg(feature = "bedrock")]
pub(crate) const BEDROCK: ServiceName = ServiceName {
    id: "Bedrock Runtime",
    host: "bedrock-runtime",
    signing: "bedrock",
    target: "",
    title: "Amazon Bedrock",
};
