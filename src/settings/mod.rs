//! The settings: what can be chosen, where, and what was chosen.
//!
//! Every setting is defined once, in a list that [`section!`] reads: those that all engines share in `table`, those
//! of an engine in its folder. [`Keys`] holds all of them. The value of a setting is its default, unless the
//! settings file, above it the environment, above that a flag has another; [`Settings::origins`] names the one that
//! counted. Maps add up over these layers, everything else is replaced. The file is the one named by `--config`, else
//! by `UNDERTONE_CONFIG`, else `undertone.toml` in the working directory, if there is one. Paths in it are taken from
//! the working directory.
//!
//! What can't be understood stops the run before it starts, with everything that is wrong in one message: no key or
//! variable is ignored. Credentials are never settings.
//!
//! - `section`: declaring settings; `key`: one setting and the list of all; `table`: the settings without an engine
//! - `value`, `amounts`, `choices`, `maps`: the types that settings have
//! - `engines`: engines under names of one's own
//! - `layers`: reading file and environment; `error`: where a value came from and what is wrong with it
//! - `print`: the commented file, and what `config show` prints

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod amounts;
mod choices;
mod engines;
mod error;
mod key;
mod layers;
mod maps;
mod print;
mod section;
mod table;
mod value;

pub use choices::{Auto, CachePlace, FailOn, LogFormat, Redact, Redelivery, Verbosity};
use engines::Named;
pub(crate) use engines::{Kind, is_name};
use error::Problem;
pub use error::{Origin, SettingsError};
pub(crate) use key::{Engine, Flag, Heading, Key, Keys, Unsettled};
pub(crate) use layers::Assignment;
pub(crate) use print::commented_file;
pub(crate) use section::{Section, section};
pub use table::{Cache, Cost, General, Nightly, Redaction};
pub(crate) use value::{Raw, Value, Wrong, put, put_within};

/// What the names of all environment variables begin with.
const PREFIX: &str = "UNDERTONE_";
/// The variable that names the settings file.
const CONFIG_VARIABLE: &str = "UNDERTONE_CONFIG";
/// The settings file that is read from the working directory when none is named.
pub(crate) const FILE_NAME: &str = "undertone.toml";
/// Changes when the meaning of the hashed text changes.
const HASH_VERSION: &str = "undertone settings 1";

/// All settings, resolved. Those of [`General`] are its fields; any section is found by its type.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The sections that differ from their defaults.
    sections: Sections,
    /// Engines under names of one's own.
    named: Arc<Vec<Named>>,
    /// The engine among them that is laid over `sections`, and what they were before.
    laid_over: Option<(&'static str, Before)>,
    provenance: Provenance,
}

/// A section, whatever its type.
type AnySection = Arc<dyn Any + Send + Sync>;
/// What sections were before others were laid over them.
type Before = Vec<(TypeId, Option<AnySection>)>;
/// Sections by their types.
type Sections = BTreeMap<TypeId, AnySection>;

/// Where settings are looked for, besides the defaults.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file that `--config` names.
    pub(crate) file: Option<PathBuf>,
    /// Where `undertone.toml` is looked for when no file is named; empty for the working directory.
    pub(crate) directory: PathBuf,
    /// The environment.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// The flags, in the order typed.
    pub(crate) flags: Vec<Assignment>,
}

/// Where the values of resolved [`Settings`] came from.
#[derive(Debug, Clone, Default)]
struct Provenance {
    /// The settings file that was read.
    file: Option<PathBuf>,
    /// For each key that is not at its default, the layers that made its value.
    origins: BTreeMap<&'static str, Vec<Origin>>,
}

impl Sources {
    /// Merges defaults, file, environment and flags.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong in any layer.
    pub(crate) fn resolve(self, keys: &Keys) -> Result<Settings, SettingsError> {
        let named = self.variables.iter().find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
        let path = layers::locate(self.file.as_deref(), named.map(|(_, value)| Path::new(value)), &self.directory);
        let file = path.as_deref().map(|path| layers::file(path, keys)).unwrap_or_default();
        let environment = layers::environment(self.variables, keys);

        let mut settings = Settings::default();
        let mut problems: Vec<Problem> = file.problems.into_iter().chain(environment.problems).collect();
        let mut named = file.engines;
        engines::of_variables(&environment.engine_variables, keys, &mut named, &mut problems);
        for assignment in file.assignments.into_iter().chain(environment.assignments).chain(self.flags) {
            problems.extend(settings.assign(assignment));
        }
        settings.provenance.file = path;
        problems.extend(keys.iter().filter_map(|key| settings.not_built(key)));
        // Those that are not chosen are checked too.
        problems.extend(named.iter().flat_map(|engine| engine.apply(&mut settings.clone())));
        settings.named = Arc::new(named);
        problems.extend((keys.engine().settle)(&mut settings).err().map(|unsettled| settings.unsettled(unsettled)));
        SettingsError::unless_empty(problems).map(|()| settings)
    }
}

