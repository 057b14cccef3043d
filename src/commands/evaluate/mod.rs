//! `undertone evaluate LABELS.csv --engine E…`: how good engines are on what people labelled or rated, and which
//! layer to start at.
//!
//! Every engine scores the same items the way `analyze` would, with the same stored scores and the same budget;
//! what the figures are is settled in [`crate::evaluate`].

mod calibrated;
mod contender;
mod decided;
mod items;
mod marked;
mod shown;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;
use tokio::runtime::Runtime;

use super::session::Session;
use super::{options, print};
use crate::chunk::{Estimate, Speakers};
use crate::cli;
use crate::engine::price::TimeTerms;
use crate::engine::{Halt, Price, Profile};
use crate::evaluate::{
    Answers, Curve, CurveTexts, Effort, Evaluation, ItemScores, Judged, MEASURES, Measure, Pace, Subject, Terms, Truth,
    judged,
};
use crate::exit::{ExitCode, Failure};
use crate::input::InputError;
use crate::interrupt;
use crate::model::Model;
use crate::output::{RunRecord, decision_table, write_whole};
use crate::pipeline::{self, PipelineError, Plan, PrepareOptions, Prepared, TakeCalls, roll_up_call};
use crate::places;
use crate::progress::{Progress, Standing};
use crate::report;
use crate::rollup::{CallRollup, ScoredRoles};
use crate::sentiment::{Millionths, NO_WORDS, Outcome, Scores};
use crate::settings::{General, Settings, Verbosity};
use crate::train;
use crate::transcript::Call;

use contender::Contender;
use items::Items;
pub(super) use items::RatedFiles;

/// Decides the intervals and the learning curve's parts.
const SEED: u64 = 1;

/// Evaluates and prints.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped it; then nothing was written.
pub fn run(settings: &Settings, args: &cli::Evaluate) -> Result<ExitCode, Failure> {
    args.out.as_deref().map_or(Ok(()), places::refuse)?;
    refuse_run_directory(args)?;
    if let Some(labels) = &args.labels
        && marked::is_marked(labels)?
    {
        if args.volume.is_some() {
            let hint = "name a file with the columns text and label, or call_id and a rating";
            let message = "marks judge redaction, and a volume decides between engines";
            return Err(Failure::new(ExitCode::Usage, message).with_hint(Some(hint.into())));
        }
        return marked::run(labels, settings, args, SEED);
    }
    let settings = &of_both_speakers(settings);
    let items = Items::read(args, settings)?;
    if args.learning_curve && items.labelled().is_none() {
        let hint = "a model learns from labelled texts: a file with the columns text and label";
        return Err(Failure::new(ExitCode::Usage, "rated calls have no learning curve").with_hint(Some(hint.into())));
    }
    let contenders = contenders(args, settings);
    if let Some(path) = &args.calibration {
        calibrated::check(path, &contenders, &items, settings)?;
    }
    let (runtime, halt) = start()?;
    let (mut answers, mut terms) = (Vec::new(), Vec::new());
    for contender in &contenders {
        let scored = runtime.block_on(Box::pin(ask(contender, &items, settings, &halt)))?;
        answers.push(scored.answers);
        terms.push(scored.terms);
    }
    let mut evaluation = Evaluation::of(items.subject.clone(), &items.truth, &answers, SEED);
    if let Some(volume) = args.volume {
        evaluation.decide(volume, &terms);
    }
    if args.learning_curve {
        evaluation.learning_curve = learning_curve(&items, &answers)?;
    }
    if let Some(path) = &args.out {
        write(path, &evaluation)?;
    }
    let calibration = args.calibration.as_deref().zip(answers.first());
    let learnt = calibration.map(|(path, answers)| calibrated::write(path, &items.truth, answers)).transpose()?;
    print(&if args.json { json(&evaluation)? } else { shown::table(&evaluation) + &learnt.unwrap_or_default() })?;
    let whole = terms.iter().all(|terms| terms.missing() == 0);
    Ok(if whole { ExitCode::Done } else { ExitCode::Partial })
}

