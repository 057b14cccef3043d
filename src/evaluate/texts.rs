//! Labelled texts: the labels of people beside those of an engine.

use serde::Serialize;

use super::{Bin, ClassFigures, Confusion, Interval, auc, calibration_error, interval, reliability};
use crate::sentiment::{Label, Scores};

/// Bins of the reliability table.
const BINS: usize = 10;

/// The label that a person gave a text, and how many texts it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrueLabel {
    /// The label.
    pub label: Label,
    /// Thousandths of a text.
    pub weight: u64,
}

impl TrueLabel {
    /// A text that stands for itself.
    const ONE: u64 = 1000;

    /// The label of a text that stands for so many.
    pub fn weighted(label: Label, weight: f32) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "weights are above 0 and finite")]
        let weight = (f64::from(weight) * Self::ONE as f64).round().clamp(1.0, 1e12) as u64;
        Self { label, weight }
    }
}

impl From<Label> for TrueLabel {
    fn from(label: Label) -> Self {
        Self { label, weight: Self::ONE }
    }
}

/// A text's true label beside an engine's scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The label that a person gave.
    pub truth: Label,
    /// How many texts it stands for, in thousandths.
    pub weight: u64,
    /// The label of the engine's scores.
    pub given: Label,
    /// The engine's scores.
    pub scores: Scores,
}

impl Judged {
    /// A text of this true label, with the scores that an engine gave it.
    pub fn new(truth: impl Into<TrueLabel>, scores: Scores) -> Self {
        let TrueLabel { label, weight } = truth.into();
        Self { truth: label, weight, given: scores.label(), scores }
    }

    /// How sure the engine was of its likeliest class, and whether that is the true one.
    fn confidence(&self) -> (f64, bool, u64) {
        let likeliest = Label::likeliest(&self.scores);
        (f64::from(likeliest.probability(&self.scores)), likeliest == self.truth, self.weight)
    }
}

/// How good an engine is on labelled texts, each counting for as many as it stands for in all figures but `mixed_auc`. A figure is
/// empty where it is not defined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextFigures {
    /// Texts judged.
    pub texts: usize,
    /// Share of texts given their label.
    pub accuracy: Option<Interval>,
    /// Mean F1 of positive, negative and neutral.
    pub macro_f1: Option<Interval>,
    /// Mean recall of positive, negative and neutral.
    pub macro_recall: Option<Interval>,
    /// Gap between confidence and accuracy, in ten bins.
    pub calibration_error: Option<Interval>,
    /// Chance that a mixed text has a higher probability of mixed than one that is not.
    pub mixed_auc: Option<f64>,
    /// Class by class, in the order of [`Label::ALL`].
    pub classes: [ClassFigures; 4],
    /// True labels against given ones, text by text.
    pub confusion: Confusion,
    /// Confidence against accuracy.
    pub reliability: Vec<Bin>,
}

impl TextFigures {
    /// The figures over these texts, with intervals that the seed decides.
    pub fn of(judged: &[Judged], seed: u64) -> Self {
        let all: Vec<usize> = (0..judged.len()).collect();
        let weighted = confusion(judged, &all);
        let confusion = Confusion::of(judged.iter().map(|text| (text.truth, text.given)));
        let confidence: Vec<(f64, bool, u64)> = judged.iter().map(Judged::confidence).collect();
        let mixed: Vec<(f64, bool)> =
            judged.iter().map(|text| (f64::from(text.scores.mixed), text.truth == Label::Mixed)).collect();
        let over = |figure: fn(&[Judged], &[usize]) -> Option<f64>| {
            interval(judged.len(), seed, |places| figure(judged, places))
        };
        Self {
            texts: judged.len(),
            accuracy: over(accuracy),
            macro_f1: over(macro_f1),
            macro_recall: over(macro_recall),
            calibration_error: interval(judged.len(), seed, |places| {
                let drawn: Vec<(f64, bool, u64)> = places.iter().map(|at| confidence[*at]).collect();
                calibration_error(&reliability(&drawn, BINS))
            }),
            mixed_auc: auc(&mixed),
            classes: Label::ALL
                .map(|label| ClassFigures { support: confusion.class(label).support, ..weighted.class(label) }),
            confusion,
            reliability: reliability(&confidence, BINS),
        }
    }
}

