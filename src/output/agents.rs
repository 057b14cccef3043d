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

fn low(interval: Option<(f64, f64)>) -> Cell<'static> {
    decimal(interval.map(|(low, _)| low))
}

fn high(interval: Option<(f64, f64)>) -> Cell<'static> {
    decimal(interval.map(|(_, high)| high))
}

/// What one row is, and the quantities that the columns' formulas are made of.
pub(super) const ABOUT: &str = "\
One row an agent. Calls are the sampling unit. In the formulas y is the customer_score of a call that counts (calls_scored), and h its \
weight, the share of the call that the agent handled; sums are over the agent's calls unless said otherwise. \
ȳ = Σhy/Σh; n = (Σh)²/Σh², the number of calls if none was shared; SS = n·Σh(y−ȳ)²/Σh; \
s_p² = ΣSS/Σ(n−1) over all agents, at least 10⁻⁶ (the variance of the ȳ where Σ(n−1) < 1); s̃² = (10·s_p²+SS)/ν with ν = 10+n−1 degrees of freedom; \
v = s̃²·design_effect/n. \
All agents together: with ω = 1/(v+τ²) and μ̂ = Σωȳ/Σω over agents, τ² is where ½Σln ω − ½ln Σω − ½Σω(ȳ−μ̂)² + ln τ² is greatest over ln τ², and κ the \
negative second derivative of that there; B = v/(v+τ²). G is 0, but where 15 agents or more score the lower or higher the more calls they have (p < .01): G = B·b(x−x̄) with x = log₂ n, x̄ = Σωx/Σω, \
b = Σω(x−x̄)ȳ/Σω(x−x̄)², p of the normal score b·√Σω(x−x̄)². \
Verdicts (reliability, funnel and its columns, q_value, expected_percentile, p_bottom_decile) are about agents with calls_scored ≥ 10 only. They, \
status and calls_for_reliability_70 are from adjusted scores where these exist: y − m/(m+20)·(mean of the call's queue and language − mean of all calls), m = Σh there. \
There is one test per agent, of customer_score; shares, percentiles and intervals are no further tests. \
95 % of the intervals of all agents hold the true mean; among agents who were picked for being extreme fewer of the drawn-in ones do, \
and customer_score_raw_low and _high hold it for them too. No interval or limit leaves [−1, 1].";

