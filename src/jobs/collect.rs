//! From the output of a job to stored scores, as a stream: object, gzip, tar, lines.
//!
//! What is broken costs itself: every whole line counts, and a text without one has no outcome here, so that it is sent in
//! a request. Nothing of a line but its number, its scores and its code is kept.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::JobsError;
use super::journal::Part;
use super::service::{JobService, JobState, Line, Packed};
use super::shared::{Shared, object_name};
use crate::cache::{Key, ScoreStore};
use crate::engine::price::Tokens;
use crate::places::{Bucket, Listed, PlaceError, Queue};

/// The code of a text that failed in an object of its own.
const RECORD_FAILED: &str = "record_failed";

/// The longest line that is read: answers of a service that repeats texts and prompt are below.
const LINE_BYTES: u64 = 4 << 20;

/// What an output came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Collected {
    /// Texts with scores.
    pub(super) scored: u64,
    /// Texts that have none for good, with the service's codes.
    pub(super) failures: Vec<(Key, Box<str>)>,
    /// Texts of whose classes several were missing.
    pub(super) shared: u64,
    /// Tokens that were used, where the service charges for them.
    pub(super) tokens: Tokens,
    /// Lines of the largest object without an output.
    pub(super) largest: u64,
    /// Whether the first object, which has no customer's text, has an output.
    pub(super) is_alive: bool,
    /// Lines that can't be read, or name no text, or one that had a line before.
    pub(super) strange: u64,
    /// Whether the output breaks off, or is none.
    pub(super) is_broken: bool,
}

/// Stores the scores of a part's job, whose output is at an address.
pub(super) fn collect(shared: &Shared, part: &Part) -> Result<Collected, JobsError> {
    let keys = shared.journal().keys(&part.id)?;
    let lines = |keys| Lines {
        service: &*shared.service,
        store: &shared.store,
        keys,
        seen: Seen::new(keys),
        number: 0,
        collected: Collected::default(),
    };
    let packed = shared.service.terms().packed;
    if packed != Packed::TarGz {
        let mut lines = lines(&keys);
        let read = if packed == Packed::Plain { lines.plain(shared, part) } else { lines.objects(shared, part) };
        read?;
        shared.store.flush()?;
        return Ok(lines.collected);
    }
    let place = part.output.clone().unwrap_or_default();
    let missing = || JobsError::NoOutput { name: part.name.clone(), place: place.clone() };
    let (bucket, key) = shared.at(&place)?.ok_or_else(missing)?;
    let found = bucket.find(&key)?.ok_or_else(missing)?;
    let failed = Failed::default();
    let output = Watched { reader: Queue::new(bucket).push(found).open(), failed: failed.clone() };
    let mut lines = lines(&keys);
    lines.collected.is_broken = lines.unpack(output).is_err();
    if let Some(error) = failed.take() {
        return Err(error.into());
    }
    shared.store.flush()?;
    Ok(lines.collected)
}

/// The lines of an output.
struct Lines<'a> {
    service: &'a dyn JobService,
    store: &'a ScoreStore,
    keys: &'a [u8],
    seen: Seen,
    /// The place of the next line.
    number: u64,
    collected: Collected,
}

