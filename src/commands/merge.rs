//! `undertone merge`: makes the parts that shards wrote into the run that they are parts of.

use std::path::PathBuf;
use std::time::Instant;

use super::ending::Ending;
use super::stages::Stages;
use crate::engine::registry;
use crate::exit::{ExitCode, Failure};
use crate::lock::{Holder, RunLock};
use crate::log;
use crate::output::{OutputDirectory, Tables};
use crate::places;
use crate::settings::Settings;
use crate::shards::Merged;

/// Merges the parts in `folders` into the directory that the settings name; prints a summary, as JSON if `json`.
///
/// # Errors
/// [`Failure`] naming the part that is damaged, missing, there twice or of another run; nothing is written then.
pub fn run(settings: &Settings, folders: &[PathBuf], json: bool) -> Result<ExitCode, Failure> {
    let mut stages = Stages::begin(settings);
    for folder in folders {
        places::refuse(folder)?;
        refuse_as_output(settings, folder)?;
    }
    let lock = RunLock::take(&settings.out, &Holder::current())?;
    let mut directory = OutputDirectory::open(&settings.out)?;
    let begun = Instant::now();
    let Merged { mut record, agents, overview, rejects, calls, segments, failures, format } = Merged::of(folders)?;
    log::run_id().clone_into(&mut record.run_id);
    let engine = registry::find(&record.engine.name).unwrap_or(settings.engine());
    let profile = (engine.profile)(settings);
    let mut ending = Ending { record, overview, agents: &agents, profile: &profile, json };
    ending.set_exit_code();
    let tables = Tables {
        sample: None,
        calls: calls.into(),
        segments: segments.map(Into::into),
        failures: failures.into(),
        agents: &agents,
        rejects: &rejects,
    };
    ending.put_tables(&mut directory, tables, format)?;
    ending.conclude(&mut stages, (directory, &lock), begun)
}

/// A part is not replaced by the run that is made of it.
fn refuse_as_output(settings: &Settings, folder: &std::path::Path) -> Result<(), Failure> {
    let same = folder.canonicalize().is_ok_and(|folder| settings.out.canonicalize().is_ok_and(|out| out == folder));
    if !same {
        return Ok(());
    }
    let message = format!("{} is a part, and would be replaced by the run that is made of it", folder.display());
    Err(Failure::new(ExitCode::Usage, message).with_hint(Some("name another folder with --out DIR".to_owned())))
}
