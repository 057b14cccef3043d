//! How one call's numbers came about: its segments in order, drawn as a line down the terminal, and what was made of them.
//!
//! Everything comes from the tables of a run. What was said is shown only to somebody who gives the transcript, and
//! only on the terminal. What was not scored is said to be so, with the reason.

mod drawing;
mod read;

use std::path::PathBuf;

pub use drawing::Drawing;
pub use read::Explanation;

use crate::report::ReportError;

/// The call can't be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] ReportError),
    /// The run has no such call.
    #[error("{path} has no call {call_id}")]
    NoSuchCall {
        /// The table.
        path: PathBuf,
        /// What was asked for, safe to print.
        call_id: String,
    },
}

impl ExplainError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Table(error) => error.hint(),
            Self::NoSuchCall { .. } => Some("ids are compared letter by letter: copy one from calls.csv".into()),
        }
    }
}
