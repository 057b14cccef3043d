//! agents.csv: one row an agent.

use super::cell::Cell;
use super::table::{Column, Kind};
use crate::rollup::{AgentRollup, Share};

fn decimal(value: Option<f64>) -> Cell<'static> {
    Cell::of(value, Cell::Decimal)
}

fn share(share: Option<Share>, part: impl FnOnce(Share) -> f64) -> Cell<'static> {
    decimal(share.map(part))
}

/// A share with its interval: three columns.
macro_rules! share_columns {
    ($name:literal, $field:ident, $meaning:literal) => {
        [
            Column {
                name: $name,
                kind: Kind::Number,
                meaning: concat!(
                    $meaning,
                    " Beta-binomial, drawn towards the mean of all agents; Jeffreys below 5 agents."
                ),
                cell: |row| share(row.$field, |share| share.value),
            },
            Column {
                name: concat!($name, "_low"),
                kind: Kind::Number,
                meaning: "Lower end of its 95 % interval.",
                cell: |row| share(row.$field, |share| share.low),
            },
            Column {
                name: concat!($name, "_high"),
                kind: Kind::Number,
                meaning: "Upper end of its 95 % interval.",
                cell: |row| share(row.$field, |share| share.high),
            },
        ]
    };
}

static HEAD: [Column<AgentRollup>; 18] = [
    Column {
        name: "agent_id",
        kind: Kind::Text,
        meaning: "The agent, as the transcripts name them.",
        cell: |row| Cell::text(&*row.id),
    },
    Column {
        name: "calls",
        kind: Kind::Integer,
        meaning: "Calls on which the agent appears, transferred ones included.",
        cell: |row| Cell::count(row.calls),
    },
    Column {
        name: "calls_scored",
        kind: Kind::Integer,
        meaning: "Those of them that count: with a customer score, enough coverage, and words in the agent's part.",
        cell: |row| Cell::count(row.calls_scored),
    },
    Column {
        name: "customer_score_raw",
        kind: Kind::Number,
        meaning: "Mean of the calls' customer scores, each call weighted by the share of it that the agent handled.",
        cell: |row| decimal(row.customer_score_raw),
    },
    Column {
        name: "customer_score",
        kind: Kind::Number,
        meaning: "The same, drawn towards the mean of all agents by as much as chance explains. Below 5 agents the plain mean.",
        cell: |row| decimal(row.customer_score),
    },
    Column {
        name: "customer_score_low",
        kind: Kind::Number,
        meaning: "Lower end of its 95 % interval.",
        cell: |row| decimal(row.customer_score_low),
    },
    Column {
        name: "customer_score_high",
        kind: Kind::Number,
        meaning: "Upper end of its 95 % interval.",
        cell: |row| decimal(row.customer_score_high),
    },
    Column {
        name: "customer_score_adjusted",
        kind: Kind::Number,
        meaning: "customer_score from call scores adjusted for queue and language; empty without queues.",
        cell: |row| decimal(row.customer_score_adjusted),
    },
    Column {
        name: "reliability",
        kind: Kind::Number,
        meaning: "How much of the score is the agent's own: 0 is all chance, 1 none. Empty below 5 agents.",
        cell: |row| decimal(row.reliability),
    },
    Column {
        name: "status",
        kind: Kind::Text,
        meaning: "ok; insufficient (reliability below .3: no verdict); few_agents (fewer than 5 agents: not compared); no_data.",
        cell: |row| Cell::word(row.status.as_str()),
    },
    Column {
        name: "funnel",
        kind: Kind::Text,
        meaning: "in, watch or out: how far the agent lies from the mean for so many calls (|z| below 1.96, below 3.09, beyond). From adjusted scores where they exist.",
        cell: |row| Cell::of(row.funnel, |funnel| Cell::word(funnel.as_str())),
    },
    Column {
        name: "funnel_z",
        kind: Kind::Number,
        meaning: "Distance from the mean of all agents in standard deviations, over-dispersion allowed for.",
        cell: |row| decimal(row.funnel_z),
    },
    Column {
        name: "q_value",
        kind: Kind::Number,
        meaning: "Least false discovery rate at which the agent would be named (Benjamini-Hochberg); empty below 5 scored calls.",
        cell: |row| decimal(row.q_value),
    },
    Column {
        name: "expected_percentile",
        kind: Kind::Number,
        meaning: "Mean chance, over the other agents, of being truly better than they, 0 to 1; only where reliability ≥ .5 and calls_scored ≥ 10.",
        cell: |row| decimal(row.expected_percentile),
    },
    Column {
        name: "p_bottom_decile",
        kind: Kind::Number,
        meaning: "Chance that the agent truly belongs to the lowest tenth.",
        cell: |row| decimal(row.p_bottom_decile),
    },
    Column {
        name: "calls_for_reliability_70",
        kind: Kind::Integer,
        meaning: "Calls after which a score has a reliability of .7; the same for all agents.",
        cell: |row| Cell::of(row.calls_for_reliability_70, Cell::count),
    },
    Column {
        name: "customer_end",
        kind: Kind::Number,
        meaning: "Weighted mean of the calls' customer_end.",
        cell: |row| decimal(row.customer_end),
    },
    Column {
        name: "customer_end_adjusted",
        kind: Kind::Number,
        meaning: "How calls end given how they began and their queue; empty without queues.",
        cell: |row| decimal(row.customer_end_adjusted),
    },
];

