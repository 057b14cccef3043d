//! Answers of a model of one's own as scores, by what its labels mean; and what is odd about answers that give none.

#![cfg_attr(
    not(feature = "sagemaker"),
    allow(dead_code, reason = "containers, which answer in more shapes, are asked in builds with sagemaker")
)]

use super::{Labels, Numbers};
use crate::sentiment::{Label, Scores};

/// Why an answer gives no scores. Labels stand in messages only of the probe, whose texts are no customer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// A label that no setting gives a class.
    UnknownLabel(String),
    /// Only the likeliest class came.
    BestClassOnly,
    /// The probabilities do not sum to 1.
    NoDistribution,
    /// Numbers without names, and the settings give no order.
    NoOrder,
    /// Another number of probabilities than there are labels.
    OtherNumber,
    /// Nothing that is known as an answer for a text.
    Unreadable,
    /// Another number of answers than texts.
    OtherCount,
}

impl Oddity {
    /// The code of a document that has no scores for it.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::UnknownLabel(_) => "unknown_label",
            Self::BestClassOnly => "best_class_only",
            Self::NoDistribution => "no_distribution",
            Self::NoOrder => "numbers_without_names",
            Self::OtherNumber => "other_number_of_classes",
            Self::Unreadable => "unreadable_answer",
            Self::OtherCount => "other_number_of_answers",
        }
    }
}

impl Labels {
    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Their names.
    #[cfg(feature = "comprehend")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str()).filter(|name| !name.is_empty())
    }

    /// The same text for the same meaning.
    pub(crate) fn canonical(&self) -> String {
        let entries = self.entries.iter().map(|(name, label)| format!("{name}={label}", label = label.as_str()));
        let mut entries: Vec<String> = entries.collect();
        if !self.is_ordered {
            entries.sort();
        }
        entries.join(",")
    }

    fn class(&self, name: &str) -> Option<Label> {
        let named = |wanted: &str| self.entries.iter().find(|(known, _)| known == wanted).map(|(_, label)| *label);
        // As fastText names labels.
        named(name).or_else(|| named(name.strip_prefix("__label__")?))
    }

    /// The scores of probabilities by name.
    ///
    /// # Errors
    /// The [`Oddity`] that gives none.
    pub(crate) fn scores_of_named(&self, given: &[(&str, f64)], numbers: Numbers) -> Result<Scores, Oddity> {
        let classes =
            given.iter().map(|(name, _)| self.class(name).ok_or_else(|| Oddity::UnknownLabel((*name).to_owned())));
        let classes = classes.collect::<Result<Vec<_>, _>>()?;
        let values: Vec<f64> = given.iter().map(|(_, value)| *value).collect();
        let is_partial = given.len() < self.len();
        scores_of(&classes, &values, numbers).map_err(|oddity| if is_partial { Oddity::BestClassOnly } else { oddity })
    }

    /// The scores of numbers in the model's order.
    ///
    /// # Errors
    /// The [`Oddity`] that gives none.
    pub(crate) fn scores_of_numbers(&self, values: &[f64], numbers: Numbers) -> Result<Scores, Oddity> {
        if !self.is_ordered {
            return Err(Oddity::NoOrder);
        }
        if values.len() != self.len() {
            return Err(Oddity::OtherNumber);
        }
        let classes: Vec<Label> = self.entries.iter().map(|(_, label)| *label).collect();
        scores_of(&classes, values, numbers)
    }
}

/// The scores of numbers whose classes are known.
fn scores_of(classes: &[Label], values: &[f64], numbers: Numbers) -> Result<Scores, Oddity> {
    let values = match numbers {
        Numbers::Probabilities => values.to_vec(),
        Numbers::Logits => softmax(values),
    };
    let mut sums = [0.0; 4];
    for (class, value) in classes.iter().zip(values) {
        // Each by itself, so that none makes up for another.
        if !(-1e-6..=1.0 + 1e-6).contains(&value) {
            return Err(Oddity::NoDistribution);
        }
        sums[class.index()] += value.clamp(0.0, 1.0);
    }
    let of = |label: Label| sums[label.index()].min(1.0);
    let scores = Scores::new(of(Label::Positive), of(Label::Negative), of(Label::Neutral), of(Label::Mixed));
    scores.map_err(|_| Oddity::NoDistribution)
}

fn softmax(values: &[f64]) -> Vec<f64> {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = values.iter().map(|value| libm::exp(value - most)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Value as _;
    use Numbers::{Logits, Probabilities};

    fn labels(text: &str) -> Labels {
        Labels::from_toml(&toml::from_str::<toml::Table>(&format!("labels = {text}")).unwrap()["labels"]).unwrap()
    }

    #[test]
    fn the_canonical_text_keeps_names_with_signs_and_the_order() {
        assert_eq!(Labels::parse("a=b=positive, negative").unwrap().canonical(), "a=b=positive,=negative");
    }

    #[test]
    fn labels_sum_up_by_class_and_a_class_without_a_label_gets_nothing() {
        let stars = labels("{ '1 star' = 'negative', '2 stars' = 'negative', '5 stars' = 'positive' }");
        let given = [("5 stars", 0.5), ("1 star", 0.2), ("2 stars", 0.3)];
        let scores = stars.scores_of_named(&given, Probabilities).unwrap();
        assert_eq!((scores.positive, scores.negative, scores.neutral), (0.5, 0.5, 0.0));
        let fast = labels("{ neg = 'negative', pos = 'positive' }");
        assert!(fast.scores_of_named(&[("__label__neg", 0.9), ("__label__pos", 0.1)], Probabilities).is_ok());
    }

    #[test]
    fn what_gives_no_scores_is_told_apart() {
        let two = labels("['NEG=negative', 'POS=positive']");
        let named = |given: &[(&str, f64)]| two.scores_of_named(given, Probabilities).unwrap_err();
        assert_eq!(named(&[("POS", 0.7), ("LABEL_1", 0.3)]), Oddity::UnknownLabel("LABEL_1".into()));
        assert_eq!(named(&[("POS", 0.7)]), Oddity::BestClassOnly);
        assert_eq!(named(&[("POS", 0.7), ("NEG", 0.7)]), Oddity::NoDistribution);
        assert_eq!(named(&[("POS", 1.7), ("NEG", -0.7)]), Oddity::NoDistribution);
        assert_eq!(named(&[("POS", f64::NAN), ("NEG", 0.7)]), Oddity::NoDistribution);
        assert_eq!(two.scores_of_numbers(&[0.1, 0.2, 0.7], Probabilities), Err(Oddity::OtherNumber));
        let unordered = labels("{ NEG = 'negative', POS = 'positive' }");
        assert_eq!(unordered.scores_of_numbers(&[0.1, 0.9], Probabilities), Err(Oddity::NoOrder));
    }

    #[test]
    fn logits_become_probabilities() {
        let two = labels("['negative', 'positive']");
        let scores = two.scores_of_numbers(&[-1.0, 1.0], Logits).unwrap();
        assert!((scores.positive - 0.880_797).abs() < 1e-5, "{scores:?}");
        assert!(two.scores_of_numbers(&[1000.0, -1000.0], Logits).is_ok());
    }
}
