//! What was seen: inputs, the dates of their calls, what waits. An index in SQLite that can be lost: it is made again
//! from the inputs, and the records of the dates tell what of it was published.
//!
//! Nothing in it is a text or an id of a call: calls are known by 16 bytes of a hash, and only those of dates that may
//! still change, or that stand in several inputs.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::CallDate;
use crate::exit::{ExitCode, Stops};

/// An input in the state.
pub(crate) type InputId = i64;

/// A call in the state: 16 bytes of a hash of its id.
pub(crate) type CallKey = [u8; 16];

/// The key of a call.
pub(crate) fn call_key(id: &str) -> CallKey {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..16]);
    key
}

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

/// An input as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where it is, without links; the address of an object.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// When it was changed, in nanoseconds since the Unix epoch.
    pub(crate) modified: i64,
    /// When it was looked at, in the same unit.
    pub(crate) seen: i64,
    /// BLAKE3 of its bytes in hexadecimal; empty where it is no transcript.
    pub(crate) hash: String,
    /// The date that calls without one were given, if one was.
    pub(crate) given: Option<Date>,
    /// Its name without endings.
    pub(crate) stem: String,
    /// Whether calls in it are called by its name.
    pub(crate) names_calls: bool,
    /// Whether it was named itself, and not found in a folder.
    pub(crate) is_named: bool,
    /// Whether something else stands at its path now: it can't be read again.
    pub(crate) is_replaced: bool,
    /// What an object store changes with each content; a file has none.
    pub(crate) tag: Option<String>,
}

/// Calls of an input that are of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) input: InputId,
    pub(crate) date: CallDate,
    pub(crate) calls: u64,
}

/// Why calls are not in the partition of their date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Reason {
    /// The date was published and lies before the lookback.
    Late,
    /// An input that holds calls of the date is gone.
    Gone,
    /// A file of the partition was changed by somebody else.
    Edited,
}

