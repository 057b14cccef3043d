//! The engines there are, and with them the settings of the whole program.
//!
//! An engine declares its settings in its own folder; here they are put beside those that all engines share. The
//! command line, the settings file and the environment are read by this list.

use std::fmt;
use std::sync::LazyLock;

use super::comprehend::{ComprehendSettings, Price};
use super::local::LocalSettings;
use crate::settings::{Cache, Cost, Flag, General, Heading, Keys, Section as _, Settings, Value, Wrong, section};

/// The name of the local engine.
pub const LOCAL: EngineName = EngineName("local");
/// The name of Amazon Comprehend.
pub const COMPREHEND: EngineName = EngineName("comprehend");

/// All engines.
const ENGINES: [EngineName; 2] = [LOCAL, COMPREHEND];

/// The name of an engine in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineName(&'static str);

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Value for EngineName {
    fn choices() -> Vec<&'static str> {
        ENGINES.iter().map(|engine| engine.0).collect()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let named = ENGINES.into_iter().find(|engine| engine.0 == text);
        named.ok_or_else(|| Wrong::expected_one_of(&Self::choices()))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.0.into())
    }

    fn missing_feature(&self) -> Option<&'static str> {
        (*self == COMPREHEND && !cfg!(feature = "comprehend")).then_some(COMPREHEND.0)
    }
}

section! {
    /// Which engine scores.
    pub(crate) Chosen {
        /// What scores the text. `local` is a model inside the program; `comprehend` sends the text to Amazon Comprehend and costs money.
        engine: EngineName {
            key: "engine",
            default: LOCAL,
            results: true,
            flag: Flag::new(Heading::Scoring, "engine", "ENGINE"),
        }
    }
}

impl Settings {
    /// The engine that scores.
    #[must_use]
    pub fn engine(&self) -> EngineName {
        self.section::<Chosen>().engine
    }

    /// The same settings with another engine.
    #[must_use]
    pub fn with_engine(mut self, engine: EngineName) -> Self {
        self.change(|chosen: &mut Chosen| chosen.engine = engine);
        self
    }
}

/// All settings of the program.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: LazyLock<Keys> = LazyLock::new(|| {
        Keys::of(&[
            Chosen::KEYS,
            General::KEYS,
            ComprehendSettings::KEYS,
            Price::KEYS,
            Cost::KEYS,
            Cache::KEYS,
            LocalSettings::KEYS,
        ])
    });
    &KEYS
}
