//! The batcher: takes documents of all calls in, sends full batches to an engine, hands every outcome to one owner.
//!
//! One loop is the only place where scoring runs at the same time. It takes documents from a stream, collects them
//! by language into batches across calls, has a bounded number of batches on their way (each a task, so that an
//! engine that computes uses all cores), and hands every outcome to the caller's function, which needs no lock.
//!
//! - A batch is sent when it is full. A partial one goes only when no more documents are coming and none of its
//!   language are on their way, when nothing at all has happened for a while (a source may wait for outcomes before
//!   it gives more), or when [`MOST_REPEATS`] documents wait for an answer to the same texts.
//! - A document that failed inside an answered request goes into a *later full batch*: sent by itself it would
//!   cost a request, and with a few failures in every batch that would double them.
//! - The same text in the same language, where documents have an id, is sent once in a run. Stored scores are used
//!   unless this run has sent the text itself: which of two equal texts comes first must not show in an output.
//! - When the run is halted, no more is taken in and nothing new is sent; what is on its way may finish within a
//!   bound, and is handed over.
//!
//! Refuses to hold more than a batch or so for each language and [`MOST_REPEATS`] repeats. Outcomes of texts with an
//! id are kept in bounded memory, and beyond it in a temporary database (`sent`).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::Fuse;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio::task::JoinSet;

use crate::cache::{Key, KeySet, ScoreStore};
use crate::engine::{Answer, Batch, Document, Engine, EngineError, ErrorKind, Halt, HaltReason, Profile};
use crate::sentiment::{Outcome, Scores, UNSUPPORTED_LANGUAGE};
use crate::transcript::Text;

mod queue;
mod sent;
#[cfg(test)]
mod tests;

use queue::{Queues, Waiting};
use sent::{Seen, Sent};

/// Documents that may wait because another one with the same text is not answered yet. Each keeps its call in
/// memory, so beyond this no more are taken in, and partial batches go out.
const MOST_REPEATS: usize = 4_000;

/// A document to score. `T` is what its sender finds it again by.
#[derive(Debug, Clone)]
pub struct Work<T> {
    /// Handed back with the outcome.
    pub tag: T,
    /// A hash of the text and its language, by which equal ones are found; `None` where each is sent.
    pub id: Option<Key>,
    /// Code of the text's language.
    pub language: Arc<str>,
    /// What is known of it.
    pub content: Content,
}

/// A document's text, or its scores if an earlier run stored them.
#[derive(Debug, Clone)]
pub enum Content {
    /// To be sent; within the engine's limits.
    Text(Text),
    /// Not to be sent.
    Stored(Scores),
    /// Not to be sent, because this run has sent it in a job.
    Fresh(Scores),
}

/// How scoring is run.
#[derive(Clone)]
pub struct BatchOptions {
    /// Batches on their way at most; at least 1.
    pub concurrency: usize,
    /// Requests that one document is sent in at most; at least 1.
    pub document_attempts: u32,
    /// Where the scores of documents with an id are kept.
    pub store: Option<Arc<ScoreStore>>,
    /// With nothing taken in and nothing answered for this long, a partial batch is sent.
    pub linger: Duration,
    /// How long batches on their way may take to finish once the run is halted.
    pub grace: Duration,
    /// Ends the run early when thrown; the one that the engine's wrappers share.
    pub halt: Halt,
}

impl BatchOptions {
    /// As many batches at once as suit the engine; 5 attempts a document; 1 s of linger, 20 s of grace; no store.
    pub fn for_engine(profile: &Profile, halt: Halt) -> Self {
        Self {
            concurrency: profile.concurrency,
            document_attempts: 5,
            store: None,
            linger: Duration::from_secs(1),
            grace: Duration::from_secs(20),
            halt,
        }
    }
}

/// What [`score_in_batches`] did. `taken` is the sum of the five after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchSummary {
    /// Documents taken from the stream.
    pub taken: u64,
    /// Documents that the engine scored.
    pub scored: u64,
    /// Documents that have another's scores.
    pub duplicates: u64,
    /// Documents whose scores were stored.
    pub stored: u64,
    /// Documents without scores, with a reason.
    pub failed: u64,
    /// Documents without an outcome, because the run was stopped.
    pub unfinished: u64,
    /// Units for sending each text once, if the minimum holds for each document: the plan's figure.
    pub units: u64,
    /// Whether the run was stopped before its end.
    pub stopped: bool,
}

