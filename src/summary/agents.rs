//! What the end of a run says of agents: whether they differ, who lies outside their usual spread, and what makes that doubtful.

use std::fmt::{self, Display};

use super::{Summary, line, name};
use crate::rollup::{AgentRollup, Funnel, Place, Population, Trend};
use crate::words::{Coloured, chance, counted};

/// How many agents are named.
const NAMED_AGENTS: usize = 5;

impl Summary<'_> {
    pub(super) fn agents(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.agents;
        if report.calls_without_agent > 0 {
            line(f, "agents", format_args!("{} without an agent", counted(report.calls_without_agent, "call")))?;
        }
        if report.agents.is_empty() {
            return Ok(());
        }
        match report.population.as_ref().filter(|population| population.funnel_mean.is_some()) {
            Some(population) => self.verdicts(population, f),
            None if self.record.share.is_some() => {
                line(f, "agents", format_args!("not compared: estimates.csv has each one's mean with its interval"))
            }
            None => line(f, "agents", format_args!("not compared: fewer than 5 have 10 scored calls")),
        }
    }

    fn verdicts(&self, population: &Population, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "agents", format_args!("{}", Difference(population)))?;
        let placed = self.agents.agents.iter().filter_map(|agent| Some((agent, agent.verdict.place?)));
        let mut notable: Vec<(&AgentRollup, Place)> =
            placed.filter(|(_, place)| place.funnel() != Funnel::In).collect();
        notable.sort_by(|(_, a), (_, b)| a.z.total_cmp(&b.z));
        let out = notable.iter().filter(|(_, place)| place.funnel() == Funnel::Out).count();
        let watch = match notable.len() - out {
            0 => String::new(),
            watch => format!("; {watch} on watch, where 1 in 20 usually is"),
        };
        let out = if out == 0 { "none".to_owned() } else { format!("{out} of {}", population.judged) };
        let are = if out.starts_with("1 ") || out == "none" { "is" } else { "are" };
        line(f, "", format_args!("{out} {are} outside the spread that agents here usually have{watch}"))?;
        for (agent, place) in notable.iter().take(NAMED_AGENTS) {
            line(f, "", format_args!("{}", AgentLine(agent, place)))?;
        }
        if notable.len() > NAMED_AGENTS {
            line(f, "", format_args!("and {} more in agents.csv", notable.len() - NAMED_AGENTS))?;
        }
        let few = population.agents - population.judged;
        if few > 0 {
            let have = if few == 1 { "has" } else { "have" };
            line(f, "", format_args!("{few} {have} fewer than 10 scored calls and no verdict"))?;
        }
        trend(population, f)
    }
}

/// A warning where agents with few calls score otherwise than those with many.
fn trend(population: &Population, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(trend) = population.trend.filter(Trend::is_notable) else { return Ok(()) };
    let side = if trend.per_doubling > 0.0 { "lower" } else { "higher" };
    let p = chance(trend.p);
    line(f, "", format_args!("those with few calls score {side} ({p}): for them read customer_score_raw_low and _high"))
}

/// Whether agents differ at all.
struct Difference<'a>(&'a Population);

impl Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Population { judged, between, reliability, heterogeneity, .. } = self.0;
        let Some(found) = heterogeneity else { return write!(f, "{judged} have 10 calls or more") };
        let p = chance(found.p);
        if !found.agents_differ() {
            return write!(f, "no difference between the {judged} with 10 calls or more is shown ({p})");
        }
        write!(f, "the {judged} with 10 calls or more differ ({p}): true means spread by {between:.2}")?;
        reliability.map_or(Ok(()), |reliability| write!(f, ", reliability {reliability:.2}"))
    }
}

/// An agent with a verdict, the score that it is about and the limits that decide.
struct AgentLine<'a>(&'a AgentRollup, &'a Place);

impl Display for AgentLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(agent, place) = self;
        let (verdict, (low, high)) = match place.funnel() {
            Funnel::Out => ("outside", place.out),
            _ => ("watch", place.watch),
        };
        write!(f, "{}  {verdict}  {}", name(&agent.id), Coloured(Some(place.score)))?;
        write!(f, ", limits {} to {},", Coloured(Some(low)), Coloured(Some(high)))?;
        write!(f, " on {}", counted(agent.calls_scored, "call"))
    }
}
