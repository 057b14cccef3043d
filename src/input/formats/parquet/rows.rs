//! Rows out of a Parquet file as comma-separated text, some at a time.

use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::{Type, TypePtr};

use crate::input::formats::moments;

/// Bytes of text made at a time.
const CHUNK_BYTES: usize = 1 << 16;

/// What a whole number of a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// Nothing: it is a number.
    Number,
    /// Since the Unix epoch, in UTC or in a zone that nothing names.
    Time { is_utc: bool, is_nanos: bool },
}

impl Stamp {
    fn of(column: &Type) -> Self {
        match column.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => {
                Self::Time { is_utc: time.is_adjusted_to_u_t_c, is_nanos: time.unit == TimeUnit::NANOS }
            }
            _ => Self::Number,
        }
    }
}

/// What a column of the file gives to the rows of the text.
enum Column {
    /// One field.
    Value(Stamp),
    /// A field for each part of a structure.
    Parts(Vec<Stamp>),
    /// The fields of an element, and a row for each element.
    Elements(Vec<Stamp>),
}

/// The text of a file's rows, with a header line.
pub(super) struct TableText {
    rows: RowIter<'static>,
    columns: Vec<Column>,
    text: Vec<u8>,
    /// How much of `text` was given out.
    given: usize,
    is_at_end: bool,
}

impl TableText {
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a file that is damaged or ends too early.
    pub(super) fn of(file: File) -> io::Result<Self> {
        let reader = unwound(|| SerializedFileReader::new(file))?;
        let schema = reader.metadata().file_metadata().schema().clone();
        let Layout { columns, header, fields } = Layout::of(&schema);
        let rows = unwound(|| {
            let part = Type::group_type_builder(schema.name()).with_fields(fields).build()?;
            RowIter::from_file_into(Box::new(reader)).project(Some(part))
        })?;
        let mut text = Self { rows, columns, text: Vec::new(), given: 0, is_at_end: false };
        text.write(&header)?;
        Ok(text)
    }

    fn write(&mut self, record: &[String]) -> io::Result<()> {
        let mut writer = ::csv::Writer::from_writer(&mut self.text);
        writer.write_record(record)?;
        writer.flush()
    }

    /// Adds the next row's text; `false` if there is none.
    fn advance(&mut self) -> io::Result<bool> {
        let rows = &mut self.rows;
        let Some(row) = unwound(|| rows.next().transpose())? else { return Ok(false) };
        for record in records(&row, &self.columns) {
            self.write(&record)?;
        }
        Ok(true)
    }
}

impl Read for TableText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            while self.text.len() < CHUNK_BYTES && !self.is_at_end {
                self.is_at_end = !self.advance()?;
            }
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// What `work` gives. The library meets some damage, and types that it does not know, with a panic.
fn unwound<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "damaged, or of a type that is not read");
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| damaged())?.map_err(|_| damaged())
}

/// The columns of a file that are read.
struct Layout {
    /// What each of them gives.
    columns: Vec<Column>,
    header: Vec<String>,
    /// Their part of the file's schema.
    fields: Vec<TypePtr>,
}

impl Layout {
    /// Values and structures of values, and the first list of structures.
    fn of(schema: &Type) -> Self {
        let mut layout = Self { columns: Vec::new(), header: Vec::new(), fields: Vec::new() };
        for field in schema.get_fields() {
            if let Some(column) = layout.column(field) {
                layout.columns.push(column);
                layout.fields.push(Arc::clone(field));
            }
        }
        layout
    }

    /// What `field` gives, if it is read; adds its names to the header.
    fn column(&mut self, field: &Type) -> Option<Column> {
        if field.is_primitive() {
            if !is_read(field) {
                return None;
            }
            self.header.push(field.name().to_owned());
            return Some(Column::Value(Stamp::of(field)));
        }
        let is_list = field.get_fields().first().is_some_and(|inner| is_repeated(inner));
        let mut element = field;
        while let (true, [inner]) = (is_list, element.get_fields()) {
            if inner.is_primitive() {
                return None;
            }
            element = inner;
        }
        let parts = element.get_fields();
        let has_elements = self.columns.iter().any(|column| matches!(column, Column::Elements(_)));
        if !parts.iter().all(|part| part.is_primitive() && is_read(part)) || (is_list && has_elements) {
            return None;
        }
        for part in parts {
            let is_taken = !is_list || self.header.iter().any(|taken| taken == part.name());
            let name = if is_taken { format!("{}.{}", field.name(), part.name()) } else { part.name().to_owned() };
            self.header.push(name);
        }
        let stamps = parts.iter().map(|part| Stamp::of(part)).collect();
        Some(if is_list { Column::Elements(stamps) } else { Column::Parts(stamps) })
    }
}