/// What is judged is what the customer says, whoever's words a run scores.
fn of_both_speakers(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.change(|general: &mut General| general.speakers = Speakers::Both);
    settings
}

/// What engines run on, and what a signal ends them by.
fn start() -> Result<(Runtime, Halt), Failure> {
    let unexpected = |error| Failure::new(ExitCode::Unexpected, error);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(unexpected)?;
    let halt = Halt::new();
    let watched = runtime.block_on(async { interrupt::stop_on_signals(halt.clone()) });
    watched.map_err(unexpected)?;
    Ok((runtime, halt))
}

/// Rated calls with the columns that the settings' engine gives them.
pub(super) struct RatedColumns {
    /// The ratings, and the calls that have a transcript.
    pub(super) subject: Subject,
    /// Of each of them the rating, turned so that more is better, and its values in the order of [`Measure::ALL`].
    pub(super) calls: Vec<(f64, [Option<f64>; MEASURES])>,
    /// Segments without scores.
    pub(super) failed: u64,
}

/// Scores the rated calls.
///
/// # Errors
/// As an evaluation of them.
pub(super) fn rated_columns(files: &RatedFiles<'_>, settings: &Settings) -> Result<RatedColumns, Failure> {
    let settings = &of_both_speakers(settings);
    let items = Items::of_calls(files, None, false, settings)?;
    let (runtime, halt) = start()?;
    let engine = Contender::Engine(settings.selected());
    let Scored { answers, terms } = runtime.block_on(Box::pin(ask(&engine, &items, settings, &halt)))?;
    let ratings = match &items.truth {
        Truth::Calls(ratings) => ratings.as_slice(),
        Truth::Texts(_) => &[],
    };
    let calls = ratings.iter().zip(&answers.items).map(|((rating, _), item)| (*rating, item.values)).collect();
    Ok(RatedColumns { subject: items.subject, calls, failed: terms.missing() })
}

/// The engines that the line names, each once; the settings' engine where it names none.
fn contenders(args: &cli::Evaluate, settings: &Settings) -> Vec<Contender> {
    let mut contenders: Vec<Contender> = Vec::new();
    for contender in args.engines.iter().map(|given| Contender::of(given, settings)) {
        if contenders.iter().all(|known| known.to_string() != contender.to_string()) {
            contenders.push(contender);
        }
    }
    if contenders.is_empty() {
        contenders.push(Contender::Engine(settings.selected()));
    }
    contenders
}

/// What an engine brought, and what it takes.
struct Scored {
    answers: Answers,
    terms: Terms,
}

/// Has an engine score all items.
async fn ask(contender: &Contender, items: &Items, settings: &Settings, halt: &Halt) -> Result<Scored, Failure> {
    let session = contender.open(settings, halt).await?;
    let profile = session.service.engine.profile().clone();
    let granularity = settings.granularity.or(profile.granularity);
    let chunk = options::chunk(settings, &profile, granularity)?;
    let redactor = options::redactor(settings, &profile)?;
    let languages = Arc::clone(&items.languages);
    let prepare = PrepareOptions::new(chunk, &profile, languages, session.store.clone(), redactor);
    let (now, alone) = plans(items, &prepare)?;
    session.hold(profile.price.at_most(&now.estimate, &profile.limits))?;
    let mut progress = Progress::new(settings.verbosity == Verbosity::Quiet);
    progress.scoring(items.turns());
    let collected = Collected::new(items, settings.min_coverage);
    let begun = Instant::now();
    let show = |collected: &Collected| progress.scored(|| collected.standing(&session));
    let groups = items.groups().map(Ok::<Vec<Call>, InputError>);
    let scoring = session.scoring(settings);
    let run = pipeline::run(groups, &session.service, prepare, &scoring, collected, show);
    let run = Box::pin(async { run.await.map_err(Failure::from) });
    let pipelined = session.while_model_stays(run).await;
    session.keep_scores(pipelined.is_ok());
    progress.finish();
    let collected = pipelined.map_err(|failure| session.with_what_is_kept(failure))?.fold;
    let seconds = begun.elapsed().as_secs_f64();
    let spent = session.service.meter.read();
    let (most, billed) = (profile.price.at_most(&alone.estimate, &profile.limits), profile.price.so_far(&spent));
    let effort = Effort {
        units: most.units,
        cost_per_1000: most.dollars.map(|dollars| dollars * 1000.0 / items.subject.count as f64),
        requests: if profile.is_charged() { spent.requests } else { 0 },
        units_billed: billed.units,
        cost_billed: billed.dollars,
        seconds,
    };
    let terms = Terms {
        pace: pace(&profile, &alone.estimate, spent.documents_scored, seconds),
        profile: profile.clone(),
        estimate: alone.estimate,
        repeated: alone.repeated,
        skipped: collected.skipped,
        failed: collected.failed,
        spent,
    };
    let (name, eligible) = (contender.to_string(), contender.eligible());
    let trained_on_these = items.shipped_model_learned_from && profile.model == Model::shipped().version();
    let answers = Answers { name, model: profile.model, eligible, trained_on_these, effort, items: collected.items };
    Ok(Scored { answers, terms })
}

