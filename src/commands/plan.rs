//! `undertone plan`: what analyze would send and cost with Comprehend, without sending anything.
//!
//! The same reading, the same preparation and the same chunking as `analyze`, for each granularity at once;
//! then arithmetic. Identical texts count once, as they are sent once.

use std::fmt::Write as _;

use indicatif::{HumanCount, HumanDuration};
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::{options, print};
use crate::chunk::Estimate;
use crate::engine::{Granularity, Profile, comprehend};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Tally};
use crate::pipeline::{PrepareOptions, Prepared};
use crate::score;
use crate::settings::Settings;
use crate::transcript::Call;

/// Plans the analysis of `inputs` and prints it, as JSON if `json`.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped it.
pub fn run(settings: &Settings, inputs: &[String], json: bool) -> Result<ExitCode, Failure> {
    let sources = input::discover(inputs)?;
    let conversations = input::read(&sources, &options::input(settings)?, &mut |_| {})?;
    let rejected = conversations.rejected();
    let profile = comprehend::profile(options::billing(settings));
    let mut plans = Plans::new(settings, &profile)?;
    let mut calls = conversations.into_calls();
    for group in calls.by_ref() {
        group?.into_iter().for_each(|call| plans.add(call));
    }
    let report = plans.report(settings, &profile, calls.tally(), rejected);
    print(&if json { format!("{:#}\n", serde_json::to_value(&report).map_err(unexpected)?) } else { report.table() })?;
    Ok(if rejected > 0 { ExitCode::Partial } else { ExitCode::Done })
}

fn unexpected(error: serde_json::Error) -> Failure {
    Failure::new(ExitCode::Unexpected, error)
}

/// One granularity's sums.
struct Plan {
    granularity: Granularity,
    prepare: PrepareOptions,
    estimate: Estimate,
    seen: FxHashSet<score::Digest>,
    repeated: u64,
    skipped: u64,
}

/// All granularities'.
struct Plans(Vec<Plan>);

impl Plans {
    fn new(settings: &Settings, profile: &Profile) -> Result<Self, Failure> {
        let plan = |granularity| {
            Ok(Plan {
                granularity,
                prepare: PrepareOptions::new(options::chunk(settings, profile, granularity)?, profile),
                estimate: Estimate::default(),
                seen: FxHashSet::default(),
                repeated: 0,
                skipped: 0,
            })
        };
        Granularity::ALL.into_iter().map(plan).collect::<Result<_, Failure>>().map(Self)
    }

    fn add(&mut self, call: Call) {
        let mut call = Some(call);
        for plan in &mut self.0 {
            let prepared = Prepared::of(call.take().expect("each plan gives the call back"), &plan.prepare);
            plan.add(&prepared);
            call = Some(prepared.call);
        }
    }

    fn report(&self, settings: &Settings, profile: &Profile, tally: Tally, rejected_rows: u64) -> Report {
        let chosen = settings.granularity.or_engine(profile.granularity);
        Report {
            engine: profile.name,
            calls: tally.calls,
            turns: tally.turns,
            duplicate_rows: tally.duplicates,
            rejected_rows,
            requests_per_second: settings.comprehend.requests_per_second.per_second(),
            granularity: chosen.as_str(),
            plans: self.0.iter().map(|plan| plan.line(settings, profile)).collect(),
        }
    }
}

impl Plan {
    fn add(&mut self, prepared: &Prepared) {
        for segment in &prepared.segments {
            if prepared.skipped(segment).is_some() {
                self.skipped += 1;
                self.estimate.add_unsent(segment);
            } else if self.seen.insert(score::digest(prepared.language(), &segment.text(&prepared.call))) {
                self.estimate.add(segment, prepared.language(), self.prepare.chunk.billing);
            } else {
                self.repeated += 1;
                self.estimate.add_unsent(segment);
            }
        }
    }

