//! From rows in any order to calls: each with its turns in the order spoken, and each row once.
//!
//! One partition of rows is held at a time. Calls come in an order that depends on their ids alone, so that the
//! same rows in other files or another order give the same calls in the same order.

mod assemble;
mod order;
mod partition;

use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use super::delivery::Delivery;
use super::error::InputError;
use super::row::Attributes;
use super::sink::PartyNumbers;
use super::store::{PARTITIONS, Stored};
use super::times::Clock;
use crate::transcript::Call;
use assemble::assemble;
use partition::Partition;
pub(super) use partition::recurrence;

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
