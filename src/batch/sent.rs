//! The texts that one run has sent, by id: which are on their way, and what became of the others.
//!
//! Holds hashes and outcomes, never text. The latest outcomes are in memory; earlier ones go to a temporary database
//! without a name, so that memory does not grow with the run. A temporary folder that fails ends no run: the outcomes in
//! it are forgotten, so that their texts may be sent again, and later ones stay in memory.

use rusqlite::{Connection, OptionalExtension as _, params};
use rustc_hash::FxHashMap;

use crate::cache::Key;
use crate::sentiment::{Outcome, Scores};

/// Outcomes that are kept in memory: about 5 MB.
const RECENT: usize = 65_536;

/// What is known of a text when one more document brings it.
pub(super) enum Seen<T> {
    /// Nothing.
    Never(T),
    /// Its outcome.
    Answered(T, Outcome),
    /// It was sent: the document waits for the outcome.
    OnItsWay,
}

/// The texts of one run.
pub(super) struct Sent<T> {
    on_their_way: FxHashMap<Key, Vec<T>>,
    /// Documents in `on_their_way`.
    repeats: usize,
    recent: FxHashMap<Key, Outcome>,
    /// Outcomes that `recent` holds before it is emptied into `earlier`.
    most_recent: usize,
    earlier: Option<Connection>,
}

impl<T> Default for Sent<T> {
    fn default() -> Self {
        Self::with_memory(RECENT)
    }
}

impl<T> Sent<T> {
    fn with_memory(most_recent: usize) -> Self {
        let (on_their_way, recent) = (FxHashMap::default(), FxHashMap::default());
        Self { on_their_way, repeats: 0, recent, most_recent, earlier: None }
    }

    /// Looks a text up.
    pub(super) fn look_up(&mut self, id: Key, tag: T) -> Seen<T> {
        if let Some(waiting) = self.on_their_way.get_mut(&id) {
            waiting.push(tag);
            self.repeats += 1;
            return Seen::OnItsWay;
        }
        match self.recent.get(&id).cloned().or_else(|| self.find_earlier(id)) {
            Some(outcome) => Seen::Answered(tag, outcome),
            None => Seen::Never(tag),
        }
    }

    /// Documents that wait for an answer to another one.
    pub(super) const fn repeats(&self) -> usize {
        self.repeats
    }

    /// Notes that a text is on its way.
    pub(super) fn begin(&mut self, id: Key) {
        self.on_their_way.insert(id, Vec::new());
    }

    /// Keeps a text's outcome; returns the documents that wait for it.
    pub(super) fn finish(&mut self, id: Key, outcome: &Outcome) -> Vec<T> {
        self.recent.insert(id, outcome.clone());
        if self.recent.len() > self.most_recent {
            match self.put_aside() {
                Ok(()) => self.recent.clear(),
                Err(error) => self.give_up_earlier(&error),
            }
        }
        let waiting = self.on_their_way.remove(&id).unwrap_or_default();
        self.repeats -= waiting.len();
        waiting
    }

    fn find_earlier(&mut self, id: Key) -> Option<Outcome> {
        let found = find(self.earlier.as_ref()?, id);
        found.unwrap_or_else(|error| {
            self.give_up_earlier(&error);
            None
        })
    }

    fn give_up_earlier(&mut self, error: &rusqlite::Error) {
        tracing::warn!("the temporary folder fails, so texts that were sent may be sent again: {error}");
        self.earlier = None;
        self.most_recent = usize::MAX;
    }

    fn put_aside(&mut self) -> rusqlite::Result<()> {
        let earlier = match &mut self.earlier {
            Some(earlier) => earlier,
            none => none.insert(temporary()?),
        };
        let transaction = earlier.transaction()?;
        {
            let mut insert = transaction.prepare("INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?, ?, ?, ?)")?;
            for (id, outcome) in &self.recent {
                let scores = outcome.scores();
                let part = |part: fn(&Scores) -> f32| scores.map(part);
                let (reason, attempts) = match outcome {
                    Outcome::Failed { reason, attempts } => (Some(&**reason), *attempts),
                    _ => (None, 0),
                };
                insert.execute(params![
                    id.as_bytes(),
                    part(|scores| scores.positive),
                    part(|scores| scores.negative),
                    part(|scores| scores.neutral),
                    part(|scores| scores.mixed),
                    reason,
                    attempts,
                ])?;
            }
        }
        transaction.commit()
    }
}

/// A database in a file that has no name and is gone when it is closed.
fn temporary() -> rusqlite::Result<Connection> {
    let database = Connection::open("")?;
    database.execute_batch(
        "PRAGMA journal_mode = OFF;
         PRAGMA synchronous = OFF;
         PRAGMA cache_size = -16384;
         CREATE TABLE sent (id BLOB PRIMARY KEY, positive REAL, negative REAL, neutral REAL, mixed REAL, reason TEXT,
             attempts INTEGER) WITHOUT ROWID;",
    )?;
    Ok(database)
}

fn find(earlier: &Connection, id: Key) -> rusqlite::Result<Option<Outcome>> {
    let mut select = earlier.prepare("SELECT * FROM sent WHERE id = ?")?;
    let outcome = select.query_row([id.as_bytes()], |row| {
        Ok(match row.get::<_, Option<Box<str>>>("reason")? {
            Some(reason) => Outcome::Failed { reason, attempts: row.get("attempts")? },
            None => Outcome::Scored(Scores {
                positive: row.get("positive")?,
                negative: row.get("negative")?,
                neutral: row.get("neutral")?,
                mixed: row.get("mixed")?,
            }),
        })
    });
    outcome.optional()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cache::Scorer;

    proptest! {
        /// Whatever part of the outcomes was put aside, each text has its latest.
        #[test]
        fn outcomes_are_found_again_in_memory_and_beyond_it(texts in prop::collection::vec(0_u8..50, 1..200)) {
            let scorer = Scorer { engine: "script".into(), model: "1".into() };
            let mut sent = Sent::with_memory(7);
            let mut expected = FxHashMap::default();
            for (tag, text) in texts.into_iter().enumerate() {
                let id = scorer.key("en", &text.to_string());
                let outcome = if text % 3 == 0 {
                    Outcome::Failed { reason: "x".into(), attempts: u32::from(text) }
                } else {
                    Outcome::Scored(Scores::new(0.1, 0.2, 0.3, 0.4).unwrap())
                };
                match (sent.look_up(id, tag), expected.get(&id)) {
                    (Seen::Answered(_, found), Some(expected)) => prop_assert_eq!(&found, expected),
                    (Seen::Never(_), None) => {
                        sent.begin(id);
                        prop_assert!(matches!(sent.look_up(id, tag), Seen::OnItsWay));
                        prop_assert_eq!((sent.finish(id, &outcome), sent.repeats()), (vec![tag], 0));
                        expected.insert(id, outcome);
                    }
                    _ => prop_assert!(false, "a text is known if it was sent, and only then"),
                }
                prop_assert!(sent.recent.len() <= 7);
            }
        }
    }
}
