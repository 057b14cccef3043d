//! What was begun: one row a part, from before its file is uploaded until its objects are gone.
//!
//! Each intent is on the disk before its effect begins, so that a run that is killed at any moment leaves enough to go on
//! with. A row holds names, ids and the keys of its lines in their order; never a text. Beside the rows stand the texts
//! that a job could not score, by key and code, so that they are not sent again.
//!
//! One process writes: [`Journal::open`] takes a lock.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use rustc_hash::FxHashMap;
use strum::{EnumString, IntoStaticStr};

use super::service::JobState;
use crate::cache::{Key, Scorer};
use crate::exit::{ExitCode, Stops};
use crate::lock::{Holder, LockError, RunLock};

/// The folder of the journal, in that of the stored scores.
const FOLDER: &str = "jobs";
const FILE: &str = "journal.sqlite";
/// Days that a part whose objects are gone is still listed.
const LISTED_DAYS: u32 = 30;

/// How far a part has come. What a state names is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Step {
    /// Its file may be uploaded, in part or whole.
    Planned,
    /// Its file is there, with its keys in here.
    Uploaded,
    /// Its job may have been started.
    Submitting,
    /// Its job was started and has an id.
    Submitted,
    /// Its job has ended.
    Ended,
    /// Its scores are stored.
    Collected,
    /// Its objects are gone, or are to stay.
    Cleaned,
}

/// A part as the journal has it, without its keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// What its objects are called by.
    pub(crate) id: String,
    /// Which jobs it is of.
    pub(super) kind: String,
    pub(crate) scorer: Scorer,
    pub(crate) language: String,
    pub(super) step: Step,
    /// The folder of its objects, as an address.
    pub(crate) folder: String,
    /// An upload that was begun.
    pub(super) upload: Option<String>,
    /// The job's name; empty before it is known.
    pub(crate) name: String,
    /// The job's id.
    pub(crate) job: Option<String>,
    pub(crate) documents: u64,
    /// What it is charged at most and at least.
    pub(super) units: u64,
    pub(super) units_least: u64,
    /// How the job ended, or stood last.
    pub(crate) state: Option<JobState>,
    /// The address of the output.
    pub(super) output: Option<String>,
    /// Documents without scores.
    pub(crate) failed: u64,
    /// From the job's start to its end.
    pub(crate) seconds: Option<f64>,
    /// The service's code for a job that failed; not kept.
    pub(super) code: Option<String>,
    /// Documents without scores that may have some the next time; not kept.
    pub(super) open: u64,
    /// Documents of whose classes several were missing; not kept.
    pub(super) shared: u64,
    /// Lines of the largest object without an output; not kept.
    pub(super) largest: u64,
    /// Whether the object without any customer's text has an output; not kept.
    pub(super) is_alive: bool,
}

impl Part {
    /// How far it has come, in a word.
    pub(crate) fn standing(&self) -> &'static str {
        match (self.step, self.state) {
            (Step::Planned | Step::Uploaded, _) => "uploading",
            (Step::Submitting, _) => "starting",
            (Step::Submitted, Some(state)) => state.as_str(),
            (Step::Submitted, None) => "submitted",
            (Step::Ended, _) => "to_be_collected",
            (Step::Collected | Step::Cleaned, Some(JobState::Completed)) => "collected",
            (Step::Collected | Step::Cleaned, state) => state.map_or("collected", JobState::as_str),
        }
    }
}

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another run holds it.
    #[error("another run with jobs is under way{}", holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default())]
    Held {
        /// Who.
        holder: Option<Holder>,
    },
    /// Its folder can't be used.
    #[error(transparent)]
    Lock(LockError),
    /// It can't be read or written.
    #[error("the journal of jobs can't be used: {}", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
}

impl Stops for JournalError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Held { .. } => ExitCode::TryLater,
            Self::Lock(error) => error.code(),
            Self::Database { .. } => ExitCode::CantCreate,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Held { .. } => "wait for that run to end".to_owned(),
            Self::Lock(_) => "name another folder of stored scores with --cache DIR".to_owned(),
            Self::Database { file, .. } => format!(
                "make room on the disk, or if the file is damaged move {} away: jobs that it names are then not collected",
                file.display()
            ),
        })
    }
}