/// Scores `documents` with `engine` and hands each outcome to `sink`, in the order in which outcomes come.
///
/// Every document gets exactly one outcome, unless the run is halted.
///
/// # Errors
/// The [`ErrorKind::Refused`] that ended the run. All outcomes known by then have been handed over.
///
/// # Panics
/// When the engine panics.
pub async fn score_in_batches<T, S>(
    engine: Arc<dyn Engine>,
    documents: S,
    options: &BatchOptions,
    sink: impl FnMut(T, Outcome),
) -> Result<BatchSummary, EngineError>
where
    T: Send + 'static,
    S: Stream<Item = Work<T>>,
{
    let mut batcher = Batcher::new(engine, options, sink);
    let mut documents = std::pin::pin!(documents.fuse());
    let mut halted = std::pin::pin!(options.halt.halted());
    loop {
        batcher.send_full();
        if documents.is_done() {
            batcher.send_idle_languages();
            if batcher.is_finished() {
                return Ok(batcher.summary);
            }
        }
        tokio::select! {
            biased;
            reason = &mut halted => {
                batcher.drain().await;
                return match reason {
                    HaltReason::Stopped => Ok(BatchSummary { stopped: true, ..batcher.summary }),
                    HaltReason::Refused(error) => Err(error),
                };
            }
            Some(sent) = batcher.in_flight.join_next() => batcher.settle(unwrap_task(sent)),
            // A `None` must end this turn of the loop too: what to do next depends on it.
            work = documents.next(), if !documents.is_done() && batcher.has_room() => {
                if let Some(work) = work {
                    batcher.take(work);
                    batcher.take_ready(documents.as_mut());
                }
            }
            () = tokio::time::sleep(options.linger), if batcher.may_send_partial() => batcher.send_fullest(),
        }
    }
}

/// A batch that came back.
struct Returned<T> {
    queue: usize,
    waiting: Vec<Waiting<T>>,
    batch: Batch,
    result: Result<Vec<Answer>, EngineError>,
}

fn unwrap_task<T>(joined: Result<Returned<T>, tokio::task::JoinError>) -> Returned<T> {
    joined.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => unreachable!("tasks are cancelled only by dropping the set: {error}"),
    })
}

struct Batcher<'run, T, F> {
    engine: Arc<dyn Engine>,
    options: &'run BatchOptions,
    sink: F,
    batch_documents: usize,
    queues: Queues<T>,
    sent: Sent<T>,
    /// Texts met that a job of this run has brought.
    fresh: KeySet,
    in_flight: JoinSet<Returned<T>>,
    draining: bool,
    summary: BatchSummary,
}

