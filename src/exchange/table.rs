//! Tables that come from elsewhere, and their columns by name and type.

use std::io::Read;

use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::StreamReader;

/// A table is not what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum WrongTable {
    /// It is no stream.
    #[error("what came in is no Arrow IPC stream, or a damaged one")]
    Stream,
    /// A column is missing, or of another type.
    #[error("there is no column {0} of its type in what came in")]
    Column(String),
    /// A row holds what no row of its kind does.
    #[error("a row of what came in is none that this version sends")]
    Row,
}

/// The column of this name, as `cast` takes it.
pub(super) fn column<'a, A>(
    batch: &'a RecordBatch,
    name: &str,
    cast: impl FnOnce(&'a dyn Array) -> Option<&'a A>,
) -> Result<&'a A, WrongTable> {
    let column = batch.column_by_name(name).and_then(|array| cast(&**array));
    column.ok_or_else(|| WrongTable::Column(name.to_owned()))
}

/// The batches of a stream.
///
/// # Errors
/// [`WrongTable::Stream`].
pub(crate) fn tables(stream: impl Read) -> Result<impl Iterator<Item = Result<RecordBatch, WrongTable>>, WrongTable> {
    let batches = StreamReader::try_new(stream, None).map_err(|_| WrongTable::Stream)?;
    Ok(batches.map(|batch| batch.map_err(|_| WrongTable::Stream)))
}
