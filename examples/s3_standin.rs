//! Amazon S3's stand-in as a program: try `s3://` inputs and outputs without an account.
//!
//! ```text
//! cargo run --example s3_standin --features object-stores -- data
//! ```
//!
//! It puts the files of a folder into the bucket `calls`, under `in/`, and prints on stdout what to export. With `--copies`
//! each file is there many times, to see what long lists take. On stdin it takes lines, each answered with `done`:
//! `put KEY FILE`, and `save PREFIX FOLDER`, which writes what lies under a prefix. It serves until it is ended.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
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
    /// Seconds by which the store's clock is ahead of when objects were written: with 61, a lock that a run left has
    /// run out.
    #[arg(long, default_value_t = 0)]
    clock_ahead: i64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let s3 = S3::start(Config { clock_ahead_s: arguments.clock_ahead, ..Config::default() });
    for entry in std::fs::read_dir(&arguments.folder).context("the folder can't be read")? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file()) else { continue };
        let bytes = std::fs::read(&path)?;
        for copy in 0..arguments.copies {
            let folder = if arguments.copies > 1 { format!("{copy:06}/") } else { String::new() };
            s3.put(&format!("in/{folder}{}", name.to_string_lossy()), bytes.clone());
        }
    }
    for (name, value) in s3.env() {
        print(&format!("export {name}={value}"))?;
    }
    print("")?;
    for line in std::io::stdin().lines() {
        obey(&s3, &line?)?;
        print("done")?;
    }
    loop {
        std::thread::park();
    }
}

fn print(line: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}

/// Does what a line of stdin asks for.
fn obey(s3: &S3, line: &str) -> Result<()> {
    match *line.splitn(3, ' ').collect::<Vec<_>>() {
        ["put", key, file] => s3.put(key, std::fs::read(file).context("the file can't be read")?),
        ["save", prefix, folder] => {
            for (name, stored) in s3.objects(prefix) {
                let path = Path::new(folder).join(name);
                std::fs::create_dir_all(path.parent().context("a folder")?)?;
                std::fs::write(path, &stored.bytes)?;
            }
        }
        _ => bail!("a line is `put KEY FILE` or `save PREFIX FOLDER`"),
    }
    Ok(())
}
