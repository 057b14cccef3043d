//! From a call as it was read to the documents that will be asked for: language, time line, segments.
//!
//! Pure work on one call at a time, so that it runs on all cores.

use std::sync::Arc;

use crate::cache::{Key, ScoreStore, Scorer};
use crate::chunk::{ChunkOptions, Segment, segments};
use crate::engine::Profile;
use crate::language;
use crate::sentiment::{NO_WORDS, Scores, UNSUPPORTED_LANGUAGE};
use crate::transcript::{Call, Timeline};

/// What all calls of a run are prepared by.
#[derive(Debug, Clone)]
pub struct PrepareOptions {
    /// How calls are cut.
    pub chunk: ChunkOptions,
    /// Language codes that the engine scores.
    pub languages: &'static [&'static str],
    /// Whose keys texts are known by; `None` for an engine that charges nothing.
    pub scorer: Option<Scorer>,
    /// Scores of earlier runs.
    pub store: Option<Arc<ScoreStore>>,
}

impl PrepareOptions {
    /// Preparation for an engine.
    #[must_use]
    pub fn new(chunk: ChunkOptions, profile: &Profile, store: Option<Arc<ScoreStore>>) -> Self {
        let scorer = profile.billing.map(|_| Scorer::of(profile));
        Self { chunk, languages: profile.languages, scorer, store }
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
    /// What is known of each segment; empty without a scorer, or in a language that the engine lacks.
    pub known: Vec<Known>,
}

impl Prepared {
    /// Finds the call's language if nothing gave it, measures it and cuts it.
    #[must_use]
    pub fn of(mut call: Call, options: &PrepareOptions) -> Self {
        let language = call.language.take().unwrap_or_else(|| language::detect(&call));
        let language_known = options.languages.contains(&&*language);
        call.language = Some(language);
        let timeline = Timeline::of(&call);
        let segments = segments(&call, &timeline, &options.chunk);
        let scorer = options.scorer.as_ref().filter(|_| language_known);
        let known = scorer.map_or_else(Vec::new, |scorer| known(&call, &segments, scorer, options.store.as_deref()));
        Self { call, timeline, segments, language_known, known }
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
fn known(call: &Call, segments: &[Segment], scorer: &Scorer, store: Option<&ScoreStore>) -> Vec<Known> {
    let language = call.language.as_deref().unwrap_or_default();
    let keys: Vec<Key> = segments.iter().map(|segment| scorer.key(language, &segment.text(call))).collect();
    let stored = store.map_or_else(|| vec![None; keys.len()], |store| store.lookup(&keys));
    keys.into_iter().zip(stored).map(|(key, stored)| Known { key, stored }).collect()
}
