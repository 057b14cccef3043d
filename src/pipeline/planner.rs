//! What scoring would send: the same preparation and the same look-ups, added up instead of sent.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::PipelineError;
use super::prepare::{Measured, PrepareOptions, Prepared, Step};
use crate::cache::Key;
use crate::chunk::{Estimate, Segment};
use crate::input::InputError;
use crate::output::SortedRows;
use crate::parallel::{cores, in_parallel};
use crate::sentiment::Billing;
use crate::transcript::Call;

/// What scoring would send at one granularity.
#[derive(Debug, Default)]
pub struct Plan {
    /// What would be sent.
    pub estimate: Estimate,
    /// Segments whose text another one of the run has.
    pub repeated: u64,
    /// Segments whose scores are stored.
    pub stored: u64,
    /// Segments that can't be scored: a language that the engine lacks, or no words.
    pub skipped: u64,
    /// Languages of the calls.
    pub languages: BTreeSet<Box<str>>,
    /// Calls whose own words are too few to know their language by; counted in the first plan only.
    pub language_assumed: u64,
}

/// A plan in the making: documents with an id wait until equal ones stand together.
#[derive(Default)]
struct Draft {
    plan: Plan,
    documents: SortedRows,
}

impl Draft {
    fn add(&mut self, prepared: &Prepared, billing: Option<Billing>) -> io::Result<()> {
        let language = prepared.language();
        if !self.plan.languages.contains(language) {
            self.plan.languages.insert(language.into());
        }
        self.plan.language_assumed += u64::from(prepared.measured.language_assumed);
        for (segment, step) in prepared.segments.iter().zip(&prepared.steps) {
            self.plan.estimate.add_segment(segment);
            match step {
                Step::Skip(_) | Step::Fail(_) => self.plan.skipped += 1,
                Step::Score { id: None, .. } => {
                    self.plan.estimate.add_document(segment.chars, segment.bytes, language, billing);
                }
                Step::Reuse { id, .. } => self.put(id, true, segment, language)?,
                Step::Score { id: Some(id), .. } => self.put(id, false, segment, language)?,
            }
        }
        Ok(())
    }

    fn put(&mut self, id: &Key, stored: bool, segment: &Segment, language: &str) -> io::Result<()> {
        self.documents.push(id.as_bytes(), |row| {
            row.extend_from_slice(id.as_bytes());
            row.extend_from_slice(&segment.chars.to_le_bytes());
            row.extend_from_slice(&segment.bytes.to_le_bytes());
            row.push(stored.into());
            row.extend_from_slice(language.as_bytes());
        })
    }

    /// Counts each text once.
    fn finish(self, billing: Option<Billing>) -> io::Result<Plan> {
        let Self { mut plan, documents } = self;
        let mut last = None;
        documents.drain(|row| {
            let damaged = || io::Error::from(io::ErrorKind::InvalidData);
            let (id, row) = row.split_first_chunk::<16>().ok_or_else(damaged)?;
            if last.replace(*id) == Some(*id) {
                plan.repeated += 1;
                return Ok(());
            }
            let (chars, row) = row.split_first_chunk::<4>().ok_or_else(damaged)?;
            let (bytes, row) = row.split_first_chunk::<4>().ok_or_else(damaged)?;
            match row.split_first() {
                Some((0, language)) => {
                    let language = std::str::from_utf8(language).map_err(io::Error::other)?;
                    let (chars, bytes) = (u32::from_le_bytes(*chars), u32::from_le_bytes(*bytes));
                    plan.estimate.add_document(chars, bytes, language, billing);
                }
                _ => plan.stored += 1,
            }
            Ok(())
        })?;
        Ok(plan)
    }
}

/// Prepares all calls on all cores, in each of several ways, and adds up what each would send.
///
/// # Errors
/// [`PipelineError::Input`] with the first error of `groups`; [`PipelineError::Temporary`].
pub fn plan(
    groups: impl Iterator<Item = Result<Vec<Call>, InputError>> + Send,
    ways: &[PrepareOptions],
) -> Result<Vec<Plan>, PipelineError> {
    let groups = Mutex::new(groups);
    let drafts: Vec<Mutex<Draft>> = ways.iter().map(|_| Mutex::default()).collect();
    let work = |_| {
        loop {
            // Its own statement, so that the others may read on while this group is prepared.
            let group = locked(&groups).next();
            let Some(group) = group else { return Ok(()) };
            let calls = group.map_err(PipelineError::Input)?;
            let Some(first) = ways.first() else { continue };
            // Ways differ in how calls are cut, not in what is cut.
            let mut calls: Vec<Measured> = calls.into_iter().map(|call| Measured::of(call, first)).collect();
            for (way, draft) in ways.iter().zip(&drafts) {
                let prepared = Prepared::all(calls, way);
                let mut draft = locked(draft);
                for prepared in &prepared {
                    draft.add(prepared, way.billing).map_err(PipelineError::Temporary)?;
                }
                calls = prepared.into_iter().map(|prepared| prepared.measured).collect();
            }
        }
    };
    in_parallel(cores(), cores(), work).into_iter().collect::<Result<(), PipelineError>>()?;
    let drafts = drafts.into_iter().map(|draft| draft.into_inner().unwrap_or_else(PoisonError::into_inner));
    let plans = ways.iter().zip(drafts).map(|(way, draft)| draft.finish(way.billing));
    plans.collect::<io::Result<_>>().map_err(PipelineError::Temporary)
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
