//! `undertone report`: draws the page of a run again from its tables.

use std::path::Path;

use crate::exit::{ExitCode, Failure};
use crate::output::write_whole;
use crate::report::{self, ReportError};

/// The page's name in an output directory.
const PAGE: &str = "report.html";

/// Draws the page of the run in `directory` and puts it in the place of the old one, whole or not at all.
///
/// run.json stays as it is: it is the record of the run, and its hash of the page that of the page which the run
/// itself drew.
///
/// # Errors
/// [`Failure`] if the directory holds no run, a table can't be understood, or the page can't be written.
pub fn run(directory: &Path) -> Result<ExitCode, Failure> {
    let path = directory.join(PAGE);
    let mut page = Vec::new();
    report::draw(directory, &mut page)?;
    write_whole(&path, &page).map_err(|error| Failure::write(&path, error))?;
    super::print(&format!("{}\n", path.display()))?;
    Ok(ExitCode::Done)
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let hint = error.hint();
        let code = match &error {
            ReportError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ExitCode::NoInput,
            ReportError::Read { .. } => ExitCode::Unexpected,
            ReportError::Column { .. } | ReportError::Value { .. } | ReportError::Record { .. } => ExitCode::Data,
            ReportError::Write(_) => ExitCode::CantCreate,
        };
        Self::new(code, error).with_hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_a_run_is_missing_input_and_stays_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        for directory in [home.path().to_owned(), home.path().join("nowhere")] {
            let failure = run(&directory).unwrap_err();
            assert_eq!(failure.code(), ExitCode::NoInput);
            assert_eq!(failure.hint(), Some("name the directory that `undertone analyze --out DIR` wrote"));
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
