//! What can be chosen of a model on SageMaker, and what it costs.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytesize::ByteSize;

use super::format::Format;
use crate::engine::labels::{Labels, Numbers};
use crate::engine::price::{Counts, Price, TimeTerms};
use crate::jobs::Via;
use crate::settings::{Auto, Settings, section};

section! {
    /// Which endpoint is asked, and how. Credentials are never settings: they come from the standard AWS chain.
    pub SagemakerSettings {
        /// The endpoint's name.
        endpoint: Option<String> {
            key: "sagemaker.endpoint",
            default: None,
            example: "\"our-sentiment\"",
            results: false,
        }
        /// The name of the model that jobs use. Without an endpoint, its images and artifacts are what scores are kept under; an endpoint must have the same model.
        model_name: Option<String> {
            key: "sagemaker.model-name",
            default: None,
            example: "\"our-sentiment-2026-11\"",
            results: false,
        }
        /// The kind of instance that jobs run on.
        instance_type: Option<String> {
            key: "sagemaker.instance-type",
            default: None,
            example: "\"ml.g5.xlarge\"",
            results: false,
        }
        /// Instances of a job.
        instance_count: u32 {
            key: "sagemaker.instance-count",
            default: 1,
            range: 1..=100,
            results: false,
        }
        /// The AWS region. Without it, that of `comprehend.region`, of the AWS profile or environment.
        region: Option<String> {
            key: "sagemaker.region",
            default: None,
            example: "\"eu-west-1\"",
            results: false,
        }
        /// What the container is sent. `auto` tries the others until one is answered, with texts that are no customer's; `triton` and `template` must be named.
        format: Auto<Format> {
            key: "sagemaker.format",
            default: Auto::Auto,
            results: true,
        }
        /// What is sent with the format `template`. JSON, with `{{texts}}` for a list of texts, or `{{text}}` for one.
        template: Option<String> {
            key: "sagemaker.template",
            default: None,
            example: "'{ \"sentences\": {{texts}} }'",
            results: true,
        }
        /// The class of each label that the model answers. A table, or a list in the model's order where it answers numbers without names; several labels may be one class.
        labels: Labels {
            key: "sagemaker.labels",
            default: Labels::default(),
            example: "{ LABEL_0 = \"negative\", LABEL_1 = \"neutral\", LABEL_2 = \"positive\" }",
            results: true,
        }
        /// Whether the model answers probabilities or logits. Logits go through softmax.
        scores: Numbers {
            key: "sagemaker.scores",
            default: Numbers::Probabilities,
            results: true,
        }
        /// The name of the input tensor with the format `triton`.
        input_name: String {
            key: "sagemaker.input-name",
            default: "TEXT".to_owned(),
            results: true,
        }
        /// Most texts in one request.
        batch: usize {
            key: "sagemaker.batch",
            default: 16,
            range: 1..=256,
            results: false,
        }
        /// Most bytes of one text. A model reads some 512 tokens, and leaves out what is over.
        document_bytes: usize {
            key: "sagemaker.document-bytes",
            default: 2_000,
            range: 16..=100_000,
            results: true,
        }
        /// Most bytes of one request. The service takes 25 MB for real-time endpoints, and 4 MB for serverless ones.
        max_payload: ByteSize {
            key: "sagemaker.max-payload",
            default: ByteSize::mb(4),
            results: false,
        }
        /// Most requests on their way at once. `auto` is what the endpoint takes without throttling.
        in_flight: Auto<NonZeroUsize> {
            key: "sagemaker.in-flight",
            default: Auto::Auto,
            results: false,
        }
        /// How long one request may take before it is given up and sent again. The service allows a model 60 seconds.
        attempt_timeout: Duration {
            key: "sagemaker.attempt-timeout",
            default: Duration::from_secs(70),
            results: false,
        }
        /// How long the service may answer nothing but refusals before the run ends.
        give_up_after: Duration {
            key: "sagemaker.give-up-after",
            default: Duration::from_mins(2),
            results: false,
        }
        /// The model of a multi-model endpoint.
        target_model: Option<String> {
            key: "sagemaker.target-model",
            default: None,
            example: "\"sentiment.tar.gz\"",
            results: true,
        }
        /// The production variant.
        target_variant: Option<String> {
            key: "sagemaker.target-variant",
            default: None,
            example: "\"AllTraffic\"",
            results: true,
        }
        /// The inference component.
        inference_component: Option<String> {
            key: "sagemaker.inference-component",
            default: None,
            example: "\"sentiment-component\"",
            results: true,
        }
        /// A version of the model of one's own. Needed without the right to describe the endpoint: stored scores go by it.
        model_version: Option<String> {
            key: "sagemaker.model-version",
            default: None,
            example: "\"2026-11\"",
            results: true,
        }
    }
}

section! {
    /// What the endpoint costs, whatever it is asked: nothing is known of it unless it is set.
    pub SagemakerPrice {
        /// US dollars an hour of one instance. Charged from creation to deletion of the endpoint, asked or not.
        instance_hour: Option<f64> {
            key: "price.sagemaker.instance-hour",
            default: None,
            example: "0.736",
            results: false,
        }
        /// Instances of the endpoint.
        instances: u32 {
            key: "price.sagemaker.instances",
            default: 1,
            range: 1..=1_000,
            results: false,
        }
        /// US dollars an hour of one instance of jobs, which are charged from the start of their work to its end.
        transform_hour: Option<f64> {
            key: "price.sagemaker.transform-hour",
            default: None,
            example: "0.736",
            results: false,
        }
        /// US dollars a second and GB of a serverless endpoint. Charged while it works on requests.
        gb_second: Option<f64> {
            key: "price.sagemaker.gb-second",
            default: None,
            example: "0.00002",
            results: false,
        }
        /// GB of memory of a serverless endpoint.
        memory_gb: u32 {
            key: "price.sagemaker.memory-gb",
            default: 4,
            range: 1..=6,
            results: false,
        }
    }
}

impl SagemakerPrice {
    /// Dollars a month for an endpoint that stands ready all the time.
    pub(super) fn monthly(&self) -> f64 {
        const HOURS: f64 = 730.0;
        self.instance_hour.map_or(0.0, |dollars| dollars * f64::from(self.instances) * HOURS)
    }
}

/// What the settings state that the endpoint charges.
pub(super) fn price(settings: &Settings) -> Price {
    let SagemakerPrice { instance_hour, instances, gb_second, memory_gb, transform_hour } = *settings.section();
    if settings.via() == Via::Jobs {
        let count = settings.section::<SagemakerSettings>().instance_count;
        let dollars = transform_hour.map(|dollars| dollars * f64::from(count) / 3600.0);
        let settings = "price.sagemaker.transform-hour";
        return Price::PerTime(TimeTerms { dollars, settings, counts: Counts::Working, pace: None });
    }
    let (dollars, counts) = match (instance_hour, gb_second) {
        (None, Some(dollars)) => (Some(dollars * f64::from(memory_gb)), Counts::Working),
        (hour, _) => (hour.map(|dollars| dollars * f64::from(instances) / 3600.0), Counts::Standing),
    };
    let settings = "price.sagemaker.instance-hour, or price.sagemaker.gb-second of a serverless endpoint";
    Price::PerTime(TimeTerms { dollars, settings, counts, pace: None })
}
