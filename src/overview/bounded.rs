//! Sums by a key that may have any number of values: those that come first in order are kept apart.
//!
//! What is kept does not depend on the order of arrival: a key that was once put to the rest has enough smaller
//! ones before it for ever.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// A map of a bounded number of keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "K: Deserialize<'de> + Ord, V: Deserialize<'de>"))]
pub(crate) struct Bounded<K, V> {
    kept: BTreeMap<K, V>,
    /// What all other keys come to.
    pub(crate) rest: V,
}

impl<K: Ord, V: Default + AddAssign> Bounded<K, V> {
    /// Changes what belongs to `key`, where the first `most` keys are kept apart.
    pub(crate) fn add<Q>(&mut self, most: usize, key: &Q, change: impl FnOnce(&mut V))
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(value) = self.kept.get_mut(key) {
            return change(value);
        }
        if self.kept.len() >= most {
            match self.kept.last_entry() {
                Some(last) if last.key().borrow() > key => self.rest += last.remove(),
                _ => return change(&mut self.rest),
            }
        }
        change(self.kept.entry(key.to_owned()).or_default());
    }

    /// Adds what another map with the same bound holds: the same as if all had been added to one.
    pub(super) fn merge(&mut self, most: usize, other: Self)
    where
        K: Clone,
    {
        for (key, value) in other.kept {
            self.add(most, &key, |own| *own += value);
        }
        self.rest += other.rest;
    }

    /// What was kept apart, in the order of the keys.
    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_arrival_leaves_no_trace(mut keys in proptest::collection::vec("[a-f]", 0..40)) {
            let sums = |keys: &[String]| {
                let mut sums = Bounded::<String, u64>::default();
                for key in keys {
                    sums.add(3, key.as_str(), |count| *count += 1);
                }
                sums
            };
            let arrived = sums(&keys);
            prop_assert_eq!(arrived.kept.values().sum::<u64>() + arrived.rest, keys.len() as u64);
            keys.sort();
            prop_assert_eq!(&sums(&keys), &arrived);
            keys.dedup();
            prop_assert!(keys.iter().take(3).eq(arrived.kept.keys()));
        }

        #[test]
        fn two_maps_merge_to_the_map_of_all(keys in proptest::collection::vec("[a-f]", 0..40), cut in 0..41_usize) {
            let sums = |keys: &[String]| {
                let mut sums = Bounded::<String, u64>::default();
                for key in keys {
                    sums.add(3, key.as_str(), |count| *count += 1);
                }
                sums
            };
            let (one, other) = keys.split_at(cut.min(keys.len()));
            let mut merged = sums(one);
            merged.merge(3, sums(other));
            prop_assert_eq!(merged, sums(&keys));
        }
    }
}
