//! The engines there are, and with them the settings of the whole program.
//!
//! An engine is a folder that exports one [`Definition`]; adding an engine is adding its definition to [`ENGINES`].
//! Its settings stand in its folder too; here they are put beside those that all engines share. The command line, the
//! settings file and the environment are read by that list.

use std::fmt;
#[cfg(feature = "jobs")]
use std::sync::Arc;
use std::sync::LazyLock;

use futures_util::future::BoxFuture;

use super::{Halt, Profile, Service, bedrock, comprehend, custom, local, sagemaker};
use crate::exit::Failure;
#[cfg(feature = "jobs")]
use crate::jobs::service::{JobService, Terms};
use crate::jobs::settings::{Jobs, Way};
use crate::settings::{
    Cache, Cost, Engine, Flag, General, Heading, Key, Keys, Kind, Nightly, Redaction, Section as _, Settings,
    Unsettled, Value, Wrong, is_name, section,
};

/// An engine as the registry lists it.
pub struct Definition {
    /// The name used in flags, settings and outputs.
    pub name: &'static str,
    /// The lists of its settings.
    pub(crate) settings: &'static [&'static [Key]],
    /// Whether its settings enter the hash of settings of runs of other engines too, as those of the first engines always did.
    pub(crate) in_every_hash: bool,
    /// The feature of the build that it needs and that this build lacks.
    pub missing_feature: Option<&'static str>,
    /// What it is and can do by the settings. No I/O, but that of files which the settings name.
    pub profile: fn(&Settings) -> Profile,
    /// What one of so many parts of a run takes of the rate that is set for all of it.
    pub share: fn(Settings, u32) -> Settings,
    /// Makes it ready to score until the halt is thrown.
    pub connect: for<'a> fn(&'a Settings, &'a Halt) -> BoxFuture<'a, Result<Service, Failure>>,
    /// Its jobs; nothing for one that has none.
    #[cfg(feature = "jobs")]
    pub jobs: Option<JobWay>,
}

/// The jobs of an engine's service.
#[cfg(feature = "jobs")]
pub struct JobWay {
    /// What the service takes as one job.
    pub terms: &'static Terms,
    /// Which ways the engine's settings leave open, a bucket set apart.
    pub open: fn(&Settings) -> OpenWays,
    /// Makes them ready.
    pub connect: for<'a> fn(&'a Settings) -> BoxFuture<'a, ConnectedJobs>,
}

/// The ways that settings leave open.
#[cfg(feature = "jobs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenWays {
    /// Whether there is something that answers requests.
    pub requests: bool,
    /// Whether jobs can be started.
    pub jobs: bool,
}

/// Jobs that are ready, or why they are not.
#[cfg(feature = "jobs")]
pub type ConnectedJobs = Result<Arc<dyn JobService>, Failure>;

/// All engines, the default one first.
pub static ENGINES: [&Definition; 5] =
    [&local::DEFINITION, &comprehend::DEFINITION, &custom::DEFINITION, &sagemaker::DEFINITION, &bedrock::DEFINITION];

/// The engine of this name.
pub fn find(name: &str) -> Option<&'static Definition> {
    ENGINES.into_iter().find(|engine| engine.name == name)
}

/// What the file of a job of this kind is called.
#[cfg(feature = "jobs")]
pub fn input_of(kind: &str) -> Option<&'static str> {
    let mut terms = ENGINES.iter().filter_map(|engine| Some(engine.jobs.as_ref()?.terms));
    terms.find(|terms| terms.kind == kind).map(|terms| terms.input)
}

/// The engine that `plan` is about: the chosen one if it charges, else the first that does.
pub fn charged(settings: &Settings) -> &'static Definition {
    let chosen = settings.engine();
    let charges = |engine: &&'static Definition| (engine.profile)(settings).is_charged();
    std::iter::once(chosen).chain(ENGINES).find(charges).unwrap_or(chosen)
}

