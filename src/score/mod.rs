//! Keeps an engine busy: documents of all calls in, full batches out, every outcome to one owner.
//!
//! One loop is the only place where scoring runs at the same time. It takes documents from a stream, collects them
//! by language into batches across calls, has a bounded number of batches on their way (each a task, so that an
//! engine that computes uses all cores), and hands every outcome to the caller's function, which needs no lock.
//!
//! - A batch is sent when it is full. A partial one goes only when no more documents are coming and none of its
//!   language are on their way, or when nothing at all has happened for a while (so that a source which waits for
//!   outcomes before it gives more is never waited for in turn).
//! - A document that failed inside an answered request goes into a *later full batch*: sent by itself it would
//!   cost a request, and with a few failures in every batch that would double them.
//! - The same text in the same language, where items say what they are known by, is sent once in a run; what is
//!   kept of it is a hash and its scores. Stored scores that an item brings are used unless this run has sent the
//!   text itself: which of two equal texts comes first must not show in what is said of them.
//! - When the run is halted, no more is taken in and nothing new is sent; what is on its way may finish within a
//!   bound, and is handed over.
//!
//! Refuses to hold more than a batch or so for each language and to keep outcomes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::Fuse;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio::task::JoinSet;

use crate::cache::{Key, ScoreStore};
use crate::engine::{Answer, Batch, Document, Engine, EngineError, ErrorKind, Halt, HaltReason, Profile};
use crate::sentiment::Scores;
use crate::transcript::Text;

mod duplicates;
mod queue;
#[cfg(test)]
mod tests;

use duplicates::{Duplicates, Seen};
use queue::{Queues, Waiting};

/// A document to score, with whatever its sender knows it by.
#[derive(Debug, Clone)]
pub struct Item<K> {
    /// Comes back with the outcome.
    pub key: K,
    /// What the text and its language are known by; `None` where nobody wants to know a second one from the first.
    pub known_as: Option<Key>,
    /// Its scores, if an earlier run stored them: then the text is not asked for, and may be empty.
    pub stored: Option<Scores>,
    /// Code of the text's language.
    pub language: Arc<str>,
    /// Within the engine's limits.
    pub text: Text,
}

/// What became of an [`Item`].
#[derive(Debug, Clone, PartialEq)]
pub struct Scored<K> {
    /// The item's.
    pub key: K,
    /// Scores, or why there are none.
    pub outcome: Result<Scores, Failure>,
    /// Whether the engine was asked for this item.
    pub source: Source,
}

/// Where an outcome came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The engine was asked for this very item.
    Engine,
    /// Another item of this run has the same text and language: the outcome is that one's.
    Duplicate,
    /// The scores were stored by an earlier run.
    Stored,
}

/// Why a document has no scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The service's code, or one of ours in `snake_case`.
    pub reason: Arc<str>,
    /// Requests that the document was sent in.
    pub attempts: u32,
}

/// How scoring is run.
#[derive(Clone)]
pub struct ScoreOptions {
    /// Batches on their way at most; at least 1.
    pub concurrency: usize,
    /// Requests that one document is sent in at most; at least 1.
    pub document_attempts: u32,
    /// Where the scores of texts that are known by a key are kept.
    pub store: Option<Arc<ScoreStore>>,
    /// With nothing taken in and nothing answered for this long, a partial batch is sent.
    pub linger: Duration,
    /// How long batches on their way may take to finish once the run is halted.
    pub grace: Duration,
    /// Ends the run early when thrown; the one that the engine's wrappers share.
    pub halt: Halt,
}

impl ScoreOptions {
    /// What suits an engine that waits for a service (it bills) or that computes (it does not).
    ///
    /// 32 batches at once for a service, two a core for computing; 5 attempts a document; 1 s of linger, 20 s of
    /// grace; no store.
    #[must_use]
    pub fn for_engine(profile: &Profile, halt: Halt) -> Self {
        let cores = crate::parallel::cores();
        let billed = profile.billing.is_some();
        Self {
            concurrency: if billed { 32 } else { cores * 2 },
            document_attempts: 5,
            store: None,
            linger: Duration::from_secs(1),
            grace: Duration::from_secs(20),
            halt,
        }
    }
}

/// What [`score_all`] did. `taken` is the sum of the five after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreSummary {
    /// Items taken from the stream.
    pub taken: u64,
    /// Items that the engine scored.
    pub scored: u64,
    /// Items that have another's scores.
    pub duplicates: u64,
    /// Items whose scores were stored.
    pub stored: u64,
    /// Items without scores, with a reason.
    pub failed: u64,
    /// Items that nothing is known of, because the run was stopped.
    pub unfinished: u64,
    /// Units that one request with each document takes, if the minimum holds for each: what a plan of the same
    /// items says.
    pub units: u64,
    /// Whether the run was stopped before its end.
    pub stopped: bool,
}

