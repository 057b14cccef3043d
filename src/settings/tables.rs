//! Settings that hold entries: which column is which field, which speaker value is which role, and the prices.
//!
//! Maps add up over the layers (a flag adds an entry to those of the file, and wins for the same name); price
//! tiers are replaced as a whole, because half of a price list means nothing.

use std::collections::BTreeMap;

use serde::Deserialize as _;

use super::quantities::Dollars;
use super::value::{Value, Wrong};
use crate::transcript::Role;

/// The fields that a transcript can have, by the names that `--map` and the file use.
pub const FIELDS: [&str; 13] = [
    "call_id",
    "text",
    "text.customer",
    "text.agent",
    "speaker",
    "agent_id",
    "turn_index",
    "started",
    "ended",
    "queue",
    "language",
    "channel",
    "call_date",
];

/// Which column holds which field, where the header's own names don't say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnMap(BTreeMap<String, String>);

impl ColumnMap {
    /// The column that holds `field`, if it was told.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Fields with their columns, by field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, column)| (field.as_str(), column.as_str()))
    }

    fn entry(field: &str, column: &str) -> Result<(String, String), Wrong> {
        let field = field.trim().replace('-', "_");
        if FIELDS.contains(&field.as_str()) {
            Ok((field, column.trim().to_owned()))
        } else {
            Err(Wrong::expected(format!("FIELD=COLUMN, where FIELD is one of {}", FIELDS.join(", "))))
        }
    }
}

impl FromIterator<(String, String)> for ColumnMap {
    /// Fields, by the names of [`FIELDS`], with their columns.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl Value for ColumnMap {
    const ADDS: bool = true;

    fn parse(text: &str) -> Result<Self, Wrong> {
        // Nothing behind the sign: no column holds the field.
        let (field, column) = text.split_once('=').unwrap_or_default();
        Ok(Self([Self::entry(field, column)?].into()))
    }

    fn parse_variable(text: &str) -> Result<Self, Wrong> {
        together(text)
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        let entries = entries(value).into_iter().map(|(field, column)| Self::entry(field, column));
        entries.collect::<Result<_, _>>().map(Self)
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml::Value::Table(self.iter().map(|(field, column)| (field.to_owned(), column.into())).collect()))
    }

    fn overlay(&mut self, upper: Self) {
        self.0.extend(upper.0);
    }
}

/// Which role a speaker value has, where its own name doesn't say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleMap(BTreeMap<String, Option<Role>>);

impl RoleMap {
    /// Speaker values with their roles, by value, as they were written; without one for a label that is words.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<Role>)> {
        self.0.iter().map(|(value, role)| (value.as_str(), *role))
    }

    fn entry(value: &str, role: &str) -> Result<(String, Option<Role>), Wrong> {
        let roles = [Some(Role::Customer), Some(Role::Agent), Some(Role::Other), None];
        let role = roles.into_iter().find(|known| role_word(*known) == role.trim());
        match role {
            Some(role) if !value.trim().is_empty() => Ok((value.trim().to_owned(), role)),
            _ => Err(Wrong::expected("VALUE=ROLE, where ROLE is customer, agent, other or text")),
        }
    }
}

/// The word for a role; for none, `text`.
fn role_word(role: Option<Role>) -> &'static str {
    role.map_or("text", Role::as_str)
}

impl FromIterator<(String, Option<Role>)> for RoleMap {
    /// Speaker values with their roles.
    fn from_iter<I: IntoIterator<Item = (String, Option<Role>)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl Value for RoleMap {
    const ADDS: bool = true;

    fn parse(text: &str) -> Result<Self, Wrong> {
        // The last sign divides: a speaker value may hold others, a role never does.
        let (value, role) = text.rsplit_once('=').unwrap_or((text, ""));
        Ok(Self([Self::entry(value, role)?].into()))
    }

    fn parse_variable(text: &str) -> Result<Self, Wrong> {
        together(text)
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        let entries = entries(value).into_iter().map(|(value, role)| Self::entry(value, role));
        entries.collect::<Result<_, _>>().map(Self)
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(toml::Value::Table(self.iter().map(|(value, role)| (value.to_owned(), role_word(role).into())).collect()))
    }

    fn overlay(&mut self, upper: Self) {
        self.0.extend(upper.0);
    }
}

/// Reads a variable that holds several arguments with commas between them.
fn together<T: Value + Default>(text: &str) -> Result<T, Wrong> {
    text.split(',').try_fold(T::default(), |mut all, argument| {
        all.overlay(T::parse(argument)?);
        Ok(all)
    })
}

/// The entries of a table of strings. What is not one gives an entry that no type accepts.
fn entries(value: &toml::Value) -> Vec<(&str, &str)> {
    value.as_table().map_or_else(
        || vec![("", "")],
        |table| table.iter().map(|(name, entry)| (name.as_str(), entry.as_str().unwrap_or_default())).collect(),
    )
}

/// One step of a price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The last unit of the month at this price; nothing for all that follow.
    pub up_to: Option<u64>,
    /// Dollars a unit.
    pub per_unit: Dollars,
}

