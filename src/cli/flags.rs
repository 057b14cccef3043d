//! The flags that stand for settings, made from the settings table.
//!
//! A flag's text is checked while the line is read, so that a wrong one is a usage error with clap's own
//! message. Its value takes effect later, as the highest layer of the settings. Of a flag that is given twice the
//! last one holds; maps add up.

use std::ffi::OsStr;
use std::marker::PhantomData;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::engine::registry;
use crate::settings::{Assignment, Heading, Key, Origin, Raw, Settings, is_name};

/// Which of the settings' flags a command takes.
pub trait Scope: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// The headings under which its flags stand.
    #[doc(hidden)]
    const HEADINGS: &'static [&'static str];
    /// Settings under those headings that have no flag with this command, because it takes them in another way.
    #[doc(hidden)]
    const WITHOUT: &'static [&'static str] = &[];
}

/// All flags but the general ones.
#[derive(Debug, Clone)]
pub struct Everything;

/// The flags of a command that scores for good into partitions.
#[derive(Debug, Clone)]
pub struct Nights;

/// The flags of a command that makes one run of several.
#[derive(Debug, Clone)]
pub struct Merging;

/// The flags of a command that reads and plans, and writes nothing.
#[derive(Debug, Clone)]
pub struct Reading;

/// The flags of a command that reads and scores a part of somebody's table, and writes no files.
#[derive(Debug, Clone)]
pub struct Exchanging;

/// The flags of a command that reads, and scores on this machine only.
#[derive(Debug, Clone)]
pub struct Sampling;

/// The flags of a command that reads and judges engines.
#[derive(Debug, Clone)]
pub struct Judging;

/// The flags of a command that reads, scores and learns.
#[derive(Debug, Clone)]
pub struct Learning;

/// The flags of a command that looks after what runs keep.
#[derive(Debug, Clone)]
pub struct Storing;

/// The flags of a command that looks after jobs.
#[derive(Debug, Clone)]
pub struct Tending;

/// The flags that every command takes.
#[derive(Debug, Clone)]
pub struct General;

impl Scope for Everything {
    const HEADINGS: &'static [&'static str] = &[
        Heading::Input.title(),
        Heading::Scoring.title(),
        Heading::Redaction.title(),
        Heading::Cost.title(),
        Heading::Storage.title(),
        Heading::Output.title(),
    ];
}

impl Scope for Nights {
    const HEADINGS: &'static [&'static str] = &[
        Heading::Nights.title(),
        Heading::Input.title(),
        Heading::Scoring.title(),
        Heading::Redaction.title(),
        Heading::Cost.title(),
        Heading::Storage.title(),
        Heading::Output.title(),
    ];
    const WITHOUT: &'static [&'static str] = &["out"];
}

impl Scope for Merging {
    const HEADINGS: &'static [&'static str] = &[Heading::Output.title()];
    // Those of the parts.
    const WITHOUT: &'static [&'static str] = &["detail", "call-model", "format", "bom", "csv-guard"];
}

impl Scope for Reading {
    const HEADINGS: &'static [&'static str] = &[
        Heading::Input.title(),
        Heading::Scoring.title(),
        Heading::Redaction.title(),
        Heading::Cost.title(),
        Heading::Storage.title(),
    ];
}

impl Scope for Exchanging {
    const HEADINGS: &'static [&'static str] =
        &[Heading::Input.title(), Heading::Scoring.title(), Heading::Redaction.title(), Heading::Output.title()];
    const WITHOUT: &'static [&'static str] =
        &["format-in", "metadata", "out", "detail", "metrics", "format", "bom", "csv-guard"];
}

impl Scope for Sampling {
    const HEADINGS: &'static [&'static str] =
        &[Heading::Input.title(), Heading::Scoring.title(), Heading::Redaction.title(), Heading::Storage.title()];
    const WITHOUT: &'static [&'static str] = &["min-coverage", "via"];
}

impl Scope for Judging {
    const HEADINGS: &'static [&'static str] = Reading::HEADINGS;
    const WITHOUT: &'static [&'static str] = &["engine", "speakers", "via"];
}

impl Scope for Learning {
    const HEADINGS: &'static [&'static str] = Reading::HEADINGS;
    const WITHOUT: &'static [&'static str] = &["speakers", "via"];
}

impl Scope for Storing {
    const HEADINGS: &'static [&'static str] = &[Heading::Storage.title()];
}

impl Scope for Tending {
    const HEADINGS: &'static [&'static str] = &[Heading::Scoring.title(), Heading::Storage.title()];
    const WITHOUT: &'static [&'static str] =
        &["granularity", "speakers", "min-coverage", "concurrency", "via", "local.model", "local.lexicon"];
}

