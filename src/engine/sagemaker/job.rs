//! Batch Transform as the registry lists it: what a job takes, and which ways the settings leave open.

use std::time::Duration;

use super::settings::SagemakerSettings;
use crate::engine::registry::{JobWay, OpenWays};
use crate::jobs::service::{Packed, Terms};
use crate::settings::Settings;

/// Most lines of an object: what is lost for one of them, until it is found.
const OBJECT_LINES: u64 = 5_000;

/// What the service takes as one job (SageMaker developer guide, "Use batch transform").
pub(super) const TERMS: Terms = Terms {
    kind: "sagemaker transform",
    most_lines: 1_000_000,
    most_bytes: 5_000_000_000,
    // Whatever is small is a job too.
    least_lines: 1,
    least_bytes: 0,
    is_grouped: false,
    at_once: 4,
    // An instance starts in some minutes.
    takes: Duration::from_mins(8),
    start_gap: Duration::from_secs(1),
    can_stop: true,
    packed: Packed::Objects(OBJECT_LINES),
    input: "in/",
    describe: "aws sagemaker describe-transform-job --transform-job-name",
};

/// The jobs as the registry lists them.
pub(super) const WAY: JobWay =
    JobWay { terms: &TERMS, open, connect: |settings| Box::pin(super::job_client::connect(settings)) };

fn open(settings: &Settings) -> OpenWays {
    let asked: &SagemakerSettings = settings.section();
    let jobs = asked.model_name.is_some() && asked.instance_type.is_some() && asked.format.given().is_some();
    OpenWays { requests: asked.endpoint.is_some(), jobs }
}