fn is_repeated(field: &Type) -> bool {
    let about = field.get_basic_info();
    about.has_repetition() && about.repetition() == Repetition::REPEATED
}

/// Whether the library reads values of this type; it meets others with a panic that shows the value.
fn is_read(column: &Type) -> bool {
    use ConvertedType as As;
    let converted = column.get_basic_info().converted_type();
    match column.get_physical_type() {
        Physical::BYTE_ARRAY => {
            matches!(converted, As::UTF8 | As::ENUM | As::JSON | As::BSON | As::DECIMAL | As::NONE)
        }
        Physical::FIXED_LEN_BYTE_ARRAY => matches!(converted, As::DECIMAL | As::NONE),
        Physical::INT32 => !matches!(converted, As::UTF8 | As::ENUM | As::JSON | As::BSON | As::INTERVAL),
        _ => true,
    }
}

/// The records of a row: one, or one for each element of its list.
fn records(row: &Row, columns: &[Column]) -> Vec<Vec<String>> {
    let mut record = Vec::new();
    let mut elements: Option<(usize, Vec<Vec<String>>)> = None;
    for ((_, field), column) in row.get_column_iter().zip(columns) {
        match column {
            Column::Value(stamp) => record.push(text(field, *stamp)),
            Column::Parts(stamps) => record.extend(parts(field, stamps)),
            Column::Elements(stamps) => {
                let list = if let Field::ListInternal(list) = field { list.elements() } else { &[] };
                elements = Some((record.len(), list.iter().map(|element| parts(element, stamps)).collect()));
                record.extend(stamps.iter().map(|_| String::new()));
            }
        }
    }
    let Some((at, elements)) = elements else { return vec![record] };
    let with = |values: Vec<String>| {
        let mut record = record.clone();
        record.splice(at..at + values.len(), values);
        record
    };
    elements.into_iter().map(with).collect()
}

/// The texts of a structure's parts; empty ones where it is null.
fn parts(field: &Field, stamps: &[Stamp]) -> Vec<String> {
    match field {
        Field::Group(row) => row.get_column_iter().zip(stamps).map(|((_, field), stamp)| text(field, *stamp)).collect(),
        _ => stamps.iter().map(|_| String::new()).collect(),
    }
}

/// A value as tables have it: times of the calendar in UTC or without a zone, numbers in seconds with a point.
fn text(field: &Field, stamp: Stamp) -> String {
    match (field, stamp) {
        (Field::Str(text), _) => text.clone(),
        (Field::Bytes(bytes), _) => std::str::from_utf8(bytes.data()).unwrap_or_default().to_owned(),
        (Field::TimestampMillis(ms), stamp) => moment(ms.checked_mul(1000), stamp),
        (Field::TimestampMicros(micros), stamp) => moment(Some(*micros), stamp),
        (Field::Long(nanos), Stamp::Time { is_nanos: true, .. }) => moment(Some(nanos / 1000), stamp),
        (Field::Date(days), _) => moments::date(*days),
        (Field::Float(number), _) => format!("{number:?}"),
        (Field::Double(number), _) => format!("{number:?}"),
        (Field::Null | Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_), _) => String::new(),
        (other, _) => other.to_string(),
    }
}

