//! What one document may be: how turns are packed into it, how large it may be, what it is charged for.

use strum::{EnumString, IntoStaticStr, VariantNames};

/// How large documents and requests may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of UTF-8 in one document.
    pub document_bytes: usize,
    /// Most documents in one request.
    pub batch_documents: usize,
}

/// What a document costs: units of so many characters, with a least number of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billing {
    /// Characters (Unicode scalar values) in one unit.
    pub unit_chars: usize,
    /// Units that any document is charged for at least.
    pub minimum_units: u64,
}

impl Billing {
    /// Units for a document of `chars` characters, if the minimum holds for each document.
    #[must_use]
    pub fn units(&self, chars: usize) -> u64 {
        (chars.div_ceil(self.unit_chars.max(1)) as u64).max(self.minimum_units)
    }

    /// Units for the characters alone, without any minimum: the least that can be billed.
    #[must_use]
    pub fn units_without_minimum(&self, chars: usize) -> u64 {
        chars.div_ceil(self.unit_chars.max(1)) as u64
    }
}

/// How a call's turns are packed into documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Granularity {
    /// One turn a document; long turns are split.
    Turn,
    /// Turns of one role packed up to a number of characters so that billed units are least.
    Segment,
    /// Turns of one role packed up to the engine's byte limit.
    Call,
}

impl Granularity {
    /// All of them, in the order in which plans list them.
    pub const ALL: [Self; 3] = [Self::Turn, Self::Segment, Self::Call];

    /// The name used in flags and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
