//! The local engine as the registry lists it: settings, profile, and the model that the settings name.

use std::path::Path;

#[cfg(feature = "onnx")]
use super::onnx;
use super::place::Place;
use super::{Local, LocalSettings};
use crate::engine::registry::Definition;
use crate::engine::{Engine as _, Halt, Profile, Service};
use crate::exit::{ExitCode, Failure, Stops as _};
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
    profile,
    #[cfg(feature = "jobs")]
    jobs: None,
    share: |settings, _| settings,
    connect: |settings, halt| Box::pin(async move { connect(settings, halt) }),
};

/// What the settings name. A folder that is nowhere is reported by [`connect`].
fn profile(settings: &Settings) -> Profile {
    #[cfg(feature = "onnx")]
    if let Ok(Place::Folder(folder)) = place(settings) {
        return onnx::profile(settings, settings.name_of(NAME), &folder);
    }
    Local::shipped().named(settings.name_of(NAME)).profile().clone()
}

fn connect(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    let name = settings.name_of(NAME);
    let model = match place(settings)? {
        #[cfg(feature = "onnx")]
        Place::Folder(folder) => return onnx::connect(settings, name, &folder, halt),
        #[cfg(not(feature = "onnx"))]
        Place::Folder(folder) => return Err(not_built(&folder)),
        Place::BuiltIn => Model::shipped(),
        Place::File(path) => {
            let bytes = std::fs::read(&path).map_err(|error| unusable(&path, error))?;
            Model::from_bytes(bytes).map_err(|error| {
                let hint = error.hint();
                unusable(&path, error).with_hint(hint)
            })?
        }
    };
    Ok(Service::local(Local::with_model(with_terms(model, settings)?).named(name), halt.clone()))
}

fn place(settings: &Settings) -> Result<Place, Failure> {
    Place::of(settings.section::<LocalSettings>().model.as_deref())
}

#[cfg(not(feature = "onnx"))]
fn not_built(folder: &Path) -> Failure {
    let hint = "build with `cargo build --release --features onnx`, or name a model file that `undertone train` wrote";
    let message = format!("{} is a folder, and this build has no onnx", folder.display());
    Failure::new(ExitCode::Settings, message).with_hint(Some(hint.to_owned()))
}

/// The model with one's own terms, if the settings name some.
fn with_terms(model: Model, settings: &Settings) -> Result<Model, Failure> {
    let Some(path) = &settings.section::<LocalSettings>().lexicon else { return Ok(model) };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(path, error))?;
    Ok(model.with_terms(Terms::parse(&text).map_err(|error| unusable(path, error))?))
}

/// A file that the settings name, and why it can't be used.
#[derive(Debug, thiserror::Error)]
#[error("can't use {}", path.display())]
struct Unusable {
    path: std::path::PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

fn unusable(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::new(ExitCode::Settings, Unusable { path: path.to_owned(), source: error.into() })
}
