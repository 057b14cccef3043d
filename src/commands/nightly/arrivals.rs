//! Which inputs are new or changed since they were seen.
//!
//! A file is known by its path, its length and its time of change, an object by its address, its length and its tag. Where
//! these have changed, or a file's change is so fresh that another one may have the same time, its content is read. One
//! that was moved is the same input.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use jiff::civil::Date;

use super::Store;
use crate::exit::Failure;
use crate::input::{Source, Version, nanoseconds};
use crate::nights::{CallDate, DateInput, Input, InputId, State, date_in_name, read_sums};
use crate::settings::{Nightly, Settings};

/// A file that was changed less than so long before it was looked at may be changed again within the same tick.
const TICK_NANOSECONDS: i64 = 2_000_000_000;

/// What is new tonight.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Inputs that are new or changed, as they are now. What they hold is not known before they are read.
    pub(super) fresh: BTreeMap<InputId, Input>,
    /// Contents that changed inputs had before.
    pub(super) before: BTreeMap<InputId, Input>,
    /// Inputs that are as they were.
    pub(super) known: u64,
}

/// BLAKE3 of the contact records, if there are any. Those on an object store are read only when their tag has changed.
///
/// # Errors
/// [`Failure`] where they can't be read.
pub(super) fn contacts(settings: &Settings, state: &State) -> Result<Option<String>, Failure> {
    let Some(path) = &settings.metadata else { return Ok(None) };
    let named = |failure: Failure| {
        let hint = failure.hint().map_or("name the file of contact records with --metadata FILE".into(), str::to_owned);
        failure.with_hint(Some(hint))
    };
    let source = Source::of(path).map_err(Failure::from).map_err(named)?;
    let version = source.version().map_err(Failure::from).map_err(named)?;
    let seen = version.tag.map(|tag| format!("{} {} {tag} ", source.name(), version.bytes));
    let before = state.fact(CONTACTS_SEEN)?.unwrap_or_default();
    if let Some(hash) = seen.as_ref().and_then(|seen| before.strip_prefix(seen.as_str())) {
        return Ok(Some(hash.to_owned()));
    }
    let hash = source.hash().map_err(Failure::from).map_err(named)?;
    if let Some(seen) = seen {
        state.put_fact(CONTACTS_SEEN, &format!("{seen}{hash}"))?;
    }
    Ok(Some(hash))
}

impl Arrivals {
    /// Compares what was found with what was seen.
    ///
    /// # Errors
    /// [`Failure`] where the state can't be asked or an input can't be read.
    pub(super) fn of(store: &Store, nights: &Nightly, contacts: Option<&str>) -> Result<Self, Failure> {
        let mut arrivals = Self::default();
        let is_unsure = store.state.is_new || store.was_cut_short;
        let given = if is_unsure { given_before(store)? } else { BTreeMap::new() };
        let mut elsewhere = None;
        for (path, source) in store.inventory.found() {
            let now = look(path, source, nights)?;
            match store.state.input_at(path)? {
                Some((_, before)) if is_same(&before, &now, source)? => {
                    let seen = Input { modified: now.modified, seen: now.seen, tag: now.tag, ..before.clone() };
                    if seen.tag != before.tag || before.tag.is_none() && !is_settled(&before, seen.modified) {
                        store.state.put_input(&seen)?;
                    }
                    arrivals.known += 1;
                }
                Some((id, before)) => {
                    let changed = Input { given: before.given, ..now };
                    arrivals.fresh.insert(id, changed);
                    arrivals.before.insert(id, before);
                }
                None if arrivals.was_moved(store, &mut elsewhere, &now, source)? => {}
                None => {
                    let mut new = now;
                    // Where no input was given a date, there is nothing to look up by its content.
                    if new.given.is_some() && !given.is_empty() || given.values().any(Option::is_some) {
                        new.given = given.get(&source.hash()?).copied().unwrap_or(new.given);
                    }
                    let id = store.state.put_input(&new)?;
                    arrivals.fresh.insert(id, new);
                }
            }
        }
        arrivals.add_namesakes(store)?;
        arrivals.add_for_contacts(store, nights, contacts.unwrap_or_default())?;
        Ok(arrivals)
    }

