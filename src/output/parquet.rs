//! A table as a Parquet file, for readers that want types without a schema beside the file.
//!
//! It is made from the table's CSV file, row group by row group, so that both hold the same and memory stays bounded.
//! Empty cells are null; text is as it was before the guard against spreadsheets, as nothing here runs formulas.

use std::io::{self, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::cell::unguarded;
use super::table::{Field, Kind};

/// Rows of one row group: some tens of megabytes of memory for the widest table.
const GROUP_ROWS: usize = 50_000;

/// The Parquet file can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    /// The table could not be read.
    #[error("can't read {path}")]
    Read {
        /// The table.
        path: PathBuf,
        /// Why.
        #[source]
        source: csv::Error,
    },
    /// A cell does not hold what its column is for.
    #[error("{path} can't be understood: record {record}, column {column}")]
    Value {
        /// The table.
        path: PathBuf,
        /// The record, from 1.
        record: u64,
        /// The column.
        column: &'static str,
    },
    /// The file could not be encoded.
    #[error("can't make a Parquet file")]
    Encode(#[from] ParquetError),
    /// The file could not be written.
    #[error("can't write a Parquet file")]
    Write(#[from] io::Error),
}

/// Writes the rows of the CSV file `table`, whose columns are `fields`, to `out`; returns their number. `guarded`
/// says whether its text cells carry the guard against spreadsheets, which is taken away.
///
/// # Errors
/// [`ConversionError`] naming the place.
pub fn write(table: &Path, fields: &[Field], guarded: bool, out: &mut dyn Write) -> Result<u64, ConversionError> {
    let read = |source| ConversionError::Read { path: table.to_owned(), source };
    let mut reader = csv::Reader::from_path(table).map_err(read)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    // The encoder wants a writer that can go to another thread, which `out` need not be.
    let mut writer = SerializedFileWriter::new(tempfile::tempfile()?, Arc::new(schema(fields)?), Arc::new(properties))?;
    let mut columns: Vec<Values> = fields.iter().map(|field| Values::new(field.kind)).collect();
    let (mut record, mut rows) = (csv::StringRecord::new(), 0_u64);
    while reader.read_record(&mut record).map_err(read)? {
        rows += 1;
        for ((values, cell), field) in columns.iter_mut().zip(&record).zip(fields) {
            let pushed = values.push(if guarded && field.kind == Kind::Text { unguarded(cell) } else { cell });
            pushed.ok_or_else(|| ConversionError::Value {
                path: table.to_owned(),
                record: rows,
                column: field.name,
            })?;
        }
        if rows.is_multiple_of(GROUP_ROWS as u64) {
            write_group(&mut writer, &mut columns)?;
        }
    }
    write_group(&mut writer, &mut columns)?;
    let mut file = writer.into_inner()?;
    file.rewind()?;
    io::copy(&mut file, out)?;
    Ok(rows)
}

fn schema(fields: &[Field]) -> Result<Type, ParquetError> {
    let columns: Result<Vec<_>, ParquetError> = fields.iter().map(|field| column(field).map(Arc::new)).collect();
    Type::group_type_builder("schema").with_fields(columns?).build()
}

fn column(field: &Field) -> Result<Type, ParquetError> {
    let micros = LogicalType::timestamp(true, TimeUnit::MICROS);
    let (physical, logical) = match field.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Timestamp => (Physical::INT64, Some(micros)),
    };
    Type::primitive_type_builder(field.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

/// A column's values that wait for their row group, and for each row whether it has one.
struct Values {
    kind: Kind,
    present: Vec<i16>,
    texts: Vec<ByteArray>,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    flags: Vec<bool>,
    days: Vec<i32>,
}

impl Values {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            present: Vec::new(),
            texts: Vec::new(),
            integers: Vec::new(),
            numbers: Vec::new(),
            flags: Vec::new(),
            days: Vec::new(),
        }
    }

    /// Takes a cell in; `None` if it does not hold what it should.
    fn push(&mut self, cell: &str) -> Option<()> {
        self.present.push(i16::from(!cell.is_empty()));
        if cell.is_empty() {
            return Some(());
        }
        match self.kind {
            Kind::Text => self.texts.push(cell.into()),
            Kind::Integer => self.integers.push(cell.parse().ok()?),
            Kind::Number => self.numbers.push(cell.parse().ok()?),
            Kind::Flag => self.flags.push(match cell {
                "0" => false,
                "1" => true,
                _ => return None,
            }),
            Kind::Date => {
                let since = cell.parse::<Date>().ok()? - Date::constant(1970, 1, 1);
                self.days.push(since.get_days());
            }
            Kind::Timestamp => self.integers.push(cell.parse::<Timestamp>().ok()?.as_microsecond()),
        }
        Some(())
    }

    /// Writes what waits, and forgets it.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.present.as_slice());
        match writer {
            ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&self.texts, levels, None)?,
            ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&self.integers, levels, None)?,
            ColumnWriter::DoubleColumnWriter(writer) => writer.write_batch(&self.numbers, levels, None)?,
            ColumnWriter::BoolColumnWriter(writer) => writer.write_batch(&self.flags, levels, None)?,
            ColumnWriter::Int32ColumnWriter(writer) => writer.write_batch(&self.days, levels, None)?,
            _ => return Err(ParquetError::NYI("no column has such a type".to_owned())),
        };
        *self = Self::new(self.kind);
        Ok(())
    }
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    columns: &mut [Values],
) -> Result<(), ParquetError> {
    if columns.iter().all(|values| values.present.is_empty()) {
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    for values in columns {
        let Some(mut column) = group.next_column()? else { break };
        values.write(column.untyped())?;
        column.close()?;
    }
    group.close().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field as Cell;

    const FIELDS: [Field; 6] = [
        Field { name: "name", kind: Kind::Text, meaning: "" },
        Field { name: "count", kind: Kind::Integer, meaning: "" },
        Field { name: "score", kind: Kind::Number, meaning: "" },
        Field { name: "flag", kind: Kind::Flag, meaning: "" },
        Field { name: "day", kind: Kind::Date, meaning: "" },
        Field { name: "at", kind: Kind::Timestamp, meaning: "" },
    ];

    fn converted(rows: &str, guarded: bool) -> Result<Vec<Vec<Cell>>, ConversionError> {
        let home = tempfile::tempdir().unwrap();
        let table = home.path().join("table.csv");
        std::fs::write(&table, format!("name,count,score,flag,day,at\n{rows}")).unwrap();
        let path = home.path().join("table.parquet");
        write(&table, &FIELDS, guarded, &mut std::fs::File::create(&path).unwrap())?;
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        Ok(rows.map(|row| row.unwrap().get_column_iter().map(|(_, cell)| cell.clone()).collect()).collect())
    }

    #[test]
    fn values_arrive_with_their_types_and_empty_cells_are_null() {
        let rows = converted("'=a,7,-0.1250,1,1970-01-03,1970-01-01T00:00:01.5Z\n,,,,,\n", true).unwrap();
        let expected = [
            Cell::Str("=a".into()),
            Cell::Long(7),
            Cell::Double(-0.125),
            Cell::Bool(true),
            Cell::Date(2),
            Cell::TimestampMicros(1_500_000),
        ];
        assert_eq!(rows, [expected.to_vec(), vec![Cell::Null; 6]]);
    }

    #[test]
    fn an_apostrophe_is_a_guard_only_where_cells_are_guarded() {
        for (guarded, name) in [(true, "=a"), (false, "'=a")] {
            let rows = converted("'=a,,,,,\n", guarded).unwrap();
            assert_eq!(rows[0][0], Cell::Str(name.into()));
        }
    }

    #[test]
    fn the_same_table_makes_the_same_bytes() {
        let home = tempfile::tempdir().unwrap();
        let table = home.path().join("table.csv");
        let rows: Vec<String> = (0..=GROUP_ROWS).map(|row| format!("a{},{row},0.5,1,,\n", row % 7)).collect();
        std::fs::write(&table, format!("name,count,score,flag,day,at\n{}", rows.concat())).unwrap();
        let [one, other] = [(); 2].map(|()| {
            let mut bytes = Vec::new();
            assert_eq!(write(&table, &FIELDS, true, &mut bytes).unwrap(), rows.len() as u64);
            bytes
        });
        assert!(one == other && one.starts_with(b"PAR1"));
    }

    #[test]
    fn an_empty_table_is_a_file_without_rows() {
        assert_eq!(converted("", true).unwrap(), Vec::<Vec<Cell>>::new());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let error = converted("a,1,,,,\nb,x,,,,\n", true).unwrap_err();
        assert!(error.to_string().ends_with("record 2, column count"), "{error}");
    }
}