/// An engine in the settings: one that there is, or a name of one's own that is known when all settings are.
#[derive(Clone)]
pub(crate) enum Choice {
    There(&'static Definition),
    Named(String),
}

impl Choice {
    fn as_str(&self) -> &str {
        match self {
            Self::There(engine) => engine.name,
            Self::Named(name) => name,
        }
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Value for Choice {
    const OPEN: bool = true;

    fn choices() -> Vec<&'static str> {
        ENGINES.iter().map(|engine| engine.name).collect()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        match find(text) {
            Some(engine) => Ok(Self::There(engine)),
            None if is_name(text) => Ok(Self::Named(text.to_owned())),
            None => Err(Wrong::expected_one_of(&Self::choices())),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.as_str().into())
    }

    fn missing_feature(&self) -> Option<&'static str> {
        match self {
            Self::There(engine) => engine.missing_feature,
            Self::Named(_) => None,
        }
    }
}

section! {
    /// Which engine scores.
    pub(crate) Chosen {
        /// What scores the text. `local` is a model inside the program; `comprehend` sends the text to Amazon Comprehend, `sagemaker` to a model of one's own on AWS, `bedrock` to a language model on Amazon Bedrock: all three cost money.
        engine: Choice {
            key: "engine",
            default: Choice::There(ENGINES[0]),
            results: true,
            flag: Flag::new(Heading::Scoring, "engine", "ENGINE"),
        }
    }
}

/// An engine and the name that it is asked for by: its own, or one of the settings.
#[derive(Clone, Copy)]
pub struct Selected {
    /// The name.
    pub name: &'static str,
    /// The engine.
    pub definition: &'static Definition,
}

impl Settings {
    /// The engine that scores.
    pub fn engine(&self) -> &'static Definition {
        match &self.section::<Chosen>().engine {
            Choice::There(engine) => engine,
            // Settled before anybody asks.
            Choice::Named(name) => self.engine_named(name).map_or(ENGINES[0], |selected| selected.definition),
        }
    }

    /// The engine that scores, under its name.
    pub fn selected(&self) -> Selected {
        let definition = self.engine();
        Selected { name: self.name_of(definition.name), definition }
    }

    /// The engine of this name, be it a name of the settings.
    pub fn engine_named(&self, name: &str) -> Option<Selected> {
        let of = |(name, definition): (&'static str, &'static Definition)| Selected { name, definition };
        let named = self.named().find(|(known, _)| *known == name);
        let named = named.and_then(|(name, kind)| Some((name, find(kind.name)?)));
        named.or_else(|| find(name).map(|definition| (definition.name, definition))).map(of)
    }

    /// The same settings with another engine.
    pub fn with_engine(mut self, engine: &'static Definition) -> Self {
        self.lay_over(None);
        self.change(|chosen: &mut Chosen| chosen.engine = Choice::There(engine));
        self
    }

    /// The same settings with another engine, under its name.
    pub fn with_selected(mut self, engine: Selected) -> Self {
        if engine.name == engine.definition.name {
            return self.with_engine(engine.definition);
        }
        self.lay_over(Some(engine.name));
        self.change(|chosen: &mut Chosen| chosen.engine = Choice::Named(engine.name.to_owned()));
        self
    }
}

/// Takes the settings of an engine in that the settings name.
fn settle(settings: &mut Settings) -> Result<(), Unsettled> {
    const KEY: &str = Chosen::KEYS[0].name;
    let Choice::Named(name) = settings.section::<Chosen>().engine.clone() else { return Ok(()) };
    let Some(selected) = settings.engine_named(&name) else {
        let names: Vec<&str> = Choice::choices().into_iter().chain(settings.named().map(|(name, _)| name)).collect();
        return Err(Unsettled::Unknown { key: KEY, name, wrong: Wrong::expected_one_of(&names) });
    };
    if let Some(feature) = selected.definition.missing_feature {
        return Err(Unsettled::NotBuilt { key: KEY, feature });
    }
    settings.lay_over(Some(selected.name));
    Ok(())
}