/// Scores `items` with `engine` and hands each outcome to `sink`, in the order in which outcomes come.
///
/// Every item gets exactly one outcome, unless the run is halted.
///
/// # Errors
/// The [`ErrorKind::Refused`] that ended the run. All outcomes known by then have been handed over.
///
/// # Panics
/// When the engine panics.
pub async fn score_all<K, S>(
    engine: Arc<dyn Engine>,
    items: S,
    options: &ScoreOptions,
    sink: impl FnMut(Scored<K>),
) -> Result<ScoreSummary, EngineError>
where
    K: Send + 'static,
    S: Stream<Item = Item<K>>,
{
    let mut scoring = Scoring::new(engine, options, sink);
    let mut items = std::pin::pin!(items.fuse());
    let mut halted = std::pin::pin!(options.halt.halted());
    loop {
        scoring.send_full();
        if items.is_done() {
            scoring.send_idle_languages();
            if scoring.is_finished() {
                return Ok(scoring.summary);
            }
        }
        tokio::select! {
            biased;
            reason = &mut halted => {
                scoring.drain().await;
                return match reason {
                    HaltReason::Stopped => Ok(ScoreSummary { stopped: true, ..scoring.summary }),
                    HaltReason::Refused(error) => Err(error),
                };
            }
            Some(sent) = scoring.in_flight.join_next() => scoring.settle(unwrap_task(sent)),
            // A `None` must end this turn of the loop too: what to do next depends on it.
            item = items.next(), if !items.is_done() && scoring.has_room() => {
                if let Some(item) = item {
                    scoring.take(item);
                    scoring.take_ready(items.as_mut());
                }
            }
            () = tokio::time::sleep(options.linger), if scoring.may_send_partial() => scoring.send_fullest(),
        }
    }
}

/// A batch that came back.
struct Sent<K> {
    queue: usize,
    waiting: Vec<Waiting<K>>,
    batch: Batch,
    result: Result<Vec<Answer>, EngineError>,
}

fn unwrap_task<K>(joined: Result<Sent<K>, tokio::task::JoinError>) -> Sent<K> {
    joined.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => unreachable!("tasks are cancelled only by dropping the set: {error}"),
    })
}

struct Scoring<'run, K, F> {
    engine: Arc<dyn Engine>,
    options: &'run ScoreOptions,
    sink: F,
    batch_documents: usize,
    queues: Queues<K>,
    duplicates: Duplicates<K>,
    in_flight: JoinSet<Sent<K>>,
    draining: bool,
    summary: ScoreSummary,
}

