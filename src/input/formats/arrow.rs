//! Arrow IPC streams: their rows as a table's text, which the reader of tables reads. Only a build with the feature
//! `exchange` reads them, and only as a part of a table that somebody else holds as a whole.
//!
//! Columns are found by their names alone: what the first rows hold depends on the part. Text may come as bytes, and one
//! that is not UTF-8 costs its row, not the batch. Refuses columns of columns.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, DataType, TimeUnit};

use super::csv::columns::{CallIds, Columns, Layout, seen};
use super::csv::peek::Peek;
use super::csv::{aliases, read_delimited};
use super::moments::{date, moment};
use super::{Description, Format, Found, Likeness, Sample};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::{Field, fold};
use crate::input::roles::Roles;
use crate::input::sink::Sink;
use crate::input::times::Clock;

/// What a message of a stream begins with.
const MAGIC: &[u8] = &[0xff; 4];

/// Whether a file that begins with `head` is an Arrow IPC stream, the bytes of which are no text.
pub(in crate::input) fn is_stream(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Arrow IPC streams.
pub(in crate::input) struct Arrow;

impl Format for Arrow {
    fn description(&self) -> Description {
        Description { name: "arrow", title: "an Arrow IPC stream", fields: &[] }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        is_stream(sample.text).then_some(Likeness::Certain)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let Opened { reader, about, .. } = file;
        let text = TableText::of(reader).map_err(|error| about.failed(error))?;
        // Columns go by the header alone.
        let sample = text.text.clone();
        read_delimited(Opened { reader: Box::new(text), sample, about }, b',', sink)
    }
}

/// What of a table with a header is read, whatever its rows hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableColumns {
    /// The columns that are read, by their place.
    pub(crate) used: Vec<usize>,
    /// The column of call ids.
    pub(crate) call_id: usize,
    /// Whether rows state where in their call they stand.
    pub(crate) is_ordered: bool,
}

impl TableColumns {
    /// Finds the columns of the table called `name` in its header.
    ///
    /// # Errors
    /// Those of a table's file; [`InputError::NoColumn`] too without a column of call ids or, unless the user named a party
    /// or a column of each side, of speakers; [`InputError::AmbiguousColumns`] where the first rows would have to show
    /// whether a column holds times.
    pub(crate) fn find(name: &str, header: &[String], options: &InputOptions) -> Result<Self, InputError> {
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        let peek = Peek { header, ..Peek::default() };
        let (mut roles, mut clock) =
            (Roles::new(&options.roles), Clock::new(options.time_zone.clone(), options.offset_unit));
        let columns = Columns::find(name, &peek, &options.map, &mut roles, &mut clock)?;
        let is_spoken = columns.layout != Layout::Conversations;
        let (CallIds::Column(call_id), true) = (columns.call_ids, is_spoken) else {
            let missing = [(Field::CallId, columns.position(Field::CallId).is_none()), (Field::Speaker, !is_spoken)];
            return Err(InputError::NoColumn {
                path: name.to_owned(),
                fields: missing.into_iter().filter(|(_, is_missing)| *is_missing).map(|(field, _)| field).collect(),
                columns: seen(&peek, &options.map),
            });
        };
        let used: Vec<usize> = (0..peek.header.len()).filter(|at| columns.uses(*at)).collect();
        let is_settled = options.map.iter().any(|(field, _)| *field == Field::Started);
        let may_be_start = |at: &usize| {
            !used.contains(at) && aliases::weak_aliases(Field::Started).contains(&fold(&peek.header[*at]).as_str())
        };
        let candidates: Vec<usize> = (0..peek.header.len()).filter(may_be_start).collect();
        if columns.position(Field::Started).is_none() && !is_settled && !candidates.is_empty() {
            let candidates: Vec<String> = candidates.iter().map(|&at| format!("{:?}", peek.header[at])).collect();
            return Err(InputError::AmbiguousColumns {
                path: name.to_owned(),
                field: Field::Started,
                candidates: candidates.join(", "),
                columns: seen(&peek, &options.map),
            });
        }
        let starts = columns.position(Field::Started).filter(|_| !columns.is_call_start);
        let is_ordered = starts.or(columns.position(Field::TurnIndex)).is_some();
        Ok(Self { used, call_id, is_ordered })
    }
}

/// The text of a stream's rows, with a header line.
struct TableText {
    batches: StreamReader<Box<dyn Read>>,
    text: Vec<u8>,
    /// How much of `text` was given out.
    given: usize,
}