impl<'run, T: Send + 'static, F: FnMut(T, Outcome)> Batcher<'run, T, F> {
    fn new(engine: Arc<dyn Engine>, options: &'run BatchOptions, sink: F) -> Self {
        let profile = engine.profile();
        let (batch_documents, languages) = (profile.limits.batch_documents.max(1), profile.languages.clone());
        Self {
            engine,
            options,
            sink,
            batch_documents,
            queues: Queues::new(batch_documents, languages),
            sent: Sent::default(),
            fresh: KeySet::default(),
            in_flight: JoinSet::new(),
            draining: false,
            summary: BatchSummary::default(),
        }
    }

    fn has_room(&self) -> bool {
        self.queues.full().is_none() && self.sent.repeats() < MOST_REPEATS
    }

    fn may_send_partial(&self) -> bool {
        !self.queues.are_empty() && self.in_flight.len() < self.options.concurrency
    }

    fn is_finished(&self) -> bool {
        self.queues.are_empty() && self.in_flight.is_empty()
    }

    /// Takes about a batch of what is ready without going round the loop for each document.
    fn take_ready<S: Stream<Item = Work<T>>>(&mut self, mut documents: Pin<&mut Fuse<S>>) {
        for _ in 1..self.batch_documents {
            if !self.has_room() {
                return;
            }
            let Some(Some(work)) = documents.next().now_or_never() else { return };
            self.take(work);
        }
    }

    fn take(&mut self, work: Work<T>) {
        self.summary.taken += 1;
        let Work { tag, id, language, content } = work;
        let Some(queue) = self.queues.of(&language) else {
            return self.hand_over(tag, Outcome::Skipped { reason: UNSUPPORTED_LANGUAGE });
        };
        let seen = match id {
            Some(id) => self.sent.look_up(id, tag),
            None => Seen::Never(tag),
        };
        match (seen, content) {
            (Seen::Answered(tag, outcome), _) => self.hand_over_repeat(tag, outcome),
            (Seen::OnItsWay, _) => {}
            (Seen::Never(tag), Content::Stored(scores)) => self.hand_over(tag, Outcome::Cached(scores)),
            (Seen::Never(tag), Content::Fresh(scores)) => {
                // Each document with such a text has its scores by itself: nothing is remembered but that there was one.
                let outcome = Outcome::Scored(scores);
                match id {
                    Some(id) if !self.fresh.insert(id) => self.hand_over_repeat(tag, outcome),
                    _ => self.hand_over(tag, outcome),
                }
            }
            (Seen::Never(tag), Content::Text(text)) => {
                if let Some(id) = id {
                    self.sent.begin(id);
                }
                if let Some(billing) = self.engine.profile().price.billing() {
                    self.summary.units += billing.units(text.chars().count());
                }
                self.queues.push(queue, Waiting { tag, text, id, attempts: 0 });
            }
        }
    }

    /// Sends full batches, and with too many repeats waiting the partial ones too.
    fn send_full(&mut self) {
        let partial = self.sent.repeats() >= MOST_REPEATS;
        self.send_while(|queues| queues.full().or_else(|| queues.fullest().filter(|_| partial)));
    }

    fn send_idle_languages(&mut self) {
        self.send_while(Queues::idle);
    }

    fn send_while(&mut self, choose: impl Fn(&Queues<T>) -> Option<usize>) {
        while self.in_flight.len() < self.options.concurrency.max(1)
            && let Some(queue) = choose(&self.queues)
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
        let batch = Batch { language: (*language).into(), documents, is_suspect: false };
        let engine = Arc::clone(&self.engine);
        self.in_flight.spawn(async move {
            let result = engine.score(&batch).await;
            Returned { queue, waiting, batch, result }
        });
    }

    fn settle(&mut self, returned: Returned<T>) {
        let Returned { queue, waiting, batch, result } = returned;
        self.queues.came_back(queue);
        match result {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for (waiting, document) in waiting.into_iter().zip(batch.documents) {
                    self.settle_document(queue, Waiting { text: document.text, ..waiting }, answers.next().as_ref());
                }
            }
            Err(error) if error.kind == ErrorKind::Refused => self.options.halt.refuse(error),
            Err(error) => {
                for waiting in waiting {
                    let attempts = waiting.attempts + error.attempts;
                    self.finish(waiting, Outcome::Failed { reason: error.reason().into(), attempts });
                }
            }
        }
    }

    fn settle_document(&mut self, queue: usize, mut waiting: Waiting<T>, answer: Option<&Answer>) {
        waiting.attempts += 1;
        let (reason, retriable): (&str, bool) = match answer {
            Some(Ok(scores)) => return self.finish(waiting, Outcome::Scored(*scores)),
            Some(Err(error)) => (&error.code, error.retriable),
            None => ("missing_from_answer", true),
        };
        if !retriable || waiting.attempts >= self.options.document_attempts {
            let attempts = waiting.attempts;
            self.finish(waiting, Outcome::Failed { reason: reason.into(), attempts });
        } else if !self.draining {
            self.queues.push_again(queue, waiting);
        }
    }

    /// Hands over the outcome of a document, and of all that have the same text.
    fn finish(&mut self, waiting: Waiting<T>, outcome: Outcome) {
        if let Some(id) = waiting.id {
            if let (Outcome::Scored(scores), Some(store)) = (&outcome, &self.options.store) {
                store.record(id, *scores);
            }
            for tag in self.sent.finish(id, &outcome) {
                self.hand_over_repeat(tag, outcome.clone());
            }
        }
        self.hand_over(waiting.tag, outcome);
    }

    /// The outcome of a document that another one with the same text was sent for.
    fn hand_over_repeat(&mut self, tag: T, outcome: Outcome) {
        if outcome.scores().is_some() {
            self.summary.duplicates += 1;
        } else {
            self.summary.failed += 1;
        }
        (self.sink)(tag, outcome);
    }

    fn hand_over(&mut self, tag: T, outcome: Outcome) {
        match outcome {
            Outcome::Scored(_) => self.summary.scored += 1,
            Outcome::Cached(_) => self.summary.stored += 1,
            Outcome::Failed { .. } | Outcome::Skipped { .. } => self.summary.failed += 1,
        }
        (self.sink)(tag, outcome);
    }

    /// Sends nothing more and lets what is on its way finish within the grace.
    async fn drain(&mut self) {
        self.draining = true;
        self.queues.clear();
        let end = tokio::time::Instant::now() + self.options.grace;
        while let Ok(Some(sent)) = tokio::time::timeout_at(end, self.in_flight.join_next()).await {
            self.settle(unwrap_task(sent));
        }
        let BatchSummary { taken, scored, duplicates, stored, failed, .. } = self.summary;
        self.summary.unfinished = taken - scored - duplicates - stored - failed;
    }
}
