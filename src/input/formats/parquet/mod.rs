//! Parquet: its rows as a table's text, which the reader of tables reads. Only a build with the feature `parquet` can.
//!
//! The file is copied to an anonymous temporary file first, since its directory stands at its end; then it is read row
//! group by row group. A list of structures, such as a conversation's messages, gives a row for each element.

#[cfg(feature = "parquet")]
mod rows;

use super::{Description, Format, Found, Likeness, Sample, csv};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::Field;
use crate::input::sink::Sink;

/// What a Parquet file begins with.
const MAGIC: &[u8] = b"PAR1";

/// Whether a file that begins with `head` is Parquet, the bytes of which are no text.
pub(in crate::input) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Parquet.
pub(super) struct Parquet;

impl Format for Parquet {
    fn description(&self) -> Description {
        Description {
            name: "parquet",
            title: "Parquet, in a build with the feature of that name",
            fields: &[
                (Field::CallId, "a column with a name as in CSV"),
                (Field::Text, "a column, or a field of a list's structures: a row for each element"),
                (Field::Speaker, "a column, or a field of a list's structures"),
                (Field::AgentId, "a column with a name as in CSV"),
                (Field::Started, "a column: text, a number or a timestamp, in its zone or in that of `--timezone`"),
            ],
        }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        is_parquet(sample.text).then_some(Likeness::Certain)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let mut found = csv::read_delimited(as_table(file)?, b',', sink)?;
        found.facts.retain(|(name, _)| *name != "delimiter");
        Ok(found)
    }
}

/// The rows of `file` as comma-separated text with a header line, if it is Parquet; otherwise `file` as it is.
///
/// # Errors
/// [`InputError::NoParquet`] in a build without the feature, [`InputError::Unreadable`] or [`InputError::Scratch`].
pub(in crate::input) fn as_table(file: Opened) -> Result<Opened, InputError> {
    if !is_parquet(&file.sample) {
        return Ok(file);
    }
    #[cfg(feature = "parquet")]
    return table(file);
    #[cfg(not(feature = "parquet"))]
    Err(InputError::NoParquet { path: file.about.path })
}

#[cfg(feature = "parquet")]
fn table(mut file: Opened) -> Result<Opened, InputError> {
    use std::io::{self, Cursor, Read as _};

    /// How much of the text is kept to recognise columns by.
    const SAMPLE_BYTES: u64 = 1 << 16;
    let mut scratch = tempfile::tempfile().map_err(|source| InputError::Scratch { source })?;
    io::copy(&mut file.reader, &mut scratch).map_err(|error| file.about.failed(error))?;
    let mut text = rows::TableText::of(scratch).map_err(|error| file.about.failed(error))?;
    let mut sample = Vec::new();
    text.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(|error| file.about.failed(error))?;
    let reader = Box::new(Cursor::new(sample.clone()).chain(text));
    Ok(Opened { reader, sample, about: file.about })
}
