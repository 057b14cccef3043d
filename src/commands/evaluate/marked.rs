//! Redaction judged by texts in which somebody marked what is personal.
//!
//! The texts are the rows of a CSV file with a column `text`, each by itself; with a column `call_id` they are
//! transcripts, read as `analyze` reads them, so that what is said in one turn helps with the next.

use std::ops::Range;
use std::path::Path;

use indicatif::HumanCount;

use crate::cli;
use crate::commands::columns::columns;
use crate::commands::{options, print};
use crate::evaluate::{Interval, RedactedCall, RedactionFigures};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, label_files};
use crate::language::Collector;
use crate::output::write_whole;
use crate::redact::marks::{Marked, holds_marks, tells, unmark};
use crate::redact::{REDACTION_VERSION, Redactor, Span};
use crate::settings::Settings;
use crate::transcript::{Call, Role, Text, Turn, count_words};

/// What a call of an unknown language is taken to be in.
const LANGUAGE: &str = "en";

/// Whether the file holds marks.
///
/// # Errors
/// [`ExitCode::NoInput`] if it can't be read.
pub(super) fn is_marked(path: &Path) -> Result<bool, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(ExitCode::NoInput, format!("can't read {}: {error}", path.display())))?;
    Ok(holds_marks(&bytes))
}

/// Judges redaction by the file's marks, and prints the figures.
///
/// # Errors
/// [`Failure`] for a file that can't be used, or a place that can't be written to.
pub(super) fn run(labels: &Path, settings: &Settings, args: &cli::Evaluate, seed: u64) -> Result<ExitCode, Failure> {
    let redactor = options::redactor_to_judge(settings)?;
    let calls = read(labels, settings)?;
    let judged: Vec<RedactedCall> = calls.into_iter().map(|call| judge(call, &redactor)).collect();
    let figures = RedactionFigures::of(&judged, REDACTION_VERSION, seed);
    let json =
        serde_json::to_string_pretty(&figures).map_err(|error| Failure::new(ExitCode::Unexpected, error))? + "\n";
    if let Some(path) = &args.out {
        write_whole(path, json.as_bytes()).map_err(|error| Failure::write(path, error))?;
    }
    print(&if args.json { json } else { table(&figures) })?;
    Ok(ExitCode::Done)
}

/// The calls of the file, their marks still in them, in languages that are known.
fn read(path: &Path, settings: &Settings) -> Result<Vec<Call>, Failure> {
    if let Some(texts) = label_files::texts_by_themselves(path)? {
        let language = settings.language.code().map_or_else(|| language_of(&texts), Box::from);
        let turn = |text: &String| Turn {
            role: Role::Customer,
            text: Text::from(text.as_str()),
            agent_id: None,
            start_ms: None,
            end_ms: None,
        };
        let call =
            |text: &String| Call { turns: vec![turn(text)], language: Some(language.clone()), ..Call::default() };
        return Ok(texts.iter().map(call).collect());
    }
    let sources = input::discover(&[path.display().to_string()], &settings.out)?;
    let conversations = input::read(&sources, &options::input(settings)?, &mut |_| {})?;
    let languages = std::sync::Arc::clone(conversations.languages());
    let mut calls = Vec::new();
    for group in conversations.into_calls() {
        calls.extend(group?);
    }
    for call in &mut calls {
        if call.language.is_none() {
            call.language = Some(languages.language(call, Some(LANGUAGE)).code.into());
        }
    }
    Ok(calls)
}

fn language_of(texts: &[String]) -> Box<str> {
    let mut languages = Collector::default();
    for text in texts {
        languages.add(text, "");
    }
    languages.end_file();
    languages.finish().main().unwrap_or(LANGUAGE).into()
}

/// What redaction does to a call whose turns have marks.
fn judge(mut call: Call, redactor: &Redactor) -> RedactedCall {
    let mut marks: Vec<Vec<Marked>> = Vec::with_capacity(call.turns.len());
    for turn in &mut call.turns {
        let (plain, marked) = unmark(&turn.text);
        turn.text = plain.into();
        marks.push(marked);
    }
    let language = call.language.clone().unwrap_or_default();
    let spans = redactor.find(&call, &language);
    let mut judged = RedactedCall::default();
    for (number, (turn, marks)) in (0_u32..).zip(call.turns.iter().zip(&marks)) {
        let of_turn: Vec<&Span> = spans.iter().filter(|span| span.turn == number).collect();
        judged.words += u64::from(count_words(&turn.text));
        if marks.is_empty() {
            judged.clean_turns += 1;
            judged.clean_turns_untouched += u64::from(of_turn.is_empty());
        }
        judge_turn(&turn.text, marks, &of_turn, &language, &mut judged);
    }
    judged
}

fn judge_turn(text: &str, marks: &[Marked], spans: &[&Span], language: &str, judged: &mut RedactedCall) {
    let bytes = |span: &Span| span.bytes.start as usize..span.bytes.end as usize;
    let masked: Vec<Range<usize>> = spans.iter().map(|span| bytes(span)).collect();
    for mark in marks {
        let counts = judged.kinds.entry(mark.kind.as_str()).or_default();
        counts.marked += 1;
        counts.removed += u64::from(!tells(text, mark, &masked, language));
    }
    for span in spans {
        let range = bytes(span);
        let over = |mark: &&Marked| mark.bytes.start < range.end && range.start < mark.bytes.end;
        let right = marks.iter().any(|mark| over(&mark));
        let inside: u32 = marks
            .iter()
            .filter(over)
            .map(|mark| words(text, range.start.max(mark.bytes.start)..range.end.min(mark.bytes.end)))
            .sum();
        let counts = judged.kinds.entry(span.kind.as_str()).or_default();
        counts.masks += 1;
        counts.right += u64::from(right);
        counts.words_lost += u64::from(words(text, range.clone()).saturating_sub(inside));
    }
}

fn words(text: &str, bytes: Range<usize>) -> u32 {
    text.get(bytes).map_or(0, count_words)
}

/// The figures as lines for a terminal.
fn table(figures: &RedactionFigures) -> String {
    let head = ["kind", "marked", "recall", "masks", "precision", "over-masked"].map(str::to_owned);
    let range = |interval: Option<Interval>| interval.map_or_else(|| "–".to_owned(), |interval| interval.to_string());
    let rows = figures.kinds.iter().map(|kind| {
        vec![
            kind.kind.clone(),
            HumanCount(kind.marked).to_string(),
            range(kind.recall),
            HumanCount(kind.masks).to_string(),
            range(kind.precision),
            range(kind.over_masked),
        ]
    });
    let mut out = columns(&head, &rows.collect::<Vec<_>>());
    out += "Recall: marks of which nothing telling was left. Precision: masks over a mark of any kind. Over-masked: words\n\
            that masks took away outside marks, in 1,000. Intervals are 95 %, over calls.\n";
    out += &format!(
        "{} turns without a mark, left as they were: {}\n",
        HumanCount(figures.clean_turns),
        range(figures.clean_turns_untouched)
    );
    out
}
