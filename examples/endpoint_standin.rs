//! Stand-ins for endpoints of one's own as a program: SageMaker's, or that of a classifier on Comprehend.
//!
//! ```text
//! cargo run --example endpoint_standin --features full -- sagemaker --slots 8 --latency-ms 80
//! ```
//!
//! It prints on stdout what to export, serves until its stdin ends, and then prints what it has recorded as JSON.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, ValueEnum};

#[path = "../tests/standin/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod standin;

use standin::{custom, sagemaker};

/// A stand-in for an endpoint on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// Whose endpoint.
    engine: Engine,
    /// Requests that SageMaker's works on at once.
    #[arg(long, default_value_t = 8)]
    slots: usize,
    /// How long it works on one.
    #[arg(long, default_value_t = 80)]
    latency_ms: u64,
    /// A text that holds this fails with HTTP 400 each time.
    #[arg(long)]
    poison: Option<String>,
    /// Inference units of Comprehend's.
    #[arg(long, default_value_t = 10)]
    units: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    Sagemaker,
    Custom,
}

fn main() -> Result<()> {
    let Arguments { engine, slots, latency_ms, poison, units } = Arguments::parse();
    let stats: Box<dyn Fn() -> serde_json::Value> = match engine {
        Engine::Sagemaker => {
            let latency = Duration::from_millis(latency_ms);
            let poison = poison.map(|text| (text, 400));
            let endpoint =
                sagemaker::Endpoint::start(sagemaker::Config { slots, latency, poison, ..Default::default() });
            export(endpoint.env())?;
            Box::new(move || {
                let stats = endpoint.stats();
                serde_json::json!({
                    "invocations": stats.invocations, "outcomes": stats.outcomes, "texts": stats.texts,
                    "slot_seconds": stats.slot_time.as_secs_f64(), "seconds": stats.seconds,
                })
            })
        }
        Engine::Custom => {
            let classifier = custom::Classifier::start(custom::Config { units, ..Default::default() });
            export(classifier.env())?;
            Box::new(move || {
                let stats = classifier.stats();
                serde_json::json!({
                    "classified": stats.classified, "chars": stats.chars, "throttled": stats.throttled, "span_s": stats.span_s,
                })
            })
        }
    };
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(writeln!(std::io::stdout(), "{}", stats())?)
}

/// Prints what to export.
fn export(variables: Vec<(&'static str, String)>) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    for (name, value) in variables {
        writeln!(stdout, "export {name}={value}")?;
    }
    writeln!(stdout)?;
    Ok(stdout.flush()?)
}
