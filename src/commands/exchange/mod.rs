//! `undertone exchange`: what a program that has the turns in a table of its own, such as Apache Spark, asks for step by
//! step, Arrow on stdin and stdout.
//!
//! `plan` takes the table's columns (JSON) and gives those that are read; `survey` takes turns and gives a sample of their languages;
//! `languages` takes the samples of all parts; `calls` takes all turns of some calls and gives their rows and the exact sums
//! of their agents; `agents` takes the sums of all calls. Turns can be parted in any way that leaves a call's together. Engines that
//! call a service are refused: a cluster only divides the quota of an account.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field};
use serde::Deserialize;
use serde_json::json;

use super::options;
use super::session::Session;
use super::stages::{Counts as Standing, Stages};
use crate::cli::{Exchange, Step};
use crate::engine::{Halt, Profile, registry};
use crate::exchange::{Answer, Counts, Rows, WrongTable, call_rows, read_sums, schema_of, sum_columns, tables};
use crate::exit::{ExitCode, Failure, Stops};
use crate::input::{self, Conversations, InputOptions, MaxRejects, Source, TableColumns};
use crate::language::{self, Evidence, Sampled, Vote};
use crate::output::{RowEncoder, agent_columns, call_columns, fields};
use crate::pipeline::{Fold, FoldOptions, Prepared, TakeCalls};
use crate::rollup::{AgentBook, AgentOptions};
use crate::sentiment::Outcome;
use crate::settings::{Cache, CachePlace, Key, Settings};

/// How messages call the table.
const TABLE: &str = "turns";
/// What to do where an engine calls a service.
const BY_JOBS: &str = "score on one machine; Comprehend's own machines do the work with \
                       undertone analyze --engine comprehend --via jobs INPUT";

/// What a hint about files says, and does not hold for a table.
const BY_LABELS: &str = "; if labels in the text do: --map speaker=";

/// Carries the step out.
///
/// # Errors
/// [`Failure`] naming what the step can't use.
pub fn run(settings: &Settings, args: &Exchange) -> Result<ExitCode, Failure> {
    let settings = &without_store(settings);
    let profile = (settings.engine().profile)(settings);
    if profile.is_remote() {
        let message = format!("{} calls a service, and a cluster only divides the quota of an account", profile.name);
        return Err(Failure::new(ExitCode::Usage, message).with_hint(Some(BY_JOBS.to_owned())));
    }
    match args.step {
        Step::Plan => super::print(&plan(settings, &profile, io::stdin().lock())?),
        Step::Survey => survey(settings, Source::Stdin, io::stdout().lock()),
        Step::Languages => super::print(&languages(io::stdin().lock())?),
        Step::Calls => {
            let calls = calls(settings, args.languages.as_deref(), Source::Stdin, io::stdout().lock());
            super::runtime()?.block_on(calls)
        }
        Step::Agents => agents(settings, io::stdin().lock(), io::stdout().lock()),
    }?;
    Ok(ExitCode::Done)
}

/// The same settings without stored scores: tasks come and go on many machines, and leave nothing behind.
fn without_store(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.change(|cache: &mut Cache| cache.path = CachePlace::Off);
    settings
}

/// A table's columns as whoever has it describes them.
#[derive(Deserialize)]
struct Described {
    /// Each column's name and type, as Spark calls it.
    columns: Vec<(String, String)>,
}

/// Which columns are read, and what the steps give.
fn plan(settings: &Settings, profile: &Profile, mut columns: impl Read) -> Result<String, Failure> {
    let mut text = String::new();
    columns.read_to_string(&mut text).map_err(|error| Failure::new(ExitCode::NoInput, error))?;
    let described: Described = serde_json::from_str(&text).map_err(|_| {
        Failure::new(ExitCode::Data, "expected columns as JSON, such as {\"columns\": [[\"text\", \"string\"]]}")
    })?;
    let names: Vec<String> = described.columns.iter().map(|(name, _)| name.clone()).collect();
    let options = options::input(settings)?;
    let found = TableColumns::find(TABLE, &names, &options)?;
    for at in &found.used {
        refuse_type(&described.columns[*at])?;
    }
    if !found.is_ordered {
        return Err(no_order());
    }
    check_files(settings, profile)?;
    let plan = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "used": found.used,
        "call_id": found.call_id,
        "survey": options.language.is_none(),
        "files": files(settings),
        "calls": types(&schema_of(&fields(call_columns()))),
        "sums": types(&sum_columns()),
        "agents": types(&schema_of(&fields(agent_columns()))),
    });
    Ok(format!("{plan}\n"))
}

/// Whether the files that the settings name can be used: better to know it before thousands of tasks do.
fn check_files(settings: &Settings, profile: &Profile) -> Result<(), Failure> {
    options::call_model(settings, profile)?;
    options::redactor(settings, profile)?;
    super::runtime()?.block_on(Session::open(settings, &Halt::new())).map(drop)
}

