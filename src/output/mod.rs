//! What a run leaves: tables, their schema, and the record of the run.
//!
//! Every table is one list of columns ([`table::Column`]): header, rows and published schema come from it.
//! Files are written by [`OutputDirectory`], whole or not at all. No text of a transcript reaches this room.

mod agents;
mod calls;
mod cell;
#[cfg(test)]
mod dashboards;
pub mod datapackage;
mod decision;
mod directory;
mod drift;
mod estimates;
mod files;
mod lists;
#[cfg(feature = "parquet")]
pub mod parquet;
pub(crate) mod read;
mod record;
mod sorted;
pub(crate) mod table;
mod texts;
mod whole;

pub use agents::columns as agent_columns;
pub use calls::{CallRow, columns as call_columns};
pub use cell::Cell;
pub(crate) use cell::{PARTS, parts, read_back, rounded, rounded_decimal, unguarded};
pub(crate) use decision::decision_table;
pub use directory::{FILES, OutputDirectory, OutputError, WrittenFile};
pub(crate) use directory::{PART_FILE, TEMPORARY_HINT, sync_directory, write_hashed};
pub use drift::{ABOUT_DRIFT, drift_columns};
pub use estimates::{EstimateRecord, SampleTables, ShareRecord};
pub use files::{Format, Tables, resources};
pub(crate) use files::{describe_tables, put_rows, put_sorted, skip_header};
pub use lists::{FAILURES, REJECTS, RejectRow, SEGMENTS, SegmentRow};
pub use read::ReadError;
pub(crate) use record::write_record;
pub use record::{
    AgentLatelyRecord, ContactsRecord, CountsRecord, EngineRecord, FormatFacts, InputRecord, JobRecord, NightRecord,
    PendingRecord, RedactionRecord, RunRecord, SecondsRecord, ServiceRecord,
};
pub(crate) use sorted::MEMORY_BYTES;
pub use sorted::{MergedRows, Rows, SortedRows, part_key};
pub(crate) use table::columns;
pub use table::{Column, Field, Kind, RowEncoder, fields};
pub(crate) use texts::{SampledText, sampled_texts};
pub use whole::{write_private, write_whole};

/// The version of the tables' columns: it changes when a column is added, and its first part when one changes.
pub const SCHEMA_VERSION: &str = "1.2";
