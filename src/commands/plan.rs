//! `undertone plan`: what analyze would send and cost with Comprehend, without sending anything.
//!
//! The same reading, the same preparation and the same chunking as `analyze`, for each granularity at once;
//! then arithmetic. Identical texts count once, as they are sent once.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use indicatif::{HumanCount, HumanDuration};
use serde::Serialize;

use super::columns::columns;
use super::plan_share::{self, SharePlan};
use super::{by_job, options, print, session};
use crate::cache::Access;
use crate::chunk::Estimate;
use crate::engine::price::Bill;
use crate::engine::{Price, Profile, registry};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Tally};
use crate::jobs::Via;
use crate::pipeline::{self, Plan, PrepareOptions};
use crate::sentiment::Granularity;
use crate::settings::Settings;
use crate::share::Share;

/// Plans the analysis of `inputs`, and of shares of their calls if one is given, and prints it, as JSON if `json`.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped it.
pub fn run(settings: &Settings, inputs: &[String], share: Option<Share>, json: bool) -> Result<ExitCode, Failure> {
    let sources = input::discover(inputs, &settings.out)?;
    let conversations = input::read(&sources, &options::input(settings)?, &mut |_| {})?;
    let rejected_rows = conversations.rejected();
    let engine = registry::charged(settings);
    let profile = session::as_last_met((engine.profile)(&settings.clone().with_via(Via::Requests)), settings)?;
    let by_job = by_job::planned(engine, settings)?;
    let store = session::open_store(settings, &profile, Access::Read)?;
    let redactor = options::redactor(settings, &profile)?;
    let way = |(granularity, profile): (Granularity, &Profile)| {
        let chunk = options::chunk(settings, profile, granularity)?;
        let languages = Arc::clone(conversations.languages());
        Ok(PrepareOptions::new(chunk, profile, languages, store.clone(), redactor.clone()))
    };
    let profiles = std::iter::once(&profile).chain(by_job.iter().map(|by_job| &by_job.profile));
    let ways = profiles.flat_map(|profile| Granularity::ALL.map(|granularity| (granularity, profile)));
    let ways = ways.map(way).collect::<Result<Vec<_>, Failure>>()?;
    let share = share.map(|share| {
        let granularity = settings.granularity.or(profile.granularity);
        let prepare = way((granularity, &profile))?;
        plan_share::plan(settings, &conversations, &profile, &prepare, share)
    });
    let share = share.transpose()?;
    let mut calls = conversations.into_calls();
    let plans = pipeline::plan(calls.by_ref(), &ways)?;
    let (plans, in_jobs) = plans.split_at(Granularity::ALL.len());
    let tally: Tally = calls.tally();
    let report = Report {
        engine: profile.name,
        calls: tally.calls,
        turns: tally.turns,
        duplicate_rows: tally.duplicates,
        rejected_rows,
        calls_language_assumed: plans.first().map_or(0, |plan| plan.language_assumed),
        requests_per_second: profile.requests_per_second,
        tokens_per_minute: profile.price.tokens_per_minute(),
        texts_go: profile.is_remote().then(|| profile.texts_go.clone()),
        by_units: profile.price.billing().is_some(),
        unset_price: profile.price.unset(),
        granularity: settings.granularity.or(profile.granularity).as_str(),
        plans: Granularity::ALL
            .into_iter()
            .zip(plans)
            .map(|(granularity, plan)| PlanLine::of(granularity, plan, &profile))
            .collect(),
        by_job: Granularity::ALL
            .into_iter()
            .zip(in_jobs)
            .filter_map(|(granularity, plan)| Some(by_job.as_ref()?.line(granularity, plan)))
            .collect(),
        share,
    };
    print(&if json { report.json()? } else { report.table() })?;
    Ok(if rejected_rows > 0 { ExitCode::Partial } else { ExitCode::Done })
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Report {
    engine: &'static str,
    calls: u64,
    turns: u64,
    duplicate_rows: u64,
    rejected_rows: u64,
    calls_language_assumed: u64,
    requests_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_per_minute: Option<f64>,
    /// Where texts go, if they leave the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    texts_go: Option<Cow<'static, str>>,
    #[serde(skip)]
    by_units: bool,
    /// The settings that would state the price, where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unset_price: Option<&'static str>,
    /// The granularity that the settings choose.
    granularity: &'static str,
    plans: Vec<PlanLine>,
    /// The same by jobs; empty for a service without them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_job: Vec<JobLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<SharePlan>,
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
    /// Segments whose scores are stored.
    stored: u64,
    documents: u64,
    characters: u64,
    /// If the minimum holds for each document.
    units_upper: u64,
    /// If it holds for each request.
    units_lower: u64,
    /// Tokens sent and answered, of an engine that charges for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_upper: Option<(u64, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_lower: Option<(u64, u64)>,
    /// Nothing where it is not known before, or no setting states a price.
    cost_usd_upper: Option<f64>,
    cost_usd_lower: Option<f64>,
    requests: u64,
    /// Nothing where it is not known before.
    seconds: Option<f64>,
}

impl Report {
    fn json(&self) -> Result<String, Failure> {
        let json = serde_json::to_value(self).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        Ok(format!("{json:#}\n"))
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{} calls, {} turns with {}; nothing was sent\n\n",
            HumanCount(self.calls),
            HumanCount(self.turns),
            self.engine
        );
        let what =
            if self.plans.iter().any(|plan| plan.tokens_upper.is_some()) { "tokens at most" } else { "units at most" };
        let heads = ["", "documents", what, "at least", "cost at most", "at least", "requests", "time"];
        let rows: Vec<Vec<String>> = self.plans.iter().map(|plan| plan.cells(self.granularity)).collect();
        text += &columns(&heads.map(str::to_owned), &rows);
        if !self.by_job.is_empty() {
            let heads = ["by jobs", "documents", what, "at least", "cost at most", "at least", "jobs", "time at least"];
            let rows: Vec<Vec<String>> = self.by_job.iter().map(|line| line.cells(self.granularity)).collect();
            text += "\n";
            text += &columns(&heads.map(str::to_owned), &rows);
        }
        self.notes(&mut text);
        if let Some(share) = &self.share {
            text += &share.table();
        }
        text
    }

    fn notes(&self, text: &mut String) {
        let mut note = |line: std::fmt::Arguments<'_>| {
            text.write_fmt(line).and_then(|()| text.write_char('\n')).expect("writing to a string can't fail");
        };
        let rate = self.requests_per_second;
        let time = rate.map(|rate| format!(" The time is at {rate} requests a second.")).unwrap_or_default();
        note(format_args!("\n* is what analyze uses.{time}"));
        match &self.unset_price {
            Some(settings) => note(format_args!("What it costs is not known: set {settings}.")),
            None if self.by_units => {
                note(format_args!(
                    "At most: the minimum of units holds for each document. At least: for each request."
                ));
            }
            None => {}
        }
        if let Some(line) = self.by_job.iter().find(|line| line.granularity == self.granularity) {
            note(format_args!(
                "By jobs (--via jobs) the text lies in your bucket until its scores are collected.{} A job takes {} minutes or more, {} at a time.",
                if line.units_upper > 0 { " At least: the minimum holds for each job." } else { "" },
                line.minutes,
                line.at_once
            ));
            if let Some(settings) = line.unset_price {
                note(format_args!("What jobs cost is not known: set {settings}."));
            }
            if line.stored > 0 {
                note(format_args!("{} documents have scores of jobs stored.", HumanCount(line.stored)));
            }
            if line.by_request > 0 {
                note(format_args!(
                    "{} documents are too little text for a job and go in requests.",
                    HumanCount(line.by_request)
                ));
            }
        }
        if let Some(quota) = self.tokens_per_minute {
            note(format_args!("Nor are more than {quota:.0} tokens a minute used, at some four bytes a token."));
        }
        if let Some(texts_go) = &self.texts_go {
            note(format_args!("Texts go {texts_go}."));
        }
        if let Some(plan) = self.plans.iter().find(|plan| plan.granularity == self.granularity) {
            if plan.repeated > 0 {
                note(format_args!("{} documents repeat a text and are sent once.", HumanCount(plan.repeated)));
            }
            if plan.stored > 0 {
                note(format_args!("{} documents have stored scores and cost nothing.", HumanCount(plan.stored)));
            }
            if plan.skipped > 0 {
                note(format_args!(
                    "{} documents are not sent: a language that the service lacks, or no words.",
                    HumanCount(plan.skipped)
                ));
            }
        }
        if self.calls_language_assumed > 0 {
            note(format_args!(
                "{} calls have too few words to know their language by; that of their file, of the run or of the engine is assumed.",
                HumanCount(self.calls_language_assumed)
            ));
        }
        if self.rejected_rows > 0 {
            note(format_args!("{} rows can't be used; analyze lists them.", HumanCount(self.rejected_rows)));
        }
    }
}

