//! What became of a segment: scores, or why there are none.

use serde::{Deserialize, Serialize};

use super::scores::Scores;

/// The engine does not know the call's language.
pub const UNSUPPORTED_LANGUAGE: &str = "unsupported_language";
/// Nothing in the segment counts as a word: its score would weigh nothing, and would still be paid for.
pub const NO_WORDS: &str = "no_words";

/// What became of a segment.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Scored by the engine in this run, by this segment or by one with the same text.
    Scored(Scores),
    /// Answered from stored scores.
    Cached(Scores),
    /// Sent, and not scored.
    Failed {
        /// The engine's code, or one of the program's own.
        reason: Box<str>,
        /// How many times it was sent.
        attempts: u32,
    },
    /// Never sent.
    Skipped {
        /// Why.
        reason: &'static str,
    },
}

impl Outcome {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Scored(_) => "scored",
            Self::Cached(_) => "cached",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// The scores, if there are any.
    #[must_use]
    pub const fn scores(&self) -> Option<&Scores> {
        match self {
            Self::Scored(scores) | Self::Cached(scores) => Some(scores),
            Self::Failed { .. } | Self::Skipped { .. } => None,
        }
    }

    /// Why there are none; nothing if there are.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Failed { reason, .. } => reason,
            Self::Skipped { reason } => reason,
            Self::Scored(_) | Self::Cached(_) => "",
        }
    }
}

/// What became of all segments; the four parts always sum to the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentCounts {
    /// Segments of all calls.
    pub segments: u64,
    /// Scored by the engine in this run, identical texts included.
    pub scored: u64,
    /// Answered from stored scores.
    pub cached: u64,
    /// Sent, and not scored.
    pub failed: u64,
    /// Never sent.
    pub skipped: u64,
    /// Those of the skipped that hold no word, of which nothing was lost.
    pub skipped_without_words: u64,
}

impl SegmentCounts {
    /// Counts a segment's outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        self.segments += 1;
        match outcome {
            Outcome::Scored(_) => self.scored += 1,
            Outcome::Cached(_) => self.cached += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Skipped { reason } => {
                self.skipped += 1;
                self.skipped_without_words += u64::from(*reason == NO_WORDS);
            }
        }
    }

    /// Adds the counts of other segments.
    pub const fn merge(&mut self, other: &Self) {
        self.segments += other.segments;
        self.scored += other.scored;
        self.cached += other.cached;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.skipped_without_words += other.skipped_without_words;
    }

    /// Whether everything that holds words was scored.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.failed == 0 && self.skipped == self.skipped_without_words
    }

    /// Whether every segment has one outcome.
    #[must_use]
    pub const fn reconcile(&self) -> bool {
        self.segments == self.scored + self.cached + self.failed + self.skipped
    }
}
