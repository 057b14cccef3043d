//! The nouns of scoring: scores, label, outcome, document, and the whole millionths that they are counted in.
//!
//! Every room from chunk to report uses these types; this room imports no other.

mod document;
mod fixed;
mod label;
mod outcome;
mod scores;

pub use document::{Billing, Granularity, Limits};
pub use fixed::Millionths;
pub(crate) use fixed::mean;
pub use label::{Label, UnknownLabel};
pub use outcome::{NO_WORDS, Outcome, SegmentCounts, UNSUPPORTED_LANGUAGE};
pub use scores::{FixedScores, InvalidScores, Scores};
