//! agents.csv: one row an agent.

use super::cell::Cell;
use super::table::{Column, columns};
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
        columns! {
            $name, Number,
                concat!($meaning, " Beta-binomial, drawn towards the mean of all agents; Jeffreys below 5 agents."),
                |row| share(row.$field, |share| share.value);
            concat!($name, "_low"), Number, "Lower end of its 95 % interval.",
                |row| share(row.$field, |share| share.low);
            concat!($name, "_high"), Number, "Upper end of its 95 % interval.",
                |row| share(row.$field, |share| share.high);
        }
    };
}

static HEAD: [Column<AgentRollup>; 18] = columns! {
    "agent_id", Text, "The agent, as the transcripts name them.",
        |row| Cell::text(&*row.id);
    "calls", Integer, "Calls on which the agent appears, transferred ones included.",
        |row| Cell::count(row.calls);
    "calls_scored", Integer,
        "Those of them that count: with a customer score, enough coverage, and words in the agent's part.",
        |row| Cell::count(row.calls_scored);
    "customer_score_raw", Number,
        "Mean of the customer scores of the agent's own parts of calls (the turns of the agent's spans, taken as a call of their own), each weighted by the share of the call's words that lie in that part.",
        |row| decimal(row.customer_score_raw);
    "customer_score", Number,
        "The same, drawn towards the mean of all agents by as much as chance explains. Below 5 agents the plain mean.",
        |row| decimal(row.customer_score);
    "customer_score_low", Number, "Lower end of its 95 % interval.",
        |row| decimal(row.customer_score_low);
    "customer_score_high", Number, "Upper end of its 95 % interval.",
        |row| decimal(row.customer_score_high);
    "customer_score_adjusted", Number,
        "customer_score from call scores adjusted for queue and language; empty without queues.",
        |row| decimal(row.customer_score_adjusted);
    "reliability", Number, "How much of the score is the agent's own: 0 is all chance, 1 none. Empty below 5 agents.",
        |row| decimal(row.reliability);
    "status", Text,
        "ok; insufficient (reliability below .3: no verdict); few_agents (fewer than 5 agents: not compared); no_data.",
        |row| Cell::word(row.status.as_str());
    "funnel", Text,
        "in, watch or out: how far the agent lies from the mean for so many calls (|z| below 1.96, below 3.09, beyond). From adjusted scores where they exist.",
        |row| Cell::of(row.funnel, |funnel| Cell::word(funnel.as_str()));
    "funnel_z", Number, "Distance from the mean of all agents in standard deviations, over-dispersion allowed for.",
        |row| decimal(row.funnel_z);
    "q_value", Number,
        "Least false discovery rate at which the agent would be named (Benjamini-Hochberg); empty below 5 scored calls.",
        |row| decimal(row.q_value);
    "expected_percentile", Number,
        "Mean chance, over the other agents, of being truly better than they, 0 to 1; only where reliability ≥ .5 and calls_scored ≥ 10.",
        |row| decimal(row.expected_percentile);
    "p_bottom_decile", Number, "Chance that the agent truly belongs to the lowest tenth.",
        |row| decimal(row.p_bottom_decile);
    "calls_for_reliability_70", Integer, "Calls after which a score has a reliability of .7; the same for all agents.",
        |row| Cell::of(row.calls_for_reliability_70, Cell::count);
    "customer_end", Number, "Weighted mean of customer_end of the agent's parts of calls.",
        |row| decimal(row.customer_end);
    "customer_end_adjusted", Number, "How calls end given how they began and their queue; empty without queues.",
        |row| decimal(row.customer_end_adjusted);
};

static NEGATIVE: [Column<AgentRollup>; 3] = share_columns!(
    "negative_call_share",
    negative_calls,
    "Share of scored calls in whose part that the agent handled the customer is labelled NEGATIVE."
);
static ESCALATED: [Column<AgentRollup>; 3] = share_columns!(
    "escalated_share",
    escalated,
    "Share of calls that escalated in the agent's part, among those where that is known."
);
static RECOVERED: [Column<AgentRollup>; 3] = share_columns!(
    "recovered_share",
    recovered,
    "Share of calls that recovered in the agent's part, among those where that part began badly."
);

/// New columns go to its end.
static TAIL: [Column<AgentRollup>; 6] = columns! {
    "agent_score", Number, "How the agent sounds: weighted mean of the scores of the agent's own turns.",
        |row| decimal(row.agent_score);
    "words", Integer, "Words of customers and agents in the agent's part of the calls.",
        |row| Cell::count(row.words);
    "handled_share_mean", Number, "Mean share of a call that the agent handled.",
        |row| decimal(row.handled_share_mean);
    "funnel_score", Number,
        "What the funnel compares: the mean of the calls' customer scores before it is drawn in, adjusted for queue and language where there are queues.",
        |row| decimal(row.funnel_score);
    "funnel_mean", Number,
        "What it is compared with: the mean of all agents, the same in every row. Empty below 5 agents.",
        |row| decimal(row.funnel_mean);
    "funnel_sd", Number,
        "Standard deviation that chance gives a mean of so many calls: the funnel's limits are funnel_mean ± 1.96 and ± 3.09 times it.",
        |row| decimal(row.funnel_sd);
};

/// The columns of agents.csv.
#[must_use]
pub fn columns() -> &'static [Column<AgentRollup>] {
    static ALL: std::sync::LazyLock<Vec<Column<AgentRollup>>> =
        std::sync::LazyLock::new(|| [&HEAD[..], &NEGATIVE[..], &ESCALATED[..], &RECOVERED[..], &TAIL[..]].concat());
    &ALL
}
