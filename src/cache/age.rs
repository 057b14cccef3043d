//! How old answers are, by a clock that may be wrong.
//!
//! A look-up measures age by the run's own day. To drop an answer for good, or to date it anew, one clock is not
//! enough: on a night on which it stood a year ahead, everything that was ever paid for would be gone. So both need
//! [`WITNESSES`] different days on which *earlier runs* stored something (the table `days`):
//!
//! - an answer is dropped if it was too old already on the third latest of them (so a clock that was ahead on one or
//!   two days drops nothing);
//! - an answer dated further ahead than answers live was written while a clock was ahead, or this run's is behind.
//!   It is an answer all the same. Once three earlier days agree with this run's, it is dated today, so that it lives
//!   no longer than any other from here on.
//!
//! Refuses to let a run with a short age delete what others may still use: nothing younger than
//! [`DEFAULT_MAX_AGE_DAYS`] is dropped.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::DEFAULT_MAX_AGE_DAYS;
use super::key::Key;

/// On how many different days, all before this run's, earlier runs must have stored something for its clock to be
/// believed: two runs of one night share one wrong clock.
const WITNESSES: u32 = 3;
/// The table is gone through for its old rows only once the oldest is older than this part of the age beyond it. With
/// answers stored evenly, a fifth of them has expired by then; before, reading all of it is not worth it.
const OVERDUE_PART: u32 = 4;

/// What is due to be done to a cache's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sweep {
    today: u32,
    /// Rows from before this day are dropped.
    keep_from: u32,
    /// Rows from after this day are dated today.
    latest: u32,
}