/// What scoring all items takes: with what is stored, and with nothing stored, as for whoever starts at the engine.
fn plans(items: &Items, prepare: &PrepareOptions) -> Result<(Plan, Plan), PipelineError> {
    let ways = [prepare.clone(), PrepareOptions { store: None, ..prepare.clone() }];
    let mut plans = pipeline::plan(items.groups().map(Ok), &ways)?.into_iter();
    Ok((plans.next().unwrap_or_default(), plans.next().unwrap_or_default()))
}

/// How fast an engine is: at its quota with full requests, else as it was just measured, if anything was scored.
fn pace(profile: &Profile, estimate: &Estimate, scored: u64, seconds: f64) -> Option<Pace> {
    let quota = match &profile.price {
        Price::PerTime(TimeTerms { pace: Some(pace), .. }) if estimate.documents > 0 => {
            Some(estimate.documents as f64 / pace.seconds(estimate.documents, estimate.chars))
        }
        _ => profile.requests_per_second.map(|rate| rate * profile.limits.batch_documents as f64),
    };
    let measured = || (scored > 0 && seconds > 0.0).then(|| (scored as f64 / seconds, Some(scored)));
    let pace = quota.map(|rate| (rate, None)).or_else(measured);
    pace.map(|(documents_per_second, measured_on)| Pace { documents_per_second, measured_on })
}

/// An engine's scores of each item, as items finish.
struct Collected {
    places: FxHashMap<Box<str>, usize>,
    min_coverage: Millionths,
    items: Vec<ItemScores>,
    turns: u64,
    calls: u64,
    /// Documents that were not sent although they have words.
    skipped: u64,
    /// Documents that were sent and not scored.
    failed: u64,
}

impl Collected {
    fn new(items: &Items, min_coverage: Millionths) -> Self {
        let (places, items) = (items.places(), vec![ItemScores::default(); items.subject.count]);
        Self { places, min_coverage, items, turns: 0, calls: 0, skipped: 0, failed: 0 }
    }

    fn standing(&self, session: &Session) -> Standing {
        let requests = session.service.meter.read();
        let is_remote = session.service.engine.profile().is_remote();
        Standing {
            turns: self.turns,
            calls: self.calls,
            documents: requests.documents_scored,
            requests: if is_remote { requests.requests } else { 0 },
            units: requests.units_most,
        }
    }
}

impl TakeCalls for Collected {
    /// Never fails.
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        for outcome in &outcomes {
            match outcome {
                Outcome::Scored(_) | Outcome::Cached(_) => {}
                Outcome::Skipped { reason } => self.skipped += u64::from(*reason != NO_WORDS),
                Outcome::Failed { .. } => self.failed += 1,
            }
        }
        self.turns += prepared.call.turns.len() as u64;
        self.calls += 1;
        let rollup = roll_up_call(prepared, &outcomes, ScoredRoles::BOTH);
        if let Some(item) = self.places.get(&prepared.call.id).and_then(|place| self.items.get_mut(*place)) {
            *item = item_scores(&rollup, self.min_coverage);
        }
        Ok(())
    }
}

