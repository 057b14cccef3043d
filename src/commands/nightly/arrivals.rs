//! Which inputs are new or changed since they were seen.
//!
//! An input is known by its path, its length and its time of change; where these have changed, or the change is so fresh
//! that another one may have the same time, by its content. One that was moved is the same input.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;

use super::Store;
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Source};
use crate::nights::{CallDate, DateInput, Input, InputId, date_in_name, read_sums};
use crate::places;
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

/// The files that `inputs` name, by their paths without links.
///
/// # Errors
/// Those of [`input::discover`]; standard input can't be read again.
pub(super) fn discover(settings: &Settings, inputs: &[String], root: &Path) -> Result<Vec<(String, Source)>, Failure> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    if inputs.iter().any(|input| input == "-") {
        return Err(Failure::new(
            ExitCode::Usage,
            "nights read files, because they read them again when calls come late",
        )
        .with_hint(Some("write standard input to a file, and name that".into())));
    }
    for path in inputs.iter().map(Path::new).chain(settings.metadata.as_deref()) {
        places::refuse(path)?;
    }
    let own = fs::canonicalize(root).ok();
    let mut found = BTreeMap::new();
    for source in input::discover(inputs, root)? {
        let Source::File { path, bytes, is_named } = &source else { continue };
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let is_own = own.as_ref().is_some_and(|own| place.starts_with(own));
        if is_own || settings.metadata.as_deref().is_some_and(|contacts| source.is_at(contacts)) {
            continue;
        }
        let name = place.display().to_string();
        found.insert(name, Source::File { path: place, bytes: *bytes, is_named: *is_named });
    }
    Ok(found.into_iter().collect())
}

/// BLAKE3 of the contact records, if there are any.
///
/// # Errors
/// [`ExitCode::NoInput`] where they can't be read.
pub(super) fn contacts(settings: &Settings) -> Result<Option<String>, Failure> {
    let Some(path) = &settings.metadata else { return Ok(None) };
    hash(path).map(Some).map_err(|error| {
        Failure::new(ExitCode::NoInput, format!("can't read {}: {error}", path.display()))
            .with_hint(Some("name the file of contact records with --metadata FILE".into()))
    })
}

impl Arrivals {
    /// Compares `sources` with what was seen.
    ///
    /// # Errors
    /// [`Failure`] where the state can't be asked or a file can't be read.
    pub(super) fn of(
        sources: &[(String, Source)],
        store: &Store,
        settings: &Settings,
        nights: &Nightly,
    ) -> Result<Self, Failure> {
        let mut arrivals = Self::default();
        let is_unsure = store.state.is_new || store.was_cut_short;
        let given = if is_unsure { given_before(store)? } else { BTreeMap::new() };
        for (path, source) in sources {
            let now = look(path, source, nights).map_err(|error| unreadable(path, &error))?;
            match store.state.input_at(path)? {
                Some((_, before)) if is_same(&before, &now).map_err(|error| unreadable(path, &error))? => {
                    if before.modified != now.modified || !is_settled(&before) {
                        let seen = Input { modified: now.modified, seen: now.seen, ..before };
                        store.state.put_input(&seen)?;
                    }
                    arrivals.known += 1;
                }
                Some((id, before)) => {
                    let changed = Input { given: before.given, ..now };
                    arrivals.fresh.insert(id, changed);
                    arrivals.before.insert(id, before);
                }
                None if arrivals.was_moved(store, &now)? => {}
                None => {
                    let mut new = now;
                    if !given.is_empty() {
                        let content = hash(Path::new(path)).map_err(|error| unreadable(path, &error))?;
                        new.given = given.get(&content).copied().unwrap_or(new.given);
                    }
                    let id = store.state.put_input(&new)?;
                    arrivals.fresh.insert(id, new);
                }
            }
        }
        arrivals.add_namesakes(store)?;
        arrivals.add_for_contacts(store, settings)?;
        Ok(arrivals)
    }

    /// Whether a new path has the content of an input that is gone from its own: then it is that input.
    fn was_moved(&mut self, store: &Store, now: &Input) -> Result<bool, Failure> {
        let mut candidates = store.state.inputs_of(now.bytes)?;
        candidates.retain(|(_, before)| {
            let keeps_ids = !before.names_calls || before.stem == now.stem;
            !before.is_replaced && !before.hash.is_empty() && keeps_ids && !Path::new(&before.path).exists()
        });
        if candidates.is_empty() {
            return Ok(false);
        }
        let content = hash(Path::new(&now.path)).map_err(|error| unreadable(&now.path, &error))?;
        if let Some((id, before)) = candidates.into_iter().find(|(_, before)| before.hash == content) {
            store.state.move_input(id, &now.path)?;
            let moved = Input { path: now.path.clone(), modified: now.modified, seen: now.seen, ..before };
            store.state.put_input(&moved)?;
            self.known += 1;
            return Ok(true);
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
                && Path::new(&input.path).exists()
            {
                self.before.insert(*id, input.clone());
                self.fresh.insert(*id, input.clone());
            }
        }
        Ok(())
    }

    /// Adds the inputs of all dates that may still change, where the contact records have changed.
    fn add_for_contacts(&mut self, store: &Store, settings: &Settings) -> Result<(), Failure> {
        let contacts = contacts(settings)?.unwrap_or_default();
        let is_same = store.state.fact(CONTACTS)?.unwrap_or_default() == contacts;
        store.state.put_fact(CONTACTS, &contacts)?;
        if is_same || store.state.is_new {
            return Ok(());
        }
        let nights: &Nightly = settings.section();
        let night = crate::nights::Night {
            lookback: i64::from(nights.lookback),
            newest: crate::nights::newest(&store.published.dates),
            ..crate::nights::Night::default()
        };
        for date in store.published.dates.keys().filter(|date| !night.is_final(**date)) {
            for held in store.state.holding(*date)? {
                let input = store.state.input(held.input)?.filter(|input| Path::new(&input.path).exists());
                if let Some(input) = input.filter(|_| !self.fresh.contains_key(&held.input)) {
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

/// What can be known of an input before it is read.
fn look(path: &str, source: &Source, nights: &Nightly) -> io::Result<Input> {
    let metadata = fs::metadata(path)?;
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    let given = nights.call_date.or_else(|| nights.date_from_name.then(|| date_in_name(&name)).flatten());
    Ok(Input {
        path: path.to_owned(),
        bytes: metadata.len(),
        modified: nanoseconds(metadata.modified()?),
        seen: nanoseconds(SystemTime::now()),
        hash: String::new(),
        given,
        stem: source.stem(),
        names_calls: false,
        is_named: matches!(source, Source::File { is_named: true, .. }),
        is_replaced: false,
    })
}

fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds),
    }
}

/// Whether an input had been as it was for so long that a later change has another time.
const fn is_settled(before: &Input) -> bool {
    before.seen.saturating_sub(before.modified) > TICK_NANOSECONDS
}

/// Whether an input is as it was.
fn is_same(before: &Input, now: &Input) -> io::Result<bool> {
    if before.bytes != now.bytes {
        return Ok(false);
    }
    if before.modified == now.modified && is_settled(before) {
        return Ok(true);
    }
    // What is no transcript was not read to its end, and so has no hash.
    if before.hash.is_empty() {
        return Ok(before.modified == now.modified);
    }
    Ok(hash(Path::new(&now.path))? == before.hash)
}

/// BLAKE3 of a file in hexadecimal.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
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

fn unreadable(path: &str, error: &io::Error) -> Failure {
    Failure::new(ExitCode::NoInput, format!("can't read {path}: {error}"))
}
