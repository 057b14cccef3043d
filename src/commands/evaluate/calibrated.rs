//! `evaluate --calibration FILE`: writes the file that gives each label of a language model four probabilities.
//!
//! Refuses, before anything is asked, whatever a table can't be learnt from: two engines, an engine that gives probabilities
//! of its own, one whose labels a table has changed already, rated calls.

use std::fmt::Write as _;
use std::path::Path;

use super::contender::Contender;
use super::items::Items;
use crate::engine::bedrock;
use crate::evaluate::{Answers, CalibrationTable, Truth};
use crate::exit::{ExitCode, Failure};
use crate::output::write_whole;
use crate::places;
use crate::sentiment::{Label, Scores};
use crate::settings::Settings;

/// A row from fewer texts is named.
const FEW: u64 = 30;

/// Whether a table can be learnt from these items and engines.
///
/// # Errors
/// [`Failure`] with what to do instead.
pub(super) fn check(path: &Path, contenders: &[Contender], items: &Items, settings: &Settings) -> Result<(), Failure> {
    places::refuse(path)?;
    let usage =
        |message: String, hint: &str| Err(Failure::new(ExitCode::Usage, message).with_hint(Some(hint.to_owned())));
    if !matches!(items.truth, Truth::Texts(_)) {
        let hint = "name a file with the columns text and label";
        return usage("ratings of calls don't tell what a text's label stands for".into(), hint);
    }
    let [Contender::Engine(engine)] = contenders else {
        return usage(
            "a calibration is of one engine's labels".into(),
            "give --engine once, with a language model's name",
        );
    };
    match bedrock::is_calibrated(&settings.clone().with_selected(*engine)) {
        Some(false) => Ok(()),
        Some(true) => usage(
            format!("{}: its labels go through a calibration already", engine.name),
            "leave bedrock.calibration out, evaluate, then set it to the new file",
        ),
        None => usage(
            format!("{}: it gives probabilities of its own, which need no calibration file", engine.name),
            "a calibration is for a language model that answers with a label: --engine bedrock",
        ),
    }
}

/// Writes the table and gives in words what it was learnt from.
///
/// # Errors
/// [`Failure`] if no text has an answer that is one label, or the file can't be written.
pub(super) fn write(path: &Path, truth: &Truth, answers: &Answers) -> Result<String, Failure> {
    let labels = if let Truth::Texts(labels) = truth { labels.as_slice() } else { &[] };
    let given = answers.items.iter().map(|item| item.scores.and_then(only_label));
    let pairs = labels.iter().zip(given).filter_map(|(truth, given)| given.map(|given| (*truth, given)));
    let table = CalibrationTable::of(&pairs.collect::<Vec<_>>());
    if table.texts() == 0 {
        return Err(Failure::new(ExitCode::Unavailable, "no text was given a label: no calibration was written"));
    }
    write_whole(path, file(&table, answers).as_bytes()).map_err(|error| Failure::write(path, error))?;
    Ok(said(path, &table))
}

/// The label of scores that are one label for certain.
fn only_label(scores: Scores) -> Option<Label> {
    let label = scores.label();
    (label.probability(&scores) >= 1.0).then_some(label)
}

fn file(table: &CalibrationTable, answers: &Answers) -> String {
    let mut text = format!("# What people said of {} texts, by the label of {}.\n", table.texts(), answers.model);
    for label in Label::ALL {
        let certain = || Label::ALL.map(|other| if other == label { 1.0 } else { 0.0 });
        let [positive, negative, neutral, mixed] = table.row(label).unwrap_or_else(certain);
        let learnt = match table.given(label) {
            0 => "no text was given this label: taken as certain".to_owned(),
            texts => format!("texts that were given this label: {texts}"),
        };
        let _ = writeln!(text, "# {learnt}");
        let _ = writeln!(
            text,
            "{} = {{ positive = {positive:.4}, negative = {negative:.4}, neutral = {neutral:.4}, mixed = {mixed:.4} }}",
            label.upper()
        );
    }
    text
}

fn said(path: &Path, table: &CalibrationTable) -> String {
    let few = Label::ALL.into_iter().filter(|label| table.given(*label) < FEW);
    let few: Vec<String> = few.map(|label| format!("{} from {}", label.upper(), table.given(label))).collect();
    let mut text = format!("\n{}: four probabilities for each label, from {} texts", path.display(), table.texts());
    if !few.is_empty() {
        let _ = write!(text, "; few: {}", few.join(", "));
    }
    let _ = writeln!(text, ". To use it, set bedrock.calibration to the file; texts are then asked anew.");
    text
}
