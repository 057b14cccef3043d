//! What was found, in words, and how sure that is.

use super::agents::{self, Agent, Verdict};
use super::figures::with_interval;
use super::trend::{Trend, TrendDay};
use crate::output::ShareRecord;
use crate::overview::Overview;
use crate::rollup::{self, Population};
use crate::words::{Count, Name, chance, counted, percent};

/// One finding: its gist, and the rest.
pub(super) struct Finding {
    /// The part of the page that shows it.
    pub(super) at: &'static str,
    pub(super) gist: String,
    pub(super) rest: String,
}

/// The answer on top of the page.
pub(super) struct Answer {
    pub(super) gist: String,
    pub(super) rest: String,
    /// What is unusual about the day that the page is of, a sentence each.
    pub(super) alarms: Vec<String>,
    /// Whether the day was judged and nothing is unusual about it.
    pub(super) calm: bool,
}

/// How the last day compares with what was expected; of a run that knows no days before it, how customers sounded.
pub(super) fn answer(calls: &Overview, trend: Option<&Trend>, share: Option<&ShareRecord>) -> Answer {
    if let Some(day) = trend.and_then(|trend| trend.days.last()) {
        return of_day(day);
    }
    let Finding { gist, mut rest, .. } = mood(calls);
    if let Some(share) = share {
        rest += &format!(" So the local engine; what {} would give stands below.", Name::new(&share.engine.name));
    }
    Answer { gist, rest, alarms: Vec::new(), calm: false }
}

fn of_day(day: &TrendDay) -> Answer {
    let date = day.date;
    let calls = format!("{} of {} have a score.", Count(day.scored), counted(day.calls, "call"));
    let mean = with_interval(day.mean, day.interval);
    let (gist, rest) = match (day.alarms.len(), day.expected) {
        (1, _) => (format!("1 alarm on {date}."), format!("Mean score {mean}; {calls}")),
        (alarms @ 2.., _) => (format!("{alarms} alarms on {date}."), format!("Mean score {mean}; {calls}")),
        _ if day.mean.is_none() => (format!("Nothing of {date} was scored."), calls),
        _ if day.low_n => (format!("{date} has too few calls to be judged."), format!("Mean score {mean}; {calls}")),
        (_, Some(expected)) if day.judged() => (
            format!("Customers sounded on {date} as was expected: {mean}."),
            format!(
                "Expected was {}. {calls}",
                with_interval(Some(expected.mean), Some((expected.low, expected.high)))
            ),
        ),
        _ => (
            format!("{date} can’t be judged yet: too few days before it are known."),
            format!("Mean score {mean}; {calls}"),
        ),
    };
    let calm = day.alarms.is_empty() && day.judged() && day.mean.is_some() && day.expected.is_some();
    Answer { gist, rest, alarms: day.alarms.clone(), calm }
}

/// What was found, most important first. The mood is left out where it is the answer itself.
pub(super) fn findings(
    calls: &Overview,
    agents: &[Agent],
    population: Option<&Population>,
    trend: Option<&Trend>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = trend.map(|_| mood(calls)).into_iter().collect();
    findings.extend(left_out(calls));
    findings.extend(course(calls));
    findings.extend(turning_points(calls));
    findings.push(agents_worth_a_look(agents));
    findings.extend(population.and_then(differences));
    findings.extend(population.and_then(few_calls));
    findings
}

fn mood(calls: &Overview) -> Finding {
    let Some(mean) = calls.scores.mean() else {
        return Finding {
            at: "run",
            gist: "Nothing was scored.".to_owned(),
            rest: "No call has a customer score, so nothing is known of how customers sounded.".to_owned(),
        };
    };
    let sounded = match mean {
        mean if mean >= 0.3 => "positive",
        mean if mean >= 0.1 => "slightly positive",
        mean if mean > -0.1 => "about neutral",
        mean if mean > -0.3 => "slightly negative",
        _ => "negative",
    };
    let scored = calls.scores.count;
    let part = |count| percent(count, scored);
    let labels = calls.labels;
    Finding {
        at: "distribution",
        gist: format!(
            "On average, customers sounded {sounded}: {}.",
            with_interval(Some(mean), calls.all().interval())
        ),
        rest: format!(
            "Of {}, {} were negative, {} positive, {} neutral and {} mixed. Scores go from −1 to +1.",
            counted(scored, "scored call"),
            part(labels.negative),
            part(labels.positive),
            part(labels.neutral),
            part(labels.mixed)
        ),
    }
}

/// That some calls count nowhere, if it is so.
fn left_out(calls: &Overview) -> Option<Finding> {
    let unscored = calls.calls - calls.scores.count;
    (unscored > 0).then(|| Finding {
        at: "run",
        gist: format!("{} of {} have no customer score.", Count(unscored), counted(calls.calls, "call")),
        rest: "Not scored is not neutral: they are left out of every mean.".to_owned(),
    })
}

fn course(calls: &Overview) -> Option<Finding> {
    if calls.with_shift == 0 {
        return None;
    }
    let same = calls.with_shift - calls.better - calls.worse;
    Some(Finding {
        at: "course",
        gist: format!(
            "{} of calls ended worse than they began, {} better.",
            percent(calls.worse, calls.with_shift),
            percent(calls.better, calls.with_shift)
        ),
        rest: format!(
            "{} worse, {} better and {} about the same (by less than 0.1), of {} where both the first and the last third have a score.",
            Count(calls.worse),
            Count(calls.better),
            Count(same),
            counted(calls.with_shift, "call")
        ),
    })
}