    fn line(&self, settings: &Settings, profile: &Profile) -> PlanLine {
        let estimate = &self.estimate;
        let lower = estimate.units_lower(options::billing(settings), &profile.limits);
        let tiers = &settings.price.tiers;
        PlanLine {
            granularity: self.granularity.as_str(),
            segments: estimate.segments,
            skipped: self.skipped,
            repeated: self.repeated,
            documents: estimate.documents,
            characters: estimate.chars,
            units_upper: estimate.units_upper,
            units_lower: lower,
            cost_usd_upper: tiers.cost(estimate.units_upper).as_f64(),
            cost_usd_lower: tiers.cost(lower).as_f64(),
            requests: estimate.requests(&profile.limits),
            seconds: estimate.seconds(&profile.limits, settings.comprehend.requests_per_second.per_second()),
        }
    }
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Report {
    engine: &'static str,
    calls: u64,
    turns: u64,
    duplicate_rows: u64,
    rejected_rows: u64,
    requests_per_second: f64,
    /// The granularity that the settings choose.
    granularity: &'static str,
    plans: Vec<PlanLine>,
}

/// One granularity.
#[derive(Debug, Serialize)]
struct PlanLine {
    granularity: &'static str,
    segments: u64,
    /// Segments that will not be sent: a language that the service lacks, or no words.
    skipped: u64,
    /// Segments whose text another one has already.
    repeated: u64,
    documents: u64,
    characters: u64,
    /// If the minimum holds for each document.
    units_upper: u64,
    /// If it holds for each request.
    units_lower: u64,
    cost_usd_upper: f64,
    cost_usd_lower: f64,
    requests: u64,
    seconds: f64,
}

impl Report {
    fn table(&self) -> String {
        let mut text = format!(
            "{} calls, {} turns with {}; nothing was sent\n\n",
            HumanCount(self.calls),
            HumanCount(self.turns),
            self.engine
        );
        let heads = ["", "documents", "units at most", "at least", "cost at most", "at least", "requests", "time"];
        let rows: Vec<[String; 8]> = self.plans.iter().map(|plan| plan.cells(self.granularity)).collect();
        let width = |column: usize| {
            rows.iter().map(|row| row[column].chars().count()).chain([heads[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let mut line = |cells: &[String]| {
            for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                let padding = width - cell.chars().count();
                let cell = if index == 0 {
                    format!("{cell}{}", " ".repeat(padding))
                } else {
                    format!("  {}{cell}", " ".repeat(padding))
                };
                text.push_str(&cell);
            }
            text.push('\n');
        };
        line(&heads.map(str::to_owned));
        for row in &rows {
            line(row);
        }
        self.notes(&mut text);
        text
    }

    fn notes(&self, text: &mut String) {
        let rate = self.requests_per_second;
        let mut note = |line: std::fmt::Arguments<'_>| {
            text.write_fmt(line).and_then(|()| text.write_char('\n')).expect("writing to a string can't fail");
        };
        note(format_args!("\n* is what analyze uses. The time is at {rate} requests a second."));
        note(format_args!("At most: the minimum of units holds for each document. At least: for each request."));
        if let Some(plan) = self.plans.iter().find(|plan| plan.granularity == self.granularity) {
            if plan.repeated > 0 {
                note(format_args!("{} documents repeat a text and are sent once.", HumanCount(plan.repeated)));
            }
            if plan.skipped > 0 {
                note(format_args!(
                    "{} documents are not sent: a language that the service lacks, or no words.",
                    HumanCount(plan.skipped)
                ));
            }
        }
        if self.rejected_rows > 0 {
            note(format_args!("{} rows can't be used; analyze lists them.", HumanCount(self.rejected_rows)));
        }
    }
}

impl PlanLine {
    fn cells(&self, chosen: &str) -> [String; 8] {
        let mark = if self.granularity == chosen { "*" } else { " " };
        [
            format!("{mark} {}", self.granularity),
            HumanCount(self.documents).to_string(),
            HumanCount(self.units_upper).to_string(),
            HumanCount(self.units_lower).to_string(),
            dollars(self.cost_usd_upper),
            dollars(self.cost_usd_lower),
            HumanCount(self.requests).to_string(),
            time(self.seconds),
        ]
    }
}

fn dollars(amount: f64) -> String {
    if amount < 10.0 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

fn time(seconds: f64) -> String {
    match std::time::Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds >= 60.0 => HumanDuration(duration).to_string(),
        Ok(_) => format!("{seconds:.1} s"),
        Err(_) => "never".into(),
    }
}
