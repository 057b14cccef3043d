//! A service's jobs and the bucket that they use as a program: try `--via jobs` without an account.
//!
//! ```text
//! cargo run --example jobs_standin --features bedrock,jobs,sagemaker -- --way sagemaker
//! ```
//!
//! It prints on stdout what to export, and serves until it is ended. After each line that comes on stdin it prints what its jobs
//! have scored, as JSON.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

#[path = "../tests/standin/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod standin;

use standin::bedrock::batches::BatchConfig;
use standin::bedrock::{Bedrock, Config as BedrockConfig};
use standin::custom::{Classifier, Config as ClassifierConfig};
use standin::jobs::{Jobs, JobsConfig};
use standin::s3::{Config as S3Config, S3};
use standin::sagemaker::{Config as EndpointConfig, Endpoint, TransformConfig};
use standin::{Config, Standin};

/// Services with jobs, as engines are called.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    Comprehend,
    ComprehendCustom,
    Sagemaker,
    Bedrock,
}

/// A stand-in for a service's jobs on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// Whose jobs.
    #[arg(long, value_enum, default_value = "comprehend")]
    way: Way,
    /// Seconds that a job takes.
    #[arg(long, default_value_t = 2.0)]
    takes: f64,
    /// Starts jobs as fast as they come, not at the service's own rate.
    #[arg(long)]
    hurried: bool,
}

/// A service that runs.
enum Service {
    Comprehend(Standin),
    Custom(Classifier),
    Sagemaker(Endpoint),
    Bedrock(Bedrock),
}

impl Service {
    fn start(Arguments { way, takes, hurried }: &Arguments, s3: &S3) -> Self {
        let takes = Duration::from_secs_f64(*takes);
        let jobs = || JobsConfig { takes, is_hurried: *hurried, ..JobsConfig::default() };
        match way {
            Way::Comprehend => Self::Comprehend(Standin::with_jobs(
                Config { region: "us-east-1".to_owned(), ..Config::default() },
                jobs(),
                s3,
            )),
            Way::ComprehendCustom => Self::Custom(Classifier::with_jobs(ClassifierConfig::default(), jobs(), s3)),
            Way::Sagemaker => {
                let transforms = TransformConfig { takes, ..TransformConfig::default() };
                Self::Sagemaker(Endpoint::with_transforms(EndpointConfig::default(), transforms, s3))
            }
            Way::Bedrock => {
                let batches = BatchConfig { takes, ..BatchConfig::default() };
                Self::Bedrock(Bedrock::with_jobs(BedrockConfig::default(), batches, s3))
            }
        }
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Comprehend(service) => service.env(),
            Self::Custom(service) => service.env(),
            Self::Sagemaker(service) => service.env(),
            Self::Bedrock(service) => service.env(),
        }
    }

    /// Its jobs by name, texts that they have scored, and those of them that they have scored again.
    fn seen(&self) -> (Vec<String>, u64, u64) {
        let of_comprehend = |jobs: &mut Jobs| {
            let (scored, again) = jobs.scored();
            (jobs.seen().into_iter().map(|job| job.name).collect(), scored, again)
        };
        match self {
            Self::Comprehend(service) => service.jobs(of_comprehend),
            Self::Custom(service) => service.jobs(of_comprehend),
            Self::Sagemaker(service) => service.transforms(|jobs| {
                let again = jobs.scored().values().filter(|times| **times > 1).count();
                (jobs.seen().into_iter().map(|job| job.name).collect(), jobs.scored().len() as u64, again as u64)
            }),
            Self::Bedrock(service) => service.batches(|jobs| {
                let (scored, again) = jobs.scored();
                (jobs.seen().into_iter().map(|job| job.name).collect(), scored as u64, again as u64)
            }),
        }
    }
}

fn seen(service: &Service, s3: &S3) -> Value {
    let (mut names, scored, again) = service.seen();
    let jobs = names.len();
    names.sort();
    names.dedup();
    let (objects, uploads) = (s3.objects("").len(), s3.unfinished().len());
    json!({ "jobs": jobs, "names": names.len(), "scored": scored, "again": again, "objects_left": objects + uploads })
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let s3 = S3::start(S3Config { encryption: Some("AES256"), region: "us-east-1", ..S3Config::default() });
    let service = Service::start(&arguments, &s3);
    let role = JobsConfig::default().role;
    let mut stdout = std::io::stdout().lock();
    for (name, value) in service.env().into_iter().chain(s3.env()) {
        writeln!(stdout, "export {name}={value}")?;
    }
    writeln!(stdout, "export UNDERTONE_JOBS_BUCKET=s3://calls/jobs\nexport UNDERTONE_JOBS_ROLE_ARN={role}\n")?;
    stdout.flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        writeln!(stdout, "{}", seen(&service, &s3))?;
        stdout.flush()?;
    }
    loop {
        std::thread::park();
    }
}
