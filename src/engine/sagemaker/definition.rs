//! A model on SageMaker as the registry lists it: settings, profile, connection.

use super::settings::{SagemakerPrice, SagemakerSettings};
use super::terms;
use crate::engine::registry::Definition;
use crate::settings::Section as _;

/// A model on SageMaker.
pub static DEFINITION: Definition = Definition {
    name: terms::NAME,
    settings: &[SagemakerSettings::KEYS, SagemakerPrice::KEYS],
    in_every_hash: false,
    missing_feature: if cfg!(feature = "sagemaker") { None } else { Some("sagemaker") },
    profile: terms::profile,
    #[cfg(all(feature = "jobs", feature = "sagemaker"))]
    jobs: Some(super::job::WAY),
    #[cfg(all(feature = "jobs", not(feature = "sagemaker")))]
    jobs: None,
    share: |settings, _| settings,
    #[cfg(feature = "sagemaker")]
    connect: |settings, halt| Box::pin(super::connect::connect(settings, halt)),
    // The settings refuse an engine that is not in the build, so this is not reached.
    #[cfg(not(feature = "sagemaker"))]
    connect: |_, _| {
        Box::pin(async {
            Err(crate::exit::Failure::new(crate::exit::ExitCode::Settings, "this build has no sagemaker"))
        })
    },
};
