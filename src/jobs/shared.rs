//! What all parts of a run share: the service, the journal, the bucket, the store; and what is done with one part there.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::collect::{Collected, collect};
use super::error::JobsError;
use super::journal::{Journal, Part, Step};
use super::service::{JobService, JobState, Packed};
use crate::cache::{ScoreStore, Scorer};
use crate::engine::registry::input_of;
use crate::engine::{Halt, Meter, Price};
use crate::exit::Stops as _;
use crate::places::{self, Bucket, Location};

/// How jobs are run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Most documents of a job.
    pub(crate) part: u64,
    pub(crate) poll: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) wait: bool,
    pub(crate) keep_objects: bool,
}

/// What all parts of a run share.
pub(crate) struct Shared {
    pub(crate) service: Arc<dyn JobService>,
    pub(crate) journal: Mutex<Journal>,
    /// Where files go, encrypted.
    pub(crate) bucket: Bucket,
    /// The folder for them.
    pub(crate) folder: Location,
    pub(crate) store: Arc<ScoreStore>,
    pub(crate) scorer: Scorer,
    pub(crate) price: Price,
    /// Texts of a line.
    pub(crate) group: u64,
    pub(crate) options: Options,
    pub(crate) halt: Halt,
    pub(crate) meter: Arc<Meter>,
    /// Most lines of an object, where a file is several; fewer once some of them failed.
    pub(crate) object_lines: AtomicU64,
    /// Most seconds that jobs may run, of a service that charges for time.
    pub(crate) longest: Option<f64>,
    /// Days since 1970-01-01.
    pub(crate) today: u32,
    /// What a person may want to know.
    pub(crate) notice: Box<dyn Fn(&str) + Send + Sync>,
}

impl Shared {
    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most documents of a file.
    pub(super) fn most_documents(&self) -> u64 {
        self.service.terms().most_documents(self.options.part, self.group)
    }

    /// A part of which nothing is there yet.
    pub(super) fn new_part(&self, language: &str) -> Part {
        let id = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        Part {
            folder: self.folder.child(&id).to_string(),
            id,
            kind: self.service.terms().kind.to_owned(),
            scorer: self.scorer.clone(),
            language: language.to_owned(),
            step: Step::Planned,
            upload: None,
            name: String::new(),
            job: None,
            documents: 0,
            units: 0,
            units_least: 0,
            state: None,
            output: None,
            failed: 0,
            seconds: None,
            code: None,
            open: 0,
            shared: 0,
            largest: 0,
            is_alive: false,
        }
    }

    /// Where the file of a part is, or its object that begins with the line `first`.
    pub(super) fn input_of(&self, part: &Part, first: u64) -> Location {
        let terms = self.service.terms();
        let folder = self.folder.child(&part.id);
        match terms.packed {
            Packed::TarGz | Packed::Plain => folder.child(terms.input),
            Packed::Objects(_) => folder.child(terms.input.trim_end_matches('/')).child(&object_name(first)),
        }
    }

    /// The bucket and key of an address; `None` for what is none.
    pub(super) fn at(&self, address: &str) -> Result<Option<(Bucket, String)>, JobsError> {
        let Ok(Some(Location { bucket, key })) = places::location(std::path::Path::new(address)) else {
            return Ok(None);
        };
        let bucket = if bucket == self.bucket.name() { self.bucket.clone() } else { Bucket::connect(&bucket)? };
        Ok(Some((bucket, key)))
    }

    /// Removes everything that a part has on the store.
    fn clear(&self, part: &Part) -> Result<(), JobsError> {
        let Some((bucket, folder)) = self.at(&part.folder)? else { return Ok(()) };
        if let Some(upload) = &part.upload {
            let input = input_of(&part.kind).unwrap_or(self.service.terms().input);
            bucket.abandon(&format!("{folder}/{input}"), upload.clone());
        }
        // A service may put its output elsewhere.
        let output = part.output.as_deref().filter(|output| !output.ends_with('/'));
        if let Some((elsewhere, key)) = output.map(|output| self.at(output)).transpose()?.flatten() {
            elsewhere.remove(&key)?;
        }
        let mut keys = Vec::new();
        bucket.list(&format!("{folder}/"), false, |listed| {
            keys.push(listed.key);
            true
        })?;
        keys.iter().try_for_each(|key| bucket.remove(key))?;
        if part.step == Step::Planned {
            abandon_uploads(&bucket, &folder)?;
        }
        Ok(())
    }

    /// Gives up a part of which no job was started. What can't be removed now is removed by the next run.
    pub(super) fn drop_part(&self, part: &Part) {
        let dropped = self.clear(part).and_then(|()| Ok(self.journal().forget(&part.id)?));
        if let Err(error) = dropped {
            tracing::warn!("{error}: what was uploaded is removed by the next run with jobs");
        }
    }

    /// Stores what a part's job made of it, and removes its objects.
    pub(super) fn collect(&self, mut part: Part) -> Result<Part, JobsError> {
        if part.step == Step::Ended {
            let is_read = part.state != Some(JobState::Failed) || self.service.terms().packed.outlives_failure();
            let collected = if is_read { collect(self, &part)? } else { Collected::default() };
            part.failed = part.documents - collected.scored;
            part.open = part.failed.saturating_sub(collected.failures.len() as u64);
            part.shared = collected.shared;
            part.largest = collected.largest;
            part.is_alive = collected.is_alive;
            self.meter.count_job_time(part.seconds.unwrap_or_default());
            self.meter.count_job_tokens(collected.tokens, &self.price);
            self.journal().collected(&part.id, part.failed, &collected.failures, self.today)?;
            self.meter.count_job(collected.scored, part.units, part.units_least);
            if collected.is_broken || collected.strange > 0 {
                let place = part.output.as_deref().unwrap_or(&part.folder);
                tracing::warn!(
                    strange_lines = collected.strange,
                    "the output of job {} is damaged: its whole lines count, and {place} is kept",
                    part.name
                );
                self.journal().cleaned(&part.id, self.today)?;
                return Ok(part);
            }
        }
        if !self.options.keep_objects {
            self.clear(&part)?;
        }
        self.journal().cleaned(&part.id, self.today)?;
        Ok(part)
    }
}

/// Removes uploads that were begun in a part's folder before the journal had their ids. The folder's name is random, and no
/// other journal has it: what is there is the part's, and no other process goes on with it.
fn abandon_uploads(bucket: &Bucket, folder: &str) -> Result<(), JobsError> {
    match bucket.abandon_all(&format!("{folder}/")) {
        Err(error) if error.is_denied() => {
            let hint = error.hint().unwrap_or_default();
            tracing::warn!("{error}: a run that was killed may have left parts of an upload there; {hint}");
            Ok(())
        }
        done => Ok(done?),
    }
}

/// The name of the object that begins with the line `first`.
pub(super) fn object_name(first: u64) -> String {
    format!("p{first:08}.jsonl")
}

/// The name of a part's job, which no other has: a hash of its texts' keys, of whose scores they are, and of the part.
pub(super) fn name_of(part: &Part, keys: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in [&part.kind, &part.scorer.engine, &part.scorer.model, &part.language, &part.id] {
        hasher.update(&(field.len() as u64).to_le_bytes()).update(field.as_bytes());
    }
    let hash = hasher.update(keys).finalize().to_hex();
    format!("undertone-{}", hash.chars().take(32).collect::<String>())
}
