//! Read → chunk → score → roll up, wired together: the one place where things run at the same time.
//!
//! A reader thread hands over groups of calls; groups are prepared on all cores; their documents form one
//! bounded stream into the batcher; outcomes return to one owner, the [`Fold`], which takes in each call when its
//! last segment has one. Nothing collects the whole input: what is under way is bounded by the channel, the
//! groups being prepared, and the batcher's window.

mod fold;
mod in_flight;
mod planner;
mod prepare;

use std::cell::RefCell;
use std::sync::Arc;

use futures_util::future;
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use fold::{Fold, FoldOptions, RedactedCounts, TakeCalls, roll_up_call};
use in_flight::InFlight;
pub use planner::{Plan, plan};

pub use prepare::{FromJobs, Measured, PrepareOptions, Prepared, Step};

use crate::batch::{BatchOptions, BatchSummary, score_in_batches};
use crate::engine::{EngineError, Service};
use crate::exit::{ExitCode, Stops};
use crate::input::InputError;
use crate::output::TEMPORARY_HINT;
use crate::transcript::Call;

/// Groups of calls that wait between the reader and the preparation.
const GROUPS_AHEAD: usize = 4;

/// Why a pipeline stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The input can't be read on.
    #[error(transparent)]
    Input(InputError),
    /// The service refuses, or can't be reached.
    #[error(transparent)]
    Engine(EngineError),
    /// Rows could not be put aside.
    #[error("can't use the temporary folder {}", std::env::temp_dir().display())]
    Temporary(#[source] std::io::Error),
    /// The run was asked to stop.
    #[error("interrupted after {finished} calls")]
    Interrupted {
        /// Calls whose outcomes were all in.
        finished: u64,
    },
}

impl Stops for PipelineError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Input(error) => error.code(),
            Self::Engine(error) => Stops::code(error),
            Self::Temporary(_) => ExitCode::CantCreate,
            Self::Interrupted { .. } => ExitCode::Interrupted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Temporary(_) => Some(TEMPORARY_HINT.to_owned()),
            Self::Interrupted { .. } => Some(
                "nothing was written, the previous outputs are as they were; run the same command again to go on"
                    .to_owned(),
            ),
        }
    }
}

/// What a pipeline that reached its end has made.
pub struct Pipelined<F, C> {
    /// Everything that the calls come to.
    pub fold: F,
    /// What the batcher did.
    pub scoring: BatchSummary,
    /// The groups of calls, read to their end.
    pub calls: C,
}

/// Prepares, scores and rolls up all calls.
///
/// `fold` takes each call when its last segment has an outcome; `on_progress` is called after each outcome.
///
/// # Errors
/// [`PipelineError`]: what was scored by then is lost to this run, not to a store of scores.
///
/// # Panics
/// When a thread that prepares calls panics.
pub async fn run<F, C>(
    calls: C,
    service: &Service,
    prepare: PrepareOptions,
    scoring: &BatchOptions,
    fold: F,
    on_progress: impl Fn(&F),
) -> Result<Pipelined<F, C>, PipelineError>
where
    F: TakeCalls,
    C: Iterator<Item = Result<Vec<Call>, InputError>> + Send + 'static,
{
    let in_flight = RefCell::new(InFlight::new(fold));
    let (groups, reader) = read_ahead(calls);
    let documents = prepared(groups, prepare).flat_map(|group| {
        let mut in_flight = in_flight.borrow_mut();
        let documents = in_flight.admit(group);
        // Calls whose scores are all stored are finished by now.
        on_progress(&in_flight.fold);
        stream::iter(documents)
    });
    let scored = score_in_batches(Arc::clone(&service.engine), documents, scoring, |place, outcome| {
        let mut in_flight = in_flight.borrow_mut();
        in_flight.settle(place, outcome);
        on_progress(&in_flight.fold);
        if in_flight.has_failed() {
            service.halt.stop();
        }
    });
    let scored = scored.await;
    let in_flight = in_flight.into_inner();
    let finished = in_flight.finished;
    let fold = in_flight.into_fold().map_err(PipelineError::Temporary)?;
    let scoring = scored.map_err(PipelineError::Engine)?;
    if scoring.stopped {
        return Err(PipelineError::Interrupted { finished });
    }
    let calls = reader.await.expect("the reader thread does not panic").map_err(PipelineError::Input)?;
    Ok(Pipelined { fold, scoring, calls })
}

/// A thread that reads groups of calls ahead of their use. The stream ends where the input does, or where it can't be
/// read on; the thread's result is the error, or what it read from.
fn read_ahead<C>(mut calls: C) -> (impl Stream<Item = Vec<Call>>, JoinHandle<Result<C, InputError>>)
where
    C: Iterator<Item = Result<Vec<Call>, InputError>> + Send + 'static,
{
    let (sender, mut receiver) = mpsc::channel(GROUPS_AHEAD);
    let reader = tokio::task::spawn_blocking(move || {
        for group in calls.by_ref() {
            if sender.blocking_send(group?).is_err() {
                break;
            }
        }
        Ok(calls)
    });
    (stream::poll_fn(move |context| receiver.poll_recv(context)), reader)
}

/// Groups with their calls measured and cut, in the same order, a few at a time on all cores.
fn prepared(groups: impl Stream<Item = Vec<Call>>, options: PrepareOptions) -> impl Stream<Item = Vec<Prepared>> {
    let cores = crate::parallel::cores();
    let options = Arc::new(options);
    groups
        .map(move |group| {
            let options = Arc::clone(&options);
            tokio::task::spawn_blocking(move || {
                let measured: Vec<Measured> = group.into_iter().map(|call| Measured::of(call, &options)).collect();
                Prepared::all(measured, &options)
            })
        })
        .buffered(cores * 2)
        .then(|group| future::ready(group.expect("preparing a call does not panic")))
}
