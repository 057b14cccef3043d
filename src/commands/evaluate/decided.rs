//! A decision as lines for a terminal: a row a fact, a column an engine, then pair by pair, then the sentence.

use indicatif::HumanCount;

use crate::commands::columns::columns;
use crate::evaluate::{Decision, Evaluation};
use crate::report;

/// The whole decision.
pub(super) fn table(evaluation: &Evaluation, decision: &Decision) -> String {
    let mut out = format!("\nAt {} documents a month\n", HumanCount(decision.volume));
    let engines = decision.engines.iter().map(|row| row.engine.clone());
    let head: Vec<String> = std::iter::once(String::new()).chain(engines).collect();
    let facts = report::facts(evaluation, decision).into_iter();
    let rows: Vec<Vec<String>> = facts.map(|(name, cells)| std::iter::once(name).chain(cells).collect()).collect();
    out += &columns(&head, &rows);
    out += &report::how_it_costs(evaluation, decision);
    out.push('\n');
    if !decision.break_even.is_empty() {
        let head = ["first", "second", "documents a month at which both cost the same"].map(str::to_owned);
        let row = |pair: &crate::evaluate::BreakEven| vec![pair.first.clone(), pair.second.clone(), pair.words.clone()];
        out.push('\n');
        out += &columns(&head, &decision.break_even.iter().map(row).collect::<Vec<_>>());
    }
    out + "\n" + &decision.advice.words + "\n"
}
