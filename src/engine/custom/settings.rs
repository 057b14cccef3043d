//! What can be chosen of a classifier of one's own on Comprehend, and what its endpoint costs.

use std::time::Duration;

use crate::engine::labels::Labels;
use crate::engine::price::{Counts, Price, TextPace, TimeTerms};
use crate::settings::{Settings, section};

section! {
    /// Which endpoint is asked. `undertone train --for comprehend-custom` writes what it is trained on.
    pub CustomSettings {
        /// The endpoint's ARN. It names the region too.
        endpoint_arn: Option<String> {
            key: "comprehend-custom.endpoint-arn",
            default: None,
            example: "\"arn:aws:comprehend:eu-west-1:111122223333:document-classifier-endpoint/ours\"",
            results: false,
        }
        /// The class of each label that the classifier was trained on. Several labels may be one class.
        labels: Labels {
            key: "comprehend-custom.labels",
            default: Labels::default(),
            example: "{ positive = \"positive\", negative = \"negative\", neutral = \"neutral\" }",
            results: true,
        }
        /// Inference units of the endpoint, for plans. A run goes by what the endpoint has.
        inference_units: u32 {
            key: "comprehend-custom.inference-units",
            default: 1,
            range: 1..=10,
            results: false,
        }
        /// How long one request may take before it is given up and sent again.
        attempt_timeout: Duration {
            key: "comprehend-custom.attempt-timeout",
            default: Duration::from_secs(15),
            results: false,
        }
        /// How long the service may answer nothing but refusals before the run ends.
        give_up_after: Duration {
            key: "comprehend-custom.give-up-after",
            default: Duration::from_mins(2),
            results: false,
        }
    }
}

section! {
    /// What the endpoint costs from creation to deletion, asked or not.
    pub CustomPrice {
        /// US dollars a second of one inference unit.
        iu_second: f64 {
            key: "price.comprehend-custom.iu-second",
            default: 0.0005,
            range: 0.0..=1.0,
            results: false,
        }
    }
}

/// What so many inference units score in a second.
pub(super) fn pace(units: u32) -> TextPace {
    /// Of one inference unit (Comprehend developer guide, "Using Amazon Comprehend endpoints").
    const ONE: (f64, f64) = (2.0, 100.0);
    TextPace { documents: ONE.0 * f64::from(units), chars: ONE.1 * f64::from(units) }
}

/// What an endpoint of so many inference units charges.
pub(super) fn price(settings: &Settings, units: u32) -> Price {
    let CustomPrice { iu_second } = *settings.section();
    Price::PerTime(TimeTerms {
        dollars: Some(iu_second * f64::from(units)),
        settings: "price.comprehend-custom.iu-second",
        counts: Counts::Standing,
        pace: Some(pace(units)),
    })
}

/// Dollars a month for an endpoint that is never deleted.
pub(super) fn monthly(settings: &Settings, units: u32) -> f64 {
    const SECONDS: f64 = 730.0 * 3600.0;
    settings.section::<CustomPrice>().iu_second * f64::from(units) * SECONDS
}
