//! What a table is: its columns, each with its type, its meaning and where its value comes from.
//!
//! One list per file is the only place that knows a column, so that the header, the rows and the published
//! schema can't disagree. New columns go to the end of a list.

use super::cell::Cell;

/// A column's type, as the published schema names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A number with four decimals.
    Number,
    /// 0 or 1.
    Flag,
    /// `YYYY-MM-DD`.
    Date,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ` with a fraction where there is one.
    Timestamp,
}

/// One column of rows of type `R`.
pub struct Column<R> {
    /// The header, in `snake_case`.
    pub name: &'static str,
    /// The type.
    pub kind: Kind,
    /// What the value means, in one sentence; with the formula where there is one.
    pub meaning: &'static str,
    /// The value in a row.
    pub cell: for<'r> fn(&'r R) -> Cell<'r>,
}

/// A list of columns, each `name, kind, meaning, cell;`.
macro_rules! columns {
    ($($name:expr, $kind:ident, $meaning:expr, $cell:expr;)*) => {
        [$($crate::output::Column {
            name: $name,
            kind: $crate::output::Kind::$kind,
            meaning: $meaning,
            cell: $cell,
        }),*]
    };
}
pub(crate) use columns;

/// A column's face without its row type: what a schema is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The header.
    pub name: &'static str,
    /// The type.
    pub kind: Kind,
    /// What the value means.
    pub meaning: &'static str,
}

impl<R> Clone for Column<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Column<R> {}

/// The fields of a list of columns.
#[must_use]
pub fn fields<R>(columns: &[Column<R>]) -> Vec<Field> {
    columns.iter().map(|column| Field { name: column.name, kind: column.kind, meaning: column.meaning }).collect()
}

/// Turns rows into CSV lines (RFC 4180, LF), reusing its buffers.
pub struct RowEncoder<R: 'static> {
    columns: &'static [Column<R>],
    guard: bool,
    cell: String,
    core: csv_core::Writer,
}

impl<R> RowEncoder<R> {
    /// An encoder for these columns; `guard` prefixes cells that a spreadsheet would run.
    #[must_use]
    pub fn new(columns: &'static [Column<R>], guard: bool) -> Self {
        Self { columns, guard, cell: String::new(), core: line_writer() }
    }

    /// The header line.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut line = Vec::new();
        let mut core = line_writer();
        for (index, column) in self.columns.iter().enumerate() {
            append_field(&mut core, index, column.name, &mut line);
        }
        line.push(b'\n');
        line
    }

    /// Appends the line of one row to `line`.
    pub fn encode(&mut self, row: &R, line: &mut Vec<u8>) {
        for (index, column) in self.columns.iter().enumerate() {
            (column.cell)(row).render(self.guard, &mut self.cell);
            append_field(&mut self.core, index, &self.cell, line);
        }
        line.push(b'\n');
    }
}

fn line_writer() -> csv_core::Writer {
    csv_core::WriterBuilder::new().build()
}

/// Appends one field with its delimiter; quotes it if it must be.
fn append_field(core: &mut csv_core::Writer, index: usize, field: &str, line: &mut Vec<u8>) {
    if index > 0 {
        line.push(b',');
    }
    if !core.should_quote(field.as_bytes()) {
        line.extend_from_slice(field.as_bytes());
        return;
    }
    line.push(b'"');
    for (part, piece) in field.split('"').enumerate() {
        if part > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(piece.as_bytes());
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: [Column<(String, i64)>; 2] = [
        Column { name: "name", kind: Kind::Text, meaning: "a name", cell: |row| Cell::text(row.0.as_str()) },
        Column { name: "count", kind: Kind::Integer, meaning: "a count", cell: |row| Cell::Integer(row.1) },
    ];

    fn line(name: &str) -> String {
        let mut line = Vec::new();
        RowEncoder::new(&COLUMNS, true).encode(&(name.into(), 7), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn rows_are_quoted_where_they_must_be() {
        assert_eq!(RowEncoder::new(&COLUMNS, true).header(), b"name,count\n");
        assert_eq!(line("plain"), "plain,7\n");
        assert_eq!(line("a,\"b\""), "\"a,\"\"b\"\"\",7\n");
        assert_eq!(line(""), ",7\n");
    }

    #[test]
    fn what_is_written_reads_back() {
        for name in ["x", "a \"q\"", ",", "é,ü", "'", "#", " lead"] {
            let line = line(name);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(&record[0], name);
        }
    }
}
