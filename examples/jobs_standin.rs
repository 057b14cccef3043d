//! Amazon Comprehend's jobs and the bucket that they use as a program: try `--via jobs` without an account.
//!
//! ```text
//! cargo run --example jobs_standin --features jobs
//! ```
//!
//! It prints on stdout what to export, and serves until it is ended. After each line that comes on stdin it prints what its jobs
//! have scored, as JSON.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

#[path = "../tests/standin/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod standin;

use standin::jobs::JobsConfig;
use standin::s3::{Config as S3Config, S3};
use standin::{Config, Standin};

/// A stand-in for Amazon Comprehend's jobs on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// Seconds that a job takes.
    #[arg(long, default_value_t = 2.0)]
    takes: f64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let s3 = S3::start(S3Config { encryption: Some("AES256"), ..S3Config::default() });
    let takes = Duration::from_secs_f64(arguments.takes);
    let jobs = JobsConfig { takes, is_hurried: false, ..JobsConfig::default() };
    let role = jobs.role;
    let config = Config { region: "eu-west-1".to_owned(), ..Config::default() };
    let standin = Standin::with_jobs(config, jobs, &s3);
    let mut stdout = std::io::stdout().lock();
    for (name, value) in standin.env().into_iter().chain(s3.env()) {
        writeln!(stdout, "export {name}={value}")?;
    }
    writeln!(stdout, "export UNDERTONE_JOBS_BUCKET=s3://calls/jobs\nexport UNDERTONE_JOBS_ROLE_ARN={role}\n")?;
    stdout.flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let (scored, again) = standin.jobs(|jobs| jobs.scored());
        let (jobs, left) = (standin.jobs(|jobs| jobs.seen().len()), s3.objects("").len() + s3.unfinished().len());
        let seen = serde_json::json!({ "jobs": jobs, "scored": scored, "again": again, "objects_left": left });
        writeln!(stdout, "{seen}")?;
        stdout.flush()?;
    }
    loop {
        std::thread::park();
    }
}
