//! What an engine costs in a month by how many documents it scores, and from which volume on another one costs less.
//!
//! A month's cost is a straight line from step to step, so a volume at which two engines cost the same is solved for
//! and never searched. No price list is read here, and no price is assumed where none is known.

use serde::Serialize;

/// A month's cost by the documents scored in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    /// Dollars charged whatever is scored, that score nothing.
    fee: f64,
    /// What runs all month, if anything does.
    running: Option<Running>,
    /// From which document on each costs so many dollars; ascending, the first from 0.
    steps: Vec<Step>,
    /// The share of the steps' dollars that the texts by themselves are charged; the rest is the minimum charge.
    of_text: f64,
}

/// What is charged by the hour, used or not.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Running {
    dollars: f64,
    /// Documents that it scores in a month without a pause.
    documents: f64,
}

/// A price a document from a volume on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    from: f64,
    dollars: f64,
}

/// A month's cost in its parts, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MonthCost {
    /// All of it.
    pub total: f64,
    /// What the texts are charged.
    pub variable: f64,
    /// What is charged while nothing is scored.
    pub idle: f64,
    /// What a minimum charge adds to texts that are shorter.
    pub minimum_charge: f64,
}

impl Month {
    /// One that costs nothing.
    pub fn free() -> Self {
        Self::by_document(0.0)
    }

    /// One in which each document costs the same.
    pub fn by_document(dollars: f64) -> Self {
        Self { fee: 0.0, running: None, steps: vec![Step { from: 0.0, dollars }], of_text: 1.0 }
    }

    /// One in which a document has so many units, of which the first `(Some(last unit), dollars a unit)` cost this much
    /// and so on, and of which the texts by themselves would have `of_text`.
    pub fn by_unit(tiers: impl IntoIterator<Item = (Option<u64>, f64)>, units: f64, of_text: f64) -> Self {
        let mut steps = Vec::new();
        let mut from = Some(0.0);
        for (last, dollars) in tiers {
            steps.extend(from.map(|from| Step { from, dollars: dollars * units }));
            from = last.map(|last| last as f64 / units).filter(|end| end.is_finite());
        }
        Self { steps, of_text: if units > 0.0 { of_text / units } else { 1.0 }, ..Self::free() }
    }

    /// One in which something runs from its first second to its last, used or not, and scores up to `documents`. More of
    /// them take as many of its like. Where it is not known how many it scores, it is taken to score all, and to be idle.
    pub fn running(dollars: f64, documents: Option<f64>) -> Self {
        let beyond = documents.map(|documents| Step { from: documents, dollars: dollars / documents });
        let steps = std::iter::once(Step { from: 0.0, dollars: 0.0 }).chain(beyond).collect();
        Self {
            running: Some(Running { dollars, documents: documents.unwrap_or(f64::INFINITY) }),
            steps,
            ..Self::free()
        }
    }

    /// The same with a fee of so many dollars.
    #[must_use]
    pub fn with_fee(self, fee: f64) -> Self {
        Self { fee, ..self }
    }

    /// What so many documents cost.
    pub fn at(&self, documents: f64) -> MonthCost {
        let (charged, running) = (self.charged(documents), self.running.map_or(0.0, |running| running.dollars));
        let used = self.running.map_or(0.0, |running| running.dollars * (documents / running.documents).min(1.0));
        MonthCost {
            total: self.fee + running + charged,
            variable: used + charged * self.of_text,
            idle: self.fee + running - used,
            minimum_charge: charged * (1.0 - self.of_text),
        }
    }

    /// What the steps charge.
    fn charged(&self, documents: f64) -> f64 {
        let ends = self.steps.iter().skip(1).map(|step| step.from).chain([f64::INFINITY]);
        let stepped = self.steps.iter().zip(ends);
        stepped.map(|(step, end)| (documents.min(end) - step.from).max(0.0) * step.dollars).sum()
    }

    /// What one more document costs.
    fn slope(&self, documents: f64) -> f64 {
        self.steps.iter().rev().find(|step| step.from <= documents).map_or(0.0, |step| step.dollars)
    }
}

/// Which of two costs less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cheaper {
    /// The first.
    First,
    /// The second.
    Second,
    /// Neither.
    Neither,
}

/// Volumes at which the same of two engines costs less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first of these volumes, in whole documents a month; the next stretch's is where it ends.
    pub from: u64,
    /// Which one costs less.
    pub cheaper: Cheaper,
}

