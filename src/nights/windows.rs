//! The days up to a date, merged from their exact sums.
//!
//! A window holds the published dates of so many days that the same scorer made. It is made anew when the record of any of
//! them has changed, whatever happened in between: a list of what each window was made of says so.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use super::CallDate;
use super::sums::{self, DateRecord, DateSums, SumsError};
use crate::rollup::AgentBook;

/// The list of what each window was made of.
pub(crate) const LIST: &str = "sums/windows.json";

/// The windows of the published dates.
pub(crate) struct Windows<'a> {
    published: &'a BTreeMap<CallDate, DateRecord>,
    days: i64,
}

impl<'a> Windows<'a> {
    /// Windows of so many days.
    pub(crate) const fn new(published: &'a BTreeMap<CallDate, DateRecord>, days: i64) -> Self {
        Self { published, days }
    }

    /// The dates of the window that ends with `date`, in order. Calls without a date have a window of their own.
    pub(crate) fn dates(&self, date: CallDate) -> Vec<CallDate> {
        let Some(last) = self.published.get(&date) else { return Vec::new() };
        let is_in = |earlier: CallDate| {
            earlier == date || earlier.days_until(date).is_some_and(|days| (0..self.days).contains(&days))
        };
        let dates = self.published.range(..=date).rev();
        let near = dates.take_while(|(earlier, _)| is_in(**earlier));
        let mut dates: Vec<CallDate> =
            near.filter(|(_, record)| record.identity == last.identity).map(|(date, _)| *date).collect();
        dates.reverse();
        dates
    }

    /// What the window is made of: another content has another one.
    pub(crate) fn fingerprint(&self, date: CallDate) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.days.to_le_bytes());
        for date in self.dates(date) {
            let check = self.published.get(&date).map_or("", |record| &record.check);
            hasher.update(format!("{date} {check}\n").as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The dates whose windows are not made of what the list says.
    pub(crate) fn stale(&self, root: &Path) -> Vec<CallDate> {
        let list = std::fs::read(root.join(LIST)).unwrap_or_default();
        let made: BTreeMap<String, String> = serde_json::from_slice(&list).unwrap_or_default();
        let is_stale = |date: &CallDate| made.get(&date.to_string()) != Some(&self.fingerprint(*date));
        self.published.keys().copied().filter(is_stale).collect()
    }

    /// The list of what each window is made of.
    pub(crate) fn list(&self) -> BTreeMap<String, String> {
        self.published.keys().map(|date| (date.to_string(), self.fingerprint(*date))).collect()
    }
}

/// Sums of dates, each read once while windows go on in the order of their dates.
#[derive(Default)]
pub(crate) struct Books {
    sums: BTreeMap<CallDate, AgentBook>,
}

impl Books {
    /// The book of all of `dates`, which are in order.
    ///
    /// # Errors
    /// [`SumsError`] naming the record.
    pub(crate) fn of(&mut self, root: &Path, dates: &[CallDate]) -> Result<AgentBook, SumsError> {
        if let Some(first) = dates.first() {
            self.sums = self.sums.split_off(first);
        }
        let mut all: Option<AgentBook> = None;
        for &date in dates {
            let book = match self.sums.entry(date) {
                Entry::Occupied(book) => book.into_mut(),
                Entry::Vacant(place) => place.insert(sums::read(root, date)?.book),
            };
            match &mut all {
                None => all = Some(book.clone()),
                Some(all) => all.merge(book.clone()),
            }
        }
        Ok(all.unwrap_or_default())
    }
}

/// The sums of all of `dates`.
///
/// # Errors
/// [`SumsError`] naming the record.
pub(crate) fn all_of(root: &Path, dates: &[CallDate]) -> Result<DateSums, SumsError> {
    let mut all: Option<DateSums> = None;
    for &date in dates {
        let sums = sums::read(root, date)?;
        match &mut all {
            None => all = Some(sums),
            Some(all) => {
                all.inputs.extend(sums.inputs);
                all.book.merge(sums.book);
                all.overview.merge(sums.overview);
            }
        }
    }
    Ok(all.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nights::sums::tests::record;

    #[test]
    fn a_window_holds_the_days_up_to_a_date_that_one_scorer_made() {
        let dates =
            ["unknown", "2026-10-05", "2026-10-06", "2026-10-20", "2026-11-02"].map(|date| date.parse().unwrap());
        let mut published: BTreeMap<CallDate, DateRecord> = dates.into_iter().map(|date| (date, record(1))).collect();
        let window = |published: &BTreeMap<_, _>, date| Windows::new(published, 28).dates(date);
        assert_eq!(window(&published, dates[4]), dates[2..]);
        assert_eq!(window(&published, dates[0]), dates[..1]);
        assert_eq!(window(&published, dates[1]), dates[1..2]);
        published.get_mut(&dates[3]).unwrap().identity.model = "2".into();
        assert_eq!(window(&published, dates[4]), [dates[2], dates[4]]);
        assert_eq!(window(&published, dates[3]), [dates[3]]);
        let before = Windows::new(&published, 28).list();
        published.get_mut(&dates[2]).unwrap().check = "changed".into();
        let after = Windows::new(&published, 28).list();
        let changed: Vec<_> =
            before.iter().filter(|(date, made)| after[*date] != **made).map(|(date, _)| date).collect();
        assert_eq!(changed, ["2026-10-06", "2026-11-02"]);
    }
}
