//! Scores of models that can be swapped behind their name: which are sure, and since when a model scores as it does.
//!
//! ```text
//! unsettled (key → scorer, place, marked)   scores that no later look at the model has confirmed
//! models (engine, identity → model, probe)  what each model scored the probe's texts as, and what its scores are kept under
//! places (engine, place → model)            the model that was met last, so that a plan can look its scores up
//! ```
//!
//! A run looks at the model at its start, every few minutes and at its end. What was scored before a look that found the same
//! model is settled; when a look finds another one, the rest is void, for it may be either model's. What a killed run
//! leaves is judged by the next one at the same place.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::database::Database;
use super::key::Scorer;
use super::{CacheError, ScoreStore};
use crate::sentiment::Scores;

/// How far the probe's scores of one model may lie apart.
pub const PROBE_TOLERANCE: f32 = 0.01;

/// The tables, beside the others of the file.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS unsettled (
        key BLOB PRIMARY KEY, scorer INTEGER NOT NULL, place TEXT NOT NULL, marked INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS models (
        engine TEXT NOT NULL, identity TEXT NOT NULL, model TEXT NOT NULL, probe BLOB NOT NULL,
        PRIMARY KEY (engine, identity)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS places (
        engine TEXT NOT NULL, place TEXT NOT NULL, model TEXT NOT NULL, PRIMARY KEY (engine, place)
    ) STRICT, WITHOUT ROWID;";

/// What was met at a place.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    /// The engine's kind.
    pub engine: &'a str,
    /// Where it is asked, such as a region and the name of an endpoint.
    pub place: &'a str,
    /// What states which model it is.
    pub identity: &'a str,
    /// What it scored fixed texts as; nothing where that is not known, and the identity is trusted.
    pub probe: &'a [Scores],
}

/// What the scores of a model are kept under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The model, as a scorer names it.
    pub model: String,
    /// Whether the model of the same identity scored the probe's texts otherwise before: its earlier scores count no more.
    pub has_moved: bool,
}

/// What the scores of the model that was met are kept under: as before if it scores the probe's texts as it did, else anew.
///
/// # Errors
/// [`CacheError`] if the file can't be read or written.
pub fn meet(root: &Path, met: &Met<'_>) -> Result<Kept, CacheError> {
    let database = Database::of(root, None);
    let mut opened = database.open()?;
    let kept = keep(&mut opened.connection, met).map_err(CacheError::in_file(database.file()))?;
    database.close(opened);
    Ok(kept)
}

fn keep(connection: &mut Connection, met: &Met<'_>) -> rusqlite::Result<Kept> {
    let transaction = connection.transaction()?;
    let known = transaction
        .query_row(
            "SELECT model, probe FROM models WHERE engine = ?1 AND identity = ?2",
            params![met.engine, met.identity],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)),
        )
        .optional()?;
    let is_other = |probe: &[u8]| !probe.is_empty() && !is_near(&numbers(probe), &flat(met.probe));
    let has_moved = !met.probe.is_empty() && known.as_ref().is_some_and(|(_, probe)| is_other(probe));
    let model = match known {
        Some((model, probe)) if !has_moved => {
            if probe.is_empty() {
                transaction.execute(
                    "UPDATE models SET probe = ?3 WHERE engine = ?1 AND identity = ?2",
                    params![met.engine, met.identity, bytes(met.probe)],
                )?;
            }
            model
        }
        _ => {
            let model = format!("{} {}", met.identity, probe_hash(met.probe));
            transaction.execute(
                "INSERT OR REPLACE INTO models VALUES (?1, ?2, ?3, ?4)",
                params![met.engine, met.identity, model, bytes(met.probe)],
            )?;
            model
        }
    };
    transaction.execute("INSERT OR REPLACE INTO places VALUES (?1, ?2, ?3)", params![met.engine, met.place, model])?;
    transaction.commit()?;
    Ok(Kept { model, has_moved })
}

