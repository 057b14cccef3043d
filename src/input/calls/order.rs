//! The order in which the rows of a call were spoken, and which of them are the same one.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::input::row::{Body, Row};
use crate::input::times::Moment;

/// A row with what its order goes by.
pub(super) struct Placed<'a> {
    pub(super) row: Row<'a>,
    /// The turn index, or that of the row before in the files.
    index: i64,
    /// The start in milliseconds, or that of the row before in the files.
    time: i64,
}

/// Where a call's offsets begin: at its earliest moment of the calendar, if it has one.
#[derive(Clone, Copy)]
pub(super) struct TimeLine {
    pub(super) zero: i64,
}

impl TimeLine {
    pub(super) fn ms(self, moment: Option<Moment>) -> Option<i64> {
        Some(match moment? {
            Moment::Absolute(ms) => ms,
            Moment::Offset(ms) => self.zero + ms,
        })
    }
}

/// Rows by turn index, then time, then their order in the files, in which they come. A row without index or time
/// stays behind the row before it.
pub(super) fn in_order<'a>(rows: Vec<Row<'a>>, line: TimeLine) -> Vec<Placed<'a>> {
    let (mut index, mut time) = (i64::MIN, i64::MIN);
    let mut placed: Vec<Placed<'a>> = rows
        .into_iter()
        .map(|row| {
            index = row.index.unwrap_or(index);
            time = line.ms(row.start).unwrap_or(time);
            Placed { row, index, time }
        })
        .collect();
    placed.sort_by_key(|placed| (placed.index, placed.time));
    placed
}

/// What makes two rows of a call the same one, besides who spoke and what was said.
#[derive(PartialEq, Eq, Hash)]
enum Mark {
    Index(i64),
    Time(i64),
    /// A conversation in one row needs no more.
    Whole,
}

impl Mark {
    fn of(row: &Row<'_>, line: TimeLine) -> Option<Self> {
        let time = || line.ms(row.start).map(Self::Time);
        let whole = || matches!(row.body, Body::Conversation(_)).then_some(Self::Whole);
        row.index.map(Self::Index).or_else(time).or_else(whole)
    }
}

/// Whether many different turns of a call have one and the same time, which then is the call's: what is said twice in a
/// file was said twice, and only another file repeats it.
fn is_one_moment(rows: &[Placed<'_>]) -> bool {
    const DIFFERENT: usize = 3;
    let first = rows.first().map(|placed| placed.time);
    let bodies: FxHashSet<&Body<'_>> = rows.iter().map(|placed| &placed.row.body).collect();
    rows.iter().all(|placed| Some(placed.time) == first) && bodies.len() >= DIFFERENT
}

/// Keeps the first of rows that are the same. Where they differ in what does not make them different, the greater
/// value is kept: which one came first must not matter.
pub(super) fn drop_duplicates(rows: &mut Vec<Placed<'_>>, line: TimeLine) {
    let has_index = rows.iter().any(|placed| placed.row.index.is_some());
    let alike = |one: &Placed<'_>, other: &Placed<'_>| {
        if has_index { one.index == other.index } else { one.time == other.time }
    };
    if !rows.windows(2).any(|pair| alike(&pair[0], &pair[1])) {
        return;
    }
    let is_one_moment = !has_index && is_one_moment(rows);
    let mut times: FxHashMap<(u32, Body<'_>), u32> = FxHashMap::default();
    let mut seen: FxHashMap<(Mark, Body<'_>, u32), usize> = FxHashMap::default();
    let mut kept: Vec<Placed<'_>> = Vec::with_capacity(rows.len());
    for placed in rows.drain(..) {
        let Some(mark) = Mark::of(&placed.row, line) else {
            kept.push(placed);
            continue;
        };
        let body = placed.row.body.clone();
        let nth = if is_one_moment {
            let count = times.entry((placed.row.place.0, body.clone())).or_default();
            *count += 1;
            *count
        } else {
            0
        };
        match seen.entry((mark, body, nth)) {
            Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(placed);
            }
            Entry::Occupied(entry) => {
                let first = &mut kept[*entry.get()].row;
                first.attributes = first.attributes.max(placed.row.attributes);
                if line.ms(placed.row.end) > line.ms(first.end) {
                    first.end = placed.row.end;
                }
            }
        }
    }
    *rows = kept;
}
