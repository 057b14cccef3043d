//! What Comprehend takes and charges: limits, languages, units. Known to every build, so that a plan needs no SDK.

use std::time::Duration;

#[cfg(feature = "comprehend")]
use crate::engine::breaker::Advice;
use crate::engine::pace::DEFAULT_REQUESTS_PER_SECOND;
use crate::engine::price::Price;
use crate::engine::{Languages, Location, Profile};
use crate::sentiment::{Granularity, Limits};

/// The engine's name.
pub(super) const NAME: &str = "comprehend";

/// Languages whose sentiment Comprehend detects, as its codes.
pub const LANGUAGES: [&str; 12] = ["en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"];

/// The service's API version, which with the engine's name is what a stored score is valid for.
pub const API_VERSION: &str = "2017-11-27";

/// Most bytes of UTF-8 in one document (Comprehend developer guide, "Guidelines and quotas").
pub const MAX_DOCUMENT_BYTES: usize = 5_000;

/// Most documents in one `BatchDetectSentiment` request (same place).
pub const MAX_BATCH_DOCUMENTS: usize = 25;

/// Requests on their way at once: ten a second, each within three seconds.
const CONCURRENCY: usize = 32;

/// Hints for a run that ended because the service did not answer.
#[cfg(feature = "comprehend")]
pub(super) const ADVICE: Advice = Advice {
    failing: "run the same command again when the service answers; see https://health.aws.amazon.com for its state",
    throttling: "others use up the account's quota, or it is smaller than thought: ask for less with \
                 --requests-per-second, and run the same command again",
};

/// The list price, in units of 100 characters, three at least.
#[cfg(test)]
pub(crate) fn list_price() -> Price {
    super::settings::price(&crate::settings::Settings::default())
}

/// The service as the rest of the program knows it, at a price and its default quota.
pub fn profile(price: Price) -> Profile {
    Profile {
        name: NAME,
        kind: NAME,
        model: API_VERSION.to_owned(),
        place: None,
        location: Location::Remote,
        is_stored: true,
        one_line: false,
        languages: Languages::Listed(LANGUAGES.to_vec()),
        limits: Limits { document_bytes: MAX_DOCUMENT_BYTES, batch_documents: MAX_BATCH_DOCUMENTS },
        granularity: Granularity::Segment,
        price,
        concurrency: CONCURRENCY,
        requests_per_second: Some(DEFAULT_REQUESTS_PER_SECOND),
        monthly: 0.0,
        start_up: Duration::ZERO,
        texts_go: "to Amazon Comprehend, in the region of the settings".into(),
        model_changed_by: "Amazon, at any time".into(),
    }
}