type Result<T> = std::result::Result<T, JournalError>;

/// The journal in a folder of stored scores.
pub(crate) struct Journal {
    file: PathBuf,
    connection: Connection,
    /// Nothing for one that is only read.
    _lock: Option<RunLock>,
}

impl Journal {
    /// Opens or makes the journal in the folder `root` of stored scores, for this process alone.
    ///
    /// # Errors
    /// [`JournalError::Held`] while another process has it; otherwise where the disk does not take it.
    pub(crate) fn open(root: &Path, today: u32) -> Result<Self> {
        let folder = root.join(FOLDER);
        let lock = RunLock::take(&folder, &Holder::current()).map_err(|error| match error {
            LockError::Held { holder, .. } => JournalError::Held { holder },
            other => JournalError::Lock(other),
        })?;
        let file = folder.join(FILE);
        let open = || {
            let connection = Connection::open(&file)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(TABLES)?;
            connection.execute(
                "DELETE FROM parts WHERE step = 'cleaned' AND day < ?1",
                [today.saturating_sub(LISTED_DAYS)],
            )?;
            Ok(connection)
        };
        let connection = open().map_err(|source| JournalError::Database { file: file.clone(), source })?;
        Ok(Self { file, connection, _lock: Some(lock) })
    }

    /// Opens the journal for reading, whoever has it; `None` if there is none.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub(crate) fn read(root: &Path) -> Result<Option<Self>> {
        let file = root.join(FOLDER).join(FILE);
        if !file.exists() {
            return Ok(None);
        }
        // What a killed run was about to write is taken back first, which is writing.
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(&file, flags)?;
            // Whoever makes it may not have come further.
            let is_made = connection.table_exists(None, "parts")?;
            Ok(is_made.then_some(connection))
        };
        match open() {
            Ok(connection) => Ok(connection.map(|connection| Self { file, connection, _lock: None })),
            Err(source) => Err(JournalError::Database { file, source }),
        }
    }

    /// All parts, the oldest first.
    pub(crate) fn parts(&self) -> Result<Vec<Part>> {
        let columns = format!("SELECT {COLUMNS} FROM parts ORDER BY rowid");
        let read = || self.connection.prepare(&columns)?.query_map([], part)?.collect();
        self.told(read())
    }

    /// Notes that the file of a part is about to be uploaded.
    pub(super) fn plan(&self, part: &Part, today: u32) -> Result<()> {
        self.change(
            "INSERT INTO parts (id, kind, engine, model, language, step, folder, name, documents, units, units_least, failed, day) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'planned', ?6, '', 0, 0, 0, 0, ?7)",
            params![part.id, part.kind, part.scorer.engine, part.scorer.model, part.language, part.folder, today],
        )
    }

    /// Notes the upload that was begun for a part.
    pub(super) fn begun(&self, id: &str, upload: &str) -> Result<()> {
        self.change("UPDATE parts SET upload = ?2 WHERE id = ?1", params![id, upload])
    }

    /// Notes that the file of a part is there, with the keys of its lines.
    pub(super) fn uploaded(&self, part: &Part, keys: &[u8]) -> Result<()> {
        self.change(
            "UPDATE parts SET step = 'uploaded', name = ?2, documents = ?3, units = ?4, units_least = ?5, keys = ?6 \
             WHERE id = ?1",
            params![part.id, part.name, part.documents, part.units, part.units_least, keys],
        )
    }

    /// Notes that the job of a part is about to be started.
    pub(super) fn submitting(&self, id: &str) -> Result<()> {
        self.change("UPDATE parts SET step = 'submitting' WHERE id = ?1", params![id])
    }

    /// Notes the id of a part's job.
    pub(super) fn submitted(&self, id: &str, job: &str) -> Result<()> {
        self.change(
            "UPDATE parts SET step = 'submitted', job = ?2, state = 'submitted' WHERE id = ?1",
            params![id, job],
        )
    }

    /// Notes how a part's job stands.
    pub(super) fn stands(&self, part: &Part) -> Result<()> {
        self.change(
            "UPDATE parts SET step = ?2, state = ?3, output = ?4, seconds = ?5 WHERE id = ?1",
            params![part.id, <&str>::from(part.step), part.state.map(JobState::as_str), part.output, part.seconds],
        )
    }

    /// Notes that all scores of a part are stored, and which of its texts have none for good.
    pub(super) fn collected(&mut self, id: &str, failed: u64, failures: &[(Key, Box<str>)], today: u32) -> Result<()> {
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction.prepare("INSERT OR REPLACE INTO failures VALUES (?1, ?2, ?3)")?;
                for (key, code) in failures {
                    insert.execute(params![key.as_bytes(), code, today])?;
                }
            }
            transaction
                .execute("UPDATE parts SET step = 'collected', failed = ?2 WHERE id = ?1", params![id, failed])?;
            transaction.commit()
        };
        let written = write(&mut self.connection);
        self.told(written)
    }

    /// Notes that nothing is left to do for a part; its keys go.
    pub(super) fn cleaned(&self, id: &str, today: u32) -> Result<()> {
        self.change("UPDATE parts SET step = 'cleaned', keys = NULL, day = ?2 WHERE id = ?1", params![id, today])
    }

    /// Forgets a part of which no job was started.
    pub(super) fn forget(&self, id: &str) -> Result<()> {
        self.change("DELETE FROM parts WHERE id = ?1", params![id])
    }

    /// The keys of a part's lines in their order, 16 bytes each.
    pub(super) fn keys(&self, id: &str) -> Result<Vec<u8>> {
        let read = self.connection.query_row("SELECT keys FROM parts WHERE id = ?1", [id], |row| row.get(0)).optional();
        self.told(read).map(|keys: Option<Option<Vec<u8>>>| keys.flatten().unwrap_or_default())
    }

    /// The texts that a job could not score, with the codes, from `first_day` on.
    pub(crate) fn failures(&self, first_day: u32) -> Result<FxHashMap<Key, Box<str>>> {
        let read = || {
            let mut select = self.connection.prepare("SELECT key, code FROM failures WHERE day >= ?1")?;
            let rows = select.query_map([first_day], |row| {
                let key: [u8; 16] = row.get(0)?;
                Ok((Key::from_bytes(key), row.get::<_, String>(1)?.into_boxed_str()))
            })?;
            rows.collect()
        };
        self.told(read())
    }

    fn change(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        self.told(self.connection.execute(sql, values)).map(drop)
    }

    fn told<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|source| JournalError::Database { file: self.file.clone(), source })
    }
}

