//! undertone reads contact-centre transcripts and writes what their customers felt, call by call and agent by agent.

pub mod cache;
pub mod engine;
pub mod transcript;
