//! A book of agents as rows of whole numbers, which any engine that can group and add puts together exactly.
//!
//! A row has a key and sums. Rows of one key, from any number of books and added up in any order, make the row of the book
//! that holds the calls of all of them. What can't be added, such as the level of an agent's days, is in the key.

use super::agents::{AgentBook, AgentSums, Stratum, StratumSums};
use super::days::Days;
use super::sums::{Hits, Mean, Moments, Pairs};

/// Most sums that a row has.
pub const MOST_SUMS: usize = 17;
/// What rows are of, each with the number of its sums.
const AGENT: (&str, usize) = ("agent", MOST_SUMS);
const STRATUM: (&str, usize) = ("stratum", 10);
const DAY: (&str, usize) = ("day", 3);
const WITHOUT: (&str, usize) = ("calls without agent", 1);
/// A level from which on all days are one.
const LAST_LEVEL: u32 = 31;

/// What the sums of a row are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SumKey {
    /// `agent`, `stratum`, `day` or `calls without agent`.
    pub part: Box<str>,
    /// The agent.
    pub agent: Option<Box<str>>,
    /// The stratum's queue.
    pub queue: Option<Box<str>>,
    /// The stratum's language.
    pub language: Option<Box<str>>,
    /// By how many bits the day is shifted.
    pub level: Option<i32>,
    /// The day since the Unix epoch, shifted.
    pub day: Option<i32>,
}

/// A key with its sums.
pub type SumRow = (SumKey, Vec<i128>);

impl AgentBook {
    /// The book in rows, each key once.
    pub fn rows(&self) -> impl Iterator<Item = SumRow> {
        let without = (self.calls_without_agent > 0).then(|| {
            let key = SumKey { part: WITHOUT.0.into(), ..SumKey::default() };
            (key, vec![self.calls_without_agent.into()])
        });
        self.agents.iter().flat_map(|(agent, sums)| rows_of(agent, sums)).chain(without)
    }

    /// Enters a row of another book; `None` if there is no such row.
    pub fn enter(&mut self, (key, sums): SumRow) -> Option<()> {
        if (&*key.part, sums.len()) == WITHOUT {
            self.calls_without_agent += u64::try_from(sums[0]).ok()?;
            return Some(());
        }
        let agent = match (&*key.part, sums.len()) {
            AGENT => agent_of(sums.try_into().ok()?)?,
            STRATUM | DAY => AgentSums { strata: vec![stratum_of(&key, &sums)?], ..AgentSums::default() },
            _ => return None,
        };
        self.agents.entry(key.agent?).or_default().merge(agent);
        Some(())
    }
}

fn rows_of(agent: &str, sums: &AgentSums) -> Vec<SumRow> {
    let key = SumKey { part: AGENT.0.into(), agent: Some(agent.into()), ..SumKey::default() };
    let strata = sums.strata.iter().flat_map(|sums| rows_of_stratum(&key, sums));
    std::iter::once((key.clone(), agent_sums(sums))).chain(strata).collect()
}

fn agent_sums(sums: &AgentSums) -> Vec<i128> {
    let counts = [sums.calls, sums.calls_scored, sums.words].map(i128::from);
    let hits = [sums.negative, sums.escalated, sums.recovered].map(Hits::to_array);
    let means = [sums.end, sums.agent_score].map(Mean::to_array);
    [&counts[..], &[sums.handled], hits.as_flattened(), means.as_flattened()].concat()
}

/// What [`agent_sums`] gave.
fn agent_of([calls, scored, words, handled, sums @ ..]: [i128; MOST_SUMS]) -> Option<AgentSums> {
    let [n0, n1, n2, e0, e1, e2, r0, r1, r2, m0, m1, s0, s1] = sums;
    let count = |sum: i128| u64::try_from(sum).ok();
    Some(AgentSums {
        calls: count(calls)?,
        calls_scored: count(scored)?,
        words: count(words)?,
        handled,
        end: Mean::of_array([m0, m1]),
        negative: Hits::of_array([n0, n1, n2]),
        escalated: Hits::of_array([e0, e1, e2]),
        recovered: Hits::of_array([r0, r1, r2]),
        agent_score: Mean::of_array([s0, s1]),
        strata: Vec::new(),
    })
}

fn rows_of_stratum(agent: &SumKey, sums: &StratumSums) -> Vec<SumRow> {
    let Stratum { queue, language } = sums.stratum.clone();
    let key = SumKey { part: STRATUM.0.into(), queue, language, ..agent.clone() };
    let (squares, days) = sums.days.in_rows();
    let own = [&sums.scores.to_array()[..], &sums.pairs.to_array(), &[squares]].concat();
    let day = |(level, day, sums): (u32, i32, [i128; 3])| {
        let level = i32::try_from(level).ok();
        (SumKey { part: DAY.0.into(), level, day: Some(day), ..key.clone() }, sums.to_vec())
    };
    std::iter::once((key.clone(), own)).chain(days.map(day)).collect()
}

/// A stratum of which only what a row of it, or of one of its days, holds is known.
fn stratum_of(key: &SumKey, sums: &[i128]) -> Option<StratumSums> {
    let stratum = Stratum { queue: key.queue.clone(), language: key.language.clone() };
    if &*key.part == DAY.0 {
        let level = u32::try_from(key.level?).ok().filter(|level| *level <= LAST_LEVEL)?;
        let days = Days::of_row(0, Some((level, key.day?, sums.try_into().ok()?)));
        return Some(StratumSums { stratum, scores: Moments::default(), pairs: Pairs::default(), days });
    }
    let (scores, rest) = sums.split_first_chunk::<4>()?;
    let (pairs, rest) = rest.split_first_chunk::<5>()?;
    let days = Days::of_row(*rest.first()?, None);
    Some(StratumSums { stratum, scores: Moments::of_array(*scores), pairs: Pairs::of_array(*pairs), days })
}