/// Volumes beyond this one are none that anybody has.
const MOST_DOCUMENTS: f64 = 1e15;

/// Rounding of sums of dollars, as a share of them.
const ROUNDING: f64 = 1e-12;

/// All volumes from one document on by which of the two costs less.
pub fn stretches(first: &Month, second: &Month) -> Vec<Stretch> {
    let mut places: Vec<f64> = first.steps.iter().chain(&second.steps).map(|step| step.from).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let ends = places.iter().skip(1).copied().chain([f64::INFINITY]);
    let mut found: Vec<Stretch> = Vec::new();
    for (from, end) in places.iter().copied().zip(ends) {
        let (gap, slope) = gap(first, second, from);
        add(&mut found, from, cheaper(if gap == 0.0 { slope } else { gap }));
        // Where the costs are the same; what comes after it has the sign of the slope.
        let same = from - gap / slope;
        if gap * slope < 0.0 && same < end {
            add(&mut found, same, cheaper(slope));
        }
    }
    found
}

/// By how much the first costs more at this volume, and by how much more with each document; rounding is zero.
fn gap(first: &Month, second: &Month, at: f64) -> (f64, f64) {
    let difference =
        |one: f64, other: f64| if (one - other).abs() <= ROUNDING * (one + other) { 0.0 } else { one - other };
    (difference(first.at(at).total, second.at(at).total), difference(first.slope(at), second.slope(at)))
}

fn cheaper(gap: f64) -> Cheaper {
    match gap {
        gap if gap < 0.0 => Cheaper::First,
        gap if gap > 0.0 => Cheaper::Second,
        _ => Cheaper::Neither,
    }
}

