//! A setting apart from its type: its names, its meaning, how to read and print it; and the list of all of them.

use super::engines::Kind;
use super::value::{Raw, Wrong};
use super::{PREFIX, Settings};

/// The group of flags under which `--help` shows a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    /// What is read and how.
    Input,
    /// What scores, and how it is used.
    Scoring,
    /// What is kept back.
    Redaction,
    /// What it may cost.
    Cost,
    /// Where paid-for scores are kept.
    Storage,
    /// What is written.
    Output,
    /// What nights remember and publish.
    Nights,
    /// What all commands have.
    Global,
}

impl Heading {
    /// The title in `--help`.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Scoring => "Scoring",
            Self::Redaction => "Redaction",
            Self::Cost => "Cost",
            Self::Storage => "Stored scores",
            Self::Output => "Output",
            Self::Nights => "Nights",
            Self::Global => "Global options",
        }
    }
}

/// How a setting is given on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    /// Its long name without hyphens.
    pub(crate) long: &'static str,
    /// What `--help` calls its argument.
    pub(crate) argument: &'static str,
    /// Where `--help` shows it.
    pub(crate) heading: Heading,
    /// Whether it may stand without an argument, which means `on`.
    pub(crate) alone: bool,
}

impl Flag {
    /// A flag with an argument.
    pub(crate) const fn new(heading: Heading, long: &'static str, argument: &'static str) -> Self {
        Self { long, argument, heading, alone: false }
    }

    /// A flag that may stand without an argument.
    pub(crate) const fn switch(heading: Heading, long: &'static str) -> Self {
        Self { long, argument: "on|off", heading, alone: true }
    }
}

/// One setting, apart from its type.
#[derive(Debug)]
pub(crate) struct Key {
    /// The dotted key in the file.
    pub(crate) name: &'static str,
    /// What it means: a sentence that is enough for a flag's help, then what else there is to know.
    pub(crate) doc: &'static str,
    /// A value to show where there is no default, as TOML.
    pub(crate) example: Option<&'static str>,
    /// Whether it changes what is written.
    pub(crate) results: bool,
    /// Its flag, if it has one.
    pub(crate) flag: Option<Flag>,
    /// All texts it accepts, if they are few.
    pub(crate) choices: fn() -> Vec<&'static str>,
    /// Whether it may accept others too, which only all settings together show.
    pub(crate) open: bool,
    /// Whether it may be given several times, and layers add up.
    pub(crate) adds: bool,
    /// Puts a value on top of what the settings hold.
    pub(crate) put: fn(&mut Settings, &Raw) -> Result<(), Wrong>,
    /// The value in its canonical form.
    pub(crate) get: fn(&Settings) -> Option<toml::Value>,
    /// The feature that the value needs and this build lacks.
    pub(crate) missing_feature: fn(&Settings) -> Option<&'static str>,
}

impl Key {
    /// What it means, in one or two sentences.
    pub(crate) fn meaning(&self) -> &'static str {
        self.doc.trim()
    }

    /// The first sentence of its meaning, without the full stop: as in a flag's help.
    pub(crate) fn gist(&self) -> &'static str {
        let meaning = self.meaning();
        meaning.split_once(". ").map_or(meaning, |(first, _)| first).trim_end_matches('.')
    }

    /// Its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("{}{}", PREFIX, self.name.replace(['.', '-'], "_").to_uppercase())
    }

    /// Its flag as it is typed.
    pub(crate) fn typed_flag(&self) -> Option<String> {
        self.flag.map(|flag| format!("--{}", flag.long))
    }
}

/// All settings of the program, in the order in which files and help list them.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: Vec<&'static Key>,
    kinds: Vec<Kind>,
    engine: Engine,
}

/// What settings must know of the setting that chooses an engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine {
    /// The kind of the engine that is chosen.
    pub(crate) kind: fn(&Settings) -> &'static str,
    /// Takes the settings of the chosen engine in; what is wrong with the choice.
    pub(crate) settle: fn(&mut Settings) -> Result<(), Unsettled>,
}

/// Why the chosen engine can't be taken.
#[derive(Debug)]
pub(crate) enum Unsettled {
    /// There is none of that name.
    Unknown {
        /// The setting that names it.
        key: &'static str,
        /// What it names.
        name: String,
        /// What it could have named.
        wrong: Wrong,
    },
    /// The build lacks a feature.
    NotBuilt {
        /// The setting that names it.
        key: &'static str,
        /// The feature.
        feature: &'static str,
    },
}

impl Keys {
    /// The settings of these sections, without engines.
    #[cfg(test)]
    pub(crate) fn of(sections: impl IntoIterator<Item = &'static [Key]>) -> Self {
        Self::with_engines(sections, Vec::new(), Engine { kind: |_| "", settle: |_| Ok(()) })
    }

    /// The settings of these sections, then those of kinds of engines, one of which is chosen.
    pub(crate) fn with_engines(
        sections: impl IntoIterator<Item = &'static [Key]>,
        kinds: Vec<Kind>,
        engine: Engine,
    ) -> Self {
        let shared = sections.into_iter().flatten();
        Self { keys: shared.chain(kinds.iter().flat_map(Kind::keys)).collect(), kinds, engine }
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Key> + Clone {
        self.keys.iter().copied()
    }

    /// The kinds of engines.
    pub(super) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// What is known of the choice of an engine.
    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The settings that decide results of runs with these settings: not those of engines that do not score.
    pub(super) fn results(&self, settings: &Settings) -> impl Iterator<Item = &'static Key> {
        let chosen = (self.engine.kind)(settings);
        let counts = |kind: &Kind| kind.always_hashed || kind.name == chosen;
        let idle = self.kinds.iter().filter(move |kind| !counts(kind)).flat_map(Kind::keys);
        let idle: Vec<&str> = idle.map(|key| key.name).collect();
        self.iter().filter(move |key| key.results && !idle.contains(&key.name))
    }

    /// The setting of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&'static Key> {
        self.iter().find(|key| key.name == name)
    }
}
