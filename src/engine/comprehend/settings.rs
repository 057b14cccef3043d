//! What can be chosen of Amazon Comprehend, and what it charges.

use std::time::Duration;

use serde::Deserialize as _;

use crate::sentiment::Billing;
use crate::settings::{Flag, Heading, Value, Wrong, section};

section! {
    /// How requests to Amazon Comprehend are made. Credentials are never settings: they come from the standard AWS chain.
    pub ComprehendSettings {
        /// The AWS region. Without it, the one of the AWS profile or environment.
        region: Option<String> {
            key: "comprehend.region",
            default: None,
            example: "\"eu-west-1\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "region", "REGION"),
        }
        /// The AWS profile. Without it, the one of the environment.
        profile: Option<String> {
            key: "comprehend.profile",
            default: None,
            example: "\"contact-centre\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "profile", "NAME"),
        }
        /// Most requests a second. The service's default quota is 10 for each account and region.
        requests_per_second: f64 {
            key: "comprehend.requests-per-second",
            default: 10.0,
            range: 0.001..=10_000.0,
            results: false,
            flag: Flag::new(Heading::Scoring, "requests-per-second", "NUMBER"),
        }
        /// How long one request may take before it is given up and sent again.
        attempt_timeout: Duration {
            key: "comprehend.attempt-timeout",
            default: Duration::from_secs(15),
            results: false,
        }
        /// Most times that one request is sent.
        max_attempts: u32 {
            key: "comprehend.max-attempts",
            default: 10,
            range: 1..=100,
            results: false,
        }
        /// How long one request is tried in all, waits between attempts included.
        max_elapsed: Duration {
            key: "comprehend.max-elapsed",
            default: Duration::from_mins(5),
            results: false,
        }
        /// How long the service may answer nothing but refusals before the run ends.
        give_up_after: Duration {
            key: "comprehend.give-up-after",
            default: Duration::from_mins(2),
            results: false,
        }
    }
}

section! {
    /// What the service charges: packing makes the units fewest, and plans show the dollars.
    pub Price {
        /// Characters in one billed unit.
        unit_chars: usize {
            key: "price.unit-chars",
            default: 100,
            range: 1..=100_000,
            results: true,
        }
        /// Units that any document is charged for at least.
        minimum_units: u64 {
            key: "price.minimum-units",
            default: 3,
            range: 0..=1_000,
            results: true,
        }
        /// US dollars a unit, step by step: each price holds up to that many units a month, the last one from there on.
        tiers: Tiers {
            key: "price.tiers",
            default: Tiers::list_price(),
            results: false,
        }
    }
}

impl Price {
    /// What a document is charged, as engines state it.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        Billing { unit_chars: self.unit_chars, minimum_units: self.minimum_units }
    }
}

/// One step of a price list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tier {
    /// The last unit of the month at this price; nothing for all that follow.
    pub up_to: Option<u64>,
    /// Dollars a unit.
    pub per_unit: f64,
}

/// What units cost in a month, step by step. The last step has no end.
///
/// Replaced as a whole by a higher layer, because half of a price list means nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiers(Vec<Tier>);

impl Tiers {
    /// The list price of sentiment analysis, in US dollars a unit of 100 characters.
    #[must_use]
    pub fn list_price() -> Self {
        let tier = |up_to, per_unit| Tier { up_to, per_unit };
        Self(vec![tier(Some(10_000_000), 0.0001), tier(Some(50_000_000), 0.000_05), tier(None, 0.000_025)])
    }

    /// US dollars, to a billionth, that `units` cost as the first ones of a month.
    #[must_use]
    pub fn cost(&self, units: u64) -> f64 {
        let mut paid = 0;
        let mut dollars = 0.0;
        for tier in &self.0 {
            let here = tier.up_to.unwrap_or(u64::MAX).min(units).saturating_sub(paid);
            dollars += here as f64 * tier.per_unit;
            paid += here;
        }
        (dollars * 1e9).round() / 1e9
    }

    fn read(value: &toml::Value) -> Option<Self> {
        let tiers = value.as_array()?.iter().map(Self::read_tier).collect::<Option<Vec<_>>>()?;
        let (last, stepped) = tiers.split_last()?;
        let ends = stepped.iter().map(|tier| tier.up_to).collect::<Option<Vec<_>>>()?;
        let ascending = ends.is_sorted_by(|one, next| one < next);
        (ascending && last.up_to.is_none()).then_some(Self(tiers))
    }

    fn read_tier(value: &toml::Value) -> Option<Tier> {
        let table = value.as_table()?;
        let known = table.keys().all(|key| matches!(key.as_str(), "up-to" | "per-unit"));
        let up_to = match table.get("up-to") {
            Some(end) => Some(u64::try_from(end.as_integer()?).ok()?),
            None => None,
        };
        let per_unit = f64::from_toml(table.get("per-unit")?).ok()?;
        known.then_some(Tier { up_to, per_unit })
    }
}

impl Value for Tiers {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let value = toml::de::ValueDeserializer::parse(text).and_then(toml::Value::deserialize);
        Self::from_toml(&value.unwrap_or(toml::Value::Boolean(false)))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::read(value).ok_or(Wrong::expected(
            "a list such as [{ up-to = 10000000, per-unit = 0.0001 }, { per-unit = 0.00005 }], ascending, the last without up-to",
        ))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        let tier = |tier: &Tier| {
            let end = tier.up_to.map(|end| ("up-to".to_owned(), i64::try_from(end).unwrap_or(i64::MAX).into()));
            let price = tier.per_unit.to_toml().map(|price| ("per-unit".to_owned(), price));
            toml::Value::Table(end.into_iter().chain(price).collect())
        };
        Some(toml::Value::Array(self.0.iter().map(tier).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_price() {
        let tiers = Tiers::list_price();
        for (units, dollars) in [
            (0, 0.0),
            (1, 0.0001),
            (3, 0.0003),
            (10_000_000, 1_000.0),
            (10_000_001, 1_000.000_05),
            (60_000_000, 3_250.0),
        ] {
            assert_eq!(tiers.cost(units).to_string(), f64::to_string(&dollars), "{units}");
        }
    }

    #[test]
    fn price_lists_ascend_and_do_not_end() {
        let text = "[{ up-to = 5, per-unit = 0.1 }, { per-unit = 0.05 }]";
        let tiers = Tiers::parse(text).unwrap();
        assert_eq!(tiers.cost(6).to_string(), "0.55");
        assert_eq!(Tiers::from_toml(&tiers.to_toml().unwrap()), Ok(tiers));
        for wrong in [
            "[]",
            "0.1",
            "[{ up-to = 5, per-unit = 0.1 }]",
            "[{ per-unit = 0.1 }, { per-unit = 0.1 }]",
            "[{ up-to = 5, per-unit = 0.1 }, { up-to = 5, per-unit = 0.1 }, { per-unit = 0.1 }]",
            "[{ per-unit = -1 }]",
            "[{ per-unit = 1, upto = 3 }]",
            "[",
        ] {
            assert!(Tiers::parse(wrong).is_err(), "{wrong}");
        }
    }
}
