//! Which calls the service scores: the same ones whenever the same calls are read.
//!
//! Calls are drawn without replacement within strata. A queue with [`OWN`] calls or more is a stratum; the calls of all smaller
//! ones, and those without a queue, are one more. In each stratum the calls are put into the order of a hash of their ids, and
//! as many of the first ones are drawn as the share comes to. The hash is as good as random and says nothing of what a call
//! is about, so that each stratum is a simple random sample. A run that is repeated draws the same calls; a larger share holds
//! all calls of a smaller one; calls that come new push few others out.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::Part;
use crate::overview::Bounded;

/// Calls from which a queue is a stratum of its own.
const OWN: usize = 100;

/// Queues that are kept apart; a site with more has something else in its queue column.
const MOST_QUEUES: usize = 1000;

/// Calls without which nothing is known of the spread.
const FEWEST: u64 = 3;

/// Hashes of the calls' ids.
#[derive(Debug, Clone, Default)]
struct Hashes(Vec<u64>);

impl AddAssign for Hashes {
    fn add_assign(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

/// All calls by their queues, eight bytes each.
#[derive(Debug, Default)]
pub struct Strata {
    queues: Bounded<String, Hashes>,
    without: Hashes,
}

impl Strata {
    /// Adds a call.
    pub fn add(&mut self, call_id: &str, queue: Option<&str>) {
        let hash = hash(call_id);
        match queue {
            Some(queue) => self.queues.add(MOST_QUEUES, queue, |hashes| hashes.0.push(hash)),
            None => self.without.0.push(hash),
        }
    }

    /// Calls in all.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let rest = [&self.without, &self.queues.rest];
        let all = self.queues.iter().map(|(_, hashes)| hashes).chain(rest);
        all.map(|hashes| hashes.0.len() as u64).sum()
    }

    /// The strata with their calls in the order in which they are drawn.
    #[must_use]
    pub fn ordered(self) -> Ordered {
        let Self { queues, without } = self;
        let mut rest = without;
        rest += queues.rest.clone();
        let mut own = BTreeMap::new();
        let mut strata = Vec::new();
        for (name, hashes) in queues.iter() {
            if hashes.0.len() < OWN {
                rest += hashes.clone();
            } else {
                own.insert(Box::from(name.as_str()), strata.len() + 1);
                strata.push(hashes.clone());
            }
        }
        strata.insert(0, rest);
        for stratum in &mut strata {
            stratum.0.sort_unstable();
        }
        Ordered { own, strata }
    }
}

/// Strata whose calls stand in the order in which they are drawn. The first one is that of the small queues.
#[derive(Debug)]
pub struct Ordered {
    own: BTreeMap<Box<str>, usize>,
    strata: Vec<Hashes>,
}

/// A share that is too few calls to know anything by.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a share of {part} of {calls} calls is {drawn}: {FEWEST} at least are needed to know how far the engines differ"
)]
pub struct TooFew {
    part: Part,
    calls: u64,
    drawn: u64,
    /// The least share that is enough, if there is one.
    pub enough: Option<Part>,
}

impl Ordered {
    /// Calls in all.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.strata.iter().map(|stratum| stratum.0.len() as u64).sum()
    }

    /// Draws a part of the calls: rounded down in each stratum, and at least one call of each queue that is a stratum.
    ///
    /// # Errors
    /// [`TooFew`] below 3 calls.
    pub fn draw(&self, part: Part) -> Result<Drawn, TooFew> {
        let drawn = |(number, stratum): (usize, &Hashes)| {
            let calls = stratum.0.len() as u64;
            part.of(calls).max(u64::from(number > 0))
        };
        let counts: Vec<u64> = self.strata.iter().enumerate().map(drawn).collect();
        let all: u64 = counts.iter().sum();
        if all < FEWEST {
            let calls = self.calls();
            return Err(TooFew { part, calls, drawn: all, enough: Part::that_is(FEWEST, calls) });
        }
        let last = |(stratum, &count): (&Hashes, &u64)| {
            let place = usize::try_from(count).unwrap_or(usize::MAX).checked_sub(1)?;
            stratum.0.get(place).copied()
        };
        let last = self.strata.iter().zip(&counts).map(last).collect();
        Ok(Drawn { own: self.own.clone(), last, calls: all, part })
    }
}

/// The calls that were drawn.
#[derive(Debug, Clone)]
pub struct Drawn {
    own: BTreeMap<Box<str>, usize>,
    /// The last hash that was drawn of each stratum; `None` where none was.
    last: Vec<Option<u64>>,
    calls: u64,
    part: Part,
}

impl Drawn {
    /// How many there are.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// The part of all calls that was asked for.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }

    /// How many strata there are.
    #[must_use]
    pub fn strata(&self) -> usize {
        self.last.len()
    }

