//! Settings that are one of a few words, and the few that are a word or something else.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::value::{Value, Wrong};
use crate::chunk::Speakers;
use crate::input::{self, FormatName, OffsetUnit};
use crate::redact::{Kind, Kinds};
use crate::sentiment::Granularity;

/// Makes enums whose variants are words, by the names that their derives give them, values of settings.
macro_rules! words {
    ($($Words:ty),+) => {$(
        impl Value for $Words {
            fn choices() -> Vec<&'static str> {
                <Self as VariantNames>::VARIANTS.to_vec()
            }

            fn parse(text: &str) -> Result<Self, Wrong> {
                text.parse().map_err(|_| Wrong::expected_one_of(<Self as VariantNames>::VARIANTS))
            }

            fn to_toml(&self) -> Option<toml::Value> {
                Some(<&str>::from(self).into())
            }
        }
    )+};
}

words!(Granularity, Speakers, OffsetUnit, LogFormat, Verbosity, Redelivery, FailOn);

/// What a call that comes again means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Redelivery {
    /// Its rows are united.
    Unite,
    /// Those of the newest input take the place of the others.
    Replace,
}

/// What makes a night that is done end with a code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum FailOn {
    /// Nothing.
    Nothing,
    /// An alarm of a date that was published.
    Drift,
}

/// A date.
impl Value for Date {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let is_plain = text.len() == "YYYY-MM-DD".len();
        let date = is_plain.then(|| text.parse().ok()).flatten();
        date.ok_or(Wrong::expected("a date such as 2026-11-02"))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.to_string().into())
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is written to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Warnings too.
    Normal,
    /// What is being done.
    Verbose,
    /// Every request.
    Debug,
    /// Everything.
    Trace,
}

/// A value, or `auto`: what suits is found later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auto<T> {
    /// What suits.
    Auto,
    /// This value.
    Given(T),
}

impl<T> Auto<T> {
    /// The value, unless it is `auto`.
    pub const fn given(&self) -> Option<&T> {
        match self {
            Self::Auto => None,
            Self::Given(value) => Some(value),
        }
    }
}

impl<T: Copy> Auto<T> {
    /// The value, or `suitable` for `auto`.
    pub fn or(self, suitable: T) -> T {
        self.given().copied().unwrap_or(suitable)
    }
}

impl<T: Value> Value for Auto<T> {
    fn choices() -> Vec<&'static str> {
        let choices = T::choices();
        if choices.is_empty() { choices } else { [vec!["auto"], choices].concat() }
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let joined = if T::choices().is_empty() { " or" } else { "," };
        T::parse(text).map(Self::Given).map_err(|Wrong(what)| Wrong::expected(format!("auto{joined} {what}")))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        self.given().map_or_else(|| Some("auto".into()), Value::to_toml)
    }
}

/// How many requests, or threads of a local engine, work at the same time.
impl Value for Auto<NonZeroUsize> {
    const NUMBER: bool = true;

    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.parse() {
            // Beyond this number a service sees nothing but open connections.
            Ok(number @ 0..=1024) => Ok(NonZeroUsize::new(number).map_or(Self::Auto, Self::Given)),
            _ if text == "auto" => Ok(Self::Auto),
            _ => Err(Wrong::expected("auto or a whole number from 1 to 1024")),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        self.given().map_or_else(|| Some("auto".into()), |number| number.get().to_toml())
    }
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

    fn missing_feature(&self) -> Option<&'static str> {
        (self.parquet && !cfg!(feature = "parquet")).then_some("parquet")
    }
}

/// A format of transcripts. Its names are not among the help's choices, which would fill a screen.
impl Value for FormatName {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let names = || input::descriptions().map(|format| format.name).collect::<Vec<_>>();
        text.parse().map_err(|()| Wrong::expected_one_of(&names()))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.as_str().into())
    }
}

/// Which kinds of personal data are kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redact {
    /// All, for an engine that sends text away; none, for one that does not.
    Auto,
    /// These, whatever the engine.
    Kinds(Kinds),
}

impl Redact {
    fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<Self, Wrong> {
        let kinds = names.try_fold(Vec::new(), |mut kinds, name| {
            kinds.push(name.trim().parse::<Kind>().ok()?);
            Some(kinds)
        });
        match kinds {
            Some(kinds) if !kinds.is_empty() => Ok(Self::Kinds(kinds.into_iter().collect())),
            _ => Err(Wrong::expected(format!("auto, on, off or a list of {}", Kind::VARIANTS.join(", ")))),
        }
    }
}

