//! Settings that are one of a few words, and the few that are a word or something else.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::value::{Value, Wrong, number_text};
use crate::sentiment::Granularity;
use crate::transcript::Role;

/// Declares an enum whose variants are words of a setting.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }
        expected $expected:literal
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// The word used in flags, variables and files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Value for $name {
            const CHOICES: &'static [&'static str] = &[$($word),+];

            fn parse(text: &str) -> Result<Self, Wrong> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Wrong::expected($expected)),
                }
            }

            fn to_toml(&self) -> Option<toml::Value> {
                Some(self.as_str().into())
            }
        }
    };
}

words! {
    /// Which engine scores.
    EngineName {
        /// A model inside the program: nothing leaves the machine, nothing is charged.
        Local = "local",
        /// Amazon Comprehend.
        Comprehend = "comprehend",
    }
    expected "local or comprehend"
}

words! {
    /// How turns are packed into documents, before the engine was asked.
    GranularityChoice {
        /// What the engine's profile names.
        Auto = "auto",
        /// One turn a document.
        Turn = "turn",
        /// Turns of one role packed so that billed units are least.
        Segment = "segment",
        /// Turns of one role packed up to the engine's byte limit.
        Call = "call",
    }
    expected "auto, turn, segment or call"
}

impl GranularityChoice {
    /// The granularity to use with an engine whose profile names `auto`.
    #[must_use]
    pub const fn or_engine(self, auto: Granularity) -> Granularity {
        match self {
            Self::Auto => auto,
            Self::Turn => Granularity::Turn,
            Self::Segment => Granularity::Segment,
            Self::Call => Granularity::Call,
        }
    }
}

words! {
    /// Whose words are scored.
    Speakers {
        /// Customers and agents.
        Both = "both",
        /// Customers only: the agents' words stay unscored.
        Customer = "customer",
        /// Agents only.
        Agent = "agent",
    }
    expected "both, customer or agent"
}

impl Speakers {
    /// Whether the words of `role` are scored.
    #[must_use]
    pub const fn includes(self, role: Role) -> bool {
        match role {
            Role::Customer => matches!(self, Self::Both | Self::Customer),
            Role::Agent => matches!(self, Self::Both | Self::Agent),
            Role::Other => false,
        }
    }
}

words! {
    /// The unit of times that are offsets from the call's start.
    OffsetUnit {
        /// By the column's name, else whole numbers are milliseconds and decimals seconds.
        Auto = "auto",
        /// Seconds.
        Seconds = "s",
        /// Milliseconds.
        Milliseconds = "ms",
    }
    expected "auto, s or ms"
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
    expected "text or json"
}

words! {
    /// How much is said on stderr.
    Verbosity {
        /// Errors only.
        Quiet = "quiet",
        /// Warnings too.
        Normal = "normal",
        /// What is being done.
        Verbose = "verbose",
        /// Every request.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
    expected "quiet, normal, verbose, debug or trace"
}

/// What the tables are written as: always CSV, which report and explain read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableFormats {
    /// Whether each table is written as a Parquet file too.
    pub parquet: bool,
}

impl TableFormats {
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, Wrong> {
        let (mut csv, mut parquet) = (false, false);
        for name in names {
            match name.trim() {
                "csv" => csv = true,
                "parquet" => parquet = true,
                _ => return Err(Wrong::expected("csv or csv,parquet")),
            }
        }
        if csv {
            Ok(Self { parquet })
        } else {
            Err(Wrong::expected("a list with csv in it, such as csv,parquet: report and explain read the CSV files"))
        }
    }
}

impl Value for TableFormats {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::of(text.split(','))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        match value.as_array() {
            Some(names) => Self::of(names.iter().map(|name| name.as_str().unwrap_or_default())),
            None => Self::parse(value.as_str().unwrap_or_default()),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(if self.parquet { "csv,parquet" } else { "csv" }.into())
    }
}

/// The language of the calls that no column gives one for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LanguageChoice {
    /// Found per call from its text.
    Auto,
    /// A code such as `en` or `zh-TW`, as it was written.
    Code(Box<str>),
}

impl LanguageChoice {
    /// The code, unless it is to be found from the text.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Auto => None,
            Self::Code(code) => Some(code),
        }
    }
}