/// Calls that are not in the partition of their date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) date: CallDate,
    pub(crate) input: InputId,
    pub(crate) calls: u64,
    pub(crate) reason: Reason,
}

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

    /// The input at a path.
    pub(crate) fn input_at(&self, path: &str) -> Result<Option<(InputId, Input)>> {
        let found = self.all("SELECT * FROM inputs WHERE path = ?1", [path], identified)?;
        Ok(found.into_iter().next())
    }

    /// The inputs with this name without endings.
    pub(crate) fn inputs_called(&self, stem: &str) -> Result<Vec<(InputId, Input)>> {
        self.all("SELECT * FROM inputs WHERE stem = ?1 ORDER BY id", [stem], identified)
    }

    /// The inputs with a content, by its length, that are at none of the paths that are `found`.
    pub(crate) fn inputs_elsewhere(&self, found: impl Fn(&str) -> bool) -> Result<HashMap<u64, Vec<InputId>>> {
        let query = "SELECT bytes, id, path FROM inputs WHERE hash <> '' AND is_replaced = 0 ORDER BY id";
        let one = |row: &Row<'_>| {
            let is_found = found(row.get_ref(2)?.as_str()?);
            Ok((u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(), row.get(1)?, is_found))
        };
        let mut elsewhere: HashMap<u64, Vec<InputId>> = HashMap::new();
        for (bytes, id, _) in self.all(query, (), one)?.into_iter().filter(|(_, _, is_found)| !is_found) {
            elsewhere.entry(bytes).or_default().push(id);
        }
        Ok(elsewhere)
    }

    /// The input of this id.
    pub(crate) fn input(&self, id: InputId) -> Result<Option<Input>> {
        let found = self.connection.query_row("SELECT * FROM inputs WHERE id = ?1", [id], input_of);
        found.optional().map_err(self.failed())
    }

    /// Remembers an input, new or changed; its id.
    pub(crate) fn put_input(&self, input: &Input) -> Result<InputId> {
        let Input { path, modified, seen, hash, stem, names_calls, is_named, is_replaced, tag, .. } = input;
        let statement = "
            INSERT INTO inputs (path, bytes, modified, seen, hash, given, stem, names_calls, is_named, is_replaced,
                tag)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (path) DO UPDATE SET bytes = ?2, modified = ?3, seen = ?4, hash = ?5, given = ?6, stem = ?7,
                names_calls = ?8, is_named = ?9, is_replaced = ?10, tag = ?11
            RETURNING id";
        let bytes = i64::try_from(input.bytes).unwrap_or(i64::MAX);
        let given = input.given.map(|date| date.to_string());
        let mut prepared = self.connection.prepare_cached(statement).map_err(self.failed())?;
        let values = params![path, bytes, modified, seen, hash, given, stem, names_calls, is_named, is_replaced, tag];
        prepared.query_row(values, |row| row.get(0)).map_err(self.failed())
    }

    /// Gives the input of `id` another path.
    pub(crate) fn move_input(&self, id: InputId, path: &str) -> Result<()> {
        self.change("UPDATE inputs SET path = ?2 WHERE id = ?1", params![id, path])
    }

    /// What is known of the dates of an input.
    pub(crate) fn held_by(&self, input: InputId) -> Result<Vec<Held>> {
        self.all("SELECT input, date, calls FROM input_dates WHERE input = ?1 ORDER BY date", [input], held_of)
    }

    /// Which inputs hold calls of a date.
    pub(crate) fn holding(&self, date: CallDate) -> Result<Vec<Held>> {
        let query = "SELECT input, date, calls FROM input_dates WHERE date = ?1 ORDER BY input";
        self.all(query, [date.to_string()], held_of)
    }

    /// Replaces what is known of an input's calls: how many are of which date, and its keys.
    pub(crate) fn forget_calls(&self, input: InputId) -> Result<()> {
        self.change("DELETE FROM input_dates WHERE input = ?1", [input])?;
        self.change("DELETE FROM calls WHERE input = ?1", [input])
    }

    /// Remembers how many calls of an input are of a date.
    pub(crate) fn put_held(&self, held: Held) -> Result<()> {
        let calls = i64::try_from(held.calls).unwrap_or(i64::MAX);
        let values = params![held.input, held.date.to_string(), calls];
        self.change("INSERT OR REPLACE INTO input_dates VALUES (?1, ?2, ?3)", values)
    }

    /// Forgets that an input held calls of a date.
    pub(crate) fn forget_held(&self, held: Held) -> Result<()> {
        let values = params![held.input, held.date.to_string()];
        self.change("DELETE FROM input_dates WHERE input = ?1 AND date = ?2", values)
    }

    /// Remembers a call of an input; `shared` if other inputs hold it too.
    pub(crate) fn put_call(&self, key: &CallKey, input: InputId, date: CallDate, shared: bool) -> Result<()> {
        let values = params![key, input, date.to_string(), shared];
        self.change("INSERT OR REPLACE INTO calls VALUES (?1, ?2, ?3, ?4)", values)
    }

    /// Forgets the calls of dates before `date` that stand in one input only.
    pub(crate) fn forget_before(&self, date: Date) -> Result<()> {
        let statement = "DELETE FROM calls WHERE date < ?1 AND shared = 0 AND date <> 'unknown'";
        self.change(statement, [date.to_string()])
    }

    /// Whether any call is remembered.
    pub(crate) fn has_calls(&self) -> Result<bool> {
        let found = self.connection.query_row("SELECT EXISTS (SELECT 1 FROM calls)", (), |row| row.get(0));
        found.map_err(self.failed())
    }

    /// Where a call was seen.
    pub(crate) fn seen_in(&self, key: &CallKey) -> Result<Vec<(InputId, CallDate)>> {
        self.all("SELECT input, date FROM calls WHERE key = ?1", [key], |row| Ok((row.get(0)?, date_of(row, 1)?)))
    }

    /// Calls of the inputs `read` that other inputs hold too, with their date: what `read` holds of them is not all.
    pub(crate) fn partly_in(&self, read: &BTreeSet<InputId>) -> Result<Vec<(CallKey, CallDate)>> {
        let query = "SELECT key, input, date FROM calls WHERE shared = 1 ORDER BY key";
        let shared: Vec<(CallKey, InputId, CallDate)> =
            self.all(query, (), |row| Ok((row.get(0)?, row.get(1)?, date_of(row, 2)?)))?;
        let partly = shared.chunk_by(|one, other| one.0 == other.0).filter(|call| {
            let here = call.iter().filter(|(_, input, _)| read.contains(input)).count();
            0 < here && here < call.len()
        });
        Ok(partly.filter_map(|call| call.first().map(|&(key, _, date)| (key, date))).collect())
    }

    /// What waits.
    pub(crate) fn pending(&self) -> Result<Vec<Pending>> {
        self.all("SELECT date, input, calls, reason FROM pending ORDER BY date, input", (), |row| {
            let reason: String = row.get(3)?;
            let reason = reason.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
            let calls = u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
            Ok(Pending { date: date_of(row, 0)?, input: row.get(1)?, calls, reason })
        })
    }

    /// Lets calls wait.
    pub(crate) fn put_pending(&self, pending: Pending) -> Result<()> {
        let Pending { date, input, calls, reason } = pending;
        let values = params![date.to_string(), input, i64::try_from(calls).unwrap_or(i64::MAX), <&str>::from(reason)];
        self.change("INSERT OR REPLACE INTO pending VALUES (?1, ?2, ?3, ?4)", values)
    }

    /// Nothing of a date waits any more.
    pub(crate) fn settle(&self, date: CallDate) -> Result<()> {
        self.change("DELETE FROM pending WHERE date = ?1", [date.to_string()])
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

fn identified(row: &Row<'_>) -> rusqlite::Result<(InputId, Input)> {
    Ok((row.get("id")?, input_of(row)?))
}

fn input_of(row: &Row<'_>) -> rusqlite::Result<Input> {
    let given: Option<String> = row.get("given")?;
    Ok(Input {
        path: row.get("path")?,
        bytes: u64::try_from(row.get::<_, i64>("bytes")?).unwrap_or_default(),
        modified: row.get("modified")?,
        seen: row.get("seen")?,
        hash: row.get("hash")?,
        given: given.and_then(|date| date.parse().ok()),
        stem: row.get("stem")?,
        names_calls: row.get("names_calls")?,
        is_named: row.get("is_named")?,
        is_replaced: row.get("is_replaced")?,
        tag: row.get("tag")?,
    })
}

fn held_of(row: &Row<'_>) -> rusqlite::Result<Held> {
    let calls = u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
    Ok(Held { input: row.get(0)?, date: date_of(row, 1)?, calls })
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

    #[test]
    fn calls_that_stand_partly_elsewhere_are_found() {
        let state = State::in_memory();
        let [day, other] = ["2026-11-01", "unknown"].map(|date| date.parse().unwrap());
        for (id, inputs, date) in [("one", vec![1], day), ("two", vec![1, 2], other), ("three", vec![2, 3], day)] {
            let key = call_key(id);
            for &input in &inputs {
                state.put_call(&key, input, date, inputs.len() > 1).unwrap();
            }
        }
        assert_eq!(state.partly_in(&[1].into()).unwrap(), [(call_key("two"), other)]);
        assert_eq!(state.partly_in(&[1, 2].into()).unwrap(), [(call_key("three"), day)]);
        assert_eq!(state.partly_in(&[1, 2, 3].into()).unwrap(), []);
        state.forget_before(jiff::civil::date(2026, 12, 1)).unwrap();
        assert_eq!(state.seen_in(&call_key("one")).unwrap(), []);
        assert_eq!(state.seen_in(&call_key("three")).unwrap().len(), 2, "one that is shared is kept");
    }
}
