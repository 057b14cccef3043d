//! The summary for programs: the same facts, under names that stay.
//!
//! What is not known is `null`, never 0.

use serde_json::{Value, json};

use super::Summary;
use crate::overview::{BARS, NamedCall};
use crate::rollup::{AgentRollup, Funnel, Population};
use crate::sentiment::Millionths;

impl Summary<'_> {
    /// Everything that is printed for people, as one JSON object.
    pub fn to_json(&self) -> Value {
        let (overview, record) = (self.overview, self.record);
        let service = &record.service;
        json!({
            "calls": overview.calls,
            "calls_scored": overview.scored(),
            "calls_low_coverage": overview.low_coverage,
            "calls_language_assumed": record.counts.calls_language_assumed,
            "calls_times_contradict": record.counts.calls_times_contradict,
            "redacted_twins": record.counts.redacted_twins,
            "customer": {
                "mean_score": overview.exact_mean(),
                "labels": overview.labels,
                "distribution": { "from": -1.0, "to": 1.0, "bar_width": 2.0 / BARS as f64, "calls": overview.bars },
            },
            "start_to_end": {
                "calls": overview.with_shift,
                "better": overview.better,
                "worse": overview.worse,
                "escalated": overview.escalated,
                "recovered": overview.recovered,
            },
            "listen_to": self.listen_to().map(call).collect::<Vec<_>>(),
            "share": record.share,
            "agents": self.agents_json(),
            "segments": record.counts.segments,
            "rejected_rows": record.counts.rejected_rows,
            "bill": self.profile.is_charged().then(|| json!({
                "requests": service.requests,
                "throttles": service.throttles,
                "units": service.billed_units,
                "tokens_in": service.tokens_in,
                "tokens_out": service.tokens_out,
                "seconds": service.endpoint_seconds,
                "dollars": service.cost_usd,
            })),
            "directory": self.directory.display().to_string(),
            "files": self.files,
            "seconds": self.seconds,
        })
    }

    fn agents_json(&self) -> Value {
        let report = self.agents;
        let population = report.population.as_ref();
        let compared = population.filter(|population| population.funnel_mean.is_some());
        json!({
            "agents": report.agents.len(),
            "calls_without_agent": report.calls_without_agent,
            // Whether there are enough of them to be compared.
            "compared": compared.is_some(),
            // Those with too few calls for a verdict.
            "insufficient": compared.map_or(0, |population| population.agents - population.judged),
            "population": population.map(Population::rounded),
            "outside": named(&report.agents, Funnel::Out),
            "watch": named(&report.agents, Funnel::Watch),
        })
    }
}

fn call(call: &NamedCall) -> Value {
    json!({
        "call_id": call.call_id,
        "agent_id": call.agent_id,
        "customer_start": call.start.map(Millionths::value),
        "customer_end": call.end.map(Millionths::value),
    })
}

/// All agents whom the funnel puts here, in the order of their ids.
fn named(agents: &[AgentRollup], place: Funnel) -> Vec<Value> {
    let agents = agents.iter().filter(|agent| agent.verdict.funnel() == Some(place));
    agents
        .map(|agent| {
            json!({
                "agent_id": agent.id,
                "calls_scored": agent.calls_scored,
                "customer_score": agent.customer_score,
                "customer_score_low": agent.customer_score_low,
                "customer_score_high": agent.customer_score_high,
                "funnel_score": agent.verdict.place.map(|place| place.score),
                "funnel_watch": agent.verdict.place.map(|place| place.watch),
                "funnel_out": agent.verdict.place.map(|place| place.out),
                "funnel_z": agent.verdict.place.map(|place| place.z),
                "q_value": agent.verdict.q_value,
            })
        })
        .collect()
}