    /// Whether a new path has the content of an input that is gone from its own: then it is that input.
    fn was_moved(
        &mut self,
        store: &Store,
        elsewhere: &mut Option<HashMap<u64, Vec<InputId>>>,
        now: &Input,
        source: &Source,
    ) -> Result<bool, Failure> {
        let all = match elsewhere {
            Some(all) => all,
            None => elsewhere.insert(store.state.inputs_elsewhere(|path| store.inventory.is_found(path))?),
        };
        let Some(candidates) = all.get_mut(&now.bytes).filter(|ids| !ids.is_empty()) else { return Ok(false) };
        let content = source.hash()?;
        for (place, id) in candidates.iter().copied().enumerate() {
            let Some(before) = store.state.input(id)? else { continue };
            let keeps_ids = !before.names_calls || before.stem == now.stem;
            if before.hash == content && keeps_ids && !store.inventory.has(&before)? {
                candidates.remove(place);
                store.state.move_input(id, &now.path)?;
                let Input { path, modified, seen, tag, .. } = now.clone();
                store.state.put_input(&Input { path, modified, seen, tag, ..before })?;
                self.known += 1;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds inputs whose calls were called by a name that they share with a new one from now on.
    fn add_namesakes(&mut self, store: &Store) -> Result<(), Failure> {
        let stems: BTreeSet<String> = self.fresh.values().map(|input| input.stem.clone()).collect();
        for stem in stems {
            let called = store.state.inputs_called(&stem)?;
            let old: Vec<_> = called.iter().filter(|(id, _)| !self.fresh.contains_key(id)).collect();
            if let [(id, input)] = old.as_slice()
                && called.len() > 1
                && input.names_calls
                && store.inventory.has(input)?
            {
                self.before.insert(*id, input.clone());
                self.fresh.insert(*id, input.clone());
            }
        }
        Ok(())
    }

    /// Adds the inputs of all dates that may still change, where the contact records have changed.
    fn add_for_contacts(&mut self, store: &Store, nights: &Nightly, contacts: &str) -> Result<(), Failure> {
        let is_same = store.state.fact(CONTACTS)?.unwrap_or_default() == contacts;
        store.state.put_fact(CONTACTS, contacts)?;
        if is_same || store.state.is_new {
            return Ok(());
        }
        let night = crate::nights::Night {
            lookback: i64::from(nights.lookback),
            newest: crate::nights::newest(&store.published.dates),
            ..crate::nights::Night::default()
        };
        for date in store.published.dates.keys().filter(|date| !night.is_final(**date)) {
            for held in store.state.holding(*date)? {
                if self.fresh.contains_key(&held.input) {
                    continue;
                }
                let Some(input) = store.state.input(held.input)? else { continue };
                if store.inventory.has(&input)? {
                    self.before.insert(held.input, input.clone());
                    self.fresh.insert(held.input, input);
                }
            }
        }
        Ok(())
    }
}

/// The fact under which the hash of the contact records is kept.
const CONTACTS: &str = "contacts";
/// That under which it is kept what object of which tag had that hash.
const CONTACTS_SEEN: &str = "contacts seen";

/// What can be known of an input before it is read.
fn look(path: &str, source: &Source, nights: &Nightly) -> Result<Input, Failure> {
    let Version { bytes, modified, tag } = source.version()?;
    let name = source.file_name().unwrap_or_default();
    let given = nights.call_date.or_else(|| nights.date_from_name.then(|| date_in_name(&name)).flatten());
    Ok(Input {
        path: path.to_owned(),
        bytes,
        modified,
        seen: nanoseconds(SystemTime::now()),
        hash: String::new(),
        given,
        stem: source.stem(),
        names_calls: false,
        is_named: source.is_named(),
        is_replaced: false,
        tag,
    })
}

/// Whether an input is as it was at `modified`, and had been so for so long that a later change has another time.
const fn is_settled(before: &Input, modified: i64) -> bool {
    before.modified == modified && before.seen.saturating_sub(before.modified) > TICK_NANOSECONDS
}

/// Whether an input is as it was: an object of the same tag, or a file of the same time; else what has the same content.
fn is_same(before: &Input, now: &Input, source: &Source) -> Result<bool, Failure> {
    if before.bytes != now.bytes {
        return Ok(false);
    }
    let is_tagged = now.tag.is_some();
    if is_tagged && before.tag == now.tag || !is_tagged && is_settled(before, now.modified) {
        return Ok(true);
    }
    // What is no transcript was not read to its end, and so has no hash.
    if before.hash.is_empty() {
        return Ok(!is_tagged && before.modified == now.modified);
    }
    Ok(source.hash()? == before.hash)
}

/// The dates that inputs were given, by their contents, as the records of the dates have them.
fn given_before(store: &Store) -> Result<BTreeMap<String, Option<Date>>, Failure> {
    let mut given = BTreeMap::new();
    for date in store.published.dates.keys() {
        for DateInput { blake3, given: date, .. } in read_sums(store.root(), *date)?.inputs {
            given.insert(blake3, date.and_then(|date| date.parse::<CallDate>().ok()).and_then(|date| date.0));
        }
    }
    Ok(given)
}
