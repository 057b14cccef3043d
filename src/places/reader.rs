//! Objects as streams of bytes.
//!
//! A stream that breaks off goes on where it was, by a ranged request under the object's tag: what was changed
//! meanwhile is an error and never a mixture. Large objects flow through a few chunks; small ones are fetched whole, some
//! of them ahead of the reader, who would otherwise wait for each in turn.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::bucket::{Bucket, Inner, Listed};
use super::error::PlaceError;
use super::fault::{Doing, Fault, StoreError};
use super::location::Location;
use super::requests::path;
use super::retry::pause;

/// Chunks of a large object that wait for the reader.
const CHUNKS: usize = 4;
/// Objects up to this size are fetched whole.
const SMALL_BYTES: u64 = 1 << 20;
/// How many small objects are fetched before they are read, so that they take 16 MiB at most.
const AHEAD: usize = 16;
/// A stream that gives nothing for so long is broken.
const STALL: Duration = Duration::from_secs(20);

type Chunk = Result<Bytes, StoreError>;

/// Objects of one bucket, in the order in which they will be read.
pub(crate) struct Queue {
    bucket: Bucket,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: Vec<Arc<Listed>>,
    /// What is being fetched, by place.
    started: HashMap<usize, mpsc::Receiver<Chunk>>,
    /// The place behind the last one that was started.
    next: usize,
}

impl Queue {
    pub(crate) fn new(bucket: Bucket) -> Arc<Self> {
        Arc::new(Self { bucket, state: Mutex::default() })
    }

    /// The bucket that they are in.
    pub(crate) const fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// Puts an object at its end.
    pub(crate) fn push(self: &Arc<Self>, listed: Listed) -> Object {
        let listed = Arc::new(listed);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.objects.push(Arc::clone(&listed));
        Object { queue: Arc::clone(self), place: state.objects.len() - 1, listed }
    }

    /// Starts what is at `place`, unless it was started ahead, and small objects that follow.
    fn start(&self, place: usize) -> mpsc::Receiver<Chunk> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.started.retain(|started, _| *started >= place);
        let chunks = state.started.remove(&place).unwrap_or_else(|| self.fetch(&state.objects[place]));
        let ahead = place + 1..(place + 1 + AHEAD).min(state.objects.len());
        for place in ahead.start.max(state.next)..ahead.end {
            if state.objects[place].bytes <= SMALL_BYTES {
                let chunks = self.fetch(&state.objects[place]);
                state.started.insert(place, chunks);
            }
        }
        state.next = state.next.max(ahead.end);
        chunks
    }

    fn fetch(&self, object: &Arc<Listed>) -> mpsc::Receiver<Chunk> {
        let (chunks, received) = mpsc::channel(CHUNKS);
        let (inner, object) = (Arc::clone(self.bucket.inner()), Arc::clone(object));
        self.bucket.start(async move { fetch(&inner, &object, chunks).await });
        received
    }
}

/// One object of a [`Queue`].
#[derive(Clone)]
pub(crate) struct Object {
    queue: Arc<Queue>,
    place: usize,
    listed: Arc<Listed>,
}

impl Object {
    /// As it was found.
    pub(crate) fn listed(&self) -> &Listed {
        &self.listed
    }

    /// Where it is.
    pub(crate) fn location(&self) -> Location {
        Location { bucket: self.queue.bucket.name().to_owned(), key: self.listed.key.clone() }
    }

    /// The bucket that it is in.
    pub(crate) fn bucket(&self) -> &Bucket {
        self.queue.bucket()
    }

    /// The same by itself: nothing is fetched ahead when it is read.
    pub(crate) fn alone(&self) -> Self {
        Queue::new(self.bucket().clone()).push(Listed::clone(&self.listed))
    }

    /// Its bytes. An error holds a [`PlaceError`].
    pub(crate) fn open(&self) -> impl Read + 'static {
        ObjectReader {
            chunks: Some(self.queue.start(self.place)),
            bucket: self.queue.bucket.clone(),
            waiting: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Object").field(&self.location()).finish()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.location() == other.location() && self.listed == other.listed
    }
}

impl Eq for Object {}

