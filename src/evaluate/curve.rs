//! How many labels a model of one's own takes: the learning curve against the engines that need none.

use indicatif::HumanCount;
use serde::Serialize;

use super::{Interval, Judged, interval, macro_f1, paired_difference};

/// Models trained on growing numbers of labels, and the engines, all on texts that no model saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Texts that no model saw.
    pub held_out: usize,
    /// The models, by growing number of labels.
    pub points: Vec<Point>,
    /// By how much the model trained on the most labels is better than the one before it.
    pub last_step: Option<Interval>,
    /// The engines on the same texts.
    pub engines: Vec<Rival>,
    /// The conclusion, in words.
    pub words: String,
}

/// A model trained on so many labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Labels that it was trained on.
    pub labels: usize,
    /// How good it is.
    pub macro_f1: Option<Interval>,
}

/// An engine that the models are held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rival {
    /// Its name.
    pub engine: String,
    /// How good it is on the texts held out.
    pub macro_f1: Option<Interval>,
    /// By how much the model trained on the most labels is better.
    pub last_point_ahead: Option<Interval>,
    /// The fewest labels from which on every model is better.
    pub overtaken_at: Option<usize>,
    /// The fewest labels from which on every model is better by more than chance.
    pub surely_overtaken_at: Option<usize>,
}

/// The texts held out, as the models and the engines judge them; all lists in the same order.
#[derive(Debug, Clone, Default)]
pub struct CurveTexts {
    /// For each model, its number of labels and its scores.
    pub points: Vec<(usize, Vec<Judged>)>,
    /// For each engine, its name and its scores; empty where it did not score a text.
    pub engines: Vec<(String, Vec<Option<Judged>>)>,
}

impl Curve {
    /// The curve's figures, with intervals that the seed decides.
    pub fn of(texts: &CurveTexts, seed: u64) -> Self {
        let figure = |judged: &[Judged]| interval(judged.len(), seed, |places| macro_f1(judged, places));
        let points: Vec<Point> =
            texts.points.iter().map(|(labels, judged)| Point { labels: *labels, macro_f1: figure(judged) }).collect();
        let engines: Vec<Rival> = texts.engines.iter().map(|(name, judged)| rival(texts, name, judged, seed)).collect();
        let held_out = texts.points.first().map_or(0, |(_, judged)| judged.len());
        let last_step = match texts.points.as_slice() {
            [.., (_, before), (_, last)] => paired_difference(before, last, seed, macro_f1),
            _ => None,
        };
        let words = words(&points, last_step, &engines);
        Self { held_out, points, last_step, engines, words }
    }
}

fn rival(texts: &CurveTexts, name: &str, judged: &[Option<Judged>], seed: u64) -> Rival {
    let own: Vec<Judged> = judged.iter().flatten().copied().collect();
    // By how much each point is better, on the texts that the engine scored.
    let leads: Vec<(usize, Option<Interval>)> = texts
        .points
        .iter()
        .map(|(labels, point)| {
            let point: Vec<Judged> =
                point.iter().zip(judged).filter(|(_, own)| own.is_some()).map(|(p, _)| *p).collect();
            (*labels, paired_difference(&own, &point, seed, macro_f1))
        })
        .collect();
    let from_which_on = |ahead: fn(&Interval) -> bool| {
        let behind = |(_, lead): &(usize, Option<Interval>)| !lead.as_ref().is_some_and(ahead);
        let first = leads.iter().rposition(behind).map_or(0, |last_behind| last_behind + 1);
        leads.get(first).map(|(labels, _)| *labels)
    };
    Rival {
        engine: name.to_owned(),
        macro_f1: interval(own.len(), seed, |places| macro_f1(&own, places)),
        last_point_ahead: leads.last().and_then(|(_, lead)| *lead),
        overtaken_at: from_which_on(|lead| lead.value > 0.0),
        surely_overtaken_at: from_which_on(|lead| lead.low > 0.0),
    }
}

/// A rise of macro F1 that is not worth as many labels again as there are.
const SMALL_RISE: f64 = 0.01;