impl Lines<'_> {
    fn unpack(&mut self, output: impl Read) -> io::Result<()> {
        let unzipped = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(64 << 10, output));
        let mut archive = tar::Archive::new(unzipped);
        for file in archive.entries()? {
            let file = file?;
            if file.header().entry_type().is_file() {
                self.read(file)?;
            }
        }
        Ok(())
    }

    /// All objects of the output. A job that has ended in order with none of them has them elsewhere.
    fn plain(&mut self, shared: &Shared, part: &Part) -> Result<(), JobsError> {
        let Some((bucket, folder)) = shared.at(&part.folder)? else { return Ok(()) };
        let ending = format!("/{}.out", shared.service.terms().input);
        let mut outputs = Vec::new();
        bucket.list(&format!("{folder}/out/"), false, |listed| {
            outputs.extend(Some(listed).filter(|listed| listed.key.ends_with(&ending)));
            true
        })?;
        if outputs.is_empty() && matches!(part.state, Some(JobState::Completed | JobState::PartiallyCompleted)) {
            return Err(JobsError::NoOutput { name: part.name.clone(), place: format!("{}/out", part.folder) });
        }
        for found in outputs {
            let failed = Failed::default();
            let output = Watched { reader: Queue::new(bucket.clone()).push(found).open(), failed: failed.clone() };
            self.collected.is_broken |= self.read(output).is_err();
            if let Some(error) = failed.take() {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// The outputs of all objects of the input. An object of one line without an output has failed for good.
    fn objects(&mut self, shared: &Shared, part: &Part) -> Result<(), JobsError> {
        let Some((bucket, folder)) = shared.at(&part.folder)? else { return Ok(()) };
        let mut firsts: Vec<u64> = Vec::new();
        bucket.list(&format!("{folder}/{}", shared.service.terms().input), false, |listed| {
            let name = listed.key.rsplit('/').next().unwrap_or_default();
            firsts.extend(name.trim_start_matches('p').split('.').next().and_then(|first| first.parse::<u64>().ok()));
            true
        })?;
        firsts.sort_unstable();
        let ends: Vec<u64> = firsts.iter().skip(1).copied().chain([part.documents]).collect();
        for (first, end) in firsts.into_iter().zip(ends) {
            let found = bucket.find(&format!("{folder}/out/{}.out", object_name(first)))?;
            let lines = match found {
                Some(found) => object_lines(&bucket, found)?,
                None => Vec::new(),
            };
            if lines.len() as u64 == end - first {
                self.collected.is_alive |= first == 0;
                for (number, line) in (first..).zip(&lines) {
                    self.number = number;
                    self.take(line);
                }
            } else {
                self.collected.is_broken |= !lines.is_empty();
                self.absent(first, end, part.state);
            }
        }
        Ok(())
    }

    fn absent(&mut self, first: u64, end: u64, state: Option<JobState>) {
        let key = usize::try_from(first).ok().and_then(|first| self.keys.as_chunks::<16>().0.get(first));
        match key {
            Some(key)
                if end - first == 1 && first > 0 && self.collected.is_alive && state != Some(JobState::Stopped) =>
            {
                self.collected.failures.push((Key::from_bytes(*key), RECORD_FAILED.into()));
            }
            _ if first > 0 => self.collected.largest = self.collected.largest.max(end - first),
            _ => {}
        }
    }

    fn read(&mut self, file: impl Read) -> io::Result<()> {
        let mut file = BufReader::with_capacity(256 << 10, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = file.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
            // A line that breaks off counts for nothing, also where what is left of it could be read.
            if read? == 0 {
                return Ok(());
            }
            if !line.trim_ascii().is_empty() {
                self.take(line.trim_ascii());
                self.number += 1;
            }
        }
    }

    fn take(&mut self, line: &[u8]) {
        let read = self.service.read(self.number, line).unwrap_or_default();
        let (mut is_strange, mut is_new) = (read.lines.is_empty(), false);
        for Line { number, answer, is_shared } in read.lines {
            let Some(key) = self.key_of_first(number) else {
                is_strange = true;
                continue;
            };
            is_new = true;
            self.collected.shared += u64::from(is_shared);
            match answer {
                Ok(scores) => {
                    self.store.record(key, scores);
                    self.collected.scored += 1;
                }
                // What may pass is sent in a request.
                Err(error) if error.retriable => {}
                Err(error) => self.collected.failures.push((key, error.code)),
            }
        }
        self.collected.strange += u64::from(is_strange);
        if is_new {
            self.collected.tokens.input += read.tokens.input;
            self.collected.tokens.output += read.tokens.output;
        }
    }

    /// The key of a text, unless the file has no such text, or it came before.
    fn key_of_first(&mut self, number: u64) -> Option<Key> {
        let number = usize::try_from(number).ok()?;
        let key = self.keys.get(number.checked_mul(16)?..)?.first_chunk::<16>()?;
        self.seen.is_first(number).then(|| Key::from_bytes(*key))
    }
}

/// The lines of an object, blank ones too.
fn object_lines(bucket: &Bucket, found: Listed) -> Result<Vec<Vec<u8>>, JobsError> {
    let failed = Failed::default();
    let output = Watched { reader: Queue::new(bucket.clone()).push(found).open(), failed: failed.clone() };
    let lines: io::Result<Vec<Vec<u8>>> = BufReader::with_capacity(64 << 10, output).split(b'\n').collect();
    match (lines, failed.take()) {
        (_, Some(error)) => Err(error.into()),
        (lines, None) => Ok(lines.unwrap_or_default()),
    }
}

/// Which lines there were.
struct Seen(Vec<u64>);

impl Seen {
    fn new(keys: &[u8]) -> Self {
        Self(vec![0; (keys.len() / 16).div_ceil(64)])
    }

    fn is_first(&mut self, number: usize) -> bool {
        let (place, bit) = (number / 64, 1 << (number % 64));
        let Some(word) = self.0.get_mut(place) else { return false };
        let is_first = *word & bit == 0;
        *word |= bit;
        is_first
    }
}

/// The error by which an object could not be read, kept apart from damage to what it holds.
#[derive(Debug, Clone, Default)]
struct Failed(Arc<Mutex<Option<PlaceError>>>);

impl Failed {
    fn take(&self) -> Option<PlaceError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

struct Watched<R> {
    reader: R,
    failed: Failed,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            let kind = error.kind();
            if let Some(Ok(place)) =
                error.into_inner().map(<dyn std::error::Error + Send + Sync>::downcast::<PlaceError>)
            {
                *self.failed.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(*place);
            }
            kind.into()
        })
    }
}
