//! `undertone plan`: what analyze would send and cost, without sending anything.

use crate::exit::{ExitCode, Failure};
use crate::settings::Settings;

/// Plans the analysis of `inputs` and prints it, as JSON if `json`.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped it.
pub fn run(_settings: &Settings, _inputs: &[String], _json: bool) -> Result<ExitCode, Failure> {
    unimplemented!("the plan is wired here")
}
