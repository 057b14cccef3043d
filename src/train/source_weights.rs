//! What n-grams mean in one source alone: learned beside what they mean everywhere, and thrown away.
//!
//! A word may be praise among film reviews and nothing elsewhere. Without a place of its own such a meaning would be
//! charged to the weights that all sources share, which are the ones that ship; with it, those keep what sources
//! agree on. Shared weights and weights by source beside them are Daumé's (2007) adaptation; both in few buckets,
//! by hashing source and n-gram together, are Weinberger et al.'s (2009): memory does not grow with the sources.

use super::weight::Weight;

/// Weights as a power of two: enough for the n-grams of 100,000 texts with few collisions, in 64 MiB.
const BITS: u32 = 22;

/// Weights of n-grams within single sources.
pub(crate) struct SourceWeights {
    weights: Vec<Weight>,
}

impl SourceWeights {
    /// No weights.
    pub(crate) fn zero() -> Self {
        Self { weights: vec![Weight::at([0.0; 2]); 1 << BITS] }
    }

    /// What a bucket weighs in a source, towards positive and towards negative.
    pub(crate) fn weight(&self, source: usize, bucket: u32) -> [f32; 2] {
        self.weights[place(source, bucket)].sides
    }

    /// One step down the gradient, pulled to nothing.
    pub(crate) fn step(&mut self, source: usize, bucket: u32, gradient: [f32; 2], pull: f32, rate: f32) {
        let weight = &mut self.weights[place(source, bucket)];
        let pulled = |side: usize| gradient[side] + pull * weight.sides[side];
        weight.step([pulled(0), pulled(1)], rate);
    }
}

/// The place of a bucket in a source: multiplicative hashing.
const fn place(source: usize, bucket: u32) -> usize {
    let key = (source as u64) << 32 | bucket as u64;
    let mixed = (key ^ (key >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_weight_in_each_source() {
        let mut own = SourceWeights::zero();
        own.step(0, 7, [1.0, 0.0], 0.0, 0.1);
        assert!(own.weight(0, 7)[0] < 0.0 && own.weight(0, 7)[1] == 0.0);
        assert_eq!((own.weight(1, 7), own.weight(0, 8)), ([0.0; 2], [0.0; 2]));
    }

    #[test]
    fn few_buckets_share_a_cell() {
        let places: std::collections::HashSet<usize> =
            (0..10).flat_map(|source| (0..20_000).map(move |bucket| place(source, bucket * 52))).collect();
        assert!(places.len() > 180_000, "{} cells for 200,000", places.len());
    }
}
