//! Records out of delimited text: what csv-core parses, with the line on which each begins.
//!
//! One buffer in, one buffer out, both used again for every record. Nothing is guessed: a record that the end of
//! the file cuts off within a quote is reported, not closed.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::aliases::recognised;
use crate::input::field::{Field, Origin};

/// Bytes read at a time.
const INPUT_BYTES: usize = 1 << 18;
/// A longer record is refused: a quote that never closes would otherwise swallow the file into memory.
pub(super) const MAX_RECORD_BYTES: usize = 16 << 20;
/// The delimiters known, the likelier ones first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Finds the delimiter of a file whose text begins with `sample`: the one under which the header names most fields,
/// and among equals the one that gives most columns.
pub(super) fn sniff_delimiter(sample: &[u8], map: &[(Field, Origin)]) -> u8 {
    let fit = |delimiter: u8| {
        let mut records = Records::new(sample, delimiter);
        match records.advance() {
            Ok(Advance::Record | Advance::Unclosed { .. }) => {
                let header = records.header();
                (recognised(&header, map), header.len())
            }
            _ => (0, 0),
        }
    };
    // The last of equal maxima wins, hence the reversal.
    DELIMITERS.into_iter().rev().max_by_key(|&delimiter| fit(delimiter)).unwrap_or(b',')
}

/// What the next record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advance {
    /// A record was read.
    Record,
    /// The text ends within a quote: so many lines, from the one on which the record begins, are lost.
    Unclosed {
        /// Physical lines swallowed.
        lines: u64,
    },
    /// The record is longer than [`MAX_RECORD_BYTES`].
    TooLong,
    /// The text has ended.
    End,
}

/// Reads records one after the other.
pub(super) struct Records<R> {
    reader: R,
    core: Reader,
    input: Vec<u8>,
    /// The part of `input` not parsed yet.
    unparsed: std::ops::Range<usize>,
    is_at_end: bool,
    last_byte: u8,
    fields: Vec<u8>,
    fields_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
    line: u64,
}

