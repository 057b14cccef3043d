//! From a call as it was read to the documents that will be asked for: language, time line, segments, texts.
//!
//! Pure work on one call at a time, so that it runs on all cores. This is the one place where a document's text is
//! made: its id is a hash of the very text that is sent.

use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cache::{Key, KeySet, ScoreStore, Scorer};
use crate::chunk::{ChunkOptions, Piece, Segment, segments};
use crate::engine::{Languages, Profile};
use crate::language::{Evidence, Found};
use crate::redact::{Mask, Redactor};
use crate::sentiment::{Billing, NO_WORDS, Scores, UNSUPPORTED_LANGUAGE};
use crate::transcript::{Call, Text, Timeline};

/// What all calls of a run are prepared by.
#[derive(Debug, Clone)]
pub struct PrepareOptions {
    /// How calls are cut.
    pub chunk: ChunkOptions,
    /// Languages that the engine scores.
    pub languages: Languages,
    /// What calls of too few words are taken to be in.
    pub evidence: Arc<Evidence>,
    /// Whose ids documents have; `None` for an engine whose scores are not kept.
    pub scorer: Option<Scorer>,
    /// Scores of earlier runs.
    pub store: Option<Arc<ScoreStore>>,
    /// What is kept back; `None` where texts are sent as they are.
    pub redactor: Option<Arc<Redactor>>,
    /// Whether each document is sent as one line.
    pub one_line: bool,
    /// How many units a document has, of an engine that is charged by them.
    pub billing: Option<Billing>,
    /// What jobs of this run have made known.
    pub from_jobs: Arc<FromJobs>,
}

/// What is known of texts by jobs.
#[derive(Debug, Default)]
pub struct FromJobs {
    /// Texts that were sent for this run: their stored scores are its own.
    pub(crate) fresh: KeySet,
    /// Texts that a job could not score, with its codes; they are not sent again.
    pub(crate) failures: FxHashMap<Key, Box<str>>,
}

impl PrepareOptions {
    /// Preparation for an engine.
    pub fn new(
        chunk: ChunkOptions,
        profile: &Profile,
        evidence: Arc<Evidence>,
        store: Option<Arc<ScoreStore>>,
        redactor: Option<Arc<Redactor>>,
    ) -> Self {
        let scorer = profile.is_stored.then(|| Scorer::of(profile));
        Self {
            chunk,
            languages: profile.languages.clone(),
            evidence,
            scorer,
            store,
            redactor,
            one_line: profile.one_line,
            billing: profile.price.billing(),
            from_jobs: Arc::default(),
        }
    }
}

/// What a segment needs to get its outcome.
#[derive(Debug)]
pub enum Step {
    /// Nothing: it is not scored, for this reason.
    Skip(&'static str),
    /// Nothing but the scores that were stored for its text.
    Reuse {
        /// Hash of the engine, the language and the text.
        id: Key,
        /// The stored scores.
        scores: Scores,
        /// Whether a job of this run has brought them.
        is_fresh: bool,
    },
    /// Nothing: a job could not score its text, for this reason.
    Fail(Box<str>),
    /// The engine's answer to its text.
    Score {
        /// Hash of the engine, the language and the text; `None` without a scorer.
        id: Option<Key>,
        /// The document.
        text: Text,
    },
}

/// A call as it may be sent: its language is known, it is measured, and what is to be kept back is out of its turns.
#[derive(Debug)]
pub struct Measured {
    /// The call; its language is known.
    pub call: Call,
    /// Where its turns lie, by the words that were said.
    pub timeline: Timeline,
    /// Whether the call's language is not given and its own words are too few for it.
    pub language_assumed: bool,
    /// What stands in its turns for what was kept back, in order.
    pub masks: Vec<Mask>,
}

impl Measured {
    /// Finds the call's language if nothing gave it, measures it and keeps back what is to be kept back.
    ///
    /// The language comes first, because its words decide what is found; the words that were said are what is measured.
    pub fn of(mut call: Call, options: &PrepareOptions) -> Self {
        let mut language_assumed = false;
        if call.language.is_none() {
            let Found { code, assumed } = options.evidence.language(&call, options.languages.first());
            call.language = Some(code.into());
            language_assumed = assumed;
        }
        let timeline = Timeline::of(&call);
        let masks = match &options.redactor {
            None => Vec::new(),
            Some(redactor) => {
                let language = call.language.clone().unwrap_or_default();
                redactor.redact(&mut call, &language)
            }
        };
        Self { call, timeline, language_assumed, masks }
    }
}

/// A call with everything that scoring and rolling up need to know of it.
#[derive(Debug)]
pub struct Prepared {
    /// The call as it may be sent.
    pub measured: Measured,
    /// What it was cut into, in order.
    pub segments: Vec<Segment>,
    /// What each segment needs, in the same order.
    pub steps: Vec<Step>,
}

impl Deref for Prepared {
    type Target = Measured;

    fn deref(&self) -> &Measured {
        &self.measured
    }
}

impl Prepared {
    /// Prepares a group of calls. Their documents are looked up together, which costs less than call by call.
    #[must_use]
    pub fn all(calls: impl IntoIterator<Item = Measured>, options: &PrepareOptions) -> Vec<Self> {
        let mut prepared: Vec<Self> = calls.into_iter().map(|call| Self::of(call, options)).collect();
        if let Some(store) = &options.store {
            reuse_stored(prepared.iter_mut().flat_map(|call| &mut call.steps).collect(), store, &options.from_jobs);
        }
        prepared
    }

