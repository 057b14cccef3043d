//! Whether probabilities mean what they say: of the texts called 70 % sure, are 70 % right?

use serde::Serialize;

/// One bin of a reliability table.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Bin {
    /// The least confidence in it; the next bin's is where it ends.
    pub from: f64,
    /// Texts in it.
    pub texts: u64,
    /// What those stand for.
    #[serde(skip)]
    weight: u64,
    /// Mean confidence of its texts; 0 without texts.
    pub confidence: f64,
    /// Share of its texts that are right; 0 without texts.
    pub accuracy: f64,
}

/// Sorts texts, given as confidence in [0, 1], whether it was right, and what the text stands for, into `bins` of equal width.
pub fn reliability(texts: &[(f64, bool, u64)], bins: usize) -> Vec<Bin> {
    let width = 1.0 / bins.max(1) as f64;
    let mut table: Vec<Bin> = (0..bins).map(|bin| Bin { from: bin as f64 * width, ..Bin::default() }).collect();
    for &(confidence, right, weight) in texts {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence is within 0 and 1")]
        let at = ((confidence * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some(bin) = table.get_mut(at) {
            bin.texts += 1;
            bin.weight += weight;
            bin.confidence += weight as f64 * confidence;
            bin.accuracy += if right { weight as f64 } else { 0.0 };
        }
    }
    for bin in table.iter_mut().filter(|bin| bin.texts > 0) {
        bin.confidence /= bin.weight as f64;
        bin.accuracy /= bin.weight as f64;
    }
    table
}

/// Expected calibration error (Naeini, Cooper & Hauskrecht 2015): the gap between confidence and accuracy, averaged
/// over the texts. Empty without texts.
pub fn calibration_error(table: &[Bin]) -> Option<f64> {
    let weight: u64 = table.iter().map(|bin| bin.weight).sum();
    let gap: f64 = table.iter().map(|bin| bin.weight as f64 * (bin.confidence - bin.accuracy).abs()).sum();
    (weight > 0).then(|| gap / weight as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_confidence_has_no_error() {
        let texts: Vec<(f64, bool, u64)> = (0..100).map(|i| (0.75, i % 4 != 0, 1)).collect();
        let table = reliability(&texts, 10);
        assert_eq!(table[7].texts, 100);
        assert!(calibration_error(&table).is_some_and(|error| error < 1e-12));
    }

    #[test]
    fn the_error_is_the_gap_averaged_over_texts() {
        let texts = [(0.95, false, 1), (0.95, true, 1), (1.0, true, 1), (0.55, true, 1)];
        let error = calibration_error(&reliability(&texts, 10)).expect("texts");
        // Bin .9: confidence .9667, accuracy .6667, three texts; bin .5: gap .45, one text.
        assert!((error - (3.0 * 0.3 + 0.45) / 4.0).abs() < 1e-9, "{error}");
    }

    #[test]
    fn a_text_counts_for_as_many_as_it_stands_for() {
        let weighted = reliability(&[(0.95, false, 2), (0.95, true, 1), (0.55, true, 3)], 10);
        let repeated = [(0.95, false, 1), (0.95, false, 1), (0.95, true, 1)].into_iter().chain([(0.55, true, 1); 3]);
        let repeated = reliability(&repeated.collect::<Vec<_>>(), 10);
        let gap = |table: &[Bin]| calibration_error(table).expect("texts");
        assert!((gap(&weighted) - gap(&repeated)).abs() < 1e-12);
        assert_eq!((weighted[9].texts, repeated[9].texts), (2, 3));
    }

    #[test]
    fn no_texts_have_no_error() {
        assert_eq!(calibration_error(&reliability(&[], 10)), None);
    }
}