struct ObjectReader {
    /// Nothing once the end was reached.
    chunks: Option<mpsc::Receiver<Chunk>>,
    bucket: Bucket,
    /// Chunks that were received, the next one last.
    waiting: Vec<Chunk>,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.waiting.is_empty() {
            if !self.receive() {
                return Ok(0);
            }
        }
        match self.waiting.pop().expect("it is not empty") {
            Ok(mut chunk) => {
                let count = chunk.len().min(buffer.len());
                chunk.copy_to_slice(&mut buffer[..count]);
                if !chunk.is_empty() {
                    self.waiting.push(Ok(chunk));
                }
                Ok(count)
            }
            Err(error) => Err(io::Error::other(PlaceError::from(error))),
        }
    }
}

impl ObjectReader {
    /// Receives what is there, or waits for the next chunk; `false` at the end.
    fn receive(&mut self) -> bool {
        let Some(mut chunks) = self.chunks.take() else { return false };
        let (chunks, mut received) = self.bucket.wait(async move {
            let mut received = Vec::new();
            chunks.recv_many(&mut received, CHUNKS).await;
            (chunks, received)
        });
        if received.is_empty() {
            return false;
        }
        self.chunks = Some(chunks);
        received.retain(|chunk| chunk.as_ref().map_or(true, |chunk| !chunk.is_empty()));
        received.reverse();
        self.waiting = received;
        true
    }
}

/// Sends all of `object` into `chunks`, or the error that ends it. Stops when nobody reads any more.
async fn fetch(inner: &Inner, object: &Listed, chunks: mpsc::Sender<Chunk>) {
    let whole = (object.bytes <= SMALL_BYTES).then(Vec::new);
    let mut sink = Sink { whole, chunks };
    let last = match flow(inner, object, &mut sink).await {
        Ok(()) => sink.whole.filter(|whole| !whole.is_empty()).map(|whole| Ok(whole.into())),
        Err(failed) => Some(Err(inner.error(Doing::Read, &object.key, failed))),
    };
    if let Some(last) = last {
        // The reader may have gone away.
        let _ = sink.chunks.send(last).await;
    }
}

/// Where the bytes of an object go.
struct Sink {
    /// All of it, if it is small.
    whole: Option<Vec<u8>>,
    chunks: mpsc::Sender<Chunk>,
}

impl Sink {
    /// Takes in the next bytes; `false` if nobody wants more.
    async fn take(&mut self, chunk: Bytes) -> bool {
        match &mut self.whole {
            Some(whole) => {
                whole.extend_from_slice(&chunk);
                true
            }
            None => self.chunks.send(Ok(chunk)).await.is_ok(),
        }
    }
}

/// Hands the bytes of `object` to `sink`, in order and each once, until it wants no more.
async fn flow(inner: &Inner, object: &Listed, sink: &mut Sink) -> Result<(), (Fault, u32)> {
    let path = path(&object.key).map_err(|fault| (fault, 1))?;
    let mut e_tag = object.e_tag.clone();
    let (mut at, mut failures) = (0, 0);
    loop {
        let (mut stream, found) = inner.stream(&path, e_tag.as_deref(), at).await?;
        e_tag = e_tag.or(found);
        let fault = loop {
            match tokio::time::timeout(STALL, stream.next()).await {
                Ok(Some(Ok(chunk))) => {
                    (at, failures) = (at + chunk.len() as u64, 0);
                    if !sink.take(chunk).await {
                        return Ok(());
                    }
                }
                Ok(None) if at >= object.bytes => return Ok(()),
                Ok(None) => break Fault::Unreachable("it ended too early".to_owned()),
                // There is nothing left to ask for.
                Ok(Some(Err(_))) if at >= object.bytes && at > 0 => return Ok(()),
                Ok(Some(Err(error))) => break Fault::of(&error),
                Err(_elapsed) => break Fault::Unreachable(format!("nothing within {} s", STALL.as_secs())),
            }
        };
        failures += 1;
        if failures >= inner.way.attempts {
            return Err((fault, failures));
        }
        tracing::debug!(key = object.key, at, "a read that broke off goes on");
        pause(failures).await;
    }
}
