//! Engines against each other on the same items, and what follows from it in plain words.
//!
//! Two engines are compared item by item, so that what makes some items hard for both cancels out. The verdict
//! names the layer to start at: the cheapest engine that nothing beats by more than chance.

use std::fmt;

use indicatif::HumanCount;
use serde::Serialize;

use super::{Agreement, Interval};

/// What a comparison and a verdict go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Of labelled texts: the mean F1 of positive, negative and neutral.
    MacroF1,
    /// Of rated calls: the chance that an unhappy call has a lower score than one that is not.
    Auc,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MacroF1 => "macro F1",
            Self::Auc => "AUC of customer_score",
        })
    }
}

/// Two engines on the items that both scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// One engine.
    pub first: String,
    /// The other.
    pub second: String,
    /// What is compared.
    pub figure: Figure,
    /// Items that both scored.
    pub items: usize,
    /// By how much `second` is better than `first`.
    pub difference: Option<Interval>,
    /// How far their labels agree.
    pub agreement: Option<Agreement>,
}

/// What a verdict knows of an engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// Its name.
    pub name: &'a str,
    /// How good it is.
    pub figure: Option<Interval>,
    /// Dollars for a thousand items; empty where that is not known.
    pub cost_per_1000: Option<f64>,
    /// Whether a team could start at it: not a baseline that is there to be compared with.
    pub eligible: bool,
}

/// Which layer to start at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The engine; empty if nothing can be said.
    pub start_at: Option<String>,
    /// Whether it beats each of the others by more than chance.
    pub sure: bool,
    /// The same in words, with the figures they rest on.
    pub words: String,
}

/// The engines that a team could start at and that none of them beats by more than chance.
pub(super) fn unbeaten<'s, 'a>(standings: &'s [Standing<'a>], comparisons: &[Comparison]) -> Vec<&'s Standing<'a>> {
    let eligible = || standings.iter().filter(|one| one.eligible && one.figure.is_some());
    let beats = |other: &Standing<'_>, one: &Standing<'_>| {
        lead(comparisons, other.name, one.name).is_some_and(|lead| lead.low > 0.0)
    };
    eligible().filter(|one| !eligible().any(|other| beats(other, one))).collect()
}

