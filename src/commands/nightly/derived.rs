//! What is made of all dates: windows of agents, the series of days, the newest window for tools that read no
//! partitions, pages, and the record of the night.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::publish::{Done, Plan};
use super::reading::Readings;
use super::{Night, Scorer, Store, show};
use crate::commands::options;
use crate::commands::record::record;
use crate::commands::stages::{Read, seconds};
use crate::drift::Judged;
use crate::exit::{ExitCode, Failure};
use crate::nights::{
    self, AgentLately, Books, CallDate, DateRecord, DateSums, DayRow, Published, WINDOWS_LIST, Windows, agents_lately,
    all_of, copy_window, describe_partitions, newest, part, read_sums, stage_window, trend, unjudged, write_days,
};
use crate::output::{
    self, AgentLatelyRecord, FAILURES, NightRecord, OutputDirectory, PendingRecord, RejectRow, RunRecord, SEGMENTS,
    agent_columns, call_columns, put_rows, read_back,
};
use crate::report::{self, Figures, Trend};
use crate::rollup::{AgentsReport, Population};
use crate::settings::FailOn;

/// The folder of what a single run would write.
const LATEST: &str = "latest";

/// Files for tools that query the partitions where they lie, with what they are called in the folder.
const QUERIES: [(&str, &str); 3] = [
    ("athena.sql", include_str!("../../../config/dashboards/athena.sql")),
    ("quicksight-agents.json", include_str!("../../../config/dashboards/quicksight-nightly-agents.json")),
    ("quicksight-calls.json", include_str!("../../../config/dashboards/quicksight-nightly-calls.json")),
];

/// The published days, and what is made of them.
struct Series<'s> {
    published: &'s BTreeMap<CallDate, DateRecord>,
    windows: &'s Windows<'s>,
    judged: &'s BTreeMap<CallDate, Judged>,
}

impl Series<'_> {
    /// The published day before, if the same scorer made it.
    fn before(&self, date: CallDate) -> Option<CallDate> {
        let identity = &self.published.get(&date)?.identity;
        let (before, record) = self.published.range(..date).next_back()?;
        (before.0.is_some() && record.identity == *identity).then_some(*before)
    }

    /// The days up to a date; none for calls without one.
    fn trend(&self, date: CallDate, previous: Option<(String, Figures)>) -> Option<Trend> {
        date.0.map(|_| trend(self.published, self.judged, date, previous))
    }
}

