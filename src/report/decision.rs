//! The facts of a decision in words, a row a fact, for the page and for a terminal.

use indicatif::HumanDuration;

use super::evaluation::{number, range, signed};
use crate::evaluate::{Decision, DecisionRow, Evaluation};
use crate::sentiment::Label;
use crate::words::{Count, Name, dollars};

/// What stands where something is not known.
const UNKNOWN: &str = "not known";

/// The facts of a decision, each with a cell an engine, in their order.
pub(crate) fn facts(evaluation: &Evaluation, decision: &Decision) -> Vec<(String, Vec<String>)> {
    let facts = cells(evaluation, decision).into_iter();
    facts.map(|(name, cell)| (name, decision.engines.iter().map(cell).collect())).collect()
}

/// What costs are made of, in words.
pub(crate) fn how_it_costs(evaluation: &Evaluation, decision: &Decision) -> String {
    let (items, volume) = (evaluation.subject.items, Count(decision.volume));
    let mut words = format!(
        "Costs are estimates: what the documents of these {items} take on average, times {volume}, at the prices of the \
         settings, with nothing stored."
    );
    if (decision.documents_an_item - 1.0).abs() > 0.005 {
        let a_month = decision.volume as f64 / decision.documents_an_item;
        words += &format!(
            " Documents are those of {}, {:.1} for each of the {items}: about {} {items} a month.",
            Name::new(&decision.documents_of),
            decision.documents_an_item,
            whole(a_month)
        );
    }
    words
}

/// A fact's name, and its cell for an engine.
type Fact<'a> = (String, Box<dyn Fn(&DecisionRow) -> String + 'a>);

/// Every fact: those of a cost that nobody has are left out.
fn cells<'a>(evaluation: &'a Evaluation, decision: &'a Decision) -> Vec<Fact<'a>> {
    let texts = evaluation.subject.texts_by_label.is_some();
    let mut facts: Vec<Fact<'a>> = Vec::new();
    let mut add = |name: &str, cell: Box<dyn Fn(&DecisionRow) -> String + 'a>| facts.push((name.to_owned(), cell));
    add(&evaluation.figure.to_string(), Box::new(|row| range(row.figure)));
    if let Some(cheapest) = &decision.cheapest {
        add(
            &format!("ahead of {} by", Name::new(cheapest)),
            Box::new(|row| row.ahead_of_cheapest.map_or_else(dash, |ahead| format!("{ahead:+}"))),
        );
    }
    if texts {
        for label in Label::ALL {
            add(&format!("F1 of {label}"), Box::new(move |row| number(row.f1_by_label[label.index()])));
        }
        let people =
            |share: Option<f64>| share.map_or_else(String::new, |share| format!(" (people: {})", percent(Some(share))));
        add(
            &format!("called neutral{}", people(decision.people_called_neutral)),
            Box::new(|row| percent(row.called_neutral)),
        );
        add(
            &format!("called mixed{}", people(decision.people_called_mixed)),
            Box::new(|row| percent(row.called_mixed)),
        );
        add("calibration error", Box::new(|row| range(row.calibration_error)));
    } else {
        add("rank correlation", Box::new(|row| signed(row.rank_correlation)));
    }
    add("cost a month", Box::new(cost));
    if decision.engines.iter().any(|row| row.cost.is_none_or(|cost| cost.total > 0.0)) {
        add("  for the texts", Box::new(|row| row.cost.map_or_else(dash, |cost| dollars(cost.variable))));
        add(
            "  for the minimum charge",
            Box::new(|row| row.cost.map_or_else(dash, |cost| dollars(cost.minimum_charge))),
        );
        add("  while idle", Box::new(|row| row.cost.map_or_else(dash, |cost| dollars(cost.idle))));
    }
    add("documents a second", Box::new(pace));
    add("time for a month", Box::new(|row| row.seconds.map_or_else(|| UNKNOWN.to_owned(), time)));
    add("before the first score", Box::new(|row| time(row.start_up_seconds)));
    add("languages", Box::new(languages));
    add("documents skipped", Box::new(|row| percent(row.skipped)));
    add("documents failed", Box::new(|row| percent(row.failed)));
    add("texts go", Box::new(|row| row.texts_go.clone()));
    add("the model is changed by", Box::new(|row| row.model_changed_by.clone()));
    facts
}

fn dash() -> String {
    "–".to_owned()
}

/// A number without its decimals, 0 or more.
fn whole(number: f64) -> Count {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more; more than u64 is its most")]
    let whole = number.round() as u64;
    Count(whole)
}

fn cost(row: &DecisionRow) -> String {
    let most = if row.cost_at_most { "at most " } else { "" };
    row.cost.map_or_else(|| UNKNOWN.to_owned(), |cost| format!("{most}{}", dollars(cost.total)))
}

fn pace(row: &DecisionRow) -> String {
    row.pace.map_or_else(
        || UNKNOWN.to_owned(),
        |pace| {
            let rate = pace.documents_per_second;
            let rate = if rate < 10.0 { format!("{rate:.1}") } else { whole(rate).to_string() };
            match pace.measured_on {
                None => format!("{rate} (quota)"),
                Some(documents) => format!("{rate} (measured on {})", Count(documents)),
            }
        },
    )
}

/// A length of time.
fn time(seconds: f64) -> String {
    match std::time::Duration::try_from_secs_f64(seconds) {
        Ok(_) if seconds < 1.0 => "under a second".to_owned(),
        Ok(duration) => HumanDuration(duration).to_string(),
        Err(_) => UNKNOWN.to_owned(),
    }
}

/// The languages by their codes, or how many there are.
fn languages(row: &DecisionRow) -> String {
    match row.languages.as_deref() {
        None => "any".to_owned(),
        Some(codes) if codes.len() <= 4 => codes.join(" "),
        Some(codes) => codes.len().to_string(),
    }
}

/// A share in percent.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.1} %", share * 100.0))
}
