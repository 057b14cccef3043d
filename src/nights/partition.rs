//! The files of one date, staged together.

use super::CallDate;
use super::publication::Publication;
use super::sums::{self, DateRecord, DateSums};
use crate::output::{
    Column, FAILURES, Format, OutputError, SEGMENTS, SortedRows, WrittenFile, agent_columns, call_columns, put_rows,
    put_sorted,
};
use crate::rollup::AgentsReport;

/// The tables that a date may have partitions of.
pub(crate) const TABLES: [&str; 4] = ["calls", "agents", "segments", "failures"];

/// What the partitions of a date hold.
pub(crate) struct Partition<'a> {
    pub(crate) calls: SortedRows,
    /// `None` where segments are not written.
    pub(crate) segments: Option<SortedRows>,
    pub(crate) failures: SortedRows,
    pub(crate) agents: &'a AgentsReport,
}

/// The name of a date's file in a table's folder.
pub(crate) fn part(table: &str, date: CallDate, ending: &str) -> String {
    format!("{table}/{}/part-0.{ending}", date.folder())
}

/// Stages the files of a date, and its record last; the record with what was written.
///
/// # Errors
/// [`OutputError`] naming the file.
pub(crate) fn stage_date(
    publication: &mut Publication,
    date: CallDate,
    partition: Partition<'_>,
    mut record: DateRecord,
    sums: &DateSums,
    format: Format,
) -> Result<DateRecord, OutputError> {
    let Partition { calls, segments, failures, agents } = partition;
    let mut stage = Stage { publication, date, format, files: Vec::new() };
    stage.sorted("calls", call_columns(), Some(calls))?;
    stage.rows("agents", agents)?;
    stage.sorted("segments", &SEGMENTS, segments)?;
    // Most dates have none.
    stage.sorted("failures", &FAILURES, Some(failures).filter(|rows| rows.rows() > 0))?;
    record.files = std::mem::take(&mut stage.files);
    publication.write(&sums::name(date), |out| sums::write(&record, sums, out))?;
    Ok(record)
}

/// Stages an agents' table of the window that ends with a date.
///
/// # Errors
/// [`OutputError`] naming the file.
pub(crate) fn stage_window(
    publication: &mut Publication,
    table: &str,
    date: CallDate,
    agents: &AgentsReport,
    format: Format,
) -> Result<(), OutputError> {
    Stage { publication, date, format, files: Vec::new() }.rows(table, agents)
}

/// Lets all files of a date go, its record first.
pub(crate) fn remove_date(publication: &mut Publication, date: CallDate) {
    publication.remove(sums::name(date));
    for table in TABLES {
        for ending in ["csv", "parquet"] {
            publication.remove(part(table, date, ending));
        }
    }
}

/// Files of a date on their way.
struct Stage<'p> {
    publication: &'p mut Publication,
    date: CallDate,
    format: Format,
    files: Vec<WrittenFile>,
}

impl Stage<'_> {
    fn sorted<R>(
        &mut self,
        table: &str,
        columns: &'static [Column<R>],
        rows: Option<SortedRows>,
    ) -> Result<(), OutputError> {
        let name = part(table, self.date, "csv");
        let Some(rows) = rows else {
            self.publication.remove(name);
            self.publication.remove(part(table, self.date, "parquet"));
            return Ok(());
        };
        let format = self.format;
        let written = self.publication.write(&name, |out| put_sorted(out, columns, rows, format))?;
        self.files.push(written);
        self.parquet(table, columns)
    }

    fn rows(&mut self, table: &str, agents: &AgentsReport) -> Result<(), OutputError> {
        let format = self.format;
        let name = part(table, self.date, "csv");
        let written = self.publication.write(&name, |out| put_rows(out, agent_columns(), &agents.agents, format))?;
        self.files.push(written);
        self.parquet(table, agent_columns())
    }

    /// The Parquet file beside the CSV file that was staged last.
    #[cfg(feature = "parquet")]
    fn parquet<R>(&mut self, table: &str, columns: &'static [Column<R>]) -> Result<(), OutputError> {
        let name = part(table, self.date, "parquet");
        if !self.format.parquet {
            self.publication.remove(name);
            return Ok(());
        }
        let (fields, guard) = (crate::output::fields(columns), self.format.guard);
        let written = self
            .publication
            .draw(&name, |csv, out| crate::output::parquet::write(csv, &fields, guard, out).map(Some))?;
        self.files.push(written);
        Ok(())
    }

    /// The settings refuse Parquet in a build without it; what another build left does not stand beside newer rows.
    #[cfg(not(feature = "parquet"))]
    #[expect(clippy::unnecessary_wraps, reason = "as in a build with it")]
    fn parquet<R>(&mut self, table: &str, _: &'static [Column<R>]) -> Result<(), OutputError> {
        self.publication.remove(part(table, self.date, "parquet"));
        Ok(())
    }
}
