//! What a person sees of a night: its summary, its warnings, and the list of the pages.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::publish::{Done, Plan};
use super::{Night, Store};
use crate::drift::Judged;
use crate::exit::{ExitCode, Failure};
use crate::nights::DayRow;
use crate::output::{NightRecord, PendingRecord, RunRecord};
use crate::settings::Verbosity;
use crate::words::{Count, Score, counted};

/// Dates that are named one by one.
const NAMED_DATES: usize = 6;

/// The end of a night without anything to do.
pub(super) fn nothing_new(night: &Night<'_>, known: u64, pending: Vec<PendingRecord>) -> Result<ExitCode, Failure> {
    let facts = NightRecord { pending, ..NightRecord::default() };
    warn(&facts, night);
    if night.arguments.json {
        let empty = json!({ "published": {}, "pending": facts.pending, "known_inputs": known, "exit_code": 0 });
        crate::commands::print(&format!("{empty:#}\n"))?;
    } else if night.settings.verbosity != Verbosity::Quiet {
        crate::commands::print(&format!("nothing new in {}\n", counted(known, "input")))?;
    }
    tracing::info!(inputs = known, "nothing new");
    Ok(ExitCode::Done)
}

/// The end of a night.
pub(super) fn night(
    night: &Night<'_>,
    store: &Store,
    run: &RunRecord,
    plan: &Plan,
    done: &Done,
    dates: &[&Judged],
    code: ExitCode,
) -> Result<ExitCode, Failure> {
    let facts = run.night.clone().unwrap_or_default();
    warn(&facts, night);
    for alarm in dates.iter().flat_map(|judged| &judged.alarms) {
        tracing::warn!(kind = alarm.kind.as_str(), "{}", alarm.words);
    }
    if night.arguments.json {
        let summary = json!({
            "published": facts.published,
            "unchanged": plan.unchanged.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "removed": facts.removed,
            "pending": facts.pending,
            "undated_calls": facts.undated_calls,
            "alarms": dates.iter().flat_map(|judged| alarms(judged)).collect::<Vec<_>>(),
            "agents_lately": facts.agents_lately,
            "calls": run.counts.calls,
            "segments": run.counts.segments,
            "rejected_rows": run.counts.rejected_rows,
            "cost_usd": run.service.cost_usd,
            "requests": run.service.requests,
            "exit_code": code.number(),
        });
        crate::commands::print(&format!("{summary:#}\n"))?;
    } else if night.settings.verbosity != Verbosity::Quiet {
        crate::commands::print(&summary(night, store, run, &facts, done, dates))?;
    }
    match plan.edited.first() {
        None => Ok(code),
        Some((date, path)) => {
            let message = format!(
                "{} was changed by somebody else, and so {date} was left as it is; everything else is published",
                path.display()
            );
            let hint = format!(
                "move the file away and run the same command again, or publish the date anew with --rescore --from {date} --to {date}"
            );
            Err(Failure::new(ExitCode::Data, message).with_hint(Some(hint)))
        }
    }
}

/// The alarms of a date for a program.
fn alarms(judged: &Judged) -> impl Iterator<Item = Value> {
    judged
        .alarms
        .iter()
        .map(|alarm| json!({ "date": judged.date.to_string(), "kind": alarm.kind.as_str(), "words": alarm.words }))
}

/// Warns of calls that are in no partition, or in that without a date.
fn warn(facts: &NightRecord, night: &Night<'_>) {
    for PendingRecord { date, calls, reason } in &facts.pending {
        let calls = counted(*calls, "call");
        match reason.as_str() {
            "late" => tracing::warn!(
                "{calls} of {date} came more than {} days late and wait: take them in with --from {date} --to {date}",
                night.nights.lookback
            ),
            "gone" => tracing::warn!(
                "{calls} of {date} wait, because an input that holds calls of that date is gone: put it back, or publish \
                 the date from what is left with --rescore --from {date} --to {date}"
            ),
            _ => tracing::warn!("{calls} of {date} wait, because a file of its partition was changed by somebody else"),
        }
    }
    if facts.undated_calls > 0 {
        tracing::warn!(
            "{} without a date: they are in the partition call_date=unknown; --call-date or --date-from-name gives new \
             inputs one",
            counted(facts.undated_calls, "call")
        );
    }
}