impl Value for LanguageChoice {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let primary = text.split('-').next().unwrap_or_default();
        let subtags_fit = text.split('-').all(|tag| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
        let primary_fits = matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
        match text {
            "auto" => Ok(Self::Auto),
            _ if primary_fits && subtags_fit => Ok(Self::Code(text.into())),
            _ => Err(Wrong::expected("auto or a language code such as en, es or zh-TW")),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Auto => "auto".into(),
            Self::Code(code) => code.to_string().into(),
        })
    }
}

/// A time zone of the IANA database, under the name it was given by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: Box<str>,
    zone: TimeZone,
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".into(), zone: TimeZone::UTC }
    }

    /// The zone's rules.
    #[must_use]
    pub const fn rules(&self) -> &TimeZone {
        &self.zone
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Value for Zone {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text {
            "" => Err(Wrong::expected("an IANA time zone such as UTC or Europe/Berlin")),
            "UTC" => Ok(Self::utc()),
            name => match TimeZone::get(name) {
                Ok(zone) => Ok(Self { name: name.into(), zone }),
                Err(_) => Err(Wrong::expected(
                    "an IANA time zone that this machine knows, such as UTC or Europe/Berlin (package tzdata)",
                )),
            },
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.name.to_string().into())
    }
}

/// How many requests, or threads of a local engine, work at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// What suits the engine.
    Auto,
    /// So many.
    Fixed(NonZeroUsize),
}

impl Concurrency {
    /// Most that may be asked for: beyond it a service sees nothing but open connections.
    const MOST: usize = 1024;

    /// The number asked for, else `auto`.
    #[must_use]
    pub const fn or(self, auto: NonZeroUsize) -> NonZeroUsize {
        match self {
            Self::Auto => auto,
            Self::Fixed(number) => number,
        }
    }
}

impl Value for Concurrency {
    fn parse(text: &str) -> Result<Self, Wrong> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        match text.parse() {
            Ok(number) if number <= Self::MOST => Ok(NonZeroUsize::new(number).map_or(Self::Auto, Self::Fixed)),
            _ => Err(Wrong::expected("auto or a whole number from 1 to 1024")),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::parse(&number_text(value))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Auto => "auto".into(),
            Self::Fixed(number) => i64::try_from(number.get()).unwrap_or(i64::MAX).into(),
        })
    }
}

/// Where paid-for scores are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachePlace {
    /// Where the platform keeps such files.
    Auto,
    /// Nowhere.
    Off,
    /// In this directory.
    Directory(PathBuf),
}

impl Value for CachePlace {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text {
            "" => Err(Wrong::expected("a directory, auto or off")),
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            directory => Ok(Self::Directory(directory.into())),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Auto => "auto".into(),
            Self::Off => "off".into(),
            Self::Directory(directory) => directory.display().to_string().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_to_its_value() {
        for word in Verbosity::CHOICES {
            assert_eq!(Verbosity::parse(word).unwrap().as_str(), *word);
        }
        assert_eq!(EngineName::parse("Local").unwrap_err().to_string(), "expected local or comprehend");
    }

    #[test]
    fn languages_are_codes() {
        assert_eq!(LanguageChoice::parse("auto"), Ok(LanguageChoice::Auto));
        assert_eq!(LanguageChoice::parse("zh-TW"), Ok(LanguageChoice::Code("zh-TW".into())));
        for wrong in ["english", "", "e", "en_", "en-", "12"] {
            assert!(LanguageChoice::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_zone_is_looked_up_when_it_is_read() {
        assert_eq!(Zone::parse("UTC"), Ok(Zone::utc()));
        assert_eq!(
            Zone::parse("Mars/Olympus").unwrap_err().to_string(),
            "expected an IANA time zone that this machine knows, such as UTC or Europe/Berlin (package tzdata)"
        );
    }

    #[test]
    fn zero_workers_is_as_many_as_suit() {
        assert_eq!(Concurrency::parse("0"), Ok(Concurrency::Auto));
        assert_eq!(Concurrency::parse("auto"), Ok(Concurrency::Auto));
        let eight = NonZeroUsize::new(8).unwrap();
        assert_eq!(Concurrency::from_toml(&toml::Value::Integer(8)), Ok(Concurrency::Fixed(eight)));
        assert_eq!(Concurrency::Auto.or(eight), eight);
        for wrong in ["-1", "many", "1025", "1.5", ""] {
            assert!(Concurrency::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_other_roles_are_never_scored() {
        for speakers in [Speakers::Both, Speakers::Customer, Speakers::Agent] {
            assert!(!speakers.includes(Role::Other));
        }
        assert!(Speakers::Customer.includes(Role::Customer) && !Speakers::Customer.includes(Role::Agent));
    }
}
