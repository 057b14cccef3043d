//! Which calls stand in which inputs, as far as that may still matter, and which are not in the partition of their date.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rusqlite::params;

use super::{InputId, Result, State, date_of};
use crate::nights::CallDate;

/// A call in the state: 16 bytes of a hash of its id.
pub(crate) type CallKey = [u8; 16];

/// The key of a call.
pub(crate) fn call_key(id: &str) -> CallKey {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..16]);
    key
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

impl State {
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