fn turning_points(calls: &Overview) -> Option<Finding> {
    if calls.with_shift == 0 {
        return None;
    }
    let recovered = match calls.began_badly {
        0 => "None of them began badly, so none could recover.".to_owned(),
        badly => format!(
            "Of {} that began badly, {} ({}) had recovered by the end.",
            counted(badly, "call"),
            Count(calls.recovered),
            percent(calls.recovered, badly)
        ),
    };
    Some(Finding {
        at: "listen",
        gist: format!(
            "{} escalated ({}).",
            counted(calls.escalated, "call"),
            percent(calls.escalated, calls.with_shift)
        ),
        rest: recovered,
    })
}

/// Why nobody is compared.
const FEW: &str = "Fewer than 5 agents have 10 scored calls: too few to see how much agents usually differ.";
const SAMPLED: &str = "A verdict would be one by the local engine, and of each agent the service scored a few calls only: estimates.csv has each one’s mean with its interval.";

fn agents_worth_a_look(agents: &[Agent]) -> Finding {
    if agents.is_empty() {
        return Finding {
            at: "funnel",
            gist: "No call names an agent.".to_owned(),
            rest: "So nothing can be said about agents.".to_owned(),
        };
    }
    if !agents::compared(agents) {
        return Finding {
            at: "funnel",
            gist: "Agents are not compared.".to_owned(),
            rest: if agents::sampled(agents) { SAMPLED } else { FEW }.to_owned(),
        };
    }
    let (outside, watch) = (agents::count(agents, Verdict::Outside), agents::count(agents, Verdict::Watch));
    let beyond = "outside the spread that agents here usually have";
    Finding {
        at: "funnel",
        gist: match outside {
            0 => format!("No agent lies {beyond}."),
            1 => format!("1 agent lies {beyond}."),
            outside => format!("{} agents lie {beyond}.", Count(outside)),
        },
        rest: [certainty(agents, outside, watch), too_few(agents)].concat(),
    }
}

/// Whether agents differ at all, which the funnel does not show: its limits hold the usual differences.
fn differences(population: &Population) -> Option<Finding> {
    let found = population.heterogeneity.filter(|_| population.funnel_mean.is_some())?;
    let judged = counted(population.judged as u64, "agent");
    let test = format!("Cochran’s Q is {:.1} with {} degrees of freedom", found.q, found.degrees_of_freedom);
    let spread = format!("the standard deviation of their true means is about {:.2}", population.between);
    let reliability = match population.reliability {
        Some(reliability) => {
            format!("; on average {:.0} % of a score is the agent’s own (reliability)", 100.0 * reliability)
        }
        None => String::new(),
    };
    Some(if found.agents_differ() {
        Finding {
            at: "agents",
            gist: format!("The {judged} with 10 calls or more differ ({}).", chance(found.p)),
            rest: format!(
                "{test}; {spread}{reliability}. How far from the others one must be to stand apart is the next question."
            ),
        }
    } else {
        Finding {
            at: "agents",
            gist: format!("No difference between the {judged} with 10 calls or more is shown ({}).", chance(found.p)),
            rest: format!("{test}: chance alone brings as much{reliability}."),
        }
    })
}

/// A warning where agents with few calls score otherwise than those with many.
fn few_calls(population: &Population) -> Option<Finding> {
    let trend = population.trend.filter(rollup::Trend::is_notable)?;
    let (side, seem) = if trend.per_doubling > 0.0 { ("lower", "better") } else { ("higher", "worse") };
    Some(Finding {
        at: "agents",
        gist: format!("Agents with few calls score {side} ({}).", chance(trend.p)),
        rest: format!(
            "With half the calls the mean score is {:.2} {side}. Scores that are drawn in make them seem {seem} than they are: \
             for agents with few calls read the plain interval, customer_score_raw_low and _high.",
            trend.per_doubling.abs()
        ),
    })
}

/// How many false alarms to expect.
fn certainty(agents: &[Agent], outside: u64, watch: u64) -> String {
    let compared = agents.iter().filter(|agent| agent.place().is_some()).count();
    // Two-sided tails beyond 3.09 and between 1.96 and 3.09.
    let (far, near) = (0.002 * compared as f64, 0.048 * compared as f64);
    let about =
        |expected: f64| if expected < 0.5 { "none".to_owned() } else { format!("about {}", Count(whole(expected))) };
    let text = format!(
        "{} of {} {} on watch. If none stood apart, {} would lie outside and {} on watch.",
        Count(watch),
        counted(compared as u64, "agent"),
        if watch == 1 { "is" } else { "are" },
        about(far),
        about(near)
    );
    let outsiders = agents.iter().filter(|agent| agent.verdict() == Verdict::Outside);
    match outsiders.filter_map(|agent| agent.q_value).reduce(f64::max) {
        Some(rate) if outside > 0 => {
            let rate = if rate < 0.01 { "under 1 %".to_owned() } else { format!("about {:.0} %", 100.0 * rate) };
            format!("{text} Of those named outside, {rate} are expected to be false alarms.")
        }
        _ => text,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count of agents")]
fn whole(expected: f64) -> u64 {
    expected.round() as u64
}

fn too_few(agents: &[Agent]) -> String {
    let few = agents::count(agents, Verdict::TooFew);
    if few == 0 {
        return String::new();
    }
    let enough = match agents::calls_for_reliability_70(agents) {
        // Beyond this, no number of calls anybody has would do.
        Some(calls) if calls < 100_000 => format!("; with about {} a score is reliable", counted(calls, "call")),
        _ => String::new(),
    };
    let have = if few == 1 { "has" } else { "have" };
    format!(" {} {have} fewer than 10 scored calls and no verdict{enough}.", counted(few, "agent"))
}
