//! A classifier of one's own on Comprehend as the registry lists it: settings, profile, connection.

use super::settings::{CustomPrice, CustomSettings};
use super::terms;
use crate::engine::registry::Definition;
use crate::settings::Section as _;

/// A classifier of one's own on Comprehend.
pub static DEFINITION: Definition = Definition {
    name: terms::NAME,
    settings: &[CustomSettings::KEYS, CustomPrice::KEYS],
    in_every_hash: false,
    missing_feature: if cfg!(feature = "comprehend") { None } else { Some("comprehend") },
    profile: |settings| terms::profile(settings, settings.section::<CustomSettings>().inference_units),
    #[cfg(feature = "jobs")]
    jobs: Some(super::job::WAY),
    share: |settings, _| settings,
    #[cfg(feature = "comprehend")]
    connect: |settings, halt| Box::pin(super::connect::connect(settings, halt)),
    // The settings refuse an engine that is not in the build, so this is not reached.
    #[cfg(not(feature = "comprehend"))]
    connect: |_, _| {
        Box::pin(async {
            Err(crate::exit::Failure::new(crate::exit::ExitCode::Settings, "this build has no comprehend"))
        })
    },
};
