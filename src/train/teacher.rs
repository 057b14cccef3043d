//! A model that learns from another one's scores: the probabilities of a service that were paid for, instead of labels of people.
//!
//! What is learned are the teacher's probabilities, not its labels: by the cross entropy with soft labels (Hinton, Vinyals & Dean 2015,
//! arXiv:1503.02531, at a temperature of 1). A fifth of the texts, by a hash of their words, is held out; on those the student's labels are held
//! against the teacher's, after an eighth, a quarter, half and all of the others. The model that ships learns from all.
//!
//! Agreement is Cohen's κ with quadratic weights (Fleiss & Cohen 1973): labels lie at −1 (negative), 0 (neutral and mixed) and 1
//! (positive), and a disagreement counts by the square of the distance.

use super::{LabelledText, Options, Source, TrainError, Trained, as_spoken, train};
use crate::evaluate::{Interval, interval};
use crate::model::{Model, hash};
use crate::random::Random;
use crate::sentiment::{Label, Scores};

/// Texts from which on there is something to hold out and to learn.
const LEAST_TEXTS: usize = 250;

/// One text of so many is held out.
const HELD_OUT: u64 = 5;

/// Parts of the texts that are learned from, of 8.
const EIGHTHS: [usize; 4] = [1, 2, 4, 8];

/// A text with the teacher's scores.
#[derive(Clone)]
pub struct TaughtText {
    /// The words.
    pub text: String,
    /// The teacher's.
    pub scores: Scores,
}

impl std::fmt::Debug for TaughtText {
    /// Shows the length of the text, never the words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TaughtText({} bytes)", self.text.len())
    }
}

/// How a student that learned from so many texts agrees with the teacher on those held out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lesson {
    /// Texts learned from.
    pub texts: usize,
    /// Weighted κ; `None` where both give one label to all.
    pub kappa: Option<Interval>,
    /// The share of texts with the same label.
    pub same: Option<Interval>,
}

/// What a student learned.
#[derive(Debug, Clone)]
pub struct Student {
    /// The model, which learned from all texts.
    pub trained: Trained,
    /// Texts held out.
    pub held_out: usize,
    /// By the number of texts learned from.
    pub lessons: Vec<Lesson>,
}

/// Trains a model on a teacher's scores, beginning at `base` if there is one.
///
/// # Errors
/// [`TrainError`] below 250 texts, or where the teacher gives all the same label.
pub fn learn(texts: &[TaughtText], base: Option<&Model>, options: &Options) -> Result<Student, TrainError> {
    if texts.len() < LEAST_TEXTS {
        return Err(TrainError::TooFewTaught { texts: texts.len(), least: LEAST_TEXTS });
    }
    let mut order: Vec<(u64, usize)> =
        texts.iter().enumerate().map(|(at, text)| (place(text, options.seed), at)).collect();
    order.sort_unstable();
    let (held_out, others): (Vec<usize>, Vec<usize>) = {
        let (held, others): (Vec<_>, Vec<_>) = order.iter().partition(|(place, _)| place % HELD_OUT == 0);
        let texts = |list: Vec<&(u64, usize)>| list.into_iter().map(|(_, at)| *at).collect::<Vec<usize>>();
        (texts(held.iter().collect()), texts(others.iter().collect()))
    };
    let mut lessons = Vec::new();
    for eighths in EIGHTHS {
        let part = &others[..others.len() * eighths / 8];
        match train(&[source(texts, part)], base, options) {
            Ok(trained) => lessons.push(lesson(texts, &held_out, part.len(), &trained, options.seed)),
            // A small part may hold too little; all of them may not.
            Err(_) if eighths < 8 => {}
            Err(error) => return Err(error),
        }
    }
    let all: Vec<usize> = (0..texts.len()).collect();
    Ok(Student { trained: train(&[source(texts, &all)], base, options)?, held_out: held_out.len(), lessons })
}

/// Where a text stands: texts of the same words at the same place, so that none of them is held out while another one is learned.
fn place(text: &TaughtText, seed: u64) -> u64 {
    Random::new(hash::of(as_spoken(&text.text).as_bytes()) ^ seed).bits()
}

/// The texts at these places, with the teacher's label and probabilities.
fn source<'t>(texts: &'t [TaughtText], places: &[usize]) -> Source<'t> {
    let of = |at: &usize| {
        let TaughtText { text, scores } = &texts[*at];
        LabelledText { text, label: scores.label(), scores: Some(*scores), weight: 1.0 }
    };
    Source { name: "teacher".to_owned(), texts: places.iter().map(of).collect() }
}

