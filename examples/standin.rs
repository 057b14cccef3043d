//! Amazon Comprehend's stand-in as a program: try the managed run, its pacing and its faults without an account.
//!
//! ```text
//! cargo run --example standin -- --port 8123 --quota 10 --latency-ms 180
//! ```
//!
//! It prints its address as the first line of stdout and what to export on stderr. `GET /stats` answers with what it
//! has seen as JSON; at Ctrl-C or SIGTERM it prints the same to stdout and ends. What it enforces and how it can
//! misbehave is told in `tests/standin/mod.rs`, which is where it lives.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

#[path = "../tests/standin/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod standin;

use standin::{Config, Credential, Faults, Oversize, Quota, ServiceError, Standin, Storm};

/// A stand-in for Amazon Comprehend on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// Port; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Requests per second of `BatchDetectSentiment`; without it, no limit.
    #[arg(long)]
    quota: Option<f64>,
    /// The limit's shape. Windows take whole numbers of requests.
    #[arg(long, value_enum, default_value_t = Shape::Bucket)]
    quota_shape: Shape,
    /// Requests that a bucket lets through at once after a pause; a quarter of a second's if not given.
    #[arg(long)]
    burst: Option<u32>,
    /// Milliseconds from a request to its answer.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Milliseconds added at most, evenly.
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// The region whose signatures are accepted.
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An oversize document fails alone instead of with its batch.
    #[arg(long)]
    oversize_alone: bool,
    /// Bodies in chunks.
    #[arg(long)]
    chunked: bool,
    /// Signed requests after which the credential has expired.
    #[arg(long)]
    expire_after: Option<u64>,
    #[command(flatten)]
    faults: FaultArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shape {
    Bucket,
    Sliding,
    Fixed,
}

/// Shares of 1.
#[derive(clap::Args)]
#[command(next_help_heading = "Faults, as shares of requests (0 to 1)")]
struct FaultArguments {
    /// Throttled although the quota allows them.
    #[arg(long, default_value_t = 0.0)]
    throttle: f64,
    /// Status 500.
    #[arg(long, default_value_t = 0.0)]
    error: f64,
    /// Status 503 from a load balancer.
    #[arg(long, default_value_t = 0.0)]
    unavailable: f64,
    /// Connection reset, every second one after scoring.
    #[arg(long, default_value_t = 0.0)]
    reset: f64,
    /// Never answered.
    #[arg(long, default_value_t = 0.0)]
    hang: f64,
    /// Answered `--slowness-ms` late.
    #[arg(long, default_value_t = 0.0)]
    slow: f64,
    /// How late a slow answer is.
    #[arg(long, default_value_t = 5000)]
    slowness_ms: u64,
    /// Cut off in the middle of the body.
    #[arg(long, default_value_t = 0.0)]
    truncate: f64,
    /// Status 200 with a body that can't be read.
    #[arg(long, default_value_t = 0.0)]
    garbage: f64,
    /// Answered in another order.
    #[arg(long, default_value_t = 0.0)]
    shuffle: f64,
    /// Documents that fail alone, as a share of documents.
    #[arg(long, default_value_t = 0.0)]
    fail_documents: f64,
    /// Documents left out of the answer, as a share of documents.
    #[arg(long, default_value_t = 0.0)]
    drop_documents: f64,
    /// A document with this in it always fails alone.
    #[arg(long)]
    poison: Option<String>,
    /// Refuse every request.
    #[arg(long, value_enum)]
    refuse: Option<Refusal>,
    /// Faults only in the first so many requests.
    #[arg(long)]
    storm_requests: Option<u64>,
    /// Faults only in the first so many seconds after the first request.
    #[arg(long)]
    storm_seconds: Option<f64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Refusal {
    Throttling,
    Internal,
    AccessDenied,
    ExpiredToken,
    UnrecognizedClient,
}

impl Refusal {
    fn error(self) -> ServiceError {
        match self {
            Self::Throttling => ServiceError::throttling(),
            Self::Internal => ServiceError::internal(),
            Self::AccessDenied => ServiceError::access_denied(),
            Self::ExpiredToken => ServiceError::expired_token(),
            Self::UnrecognizedClient => ServiceError::unrecognized_client(),
        }
    }
}

impl FaultArguments {
    fn faults(self) -> anyhow::Result<Faults> {
        let seconds = self.storm_seconds.map(Duration::try_from_secs_f64).transpose().context("--storm-seconds")?;
        Ok(Faults {
            script: std::collections::VecDeque::new(),
            throttled: self.throttle,
            failed: self.error,
            unavailable: self.unavailable,
            reset: self.reset,
            hung: self.hang,
            slow: self.slow,
            slowness: Duration::from_millis(self.slowness_ms),
            truncated: self.truncate,
            garbage: self.garbage,
            shuffled: self.shuffle,
            documents_failed: self.fail_documents,
            documents_missing: self.drop_documents,
            poison: self.poison,
            refusal: self.refuse.map(Refusal::error),
            storm: Storm {
                requests: self.storm_requests.map(|requests| 0..requests),
                time: seconds.map(|seconds| Duration::ZERO..seconds),
            },
        })
    }
}

impl Arguments {
    fn quota(&self) -> Quota {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a window counts whole requests; the cast saturates"
        )]
        let whole = |rate: f64| rate.round() as u32;
        match (self.quota, self.quota_shape) {
            (None, _) => Quota::Unlimited,
            (Some(rate), Shape::Bucket) => Quota::bucket(rate, self.burst.unwrap_or(whole(rate / 4.0).max(1))),
            (Some(rate), Shape::Sliding) => Quota::SlidingWindow(whole(rate)),
            (Some(rate), Shape::Fixed) => Quota::FixedSecond(whole(rate)),
        }
    }

    fn config(self) -> anyhow::Result<Config> {
        let quota = self.quota();
        Ok(Config {
            port: self.port,
            region: self.region,
            credentials: vec![Credential { expires_after: self.expire_after, ..Credential::default() }],
            quota,
            // The published quotas of the two operations stand at 10 to 20.
            single_quota: quota.doubled(),
            latency: Duration::from_millis(self.latency_ms),
            jitter: Duration::from_millis(self.jitter_ms),
            oversize: if self.oversize_alone { Oversize::FailsAlone } else { Oversize::FailsBatch },
            chunked: self.chunked,
            faults: self.faults.faults()?,
            seed: self.seed,
            ..Config::default()
        })
    }
}

fn main() -> anyhow::Result<()> {
    let standin = Standin::start(Arguments::parse().config()?);
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", standin.endpoint())?;
    stdout.flush()?;
    for (name, value) in standin.env() {
        writeln!(std::io::stderr(), "export {name}={value}")?;
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(stopped())?;
    serde_json::to_writer_pretty(&mut stdout, &standin.stats())?;
    writeln!(stdout)?;
    Ok(())
}

/// Waits for Ctrl-C, or for SIGTERM where there is such a thing.
async fn stopped() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
