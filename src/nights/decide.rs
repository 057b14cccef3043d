//! Which dates a night recomputes, and what it must read for that. Pure: it asks what was seen, and reads nothing.
//!
//! A date is dirty when a new or changed input holds calls of it, or held some. It is recomputed whole, so every input
//! that holds it must be read, and every input that holds a part of a call that is new: its date depends on all parts. What
//! more is read may show more, until nothing is left to read.

use std::collections::BTreeSet;

use super::found::{Found, IsGone, Reading};
use super::state::{Pending, Reason, State, StateError};
use super::{CallDate, InputId};

/// What a night goes by.
#[derive(Debug, Default)]
pub(crate) struct Night {
    /// Days before the newest published date in which published dates may still change.
    pub(crate) lookback: i64,
    /// The newest published date.
    pub(crate) newest: Option<CallDate>,
    /// Dates that were published.
    pub(crate) published: BTreeSet<CallDate>,
    /// Dates that are recomputed because somebody asked for it.
    pub(crate) forced: BTreeSet<CallDate>,
    /// Whether those are made of what is left, where an input is gone.
    pub(crate) rescore: bool,
    /// Dates that are tried again: documents failed, or an input or file stood in the way.
    pub(crate) again: BTreeSet<CallDate>,
}

impl Night {
    /// Whether a date is not touched any more unless somebody asks for it.
    pub(crate) fn is_final(&self, date: CallDate) -> bool {
        let days = self.newest.and_then(|newest| date.days_until(newest));
        days.is_some_and(|days| days > self.lookback)
    }

    /// Whether a published date stays as it is.
    pub(crate) fn is_late(&self, date: CallDate) -> bool {
        self.is_final(date) && self.published.contains(&date) && !self.forced.contains(&date)
    }
}

/// What comes of a reading.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// These inputs must be read, all of them together.
    Read(BTreeSet<InputId>),
    /// Enough was read.
    Publish(Decision),
}

/// What a night publishes, and what it leaves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Dates to recompute.
    pub(crate) dirty: BTreeSet<CallDate>,
    /// Calls of new inputs whose dates stay as they are.
    pub(crate) pending: Vec<Pending>,
    /// Dates that a changed input held before, with calls that it holds no more: these stay as they were published.
    pub(crate) replaced: BTreeSet<(InputId, CallDate)>,
}

/// Decides by what `reading` found.
///
/// # Errors
/// [`StateError`] where the state can't be asked.
pub(crate) fn decide(
    state: &State,
    night: &Night,
    reading: &Reading,
    found: &Found,
    is_gone: IsGone<'_>,
) -> Result<Look, StateError> {
    let mut decision = Decision::default();
    let mut touched = &found.touched | &(&night.forced | &night.again);
    for &input in &reading.fresh {
        for held in state.held_by(input)? {
            let is_held = found.held.contains_key(&(held.date, input));
            if is_held || found.moved.contains(&(input, held.date)) {
                touched.insert(held.date);
            } else {
                decision.replaced.insert((input, held.date));
            }
        }
    }
    let mut needed = &reading.fresh | &found.also;
    for date in touched {
        let inputs: BTreeSet<InputId> = state.holding(date)?.into_iter().map(|held| held.input).collect();
        let is_remade = night.rescore && night.forced.contains(&date);
        let some_gone = inputs.iter().any(|&input| is_gone(input))
            || decision.replaced.iter().any(|(_, replaced)| *replaced == date);
        let reason =
            if some_gone && !is_remade { Some(Reason::Gone) } else { night.is_late(date).then_some(Reason::Late) };
        if let Some(reason) = reason {
            let new = found.inputs_of(date).filter(|(input, _)| reading.fresh.contains(input));
            decision.pending.extend(new.map(|(input, calls)| Pending { date, input, calls, reason }));
        } else {
            needed.extend(inputs.into_iter().filter(|&input| !is_gone(input)));
            decision.dirty.insert(date);
        }
    }
    let read: BTreeSet<InputId> = reading.files.iter().copied().collect();
    if needed.is_subset(&read) {
        return Ok(Look::Publish(decision));
    }
    Ok(Look::Read(&needed | &read))
}
