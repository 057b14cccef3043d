//! What can be chosen of Amazon Bedrock, and what its tokens cost.

use std::path::PathBuf;
use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::engine::price::TokenDollars;
use crate::settings::{Settings, Value, Wrong, section};

/// The form in which the model is made to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Structured {
    /// The first of the following that the model takes.
    Auto,
    /// An answer that keeps to a JSON schema.
    Schema,
    /// The call of a tool that the model is made to call.
    Tool,
    /// Text that the prompt asks to be JSON.
    Json,
}

impl Structured {
    /// What `auto` is in jobs: nothing tries the forms out there.
    #[cfg(feature = "bedrock")]
    pub(super) const fn of_jobs(self) -> Self {
        if let Self::Auto = self { Self::Json } else { self }
    }
}

impl Value for Structured {
    fn choices() -> Vec<&'static str> {
        <Self as VariantNames>::VARIANTS.to_vec()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| Wrong::expected_one_of(<Self as VariantNames>::VARIANTS))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(<&str>::from(self).into())
    }
}

/// What a request costs in speed and money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum ServiceTier {
    /// The service's own default.
    Default,
    /// Slower and cheaper.
    Flex,
    /// Faster and dearer.
    Priority,
    /// Capacity that the account has reserved.
    Reserved,
}

impl Value for ServiceTier {
    fn choices() -> Vec<&'static str> {
        <Self as VariantNames>::VARIANTS.to_vec()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| Wrong::expected_one_of(<Self as VariantNames>::VARIANTS))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(<&str>::from(self).into())
    }
}

section! {
    /// How a language model on Amazon Bedrock is asked. Credentials are never settings: they come from the standard AWS chain.
    pub BedrockSettings {
        /// The model's id, or the ARN of an inference profile. An id that begins with `us.`, `eu.` or `global.` lets texts go to other regions.
        model: String {
            key: "bedrock.model",
            default: "amazon.nova-lite-v1:0".to_owned(),
            results: true,
        }
        /// The AWS region. Without it, `comprehend.region`, else the one of the AWS profile or environment.
        region: Option<String> {
            key: "bedrock.region",
            default: None,
            example: "\"eu-central-1\"",
            results: false,
        }
        /// The AWS profile. Without it, `comprehend.profile`, else the one of the environment.
        profile: Option<String> {
            key: "bedrock.profile",
            default: None,
            example: "\"contact-centre\"",
            results: false,
        }
        /// The form in which the model is made to answer. `auto` takes the first of schema, tool and json that the model answers test texts in; with jobs, json.
        structured: Structured {
            key: "bedrock.structured",
            default: Structured::Auto,
            results: true,
        }
        /// Texts in one request. More make the prompt cheaper, and a model with many texts mixes them up sooner.
        documents_per_request: usize {
            key: "bedrock.documents-per-request",
            default: 5,
            range: 1..=25,
            results: true,
        }
        /// Tokens that may be answered for each text. A request sets them apart from the quota before it begins.
        output_tokens: u64 {
            key: "bedrock.output-tokens",
            default: 16,
            range: 4..=4_000,
            results: false,
        }
        /// The account's quota of tokens a minute for the model. Without it, only the service's own refusals slow a run down.
        tokens_per_minute: Option<u64> {
            key: "bedrock.tokens-per-minute",
            default: None,
            example: "200000",
            results: false,
        }
        /// Most requests a second.
        requests_per_second: f64 {
            key: "bedrock.requests-per-second",
            default: 100.0,
            range: 0.001..=10_000.0,
            results: false,
        }
        /// The tier by which requests are handled and charged. Without it, none is stated.
        service_tier: Option<ServiceTier> {
            key: "bedrock.service-tier",
            default: None,
            example: "\"flex\"",
            results: false,
        }
        /// A file with a prompt of one's own. It must ask for the same four labels and the same form of answer.
        prompt: Option<PathBuf> {
            key: "bedrock.prompt",
            default: None,
            example: "\"our-prompt.txt\"",
            results: true,
        }
        /// A file with four probabilities for each label. Without it, a label has the probability 1.
        calibration: Option<PathBuf> {
            key: "bedrock.calibration",
            default: None,
            example: "\"calibration.toml\"",
            results: true,
        }
        /// How long one request may take before it is given up and sent again. The first with a schema may take 5 minutes.
        attempt_timeout: Duration {
            key: "bedrock.attempt-timeout",
            default: Duration::from_mins(1),
            results: false,
        }
        /// Most times that one request is sent.
        max_attempts: u32 {
            key: "bedrock.max-attempts",
            default: 10,
            range: 1..=100,
            results: false,
        }
        /// How long one request is tried in all, waits between attempts included.
        max_elapsed: Duration {
            key: "bedrock.max-elapsed",
            default: Duration::from_mins(10),
            results: false,
        }
        /// How long the service may answer nothing but refusals before the run ends. A model that is being loaded takes minutes.
        give_up_after: Duration {
            key: "bedrock.give-up-after",
            default: Duration::from_mins(5),
            results: false,
        }
    }
}

section! {
    /// What a million tokens of the model cost in US dollars. Budgets and plans in dollars need both.
    pub BedrockPrice {
        /// US dollars a million tokens that are sent.
        input: Option<f64> {
            key: "price.bedrock.input",
            default: None,
            example: "0.06",
            results: false,
        }
        /// US dollars a million tokens that are answered.
        output: Option<f64> {
            key: "price.bedrock.output",
            default: None,
            example: "0.24",
            results: false,
        }
        /// What a token costs in a job, as a share of what it costs in a request.
        share_of_jobs: f64 {
            key: "price.bedrock.share-of-jobs",
            default: 0.5,
            range: 0.0..=1.0,
            results: false,
        }
    }
}

/// What the settings state that tokens cost: nothing unless they state both.
pub(super) fn dollars(settings: &Settings) -> Option<TokenDollars> {
    let BedrockPrice { input, output, .. } = settings.section();
    input.zip(*output).map(|(input, output)| TokenDollars { input, output })
}