/// How long requests take: the slower of what limits them. Nothing where it is not known before.
pub(super) fn seconds(profile: &Profile, estimate: &Estimate, most: &Bill) -> Option<f64> {
    let by_quota = profile.price.seconds(estimate, &profile.limits);
    let by_rate = profile.requests_per_second.map(|rate| estimate.seconds(&profile.limits, rate));
    [by_quota, by_rate].into_iter().flatten().reduce(f64::max).or(most.seconds)
}

/// One granularity by jobs.
#[derive(Debug, Serialize)]
pub(super) struct JobLine {
    pub(super) granularity: &'static str,
    /// Documents whose scores of jobs are stored.
    pub(super) stored: u64,
    /// Documents that go out in jobs.
    pub(super) documents: u64,
    /// Documents that are too little text for a job.
    pub(super) by_request: u64,
    pub(super) jobs: u64,
    /// If the minimum holds for each document.
    pub(super) units_upper: u64,
    /// If it holds for each job.
    pub(super) units_lower: u64,
    /// Tokens sent and answered, of an engine that charges for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tokens_upper: Option<(u64, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tokens_lower: Option<(u64, u64)>,
    /// Nothing where it is not known.
    pub(super) cost_usd_upper: Option<f64>,
    pub(super) cost_usd_lower: Option<f64>,
    /// The settings that would state the price, where they do not.
    #[serde(skip)]
    pub(super) unset_price: Option<&'static str>,
    /// If each job takes no longer than a small one.
    pub(super) seconds_least: f64,
    #[serde(skip)]
    pub(super) minutes: u64,
    #[serde(skip)]
    pub(super) at_once: usize,
}