impl TableText {
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for what is no such stream, or has a column of a type that is not read.
    fn of(stream: Box<dyn Read>) -> io::Result<Self> {
        let batches = unwound(|| StreamReader::try_new(stream, None))?;
        let schema = batches.schema();
        for field in schema.fields() {
            if !is_read(field.data_type()) {
                let problem = format!("a column of the type {} is not read", field.data_type());
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
        }
        let mut text = Vec::new();
        write(&mut text, |writer| writer.write_record(schema.fields().iter().map(|field| field.name())))?;
        Ok(Self { batches, text, given: 0 })
    }
}

impl Read for TableText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            let batches = &mut self.batches;
            let Some(batch) = unwound(|| batches.next().transpose())? else { return Ok(0) };
            self.text.clear();
            self.given = 0;
            put_rows(&batch, &mut self.text)?;
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// What `work` gives. The library meets some damage with a panic.
fn unwound<T>(work: impl FnOnce() -> Result<T, ArrowError>) -> io::Result<T> {
    let panicked = |_| ArrowError::ParseError(String::new());
    catch_unwind(AssertUnwindSafe(work)).map_err(panicked).flatten().map_err(damaged)
}

/// The library's messages may show values: none is passed on but that of the reader beneath.
fn damaged(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) if !is_damage(error.kind()) => error,
        _ => io::Error::new(io::ErrorKind::InvalidData, "it is no Arrow IPC stream, or a damaged one"),
    }
}