impl Scope for General {
    const HEADINGS: &'static [&'static str] = &[Heading::Global.title()];
}

/// What was typed for the settings in scope.
#[derive(Debug, Clone)]
pub struct SettingFlags<S: Scope> {
    assignments: Vec<Assignment>,
    scope: PhantomData<S>,
}

impl<S: Scope> SettingFlags<S> {
    /// Whether none was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.assignments.is_empty()
    }

    /// The flags' layer of settings.
    pub(super) fn into_assignments(self) -> Vec<Assignment> {
        self.assignments
    }
}

fn keys<S: Scope>() -> impl Iterator<Item = &'static Key> {
    let shown = |heading: &str| S::HEADINGS.contains(&heading);
    let is_taken = |key: &Key| !S::WITHOUT.contains(&key.name);
    registry::keys().iter().filter(move |key| key.flag.is_some_and(|flag| shown(flag.heading.title())) && is_taken(key))
}

impl<S: Scope> Args for SettingFlags<S> {
    fn augment_args(command: Command) -> Command {
        let defaults = Settings::default();
        // Grouped by heading in the scope's order, which is the order in which help shows headings.
        let args = S::HEADINGS.iter().flat_map(|heading| {
            keys::<S>().filter(move |key| key.flag.is_some_and(|flag| flag.heading.title() == *heading))
        });
        command.args(args.filter_map(|key| arg(key, &defaults)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Scope> FromArgMatches for SettingFlags<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |key: &&'static Key| matches.value_source(key.name) == Some(ValueSource::CommandLine);
        let assignments = keys::<S>().filter(typed).flat_map(|key| {
            let texts = matches.get_many::<String>(key.name).unwrap_or_default();
            texts.map(move |text| assignment(key, text, key.typed_flag().unwrap_or_default()))
        });
        Ok(Self { assignments: assignments.collect(), scope: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn assignment(key: &'static Key, text: &str, flag: String) -> Assignment {
    Assignment { key, raw: Raw::Argument(text.to_owned()), origin: Origin::Flag(flag) }
}

/// The flag of a setting, if it has one.
fn arg(key: &'static Key, defaults: &Settings) -> Option<Arg> {
    let flag = key.flag?;
    let arg = Arg::new(key.name)
        .long(flag.long)
        .value_name(flag.argument)
        .help(help(key, defaults))
        .help_heading(flag.heading.title())
        .global(flag.heading == Heading::Global)
        .action(if key.adds { ArgAction::Append } else { ArgAction::Set })
        .value_parser(parser(key));
    Some(if flag.alone { arg.num_args(0..=1).require_equals(true).default_missing_value("on") } else { arg })
}

fn parser(key: &'static Key) -> ValueParser {
    let choices = (key.choices)();
    let check = move |text: &str| {
        let raw = Raw::Argument(text.to_owned());
        (key.put)(&mut Settings::default(), &raw).map(|()| text.to_owned())
    };
    if choices.is_empty() {
        ValueParser::new(check)
    } else if key.open {
        ValueParser::new(Open(choices))
    } else {
        ValueParser::new(PossibleValuesParser::new(choices))
    }
}

/// Shows choices, and takes other texts too.
#[derive(Clone)]
struct Open(Vec<&'static str>);

impl TypedValueParser for Open {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        if let Some(text) = value.to_str().filter(|text| self.0.contains(text) || is_name(text)) {
            return Ok(text.to_owned());
        }
        PossibleValuesParser::new(&self.0).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

/// The gist of the setting, and its default.
fn help(key: &Key, defaults: &Settings) -> String {
    let gist = key.gist();
    match (key.get)(defaults) {
        Some(toml::Value::String(text)) => format!("{gist} [default: {text}]"),
        Some(toml::Value::Boolean(on)) => format!("{gist} [default: {}]", if on { "on" } else { "off" }),
        Some(toml::Value::Table(_)) | None => gist.to_owned(),
        Some(value) => format!("{gist} [default: {value}]"),
    }
}

/// What `-q` and `-v` stand for: a value of the setting `verbosity`.
pub(super) fn verbosity(quiet: bool, verbose: u8) -> Vec<Assignment> {
    let (word, flag) = match (quiet, verbose) {
        (true, _) => ("quiet", "-q"),
        (false, 0) => return Vec::new(),
        (false, 1) => ("verbose", "-v"),
        (false, 2) => ("debug", "-vv"),
        (false, _) => ("trace", "-vvv"),
    };
    let key = registry::keys().find("verbosity");
    key.map(|key| assignment(key, word, flag.to_owned())).into_iter().collect()
}
