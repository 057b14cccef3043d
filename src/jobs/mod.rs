//! Jobs: texts go to a service in files and come back as scores, so that what is too much for requests is done by the
//! service's own fleet.
//!
//! A job is not a request with a long wait. It **fills the store of scores** (`cache`); then the ordinary pipeline runs and
//! finds everything there. So outputs, resuming, never paying twice and bounded memory are those of any run.
//!
//! - `service`: what a service must be able to do; `settings`: what can be chosen.
//! - `journal`: what was begun, each intent before its effect. Holds hashes and names, no text.
//! - `fixed`: where no request probes the settings, a job of fixed texts does.
//! - `parts`: new texts streamed into files in the bucket; `run`: asking and going on, `start`: each job once, `resume`:
//!   what earlier runs left; `collect`: from an output to scores.
//! - `expiry`: whether the bucket removes by itself what is left there.
//!
//! Refuses to know what a service calls its operations, and to put a text on this machine's disk.

pub(crate) mod settings;

#[cfg(feature = "jobs")]
mod collect;
#[cfg(feature = "jobs")]
mod error;
#[cfg(feature = "jobs")]
pub(crate) mod expiry;
#[cfg(feature = "jobs")]
mod fixed;
#[cfg(feature = "jobs")]
mod journal;
#[cfg(feature = "jobs")]
mod parts;
#[cfg(feature = "jobs")]
mod resume;
#[cfg(feature = "jobs")]
mod run;
#[cfg(feature = "jobs")]
pub(crate) mod service;
#[cfg(feature = "jobs")]
mod shared;
#[cfg(feature = "jobs")]
mod start;

#[cfg(feature = "jobs")]
pub(crate) use error::JobsError;
#[cfg(feature = "jobs")]
pub(crate) use fixed::besides;
#[cfg(feature = "jobs")]
pub(crate) use journal::{Journal, Part};
#[cfg(feature = "jobs")]
pub(crate) use run::Run;
#[cfg(feature = "jobs")]
pub(crate) use settings::Jobs;
pub(crate) use settings::Via;
#[cfg(feature = "jobs")]
pub(crate) use shared::{Options, Shared};
