//! Roll up: what happens to calls once they are scored.

mod fold;
mod overview;
mod prepare;

pub use fold::{Fold, FoldOptions, SegmentCounts};
pub use overview::{BARS, Labels, NamedCall, Overview};
pub use prepare::Prepared;
