//! From rows in any order to calls: each with its turns in the order spoken, and each row once.
//!
//! One partition of rows is held at a time. Calls come in an order that depends on their ids alone, so that the
//! same rows in other files or another order give the same calls in the same order.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::contacts;
use super::delivery::Delivery;
use super::error::InputError;
use super::labels::TurnText;
use super::row::{Attributes, Body, Row, call_id_at, row_at};
use super::sink::PartyNumbers;
use super::store::{PARTITIONS, Stored};
use super::times::{Clock, Moment};
use crate::sentiment::Millionths;
use crate::transcript::{Call, Role, Text, Turn};

/// Bytes of text after which a group of calls is handed out.
const GROUP_BYTES: usize = 256 << 10;

/// What calls take from the settings.
pub(super) struct Grouping {
    pub(super) clock: Clock,
    /// The language of calls that name none.
    pub(super) language: Option<Box<str>>,
    /// Whether there are contact records.
    pub(super) has_contacts: bool,
    pub(super) party_numbers: PartyNumbers,
    /// The same of the files of a date, where they take the place of all files.
    pub(super) party_numbers_of_dates: Option<FxHashMap<Box<str>, PartyNumbers>>,
    pub(super) delivery: Delivery,
}

impl Grouping {
    /// The date of a call that began then, from the attributes of its rows and from these files; empty if none is known.
    fn date<'a>(
        &self,
        mut attributes: impl Iterator<Item = Attributes<'a>>,
        started_at_ms: Option<i64>,
        files: impl Iterator<Item = u32>,
    ) -> Option<Date> {
        let stated = attributes.find_map(|row| row.date);
        stated.or_else(|| self.clock.date_of(started_at_ms?)).or_else(|| self.delivery.date_of(files))
    }

    /// What agents' values there are among the files that count for a call of this date.
    fn party_numbers(&self, date: Option<Date>) -> &PartyNumbers {
        let Some(of_dates) = &self.party_numbers_of_dates else { return &self.party_numbers };
        let date = date.map(|date| date.to_string()).unwrap_or_default();
        of_dates.get(&*date).unwrap_or(&self.party_numbers)
    }
}

/// What an iteration has met so far; the totals once it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Calls.
    pub calls: u64,
    /// Turns, without duplicates.
    pub turns: u64,
    /// Rows that repeat another one and were left out.
    pub duplicates: u64,
    /// Calls without a contact record, where there are such records.
    pub calls_without_contact: u64,
    /// Contact records without a call.
    pub contacts_without_call: u64,
    /// Calls that were met in a redacted file and in another one, which was left out.
    pub twins: u64,
}

/// Groups of complete calls, some hundreds of kilobytes of text each.
///
/// Ends after the first error.
pub struct Calls {
    stored: Arc<Stored>,
    grouping: Arc<Grouping>,
    next_partition: usize,
    partition: Partition,
    tally: Tally,
}

impl Calls {
    pub(super) fn new(stored: Arc<Stored>, grouping: Arc<Grouping>) -> Self {
        Self { stored, grouping, next_partition: 0, partition: Partition::default(), tally: Tally::default() }
    }

    /// What was met so far.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// The next group; empty at the end.
    fn group(&mut self) -> Result<Vec<Call>, InputError> {
        let mut group = Vec::new();
        let mut bytes = 0;
        while bytes < GROUP_BYTES {
            if let Some(rows) = self.partition.next_call()? {
                let Some(call) = assemble(rows, &self.grouping, &mut self.tally) else { continue };
                bytes += call.turns.iter().map(|turn| turn.text.len()).sum::<usize>();
                group.push(call);
            } else if self.next_partition < PARTITIONS {
                let mut bytes = std::mem::take(&mut self.partition.bytes);
                self.stored.load(self.next_partition, &mut bytes).map_err(|source| InputError::Scratch { source })?;
                self.partition = Partition::new(bytes)?;
                self.next_partition += 1;
            } else {
                break;
            }
        }
        Ok(group)
    }
}

