//! The local engine as the registry lists it: settings, profile, and the model that the settings name.

use std::path::{Path, PathBuf};

use super::{Local, LocalSettings};
use crate::engine::registry::Definition;
use crate::engine::{Engine as _, Service};
use crate::exit::{ExitCode, Failure};
use crate::model::{Model, Terms};
use crate::settings::{Section as _, Settings};

/// The engine's name.
const NAME: &str = "local";

/// The local engine.
pub static DEFINITION: Definition = Definition {
    name: NAME,
    settings: &[LocalSettings::KEYS],
    in_every_hash: true,
    missing_feature: None,
    profile: |settings| Local::shipped().named(settings.name_of(NAME)).profile().clone(),
    #[cfg(feature = "jobs")]
    jobs: None,
    share: |settings, _| settings,
    connect: |settings, halt| {
        Box::pin(async move {
            let engine = Local::with_model(model(settings)?).named(settings.name_of(NAME));
            Ok(Service::local(engine, halt.clone()))
        })
    },
};

/// One's own model or the shipped one, with one's own terms.
fn model(settings: &Settings) -> Result<Model, Failure> {
    let LocalSettings { model, lexicon } = settings.section();
    let mut model = match model {
        None => Model::shipped(),
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|error| unusable(path, error))?;
            Model::from_bytes(bytes).map_err(|error| unusable(path, error))?
        }
    };
    if let Some(path) = lexicon {
        let text = std::fs::read_to_string(path).map_err(|error| unusable(path, error))?;
        model = model.with_terms(Terms::parse(&text).map_err(|error| unusable(path, error))?);
    }
    Ok(model)
}

/// A file that the settings name, and why it can't be used.
#[derive(Debug, thiserror::Error)]
#[error("can't use {}", path.display())]
struct Unusable {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

fn unusable(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::new(ExitCode::Settings, Unusable { path: path.to_owned(), source: error.into() })
}