/// A share with its interval: three columns.
macro_rules! share_columns {
    ($name:literal, $field:ident, $meaning:literal) => {
        columns! {
            $name, Number,
                concat!($meaning, " (k+m·M)/(n+M) with k = n·Σhx/Σh for x 1 or 0, drawn towards the mean of all agents (beta-binomial). Over all agents m = Σω(k/n)/Σω, ω = n/(n+M), within [½/(Σn+1), 1−½/(Σn+1)]; M, from 1 to 10⁶, is where Σ[ln B(k+mM, n−k+(1−m)M) − ln B(mM, (1−m)M)] − ln M is greatest, B being the beta function. Below 5 agents mM = (1−m)M = ½ (Jeffreys)."),
                |row| share(row.$field, |share| share.value);
            concat!($name, "_low"), Number, "2.5 % quantile of Beta(k+mM, n−k+(1−m)M).",
                |row| share(row.$field, |share| share.low);
            concat!($name, "_high"), Number, "97.5 % quantile of the same.",
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
        "ȳ: mean of the customer scores of the agent's own parts of calls (the turns of the agent's spans, taken as a call of their own), each weighted by the share of the call's words that lie in that part.",
        |row| decimal(row.customer_score_raw);
    "customer_score", Number,
        "The same, drawn towards the mean of all agents by as much as chance explains: θ̂ = B·μ̂+(1−B)·ȳ. Below 5 agents ȳ.",
        |row| decimal(row.customer_score);
    "customer_score_low", Number,
        "Lower end of its 95 % interval θ̂ ± t·√V, V = (1−B)v + B²/Σω + [B(1−B)]²/κ·(ȳ−μ̂)² + G², with the 97.5 % quantile of Student's t with ν·(V/((1−B)²v))² degrees of freedom. Below 5 agents ȳ ± t·√((s_p²+(design_effect−1)·s̃²)/n) with Σ(n−1).",
        |row| decimal(row.customer_score_low);
    "customer_score_high", Number, "Upper end of the same.",
        |row| decimal(row.customer_score_high);
    "customer_score_adjusted", Number,
        "customer_score from call scores adjusted for queue and language; empty without queues.",
        |row| decimal(row.customer_score_adjusted);
    "reliability", Number,
        "1 − B: how much of the score is the agent's own: 0 is all chance, 1 none. Empty below 10 calls, and where fewer than 15 agents have 10.",
        |row| decimal(row.verdict.reliability);
    "status", Text,
        "ok; uncertain (reliability below .3: the score is more of the others' than of the agent's own); insufficient (fewer than 10 calls: no verdict); few_agents (fewer than 15 agents, or fewer than 15 with 10 calls: no reliability); no_data; sampled (a run with --share: the scores are those of the local engine, and no verdict follows from them; see estimates.csv).",
        |row| Cell::word(row.status.as_str());
    "funnel", Text,
        "in, watch or out: whether the agent lies outside the spread that the agents here usually have (|funnel_z| below 1.96, below 3.09, beyond). Empty below 10 calls, and where fewer than 5 agents have 10.",
        |row| Cell::of(row.verdict.funnel(), |funnel| Cell::word(funnel.as_str()));
    "funnel_z", Number,
        "The normal score with the same two-sided chance as t = (funnel_score−funnel_mean)/funnel_sd with funnel_freedom degrees of freedom.",
        |row| decimal(row.verdict.place.map(|place| place.z));
    "q_value", Number,
        "Least false discovery rate at which the agent would be named (Benjamini-Hochberg over all agents with a funnel_z).",
        |row| decimal(row.verdict.q_value);
    "expected_percentile", Number,
        "Mean chance, over the other agents b, of being truly better than they, 0 to 1: mean of Φ((θ̂−θ̂_b)/√(V+V_b)). Only where reliability ≥ .5.",
        |row| decimal(row.verdict.expected_percentile);
    "p_bottom_decile", Number,
        "Chance that the agent truly belongs to the lowest tenth: Φ((μ̂−1.2816τ−θ̂)/√V). Only where reliability ≥ .5.",
        |row| decimal(row.verdict.p_bottom_decile);
    "calls_for_reliability_70", Integer,
        "Calls after which a score has a reliability of .7: ⌈(.7/.3)·s_p²·D/τ²⌉ with the agents' mean design effect D. The same in every row, of agents without data too; empty where fewer than 15 agents have 10 calls.",
        |row| Cell::of(row.verdict.calls_for_reliability_70, Cell::count);
    "customer_end", Number, "Weighted mean of customer_end of the agent's parts of calls.",
        |row| decimal(row.customer_end);
    "customer_end_adjusted", Number,
        "How calls end given how they began and their queue and language; empty without queues. Of calls with start x and end z: z̄ + weighted mean of z − level − β_s(x−x̄_s), with k = m/(m+20) for the m calls of the queue and language, the slope within all of them β, their own slope β̂ (β below 3 calls), β_s = β+k(β̂−β), level = z̄+β(x̄_s−x̄)+k·[z̄_s−z̄−β(x̄_s−x̄)].",
        |row| decimal(row.customer_end_adjusted);
};

static NEGATIVE: [Column<AgentRollup>; 3] = share_columns!(
    "negative_call_share",
    negative_calls,
    "Share of scored calls in whose part that the agent handled the customer is labelled NEGATIVE:"
);
static ESCALATED: [Column<AgentRollup>; 3] = share_columns!(
    "escalated_share",
    escalated,
    "Share of calls that escalated in the agent's part, among those where that is known:"
);
static RECOVERED: [Column<AgentRollup>; 3] = share_columns!(
    "recovered_share",
    recovered,
    "Share of calls that recovered in the agent's part, among those where that part began badly:"
);

/// New columns go to its end.
static TAIL: [Column<AgentRollup>; 16] = columns! {
    "agent_score", Number,
        "How the agent sounds: weighted mean of the scores of the agent's own turns, without calls of which too few of those words were scored.",
        |row| decimal(row.agent_score);
    "words", Integer, "Words of customers and agents in the agent's part of the calls.",
        |row| Cell::count(row.words);
    "handled_share_mean", Number, "Mean share of a call that the agent handled.",
        |row| decimal(row.handled_share_mean);
    "funnel_score", Number,
        "What the funnel compares: ȳ before it is drawn in, of adjusted scores where these exist.",
        |row| decimal(row.verdict.place.map(|place| place.score));
    "funnel_mean", Number,
        "What it is compared with, the centre μ_w of most agents; the same in every row. With T = v+τ_w² and z⁰ = (ȳ−μ_w)/√T of the A agents with 10 calls, μ_w and τ_w² ≥ 0 solve Σ max(−1.5, min(1.5, z⁰))/√T = 0 and Σ min(2.25, z⁰²) = .778465·(A−1); τ_w² is 0 where the second sum is less even so. Empty where fewer than 5 agents have 10 calls.",
        |row| decimal(row.verdict.funnel_mean);
    "funnel_sd", Number,
        "Standard deviation of funnel_score − funnel_mean, chance and the agents' usual spread together: √(T(1−ω/Σω)), ω = 1/T.",
        |row| decimal(row.verdict.place.map(|place| place.sd));
    "customer_score_raw_low", Number,
        "Lower end of the plain 95 % interval of customer_score_raw, which knows no other agent: ȳ ± t·√((s²+(design_effect−1)·s̃²)/n) with s² = SS/(n−1), at least 10⁻⁶, and n−1 degrees of freedom. Empty where n < 2.",
        |row| low(row.customer_score_raw_interval);
    "customer_score_raw_high", Number, "Upper end of the same.",
        |row| high(row.customer_score_raw_interval);
    "customer_score_adjusted_low", Number, "Lower end of the 95 % interval of customer_score_adjusted, as of customer_score_low.",
        |row| low(row.customer_score_adjusted_interval);
    "customer_score_adjusted_high", Number, "Upper end of the same.",
        |row| high(row.customer_score_adjusted_interval);
    "design_effect", Number,
        "Factor by which what calls of one agent and day have in common widens v: 1 + σ_d²·n(q−1)/((n−1)s̃²), q = ΣW_d²/Σh² with W_d = Σh of day d (undated calls are days of their own). σ_d² = max(0, (ΣSS_b−σ_e²·Σc_b)/Σc_d) over agents, σ_e² = ΣSS_w/Σc_w; of an agent's dated calls SS_w = ΣΣh(y−ȳ_d)², c_w = W−Σ(W₂_d/W_d), SS_b = ΣW_d(ȳ_d−ȳ)², c_b = Σ(W₂_d/W_d)−W₂/W, c_d = W−ΣW_d²/W, W = Σh, W₂ = Σh². Of raw scores. Empty where no day has two calls of an agent, or no agent two days.",
        |row| decimal(row.design_effect);
    "funnel_freedom", Number,
        "Degrees of freedom of funnel_sd: T²/(v²/ν + 1/(1.5(A−1)·ω̄²)), ω̄ the mean ω.",
        |row| decimal(row.verdict.place.map(|place| place.freedom));
    "funnel_watch_low", Number,
        "Scores below this are on watch: funnel_mean − t·funnel_sd, with the t of funnel_freedom that has the chance of a normal 1.96.",
        |row| low(row.verdict.place.map(|place| place.watch));
    "funnel_watch_high", Number, "Scores above this are on watch.",
        |row| high(row.verdict.place.map(|place| place.watch));
    "funnel_out_low", Number, "Scores below this are out: the same of a normal 3.09.",
        |row| low(row.verdict.place.map(|place| place.out));
    "funnel_out_high", Number, "Scores above this are out.",
        |row| high(row.verdict.place.map(|place| place.out));
};

/// The columns of agents.csv.
#[must_use]
pub fn columns() -> &'static [Column<AgentRollup>] {
    static ALL: std::sync::LazyLock<Vec<Column<AgentRollup>>> =
        std::sync::LazyLock::new(|| [&HEAD[..], &NEGATIVE[..], &ESCALATED[..], &RECOVERED[..], &TAIL[..]].concat());
    &ALL
}
