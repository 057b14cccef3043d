//! What stops reading, named by what the caller can do about it.
//!
//! A row that can't be used is data, not an error (see [`Reject`]). Messages hold paths, lines, numbers, and those names
//! of columns and speakers that may be quoted; they never hold a row's text.

use std::io;

use super::field::Field;
use super::rejects::{MaxRejects, Reject};
use crate::exit::{ExitCode, Stops};
use crate::places::PlaceError;

/// Why the input as a whole can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No input was named at all.
    #[error("no input was named")]
    Nothing,
    /// A named file or directory is not there.
    #[error("{path}: no such file or directory")]
    Missing {
        /// The path as it was typed.
        path: String,
    },
    /// A glob that no file matches, or that is not a glob.
    #[error("{pattern}: no file matches")]
    NoMatch {
        /// The pattern as it was typed.
        pattern: String,
    },
    /// A directory without a single transcript.
    #[error("{path}: no file with an ending of transcripts (.csv, .tsv, .txt, .vtt, .srt, .json, .jsonl, .ndjson, .vcon or .parquet, plain, .gz or .zst) in this directory{}", if *own { " but outputs of undertone" } else { "" })]
    NoTranscripts {
        /// The directory as it was typed.
        path: String,
        /// Whether outputs of an earlier run were left out.
        own: bool,
    },
    /// An address on an object store that can't be searched.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The operating system, or an object store, refused to open or read.
    #[error("{path}: can't be read")]
    Unreadable {
        /// The file or directory.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A compressed file that ends too early or is damaged: rows are missing, so the rest must not pass as the whole.
    #[error("{path}: the {compression} data is damaged or ends too early")]
    Damaged {
        /// The file.
        path: String,
        /// The compression: `gzip` or `zstd`.
        compression: &'static str,
        /// What the decompressor said.
        source: io::Error,
    },
    /// A file whose first bytes are those of another kind of file.
    #[error("{path}: this is {found}, not a transcript in a known format")]
    NotText {
        /// The file.
        path: String,
        /// What it is.
        found: &'static str,
        /// What makes of it a file that is read.
        instead: &'static str,
    },
    /// A file of no known format.
    #[error("{path}: this is {found}, not a transcript in a known format")]
    UnknownFormat {
        /// The file.
        path: String,
        /// What it looks like.
        found: &'static str,
    },
    /// No column fits fields that are needed.
    #[error("{path}: no column fits {}; {columns}", and(fields))]
    NoColumn {
        /// The file.
        path: String,
        /// All fields that are needed and missing.
        fields: Vec<Field>,
        /// The columns seen, in words.
        columns: String,
    },
    /// JSON in which no key fits fields that are needed.
    #[error("{path}: this is JSON in which no key fits {}; {keys}", and(fields))]
    NoKey {
        /// The file.
        path: String,
        /// All fields that are needed and missing.
        fields: Vec<Field>,
        /// The keys seen, in words.
        keys: String,
    },
    /// JSON in which several keys fit one field.
    #[error("{path}: several keys fit {field}: {candidates}")]
    AmbiguousKeys {
        /// The file.
        path: String,
        /// The field.
        field: Field,
        /// The keys that fit it.
        candidates: String,
    },
    /// A key named by the user is not in the file.
    #[error("{path}: no key is called {key:?}, which was mapped to {field}; {keys}")]
    NoSuchKey {
        /// The file.
        path: String,
        /// The field.
        field: Field,
        /// The key that was asked for.
        key: String,
        /// The keys seen, in words.
        keys: String,
    },
    /// A column of names holds what was said.
    #[error("{path}: column {column}, taken for {field}, holds sentences and not names, in {sentences} of {rows} rows")]
    ShiftedColumns {
        /// The file.
        path: String,
        /// The column's number, from 1.
        column: usize,
        /// What it was taken for.
        field: Field,
        /// Rows in which it holds several words, no two alike.
        sentences: u64,
        /// Rows looked at.
        rows: u64,
    },
    /// Several columns fit one field.
    #[error("{path}: several columns fit {field}: {candidates}; {columns}")]
    AmbiguousColumns {
        /// The file.
        path: String,
        /// The field.
        field: Field,
        /// The columns that fit it, in words.
        candidates: String,
        /// The columns seen, in words.
        columns: String,
    },
    /// A column named by the user is not in the file.
    #[error("{path}: no column is called {column:?}, which was mapped to {field}; {columns}")]
    NoSuchColumn {
        /// The file.
        path: String,
        /// The field.
        field: Field,
        /// The column that was asked for.
        column: String,
        /// The columns seen, in words.
        columns: String,
    },
    /// Speakers whose role nobody stated.
    #[error("{path}: {values}")]
    UnknownRoles {
        /// The first file in which one was met.
        path: String,
        /// The column they stand in, or that they are labels within the text, and the values if they look like labels.
        values: String,
        /// What to do about it.
        hint: String,
    },
    /// A record that never ends.
    #[error("{path}: the record that begins on line {line} is longer than {limit_mib} MiB")]
    RecordTooLong {
        /// The file.
        path: String,
        /// The line on which the record begins.
        line: u64,
        /// The longest record that is read, in MiB.
        limit_mib: usize,
    },
    /// A text that is too long to be one call.
    #[error("{path}: as one call, this file is longer than {limit_mib} MiB")]
    CallTooLong {
        /// The file.
        path: String,
        /// The longest call that is read, in MiB.
        limit_mib: u64,
    },
    /// Contact records without an id, or with nothing besides it.
    #[error("{path}: no column of these contact records fits {}; {columns}", or(missing))]
    Contacts {
        /// The file.
        path: String,
        /// The fields of which one is needed.
        missing: Vec<Field>,
        /// The columns seen, in words.
        columns: String,
    },
    /// A Parquet file, which this build can't read.
    #[cfg(not(feature = "parquet"))]
    #[error("{path}: this is a Parquet file, and this build reads none")]
    NoParquet {
        /// The file.
        path: String,
    },
    /// A transcript that does not show who spoke.
    #[error("{path}: these are {what} without speakers: nothing shows who said what")]
    NoSpeakers {
        /// The file.
        path: String,
        /// What the file is, in the plural.
        what: &'static str,
    },
    /// More rows can't be used than were allowed.
    #[error("{rejected} of {rows} rows can't be used, and {limit} may be; {}", listed(first))]
    TooManyRejects {
        /// Rows that can't be used.
        rejected: u64,
        /// Rows read.
        rows: u64,
        /// What was allowed.
        limit: MaxRejects,
        /// The first of them, by file and line.
        first: Vec<Reject>,
    },
    /// There is nothing to analyse.
    #[error("no usable row in {files} file(s), {rows} rows read{}", if first.is_empty() { String::new() } else { format!("; {}", listed(first)) })]
    NoUsableRow {
        /// Files read.
        files: usize,
        /// Rows read.
        rows: u64,
        /// The first rejected rows, if any.
        first: Vec<Reject>,
    },
    /// The anonymous temporary file that holds rows beyond the memory limit failed.
    #[error("the temporary file that holds rows while they are grouped by call failed")]
    Scratch {
        /// What the operating system said.
        source: io::Error,
    },
}

