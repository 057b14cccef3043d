//! The file of `undertone sample`: texts that people label. The one output that holds words of transcripts.

use std::io;

use super::cell::Cell;
use super::table::{Column, columns};
use super::{Format, put_rows};

/// A text that is to be labelled.
#[derive(Clone)]
pub(crate) struct SampledText {
    /// The words, without what is kept back.
    pub(crate) text: String,
    /// Documents that it stands for, in thousandths of the mean.
    pub(crate) weight: i64,
    pub(crate) role: Box<str>,
    pub(crate) queue: Option<Box<str>>,
    pub(crate) language: Box<str>,
    pub(crate) call_id: Box<str>,
    /// Its place in the call.
    pub(crate) segment: u32,
}

static TEXTS: [Column<SampledText>; 8] = columns! {
    "text", Text, "What was said.", |row| Cell::text(&*row.text);
    "label", Text, "To be filled in: negative, neutral, positive or mixed.", |_| Cell::Empty;
    "sample_weight", Integer, "Documents that the text stands for, in thousandths of the mean: a whole number, which no spreadsheet writes otherwise.",
        |row| Cell::count(row.weight);
    "role", Text, "Who said it.", |row| Cell::text(&*row.role);
    "queue", Text, "The call's queue.", |row| Cell::optional_text(row.queue.as_deref());
    "language", Text, "The call's language.", |row| Cell::text(&*row.language);
    "of_call", Text, "The call.", |row| Cell::text(&*row.call_id);
    "segment", Integer, "Which of its documents.", |row| Cell::count(row.segment);
};

/// The file: with a byte order mark, without which a spreadsheet takes it for another encoding, and with guarded cells.
pub(crate) fn sampled_texts(rows: &[SampledText]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    put_rows(&mut out, &TEXTS, rows, Format { bom: true, guard: true, parquet: false })?;
    Ok(out)
}