static NEGATIVE: [Column<AgentRollup>; 3] =
    share_columns!("negative_call_share", negative_calls, "Share of scored calls whose customer is labelled NEGATIVE.");
static ESCALATED: [Column<AgentRollup>; 3] =
    share_columns!("escalated_share", escalated, "Share of escalated calls among those where that is known.");
static RECOVERED: [Column<AgentRollup>; 3] =
    share_columns!("recovered_share", recovered, "Share of recovered calls among those that began badly.");

/// New columns go to its end.
static TAIL: [Column<AgentRollup>; 6] = [
    Column {
        name: "agent_score",
        kind: Kind::Number,
        meaning: "How the agent's side of the calls sounds: weighted mean of the calls' agent_score.",
        cell: |row| decimal(row.agent_score),
    },
    Column {
        name: "words",
        kind: Kind::Integer,
        meaning: "Words of customers and agents in the agent's part of the calls.",
        cell: |row| Cell::count(row.words),
    },
    Column {
        name: "handled_share_mean",
        kind: Kind::Number,
        meaning: "Mean share of a call that the agent handled.",
        cell: |row| decimal(row.handled_share_mean),
    },
    Column {
        name: "funnel_score",
        kind: Kind::Number,
        meaning: "What the funnel compares: the mean of the calls' customer scores before it is drawn in, adjusted for queue and language where there are queues.",
        cell: |row| decimal(row.funnel_score),
    },
    Column {
        name: "funnel_mean",
        kind: Kind::Number,
        meaning: "What it is compared with: the mean of all agents, the same in every row. Empty below 5 agents.",
        cell: |row| decimal(row.funnel_mean),
    },
    Column {
        name: "funnel_sd",
        kind: Kind::Number,
        meaning: "Standard deviation that chance gives a mean of so many calls: the funnel's limits are funnel_mean ± 1.96 and ± 3.09 times it.",
        cell: |row| decimal(row.funnel_sd),
    },
];

/// The columns of agents.csv.
#[must_use]
pub fn columns() -> &'static [Column<AgentRollup>] {
    static ALL: std::sync::LazyLock<Vec<Column<AgentRollup>>> =
        std::sync::LazyLock::new(|| [&HEAD[..], &NEGATIVE[..], &ESCALATED[..], &RECOVERED[..], &TAIL[..]].concat());
    &ALL
}