    /// The number of a call's stratum.
    #[must_use]
    pub fn stratum(&self, queue: Option<&str>) -> usize {
        queue.and_then(|queue| self.own.get(queue)).copied().unwrap_or(0)
    }

    /// Whether a call was drawn.
    #[must_use]
    pub fn holds(&self, call_id: &str, queue: Option<&str>) -> bool {
        let last = self.last.get(self.stratum(queue)).copied().flatten();
        last.is_some_and(|last| hash(call_id) <= last)
    }
}

/// The second 8 bytes of the id's BLAKE3, as a little-endian number: shards go by the first.
pub(crate) fn hash(call_id: &str) -> u64 {
    let hash = blake3::hash(call_id.as_bytes());
    hash.as_bytes().get(8..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Call = (String, Option<String>);

    fn calls(sizes: &[(Option<&str>, usize)]) -> Vec<Call> {
        let of = |&(queue, size): &(Option<&str>, usize)| {
            let call = move |number| (format!("{}-{number}", queue.unwrap_or("none")), queue.map(str::to_owned));
            (0..size).map(call).collect::<Vec<_>>()
        };
        sizes.iter().flat_map(of).collect()
    }

    fn ordered(calls: &[Call]) -> Ordered {
        let mut strata = Strata::default();
        for (id, queue) in calls {
            strata.add(id, queue.as_deref());
        }
        assert_eq!(strata.calls(), calls.len() as u64);
        strata.ordered()
    }

    fn held<'a>(drawn: &Drawn, calls: &'a [Call]) -> Vec<&'a str> {
        calls.iter().filter(|(id, queue)| drawn.holds(id, queue.as_deref())).map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn each_large_queue_gives_its_part_and_the_small_ones_theirs_together() {
        let calls = calls(&[(Some("a"), 1000), (Some("b"), 105), (Some("c"), 99), (None, 42)]);
        let ordered = ordered(&calls);
        let drawn = ordered.draw(Part::thousandths(100)).unwrap();
        let of = |name: &str| held(&drawn, &calls).iter().filter(|id| id.starts_with(name)).count();
        assert_eq!((of("a"), of("b"), of("c") + of("none")), (100, 10, 14));
        assert_eq!((drawn.calls(), drawn.strata()), (124, 3));
        assert_eq!([Some("a"), Some("b"), Some("c"), None].map(|queue| drawn.stratum(queue)), [1, 2, 0, 0]);
        let least = ordered.draw(Part::thousandths(1)).map(|drawn| drawn.calls());
        assert!(least.is_err(), "one of each large queue, none of the others");
        let few = ordered.draw(Part::thousandths(8)).unwrap();
        assert_eq!(few.calls(), 10, "8 of a, one of b, one of the others");
    }

    #[test]
    fn a_share_of_few_calls_names_the_share_that_is_enough() {
        let calls = calls(&[(None, 20)]);
        let error = ordered(&calls).draw(Part::thousandths(100)).unwrap_err();
        assert_eq!(error.enough, Some(Part::thousandths(150)));
        assert_eq!(ordered(&calls).draw(Part::thousandths(150)).unwrap().calls(), 3);
        assert_eq!(ordered(&calls[..2]).draw(Part::ALL).unwrap_err().enough, None);
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        let bytes = blake3::hash(b"call-1015");
        let second = bytes.as_bytes().iter().skip(8).take(8).enumerate().map(|(at, byte)| u64::from(*byte) << (8 * at));
        assert_eq!(hash("call-1015"), second.sum::<u64>());
    }

    proptest! {
        #![proptest_config(crate::cases::usually(32))]

        #[test]
        fn a_larger_share_holds_the_calls_of_a_smaller_one_in_any_order_of_calls(
            sizes in proptest::collection::vec(0..300_usize, 4), parts in (20..=1000_u32, 20..=1000_u32)
        ) {
            let queues = [Some("a"), Some("b"), Some("c"), None];
            let sizes: Vec<(Option<&str>, usize)> = queues.into_iter().zip(sizes).collect();
            let mut calls = calls(&sizes);
            prop_assume!(calls.len() > 200);
            let (small, large) = (parts.0.min(parts.1), parts.0.max(parts.1));
            let small = ordered(&calls).draw(Part::thousandths(small)).unwrap();
            calls.reverse();
            let large = ordered(&calls).draw(Part::thousandths(large)).unwrap();
            let (fewer, more) = (held(&small, &calls), held(&large, &calls));
            prop_assert!(fewer.iter().all(|id| more.contains(id)));
            prop_assert_eq!(fewer.len() as u64, small.calls());
            prop_assert_eq!(more.len() as u64, large.calls());
        }
    }
}