/// Whether an error of the reader beneath is of what it read.
const fn is_damage(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// Whether values of this type are read.
fn is_read(kind: &DataType) -> bool {
    use DataType as As;
    let is_text =
        matches!(kind, As::Utf8 | As::LargeUtf8 | As::Utf8View | As::Binary | As::LargeBinary | As::BinaryView);
    let is_number = matches!(kind, As::Int8 | As::Int16 | As::Int32 | As::Int64 | As::Float32 | As::Float64);
    let is_time = matches!(kind, As::Date32 | As::Timestamp(TimeUnit::Microsecond, _));
    is_text || is_number || is_time || matches!(kind, As::Boolean | As::Decimal128(..) | As::Null)
}

/// What appends a value of a column to a record, by its row.
type Put<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// Appends the rows of `batch` to `out`.
fn put_rows(batch: &RecordBatch, out: &mut Vec<u8>) -> io::Result<()> {
    let columns: Vec<(&dyn Array, Put<'_>)> = batch.columns().iter().map(|array| (&**array, put(&**array))).collect();
    let mut cell = Vec::new();
    write(out, |writer| {
        for row in 0..batch.num_rows() {
            for (array, put) in &columns {
                cell.clear();
                if array.is_valid(row) {
                    put(row, &mut cell);
                }
                writer.write_field(&cell)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    })
}

/// Writes records as comma-separated text.
fn write(out: &mut Vec<u8>, put: impl FnOnce(&mut ::csv::Writer<&mut Vec<u8>>) -> ::csv::Result<()>) -> io::Result<()> {
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(out);
    put(&mut writer)?;
    writer.flush()
}

/// How values of a column are written: times of the calendar in UTC or without a zone, numbers in seconds with a point.
fn put(array: &dyn Array) -> Put<'_> {
    fn text<'a, B: AsRef<[u8]> + ?Sized + 'a>(value: impl Fn(usize) -> &'a B + 'a) -> Put<'a> {
        Box::new(move |row, out| out.extend_from_slice(value(row).as_ref()))
    }
    fn shown<'a, T: std::fmt::Display>(value: impl Fn(usize) -> T + 'a) -> Put<'a> {
        Box::new(move |row, out| out.extend_from_slice(value(row).to_string().as_bytes()))
    }
    fn number<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &dyn Array) -> Put<'_> {
        let array = array.as_primitive::<T>();
        shown(move |row| array.value(row))
    }
    fn float<T: ArrowPrimitiveType<Native: std::fmt::Debug>>(array: &dyn Array) -> Put<'_> {
        let array = array.as_primitive::<T>();
        shown(move |row| format!("{:?}", array.value(row)))
    }
    match array.data_type() {
        DataType::Utf8 => text(move |row| array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text(move |row| array.as_string::<i64>().value(row)),
        DataType::Utf8View => text(move |row| array.as_string_view().value(row)),
        DataType::Binary => text(move |row| array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => text(move |row| array.as_binary::<i64>().value(row)),
        DataType::BinaryView => text(move |row| array.as_binary_view().value(row)),
        DataType::Int8 => number::<Int8Type>(array),
        DataType::Int16 => number::<Int16Type>(array),
        DataType::Int32 => number::<Int32Type>(array),
        DataType::Int64 => number::<Int64Type>(array),
        DataType::Float32 => float::<Float32Type>(array),
        DataType::Float64 => float::<Float64Type>(array),
        DataType::Boolean => shown(move |row| array.as_boolean().value(row)),
        DataType::Decimal128(..) => shown(move |row| array.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Date32 => shown(move |row| date(array.as_primitive::<Date32Type>().value(row))),
        DataType::Timestamp(_, zone) => {
            let is_utc = zone.is_some();
            shown(move |row| moment(array.as_primitive::<TimestampMicrosecondType>().value(row), is_utc))
        }
        // No value of another type is valid.
        _ => Box::new(|_, _| {}),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    };
    use arrow_ipc::writer::StreamWriter;

    use super::*;
    use crate::input::tests::{all_calls, read_bytes_as};

    fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    fn text(values: [&str; 3]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn turns() -> Vec<(&'static str, ArrayRef)> {
        let at = vec![1_715_594_400_000_000, 1_715_594_405_500_000, 1_715_594_409_000_000];
        vec![
            ("call_id", Arc::new(Int64Array::from(vec![7, 7, 7]))),
            ("speaker", text(["agent", "customer", "agent"])),
            ("text", Arc::new(BinaryArray::from(vec![&b"hi, \"you\""[..], b"my\nbill", b"\xff\xfe"]))),
            ("started", Arc::new(TimestampMicrosecondArray::from(at).with_timezone("Asia/Tokyo"))),
            ("call_date", Arc::new(Date32Array::from(vec![Some(19_856), None, None]))),
        ]
    }

    fn options() -> InputOptions {
        let mut options = InputOptions::default();
        options.delivery.is_part = true;
        options
    }

    #[test]
    fn typed_columns_are_read_as_a_table_is_and_bytes_that_are_no_text_cost_their_row() {
        let conversations = read_bytes_as(&[&Arrow], &[("turns", stream(turns()))], &options()).unwrap();
        assert_eq!((conversations.rows(), conversations.rejected()), (3, 1));
        let (calls, _) = all_calls(&conversations);
        let turns: Vec<_> = calls[0].turns.iter().map(|turn| (turn.text.as_str(), turn.start_ms)).collect();
        assert_eq!(turns, [("hi, \"you\"", Some(0)), ("my\nbill", Some(5_500))]);
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("7", Some(1_715_594_400_000)));
        assert_eq!(calls[0].date.as_deref(), Some("2024-05-13"));
    }

    #[test]
    fn values_are_written_as_other_tables_have_them() {
        let decimal = Decimal128Array::from(vec![1250]).with_precision_and_scale(9, 2).unwrap();
        let local: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_715_594_400_000_000]));
        let columns: [(ArrayRef, &str); 7] = [
            (Arc::new(decimal), "12.50"),
            (local, "2024-05-13T10:00:00"),
            (Arc::new(Float64Array::from(vec![3.0])), "3.0"),
            (Arc::new(BooleanArray::from(vec![true])), "true"),
            (Arc::new(Date32Array::from(vec![-1])), "1969-12-31"),
            (Arc::new(Date32Array::from(vec![i32::MIN])), ""),
            (Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX])), ""),
        ];
        for (array, expected) in columns {
            let mut cell = Vec::new();
            put(&*array)(0, &mut cell);
            assert_eq!(String::from_utf8(cell).unwrap(), expected);
        }
    }

    #[test]
    fn damaged_streams_end_in_an_error_or_in_rows() {
        let whole = stream(turns());
        for at in 4..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            drop(read_bytes_as(&[&Arrow], &[("turns", damaged)], &options()));
        }
        let list =
            stream(vec![("text", Arc::new(arrow_array::new_null_array(&DataType::new_list(DataType::Utf8, true), 1)))]);
        assert!(read_bytes_as(&[&Arrow], &[("turns", list)], &options()).is_err());
    }

    #[test]
    fn doubtful_columns_are_not_taken_by_their_names() {
        let find = |header: &[&str]| {
            let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
            TableColumns::find("turns", &header, &InputOptions::default())
        };
        let found = find(&["more", "text", " Call ID", "speaker", "turn", "EntryType"]).unwrap();
        assert_eq!(found, TableColumns { used: vec![1, 2, 3, 4, 5], call_id: 2, is_ordered: true });
        assert!(!find(&["text", "call_id", "speaker", "ended"]).unwrap().is_ordered);
        for header in [&["text", "call_id", "sender", "turn"][..], &["text", "id", "speaker", "turn"]] {
            assert!(matches!(find(header), Err(InputError::NoColumn { .. })), "{header:?}");
        }
        let created = find(&["text", "call_id", "speaker", "created_at", "turn"]);
        assert!(matches!(created, Err(InputError::AmbiguousColumns { field: Field::Started, .. })));
    }
}
