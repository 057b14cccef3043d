//! Values of which many are equal, as the numbers of agents with few calls are: what follows from a value is
//! computed once for all that are equal, and still read in the order of the agents, so that sums have the same bits.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// The different values of a list, and which of them stands at each place.
pub(super) struct Distinct<T> {
    values: Vec<T>,
    places: Vec<usize>,
}

impl<T: Copy> Distinct<T> {
    /// `bits` are equal for values that are.
    pub(super) fn of<K: Hash + Eq>(all: impl IntoIterator<Item = T>, bits: impl Fn(&T) -> K) -> Self {
        let mut known = FxHashMap::default();
        let mut values = Vec::new();
        let place = |value: T| {
            *known.entry(bits(&value)).or_insert_with(|| {
                values.push(value);
                values.len() - 1
            })
        };
        let places = all.into_iter().map(place).collect();
        Self { values, places }
    }

    /// What `compute` makes of each value, in the order of the list.
    pub(super) fn each<U: Copy>(&self, compute: impl Fn(&T) -> U) -> impl Iterator<Item = U> {
        let computed: Vec<U> = self.values.iter().map(compute).collect();
        self.places.iter().map(move |place| computed[*place])
    }
}