impl JobLine {
    fn cells(&self, chosen: &str) -> Vec<String> {
        let mark = if self.granularity == chosen { "*" } else { " " };
        vec![
            format!("{mark} {}", self.granularity),
            HumanCount(self.documents).to_string(),
            amount(self.units_upper, self.tokens_upper),
            amount(self.units_lower, self.tokens_lower),
            self.cost_usd_upper.map_or_else(not_known, dollars),
            self.cost_usd_lower.map_or_else(not_known, dollars),
            HumanCount(self.jobs).to_string(),
            time(self.seconds_least),
        ]
    }
}

impl PlanLine {
    fn of(granularity: Granularity, plan: &Plan, profile: &Profile) -> Self {
        let estimate = &plan.estimate;
        let most = profile.price.at_most(estimate, &profile.limits);
        let least = profile.price.at_least(estimate, &profile.limits);
        let tokens = |bill: &Bill| {
            matches!(profile.price, Price::PerTokens(_)).then_some((bill.tokens.input, bill.tokens.output))
        };
        Self {
            granularity: granularity.as_str(),
            segments: estimate.segments,
            skipped: plan.skipped,
            repeated: plan.repeated,
            stored: plan.stored,
            documents: estimate.documents,
            characters: estimate.chars,
            units_upper: most.units,
            units_lower: least.units,
            tokens_upper: tokens(&most),
            tokens_lower: tokens(&least),
            cost_usd_upper: most.dollars,
            cost_usd_lower: least.dollars,
            requests: estimate.requests(&profile.limits),
            seconds: seconds(profile, estimate, &most),
        }
    }

    fn cells(&self, chosen: &str) -> Vec<String> {
        let mark = if self.granularity == chosen { "*" } else { " " };
        vec![
            format!("{mark} {}", self.granularity),
            HumanCount(self.documents).to_string(),
            amount(self.units_upper, self.tokens_upper),
            amount(self.units_lower, self.tokens_lower),
            self.cost_usd_upper.map_or_else(not_known, dollars),
            self.cost_usd_lower.map_or_else(not_known, dollars),
            HumanCount(self.requests).to_string(),
            self.seconds.map_or_else(not_known, time),
        ]
    }
}

pub(super) fn not_known() -> String {
    "not known".to_owned()
}

/// Units, or tokens in and out.
fn amount(units: u64, tokens: Option<(u64, u64)>) -> String {
    match tokens {
        Some((input, output)) => format!("{} + {}", HumanCount(input), HumanCount(output)),
        None => HumanCount(units).to_string(),
    }
}

pub(super) fn dollars(amount: f64) -> String {
    if amount < 10.0 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

fn time(seconds: f64) -> String {
    match std::time::Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds >= 60.0 => HumanDuration(duration).to_string(),
        Ok(_) => format!("{seconds:.1} s"),
        Err(_) => "never".into(),
    }
}
