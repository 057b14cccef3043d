//! The classes of an answer, as scores.
//!
//! The service may leave classes out. One that is missing has what the others leave of 1; several share it evenly.

use serde::Deserialize;

use crate::engine::labels::{Labels, Numbers, Oddity};
use crate::sentiment::Scores;

/// How far the classes that came may sum to more than 1.
const OVER: f64 = 0.02;

/// An answer's body. Every field may be missing.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Classified {
    /// Of a classifier whose classes exclude each other.
    classes: Option<Vec<Class>>,
    /// Of a classifier of independent labels.
    labels: Option<Vec<Class>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Class {
    name: Option<String>,
    score: Option<f64>,
}

impl Classified {
    /// The scores; `labels` are those that the classifier was trained on.
    ///
    /// # Errors
    /// The [`Oddity`] that gives none.
    pub(super) fn scores(&self, labels: &Labels) -> Result<Scores, Oddity> {
        if self.has_independent_labels() {
            return Err(Oddity::NoDistribution);
        }
        let given = self.classes.iter().flatten().map(|class| Some((class.name.as_deref()?, class.score?)));
        let mut given =
            given.collect::<Option<Vec<_>>>().filter(|given| !given.is_empty()).ok_or(Oddity::Unreadable)?;
        let left = 1.0 - given.iter().map(|(_, score)| score).sum::<f64>();
        let named: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
        let missing: Vec<&str> = labels.names().filter(|name| !named.contains(name)).collect();
        if !missing.is_empty() && left > -OVER {
            let share = left.max(0.0) / missing.len() as f64;
            given.extend(missing.into_iter().map(|name| (name, share)));
        }
        let scores = labels.scores_of_named(&given, Numbers::Probabilities);
        scores.map_err(|oddity| if oddity == Oddity::BestClassOnly { Oddity::NoDistribution } else { oddity })
    }

    /// How many of the classifier's classes are missing.
    #[cfg(feature = "jobs")]
    pub(super) fn missing(&self, labels: &Labels) -> usize {
        labels.len().saturating_sub(self.classes.as_ref().map_or(0, Vec::len))
    }

    /// Whether it is of a classifier of independent labels.
    pub(super) fn has_independent_labels(&self) -> bool {
        self.classes.is_none() && self.labels.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Value as _;

    fn scores(body: &str) -> Result<[f32; 3], Oddity> {
        let labels = Labels::parse("glad=positive,cross=negative,plain=neutral").unwrap();
        let answer: Classified = serde_json::from_str(body).unwrap();
        answer.scores(&labels).map(|scores| [scores.positive, scores.negative, scores.neutral])
    }

    #[test]
    fn what_is_left_goes_to_classes_that_are_missing() {
        let all =
            r#"{"Classes":[{"Name":"glad","Score":0.5},{"Name":"cross","Score":0.25},{"Name":"plain","Score":0.25}]}"#;
        assert_eq!(scores(all), Ok([0.5, 0.25, 0.25]));
        assert_eq!(
            scores(r#"{"Classes":[{"Name":"glad","Score":0.5},{"Name":"plain","Score":0.25}]}"#),
            Ok([0.5, 0.25, 0.25])
        );
        assert_eq!(scores(r#"{"Classes":[{"Name":"glad","Score":0.5}]}"#), Ok([0.5, 0.25, 0.25]));
        assert_eq!(scores(r#"{"Classes":[{"Name":"glad","Score":1.0}]}"#), Ok([1.0, 0.0, 0.0]));
    }

    #[test]
    fn what_gives_no_scores_is_told_apart() {
        let unknown = r#"{"Classes":[{"Name":"billing","Score":0.9}]}"#;
        assert_eq!(scores(unknown), Err(Oddity::UnknownLabel("billing".into())));
        assert_eq!(scores(r#"{"Labels":[{"Name":"glad","Score":0.9}]}"#), Err(Oddity::NoDistribution));
        assert_eq!(
            scores(r#"{"Classes":[{"Name":"glad","Score":0.9},{"Name":"cross","Score":0.9}]}"#),
            Err(Oddity::NoDistribution)
        );
        for body in ["{}", r#"{"Classes":[]}"#, r#"{"Classes":[{"Name":"glad"}]}"#] {
            assert_eq!(scores(body), Err(Oddity::Unreadable), "{body}");
        }
    }
}
