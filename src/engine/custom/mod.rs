//! A classifier of one's own labels, trained and hosted by Amazon Comprehend: through `ClassifyDocument` on an endpoint, or in
//! jobs, which need none.
//!
//! - `settings`, `terms`: what can be chosen, and what the rest of the program knows of it, in every build
//! - `answer`: classes of an answer to scores; `client`: the engine; `connect`: what is settled before any text is sent
//! - `job`: its jobs
//!
//! Refuses classifiers of independent labels, whose numbers are no probabilities of one another.

mod definition;
mod settings;
mod terms;

#[cfg(feature = "comprehend")]
mod answer;
#[cfg(feature = "comprehend")]
mod client;
#[cfg(feature = "comprehend")]
mod connect;
#[cfg(feature = "jobs")]
mod job;

pub use definition::DEFINITION;