impl Iterator for Calls {
    type Item = Result<Vec<Call>, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.group() {
            Ok(group) if group.is_empty() => None,
            Ok(group) => Some(Ok(group)),
            Err(error) => {
                self.next_partition = PARTITIONS;
                self.partition = Partition::default();
                Some(Err(error))
            }
        }
    }
}

/// One partition's rows, by call.
#[derive(Default)]
struct Partition {
    bytes: Vec<u8>,
    /// Where each row begins: all of the first call's rows, then the second's, calls by id.
    offsets: Vec<usize>,
    /// Where each call's rows end in `offsets`, the last call first.
    ends: Vec<usize>,
    next: usize,
}

impl Partition {
    fn new(bytes: Vec<u8>) -> Result<Self, InputError> {
        let mut calls: FxHashMap<&[u8], usize> = FxHashMap::default();
        let mut ids: Vec<&[u8]> = Vec::new();
        let mut rows: Vec<(usize, usize)> = Vec::new();
        let mut offset = 0;
        while offset < bytes.len() {
            let (id, next) = call_id_at(&bytes, offset).ok_or_else(corrupt)?;
            let call = *calls.entry(id).or_insert_with(|| {
                ids.push(id);
                ids.len() - 1
            });
            rows.push((call, offset));
            offset = next;
        }
        let mut by_id: Vec<usize> = (0..ids.len()).collect();
        by_id.sort_unstable_by_key(|&call| ids[call]);
        let mut counts = vec![0_usize; ids.len()];
        for &(call, _) in &rows {
            counts[call] += 1;
        }
        let mut starts = vec![0; ids.len()];
        let mut ends = Vec::with_capacity(ids.len());
        let mut end = 0;
        for &call in &by_id {
            starts[call] = end;
            end += counts[call];
            ends.push(end);
        }
        let mut offsets = vec![0; rows.len()];
        for (call, offset) in rows {
            offsets[starts[call]] = offset;
            starts[call] += 1;
        }
        ends.reverse();
        Ok(Self { bytes, offsets, ends, next: 0 })
    }

    /// The rows of the next call.
    fn next_call(&mut self) -> Result<Option<Vec<Row<'_>>>, InputError> {
        let Some(end) = self.ends.pop() else { return Ok(None) };
        let offsets = &self.offsets[self.next..end];
        self.next = end;
        let row = |&offset: &usize| row_at(&self.bytes, offset).map(|(row, _)| row).ok_or_else(corrupt);
        offsets.iter().map(row).collect::<Result<_, _>>().map(Some)
    }
}

/// How many calls are stored, and in how many of them each of `values` unknown speakers is met.
///
/// # Errors
/// [`InputError::Scratch`].
pub(super) fn recurrence(stored: &Stored, values: usize) -> Result<(u64, Vec<u64>), InputError> {
    let (mut calls, mut by_value) = (0, vec![0; values]);
    let mut bytes = Vec::new();
    for number in 0..PARTITIONS {
        stored.load(number, &mut bytes).map_err(|source| InputError::Scratch { source })?;
        let mut partition = Partition::new(std::mem::take(&mut bytes))?;
        while let Some(rows) = partition.next_call()? {
            calls += u64::from(rows.iter().any(|row| row.body != Body::Nothing));
            let unknown =
                rows.iter().filter_map(|row| if let Body::Unknown(value) = row.body { Some(value) } else { None });
            for value in unknown.collect::<FxHashSet<u32>>() {
                by_value[value as usize] += 1;
            }
        }
        bytes = partition.bytes;
    }
    Ok((calls, by_value))
}

/// The temporary file gave back other bytes than were written.
fn corrupt() -> InputError {
    InputError::Scratch { source: std::io::ErrorKind::InvalidData.into() }
}

/// A row with what its order goes by.
struct Placed<'a> {
    row: Row<'a>,
    /// The turn index, or that of the row before in the files.
    index: i64,
    /// The start in milliseconds, or that of the row before in the files.
    time: i64,
}