/// The files that the settings name, by flag. A folder with a model is not among them: it lies on each machine.
fn files(settings: &Settings) -> BTreeMap<&'static str, toml::Value> {
    let file = |key: &'static Key| {
        let flag = key.flag.filter(|flag| ["FILE", "MODEL"].contains(&flag.argument))?;
        let path = (key.get)(settings)?;
        (flag.argument == "FILE" || path.as_str().is_some_and(|path| Path::new(path).is_file()))
            .then_some((flag.long, path))
    };
    registry::keys().iter().filter_map(file).collect()
}

/// Columns with their types as Spark calls them.
fn types(columns: &[Field]) -> Vec<(&str, String)> {
    let name = |kind: &DataType| match kind {
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Decimal128(digits, scale) => format!("decimal({digits},{scale})"),
        _ => "string".to_owned(),
    };
    columns.iter().map(|column| (column.name().as_str(), name(column.data_type()))).collect()
}

/// # Errors
/// Where a column that is read is of a type that holds no text, number or time.
fn refuse_type((name, kind): &(String, String)) -> Result<(), Failure> {
    const READ: [&str; 14] = [
        "string",
        "varchar",
        "char",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "float",
        "double",
        "decimal",
        "boolean",
        "date",
        "timestamp",
        "timestamp_ntz",
    ];
    let head = kind.split(['<', '(', ' ']).next().unwrap_or_default();
    if READ.contains(&head) || head == "void" {
        return Ok(());
    }
    let message = format!("{TABLE}: the column {name:?} is of the type {head}, which is not read");
    let hint = format!("make text of it first: turns.withColumn({name:?}, turns[{name:?}].cast(\"string\"))");
    Err(Failure::new(ExitCode::Data, message).with_hint(Some(hint)))
}

fn no_order() -> Failure {
    let message = format!("{TABLE}: no column states the order of a call's turns, and rows of a table have none");
    let hint = "name it with --map turn_index=COLUMN or --map started=COLUMN; where rows come out of a file in order: \
                turns.withColumn(\"turn_index\", pyspark.sql.functions.monotonically_increasing_id()) as soon as they are read";
    Failure::new(ExitCode::Data, message).with_hint(Some(hint.to_owned()))
}

/// The stream that the steps write.
type Out<W> = Rc<RefCell<Answer<W>>>;

fn answer<W: Write>(columns: Vec<Field>, out: W) -> Result<Out<W>, Failure> {
    Ok(Rc::new(RefCell::new(Answer::new(columns, out).map_err(unsent)?)))
}

/// What keeps an answer from being written.
fn unsent(error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, error) => Failure::stdout(error),
        other => Failure::new(ExitCode::Unexpected, other),
    }
}

/// The turns that come in.
fn turns<W: Write>(settings: &Settings, source: Source, out: &Out<W>) -> Result<Conversations, Failure> {
    let options: InputOptions = options::input(settings)?;
    // A stream that takes no more shows it again when rows are sent.
    let read = input::read_part(source, options, &mut |_| drop(out.borrow_mut().beat())).map_err(Failure::from);
    read.map_err(|failure| failure.naming(BY_LABELS, "").naming("-: ", &format!("{TABLE}: ")))
}

/// Gives a sample of the languages of the turns that come in.
fn survey(settings: &Settings, source: Source, out: impl Write) -> Result<(), Failure> {
    let out = answer(vec![Field::new("sampled", DataType::Utf8, true)], out)?;
    let conversations = turns(settings, source, &out)?;
    let sample = conversations.languages().sample().iter().map(Sampled::to_string);
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(sample));
    let batch = RecordBatch::try_new(out.borrow().schema(), vec![column]).map_err(unsent)?;
    finish(out, |out| out.send(&batch))
}

/// What the samples of all parts, a text a line, come to, as `calls` takes it.
fn languages(lines: impl BufRead) -> Result<String, Failure> {
    let damaged = |error: &dyn std::error::Error| Failure::new(ExitCode::Data, error.to_string());
    let sample = lines.lines().map(|line| {
        let line = line.map_err(|error| damaged(&error))?;
        line.parse::<Sampled>().map_err(|error| damaged(&error))
    });
    let evidence = Evidence::of_parts(sample.collect::<Result<Vec<_>, Failure>>()?);
    let votes: Vec<String> = evidence.votes().iter().map(|(code, letters)| format!("{code}={letters}")).collect();
    Ok(format!("{}\n", votes.join(",")))
}

/// Ends an answer with what `last` sends.
fn finish<W: Write>(out: Out<W>, last: impl FnOnce(&mut Answer<W>) -> Result<(), ArrowError>) -> Result<(), Failure> {
    let Ok(mut out) = Rc::try_unwrap(out).map(RefCell::into_inner) else {
        return Err(Failure::new(ExitCode::Unexpected, "the answer is still being written"));
    };
    last(&mut out).and_then(|()| out.finish()).map_err(unsent)
}

/// A fold that shows that the work goes on.
struct Beating<W: Write> {
    fold: Fold,
    out: Out<W>,
}

impl<W: Write> TakeCalls for Beating<W> {
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        self.out.borrow_mut().beat().map_err(io::Error::other)?;
        self.fold.finish_call(prepared, outcomes)
    }
}

impl<W: Write> Standing for Beating<W> {
    fn turns(&self) -> u64 {
        self.fold.turns
    }

