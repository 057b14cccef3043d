//! undertone reads contact-centre transcripts and writes what their customers felt, call by call and agent by agent.

#[cfg(any(feature = "aws", feature = "object-stores"))]
mod aws;
mod batch;
mod budget;
pub mod cache;
mod canary;
#[cfg(test)]
mod cases;
mod chunk;
pub mod cli;
pub mod commands;
pub mod drift;
mod engine;
mod evaluate;
#[cfg(feature = "exchange")]
mod exchange;
mod exit;
mod explain;
mod input;
mod interrupt;
mod jobs;
pub mod language;
mod lock;
mod log;
mod metrics;
mod model;
mod nights;
pub mod output;
mod overview;
mod parallel;
mod pipeline;
mod places;
mod progress;
mod random;
mod rating;
pub mod redact;
pub mod report;
pub mod rollup;
mod sample;
pub mod sentiment;
mod settings;
mod shards;
pub mod share;
mod summary;
mod train;
pub mod transcript;
mod words;
