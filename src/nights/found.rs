//! What one reading holds: how many calls of which date in which input, and which dates the inputs that are new touch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::state::{CallKey, State, StateError, call_key};
use super::{CallDate, InputId};
use crate::transcript::Call;

/// Whether an input can't be read any more.
pub(crate) type IsGone<'a> = &'a dyn Fn(InputId) -> bool;

/// Calls that are remembered for a moment before those of old dates are dropped.
const MOST_RECENT: usize = 1 << 20;

/// What is read, and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The input of each file, by its number.
    pub(crate) files: Vec<InputId>,
    /// Inputs that are new or changed.
    pub(crate) fresh: BTreeSet<InputId>,
    /// Calls that stand in inputs which are not read as well, with their date.
    pub(crate) partly: HashMap<CallKey, CallDate>,
    /// Days before the newest date for which calls are remembered.
    pub(crate) memory: i64,
    /// Inputs that were seen with another content.
    pub(crate) changed: BTreeSet<InputId>,
    /// Published dates that are not touched any more.
    pub(crate) closed: BTreeSet<CallDate>,
}

/// A call that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) key: CallKey,
    pub(crate) date: CallDate,
    pub(crate) inputs: Box<[InputId]>,
    /// Whether other inputs hold it too.
    pub(crate) shared: bool,
}

/// What the calls of a date are, whatever their order: how many, and the sum of their keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) calls: u64,
    pub(crate) keys: u128,
}

/// What one reading holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Calls by date and input.
    pub(crate) held: BTreeMap<(CallDate, InputId), u64>,
    /// The calls of each date that the reading holds whole.
    pub(crate) sums: BTreeMap<CallDate, Sum>,
    /// Dates of calls that a new or changed input holds, now or before.
    pub(crate) touched: BTreeSet<CallDate>,
    /// Inputs that hold calls of a new or changed one, and that are not read.
    pub(crate) also: BTreeSet<InputId>,
    /// Dates that a changed input held before, and whose calls it still holds.
    pub(crate) moved: BTreeSet<(InputId, CallDate)>,
    /// Calls of changed inputs that are of closed dates.
    pub(crate) late: BTreeMap<CallDate, HashSet<CallKey>>,
    /// Calls that the reading does not hold whole.
    pub(crate) left_out: HashSet<CallKey>,
    /// Calls to remember.
    pub(crate) seen: Vec<Seen>,
    newest: Option<CallDate>,
    room: usize,
}

impl Found {
    /// Takes in a call; without a state, no call was seen before.
    ///
    /// # Errors
    /// [`StateError`] where the state can't be asked.
    pub(crate) fn add(
        &mut self,
        call: &Call,
        reading: &Reading,
        state: Option<&State>,
        is_gone: IsGone<'_>,
    ) -> Result<(), StateError> {
        let key = call_key(&call.id);
        let files = call.files.iter().filter_map(|file| reading.files.get(*file as usize).copied());
        let inputs: Box<[InputId]> = files.collect();
        let mut date = CallDate::of(call.date.as_deref());
        let mut is_whole = true;
        let is_fresh = inputs.iter().any(|input| reading.fresh.contains(input));
        if is_fresh {
            for (input, before) in state.map(|state| state.seen_in(&key)).transpose()?.unwrap_or_default() {
                self.touched.insert(before);
                if inputs.contains(&input) {
                    self.moved.insert((input, before));
                } else if is_gone(input) {
                    (date, is_whole) = (before, false);
                } else if !reading.files.contains(&input) {
                    self.also.insert(input);
                }
            }
            self.touched.insert(date);
        } else if let Some(known) = reading.partly.get(&key) {
            (date, is_whole) = (*known, false);
        }
        if reading.closed.contains(&date) && inputs.iter().any(|input| reading.changed.contains(input)) {
            self.late.entry(date).or_default().insert(key);
        }
        for &input in &inputs {
            *self.held.entry((date, input)).or_default() += 1;
        }
        if is_whole {
            let sum = self.sums.entry(date).or_default();
            sum.calls += 1;
            sum.keys = sum.keys.wrapping_add(u128::from_le_bytes(key));
        } else {
            self.left_out.insert(key);
        }
        let shared = inputs.len() > 1 || !is_whole;
        self.remember(Seen { key, date, inputs, shared }, reading.memory);
        Ok(())
    }

    fn remember(&mut self, seen: Seen, memory: i64) {
        self.newest = self.newest.max(Some(seen.date));
        let is_old = |newest: Option<CallDate>, seen: &Seen| {
            let days = newest.and_then(|newest| seen.date.days_until(newest));
            !seen.shared && days.is_some_and(|days| days > memory)
        };
        if is_old(self.newest, &seen) {
            return;
        }
        self.seen.push(seen);
        if self.seen.len() >= self.room.max(MOST_RECENT) {
            let newest = self.newest;
            self.seen.retain(|seen| !is_old(newest, seen));
            self.room = self.seen.len() * 2;
        }
    }

    /// The inputs that hold calls of each date, by the numbers of their files; an empty date stands for none.
    pub(crate) fn files_of_dates(&self, reading: &Reading) -> BTreeMap<Box<str>, Vec<u32>> {
        let numbers: HashMap<InputId, u32> = reading.files.iter().copied().zip(0..).collect();
        let mut files: BTreeMap<Box<str>, Vec<u32>> = BTreeMap::new();
        for (date, input) in self.held.keys() {
            let date = date.0.map(|date| date.to_string()).unwrap_or_default();
            files.entry(date.into()).or_default().extend(numbers.get(input));
        }
        files
    }

    /// The inputs that hold calls of a date, in order.
    pub(crate) fn inputs_of(&self, date: CallDate) -> impl Iterator<Item = (InputId, u64)> {
        let of_date = (date, InputId::MIN)..=(date, InputId::MAX);
        self.held.range(of_date).map(|((_, input), calls)| (*input, *calls))
    }
}
