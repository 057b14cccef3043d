//! Facts in words: what was run, what was found, and how sure that is.

use super::agents::{self, Agent, Verdict};
use crate::output::RunRecord;
use crate::overview::{Coverage, Overview, Reason};
use crate::rollup::{Population, Trend};
use crate::words::{Count, Name, Score, chance, counted, percent};

/// Inputs that are named one by one.
const NAMED_INPUTS: usize = 8;

/// Reasons that are named one by one.
const NAMED_REASONS: usize = 8;

/// An entry of the list of what was run: a term and its lines.
pub(super) struct Fact {
    pub(super) term: &'static str,
    pub(super) lines: Vec<String>,
    /// Whether it is about something that is missing.
    pub(super) amiss: bool,
}

impl Fact {
    fn new(term: &'static str, lines: Vec<String>) -> Self {
        Self { term, lines, amiss: false }
    }
}

/// One finding: its gist, and the rest.
pub(super) struct Finding {
    pub(super) gist: String,
    pub(super) rest: String,
}

/// What was run.
pub(super) fn run_facts(run: &RunRecord, calls: &Overview) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("Calls", call_lines(run, calls)),
        Fact::new("Read from", input_lines(run)),
        Fact::new("Scored by", engine_lines(run)),
        Fact::new("Coverage", coverage_lines(run, calls)),
    ];
    let unscored = unscored_lines(run, calls);
    if !unscored.is_empty() {
        facts.push(Fact { amiss: true, ..Fact::new("Not scored", unscored) });
    }
    if run.counts.rejected_rows > 0 {
        let lines = rejected_lines(run, calls);
        facts.push(Fact { amiss: true, ..Fact::new("Rows not used", lines) });
    }
    facts.push(Fact::new("Cost", vec![cost_line(run)]));
    facts
}

fn call_lines(run: &RunRecord, calls: &Overview) -> Vec<String> {
    let period = match calls.days.first_key_value().zip(calls.days.last_key_value()) {
        Some(((first, _), (last, _))) if first == last => format!(", of {first}"),
        Some(((first, _), (last, _))) => format!(", from {first} to {last}"),
        None => String::new(),
    };
    let undated = match (calls.undated, period.is_empty()) {
        (0, _) | (_, true) => String::new(),
        (undated, false) => format!(" ({} without a date)", Count(undated)),
    };
    let (all, turns) = (counted(calls.calls, "call"), counted(run.counts.turns, "turn"));
    let mut lines = vec![format!("{all} with {turns}{period}{undated}")];
    if run.counts.calls_without_agent > 0 {
        lines.push(format!("{} of them name no agent.", Count(run.counts.calls_without_agent)));
    }
    lines
}

fn input_lines(run: &RunRecord) -> Vec<String> {
    let line = |path: &str, rows| format!("{} ({})", Name::within(path, 120), counted(rows, "row"));
    let mut lines: Vec<String> =
        run.inputs.iter().take(NAMED_INPUTS).map(|input| line(&input.path, input.rows)).collect();
    if run.inputs.len() > NAMED_INPUTS {
        lines.push(format!(
            "and {} more; run.json names them all.",
            counted((run.inputs.len() - NAMED_INPUTS) as u64, "file")
        ));
    }
    if run.counts.duplicate_rows > 0 {
        lines.push(format!("{} stood there twice, and counted once.", counted(run.counts.duplicate_rows, "row")));
    }
    if run.counts.redacted_twins > 0 {
        let calls = counted(run.counts.redacted_twins, "call");
        lines.push(format!("{calls} stood there both raw and redacted: the redacted one counts."));
    }
    lines
}

fn engine_lines(run: &RunRecord) -> Vec<String> {
    let engine = match run.engine.name.as_str() {
        "comprehend" => "Amazon Comprehend".to_owned(),
        "local" => "the local engine: no text left the machine".to_owned(),
        name => Name::new(name).to_string(),
    };
    vec![format!("{engine} (model {}, cut by {})", Name::new(&run.engine.model), Name::new(&run.engine.granularity))]
}

fn coverage_lines(run: &RunRecord, calls: &Overview) -> Vec<String> {
    let part = |coverage: &Coverage, whose: &str| {
        format!("{} of the {whose} words have a score", percent(coverage.scored, coverage.words))
    };
    let customers = part(&calls.customer_words, "customers’");
    let agents = match calls.agent_words.scored {
        0 => "; none of the agents’ words have".to_owned(),
        _ => format!(", and {}", part(&calls.agent_words, "agents’")),
    };
    let segments = &run.counts.segments;
    let scored = segments.scored + segments.cached;
    vec![
        format!("{customers}{agents}."),
        format!("{} of {} have a score.", Count(scored), counted(segments.segments, "segment")),
    ]
}

