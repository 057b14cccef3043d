//! undertone reads contact-centre transcripts and writes what their customers felt, call by call and agent by agent.

pub mod chunk;
pub mod cli;
pub mod commands;
pub mod engine;
pub mod exit;
pub mod explain;
pub mod log;
pub mod output;
pub mod pipeline;
pub mod progress;
pub mod report;
pub mod rollup;
pub mod settings;
pub mod summary;
pub mod transcript;
