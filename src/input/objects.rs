//! Inputs on object stores: which objects an address means.
//!
//! `s3://bucket/key` is an object, if there is one of that key; otherwise, as with a slash at its end, all transcripts
//! under that prefix; with `*`, `?` or `[` a glob over keys. What holds for local folders holds here: endings of
//! transcripts, hidden names left out, outputs of this program left out, the order of a local walk. Keys that match are
//! held, some 400 bytes each, and at most a million of them.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::discover::{Found, NIGHTS_DEPTH, hidden};
use super::error::InputError;
use super::source::{Source, is_transcript};
use crate::nights;
use crate::output::FILES;
use crate::places::{Bucket, Listed, Location, PlaceError, Queue};

/// Most objects that one address may mean.
const MOST_OBJECTS: usize = 1_000_000;
/// The name of a run's record.
const RECORD: &str = "run.json";
/// What the folder of a partition is called.
const PARTITION: &str = "call_date=";
/// As much of a run's record as holds its version.
const RECORD_BYTES: u64 = 64 << 10;

/// The object at `place`, if there is one.
pub(super) fn at(place: &Location, is_named: bool) -> Result<Option<Source>, PlaceError> {
    let queue = Queue::new(Bucket::connect(&place.bucket)?);
    let found = queue.bucket().find(&place.key)?;
    Ok(found.map(|listed| Source::Object { object: queue.push(listed), is_named }))
}

/// Lets objects be fetched ahead in the order of `sources`.
pub(crate) fn in_turn(sources: &mut [Source]) {
    let mut queues: HashMap<String, Arc<Queue>> = HashMap::new();
    for source in sources {
        let Source::Object { object, .. } = source else { continue };
        let bucket = object.bucket();
        let queue = queues.entry(bucket.name().to_owned()).or_insert_with(|| Queue::new(bucket.clone()));
        *object = queue.push(object.listed().clone());
    }
}

/// How keys are matched: as local paths are.
const MATCHING: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl Found {
    /// Adds what `place` means, which was `typed`.
    pub(super) fn add_objects(&mut self, place: &Location, typed: &str) -> Result<(), InputError> {
        let queue = match self.queues.get(&place.bucket) {
            Some(queue) => Arc::clone(queue),
            None => Queue::new(Bucket::connect(&place.bucket).map_err(PlaceError::from)?),
        };
        self.queues.insert(place.bucket.clone(), Arc::clone(&queue));
        let is_folder = place.key.is_empty() || place.key.ends_with('/');
        let named = if is_folder { None } else { queue.bucket().find(&place.key).map_err(PlaceError::from)? };
        if let Some(named) = named {
            self.add_object(&queue, named, true);
            return Ok(());
        }
        let found = if place.key.contains(['*', '?', '[']) {
            let no_match = || InputError::NoMatch { pattern: typed.to_owned() };
            let pattern = glob::Pattern::new(&place.key).map_err(|_error| no_match())?;
            let kept = self.search(&queue, fixed(&place.key), |key| matches(&pattern, key))?;
            if kept.objects.is_empty() { Err(no_match()) } else { Ok(kept.objects) }
        } else {
            let prefix = place.prefix();
            let kept = self.search(&queue, &prefix, |key| is_found(key, &prefix))?;
            match kept.objects {
                objects if !objects.is_empty() => Ok(objects),
                _ if kept.seen == 0 => Err(InputError::Missing { path: typed.to_owned() }),
                _ => Err(InputError::NoTranscripts { path: typed.to_owned(), own: kept.own }),
            }
        };
        for object in found? {
            self.add_object(&queue, object, false);
        }
        Ok(())
    }

    fn add_object(&mut self, queue: &Arc<Queue>, listed: Listed, is_named: bool) {
        let address = Location { bucket: queue.bucket().name().to_owned(), key: listed.key.clone() };
        if self.seen.insert(address.to_string().into()) {
            self.sources.push(Source::Object { object: queue.push(listed), is_named });
        }
    }

    /// The objects under `prefix` whose keys are `wanted`, sorted as a local walk sorts, without what this program wrote.
    fn search(&self, queue: &Queue, prefix: &str, wanted: impl Fn(&str) -> bool) -> Result<Kept, InputError> {
        let mut kept = Kept::default();
        // Folders with a file that may be a run's record, and whether it is one once that was asked.
        let mut records = HashMap::new();
        // Folders in which nights publish.
        let mut nights: HashSet<String> = HashSet::new();
        let list = queue.bucket().list(prefix, false, |listed| {
            kept.seen += 1;
            if let Some(folder) = listed.key.strip_suffix(RECORD).filter(|key| is_folder(key)) {
                records.insert(folder.to_owned(), None);
            }
            nights
                .extend(listed.key.strip_suffix(nights::WINDOWS_LIST).filter(|key| is_folder(key)).map(str::to_owned));
            if wanted(&listed.key) {
                kept.objects.push(listed);
            }
            kept.objects.len() <= MOST_OBJECTS
        });
        list.map_err(PlaceError::from)?;
        if kept.objects.len() > MOST_OBJECTS {
            return Err(PlaceError::from(queue.bucket().too_many(prefix, MOST_OBJECTS)).into());
        }
        // Partitions may be those of nights that publish above.
        if kept.objects.iter().any(|listed| listed.key.contains(PARTITION)) {
            for folder in folders(prefix) {
                let list = queue.bucket().find(&format!("{folder}{}", nights::WINDOWS_LIST));
                // Rights may end at the prefix that was named.
                let list = list.or_else(|error| if error.is_denied() { Ok(None) } else { Err(error) });
                let list = list.map_err(PlaceError::from)?;
                nights.extend(list.map(|_| folder.to_owned()));
            }
        }
        let found = kept.objects.len();
        kept.objects.retain(|listed| !folders(&listed.key).any(|folder| nights.contains(folder)));
        kept.own = kept.objects.len() < found;
        let own = kept.objects.iter().map(|listed| self.is_own_object(queue.bucket(), &listed.key, &mut records));
        let own: Vec<bool> = own.collect::<Result<_, _>>()?;
        kept.own |= own.contains(&true);
        let mut own = own.into_iter();
        kept.objects.retain(|_| own.next() != Some(true));
        kept.objects.sort_unstable_by(|a, b| Path::new(&a.key).cmp(Path::new(&b.key)));
        Ok(kept)
    }

    /// Whether this program wrote the object: it is named so, and lies in the output folder or beside a run's record.
    fn is_own_object(
        &self,
        bucket: &Bucket,
        key: &str,
        records: &mut HashMap<String, Option<bool>>,
    ) -> Result<bool, PlaceError> {
        let name = key.rsplit('/').next().unwrap_or(key);
        let folder = key.strip_suffix(name).unwrap_or_default();
        if !FILES.contains(&name) {
            return Ok(false);
        }
        if self.out_on_store.as_ref().is_some_and(|out| out.bucket == bucket.name() && out.prefix() == folder) {
            return Ok(true);
        }
        let Some(is_record) = records.get_mut(folder) else { return Ok(false) };
        if let Some(is_record) = *is_record {
            return Ok(is_record);
        }
        let record = bucket.get(&format!("{folder}{RECORD}"), RECORD_BYTES)?;
        let holds = |bytes: &[u8]| memchr::memmem::find(bytes, b"\"undertone_version\"").is_some();
        Ok(*is_record.insert(record.is_some_and(|record| holds(&record.bytes))))
    }
}

