//! VADER on clauses, read as four probabilities.
//!
//! VADER (Hutto & Gilbert 2014) gives a compound score in [−1, 1]. Two things are missing from it: probabilities,
//! and the mixed text whose halves cancel out. The mapping used here:
//!
//! ```text
//! c        compound of the whole text
//! p, n     highest compound over the clauses, highest −compound over the clauses, each at least 0
//! m        min(p, n)²                                    probability of MIXED
//! P, N, U  (1 − m) · softmax(4c − 1, −4c − 1, 0)
//! ```
//!
//! With it the label turns at |c| near 0.2, the neutral band of the human raters that VADER was fitted to.

use vader_parity::SentimentIntensityAnalyzer;

use super::LocalModel;
use crate::model::clauses;
use crate::sentiment::Scores;

/// How fast the classes part with the compound.
const SLOPE: f64 = 4.0;
/// What a feeling must overcome before it outweighs neutral.
const THRESHOLD: f64 = 1.0;

/// The VADER lexicon and rules, applied to a text and to its clauses.
pub struct VaderClauses {
    analyzer: SentimentIntensityAnalyzer,
}

impl VaderClauses {
    /// Loads the lexicon.
    pub fn new() -> Self {
        Self { analyzer: SentimentIntensityAnalyzer::new() }
    }

    /// The highest compound over the clauses and the highest of its opposite, each at least 0.
    fn extremes(&self, text: &str, whole: f64) -> (f64, f64) {
        let mut parts = clauses(text);
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
            return (whole.max(0.0), (-whole).max(0.0));
        };
        [first, second].into_iter().chain(parts).fold((0.0, 0.0), |(highest, lowest), clause| {
            let compound = self.analyzer.polarity_scores(clause).compound;
            (compound.max(highest), (-compound).max(lowest))
        })
    }
}

impl Default for VaderClauses {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalModel for VaderClauses {
    fn version(&self) -> &'static str {
        "vader-3.3.2-clauses-1"
    }

    fn score(&self, text: &str) -> Scores {
        let compound = self.analyzer.polarity_scores(text).compound;
        let (positive, negative) = self.extremes(text, compound);
        scores(compound, positive.min(negative))
    }
}

/// The mapping of the module's header: `compound` of the whole text, `opposed` = min(p, n) over its clauses.
fn scores(compound: f64, opposed: f64) -> Scores {
    let mixed = opposed * opposed;
    // libm, not the platform's mathematics: the same bits on every machine.
    let positive = libm::exp(SLOPE * compound - THRESHOLD);
    let negative = libm::exp(-SLOPE * compound - THRESHOLD);
    let share = (1.0 - mixed) / (positive + negative + 1.0);
    Scores::new(positive * share, negative * share, share, mixed)
        .expect("a softmax times 1 − m, with m in [0, 1], is a distribution")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn praise_complaint_and_fact_get_their_class() {
        let model = VaderClauses::new();
        assert!(model.score("This is great, thank you so much!").positive > 0.8);
        assert!(model.score("This is horrible, I hate it.").negative > 0.8);
        assert!(model.score("The parcel has number 7.").neutral > 0.5);
    }

    #[test]
    fn opposed_clauses_are_mixed() {
        let model = VaderClauses::new();
        let mixed = model.score("The agent was wonderful, but the product is horrible and awful.");
        let plain = model.score("The agent was wonderful and the product is great.");
        assert!(mixed.mixed > 0.3, "{mixed:?}");
        assert!(plain.mixed < 0.01, "{plain:?}");
    }

    #[test]
    fn the_mapping_is_symmetric() {
        let (up, down) = (scores(0.6, 0.2), scores(-0.6, 0.2));
        assert_eq!((up.positive, up.negative, up.neutral), (down.negative, down.positive, down.neutral));
    }

    proptest! {
        #[test]
        fn any_text_has_scores_and_the_same_ones_again(text in ".{0,80}") {
            static MODEL: std::sync::LazyLock<VaderClauses> = std::sync::LazyLock::new(VaderClauses::new);
            let model = &*MODEL;
            prop_assert_eq!(model.score(&text), model.score(&text));
        }

        #[test]
        fn a_higher_compound_never_lowers_the_score(a in -1.0f64..1.0, b in -1.0f64..1.0, m in 0.0f64..1.0) {
            let value = |c: f64| { let s = scores(c, m); s.positive - s.negative };
            prop_assert!(value(a.max(b)) >= value(a.min(b)) - 1e-6);
        }
    }
}
