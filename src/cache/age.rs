//! How old answers are, by a clock that may be wrong.
//!
//! A look-up measures age by the run's own day. To drop an answer for good, or to date it anew, one clock is not
//! enough: on a night on which it stood a year ahead, everything that was ever paid for would be gone. So both need
//! [`WITNESSES`], days on which *earlier runs* stored something:
//!
//! - dropped is what was too old already on the third latest of them (a clock that was ahead on one or two days
//!   has no say);
//! - an answer dated further ahead than answers live was written while a clock was ahead, or this run's is behind.
//!   It is an answer all the same. Once three earlier days agree with this run's, it is dated today, so that it lives
//!   no longer than any other from here on.
//!
//! Refuses to let a run with a short age delete what others may still use: nothing younger than
//! [`DEFAULT_MAX_AGE_DAYS`] is dropped.

use std::collections::BTreeSet;

use super::DEFAULT_MAX_AGE_DAYS;
use super::folder::Opened;
use super::record::Record;
use super::segment::{Footer, Segment};

/// On how many different days, all before this run's, earlier runs must have stored something for its clock to be
/// believed: two runs of one night share one wrong clock.
const WITNESSES: usize = 3;
/// A file is written anew for its old answers alone once the oldest is older than this part of the age beyond it.
/// With answers stored evenly, a fifth of them has expired by then; before, writing the others again is not worth it.
const OVERDUE_PART: u32 = 4;

/// What is done to answers when their files are written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sweep {
    today: u32,
    /// Answers from before this day are dropped.
    keep_from: u32,
    /// A file with answers from before this day is due.
    due_before: u32,
    /// Answers from after this day are dated today.
    latest: u32,
}

impl Sweep {
    /// Drops nothing and dates nothing anew.
    pub(super) const NOTHING: Self = Self { today: 0, keep_from: 0, due_before: 0, latest: u32::MAX };

    /// What may be done on `today` to answers that count for `max_age_days`, in a folder that held `opened` before
    /// this run wrote anything. Reads its segments if it seems to be due, a few times a year.
    pub(super) fn new(today: u32, max_age_days: Option<u32>, opened: &Opened) -> Self {
        let Some(days) = max_age_days.map(|days| days.max(DEFAULT_MAX_AGE_DAYS)) else { return Self::NOTHING };
        let by_this_clock = Self::measured_from(today, today, days);
        if !opened.segments.iter().any(|segment| by_this_clock.is_due(&segment.footer())) {
            return Self::NOTHING;
        }
        match stored_days(opened).range(..today).nth_back(WITNESSES - 1) {
            Some(&witness) => Self::measured_from(witness, today, days),
            None => Self::NOTHING,
        }
    }

    fn measured_from(witness: u32, today: u32, days: u32) -> Self {
        let keep_from = witness.saturating_sub(days);
        let agreed = witness >= today.saturating_sub(days);
        Self {
            today,
            keep_from,
            due_before: keep_from.saturating_sub(days / OVERDUE_PART),
            latest: if agreed { today.saturating_add(days) } else { u32::MAX },
        }
    }

    /// The answer as it is to be kept; `None` if it is too old.
    pub(super) fn apply(&self, record: Record) -> Option<Record> {
        let day = if record.day > self.latest { self.today } else { record.day };
        (day >= self.keep_from).then_some(Record { day, ..record })
    }

    /// Whether a file is to be written anew for this alone.
    pub(super) const fn is_due(&self, footer: &Footer) -> bool {
        footer.oldest < self.due_before || footer.newest > self.latest
    }
}

/// All days on which something in `opened` was stored. A file that another process took away meanwhile says nothing.
fn stored_days(opened: &Opened) -> BTreeSet<u32> {
    let mut days: BTreeSet<u32> = opened.journaled.iter().map(|record| record.day).collect();
    for segment in &opened.segments {
        days.extend(Segment::read_records(segment.path()).into_iter().flatten().map(|record| record.day));
    }
    days
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::cache::segment::write_segment;
    use crate::cache::tests::record_of;

    const TODAY: u32 = 20_000;

    fn on(day: u32) -> Record {
        Record { day, ..record_of(1) }
    }

    fn sweep(today: u32, max_age_days: Option<u32>, stored: impl IntoIterator<Item = u32>) -> Sweep {
        let folder = tempfile::tempdir().unwrap();
        let records = stored.into_iter().map(|day| Record { day, ..record_of(day.into()) });
        let sorted: BTreeMap<_, _> = records.map(|record| (record.key, record)).collect();
        let segment = write_segment(folder.path(), sorted.into_values(), &AtomicBool::new(false)).unwrap();
        let segments = segment.into_iter().map(Arc::new).collect();
        Sweep::new(today, max_age_days, &Opened { segments, ..Opened::default() })
    }

    #[test]
    fn what_is_too_old_by_three_other_days_is_dropped_once_there_is_enough_of_it() {
        let nightly = sweep(TODAY, Some(90), TODAY - 120..TODAY);
        assert_eq!(nightly.apply(on(TODAY - 93)), Some(on(TODAY - 93)), "90 days before the third day back");
        assert_eq!(nightly.apply(on(TODAY - 94)), None);
        assert_eq!(nightly.apply(on(TODAY)), Some(on(TODAY)));
        assert_eq!(sweep(TODAY, Some(90), TODAY - 110..TODAY), Sweep::NOTHING, "not worth it yet");
    }

    #[test]
    fn a_clock_that_is_ahead_for_two_days_drops_nothing_that_is_young() {
        for jump in [60, 3650] {
            let stored = (TODAY - 110..TODAY).chain([TODAY + jump - 1]);
            let ahead = sweep(TODAY + jump, Some(90), stored);
            assert_eq!(ahead.apply(on(TODAY - 90)), Some(on(TODAY - 90)), "{jump} days ahead");
        }
    }

    #[test]
    fn a_clock_that_is_behind_for_two_days_dates_nothing_anew() {
        for today in [10, TODAY - 3650] {
            let stored = (TODAY - 50..TODAY).chain([today - 1, today]);
            assert_eq!(sweep(today, Some(90), stored).apply(on(TODAY)), Some(on(TODAY)), "on day {today}");
        }
        let long_ago = sweep(TODAY - 400, Some(90), [TODAY - 803, TODAY - 802, TODAY - 801, TODAY]);
        assert_eq!(long_ago.apply(on(TODAY)), Some(on(TODAY)), "the earlier days do not agree");
    }

    #[test]
    fn an_answer_from_far_ahead_is_dated_today_and_one_from_tomorrow_left() {
        let sweep = sweep(TODAY, Some(90), [TODAY - 3, TODAY - 2, TODAY - 1, TODAY + 3650]);
        assert_eq!(sweep.apply(on(TODAY + 3650)), Some(on(TODAY)));
        assert_eq!(sweep.apply(on(TODAY + 1)), Some(on(TODAY + 1)));
    }

    #[test]
    fn a_run_with_a_short_age_drops_nothing_that_others_use_and_one_without_an_age_nothing() {
        assert_eq!(sweep(TODAY, Some(1), TODAY - 200..TODAY).apply(on(TODAY - 85)), Some(on(TODAY - 85)));
        assert_eq!(sweep(TODAY, None, TODAY - 200..TODAY), Sweep::NOTHING);
        assert_eq!(sweep(TODAY, Some(u32::MAX), 0..TODAY), Sweep::NOTHING);
    }
}
