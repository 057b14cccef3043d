//! A model of one's own on Amazon SageMaker: on an endpoint through `InvokeEndpoint`, or in jobs of Batch Transform.
//!
//! - `settings`, `terms`: what can be chosen, and what the rest of the program knows of it, in every build
//! - `format`: the formats by name; `payload`: what containers are sent; `reader`: what they answer, one reader for all
//! - `faults`: what a failed request means; `identity`: which model stands behind the endpoint
//! - `client`: the engine; `connect`: what is settled before any text of a transcript is sent
//! - `job`, `job_client`: its jobs
//!
//! Refuses to show a message of the service: a container's error may repeat the text that it could not read.

mod definition;
mod format;
mod settings;
mod terms;

#[cfg(feature = "sagemaker")]
mod client;
#[cfg(feature = "sagemaker")]
mod connect;
#[cfg(feature = "sagemaker")]
mod faults;
#[cfg(feature = "sagemaker")]
mod identity;
#[cfg(all(feature = "jobs", feature = "sagemaker"))]
mod job;
#[cfg(all(feature = "jobs", feature = "sagemaker"))]
mod job_client;
#[cfg(feature = "sagemaker")]
mod payload;
#[cfg(feature = "sagemaker")]
mod reader;

pub use definition::DEFINITION;
