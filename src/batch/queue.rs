//! Documents that wait for their batch, by language.
//!
//! A request has one language, so each language has a queue of its own. Queues are few (an engine names its
//! languages), so they are found by looking through them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::cache::Key;
use crate::engine::Languages;
use crate::transcript::Text;

/// A document that waits to be sent or answered.
pub(super) struct Waiting<T> {
    pub(super) tag: T,
    /// Empty while the document is on its way.
    pub(super) text: Text,
    pub(super) id: Option<Key>,
    /// Answered requests that the document was in.
    pub(super) attempts: u32,
}

struct Queue<T> {
    language: Arc<str>,
    documents: VecDeque<Waiting<T>>,
    batches_on_their_way: usize,
}

/// One queue a language.
pub(super) struct Queues<T> {
    batch_documents: usize,
    languages: Languages,
    by_language: Vec<Queue<T>>,
}

impl<T> Queues<T> {
    pub(super) fn new(batch_documents: usize, languages: Languages) -> Self {
        Self { batch_documents, languages, by_language: Vec::new() }
    }

    /// The queue of `language`; `None` if the engine does not know the language.
    pub(super) fn of(&mut self, language: &Arc<str>) -> Option<usize> {
        let same = |queue: &Queue<T>| Arc::ptr_eq(&queue.language, language) || queue.language == *language;
        if let Some(place) = self.by_language.iter().position(same) {
            return Some(place);
        }
        self.languages.contain(language).then(|| {
            let language = Arc::clone(language);
            self.by_language.push(Queue { language, documents: VecDeque::new(), batches_on_their_way: 0 });
            self.by_language.len() - 1
        })
    }

    pub(super) fn push(&mut self, queue: usize, waiting: Waiting<T>) {
        self.by_language[queue].documents.push_back(waiting);
    }

    /// A document to be sent again goes first.
    pub(super) fn push_again(&mut self, queue: usize, waiting: Waiting<T>) {
        self.by_language[queue].documents.push_front(waiting);
    }

    /// Takes the next batch of a queue: its language and at most a full batch of documents.
    pub(super) fn pop_batch(&mut self, queue: usize) -> (Arc<str>, Vec<Waiting<T>>) {
        let queue = &mut self.by_language[queue];
        queue.batches_on_their_way += 1;
        let documents = queue.documents.len().min(self.batch_documents);
        (Arc::clone(&queue.language), queue.documents.drain(..documents).collect())
    }

    pub(super) fn came_back(&mut self, queue: usize) {
        self.by_language[queue].batches_on_their_way -= 1;
    }

    /// A queue that holds a full batch.
    pub(super) fn full(&self) -> Option<usize> {
        self.by_language.iter().position(|queue| queue.documents.len() >= self.batch_documents)
    }

    /// A queue that holds documents while none of its language are on their way.
    pub(super) fn idle(&self) -> Option<usize> {
        self.by_language.iter().position(|queue| !queue.documents.is_empty() && queue.batches_on_their_way == 0)
    }

    /// The queue that holds most documents, if any does.
    pub(super) fn fullest(&self) -> Option<usize> {
        let filled = self.by_language.iter().enumerate().filter(|(_, queue)| !queue.documents.is_empty());
        filled.max_by_key(|(_, queue)| queue.documents.len()).map(|(place, _)| place)
    }

    pub(super) fn are_empty(&self) -> bool {
        self.by_language.iter().all(|queue| queue.documents.is_empty())
    }

    pub(super) fn clear(&mut self) {
        self.by_language.iter_mut().for_each(|queue| queue.documents.clear());
    }
}
