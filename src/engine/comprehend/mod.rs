//! Amazon Comprehend: what it takes and charges ([`profile`]), and the engine that sends requests to it.
//!
//! The engine is in builds with the `comprehend` feature only, and nothing outside it names the SDK.

mod definition;
mod settings;
mod terms;

#[cfg(feature = "comprehend")]
mod answers;
#[cfg(feature = "comprehend")]
mod client;
#[cfg(feature = "comprehend")]
mod connect;
#[cfg(feature = "comprehend")]
mod faults;
#[cfg(feature = "comprehend")]
mod hints;
#[cfg(test)]
#[cfg(feature = "comprehend")]
mod tests;

#[cfg(feature = "comprehend")]
pub use client::{Comprehend, ComprehendOptions};
pub use definition::DEFINITION;
pub use settings::{ComprehendSettings, PriceSettings};
pub use terms::{API_VERSION, BILLING, LANGUAGES, MAX_BATCH_DOCUMENTS, MAX_DOCUMENT_BYTES, list_price, profile};
