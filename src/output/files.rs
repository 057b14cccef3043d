//! Which tables a run writes, and the one way in which each is written.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::agents::ABOUT as ABOUT_AGENTS;
use super::datapackage::{Resource, describe};
#[cfg(feature = "parquet")]
use super::directory::FILES;
use super::directory::{OutputDirectory, OutputError};
use super::estimates::{CALLS_FILE, ESTIMATES, ESTIMATES_FILE, FAILURES_FILE, SampleTables, sample_resources};
use super::lists::{FAILURES, REJECTS, RejectRow, SEGMENTS};
use super::sorted::Rows;
use super::table::{Column, RowEncoder, fields};
use super::{SCHEMA_VERSION, agent_columns, call_columns};
use crate::rollup::AgentsReport;

/// How every table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// Whether files begin with a byte order mark.
    pub bom: bool,
    /// Whether text cells are guarded against spreadsheets.
    pub guard: bool,
    /// Whether a Parquet file stands beside each CSV file; only a build with the feature of that name can write them.
    pub parquet: bool,
}

/// What the tables hold.
pub struct Tables<'a> {
    /// Rows of calls.csv.
    pub calls: Rows,
    /// Rows of segments.csv; `None` where it is not written.
    pub segments: Option<Rows>,
    /// Rows of failures.csv.
    pub failures: Rows,
    /// Every agent's row.
    pub agents: &'a AgentsReport,
    /// Rows of the input that could not be used, in order.
    pub rejects: &'a [RejectRow],
    /// What a sampled run writes besides.
    pub sample: Option<SampleTables<'a>>,
}

/// What files begin with for spreadsheets that need it.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Tables<'_> {
    /// Writes all tables and their description.
    ///
    /// # Errors
    /// [`OutputError`] naming the file.
    pub fn write(self, directory: &mut OutputDirectory, format: Format) -> Result<(), OutputError> {
        write_sorted(directory, "calls.csv", call_columns(), self.calls, format)?;
        write_rows(directory, "agents.csv", agent_columns(), &self.agents.agents, format)?;
        let detail = self.segments.is_some();
        if let Some(segments) = self.segments {
            write_sorted(directory, "segments.csv", &SEGMENTS, segments, format)?;
        }
        write_sorted(directory, "failures.csv", &FAILURES, self.failures, format)?;
        write_rows(directory, "rejects.csv", &REJECTS, self.rejects, format)?;
        if let Some(SampleTables { calls, failures, estimates }) = self.sample {
            write_sorted(directory, CALLS_FILE, call_columns(), calls.into(), format)?;
            write_sorted(directory, FAILURES_FILE, &FAILURES, failures.into(), format)?;
            write_rows(directory, ESTIMATES_FILE, &ESTIMATES, estimates, format)?;
        }
        describe_tables(directory, detail, format)
    }
}

/// Writes the description of the tables that were written, segments.csv among them with `detail`, and their Parquet files. Those of
/// a sampled run are there if they were written.
///
/// # Errors
/// [`OutputError`] naming the file.
pub(crate) fn describe_tables(
    directory: &mut OutputDirectory,
    detail: bool,
    format: Format,
) -> Result<(), OutputError> {
    let mut resources = resources(detail);
    let is_written = |table: &Resource| directory.written().iter().any(|file| file.name == table.file);
    resources.extend(sample_resources().into_iter().filter(is_written));
    if format.parquet {
        write_parquet(directory, &resources, format.guard)?;
    }
    let package = describe(&resources, SCHEMA_VERSION, format.bom);
    directory.write("datapackage.json", |out| {
        serde_json::to_writer_pretty(&mut *out, &package)?;
        out.write_all(b"\n")?;
        Ok(None)
    })
}

/// Every table that a run may write.
pub(super) fn all_resources() -> impl Iterator<Item = Resource> {
    resources(true).into_iter().chain(sample_resources())
}

