//! What can be chosen of jobs. Every build knows these settings; one without the feature `jobs` refuses to use them.

use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::settings::{Flag, Heading, Settings, Value, Wrong, section};

/// How texts reach a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Via {
    /// In requests, some documents each.
    Requests,
    /// In files, each of which is a job.
    Jobs,
    /// In whichever of them ends earlier, or costs less.
    Auto,
}

impl Value for Via {
    fn choices() -> Vec<&'static str> {
        Self::VARIANTS.to_vec()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| Wrong::expected_one_of(Self::VARIANTS))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(<&str>::from(self).into())
    }

    fn missing_feature(&self) -> Option<&'static str> {
        (*self != Self::Requests && cfg!(not(feature = "jobs"))).then_some("jobs")
    }
}

section! {
    /// How texts reach a service.
    pub Way {
        /// How texts reach the service. In `requests`, or in `jobs` that read files from a bucket and write their scores to it; `auto` takes jobs where they end earlier or cost less, if `jobs.bucket` and what else they need are set. Jobs need a build with `--features jobs`.
        via: Via {
            key: "via",
            default: Via::Requests,
            results: false,
            flag: Flag::new(Heading::Scoring, "via", "WAY"),
        }
    }
}

section! {
    /// How jobs are run.
    pub Jobs {
        /// Where the files of jobs lie until their scores are collected. In the region of the service.
        bucket: Option<String> {
            key: "jobs.bucket",
            default: None,
            example: "\"s3://our-bucket/undertone\"",
            results: false,
        }
        /// The role by which the service reads and writes there. Batch Transform needs none: its model has one.
        role_arn: Option<String> {
            key: "jobs.role-arn",
            default: None,
            example: "\"arn:aws:iam::123456789012:role/undertone-jobs\"",
            results: false,
        }
        /// The key of AWS KMS that encrypts the files. Without it, the store's own key does.
        kms_key: Option<String> {
            key: "jobs.kms-key",
            default: None,
            example: "\"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\"",
            results: false,
        }
        /// Most documents of one job. Batch Transform reads them in objects of 5,000 at most; a job of Bedrock has 100 to 50,000 records, each of as many texts as a request.
        part: u64 {
            key: "jobs.part",
            default: 200_000,
            range: 1..=1_000_000,
            results: false,
        }
        /// How often is asked whether jobs have ended.
        poll: Duration {
            key: "jobs.poll",
            default: Duration::from_secs(30),
            results: false,
        }
        /// How long a run waits for its jobs. After that it ends with exit code 75, and the same command goes on.
        max_wait: Duration {
            key: "jobs.max-wait",
            default: Duration::from_hours(12),
            results: false,
        }
        /// Whether a run waits for its jobs at all. Without it, it ends with exit code 75 once they are started.
        wait: bool {
            key: "jobs.wait",
            default: true,
            results: false,
        }
        /// Whether the files of a job stay in the bucket once its scores are collected.
        keep_objects: bool {
            key: "jobs.keep-objects",
            default: false,
            results: false,
        }
    }
}

impl Settings {
    /// How texts reach the service.
    pub(crate) fn via(&self) -> Via {
        self.section::<Way>().via
    }

    /// The same settings with another way.
    pub(crate) fn with_via(mut self, via: Via) -> Self {
        self.change(|way: &mut Way| way.via = via);
        self
    }
}
