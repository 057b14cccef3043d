//! One evaluation: the truth of a set of items, each engine's scores, and every figure that follows.

use serde::Serialize;

use super::{
    Closest, Comparison, Curve, Decision, Figure, Interval, Judged, MEASURES, Measure, MeasureFigures, RatedCall,
    Standing, TextFigures, TrueLabel, Verdict, agreement, macro_f1, paired_difference, unhappy_auc, verdict,
};
use crate::sentiment::{Label, Scores};

/// People's labels or ratings of the items.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// Of each text, its label.
    Texts(Vec<TrueLabel>),
    /// Of each call, its rating and whether it counts as unhappy. Ratings are turned so that more is better.
    Calls(Vec<(f64, bool)>),
}

/// An engine's scores of an item; empty where it could not be scored.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ItemScores {
    /// The probabilities: of the text, or of what the call's customer said.
    pub scores: Option<Scores>,
    /// The call's values in the order of [`Measure::ALL`].
    pub values: [Option<f64>; MEASURES],
}

/// What scoring all items took.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Effort {
    /// Units that scoring everything takes, at most: nothing stored, each distinct text sent once.
    pub units: u64,
    /// Dollars for a thousand items at the first units' price; empty where that is not known.
    pub cost_per_1000: Option<f64>,
    /// Requests of this evaluation; fewer where scores were stored.
    pub requests: u64,
    /// Units billed by this evaluation, at most.
    pub units_billed: u64,
    /// Dollars for what it sent, at most; empty where that is not known.
    pub cost_billed: Option<f64>,
    /// Seconds from the first document to the last outcome.
    pub seconds: f64,
}

/// What one engine brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The engine as it was asked for.
    pub name: String,
    /// Name and version of its model.
    pub model: String,
    /// Whether `analyze` can use it.
    pub eligible: bool,
    /// Whether its model learned from these very items.
    pub trained_on_these: bool,
    /// What it took.
    pub effort: Effort,
    /// Item by item.
    pub items: Vec<ItemScores>,
}

/// What was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subject {
    /// The name of the label file.
    pub labels: String,
    /// `texts` or `calls`.
    pub items: &'static str,
    /// How many items have a label or rating, and can be scored.
    pub count: usize,
    /// Texts of each label, in the order of [`Label::ALL`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts_by_label: Option<[usize; 4]>,
    /// What is known of the ratings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratings: Option<RatingsSubject>,
}

/// What is known of the ratings of calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatingsSubject {
    /// The column.
    pub column: String,
    /// Whether more of it is better.
    pub high_is_better: bool,
    /// The ratings that count as unhappy, in words such as `1 or more`.
    pub unhappy_when: String,
    /// Calls that do.
    pub unhappy: usize,
    /// Rated calls that no transcript was given of.
    pub without_transcript: usize,
}

/// One engine's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EngineFigures {
    /// The engine as it was asked for.
    pub name: String,
    /// Name and version of its model.
    pub model: String,
    /// Whether the model learned from these very items: then its figures are too good to go by.
    pub trained_on_these: bool,
    /// Whether `analyze` can use it: not a baseline that is there to be compared with.
    pub eligible: bool,
    /// Items that it scored.
    pub scored: usize,
    /// Items that it did not: they count nowhere.
    pub not_scored: usize,
    /// What it took.
    pub effort: Effort,
    /// On labelled texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextFigures>,
    /// On rated calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<[MeasureFigures; MEASURES]>,
    /// On rated calls, the column that follows the ratings best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closest: Option<Closest>,
}

/// All figures of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The version that made them.
    pub undertone_version: &'static str,
    /// What was evaluated.
    pub subject: Subject,
    /// What comparisons, verdict and decision go by.
    pub figure: Figure,
    /// The engines, in the order asked for.
    pub engines: Vec<EngineFigures>,
    /// Each pair of them.
    pub comparisons: Vec<Comparison>,
    /// Which layer to start at.
    pub verdict: Verdict,
    /// What a month costs and what follows, where a volume was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// How many labels a model of one's own takes, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_curve: Option<Curve>,
}

impl Evaluation {
    /// The figures of these answers, with intervals that the seed decides. Every list of answers is as long as the truth.
    pub fn of(subject: Subject, truth: &Truth, answers: &[Answers], seed: u64) -> Self {
        let engines: Vec<EngineFigures> = answers.iter().map(|one| engine_figures(truth, one, seed)).collect();
        let pairs = answers.iter().enumerate().flat_map(|(at, first)| {
            answers.get(at + 1..).unwrap_or_default().iter().map(move |second| (first, second))
        });
        let comparisons: Vec<Comparison> = pairs.map(|(first, second)| compare(truth, first, second, seed)).collect();
        let verdict = Verdict { start_at: None, sure: false, words: String::new() };
        let figure = main_figure(truth);
        let mut evaluation = Self {
            undertone_version: env!("CARGO_PKG_VERSION"),
            subject,
            figure,
            engines,
            comparisons,
            verdict,
            decision: None,
            learning_curve: None,
        };
        let costs: Vec<Option<f64>> = evaluation.engines.iter().map(|engine| engine.effort.cost_per_1000).collect();
        evaluation.verdict = evaluation.verdict_at(&costs);
        evaluation
    }

