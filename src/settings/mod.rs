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
mod error;
mod key;
mod layers;
mod maps;
mod print;
mod section;
mod table;
mod value;

pub use choices::{CachePlace, FailOn, LogFormat, Redact, Redelivery, Verbosity};
use error::Problem;
pub use error::{Origin, SettingsError};
pub(crate) use key::{Flag, Heading, Key, Keys};
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
    sections: BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>,
    provenance: Provenance,
}

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
        for assignment in file.assignments.into_iter().chain(environment.assignments).chain(self.flags) {
            problems.extend(settings.assign(assignment));
        }
        settings.provenance.file = path;
        problems.extend(keys.iter().filter_map(|key| settings.not_built(key)));
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
        for key in keys.iter().filter(|key| key.results && !names.contains(&key.name)) {
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

    /// What this build lacks for the value of `key`.
    fn not_built(&self, key: &Key) -> Option<Problem> {
        let feature = (key.missing_feature)(self)?;
        self.origins(key.name).first().map(|origin| Problem::not_built(key.name, feature, origin))
    }
}

#[cfg(test)]
mod tests;
