//! Writes the sample transcripts: `cargo run --example make_samples -- data`.
//!
//! Deterministic; a test compares `data/` with what this writes.

use std::path::PathBuf;

use anyhow::Context as _;

mod samples;

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).context("usage: make_samples FOLDER")?.into();
    for (name, content) in samples::files() {
        let path = folder.join(name);
        std::fs::write(&path, content).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
