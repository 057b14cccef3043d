//! What a language model on Bedrock takes and charges, and where its texts go. Known to every build, so that a plan needs
//! no SDK.

use std::borrow::Cow;
use std::time::Duration;

#[cfg(feature = "bedrock")]
use crate::engine::breaker::Advice;
use crate::engine::price::{Price, TokenQuota, TokenTerms};
use crate::engine::{Languages, Location, Profile};
use crate::jobs::Via;
use crate::sentiment::{Granularity, Limits};
use crate::settings::Settings;

use super::form::SCHEMA;
use super::settings::{self, BedrockPrice, BedrockSettings};

/// The engine's name.
pub(super) const NAME: &str = "bedrock";

/// Most bytes of UTF-8 in one text: five of them are far below any model's window.
const MAX_DOCUMENT_BYTES: usize = 5_000;
/// Tokens that the service adds to a request of its own, at most: Claude's own prompt for tools has up to 530.
pub(super) const SERVICE_TOKENS: u64 = 600;
/// Tokens answered besides those of each text: in requests once a model has shown that it needs them, in jobs always.
pub(super) const SPARE_TOKENS: u64 = 64;
/// Bytes of a text's place in the message: `{"id":"25","text":""},`.
const DOCUMENT_BYTES: u64 = 22;
/// Bytes of the schema for one more text: `"25":{"type":"string","enum":[…]},"25",`.
const SCHEMA_BYTES: u64 = 90;

/// Requests on their way at once, at most; fewer where a quota of tokens is set.
const CONCURRENCY: usize = 64;
/// Seconds that a request takes at most as a rule: with a quota, no more are on their way than start in this time.
const SECONDS_A_REQUEST: f64 = 8.0;
/// Tokens that a request uses as a rule.
const TOKENS_A_REQUEST: f64 = 800.0;

/// Beginnings of ids that let a request go to other regions: of a geography, or of the world.
const GEOGRAPHIES: [&str; 9] = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global.", "sa."];

/// Hints for a run that ended because the service did not answer.
#[cfg(feature = "bedrock")]
pub(super) const ADVICE: Advice = Advice {
    failing: "run the same command again when the service answers; see https://health.aws.amazon.com for its state",
    throttling: "others use up the account's quota for the model, or it is smaller than thought: set \
                 bedrock.tokens-per-minute to what Service Quotas shows, and run the same command again",
};

/// The model as the rest of the program knows it. `told` is the prompt.
pub(super) fn profile(settings: &Settings, model: String, prompt: &str) -> Profile {
    let asked: &BedrockSettings = settings.section();
    let documents = asked.documents_per_request;
    let by_job = settings.via() == Via::Jobs;
    let request = prompt.len() as u64 + SCHEMA.len() as u64 + SERVICE_TOKENS;
    let terms = TokenTerms {
        dollars: settings::dollars(settings),
        settings: "price.bedrock.input and price.bedrock.output",
        request,
        document: DOCUMENT_BYTES + SCHEMA_BYTES,
        answer: asked.output_tokens + if by_job { SPARE_TOKENS.div_ceil(documents as u64) } else { 0 },
        share_of_jobs: settings.section::<BedrockPrice>().share_of_jobs,
        quota: asked
            .tokens_per_minute
            .map(|quota| TokenQuota { per_minute: quota.max(1) as f64, answered: output_weight(&asked.model) }),
    };
    Profile {
        name: settings.name_of(NAME),
        kind: NAME,
        place: Some(model.clone()),
        model,
        location: Location::Remote,
        is_stored: true,
        one_line: false,
        languages: Languages::Any,
        limits: Limits { document_bytes: MAX_DOCUMENT_BYTES, batch_documents: documents },
        granularity: Granularity::Segment,
        price: Price::PerTokens(terms),
        concurrency: concurrency(asked.tokens_per_minute),
        requests_per_second: Some(asked.requests_per_second),
        monthly: 0.0,
        start_up: Duration::ZERO,
        texts_go: if by_job { by_way_of_bucket(&asked.model) } else { texts_go(&asked.model) },
        model_changed_by: "whoever sets bedrock.model; Amazon ends a model's life".into(),
    }
}

/// How many requests may be on their way at once.
fn concurrency(tokens_per_minute: Option<u64>) -> usize {
    let by_quota = tokens_per_minute.map(|quota| quota as f64 / 60.0 * SECONDS_A_REQUEST / TOKENS_A_REQUEST);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 64")]
    by_quota.map_or(CONCURRENCY, |requests| requests.ceil().clamp(2.0, CONCURRENCY as f64) as usize)
}

/// Where texts of jobs go.
fn by_way_of_bucket(model: &str) -> Cow<'static, str> {
    format!("into your own bucket, from there {}", texts_go(model)).into()
}

/// Where texts go, by the model's id.
fn texts_go(model: &str) -> Cow<'static, str> {
    let id = model.rsplit('/').next().unwrap_or(model);
    if id.starts_with("global.") {
        "to Amazon Bedrock, and by the model's global profile to any of its regions in the world".into()
    } else if GEOGRAPHIES.iter().any(|geography| id.starts_with(geography)) || model.contains("inference-profile/") {
        "to Amazon Bedrock, and by the model's inference profile to other regions too".into()
    } else {
        "to Amazon Bedrock, in the region of the settings".into()
    }
}

/// Tokens of the quota for each one that is answered (Bedrock user guide, "Token burndown rate").
pub(super) fn output_weight(model: &str) -> f64 {
    if model.contains("anthropic.claude") { 5.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_of_several_regions_is_known_by_its_id() {
        let goes = |model: &str| texts_go(model).into_owned();
        assert!(goes("amazon.nova-lite-v1:0").ends_with("in the region of the settings"));
        assert!(goes("eu.amazon.nova-lite-v1:0").ends_with("to other regions too"));
        assert!(goes("global.anthropic.claude-haiku-4-5-20251001-v1:0").ends_with("in the world"));
        let arn = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0";
        assert!(goes(arn).ends_with("to other regions too"));
        assert!(goes("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0").ends_with("of the settings"));
    }

    #[test]
    fn as_many_requests_are_on_their_way_as_a_quota_feeds() {
        assert_eq!([None, Some(1_000), Some(200_000), Some(10_000_000)].map(concurrency), [64, 2, 34, 64]);
    }
}
