//! The settings that all engines and commands share: key, type, default, meaning and flag of each.
//!
//! To add a setting, add an entry here, or in the list of the engine that it belongs to.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::choices::{Auto, CachePlace, FailOn, LanguageCode, LogFormat, Redact, Redelivery, TableFormats, Verbosity};
use super::key::{Flag, Heading};
use super::maps::{ColumnMap, RoleMap};
use super::section::section;
use crate::chunk::Speakers;
use crate::input::{FormatName, MaxRejects, OffsetUnit};
use crate::sentiment::{Granularity, Millionths};

section! {
    /// The settings that stand under no section.
    pub General {
        /// The format of all transcripts: one that `undertone formats` lists. `auto` recognises each file by its content.
        format_in: Auto<FormatName> {
            key: "format-in",
            default: Auto::Auto,
            results: true,
            flag: Flag::new(Heading::Input, "format-in", "NAME"),
        }
        /// A file of contact records: CSV, JSON Lines or Parquet by call id, with agent, queue, start, channel, language or a rating such as `csat`. What a transcript itself states goes first.
        metadata: Option<PathBuf> {
            key: "metadata",
            default: None,
            example: "\"contacts.csv\"",
            results: false,
            flag: Flag::new(Heading::Input, "metadata", "FILE"),
        }
        /// The language of calls without a language column. A code such as `en`, or `auto` to find it per call from its text.
        language: Auto<LanguageCode> {
            key: "language",
            default: Auto::Auto,
            results: true,
            flag: Flag::new(Heading::Input, "language", "CODE"),
        }
        /// The time zone in which a call's start gives its date.
        timezone: TimeZone {
            key: "timezone",
            default: TimeZone::UTC,
            results: true,
            flag: Flag::new(Heading::Input, "timezone", "ZONE"),
        }
        /// How turns are packed into documents. One `turn` each, a `segment` of one speaker's turns, or all of a speaker's turns in the `call`; `auto` asks the engine.
        granularity: Auto<Granularity> {
            key: "granularity",
            default: Auto::Auto,
            results: true,
            flag: Flag::new(Heading::Scoring, "granularity", "HOW"),
        }
        /// Most characters of a document with granularity `segment`. Comprehend may read no more than 500.
        segment_chars: usize {
            key: "segment-chars",
            default: 500,
            range: 1..=5_000,
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
        offset_unit: Auto<OffsetUnit> {
            key: "offset-unit",
            default: Auto::Auto,
            results: true,
            flag: Flag::new(Heading::Input, "offset-unit", "UNIT"),
        }
        /// How many rows may be unusable before the run stops. A share such as `5%`, or a number.
        max_rejects: MaxRejects {
            key: "max-rejects",
            default: MaxRejects::default(),
            results: false,
            flag: Flag::new(Heading::Input, "max-rejects", "SHARE|NUMBER"),
        }
        /// Share of a call's words that must be scored for it to count. A call below is marked, and left out of its agent's mean.
        min_coverage: Millionths {
            key: "min-coverage",
            default: Millionths(500_000),
            results: true,
            flag: Flag::new(Heading::Scoring, "min-coverage", "SHARE"),
        }
        /// How many requests, or threads, work at the same time. `auto` is what suits the engine.
        concurrency: Auto<NonZeroUsize> {
            key: "concurrency",
            default: Auto::Auto,
            results: false,
            flag: Flag::new(Heading::Scoring, "concurrency", "NUMBER"),
        }
        /// How much memory the rows of unfinished calls may take before they are spilled to a temporary file.
        memory: ByteSize {
            key: "memory",
            default: ByteSize::mib(64),
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
        /// A model of the ratings of one's own calls, from `undertone train --for calls`. It fills the columns `customer_rating_expected`, `_low` and `_high`.
        call_model: Option<PathBuf> {
            key: "call-model",
            default: None,
            example: "\"our-ratings.toml\"",
            results: false,
            flag: Flag::new(Heading::Output, "call-model", "FILE"),
        }
        /// Write figures of the run there as a Prometheus text file. When the run fails, the time of the last success stays.
        metrics: Option<PathBuf> {
            key: "metrics",
            default: None,
            example: "\"/var/lib/node_exporter/undertone.prom\"",
            results: false,
            flag: Flag::new(Heading::Output, "metrics", "FILE"),
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
}

section! {
    /// What of the text is kept back.
    pub Redaction {
        /// Which personal data is replaced before scoring, such as a card number by `[CARD]`. `on` for all kinds, `off` for none, or a list of card, iban, bank, ssn, id, phone, email, birth, address, name, password, url; `auto` is `on` for an engine that sends text away and `off` for one that does not.
        redact: Redact {
            key: "redact",
            default: Redact::Auto,
            results: true,
            flag: Flag::new(Heading::Redaction, "redact", "off|on|KIND,…"),
        }
        /// Terms to replace too, a line of `kind,term` each. A term is words, or a regular expression between slashes.
        terms: Option<PathBuf> {
            key: "redact-terms",
            default: None,
            example: "\"our-terms.csv\"",
            results: false,
            flag: Flag::new(Heading::Redaction, "redact-terms", "FILE"),
        }
        /// Terms to leave as they are, a line each: one's own names and numbers, such as a brand or a hotline.
        keep: Option<PathBuf> {
            key: "keep-terms",
            default: None,
            example: "\"our-names.txt\"",
            results: false,
            flag: Flag::new(Heading::Redaction, "keep-terms", "FILE"),
        }
    }
}

section! {
    /// What a run may cost.
    pub Cost {
        /// Most US dollars that a run may cost. A run that could pass it stops before anything is sent.
        max: Option<f64> {
            key: "cost.max",
            default: None,
            example: "25",
            results: false,
            flag: Flag::new(Heading::Cost, "max-cost", "DOLLARS"),
        }
        /// Most units that a run may be billed for. A run that could pass it stops before anything is sent.
        max_units: Option<u64> {
            key: "cost.max-units",
            default: None,
            example: "250000",
            results: false,
            flag: Flag::new(Heading::Cost, "max-units", "NUMBER"),
        }
    }
}

section! {
    /// Where paid-for scores are kept, so that nothing is paid for twice.
    pub Cache {
        /// Where paid-for scores are kept. `auto` is where the platform keeps such files, `off` keeps none.
        path: CachePlace {
            key: "cache.path",
            default: CachePlace::Auto,
            results: false,
            flag: Flag::new(Heading::Storage, "cache", "DIR|off"),
        }
        /// How long a score is used before its text is scored again, because the service's model changes.
        max_age: Duration {
            key: "cache.max-age",
            default: Duration::from_hours(90 * 24),
            results: false,
            flag: Flag::new(Heading::Storage, "cache-max-age", "TIME"),
        }
    }
}

section! {
    /// What nights remember and publish.
    pub Nightly {
        /// The directory that nights remember and publish in.
        into: PathBuf {
            key: "nightly.into",
            default: PathBuf::from("undertone-nights"),
            results: false,
            flag: Flag::new(Heading::Nights, "into", "DIR"),
        }
        /// Days before the newest published date in which a published date still changes when calls of it come late. Calls of older ones wait until `--from` and `--to` name their dates.
        lookback: u32 {
            key: "nightly.lookback",
            default: 7,
            range: 0..=366,
            results: false,
            flag: Flag::new(Heading::Nights, "lookback", "DAYS"),
        }
        /// Days that a window of agents holds.
        window: u32 {
            key: "nightly.window",
            default: 28,
            range: 1..=366,
            results: false,
        }
        /// The date of calls of new inputs that state none, such as a scheduler passes.
        call_date: Option<Date> {
            key: "nightly.call-date",
            default: None,
            example: "\"2026-11-02\"",
            results: false,
            flag: Flag::new(Heading::Nights, "call-date", "DATE"),
        }
        /// Take the date of such calls from their file's name, if it holds just one.
        date_from_name: bool {
            key: "nightly.date-from-name",
            default: false,
            results: false,
            flag: Flag::switch(Heading::Nights, "date-from-name"),
        }
        /// What a call that comes again in another input means. With `unite` its rows are united and exact duplicates count once; with `replace` those of the input that was changed last take the place of the others.
        redelivery: Redelivery {
            key: "nightly.redelivery",
            default: Redelivery::Unite,
            results: false,
            flag: Flag::new(Heading::Nights, "redelivery", "HOW"),
        }
        /// Score texts that never change beside the calls of each night, which shows when the scorer itself moves. With comprehend they are some 20 documents a language.
        canary: bool {
            key: "nightly.canary",
            default: true,
            results: false,
            flag: Flag::new(Heading::Nights, "canary", "on|off"),
        }
        /// How far those texts may move, in their scores on average and in the share of labels that a person gave, before the scorer counts as moved.
        canary_tolerance: Millionths {
            key: "nightly.canary-tolerance",
            default: Millionths(10_000),
            results: false,
        }
        /// What makes a night end with exit code 5 once everything is written: `drift` for an alarm of a date that it published.
        fail_on: FailOn {
            key: "nightly.fail-on",
            default: FailOn::Nothing,
            results: false,
            flag: Flag::new(Heading::Nights, "fail-on", "WHAT"),
        }
    }
}