/// What a search found.
#[derive(Default)]
struct Kept {
    objects: Vec<Listed>,
    /// Objects that were looked at.
    seen: u64,
    /// Whether outputs of a run were left out.
    own: bool,
}

/// What the keys that `pattern` matches begin with: all before the part that has the first sign of a glob.
fn fixed(pattern: &str) -> &str {
    let (before, _) = pattern.split_at(pattern.find(['*', '?', '[']).unwrap_or(pattern.len()));
    before.rfind('/').map_or("", |slash| pattern.split_at(slash + 1).0)
}

/// Whether a prefix is a folder's, or the bucket as a whole.
fn is_folder(prefix: &str) -> bool {
    prefix.is_empty() || prefix.ends_with('/')
}

/// The folders above `key`, from the inside out, in which nights may publish it.
fn folders(key: &str) -> impl Iterator<Item = &str> {
    let inside = key.trim_end_matches('/');
    let ends = inside.rmatch_indices('/').map(|(slash, _)| slash + 1).chain([0]);
    ends.take(NIGHTS_DEPTH).map(|end| key.split_at(end).0)
}

/// Whether a folder is searched for the object `key`, which lies under `prefix`.
fn is_found(key: &str, prefix: &str) -> bool {
    hidden(Path::new(key)) == hidden(Path::new(prefix)) && is_transcript(Path::new(key))
}

/// Whether `pattern` matches `key`, or a folder that is then searched for it.
fn matches(pattern: &glob::Pattern, key: &str) -> bool {
    let is_hidden = |key: &str| hidden(Path::new(key)) > hidden(Path::new(pattern.as_str()));
    if pattern.matches_with(key, MATCHING) {
        return !is_hidden(key);
    }
    let folders = key.match_indices('/').map(|(slash, _)| key.split_at(slash).0);
    folders.filter(|folder| pattern.matches_with(folder, MATCHING)).any(|folder| {
        let below = format!("{folder}/");
        !is_hidden(folder) && is_found(key, &below)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched<'k>(pattern: &str, keys: &[&'k str]) -> Vec<&'k str> {
        let pattern = glob::Pattern::new(pattern).unwrap();
        keys.iter().copied().filter(|key| matches(&pattern, key)).collect()
    }

    #[test]
    fn a_glob_is_listed_by_what_stands_before_its_first_sign() {
        for (pattern, prefix) in [
            ("a/b/**/*.json.gz", "a/b/"),
            ("a/b-*.csv", "a/"),
            ("*.csv", ""),
            ("a/2026-1[01]/x.csv", "a/"),
            ("ü/é?/x", "ü/"),
        ] {
            assert_eq!(fixed(pattern), prefix, "{pattern}");
        }
    }

    #[test]
    fn globs_match_keys_as_they_match_paths() {
        let keys = ["a/x.csv", "a/b/y.csv", "a/.z.csv", "a/b/.git/w.csv", "a/b/note.md", "ab/x.csv"];
        assert_eq!(matched("a/*.csv", &keys), ["a/x.csv"]);
        assert_eq!(matched("a/**/*.csv", &keys), ["a/x.csv", "a/b/y.csv"]);
        assert_eq!(matched("a/.*.csv", &keys), ["a/.z.csv"]);
        assert_eq!(matched("a/*", &keys), ["a/x.csv", "a/b/y.csv"], "a folder that is matched is searched");
        assert_eq!(matched("a/b/*.md", &keys), ["a/b/note.md"], "a file that is matched may have any ending");
    }
}
