//! The engines that `evaluate` judges: those of `analyze`, any model file, and VADER to compare them with.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::commands::session::Session;
use crate::engine::local::{Local, LocalSettings, VaderClauses};
use crate::engine::registry::{self, EngineName};
use crate::engine::{Halt, Service};
use crate::exit::Failure;
use crate::settings::Settings;

/// An engine to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Contender {
    /// The local engine with the model that the settings name, else the shipped one.
    Local,
    /// Amazon Comprehend.
    Comprehend,
    /// The VADER word list and rules, which many scripts use.
    Vader,
    /// The local engine with this model.
    Model(PathBuf),
}

impl From<EngineName> for Contender {
    fn from(engine: EngineName) -> Self {
        if engine == registry::COMPREHEND { Self::Comprehend } else { Self::Local }
    }
}

impl From<&str> for Contender {
    /// What `--engine` was given: a name, else a model file.
    fn from(given: &str) -> Self {
        match given {
            "local" => Self::Local,
            "comprehend" => Self::Comprehend,
            "vader" => Self::Vader,
            path => Self::Model(Path::new(path).to_owned()),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Comprehend => f.write_str("comprehend"),
            Self::Vader => f.write_str("vader"),
            Self::Model(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Contender {
    /// Whether `analyze` can use it.
    pub(super) const fn eligible(&self) -> bool {
        !matches!(self, Self::Vader)
    }

    /// Makes it ready to score until `halt` ends it.
    ///
    /// # Errors
    /// What [`Session::open`] fails with; a model file that can't be used.
    pub(super) async fn open(&self, settings: &Settings, halt: &Halt) -> Result<Session, Failure> {
        let settings = settings.clone();
        let settings = match self {
            Self::Local => settings.with_engine(registry::LOCAL),
            Self::Comprehend => settings.with_engine(registry::COMPREHEND),
            Self::Vader => {
                let service = Service::local(Local::with_model(VaderClauses::new()), halt.clone());
                return Session::around(service, &settings);
            }
            Self::Model(path) => {
                let mut settings = settings.with_engine(registry::LOCAL);
                settings.change(|local: &mut LocalSettings| local.model = Some(path.clone()));
                let hint = "an engine is `local`, `comprehend`, `vader` or a model file that `undertone train` wrote";
                return Session::open(&settings, halt).await.map_err(|failure| failure.with_hint(Some(hint.into())));
            }
        };
        Session::open(&settings, halt).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_a_file() {
        for name in ["local", "comprehend", "vader", "models/ours.model"] {
            assert_eq!(Contender::from(name).to_string(), name);
        }
        assert_eq!(Contender::from("models/ours.model"), Contender::Model("models/ours.model".into()));
        assert!(!Contender::Vader.eligible() && Contender::Local.eligible());
    }
}
