//! The settings: what can be chosen, from where, and what was chosen.
//!
//! Every setting is defined once, in `table`. Its value is the default, unless the settings file, then the
//! environment, then a flag says otherwise; [`Settings::origins`] tells which of them did. Maps add up over
//! these layers, everything else is replaced. The file is the one named by `--config`, else by
//! `UNDERTONE_CONFIG`, else `undertone.toml` in the working directory, if there is one. Paths in it are taken from
//! the working directory.
//!
//! What can't be understood stops the run before it starts, with everything that is wrong in one message:
//! there is no "ignored" key or variable. Credentials are never settings.
//!
//! - `table`: the one list of settings; `key`: what an entry says
//! - `value`, `choices`, `quantities`, `tables`: the types that settings have
//! - `layers`: reading file and environment; `error`: where a value came from and what is wrong with it
//! - `print`: the commented file, and what `config show` prints

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

mod choices;
mod error;
mod key;
mod layers;
mod print;
mod quantities;
mod table;
mod tables;
mod value;

pub use choices::{
    CachePlace, Concurrency, EngineName, GranularityChoice, LanguageChoice, LogFormat, OffsetUnit, Speakers,
    TableFormats, Verbosity, Zone,
};
pub use error::{Origin, Problem, SettingsError};
pub(crate) use key::{Heading, Key};
pub(crate) use layers::Assignment;
pub(crate) use print::commented_file;
pub use quantities::{Dollars, Period, Rate, Share, Size, Tolerance, Whole};
pub(crate) use table::KEYS;
pub use table::{Cache, Comprehend, Cost, Local, Price, Settings};
pub use tables::{ColumnMap, FIELDS, RoleMap, Tier, Tiers};
pub(crate) use value::Raw;

use crate::sentiment::Billing;

/// What the names of all environment variables begin with.
const PREFIX: &str = "UNDERTONE_";
/// The variable that names the settings file.
const CONFIG_VARIABLE: &str = "UNDERTONE_CONFIG";
/// The settings file that is read from the working directory when none is named.
pub(crate) const FILE_NAME: &str = "undertone.toml";
/// Changes when the meaning of the hashed text changes.
const HASH_VERSION: &str = "undertone settings 1";

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

/// Where the values of a resolved [`Settings`] came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Provenance {
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
    pub(crate) fn resolve(self) -> Result<Settings, SettingsError> {
        let named = self.variables.iter().find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
        let path = layers::locate(self.file.as_deref(), named.map(|(_, value)| Path::new(value)), &self.directory);
        let file = path.as_deref().map(layers::file).unwrap_or_default();
        let environment = layers::environment(self.variables);

        let mut settings = Settings::default();
        let mut problems: Vec<Problem> = file.problems.into_iter().chain(environment.problems).collect();
        for assignment in file.assignments.into_iter().chain(environment.assignments).chain(self.flags) {
            problems.extend(settings.assign(assignment));
        }
        settings.provenance.file = path;
        problems.extend(settings.engine_not_built());
        problems.extend(settings.parquet_not_built());
        SettingsError::unless_empty(problems).map(|()| settings)
    }
}

impl Settings {
    /// The settings file that was read, if any.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.provenance.file.as_deref()
    }

    /// Where the value of the setting called `key` came from; empty for a default. Maps may name several.
    #[must_use]
    pub fn origins(&self, key: &str) -> &[Origin] {
        self.provenance.origins.get(key).map_or(&[], Vec::as_slice)
    }

    /// A hash of the settings that change what is written, the same for the same values wherever they came from.
    ///
    /// Left out is what changes only where, when and how fast results are written: paths, memory, concurrency,
    /// pace, retries, budgets, cache and logs. A model or lexicon is left out too: its content, not its path,
    /// says what it does, and is reported with the engine.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(HASH_VERSION.as_bytes());
        for key in KEYS.iter().filter(|key| key.results) {
            let value = (key.get)(self).map(|value| value.to_string()).unwrap_or_default();
            hasher.update(format!("\n{} = {value}", key.name).as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Puts one assignment on top, and says what is wrong with it.
    pub(crate) fn assign(&mut self, Assignment { key, raw, origin }: Assignment) -> Option<Problem> {
        if let Err(wrong) = (key.put)(self, &raw) {
            return Some(Problem::Value {
                key: key.name,
                expected: wrong.0.into_owned(),
                found: raw.to_string(),
                origin,
            });
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

    fn engine_not_built(&self) -> Option<Problem> {
        let missing = self.engine == EngineName::Comprehend && !cfg!(feature = "comprehend");
        let origin = self.origins("engine").first()?.clone();
        missing.then_some(Problem::EngineNotBuilt { engine: self.engine.as_str(), origin })
    }

    fn parquet_not_built(&self) -> Option<Problem> {
        let missing = self.format.parquet && !cfg!(feature = "parquet");
        let origin = self.origins("format").first()?.clone();
        missing.then_some(Problem::ParquetNotBuilt { origin })
    }
}

impl Price {
    /// What a document is charged, as engines state it.
    #[must_use]
    pub fn billing(&self) -> Billing {
        Billing {
            unit_chars: usize::try_from(self.unit_chars.get()).unwrap_or(usize::MAX),
            minimum_units: self.minimum_units.get(),
        }
    }
}

#[cfg(test)]
mod tests;
