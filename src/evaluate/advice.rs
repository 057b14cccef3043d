//! The one sentence of a decision, with its conditions: which engine to stay with, up to which volume, and until how many
//! more labels.
//!
//! Labels settle a difference once its interval leaves out zero. An interval's width shrinks with the square root of the
//! labels, so the width that there is says how many more it takes. Where the labels do not tell engines apart the
//! sentence says so.

use indicatif::HumanCount;
use serde::Serialize;

use super::compare::{Verdict, lead, unbeaten};
use super::decision::Priced;
use super::month::{Cheaper, Month, stretches};
use super::{Evaluation, Interval};
use crate::words::dollars;

/// A difference smaller than this is not worth as many labels as it takes to see it.
const WORTHWHILE: f64 = 0.01;

/// How much wider than its interval a difference must be for four samples of five to show it: the 97.5th and the 80th
/// percentile of the normal distribution over the former.
const FOUR_OF_FIVE: f64 = (1.959_964 + 0.841_621) / 1.959_964;

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The engine to stay with; empty if nothing can be decided.
    pub stay_with: Option<String>,
    /// The fewest documents a month from which on it costs less than each engine that is as good, as far as the labels
    /// show; empty for one.
    pub from_documents: Option<u64>,
    /// The most documents a month up to which it does; empty for any number.
    pub up_to_documents: Option<u64>,
    /// The labels that could change it; empty where the labels that there are leave nothing open.
    pub more_labels: Option<MoreLabels>,
    /// The same in words.
    pub words: String,
}

/// Labels that would tell another engine from the one to stay with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MoreLabels {
    /// The engine that may be better.
    pub rival: String,
    /// By how much it is, on the items that both scored.
    pub ahead: Interval,
    /// The difference that more labels are to show: the one seen, at least 0.01.
    pub difference: f64,
    /// How many more are likely to show it, in four cases of five; 0 where those that there are would have.
    pub labels: u64,
}

impl Advice {
    /// What follows from the verdict at a volume.
    pub(super) fn of(evaluation: &Evaluation, verdict: &Verdict, volume: u64, priced: &[Priced<'_>]) -> Self {
        let Some(chosen) = &verdict.start_at else {
            let words = format!(
                "Nothing can be decided: no engine has a {} on these {}.",
                evaluation.figure, evaluation.subject.items
            );
            return Self { stay_with: None, from_documents: None, up_to_documents: None, more_labels: None, words };
        };
        if evaluation.engines.iter().filter(|engine| engine.main().is_some()).count() == 1 {
            let words =
                format!("One engine was judged, {chosen}, and a decision takes two: name another with --engine.");
            let stay_with = Some(chosen.clone());
            return Self { stay_with, from_documents: None, up_to_documents: None, more_labels: None, words };
        }
        let standings = evaluation.standings(&vec![None; evaluation.engines.len()]);
        let unbeaten = unbeaten(&standings, &evaluation.comparisons);
        let rivals: Vec<&str> = unbeaten.iter().map(|one| one.name).filter(|name| name != chosen).collect();
        let (bounds, volume_words) = volumes(chosen, &rivals, volume, priced);
        let more_labels = more_labels(evaluation, chosen, &rivals);
        let mut words = format!("Stay with {chosen}{volume_words}");
        match &more_labels {
            Some(more) => words += &more.words(evaluation),
            None => words += &in_front(evaluation, chosen, volume, priced),
        }
        words.push('.');
        for (name, why) in priced.iter().filter_map(|(name, month)| Some((name, month.as_ref().err()?))) {
            words += &format!(" What {name} costs is not known: {why}.");
        }
        words += &evaluation.doubts();
        let (from_documents, up_to_documents) = bounds;
        Self { stay_with: Some(chosen.clone()), from_documents, up_to_documents, more_labels, words }
    }
}

/// The volumes around this one at which no rival costs less, as numbers and in words.
fn volumes(chosen: &str, rivals: &[&str], volume: u64, priced: &[Priced<'_>]) -> ((Option<u64>, Option<u64>), String) {
    let month = |name: &str| priced.iter().find(|one| one.0 == name).and_then(|one| one.1.as_ref().ok());
    let Some(own) = month(chosen) else { return ((None, None), String::new()) };
    let (mut from, mut up_to): (Option<u64>, Option<(u64, &str)>) = (None, None);
    for (rival, other) in rivals.iter().filter_map(|rival| Some((*rival, month(rival)?))) {
        let (begins, ends) = around(own, other, volume);
        from = from.max(begins);
        up_to = match (up_to, ends) {
            (Some(known), Some(end)) if known.0 <= end => Some(known),
            (_, Some(end)) => Some((end, rival)),
            (known, None) => known,
        };
    }
    let words = match (from, up_to) {
        (None, None) => " at any volume".to_owned(),
        (None, Some((end, rival))) => {
            format!(" up to {} documents a month, beyond which {rival} costs less", HumanCount(end))
        }
        (Some(begin), None) => format!(" from {} documents a month on", HumanCount(begin)),
        (Some(begin), Some((end, rival))) => {
            let (begin, end) = (HumanCount(begin), HumanCount(end));
            format!(" from {begin} to {end} documents a month, beyond which {rival} costs less")
        }
    };
    ((from, up_to.map(|(end, _)| end)), words)
}

/// The first and the last volume around this one at which the other does not cost less; empty where there is no end.
fn around(own: &Month, other: &Month, volume: u64) -> (Option<u64>, Option<u64>) {
    let found = stretches(own, other);
    let dearer = |stretch: &&super::month::Stretch| stretch.cheaper == Cheaper::Second;
    let after = found.iter().filter(|stretch| stretch.from > volume).find(dearer);
    let before = found.iter().rposition(|stretch| stretch.from <= volume && stretch.cheaper == Cheaper::Second);
    let begins = before.and_then(|at| found.get(at + 1)).map(|next| next.from).filter(|from| *from <= volume);
    (begins, after.map(|stretch| stretch.from - 1))
}

/// The labels that would tell the best of the rivals from the chosen engine.
fn more_labels(evaluation: &Evaluation, chosen: &str, rivals: &[&str]) -> Option<MoreLabels> {
    let known = rivals.iter().filter_map(|rival| Some((*rival, lead(&evaluation.comparisons, rival, chosen)?)));
    let (rival, ahead) = known.max_by(|one, other| one.1.value.total_cmp(&other.1.value))?;
    let pair = evaluation
        .comparisons
        .iter()
        .find(|pair| [pair.first.as_str(), pair.second.as_str()].iter().all(|name| [rival, chosen].contains(name)))?;
    let difference = ahead.value.abs().max(WORTHWHILE);
    Some(MoreLabels {
        rival: rival.to_owned(),
        ahead,
        difference,
        labels: labels_to_show(ahead, difference, pair.items),
    })
}

/// How many more items than those of the interval are likely to show such a difference, in four cases of five.
pub fn labels_to_show(interval: Interval, difference: f64, items: usize) -> u64 {
    let half = (interval.high - interval.value).max(interval.value - interval.low);
    let times = (half * FOUR_OF_FIVE / difference).powi(2);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 at least; what is more than u64 is its most"
    )]
    let more = ((times - 1.0).max(0.0) * items as f64).ceil() as u64;
    more
}

