//! Keeps the SQL in `config/dashboards` true to the tables' columns.
//!
//! `UPDATE_DASHBOARDS=1 cargo test dashboards` writes the files anew.

use std::path::PathBuf;

use super::table::{Field, Kind, fields};
use super::{FAILURES, REJECTS, SEGMENTS, agent_columns, call_columns};

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
    let table = |name: &str, fields: &[Field]| {
        let columns: Vec<String> =
            fields.iter().map(|field| format!("  {} {}", field.name, sql_type(field.kind))).collect();
        format!(
            "DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} (\n{}\n);\n\\copy {name} FROM '{name}.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')",
            columns.join(",\n")
        )
    };
    text(POSTGRES_HEAD, table, "COMMIT;\n")
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
    for (name, wanted) in [("duckdb.sql", duckdb()), ("postgres.sql", postgres())] {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_DASHBOARDS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == wanted, "{name} is out of date: UPDATE_DASHBOARDS=1 cargo test dashboards");
    }
}
