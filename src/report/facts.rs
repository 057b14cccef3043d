//! What was run, in words: inputs, engine, coverage, what was not scored, cost.

use crate::output::{EngineRecord, RunRecord};
use crate::overview::{Coverage, Overview, Reason};
use crate::words::{Count, Name, counted, percent};

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
    let Some(share) = &run.share else { return vec![engine_line(&run.engine, true)] };
    let sample = counted(share.calls, "call");
    vec![
        format!("Every call by {}", engine_line(&run.engine, false)),
        format!("{sample} also by {}", engine_line(&share.engine, false)),
    ]
}

/// An engine; the local one leaves all texts where they are if it is the `only` one.
fn engine_line(engine: &EngineRecord, only: bool) -> String {
    let name = match engine.name.as_str() {
        "comprehend" => "Amazon Comprehend".to_owned(),
        "local" if only => "the local engine: no text left the machine".to_owned(),
        "local" => "the local engine".to_owned(),
        name => Name::new(name).to_string(),
    };
    format!("{name} (model {}, cut by {})", Name::new(&engine.model), Name::new(&engine.granularity))
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

/// With a capital letter.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
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
        "{} in {}{throttled}.",
        sentence(&service.charged(|cost| format!("${cost:.2}"))),
        counted(service.requests, "request")
    )
}
