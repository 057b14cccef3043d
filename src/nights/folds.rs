//! Scored calls, each date apart: a fold a date, for so many dates at once.
//!
//! A published score is a score, whether tonight's engine gave it or it was stored: what tells the two apart is counted for
//! the run, and stands in no table.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;

use super::CallDate;
use super::DayFigures;
use super::state::{CallKey, call_key};
use crate::input::InputError;
use crate::output::MEMORY_BYTES;
use crate::pipeline::{Fold, FoldOptions, Prepared, TakeCalls};
use crate::sentiment::{Outcome, SegmentCounts};
use crate::transcript::Call;

/// Dates that are made in one pass over the rows: each holds its sums and its unsorted rows.
pub(crate) const DATES_AT_ONCE: usize = 64;

/// What the calls of a date come to.
pub(crate) struct DatedFold {
    pub(crate) fold: Fold,
    pub(crate) figures: DayFigures,
}

impl DatedFold {
    fn new(options: &FoldOptions) -> Self {
        Self { fold: Fold::new(options.clone()), figures: DayFigures::default() }
    }
}

/// The folds of some dates.
pub(crate) struct DatedFolds {
    options: FoldOptions,
    /// Scored calls, by date.
    pub(crate) folds: BTreeMap<CallDate, DatedFold>,
    /// What became of the segments tonight.
    pub(crate) counts: SegmentCounts,
    /// Turns of finished calls.
    pub(crate) turns: u64,
    /// Finished calls.
    pub(crate) calls: u64,
    /// Their languages.
    pub(crate) languages: BTreeSet<Box<str>>,
}

impl DatedFolds {
    /// Folds for calls of these dates.
    pub(crate) fn new(dates: &BTreeSet<CallDate>, options: &FoldOptions) -> Self {
        let row_bytes = 4 * MEMORY_BYTES / dates.len().clamp(4, DATES_AT_ONCE);
        let options = FoldOptions { row_bytes, ..options.clone() };
        let folds = dates.iter().map(|date| (*date, DatedFold::new(&options))).collect();
        Self { options, folds, counts: SegmentCounts::default(), turns: 0, calls: 0, languages: BTreeSet::new() }
    }
}

impl TakeCalls for DatedFolds {
    fn finish_call(&mut self, prepared: &Prepared, mut outcomes: Vec<Outcome>) -> io::Result<()> {
        for outcome in &outcomes {
            self.counts.add(outcome);
        }
        self.calls += 1;
        self.turns += prepared.call.turns.len() as u64;
        for outcome in &mut outcomes {
            if let Outcome::Cached(scores) = outcome {
                *outcome = Outcome::Scored(*scores);
            }
        }
        let date = CallDate::of(prepared.call.date.as_deref());
        let dated = self.folds.entry(date).or_insert_with(|| DatedFold::new(&self.options));
        let call = dated.fold.take(prepared, outcomes)?;
        dated.figures.add(&call);
        if let Some(language) = call.language.filter(|language| !self.languages.contains(language)) {
            self.languages.insert(language);
        }
        Ok(())
    }
}

/// Those of some groups of calls that are of some dates.
pub(crate) struct OnlyDates<C> {
    calls: C,
    dates: BTreeSet<CallDate>,
    left_out: HashSet<CallKey>,
}

impl<C> OnlyDates<C> {
    /// The calls of `dates` that are not `left_out`.
    pub(crate) const fn new(calls: C, dates: BTreeSet<CallDate>, left_out: HashSet<CallKey>) -> Self {
        Self { calls, dates, left_out }
    }

    fn is_wanted(&self, call: &Call) -> bool {
        let date = CallDate::of(call.date.as_deref());
        self.dates.contains(&date) && (self.left_out.is_empty() || !self.left_out.contains(&call_key(&call.id)))
    }
}

impl<C: Iterator<Item = Result<Vec<Call>, InputError>>> Iterator for OnlyDates<C> {
    type Item = Result<Vec<Call>, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut group = match self.calls.next()? {
                Ok(group) => group,
                error => return Some(error),
            };
            group.retain(|call| self.is_wanted(call));
            if !group.is_empty() {
                return Some(Ok(group));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, date: &str) -> Call {
        Call { id: id.into(), date: Some(date.into()), ..Call::default() }
    }

    #[test]
    fn only_calls_of_the_dates_that_are_held_whole_pass() {
        let groups = [
            Ok(vec![call("a", "2026-11-01"), call("b", "2026-11-02")]),
            Ok(vec![call("c", "2026-11-03")]),
            Ok(vec![call("d", "2026-11-02"), Call { id: "e".into(), ..Call::default() }]),
        ];
        let dates = ["2026-11-02", "unknown"].map(|date| date.parse().unwrap());
        let passed = OnlyDates::new(groups.into_iter(), dates.into(), [call_key("d")].into());
        let ids: Vec<Vec<String>> =
            passed.map(|group| group.unwrap().iter().map(|call| call.id.to_string()).collect()).collect();
        assert_eq!(ids, [["b"], ["e"]]);
    }
}
