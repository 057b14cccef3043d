//! From a call as it was read to the documents that will be asked for: language, time line, segments.
//!
//! Pure work on one call at a time, so that it runs on all cores.

use std::sync::Arc;

use crate::cache::{Key, Memory};
use crate::chunk::{ChunkOptions, Segment, segments};
use crate::engine::Profile;
use crate::language::{Evidence, Found};
use crate::sentiment::{NO_WORDS, Scores, UNSUPPORTED_LANGUAGE};
use crate::transcript::{Call, Timeline};

/// What all calls of a run are prepared by.
#[derive(Debug, Clone)]
pub struct PrepareOptions {
    /// How calls are cut.
    pub chunk: ChunkOptions,
    /// Language codes that the engine scores.
    pub languages: &'static [&'static str],
    /// What calls of too few words are taken to be in.
    pub evidence: Arc<Evidence>,
    /// Where texts are known already; `None` for an engine that charges nothing.
    pub memory: Option<Memory>,
}

impl PrepareOptions {
    /// Preparation for an engine.
    #[must_use]
    pub const fn new(chunk: ChunkOptions, profile: &Profile, evidence: Arc<Evidence>, memory: Option<Memory>) -> Self {
        Self { chunk, languages: profile.languages, evidence, memory }
    }
}

/// What is known of a segment's text before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// What it is known by.
    pub key: Key,
    /// Its scores, if they were paid for.
    pub stored: Option<Scores>,
}

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
    /// Whether the call's language is not given and its own words are too few for it.
    pub language_assumed: bool,
    /// What is known of each segment; empty without a memory, or in a language that the engine lacks.
    pub known: Vec<Known>,
}

impl Prepared {
    /// Finds the call's language if nothing gave it, measures it and cuts it.
    #[must_use]
    pub fn of(mut call: Call, options: &PrepareOptions) -> Self {
        let mut language_assumed = false;
        if call.language.is_none() {
            let Found { code, assumed } = options.evidence.language(&call, options.languages);
            call.language = Some(code.into());
            language_assumed = assumed;
        }
        let language_known = call.language.as_deref().is_some_and(|code| options.languages.contains(&code));
        let timeline = Timeline::of(&call);
        let segments = segments(&call, &timeline, &options.chunk);
        let memory = options.memory.as_ref().filter(|_| language_known);
        let known = memory.map_or_else(Vec::new, |memory| known(&call, &segments, memory));
        Self { call, timeline, segments, language_known, language_assumed, known }
    }

    /// The call's language code.
    #[must_use]
    pub fn language(&self) -> &str {
        self.call.language.as_deref().unwrap_or_default()
    }

    /// Why a segment will not be sent, if it will not.
    #[must_use]
    pub const fn skipped(&self, segment: &Segment) -> Option<&'static str> {
        if !self.language_known {
            Some(UNSUPPORTED_LANGUAGE)
        } else if segment.words == 0 {
            Some(NO_WORDS)
        } else {
            None
        }
    }
}

/// Looks all segments of a call up.
fn known(call: &Call, segments: &[Segment], memory: &Memory) -> Vec<Known> {
    let language = call.language.as_deref().unwrap_or_default();
    let keys: Vec<Key> = segments.iter().map(|segment| memory.scorer.key(language, &segment.text(call))).collect();
    let stored = memory.store.lookup(&keys);
    keys.into_iter().zip(stored).map(|(key, stored)| Known { key, stored }).collect()
}