/// What units cost in a month, step by step. The last step has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers(Vec<Tier>);

impl Tiers {
    /// The list price of Amazon Comprehend's sentiment analysis, in US dollars a unit of 100 characters.
    #[must_use]
    pub fn list_price() -> Self {
        let tier = |up_to, billionths| Tier { up_to, per_unit: Dollars::billionths(billionths) };
        Self(vec![tier(Some(10_000_000), 100_000), tier(Some(50_000_000), 50_000), tier(None, 25_000)])
    }

    /// What `units` cost as the first ones of a month. Saturates.
    #[must_use]
    pub fn cost(&self, units: u64) -> Dollars {
        let mut paid = 0;
        let mut billionths = 0_u64;
        for tier in &self.0 {
            let last = tier.up_to.unwrap_or(u64::MAX).min(units);
            let here = last.saturating_sub(paid);
            billionths = billionths.saturating_add(here.saturating_mul(tier.per_unit.as_billionths()));
            paid += here;
        }
        Dollars::billionths(billionths)
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
        let per_unit = Dollars::from_toml(table.get("per-unit")?).ok()?;
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
    fn arguments_are_divided_at_the_right_sign() {
        assert_eq!(ColumnMap::parse("text=a=b").unwrap().column("text"), Some("a=b"));
        let roles = RoleMap::parse("a=b=agent").unwrap();
        assert_eq!(roles.iter().collect::<Vec<_>>(), [("a=b", Some(Role::Agent))]);
    }

    #[test]
    fn fields_and_roles_must_be_known() {
        assert_eq!(
            ColumnMap::parse("speeker=Who").unwrap_err().to_string(),
            "expected FIELD=COLUMN, where FIELD is one of call_id, text, text.customer, text.agent, speaker, agent_id, \
             turn_index, started, ended, queue, language, channel, call_date"
        );
        assert_eq!(
            RoleMap::parse("Bob=boss").unwrap_err().to_string(),
            "expected VALUE=ROLE, where ROLE is customer, agent, other or text"
        );
        for wrong in ["", "=", "text"] {
            assert!(ColumnMap::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variable_holds_several_entries() {
        let map = ColumnMap::parse_variable("call-id=Contact Id, text=Body").unwrap();
        assert_eq!(map.iter().collect::<Vec<_>>(), [("call_id", "Contact Id"), ("text", "Body")]);
    }

    #[test]
    fn a_map_in_a_file_is_a_table_of_strings() {
        let table = toml::from_str::<toml::Value>("IVR = 'other'\nBob = 'agent'").unwrap();
        assert_eq!(RoleMap::from_toml(&table).unwrap().iter().count(), 2);
        assert_eq!(RoleMap::parse("Total=text").unwrap().iter().next(), Some(("Total", None)));
        assert_eq!(ColumnMap::parse("speaker=").unwrap().column("speaker"), Some(""));
        assert!(RoleMap::from_toml(&toml::Value::Integer(3)).is_err());
        assert_eq!(RoleMap::from_toml(&toml::Value::Table(toml::Table::new())), Ok(RoleMap::default()));
    }

    #[test]
    fn units_cost_what_their_step_says() {
        let tiers = Tiers::list_price();
        assert_eq!(tiers.cost(0), Dollars::default());
        assert_eq!(tiers.cost(1), Dollars::billionths(100_000));
        assert_eq!(tiers.cost(10_000_000).to_string(), "1000");
        assert_eq!(tiers.cost(10_000_001).to_string(), "1000.00005");
        assert_eq!(tiers.cost(60_000_000).to_string(), "3250");
        // Beyond what a u64 of billionths holds the sum stays at its largest value.
        assert_eq!(tiers.cost(u64::MAX).as_billionths(), u64::MAX);
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
