//! Whether parts are the parts of one run: each shard once, and alike in all that shards have in common.

use std::path::PathBuf;

use super::part::{Part, PartError};
use crate::output::{InputRecord, RunRecord};

/// Checks that `parts` are all parts of one run, and puts them in the order of their numbers.
///
/// # Errors
/// [`PartError`] naming the first part that is not.
pub(super) fn check(parts: &mut [Part]) -> Result<(), PartError> {
    parts.sort_by(|one, other| (one.shard.number, &one.folder).cmp(&(other.shard.number, &other.folder)));
    let Some((first, others)) = parts.split_first() else { return Ok(()) };
    for part in others {
        if let Some(what) = difference(first, part) {
            return Err(PartError::Foreign { path: part.folder.clone(), other: first.folder.clone(), what });
        }
    }
    for pair in parts.windows(2) {
        if pair[0].shard == pair[1].shard {
            let [one, other] = [&pair[0], &pair[1]].map(|part: &Part| -> PathBuf { part.folder.clone() });
            return Err(PartError::Twice { shard: pair[0].shard.to_string(), one, other });
        }
    }
    let of = parts[0].shard.of;
    let missing: Vec<u32> = (1..=of).filter(|number| !parts.iter().any(|part| part.shard.number == *number)).collect();
    if missing.is_empty() { Ok(()) } else { Err(PartError::Missing { missing, of }) }
}

/// In what two parts differ that parts of one run have in common.
fn difference(first: &Part, part: &Part) -> Option<String> {
    let (one, other) = (&first.record, &part.record);
    if part.shard.of != first.shard.of {
        return Some(format!("one is of {} shards, the other of {}", part.shard.of, first.shard.of));
    }
    if other.undertone_version != one.undertone_version {
        return Some(format!("versions {} and {} wrote them", other.undertone_version, one.undertone_version));
    }
    let versions = |record: &RunRecord| (record.schema_version.clone(), record.scoring_version.clone());
    let kinds = |record: &RunRecord| {
        record.redaction.as_ref().map(|redaction| (redaction.redaction_version.clone(), redaction.kinds.clone()))
    };
    let differs = [
        (versions(one) != versions(other), "the formulas are others"),
        (one.engine != other.engine, "another engine, model or granularity scored them"),
        (one.settings_hash != other.settings_hash, "the settings are others"),
        (one.call_model != other.call_model, "another model expected their ratings"),
        (kinds(one) != kinds(other), "other personal data was kept back"),
        (
            first.format() != part.format() || first.is_detailed() != part.is_detailed(),
            "the tables are written otherwise",
        ),
        (!same_inputs(&one.inputs, &other.inputs), "the inputs are others"),
        (common_counts(one) != common_counts(other), "the inputs were read otherwise"),
    ];
    differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what.to_owned())
}

/// Whether the same files were read, wherever each machine has them.
fn same_inputs(one: &[InputRecord], other: &[InputRecord]) -> bool {
    let hashes = |inputs: &[InputRecord]| -> Vec<String> { inputs.iter().map(|input| input.blake3.clone()).collect() };
    hashes(one) == hashes(other)
}

/// What each shard counts of all inputs.
fn common_counts(record: &RunRecord) -> impl PartialEq {
    let counts = &record.counts;
    let rows = [counts.rows, counts.duplicate_rows, counts.rejected_rows, counts.redacted_twins];
    (rows, counts.files_passed_over, counts.contact_records)
}