/// All settings of the program.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: LazyLock<Keys> = LazyLock::new(|| {
        let shared = [
            Chosen::KEYS,
            Way::KEYS,
            General::KEYS,
            Redaction::KEYS,
            Cost::KEYS,
            Cache::KEYS,
            Nightly::KEYS,
            Jobs::KEYS,
        ];
        let kinds = ENGINES.iter().map(|engine| Kind {
            name: engine.name,
            settings: engine.settings,
            always_hashed: engine.in_every_hash,
        });
        Keys::with_engines(shared, kinds.collect(), Engine { kind: |settings| settings.engine().name, settle })
    });
    &KEYS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::local::LocalSettings;
    use crate::exit::{ExitCode, Stops as _};
    use crate::settings::{SettingsError, Sources};

    const FILE: &str = "[engines.ours]\nkind = 'local'\nmodel = 'ours.model'\n\n[engines.theirs]\nkind = 'local'\n";

    fn resolve(file: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("undertone.toml"), file).unwrap();
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Sources { variables, directory: home.path().to_owned(), ..Sources::default() }.resolve(keys())
    }

    fn model(settings: &Settings) -> Option<String> {
        settings.section::<LocalSettings>().model.as_ref().map(|path| path.display().to_string())
    }

    fn complaint(file: &str) -> String {
        resolve(file, &[]).unwrap_err().to_string().replace('\n', "|")
    }

    #[test]
    fn a_named_engine_is_its_kind_with_its_own_settings() {
        let file = format!("engine = 'ours'\n[local]\nlexicon = 'terms.csv'\nmodel = 'all.model'\n{FILE}");
        let settings = resolve(&file, &[]).unwrap();
        let profile = (settings.engine().profile)(&settings);
        assert_eq!((profile.name, profile.kind, settings.selected().name), ("ours", "local", "ours"));
        assert_eq!(model(&settings).as_deref(), Some("ours.model"));
        assert!(settings.section::<LocalSettings>().lexicon.is_some(), "what it does not state is as for its kind");
        let theirs = settings.engine_named("theirs").unwrap();
        let theirs = settings.clone().with_selected(theirs);
        assert_eq!((model(&theirs).as_deref(), theirs.selected().name), (Some("all.model"), "theirs"));
        let local = theirs.with_engine(&local::DEFINITION);
        assert_eq!((model(&local).as_deref(), local.selected().name), (Some("all.model"), "local"));
    }

    #[test]
    fn variables_set_its_settings_and_define_engines() {
        let variables = [
            ("UNDERTONE_ENGINE", "ours"),
            ("UNDERTONE_ENGINES_OURS_MODEL", "b.model"),
            ("UNDERTONE_ENGINES_NEW_ONE_KIND", "comprehend"),
            ("UNDERTONE_ENGINES_NEW_ONE_PRICE_MINIMUM_UNITS", "1"),
        ];
        let settings = resolve(FILE, &variables).unwrap();
        assert_eq!(model(&settings).as_deref(), Some("b.model"));
        let new = settings.clone().with_selected(settings.engine_named("new-one").unwrap());
        assert_eq!((new.engine().profile)(&new).price.billing().map(|billing| billing.units(1)), Some(1));
        let error = resolve(FILE, &[("UNDERTONE_ENGINES_OURS_MODDEL", "x")]).unwrap_err();
        assert_eq!(error.to_string(), "there is no setting behind the variable UNDERTONE_ENGINES_OURS_MODDEL");
        assert_eq!(error.hint().as_deref(), Some("did you mean `UNDERTONE_ENGINES_OURS_MODEL`?"));
    }

    #[test]
    fn what_is_wrong_with_a_named_engine_is_named() {
        for (file, words) in [
            ("[engines.ours]\nmodel = 'x'", "engines.ours: there is no `kind`"),
            ("[engines.ours]\nkind = 'azure'", "engines.ours.kind: expected local"),
            ("[engines.ours]\nkind = 'theirs'\n[engines.theirs]\nkind = 'ours'", "found `ours`"),
            ("[engines.local]\nkind = 'local'", "engines.local: `local` is an engine already"),
            ("[engines.Ours]\nkind = 'local'", "small letters, digits and hyphens"),
            ("[engines.ours]\nkind = 'local'\nmodell = 'x'", "no setting `engines.ours.modell` of the kind local"),
            ("[engines.ours]\nkind = 'comprehend'\nprice = 3", "no setting `engines.ours.price`"),
            (
                "[engines.ours]\nkind = 'comprehend'\nmax-attempts = 0",
                "engines.ours.max-attempts: expected a whole number",
            ),
            ("[engines]\nours = 'local'", "engines.ours: expected a section"),
            ("engines = 3", "expected a section such as [engines.ours]"),
        ] {
            let found = complaint(file);
            assert!(found.contains(words) && found.contains("undertone.toml:"), "{file}: {found}");
        }
        let error = resolve("engine = 'azure'", &[]).unwrap_err();
        assert_eq!(error.code(), ExitCode::Settings);
        assert!(error.hint().unwrap().contains("[engines.azure]"));
    }

    #[test]
    fn the_listing_holds_what_each_engine_states_and_reads_back() {
        let settings = resolve(&format!("engine = 'ours'\n{FILE}"), &[]).unwrap();
        let listing = settings.listing(keys());
        assert!(listing.contains("engines.ours.kind = \"local\"") && listing.contains("# local.model is not set"));
        let again = resolve(&listing, &[]).unwrap();
        assert_eq!((model(&again), again.selected().name), (model(&settings), "ours"));
        assert_eq!(settings.listing_as_json(keys())["engines.ours.model"]["value"], "ours.model");
    }
}
