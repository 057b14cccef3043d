//! The page itself: facts, figures and tables put into the template.

use std::io::{BufWriter, Write};
use std::path::Path;

use askama::Template;

use super::ReportError;
use super::agents::{Agent, AgentFacts};
use super::calls::{CallFacts, NamedCall};
use super::figure::{Days, Distribution, Funnel, Quarters, Sparkline, Strip, StripScale};
use super::lists;
use super::run::RunFacts;
use super::sums::Group;
use super::table_of_agents::AgentTable;
use super::verdict::{self, Fact, Finding};
use super::words::{Count, Maybe, Name, Score, percent};
use crate::output::{Field, agent_columns, call_columns, fields};

/// Rows of tables that could be long: agents who stand out to one side, and queues.
const MOST_NOTABLE: usize = 20;
const MOST_QUEUES: usize = 40;

/// The page's style and script. Only they may run: the page's policy names their hashes, which a test keeps right.
pub(super) const STYLE: &str = include_str!("../../templates/report.css");
pub(super) const STYLE_HASH: &str = "sha256-h5OrGOhf6QzmzwlGfAq+1t4rf5ZyKrNrGF3Yqg4+K7M=";
const SCRIPT: &str = include_str!("../../templates/report.js");
const SCRIPT_HASH: &str = "sha256-NzZWhCyV/JoVwhUVpd+VmucOz3dBzA3hKrdrzlwgk+A=";

/// Gathers the facts in `directory` and writes the page of `run`.
pub(super) fn write(directory: &Path, run: &RunFacts, out: &mut dyn Write) -> Result<(), ReportError> {
    let calls = CallFacts::read(&directory.join("calls.csv"))?;
    let agents = AgentFacts::read(&directory.join("agents.csv"))?;
    let failures = lists::failures(&directory.join("failures.csv"))?;
    let rejects = lists::rejects(&directory.join("rejects.csv"))?;
    let page = Page {
        run,
        facts: verdict::run_facts(run, &calls, &failures, &rejects),
        findings: verdict::findings(&calls, &agents),
        quarters: Quarters::of(&calls),
        distribution: Distribution::of(&calls),
        days: Days::of(&calls),
        queues: Queues::of(&calls),
        funnel: Funnel::of(&agents),
        notable: Notable::of(&agents),
        turning: Turning::of(&calls),
        listening: Listening::of(&calls),
        agents: AgentTable::of(&agents),
        compared: agents.compared(),
        adjusted: agents.adjusted,
        call_fields: described_calls(),
        agent_fields: fields(agent_columns()),
        total: Count(calls.calls),
        period: period(&calls),
    };
    let mut out = BufWriter::new(out);
    page.write_into(&mut out).and_then(|()| out.flush()).map_err(ReportError::Write)
}

/// Everything on the page.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    run: &'a RunFacts,
    total: Count,
    /// The first and the last day.
    period: Option<String>,
    facts: Vec<Fact>,
    findings: Vec<Finding>,
    quarters: Option<Quarters>,
    distribution: Option<Distribution>,
    days: Option<Days>,
    queues: Option<Queues>,
    funnel: Option<Funnel>,
    notable: Notable,
    turning: Option<Turning>,
    listening: Listening,
    agents: AgentTable,
    compared: bool,
    adjusted: bool,
    call_fields: Vec<Field>,
    agent_fields: Vec<Field>,
}

fn period(calls: &CallFacts) -> Option<String> {
    let (first, last) = (calls.days.first()?.0, calls.days.last()?.0);
    Some(if first == last { first.to_string() } else { format!("{first} to {last}") })
}

/// The columns of calls.csv, those of both roles described once.
fn described_calls() -> Vec<Field> {
    let fields = fields(call_columns());
    let doubled = |field: &Field| {
        let suffix = field.name.strip_prefix("agent_");
        suffix.is_some_and(|suffix| fields.iter().any(|other| other.name.strip_prefix("customer_") == Some(suffix)))
    };
    fields.iter().filter(|field| !doubled(field)).copied().collect()
}