    /// Cuts a call and makes its documents. Nothing changes what turns say from here on.
    fn of(measured: Measured, options: &PrepareOptions) -> Self {
        let call = &measured.call;
        let segments = segments(call, &measured.timeline, &options.chunk);
        let steps = segments.iter().map(|segment| step(call, segment, options)).collect();
        Self { measured, segments, steps }
    }

    /// The call's language code.
    pub fn language(&self) -> &str {
        self.measured.call.language.as_deref().unwrap_or_default()
    }

    /// How many of the call's masks stand in a segment.
    pub fn masks_in(&self, segment: &Segment) -> u32 {
        let masks = &self.measured.masks;
        let within = |piece: &Piece| {
            let from = masks.partition_point(|mask| (mask.turn, mask.at) < (piece.turn, piece.bytes.start));
            let to = masks.partition_point(|mask| (mask.turn, mask.at) < (piece.turn, piece.bytes.end));
            u32::try_from(to - from).unwrap_or(u32::MAX)
        };
        segment.pieces.iter().map(within).sum()
    }
}

fn step(call: &Call, segment: &Segment, options: &PrepareOptions) -> Step {
    let language = call.language.as_deref().unwrap_or_default();
    if !options.languages.contain(language) {
        return Step::Skip(UNSUPPORTED_LANGUAGE);
    }
    if segment.words == 0 {
        return Step::Skip(NO_WORDS);
    }
    let text = segment.text(call);
    let text = if options.one_line { one_line(text) } else { text };
    let id = options.scorer.as_ref().map(|scorer| scorer.key(language, &text));
    Step::Score { id, text: text.into() }
}

/// `text` without line ends of any kind and without other control characters: each run of them is one space. A file of one
/// document a line needs it so.
fn one_line(text: String) -> String {
    let ends = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(ends) {
        return text;
    }
    let mut line = String::with_capacity(text.len());
    let mut is_within = false;
    for c in text.chars() {
        match (ends(c), is_within) {
            (false, _) => line.push(c),
            (true, false) => line.push(' '),
            (true, true) => {}
        }
        is_within = ends(c);
    }
    line
}

/// Looks all documents up. The text of a stored one is dropped, and of one that a job could not score.
fn reuse_stored(steps: Vec<&mut Step>, store: &ScoreStore, from_jobs: &FromJobs) {
    let id = |step: &Step| if let Step::Score { id, .. } = step { *id } else { None };
    let ids: Vec<Key> = steps.iter().filter_map(|step| id(step)).collect();
    let stored = store.lookup(&ids);
    let open = steps.into_iter().filter(|step| id(step).is_some());
    for (step, (id, stored)) in open.zip(ids.into_iter().zip(stored)) {
        if let Some(scores) = stored {
            *step = Step::Reuse { id, scores, is_fresh: from_jobs.fresh.contains(id) };
        } else if let Some(code) = from_jobs.failures.get(&id) {
            *step = Step::Fail(code.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Speakers, TARGET_CHARS};
    use crate::sentiment::Granularity;
    use crate::transcript::{Role, Turn};

    fn steps(language: &str) -> Vec<Step> {
        let turn = |role, text: &str| Turn { role, text: text.into(), agent_id: None, start_ms: None, end_ms: None };
        let call = Call {
            id: "call".into(),
            turns: vec![turn(Role::Customer, "Hello."), turn(Role::Agent, "…"), turn(Role::Customer, "Hello.")],
            language: Some(language.into()),
            ..Call::default()
        };
        let chunk = ChunkOptions::new(Granularity::Turn, TARGET_CHARS, 5_000, None, Speakers::Both).unwrap();
        let scorer = Scorer { engine: "script".into(), model: "1".into() };
        let evidence = Arc::default();
        let languages = Languages::Listed(vec!["en", "es"]);
        let options = PrepareOptions {
            chunk,
            languages,
            evidence,
            scorer: Some(scorer),
            store: None,
            redactor: None,
            one_line: false,
            billing: None,
            from_jobs: Arc::default(),
        };
        Prepared::of(Measured::of(call, &options), &options).steps
    }

    #[test]
    fn a_document_of_one_line_has_a_space_for_each_run_of_line_ends_and_control_characters() {
        for (text, line) in [
            ("", ""),
            ("as it is — é", "as it is — é"),
            ("a\r\nb\nc", "a b c"),
            ("a\u{85}b\u{2028}\u{2029}c\u{0}d\te", "a b c d e"),
            ("a \n b\n", "a   b "),
        ] {
            assert_eq!(one_line(text.into()), line, "{text:?}");
        }
    }

    #[test]
    fn an_id_is_the_hash_of_the_very_text_that_is_sent() {
        let scorer = Scorer { engine: "script".into(), model: "1".into() };
        for language in ["en", "es"] {
            let steps = steps(language);
            let [Step::Score { id, text }, Step::Skip(NO_WORDS), Step::Score { id: again, .. }] = &steps[..] else {
                panic!("{steps:?}")
            };
            assert_eq!(*id, Some(scorer.key(language, text)));
            assert_eq!(id, again);
        }
        assert!(steps("tlh").iter().all(|step| matches!(step, Step::Skip(UNSUPPORTED_LANGUAGE))));
    }
}
