//! undertone reads contact-centre transcripts and writes what their customers felt, call by call and agent by agent.

pub mod budget;
pub mod cache;
pub mod commands;
pub mod engine;
pub mod interrupt;
pub mod lock;
pub mod transcript;