/// Makes a call of its rows; `None` if they hold no turn.
fn assemble(mut rows: Vec<Row<'_>>, grouping: &Grouping, tally: &mut Tally) -> Option<Call> {
    let contact = rows.iter().find(|row| row.place.0 == contacts::PLACE).map(|row| row.attributes);
    rows.retain(|row| row.place.0 != contacts::PLACE);
    if rows.iter().all(|row| row.body == Body::Nothing) {
        tally.contacts_without_call += u64::from(contact.is_some());
        return None;
    }
    tally.calls_without_contact += u64::from(grouping.has_contacts && contact.is_none());
    let contact = contact.unwrap_or_default();
    // Rows of one record keep their order.
    rows.sort_by_key(|row| row.place);
    keep_newest(&mut rows, grouping);
    drop_twins(&mut rows, tally);
    let stated = rows.iter().filter_map(|row| row.attributes.call_started_ms).min();
    let met = || rows.iter().filter_map(|row| row.start?.on_the_calendar()).min();
    let started_at_ms = stated.or_else(met).or(contact.call_started_ms);
    let line = TimeLine { zero: started_at_ms.unwrap_or(0) };
    forget_party_numbers(&mut rows, grouping, contact, started_at_ms);
    let mut rows = in_order(rows, line);
    let all = rows.len();
    drop_duplicates(&mut rows, line);
    tally.duplicates += (all - rows.len()) as u64;

    let mut turns = Vec::with_capacity(rows.len());
    for placed in &rows {
        push_turns(&mut turns, &placed.row, line);
    }
    from_first_moment(&mut turns);
    name_agent(&mut turns, &rows);
    name_contact_agent(&mut turns, contact.agent_id);
    tally.calls += 1;
    tally.turns += turns.len() as u64;

    // What the transcript states goes first.
    let attributes = || rows.iter().map(|placed| placed.row.attributes).chain([contact]);
    let of_rows = rows.iter().map(|placed| placed.row.place.0);
    let date = grouping.date(attributes(), started_at_ms, of_rows);
    let language = attributes().find_map(|row| named(row.language));
    let mut files: Vec<u32> = rows.iter().map(|placed| placed.row.place.0).collect();
    files.sort_unstable();
    files.dedup();
    Some(Call {
        id: rows.first().map_or("", |placed| placed.row.call_id).into(),
        turns,
        queue: attributes().find_map(|row| named(row.queue)),
        channel: attributes().find_map(|row| named(row.channel)),
        language: language.or_else(|| grouping.language.clone()),
        date: date.map(|date| date.to_string().into()),
        started_at_ms,
        rating: contact.rating.map(Millionths),
        files: files.into(),
    })
}

/// Keeps the rows of the file that counts for a call, if only one does.
fn keep_newest(rows: &mut Vec<Row<'_>>, grouping: &Grouping) {
    let speaking = rows.iter().filter(|row| row.body != Body::Nothing).map(|row| row.place.0);
    if let Some(newest) = grouping.delivery.newest(speaking) {
        rows.retain(|row| row.place.0 == newest);
    }
}

