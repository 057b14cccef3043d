//! What the rest of the program knows of a model on SageMaker before it is asked.

use std::time::Duration;

use super::settings::{SagemakerPrice, SagemakerSettings, price};
use crate::engine::{Languages, Location, Profile};
use crate::jobs::Via;
use crate::sentiment::{Granularity, Limits};
use crate::settings::Settings;

/// The engine's name.
pub(super) const NAME: &str = "sagemaker";

/// Most requests on their way at once where the settings leave it to what is throttled.
pub(super) const MOST_IN_FLIGHT: usize = 64;

/// The endpoint as the settings describe it. Which model it is only the endpoint can state.
pub(super) fn profile(settings: &Settings) -> Profile {
    let asked: &SagemakerSettings = settings.section();
    let by_job = settings.via() == Via::Jobs;
    let of_one = asked.format.given().is_some_and(|format| format.takes_one(asked.template.as_deref()));
    Profile {
        name: settings.name_of(NAME),
        kind: NAME,
        model: String::new(),
        place: Some(place(asked, by_job)),
        location: Location::Remote,
        is_stored: true,
        one_line: false,
        languages: Languages::Any,
        limits: Limits { document_bytes: asked.document_bytes, batch_documents: if of_one { 1 } else { asked.batch } },
        granularity: Granularity::Segment,
        price: price(settings),
        concurrency: asked.in_flight.given().map_or(MOST_IN_FLIGHT, |most| most.get()),
        requests_per_second: None,
        monthly: if asked.endpoint.is_some() || !by_job { settings.section::<SagemakerPrice>().monthly() } else { 0.0 },
        start_up: Duration::ZERO,
        texts_go: if by_job {
            "to your own model on Amazon SageMaker by way of your own bucket, in the region of the settings".into()
        } else {
            "to your own endpoint on Amazon SageMaker, in the region of the settings".into()
        },
        model_changed_by: "you, by updating the endpoint".into(),
    }
}

/// What the model is asked by.
fn place(asked: &SagemakerSettings, by_job: bool) -> String {
    let model = if by_job && asked.endpoint.is_none() { &asked.model_name } else { &None };
    let parts =
        [&asked.region, &asked.endpoint, model, &asked.target_model, &asked.target_variant, &asked.inference_component];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}
