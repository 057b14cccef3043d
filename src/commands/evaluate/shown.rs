//! An evaluation as lines for a terminal: the engines side by side, the verdict, then each engine's own figures.

use std::fmt::Write as _;

use indicatif::HumanCount;

use super::decided;
use crate::commands::columns::columns;
use crate::evaluate::{Closest, Curve, EngineFigures, Evaluation, Interval, MeasureFigures, Subject, TextFigures};
use crate::sentiment::Label;

/// The whole evaluation.
pub(super) fn table(evaluation: &Evaluation) -> String {
    let mut out = subject(&evaluation.subject);
    let rows: Vec<Vec<String>> = evaluation.engines.iter().map(|engine| row(engine, &evaluation.subject)).collect();
    out += &columns(&head(&evaluation.subject), &rows);
    out += "Intervals are 95 %. What was not scored counts nowhere.\n";
    if !evaluation.comparisons.is_empty() {
        out += "\nDifference (second − first, item by item) and agreement\n";
        out += &comparisons(evaluation);
    }
    let _ = writeln!(out, "\n{}", evaluation.verdict.words);
    if let Some(decision) = &evaluation.decision {
        out += &decided::table(evaluation, decision);
    }
    if let Some(curve) = &evaluation.learning_curve {
        out += &learning_curve(curve);
    }
    for engine in &evaluation.engines {
        out += &details(engine);
    }
    out
}

fn subject(subject: &Subject) -> String {
    let mut out = format!("{}: {} {}", subject.labels, HumanCount(subject.count as u64), subject.items);
    if let Some(counts) = &subject.texts_by_label {
        let parts = Label::ALL.map(|label| format!("{label} {}", HumanCount(counts[label.index()] as u64)));
        let _ = write!(out, " ({})", parts.join(", "));
    }
    if let Some(ratings) = &subject.ratings {
        let _ = write!(
            out,
            ", {} of them unhappy ({} {})",
            HumanCount(ratings.unhappy as u64),
            ratings.column,
            ratings.unhappy_when
        );
        if ratings.without_transcript > 0 {
            let _ = write!(out, "; {} rated calls have no transcript", HumanCount(ratings.without_transcript as u64));
        }
    }
    out + "\n\n"
}

fn head(subject: &Subject) -> Vec<String> {
    let figures: &[&str] = if subject.texts_by_label.is_some() {
        &["macro F1", "macro recall", "accuracy", "calibration error"]
    } else {
        &["AUC score", "AUC end", "AUC low", "rank correlation"]
    };
    let cost = format!("$/1,000 {}", subject.items);
    let all =
        ["engine", "scored"].into_iter().chain(figures.iter().copied()).chain([cost.as_str(), "units", "seconds"]);
    all.map(str::to_owned).collect()
}

fn row(engine: &EngineFigures, subject: &Subject) -> Vec<String> {
    let figures = match (&engine.texts, &engine.calls) {
        (Some(texts), _) => [texts.macro_f1, texts.macro_recall, texts.accuracy, texts.calibration_error],
        (None, Some([score, end, low, ..])) => [score.auc, end.auc, low.auc, score.rank_correlation],
        (None, None) => [None; 4],
    };
    let scored = if engine.not_scored == 0 {
        HumanCount(engine.scored as u64).to_string()
    } else {
        format!("{} of {}", HumanCount(engine.scored as u64), HumanCount(subject.count as u64))
    };
    let effort = &engine.effort;
    let mut row = vec![engine.name.clone(), scored];
    row.extend(figures.map(range));
    row.extend([
        effort.cost_per_1000.map_or_else(|| "not known".to_owned(), |cost| format!("{cost:.2}")),
        HumanCount(effort.units).to_string(),
        format!("{:.1}", effort.seconds),
    ]);
    row
}

