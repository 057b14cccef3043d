//! Amazon Comprehend: what it takes and charges (`terms`), and the engine that sends requests to it.
//!
//! The engine is in builds with the `comprehend` feature only. Only `engine::aws` names the SDK.

mod definition;
pub(crate) mod settings;
pub(crate) mod terms;

#[cfg(feature = "comprehend")]
mod answers;
#[cfg(feature = "comprehend")]
mod client;
#[cfg(feature = "jobs")]
mod job;
#[cfg(feature = "jobs")]
pub(super) mod job_client;
#[cfg(test)]
#[cfg(feature = "comprehend")]
mod tests;

#[cfg(feature = "comprehend")]
pub use client::Comprehend;
pub use definition::DEFINITION;
