//! Parts put together: what one run over all calls would have made.

use std::path::PathBuf;

use super::agree;
use super::part::{Part, PartError, PartSums, Table};
use crate::output::{Format, MergedRows, RejectRow, RunRecord};
use crate::overview::Overview;
use crate::rollup::{AgentsReport, Population};

/// A run made of its parts.
pub(crate) struct Merged {
    /// The record; its files, times and exit code are those of a part.
    pub(crate) record: RunRecord,
    pub(crate) agents: AgentsReport,
    pub(crate) overview: Overview,
    pub(crate) rejects: Vec<RejectRow>,
    pub(crate) calls: MergedRows,
    pub(crate) segments: Option<MergedRows>,
    pub(crate) failures: MergedRows,
    pub(crate) format: Format,
}

impl Merged {
    /// Puts together the parts in these folders. One part's sums are in memory at a time, besides those of all.
    ///
    /// # Errors
    /// [`PartError`] naming the part that is damaged, missing, there twice, or of another run.
    pub(crate) fn of(folders: &[PathBuf]) -> Result<Self, PartError> {
        let mut parts = folders.iter().map(|folder| Part::open(folder)).collect::<Result<Vec<_>, _>>()?;
        agree::check(&mut parts)?;
        let (first, others) = parts.split_first().expect("the command line has one at least");
        let PartSums { whole, rejects, mut book, mut overview } = first.sums()?;
        let mut record = first.record.clone();
        for part in others {
            let sums = part.sums()?;
            if sums.whole != whole {
                let what = "their inputs hold other calls".to_owned();
                return Err(PartError::Foreign { path: part.folder.clone(), other: first.folder.clone(), what });
            }
            book.merge(sums.book);
            overview.merge(sums.overview);
            add(&mut record, &part.record);
        }
        if (record.counts.calls, record.counts.turns) != (whole.calls, whole.turns) {
            let of = first.shard.of;
            let what = format!("together they have {} of {} calls", record.counts.calls, whole.calls);
            let other = parts[of as usize - 1].folder.clone();
            return Err(PartError::Foreign { path: parts[0].folder.clone(), other, what });
        }
        let agents = book.finish();
        record.counts.agents = agents.agents.len() as u64;
        record.counts.calls_without_agent = agents.calls_without_agent;
        record.agents = agents.population.as_ref().map(Population::rounded);
        record.shard = None;
        let is_detailed = parts[0].is_detailed();
        Ok(Self {
            record,
            agents,
            overview,
            rejects,
            calls: Part::rows(&parts, Table::Calls)?,
            segments: if is_detailed { Some(Part::rows(&parts, Table::Segments)?) } else { None },
            failures: Part::rows(&parts, Table::Failures)?,
            format: parts[0].format(),
        })
    }
}

/// Adds what another shard counted of its own calls, what it sent and the time that it took.
fn add(record: &mut RunRecord, other: &RunRecord) {
    let (counts, more) = (&mut record.counts, &other.counts);
    counts.calls += more.calls;
    counts.turns += more.turns;
    counts.calls_scored += more.calls_scored;
    counts.calls_low_coverage += more.calls_low_coverage;
    counts.calls_language_assumed += more.calls_language_assumed;
    counts.calls_times_contradict += more.calls_times_contradict;
    counts.segments.merge(&more.segments);
    counts.documents += more.documents;
    if let (Some(redaction), Some(more)) = (&mut record.redaction, &other.redaction) {
        for (kind, count) in &more.spans {
            *redaction.spans.entry(kind.clone()).or_default() += count;
        }
        redaction.segments_changed += more.segments_changed;
    }
    record.service.merge(&other.service);
    record.seconds.merge(&other.seconds);
    record.started_at = std::mem::take(&mut record.started_at).min(other.started_at.clone());
}