    /// What the verdict knows of the engines where a thousand items cost so much.
    pub(super) fn standings(&self, cost_per_1000: &[Option<f64>]) -> Vec<Standing<'_>> {
        let priced = self.engines.iter().zip(cost_per_1000);
        priced
            .map(|(engine, cost)| Standing {
                name: &engine.name,
                figure: engine.main(),
                cost_per_1000: *cost,
                eligible: engine.eligible,
            })
            .collect()
    }

    /// The verdict where a thousand items cost so much.
    pub(super) fn verdict_at(&self, cost_per_1000: &[Option<f64>]) -> Verdict {
        let found = verdict(&self.standings(cost_per_1000), &self.comparisons, self.figure, self.subject.items);
        let doubts = self.doubts();
        Verdict { sure: found.sure && doubts.is_empty(), words: found.words + &doubts, ..found }
    }

    /// What figures are not to be gone by, in words.
    pub(super) fn doubts(&self) -> String {
        let knowing = self.engines.iter().filter(|engine| engine.trained_on_these);
        let words = knowing.map(|engine| {
            format!(
                " But {} learned from these very {}: its figures are too good to go by.",
                engine.name, self.subject.items
            )
        });
        words.collect()
    }
}

impl EngineFigures {
    /// What the verdict goes by.
    pub fn main(&self) -> Option<Interval> {
        match (&self.texts, &self.calls) {
            (Some(texts), _) => texts.macro_f1,
            (None, Some([score, ..])) => score.auc,
            (None, None) => None,
        }
    }
}

const fn main_figure(truth: &Truth) -> Figure {
    match truth {
        Truth::Texts(_) => Figure::MacroF1,
        Truth::Calls(_) => Figure::Auc,
    }
}

fn engine_figures(truth: &Truth, answers: &Answers, seed: u64) -> EngineFigures {
    let (texts, calls, closest) = match truth {
        Truth::Texts(labels) => {
            let judged: Vec<Judged> = judged(labels, &answers.items).into_iter().flatten().collect();
            (Some(TextFigures::of(&judged, seed)), None, None)
        }
        Truth::Calls(ratings) => {
            let rated = rated(ratings, &answers.items);
            let figures = MeasureFigures::all(&rated, seed);
            let closest = Closest::of(&rated, &figures, seed);
            (None, Some(figures), closest)
        }
    };
    let scored = answers.items.iter().filter(|item| item.scores.is_some()).count();
    EngineFigures {
        name: answers.name.clone(),
        model: answers.model.clone(),
        trained_on_these: answers.trained_on_these,
        eligible: answers.eligible,
        scored,
        not_scored: answers.items.len() - scored,
        effort: answers.effort,
        texts,
        calls,
        closest,
    }
}

/// The texts as an engine judged them; empty where it did not.
pub fn judged(labels: &[TrueLabel], items: &[ItemScores]) -> Vec<Option<Judged>> {
    labels.iter().zip(items).map(|(truth, item)| item.scores.map(|scores| Judged::new(*truth, scores))).collect()
}

fn rated(ratings: &[(f64, bool)], items: &[ItemScores]) -> Vec<RatedCall> {
    let call =
        |(&(rating, unhappy), item): (&(f64, bool), &ItemScores)| RatedCall { rating, unhappy, values: item.values };
    ratings.iter().zip(items).map(call).collect()
}

