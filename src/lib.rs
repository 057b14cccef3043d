//! undertone reads contact-centre transcripts and writes what their customers felt, call by call and agent by agent.

pub mod batch;
pub mod budget;
pub mod cache;
#[cfg(test)]
mod cases;
pub mod chunk;
pub mod cli;
pub mod commands;
pub mod engine;
pub mod evaluate;
pub mod exit;
pub mod explain;
pub mod input;
pub mod interrupt;
pub mod language;
pub mod lock;
pub mod log;
pub mod model;
pub mod output;
pub mod overview;
mod parallel;
pub mod pipeline;
pub mod progress;
mod random;
pub mod report;
pub mod rollup;
pub mod sentiment;
pub mod settings;
pub mod summary;
pub mod train;
pub mod transcript;
mod words;
