//! The command line: what can be typed. The room `settings` gives flags their meaning, `commands` does the work.
//!
//! Flags that stand for settings are made from the list of keys (see [`SettingFlags`]); only what is not a
//! setting is declared here. clap ends the process with code 2 if a line can't be understood.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;

mod arguments;
mod flags;

pub use arguments::{
    Analyze, Cache, CacheArgs, Config, Evaluate, Exchange, Explain, Jobs, JobsArgs, Merge, Nightly, Plan, Sample, Step,
    Train,
};
pub use flags::{
    Everything, Exchanging, General, Judging, Learning, Merging, Nights, Reading, Sampling, Scope, SettingFlags,
    Storing, Tending,
};

use crate::engine::registry;
use crate::exit::ExitCode;
use crate::settings::{Settings, SettingsError, Sources};

const EXAMPLES: &str = "\
Examples:
  undertone analyze calls.csv
  undertone plan --engine comprehend exports/
  undertone analyze --engine comprehend --max-cost 25 --out tonight exports/*.csv.gz
  undertone analyze --map text=Body --role IVR2=other calls.csv

Every setting can stand in a file or the environment too: see `undertone config init -`.";

const ANALYZE_EXAMPLES: &str = "\
Examples:
  undertone analyze calls.csv
  undertone analyze --out tonight --detail exports/ more/*.csv.gz
  undertone analyze --quiet --json exports/ | jq .customer.mean_score
  zcat calls.csv.gz | undertone analyze -
";

const NIGHTLY_EXAMPLES: &str = "\
Examples:
  undertone nightly exports/
  undertone nightly --into /srv/undertone --timezone Europe/Berlin /srv/exports
  undertone nightly --call-date 2026-11-02 export.csv
  undertone nightly --from 2026-10-20 --to 2026-10-22
  undertone nightly --rescore --from 2026-10-01 --to 2026-10-31 --max-cost 25
  undertone nightly --accept 2026-11-02 'new speech recogniser'
";

const MERGE_EXAMPLES: &str = "\
Examples:
  undertone analyze --shard 1/2 --out parts/1 exports/
  undertone analyze --shard 2/2 --out parts/2 exports/
  undertone merge parts/* --out tonight
";

const PLAN_EXAMPLES: &str = "\
Examples:
  undertone plan --engine comprehend calls.csv
  undertone plan --engine comprehend --json exports/ | jq .";

const SAMPLE_EXAMPLES: &str = "\
Examples:
  undertone sample exports/ --count 300 --out to-label.csv
  undertone sample exports/ --count 300 --out to-label.csv --engine comprehend
  undertone train to-label.csv --out ours.model
  undertone evaluate to-label.csv --engine local --engine ours.model";

const TRAIN_EXAMPLES: &str = "\
Examples:
  undertone train labelled-calls.csv --out ours.model
  undertone analyze --model ours.model calls.csv
  undertone train survey.csv --for calls --input calls.csv --out ours.toml
  undertone analyze --call-model ours.toml calls.csv
  undertone train labelled.csv --for comprehend-custom --out classifier
  undertone train --teacher comprehend --input exports/ --out student.model";

const EVALUATE_EXAMPLES: &str = "\
Examples:
  undertone evaluate labelled.csv --engine local --engine comprehend --max-cost 1
  undertone evaluate labelled.csv --engine local --engine ours.model --out verdict.html
  undertone evaluate labelled.csv --learning-curve
  undertone evaluate marked.csv --redact on
  undertone evaluate survey.csv --input calls.csv --rating csat --engine local --engine comprehend";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  undertone explain call-1015 --out undertone-out
  undertone explain call-1015 --out undertone-out --input calls.csv
  undertone explain call-1015 --input calls.csv --redacted";

const JOBS_EXAMPLES: &str = "\
Examples:
  undertone jobs list
  undertone jobs collect
  undertone jobs cancel undertone-3f0c2a9d5e7b41868a6d0c1f2e3b4a59";

const CONFIG_EXAMPLES: &str = "\
Examples:
  undertone config init                      write undertone.toml
  undertone config show --engine comprehend  every setting, its value and where it came from
  undertone config check --config nightly.toml";

/// Reads contact-centre transcripts and writes what customers felt, call by call and agent by agent.
#[derive(Debug, Parser)]
#[command(name = "undertone", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(
    args_override_self = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub general: GeneralFlags,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GeneralFlags {
    /// The settings file [default: undertone.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say what is being done; twice, every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Settings that every command has.
    #[command(flatten)]
    pub settings: SettingFlags<General>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read transcripts, score them and write per-call and per-agent results
    #[command(after_help = format!("{ANALYZE_EXAMPLES}\n{}", exit_codes()))]
    Analyze(Analyze),
    /// Take in what is new each night, and publish the dates that it touches
    #[command(after_help = format!("{NIGHTLY_EXAMPLES}\n{}", exit_codes()))]
    Nightly(Nightly),
    /// Make the parts that `analyze --shard` wrote into one run
    #[command(after_help = format!("{MERGE_EXAMPLES}\n{}", exit_codes()))]
    Merge(Merge),
    /// Say what analyze would send, cost and take, without sending anything
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Plan),
    /// Draw texts that are worth a person's label, for `train` and `evaluate`
    #[command(after_help = SAMPLE_EXAMPLES)]
    Sample(Sample),
    /// Show how one call's numbers came about
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Score turns of another program's table, Arrow in and out: what undertone.spark runs
    Exchange(Exchange),
    /// Draw report.html again from the CSV files of a run
    Report {
        /// The directory that analyze wrote
        #[arg(value_name = "DIR", default_value = "undertone-out")]
        dir: PathBuf,
    },
    /// Train a model on one's own labelled texts or rated calls
    #[command(after_help = TRAIN_EXAMPLES)]
    Train(Train),
    /// Judge engines by labelled texts or rated calls, and say which layer to start at
    #[command(after_help = EVALUATE_EXAMPLES)]
    Evaluate(Evaluate),
    /// List the formats of transcripts that are read, with what each field is taken from
    Formats,
    /// Look after the scores that were paid for
    #[command(subcommand)]
    Cache(Cache),
    /// Look after jobs that are under way
    #[command(subcommand, after_help = JOBS_EXAMPLES)]
    Jobs(Jobs),
    /// Show, write or check settings
    #[command(subcommand, after_help = CONFIG_EXAMPLES)]
    Config(Config),
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print a manual page
    Man {
        /// The page of this command, such as `analyze` or `config show`, instead of the program's
        command: Vec<String>,
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        into: Option<PathBuf>,
    },
}

/// The exit codes as help shows them.
fn exit_codes() -> String {
    let line = |code: ExitCode| format!("  {:>3}  {}", code.number(), code.meaning());
    format!("Exit codes:\n{}", ExitCode::ALL.map(line).join("\n"))
}

impl GeneralFlags {
    /// Merges defaults, file, environment and flags, the command's among them.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong in any layer.
    pub fn resolve<S: Scope>(self, command: SettingFlags<S>) -> Result<Settings, SettingsError> {
        let verbosity = flags::verbosity(self.quiet, self.verbose);
        let flags = [self.settings.into_assignments(), verbosity, command.into_assignments()].concat();
        let variables = std::env::vars_os().collect();
        Sources { file: self.config, directory: PathBuf::new(), variables, flags }.resolve(registry::keys())
    }
}

#[cfg(test)]
mod tests;
