//! Bedrock's stand-in as a program: try `--engine bedrock` without an account, and what `benches/bedrock.py` measures with.
//!
//! ```text
//! cargo run --example bedrock_standin --features bedrock -- --tokens-a-minute 200000 --latency-ms 800
//! ```
//!
//! It prints its address on the first line of stdout, and on stderr what to export. `GET /stats` answers what it has seen.
//! It serves until it is ended.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

#[path = "../tests/standin/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod standin;

use standin::bedrock::{Bedrock, Config, Fault, Quirk};

/// A stand-in for Amazon Bedrock on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// Port; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The quota of tokens a minute.
    #[arg(long)]
    tokens_a_minute: Option<u64>,
    /// Time to an answer.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Share of answers that leave an id out.
    #[arg(long, default_value_t = 0.0)]
    drops: f64,
    /// Share of answers that are prose.
    #[arg(long, default_value_t = 0.0)]
    chats: f64,
    /// Share of answers that the model breaks off as malformed.
    #[arg(long, default_value_t = 0.0)]
    malformed: f64,
    /// Requests at the beginning that are answered well.
    #[arg(long, default_value_t = 2)]
    spared: u64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let bedrock = Bedrock::start(Config {
        port: arguments.port,
        tokens_a_minute: arguments.tokens_a_minute,
        latency: Duration::from_millis(arguments.latency_ms),
        shares: vec![
            (arguments.drops, Fault::Quirk(Quirk::Drops)),
            (arguments.chats, Fault::Quirk(Quirk::Chats)),
            (arguments.malformed, Fault::Stop("malformed_model_output")),
        ],
        spared: arguments.spared,
        ..Config::default()
    });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", bedrock.endpoint())?;
    stdout.flush()?;
    for (name, value) in bedrock.env() {
        writeln!(std::io::stderr(), "export {name}={value}")?;
    }
    loop {
        std::thread::park();
    }
}
