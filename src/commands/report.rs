//! `undertone report`: draws the page of a run again from its tables.

use std::path::Path;

use crate::exit::{ExitCode, Failure};
use crate::lock::{Holder, RunLock};
use crate::output::{RunRecord, write_whole};
use crate::places;
use crate::report;

/// The page's name in an output directory.
const PAGE: &str = "report.html";

/// Draws the page of the run in `directory` and puts it in the place of the old one, whole or not at all.
///
/// run.json stays as it is: it is the record of the run, and its hash of the page that of the page which the run
/// itself drew.
///
/// # Errors
/// [`Failure`] if the directory holds no run, another run holds it, a table can't be understood, or the page can't
/// be written.
pub fn run(directory: &Path) -> Result<ExitCode, Failure> {
    places::refuse(directory)?;
    // A directory without a run gets no lock file.
    RunRecord::read(&directory.join(RunRecord::FILE))?;
    let _lock = RunLock::take(directory, &Holder::current()).map_err(|error| {
        let hint = "wait for that run to end, and see that files can be written into the directory";
        Failure::from(error).with_hint(Some(hint.into()))
    })?;
    let path = directory.join(PAGE);
    let page = report::draw(directory)?;
    write_whole(&path, page.as_bytes()).map_err(|error| Failure::write(&path, error))?;
    super::print(&format!("{}\n", path.display()))?;
    Ok(ExitCode::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Sample;

    #[test]
    fn a_directory_that_a_run_holds_is_left_alone() {
        let sample = Sample::new();
        let directory = sample.write(false);
        let held = RunLock::take(directory, &Holder::current()).unwrap();
        let failure = run(directory).unwrap_err();
        assert_eq!(failure.code(), ExitCode::TryLater);
        assert!(failure.hint().is_some_and(|hint| hint.starts_with("wait for that run")));
        assert!(!directory.join(PAGE).exists());
        drop(held);
    }

    #[test]
    fn a_directory_without_a_run_is_missing_input_and_stays_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        for directory in [home.path().to_owned(), home.path().join("nowhere")] {
            let failure = run(&directory).unwrap_err();
            assert_eq!(failure.code(), ExitCode::NoInput);
            assert_eq!(
                failure.hint(),
                Some(
                    "name the directory that `undertone analyze --out DIR` wrote, or `latest` in that of `nightly --into DIR`"
                )
            );
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
