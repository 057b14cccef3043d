//! Reads transcripts: files in, complete calls out.
//!
//! [`discover`] finds the files, [`read`] takes every row of them in, and [`Conversations::calls`] hands out calls
//! with their turns in order. What happens to a row on its way, a file each:
//!
//! - `source`: which files; `decode`: decompression, encoding, hash; `records`: delimiter, records and their lines.
//! - `columns`: which column is which field; `roles`, `labels`, `times`: what a field's value means.
//! - `scan`: one file's rows, each stored or rejected (`rejects`); `row`, `store`: rows kept by call, in memory and
//!   beyond it in an anonymous temporary file; `calls`: rows put together.
//!
//! Memory is bounded whatever the input: rows beyond [`InputOptions::memory_bytes`] go to the temporary file, and a
//! 256th of the calls is grouped at a time. A single call must fit in memory. Nothing is guessed: a role, column or
//! encoding that is not plain stops the run or rejects the row. Text reaches no error, log or lasting file.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::language;
use crate::transcript::Role;

mod calls;
mod columns;
mod decode;
mod error;
mod labels;
#[cfg(test)]
mod properties;
mod records;
mod rejects;
mod roles;
mod row;
mod scan;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod times;

pub use calls::{Calls, Tally};
pub use columns::{Field, UnknownField};
pub use decode::Encoding;
pub use error::{InputError, InputErrorKind};
pub use rejects::{MaxRejects, Reason, Reject};
pub use scan::{FileReport, Format};
pub use source::{Source, discover};
pub use times::OffsetUnit;

use calls::Grouping;
use rejects::Rejects;
use roles::{Roles, Strangers};
use scan::Scan;
use store::{Store, Stored};
use times::Clock;

/// Bytes of rows held in memory by default before more go to the temporary file.
pub const DEFAULT_MEMORY_BYTES: usize = 64 << 20;

/// How input is understood where it does not say so itself.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// Which column holds a field, by header name; goes before names known without being told. An empty name says
    /// that no column does.
    pub map: Vec<(Field, String)>,
    /// Which role a speaker value has; goes before values known without being told.
    pub roles: Vec<(String, Role)>,
    /// The language of calls whose rows name none.
    pub language: Option<String>,
    /// The zone of times that name none, and of call dates.
    pub time_zone: TimeZone,
    /// What plain numbers in a time column count, where the header's name does not say.
    pub offset_unit: Option<OffsetUnit>,
    /// How many rows may be rejected.
    pub max_rejects: MaxRejects,
    /// About how many bytes of rows are held in memory while files are read.
    pub memory_bytes: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            map: Vec::new(),
            roles: Vec::new(),
            language: None,
            time_zone: TimeZone::UTC,
            offset_unit: None,
            max_rejects: MaxRejects::default(),
            memory_bytes: DEFAULT_MEMORY_BYTES,
        }
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Raw bytes read of all files; compare with [`Source::bytes`].
    pub bytes: u64,
    /// Rows read of all files.
    pub rows: u64,
}

/// All that was read: calls to iterate, and what there is to report.
pub struct Conversations {
    stored: Arc<Stored>,
    grouping: Arc<Grouping>,
    reports: Vec<FileReport>,
    rejects: Vec<Reject>,
    rows: u64,
}

/// Reads all rows of `sources`, in their order. `on_progress` is called every few thousand rows and after each file.
///
/// # Errors
/// Every [`InputError`] but those of [`discover`]: a file that can't be read, columns or roles that the user must
/// name, too many rejected rows, no usable row, or a temporary file that fails.
pub fn read(
    sources: &[Source],
    options: &InputOptions,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Conversations, InputError> {
    let clock = || Clock::new(options.time_zone.clone(), options.offset_unit);
    let mut scan = Scan {
        options,
        clock: clock(),
        roles: Roles::new(&options.roles),
        strangers: Strangers::default(),
        store: Store::new(options.memory_bytes),
        rejects: Rejects::default(),
        rows: 0,
        bytes: 0,
    };
    let mut reports = Vec::with_capacity(sources.len());
    for (number, source) in (0_u32..).zip(sources) {
        reports.push(scan.file(number, source, on_progress)?);
    }
    let Scan { strangers, store, rejects, rows, .. } = scan;
    strangers.into_result()?;
    if store.rows() == 0 {
        return Err(InputError::NoUsableRow { files: sources.len(), rows, first: rejects.first() });
    }
    rejects.check(options.max_rejects, rows)?;
    let language = options.language.as_deref().and_then(language::normalise);
    Ok(Conversations {
        stored: Arc::new(store.finish()),
        grouping: Arc::new(Grouping { clock: clock(), language }),
        reports,
        rejects: rejects.into_sorted(),
        rows,
    })
}

impl Conversations {
    /// What was read of each file, in the order of the sources.
    #[must_use]
    pub fn reports(&self) -> &[FileReport] {
        &self.reports
    }

    /// The rows that can't be used, by file and line.
    #[must_use]
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// Rows read of all files, used or rejected.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows that can't be used.
    #[must_use]
    pub const fn rejected(&self) -> u64 {
        self.rejects.len() as u64
    }

    /// All calls, in an order that depends on their ids alone. May be asked for any number of times; how many calls,
    /// turns and duplicates there are is in [`Calls::tally`] once an iteration has ended.
    #[must_use]
    pub fn calls(&self) -> Calls {
        Calls::new(Arc::clone(&self.stored), Arc::clone(&self.grouping))
    }

    /// All calls, for an owner who needs nothing else: rows in memory are freed with the iterator.
    #[must_use]
    pub fn into_calls(self) -> Calls {
        Calls::new(self.stored, self.grouping)
    }
}