fn comparisons(evaluation: &Evaluation) -> String {
    let head = ["first", "second", "items", "difference", "", "same label", "kappa"].map(str::to_owned);
    let row = |one: &crate::evaluate::Comparison| {
        vec![
            one.first.clone(),
            one.second.clone(),
            HumanCount(one.items as u64).to_string(),
            signed(one.difference),
            one.difference.map_or_else(String::new, |difference| sureness(difference).to_owned()),
            one.agreement.map_or_else(|| "–".to_owned(), |agreement| format!("{:.3}", agreement.same)),
            number(one.agreement.and_then(|agreement| agreement.kappa)),
        ]
    };
    columns(&head, &evaluation.comparisons.iter().map(row).collect::<Vec<_>>())
}

fn sureness(difference: Interval) -> &'static str {
    if difference.excludes_zero() { "more than chance" } else { "may be chance" }
}

fn learning_curve(curve: &Curve) -> String {
    let mut out =
        format!("\nA model of your own, on {} texts that it had not seen\n", HumanCount(curve.held_out as u64));
    let mut rows: Vec<Vec<String>> = curve
        .points
        .iter()
        .map(|point| vec![format!("{} labels", HumanCount(point.labels as u64)), range(point.macro_f1)])
        .collect();
    rows.extend(curve.engines.iter().map(|rival| vec![rival.engine.clone(), range(rival.macro_f1)]));
    out += &columns(&["trained on", "macro F1"].map(str::to_owned), &rows);
    out + &curve.words + "\n"
}

fn details(engine: &EngineFigures) -> String {
    let mut out = format!("\n{} ({})\n", engine.name, engine.model);
    match (&engine.texts, &engine.calls) {
        (Some(texts), _) => out += &text_details(texts),
        (None, Some(measures)) => out += &call_details(measures, engine.closest.as_ref()),
        (None, None) => {}
    }
    out
}

fn text_details(figures: &TextFigures) -> String {
    let head = ["label", "texts", "precision", "recall", "F1", "given →"].map(str::to_owned);
    let head: Vec<String> = head.into_iter().chain(Label::ALL.map(|label| label.to_string())).collect();
    let rows: Vec<Vec<String>> = figures
        .classes
        .iter()
        .map(|class| {
            let mut row = vec![
                class.label.to_string(),
                HumanCount(class.support).to_string(),
                number(class.precision),
                number(class.recall),
                number(class.f1),
                String::new(),
            ];
            row.extend(figures.confusion.counts[class.label.index()].map(|count| HumanCount(count).to_string()));
            row
        })
        .collect();
    let mut out = columns(&head, &rows);
    if let Some(auc) = figures.mixed_auc {
        let _ =
            writeln!(out, "mixed AUC {auc:.3}: the chance that a mixed text has more of mixed than one that is not");
    }
    let head = ["how sure", "texts", "said", "were right"].map(str::to_owned);
    let rows: Vec<Vec<String>> = figures
        .reliability
        .iter()
        .filter(|bin| bin.texts > 0)
        .map(|bin| {
            vec![
                format!("{:.1} to {:.1}", bin.from, bin.from + 0.1),
                HumanCount(bin.texts).to_string(),
                format!("{:.3}", bin.confidence),
                format!("{:.3}", bin.accuracy),
            ]
        })
        .collect();
    out + "\n" + &columns(&head, &rows)
}

fn call_details(measures: &[MeasureFigures], closest: Option<&Closest>) -> String {
    let head = ["value", "calls", "unhappy", "AUC", "rank correlation"].map(str::to_owned);
    let row = |figures: &MeasureFigures| {
        vec![
            figures.measure.to_string(),
            HumanCount(figures.calls as u64).to_string(),
            HumanCount(figures.unhappy as u64).to_string(),
            range(figures.auc),
            signed(figures.rank_correlation),
        ]
    };
    columns(&head, &measures.iter().map(row).collect::<Vec<_>>())
        + "AUC: the chance that an unhappy call has a lower value than one that is not (of customer_negative_share, a \
           higher one); 0.5 is a coin.\n"
        + &closest.map_or_else(String::new, |closest| format!("{}\n", closest.words))
}

/// A figure with its interval.
fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "–".to_owned(), |interval| interval.to_string())
}

/// The same of a difference.
fn signed(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "–".to_owned(), |interval| format!("{interval:+}"))
}

fn number(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash() {
        assert_eq!([range(None), signed(None), number(None)], ["–"; 3]);
    }
}
