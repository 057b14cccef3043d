//! The page itself: facts, figures and tables put into the template.

use askama::Template;

use super::agents::{self, Agent};
use super::calendar::Calendar;
use super::changes::Changes;
use super::facts::{self, Fact};
use super::figure::{self, Distribution, Funnel, Quarters, Strip, StripScale};
use super::figures::{self, Figures, Part, Tile};
use super::listening::Listening;
use super::share::Sampled;
use super::table_of_agents::{AgentRow, AgentTable};
use super::trend::{self, Trend};
use super::verdict::{self, Answer, Finding};
use crate::output::{Field, RunRecord, agent_columns, call_columns, fields};
use crate::overview::{Group, Overview};
use crate::words::{Count, Maybe, Name, interval, percent};

/// Rows of tables that could be long: agents who stand out to one side, and queues.
const MOST_NOTABLE: usize = 20;
const MOST_QUEUES: usize = 40;

/// Days with alarms that are named in words.
const MOST_ALARMS: usize = 10;

/// The page's style and script. Only they may run: the page's policy names their hashes, which a test keeps right.
pub(super) const STYLE: &str = include_str!("../../templates/report.css");
pub(super) const STYLE_HASH: &str = "sha256-RUYoL3xM7sk9o4PSy0yneyfvuKOMflg1fcIEseFp2Bc=";
const SCRIPT: &str = include_str!("../../templates/report.js");
const SCRIPT_HASH: &str = "sha256-NzZWhCyV/JoVwhUVpd+VmucOz3dBzA3hKrdrzlwgk+A=";

/// The page of a run, from its record, its calls and its agents, and of a night the trend up to it. Of the record, its
/// outputs, times and exit code are not looked at: they may be blank.
///
/// # Panics
/// Never: a string takes everything that is written to it.
#[must_use]
pub fn page(run: &RunRecord, overview: &Overview, agents: &[Agent], trend: Option<&Trend>) -> String {
    let series = trend::series(trend, overview);
    let page = Page {
        run,
        answer: verdict::answer(overview, trend, run.share.as_ref()),
        sampled: run.share.as_ref().map(Sampled::of),
        tiles: figures::tiles(&Figures::of(overview), trend.and_then(|trend| trend.previous.as_ref())),
        findings: verdict::findings(overview, agents, run.agents.as_ref(), trend),
        changes: Changes::of(overview, trend),
        calendar: series.as_ref().and_then(|(unit, days)| Calendar::of(*unit, days)),
        trend: series.map(|(unit, days)| figure::Trend::of(unit, &days)),
        facts: facts::run_facts(run, overview),
        quarters: Quarters::of(overview),
        distribution: Distribution::of(overview),
        queues: Queues::of(overview),
        funnel: Funnel::of(agents),
        notable: Notable::of(agents),
        lately: trend.map_or(&[], |trend| &trend.agents),
        turning: Turning::of(overview),
        listening: Listening::of(overview),
        agents: AgentTable::of(agents),
        compared: agents::compared(agents),
        adjusted: agents::adjusted(agents),
        call_fields: described_calls(),
        agent_fields: fields(agent_columns()),
        total: Count(overview.calls),
        period: period(overview),
    };
    page.render().expect("a string takes everything that is written to it")
}

/// Everything on the page.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    run: &'a RunRecord,
    total: Count,
    /// The first and the last day.
    period: Option<String>,
    answer: Answer,
    /// What a service would have given, of a sampled run.
    sampled: Option<Sampled>,
    tiles: Vec<Tile>,
    findings: Vec<Finding>,
    changes: Option<Changes>,
    trend: Option<figure::Trend>,
    calendar: Option<Calendar>,
    facts: Vec<Fact>,
    quarters: Option<Quarters>,
    distribution: Option<Distribution>,
    queues: Option<Queues>,
    funnel: Option<Funnel>,
    notable: Notable,
    /// Agents whose last weeks differ from their own before, each with a sentence.
    lately: &'a [(String, String)],
    turning: Option<Turning>,
    listening: Listening,
    agents: AgentTable,
    compared: bool,
    adjusted: bool,
    call_fields: Vec<Field>,
    agent_fields: Vec<Field>,
}

