//! The course of one call: who spoke when, and with what score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::output::{PARTS, parts};
use crate::sentiment::Millionths;
use crate::transcript::Role;

/// The most moments that are kept of a call.
const MOST_MOMENTS: usize = 120;

/// Slots that a longer call is divided into, for each role.
const SLOTS: i64 = 60;

/// A segment of a call, or in a long call the segments of one role in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// Its middle on the call's time line, in ten-thousandths.
    pub(crate) at: i64,
    /// Who spoke.
    pub(crate) role: Role,
    /// The mean score in ten-thousandths; `None` where nothing was scored.
    pub(crate) score: Option<i64>,
    /// How many segments it stands for.
    pub(crate) segments: u64,
}

impl Moment {
    /// One segment.
    pub(crate) fn new(role: Role, at: Millionths, score: Option<Millionths>) -> Self {
        Self { at: parts(at), role, score: score.map(parts), segments: 1 }
    }
}

/// The moments of a call in order: all of them, or the means of its slots if there are too many.
pub(super) fn course(mut moments: Vec<Moment>) -> Vec<Moment> {
    moments.sort_unstable();
    if moments.len() <= MOST_MOMENTS {
        return moments;
    }
    let mut slots: BTreeMap<(i64, Role), Vec<Moment>> = BTreeMap::new();
    for moment in moments {
        let slot = (moment.at * SLOTS / PARTS).min(SLOTS - 1);
        slots.entry((slot, moment.role)).or_default().push(moment);
    }
    slots.into_iter().map(|((_, role), moments)| mean(role, &moments)).collect()
}

fn mean(role: Role, moments: &[Moment]) -> Moment {
    let scores: Vec<i64> = moments.iter().filter_map(|moment| moment.score).collect();
    let mean = |values: &[i64]| values.iter().sum::<i64>() / i64::try_from(values.len()).unwrap_or(i64::MAX).max(1);
    let places: Vec<i64> = moments.iter().map(|moment| moment.at).collect();
    Moment {
        at: mean(&places),
        role,
        score: (!scores.is_empty()).then(|| mean(&scores)),
        segments: moments.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_call_is_kept_in_slots_and_no_segment_is_lost() {
        let segment = |number: i64, role| Moment::new(role, Millionths(number * 1000), Some(Millionths(number * 500)));
        let call = |count: i64| {
            let both = (0..count).flat_map(|number| [Role::Customer, Role::Agent].map(|role| segment(number, role)));
            course(both.collect())
        };
        assert_eq!(call(60).len(), 120);
        assert!(call(60).iter().all(|moment| moment.segments == 1));
        let long = call(1000);
        assert_eq!((long.len(), long.iter().map(|moment| moment.segments).sum::<u64>()), (120, 2000));
        assert!(long.is_sorted_by_key(|moment| moment.at));
        let last = long.iter().rfind(|moment| moment.role == Role::Customer).unwrap();
        assert_eq!((last.at, last.score), (9915, Some(4957)), "the mean of 984 to 999");
    }

    #[test]
    fn what_was_not_scored_has_no_part_in_a_mean() {
        let at = |place: i64, score| Moment::new(Role::Customer, Millionths(place), score);
        let mut moments: Vec<Moment> = (0..200).map(|place| at(500_000 + place, None)).collect();
        moments.push(at(100, None));
        moments.push(at(500_000, Some(Millionths(-200_000))));
        let found: Vec<_> = course(moments).into_iter().map(|moment| (moment.score, moment.segments)).collect();
        assert_eq!(found, [(None, 1), (Some(-2000), 201)]);
    }
}
