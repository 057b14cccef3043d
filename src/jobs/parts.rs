//! New texts into files: one at a time a language, streamed into the bucket while calls are read.
//!
//! A text is new if it has no stored score, stands in no job that is under way, and was not met before in this run. Nothing
//! of it lies on this machine's disk, and nothing of it stays in memory once its part of the file is gone.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Sender;

use super::error::JobsError;
use super::journal::{Part, Step as PartStep};
use super::service::{Packed, Terms};
use super::shared::{Shared, name_of};
use crate::cache::{Key, KeySet};
use crate::engine::watched::PROBE;
use crate::input::InputError;
use crate::parallel::{cores, in_parallel};
use crate::pipeline::{Measured, PrepareOptions, Prepared, Step};
use crate::places::{Lanes, Sending};
use crate::transcript::Call;

/// Parts of files on their way at once, 5 MiB each.
const LANES: usize = 4;
/// New texts of one round: 80 MB of memory at most. What is left over is sent once these are collected.
const ROUND: usize = 7_000_000;

/// What was walked through.
#[derive(Debug)]
pub(super) struct Walked {
    /// The texts that were met and that need not be sent again.
    pub(super) known: KeySet,
    /// Whether new texts are left over for another round.
    pub(super) is_more: bool,
}

/// A file under way.
struct Open {
    part: Part,
    sending: Sending,
    keys: Vec<u8>,
    /// Texts of a line under way, where lines are groups.
    group: Vec<String>,
    lines: u64,
    bytes: u64,
    chars: u64,
    is_planned: bool,
    lanes: Lanes,
    /// The first line of the object under way.
    first: u64,
}

/// All files under way.
struct Files {
    known: KeySet,
    /// New texts of this round.
    new: usize,
    is_more: bool,
    open: BTreeMap<Box<str>, Open>,
    lanes: Lanes,
    ready: Sender<Result<Part, JobsError>>,
}

/// Walks through `calls` and puts every new text into a file; hands each file that is there to `ready`. An error goes there
/// too, and then no file is left behind.
pub(super) fn walk(
    shared: &Shared,
    calls: impl Iterator<Item = Result<Vec<Call>, InputError>> + Send,
    prepare: &PrepareOptions,
    known: KeySet,
    ready: &Sender<Result<Part, JobsError>>,
) -> Walked {
    tracing::info!("new texts go into files");
    let lanes = Lanes::new(LANES);
    let files = Files { known, new: 0, is_more: false, open: BTreeMap::new(), lanes, ready: ready.clone() };
    let files = Mutex::new(files);
    let walked = visit(shared, calls, prepare, &files).and_then(|()| locked(&files).close_all(shared));
    let mut files = files.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = walked {
        files.abandon_all(shared);
        if !matches!(error, JobsError::Over) {
            // Whoever has gone away has an error of its own.
            let _ = ready.blocking_send(Err(error));
        }
    }
    tracing::info!(new = files.new, "all texts were looked at");
    Walked { known: files.known, is_more: files.is_more }
}

/// Puts the fixed texts into a file of their own.
pub(super) fn fixed(shared: &Shared, language: &str) -> Result<Part, JobsError> {
    let mut open = Open::new(shared, language, &Lanes::new(1))?;
    let added = PROBE.iter().try_for_each(|text| open.add(shared, shared.scorer.key(language, text), text));
    match added.and_then(|()| open.fill_up(shared)).and_then(|()| open.finish(shared)) {
        Ok(()) => Ok(open.part),
        Err(error) => {
            open.abandon(shared);
            Err(error)
        }
    }
}

fn visit(
    shared: &Shared,
    calls: impl Iterator<Item = Result<Vec<Call>, InputError>> + Send,
    prepare: &PrepareOptions,
    files: &Mutex<Files>,
) -> Result<(), JobsError> {
    let groups = Mutex::new(calls);
    let work = |_| {
        loop {
            if shared.halt.reason().is_some() || locked(files).ready.is_closed() {
                return Err(JobsError::Over);
            }
            // Its own statement, so that the others may read on while this group is prepared.
            let group = locked(&groups).next();
            let Some(group) = group else { return Ok(()) };
            let measured: Vec<Measured> = group?.into_iter().map(|call| Measured::of(call, prepare)).collect();
            let prepared = Prepared::all(measured, prepare);
            let mut files = locked(files);
            for call in &prepared {
                files.take(shared, call)?;
            }
        }
    };
    in_parallel(cores(), cores(), work).into_iter().collect()
}

