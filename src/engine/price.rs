//! What an engine charges, and what that comes to.

use serde::Deserialize as _;

use crate::sentiment::Billing;
use crate::settings::{Value, Wrong};

/// What an engine charges.
#[derive(Debug, Clone, PartialEq)]
pub enum Price {
    /// Nothing.
    Free,
    /// For each document, by its characters.
    PerUnit {
        /// How many units a document has.
        billing: Billing,
        /// Dollars a unit.
        tiers: Tiers,
    },
}

impl Price {
    /// How many units a document has; `None` for an engine that does not charge by units.
    pub const fn billing(&self) -> Option<Billing> {
        match self {
            Self::Free => None,
            Self::PerUnit { billing, .. } => Some(*billing),
        }
    }

    /// US dollars that `units` cost as the first ones of a month.
    pub fn cost(&self, units: u64) -> f64 {
        match self {
            Self::Free => 0.0,
            Self::PerUnit { tiers, .. } => tiers.cost(units),
        }
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
    pub fn list_price() -> Self {
        let tier = |up_to, per_unit| Tier { up_to, per_unit };
        Self(vec![tier(Some(10_000_000), 0.0001), tier(Some(50_000_000), 0.000_05), tier(None, 0.000_025)])
    }

    /// US dollars, to a billionth, that `units` cost as the first ones of a month.
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
