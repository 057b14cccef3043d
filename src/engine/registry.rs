//! The engines there are, and with them the settings of the whole program.
//!
//! An engine is a folder that exports one [`Definition`]; adding an engine is adding its definition to [`ENGINES`].
//! Its settings stand in its folder too; here they are put beside those that all engines share. The command line, the
//! settings file and the environment are read by that list.

use std::fmt;
use std::sync::LazyLock;

use futures_util::future::BoxFuture;

use super::{Halt, Profile, Service, comprehend, local};
use crate::exit::Failure;
use crate::settings::{
    Cache, Cost, Flag, General, Heading, Key, Keys, Nightly, Redaction, Section as _, Settings, Value, Wrong, section,
};

/// An engine as the registry lists it.
pub struct Definition {
    /// The name used in flags, settings and outputs.
    pub name: &'static str,
    /// The lists of its settings.
    pub(crate) settings: &'static [&'static [Key]],
    /// The feature of the build that it needs and that this build lacks.
    pub missing_feature: Option<&'static str>,
    /// What it is and can do by the settings. No I/O.
    pub profile: fn(&Settings) -> Profile,
    /// Makes it ready to score until the halt is thrown.
    pub connect: for<'a> fn(&'a Settings, &'a Halt) -> BoxFuture<'a, Result<Service, Failure>>,
}

/// All engines, the default one first.
pub static ENGINES: [&Definition; 2] = [&local::DEFINITION, &comprehend::DEFINITION];

/// The engine of this name.
pub fn find(name: &str) -> Option<&'static Definition> {
    ENGINES.into_iter().find(|engine| engine.name == name)
}

/// The engine that `plan` is about: the chosen one if it charges, else the first that does.
pub fn charged(settings: &Settings) -> &'static Definition {
    let chosen = settings.engine();
    let charges = |engine: &&'static Definition| (engine.profile)(settings).is_charged();
    std::iter::once(chosen).chain(ENGINES).find(charges).unwrap_or(chosen)
}

/// An engine in the settings.
#[derive(Clone, Copy)]
pub(crate) struct Choice(&'static Definition);

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Value for Choice {
    fn choices() -> Vec<&'static str> {
        ENGINES.iter().map(|engine| engine.name).collect()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        find(text).map(Self).ok_or_else(|| Wrong::expected_one_of(&Self::choices()))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.0.name.into())
    }

    fn missing_feature(&self) -> Option<&'static str> {
        self.0.missing_feature
    }
}

section! {
    /// Which engine scores.
    pub(crate) Chosen {
        /// What scores the text. `local` is a model inside the program; `comprehend` sends the text to Amazon Comprehend and costs money.
        engine: Choice {
            key: "engine",
            default: Choice(ENGINES[0]),
            results: true,
            flag: Flag::new(Heading::Scoring, "engine", "ENGINE"),
        }
    }
}

impl Settings {
    /// The engine that scores.
    pub fn engine(&self) -> &'static Definition {
        self.section::<Chosen>().engine.0
    }

    /// The same settings with another engine.
    pub fn with_engine(mut self, engine: &'static Definition) -> Self {
        self.change(|chosen: &mut Chosen| chosen.engine = Choice(engine));
        self
    }
}

/// All settings of the program.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: LazyLock<Keys> = LazyLock::new(|| {
        let shared = [Chosen::KEYS, General::KEYS, Redaction::KEYS, Cost::KEYS, Cache::KEYS, Nightly::KEYS];
        Keys::of(shared.into_iter().chain(ENGINES.iter().flat_map(|engine| engine.settings).copied()))
    });
    &KEYS
}