    fn calls(&self) -> u64 {
        self.fold.overview.calls
    }
}

/// Gives the rows of the calls whose turns come in, and the sums of their agents. `known` are the languages of all calls;
/// without them, those of these calls stand for them.
async fn calls(settings: &Settings, known: Option<&str>, source: Source, out: impl Write) -> Result<(), Failure> {
    let session = Session::open(settings, &Halt::new()).await?;
    let call_model = options::call_model(settings, session.service.engine.profile())?;
    let (fields, columns) = call_rows();
    let out = answer(columns, out)?;
    let conversations = turns(settings, source, &out)?;
    let mut stages = Stages::begin(settings);
    let evidence = known.map(|known| Ok(Arc::new(Evidence::of_votes(votes(known)?))));
    let evidence = evidence.unwrap_or_else(|| Ok::<_, Failure>(Arc::clone(conversations.languages())))?;
    let prepare = stages.preparation(&evidence, &session)?;
    let mut counts = Counts { rows: conversations.rows(), calls: 0, rejected: conversations.rejected_by_reason() };
    let options = FoldOptions { guard: false, ..stages.folding(&session, call_model.as_ref()) };
    let fold = Beating { fold: Fold::new(options), out: Rc::clone(&out) };
    let rows = conversations.rows() - conversations.rejected();
    let pipelined = stages.score(conversations.into_calls(), rows, &session, prepare, fold).await?;
    let Beating { fold, out: kept } = pipelined.fold;
    drop(kept);
    if !fold.counts.reconcile() {
        return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: no row was given"));
    }
    counts.calls = fold.calls.rows();
    finish(out, |out| {
        let mut rows = Rows::new(&fields, out.schema());
        put_rows(out, &mut rows, |put| fold.calls.drain(put))?;
        counts.batches(&fold.agents, &out.schema(), |batch| out.send(batch))
    })
}

/// Sends the lines that `drain` hands over.
fn put_rows<W: Write>(
    out: &mut Answer<W>,
    rows: &mut Rows,
    drain: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>,
) -> Result<(), ArrowError> {
    drain(&mut |line| {
        let batch = rows.push(line).map_err(io::Error::other)?;
        batch.map_or(Ok(()), |batch| out.send(&batch)).map_err(io::Error::other)
    })?;
    rows.batch().and_then(|batch| out.send(&batch))
}

/// The languages of all calls, each with its letters.
fn votes(known: &str) -> Result<Vec<Vote>, Failure> {
    let vote = |text: &str| {
        let (code, letters) = text.split_once('=')?;
        Some((language::stated(code).ok().flatten()?, letters.parse().ok()?))
    };
    let votes: Option<Vec<Vote>> = known.split(',').filter(|text| !text.is_empty()).map(vote).collect();
    votes.ok_or_else(|| Failure::new(ExitCode::Usage, "--languages: expected what `languages` prints, such as en=1200"))
}

/// Gives the rows of agents whose sums over all calls come in.
fn agents(settings: &Settings, sums: impl Read, out: impl Write) -> Result<(), Failure> {
    let mut book = AgentBook::new(AgentOptions { min_coverage: settings.min_coverage });
    let mut counts = Counts::default();
    for batch in tables(sums)? {
        read_sums(&batch?, &mut book, &mut counts)?;
    }
    hold_to_limit(&counts, settings.max_rejects)?;
    let fields = fields(agent_columns());
    let out = answer(schema_of(&fields), out)?;
    finish(out, |out| {
        let mut rows = Rows::new(&fields, out.schema());
        let mut encoder = RowEncoder::new(agent_columns(), false);
        put_rows(out, &mut rows, |put| {
            book.finish().agents.iter().try_for_each(|agent| {
                let mut line = Vec::new();
                encoder.encode(agent, &mut line);
                put(&line)
            })
        })
    })
}

/// # Errors
/// Where no row could be used, or too many could not.
fn hold_to_limit(counts: &Counts, limit: MaxRejects) -> Result<(), Failure> {
    let rejected: u64 = counts.rejected.values().sum();
    let by_reason = counts.rejected.iter().map(|(reason, rows)| format!("{rows} × {reason}"));
    let reasons = by_reason.collect::<Vec<_>>().join("; ");
    if counts.calls == 0 {
        let more = if rejected > 0 { format!("; {reasons}") } else { String::new() };
        let message = format!("{TABLE}: no usable row, {} rows read{more}", counts.rows);
        return Err(Failure::new(ExitCode::Data, message));
    }
    let message = format!("{TABLE}: {rejected} of {} rows can't be used: {reasons}", counts.rows);
    if limit.is_passed_by(rejected, counts.rows) {
        let hint = format!("mend the rows, or allow so many (or a share, such as 10%): --max-rejects {rejected}");
        return Err(Failure::new(ExitCode::Data, format!("{message}; at most {limit} may")).with_hint(Some(hint)));
    }
    if rejected > 0 {
        tracing::warn!("{message}");
    }
    Ok(())
}

impl Stops for WrongTable {
    fn code(&self) -> ExitCode {
        ExitCode::Data
    }
}

#[cfg(test)]
mod tests;