impl Night<'_> {
    /// How the night ends.
    fn code(&self, read: &Readings, plan: &Plan, done: &Done, dates: &[&Judged]) -> ExitCode {
        if !plan.edited.is_empty() {
            ExitCode::Data
        } else if self.nights.fail_on == FailOn::Drift && dates.iter().any(|judged| !judged.alarms.is_empty()) {
            ExitCode::Drift
        } else if !done.made.segments.complete() || read.read.rejected > 0 {
            ExitCode::Partial
        } else {
            ExitCode::Done
        }
    }

    /// Makes what depends on all dates anew, writes the night's record, and makes all of it last.
    pub(super) fn derive(
        mut self,
        store: &mut Store,
        read: &Readings,
        plan: &Plan,
        done: &Done,
        night: &nights::Night,
        scorer: &Scorer,
    ) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        let published = Published::read(&self.root)?;
        let windows = Windows::new(&published.dates, i64::from(self.nights.window));
        let judged = self.judged(&published);
        let alarms: Vec<&Judged> = done.published.keys().filter_map(|date| judged.get(date)).collect();
        let code = self.code(read, plan, done, &alarms);
        let nobody = AgentsReport { agents: Vec::new(), calls_without_agent: 0, population: None };
        let call_model = scorer.call_model.as_ref();
        let started_at = self.stages.started_at;
        let mut run = record(self.settings, &scorer.session, &read.read, &done.made, &nobody, started_at, call_model);
        run.exit_code = code.number();
        run.night = Some(night_record(store, read, plan, done)?);
        for date in &plan.emptied {
            store.publication.remove(part(&self.window_table(), *date, "csv"));
            store.publication.remove(part(&self.window_table(), *date, "parquet"));
            store.publication.remove(format!("reports/{date}.html"));
        }
        let stale = windows.stale(&self.root);
        let series = Series { published: &published.dates, windows: &windows, judged: &judged };
        self.put_windows(store, &series, &stale, &run)?;
        let last = newest(&published.dates);
        if let Some(last) = last {
            let lately = self.put_latest(store, &series, last, &run, &read.read)?;
            run.night.get_or_insert_default().agents_lately = lately.iter().map(lately_record).collect();
        }
        self.put_days(store, &series, night)?;
        self.stages.seconds.write += seconds(begun.elapsed());
        run.seconds = self.stages.seconds;
        run.finished_at = self.stages.finished_at().to_string();
        let name = run_name(store, &run)?;
        store.publication.write(&name, |out| output::write_record(&run, out))?;
        store.commit()?;
        if let Some(CallDate(Some(last))) = last {
            let days = i64::from(self.nights.lookback) + 3;
            store.state.forget_before(last.saturating_sub(jiff::Span::new().days(days)))?;
        }
        store.keep()?;
        self.ended(store)?;
        self.write_metrics(store, &published, Some(&run))?;
        show::night(&self, store, &run, plan, done, &alarms, code)
    }

    fn window_table(&self) -> String {
        format!("agents_{}d", self.nights.window)
    }

    /// The windows that are not made of what they should be, and the pages of their dates.
    fn put_windows(
        &self,
        store: &mut Store,
        series: &Series<'_>,
        stale: &[CallDate],
        run: &RunRecord,
    ) -> Result<(), Failure> {
        let (format, windows) = (options::format(self.settings), series.windows);
        let mut books = Books::default();
        for &date in stale {
            let agents = books.of(&self.root, &windows.dates(date))?.finish();
            stage_window(&mut store.publication, &self.window_table(), date, &agents, format)?;
            let Some(of_date) = series.published.get(&date) else { continue };
            let DateSums { inputs, overview, .. } = read_sums(&self.root, date)?;
            let mut record = with_counts(run, [of_date].into_iter(), &agents);
            let own: BTreeSet<&str> = inputs.iter().map(|input| input.blake3.as_str()).collect();
            record.inputs.retain(|input| own.contains(input.blake3.as_str()));
            let page = report::page(&record, &overview, &report::agents(&agents, format.guard), None);
            store
                .publication
                .write(&format!("reports/{date}.html"), |out| out.write_all(page.as_bytes()).map(|()| None))?;
        }
        Ok(())
    }

    /// The newest window as a single run would write it.
    fn put_latest(
        &self,
        store: &Store,
        series: &Series<'_>,
        last: CallDate,
        run: &RunRecord,
        read: &Read,
    ) -> Result<Vec<AgentLately>, Failure> {
        let dates = series.windows.dates(last);
        let format = options::format(self.settings);
        let DateSums { book, mut overview, .. } = all_of(&self.root, &dates)?;
        let agents = book.finish();
        let mut record = with_counts(run, dates.iter().filter_map(|date| series.published.get(date)), &agents);
        for RejectRow { reason, .. } in &read.rejects {
            overview.add_reject(&read_back(reason, format.guard));
        }
        let copied = ["calls", "segments", "failures"].into_iter();
        store.lake.fetch(copied.flat_map(|table| dates.iter().map(move |date| part(table, *date, "csv"))))?;
        let mut directory = OutputDirectory::open(&store.lake.place().join(LATEST))?;
        let root = &self.root;
        directory.write("calls.csv", |out| copy_window(root, "calls", &dates, call_columns(), format, out))?;
        directory.write("agents.csv", |out| put_rows(out, agent_columns(), &agents.agents, format))?;
        if self.settings.detail {
            directory.write("segments.csv", |out| copy_window(root, "segments", &dates, &SEGMENTS, format, out))?;
        }
        directory.write("failures.csv", |out| copy_window(root, "failures", &dates, &FAILURES, format, out))?;
        directory.write("rejects.csv", |out| put_rows(out, &output::REJECTS, &read.rejects, format))?;
        output::describe_tables(&mut directory, self.settings.detail, format)?;
        let previous = match series.before(last) {
            Some(before) => {
                let earlier = all_of(&self.root, &series.windows.dates(before))?.overview;
                Some((format!("the days up to {before}"), Figures::of(&earlier)))
            }
            None => None,
        };
        let lately = self.lately(series, last, &agents)?;
        let mut trend = series.trend(last, previous);
        if let Some(trend) = &mut trend {
            trend.agents = lately.iter().map(|agent| (agent.agent.clone(), agent.words())).collect();
        }
        let page = report::page(&record, &overview, &report::agents(&agents, format.guard), trend.as_ref());
        directory.write("report.html", |out| out.write_all(page.as_bytes()).map(|()| None))?;
        record.outputs = directory.written().to_vec();
        record.finished_at = self.stages.finished_at().to_string();
        directory.write("run.json", |out| output::write_record(&record, out))?;
        directory.commit_while(&|| store.lake.held())?;
        Ok(lately)
    }

    /// The agents whose last weeks differ from their own before; nobody on a day on which the scorer moved.
    fn lately(&self, series: &Series<'_>, last: CallDate, agents: &AgentsReport) -> Result<Vec<AgentLately>, Failure> {
        if series.judged.get(&last).is_some_and(|judged| judged.held_back) {
            return Ok(Vec::new());
        }
        let reliability: BTreeMap<&str, f64> =
            agents.agents.iter().filter_map(|agent| Some((&*agent.id, agent.verdict.reliability?))).collect();
        Ok(agents_lately(&self.root, series.published, last, |agent| reliability.get(agent).copied())?)
    }

    /// The series of days, the list of the pages, and the description of the partitions.
    fn put_days(&self, store: &mut Store, series: &Series<'_>, night: &nights::Night) -> Result<(), Failure> {
        let mut waiting: BTreeMap<CallDate, u64> = BTreeMap::new();
        for pending in store.state.pending()? {
            *waiting.entry(pending.date).or_default() += pending.calls;
        }
        let Series { published, windows, judged } = *series;
        let last = newest(published);
        let now = nights::Night { lookback: night.lookback, newest: last, ..nights::Night::default() };
        let row = |(date, record): (&CallDate, &DateRecord)| {
            Some(DayRow {
                date: *date,
                record: record.clone(),
                is_final: now.is_final(*date),
                late_pending: waiting.get(date).copied().unwrap_or_default(),
                window_days: windows.dates(*date).len() as u64,
                judged: judged.get(date).cloned().or_else(unjudged)?,
            })
        };
        let rows: Vec<DayRow> = published.iter().filter_map(row).collect();
        let format = options::format(self.settings);
        let publication = &mut store.publication;
        publication.write("days/days.csv", |out| write_days(&rows, format, out))?;
        let index = show::index(&rows);
        publication.write("index.html", |out| out.write_all(index.as_bytes()).map(|()| None))?;
        for (name, text) in QUERIES {
            let text = text.replace("agents_28d", &self.window_table());
            publication.write(name, |out| out.write_all(text.as_bytes()).map(|()| None))?;
        }
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (date, record) in published {
            for file in record.files.iter().filter(|file| file.name.strip_suffix("csv").is_some()) {
                let table = file.name.split('/').next().unwrap_or_default();
                parts.entry(table.to_owned()).or_default().push(file.name.clone());
            }
            parts.entry(self.window_table()).or_default().push(part(&self.window_table(), *date, "csv"));
        }
        let package = describe_partitions(&parts, format.bom);
        publication.write("datapackage.json", |out| json(out, &package))?;
        let list = serde_json::to_value(windows.list()).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        publication.write(WINDOWS_LIST, |out| json(out, &list))?;
        Ok(())
    }
}

