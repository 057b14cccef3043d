//! The page: what the tables of a run say, drawn for people.
//!
//! [`draw`] reads an output directory, once and in order, and writes one offline HTML page: no outside address,
//! no text of a transcript, readable without its script. It draws from the tables alone, so that it can be drawn
//! again at any time, and says in words what was found, how sure that is, and how each number is made. It never
//! ranks agents, and never shows what was not scored as neutral.
//!
//! Its parts, in the order of the work: [`table`] reads rows; [`calls`], [`agents`], [`lists`] and [`run`] gather
//! facts from them in bounded memory, with the [`sums`] of scores; [`verdict`] puts facts into words; [`figure`] into lines and dots;
//! [`page`] puts all of it into the templates, and [`evaluation`] does the same for an evaluation of engines. [`words`] is how names and numbers look everywhere.

mod agents;
mod calls;
mod evaluation;
mod figure;
mod lists;
mod page;
mod run;
mod sums;
mod table;
mod table_of_agents;
mod verdict;
mod words;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::output::RunRecord;

pub use evaluation::evaluation_page;
use table::PARTS;
pub(crate) use table::{Row, Table};
pub(crate) use words::{Maybe, Name, counted};

/// The page can't be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file of the directory could not be read.
    #[error("can't read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A table lacks a column.
    #[error("{path} has no column {column}")]
    Column {
        /// The table.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A cell does not hold what its column is for.
    #[error("{path} can't be understood: line {line}, column {column}")]
    Value {
        /// The table.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
    },
    /// run.json is not what this program writes.
    #[error("can't understand {path}")]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The page could not be written.
    #[error("can't write the page")]
    Write(#[source] io::Error),
}

impl ReportError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("name the directory that `undertone analyze --out DIR` wrote".into())
            }
            Self::Column { .. } | Self::Value { .. } | Self::Record { .. } => {
                Some("the file was changed, or written by another version: run `undertone analyze` again".into())
            }
            Self::Read { .. } | Self::Write(_) => None,
        }
    }
}

/// Draws the page of the run whose files, run.json among them, lie in `directory`.
///
/// The same files make the same bytes.
///
/// # Errors
/// [`ReportError`] naming the file, and the line and column where there are any.
pub fn draw(directory: &Path, out: &mut dyn Write) -> Result<(), ReportError> {
    let run = run::RunFacts::read(&directory.join("run.json"))?;
    page::write(directory, &run, out)
}

/// The same for a run that is not finished: its tables lie in `directory`, its record is not written yet.
///
/// Of `record`, its outputs, times and exit code are not looked at: they may be blank.
///
/// # Errors
/// [`ReportError`] naming the file, and the line and column where there are any.
pub fn draw_before_record(directory: &Path, record: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
    page::write(directory, &run::RunFacts::of(record), out)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
