//! undertone reads contact-centre transcripts and writes what their customers felt, call by call and agent by agent.

pub mod commands;
pub mod engine;
pub mod evaluate;
pub mod model;
pub mod train;
pub mod transcript;
