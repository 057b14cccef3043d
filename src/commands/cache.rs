//! `undertone cache stats|prune|clear`: looks after the paid-for scores.
//!
//! Each function does its job on the cache at a place and writes what a person wants to know of it, or
//! with `json` what a program does. Nothing here asks a service or reads a transcript.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::cache::{self, CacheError, ScorerStats};
use crate::exit::{ExitCode, Stops};

/// Why a cache command failed.
#[derive(Debug, thiserror::Error)]
pub enum CacheCommandError {
    /// The cache can't be read or changed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The result can't be written.
    #[error("can't write the result")]
    Output(#[from] io::Error),
}

impl Stops for CacheCommandError {
    fn code(&self) -> ExitCode {
        ExitCode::CantCreate
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cache(error) => error.hint(),
            Self::Output(_) => None,
        }
    }
}

/// Writes what the cache at `root` holds, in all and by engine and model. A cache that does not exist is empty.
///
/// # Errors
/// [`CacheCommandError`] if it can't be read, or `out` can't be written.
pub fn stats(root: &Path, json: bool, out: &mut impl Write) -> Result<(), CacheCommandError> {
    let stats = cache::stats(root)?;
    if json {
        let scorers: Vec<_> = stats.scorers.iter().map(scorer_json).collect();
        let all = json!({
            "place": stats.root, "entries": stats.entries(), "bytes": stats.bytes, "damaged_files": stats.damaged_files,
            "oldest": stats.oldest().map(date), "newest": stats.newest().map(date), "scorers": scorers,
        });
        writeln!(out, "{all:#}")?;
        return Ok(());
    }
    writeln!(out, "{}", root.display())?;
    writeln!(out, "{} scores, {}{}", stats.entries(), size(stats.bytes), span(stats.oldest(), stats.newest()))?;
    for ScorerStats { scorer, entries, oldest, newest } in &stats.scorers {
        writeln!(out, "  {} {}: {entries} scores{}", scorer.engine, scorer.model, span(*oldest, *newest))?;
    }
    if stats.damaged_files > 0 {
        let files = stats.damaged_files;
        writeln!(out, "  {files} damaged files; what can still be read of them was or will be kept")?;
    }
    Ok(())
}

/// Drops scores older than `max_age_days` before `today` (days since 1970-01-01) for good, and says how many.
///
/// # Errors
/// [`CacheCommandError`] if another run writes to the cache for too long, the disk refuses, or `out` can't be written.
pub fn prune(
    root: &Path,
    max_age_days: u32,
    today: u32,
    json: bool,
    out: &mut impl Write,
) -> Result<(), CacheCommandError> {
    let pruned = cache::prune(root, max_age_days, today)?;
    if json {
        let all = json!({
            "place": root, "dropped": pruned.dropped, "bytes_before": pruned.bytes_before, "bytes_after": pruned.bytes_after,
        });
        writeln!(out, "{all:#}")?;
    } else {
        let (before, after) = (size(pruned.bytes_before), size(pruned.bytes_after));
        writeln!(
            out,
            "dropped {} scores older than {max_age_days} days: {before} before, {after} now",
            pruned.dropped
        )?;
    }
    Ok(())
}

/// Deletes all stored scores, and says how many.
///
/// # Errors
/// [`CacheCommandError`] if a run has the cache open, the disk refuses, or `out` can't be written.
pub fn clear(root: &Path, json: bool, out: &mut impl Write) -> Result<(), CacheCommandError> {
    let cleared = cache::clear(root)?;
    if json {
        writeln!(out, "{:#}", json!({ "place": root, "entries": cleared.entries, "bytes": cleared.bytes }))?;
    } else {
        writeln!(out, "deleted {} scores, {}", cleared.entries, size(cleared.bytes))?;
    }
    Ok(())
}

fn scorer_json(stats: &ScorerStats) -> serde_json::Value {
    json!({
        "engine": stats.scorer.engine, "model": stats.scorer.model, "entries": stats.entries,
        "oldest": stats.oldest.map(date), "newest": stats.newest.map(date),
    })
}

/// `day` as `YYYY-MM-DD`; as a number where no calendar reaches.
fn date(day: u32) -> String {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(i64::from(day.min(3_000_000))));
    date.map_or_else(|_| format!("day {day}"), |date| date.to_string())
}

fn span(oldest: Option<u32>, newest: Option<u32>) -> String {
    match (oldest, newest) {
        (Some(oldest), Some(newest)) => format!(", stored {} to {}", date(oldest), date(newest)),
        _ => String::new(),
    }
}

/// `bytes` as a person reads them.
fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "KB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{CacheOptions, ScoreStore, Scorer};
    use crate::sentiment::Scores;

    fn filled(root: &Path) {
        let scorer = Scorer { engine: "comprehend".into(), model: "2017-11-27".into() };
        let options = CacheOptions { today: 20_000, ..CacheOptions::new() };
        let cache = ScoreStore::open(root, &scorer, options).unwrap();
        cache.record(scorer.key("en", "Thank you."), Scores::new(0.9, 0.02, 0.05, 0.03).unwrap());
        cache.record(scorer.key("en", "No."), Scores::new(0.1, 0.3, 0.5, 0.1).unwrap());
        cache.close().unwrap();
    }

    fn written(command: impl FnOnce(&mut Vec<u8>) -> Result<(), CacheCommandError>) -> String {
        let mut out = Vec::new();
        command(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_person_reads_what_is_held_dropped_and_deleted() {
        let root = tempfile::tempdir().unwrap();
        filled(root.path());
        let shown = written(|out| stats(root.path(), false, out));
        assert!(
            shown
                .contains(" KB, stored 2024-10-04 to 2024-10-04\n  comprehend 2017-11-27: 2 scores, stored 2024-10-04"),
            "{shown}"
        );
        let shown = written(|out| prune(root.path(), 90, 20_091, false, out));
        assert!(shown.starts_with("dropped 2 scores older than 90 days: "), "{shown}");
        filled(root.path());
        assert!(written(|out| clear(root.path(), false, out)).starts_with("deleted 2 scores, "));
        assert!(written(|out| stats(root.path(), false, out)).ends_with("0 scores, 0 bytes\n"));
    }

    #[test]
    fn a_program_reads_json() {
        let root = tempfile::tempdir().unwrap();
        filled(root.path());
        let read = |shown: String| serde_json::from_str::<serde_json::Value>(&shown).unwrap();
        let shown = read(written(|out| stats(root.path(), true, out)));
        assert_eq!((&shown["entries"], &shown["oldest"]), (&json!(2), &json!("2024-10-04")));
        assert_eq!(shown["scorers"][0]["engine"], "comprehend");
        assert_eq!(read(written(|out| prune(root.path(), 90, 20_000, true, out)))["dropped"], 0);
        assert_eq!(read(written(|out| clear(root.path(), true, out)))["entries"], 2);
    }

    #[test]
    fn sizes_and_days_read_well_at_their_ends() {
        assert_eq!([0, 999, 1000, 405_000_000].map(size), ["0 bytes", "999 bytes", "1.0 KB", "405.0 MB"]);
        assert_eq!(date(0), "1970-01-01");
        assert!(date(u32::MAX).starts_with("9999") || date(u32::MAX).starts_with("day"));
    }
}
