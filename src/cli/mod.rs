//! The command line: what can be typed. The room `settings` gives flags their meaning, `commands` does the work.
//!
//! Flags that stand for settings are made from the list of keys (see [`SettingFlags`]); only what is not a
//! setting is declared here. clap ends the process with code 2 if a line can't be understood.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use jiff::civil::Date;

mod flags;

pub use flags::{
    Everything, General, Judging, Learning, Merging, Nights, Reading, Scope, SettingFlags, Storing, Tending,
};

use crate::engine::registry;
use crate::exit::ExitCode;
use crate::settings::{self, Settings, SettingsError, Sources};
use crate::shards::Shard;

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

const TRAIN_EXAMPLES: &str = "\
Examples:
  undertone train labelled-calls.csv --out ours.model
  undertone analyze --model ours.model calls.csv
  undertone train survey.csv --for calls --input calls.csv --out ours.toml
  undertone analyze --call-model ours.toml calls.csv
  undertone train labelled.csv --for comprehend-custom --out classifier";

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
    /// Show how one call's numbers came about
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
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
    },
}

/// The arguments of `analyze`.
#[derive(Debug, Args)]
pub struct Analyze {
    /// Transcripts: files of any format that `undertone formats` lists, directories, globs, or `-` for
    /// stdin; .gz and .zst are read as they are
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<String>,
    /// Score only the calls of one part of a run, such as `3/16`, for `merge`
    #[arg(long, value_name = "NUMBER/COUNT")]
    pub shard: Option<Shard>,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Everything>,
}

/// The arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The directories that `analyze --shard` wrote, in any order
    #[arg(value_name = "PART", required = true)]
    pub parts: Vec<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Merging>,
}

/// The arguments of `nightly`.
#[derive(Debug, Args)]
pub struct Nightly {
    /// Transcripts: files of any format that `undertone formats` lists, directories, globs; .gz and .zst are read as they
    /// are
    #[arg(value_name = "INPUT", required_unless_present_any = ["accept", "from"])]
    pub inputs: Vec<String>,
    /// Take in the calls that wait for dates from this one on
    #[arg(long, value_name = "DATE", requires = "to", value_parser = date, help_heading = "Nights")]
    pub from: Option<Date>,
    /// … to this one
    #[arg(long, value_name = "DATE", requires = "from", value_parser = date, help_heading = "Nights")]
    pub to: Option<Date>,
    /// Score those dates anew with today's engine and settings
    #[arg(long, requires = "from", help_heading = "Nights")]
    pub rescore: bool,
    /// Say why figures are others than before from a date on: what is expected starts anew there
    #[arg(long, num_args = 2, value_names = ["DATE", "REASON"], help_heading = "Nights")]
    pub accept: Vec<String>,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Nights>,
}

/// A date as it is typed.
fn date(text: &str) -> Result<Date, String> {
    let date = if text.len() == "YYYY-MM-DD".len() { text.parse().ok() } else { None };
    date.ok_or_else(|| "expected a date such as 2026-11-02".to_owned())
}

/// The most documents a month that anybody has.
const MOST_DOCUMENTS: u64 = 1_000_000_000_000;

/// A number of documents as it is typed.
fn volume(text: &str) -> Result<u64, String> {
    let mut documents = 0;
    settings::put_within(&mut documents, &settings::Raw::Argument(text.to_owned()), 1..=MOST_DOCUMENTS)
        .map(|()| documents)
        .map_err(|wrong| wrong.to_string())
}

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Transcripts: files of any format that `undertone formats` lists, directories, globs, or `-` for
    /// stdin; .gz and .zst are read as they are
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Reading>,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The call, as calls.csv names it
    #[arg(value_name = "CALL_ID")]
    pub call_id: String,
    /// Transcripts that hold the call: shows its words too, on this terminal only
    #[arg(long, value_name = "FILE")]
    pub input: Vec<String>,
    /// Show the call's words with personal data replaced as `--redact` says, or all kinds, and the rule behind each mask
    #[arg(long, requires = "input")]
    pub redacted: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Everything>,
}