/// What the texts at these places stand for, in thousandths.
fn confusion(judged: &[Judged], places: &[usize]) -> Confusion {
    Confusion::weighted(places.iter().map(|at| (judged[*at].truth, judged[*at].given, judged[*at].weight)))
}

/// Share of the texts at these places that were given their label.
pub fn accuracy(judged: &[Judged], places: &[usize]) -> Option<f64> {
    confusion(judged, places).accuracy()
}

/// Macro F1 of the texts at these places.
pub fn macro_f1(judged: &[Judged], places: &[usize]) -> Option<f64> {
    confusion(judged, places).macro_f1()
}

/// Macro recall of the texts at these places.
pub fn macro_recall(judged: &[Judged], places: &[usize]) -> Option<f64> {
    confusion(judged, places).macro_recall()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(positive: f64, negative: f64) -> Scores {
        Scores::new(positive, negative, 1.0 - positive - negative, 0.0).expect("a distribution")
    }

    #[test]
    fn a_text_that_stands_for_three_counts_as_three() {
        let text = |truth, positive, weight| {
            Judged::new(TrueLabel::weighted(truth, weight), scores(positive, (0.9 - positive) / 2.0))
        };
        let weighted =
            [text(Label::Positive, 0.9, 3.0), text(Label::Negative, 0.8, 1.0), text(Label::Neutral, 0.1, 1.0)];
        let mut repeated = vec![text(Label::Positive, 0.9, 1.0); 3];
        repeated.extend(&weighted[1..]);
        let (one, other) = (TextFigures::of(&weighted, 1), TextFigures::of(&repeated, 1));
        let values = |figures: &TextFigures| {
            [figures.accuracy, figures.macro_f1, figures.macro_recall].map(|figure| figure.expect("texts").value)
        };
        let gaps = values(&one).into_iter().zip(values(&other)).map(|(one, other)| (one - other).abs());
        assert!(gaps.into_iter().all(|gap| gap < 1e-12), "{one:?}");
        let error = |figures: &TextFigures| figures.calibration_error.expect("texts").value;
        assert!((error(&one) - error(&other)).abs() < 1e-12);
        let positive = Label::Positive.index();
        assert_eq!(one.classes[positive].precision, Some(0.75));
        assert_eq!(
            (one.classes[positive].support, other.classes[positive].support),
            (1, 3),
            "texts are counted as they are"
        );
    }

    #[test]
    fn figures_agree_with_the_confusion_they_come_from() {
        let judged: Vec<Judged> = (0..90)
            .map(|i| match i % 3 {
                0 => Judged::new(Label::Positive, scores(0.9, 0.0)),
                1 => Judged::new(Label::Negative, scores(0.0, 0.8)),
                _ => Judged::new(Label::Neutral, scores(0.6, 0.1)),
            })
            .collect();
        let figures = TextFigures::of(&judged, 1);
        let accuracy = figures.accuracy.expect("texts");
        assert!((accuracy.value - 2.0 / 3.0).abs() < 1e-12 && accuracy.low < accuracy.value, "{accuracy:?}");
        assert_eq!(figures.classes[Label::Neutral.index()].recall, Some(0.0));
        // .9 and .8 are right, .6 is wrong: gaps of .1, .2 and .6, a third of the texts each.
        let error = figures.calibration_error.expect("texts").value;
        assert!((error - 0.3).abs() < 1e-6, "{error}");
        assert_eq!((figures.mixed_auc, figures.texts), (None, 90));
        assert_eq!(figures, TextFigures::of(&judged, 1), "the seed decides the intervals");
    }
}