fn unscored_lines(run: &RunRecord, calls: &Overview) -> Vec<String> {
    let mut lines = Vec::new();
    let unscored = calls.calls - calls.scores.count;
    if unscored > 0 {
        lines.push(format!(
            "{} of {} have no customer score. Not scored is not neutral: they are left out of every mean.",
            Count(unscored),
            counted(calls.calls, "call")
        ));
    }
    if calls.low_coverage > 0 {
        lines.push(format!("{} had too little scored to count for their agents.", counted(calls.low_coverage, "call")));
    }
    let segments = &run.counts.segments;
    if segments.failed + segments.skipped > 0 {
        lines.push(format!(
            "{} failed and {} were skipped; failures.csv lists them.",
            counted(segments.failed, "segment"),
            Count(segments.skipped)
        ));
    }
    lines.extend(reason_lines(&calls.failures()));
    lines
}

fn rejected_lines(run: &RunRecord, calls: &Overview) -> Vec<String> {
    let mut lines = vec![format!(
        "{} of {} could not be used; rejects.csv lists them.",
        Count(run.counts.rejected_rows),
        counted(run.counts.rows, "row")
    )];
    lines.extend(reason_lines(&calls.rejects()));
    lines
}

fn reason_lines(reasons: &[Reason]) -> impl Iterator<Item = String> {
    let more = reasons.len().saturating_sub(NAMED_REASONS);
    let named = reasons.iter().take(NAMED_REASONS).map(|reason| {
        let Reason { outcome, why, count } = reason;
        let outcome = if outcome.is_empty() { String::new() } else { format!("{}, ", Name::new(outcome)) };
        format!("{outcome}{}: {}", Name::within(why, 80), Count(*count))
    });
    named.chain((more > 0).then(|| format!("and {} more", counted(more as u64, "reason"))))
}

fn cost_line(run: &RunRecord) -> String {
    let service = &run.service;
    if service.requests == 0 && service.billed_units == 0 {
        return "Nothing was sent, nothing is charged.".to_owned();
    }
    let throttled = if service.throttles > 0 {
        format!(", {} of which were refused for their rate and sent again", Count(service.throttles))
    } else {
        String::new()
    };
    format!(
        "At most ${:.2} for {} in {}{throttled}.",
        service.cost_usd,
        counted(service.billed_units, "unit"),
        counted(service.requests, "request")
    )
}

/// What was found, most important first.
pub(super) fn findings(calls: &Overview, agents: &[Agent], population: Option<&Population>) -> Vec<Finding> {
    let mut findings = vec![mood(calls)];
    findings.extend(course(calls));
    findings.extend(turning_points(calls));
    findings.extend(population.and_then(differences));
    findings.push(agents_worth_a_look(agents));
    findings.extend(population.and_then(trend));
    findings
}

fn mood(calls: &Overview) -> Finding {
    let Some(mean) = calls.scores.mean() else {
        return Finding {
            gist: "Nothing was scored.".to_owned(),
            rest: "No call has a customer score, so this page can say nothing about moods.".to_owned(),
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
    let unscored = calls.calls - scored;
    let left_out = match unscored {
        0 => String::new(),
        unscored => format!(" {} could not be scored and count nowhere.", counted(unscored, "call")),
    };
    Finding {
        gist: format!("On average, customers sounded {sounded}: {} on a scale from −1 to +1.", Score(mean)),
        rest: format!(
            "Of {}, {} were negative, {} positive, {} neutral and {} mixed.{left_out}",
            counted(scored, "scored call"),
            part(labels.negative),
            part(labels.positive),
            part(labels.neutral),
            part(labels.mixed)
        ),
    }
}

fn course(calls: &Overview) -> Option<Finding> {
    if calls.with_shift == 0 {
        return None;
    }
    let same = calls.with_shift - calls.better - calls.worse;
    Some(Finding {
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
        gist: format!(
            "{} escalated ({}).",
            counted(calls.escalated, "call"),
            percent(calls.escalated, calls.with_shift)
        ),
        rest: recovered,
    })
}

fn agents_worth_a_look(agents: &[Agent]) -> Finding {
    if agents.is_empty() {
        return Finding {
            gist: "No call names an agent.".to_owned(),
            rest: "So nothing can be said about agents.".to_owned(),
        };
    }
    if !agents::compared(agents) {
        return Finding {
            gist: "Agents are not compared.".to_owned(),
            rest: "Fewer than 5 agents have 10 scored calls: too few to see how much agents usually differ.".to_owned(),
        };
    }
    let (outside, watch) = (agents::count(agents, Verdict::Outside), agents::count(agents, Verdict::Watch));
    let beyond = "outside the spread that agents here usually have";
    Finding {
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
            gist: format!("The {judged} with 10 calls or more differ ({}).", chance(found.p)),
            rest: format!(
                "{test}; {spread}{reliability}. How far from the others one must be to stand apart is the next question."
            ),
        }
    } else {
        Finding {
            gist: format!("No difference between the {judged} with 10 calls or more is shown ({}).", chance(found.p)),
            rest: format!("{test}: chance alone brings as much{reliability}."),
        }
    })
}

/// A warning where agents with few calls score otherwise than those with many.
fn trend(population: &Population) -> Option<Finding> {
    let trend = population.trend.filter(Trend::is_notable)?;
    let (side, seem) = if trend.per_doubling > 0.0 { ("lower", "better") } else { ("higher", "worse") };
    Some(Finding {
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
