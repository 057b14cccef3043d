//! The inputs that were seen, and how many calls of which date each holds.

use std::collections::HashMap;

use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Result, State, date_of};
use crate::nights::CallDate;

/// An input in the state.
pub(crate) type InputId = i64;

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

impl State {
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