/// The model that was met last at a place; `None` if none was, or it can't be read.
#[must_use]
pub fn last_met(root: &Path, engine: &str, place: &str) -> Option<String> {
    let read = Database::of(root, None).read(|connection| {
        let query = "SELECT model FROM places WHERE engine = ?1 AND place = ?2";
        connection.query_row(query, [engine, place], |row| row.get(0)).optional()
    });
    read.ok().flatten().flatten()
}

/// Eight characters that differ for probes that differ by more than rounding.
fn probe_hash(probe: &[Scores]) -> String {
    let hash = blake3::hash(&bytes(probe)).to_hex();
    hash.chars().take(8).collect()
}

fn flat(probe: &[Scores]) -> Vec<f32> {
    probe.iter().flat_map(|scores| [scores.positive, scores.negative, scores.neutral, scores.mixed]).collect()
}

fn bytes(probe: &[Scores]) -> Vec<u8> {
    flat(probe).into_iter().flat_map(f32::to_le_bytes).collect()
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn is_near(one: &[f32], other: &[f32]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| (one - other).abs() <= PROBE_TOLERANCE)
}

/// What becomes of scores that are not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Those that are there now can be settled by a look at the model that begins now.
    Mark,
    /// That look found the same model.
    Settle,
    /// It found another one.
    Void,
}

impl Verdict {
    /// Applies it to the scores of an engine at a place.
    pub(super) fn apply(self, connection: &mut Connection, scorer: &Scorer, place: &str) -> rusqlite::Result<()> {
        const OURS: &str = "place = ?1 AND scorer IN (SELECT id FROM scorers WHERE engine = ?2)";
        let at = [place, scorer.engine.as_str()];
        let transaction = connection.transaction()?;
        match self {
            Self::Mark => transaction.execute(&format!("UPDATE unsettled SET marked = 1 WHERE {OURS}"), at)?,
            Self::Settle => transaction.execute(&format!("DELETE FROM unsettled WHERE marked = 1 AND {OURS}"), at)?,
            Self::Void => {
                let all = format!("DELETE FROM scores WHERE key IN (SELECT key FROM unsettled WHERE {OURS})");
                transaction.execute(&all, at)?;
                transaction.execute(&format!("DELETE FROM unsettled WHERE {OURS}"), at)?
            }
        };
        transaction.commit()
    }
}

/// Judges what runs that were cut off left at a place: scores of the model that is there now are settled, those of another
/// one void.
pub(super) fn judge_left(connection: &mut Connection, scorer: &Scorer, place: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let others =
        "SELECT key FROM unsettled JOIN scorers ON scorer = id WHERE place = ?1 AND engine = ?2 AND model <> ?3";
    let of = [place, &scorer.engine, &scorer.model];
    transaction.execute(&format!("DELETE FROM scores WHERE key IN ({others})"), of)?;
    let all = "DELETE FROM unsettled WHERE place = ?1 AND scorer IN (SELECT id FROM scorers WHERE engine = ?2)";
    transaction.execute(all, [place, &scorer.engine])?;
    transaction.commit()
}

impl ScoreStore {
    /// Marks what is stored so far: a look at the model begins. Blocks the thread, as the other two do.
    ///
    /// # Errors
    /// [`CacheError`] if the disk does not take it.
    pub fn mark(&self) -> Result<(), CacheError> {
        self.judge(Verdict::Mark)
    }

    /// Settles what was marked: the look found the same model.
    ///
    /// # Errors
    /// [`CacheError`] if the disk does not take it; then the next run judges.
    pub fn settle(&self) -> Result<(), CacheError> {
        self.judge(Verdict::Settle)
    }

    /// Takes back what is not settled: the look found another model.
    ///
    /// # Errors
    /// [`CacheError`] if the disk does not take it; then the next run does it.
    pub fn void(&self) -> Result<(), CacheError> {
        self.judge(Verdict::Void)
    }

