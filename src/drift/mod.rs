//! Whether a day is as days here usually are: verdicts about days, and about agents week by week.
//!
//! Pure: no I/O, no clock, no settings. [`Day`] holds what a day's calls add up to; [`judge()`] holds each day against the days before it and gives
//! back a [`Judged`] day with what is needed to draw it, and its alarms in words. In the order of the work:
//!
//! | what | where |
//! |---|---|
//! | sums of a day | [`DaySums`] |
//! | figures of a day, and the scales on which they are compared | [`Measure`] |
//! | which earlier days count | [`BaselineStart`], `judge` |
//! | expectation, its spread, z | `expect` |
//! | distribution of scores, mixes of languages and queues | [`Stability`] |
//! | whether the scorer moved | [`ScorerChange`] |
//! | point alarms, EWMA, held back, low n | [`Judged`] |
//! | agents, weekly | [`judge_agents`] |
//!
//! `benches/drift` simulates sites whose truth is known, and counts false alarms and what is found.

mod agents;
mod day;
mod expect;
mod judge;
mod measure;
mod scorer;
mod spread;
#[cfg(test)]
mod tests;
mod words;

pub use agents::{AgentDrift, AgentWeek, judge_agents};
pub use day::{BINS, Day, DaySums, Mix};
pub use judge::{Alarm, AlarmKind, BaselineStart, Judged, Options, Verdict, judge};
pub use measure::Measure;
pub use scorer::{CanaryResult, CanaryScore, ScorerChange};
pub use spread::Stability;

/// Calls below which a figure of a day is not judged.
pub const LEAST_CALLS: u64 = 30;