impl InputError {
    /// Whether a file has nothing of a transcript: it is of no known format, or neither what was said nor another field that
    /// is needed is in it.
    pub(super) fn is_no_transcript(&self) -> bool {
        match self {
            Self::NotText { .. } | Self::UnknownFormat { .. } => true,
            Self::NoColumn { fields, .. } | Self::NoKey { fields, .. } => {
                fields.len() > 1 && fields.contains(&Field::Text)
            }
            _ => false,
        }
    }
}

impl Stops for InputError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Place(error) => error.code(),
            Self::Unreadable { source, .. } if let Some(error) = of_place(source) => error.code(),
            Self::Nothing
            | Self::Missing { .. }
            | Self::NoMatch { .. }
            | Self::NoTranscripts { .. }
            | Self::Unreadable { .. }
            | Self::Damaged { .. } => ExitCode::NoInput,
            Self::Scratch { .. } => ExitCode::CantCreate,
            _ => ExitCode::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Place(error) => error.hint(),
            Self::Unreadable { source, .. } if let Some(error) = of_place(source) => error.hint(),
            Self::Nothing => Some("name a file, a directory, a glob, or - for standard input".to_owned()),
            Self::Missing { .. } => Some("check the path; it is taken from the working directory".to_owned()),
            Self::NoMatch { .. } => Some("quote the pattern so that the shell passes it on as it is".to_owned()),
            Self::NoTranscripts { .. } => Some("name the files themselves if their endings differ".to_owned()),
            Self::Damaged { .. } => Some("copy or export the file again; nothing of it was used".to_owned()),
            Self::NotText { instead, .. } => Some((*instead).to_owned()),
            Self::UnknownFormat { .. } => Some(
                "`undertone formats` lists what is read, and --format-in NAME names one of them; if this is CSV with names of \
                 its own: --map text=COLUMN"
                    .to_owned(),
            ),
            Self::NoColumn { fields, .. } => Some(missing_hint(fields)),
            Self::NoKey { fields, .. } => Some(missing_hint(fields).replace("COLUMN", "KEY").replace("column", "key")),
            Self::AmbiguousKeys { field, .. } | Self::NoSuchKey { field, .. } => {
                Some(format!("name the key, or its path such as call.id, with --map {field}=KEY"))
            }
            Self::ShiftedColumns { field, .. } => {
                let without =
                    if *field == Field::CallId { String::new() } else { format!("; to leave it out: --map {field}=") };
                Some(format!(
                    "if the file's columns are shifted, export it again; if another column is meant: --map {field}=COLUMN{without}"
                ))
            }
            Self::AmbiguousColumns { field, .. } | Self::NoSuchColumn { field, .. } => {
                Some(format!("name the column with --map {field}=COLUMN"))
            }
            Self::UnknownRoles { hint, .. } => Some(hint.clone()),
            Self::RecordTooLong { .. } => Some("a quote on that line is probably never closed".to_owned()),
            Self::Contacts { missing, .. } => {
                let field = missing.first().copied().unwrap_or(Field::CallId);
                Some(format!("name the column with --map {field}=COLUMN: it holds for transcripts only where they have it"))
            }
            #[cfg(not(feature = "parquet"))]
            Self::NoParquet { .. } => Some(
                "build a program that does, with cargo build --release --features parquet, or export the file as CSV"
                    .to_owned(),
            ),
            Self::CallTooLong { .. } => Some("give each call a file of its own".to_owned()),
            Self::NoSpeakers { .. } => Some(NO_SPEAKERS.to_owned()),
            Self::TooManyRejects { rejected, first, .. } => {
                let mut hint =
                    format!("mend the rows, or allow so many (or a share, such as 10%): --max-rejects {rejected}");
                if first.iter().any(Reject::shows_nobody) {
                    hint += &format!("; {NO_SPEAKERS}");
                }
                Some(hint)
            }
            Self::NoUsableRow { first, .. } if first.is_empty() => {
                Some("the files are empty or hold a header only".to_owned())
            }
            Self::NoUsableRow { first, .. } if first.iter().any(Reject::shows_nobody) => Some(NO_SPEAKERS.to_owned()),
            Self::NoUsableRow { .. } | Self::Unreadable { .. } => None,
            Self::Scratch { .. } => Some("set TMPDIR to a directory with more room".to_owned()),
        }
    }
}