fn interval_text(interval: Option<(f64, f64)>) -> String {
    interval.map_or_else(|| "–".to_owned(), |(low, high)| format!("{} to {}", Score(low), Score(high)))
}

/// Queue by queue.
struct Queues {
    rows: Vec<QueueRow>,
    /// Queues that are not shown.
    more: usize,
    too_many: bool,
}

struct QueueRow {
    name: Option<String>,
    calls: Count,
    scored: Count,
    strip: Strip,
    mean: Maybe,
    interval: String,
    end: Maybe,
    negative: String,
    escalated: String,
}

impl Queues {
    /// `None` where calls name no queue.
    fn of(facts: &CallFacts) -> Option<Self> {
        if facts.queues.is_empty() {
            return None;
        }
        // The largest, in the order of their names.
        let mut sizes: Vec<u64> = facts.queues.iter().map(|(_, group)| group.calls).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let least = sizes.get(MOST_QUEUES - 1).copied().unwrap_or(0);
        let shown: Vec<&(Option<String>, Group)> =
            facts.queues.iter().filter(|(_, group)| group.calls >= least).take(MOST_QUEUES).collect();
        let values = shown.iter().filter_map(|(_, group)| group.mean());
        let ends = shown.iter().filter_map(|(_, group)| group.interval()).flat_map(|(low, high)| [low, high]);
        let scale = StripScale::of(values.chain(ends), facts.scores.mean());
        Some(Self {
            rows: shown.iter().map(|(name, group)| QueueRow::of(name.as_deref(), group, &scale)).collect(),
            more: facts.queues.len() - shown.len(),
            too_many: facts.too_many_queues,
        })
    }
}

impl QueueRow {
    fn of(name: Option<&str>, group: &Group, scale: &StripScale) -> Self {
        Self {
            name: name.map(|name| Name::new(name).to_string()),
            calls: Count(group.calls),
            scored: Count(group.scored),
            strip: scale.strip(group.mean(), group.interval(), None, "plain"),
            mean: Maybe(group.mean()),
            interval: interval_text(group.interval()),
            end: Maybe(group.end()),
            negative: percent(group.negative, group.scored),
            escalated: percent(group.escalated, group.with_shift),
        }
    }
}

/// The agents outside or on watch.
struct Notable {
    groups: Vec<NotableGroup>,
    /// Those that are not shown.
    more: usize,
}

struct NotableGroup {
    title: &'static str,
    rows: Vec<NotableRow>,
}

struct NotableRow {
    name: String,
    calls: Count,
    strip: Strip,
    score: Maybe,
    interval: String,
    raw: Maybe,
    verdict: &'static str,
    unsure: bool,
    q_value: String,
}

impl Notable {
    fn of(facts: &AgentFacts) -> Self {
        let distance = |agent: &Agent| agent.place.map_or(0.0, |place| place.z);
        let farthest = |sign: f64| {
            let named = facts.agents.iter().filter(|agent| agent.notable() && distance(agent) * sign > 0.0);
            let mut named: Vec<&Agent> = named.collect();
            // The farthest are shown, but not in the order of their distance: it is no ranking.
            named.sort_by(|a, b| distance(b).abs().total_cmp(&distance(a).abs()));
            named.truncate(MOST_NOTABLE);
            named.sort_by(|a, b| a.id.cmp(&b.id));
            named
        };
        let (worse, better) = (farthest(-1.0), farthest(1.0));
        let notable = || worse.iter().chain(&better);
        let all = facts.agents.iter().filter(|agent| agent.notable()).count();
        let values = notable().flat_map(|agent| [agent.score, agent.raw, agent.low, agent.high]).flatten();
        let mean = facts.agents.iter().find_map(|agent| agent.place).map(|place| place.mean);
        let scale = StripScale::of(values, mean);
        let group = |title, agents: &[&Agent]| NotableGroup {
            title,
            rows: agents.iter().map(|agent| NotableRow::of(agent, &scale)).collect(),
        };
        let mut groups = vec![
            group("Customers sound worse than elsewhere", &worse),
            group("Customers sound better than elsewhere", &better),
        ];
        groups.retain(|group| !group.rows.is_empty());
        Self { groups, more: all - worse.len() - better.len() }
    }
}

