//! What can be chosen of a classifier of one's own on Comprehend, and what its endpoint costs.

use std::time::Duration;

use crate::engine::labels::Labels;
use crate::engine::price::{Counts, Price, TextPace, Tiers, TimeTerms, UnitTerms};
use crate::jobs::Via;
use crate::sentiment::Billing;
use crate::settings::{Settings, section};

section! {
    /// Which endpoint or classifier is asked. `undertone train --for comprehend-custom` writes what it is trained on.
    pub CustomSettings {
        /// The ARN of the endpoint that requests go to. It names the region too.
        endpoint_arn: Option<String> {
            key: "comprehend-custom.endpoint-arn",
            default: None,
            example: "\"arn:aws:comprehend:eu-west-1:111122223333:document-classifier-endpoint/ours\"",
            results: false,
        }
        /// The ARN of the classifier that jobs use, with its version if it has one. Without it, that of the endpoint; with it, jobs need no endpoint.
        classifier_arn: Option<String> {
            key: "comprehend-custom.classifier-arn",
            default: None,
            example: "\"arn:aws:comprehend:eu-west-1:111122223333:document-classifier/ours/version/1\"",
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
    /// What the endpoint costs from creation to deletion, asked or not, and what jobs cost.
    pub CustomPrice {
        /// US dollars a second of one inference unit.
        iu_second: f64 {
            key: "price.comprehend-custom.iu-second",
            default: 0.0005,
            range: 0.0..=1.0,
            results: false,
        }
        /// US dollars a unit of 100 characters in jobs, each document being three units or more: nothing is known of it unless it is set.
        unit: Option<f64> {
            key: "price.comprehend-custom.unit",
            default: None,
            example: "0.0005",
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

/// What an endpoint of so many inference units charges, or a job.
pub(super) fn price(settings: &Settings, units: u32) -> Price {
    let CustomPrice { iu_second, unit } = *settings.section();
    if settings.via() == Via::Jobs {
        return Price::PerUnit(UnitTerms {
            billing: Billing { unit_chars: 100, minimum_units: 3 },
            dollars: unit.map(Tiers::one),
            settings: "price.comprehend-custom.unit",
            packs: false,
        });
    }
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