fn period(calls: &Overview) -> Option<String> {
    let (first, last) = (calls.days.first_key_value()?.0, calls.days.last_key_value()?.0);
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
    end_interval: String,
    negative: Part,
    escalated: Part,
}

impl Queues {
    /// `None` where calls name no queue.
    fn of(overview: &Overview) -> Option<Self> {
        let queues = overview.queues();
        if queues.is_empty() {
            return None;
        }
        // The largest, in the order of their names.
        let mut sizes: Vec<u64> = queues.iter().map(|(_, group)| group.calls).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let least = sizes.get(MOST_QUEUES - 1).copied().unwrap_or(0);
        let shown: Vec<&(Option<&str>, Group)> =
            queues.iter().filter(|(_, group)| group.calls >= least).take(MOST_QUEUES).collect();
        let values = shown.iter().filter_map(|(_, group)| group.mean());
        let ends = shown.iter().filter_map(|(_, group)| group.interval()).flat_map(|(low, high)| [low, high]);
        let scale = StripScale::of(values.chain(ends), overview.scores.mean());
        Some(Self {
            rows: shown.iter().map(|(name, group)| QueueRow::of(*name, group, &scale)).collect(),
            more: queues.len() - shown.len(),
            too_many: overview.has_too_many_queues(),
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
            interval: interval(group.interval()),
            end: Maybe(group.end()),
            end_interval: interval(group.end_interval()),
            negative: Part { count: group.negative, of: group.scored },
            escalated: Part { count: group.escalated, of: group.with_shift },
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
    agent: AgentRow,
    strip: Strip,
    compared: Maybe,
    limits: String,
    plain: String,
    q_value: String,
}

impl Notable {
    fn of(agents: &[Agent]) -> Self {
        let distance = |agent: &Agent| agent.place().map_or(0.0, |place| place.z);
        let farthest = |sign: f64| {
            let named = agents.iter().filter(|agent| agent.notable() && distance(agent) * sign > 0.0);
            let mut named: Vec<&Agent> = named.collect();
            // The farthest are shown, but not in the order of their distance: it is no ranking.
            named.sort_by(|a, b| distance(b).abs().total_cmp(&distance(a).abs()));
            named.truncate(MOST_NOTABLE);
            named.sort_by(|a, b| a.id.cmp(&b.id));
            named
        };
        let (worse, better) = (farthest(-1.0), farthest(1.0));
        let notable = || worse.iter().chain(&better);
        let all = agents.iter().filter(|agent| agent.notable()).count();
        let places = notable().filter_map(|agent| agent.place());
        let values = places.flat_map(|place| [place.score, place.watch.0, place.watch.1]);
        let mean = agents.iter().find_map(Agent::place).map(|place| place.mean);
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
        let place = agent.place();
        let (score, limits) = (place.map(|place| place.score), place.map(|place| place.watch));
        let below = place.is_some_and(|place| place.z < 0.0);
        Self {
            agent: AgentRow::of(agent),
            strip: scale.strip(score, limits, None, if below { "low" } else { "high" }),
            compared: Maybe(score),
            limits: interval(limits),
            plain: interval(agent.raw_low.zip(agent.raw_high)),
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
    fn of(overview: &Overview) -> Option<Self> {
        let total: u64 = overview.courses.iter().flatten().sum();
        if total == 0 {
            return None;
        }
        let names = ["began badly", "began in between", "began well"];
        let class = |from: usize, to: usize| match to.cmp(&from) {
            std::cmp::Ordering::Less => "low",
            std::cmp::Ordering::Equal => "same",
            std::cmp::Ordering::Greater => "high",
        };
        let rows = overview.courses.iter().zip(names).enumerate().map(|(from, (counts, name))| {
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
            escalated: Count(overview.escalated),
            recovered: Count(overview.recovered),
            began_badly: (overview.began_badly > 0).then_some(Count(overview.began_badly)),
        })
    }
}