impl Value for Redact {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::Kinds(Kinds::ALL)),
            "off" => Ok(Self::Kinds(Kinds::default())),
            list => Self::of(list.split(',')),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        match value.as_array() {
            Some(names) => Self::of(names.iter().map(|name| name.as_str().unwrap_or_default())),
            None => Self::parse(value.as_str().unwrap_or_default()),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Auto => "auto".into(),
            Self::Kinds(kinds) if *kinds == Kinds::ALL => "on".into(),
            Self::Kinds(kinds) if *kinds == Kinds::default() => "off".into(),
            Self::Kinds(kinds) => kinds.iter().map(Kind::as_str).collect::<Vec<_>>().join(",").into(),
        })
    }
}

/// A language code such as `en` or `zh-TW`, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageCode(Box<str>);

impl Auto<LanguageCode> {
    /// The code, unless the language is to be found from the text.
    pub fn code(&self) -> Option<&str> {
        self.given().map(|LanguageCode(code)| &**code)
    }
}

impl Value for LanguageCode {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let primary = text.split('-').next().unwrap_or_default();
        let subtags_fit = text.split('-').all(|tag| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
        let primary_fits = matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
        if primary_fits && subtags_fit {
            Ok(Self(text.into()))
        } else {
            Err(Wrong::expected("a language code such as en, es or zh-TW"))
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.0.to_string().into())
    }
}

/// A time zone of the IANA database.
impl Value for TimeZone {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let zone = if text == "UTC" { Ok(Self::UTC) } else { Self::get(text) };
        zone.map_err(|_| {
            Wrong::expected("an IANA time zone that this machine knows, such as UTC or Europe/Berlin (package tzdata)")
        })
    }

    fn to_toml(&self) -> Option<toml::Value> {
        self.iana_name().map(Into::into)
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
        for word in Verbosity::choices() {
            assert_eq!(Verbosity::parse(word).unwrap().to_toml(), Some(word.into()));
        }
        assert_eq!(LogFormat::parse("Text").unwrap_err().to_string(), "expected text or json");
        assert_eq!(Auto::<OffsetUnit>::choices(), ["auto", "s", "ms"]);
        assert_eq!(Auto::<OffsetUnit>::parse("min").unwrap_err().to_string(), "expected auto, s or ms");
    }

    #[test]
    fn formats_are_known_by_name() {
        let csv = Auto::<FormatName>::parse("csv").unwrap();
        assert_eq!((csv.given().map(|name| name.as_str()), csv.to_toml()), (Some("csv"), Some("csv".into())));
        assert!(Auto::<FormatName>::parse("csvv").unwrap_err().to_string().starts_with("expected auto or csv"));
    }

    #[test]
    fn kinds_to_keep_back_are_all_none_or_a_list() {
        for (text, shown) in [("auto", "auto"), ("on", "on"), ("off", "off"), ("name, card", "card,name")] {
            assert_eq!(Redact::parse(text).unwrap().to_toml(), Some(shown.into()));
        }
        assert_eq!(Redact::from_toml(&toml::Value::Array(vec!["card".into()])), Redact::parse("card"));
        for wrong in ["", "cards", "on,off", "card,", "true"] {
            let error = Redact::parse(wrong).unwrap_err().to_string();
            assert!(error.starts_with("expected auto, on, off or a list of card, iban, bank"), "{error}");
        }
    }

    #[test]
    fn languages_are_codes() {
        assert_eq!(Auto::<LanguageCode>::parse("auto").unwrap().code(), None);
        assert_eq!(Auto::<LanguageCode>::parse("zh-TW").unwrap().code(), Some("zh-TW"));
        for wrong in ["english", "", "e", "en_", "en-", "12"] {
            let error = Auto::<LanguageCode>::parse(wrong).unwrap_err().to_string();
            assert_eq!(error, "expected auto or a language code such as en, es or zh-TW", "{wrong}");
        }
    }

    #[test]
    fn a_time_zone_is_looked_up_when_it_is_read() {
        assert_eq!(TimeZone::parse("UTC"), Ok(TimeZone::UTC));
        assert_eq!(TimeZone::UTC.to_toml(), Some("UTC".into()));
        for wrong in ["Mars/Olympus", ""] {
            assert_eq!(
                TimeZone::parse(wrong).unwrap_err().to_string(),
                "expected an IANA time zone that this machine knows, such as UTC or Europe/Berlin (package tzdata)"
            );
        }
    }

    #[test]
    fn zero_workers_is_as_many_as_suit() {
        let parse = Auto::<NonZeroUsize>::parse;
        assert_eq!((parse("0"), parse("auto")), (Ok(Auto::Auto), Ok(Auto::Auto)));
        let eight = NonZeroUsize::new(8).unwrap();
        assert_eq!(Auto::from_toml(&toml::Value::Integer(8)), Ok(Auto::Given(eight)));
        assert_eq!(Auto::Auto.or(eight), eight);
        for wrong in ["-1", "many", "1025", "1.5", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
