//! What is averaged of a call, as one engine scored it.

use serde::{Deserialize, Serialize};

use crate::rollup::{CallRollup, Part};
use crate::sentiment::{Label, Millionths};

/// What is estimated of a group of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mean of `customer_score`.
    CustomerScore,
    /// Mean of `customer_end`.
    CustomerEnd,
    /// Share of calls with a customer score that are labelled NEGATIVE.
    NegativeCallShare,
    /// Share of calls with a shift that escalated.
    EscalatedShare,
}

/// All of them, in the order of the table.
pub const MEASURES: [Measure; 4] =
    [Measure::CustomerScore, Measure::CustomerEnd, Measure::NegativeCallShare, Measure::EscalatedShare];

impl Measure {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerScore => "customer_score",
            Self::CustomerEnd => "customer_end",
            Self::NegativeCallShare => "negative_call_share",
            Self::EscalatedShare => "escalated_share",
        }
    }

    /// Whether it is a share of calls: each call's value is 0 or 1.
    #[must_use]
    pub const fn is_share(self) -> bool {
        matches!(self, Self::NegativeCallShare | Self::EscalatedShare)
    }

    /// The ends of its scale.
    pub(super) const fn scale(self) -> (f64, f64) {
        if self.is_share() { (0.0, 1.0) } else { (-1.0, 1.0) }
    }
}

/// A call's values in millionths, in the order of [`MEASURES`]; `None` where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values(pub [Option<i64>; 4]);

impl Values {
    fn of(part: &Part) -> Self {
        let flag = |flag: bool| if flag { Millionths::ONE.0 } else { 0 };
        Self([
            part.customer.score.map(|score| score.0),
            part.customer.end.map(|end| end.0),
            part.customer.label.map(|label| flag(label == Label::Negative)),
            part.escalated.map(flag),
        ])
    }
}

/// A call as one engine scored it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The call.
    pub id: Box<str>,
    /// Its queue.
    pub queue: Option<Box<str>>,
    /// Its date, `YYYY-MM-DD`.
    pub date: Option<Box<str>>,
    /// What the whole call came to.
    pub values: Values,
    /// Its agents, each with the share of the call in millionths, and what that agent's part of it came to.
    pub agents: Vec<(Box<str>, i64, Values)>,
}

impl Facts {
    /// Of a call's roll-up. An agent's part of which less than `min_coverage` of the customer's words was scored has no values,
    /// as in agents.csv.
    pub(crate) fn of(call: &CallRollup, min_coverage: Millionths) -> Self {
        let agents = call.parts().filter(|(_, weight, _)| *weight > Millionths(0)).map(|(agent, weight, part)| {
            let counts = !part.customer.too_little(min_coverage);
            (agent.into(), weight.0, if counts { Values::of(&part) } else { Values::default() })
        });
        let whole =
            Part { customer: call.customer, agent: call.agent, escalated: call.escalated, recovered: call.recovered };
        Self {
            id: call.id.clone(),
            queue: call.queue.clone(),
            date: call.date.clone(),
            values: Values::of(&whole),
            agents: agents.collect(),
        }
    }
}