/// Takes away the party's number in its call where it stands in an agent's place.
fn forget_party_numbers(
    rows: &mut [Row<'_>],
    grouping: &Grouping,
    contact: Attributes<'_>,
    started_at_ms: Option<i64>,
) {
    if !rows.iter().any(|row| row.attributes.is_party_number) {
        return;
    }
    let attributes = rows.iter().map(|row| row.attributes).chain([contact]);
    let date = grouping.date(attributes, started_at_ms, rows.iter().map(|row| row.place.0));
    let numbers = grouping.party_numbers(date);
    for Attributes { agent_id, is_party_number, .. } in rows.iter_mut().map(|row| &mut row.attributes) {
        if std::mem::take(is_party_number) && !numbers.is_id(agent_id) {
            *agent_id = "";
        }
    }
}

/// Keeps the redacted rows of a call of which turns were read from a redacted file and from another one.
fn drop_twins(rows: &mut Vec<Row<'_>>, tally: &mut Tally) {
    let speaks =
        |is_redacted| rows.iter().any(|row| row.attributes.is_redacted == is_redacted && row.body != Body::Nothing);
    if speaks(true) && speaks(false) {
        rows.retain(|row| row.attributes.is_redacted);
        tally.twins += 1;
    }
}

/// Gives the turns of agents that name none the agent of the call, if rows without a turn name just one.
fn name_agent(turns: &mut [Turn], rows: &[Placed<'_>]) {
    let stated = rows.iter().filter(|placed| placed.row.body == Body::Nothing);
    let mut ids = stated.map(|placed| placed.row.attributes.agent_id).filter(|id| !id.is_empty());
    let Some(id) = ids.next() else { return };
    if ids.any(|other| other != id) {
        return;
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::Agent && turn.agent_id.is_none()) {
        turn.agent_id = Some(id.into());
    }
}

/// Gives the turns of agents that name none the agent of the call's contact record; where no agent speaks, all turns.
fn name_contact_agent(turns: &mut [Turn], id: &str) {
    if id.is_empty() {
        return;
    }
    let has_agent = turns.iter().any(|turn| turn.role == Role::Agent);
    for turn in turns.iter_mut().filter(|turn| turn.agent_id.is_none() && (turn.role == Role::Agent || !has_agent)) {
        turn.agent_id = Some(id.into());
    }
}

/// A field's value, unless it is empty.
fn named(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}

/// Where a call's offsets begin: at its earliest moment of the calendar, if it has one.
#[derive(Clone, Copy)]
struct TimeLine {
    zero: i64,
}

impl TimeLine {
    fn ms(self, moment: Option<Moment>) -> Option<i64> {
        Some(match moment? {
            Moment::Absolute(ms) => ms,
            Moment::Offset(ms) => self.zero + ms,
        })
    }
}

/// Rows by turn index, then time, then their order in the files, in which they come. A row without index or time
/// stays behind the row before it.
fn in_order<'a>(rows: Vec<Row<'a>>, line: TimeLine) -> Vec<Placed<'a>> {
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
fn drop_duplicates(rows: &mut Vec<Placed<'_>>, line: TimeLine) {
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

/// Appends a row's turns, with times in milliseconds since wherever `line` begins.
fn push_turns(turns: &mut Vec<Turn>, row: &Row<'_>, line: TimeLine) {
    let (start, end) = (line.ms(row.start), line.ms(row.end));
    let turn = |role: Role, text: &str, start_ms: Option<i64>, end_ms: Option<i64>| Turn {
        role,
        text: Text::from(text),
        agent_id: named(row.attributes.agent_id),
        start_ms,
        end_ms,
    };
    match &row.body {
        Body::Unknown(_) | Body::Nothing => {}
        Body::Turn(role, text) => turns.push(turn(*role, text, start, end)),
        Body::Conversation(several) | Body::Turns(several) => {
            let before = turns.len();
            for &TurnText { role, offset_ms, text } in several {
                let stamped = offset_ms.map(|ms| start.unwrap_or(line.zero) + ms);
                turns.push(turn(role, text, stamped, None));
            }
            if let Some(first) = turns.get_mut(before) {
                first.start_ms = first.start_ms.or(start);
            }
            if let Some(last) = turns.get_mut(before..).and_then(<[Turn]>::last_mut) {
                last.end_ms = end;
            }
        }
    }
}

/// Moves times so that the first known moment is 0.
fn from_first_moment(turns: &mut [Turn]) {
    let moments = turns.iter().flat_map(|turn| [turn.start_ms, turn.end_ms]);
    let Some(zero) = moments.flatten().min() else { return };
    for turn in turns {
        for moment in [&mut turn.start_ms, &mut turn.end_ms].into_iter().flatten() {
            *moment -= zero;
        }
    }
}