/// Compares two engines on the items that both scored.
fn compare(truth: &Truth, first: &Answers, second: &Answers, seed: u64) -> Comparison {
    let both: Vec<usize> = (0..first.items.len().min(second.items.len()))
        .filter(|at| first.items[*at].scores.is_some() && second.items[*at].scores.is_some())
        .collect();
    let of = |answers: &Answers| both.iter().map(|at| answers.items[*at]).collect::<Vec<ItemScores>>();
    let (one, other) = (of(first), of(second));
    let difference = match truth {
        Truth::Texts(labels) => {
            let labels: Vec<TrueLabel> = both.iter().map(|at| labels[*at]).collect();
            let known = |items| judged(&labels, items).into_iter().flatten().collect::<Vec<Judged>>();
            paired_difference(&known(&one), &known(&other), seed, macro_f1)
        }
        Truth::Calls(ratings) => {
            let ratings: Vec<(f64, bool)> = both.iter().map(|at| ratings[*at]).collect();
            let figure = |calls: &[RatedCall], places: &[usize]| unhappy_auc(Measure::CustomerScore, calls, places);
            paired_difference(&rated(&ratings, &one), &rated(&ratings, &other), seed, figure)
        }
    };
    let label = |item: &ItemScores| item.scores.map(|scores| scores.label());
    let labels: Vec<(Label, Label)> =
        one.iter().zip(&other).filter_map(|(one, other)| Some((label(one)?, label(other)?))).collect();
    Comparison {
        first: first.name.clone(),
        second: second.name.clone(),
        figure: main_figure(truth),
        items: both.len(),
        difference,
        agreement: agreement(&labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(positive: f64, negative: f64) -> ItemScores {
        let scores = Scores::new(positive, negative, 1.0 - positive - negative, 0.0).expect("a distribution");
        let mut values = [None; MEASURES];
        values[0] = Some(positive - negative);
        ItemScores { scores: Some(scores), values }
    }

    fn answers(name: &str, items: Vec<ItemScores>, cost_per_1000: f64) -> Answers {
        let effort = Effort { cost_per_1000: Some(cost_per_1000), ..Effort::default() };
        Answers { name: name.into(), model: "m".into(), eligible: true, trained_on_these: false, effort, items }
    }

    fn subject(items: &'static str, count: usize) -> Subject {
        Subject { labels: "l".into(), items, count, texts_by_label: None, ratings: None }
    }

    #[test]
    fn what_an_engine_did_not_score_counts_nowhere() {
        let truth = Truth::Texts([Label::Positive, Label::Negative].map(TrueLabel::from).repeat(50));
        let right: Vec<ItemScores> =
            (0..100).map(|at| if at % 2 == 0 { item(0.9, 0.0) } else { item(0.0, 0.9) }).collect();
        let mut partial = right.clone();
        partial[0] = ItemScores::default();
        let both = [answers("whole", right, 0.3), answers("partial", partial, 0.0)];
        let evaluation = Evaluation::of(subject("texts", 100), &truth, &both, 1);
        let [whole, partial] = evaluation.engines.as_slice() else { panic!("two engines") };
        assert_eq!((whole.scored, whole.not_scored, partial.scored, partial.not_scored), (100, 0, 99, 1));
        assert_eq!(partial.main().map(|figure| figure.value), Some(1.0), "one text less, and none wrong");
        let [pair] = evaluation.comparisons.as_slice() else { panic!("one pair") };
        assert_eq!((pair.items, pair.difference.map(|difference| difference.value)), (99, Some(0.0)));
        assert_eq!(pair.agreement.and_then(|agreement| agreement.kappa), Some(1.0));
        assert_eq!(evaluation.verdict.start_at.as_deref(), Some("partial"), "as good, and free");
    }

    #[test]
    fn a_model_that_knows_the_texts_is_never_sure_to_be_better() {
        let truth = Truth::Texts([Label::Positive, Label::Negative].map(TrueLabel::from).repeat(50));
        let right = (0..100).map(|at| if at % 2 == 0 { item(0.9, 0.0) } else { item(0.0, 0.9) }).collect();
        let knows = Answers { trained_on_these: true, ..answers("knows", right, 0.0) };
        let guesses = answers("guesses", vec![item(0.9, 0.0); 100], 0.0);
        let verdict = Evaluation::of(subject("texts", 100), &truth, &[knows, guesses], 1).verdict;
        assert!(!verdict.sure && verdict.words.contains("But knows learned from these very texts"), "{verdict:?}");
    }

    #[test]
    fn rated_calls_are_judged_by_how_they_order() {
        let truth = Truth::Calls((0..60).map(|at| (f64::from(at % 2), at % 2 == 0)).collect());
        let good: Vec<ItemScores> =
            (0..60).map(|at| if at % 2 == 0 { item(0.1, 0.6) } else { item(0.6, 0.1) }).collect();
        let blind = vec![item(0.2, 0.1); 60];
        let evaluation = Evaluation::of(
            subject("calls", 60),
            &truth,
            &[answers("good", good, 0.0), answers("blind", blind, 0.0)],
            1,
        );
        assert_eq!(evaluation.engines[0].main().map(|auc| auc.value), Some(1.0));
        assert_eq!(evaluation.engines[1].main().map(|auc| auc.value), Some(0.5));
        assert!(evaluation.verdict.sure && evaluation.verdict.start_at.as_deref() == Some("good"));
    }
}