/// A time in microseconds since the Unix epoch.
fn moment(micros: Option<i64>, stamp: Stamp) -> String {
    let is_utc = !matches!(stamp, Stamp::Time { is_utc: false, .. });
    micros.map(|micros| moments::moment(micros, is_utc)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use parquet::basic::{Compression, ZstdLevel};
    use parquet::data_type::{ByteArrayType, DoubleType, FixedLenByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;
    use crate::input::tests::{all_calls, lenient, read_bytes};
    use crate::transcript::Role;

    /// A file of this schema; each row group has the columns that `fill` writes.
    fn written(
        schema: &str,
        compression: Compression,
        groups: usize,
        fill: impl Fn(&mut SerializedFileWriter<File>),
    ) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let mut writer = SerializedFileWriter::new(tempfile::tempfile().unwrap(), schema, properties).unwrap();
        for _ in 0..groups {
            fill(&mut writer);
        }
        let mut file = writer.into_inner().unwrap();
        file.flush().unwrap();
        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// A column's texts, with their levels of definition and repetition.
    type Texts = (&'static [&'static str], Option<(&'static [i16], &'static [i16])>);

    const FLAT: &str = "message schema {
        required binary call_id (STRING);
        optional binary speaker (STRING);
        required binary text (STRING);
        required int64 started (TIMESTAMP(NANOS, false));
        required int64 ended (TIMESTAMP(MICROS, true));
        required double score;
        optional fixed_len_byte_array(12) held (INTERVAL);
    }";

    fn flat(compression: Compression) -> Vec<u8> {
        written(FLAT, compression, 2, |writer| {
            let mut group = writer.next_row_group().unwrap();
            let texts = [["c1", "c1"], ["agent", "customer"], ["hello, \"you\"", "my\nbill"]];
            for (number, texts) in texts.iter().enumerate() {
                let mut column = group.next_column().unwrap().unwrap();
                let values: Vec<_> = texts.iter().map(|text| (*text).into()).collect();
                let levels: Option<&[i16]> = (number == 1).then_some(&[1, 1]);
                column.typed::<ByteArrayType>().write_batch(&values, levels, None).unwrap();
                column.close().unwrap();
            }
            for micros in [1_715_594_400_000_000_000_i64, 1_715_594_401_000_000] {
                let mut column = group.next_column().unwrap().unwrap();
                let step = if micros > 1 << 60 { 5_000_000_000 } else { 5_000_000 };
                column.typed::<Int64Type>().write_batch(&[micros, micros + step], None, None).unwrap();
                column.close().unwrap();
            }
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<DoubleType>().write_batch(&[1.0, 2.5], None, None).unwrap();
            column.close().unwrap();
            // A type that is not read.
            let mut column = group.next_column().unwrap().unwrap();
            let held = vec![0_u8; 12].into();
            column.typed::<FixedLenByteArrayType>().write_batch(&[held], Some(&[1, 0]), None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        })
    }

    #[test]
    fn flat_columns_are_read_as_a_table_is() {
        for compression in [Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default()), Compression::UNCOMPRESSED] {
            let conversations = read_bytes(&[("a.parquet", flat(compression))], &lenient()).unwrap();
            let report = &conversations.reports()[0];
            assert_eq!((report.found.kind, report.rows, report.hash.len()), ("turn-rows", 4, 64));
            let (calls, tally) = all_calls(&conversations);
            assert_eq!((tally.turns, tally.duplicates), (2, 2), "the second row group repeats the first");
            let turns: Vec<_> =
                calls[0].turns.iter().map(|turn| (turn.role, turn.text.as_str(), turn.start_ms, turn.end_ms)).collect();
            let expected = [
                (Role::Agent, "hello, \"you\"", Some(0), Some(1_000)),
                (Role::Customer, "my\nbill", Some(5_000), Some(6_000)),
            ];
            assert_eq!(turns, expected);
            assert_eq!(calls[0].started_at_ms, Some(1_715_594_400_000));
        }
    }

    #[test]
    fn a_list_of_messages_gives_a_turn_each() {
        let schema = "message schema {
            required binary conversation_id (STRING);
            optional group messages (LIST) { repeated group list { optional group element {
                optional binary role (STRING); optional binary content (STRING); } } }
        }";
        let bytes = written(schema, Compression::SNAPPY, 1, |writer| {
            let mut group = writer.next_row_group().unwrap();
            let columns: [Texts; 3] = [
                (&["a", "b", "c"], None),
                (&["agent", "customer", "agent"], Some((&[4, 4, 4, 0], &[0, 1, 0, 0]))),
                (&["hi", "yo", "so"], Some((&[4, 4, 4, 0], &[0, 1, 0, 0]))),
            ];
            for (texts, levels) in columns {
                let mut column = group.next_column().unwrap().unwrap();
                let values: Vec<_> = texts.iter().map(|text| (*text).into()).collect();
                let (definitions, repetitions) = levels.unzip();
                column.typed::<ByteArrayType>().write_batch(&values, definitions, repetitions).unwrap();
                column.close().unwrap();
            }
            group.close().unwrap();
        });
        let conversations = read_bytes(&[("a.parquet", bytes)], &lenient()).unwrap();
        let (calls, _) = all_calls(&conversations);
        let said: Vec<Vec<_>> =
            calls.iter().map(|call| call.turns.iter().map(|turn| (turn.role, turn.text.as_str())).collect()).collect();
        assert_eq!(said, [vec![(Role::Agent, "hi"), (Role::Customer, "yo")], vec![(Role::Agent, "so")]]);
    }

    #[test]
    fn damaged_files_end_in_a_message() {
        let whole = flat(Compression::SNAPPY);
        for at in (4..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            drop(read_bytes(&[("a.parquet", damaged)], &lenient()));
            let cut = whole[..at].to_vec();
            assert!(read_bytes(&[("a.parquet", cut)], &lenient()).is_err(), "cut at {at}");
        }
    }
}