/// The customer's scores in a roll-up; none where too little was scored to stand for the call.
fn item_scores(rollup: &CallRollup, min_coverage: Millionths) -> ItemScores {
    if rollup.low_coverage(min_coverage) {
        return ItemScores::default();
    }
    let customer = &rollup.customer;
    let column = |measure| match measure {
        Measure::CustomerScore => customer.score,
        Measure::CustomerEnd => customer.end,
        Measure::CustomerLow => customer.low,
        Measure::CustomerStart => customer.start,
        Measure::CustomerShift => customer.shift,
        Measure::CustomerQ4 => customer.quarters[3],
        Measure::CustomerNegativeShare => customer.negative_share,
    };
    let values = Measure::ALL.map(|measure| column(measure).map(Millionths::value));
    ItemScores { scores: customer.means.as_ref().map(Scores::from), values }
}

/// Trains on growing parts of the labels and holds the models against the engines.
fn learning_curve(items: &Items, answers: &[Answers]) -> Result<Option<Curve>, Failure> {
    let (Some(source), Truth::Texts(labels)) = (items.labelled(), &items.truth) else { return Ok(None) };
    let options = train::Options { seed: SEED, ..train::Options::default() };
    let curve = train::learning_curve(&source, Some(&Model::shipped()), &options)?;
    let truths: Vec<_> = curve.held_out.iter().map(|at| labels[*at]).collect();
    let points = curve.points.iter().map(|point| {
        let texts = truths.iter().zip(&point.scores).map(|(truth, scores)| Judged::new(*truth, *scores));
        (point.labels, texts.collect())
    });
    let engines = answers.iter().map(|answers| {
        let items: Vec<ItemScores> = curve.held_out.iter().map(|at| answers.items[*at]).collect();
        (answers.name.clone(), judged(&truths, &items))
    });
    let texts = CurveTexts { points: points.collect(), engines: engines.collect() };
    Ok(Some(Curve::of(&texts, SEED)))
}

fn json(evaluation: &Evaluation) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(evaluation).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    Ok(text + "\n")
}

/// Writes the evaluation: a page where the path ends in `.html`, JSON where it ends in `.json`, else a directory with both,
/// and with the table of a decision and its description if there is one.
fn write(path: &Path, evaluation: &Evaluation) -> Result<(), Failure> {
    let put = |path: &Path, bytes: &[u8]| write_whole(path, bytes).map_err(|error| Failure::write(path, error));
    let page = || report::evaluation_page(evaluation);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => put(path, page().as_bytes()),
        Some("json") => put(path, json(evaluation)?.as_bytes()),
        _ => {
            std::fs::create_dir_all(path).map_err(|error| Failure::write(path, error))?;
            put(&path.join("evaluation.json"), json(evaluation)?.as_bytes())?;
            if let Some(decision) = &evaluation.decision {
                let (table, package) =
                    decision_table(&decision.engines).map_err(|error| Failure::write(path, error))?;
                put(&path.join("decision.csv"), &table)?;
                put(&path.join("datapackage.json"), &package)?;
            }
            put(&path.join("evaluation.html"), page().as_bytes())
        }
    }
}

/// A decision's description would stand in the place of a run's own.
fn refuse_run_directory(args: &cli::Evaluate) -> Result<(), Failure> {
    match &args.out {
        Some(path) if args.volume.is_some() && path.join(RunRecord::FILE).exists() => {
            let message = format!("{} holds the outputs of a run", path.display());
            let hint = "name another directory with --out";
            Err(Failure::new(ExitCode::Usage, message).with_hint(Some(hint.into())))
        }
        _ => Ok(()),
    }
}