impl Sweep {
    /// What is due on `today`, where answers count for `max_age_days`; a few times a year something is.
    pub(super) fn due(
        connection: &Connection,
        today: u32,
        max_age_days: Option<u32>,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(days) = max_age_days.map(|days| days.max(DEFAULT_MAX_AGE_DAYS)) else { return Ok(None) };
        let witness: Option<u32> = connection
            .query_row(
                "SELECT day FROM days WHERE day < ?1 ORDER BY day DESC LIMIT 1 OFFSET ?2",
                params![today, WITNESSES - 1],
                |row| row.get(0),
            )
            .optional()?;
        let Some(witness) = witness else { return Ok(None) };
        let (oldest, newest): (u32, u32) =
            connection.query_row("SELECT min(day), max(day) FROM days", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let keep_from = witness.saturating_sub(days);
        let is_agreed = witness >= today.saturating_sub(days);
        let latest = if is_agreed { today.saturating_add(days) } else { u32::MAX };
        let is_due = oldest < keep_from.saturating_sub(days / OVERDUE_PART) || newest > latest;
        Ok(is_due.then_some(Self { today, keep_from, latest }))
    }

    /// Drops everything from before `first_day`, and dates nothing anew.
    pub(super) const fn before(first_day: u32) -> Self {
        Self { today: first_day, keep_from: first_day, latest: u32::MAX }
    }

    /// Does it, in transactions short enough for other processes to write between them; returns how many rows went.
    /// A kill between two of them leaves the rest to the next sweep.
    pub(super) fn apply(self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut dropped = 0;
        let mut delete = connection.prepare("DELETE FROM scores WHERE key BETWEEN ?1 AND ?2 AND day < ?3")?;
        let mut redate = connection.prepare("UPDATE scores SET day = ?3 WHERE key BETWEEN ?1 AND ?2 AND day > ?4")?;
        for (first, last) in Key::slices() {
            dropped += delete.execute(params![first, last, self.keep_from])? as u64;
            if self.latest < u32::MAX {
                redate.execute(params![first, last, self.today, self.latest])?;
            }
        }
        connection.execute("DELETE FROM days WHERE day < ?1 OR day > ?2", params![self.keep_from, self.latest])?;
        if self.latest < u32::MAX {
            connection.execute("INSERT OR IGNORE INTO days VALUES (?1)", [self.today])?;
        }
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::database::Database;
    use crate::cache::tests::{key_of, scores_of};
    use crate::cache::writer::insert;
    use crate::cache::{Scorer, answer};

    const TODAY: u32 = 20_000;

    /// The day that an answer of `of` has after what is due was done; `None` if it was dropped. The answers of `stored`
    /// have stood there before.
    fn swept(of: u32, today: u32, max_age_days: Option<u32>, stored: impl IntoIterator<Item = u32>) -> Option<u32> {
        let root = tempfile::tempdir().unwrap();
        let mut connection = Database::of(root.path(), None).open().unwrap().connection;
        let scorer = Scorer { engine: "e".into(), model: "m".into() };
        for day in stored.into_iter().chain([of]) {
            insert(&mut connection, (&scorer, None), day, &[(key_of(day.into()), scores_of(0))]).unwrap();
        }
        connection.execute("DELETE FROM days WHERE day = ?1", [of]).unwrap();
        if let Some(sweep) = Sweep::due(&connection, today, max_age_days).unwrap() {
            sweep.apply(&connection).unwrap();
            assert_eq!(Sweep::due(&connection, today, max_age_days).unwrap(), None, "it is done");
        }
        let key = key_of(of.into());
        let row = connection
            .query_row("SELECT day, answer FROM scores WHERE key = ?1", [key.as_bytes()], |row| {
                Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional();
        row.unwrap().map(|(day, bytes)| {
            assert_eq!(answer::decode(key, &bytes), Some(scores_of(0)));
            day
        })
    }

    #[test]
    fn what_is_too_old_by_three_other_days_is_dropped_once_there_is_enough_of_it() {
        let nightly = |of| swept(of, TODAY, Some(90), TODAY - 120..TODAY);
        assert_eq!(nightly(TODAY - 93), Some(TODAY - 93), "90 days before the third day back");
        assert_eq!(nightly(TODAY - 94), None);
        assert_eq!(nightly(TODAY), Some(TODAY));
        assert_eq!(swept(TODAY - 110, TODAY, Some(90), TODAY - 110..TODAY), Some(TODAY - 110), "not worth it yet");
    }

    #[test]
    fn a_clock_that_is_ahead_for_two_days_drops_nothing_that_is_young() {
        for jump in [60, 3650] {
            let stored = (TODAY - 110..TODAY).chain([TODAY + jump - 1]);
            assert_eq!(swept(TODAY - 90, TODAY + jump, Some(90), stored), Some(TODAY - 90), "{jump} days ahead");
        }
    }

    #[test]
    fn a_clock_that_is_behind_for_two_days_dates_nothing_anew() {
        for today in [10, TODAY - 3650] {
            let stored = (TODAY - 50..TODAY).chain([today - 1, today]);
            assert_eq!(swept(TODAY, today, Some(90), stored), Some(TODAY), "on day {today}");
        }
        let stored = [TODAY - 803, TODAY - 802, TODAY - 801];
        assert_eq!(swept(TODAY, TODAY - 400, Some(90), stored), Some(TODAY), "the earlier days do not agree");
    }

    #[test]
    fn an_answer_from_far_ahead_is_dated_today_and_one_from_tomorrow_left() {
        let stored = [TODAY - 3, TODAY - 2, TODAY - 1, TODAY + 3650];
        assert_eq!(swept(TODAY + 3651, TODAY, Some(90), stored), Some(TODAY));
        assert_eq!(swept(TODAY + 1, TODAY, Some(90), stored), Some(TODAY + 1));
    }

    #[test]
    fn a_run_with_a_short_age_drops_nothing_that_others_use_and_one_without_an_age_nothing() {
        assert_eq!(swept(TODAY - 85, TODAY, Some(1), TODAY - 200..TODAY), Some(TODAY - 85));
        assert_eq!(swept(TODAY - 200, TODAY, None, TODAY - 199..TODAY), Some(TODAY - 200));
        assert_eq!(swept(TODAY - 200, TODAY, Some(u32::MAX), TODAY - 199..TODAY), Some(TODAY - 200));
    }
}
