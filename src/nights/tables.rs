//! The tables that nights write: which partitions there are, and days.csv.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::CallDate;
use super::sums::DateRecord;
use crate::drift::Judged;
use crate::output::datapackage::describe;
use crate::output::{
    ABOUT_DRIFT, Cell, Column, Format, SCHEMA_VERSION, columns, drift_columns, fields, put_rows, resources,
};

/// One row of days.csv.
#[derive(Debug, Clone)]
pub(crate) struct DayRow {
    pub(crate) date: CallDate,
    pub(crate) record: DateRecord,
    pub(crate) is_final: bool,
    /// Calls that wait.
    pub(crate) late_pending: u64,
    /// Published dates in its window.
    pub(crate) window_days: u64,
    /// What drift says of it.
    pub(crate) judged: Judged,
}

impl AsRef<Judged> for DayRow {
    fn as_ref(&self) -> &Judged {
        &self.judged
    }
}

fn share(hits: u64, of: u64) -> Cell<'static> {
    Cell::of((of > 0).then(|| hits as f64 / of as f64), Cell::Decimal)
}

/// The columns of days.csv.
fn days() -> &'static [Column<DayRow>] {
    static ALL: LazyLock<Vec<Column<DayRow>>> = LazyLock::new(|| [&HEAD[..], &drift_columns()].concat());
    &ALL
}

/// What comes before the columns of drift.
static HEAD: [Column<DayRow>; 19] = columns! {
    "call_date", Date, "The date; empty for calls without one.",
        |row| Cell::of(row.date.0, |date| Cell::Word(date.to_string().into()));
    "calls", Integer, "Calls.",
        |row| Cell::count(row.record.calls);
    "calls_scored", Integer, "Calls with a customer score.",
        |row| Cell::count(row.record.figures.scored);
    "customer_score", Number, "Mean of the calls' customer scores, from −1 to 1; empty when nothing was scored.",
        |row| Cell::of(row.record.figures.mean(), Cell::Decimal);
    "customer_score_se", Number, "Its standard error s/√n, calls being the sampling unit; empty below two scored calls.",
        |row| Cell::of(row.record.figures.standard_error(), Cell::Decimal);
    "negative_share", Number, "Share of the scored calls whose customer is labelled NEGATIVE.",
        |row| share(row.record.figures.negative, row.record.figures.scored);
    "escalated_share", Number, "Share of the calls that escalated, among those where that is known.",
        |row| share(row.record.figures.escalated, row.record.figures.with_shift);
    "unscored_share", Number, "Share of the calls that have no customer score.",
        |row| share(row.record.calls.saturating_sub(row.record.figures.scored), row.record.calls);
    "turns_per_call", Number, "Mean number of turns of a call.",
        |row| share(row.record.figures.turns, row.record.calls);
    "words_per_turn", Number, "Mean number of words (UAX 29) of a turn.",
        |row| share(row.record.figures.words, row.record.figures.turns);
    "without_agent_share", Number, "Share of the calls that name no agent.",
        |row| share(row.record.figures.without_agent, row.record.calls);
    "segments_failed", Integer, "Documents that were sent and not scored.",
        |row| Cell::count(row.record.counts.segments.failed);
    "revision", Integer, "How many times the date was published.",
        |row| Cell::count(row.record.revision);
    "is_final", Flag, "Whether the date lies so far before the newest one that it is recomputed on demand only.",
        |row| Cell::Flag(row.is_final);
    "late_pending", Integer, "Calls of inputs that came too late, or whose other inputs are gone: they are in no partition.",
        |row| Cell::count(row.late_pending);
    "inputs", Integer, "Inputs that hold calls of the date.",
        |row| Cell::count(row.record.inputs);
    "window_days", Integer, "Published dates in the window of agents_28d that ends with the date: those of the same scorer.",
        |row| Cell::count(row.window_days);
    "engine", Text, "The engine that scored.",
        |row| Cell::text(row.record.identity.engine.as_str());
    "scorer", Text, "A hash of engine, model, settings, formulas and redaction: dates with another one are not compared.",
        |row| Cell::Word(row.record.identity.hash().into());
};

/// What a row of days.csv is.
static ABOUT_DAYS: LazyLock<String> = LazyLock::new(|| format!("One row a date. {ABOUT_DRIFT}"));

/// The columns of days.csv.
#[cfg(test)]
pub(crate) fn day_fields() -> Vec<crate::output::table::Field> {
    fields(days())
}

/// Writes days.csv.
///
/// # Errors
/// The system's.
pub(crate) fn write_days(rows: &[DayRow], format: Format, out: &mut dyn Write) -> io::Result<Option<u64>> {
    put_rows(out, days(), rows, format)
}

/// The description of the partitions and of days.csv. `parts` are the files of each table, by its folder.
pub(crate) fn describe_partitions(parts: &BTreeMap<String, Vec<String>>, bom: bool) -> Value {
    let mut tables = resources(true);
    tables.retain(|table| table.file != "rejects.csv");
    let mut package = describe(&tables, SCHEMA_VERSION, bom);
    let series = crate::output::datapackage::Resource {
        file: "days.csv",
        about: ABOUT_DAYS.as_str(),
        key: &["call_date"],
        fields: fields(days()),
    };
    let mut described = Vec::new();
    let own = |package: &Value, name: &str| {
        let all = package["resources"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|resource| resource["name"] == name)
    };
    for (folder, files) in parts {
        let of = if folder.starts_with("agents") { "agents" } else { folder.as_str() };
        let Some(mut resource) = own(&package, of).filter(|_| !files.is_empty()) else { continue };
        resource["name"] = json!(folder);
        resource["path"] = json!(files);
        if folder != of {
            resource["description"] = json!("One row an agent, over the days up to the date.");
        }
        described.push(resource);
    }
    let mut series = own(&describe(&[series], SCHEMA_VERSION, bom), "days").unwrap_or_default();
    series["path"] = json!("days/days.csv");
    // The one row of calls without a date has no date.
    if let Some(schema) = series["schema"].as_object_mut() {
        schema.remove("primaryKey");
    }
    described.push(series);
    package["title"] = json!("Sentiment of contact-centre calls, by date");
    package["resources"] = json!(described);
    package
}
