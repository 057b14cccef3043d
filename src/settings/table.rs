//! Every setting there is, once: its key, type, default, meaning and flag.
//!
//! From this table come [`Settings`] and its defaults, the keys of the file, the `UNDERTONE_…` variables, the
//! flags with their help, `config show`, `config init` and the settings hash. To add a setting, add an entry.
//! A setting that changes what is written says `results: true` and so enters the hash.

use std::path::PathBuf;

use super::Provenance;
use super::choices::{
    CachePlace, Concurrency, EngineName, GranularityChoice, LanguageChoice, LogFormat, OffsetUnit, Speakers,
    TableFormats, Verbosity, Zone,
};
use super::key::{Flag, Heading, Key};
use super::quantities::{Dollars, Period, Rate, Share, Size, Tolerance, Whole};
use super::tables::{ColumnMap, RoleMap, Tiers};
use super::value::{self, Value};

/// Declares [`Settings`], its sections and the table of keys from one list.
macro_rules! settings {
    (
        top {$(
            $(#[doc = $doc:literal])+
            $field:ident: $type:ty {
                key: $key:literal,
                default: $default:expr,
                $(example: $example:literal,)?
                results: $results:literal,
                $(flag: $flag:expr,)?
            }
        )+}
        $(
            $(#[doc = $section_doc:literal])+
            $section:ident: $Section:ident {$(
                $(#[doc = $inner_doc:literal])+
                $inner_field:ident: $inner_type:ty {
                    key: $inner_key:literal,
                    default: $inner_default:expr,
                    $(example: $inner_example:literal,)?
                    results: $inner_results:literal,
                    $(flag: $inner_flag:expr,)?
                }
            )+}
        )+
    ) => {
        /// All settings, resolved: what the program goes by.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $field: $type,)+
            $($(#[doc = $section_doc])+ pub $section: $Section,)+
            pub(super) provenance: Provenance,
        }

        $(
            $(#[doc = $section_doc])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section {
                $($(#[doc = $inner_doc])+ pub $inner_field: $inner_type,)+
            }
        )+

        impl Default for Settings {
            fn default() -> Self {
                Self {
                    $($field: $default,)+
                    $($section: $Section { $($inner_field: $inner_default,)+ },)+
                    provenance: Provenance::default(),
                }
            }
        }

        /// Every setting, in the order in which files and help list them.
        pub(crate) static KEYS: &[Key] = &[
            $(Key {
                name: $key,
                doc: concat!($($doc),+),
                example: settings!(@option $($example)?),
                results: $results,
                flag: settings!(@option $($flag)?),
                choices: <$type as Value>::CHOICES,
                adds: <$type as Value>::ADDS,
                put: |settings, raw| value::put(&mut settings.$field, raw),
                get: |settings| settings.$field.to_toml(),
            },)+
            $($(Key {
                name: $inner_key,
                doc: concat!($($inner_doc),+),
                example: settings!(@option $($inner_example)?),
                results: $inner_results,
                flag: settings!(@option $($inner_flag)?),
                choices: <$inner_type as Value>::CHOICES,
                adds: <$inner_type as Value>::ADDS,
                put: |settings, raw| value::put(&mut settings.$section.$inner_field, raw),
                get: |settings| settings.$section.$inner_field.to_toml(),
            },)+)+
        ];
    };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
}

settings! {
    top {
        /// What scores the text. `local` is a model inside the program; `comprehend` sends the text to Amazon Comprehend and costs money.
        engine: EngineName {
            key: "engine",
            default: EngineName::Local,
            results: true,
            flag: Flag::new(Heading::Scoring, "engine", "ENGINE"),
        }
        /// The language of calls without a language column. A code such as `en`, or `auto` to find it per call from its text.
        language: LanguageChoice {
            key: "language",
            default: LanguageChoice::Auto,
            results: true,
            flag: Flag::new(Heading::Input, "language", "CODE"),
        }
        /// The time zone in which a call's start gives its date.
        timezone: Zone {
            key: "timezone",
            default: Zone::utc(),
            results: true,
            flag: Flag::new(Heading::Input, "timezone", "ZONE"),
        }
        /// How turns are packed into documents. One `turn` each, a `segment` of one speaker's turns, or all of a speaker's turns in the `call`; `auto` asks the engine.
        granularity: GranularityChoice {
            key: "granularity",
            default: GranularityChoice::Auto,
            results: true,
            flag: Flag::new(Heading::Scoring, "granularity", "HOW"),
        }
        /// Most characters of a document with granularity `segment`. Comprehend may read no more than 500.
        segment_chars: Whole<1, 5_000> {
            key: "segment-chars",
            default: Whole::clamped(500),
            results: true,
        }
        /// Whose words are scored. With `customer` the agents' own words stay unscored, and with comprehend unsent.
        speakers: Speakers {
            key: "speakers",
            default: Speakers::Both,
            results: true,
            flag: Flag::new(Heading::Scoring, "speakers", "WHO"),
        }
        /// Which column holds a field, where its header does not say. Such as `{ text = "Body" }`, or nothing where no column does. For files without such columns: `call_id = "@row"` or `"@file"`, `speaker = "@customer"`; for a column a side: `"text.customer"` and `"text.agent"`. Flags and the variable add to it.
        map: ColumnMap {
            key: "map",
            default: ColumnMap::default(),
            results: true,
            flag: Flag::new(Heading::Input, "map", "FIELD=COLUMN"),
        }
        /// Which role a speaker value has: customer, agent or other. Such as `{ IVR2 = "other" }`, or `text` for a line's label that is no speaker; flags and the variable add to it.
        role: RoleMap {
            key: "role",
            default: RoleMap::default(),
            results: true,
            flag: Flag::new(Heading::Input, "role", "VALUE=ROLE"),
        }
        /// The unit of times that are offsets from the call's start. `auto` goes by the column's name, else takes whole numbers for milliseconds and decimals for seconds.
        offset_unit: OffsetUnit {
            key: "offset-unit",
            default: OffsetUnit::Auto,
            results: true,
            flag: Flag::new(Heading::Input, "offset-unit", "UNIT"),
        }
        /// How many rows may be unusable before the run stops. A share such as `5%`, or a number.
        max_rejects: Tolerance {
            key: "max-rejects",
            default: Tolerance::Share(Share::percent(5)),
            results: false,
            flag: Flag::new(Heading::Input, "max-rejects", "SHARE|NUMBER"),
        }
        /// Share of a call's words that must be scored for it to count. A call below is marked, and left out of its agent's mean.
        min_coverage: Share {
            key: "min-coverage",
            default: Share::percent(50),
            results: true,
            flag: Flag::new(Heading::Scoring, "min-coverage", "SHARE"),
        }
        /// How many requests, or threads, work at the same time. `auto` is what suits the engine.
        concurrency: Concurrency {
            key: "concurrency",
            default: Concurrency::Auto,
            results: false,
            flag: Flag::new(Heading::Scoring, "concurrency", "NUMBER"),
        }
        /// How much memory the rows of unfinished calls may take before they are spilled to a temporary file.
        memory: Size {
            key: "memory",
            default: Size::mebibytes(64),
            results: false,
        }
        /// The directory that the results are written to.
        out: PathBuf {
            key: "out",
            default: PathBuf::from("undertone-out"),
            results: false,
            flag: Flag::new(Heading::Output, "out", "DIR"),
        }
        /// Write segments.csv too, the scores of every document.
        detail: bool {
            key: "detail",
            default: false,
            results: true,
            flag: Flag::switch(Heading::Output, "detail"),
        }
        /// Formats of the tables, `csv` or `csv,parquet`. CSV is always written, because report and explain read it; Parquet needs a build with `--features parquet`.
        format: TableFormats {
            key: "format",
            default: TableFormats::default(),
            results: true,
            flag: Flag::new(Heading::Output, "format", "LIST"),
        }
        /// Begin CSV files with a byte order mark. Excel needs it to read UTF-8.
        bom: bool {
            key: "bom",
            default: false,
            results: true,
            flag: Flag::switch(Heading::Output, "bom"),
        }
        /// Guard text cells that look like formulas with an apostrophe. Without it a spreadsheet may run what a caller said.
        csv_guard: bool {
            key: "csv-guard",
            default: true,
            results: true,
            flag: Flag::new(Heading::Output, "csv-guard", "on|off"),
        }
        /// How log lines on stderr look.
        log_format: LogFormat {
            key: "log-format",
            default: LogFormat::Text,
            results: false,
            flag: Flag::new(Heading::Global, "log-format", "FORMAT"),
        }
        /// How much is said on stderr. `-q`, `-v` and `-vv` are quiet, verbose and debug.
        verbosity: Verbosity {
            key: "verbosity",
            default: Verbosity::Normal,
            results: false,
        }
    }

    /// How Amazon Comprehend is asked. Credentials are never settings: they come from the standard AWS chain.
    comprehend: Comprehend {
        /// The AWS region. Without it, the one of the AWS profile or environment.
        region: Option<String> {
            key: "comprehend.region",
            default: None,
            example: "\"eu-west-1\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "region", "REGION"),
        }
        /// The AWS profile. Without it, the one of the environment.
        profile: Option<String> {
            key: "comprehend.profile",
            default: None,
            example: "\"contact-centre\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "profile", "NAME"),
        }
        /// Most requests a second. The service's default quota is 10 for each account and region.
        requests_per_second: Rate {
            key: "comprehend.requests-per-second",
            default: Rate::whole(10),
            results: false,
            flag: Flag::new(Heading::Scoring, "requests-per-second", "NUMBER"),
        }
        /// How long one request may take before it is given up and sent again.
        attempt_timeout: Period {
            key: "comprehend.attempt-timeout",
            default: Period::seconds(15),
            results: false,
        }
        /// Most times that one request is sent.
        max_attempts: Whole<1, 100> {
            key: "comprehend.max-attempts",
            default: Whole::clamped(10),
            results: false,
        }
        /// How long one request is tried in all, waits between attempts included.
        max_elapsed: Period {
            key: "comprehend.max-elapsed",
            default: Period::seconds(300),
            results: false,
        }
        /// How long the service may answer nothing but refusals before the run ends.
        give_up_after: Period {
            key: "comprehend.give-up-after",
            default: Period::seconds(120),
            results: false,
        }
    }

    /// What the service charges: packing makes the units fewest, and plans show the dollars.
    price: Price {
        /// Characters in one billed unit.
        unit_chars: Whole<1, 100_000> {
            key: "price.unit-chars",
            default: Whole::clamped(100),
            results: true,
        }
        /// Units that any document is charged for at least.
        minimum_units: Whole<0, 1_000> {
            key: "price.minimum-units",
            default: Whole::clamped(3),
            results: true,
        }
        /// US dollars a unit, step by step: each price holds up to that many units a month, the last one from there on.
        tiers: Tiers {
            key: "price.tiers",
            default: Tiers::list_price(),
            results: false,
        }
    }

    /// What a run may cost.
    cost: Cost {
        /// Most US dollars that a run may cost. A run that could pass it stops before anything is sent.
        max: Option<Dollars> {
            key: "cost.max",
            default: None,
            example: "25",
            results: false,
            flag: Flag::new(Heading::Cost, "max-cost", "DOLLARS"),
        }
        /// Most units that a run may be billed for. A run that could pass it stops before anything is sent.
        max_units: Option<Whole<0, 1_000_000_000_000>> {
            key: "cost.max-units",
            default: None,
            example: "250000",
            results: false,
            flag: Flag::new(Heading::Cost, "max-units", "NUMBER"),
        }
    }

    /// Where paid-for scores are kept, so that nothing is paid for twice.
    cache: Cache {
        /// Where paid-for scores are kept. `auto` is where the platform keeps such files, `off` keeps none.
        path: CachePlace {
            key: "cache.path",
            default: CachePlace::Auto,
            results: false,
            flag: Flag::new(Heading::Storage, "cache", "DIR|off"),
        }
        /// How long a score is used before its text is scored again, because the service's model changes.
        max_age: Period {
            key: "cache.max-age",
            default: Period::days(90),
            results: false,
            flag: Flag::new(Heading::Storage, "cache-max-age", "TIME"),
        }
    }

    /// What the local engine scores with.
    local: Local {
        /// A model trained on one's own labels. Without it, the built-in one.
        model: Option<PathBuf> {
            key: "local.model",
            default: None,
            example: "\"our-calls.model\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "model", "FILE"),
        }
        /// Terms with weights that add to the lexicon or change it.
        lexicon: Option<PathBuf> {
            key: "local.lexicon",
            default: None,
            example: "\"our-terms.csv\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "lexicon", "FILE"),
        }
    }
}
