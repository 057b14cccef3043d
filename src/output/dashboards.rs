//! Keeps the SQL in `config/dashboards` true to the tables' columns.
//!
//! `UPDATE_DASHBOARDS=1 cargo test dashboards` writes the files anew.

use std::path::PathBuf;

use super::table::{Field, Kind, fields};
use super::{FAILURES, REJECTS, SEGMENTS, agent_columns, call_columns};
use crate::nights::day_fields;

const DUCKDB_HEAD: &str = "\
-- DuckDB: the tables of an output directory with their types.
--
--   cd undertone-out && duckdb undertone.duckdb < .../config/dashboards/duckdb.sql
--
-- What is unknown is NULL, never 0. segments.csv is there only after a run with --detail: take its comment away then.
-- Afterwards, queries.sql beside this file makes the views that charts are drawn from.
";

const POSTGRES_HEAD: &str = "\
-- PostgreSQL, for Grafana, Superset, Metabase and the like: the tables of an output directory with their types.
--
--   cd undertone-out && psql -d DATABASE -f .../config/dashboards/postgres.sql
--
-- Old rows are replaced in one transaction. What is unknown is NULL, never 0. segments.csv is there only after a run
-- with --detail: take its comment away then. Afterwards, queries.sql beside this file makes the views that charts
-- are drawn from.
BEGIN;
CREATE SCHEMA IF NOT EXISTS undertone;
SET LOCAL search_path TO undertone;
DROP VIEW IF EXISTS funnel, days, queues, mood;
";

const ATHENA_HEAD: &str = "\
-- Athena: what `undertone nightly --into s3://YOUR-BUCKET/undertone` publishes, queried where it lies.
--
-- Run one statement after the other. Partitions are projected from their dates: no crawler, no MSCK REPAIR, nothing to
-- do for a new night. Tables hold text, as OpenCSVSerde can't read an empty number; the views beside them have the
-- types, and NULL for what is unknown. Calls without a date (call_date=unknown) are outside the projection.
CREATE DATABASE IF NOT EXISTS undertone;
";

const LAKE_HEAD: &str = "\
-- DuckDB over the folder that `undertone nightly --into DIR` publishes, or over a copy of it.
--
--   cd DIR && duckdb -init .../config/dashboards/duckdb-nightly.sql
--
-- Views, not tables: a new night is there at once. What is unknown is NULL, never 0.
";

const POSTGRES_NIGHTS: &str = "\
-- PostgreSQL, for the Grafana dashboard beside this file: days.csv of the folder that `undertone nightly --into DIR` fills.
-- The tables of the last 28 days come from latest/, by postgres.sql; queries.sql goes last.
--
--   cd DIR/latest && psql -d DATABASE -f .../postgres.sql
--   cd DIR/days && psql -d DATABASE -f .../postgres-nightly.sql
--   PGOPTIONS='-c search_path=undertone' psql -d DATABASE -f .../queries.sql
BEGIN;
CREATE SCHEMA IF NOT EXISTS undertone;
SET LOCAL search_path TO undertone;
";

/// The tables that nights publish date by date, with what they are called.
fn partitioned() -> [(&'static str, Vec<Field>); 3] {
    [("calls", fields(call_columns())), ("agents", fields(agent_columns())), ("agents_28d", fields(agent_columns()))]
}

fn athena() -> String {
    // A partition key can't have the name of a column.
    let stored = |name: &str| if name == "call_date" { "call_date_in_row".to_owned() } else { name.to_owned() };
    let statements = partitioned().map(|(name, fields)| {
        let columns: Vec<String> = fields.iter().map(|field| format!("  {} string", stored(field.name))).collect();
        let typed: Vec<String> = fields
            .iter()
            .filter(|field| field.name != "call_date")
            .map(|field| format!("  {} AS {}", athena_cast(field), field.name))
            .chain(["  TRY_CAST(call_date AS date) AS call_date".to_owned()])
            .collect();
        format!(
            "
CREATE EXTERNAL TABLE IF NOT EXISTS undertone.{name}_text (
{}
)
PARTITIONED BY (call_date string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '\"', 'escapeChar' = '\\u0001')
STORED AS TEXTFILE
LOCATION 's3://YOUR-BUCKET/undertone/{name}/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.call_date.type' = 'date',
  'projection.call_date.format' = 'yyyy-MM-dd',
  'projection.call_date.range' = '2020-01-01,NOW+1DAYS',
  'storage.location.template' = 's3://YOUR-BUCKET/undertone/{name}/call_date=${{call_date}}/'
);

CREATE OR REPLACE VIEW undertone.{name} AS
SELECT
{}
FROM undertone.{name}_text;
",
            columns.join(",\n"),
            typed.join(",\n"),
        )
    });
    format!("{ATHENA_HEAD}{}", statements.concat())
}

