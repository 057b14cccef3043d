//! A run in parts: which calls a shard scores, what it leaves, and how parts become the run that they are parts of.
//!
//! Every shard reads all inputs, so that what a call takes from the others (languages, names of roles) is the same in
//! each, and keeps the calls whose ids hash to its number. A part holds rows in the order of their keys, and exact
//! sums: [`Merged`] is what one run over all calls would have made, whatever the order of the parts.

mod agree;
mod merged;
mod part;

use std::fmt;
use std::str::FromStr;

pub(crate) use merged::Merged;
pub(crate) use part::{PartSums, write};

use crate::settings::{Cost, Settings};
use crate::transcript::Call;

/// Most shards of a run: as many files are open when they are merged.
const MOST: u32 = 512;

/// A part of a run, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub(crate) number: u32,
    /// How many there are.
    pub(crate) of: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) && of <= MOST => Ok(Self { number, of }),
            _ => Err(format!("expected NUMBER/COUNT such as 3/16: a number from 1 on, of at most {MOST} shards")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Whether the call of this id is the shard's: the first 8 bytes of the id's BLAKE3, as a little-endian number, modulo
    /// the number of shards, is one less than the shard's number.
    fn holds(self, call_id: &str) -> bool {
        let hash = blake3::hash(call_id.as_bytes());
        let first = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        first % u64::from(self.of) == u64::from(self.number - 1)
    }

    /// The shard's share of what is set for the whole run: its budget and its rate.
    pub(crate) fn share_of(self, mut settings: Settings) -> Settings {
        settings.change(|cost: &mut Cost| {
            cost.max = cost.max.map(|dollars| dollars / f64::from(self.of));
            cost.max_units = cost.max_units.map(|units| units / u64::from(self.of));
        });
        (settings.engine().share)(settings, self.of)
    }
}

/// The calls of a shard among all calls; all of them without one.
pub(crate) struct OfShard<C> {
    /// All calls.
    pub(crate) calls: C,
    /// Whose are wanted.
    pub(crate) shard: Option<Shard>,
}

impl<C: Iterator<Item = Result<Vec<Call>, E>>, E> Iterator for OfShard<C> {
    type Item = C::Item;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(shard) = self.shard else { return self.calls.next() };
        loop {
            let mut group = match self.calls.next()? {
                Ok(group) => group,
                failed => return Some(failed),
            };
            group.retain(|call| shard.holds(&call.id));
            if !group.is_empty() {
                return Some(Ok(group));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shards_are_numbered_from_one() {
        assert_eq!("3/16".parse(), Ok(Shard { number: 3, of: 16 }));
        assert_eq!("1/1".parse::<Shard>().map(|shard| shard.to_string()).as_deref(), Ok("1/1"));
        for wrong in ["0/16", "17/16", "3", "3/", "/16", "a/b", "-1/3", "1/513", "3/16/2", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        let hash = blake3::hash(b"call-1015");
        let first = hash.as_bytes().iter().take(8).enumerate().map(|(at, byte)| u64::from(*byte) << (8 * at));
        let number = u32::try_from(first.sum::<u64>() % 16).unwrap() + 1;
        assert!(Shard { number, of: 16 }.holds("call-1015"));
    }

    proptest! {
        #[test]
        fn a_call_is_in_one_shard(id in ".*", of in 1..=MOST) {
            prop_assert_eq!((1..=of).filter(|&number| Shard { number, of }.holds(&id)).count(), 1);
        }
    }

    #[test]
    fn a_group_without_calls_of_the_shard_does_not_end_the_run() {
        let call = |id: &str| Call { id: id.into(), ..Call::default() };
        let shard: Shard = "1/2".parse().unwrap();
        let ids: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        let (own, others): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| shard.holds(id));
        let groups = [vec![others[0], others[1]], vec![own[0], others[2]], vec![others[3]], vec![own[1]]];
        let calls = groups.into_iter().map(|ids| Ok::<_, ()>(ids.into_iter().map(|id| call(id)).collect()));
        let found: Vec<Call> = OfShard { calls, shard: Some(shard) }.flat_map(Result::unwrap).collect();
        assert_eq!(found.iter().map(|call| &*call.id).collect::<Vec<_>>(), [own[0], own[1]]);
    }
}
