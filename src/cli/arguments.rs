//! What each command takes besides the flags of its settings.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::flags::{
    Everything, Exchanging, Judging, Learning, Merging, Nights, Reading, Sampling, SettingFlags, Storing, Tending,
};
use crate::settings;
use crate::shards::Shard;
use crate::share::Share;

/// A date as it is typed.
fn date(text: &str) -> Result<Date, String> {
    let date = if text.len() == "YYYY-MM-DD".len() { text.parse().ok() } else { None };
    date.ok_or_else(|| "expected a date such as 2026-11-02".to_owned())
}

/// The most documents a month that anybody has.
const MOST_DOCUMENTS: u64 = 1_000_000_000_000;

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
    /// Have the engine, a service, score a random share of the calls, such as `10%`, and the local engine all of them:
    /// estimates.csv then holds what the service would have given to all. `fit` takes as many as --max-cost allows
    #[arg(long, value_name = "SHARE", conflicts_with = "shard")]
    pub share: Option<Share>,
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

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Transcripts: files of any format that `undertone formats` lists, directories, globs, or `-` for
    /// stdin; .gz and .zst are read as they are
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<String>,
    /// Show what shares of the calls would cost, this one among them, and how closely each gives the means of a full run; the
    /// local engine scores all calls for it
    #[arg(long, value_name = "SHARE")]
    pub share: Option<Share>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Reading>,
}

/// The arguments of `exchange`.
#[derive(Debug, Args)]
pub struct Exchange {
    /// Which step
    pub step: Step,
    /// With `calls`: the languages of all calls, as `languages` prints them [default: those of the calls that come in]
    #[arg(long, value_name = "CODE=LETTERS,…")]
    pub languages: Option<String>,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Exchanging>,
}

/// A step of `exchange`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// A table's columns as JSON in, those that are read as JSON out
    Plan,
    /// Turns in, a sample of their languages out
    Survey,
    /// The lines of all samples in, the languages of all turns out as text
    Languages,
    /// All turns of some calls in, rows of calls.csv and exact sums out
    Calls,
    /// Sums over all calls in, rows of agents.csv out
    Agents,
}

/// The most texts that a person labels.
const MOST_TEXTS: u64 = 1_000_000;

/// The arguments of `sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// Transcripts: files of any format that `undertone formats` lists, directories, globs; .gz and .zst are read as they are
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<String>,
    /// How many texts are drawn
    #[arg(long, value_name = "NUMBER", value_parser = texts)]
    pub count: usize,
    /// Where they are written, a CSV file that is not there yet. It holds words of transcripts; what is personal is kept back
    /// unless `--redact off` is given
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Decides which texts are drawn
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingFlags<Sampling>,
}

/// A number of texts as it is typed.
fn texts(text: &str) -> Result<usize, String> {
    let mut count = 0;
    settings::put_within(&mut count, &settings::Raw::Argument(text.to_owned()), 1..=MOST_TEXTS)
        .map_err(|wrong| wrong.to_string())?;
    usize::try_from(count).map_err(|error| error.to_string())
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
    /// With `--for calls`, transcripts of the rated calls, with `--teacher` those that it has scored: files, directories, globs
    #[arg(long, value_name = "FILE")]
    pub input: Vec<String>,
    /// Learn from the stored scores of this engine instead of labels: the texts come from --input, nothing is sent
    #[arg(long, value_name = "ENGINE", requires = "input", conflicts_with_all = ["labels", "rating", "better"])]
    pub teacher: Option<String>,
    /// With `--teacher`, which of its models, if scores of several are stored
    #[arg(long, value_name = "MODEL", requires = "teacher")]
    pub teacher_model: Option<String>,
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
    /// Where to write what each label of a language model stands for, as four probabilities: for `bedrock.calibration`
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,
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

/// A number of documents as it is typed.
fn volume(text: &str) -> Result<u64, String> {
    let mut documents = 0;
    settings::put_within(&mut documents, &settings::Raw::Argument(text.to_owned()), 1..=MOST_DOCUMENTS)
        .map(|()| documents)
        .map_err(|wrong| wrong.to_string())
}