fn lesson(texts: &[TaughtText], held_out: &[usize], learned: usize, trained: &Trained, seed: u64) -> Lesson {
    let model = Model::from_bytes(trained.bytes.clone()).expect("training writes models that can be read");
    let pair = |at: &usize| (texts[*at].scores.label(), model.score(&texts[*at].text).label());
    let pairs: Vec<(Label, Label)> = held_out.iter().map(pair).collect();
    let at = |places: &[usize]| places.iter().map(|place| pairs[*place]).collect::<Vec<_>>();
    Lesson {
        texts: learned,
        kappa: interval(pairs.len(), seed, |places| weighted_kappa(&at(places))),
        same: interval(pairs.len(), seed, |places| {
            let same = at(places).iter().filter(|(teacher, student)| teacher == student).count();
            (!places.is_empty()).then(|| same as f64 / places.len() as f64)
        }),
    }
}

/// κ = 1 − Σ(i − j)²·observed / Σ(i − j)²·expected by chance; `None` where chance leaves no disagreement.
pub fn weighted_kappa(pairs: &[(Label, Label)]) -> Option<f64> {
    let side = |label: Label| match label {
        Label::Negative => -1.0,
        Label::Neutral | Label::Mixed => 0.0,
        Label::Positive => 1.0,
    };
    let count = pairs.len() as f64;
    let (mut first, mut second, mut squares, mut observed) = (0.0, 0.0, 0.0, 0.0);
    for (one, other) in pairs {
        let (one, other) = (side(*one), side(*other));
        first += one;
        second += other;
        squares += one * one + other * other;
        observed += (one - other) * (one - other);
    }
    // Over all pairs of one list with the other, Σ(i − j)² is Σi² + Σj² − 2ΣiΣj/n.
    let expected = squares - 2.0 * first * second / count;
    (count > 0.0 && expected > 0.0).then(|| 1.0 - observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Label = Label::Positive;
    const N: Label = Label::Negative;
    const U: Label = Label::Neutral;

    #[test]
    fn kappa_is_one_for_the_same_labels_none_by_chance_and_less_for_opposite_ones() {
        assert_eq!(weighted_kappa(&[(P, P), (N, N), (U, U)]), Some(1.0));
        assert_eq!(weighted_kappa(&[(P, N), (N, P)]), Some(-1.0));
        assert_eq!((weighted_kappa(&[]), weighted_kappa(&[(P, P), (P, P)])), (None, None));
        let by_chance: Vec<(Label, Label)> =
            [P, N, U].into_iter().flat_map(|one| [P, N, U].map(|other| (one, other))).collect();
        assert!(weighted_kappa(&by_chance).is_some_and(|kappa| kappa.abs() < 1e-12));
        // Observed 1 of 4; expected ½·4 of the pairs (P, P), (N, N), (U, U), (P, U): sums 2−1=1 and 1−1=0, squares 3+2.
        let near = weighted_kappa(&[(P, P), (N, N), (U, U), (P, U)]).expect("two labels");
        assert!((near - (1.0 - 1.0 / 5.0)).abs() < 1e-12, "{near}");
        assert_eq!(weighted_kappa(&[(U, Label::Mixed), (P, P)]), Some(1.0), "both are neither side");
    }

    fn taught(count: usize) -> Vec<TaughtText> {
        let words = [("lovely", 0.8, 0.05), ("broken", 0.05, 0.8), ("parcel", 0.1, 0.1)];
        let text = |number: usize| {
            let (word, positive, negative) = words[number % 3];
            let scores = Scores::new(positive, negative, 1.0 - positive - negative, 0.0).expect("a distribution");
            TaughtText { text: format!("the {word} thing {number} of {}", number * 7), scores }
        };
        (0..count).map(text).collect()
    }

    #[test]
    fn a_student_agrees_with_its_teacher_on_texts_that_it_has_not_seen() {
        let options = Options { bits: 12, ..Options::default() };
        let student = learn(&taught(600), None, &options).expect("enough texts");
        assert!((80..160).contains(&student.held_out), "{}", student.held_out);
        let texts: Vec<usize> = student.lessons.iter().map(|lesson| lesson.texts).collect();
        assert_eq!(texts.last(), Some(&(600 - student.held_out)));
        assert!(texts.is_sorted() && texts.len() >= 3, "{texts:?}");
        let last = student.lessons.last().and_then(|lesson| lesson.kappa).expect("labels differ");
        assert!(last.value > 0.9 && last.low <= last.value && last.value <= last.high, "{last:?}");
        let model = Model::from_bytes(student.trained.bytes).expect("a model");
        let scores = model.score("the lovely thing");
        assert!((0.7..0.9).contains(&scores.positive), "as sure as the teacher: {scores:?}");
    }

    #[test]
    fn few_texts_and_a_teacher_of_one_label_teach_nothing() {
        let options = Options { bits: 12, ..Options::default() };
        assert!(matches!(learn(&taught(249), None, &options), Err(TrainError::TooFewTaught { texts: 249, .. })));
        let mut alike = taught(300);
        for text in &mut alike {
            text.scores = Scores::new(0.5, 0.3, 0.2, 0.0).expect("a distribution");
        }
        let refused = learn(&alike, None, &options).err();
        assert_eq!(refused, Some(TrainError::OneClass { label: Label::Positive }));
    }
}