    fn judge(&self, verdict: Verdict) -> Result<(), CacheError> {
        self.ask(|answer| super::writer::Order::Judge(verdict, answer))
    }
}

/// Keeps the tables of a damaged file, as far as they can be read.
pub(super) const SALVAGE: [&str; 3] = [
    "INSERT OR IGNORE INTO unsettled SELECT key, scorer, place, marked FROM damaged.unsettled",
    "INSERT OR IGNORE INTO models SELECT engine, identity, model, probe FROM damaged.models",
    "INSERT OR IGNORE INTO places SELECT engine, place, model FROM damaged.places",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::tests::{found, key_of, options, scores_of};

    const PLACE: &str = "eu-west-1 ours";

    fn scorer_of(model: &str) -> Scorer {
        Scorer { engine: "comprehend".into(), model: model.into() }
    }

    fn open(root: &Path, model: &str) -> ScoreStore {
        ScoreStore::open_at(root, &scorer_of(model), options(), Some(PLACE)).unwrap()
    }

    fn record(store: &ScoreStore, numbers: std::ops::Range<u64>) {
        numbers.for_each(|number| store.record(key_of(number), scores_of(number)));
    }

    /// How many of the first ten texts have scores.
    fn kept(store: &ScoreStore) -> usize {
        found(store, 0..10).iter().flatten().count()
    }

    #[test]
    fn what_was_scored_since_the_last_look_that_agreed_is_void() {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path(), "2017-11-27");
        record(&store, 0..4);
        store.mark().unwrap();
        record(&store, 4..6);
        store.settle().unwrap();
        record(&store, 6..10);
        store.flush().unwrap();
        assert_eq!(kept(&store), 10);
        store.void().unwrap();
        assert_eq!(found(&store, 0..4).iter().flatten().count(), 4);
        assert_eq!(kept(&store), 4);
    }

    #[test]
    fn what_a_killed_run_left_counts_if_the_model_is_still_there() {
        for (next, kept_then) in [("2017-11-27", 10), ("another", 0)] {
            let root = tempfile::tempdir().unwrap();
            let store = open(root.path(), "2017-11-27");
            record(&store, 0..10);
            store.flush().unwrap();
            drop(store);
            drop(open(root.path(), next));
            assert_eq!(kept(&open(root.path(), "2017-11-27")), kept_then, "{next}");
        }
    }

    #[test]
    fn scores_at_another_place_are_not_judged() {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path(), "2017-11-27");
        record(&store, 0..10);
        store.flush().unwrap();
        drop(ScoreStore::open_at(root.path(), &scorer_of("another"), options(), Some("elsewhere")).unwrap());
        store.mark().unwrap();
        store.settle().unwrap();
        store.void().unwrap();
        assert_eq!(kept(&store), 10);
    }

    fn probe(positive: f64) -> [Scores; 2] {
        [positive, 0.5].map(|positive| Scores::new(positive, 1.0 - positive, 0.0, 0.0).unwrap())
    }

    #[test]
    fn a_model_keeps_its_scores_until_it_scores_the_probe_otherwise() {
        let root = tempfile::tempdir().unwrap();
        let meet = |place: &str, positive: f64| {
            meet(root.path(), &Met { engine: "sagemaker", place, identity: "a b", probe: &probe(positive) }).unwrap()
        };
        let first = meet(PLACE, 0.9);
        assert!(first.model.starts_with("a b ") && !first.has_moved);
        assert_eq!(meet("elsewhere", 0.909), first, "another place, the same model, within the tolerance");
        let moved = meet(PLACE, 0.8);
        assert!(moved.has_moved && moved.model != first.model);
        assert_eq!(meet(PLACE, 0.8), Kept { has_moved: false, ..moved.clone() });
        assert_eq!(last_met(root.path(), "sagemaker", PLACE), Some(moved.model));
        assert_eq!(last_met(root.path(), "sagemaker", "elsewhere"), Some(first.model));
        assert_eq!(last_met(root.path(), "bedrock", PLACE), None);
    }
}