/// The arguments of `train`.
#[derive(Debug, Args)]
pub struct Train {
    /// CSV files with the columns text, label (negative, neutral, positive or mixed) and, if wanted, weight; with
    /// `--for calls` one file of rated calls (`call_id`,rating), or none if the records of --metadata have ratings
    #[arg(value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    /// Where the model is written; with `--for comprehend-custom`, the folder of its files
    #[arg(long, value_name = "MODEL")]
    pub out: PathBuf,
    /// The model to begin at: `shipped`, `none`, or a file
    #[arg(long, value_name = "MODEL", default_value = "shipped")]
    pub from: String,
    /// Decides the order of texts; the same seed and labels make the same bytes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// What the model calls itself, at most 32 bytes
    #[arg(long, value_name = "NAME", default_value = "own")]
    pub name: String,
    /// Which classes probabilities take to be how common: as in the labels, or more even, for sites not seen
    #[arg(long, value_name = "WHICH", default_value = "labels", value_parser = ["labels", "even"])]
    pub priors: String,
    /// How many buckets a model that begins at `none` has, as a power of two
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(10..=20))]
    pub bits: u32,
    /// What is made: a model to score `texts`, one to expect the rating of `calls`, or the files from which Amazon Comprehend
    /// trains a classifier
    #[arg(long = "for", value_name = "WHAT", default_value = "texts", value_parser = ["texts", "calls", "comprehend-custom"])]
    pub purpose: String,
    /// With `--for calls`, transcripts of the rated calls: files, directories, globs
    #[arg(long, value_name = "FILE")]
    pub input: Vec<String>,
    /// With `--for calls`, the column that holds the rating [default: the first with a known name]
    #[arg(long, value_name = "COLUMN")]
    pub rating: Option<String>,
    /// With `--for calls`, which end of the rating is the happy one [default: as the column's name says, else high]
    #[arg(long, value_name = "END", value_parser = ["high", "low"])]
    pub better: Option<String>,
    /// Settings, which decide how rated calls are read and scored.
    #[command(flatten)]
    pub settings: SettingFlags<Learning>,
}

/// The arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// A CSV file: texts with their labels (text,label), calls with their ratings (`call_id`,rating), or texts or
    /// transcripts with what is personal marked, `[[card|4111 1111 1111 1111]]`, to judge redaction by; none to judge
    /// by the ratings that the records of --metadata have
    #[arg(value_name = "LABELS")]
    pub labels: Option<PathBuf>,
    /// What to judge, once for each: `local`, `comprehend`, `vader` or a model file [default: the setting `engine`]
    #[arg(long = "engine", value_name = "ENGINE")]
    pub engines: Vec<String>,
    /// Transcripts of the rated calls: files, directories, globs
    #[arg(long, value_name = "FILE")]
    pub input: Vec<String>,
    /// The column that holds the rating [default: the first with a known name, such as rating, csat or annoyed]
    #[arg(long, value_name = "COLUMN")]
    pub rating: Option<String>,
    /// Which end of the rating is the happy one [default: as the column's name says, else high]
    #[arg(long, value_name = "END", value_parser = ["high", "low"])]
    pub better: Option<String>,
    /// A rating this bad, or worse, makes a call unhappy [default: one in the worse half of the scale]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub unhappy: Option<f64>,
    /// Score the words as speech recognition writes them: small letters, no punctuation
    #[arg(long)]
    pub spoken: bool,
    /// Also train on growing parts of the labels: from how many on is a model of one's own better?
    #[arg(long)]
    pub learning_curve: bool,
    /// Documents a month: what each engine costs at that volume, from which volume on another costs less, and which one
    /// to stay with until how many more labels
    #[arg(long, value_name = "NUMBER", value_parser = volume)]
    pub volume: Option<u64>,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
    /// Where to write the evaluation too: FILE.json, FILE.html, or a directory for both
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Judging>,
}

/// What to do with stored scores.
#[derive(Debug, Subcommand)]
pub enum Cache {
    /// Say how many there are, how old and how large
    Stats(CacheArgs),
    /// Drop those that are too old to be used
    Prune(CacheArgs),
    /// Delete all of them
    Clear(CacheArgs),
}

/// The arguments of the `cache` commands.
#[derive(Debug, Args)]
pub struct CacheArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Storing>,
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List those that runs have started, with how far each has come
    List(JobsArgs),
    /// Store the scores of those that have ended, without waiting for others
    Collect(JobsArgs),
    /// End those that are under way; what was done by then is charged, and the next run collects it
    Cancel {
        /// Only the jobs of these names
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// The rest.
        #[command(flatten)]
        args: JobsArgs,
    },
}

/// The arguments of the `jobs` commands.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Tending>,
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every setting, its value and where it came from
    Show {
        /// Print JSON, with the hash of the settings that change results
        #[arg(long)]
        json: bool,
        /// Settings.
        #[command(flatten)]
        settings: SettingFlags<Everything>,
    },
    /// Write a file with every setting at its default and a comment
    Init {
        /// Where to write it, or `-` for stdout
        #[arg(value_name = "FILE", default_value = settings::FILE_NAME)]
        file: PathBuf,
        /// Overwrite the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Say whether file, environment and flags are right, and what is wrong where
    Check {
        /// Settings.
        #[command(flatten)]
        settings: SettingFlags<Everything>,
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