/// The name of the night's record: one that no other night has.
fn run_name(store: &Store, run: &RunRecord) -> Result<String, Failure> {
    let begun = run.started_at.split('.').next().unwrap_or_default().trim_end_matches('Z').replace(':', "-");
    let (mut name, mut number) = (format!("runs/{begun}Z.json"), 1);
    while store.lake.has(&name)? {
        number += 1;
        name = format!("runs/{begun}Z-{number}.json");
    }
    Ok(name)
}

fn json(mut out: &mut dyn std::io::Write, value: &serde_json::Value) -> std::io::Result<Option<u64>> {
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    Ok(None)
}

/// The record of a night with the counts of some of the dates in place of its own.
fn with_counts<'r>(run: &RunRecord, dates: impl Iterator<Item = &'r DateRecord>, agents: &AgentsReport) -> RunRecord {
    let mut record = run.clone();
    let counts = &mut record.counts;
    (counts.calls, counts.turns, counts.calls_scored, counts.calls_low_coverage) = (0, 0, 0, 0);
    (counts.calls_language_assumed, counts.calls_times_contradict) = (0, 0);
    counts.segments = crate::sentiment::SegmentCounts::default();
    for date in dates {
        counts.calls += date.calls;
        counts.turns += date.counts.turns;
        counts.calls_scored += date.counts.scored;
        counts.calls_low_coverage += date.counts.low_coverage;
        counts.calls_language_assumed += date.counts.language_assumed;
        counts.calls_times_contradict += date.counts.times_contradict;
        counts.segments.merge(&date.counts.segments);
        record.engine.name.clone_from(&date.identity.engine);
        record.engine.model.clone_from(&date.identity.model);
        record.engine.granularity.clone_from(&date.identity.granularity);
    }
    counts.agents = agents.agents.len() as u64;
    counts.calls_without_agent = agents.calls_without_agent;
    record.agents = agents.population.as_ref().map(Population::rounded);
    record
}