fn summary(
    night: &Night<'_>,
    store: &Store,
    run: &RunRecord,
    facts: &NightRecord,
    done: &Done,
    judged: &[&Judged],
) -> String {
    let mut text = String::new();
    let dates = facts.published.len();
    let head = format!(
        "{} published, {}, {:.1} s",
        counted(dates as u64, "date"),
        counted(run.counts.calls, "call"),
        night.stages.passed()
    );
    let mut line = |term: &str, rest: &str| writeln!(text, "{term:<12} {rest}").unwrap_or_default();
    for (date, record) in done.published.iter().rev().take(NAMED_DATES) {
        let mean = record.figures.mean().map_or_else(|| "nothing scored".to_owned(), |mean| Score(mean).to_string());
        let again = if record.revision > 1 { format!(", revision {}", record.revision) } else { String::new() };
        line(&date.to_string(), &format!("{}, customers {mean}{again}", counted(record.calls, "call")));
    }
    if dates > NAMED_DATES {
        line("", &format!("and {}", counted((dates - NAMED_DATES) as u64, "date")));
    }
    for alarm in judged.iter().flat_map(|judged| &judged.alarms) {
        line("alarm", &alarm.words);
    }
    if !facts.agents_lately.is_empty() {
        let agents = counted(facts.agents_lately.len() as u64, "agent");
        line("agents", &format!("{agents} unlike the weeks before, named in latest/report.html"));
    }
    for date in &facts.removed {
        line(date, "taken away: its calls are of other dates");
    }
    let segments = &run.counts.segments;
    if !segments.complete() {
        line(
            "not scored",
            &format!("{} failed, {} were skipped", counted(segments.failed, "segment"), segments.skipped),
        );
    }
    if run.counts.rejected_rows > 0 {
        line("rejected", &format!("{}, see latest/rejects.csv", counted(run.counts.rejected_rows, "row")));
    }
    let cost = if run.service.requests > 0 {
        let cost = run.service.cost_usd.map_or_else(|| "not known".to_owned(), |cost| format!("${cost:.4}"));
        format!("{cost} for {}", counted(run.service.requests, "request"))
    } else {
        "nothing was sent, nothing is charged".to_owned()
    };
    line("cost", &cost);
    line("written", &store.lake.place().display().to_string());
    format!("{head}\n{text}")
}

/// The page that lists the dates.
pub(super) fn index(rows: &[DayRow]) -> String {
    let mut list = String::new();
    for row in rows.iter().rev() {
        let mean = row.record.figures.mean().map_or_else(|| "not scored".to_owned(), |mean| Score(mean).to_string());
        let date = row.date;
        let revision = row.record.revision;
        let calls = Count(row.record.calls);
        let state = if row.is_final { "final" } else { "may change" };
        let line = format!(
            "<tr><th scope=\"row\"><a href=\"reports/{date}.html\">{date}</a></th><td>{calls}</td><td>{mean}</td>\
             <td>{revision}</td><td>{state}</td></tr>\n"
        );
        list.push_str(&line);
    }
    format!("{INDEX_HEAD}{list}{INDEX_FOOT}")
}

const INDEX_HEAD: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<title>Sentiment of calls by date</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid; font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; }
</style>
</head>
<body>
<main>
<h1>Sentiment of calls by date</h1>
<p><a href=\"latest/report.html\">The newest days together</a></p>
<table>
<caption>Dates, the newest first</caption>
<thead><tr><th scope=\"col\">date</th><th scope=\"col\">calls</th><th scope=\"col\">customers’ mean score</th>\
<th scope=\"col\">times published</th><th scope=\"col\">state</th></tr></thead>
<tbody>
";

const INDEX_FOOT: &str = "</tbody>
</table>
</main>
</body>
</html>
";