fn athena_cast(field: &Field) -> String {
    let cell = format!("NULLIF({}, '')", field.name);
    match field.kind {
        Kind::Text => cell,
        Kind::Integer => format!("TRY_CAST({cell} AS bigint)"),
        Kind::Number => format!("TRY_CAST({cell} AS double)"),
        Kind::Flag => format!("{cell} = '1'"),
        Kind::Date => format!("TRY_CAST({cell} AS date)"),
        Kind::Timestamp => format!("FROM_ISO8601_TIMESTAMP({cell})"),
    }
}

fn lake() -> String {
    let views = partitioned().map(|(name, fields)| {
        let columns: Vec<String> =
            fields.iter().map(|field| format!("  {}: '{}'", field.name, sql_type(field.kind))).collect();
        // Rows of calls hold their date; those of agents have it in the folder's name alone.
        let dated = fields.iter().any(|field| field.name == "call_date");
        let (select, partitioned) =
            if dated { ("*", ", hive_partitioning = false") } else { ("TRY_CAST(call_date AS date) AS call_date, * EXCLUDE (call_date)", ", hive_partitioning = true, hive_types_autocast = false") };
        format!(
            "
CREATE OR REPLACE VIEW {name} AS SELECT {select} FROM read_csv('{name}/call_date=*/*.csv', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"'{partitioned}, columns = {{
{}
}});
",
            columns.join(",\n")
        )
    });
    format!("{LAKE_HEAD}{}", views.concat())
}

fn tables() -> [(&'static str, Vec<Field>); 5] {
    [
        ("calls", fields(call_columns())),
        ("agents", fields(agent_columns())),
        ("segments", fields(&SEGMENTS)),
        ("failures", fields(&FAILURES)),
        ("rejects", fields(&REJECTS)),
    ]
}

fn duckdb() -> String {
    let table = |name: &str, fields: &[Field]| {
        let columns: Vec<String> =
            fields.iter().map(|field| format!("  {}: '{}'", field.name, sql_type(field.kind))).collect();
        format!(
            "CREATE OR REPLACE TABLE {name} AS FROM read_csv('{name}.csv', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{\n{}\n}});",
            columns.join(",\n")
        )
    };
    text(DUCKDB_HEAD, table, "")
}

fn postgres() -> String {
    text(POSTGRES_HEAD, |name, fields| postgres_table(name, name, fields), "COMMIT;\n")
}

fn postgres_nights() -> String {
    format!("{POSTGRES_NIGHTS}\n{}\nCOMMIT;\n", postgres_table("nights", "days", &day_fields()))
}

fn postgres_table(name: &str, file: &str, fields: &[Field]) -> String {
    let columns: Vec<String> =
        fields.iter().map(|field| format!("  {} {}", field.name, sql_type(field.kind))).collect();
    format!(
        "DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} (\n{}\n);\n\\copy {name} FROM '{file}.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')",
        columns.join(",\n")
    )
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer => "bigint",
        Kind::Number => "double precision",
        Kind::Flag => "boolean",
        Kind::Date => "date",
        Kind::Timestamp => "timestamp with time zone",
    }
}

fn text(head: &str, table: impl Fn(&str, &[Field]) -> String, tail: &str) -> String {
    let statements = tables().map(|(name, fields)| {
        let statement = table(name, &fields);
        // What may be missing is commented out.
        let optional = name == "segments";
        if optional { format!("\n-- {}\n", statement.replace('\n', "\n-- ")) } else { format!("\n{statement}\n") }
    });
    format!("{head}{}{tail}", statements.concat())
}

#[test]
fn sql_files_have_the_columns_that_the_tables_have() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/dashboards");
    for (name, wanted) in [
        ("duckdb.sql", duckdb()),
        ("postgres.sql", postgres()),
        ("athena.sql", athena()),
        ("duckdb-nightly.sql", lake()),
        ("postgres-nightly.sql", postgres_nights()),
    ] {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_DASHBOARDS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == wanted, "{name} is out of date: UPDATE_DASHBOARDS=1 cargo test dashboards");
    }
}
