//! The summary for programs: the same facts, under names that stay.
//!
//! What is not known is `null`, never 0.

use serde_json::{Value, json};

use super::Summary;
use crate::pipeline::{BARS, NamedCall};
use crate::rollup::{AgentRollup, Funnel, Status};

impl Summary<'_> {
    /// Everything that is printed for people, as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let overview = self.overview;
        json!({
            "calls": overview.calls,
            "calls_scored": overview.scored,
            "calls_low_coverage": overview.low_coverage,
            "calls_language_assumed": overview.language_assumed,
            "customer": {
                "mean_score": overview.mean_score(),
                "labels": overview.labels,
                "distribution": { "from": -1.0, "to": 1.0, "bar_width": 2.0 / BARS as f64, "calls": overview.distribution },
            },
            "start_to_end": {
                "calls": overview.with_shift,
                "better": overview.better,
                "worse": overview.worse,
                "escalated": overview.escalated,
                "recovered": overview.recovered,
            },
            "listen_to": overview.worst.iter().map(call).collect::<Vec<_>>(),
            "agents": self.agents_json(),
            "segments": self.segments,
            "rejected_rows": self.rejected_rows,
            "bill": self.bill.map(|bill| json!({
                "requests": bill.requests,
                "throttles": bill.throttles,
                "units": bill.units,
                "dollars": bill.dollars,
            })),
            "directory": self.directory.display().to_string(),
            "files": self.files,
            "seconds": self.seconds,
        })
    }

    fn agents_json(&self) -> Value {
        let report = self.agents;
        let insufficient = report.agents.iter().filter(|agent| agent.status == Status::Insufficient).count();
        json!({
            "agents": report.agents.len(),
            "calls_without_agent": report.calls_without_agent,
            // Whether there are enough of them to be compared.
            "compared": report.population.is_some(),
            "insufficient": insufficient,
            "outside": named(&report.agents, Funnel::Out),
            "watch": named(&report.agents, Funnel::Watch),
        })
    }
}

fn call(call: &NamedCall) -> Value {
    json!({
        "call_id": call.call_id,
        "agent_id": call.agent_id,
        "customer_start": call.start.value(),
        "customer_end": call.end.value(),
    })
}

/// All agents whom the funnel puts here, in the order of their ids.
fn named(agents: &[AgentRollup], place: Funnel) -> Vec<Value> {
    let agents = agents.iter().filter(|agent| agent.funnel == Some(place));
    agents
        .map(|agent| {
            json!({
                "agent_id": agent.id,
                "calls_scored": agent.calls_scored,
                "customer_score": agent.customer_score,
                "customer_score_low": agent.customer_score_low,
                "customer_score_high": agent.customer_score_high,
                "funnel_z": agent.funnel_z,
                "q_value": agent.q_value,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::pipeline::Overview;
    use crate::rollup::AgentBook;
    use crate::sentiment::SegmentCounts;
    use crate::summary::Bill;

    #[test]
    fn what_is_unknown_is_null_and_what_costs_is_said() {
        let (overview, agents) = (Overview::default(), AgentBook::default().finish());
        let summary = Summary {
            overview: &overview,
            agents: &agents,
            segments: SegmentCounts::default(),
            rejected_rows: 2,
            bill: Some(Bill { requests: 3, throttles: 1, units: 400, dollars: 0.04 }),
            directory: Path::new("out"),
            files: &[],
            seconds: 1.5,
        };
        let json = summary.to_json();
        assert_eq!(json["customer"]["mean_score"], Value::Null);
        assert_eq!(json["customer"]["distribution"]["calls"].as_array().map(Vec::len), Some(BARS));
        assert_eq!(json["agents"]["compared"], false);
        assert_eq!(json["bill"]["units"], 400);
        assert_eq!((&json["rejected_rows"], &json["directory"]), (&json!(2), &json!("out")));
        assert_eq!(json["segments"]["segments"], 0);
    }
}
