//! The page: what a run found, drawn for people.
//!
//! [`page()`] makes one offline HTML page of what a run gathered: no outside address, no text of a transcript,
//! readable without its script. [`draw`] gathers the same again from the files of a run, at any later time, and
//! makes the same bytes. The page puts in words what was found, how sure that is, and how each number
//! is made. It never ranks agents, and never shows what was not scored as neutral.
//!
//! The answer stands first, where the numbers come from last. Its parts: [`figures`] are the few numbers on top, [`verdict`]
//! and `facts` put into words what was found and what was run, [`changes`] holds the last days or the last run against
//! those before, [`trend`] is the series of days, [`agents`](mod@agents) are the rows of agents.csv, [`listening`] the calls
//! worth listening to; [`figure`] draws lines and dots, [`page`](mod@page) puts all of it into the templates, and
//! [`evaluation`] does the same for an evaluation of engines, [`decision`] for what a month of them costs.

mod agents;
mod calendar;
mod changes;
mod decision;
mod evaluation;
mod facts;
mod figure;
mod figures;
mod listening;
mod page;
mod share;
mod table_of_agents;
mod trend;
mod verdict;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use agents::{Agent, agents};
pub(crate) use decision::{facts, how_it_costs};
pub use evaluation::evaluation_page;
pub use figures::{Figures, Part};
pub use page::page;
pub use trend::{Expected, Trend, TrendDay};

use crate::output::read::{self, TableReader};
use crate::output::{ReadError, RunRecord};
use crate::overview::{Moment, Overview};
use crate::sentiment::Millionths;
use crate::transcript::Role;

/// Draws the page of the run whose files lie in `directory`. The same files make the same bytes.
///
/// # Errors
/// [`ReadError`] naming the file, and the line and column where there are any.
pub fn draw(directory: &Path) -> Result<String, ReadError> {
    draw_with(directory, None)
}

/// The same with a trend, which the files of a run do not hold.
///
/// # Errors
/// Those of [`draw`].
pub fn draw_with(directory: &Path, trend: Option<&Trend>) -> Result<String, ReadError> {
    let record = RunRecord::read(&directory.join(RunRecord::FILE))?;
    let overview = overview(directory)?;
    let agents = agents::read_agents(&directory.join("agents.csv"))?;
    Ok(page(&record, &overview, &agents, trend))
}

/// Columns of failures.csv.
#[derive(Deserialize)]
struct Failure<'a> {
    outcome: &'a str,
    #[serde(borrow, deserialize_with = "read::name")]
    reason: &'a str,
}

/// Columns of rejects.csv.
#[derive(Deserialize)]
struct Reject<'a> {
    #[serde(borrow, deserialize_with = "read::name")]
    reason: &'a str,
}

/// Columns of segments.csv.
#[derive(Deserialize)]
struct Segment<'a> {
    #[serde(borrow, deserialize_with = "read::name")]
    call_id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "read::name")]
    role: Cow<'a, str>,
    #[serde(deserialize_with = "read::millionths")]
    position: Option<Millionths>,
    #[serde(deserialize_with = "read::millionths")]
    score: Option<Millionths>,
}

/// What all calls come to, from the tables.
fn overview(directory: &Path) -> Result<Overview, ReadError> {
    let mut overview = Overview::default();
    let mut calls = TableReader::open(&directory.join("calls.csv"))?;
    while calls.advance()? {
        overview.add(&calls.row()?);
    }
    let mut failures = TableReader::open(&directory.join("failures.csv"))?;
    while failures.advance()? {
        let Failure { outcome, reason } = failures.row()?;
        overview.add_failure(outcome, reason);
    }
    let mut rejects = TableReader::open(&directory.join("rejects.csv"))?;
    while rejects.advance()? {
        overview.add_reject(rejects.row::<Reject<'_>>()?.reason);
    }
    add_courses(&mut overview, &directory.join("segments.csv"))?;
    Ok(overview)
}

/// Adds the segments of the calls that are named, if the run kept them.
fn add_courses(overview: &mut Overview, path: &Path) -> Result<(), ReadError> {
    let mut courses: BTreeMap<String, Vec<Moment>> =
        overview.named().map(|call| (call.call_id.clone(), Vec::new())).collect();
    if courses.is_empty() || !path.exists() {
        return Ok(());
    }
    let mut segments = TableReader::open(path)?;
    while segments.advance()? {
        let Segment { call_id, role, position, score } = segments.row()?;
        if let (Some(moments), Some(position)) = (courses.get_mut(&*call_id), position) {
            let role = if role == Role::Customer.as_str() { Role::Customer } else { Role::Agent };
            moments.push(Moment::new(role, position, score));
        }
    }
    for (call_id, moments) in courses {
        overview.set_course(&call_id, moments);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
