//! What was seen: inputs, the dates of their calls, what waits. An index in SQLite that can be lost: it is made again
//! from the inputs, and the records of the dates tell what of it was published.
//!
//! Nothing in it is a text or an id of a call: calls are known by 16 bytes of a hash, and only those of dates that may
//! still change, or that stand in several inputs.

mod calls;
mod inputs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::CallDate;
use crate::exit::{ExitCode, Stops};

pub(crate) use calls::{CallKey, Pending, Reason, call_key};
pub(crate) use inputs::{Held, Input, InputId};

/// The name of its file.
pub(crate) const FILE: &str = "state.sqlite";

/// Changes when the tables do. A state of another version is made again.
const VERSION: i64 = 2;
/// The version before, of local inputs only.
const UNTAGGED: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE inputs (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, modified INTEGER NOT NULL,
        seen INTEGER NOT NULL, hash TEXT NOT NULL, given TEXT, stem TEXT NOT NULL, names_calls INTEGER NOT NULL,
        is_named INTEGER NOT NULL, is_replaced INTEGER NOT NULL, tag TEXT
    ) STRICT;
    CREATE INDEX stems ON inputs (stem);
    CREATE TABLE input_dates (
        input INTEGER NOT NULL, date TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (input, date)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX dates ON input_dates (date);
    CREATE TABLE calls (
        key BLOB NOT NULL, input INTEGER NOT NULL, date TEXT NOT NULL, shared INTEGER NOT NULL,
        PRIMARY KEY (key, input)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX call_dates ON calls (date);
    CREATE TABLE pending (
        date TEXT NOT NULL, input INTEGER NOT NULL, calls INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (date, input)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE again (date TEXT PRIMARY KEY) STRICT;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;";

/// The state can't be used.
#[derive(Debug, thiserror::Error)]
#[error("can't use {path}")]
pub(crate) struct StateError {
    path: PathBuf,
    #[source]
    source: rusqlite::Error,
}

impl Stops for StateError {
    fn code(&self) -> ExitCode {
        ExitCode::CantCreate
    }

    fn hint(&self) -> Option<String> {
        let full = matches!(self.source.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
        Some(if full {
            "the disk is full: make room and run the same command again".to_owned()
        } else {
            format!("move {} away: the next night makes it again from the inputs, at no cost", self.path.display())
        })
    }
}

type Result<T> = std::result::Result<T, StateError>;

/// What was seen. Changes are kept together, and take effect at [`State::keep`].
pub(crate) struct State {
    path: PathBuf,
    connection: Connection,
    /// Whether nothing was there that could be used, and why, for a message.
    pub(crate) is_new: bool,
    /// What was wrong with a file that was moved aside.
    pub(crate) damaged: bool,
    /// Rows that were changed before anything was remembered.
    begun: u64,
}

impl State {
    /// Opens the state in `folder`; one that can't be read is moved aside.
    ///
    /// # Errors
    /// [`StateError`] where no file can be made.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |source| StateError { path: path.clone(), source };
        let usable = path.exists().then(|| Self::connect(&path).ok().filter(is_whole)).flatten();
        let damaged = usable.is_none() && path.exists();
        if damaged {
            let aside = folder.join(format!("{FILE}.damaged"));
            std::fs::rename(&path, aside)
                .map_err(|error| failed(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
            drop(std::fs::remove_file(folder.join(format!("{FILE}-journal"))));
        }
        let is_new = usable.is_none();
        let connection = match usable {
            Some(connection) => connection,
            None => Self::connect(&path).and_then(made).map_err(failed)?,
        };
        connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        let begun = connection.total_changes();
        Ok(Self { path, connection, is_new, damaged, begun })
    }

    /// A state in memory.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        let connection = Connection::open_in_memory().and_then(made).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        let begun = connection.total_changes();
        Self { path: PathBuf::new(), connection, is_new: true, damaged: false, begun }
    }

    fn connect(path: &Path) -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;")?;
        Ok(connection)
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> StateError {
        let path = self.path.clone();
        move |source| StateError { path: path.clone(), source }
    }

    /// Makes all changes last.
    pub(crate) fn keep(&mut self) -> Result<()> {
        self.connection.execute_batch("COMMIT; BEGIN IMMEDIATE").map_err(self.failed())
    }

    /// Whether anything was remembered since it was opened.
    pub(crate) fn has_changed(&self) -> bool {
        self.connection.total_changes() > self.begun
    }

    /// Dates with documents that failed, which are asked for again.
    pub(crate) fn again(&self) -> Result<BTreeSet<CallDate>> {
        let dates = self.all("SELECT date FROM again", (), |row| date_of(row, 0))?;
        Ok(dates.into_iter().collect())
    }

    /// Remembers whether documents of a date failed.
    pub(crate) fn put_again(&self, date: CallDate, failed: bool) -> Result<()> {
        self.change("DELETE FROM again WHERE date = ?1", [date.to_string()])?;
        if failed {
            self.change("INSERT INTO again VALUES (?1)", [date.to_string()])?;
        }
        Ok(())
    }

    /// A fact of this name.
    pub(crate) fn fact(&self, name: &str) -> Result<Option<String>> {
        let found = self.connection.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0));
        found.optional().map_err(self.failed())
    }

    /// Remembers a fact, unless it is known.
    pub(crate) fn put_fact(&self, name: &str, value: &str) -> Result<()> {
        if self.fact(name)?.as_deref() == Some(value) {
            return Ok(());
        }
        self.change("INSERT OR REPLACE INTO facts VALUES (?1, ?2)", [name, value])
    }

    fn all<T>(
        &self,
        query: &str,
        values: impl rusqlite::Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let rows = || -> rusqlite::Result<Vec<T>> {
            let mut prepared = self.connection.prepare_cached(query)?;
            prepared.query_map(values, row)?.collect()
        };
        rows().map_err(self.failed())
    }

    fn change(&self, statement: &str, values: impl rusqlite::Params) -> Result<()> {
        let mut prepared = self.connection.prepare_cached(statement).map_err(self.failed())?;
        prepared.execute(values).map(drop).map_err(self.failed())
    }
}

/// Whether a file is a state of this version without damage; one of the version before is made one.
fn is_whole(connection: &Connection) -> bool {
    let tagged = format!("BEGIN; ALTER TABLE inputs ADD COLUMN tag TEXT; PRAGMA user_version = {VERSION}; COMMIT;");
    let text = |query| connection.query_row(query, (), |row| row.get::<_, rusqlite::types::Value>(0));
    let is_of = |version: i64| text("PRAGMA user_version").is_ok_and(|found| found == version.into());
    let is_sound = || text("PRAGMA quick_check(1)").is_ok_and(|said| said == "ok".to_owned().into());
    (is_of(VERSION) || is_of(UNTAGGED)) && is_sound() && (is_of(VERSION) || connection.execute_batch(&tagged).is_ok())
}

fn made(connection: Connection) -> rusqlite::Result<Connection> {
    connection.execute_batch(&format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    Ok(connection)
}

fn date_of(row: &Row<'_>, column: usize) -> rusqlite::Result<CallDate> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| rusqlite::Error::InvalidQuery)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept_and_one_that_was_damaged_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::open(folder.path()).unwrap();
        assert!(state.is_new && !state.damaged);
        state.put_fact("contacts", "abc").unwrap();
        state.keep().unwrap();
        state.put_fact("contacts", "never kept").unwrap();
        drop(state);
        let state = State::open(folder.path()).unwrap();
        assert_eq!((state.is_new, state.fact("contacts").unwrap().as_deref()), (false, Some("abc")));
        drop(state);
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[4096..8192].fill(7);
        std::fs::write(&path, bytes).unwrap();
        let state = State::open(folder.path()).unwrap();
        assert_eq!((state.is_new, state.damaged, state.fact("contacts").unwrap()), (true, true, None));
        assert!(folder.path().join("state.sqlite.damaged").exists());
    }
}
