//! Lines of a table's CSV file as Arrow columns of the types that datapackage.json gives them. Empty cells are null.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, DataType, Field as Column, SchemaRef, TimeUnit};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::output::{Field, Kind};

/// Rows of a batch.
const BATCH_ROWS: usize = 1000;

/// The columns of a table.
pub(crate) fn schema_of(fields: &[Field]) -> Vec<Column> {
    let utc = || Some("UTC".into());
    let column = |field: &Field| {
        let kind = match field.kind {
            Kind::Text => DataType::Utf8,
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
            Kind::Flag => DataType::Boolean,
            Kind::Date => DataType::Date32,
            Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, utc()),
        };
        Column::new(field.name, kind, true)
    };
    fields.iter().map(column).collect()
}

/// Lines that wait until they are a batch.
pub(crate) struct Rows {
    columns: Vec<Values>,
    /// Of the whole answer, which has further columns behind these.
    schema: SchemaRef,
    lines: Vec<u8>,
    waiting: usize,
}

impl Rows {
    /// No lines yet of a table of these fields; `schema` begins with [`schema_of`] them.
    pub(crate) fn new(fields: &[Field], schema: SchemaRef) -> Self {
        let columns = fields.iter().map(|field| Values::new(field.kind)).collect();
        Self { columns, schema, lines: Vec::new(), waiting: 0 }
    }

    /// Takes a line in; a batch, once there are enough of them.
    ///
    /// # Errors
    /// A cell that does not hold what its column is for.
    pub(crate) fn push(&mut self, line: &[u8]) -> Result<Option<RecordBatch>, ArrowError> {
        self.lines.extend_from_slice(line);
        self.waiting += 1;
        if self.waiting < BATCH_ROWS { Ok(None) } else { self.batch().map(Some) }
    }

    /// What waits, as a batch.
    ///
    /// # Errors
    /// A cell that does not hold what its column is for.
    pub(crate) fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*self.lines);
        let mut record = csv::StringRecord::new();
        let wrong = |column: &str| ArrowError::CsvError(format!("the column {column} holds what it is not for"));
        while reader.read_record(&mut record).map_err(|_| wrong("of a line"))? {
            for ((values, cell), column) in self.columns.iter_mut().zip(&record).zip(self.schema.fields()) {
                values.push(cell).ok_or_else(|| wrong(column.name()))?;
            }
        }
        let rows = std::mem::take(&mut self.waiting);
        self.lines.clear();
        let own: Vec<ArrayRef> = self.columns.iter_mut().map(Values::finish).collect();
        let others = self.schema.fields().iter().skip(own.len()).map(|column| new_null_array(column.data_type(), rows));
        RecordBatch::try_new(Arc::clone(&self.schema), own.iter().cloned().chain(others).collect())
    }
}

/// A column's values.
enum Values {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
}

impl Values {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Timestamp => Self::Moment(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    /// Takes a cell in; `None` if it does not hold what it should.
    fn push(&mut self, cell: &str) -> Option<()> {
        let is_empty = cell.is_empty();
        let flag = |cell| ["0", "1"].iter().position(|known| *known == cell).map(|at| at == 1);
        let days = |cell: &str| Some((cell.parse::<Date>().ok()? - Date::constant(1970, 1, 1)).get_days());
        match self {
            _ if is_empty => self.push_null(),
            Self::Text(values) => values.append_value(cell),
            Self::Integer(values) => values.append_value(cell.parse().ok()?),
            Self::Number(values) => values.append_value(cell.parse().ok()?),
            Self::Flag(values) => values.append_value(flag(cell)?),
            Self::Date(values) => values.append_value(days(cell)?),
            Self::Moment(values) => values.append_value(cell.parse::<Timestamp>().ok()?.as_microsecond()),
        }
        Some(())
    }

    fn push_null(&mut self) {
        match self {
            Self::Text(values) => values.append_null(),
            Self::Integer(values) => values.append_null(),
            Self::Number(values) => values.append_null(),
            Self::Flag(values) => values.append_null(),
            Self::Date(values) => values.append_null(),
            Self::Moment(values) => values.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(values) => Arc::new(values.finish()),
            Self::Integer(values) => Arc::new(values.finish()),
            Self::Number(values) => Arc::new(values.finish()),
            Self::Flag(values) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
            Self::Moment(values) => Arc::new(values.finish()),
        }
    }
}
