//! decision.csv: a row an engine, from `evaluate --volume`.

use std::io;

use super::cell::Cell;
use super::datapackage::{Resource, describe};
use super::table::{Column, columns, fields};
use super::{Format, SCHEMA_VERSION, put_rows};
use crate::evaluate::{DecisionRow, Interval};

fn decimal(value: Option<f64>) -> Cell<'static> {
    Cell::of(value, Cell::Decimal)
}

fn of(interval: Option<Interval>, part: impl FnOnce(Interval) -> f64) -> Cell<'static> {
    decimal(interval.map(part))
}

static DECISION: [Column<DecisionRow>; 34] = columns! {
    "engine", Text, "The engine as it was asked for.",
        |row| Cell::text(row.engine.as_str());
    "figure", Number, "Of labelled texts macro F1, the mean of F1 over positive, negative and neutral; of rated calls AUC, the chance that an unhappy call has a lower customer_score than one that is not.",
        |row| of(row.figure, |figure| figure.value);
    "figure_low", Number, "Lower end of its 95 % interval (bootstrap over texts or calls).",
        |row| of(row.figure, |figure| figure.low);
    "figure_high", Number, "Upper end of its 95 % interval.",
        |row| of(row.figure, |figure| figure.high);
    "f1_positive", Number, "F1 of positive: 2·found/(truly + given).",
        |row| decimal(row.f1_by_label[0]);
    "f1_negative", Number, "F1 of negative.",
        |row| decimal(row.f1_by_label[1]);
    "f1_neutral", Number, "F1 of neutral.",
        |row| decimal(row.f1_by_label[2]);
    "f1_mixed", Number, "F1 of mixed.",
        |row| decimal(row.f1_by_label[3]);
    "ahead_of_cheapest", Number, "The figure less that of the engine that costs least at the volume, on the items that both scored; empty for that engine.",
        |row| of(row.ahead_of_cheapest, |ahead| ahead.value);
    "ahead_of_cheapest_low", Number, "Lower end of its 95 % interval, both engines on the same draws.",
        |row| of(row.ahead_of_cheapest, |ahead| ahead.low);
    "ahead_of_cheapest_high", Number, "Upper end of its 95 % interval.",
        |row| of(row.ahead_of_cheapest, |ahead| ahead.high);
    "called_neutral", Number, "The share of the scored texts that it called neutral.",
        |row| decimal(row.called_neutral);
    "called_mixed", Number, "The share of the scored texts that it called mixed.",
        |row| decimal(row.called_mixed);
    "rank_correlation", Number, "Spearman's correlation of customer_score with the ratings of calls, above 0 where better rated calls score higher.",
        |row| of(row.rank_correlation, |rho| rho.value);
    "rank_correlation_low", Number, "Lower end of its 95 % interval.",
        |row| of(row.rank_correlation, |rho| rho.low);
    "rank_correlation_high", Number, "Upper end of its 95 % interval.",
        |row| of(row.rank_correlation, |rho| rho.high);
    "calibration_error", Number, "Expected calibration error: the gap between being sure and being right, over ten bins.",
        |row| of(row.calibration_error, |error| error.value);
    "calibration_error_low", Number, "Lower end of its 95 % interval.",
        |row| of(row.calibration_error, |error| error.low);
    "calibration_error_high", Number, "Upper end of its 95 % interval.",
        |row| of(row.calibration_error, |error| error.high);
    "cost_usd", Number, "US dollars a month, estimated: the mean of a document of the items times the volume, step by step of the price; empty where a price is not known.",
        |row| decimal(row.cost.map(|cost| cost.total));
    "cost_at_most", Flag, "1 if that is the most that it can be: tokens that nobody has counted yet.",
        |row| Cell::Flag(row.cost_at_most);
    "cost_texts_usd", Number, "The part of it that the texts themselves are charged.",
        |row| decimal(row.cost.map(|cost| cost.variable));
    "cost_minimum_usd", Number, "The part of it that a minimum charge adds to shorter texts.",
        |row| decimal(row.cost.map(|cost| cost.minimum_charge));
    "cost_idle_usd", Number, "The part of it that is charged while nothing is scored.",
        |row| decimal(row.cost.map(|cost| cost.idle));
    "cost_unknown", Text, "Why the cost is not known, and what to set.",
        |row| Cell::optional_text(row.cost_unknown.as_deref());
    "documents_per_second", Number, "Documents scored in a second.",
        |row| decimal(row.pace.map(|pace| pace.documents_per_second));
    "measured_on", Integer, "Documents of this evaluation that it was measured on, few of which make it look slower than it is; empty where it is full requests at the rate that is set.",
        |row| Cell::of(row.pace.and_then(|pace| pace.measured_on), Cell::count);
    "seconds", Number, "Seconds that a month's documents take.",
        |row| decimal(row.seconds);
    "start_up_seconds", Number, "Seconds until the first score, however few documents there are.",
        |row| Cell::Decimal(row.start_up_seconds);
    "languages", Text, "Codes of the languages that it scores, separated by spaces; any for every one.",
        |row| Cell::Word(row.languages.as_ref().map_or_else(|| "any".into(), |codes| codes.join(" ").into()));
    "skipped", Number, "The share of documents with words that were not sent.",
        |row| decimal(row.skipped);
    "failed", Number, "The share of documents that were sent and not scored.",
        |row| decimal(row.failed);
    "texts_go", Text, "Where texts go.",
        |row| Cell::text(row.texts_go.as_str());
    "model_changed_by", Text, "Who can change the model.",
        |row| Cell::text(row.model_changed_by.as_str());
};

/// decision.csv of these rows, and its description.
///
/// # Errors
/// None but what writing to memory has.
pub(crate) fn decision_table(rows: &[DecisionRow]) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut table = Vec::new();
    put_rows(&mut table, &DECISION, rows, Format { bom: false, guard: true, parquet: false })?;
    let about = "One row an engine, at the volume of the evaluation.";
    let resource = Resource { file: "decision.csv", about, key: &["engine"], fields: fields(&DECISION) };
    let mut package = serde_json::to_vec_pretty(&describe(&[resource], SCHEMA_VERSION, false))?;
    package.push(b'\n');
    Ok((table, package))
}