impl MoreLabels {
    fn words(&self, evaluation: &Evaluation) -> String {
        let Self { rival, ahead, difference, labels } = self;
        let (items, count) = (evaluation.subject.items, HumanCount(evaluation.subject.count as u64));
        if *labels == 0 {
            return format!(
                ": the {count} {items} show no difference of {difference:.3} or more to {rival}, {ahead:+}"
            );
        }
        format!(
            ", or until about {} more labels: these {count} {items} do not tell {rival} from it, {ahead:+}, and so many \
             more would show a difference of {difference:.3} in four cases of five",
            HumanCount(two_digits(*labels))
        )
    }
}

/// Rounded up to two digits: more would look like knowledge.
fn two_digits(number: u64) -> u64 {
    let unit = 10_u64.pow(number.checked_ilog10().unwrap_or(0).saturating_sub(1));
    number.div_ceil(unit).saturating_mul(unit)
}

/// What the chosen engine has before the best of those that cost less, and for how much.
fn in_front(evaluation: &Evaluation, chosen: &str, volume: u64, priced: &[Priced<'_>]) -> String {
    let cost = |name: &str| {
        let month = priced.iter().find(|one| one.0 == name)?.1.as_ref().ok()?;
        Some(month.at(volume as f64).total)
    };
    let own = cost(chosen);
    let behind = evaluation.engines.iter().filter(|other| other.name != chosen);
    let behind = behind.filter_map(|other| Some((other, lead(&evaluation.comparisons, chosen, &other.name)?)));
    let Some((other, ahead)) = behind.min_by(|one, other| one.1.value.total_cmp(&other.1.value)) else {
        return ": no other engine scored the same items".to_owned();
    };
    let sure = if ahead.excludes_zero() { "more than chance explains" } else { "which may be chance" };
    if ahead.value < 0.0 {
        return format!(
            ": only {} has a better figure, {ahead:+}, {sure}, and it is there to be compared with",
            other.name
        );
    }
    let mut words = format!(": it is ahead of {} by {ahead:+}, {sure}", other.name);
    if let Some(more) = own.zip(cost(&other.name)).map(|(own, other)| own - other).filter(|more| *more > 0.0) {
        words += &format!(", for {} a month more", dollars(more));
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(value: f64, half: f64) -> Interval {
        Interval { value, low: value - half, high: value + half }
    }

    #[test]
    fn four_times_the_labels_halve_an_interval() {
        // A half-width of .02 · 1.4294 must shrink to .01: 8.17 times the items.
        assert_eq!(labels_to_show(interval(0.005, 0.02), 0.01, 1000), 7173);
        assert_eq!(labels_to_show(interval(0.005, 0.005), 0.01, 1000), 0);
        assert_eq!(labels_to_show(interval(0.0, 0.0), 0.01, 1000), 0);
    }

    #[test]
    fn estimates_have_two_digits() {
        assert_eq!([0, 7, 10, 99, 101, 7173, 7_200].map(two_digits), [0, 7, 10, 99, 110, 7200, 7200]);
        assert_eq!(two_digits(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_not_settled_takes_more_labels_and_a_wider_interval_more_of_them(
            value in -0.2..0.2f64, half in 0.0..0.4f64, wider in 0.0..0.4f64, items in 1usize..100_000
        ) {
            let difference = value.abs().max(WORTHWHILE);
            let labels = labels_to_show(interval(value, half), difference, items);
            if half >= difference {
                prop_assert!(labels as f64 >= items as f64, "{labels}");
            }
            prop_assert!(labels_to_show(interval(value, half + wider), difference, items) >= labels);
        }
    }
}