impl<'run, K: Send + 'static, F: FnMut(Scored<K>)> Scoring<'run, K, F> {
    fn new(engine: Arc<dyn Engine>, options: &'run ScoreOptions, sink: F) -> Self {
        let profile = engine.profile();
        let (batch_documents, languages) = (profile.limits.batch_documents.max(1), profile.languages);
        Self {
            engine,
            options,
            sink,
            batch_documents,
            queues: Queues::new(batch_documents, languages),
            duplicates: Duplicates::default(),
            in_flight: JoinSet::new(),
            draining: false,
            summary: ScoreSummary::default(),
        }
    }

    fn has_room(&self) -> bool {
        self.queues.full().is_none()
    }

    fn may_send_partial(&self) -> bool {
        !self.queues.are_empty() && self.in_flight.len() < self.options.concurrency
    }

    fn is_finished(&self) -> bool {
        self.queues.are_empty() && self.in_flight.is_empty()
    }

    /// Takes about a batch of what is ready without going round the loop for each item.
    fn take_ready<S: Stream<Item = Item<K>>>(&mut self, mut items: Pin<&mut Fuse<S>>) {
        for _ in 1..self.batch_documents {
            if !self.has_room() {
                return;
            }
            let Some(Some(item)) = items.next().now_or_never() else { return };
            self.take(item);
        }
    }

    fn take(&mut self, item: Item<K>) {
        self.summary.taken += 1;
        let Some(queue) = self.queues.of(&item.language) else {
            let failure = Failure { reason: "unsupported_language".into(), attempts: 0 };
            return self.hand_over(item.key, Err(failure), Source::Engine);
        };
        let Item { key, known_as, stored, text, .. } = item;
        let seen = match known_as {
            Some(known_as) => self.duplicates.look_up(known_as, key),
            None => Seen::Never(key),
        };
        match seen {
            Seen::Known(key, outcome) => self.hand_over(key, outcome, Source::Duplicate),
            Seen::OnItsWay => {}
            Seen::Never(key) if let Some(scores) = stored => self.hand_over(key, Ok(scores), Source::Stored),
            Seen::Never(key) => {
                if let Some(known_as) = known_as {
                    self.duplicates.begin(known_as);
                }
                if let Some(billing) = self.engine.profile().billing {
                    self.summary.units += billing.units(text.chars().count());
                }
                self.queues.push(queue, Waiting { key, text, known_as, attempts: 0 });
            }
        }
    }

    fn send_full(&mut self) {
        while self.in_flight.len() < self.options.concurrency.max(1)
            && let Some(queue) = self.queues.full()
        {
            self.send(queue);
        }
    }

    fn send_idle_languages(&mut self) {
        while self.in_flight.len() < self.options.concurrency.max(1)
            && let Some(queue) = self.queues.idle()
        {
            self.send(queue);
        }
    }

    fn send_fullest(&mut self) {
        if let Some(queue) = self.queues.fullest() {
            self.send(queue);
        }
    }

    fn send(&mut self, queue: usize) {
        let (language, mut waiting) = self.queues.pop_batch(queue);
        let documents =
            waiting.iter_mut().map(|waiting| Document { text: std::mem::take(&mut waiting.text) }).collect();
        let batch = Batch { language: (*language).into(), documents };
        let engine = Arc::clone(&self.engine);
        self.in_flight.spawn(async move {
            let result = engine.score(&batch).await;
            Sent { queue, waiting, batch, result }
        });
    }

    fn settle(&mut self, sent: Sent<K>) {
        self.queues.came_back(sent.queue);
        match sent.result {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for (waiting, document) in sent.waiting.into_iter().zip(sent.batch.documents) {
                    self.settle_document(
                        sent.queue,
                        Waiting { text: document.text, ..waiting },
                        answers.next().as_ref(),
                    );
                }
            }
            Err(error) if error.kind == ErrorKind::Refused => self.options.halt.refuse(error),
            Err(error) => {
                let reason: Arc<str> = error.reason().into();
                for waiting in sent.waiting {
                    let attempts = waiting.attempts + error.attempts;
                    self.finish(waiting, &Err(Failure { reason: Arc::clone(&reason), attempts }));
                }
            }
        }
    }

    fn settle_document(&mut self, queue: usize, mut waiting: Waiting<K>, answer: Option<&Answer>) {
        waiting.attempts += 1;
        let (reason, retriable): (&str, bool) = match answer {
            Some(Ok(scores)) => return self.finish(waiting, &Ok(*scores)),
            Some(Err(error)) => (&error.code, error.retriable),
            None => ("missing_from_answer", true),
        };
        if !retriable || waiting.attempts >= self.options.document_attempts {
            let failure = Failure { reason: reason.into(), attempts: waiting.attempts };
            self.finish(waiting, &Err(failure));
        } else if !self.draining {
            self.queues.push_again(queue, waiting);
        }
    }

    /// The outcome of a document, for it and for all that have the same text.
    fn finish(&mut self, waiting: Waiting<K>, outcome: &Result<Scores, Failure>) {
        let mut same = Vec::new();
        if let Some(known_as) = waiting.known_as {
            if let (Ok(scores), Some(store)) = (outcome, &self.options.store) {
                store.record(known_as, *scores);
            }
            same = self.duplicates.finish(known_as, outcome);
        }
        self.hand_over(waiting.key, outcome.clone(), Source::Engine);
        for key in same {
            self.hand_over(key, outcome.clone(), Source::Duplicate);
        }
    }

    fn hand_over(&mut self, key: K, outcome: Result<Scores, Failure>, source: Source) {
        match (&outcome, source) {
            (Err(_), _) => self.summary.failed += 1,
            (Ok(_), Source::Engine) => self.summary.scored += 1,
            (Ok(_), Source::Duplicate) => self.summary.duplicates += 1,
            (Ok(_), Source::Stored) => self.summary.stored += 1,
        }
        (self.sink)(Scored { key, outcome, source });
    }

    /// Sends nothing more and lets what is on its way finish within the grace.
    async fn drain(&mut self) {
        self.draining = true;
        self.queues.clear();
        let end = tokio::time::Instant::now() + self.options.grace;
        while let Ok(Some(sent)) = tokio::time::timeout_at(end, self.in_flight.join_next()).await {
            self.settle(unwrap_task(sent));
        }
        let ScoreSummary { taken, scored, duplicates, stored, failed, .. } = self.summary;
        self.summary.unfinished = taken - scored - duplicates - stored - failed;
    }
}
