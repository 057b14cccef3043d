//! The `undertone` program: reads the command line, runs the command, says once what went wrong.

use clap::Parser as _;
use undertone::cli::Cli;
use undertone::commands;

fn main() -> std::process::ExitCode {
    let outcome = commands::run(Cli::parse());
    outcome.unwrap_or_else(|failure| failure.report(&mut anstream::stderr())).into()
}