/// The error of an object store that `error` is, if it is one.
pub(super) fn of_place(error: &io::Error) -> Option<&PlaceError> {
    error.get_ref()?.downcast_ref()
}

/// What helps where nothing shows who spoke.
const NO_SPEAKERS: &str = "transcribe it again with labels of speakers (diarisation) or channels; if one party said \
    everything, such as the customer: --map speaker=@customer";

/// `a, b and c`.
fn and(fields: &[Field]) -> String {
    listing(fields, "and")
}

/// `a, b or c`.
fn or(fields: &[Field]) -> String {
    listing(fields, "or")
}

fn listing(fields: &[Field], word: &str) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {word} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// How to name all of `fields`, and what stands for one that no column holds.
fn missing_hint(fields: &[Field]) -> String {
    let flags: Vec<String> = fields.iter().map(|field| format!("--map {field}=COLUMN")).collect();
    let mut hint = format!("name the columns with {}", flags.join(" "));
    if fields.contains(&Field::CallId) {
        hint += "; if each row is a call of its own: --map call_id=@row; if each file is one: --map call_id=@file";
    }
    if fields.contains(&Field::Speaker) {
        hint += "; if one party said everything, such as the customer: --map speaker=@customer";
    }
    if fields.contains(&Field::Text) {
        hint += "; if customer and agent have a column each: --map text.customer=COLUMN --map text.agent=COLUMN";
    }
    hint
}

/// The first rejects as `file:line: reason`, separated by semicolons.
fn listed(first: &[Reject]) -> String {
    let shown: Vec<String> = first.iter().map(ToString::to_string).collect();
    format!("the first: {}", shown.join("; "))
}
