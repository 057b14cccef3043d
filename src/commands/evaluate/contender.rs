//! The engines that `evaluate` judges: those of `analyze`, any model file or folder, and VADER to compare them with.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::commands::session::Session;
use crate::engine::local::{self, Local, LocalSettings, VaderClauses};
use crate::engine::registry::{self, Definition, Selected};
use crate::engine::{Halt, Service};
use crate::exit::{ExitCode, Failure};
use crate::settings::Settings;

/// The name of the engine that is there to be compared with.
const VADER: &str = "vader";

/// An engine to judge.
#[derive(Clone)]
pub(super) enum Contender {
    /// An engine of the registry, as the settings have it.
    Engine(Selected),
    /// The VADER word list and rules, which many scripts use.
    Vader,
    /// The local engine with this model, a file or a folder.
    Model(PathBuf),
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(engine) => f.write_str(engine.name),
            Self::Vader => f.write_str(VADER),
            Self::Model(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Contender {
    /// What `--engine` was given: a name, one of the settings' too, else a model.
    pub(super) fn of(given: &str, settings: &Settings) -> Self {
        match settings.engine_named(given) {
            Some(engine) => Self::Engine(engine),
            None if given == VADER => Self::Vader,
            None => Self::Model(Path::new(given).to_owned()),
        }
    }

    /// Whether `analyze` can use it.
    pub(super) const fn eligible(&self) -> bool {
        !matches!(self, Self::Vader)
    }

    /// Makes it ready to score until `halt` ends it.
    ///
    /// # Errors
    /// What [`Session::open`] fails with; a model file that can't be used.
    pub(super) async fn open(&self, settings: &Settings, halt: &Halt) -> Result<Session, Failure> {
        match self {
            Self::Engine(Selected { name, definition: Definition { missing_feature: Some(feature), .. } }) => {
                let hint = format!("build with `cargo build --release --features {feature}`");
                Err(Failure::new(ExitCode::Settings, format!("{name}: this build has no {feature}"))
                    .with_hint(Some(hint)))
            }
            Self::Engine(engine) => Session::open(&settings.clone().with_selected(*engine), halt).await,
            Self::Vader => {
                let service = Service::local(Local::with_model(VaderClauses::new()), halt.clone());
                Session::around(service, settings)
            }
            Self::Model(path) => {
                let mut settings = settings.clone().with_engine(&local::DEFINITION);
                settings.change(|local: &mut LocalSettings| local.model = Some(path.clone()));
                let opened = Session::open(&settings, halt).await;
                // A folder, or `accurate`, has hints of its own.
                opened.map_err(|failure| match failure.hint() {
                    Some(_) => failure,
                    None => failure.with_hint(Some(known_names(&settings))),
                })
            }
        }
    }
}

/// What an engine can be, as a hint.
fn known_names(settings: &Settings) -> String {
    let known = registry::ENGINES.iter().map(|engine| engine.name);
    let named = settings.named().map(|(name, _)| name);
    let names: Vec<String> = known.chain(named).map(|name| format!("`{name}`")).collect();
    format!(
        "an engine is {}, `{VADER}` or a model file that `undertone train` wrote, or a folder with a model in ONNX",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_a_file() {
        let settings = Settings::default();
        for name in ["local", "comprehend", "vader", "models/ours.model"] {
            assert_eq!(Contender::of(name, &settings).to_string(), name);
        }
        assert!(
            matches!(Contender::of("models/ours.model", &settings), Contender::Model(path) if path == Path::new("models/ours.model"))
        );
        assert!(!Contender::Vader.eligible() && Contender::of("local", &settings).eligible());
    }
}