/// The tables that every run has, as the description lists them; segments.csv among them with `detail`.
#[must_use]
pub fn resources(detail: bool) -> Vec<Resource> {
    let segments = detail.then(|| Resource {
        file: "segments.csv",
        about: "One row a document.",
        key: &["call_id", "segment"],
        fields: fields(&SEGMENTS),
    });
    let mut resources = vec![
        Resource { file: "calls.csv", about: "One row a call.", key: &["call_id"], fields: fields(call_columns()) },
        Resource { file: "agents.csv", about: ABOUT_AGENTS, key: &["agent_id"], fields: fields(agent_columns()) },
    ];
    resources.extend(segments);
    resources.push(Resource {
        file: "failures.csv",
        about: "One row a document without scores.",
        key: &["call_id", "segment"],
        fields: fields(&FAILURES),
    });
    resources.push(Resource {
        file: "rejects.csv",
        about: "One row of the input that could not be used.",
        key: &[],
        fields: fields(&REJECTS),
    });
    resources
}

fn write_sorted<R>(
    directory: &mut OutputDirectory,
    name: &'static str,
    columns: &'static [Column<R>],
    rows: Rows,
    format: Format,
) -> Result<(), OutputError> {
    directory.write(name, |out| put_sorted(out, columns, rows, format))
}

/// Writes a table of rows that are encoded already; their number.
pub(crate) fn put_sorted<R>(
    out: &mut dyn Write,
    columns: &'static [Column<R>],
    rows: impl Into<Rows>,
    format: Format,
) -> io::Result<Option<u64>> {
    let rows = rows.into();
    begin(out, columns, format)?;
    let count = rows.rows();
    rows.drain(|line| out.write_all(line))?;
    Ok(Some(count))
}

fn write_rows<R>(
    directory: &mut OutputDirectory,
    name: &'static str,
    columns: &'static [Column<R>],
    rows: &[R],
    format: Format,
) -> Result<(), OutputError> {
    directory.write(name, |out| put_rows(out, columns, rows, format))
}

/// Writes a table of these rows; their number.
pub(crate) fn put_rows<R>(
    out: &mut dyn Write,
    columns: &'static [Column<R>],
    rows: &[R],
    format: Format,
) -> io::Result<Option<u64>> {
    begin(out, columns, format)?;
    let mut encoder = RowEncoder::new(columns, format.guard);
    let mut line = Vec::new();
    for row in rows {
        line.clear();
        encoder.encode(row, &mut line);
        out.write_all(&line)?;
    }
    Ok(Some(rows.len() as u64))
}

/// Reads on to the first row of a table with these columns. Columns that came later stand at the end: how many of them
/// a table of an earlier version lacks. `None` for another table.
pub(crate) fn skip_header<R>(table: &mut impl BufRead, columns: &'static [Column<R>]) -> io::Result<Option<usize>> {
    let mut line = Vec::new();
    table.read_until(b'\n', &mut line)?;
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
    let Some(header) = line.strip_suffix(b"\n") else { return Ok(None) };
    let names: Vec<&[u8]> = header.split(|byte| *byte == b',').collect();
    let is_ours =
        names.len() <= columns.len() && names.iter().zip(columns).all(|(name, column)| *name == column.name.as_bytes());
    Ok(is_ours.then(|| columns.len() - names.len()))
}

/// Writes every table as a Parquet file, from its CSV file.
#[cfg(feature = "parquet")]
fn write_parquet(directory: &mut OutputDirectory, tables: &[Resource], guarded: bool) -> Result<(), OutputError> {
    for table in tables {
        let stem = table.file.strip_suffix("csv");
        let beside = FILES.into_iter().find(|name| name.strip_suffix("parquet") == stem);
        let name = beside.expect("every table may be written as a Parquet file");
        directory.draw(name, |staging, out| {
            super::parquet::write(&staging.join(table.file), &table.fields, guarded, out).map(Some)
        })?;
    }
    Ok(())
}

/// The settings refuse it long before; a caller who does not ask them gets no run without its files.
#[cfg(not(feature = "parquet"))]
fn write_parquet(directory: &mut OutputDirectory, _: &[Resource], _: bool) -> Result<(), OutputError> {
    directory.write("calls.parquet", |_| Err(io::Error::new(io::ErrorKind::Unsupported, "this build has no Parquet")))
}

fn begin<R>(out: &mut dyn Write, columns: &'static [Column<R>], format: Format) -> io::Result<()> {
    if format.bom {
        out.write_all(BYTE_ORDER_MARK)?;
    }
    out.write_all(&RowEncoder::new(columns, format.guard).header())
}
