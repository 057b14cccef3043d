//! The local model: text in, four probabilities out, without I/O, clock or randomness.

mod clauses;

pub use clauses::{Clauses, clauses};