/// To the four decimals that tables have.
fn rounded(value: f64) -> f64 {
    output::rounded_decimal(value).unwrap_or(value)
}

fn lately_record(agent: &AgentLately) -> AgentLatelyRecord {
    AgentLatelyRecord {
        agent_id: agent.agent.clone(),
        week: agent.week.to_string(),
        customer_score: rounded(agent.value),
        expected: rounded(agent.expected),
        q_value: rounded(agent.q_value),
    }
}

fn night_record(store: &Store, read: &Readings, plan: &Plan, done: &Done) -> Result<NightRecord, Failure> {
    let undated = read.found.inputs_of(CallDate(None)).map(|(_, calls)| calls);
    Ok(NightRecord {
        published: done.published.iter().map(|(date, record)| (date.to_string(), record.revision)).collect(),
        removed: plan.emptied.iter().map(ToString::to_string).collect(),
        pending: waiting(store)?,
        undated_calls: undated.sum(),
        agents_lately: Vec::new(),
    })
}

/// Calls that wait, by date and reason.
pub(super) fn waiting(store: &Store) -> Result<Vec<PendingRecord>, Failure> {
    let mut pending: BTreeMap<(CallDate, nights::Reason), u64> = BTreeMap::new();
    for waiting in store.state.pending()? {
        *pending.entry((waiting.date, waiting.reason)).or_default() += waiting.calls;
    }
    let record = |((date, reason), calls): ((CallDate, nights::Reason), u64)| PendingRecord {
        date: date.to_string(),
        calls,
        reason: <&str>::from(reason).to_owned(),
    };
    Ok(pending.into_iter().map(record).collect())
}
