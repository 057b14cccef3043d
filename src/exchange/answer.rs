//! The stream of an answer, which shows at least every second that the work goes on.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

/// After so long without rows an empty batch is sent.
const BEAT: Duration = Duration::from_secs(1);
/// Under which key the schema names the program's version.
const VERSION_KEY: &str = "undertone";

/// An Arrow IPC stream that is being written.
pub(crate) struct Answer<W: Write> {
    writer: StreamWriter<BufWriter<W>>,
    schema: SchemaRef,
    last: Instant,
}

impl<W: Write> Answer<W> {
    /// A stream of rows of these columns.
    ///
    /// # Errors
    /// What `out` says.
    pub(crate) fn new(fields: Vec<Field>, out: W) -> Result<Self, ArrowError> {
        let metadata = HashMap::from([(VERSION_KEY.to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let mut writer = StreamWriter::try_new(BufWriter::new(out), &schema)?;
        writer.flush()?;
        Ok(Self { writer, schema, last: Instant::now() })
    }

    /// The columns.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Shows that the work goes on, if nothing has shown it for a while.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn beat(&mut self) -> Result<(), ArrowError> {
        if self.last.elapsed() < BEAT {
            return Ok(());
        }
        self.send(&RecordBatch::new_empty(self.schema()))
    }

    /// Sends rows.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn send(&mut self, rows: &RecordBatch) -> Result<(), ArrowError> {
        self.writer.write(rows)?;
        self.writer.flush()?;
        self.last = Instant::now();
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn finish(mut self) -> Result<(), ArrowError> {
        self.writer.finish()?;
        self.writer.flush()
    }
}