/// The verdict on `items` (a noun in the plural, such as "texts").
pub fn verdict(standings: &[Standing<'_>], comparisons: &[Comparison], figure: Figure, items: &str) -> Verdict {
    let judged: Vec<&Standing<'_>> = standings.iter().filter(|one| one.figure.is_some()).collect();
    let eligible = judged.iter().copied().filter(|one| one.eligible);
    let Some(best) = eligible.max_by(|a, b| value(a).total_cmp(&value(b))) else {
        let words = format!("Nothing can be said: no engine has a {figure} on these {items}.");
        return Verdict { start_at: None, sure: false, words };
    };
    if judged.len() == 1 {
        let words = format!(
            "One engine was judged, {}: {figure} {}. Name another with --engine to learn which to start at.",
            best.name,
            Range(best.figure)
        );
        return Verdict { start_at: Some(best.name.to_owned()), sure: false, words };
    }
    let lead = |other: &Standing<'_>| lead(comparisons, best.name, other.name);
    let unsure = |other: &Standing<'_>| lead(other).is_none_or(|lead| lead.low <= 0.0);
    // What is not known may be dear.
    let cost = |one: &Standing<'_>| one.cost_per_1000.unwrap_or(f64::INFINITY);
    let chosen = unbeaten(standings, comparisons)
        .into_iter()
        .min_by(|a, b| cost(a).total_cmp(&cost(b)).then(value(b).total_cmp(&value(a))))
        .unwrap_or(best);
    let others = judged.iter().filter(|other| other.name != best.name);
    let sure = chosen.name == best.name && others.clone().all(|other| !unsure(other));
    let mut words = format!("Start at {}: its {figure} is {}", chosen.name, Range(chosen.figure));
    if chosen.name == best.name {
        for other in others {
            words += &against(other, lead(other));
        }
        words += ".";
    } else {
        words += &format!(
            ". {} is ahead by {}, which may be chance, and costs {} for 1,000 {items} where {} costs {}.",
            best.name,
            Range(lead(chosen)),
            Money(best.cost_per_1000),
            chosen.name,
            Money(chosen.cost_per_1000)
        );
    }
    if chosen.name == best.name && chosen.cost_per_1000 != Some(0.0) {
        words += &format!(" It costs {} for 1,000 {items}.", Money(chosen.cost_per_1000));
    }
    if !sure {
        words += &doubt(comparisons, items);
    }
    Verdict { start_at: Some(chosen.name.to_owned()), sure, words }
}

fn value(standing: &Standing<'_>) -> f64 {
    standing.figure.map_or(f64::NEG_INFINITY, |figure| figure.value)
}

/// By how much `best` is better than `other`.
pub(super) fn lead(comparisons: &[Comparison], best: &str, other: &str) -> Option<Interval> {
    comparisons.iter().find_map(|one| match one.difference {
        Some(difference) if one.first == other && one.second == best => Some(difference),
        Some(difference) if one.first == best && one.second == other => Some(turned(difference)),
        _ => None,
    })
}

/// The same difference the other way round.
fn turned(Interval { value, low, high }: Interval) -> Interval {
    Interval { value: -value, low: -high, high: -low }
}

/// The words about another engine, by how much the chosen one is better.
fn against(other: &Standing<'_>, lead: Option<Interval>) -> String {
    let name = other.name;
    let Some(lead) = lead else { return format!("; nothing scored by both tells it from {name}") };
    let sure = if lead.excludes_zero() { "more than chance explains" } else { "which may be chance" };
    if lead.value < 0.0 {
        return format!("; behind {name} by {}, {sure}", Range(Some(turned(lead))));
    }
    format!("; ahead of {name} by {}, {sure}", Range(Some(lead)))
}

/// How large a difference these items could hide.
fn doubt(comparisons: &[Comparison], items: &str) -> String {
    let widest = comparisons
        .iter()
        .filter_map(|one| Some((one.items, one.difference.map(|d| (d.high - d.low) / 2.0)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    widest.map_or_else(String::new, |(count, half)| {
        format!(" Differences below about {half:.3} can't be seen on {} {items}.", HumanCount(count as u64))
    })
}

/// A figure with its interval.
struct Range(Option<Interval>);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("not known"),
            Some(interval) => write!(f, "{}", interval.to_string().replace('(', "(95 % interval ")),
        }
    }
}

/// An amount of dollars that may not be known.
struct Money(Option<f64>);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("an amount that is not known"),
            Some(dollars) if dollars > 0.0 => write!(f, "${dollars:.2}"),
            Some(_) => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(name: &str, value: f64, cost_per_1000: f64) -> Standing<'_> {
        let figure = Some(Interval { value, low: value - 0.02, high: value + 0.02 });
        Standing { name, figure, cost_per_1000: Some(cost_per_1000), eligible: true }
    }

    /// `second` better than `first` by `value` ± `half`.
    fn compared(first: &str, second: &str, value: f64, half: f64) -> Comparison {
        let difference = Some(Interval { value, low: value - half, high: value + half });
        Comparison {
            first: first.into(),
            second: second.into(),
            figure: Figure::MacroF1,
            items: 500,
            difference,
            agreement: None,
        }
    }

    #[test]
    fn the_dearer_engine_must_be_better_by_more_than_chance() {
        let standings = [standing("local", 0.60, 0.0), standing("comprehend", 0.62, 0.3)];
        let found = verdict(&standings, &[compared("local", "comprehend", 0.02, 0.03)], Figure::MacroF1, "texts");
        assert_eq!((found.start_at.as_deref(), found.sure), (Some("local"), false));
        assert!(found.words.contains("may be chance") && found.words.contains("$0.30"), "{}", found.words);
        assert!(found.words.contains("below about 0.030 can't be seen on 500 texts"), "{}", found.words);

        let found = verdict(&standings, &[compared("local", "comprehend", 0.05, 0.03)], Figure::MacroF1, "texts");
        assert_eq!((found.start_at.as_deref(), found.sure), (Some("comprehend"), true));
        assert!(found.words.contains("more than chance explains. It costs $0.30"), "{}", found.words);
    }

    #[test]
    fn a_comparison_reads_the_same_from_either_side() {
        let standings = [standing("a", 0.70, 0.0), standing("b", 0.60, 0.0)];
        let found = verdict(&standings, &[compared("a", "b", -0.1, 0.02)], Figure::MacroF1, "texts");
        assert_eq!((found.start_at.as_deref(), found.sure), (Some("a"), true));
        assert!(found.words.contains("ahead of b by 0.100 (95 % interval 0.080 to 0.120)"), "{}", found.words);
    }

    #[test]
    fn a_baseline_is_compared_and_never_started_at() {
        let baseline = Standing { eligible: false, ..standing("vader", 0.7, 0.0) };
        let found = verdict(
            &[standing("local", 0.6, 0.0), baseline],
            &[compared("local", "vader", 0.1, 0.02)],
            Figure::Auc,
            "calls",
        );
        assert_eq!((found.start_at.as_deref(), found.sure), (Some("local"), false));
        let words = "behind vader by 0.100 (95 % interval 0.080 to 0.120), more than chance explains";
        assert!(found.words.contains(words), "{}", found.words);
    }

    #[test]
    fn one_engine_or_none_says_so() {
        let found = verdict(&[standing("local", 0.6, 0.0)], &[], Figure::MacroF1, "texts");
        assert!(found.words.contains("Name another with --engine") && !found.sure);
        let nothing = Standing { figure: None, ..standing("local", 0.0, 0.0) };
        assert_eq!(verdict(&[nothing], &[], Figure::MacroF1, "texts").start_at, None);
    }
}
