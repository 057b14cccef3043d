//! Batch inference as the registry lists it: what a job takes, and which ways the settings leave open.

use std::time::Duration;

use super::job_client;
use crate::engine::registry::{JobWay, OpenWays};
use crate::jobs::Jobs;
use crate::jobs::service::{Packed, Terms};
use crate::settings::Settings;

/// What the service takes as one job (Bedrock user guide, "Quotas for Amazon Bedrock", "Batch inference").
pub(super) const TERMS: Terms = Terms {
    kind: "bedrock batch inference",
    most_lines: 50_000,
    // One gigabyte, less room for a line with a prompt of whatever length.
    most_bytes: 990_000_000,
    least_lines: 100,
    least_bytes: 0,
    is_grouped: true,
    at_once: 10,
    // How long one waits for its turn is not known; the service aims at a day.
    takes: Duration::from_mins(20),
    start_gap: Duration::from_secs(1),
    can_stop: true,
    packed: Packed::Plain,
    input: "in.jsonl",
    describe: "aws bedrock get-model-invocation-job --job-identifier",
};

/// The jobs as the registry lists them.
pub(super) const WAY: JobWay =
    JobWay { terms: &TERMS, open, connect: |settings| Box::pin(job_client::connect(settings)) };

fn open(settings: &Settings) -> OpenWays {
    OpenWays { requests: true, jobs: settings.section::<Jobs>().role_arn.is_some() }
}