impl NotableRow {
    fn of(agent: &Agent, scale: &StripScale) -> Self {
        let interval = agent.low.zip(agent.high);
        let below = agent.place.is_some_and(|place| place.z < 0.0);
        Self {
            name: Name::new(&agent.id).to_string(),
            calls: Count(agent.scored),
            strip: scale.strip(agent.score, interval, agent.raw, if below { "low" } else { "high" }),
            score: Maybe(agent.score),
            interval: interval_text(interval),
            raw: Maybe(agent.raw),
            verdict: agent.verdict.as_str(),
            unsure: agent.unsure,
            q_value: match agent.q_value {
                Some(q) if q < 0.01 => "under 1 %".to_owned(),
                Some(q) => format!("{:.0} %", 100.0 * q),
                None => "–".to_owned(),
            },
        }
    }
}

/// Where calls began and where they ended.
struct Turning {
    rows: Vec<(&'static str, Vec<TurningCell>)>,
    total: Count,
    escalated: Count,
    recovered: Count,
    /// `None` if no call did.
    began_badly: Option<Count>,
}

struct TurningCell {
    count: Count,
    share: String,
    class: &'static str,
}

impl Turning {
    /// `None` where no call has both a start and an end.
    fn of(facts: &CallFacts) -> Option<Self> {
        let total: u64 = facts.courses.iter().flatten().sum();
        if total == 0 {
            return None;
        }
        let names = ["began badly", "began in between", "began well"];
        let class = |from: usize, to: usize| match to.cmp(&from) {
            std::cmp::Ordering::Less => "low",
            std::cmp::Ordering::Equal => "same",
            std::cmp::Ordering::Greater => "high",
        };
        let rows = facts.courses.iter().zip(names).enumerate().map(|(from, (counts, name))| {
            let cells = counts.iter().enumerate().map(|(to, &count)| TurningCell {
                count: Count(count),
                share: percent(count, total),
                class: class(from, to),
            });
            (name, cells.collect())
        });
        Some(Self {
            rows: rows.collect(),
            total: Count(total),
            escalated: Count(facts.escalated),
            recovered: Count(facts.recovered),
            began_badly: (facts.began_badly > 0).then_some(Count(facts.began_badly)),
        })
    }
}

/// The calls worth listening to.
struct Listening {
    lists: Vec<(&'static str, Vec<ListenRow>)>,
}

struct ListenRow {
    call: String,
    agent: Option<String>,
    queue: Option<String>,
    date: String,
    spark: Sparkline,
    start: Maybe,
    end: Maybe,
    low: String,
}

impl Listening {
    fn of(facts: &CallFacts) -> Self {
        let rows = |calls: &[NamedCall]| calls.iter().map(ListenRow::of).collect::<Vec<_>>();
        let room = super::calls::NAMED_ESCALATED - facts.listen_escalated.len();
        let low = facts.listen_low.get(..room.min(facts.listen_low.len())).unwrap_or_default();
        let mut lists = vec![
            ("Escalated: the customers who ended lowest", rows(&facts.listen_escalated)),
            ("Ended low from a low start", rows(low)),
            ("Recovered: what went right", rows(&facts.listen_recovered)),
        ];
        lists.retain(|(_, rows)| !rows.is_empty());
        Self { lists }
    }
}

impl ListenRow {
    fn of(call: &NamedCall) -> Self {
        let name = |text: &Option<String>| text.as_deref().map(|text| Name::new(text).to_string());
        Self {
            call: Name::new(&call.call_id).to_string(),
            agent: name(&call.agent_id),
            queue: name(&call.queue),
            date: call.date.clone().map_or_else(|| "–".to_owned(), |date| Name::within(&date, 10).to_string()),
            spark: Sparkline::of(&call.quarters),
            start: Maybe::parts(call.start),
            end: Maybe::parts(call.end),
            low: call.low_position.map_or_else(|| "–".to_owned(), |parts| format!("{} %", (parts + 50) / 100)),
        }
    }
}
