//! What can be chosen of Amazon Comprehend, and what it charges.

use std::time::Duration;

use crate::engine::price::{Price, Tiers, UnitTerms};
use crate::sentiment::Billing;
use crate::settings::{Flag, Heading, Settings, section};

section! {
    /// How requests to Amazon Comprehend are made. Credentials are never settings: they come from the standard AWS chain.
    pub ComprehendSettings {
        /// The AWS region. Without it, the one of the AWS profile or environment.
        region: Option<String> {
            key: "comprehend.region",
            default: None,
            example: "\"eu-west-1\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "region", "REGION"),
        }
        /// The AWS profile. Without it, the one of the environment.
        profile: Option<String> {
            key: "comprehend.profile",
            default: None,
            example: "\"contact-centre\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "profile", "NAME"),
        }
        /// Most requests a second. The service's default quota is 10 for each account and region.
        requests_per_second: f64 {
            key: "comprehend.requests-per-second",
            default: 10.0,
            range: 0.001..=10_000.0,
            results: false,
            flag: Flag::new(Heading::Scoring, "requests-per-second", "NUMBER"),
        }
        /// How long one request may take before it is given up and sent again.
        attempt_timeout: Duration {
            key: "comprehend.attempt-timeout",
            default: Duration::from_secs(15),
            results: false,
        }
        /// Most times that one request is sent.
        max_attempts: u32 {
            key: "comprehend.max-attempts",
            default: 10,
            range: 1..=100,
            results: false,
        }
        /// How long one request is tried in all, waits between attempts included.
        max_elapsed: Duration {
            key: "comprehend.max-elapsed",
            default: Duration::from_mins(5),
            results: false,
        }
        /// Whether scores of requests and of jobs stand in for each other. They come from one model, but whether requests read more than the first 500 characters is not known; with it, a document is sent as one line in requests too.
        share_scores: bool {
            key: "comprehend.share-scores",
            default: false,
            results: true,
        }
        /// How long the service may answer nothing but refusals before the run ends.
        give_up_after: Duration {
            key: "comprehend.give-up-after",
            default: Duration::from_mins(2),
            results: false,
        }
    }
}

section! {
    /// What the service charges: packing makes the units fewest, and plans show the dollars.
    pub PriceSettings {
        /// Characters in one billed unit.
        unit_chars: usize {
            key: "price.unit-chars",
            default: 100,
            range: 1..=100_000,
            results: true,
        }
        /// Units that any document is charged for at least.
        minimum_units: u64 {
            key: "price.minimum-units",
            default: 3,
            range: 0..=1_000,
            results: true,
        }
        /// US dollars a unit, step by step: each price holds up to that many units a month, the last one from there on.
        tiers: Tiers {
            key: "price.tiers",
            default: Tiers::list_price(),
            results: false,
        }
    }
}

/// What the settings state that Comprehend charges.
pub(super) fn price(settings: &Settings) -> Price {
    let PriceSettings { unit_chars, minimum_units, tiers } = settings.section();
    let billing = Billing { unit_chars: *unit_chars, minimum_units: *minimum_units };
    Price::PerUnit(UnitTerms { billing, dollars: Some(tiers.clone()), settings: "price.tiers", packs: true })
}
