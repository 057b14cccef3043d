//! How good redaction is on texts in which somebody marked what is personal.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Interval, interval};

/// What redaction did to one call, in counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedactedCall {
    /// By kind.
    pub kinds: BTreeMap<&'static str, KindCounts>,
    /// Turns in which nothing is marked.
    pub clean_turns: u64,
    /// Those of them that were left as they were.
    pub clean_turns_untouched: u64,
    /// Words of all turns.
    pub words: u64,
}

/// Counts of one kind in one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// Marks of this kind.
    pub marked: u64,
    /// Those of which nothing telling was left, whatever kind they were taken for.
    pub removed: u64,
    /// Masks of this kind.
    pub masks: u64,
    /// Those that lie over a mark of any kind.
    pub right: u64,
    /// Words that masks of this kind took away outside any mark.
    pub words_lost: u64,
}

/// Figures of one kind. A figure is empty where it is not defined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindRedaction {
    /// The kind.
    pub kind: String,
    /// Marks of it.
    pub marked: u64,
    /// Share of the marks of which nothing telling was left.
    pub recall: Option<Interval>,
    /// Masks of it.
    pub masks: u64,
    /// Share of the masks that lie over a mark.
    pub precision: Option<Interval>,
    /// Words that its masks took away outside any mark, in 1,000 words of all.
    pub over_masked: Option<Interval>,
}

/// How good redaction is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RedactionFigures {
    /// The version of the rules.
    pub redaction_version: String,
    /// Calls, or texts.
    pub calls: usize,
    /// Kind by kind, then all of them as `all`.
    pub kinds: Vec<KindRedaction>,
    /// Turns in which nothing is marked.
    pub clean_turns: u64,
    /// Share of those that were left as they were.
    pub clean_turns_untouched: Option<Interval>,
}

impl RedactionFigures {
    /// The figures over these calls, with intervals over calls that the seed decides.
    pub fn of(calls: &[RedactedCall], version: &str, seed: u64) -> Self {
        let mut names: Vec<&'static str> = calls.iter().flat_map(|call| call.kinds.keys().copied()).collect();
        names.sort_unstable();
        names.dedup();
        let one =
            names.iter().map(|name| kind(name, calls, seed, &|call| call.kinds.get(name).copied().unwrap_or_default()));
        let all = kind("all", calls, seed, &|call| call.kinds.values().fold(KindCounts::default(), sum));
        Self {
            redaction_version: version.to_owned(),
            calls: calls.len(),
            kinds: one.chain([all]).collect(),
            clean_turns: calls.iter().map(|call| call.clean_turns).sum(),
            clean_turns_untouched: share(calls, seed, |call| (call.clean_turns_untouched, call.clean_turns)),
        }
    }
}

fn sum(one: KindCounts, other: &KindCounts) -> KindCounts {
    KindCounts {
        marked: one.marked + other.marked,
        removed: one.removed + other.removed,
        masks: one.masks + other.masks,
        right: one.right + other.right,
        words_lost: one.words_lost + other.words_lost,
    }
}

fn kind(
    name: &str,
    calls: &[RedactedCall],
    seed: u64,
    counts: &(dyn Fn(&RedactedCall) -> KindCounts + Sync),
) -> KindRedaction {
    let total = calls.iter().fold(KindCounts::default(), |total, call| sum(total, &counts(call)));
    KindRedaction {
        kind: name.to_owned(),
        marked: total.marked,
        recall: share(calls, seed, |call| (counts(call).removed, counts(call).marked)),
        masks: total.masks,
        precision: share(calls, seed, |call| (counts(call).right, counts(call).masks)),
        over_masked: share(calls, seed, |call| (counts(call).words_lost * 1000, call.words)),
    }
}

/// One sum over another, with its interval over the calls.
fn share(calls: &[RedactedCall], seed: u64, parts: impl Fn(&RedactedCall) -> (u64, u64)) -> Option<Interval> {
    let parts: Vec<(u64, u64)> = calls.iter().map(parts).collect();
    interval(parts.len(), seed, |places| {
        let drawn = places.iter().filter_map(|at| parts.get(*at));
        let (part, whole) = drawn.fold((0, 0), |(part, whole), (more, of)| (part + more, whole + of));
        (whole > 0).then(|| part as f64 / whole as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_sums_over_calls_and_empty_where_nothing_is_counted() {
        let call = |removed, right| RedactedCall {
            kinds: BTreeMap::from([
                ("card", KindCounts { marked: 2, removed, masks: 2, right, words_lost: 1 }),
                ("name", KindCounts { masks: 1, ..KindCounts::default() }),
            ]),
            clean_turns: 4,
            clean_turns_untouched: 3,
            words: 100,
        };
        let figures = RedactionFigures::of(&[call(2, 2), call(1, 0)], "1", 1);
        let names: Vec<&str> = figures.kinds.iter().map(|kind| kind.kind.as_str()).collect();
        assert_eq!(names, ["card", "name", "all"]);
        let value = |interval: Option<Interval>| interval.map(|interval| interval.value);
        let [card, name, all] = &figures.kinds[..] else { panic!("{figures:?}") };
        assert_eq!(
            (value(card.recall), value(card.precision), value(card.over_masked)),
            (Some(0.75), Some(0.5), Some(10.0))
        );
        assert_eq!((name.recall, value(name.precision)), (None, Some(0.0)));
        assert_eq!((all.marked, all.masks, value(all.precision)), (4, 6, Some(2.0 / 6.0)));
        assert_eq!((figures.clean_turns, value(figures.clean_turns_untouched)), (8, Some(0.75)));
        assert_eq!(RedactionFigures::of(&[], "1", 1).clean_turns_untouched, None);
    }
}
