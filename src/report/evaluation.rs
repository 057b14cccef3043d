//! The page of an evaluation: the verdict first, then the engines side by side, then what each is good and bad at.
//!
//! The same rules as for a run's page: offline, no script, no text of a transcript.

use askama::Template;

use super::figure::{Learning, Reliability, Standings};
use super::page::{STYLE, STYLE_HASH};
use crate::evaluate::{
    Comparison, Curve, Decision, EngineFigures, Evaluation, Interval, Measure, MeasureFigures, TextFigures,
};
use crate::sentiment::Label;
use crate::words::{Count, Name};

/// Engines that stand on top of the page.
const MOST_TILES: usize = 6;

/// Draws the page. The same evaluation makes the same bytes.
///
/// # Panics
/// Never: a string takes everything that is written to it.
#[must_use]
pub fn evaluation_page(evaluation: &Evaluation) -> String {
    let figure = if evaluation.subject.texts_by_label.is_some() { "macro F1" } else { "AUC of customer_score" };
    let page = Page {
        labels: Name::new(&evaluation.subject.labels).to_string(),
        facts: facts(evaluation),
        figure,
        standings: Standings::of(&evaluation.engines, figure),
        rows: evaluation.engines.iter().map(EngineRow::of).collect(),
        comparisons: evaluation.comparisons.iter().map(ComparisonRow::of).collect(),
        learning: evaluation.learning_curve.as_ref().and_then(Learning::of),
        held_out: Count(evaluation.learning_curve.as_ref().map_or(0, |curve| curve.held_out as u64)),
        learning_rows: evaluation.learning_curve.as_ref().map_or_else(Vec::new, learning_rows),
        reliability: Reliability::of(&evaluation.engines),
        texts: evaluation
            .engines
            .iter()
            .filter_map(|engine| Some(TextTables::of(&engine.name, engine.texts.as_ref()?)))
            .collect(),
        calls: evaluation
            .engines
            .iter()
            .filter_map(|engine| Some(CallTable::of(engine, engine.calls.as_ref()?)))
            .collect(),
        decision: evaluation.decision.as_ref().map(|decision| DecisionTables::of(evaluation, decision)),
        evaluation,
    };
    page.render().expect("a string takes everything that is written to it")
}

/// Everything on the page.
#[derive(Template)]
#[template(path = "evaluation.html")]
struct Page<'a> {
    evaluation: &'a Evaluation,
    labels: String,
    facts: Vec<(&'static str, String)>,
    figure: &'static str,
    standings: Option<Standings>,
    rows: Vec<EngineRow>,
    comparisons: Vec<ComparisonRow>,
    decision: Option<DecisionTables<'a>>,
    learning: Option<Learning>,
    held_out: Count,
    learning_rows: Vec<(String, String)>,
    reliability: Option<Reliability>,
    texts: Vec<TextTables>,
    calls: Vec<CallTable>,
}

fn facts(evaluation: &Evaluation) -> Vec<(&'static str, String)> {
    let subject = &evaluation.subject;
    let mut facts =
        vec![("Labels", format!("{}, {} {}", Name::new(&subject.labels), Count(subject.count as u64), subject.items))];
    if let Some(counts) = subject.texts_by_label {
        let parts = Label::ALL.map(|label| format!("{label} {}", Count(counts[label.index()] as u64)));
        facts.push(("Of each label", parts.join(", ")));
    }
    if let Some(ratings) = &subject.ratings {
        let column = Name::new(&ratings.column);
        facts.push(("Unhappy", format!("{} calls, {column} {}", Count(ratings.unhappy as u64), ratings.unhappy_when)));
        if ratings.without_transcript > 0 {
            facts.push((
                "Left out",
                format!("{} rated calls without a transcript", Count(ratings.without_transcript as u64)),
            ));
        }
    }
    facts
}

/// The learning curve in numbers, and the engines on the same texts.
fn learning_rows(curve: &Curve) -> Vec<(String, String)> {
    let points =
        curve.points.iter().map(|point| (format!("{} labels", Count(point.labels as u64)), range(point.macro_f1)));
    let engines = curve.engines.iter().map(|rival| (Name::new(&rival.engine).to_string(), range(rival.macro_f1)));
    points.chain(engines).collect()
}

/// One engine in the table of all.
struct EngineRow {
    name: String,
    model: String,
    scored: Count,
    not_scored: Count,
    /// The figure that the verdict goes by, and its interval.
    value: Option<String>,
    sure: Option<String>,
    main: String,
    cost: String,
    units: Count,
    seconds: String,
}

