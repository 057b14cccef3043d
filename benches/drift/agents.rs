//! Simulated agents, week by week, whose true means are known.

use std::io::{self, Write};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use undertone::drift::{AgentWeek, judge_agents};

use crate::Rate;
use crate::random::Random;

/// Agents of a site, weeks before the first one that counts, and those that count.
const AGENTS: usize = 60;
const BEFORE: usize = 30;
const COUNTED: usize = 10;

/// Sites of one kind.
const SITES: u32 = 200;

/// Calls of an agent in a week, their standard deviation, and that of agents.
const CALLS: u32 = 40;
const SPREAD: f64 = 0.4;
const AGENT_SPREAD: f64 = 0.1;

/// Agents who shift, and the weeks in which they are looked for.
const SHIFTED: usize = 3;
const SHIFT: f64 = -0.2;
const LOOKED_AT: usize = 4;

/// The most weeks of 100 with a false alarm about anybody; the most among the named who did not shift.
const FALSE_WEEKS: f64 = 6.0;
const FALSE_NAMES: f64 = 8.0;

/// What weeks do to each agent, and the least share of those who shift that is found.
const WEEKS: [(f64, f64); 3] = [(0.0, 90.0), (0.03, 80.0), (0.06, 60.0)];

/// What agents of one kind come to.
#[derive(Default)]
struct Tally {
    weeks: Rate,
    found: Rate,
    named: Rate,
}

/// Prints the lines of agents; how many figures miss their bounds.
pub(crate) fn print(share: f64, out: &mut impl Write) -> io::Result<u32> {
    writeln!(
        out,
        "\n| agents: what weeks do to each of them | weeks with a false alarm | 3 of 60 by −.2 found in 4 weeks | false among the named then |\n|---|---|---|---|"
    )?;
    let mut missed = 0;
    for (seed, (week, least)) in (1..).zip(WEEKS) {
        let tally = tally(share, week, seed);
        let mut marked = |rate: Rate, miss: bool| {
            missed += u32::from(miss);
            format!("{:.2}{}", rate.percent(), if miss { "!" } else { "" })
        };
        let weeks = marked(tally.weeks, tally.weeks.percent() > FALSE_WEEKS);
        let found = marked(tally.found, tally.found.percent() < least);
        let named = marked(tally.named, tally.named.percent() > FALSE_NAMES);
        writeln!(out, "| sd {week} | {weeks} | {found} | {named} |")?;
    }
    Ok(missed)
}

fn tally(share: f64, week_spread: f64, seed: u64) -> Tally {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of sites")]
    let sites = (f64::from(SITES) * share).ceil() as u32;
    let names: Vec<String> = (0..AGENTS).map(|agent| format!("a{agent:02}")).collect();
    let mut tally = Tally::default();
    for site in 0..sites {
        let random = &mut Random::new(1_000_000 * seed + u64::from(site));
        let levels: Vec<f64> = names.iter().map(|_| AGENT_SPREAD * random.normal()).collect();
        let (mut weeks, mut found) = (Vec::new(), [false; SHIFTED]);
        let until = BEFORE + COUNTED + LOOKED_AT;
        for week in 0..until {
            let common = 0.03 * random.normal();
            let is_shifted = week >= BEFORE + COUNTED;
            for (agent, name) in names.iter().enumerate() {
                let shift = if is_shifted && agent < SHIFTED { SHIFT } else { 0.0 };
                let mean = levels[agent] + common + shift + week_spread * random.normal();
                weeks.push(agent_week(name, week, mean, random));
            }
            if week < BEFORE {
                continue;
            }
            let judged = judge_agents(&weeks, |_| Some(0.7));
            if !is_shifted {
                tally.weeks.add(judged.iter().any(|agent| agent.alarm));
                continue;
            }
            for (place, agent) in judged.iter().enumerate().filter(|(_, agent)| agent.alarm) {
                if place < SHIFTED {
                    found[place] = true;
                }
                if week + 1 == until {
                    tally.named.add(place >= SHIFTED && agent.alarm);
                }
            }
        }
        for found in found {
            tally.found.add(found);
        }
    }
    tally
}

fn agent_week<'a>(agent: &'a str, week: usize, mean: f64, random: &mut Random) -> AgentWeek<'a> {
    let calls = 5 + random.below(2 * CALLS - 10);
    let (mut sum, mut squares) = (0, 0);
    for _ in 0..calls {
        #[expect(clippy::cast_possible_truncation, reason = "a score in ten-thousandths")]
        let score = ((mean + SPREAD * random.normal()).clamp(-1.0, 1.0) * 1e4) as i64;
        sum += score;
        squares += score.unsigned_abs().pow(2);
    }
    AgentWeek { agent, week: monday(week), calls: u64::from(calls), sum, squares }
}

fn monday(week: usize) -> Date {
    date(2026, 1, 5).saturating_add(i64::try_from(week).unwrap_or(0).weeks())
}
