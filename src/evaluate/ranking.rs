//! Whether scores put things in the right order.

/// Area under the ROC curve: the chance that a text or call that is `true` has the higher score than one that is
/// not, ties counting half (Mann & Whitney 1947). Empty unless there are both. Scores that are not numbers sort
/// at the ends.
pub fn auc(scored: &[(f64, bool)]) -> Option<f64> {
    let ranks = ranks(&scored.iter().map(|(score, _)| *score).collect::<Vec<f64>>());
    let hits = scored.iter().filter(|(_, hit)| *hit).count() as f64;
    let misses = scored.len() as f64 - hits;
    let sum: f64 = ranks.iter().zip(scored).filter(|(_, (_, hit))| *hit).map(|(rank, _)| rank).sum();
    (hits > 0.0 && misses > 0.0).then(|| (sum - hits * (hits + 1.0) / 2.0) / (hits * misses))
}

/// Spearman's rank correlation: the correlation of the ranks, ties having their mean rank. Empty for fewer than
/// two pairs, or where one side does not vary.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let first: Vec<f64> = pairs.iter().map(|(first, _)| *first).collect();
    let second: Vec<f64> = pairs.iter().map(|(_, second)| *second).collect();
    let (first, second) = (ranks(&first), ranks(&second));
    // Ranks always have this mean, ties or not.
    let mean = f64::midpoint(pairs.len() as f64, 1.0);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let spread = (product(&first, &first) * product(&second, &second)).sqrt();
    (spread > 0.0).then(|| product(&first, &second) / spread)
}

/// The rank of each number, from 1; equal numbers share the mean of their ranks.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut first = 0;
    for tied in order.chunk_by(|a, b| numbers[*a].total_cmp(&numbers[*b]).is_eq()) {
        let rank = first as f64 + f64::midpoint(tied.len() as f64, 1.0);
        for at in tied {
            ranks[*at] = rank;
        }
        first += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let scored = [(0.9, true), (0.4, true), (0.4, false), (0.1, false)];
        // Pairs: .9 beats both, .4 ties one and beats the other: 3.5 of 4.
        assert_eq!(auc(&scored), Some(0.875));
        assert_eq!(auc(&[(0.9, true)]), None);
    }

    #[test]
    fn correlation_of_ranks_with_ties() {
        assert_eq!(spearman(&[(1.0, 10.0), (2.0, 20.0), (3.0, 90.0)]), Some(1.0));
        assert_eq!(spearman(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), Some(-1.0));
        assert_eq!(spearman(&[(1.0, 3.0), (1.0, 2.0)]), None);
        let tied = spearman(&[(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (3.0, 4.0)]).expect("both vary");
        assert!((tied - 4.5 / (4.5_f64 * 5.0).sqrt()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn turning_the_scores_turns_the_area(scored in prop::collection::vec((-5i32..5, any::<bool>()), 2..40)) {
            let up: Vec<(f64, bool)> = scored.iter().map(|(s, hit)| (f64::from(*s), *hit)).collect();
            let down: Vec<(f64, bool)> = scored.iter().map(|(s, hit)| (-f64::from(*s), *hit)).collect();
            if let (Some(up), Some(down)) = (auc(&up), auc(&down)) {
                prop_assert!((up + down - 1.0).abs() < 1e-9);
            }
        }
    }
}