impl EngineRow {
    fn of(engine: &EngineFigures) -> Self {
        Self {
            name: Name::new(&engine.name).to_string(),
            model: Name::new(&engine.model).to_string(),
            scored: Count(engine.scored as u64),
            not_scored: Count(engine.not_scored as u64),
            value: engine.main().map(|main| format!("{:.3}", main.value)),
            sure: engine.main().map(|main| format!("{:.3} to {:.3}", main.low, main.high)),
            main: range(engine.main()),
            cost: match engine.effort.cost_per_1000 {
                None => unknown(),
                Some(cost) if cost > 0.0 => format!("${cost:.2}"),
                Some(_) => "nothing".into(),
            },
            units: Count(engine.effort.units),
            seconds: format!("{:.1}", engine.effort.seconds),
        }
    }
}

/// A pair of engines.
struct ComparisonRow {
    first: String,
    second: String,
    items: Count,
    difference: String,
    sureness: &'static str,
    same: String,
    kappa: String,
}

impl ComparisonRow {
    fn of(one: &Comparison) -> Self {
        Self {
            first: Name::new(&one.first).to_string(),
            second: Name::new(&one.second).to_string(),
            items: Count(one.items as u64),
            difference: signed(one.difference),
            sureness: match one.difference {
                None => "not known",
                Some(difference) if difference.excludes_zero() => "more than chance",
                Some(_) => "may be chance",
            },
            same: number(one.agreement.map(|agreement| agreement.same)),
            kappa: number(one.agreement.and_then(|agreement| agreement.kappa)),
        }
    }
}

/// The engines at a volume.
struct DecisionTables<'a> {
    volume: Count,
    words: &'a str,
    engines: Vec<String>,
    facts: Vec<(String, Vec<String>)>,
    how_it_costs: String,
    break_even: Vec<(String, String, &'a str)>,
}

impl<'a> DecisionTables<'a> {
    fn of(evaluation: &Evaluation, decision: &'a Decision) -> Self {
        let name = |name: &str| Name::new(name).to_string();
        let pairs = decision.break_even.iter();
        Self {
            volume: Count(decision.volume),
            words: &decision.advice.words,
            engines: decision.engines.iter().map(|row| name(&row.engine)).collect(),
            facts: super::decision::facts(evaluation, decision),
            how_it_costs: super::decision::how_it_costs(evaluation, decision),
            break_even: pairs.map(|pair| (name(&pair.first), name(&pair.second), pair.words.as_str())).collect(),
        }
    }
}

/// What an engine does with each label.
struct TextTables {
    name: String,
    figures: [(&'static str, String); 4],
    classes: Vec<ClassRow>,
    mixed_auc: Option<String>,
    bins: Vec<(String, Count, String, String)>,
}

/// Texts that truly are of one label.
struct ClassRow {
    label: Label,
    texts: Count,
    figures: [String; 3],
    /// What they were called, and whether that is right.
    given: [(bool, Count); 4],
}

impl TextTables {
    fn of(name: &str, figures: &TextFigures) -> Self {
        let class = |label: Label| {
            let class = figures.classes[label.index()];
            let given = figures.confusion.counts[label.index()];
            ClassRow {
                label,
                texts: Count(class.support),
                figures: [class.precision, class.recall, class.f1].map(number),
                given: Label::ALL.map(|other| (other == label, Count(given[other.index()]))),
            }
        };
        let bin = |bin: &crate::evaluate::Bin| {
            let from = format!("{:.1} to {:.1}", bin.from, bin.from + 0.1);
            (from, Count(bin.texts), format!("{:.3}", bin.confidence), format!("{:.3}", bin.accuracy))
        };
        Self {
            name: Name::new(name).to_string(),
            figures: [
                ("Macro F1", range(figures.macro_f1)),
                ("Macro recall", range(figures.macro_recall)),
                ("Accuracy", range(figures.accuracy)),
                ("Calibration error", range(figures.calibration_error)),
            ],
            classes: Label::ALL.into_iter().map(class).collect(),
            mixed_auc: figures.mixed_auc.map(|auc| format!("{auc:.3}")),
            bins: figures.reliability.iter().filter(|bin| bin.texts > 0).map(bin).collect(),
        }
    }
}

/// How an engine's values order the calls.
struct CallTable {
    name: String,
    rows: Vec<(Measure, Count, Count, String, String)>,
    /// Which column follows the ratings best, in words.
    closest: Option<String>,
}

impl CallTable {
    fn of(engine: &EngineFigures, measures: &[MeasureFigures]) -> Self {
        let row = |figures: &MeasureFigures| {
            let correlation = signed(figures.rank_correlation);
            let (calls, unhappy) = (Count(figures.calls as u64), Count(figures.unhappy as u64));
            (figures.measure, calls, unhappy, range(figures.auc), correlation)
        };
        Self {
            name: Name::new(&engine.name).to_string(),
            rows: measures.iter().map(row).collect(),
            closest: engine.closest.as_ref().map(|closest| closest.words.clone()),
        }
    }
}

fn unknown() -> String {
    "not known".to_owned()
}

pub(super) fn number(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.3}"))
}

pub(super) fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(unknown, |interval| interval.to_string())
}

pub(super) fn signed(interval: Option<Interval>) -> String {
    interval.map_or_else(unknown, |interval| format!("{interval:+}"))
}