impl<R: Read> Records<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> Self {
        Self {
            reader,
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            input: vec![0; INPUT_BYTES],
            unparsed: 0..0,
            is_at_end: false,
            last_byte: b'\n',
            fields: vec![0; 4096],
            fields_len: 0,
            ends: vec![0; 32],
            ends_len: 0,
            line: 1,
        }
    }

    /// Reads the next record. Empty lines are skipped.
    ///
    /// # Errors
    /// What the reader says.
    pub(super) fn advance(&mut self) -> io::Result<Advance> {
        self.fields_len = 0;
        self.ends_len = 0;
        if !self.skip_line_breaks()? {
            return Ok(Advance::End);
        }
        self.line = self.core.line();
        loop {
            // At the end a line break is put after the text: it ends the record, unless it lies within a quote.
            let is_last = self.unparsed.is_empty() && !self.fill()?;
            let lines = self.core.line() - self.line + u64::from(self.last_byte != b'\n');
            let (result, read, written, ended) = self.core.read_record(
                if is_last { b"\n" } else { &self.input[self.unparsed.clone()] },
                &mut self.fields[self.fields_len..],
                &mut self.ends[self.ends_len..],
            );
            self.unparsed.start += if is_last { 0 } else { read };
            self.fields_len += written;
            self.ends_len += ended;
            match result {
                ReadRecordResult::Record => return Ok(Advance::Record),
                ReadRecordResult::End => return Ok(Advance::End),
                ReadRecordResult::InputEmpty if is_last => return Ok(Advance::Unclosed { lines }),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.fields.len() >= MAX_RECORD_BYTES => return Ok(Advance::TooLong),
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
            }
        }
    }

    /// Moves on to the first byte of the next record, so that its line is known; `false` at the end of the text.
    fn skip_line_breaks(&mut self) -> io::Result<bool> {
        loop {
            while let Some(byte @ (b'\n' | b'\r')) = self.input[self.unparsed.clone()].first() {
                self.core.set_line(self.core.line() + u64::from(*byte == b'\n'));
                self.unparsed.start += 1;
            }
            if !self.unparsed.is_empty() {
                return Ok(true);
            }
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        while !self.is_at_end {
            match self.reader.read(&mut self.input) {
                Ok(count) => {
                    self.is_at_end = count == 0;
                    self.unparsed = 0..count;
                    if let Some(&last) = self.input[..count].last() {
                        self.last_byte = last;
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unparsed = 0..0;
        Ok(false)
    }

    /// The 1-based line on which the record begins.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The record as a header: trimmed names.
    pub(super) fn header(&self) -> Vec<String> {
        let mut start = 0;
        self.ends[..self.ends_len]
            .iter()
            .map(|&end| {
                String::from_utf8_lossy(&self.fields[std::mem::replace(&mut start, end)..end]).trim().to_owned()
            })
            .collect()
    }

    /// The record, if it is valid UTF-8.
    pub(super) fn record(&self) -> Option<Record<'_>> {
        let text = std::str::from_utf8(&self.fields[..self.fields_len]).ok()?;
        let ends = &self.ends[..self.ends_len];
        // Two halves of a character may meet where a delimiter stood.
        ends.iter().all(|&end| text.is_char_boundary(end)).then_some(Record { text, ends })
    }

    /// How many fields the record has.
    pub(super) const fn field_count(&self) -> usize {
        self.ends_len
    }

    /// Whether the record holds nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.fields[..self.fields_len].trim_ascii().is_empty()
    }
}

/// A record's fields.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// The field at `position` without white space at its ends; empty if there is none.
    pub(super) fn field(&self, position: Option<usize>) -> &'a str {
        let Some(position) = position else { return "" };
        let start = position.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(position).copied());
        let field = range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default();
        match field.as_bytes() {
            // Nearly all fields: looking for white space costs more than reading them.
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => field,
            _ => field.trim(),
        }
    }

    /// Whether any field holds a NUL byte.
    pub(super) fn has_nul(&self) -> bool {
        memchr::memchr(0, self.text.as_bytes()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives out a few bytes at a time, so that every state meets the end of a buffer.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn all(text: &[u8], step: usize) -> (Vec<(u64, Vec<String>)>, Advance) {
        let mut records = Records::new(Trickle(text, step), b',');
        let mut found = Vec::new();
        loop {
            match records.advance().unwrap() {
                Advance::Record => found.push((records.line(), records.header())),
                last => return (found, last),
            }
        }
    }

    fn lines(text: &str) -> Vec<u64> {
        let whole = all(text.as_bytes(), 1000);
        assert_eq!(whole, all(text.as_bytes(), 1));
        assert_eq!(whole.1, Advance::End);
        whole.0.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn records_know_the_line_on_which_they_begin() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
        assert_eq!(lines("\n\na,b\n\n\"x\n\ny\",2\n\n3,4"), [3, 5, 9]);
        assert_eq!(lines("a,b\r\n\"x\r\ny\",2\r\n\r\n3,4"), [1, 2, 5]);
        assert_eq!(lines(""), [0; 0]);
        assert_eq!(lines("\n\r\n"), [0; 0]);
    }

    #[test]
    fn an_unclosed_quote_is_told_from_a_missing_line_break() {
        for (text, expected) in [
            ("a\n\"x", Advance::Unclosed { lines: 1 }),
            ("a\n\"", Advance::Unclosed { lines: 1 }),
            ("a\n\"x\ny\n", Advance::Unclosed { lines: 2 }),
            ("a\n\"x\ny\nz", Advance::Unclosed { lines: 3 }),
            ("a\n1,\"x\"\"", Advance::Unclosed { lines: 1 }),
            ("a\n\"x\"", Advance::End),
            ("a\n\"x\"\"\"", Advance::End),
            ("a\n1,", Advance::End),
            ("a\n1,\"\"", Advance::End),
            ("a\nx\"", Advance::End),
        ] {
            for step in [1, 2, 1000] {
                let (found, last) = all(text.as_bytes(), step);
                assert_eq!(last, expected, "{text:?} by {step}");
                assert_eq!(found.len(), if expected == Advance::End { 2 } else { 1 }, "{text:?} by {step}");
            }
        }
    }

    #[test]
    fn a_record_without_end_is_refused() {
        let long = format!("\"{}", "x".repeat(MAX_RECORD_BYTES + 1));
        assert_eq!(all(long.as_bytes(), 1 << 16).1, Advance::TooLong);
    }

    #[test]
    fn halves_of_a_character_in_two_fields_are_not_valid() {
        let mut records = Records::new(b"\xc3,\xa9\n".as_slice(), b',');
        assert_eq!(records.advance().unwrap(), Advance::Record);
        assert!(records.record().is_none());
    }

    #[test]
    fn delimiters() {
        let map = [(Field::Text, Origin::Column("words".to_owned()))];
        for (header, expected) in [
            ("call_id,text,speaker\n", b','),
            ("call_id;text;speaker, really\n", b';'),
            ("call_id\ttext\tspeaker\n", b'\t'),
            ("call_id|text|a,b,c,d,e\n", b'|'),
            ("\"call_id;x\",\"text;y\",speaker\n", b','),
            ("nr;words\n", b';'),
            ("a;b;c,d\n", b';'),
            ("text\n", b','),
            ("", b','),
        ] {
            assert_eq!(sniff_delimiter(header.as_bytes(), &map), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn what_was_quoted_comes_back(rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n é😀|;]{0,6}", 3), 1..8), step in 1_usize..9) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let mut records = Records::new(Trickle(&bytes, step), b',');
            let mut line = 1;
            for row in &rows {
                prop_assert_eq!(records.advance().unwrap(), Advance::Record);
                prop_assert_eq!(records.line(), line);
                let record = records.record().unwrap();
                for (position, field) in row.iter().enumerate() {
                    prop_assert_eq!(record.field(Some(position)), field.trim());
                }
                line += 1 + row.concat().matches('\n').count() as u64;
            }
            prop_assert_eq!(records.advance().unwrap(), Advance::End);
        }
    }
}
