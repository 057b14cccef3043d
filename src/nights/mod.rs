//! What nights remember and publish: which inputs were seen, which dates they touch, the exact sums of each date, and
//! partitions that are replaced whole.
//!
//! - [`call_date`]: the date that a call belongs to; `state`: which inputs were seen, in an index that can be lost;
//! - `found`: what one reading holds, date by date; [`decide()`]: which dates that makes dirty, and what else must be read;
//! - `folds`: scored calls, each date apart; `sums`: the record of a published date, which is its commit;
//! - `lake`: the folder itself, which may lie on an object store, and its working copy;
//! - `publication`: files staged, then renamed, gone on with after a kill; `partition`: the files of a date; `tables`: columns;
//! - `windows`: the days up to a date, merged from their sums; `weeks`: agents beside their own earlier weeks; `latest`: what a single run would write, for the window;
//!   `series`: what drift says of the days.
//!
//! It reads no transcript, runs no engine and knows no clock: `commands::nightly` does. No text and no id of a call
//! reaches the state.

/// What a date's calls add up to, in whole numbers: what days are compared by.
pub(crate) use crate::drift::DaySums as DayFigures;

mod call_date;
mod decide;
mod folds;
mod found;
mod lake;
mod latest;
mod partition;
mod publication;
mod series;
#[cfg(test)]
mod simulation;
mod state;
mod sums;
mod tables;
mod weeks;
mod windows;

pub(crate) use call_date::{CallDate, date_in_name};
pub(crate) use decide::{Decision, Look, Night, decide};
pub(crate) use folds::{DATES_AT_ONCE, DatedFold, DatedFolds, OnlyDates};
pub(crate) use found::{Found, IsGone, Reading};
pub(crate) use lake::{Lake, UNFINISHED};
pub(crate) use latest::{copy_window, newest};
pub(crate) use partition::{Partition, part, remove_date, stage_date, stage_window};
pub(crate) use publication::Publication;
pub(crate) use series::{judged, trend, unjudged};
pub(crate) use state::{FILE as STATE, Held, Input, InputId, Pending, Reason, State, call_key};
#[cfg(feature = "object-stores")]
pub(crate) use sums::FOLDER as SUMS;
pub(crate) use sums::{
    DateCounts, DateInput, DateRecord, DateSums, Identity, Published, inputs_hash, keys, read as read_sums,
};
#[cfg(test)]
pub(crate) use tables::day_fields;
pub(crate) use tables::{DayRow, describe_partitions, write_days};
pub(crate) use weeks::{AgentLately, agents_lately};
pub(crate) use windows::{Books, LIST as WINDOWS_LIST, Windows, all_of};