impl Deref for Settings {
    type Target = General;

    fn deref(&self) -> &General {
        self.section()
    }
}

impl Settings {
    /// The settings of one section.
    pub(crate) fn section<T: Section>(&self) -> &T {
        let section = self.sections.get(&TypeId::of::<T>());
        section.and_then(|section| section.downcast_ref()).unwrap_or(T::defaults())
    }

    /// Changes the settings of one section.
    pub(crate) fn change<T: Section, R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut section = self.section::<T>().clone();
        let result = change(&mut section);
        self.sections.insert(TypeId::of::<T>(), Arc::new(section));
        result
    }

    /// The engines under names of one's own.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, Kind)> {
        self.named.iter().map(|engine| (engine.name, engine.kind))
    }

    /// The name under which an engine of this kind scores: that of the engine that is laid over its settings, if one is.
    pub(crate) fn name_of(&self, kind: &'static str) -> &'static str {
        let over = self.laid_over.as_ref().and_then(|(name, _)| self.named.iter().find(|engine| engine.name == *name));
        over.filter(|engine| engine.kind.name == kind).map_or(kind, |engine| engine.name)
    }

    /// Lays the settings of the engine of this name over those of its kind, in place of one that is there.
    pub(crate) fn lay_over(&mut self, name: Option<&str>) {
        for (section, before) in self.laid_over.take().map(|(_, before)| before).unwrap_or_default() {
            match before {
                Some(before) => self.sections.insert(section, before),
                None => self.sections.remove(&section),
            };
        }
        let named = Arc::clone(&self.named);
        let Some(engine) = named.iter().find(|engine| Some(engine.name) == name) else { return };
        let before = self.sections.clone();
        // What is wrong with them was reported when they were read.
        drop(engine.apply(self));
        let is_touched =
            |section: &TypeId, now: &AnySection| before.get(section).is_none_or(|was| !Arc::ptr_eq(was, now));
        let touched = self.sections.iter().filter(|(section, now)| is_touched(section, now));
        let touched = touched.map(|(section, _)| (*section, before.get(section).cloned())).collect();
        self.laid_over = Some((engine.name, touched));
    }

    /// The settings file that was read, if any.
    pub fn file(&self) -> Option<&Path> {
        self.provenance.file.as_deref()
    }

    /// Where the value of the setting called `key` came from; empty for a default. Maps may have several origins.
    pub fn origins(&self, key: &str) -> &[Origin] {
        self.provenance.origins.get(key).map_or(&[], Vec::as_slice)
    }

    /// A hash of the settings that change what is written, the same for the same values wherever they came from.
    ///
    /// Left out is what changes only where, when and how fast results are written: paths, memory, concurrency,
    /// pace, retries, budgets, cache and logs. A model or lexicon is left out too: its content counts, not its path,
    /// and is reported with the engine.
    pub(crate) fn hash(&self, keys: &Keys) -> String {
        self.hash_without(keys, &[])
    }

    /// The same without the settings of these names.
    pub(crate) fn hash_without(&self, keys: &Keys, names: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(HASH_VERSION.as_bytes());
        for key in keys.results(self).filter(|key| !names.contains(&key.name)) {
            let value = (key.get)(self).map(|value| value.to_string()).unwrap_or_default();
            hasher.update(format!("\n{} = {value}", key.name).as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Puts one assignment on top. Returns what is wrong with it, if anything is.
    fn assign(&mut self, Assignment { key, raw, origin }: Assignment) -> Option<Problem> {
        if let Err(wrong) = (key.put)(self, &raw) {
            return Some(Problem::new(format!("{}: {wrong}, found {raw} ({origin})", key.name)));
        }
        let origins = self.provenance.origins.entry(key.name).or_default();
        if !key.adds {
            origins.clear();
        }
        if !origins.contains(&origin) {
            origins.push(origin);
        }
        None
    }

    /// Why the chosen engine can't be taken.
    fn unsettled(&self, unsettled: Unsettled) -> Problem {
        let origin = |key| self.origins(key).first().cloned().unwrap_or_else(|| Origin::Flag(format!("--{key}")));
        match unsettled {
            Unsettled::Unknown { key, name, wrong } => Problem::no_engine(key, &name, &wrong, &origin(key)),
            Unsettled::NotBuilt { key, feature } => Problem::not_built(key, feature, &origin(key)),
        }
    }

    /// What this build lacks for the value of `key`.
    fn not_built(&self, key: &Key) -> Option<Problem> {
        let feature = (key.missing_feature)(self)?;
        self.origins(key.name).first().map(|origin| Problem::not_built(key.name, feature, origin))
    }
}

#[cfg(test)]
mod tests;
