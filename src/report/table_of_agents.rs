//! The table of all agents: a few rows that stand in the page, and all of them as data for its script.
//!
//! Ten thousand rows of markup would be the larger part of a megabyte and slow to draw, so that the data is a compact
//! list of numbers in hundredths, of which the script shows a hundred at a time. Without the script, the first
//! hundred stand there.

use super::agents::{Agent, Verdict, count};
use crate::words::{Count, Maybe, Name};

/// Rows that are shown at a time; the script has the same number.
pub(super) const PAGE_ROWS: usize = 100;

/// The most bytes that the data takes, so that the page stays below a megabyte whatever agents are called.
const MOST_BYTES: usize = 512_000;

/// The table.
pub(super) struct AgentTable {
    /// Every agent in the page, as JSON that can stand in a script element.
    pub(super) data: String,
    /// Agents in all.
    pub(super) all: Count,
    /// Agents in the data.
    pub(super) shown: Count,
    /// Whether some are not in the data.
    pub(super) cut: bool,
    /// Whether the script has more than stands in the page.
    pub(super) paged: bool,
    pub(super) rows: Vec<AgentRow>,
    /// The verdicts that occur.
    pub(super) verdicts: Vec<(u8, &'static str)>,
}

/// One agent as the tables of the page show it.
pub(super) struct AgentRow {
    pub(super) name: String,
    pub(super) calls: Count,
    pub(super) scored: Count,
    pub(super) score: Maybe,
    pub(super) low: Maybe,
    pub(super) high: Maybe,
    pub(super) raw: Maybe,
    pub(super) end: Maybe,
    pub(super) escalated: String,
    pub(super) verdict: &'static str,
    pub(super) unsure: bool,
}

impl AgentTable {
    pub(super) fn of(agents: &[Agent]) -> Self {
        let (data, shown) = data(agents);
        let verdicts = Verdict::ALL.into_iter().filter(|&verdict| count(agents, verdict) > 0);
        Self {
            data,
            all: Count(agents.len() as u64),
            shown: Count(shown as u64),
            cut: shown < agents.len(),
            paged: shown > PAGE_ROWS,
            rows: agents.iter().take(PAGE_ROWS).map(AgentRow::of).collect(),
            verdicts: verdicts.map(|verdict| (verdict.number(), verdict.as_str())).collect(),
        }
    }
}

impl AgentRow {
    pub(super) fn of(agent: &Agent) -> Self {
        Self {
            name: Name::new(&agent.id).to_string(),
            calls: Count(agent.calls),
            scored: Count(agent.scored),
            score: Maybe(agent.score),
            low: Maybe(agent.low),
            high: Maybe(agent.high),
            raw: Maybe(agent.raw),
            end: Maybe(agent.end),
            escalated: agent.escalated.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share)),
            verdict: agent.verdict().as_str(),
            unsure: agent.unsure(),
        }
    }
}

/// All agents as JSON, and how many of them there was room for: those that stand out first, then those with the most calls.
fn data(agents: &[Agent]) -> (String, usize) {
    let rows: Vec<String> = agents.iter().map(json_row).collect();
    let mut kept = vec![true; rows.len()];
    let mut bytes: usize = rows.iter().map(|row| row.len() + 1).sum();
    if bytes > MOST_BYTES {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&index| (agents[index].notable(), agents[index].scored));
        for index in order {
            if bytes <= MOST_BYTES {
                break;
            }
            kept[index] = false;
            bytes -= rows[index].len() + 1;
        }
    }
    let shown: Vec<&str> = rows.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(row, _)| row.as_str()).collect();
    (format!("[{}]", shown.join(",")), shown.len())
}

/// `["name",calls,scored,score,low,high,raw,end,escalated,verdict,unsure]`, numbers in hundredths.
fn json_row(agent: &Agent) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a score or a share")]
    let hundredths = |value: Option<f64>| value.map(|value| (value * 100.0).round() as i64);
    let row = serde_json::json!([
        Name::new(&agent.id).to_string(),
        agent.calls,
        agent.scored,
        hundredths(agent.score),
        hundredths(agent.low),
        hundredths(agent.high),
        hundredths(agent.raw),
        hundredths(agent.end),
        hundredths(agent.escalated),
        agent.verdict().number(),
        u8::from(agent.unsure()),
    ]);
    // Within JSON these only stand in strings; inside a script element they could end it.
    row.to_string().replace('<', "\\u003c").replace('>', "\\u003e")
}
