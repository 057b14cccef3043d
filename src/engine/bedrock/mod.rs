//! A language model on Amazon Bedrock as the judge of texts, through `Converse`: several texts a request, one label each.
//!
//! - `settings`, `terms`: what can be chosen, what is charged, where texts go; `definition`: as the registry lists it
//! - `form`: the prompt, the schema and the three forms of a bound answer; `request`: bodies; `answer`: what comes back
//! - `judge`: the engine, one request a batch; `faults`: what failures mean here; `pace`: tokens a minute
//! - `again`: texts without a label once more, then one by one; `probe`: which form the model takes, before any text of a call
//! - `calibration`: labels to probabilities
//! - `job`, `job_client`: batch inference; `job_records`: bodies of requests in a file, answers in another
//!
//! A label is no probability: without a calibration file its four scores are 1 and 0. Refuses to ask the model how sure it
//! is, and to show a message of the service, which may repeat what was sent.

mod definition;
mod form;
pub(crate) mod settings;
mod terms;

#[cfg(feature = "bedrock")]
mod again;
#[cfg(feature = "bedrock")]
mod answer;
#[cfg(feature = "bedrock")]
mod calibration;
#[cfg(feature = "bedrock")]
mod faults;
#[cfg(all(feature = "bedrock", feature = "jobs"))]
mod job;
#[cfg(all(feature = "bedrock", feature = "jobs"))]
mod job_client;
#[cfg(all(feature = "bedrock", feature = "jobs"))]
mod job_records;
#[cfg(feature = "bedrock")]
mod judge;
#[cfg(feature = "bedrock")]
mod pace;
#[cfg(feature = "bedrock")]
mod probe;
#[cfg(feature = "bedrock")]
mod request;

pub use definition::{DEFINITION, is_calibrated};
