//! How many labels it takes: models trained on growing parts of one's labels, judged on a part that none of them saw.

use std::collections::BTreeSet;

use super::{LabelledText, Options, Source, TrainError, corpus, train};
use crate::model::{Model, hash};
use crate::random::Random;
use crate::sentiment::Scores;

/// The fewest labels that a point is trained on; each point has twice the labels of the one before.
const FIRST_POINT: usize = 62;
/// One text of so many is held out.
const HELD_OUT_OF: usize = 4;

/// Models trained on growing parts of a source.
#[derive(Debug, Clone)]
pub struct LearningCurve {
    /// The places in the source of the texts that no model saw: what every other engine is compared on.
    pub held_out: Vec<usize>,
    /// The points, by growing number of labels; the last has all that are not held out.
    pub points: Vec<CurvePoint>,
}

/// The scores of a model trained on so many labels.
#[derive(Debug, Clone)]
pub struct CurvePoint {
    /// Labels that it was trained on.
    pub labels: usize,
    /// Its scores, in the order of [`LearningCurve::held_out`].
    pub scores: Vec<Scores>,
}

/// Trains on growing parts of `source`, beginning each time at `base`. A quarter of the texts is held out, texts
/// of the same words together; which, and the order of the others, is decided by the seed.
///
/// # Errors
/// [`TrainError`] when even all texts that are not held out can't be learned from. Smaller parts that can't be (too
/// few, or one class) are left out.
pub fn learning_curve(
    source: &Source<'_>,
    base: Option<&Model>,
    options: &Options,
) -> Result<LearningCurve, TrainError> {
    let (held_out, mut others) = split(&source.texts, options.seed);
    Random::new(options.seed).shuffle(&mut others);
    let mut points = Vec::new();
    let mut labels = FIRST_POINT;
    while labels < others.len() {
        points.extend(point(source, &others[..labels], &held_out, base, options).ok());
        labels *= 2;
    }
    points.push(point(source, &others, &held_out, base, options)?);
    Ok(LearningCurve { held_out, points })
}

/// The places of the texts held out, and of the others.
fn split(texts: &[LabelledText<'_>], seed: u64) -> (Vec<usize>, Vec<usize>) {
    let key = |at: &usize| hash::of(corpus::as_spoken(texts[*at].text).as_bytes());
    (0..texts.len()).partition(|at| Random::new(key(at) ^ seed).below(HELD_OUT_OF) == 0)
}

/// Trains on the texts at these places and scores those held out.
fn point(
    source: &Source<'_>,
    places: &[usize],
    held_out: &[usize],
    base: Option<&Model>,
    options: &Options,
) -> Result<CurvePoint, TrainError> {
    // In the source's order, so that a point depends on which texts it has alone.
    let places: BTreeSet<usize> = places.iter().copied().collect();
    let part = Source { name: source.name.clone(), texts: places.iter().map(|at| source.texts[*at]).collect() };
    let trained = train(&[part], base, options)?;
    let model = Model::from_bytes(trained.bytes).expect("training writes models that can be read");
    let scores = held_out.iter().map(|at| model.score(source.texts[*at].text)).collect();
    Ok(CurvePoint { labels: places.len(), scores })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::Label;

    #[test]
    fn points_grow_to_all_texts_that_are_not_held_out() {
        let words = ["zorp", "grumf", "trell"];
        let texts: Vec<String> = (0..400).map(|i| format!("{} {i} {}", words[i % 3], i * 7)).collect();
        let label = |at: usize| [Label::Positive, Label::Negative, Label::Neutral][at % 3];
        let labelled = texts.iter().enumerate().map(|(at, text)| LabelledText {
            text,
            label: label(at),
            scores: None,
            weight: 1.0,
        });
        let source = Source { name: "toy".into(), texts: labelled.collect() };
        let options = Options { bits: 12, ..Options::default() };
        let curve = learning_curve(&source, None, &options).expect("enough texts");
        let held: BTreeSet<usize> = curve.held_out.iter().copied().collect();
        assert!((60..140).contains(&held.len()));
        let labels: Vec<usize> = curve.points.iter().map(|point| point.labels).collect();
        assert_eq!(labels, [62, 124, 248, 400 - held.len()]);
        let last = curve.points.last().expect("the last point is always there");
        let right = curve.held_out.iter().zip(&last.scores).filter(|(at, s)| s.label() == label(**at)).count();
        assert!(right * 10 > held.len() * 9, "{right} of {}", held.len());
    }
}