const TABLES: &str = "
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS parts (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, engine TEXT NOT NULL, model TEXT NOT NULL, language TEXT NOT NULL,
    step TEXT NOT NULL, folder TEXT NOT NULL, upload TEXT, name TEXT NOT NULL, job TEXT, documents INTEGER NOT NULL,
    units INTEGER NOT NULL, units_least INTEGER NOT NULL, state TEXT, output TEXT, failed INTEGER NOT NULL, seconds REAL, day INTEGER NOT NULL, keys BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS failures (key BLOB PRIMARY KEY, code TEXT NOT NULL, day INTEGER NOT NULL) STRICT, WITHOUT ROWID;
COMMIT;
";

const COLUMNS: &str = "id, kind, engine, model, language, step, folder, upload, name, job, documents, units, units_least, \
                       state, output, failed, seconds";

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    let unknown = |column| rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Text);
    let state: Option<String> = row.get(13)?;
    Ok(Part {
        id: row.get(0)?,
        kind: row.get(1)?,
        scorer: Scorer { engine: row.get(2)?, model: row.get(3)? },
        language: row.get(4)?,
        step: row.get::<_, String>(5)?.parse().map_err(|_| unknown(5))?,
        folder: row.get(6)?,
        upload: row.get(7)?,
        name: row.get(8)?,
        job: row.get(9)?,
        documents: row.get(10)?,
        units: row.get(11)?,
        units_least: row.get(12)?,
        state: state.map(|state| state.parse()).transpose().map_err(|_| unknown(13))?,
        output: row.get(14)?,
        failed: row.get(15)?,
        seconds: row.get(16)?,
        code: None,
        open: 0,
        shared: 0,
        largest: 0,
        is_alive: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: &str) -> Part {
        Part {
            id: id.to_owned(),
            kind: "script".to_owned(),
            scorer: Scorer { engine: "script".into(), model: "1".into() },
            language: "en".to_owned(),
            step: Step::Planned,
            folder: format!("s3://bucket/{id}"),
            upload: None,
            name: String::new(),
            job: None,
            documents: 0,
            units: 0,
            units_least: 0,
            state: None,
            output: None,
            failed: 0,
            seconds: None,
            code: None,
            open: 0,
            shared: 0,
            largest: 0,
            is_alive: false,
        }
    }

    #[test]
    fn what_is_noted_is_there_for_the_next_process_and_cleaned_parts_lose_their_keys() {
        let root = tempfile::tempdir().unwrap();
        let key = Key::from_bytes([7; 16]);
        let mut planned = part("a");
        {
            let mut journal = Journal::open(root.path(), 20_000).unwrap();
            journal.plan(&planned, 20_000).unwrap();
            journal.begun("a", "upload-1").unwrap();
            (planned.name, planned.documents, planned.units, planned.units_least) = ("job".into(), 1, 3, 2);
            journal.uploaded(&planned, key.as_bytes()).unwrap();
            journal.submitting("a").unwrap();
            journal.submitted("a", "id").unwrap();
            (planned.step, planned.state) = (Step::Ended, Some(JobState::Completed));
            (planned.output, planned.seconds) = (Some("s3://bucket/a/out".into()), Some(1.5));
            journal.stands(&planned).unwrap();
            journal.collected("a", 1, &[(key, "TOO_LONG".into())], 20_000).unwrap();
        }
        let journal = Journal::open(root.path(), 20_000).unwrap();
        let (upload, job) = (Some("upload-1".to_owned()), Some("id".to_owned()));
        let expected = Part { step: Step::Collected, upload, job, failed: 1, ..planned };
        assert_eq!(journal.parts().unwrap(), [expected]);
        assert_eq!(journal.keys("a").unwrap(), key.as_bytes());
        assert_eq!(journal.failures(20_000).unwrap().get(&key).map(|code| &**code), Some("TOO_LONG"));
        assert!(journal.failures(20_001).unwrap().is_empty(), "it is asked again once it is as old as a score may be");
        journal.cleaned("a", 20_000).unwrap();
        assert!(journal.keys("a").unwrap().is_empty());
        drop(journal);
        let journal = Journal::open(root.path(), 20_000 + LISTED_DAYS).unwrap();
        assert_eq!(journal.parts().unwrap()[0].standing(), "collected");
        drop(journal);
        assert!(Journal::open(root.path(), 20_001 + LISTED_DAYS).unwrap().parts().unwrap().is_empty());
    }

    #[test]
    fn one_process_writes_and_others_read() {
        let root = tempfile::tempdir().unwrap();
        assert!(Journal::read(root.path()).unwrap().is_none());
        let journal = Journal::open(root.path(), 20_000).unwrap();
        journal.plan(&part("a"), 20_000).unwrap();
        let error = Journal::open(root.path(), 20_000).err().unwrap();
        assert_eq!((error.code(), error.hint().unwrap().as_str()), (ExitCode::TryLater, "wait for that run to end"));
        assert_eq!(Journal::read(root.path()).unwrap().unwrap().parts().unwrap(), [part("a")]);
        journal.forget("a").unwrap();
        assert!(journal.parts().unwrap().is_empty());
    }

    #[test]
    fn a_journal_that_is_just_being_made_has_nothing_to_read() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(FOLDER)).unwrap();
        std::fs::write(root.path().join(FOLDER).join(FILE), b"").unwrap();
        assert!(Journal::read(root.path()).unwrap().is_none());
        assert!(Journal::open(root.path(), 20_000).unwrap().parts().unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_no_journal_is_an_error_that_names_it() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(FOLDER)).unwrap();
        std::fs::write(root.path().join(FOLDER).join(FILE), b"not a database at all, not even nearly".repeat(50))
            .unwrap();
        let error = Journal::open(root.path(), 20_000).err().unwrap();
        assert_eq!(error.code(), ExitCode::CantCreate);
        assert!(error.hint().unwrap().contains("journal.sqlite away"), "{error:?}");
    }
}
