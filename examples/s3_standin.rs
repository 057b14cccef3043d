//! Amazon S3's stand-in as a program: try `s3://` inputs and outputs without an account.
//!
//! ```text
//! cargo run --example s3_standin --features object-stores -- data
//! ```
//!
//! It puts the files of a folder into the bucket `calls`, under `in/`, and prints on stdout what to export. With `--copies`
//! each file is there many times, to see what long lists take. It serves until it is ended.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;

#[path = "../tests/standin/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod standin;

use standin::s3::{Config, S3};

/// A stand-in for Amazon S3 on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// The folder.
    folder: PathBuf,
    /// How often each file is there.
    #[arg(long, default_value_t = 1)]
    copies: u32,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let s3 = S3::start(Config::default());
    for entry in std::fs::read_dir(&arguments.folder).context("the folder can't be read")? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file()) else { continue };
        let bytes = std::fs::read(&path)?;
        for copy in 0..arguments.copies {
            let folder = if arguments.copies > 1 { format!("{copy:06}/") } else { String::new() };
            s3.put(&format!("in/{folder}{}", name.to_string_lossy()), bytes.clone());
        }
    }
    let mut stdout = std::io::stdout().lock();
    for (name, value) in s3.env() {
        writeln!(stdout, "export {name}={value}")?;
    }
    stdout.flush()?;
    loop {
        std::thread::park();
    }
}
