//! What the rest of the program knows of a classifier of one's own before it is asked.

use std::time::Duration;

use super::settings::{CustomSettings, monthly, price};
use crate::engine::{Languages, Location, Profile};
use crate::jobs::Via;
use crate::sentiment::{Granularity, Limits};
use crate::settings::Settings;

/// The engine's name.
pub(super) const NAME: &str = "comprehend-custom";

/// Most bytes of UTF-8 in one document (Comprehend developer guide, "Guidelines and quotas").
const MAX_DOCUMENT_BYTES: usize = 10_000;

/// Requests on their way at once: twenty a second, the most that an endpoint takes, each within a second.
const CONCURRENCY: usize = 24;

/// Languages that a classifier can be trained in.
#[cfg(feature = "comprehend")]
pub(super) const LANGUAGES: [&str; 6] = ["en", "es", "de", "it", "fr", "pt"];

/// The endpoint as the settings describe it, with so many inference units.
pub(super) fn profile(settings: &Settings, units: u32) -> Profile {
    let asked: &CustomSettings = settings.section();
    let by_job = settings.via() == Via::Jobs;
    let classifier = asked.classifier_arn.as_ref().filter(|_| by_job);
    let place = asked.endpoint_arn.as_ref().or(classifier).cloned();
    Profile {
        name: settings.name_of(NAME),
        kind: NAME,
        model: String::new(),
        place: Some(place.unwrap_or_default()),
        location: Location::Remote,
        is_stored: true,
        // As texts of its training are, and as files of jobs need them.
        one_line: true,
        // One language a classifier: which, the endpoint states.
        languages: Languages::Any,
        limits: Limits { document_bytes: MAX_DOCUMENT_BYTES, batch_documents: 1 },
        granularity: Granularity::Segment,
        price: price(settings, units),
        concurrency: CONCURRENCY,
        requests_per_second: None,
        monthly: if asked.endpoint_arn.is_some() || !by_job { monthly(settings, units) } else { 0.0 },
        start_up: Duration::ZERO,
        texts_go: if by_job {
            "to Amazon Comprehend by way of your own bucket, in the region of the classifier's ARN".into()
        } else {
            "to your own endpoint of Amazon Comprehend, in the region of its ARN".into()
        },
        model_changed_by: "you, by updating the endpoint or naming another classifier".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_cut_calls_alike_whatever_they_are_charged_by() {
        let of = |via| profile(&Settings::default().with_via(via), 1).price;
        assert_eq!((of(Via::Requests).packing(), of(Via::Jobs).packing()), (None, None));
        assert!(of(Via::Requests).billing().is_none() && of(Via::Jobs).billing().is_some());
    }
}
