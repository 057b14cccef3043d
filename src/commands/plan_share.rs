//! What a share of the calls would cost and show, for `plan --share`: nothing is sent, the local engine scores all calls.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use indicatif::HumanCount;
use serde::Serialize;

use super::columns::columns;
use super::options;
use super::plan::{dollars, not_known};
use super::session::Session;
use super::share::OfDrawn;
use super::stages::{Counts, Stages};
use crate::chunk::Estimate;
use crate::engine::{Halt, Profile, local};
use crate::exit::Failure;
use crate::input::Conversations;
use crate::pipeline::{self, Measured, PrepareOptions, Prepared, Step, TakeCalls, roll_up_call};
use crate::rollup::ScoredRoles;
use crate::sentiment::Outcome;
use crate::settings::Settings;
use crate::share::{Expectation, Ordered, Part, Share, Strata, hash};

/// Shares that are shown besides the one that was asked for, in thousandths.
const SHOWN: [u32; 6] = [10, 20, 50, 100, 200, 500];

/// What shares come to.
#[derive(Debug, Serialize)]
pub(super) struct SharePlan {
    /// How closely the engines' scores of a call go together.
    correlation: f64,
    /// Calls on which that was measured; nothing where it is assumed.
    measured_on_calls: Option<u64>,
    shares: Vec<ShareLine>,
}

#[derive(Debug, Serialize)]
struct ShareLine {
    share: f64,
    calls: u64,
    documents: u64,
    cost_usd_upper: Option<f64>,
    /// Half of the 95 % interval of the mean score of all calls.
    half_width: Option<f64>,
    /// The same of a group that holds a tenth of the calls.
    half_width_of_a_tenth: Option<f64>,
    #[serde(skip)]
    part: Part,
    #[serde(skip)]
    is_asked: bool,
}

/// Plans `share` and others. `prepare` is how calls are prepared for the service that `profile` describes.
///
/// # Errors
/// Where calls can't be read, or the local engine can't be made ready.
pub(super) fn plan(
    settings: &Settings,
    conversations: &Conversations,
    profile: &Profile,
    prepare: &PrepareOptions,
    share: Share,
) -> Result<SharePlan, Failure> {
    let mut strata = Strata::default();
    for group in conversations.calls() {
        for call in group? {
            strata.add(&call.id, call.queue.as_deref());
        }
    }
    let ordered = strata.ordered();
    let stored = stored_scores(settings, conversations, prepare)?;
    let everything = settings.clone().with_engine(&local::DEFINITION);
    let expected = super::runtime()?.block_on(Box::pin(scored(&everything, conversations, stored)))?;
    let asked = if let Share::Part(part) = share { Some(part) } else { None };
    let mut parts: Vec<Part> = SHOWN.into_iter().map(Part::thousandths).chain(asked).collect();
    parts.sort_unstable();
    parts.dedup();
    let mut shares = Vec::new();
    for part in parts {
        let is_asked = asked == Some(part);
        shares.extend(line(conversations, profile, prepare, &ordered, &expected, (part, is_asked))?);
    }
    Ok(SharePlan { correlation: expected.correlation(), measured_on_calls: expected.measured(), shares })
}

/// One share; nothing for one of too few calls.
fn line(
    conversations: &Conversations,
    profile: &Profile,
    prepare: &PrepareOptions,
    ordered: &Ordered,
    expected: &Expectation,
    (part, is_asked): (Part, bool),
) -> Result<Option<ShareLine>, Failure> {
    let Ok(drawn) = ordered.draw(part) else { return Ok(None) };
    let (all, calls) = (ordered.calls(), drawn.calls());
    let planned = OfDrawn { calls: conversations.calls(), drawn };
    let plans = pipeline::plan(planned, std::slice::from_ref(prepare))?;
    let none = Estimate::default();
    let estimate = plans.first().map_or(&none, |plan| &plan.estimate);
    Ok(Some(ShareLine {
        share: part.value(),
        calls,
        documents: estimate.documents,
        cost_usd_upper: profile.price.at_most(estimate, &profile.limits).dollars,
        half_width: expected.half_width(all, calls),
        half_width_of_a_tenth: expected.half_width(all.div_ceil(10), calls.div_ceil(10)),
        part,
        is_asked,
    }))
}

