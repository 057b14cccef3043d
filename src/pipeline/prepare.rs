//! A call on its way through a run.

use crate::chunk::Segment;
use crate::transcript::{Call, Timeline};

/// A call with everything that scoring and rolling up need to know of it.
#[derive(Debug)]
pub struct Prepared {
    /// The call; its language is known.
    pub call: Call,
    /// Where its turns lie.
    pub timeline: Timeline,
    /// What it was cut into, in order.
    pub segments: Vec<Segment>,
    /// Whether the engine scores the call's language.
    pub language_known: bool,
}
