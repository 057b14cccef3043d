//! Nights over made-up inputs: whatever the order in which they arrive, the same is published as by one night over all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::found::{Found, Reading};
use super::state::{Held, Input, State};
use super::*;
use crate::transcript::Call;

const LOOKBACK: i64 = 7;

/// An input: calls by name, each with the day on which the part of it that stands there began.
type Content = BTreeMap<u16, u8>;

/// What is published of a date: its calls, and which inputs each was read from.
type Partitions = BTreeMap<CallDate, BTreeMap<u16, Vec<usize>>>;

struct Site<'a> {
    contents: &'a [Content],
    state: State,
    ids: BTreeMap<InputId, usize>,
    partitions: Partitions,
    /// Inputs read, over all nights.
    read: usize,
}

fn day(number: u8) -> Date {
    date(2026, 11, 1) + i64::from(number).days()
}

impl<'a> Site<'a> {
    fn new(contents: &'a [Content]) -> Self {
        let state = State::in_memory();
        Self { contents, state, ids: BTreeMap::new(), partitions: BTreeMap::new(), read: 0 }
    }

    /// The calls that these inputs hold together.
    fn calls(&self, files: &[InputId]) -> Vec<Call> {
        let mut calls: BTreeMap<u16, (u8, Vec<u32>)> = BTreeMap::new();
        for (number, id) in (0..).zip(files) {
            for (&name, &began) in &self.contents[self.ids[id]] {
                let (first, inputs) = calls.entry(name).or_insert((began, Vec::new()));
                *first = began.min(*first);
                inputs.push(number);
            }
        }
        let call = |(name, (began, files)): (u16, (u8, Vec<u32>))| Call {
            id: name.to_string().into(),
            date: Some(day(began).to_string().into()),
            files: files.into(),
            ..Call::default()
        };
        calls.into_iter().map(call).collect()
    }

    fn night(&mut self, arrived: &[usize]) {
        let put = |number: &usize| {
            let input = Input {
                path: number.to_string(),
                bytes: 0,
                modified: 0,
                seen: 0,
                hash: number.to_string(),
                given: None,
                stem: String::new(),
                names_calls: false,
                is_named: false,
                is_replaced: false,
                tag: None,
            };
            let id = self.state.put_input(&input).unwrap();
            self.ids.insert(id, *number);
            id
        };
        let fresh: BTreeSet<InputId> = arrived.iter().map(put).collect();
        let published: BTreeSet<CallDate> = self.partitions.keys().copied().collect();
        let night = Night { lookback: LOOKBACK, newest: published.last().copied(), published, ..Night::default() };
        let mut read = fresh.clone();
        let (reading, found, decision) = loop {
            let partly = self.state.partly_in(&read).unwrap().into_iter().collect();
            let files: Vec<InputId> = read.iter().copied().collect();
            self.read += files.len();
            let reading = Reading { files, fresh: fresh.clone(), partly, memory: LOOKBACK + 3, ..Reading::default() };
            let mut found = Found::default();
            for call in self.calls(&reading.files) {
                found.add(&call, &reading, Some(&self.state), &|_| false).unwrap();
            }
            match decide(&self.state, &night, &reading, &found, &|_| false).unwrap() {
                Look::Read(more) => read = more,
                Look::Publish(decision) => break (reading, found, decision),
            }
        };
        for date in &decision.dirty {
            self.partitions.insert(*date, BTreeMap::new());
        }
        for call in self.calls(&reading.files) {
            let date = CallDate::of(call.date.as_deref());
            if decision.dirty.contains(&date) && !found.left_out.contains(&state::call_key(&call.id)) {
                let mut inputs: Vec<usize> =
                    call.files.iter().map(|file| self.ids[&reading.files[*file as usize]]).collect();
                inputs.sort_unstable();
                self.partitions.get_mut(&date).unwrap().insert(call.id.parse().unwrap(), inputs);
            }
        }
        self.remember(&reading, &found);
    }

    fn remember(&self, reading: &Reading, found: &Found) {
        for &input in &reading.files {
            self.state.forget_calls(input).unwrap();
        }
        for (&(date, input), &calls) in &found.held {
            self.state.put_held(Held { input, date, calls }).unwrap();
        }
        for seen in &found.seen {
            for &input in &seen.inputs {
                self.state.put_call(&seen.key, input, seen.date, seen.shared).unwrap();
            }
        }
        if let Some(CallDate(Some(newest))) = self.partitions.keys().last() {
            self.state.forget_before(*newest - (LOOKBACK + 3).days()).unwrap();
        }
    }
}

/// One input a day and a few more, whose calls may have a second part in the next one, or come again in another.
fn inputs() -> impl Strategy<Value = Vec<Content>> {
    let part = (any::<prop::sample::Index>(), 0..4_u8);
    (4..24_usize, prop::collection::vec((0..60_u16, part), 1..60)).prop_map(|(files, parts)| {
        let mut contents = vec![Content::new(); files];
        for (name, (file, shift)) in parts {
            let file = file.index(files);
            let began = u8::try_from(file).unwrap() + shift.saturating_sub(1).min(2);
            let others = contents.iter().filter_map(|content| content.get(&name)).copied();
            // A call's parts lie close together, as those of a real one do.
            if others.clone().all(|other| other.abs_diff(began) <= 2) {
                contents[file].entry(name).or_insert(began);
            }
        }
        contents
    })
}

proptest! {
    #![proptest_config(crate::cases::usually(200))]

    #[test]
    fn nights_in_any_order_publish_what_one_night_over_all_does(
        contents in inputs(), delays in prop::collection::vec(0..5_usize, 24),
    ) {
        let mut arrivals: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, delay) in delays.iter().enumerate().take(contents.len()) {
            arrivals.entry(number + delay).or_default().push(number);
        }
        let mut nights = Site::new(&contents);
        for arrived in arrivals.values() {
            nights.night(arrived);
        }
        let mut once = Site::new(&contents);
        once.night(&(0..contents.len()).collect::<Vec<_>>());
        let without_empty = |partitions: &Partitions| {
            partitions.clone().into_iter().filter(|(_, calls)| !calls.is_empty()).collect::<Partitions>()
        };
        prop_assert_eq!(without_empty(&nights.partitions), without_empty(&once.partitions));
        prop_assert_eq!(once.read, contents.len(), "a first night reads each input once");
    }
}

#[test]
fn a_call_whose_beginning_comes_later_moves_to_the_date_of_its_beginning() {
    let contents = [Content::from([(1, 2), (2, 2)]), Content::from([(1, 1), (3, 1)])];
    let mut site = Site::new(&contents);
    site.night(&[0]);
    site.night(&[1]);
    let calls = |number| site.partitions[&CallDate(Some(day(number)))].keys().copied().collect::<Vec<_>>();
    assert_eq!((calls(1), calls(2)), (vec![1, 3], vec![2]));
}

#[test]
fn a_late_input_of_an_old_date_waits_and_one_of_a_date_that_was_never_published_does_not() {
    let contents = [Content::from([(1, 1)]), Content::from([(2, 20)]), Content::from([(3, 1), (4, 2)])];
    let mut site = Site::new(&contents);
    site.night(&[0]);
    site.night(&[1]);
    site.night(&[2]);
    let calls = |number| site.partitions[&CallDate(Some(day(number)))].keys().copied().collect::<Vec<_>>();
    assert_eq!((calls(1), calls(2)), (vec![1], vec![4]));
}
