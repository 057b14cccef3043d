//! Reasons: why segments have no score, and why rows could not be used.

use std::collections::BTreeMap;
use std::path::Path;

use super::ReportError;
use super::table::Table;

/// How many reasons are told apart in a list.
const MOST_REASONS: usize = 50;

/// What the others are counted under.
const OTHER: &str = "other reasons";

/// A reason, and how often it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// Failed or skipped; empty for rows.
    pub(super) outcome: String,
    pub(super) why: String,
    pub(super) count: u64,
}

/// The reasons in failures.csv, the most frequent first.
pub(super) fn failures(path: &Path) -> Result<Vec<Reason>, ReportError> {
    let mut table = Table::open(path, ["outcome", "reason"])?;
    let mut counts = BTreeMap::new();
    while let Some(row) = table.next()? {
        add(&mut counts, row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default());
    }
    Ok(sorted(counts))
}

/// The reasons in rejects.csv, the most frequent first.
pub(super) fn rejects(path: &Path) -> Result<Vec<Reason>, ReportError> {
    let mut table = Table::open(path, ["reason"])?;
    let mut counts = BTreeMap::new();
    while let Some(row) = table.next()? {
        add(&mut counts, String::new(), row.text(0).unwrap_or_default());
    }
    Ok(sorted(counts))
}

type Counts = BTreeMap<(String, String), u64>;

fn add(counts: &mut Counts, outcome: String, reason: String) {
    let key = (outcome, reason);
    if let Some(count) = counts.get_mut(&key) {
        *count += 1;
    } else if counts.len() < MOST_REASONS {
        counts.insert(key, 1);
    } else {
        *counts.entry((key.0, OTHER.to_owned())).or_default() += 1;
    }
}

fn sorted(counts: Counts) -> Vec<Reason> {
    let mut reasons: Vec<Reason> =
        counts.into_iter().map(|((outcome, why), count)| Reason { outcome, why, count }).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons
}
