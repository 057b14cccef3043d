//! Tables of contact records.

use super::records::{Advance, MAX_RECORD_BYTES, Records, sniff_delimiter};
use crate::input::InputOptions;
use crate::input::contacts::{FIELDS, fitting};
use crate::input::decode::{About, Opened};
use crate::input::error::InputError;
use crate::input::field::Field;
use crate::input::rejects::Reason;
use crate::input::times::TimeColumn;

/// A table whose rows are contact records.
pub(in crate::input) struct ContactTable {
    records: Records<Box<dyn std::io::Read>>,
    header: Vec<String>,
    places: [Option<usize>; FIELDS.len()],
}

/// A record's values in the order of [`FIELDS`], or why it can't be used.
type Contact<'a> = Result<[&'a str; FIELDS.len()], Reason>;

impl ContactTable {
    /// Reads the header of `file`; `None` if it is empty.
    ///
    /// # Errors
    /// [`InputError::Unreadable`] or [`InputError::Damaged`].
    pub(in crate::input) fn open(file: Opened, options: &InputOptions) -> Result<Option<Self>, InputError> {
        let mut records = Records::new(file.reader, sniff_delimiter(&file.sample, &options.map));
        if records.advance().map_err(|error| file.about.failed(error))? != Advance::Record {
            return Ok(None);
        }
        let header = records.header();
        let places = fitting(&header, options);
        Ok(Some(Self { records, header, places }))
    }

    pub(in crate::input) fn header(&self) -> &[String] {
        &self.header
    }

    /// The column of each field that has one.
    pub(in crate::input) fn columns(&self) -> Vec<(Field, String)> {
        let column = |(field, place): (Field, Option<usize>)| Some((field, self.header.get(place?)?.clone()));
        FIELDS.into_iter().zip(self.places).filter_map(column).collect()
    }

    /// What the header says of the start's unit.
    pub(in crate::input) fn started(&self) -> TimeColumn {
        let place = FIELDS.into_iter().zip(self.places).find(|(field, _)| *field == Field::Started);
        let name = place.and_then(|(_, place)| self.header.get(place?));
        name.map_or_else(TimeColumn::default, |name| TimeColumn::of(name))
    }

    /// The next record that is not blank, with its line.
    ///
    /// # Errors
    /// [`InputError::Unreadable`], [`InputError::Damaged`] or [`InputError::RecordTooLong`].
    pub(in crate::input) fn next(&mut self, about: &About) -> Result<Option<(u64, Contact<'_>)>, InputError> {
        loop {
            let advance = self.records.advance().map_err(|error| about.failed(error))?;
            let line = self.records.line();
            match advance {
                Advance::End => return Ok(None),
                Advance::Unclosed { .. } => return Ok(Some((line, Err(Reason::UnclosedQuote)))),
                Advance::TooLong => {
                    let (path, limit_mib) = (about.path.clone(), MAX_RECORD_BYTES >> 20);
                    return Err(InputError::RecordTooLong { path, line, limit_mib });
                }
                Advance::Record if self.records.is_blank() => {}
                Advance::Record => break,
            }
        }
        let (found, expected) = (self.records.field_count(), self.header.len());
        let contact = match self.records.record() {
            _ if found != expected => Err(Reason::FieldCount { found, expected }),
            None => Err(Reason::NotUtf8),
            Some(record) if record.has_nul() => Err(Reason::NulByte),
            Some(record) => Ok(self.places.map(|place| record.field(place))),
        };
        Ok(Some((self.records.line(), contact)))
    }
}