impl Files {
    fn take(&mut self, shared: &Shared, call: &Prepared) -> Result<(), JobsError> {
        for step in &call.steps {
            if let Step::Score { id: Some(key), text } = step {
                self.add(shared, call.language(), *key, text.as_str())?;
            }
        }
        Ok(())
    }

    fn add(&mut self, shared: &Shared, language: &str, key: Key, text: &str) -> Result<(), JobsError> {
        if self.new >= ROUND {
            self.is_more = true;
            return Ok(());
        }
        if !self.known.insert(key) {
            return Ok(());
        }
        self.new += 1;
        if !self.open.contains_key(language) {
            let open = Open::new(shared, language, &self.lanes)?;
            self.open.insert(language.into(), open);
        }
        let open = self.open.get_mut(language).expect("it was just put there");
        open.add(shared, key, text)?;
        let terms = shared.service.terms();
        if open.part.documents >= shared.most_documents()
            // A text of 5,000 bytes, six times as long where it is escaped, has room.
            || open.bytes + 32_768 > terms.most_bytes
        {
            let open = self.open.remove(language).expect("it is there");
            self.close(shared, open)?;
        }
        Ok(())
    }

    fn close_all(&mut self, shared: &Shared) -> Result<(), JobsError> {
        while let Some((_, mut open)) = self.open.pop_first() {
            let ended = open.end_line(shared);
            let is_enough = open.is_enough(shared.service.terms());
            let is_to_fill = !is_enough && !shared.service.has_requests();
            let filled = ended.and_then(|()| if is_to_fill { open.fill_up(shared) } else { Ok(()) });
            match filled {
                // What is too small goes by request.
                Ok(()) if !is_enough && shared.service.has_requests() => open.abandon(shared),
                Ok(()) => self.close(shared, open)?,
                Err(error) => {
                    open.abandon(shared);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn close(&self, shared: &Shared, mut open: Open) -> Result<(), JobsError> {
        match open.finish(shared) {
            Ok(()) => {
                let part = open.part;
                self.ready.blocking_send(Ok(part)).map_err(|unsent| {
                    if let Ok(part) = unsent.0 {
                        shared.drop_part(&part);
                    }
                    JobsError::Over
                })
            }
            Err(error) => {
                open.abandon(shared);
                Err(error)
            }
        }
    }

    fn abandon_all(&mut self, shared: &Shared) {
        while let Some((_, open)) = self.open.pop_first() {
            open.abandon(shared);
        }
    }
}

impl Open {
    fn new(shared: &Shared, language: &str, lanes: &Lanes) -> Result<Self, JobsError> {
        let part = shared.new_part(language);
        let sending = Sending::new(&shared.bucket, shared.input_of(&part, 0).key, lanes);
        let lanes = lanes.clone();
        let mut open = Self {
            part,
            sending,
            keys: Vec::new(),
            group: Vec::new(),
            lines: 0,
            bytes: 0,
            chars: 0,
            is_planned: false,
            lanes,
            first: 0,
        };
        if let Packed::Objects(_) = shared.service.terms().packed {
            // An object that nothing but the service can fail.
            let text = line_that_fills(0, &open.part.id);
            let added = open.add(shared, shared.scorer.key(language, &text), &text);
            if let Err(error) = added.and_then(|()| open.next_object(shared)) {
                open.abandon(shared);
                return Err(error);
            }
        }
        Ok(open)
    }

    /// Puts the object in place, if a file is several, and begins the next.
    fn next_object(&mut self, shared: &Shared) -> Result<(), JobsError> {
        self.plan(shared)?;
        self.sending.finish()?;
        self.first = self.part.documents;
        self.sending = Sending::new(&shared.bucket, shared.input_of(&self.part, self.first).key, &self.lanes);
        Ok(())
    }

    /// Whether the object is as large as it may be. It grows with the file, so that a job has its objects also where there is
    /// little.
    fn is_full(&mut self, shared: &Shared) -> bool {
        /// Fewer lines are not worth an object, unless one of them is looked for that fails.
        const LEAST: u64 = 25;
        /// Below what is sent in parts.
        const BYTES: usize = 4 << 20;
        let most = shared.object_lines.load(Ordering::Relaxed);
        let lines = (self.part.documents / shared.service.spread()).max(LEAST).min(most);
        self.part.documents - self.first >= lines || self.sending.buffer().len() >= BYTES
    }

    /// Whether the file is as large as the service wants it.
    fn is_enough(&self, terms: &Terms) -> bool {
        self.lines >= terms.least_lines && self.bytes >= terms.least_bytes
    }

    fn add(&mut self, shared: &Shared, key: Key, text: &str) -> Result<(), JobsError> {
        let chars = text.chars().count();
        self.chars += chars as u64;
        self.part.documents += 1;
        self.part.units += shared.price.billing().map_or(0, |billing| billing.units(chars));
        self.keys.extend_from_slice(key.as_bytes());
        if shared.group <= 1 {
            return self.put_line(shared, &[text]);
        }
        self.group.push(text.to_owned());
        if self.group.len() as u64 >= shared.group { self.end_line(shared) } else { Ok(()) }
    }

    /// Puts the line under way into the file, if there is one.
    fn end_line(&mut self, shared: &Shared) -> Result<(), JobsError> {
        let group = std::mem::take(&mut self.group);
        if group.is_empty() {
            return Ok(());
        }
        self.put_line(shared, &group.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn put_line(&mut self, shared: &Shared, texts: &[&str]) -> Result<(), JobsError> {
        let before = self.sending.buffer().len();
        shared.service.write(self.part.documents - texts.len() as u64, texts, self.sending.buffer());
        self.bytes += (self.sending.buffer().len() - before) as u64;
        self.lines += 1;
        if let Packed::Objects(_) = shared.service.terms().packed {
            return if self.is_full(shared) { self.next_object(shared) } else { Ok(()) };
        }
        if self.sending.is_due() {
            self.plan(shared)?;
            let is_new = self.sending.upload().is_none();
            self.sending.begin()?;
            if let Some(upload) = self.sending.upload().filter(|_| is_new) {
                shared.journal().begun(&self.part.id, upload)?;
            }
            self.sending.send_part()?;
        }
        Ok(())
    }

    /// Adds texts of no meaning, each another one, until the file is as large as the service wants it.
    fn fill_up(&mut self, shared: &Shared) -> Result<(), JobsError> {
        let language = self.part.language.clone();
        while self.bytes < shared.service.terms().least_bytes {
            let text = line_that_fills(self.part.documents, &self.part.id);
            self.add(shared, shared.scorer.key(&language, &text), &text)?;
        }
        Ok(())
    }

    /// Notes that something of it will be on the store, before anything is.
    fn plan(&mut self, shared: &Shared) -> Result<(), JobsError> {
        if !self.is_planned {
            shared.journal().plan(&self.part, shared.today)?;
            self.is_planned = true;
        }
        Ok(())
    }

    fn finish(&mut self, shared: &Shared) -> Result<(), JobsError> {
        self.end_line(shared)?;
        self.plan(shared)?;
        if self.part.documents > self.first {
            self.sending.finish()?;
        }
        self.part.units_least = shared
            .price
            .billing()
            .map_or(0, |billing| billing.units(usize::try_from(self.chars).unwrap_or(usize::MAX)));
        self.part.name = name_of(&self.part, &self.keys);
        self.part.step = PartStep::Uploaded;
        shared.journal().uploaded(&self.part, &self.keys)?;
        Ok(())
    }

    fn abandon(self, shared: &Shared) {
        self.sending.abandon();
        if self.is_planned {
            shared.drop_part(&self.part);
        }
    }
}

/// A text of no meaning for a file.
pub(super) fn line_that_fills(number: u64, file: &str) -> String {
    format!("Line {number} of file {file} makes it large enough.")
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
