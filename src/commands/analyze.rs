//! `undertone analyze`: read, chunk, score, roll up, write.

use crate::exit::{ExitCode, Failure};
use crate::settings::Settings;

/// Analyzes `inputs`: files, directories, globs, or `-` for stdin.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped the run.
pub fn run(_settings: &Settings, _inputs: &[String]) -> Result<ExitCode, Failure> {
    unimplemented!("the pipeline is wired here")
}