fn words(points: &[Point], last_step: Option<Interval>, engines: &[Rival]) -> String {
    let Some(last) = points.last() else { return "No model could be trained.".to_owned() };
    let mut sentences: Vec<String> = engines.iter().map(|rival| sentence(rival, last.labels)).collect();
    if let ([.., before, last], Some(step)) = (points, last_step) {
        let growth = match step {
            Interval { low, .. } if low > 0.0 => "still rises: more labels will help",
            Interval { high, .. } if high < SMALL_RISE => {
                "has gone flat: more labels of the same kind will help little"
            }
            _ => "may still rise or have gone flat: these texts are too few to tell",
        };
        let [before, last] = [before, last].map(|point| HumanCount(point.labels as u64));
        sentences.push(format!("From {before} to {last} labels macro F1 moved by {step:+}; the curve {growth}."));
    }
    sentences.join(" ")
}

fn sentence(rival: &Rival, most: usize) -> String {
    let name = &rival.engine;
    let labels = |count: usize| format!("{} labels", HumanCount(count as u64));
    let most = labels(most);
    match (rival.overtaken_at, rival.surely_overtaken_at) {
        (_, Some(from)) => {
            let from = labels(from);
            format!("A model of your own is better than {name} from {from} on, by more than chance explains.")
        }
        (Some(from), None) => {
            let from = labels(from);
            format!("A model of your own is ahead of {name} from {from} on; with {most}, that may still be chance.")
        }
        (None, None) => format!("With {most} a model of your own is not ahead of {name}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::Label;
    use crate::sentiment::Scores;

    /// 200 texts, half positive and half negative, of which `right` in 200 are judged rightly.
    fn judged(right: usize) -> Vec<Judged> {
        (0..200)
            .map(|at| {
                let truth = if at % 2 == 0 { Label::Positive } else { Label::Negative };
                // Spread over both classes, the same ones first for all engines.
                let positive = (truth == Label::Positive) == (at * 7 % 200 < right);
                let scores = if positive { Scores::new(1.0, 0.0, 0.0, 0.0) } else { Scores::new(0.0, 1.0, 0.0, 0.0) };
                Judged::new(truth, scores.expect("a distribution"))
            })
            .collect()
    }

    fn some(judged: Vec<Judged>) -> Vec<Option<Judged>> {
        judged.into_iter().map(Some).collect()
    }

    #[test]
    fn a_model_overtakes_where_it_stays_ahead() {
        let texts = CurveTexts {
            points: vec![(62, judged(120)), (124, judged(100)), (248, judged(125)), (496, judged(180))],
            engines: vec![("weak".into(), some(judged(110))), ("strong".into(), some(judged(190)))],
        };
        let curve = Curve::of(&texts, 1);
        let [weak, strong] = curve.engines.as_slice() else { panic!("two engines") };
        assert_eq!(weak.overtaken_at, Some(248), "62 labels were ahead, 124 were not");
        assert!(weak.surely_overtaken_at.is_some() && strong.overtaken_at.is_none());
        assert!(curve.words.contains("With 496 labels a model of your own is not ahead of strong."), "{}", curve.words);
    }

    #[test]
    fn what_more_labels_would_do_is_said_only_as_surely_as_it_is_known() {
        let after = |before: usize, last: usize| {
            let points = vec![(992, judged(before)), (1984, judged(last))];
            Curve::of(&CurveTexts { points, engines: Vec::new() }, 1).words
        };
        let words = after(120, 180);
        assert!(words.starts_with("From 992 to 1,984 labels macro F1 moved by +0.3"), "{words}");
        assert!(words.contains("still rises"), "{words}");
        assert!(after(150, 150).contains("has gone flat"), "{}", after(150, 150));
        assert!(after(150, 152).contains("too few to tell"), "{}", after(150, 152));
    }

    #[test]
    fn texts_that_an_engine_did_not_score_are_left_out_of_its_comparison() {
        let mut partial = some(judged(100));
        partial[..100].fill(None);
        let texts = CurveTexts { points: vec![(62, judged(200))], engines: vec![("partial".into(), partial)] };
        let curve = Curve::of(&texts, 1);
        assert_eq!(curve.held_out, 200);
        assert!(curve.engines[0].last_point_ahead.is_some_and(|lead| lead.value > 0.0));
    }
}