/// Scores of calls whose documents all have stored scores of the service, by the hashes of their ids.
fn stored_scores(
    settings: &Settings,
    conversations: &Conversations,
    prepare: &PrepareOptions,
) -> Result<HashMap<u64, i64>, Failure> {
    let mut scores = HashMap::new();
    if prepare.store.is_none() {
        return Ok(scores);
    }
    for group in conversations.calls() {
        let measured = group?.into_iter().map(|call| Measured::of(call, prepare));
        for prepared in Prepared::all(measured, prepare) {
            if let Some(score) = stored_score(&prepared, options::scored_roles(settings)) {
                scores.insert(hash(&prepared.call.id), score);
            }
        }
    }
    Ok(scores)
}

fn stored_score(prepared: &Prepared, roles: ScoredRoles) -> Option<i64> {
    let outcome = |step: &Step| match step {
        Step::Reuse { scores, .. } => Some(Outcome::Cached(*scores)),
        Step::Skip(reason) => Some(Outcome::Skipped { reason }),
        Step::Fail(_) | Step::Score { .. } => None,
    };
    let outcomes: Option<Vec<Outcome>> = prepared.steps.iter().map(outcome).collect();
    roll_up_call(prepared, &outcomes?, roles).customer.score.map(|score| score.0)
}

/// The calls' scores by the local engine, beside those that are stored.
async fn scored(
    everything: &Settings,
    conversations: &Conversations,
    stored: HashMap<u64, i64>,
) -> Result<Expectation, Failure> {
    let free = Session::open(everything, &Halt::new()).await?;
    let mut stages = Stages::begin(everything);
    let prepare = stages.preparation(conversations.languages(), &free)?;
    let fold = Spread { roles: options::scored_roles(everything), stored, expected: Expectation::default(), calls: 0 };
    let rows = conversations.rows() - conversations.rejected();
    let pipelined = stages.score(conversations.calls(), rows, &free, prepare, fold).await?;
    Ok(pipelined.fold.expected)
}

/// What is kept of the calls that the local engine scores.
struct Spread {
    roles: ScoredRoles,
    stored: HashMap<u64, i64>,
    expected: Expectation,
    calls: u64,
}

impl TakeCalls for Spread {
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        self.calls += 1;
        let local = roll_up_call(prepared, &outcomes, self.roles).customer.score;
        let service = self.stored.get(&hash(&prepared.call.id)).copied();
        self.expected.add(local.map(|score| score.0), service);
        Ok(())
    }
}

impl Counts for Spread {
    fn turns(&self) -> u64 {
        0
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}

impl SharePlan {
    /// The table with what it rests on.
    pub(super) fn table(&self) -> String {
        let heads = ["a share of", "calls", "documents", "cost at most", "mean score", "of a tenth of the calls"];
        let rows: Vec<Vec<String>> = self.shares.iter().map(ShareLine::cells).collect();
        let mut text = format!("\n{}", columns(&heads.map(str::to_owned), &rows));
        let basis = match self.measured_on_calls {
            Some(calls) => format!("as they do on the {} calls with stored scores of the service", HumanCount(calls)),
            None => "which is assumed, as no 30 calls have stored scores of the service".to_owned(),
        };
        let correlation = self.correlation;
        writeln!(
            text,
            "\nWith --share the local engine scores all calls, the service the share, and means of all calls by the service are known to\nwithin so much (95 % interval), if both engines' scores have a correlation of {correlation:.2}, {basis}."
        )
        .expect("writing to a string can't fail");
        text
    }
}

impl ShareLine {
    fn cells(&self) -> Vec<String> {
        let width = |half: Option<f64>| half.map_or_else(not_known, |half| format!("± {half:.3}"));
        vec![
            format!("{} {}", if self.is_asked { "*" } else { " " }, self.part),
            HumanCount(self.calls).to_string(),
            HumanCount(self.documents).to_string(),
            self.cost_usd_upper.map_or_else(not_known, dollars),
            width(self.half_width),
            width(self.half_width_of_a_tenth),
        ]
    }
}
