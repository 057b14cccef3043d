//! Settings that hold entries: which column is which field, and which speaker value has which role.
//!
//! They add up over the layers: a flag adds an entry to those of the file, and wins for the same name.

use std::collections::BTreeMap;

use super::value::{Value, Wrong};
use crate::input::Field;
use crate::transcript::Role;

/// The role of a label that begins a line of text and names no speaker.
const TEXT: &str = "text";

/// Which column holds which field, where the header's own names don't say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnMap(BTreeMap<String, String>);

impl ColumnMap {
    /// Fields with their columns, by field. An empty column stands for a field that no column holds.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, column)| (field.as_str(), column.as_str()))
    }

    /// The first sign divides: the name of a column may hold others.
    fn divide(argument: &str) -> Option<(&str, &str)> {
        argument.split_once('=')
    }

    fn entry(field: &str, column: &str) -> Result<(String, String), Wrong> {
        let field = field.trim().replace('-', "_");
        let fields = Field::ALL.map(Field::as_str);
        if fields.contains(&field.as_str()) {
            Ok((field, column.trim().to_owned()))
        } else {
            Err(Wrong::expected(format!("FIELD=COLUMN, where FIELD is one of {}", fields.join(", "))))
        }
    }
}

/// Which role a speaker value has, where its own name doesn't say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleMap(BTreeMap<String, String>);

impl RoleMap {
    /// Speaker values with their roles, by value, as they were written; without one for a label that is text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<Role>)> {
        self.0.iter().map(|(value, role)| (value.as_str(), role_of(role)))
    }

    /// The last sign divides: a speaker value may hold others, a role never does.
    fn divide(argument: &str) -> Option<(&str, &str)> {
        argument.rsplit_once('=')
    }

    fn entry(value: &str, role: &str) -> Result<(String, String), Wrong> {
        let (value, role) = (value.trim(), role.trim());
        if !value.is_empty() && (role == TEXT || role_of(role).is_some()) {
            Ok((value.to_owned(), role.to_owned()))
        } else {
            Err(Wrong::expected("VALUE=ROLE, where ROLE is customer, agent, other or text"))
        }
    }
}

fn role_of(name: &str) -> Option<Role> {
    [Role::Customer, Role::Agent, Role::Other].into_iter().find(|role| role.as_str() == name)
}

/// Makes these types values of settings. Each can divide an argument in two, and check an entry.
macro_rules! maps {
    ($($Map:ty),+) => {$(
        impl Value for $Map {
            const ADDS: bool = true;

            fn parse(text: &str) -> Result<Self, Wrong> {
                // Without a sign there is no name, which no map accepts.
                let (name, value) = Self::divide(text).unwrap_or_default();
                Ok(Self([Self::entry(name, value)?].into()))
            }

            fn parse_variable(text: &str) -> Result<Self, Wrong> {
                text.split(',').try_fold(Self::default(), |mut all, argument| {
                    all.overlay(Self::parse(argument)?);
                    Ok(all)
                })
            }

            fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
                let entries = entries(value).into_iter().map(|(name, value)| Self::entry(&name, value));
                entries.collect::<Result<_, _>>().map(Self)
            }

            fn to_toml(&self) -> Option<toml::Value> {
                let entries = self.0.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
                Some(toml::Value::Table(entries.collect()))
            }

            fn overlay(&mut self, upper: Self) {
                self.0.extend(upper.0);
            }
        }
    )+};
}

maps!(ColumnMap, RoleMap);

/// The entries of a table of strings; those of a table within it have dotted names. What is neither gives an entry
/// that no type accepts.
fn entries(value: &toml::Value) -> Vec<(String, &str)> {
    let Some(table) = value.as_table() else { return vec![(String::new(), "")] };
    let mut found = Vec::new();
    for (name, entry) in table {
        match entry {
            toml::Value::String(text) => found.push((name.clone(), text.as_str())),
            inner => found.extend(entries(inner).into_iter().map(|(key, text)| (format!("{name}.{key}"), text))),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(map: &ColumnMap) -> Vec<(&str, &str)> {
        map.iter().collect()
    }

    #[test]
    fn arguments_are_divided_at_the_right_sign() {
        assert_eq!(pairs(&ColumnMap::parse("text=a=b").unwrap()), [("text", "a=b")]);
        let roles = RoleMap::parse("a=b=agent").unwrap();
        assert_eq!(roles.iter().collect::<Vec<_>>(), [("a=b", Some(Role::Agent))]);
    }

    #[test]
    fn fields_and_roles_must_be_known() {
        assert_eq!(
            ColumnMap::parse("speeker=Who").unwrap_err().to_string(),
            "expected FIELD=COLUMN, where FIELD is one of call_id, text, text.customer, text.agent, speaker, agent_id, \
             turn_index, started, ended, queue, language, channel, call_date, rating"
        );
        assert_eq!(
            RoleMap::parse("Bob=boss").unwrap_err().to_string(),
            "expected VALUE=ROLE, where ROLE is customer, agent, other or text"
        );
        for wrong in ["", "=", "text", "text.other=A", "=Body"] {
            assert!(ColumnMap::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "=", "agent", "=agent", "Bob="] {
            assert!(RoleMap::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_field_can_be_without_a_column_or_stand_for_one_party() {
        assert_eq!(pairs(&ColumnMap::parse("speaker=").unwrap()), [("speaker", "")]);
        assert_eq!(pairs(&ColumnMap::parse("speaker=@customer").unwrap()), [("speaker", "@customer")]);
        let both = [("text.agent", "A"), ("text.customer", "C")];
        assert_eq!(pairs(&ColumnMap::parse_variable("text.customer=C,text.agent=A").unwrap()), both);
        for file in ["text = { customer = 'C', agent = 'A' }", "'text.customer' = 'C'\n'text.agent' = 'A'"] {
            let map = ColumnMap::from_toml(&toml::from_str(file).unwrap()).unwrap();
            assert_eq!(pairs(&map), both, "{file}");
            assert_eq!(ColumnMap::from_toml(&map.to_toml().unwrap()), Ok(map));
        }
    }

    #[test]
    fn a_label_can_be_text() {
        let roles = RoleMap::parse_variable("Total=text,IVR=other").unwrap();
        assert_eq!(roles.iter().collect::<Vec<_>>(), [("IVR", Some(Role::Other)), ("Total", None)]);
        assert_eq!(RoleMap::from_toml(&roles.to_toml().unwrap()), Ok(roles));
    }

    #[test]
    fn a_variable_holds_several_entries() {
        let map = ColumnMap::parse_variable("call-id=Contact Id, text=Body").unwrap();
        assert_eq!(pairs(&map), [("call_id", "Contact Id"), ("text", "Body")]);
    }

    #[test]
    fn a_map_in_a_file_is_a_table_of_strings() {
        let table = toml::from_str::<toml::Value>("IVR = 'other'\nBob = 'agent'").unwrap();
        assert_eq!(RoleMap::from_toml(&table).unwrap().iter().count(), 2);
        for wrong in [toml::Value::Integer(3), toml::from_str("IVR = 3").unwrap()] {
            assert!(RoleMap::from_toml(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(RoleMap::from_toml(&toml::Value::Table(toml::Table::new())), Ok(RoleMap::default()));
    }
}
