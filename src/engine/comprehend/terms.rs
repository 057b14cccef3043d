//! What Comprehend takes and charges: limits, languages, units. Known to every build, so that a plan needs no SDK.

use crate::engine::Profile;
use crate::engine::breaker::Advice;
use crate::sentiment::{Billing, Granularity, Limits};

/// Languages whose sentiment Comprehend detects, as its codes.
pub const LANGUAGES: [&str; 12] = ["en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"];

/// The service's API version, which with the engine's name is what a stored score is valid for.
pub const API_VERSION: &str = "2017-11-27";

/// Most bytes of UTF-8 in one document (Comprehend developer guide, "Guidelines and quotas").
pub const MAX_DOCUMENT_BYTES: usize = 5_000;

/// Most documents in one `BatchDetectSentiment` request (same place).
pub const MAX_BATCH_DOCUMENTS: usize = 25;

/// How Comprehend bills sentiment: units of 100 characters, three at least (its pricing page).
pub const BILLING: Billing = Billing { unit_chars: 100, minimum_units: 3 };

/// Hints for a run that ended because the service did not answer.
pub const ADVICE: Advice = Advice {
    failing: "run the same command again when the service answers; see https://health.aws.amazon.com for its state",
    throttling: "others use up the account's quota, or it is smaller than thought: ask for less with \
                 --requests-per-second, and run the same command again",
};

/// The service as the rest of the program knows it, charging by `billing`.
#[must_use]
pub fn profile(billing: Billing) -> Profile {
    Profile {
        name: "comprehend",
        model: API_VERSION.to_owned(),
        languages: &LANGUAGES,
        limits: Limits { document_bytes: MAX_DOCUMENT_BYTES, batch_documents: MAX_BATCH_DOCUMENTS },
        granularity: Granularity::Segment,
        billing: Some(billing),
    }
}