/// Adds what holds above a volume: from its next whole document on.
fn add(found: &mut Vec<Stretch>, above: f64, cheaper: Cheaper) {
    if above > MOST_DOCUMENTS {
        return;
    }
    let nearest = above.round();
    let whole = if (above - nearest).abs() <= 1e-9 * nearest.max(1.0) { nearest } else { above.floor() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the most documents")]
    let from = whole as u64 + 1;
    // A stretch without a whole document is none.
    while found.last().is_some_and(|last| last.from >= from) {
        found.pop();
    }
    if found.last().is_none_or(|last| last.cheaper != cheaper) {
        found.push(Stretch { from, cheaper });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Comprehend's list price, in units of 100 characters.
    const TIERS: [(Option<u64>, f64); 3] = [(Some(10_000_000), 1e-4), (Some(50_000_000), 5e-5), (None, 2.5e-5)];

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-9 * (one.abs() + other.abs()) + 1e-9
    }

    fn turns(stretches: &[Stretch]) -> Vec<(u64, Cheaper)> {
        stretches.iter().map(|stretch| (stretch.from, stretch.cheaper)).collect()
    }

    #[test]
    fn units_cost_by_their_steps_and_the_minimum_is_told_apart() {
        // Three units a document, of which its text has one.
        let month = Month::by_unit(TIERS, 3.0, 1.0);
        let cost = month.at(300_000.0);
        assert!(close(cost.total, 90.0) && close(cost.variable, 30.0) && close(cost.minimum_charge, 60.0), "{cost:?}");
        assert!(close(month.at(20_000_000.0).total, 1_000.0 + 2_000.0 + 250.0));
        assert!(close(Month::by_unit(TIERS, 0.0, 0.0).at(1e6).total, 0.0));
    }

    #[test]
    fn what_runs_is_idle_until_it_is_full() {
        let month = Month::running(730.0, Some(1_000_000.0)).with_fee(0.5);
        let cost = month.at(250_000.0);
        assert!(close(cost.total, 730.5) && close(cost.idle, 0.5 + 547.5) && close(cost.variable, 182.5), "{cost:?}");
        let beyond = month.at(2_000_000.0);
        assert!(close(beyond.total, 1460.5) && close(beyond.idle, 0.5), "{beyond:?}");
    }

    #[test]
    fn the_volume_at_which_costs_are_the_same_is_exact() {
        let (units, running) = (Month::by_unit(TIERS, 3.0, 1.0), Month::running(900.0, Some(1e9)));
        // 900 dollars are 9,000,000 units, 3,000,000 documents: there both cost the same.
        let found = turns(&stretches(&units, &running));
        assert_eq!(found, [(1, Cheaper::First), (3_000_001, Cheaper::Second)]);
        assert!(close(units.at(3e6).total, running.at(3e6).total));
        // Each of the two may be cheaper more than once: steps make one of them flatter.
        let line = Month::by_document(1.4e-4);
        let found =
            turns(&stretches(&Month::by_unit([(Some(100), 1e-4), (Some(300), 2e-4), (None, 5e-5)], 1.0, 1.0), &line));
        // 0.01 + 0.0002(v − 100) = 0.00014 v at 166.67; 0.05 + 0.00005(v − 300) = 0.00014 v at 388.89.
        assert_eq!(found, [(1, Cheaper::First), (167, Cheaper::Second), (389, Cheaper::First)]);
    }

    #[test]
    fn where_one_is_always_cheaper_there_is_no_such_volume() {
        let paid = Month::by_unit(TIERS, 3.0, 1.0);
        assert_eq!(turns(&stretches(&Month::free(), &paid)), [(1, Cheaper::First)]);
        assert_eq!(turns(&stretches(&paid, &paid.clone())), [(1, Cheaper::Neither)]);
        assert_eq!(turns(&stretches(&paid.clone().with_fee(0.5), &paid)), [(1, Cheaper::Second)]);
    }

    prop_compose! {
        fn tiers()(prices in prop::collection::vec((1u64..1_000_000, 0u32..1_000), 1..4), last in 0u32..1_000)
            -> Vec<(Option<u64>, f64)> {
            let mut end = 0;
            let mut tiers: Vec<_> = prices.iter().map(|(units, price)| {
                end += units;
                (Some(end), f64::from(*price) * 1e-5)
            }).collect();
            tiers.push((None, f64::from(last) * 1e-5));
            tiers
        }
    }

    prop_compose! {
        fn months()(kind in 0..3, tiers in tiers(), hundredths in 1u32..2_000, dollars in 1u32..5_000, full in 1u32..2_000_000, fee in 0u32..500)
            -> Month {
            let month = match kind {
                0 => Month::by_unit(tiers, f64::from(hundredths) / 100.0, f64::from(hundredths) / 200.0),
                1 => Month::by_document(f64::from(hundredths) * 1e-6),
                _ => Month::running(f64::from(dollars), (full % 7 > 0).then_some(f64::from(full))),
            };
            month.with_fee(f64::from(fee) / 10.0)
        }
    }

    proptest! {
        #[test]
        fn in_each_stretch_the_one_that_is_named_costs_less(first in months(), second in months(), volumes in prop::collection::vec(1u64..10_000_000, 20)) {
            let found = stretches(&first, &second);
            prop_assert_eq!(found.first().map(|stretch| stretch.from), Some(1));
            let edges = found.iter().flat_map(|stretch| [stretch.from, stretch.from.saturating_sub(1).max(1)]);
            for volume in edges.chain(volumes) {
                let (one, other) = (first.at(volume as f64).total, second.at(volume as f64).total);
                let stretch = found.iter().rev().find(|stretch| stretch.from <= volume).unwrap();
                match stretch.cheaper {
                    Cheaper::First => prop_assert!(one <= other || close(one, other), "{volume}: {one} {other} {found:?}"),
                    Cheaper::Second => prop_assert!(other <= one || close(one, other), "{volume}: {one} {other} {found:?}"),
                    Cheaper::Neither => prop_assert!(close(one, other), "{volume}: {one} {other} {found:?}"),
                }
            }
        }

        #[test]
        fn neighbouring_stretches_differ_and_ascend(first in months(), second in months()) {
            let found = stretches(&first, &second);
            prop_assert!(found.windows(2).all(|pair| pair[0].from < pair[1].from && pair[0].cheaper != pair[1].cheaper), "{found:?}");
            let turned = stretches(&second, &first).iter().map(|stretch| (stretch.from, match stretch.cheaper {
                Cheaper::First => Cheaper::Second,
                Cheaper::Second => Cheaper::First,
                Cheaper::Neither => Cheaper::Neither,
            })).collect::<Vec<_>>();
            prop_assert_eq!(turns(&found), turned);
        }

        #[test]
        fn parts_add_up_and_a_month_never_costs_less_for_more(month in months(), volume in 0u64..10_000_000, more in 0u64..10_000_000) {
            let cost = month.at(volume as f64);
            prop_assert!(close(cost.total, cost.variable + cost.idle + cost.minimum_charge), "{cost:?}");
            prop_assert!(cost.variable >= 0.0 && cost.idle >= -1e-9 && cost.minimum_charge >= -1e-9, "{cost:?}");
            prop_assert!(month.at((volume + more) as f64).total >= cost.total - 1e-9);
        }
    }
}
